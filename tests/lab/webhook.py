"""An admission webhook that refuses what bears a label.

    with Webhook(api, folder) as webhook:
        ... {"metadata": {"labels": webhook.labels}}

Refused is the creation of such pods, or of another core resource, with the
message MESSAGE, by a real HTTPS server that the API server calls.
"""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import wait
from kubeapi import KubeApi

MESSAGE = "no team owns it"
CONFIGURATIONS = ("/apis/admissionregistration.k8s.io/v1/"
                  "validatingwebhookconfigurations")


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        review = json.loads(self.rfile.read(length))
        review["response"] = {
            "uid": review["request"]["uid"], "allowed": False,
            "status": {"code": 403, "message": MESSAGE}}
        body = json.dumps(review).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


class Webhook:
    def __init__(self, api: KubeApi, folder: Path, resource: str = "pods"):
        self.api, self.resource = api, resource
        # the API server goes on for a moment with those that are gone
        self.name = f"refuse-{secrets.token_hex(4)}"
        self.labels = {"lab/refused": self.name}
        self.cert, self.key = folder / "webhook.crt", folder / "webhook.key"
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.daemon_threads = True

    def _make_cert(self) -> None:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
             "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", self.key, "-out", self.cert],
            check=True, capture_output=True)

    def __enter__(self) -> Webhook:
        self._make_cert()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        self.server.socket = context.wrap_socket(self.server.socket,
                                                 server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.api("POST", CONFIGURATIONS, {
            "metadata": {"name": self.name},
            "webhooks": [{
                "name": f"{self.name}.example.com",
                "clientConfig": {
                    "url": f"https://127.0.0.1:{self.server.server_port}/",
                    "caBundle": base64.b64encode(
                        self.cert.read_bytes()).decode()},
                "rules": [{"apiGroups": ["*"], "apiVersions": ["*"],
                           "operations": ["CREATE"],
                           "resources": [self.resource]}],
                "objectSelector": {"matchLabels": self.labels},
                "admissionReviewVersions": ["v1"], "sideEffects": "None",
                "timeoutSeconds": 10}]})
        wait.until(self._works, "the webhook at work")
        return self

    def stop(self) -> None:
        """It refuses connections; the API server has them ask it still."""
        self.server.shutdown()
        self.server.server_close()

    def _works(self) -> bool:
        """The API server learns of it a moment later."""
        status, _answer = self.api.request(
            "POST", f"/api/v1/namespaces/default/{self.resource}?dryRun=All",
            {"metadata": {"name": "trial", "labels": self.labels},
             "spec": {"containers": [{"name": "main", "image": "x"}]}})
        return status == 403

    def __exit__(self, *_exc: object) -> None:
        self.api("DELETE", f"{CONFIGURATIONS}/{self.name}")
        self.stop()

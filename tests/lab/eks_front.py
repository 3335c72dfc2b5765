"""What EKS puts before its API servers: whoever comes with a token of
eks-token's kind is let through as the lab's administrator, if STS knows whose
token it is.

    with EksFront(cluster, moto) as front:
        path.write_text(front.kubeconfig(exec_))
        ...
        front.identities        # {(user agent, ARN), ...}
    front.acting            # {(user agent, whom it acts as, its groups), ...}
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import ssl
from urllib.parse import parse_qsl, urlencode, urlsplit

from cluster import Cluster
from moto_server import Moto
from serving import Handler, Serving

PREFIX = "Bearer k8s-aws-v1."
HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class EksFront(Serving):
    def __init__(self, cluster: Cluster, moto: Moto):
        self.cluster, self.moto = cluster, moto
        self.identities: set[tuple[str, str]] = set()
        self.acting: set[tuple[str, str | None, tuple[str, ...]]] = set()
        self.tokens: set[str] = set()
        certificate = cluster.folder / "certs" / "apiserver"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.with_suffix(".crt"),
                                certificate.with_suffix(".key"))
        super().__init__(_Handler, tls=context)

    def kubeconfig(self, **exec_: object) -> str:
        config = json.loads(self.cluster.config("unused"))
        config["clusters"][0]["cluster"]["server"] = self.url
        config["users"][0]["user"] = {"exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1", **exec_}}
        return json.dumps(config)

    def identify(self, authorization: str) -> str | None:
        """The ARN behind a token, by STS: nobody's is None.  moto looks for
        the key in a header, not in the address; the signature itself is
        compared with botocore's in tests/oracle/test_eks_presigned.py."""
        if not authorization.startswith(PREFIX):
            return None
        encoded = authorization.removeprefix(PREFIX)
        url = urlsplit(base64.urlsafe_b64decode(
            encoded + "=" * (-len(encoded) % 4)).decode())
        query = dict(parse_qsl(url.query, strict_parsing=True))
        assert f"{url.scheme}://{url.netloc}" == self.moto.endpoint
        assert query["X-Amz-SignedHeaders"] == "host;x-k8s-aws-id"
        sts = http.client.HTTPConnection(url.netloc, timeout=20)
        try:
            sts.request("POST", url.path, urlencode(
                {name: query[name] for name in ("Action", "Version")}), {
                "Content-Type": "application/x-www-form-urlencoded",
                "Authorization": "AWS4-HMAC-SHA256 "
                f"Credential={query['X-Amz-Credential']}, "
                f"SignedHeaders={query['X-Amz-SignedHeaders']}, "
                f"Signature={query['X-Amz-Signature']}"})
            reply = sts.getresponse()
            found = re.search(r"<Arn>(.*)</Arn>", reply.read().decode())
        finally:
            sts.close()
        self.tokens.add(encoded)
        return found[1] if reply.status == 200 and found else None


class _Handler(Handler):
    def _pass(self) -> None:
        front = self.owner
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        arn = front.identify(self.headers.get("Authorization", ""))
        if not arn:
            return self._refuse()
        agent = self.headers.get("User-Agent", "").split("/")[0]
        front.identities.add((agent.lower(), arn))
        front.acting.add((
            agent.lower(), self.headers.get("Impersonate-User"),
            tuple(self.headers.get_all("Impersonate-Group", ()))))
        server = http.client.HTTPSConnection(
            "127.0.0.1", front.cluster.port,
            context=ssl.create_default_context(cafile=str(front.cluster.ca)))
        try:
            server.putrequest(self.command, self.path, skip_host=True,
                              skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP | {"authorization"}:
                    server.putheader(name, value)
            server.putheader("Content-Length", str(len(body)))
            server.putheader("Authorization", f"Bearer {front.cluster.token}")
            server.endheaders(body)
            self._answer(server.getresponse())
        finally:
            server.close()

    def _refuse(self) -> None:
        text = json.dumps({"kind": "Status", "apiVersion": "v1", "code": 401,
                           "status": "Failure", "reason": "Unauthorized",
                           "message": "Unauthorized"}).encode()
        self.send_response(401)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _answer(self, reply: http.client.HTTPResponse) -> None:
        """A watch is passed on as it comes."""
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while data := reply.read1(65536):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass

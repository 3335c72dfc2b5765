"""A process as in a pod of the lab's cluster: no kubeconfig, but the address
of the API server in the environment, and a service account's token where the
kubelet puts it, which rotates.

    with Pod(cluster, cluster.user("name", rules), tmp_path) as pod:
        run_step(*pod.enter, steps / "expire-sweep", ..., env=pod.env)
        pod.tokens          what the file holds, the first one first

The folder is mounted in a mount namespace of the process; the machine's own
is as it was.  Who has not the rights of root gets a user namespace, too.
Where neither may mount, as in a container without CAP_SYS_ADMIN, the folder
is made on the machine itself until the end, if none is there.
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import subprocess
from pathlib import Path

from cluster import Cluster

# Where client-go looks for it (rest/config.go, InClusterConfig).
FOLDER = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# $1: the folder as the pod sees it, $2: what is there; then the command.
ENTER = """
mount -t tmpfs -o mode=755 tmpfs /var/run
mkdir -p "$1"
mount --bind "$2" "$1"
shift 2
exec "$@"
"""
# As the kubelet does (AtomicWriter): a new folder, and a link that turns to
# it.  The next of the tokens in spare/, if there is one left.
ROTATE = """#!/bin/sh
set -e
cd {folder}
for next in spare/*; do
	[ -e "$next" ] || break
	new=mounted/..${{next##*/}}
	mkdir "$new"
	cp ca.crt "$new/ca.crt"
	mv "$next" "$new/token"
	ln -s "..${{next##*/}}" mounted/..data_tmp
	mv -T mounted/..data_tmp mounted/..data
	break
done
"""
SPARE = 20


class Pod:
    def __init__(self, cluster: Cluster, user: Path, folder: Path):
        self.user, self.folder = user, folder / "pod"
        self._rotate = self.folder / "rotate"
        self._lay_out(cluster)
        name = user.name.removeprefix("kubeconfig-")
        self.tokens = [self._mint(cluster, name) for _ in range(SPARE)]
        for number, token in enumerate(self.tokens):
            (self.folder / "spare" / f"{number:02}").write_text(token)
        host, port = cluster.server.removeprefix("https://").split(":")
        self.env = {"KUBERNETES_SERVICE_HOST": host,
                    "KUBERNETES_SERVICE_PORT": port}
        user_namespace = [] if os.geteuid() == 0 else ["--map-root-user"]
        self.enter = ["/usr/bin/unshare", "--mount", *user_namespace,
                      "/bin/sh", "-e", "-c", ENTER, "sh", str(FOLDER),
                      str(self.folder / "mounted")]
        self._is_linked = False

    def __enter__(self) -> Pod:
        if subprocess.run([*self.enter, "true"],
                          capture_output=True).returncode != 0:
            FOLDER.parent.mkdir(parents=True, exist_ok=True)
            FOLDER.symlink_to(self.folder / "mounted")
            self._is_linked = True
            self.enter = []
        self.rotate()
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._is_linked:
            FOLDER.unlink()

    def rotate(self) -> None:
        subprocess.run([self._rotate], check=True)

    def _lay_out(self, cluster: Cluster) -> None:
        for name in ("spare", "mounted"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "ca.crt").write_bytes(cluster.ca.read_bytes())
        for name in ("ca.crt", "token"):
            (self.folder / "mounted" / name).symlink_to(f"..data/{name}")
        self._rotate.write_text(
            ROTATE.format(folder=shlex.quote(str(self.folder))))
        self._rotate.chmod(0o755)

    @staticmethod
    def _mint(cluster: Cluster, account: str) -> str:
        return cluster.api(
            "POST",
            f"/api/v1/namespaces/default/serviceaccounts/{account}/token",
            {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
             "spec": {}})["status"]["token"]

    def rotating(self, program: Path) -> Path:
        """@program, but that the token rotates before each of its runs."""
        path = self.folder / program.name
        path.write_text(f"#!/bin/sh\n{shlex.quote(str(self._rotate))}\n"
                        f'exec {shlex.quote(str(program))} "$@"\n')
        path.chmod(0o755)
        return path


def number_of(token: str) -> str:
    """What the server calls it in its audit log."""
    body = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return f"JTI={claims['jti']}"

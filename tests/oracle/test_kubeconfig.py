"""kubeconfigs as client-go reads them: random files, contexts and users, of
which server, trust, proxy, what is sent with a request and the plugin must be
the same, or both readers refuse.

SLIPWAY_SEED repeats a run, SLIPWAY_KUBECONFIGS makes it longer.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from reference import ours, reference, seed

COUNT = int(os.environ.get("SLIPWAY_KUBECONFIGS", "500"))
NAMES = ["a", "b", "ab", "c.d/e"]
GROUP = "client.authentication.k8s.io"


@pytest.fixture(scope="module")
def pem(tmp_path_factory) -> dict[str, bytes]:
    """A certificate, its key, and another certificate."""
    folder = tmp_path_factory.mktemp("pem")
    for name in ("cert", "ca"):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
             f"/CN={name}", "-keyout", folder / f"{name}-key", "-out",
             folder / name], check=True, capture_output=True)
    return {"cert": (folder / "cert").read_bytes(),
            "key": (folder / "cert-key").read_bytes(),
            "ca": (folder / "ca").read_bytes()}


class Maker:
    """Random kubeconfigs in folders of their own."""

    def __init__(self, rng: random.Random, folder: Path,
                 pem: dict[str, bytes]):
        self.rng, self.folder, self.pem = rng, folder, pem

    def maybe(self, share: float, into: dict, key: str, value: object) -> None:
        if self.rng.random() < share:
            into[key] = value

    def bytes_(self, into: dict, key: str, name: str, place: Path) -> None:
        """As data, as a file beside the kubeconfig or elsewhere, or both."""
        content = self.pem[name]
        way = self.rng.choices(["data", "file", "far", "none", "both", "empty"],
                               [24, 18, 9, 1, 1, 2])[0]
        if way in ("data", "both"):
            text = base64.b64encode(content).decode()
            if self.rng.random() < .3:      # in lines, as base64(1) writes it
                text = "\n".join(text[i:i + 76]
                                 for i in range(0, len(text), 76))
            into[f"{key}-data"] = text
        if way in ("file", "both"):
            (place / f"{name}.pem").write_bytes(content)
            into[key] = f"{name}.pem"
        if way == "far":
            (self.folder / f"{name}.pem").write_bytes(content)
            into[key] = self.rng.choice(
                [str(self.folder / f"{name}.pem"), f"../{name}.pem"])
        if way == "none":
            into[key] = "no-such-file"
        if way == "empty":
            into[key] = into[f"{key}-data"] = ""

    def cluster(self, place: Path) -> dict:
        rng, made = self.rng, {}
        self.maybe(.98, made, "server", rng.choice([
            "https://10.0.0.1:6443", "https://api.example", "https://[::1]:1",
            "https://host/k8s/clusters/c-1"]))
        if rng.random() < .6:
            self.bytes_(made, "certificate-authority", "ca", place)
        self.maybe(.1, made, "insecure-skip-tls-verify", rng.random() < .3)
        self.maybe(.2, made, "tls-server-name", rng.choice(["other", ""]))
        self.maybe(.2, made, "proxy-url", rng.choice([
            "http://proxy:3128", "socks5://me:pass@proxy", "https://proxy",
            "", "http://10.0.0.1"]))
        self.maybe(.02, made, "proxy-url", "ftp://proxy")
        self.maybe(.2, made, "disable-compression", rng.random() < .7)
        self.maybe(.1, made, "unknown-to-both", [1, {"a": None}])
        return made

    def exec_(self) -> dict:
        rng = self.rng
        made = {"apiVersion": f"{GROUP}/" + rng.choices(
            ["v1", "v1beta1", "v1alpha1", "v2"], [20, 20, 1, 1])[0]}
        self.maybe(.98, made, "command", rng.choice(
            ["aws", "./bin/tool", "bin/tool", "/usr/bin/tool"]))
        self.maybe(.6, made, "args", rng.choice(
            [["a", "b c"], [], None, ["--x=1", ""]]))
        self.maybe(.5, made, "env", rng.choice(
            [[{"name": "A", "value": "1"}, {"name": "B", "value": ""}],
             None]))
        self.maybe(.02, made, "env", [{"value": "nameless"}])
        self.maybe(.9, made, "interactiveMode", rng.choices(
            ["Never", "IfAvailable", "Sometimes", ""], [20, 20, 1, 1])[0])
        self.maybe(.3, made, "installHint", "get it\nthere")
        self.maybe(.3, made, "provideClusterInfo", rng.random() < .7)
        return made

    def user(self, place: Path) -> dict:
        rng, made = self.rng, {}
        self.maybe(.4, made, "token", rng.choice(["t0ken", "a.b.c=", ""]))
        if rng.random() < .25:
            made["tokenFile"] = rng.choice(["token", "token", "token", "none", ""])
            (place / "token").write_text(rng.choice(["filed\n", " x ", "\n"]))
        if rng.random() < .12:
            made["username"] = rng.choice(["me", "me", ""])
            if rng.random() < .8:
                made.pop("token", None)
                made.pop("tokenFile", None)
            made["password"] = rng.choice(["p:w", ""])
        if rng.random() < .25:
            self.bytes_(made, "client-certificate", "cert", place)
            if rng.random() < .9:
                self.bytes_(made, "client-key", "key", place)
        if rng.random() < .15:
            self.maybe(.85, made, "as", "you")
            self.maybe(.4, made, "as-uid", "7")
            self.maybe(.4, made, "as-groups", ["g", "h i"])
            self.maybe(.4, made, "as-user-extra",
                       {"a/B": ["1", "2"], "c%": ["\u00e4"]})
        if rng.random() < .35:
            made["exec"] = self.exec_()
        return made

    def names(self) -> list[str]:
        chosen = self.rng.sample(NAMES, self.rng.choice([0, 2, 3, 4, 4, 4]))
        if chosen and self.rng.random() < .01:
            chosen.append(chosen[0])
        return chosen

    def file(self, path: Path) -> None:
        rng, place = self.rng, path.parent
        place.mkdir(exist_ok=True)
        made: dict = {}
        self.maybe(.9, made, "apiVersion", rng.choices(
            ["v1", "v2", ""], [80, 1, 1])[0])
        self.maybe(.9, made, "kind", rng.choices(
            ["Config", "Pod", ""], [80, 1, 1])[0])
        self.maybe(.9, made, "current-context", rng.choice([*NAMES, ""]))
        self.maybe(.9, made, "clusters", [
            {"name": n, "cluster": self.cluster(place)} for n in self.names()])
        self.maybe(.9, made, "users", [
            {"name": n, "user": self.user(place)} for n in self.names()])
        self.maybe(.9, made, "contexts", [
            {"name": n, "context": {
                "cluster": rng.choice(NAMES),
                **({"user": rng.choice(NAMES)} if rng.random() < .95 else {})}}
            for n in self.names()])
        text = json.dumps(made) if rng.random() < .3 else \
            yaml.safe_dump(made, allow_unicode=True)
        if rng.random() < .05:
            text = rng.choice(["", "# nothing\n", "a: [\n", "- a\n",
                               "---\n" + text, text + "\n---\nb: [\n"])
        path.write_text(text)

    def case(self) -> dict:
        rng = self.rng
        files = []
        for name in rng.sample(["x", "y", "z"], rng.randint(1, 3)):
            path = self.folder / name / "config"
            files.append(str(path))
            if rng.random() < .1:
                path.unlink(missing_ok=True)
            else:
                self.file(path)
        if rng.random() < .1:
            files.insert(0, rng.choice([files[0], str(self.folder / "none")]))
        return {"files": files, "explicit": len(files) == 1
                and rng.random() < .5,
                "context": rng.choice([*NAMES, ""] if rng.random() < .3
                                      else [""])}


def comparable(answer: dict) -> dict:
    """Without the words of an error; paths without their detours."""
    if "error" in answer:
        return {"error": True}
    plugin = answer["plugin"]
    if plugin and "/" in plugin["argv"][0]:
        plugin["argv"][0] = os.path.normpath(plugin["argv"][0])
    return answer


def is_our_way(answer: dict) -> bool:
    """Errors where client-go is nobody in particular, because the user is not
    there, or sends what no server understands, because its file is empty."""
    return answer.get("error", "").startswith(
        ("the kubeconfig has no user ", "there is no token in "))


def answers(cases: list[dict], home: Path) -> Iterator[tuple[dict, dict, dict]]:
    """Each case, what client-go makes of it, and what we do."""
    theirs = subprocess.run(
        [reference("kubeconfig")], text=True, check=True, capture_output=True,
        input="".join(json.dumps(case) + "\n" for case in cases),
        env={"HOME": str(home), "PATH": os.defpath})
    mine = subprocess.run(
        [ours("kubeconfig")], text=True, check=True, capture_output=True,
        input=json.dumps(cases), env={"PATH": os.defpath})
    for case, their, our in zip(cases, theirs.stdout.splitlines(),
                                mine.stdout.splitlines(), strict=True):
        yield case, json.loads(their), json.loads(our)


def test_random_kubeconfigs(tmp_path, pem):
    rng = random.Random(seed())
    cases = []
    for number in range(COUNT):
        folder = tmp_path / str(number)
        folder.mkdir()
        cases.append(Maker(rng, folder, pem).case())
    refused = 0
    for case, their, our in answers(cases, tmp_path / "home"):
        refused += "error" in their
        if not is_our_way(our):
            assert comparable(our) == comparable(their), (case, their, our)
    assert COUNT * .1 < refused < COUNT * .9, "too much of one kind"


PLUGIN = {"apiVersion": f"{GROUP}/v1", "command": "aws", "args": ["a", "b"],
          "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
          "interactiveMode": "Never", "installHint": "get it",
          "provideClusterInfo": True}


def with_another(tree: object, value: object) -> Iterator[object]:
    """The @tree with each of its nodes in turn replaced by @value."""
    yield value
    pairs = tree.items() if isinstance(tree, dict) else \
        enumerate(tree) if isinstance(tree, list) else ()
    for key, child in pairs:
        for other in with_another(child, value):
            changed = copy.copy(tree)
            changed[key] = other
            yield changed


@pytest.mark.parametrize("value", [
    None, True, 0, 1234, 1.5, "", "x", [], ["x"], {}, {"x": "y"}], ids=repr)
def test_plugins_of_other_types(tmp_path, value):
    """Whatever stands in the place of whatever of a plugin."""
    cases = []
    for number, changed in enumerate(with_another(PLUGIN, value)):
        path = tmp_path / str(number)
        path.write_text(json.dumps({
            "current-context": "c",
            "clusters": [{"name": "k", "cluster": {"server": "https://a"}}],
            "contexts": [{"name": "c", "context": {
                "cluster": "k", "user": "u"}}],
            "users": [{"name": "u", "user": {"exec": changed}}]}))
        cases.append({"files": [str(path)], "explicit": True, "context": ""})
    for case, their, our in answers(cases, tmp_path):
        assert comparable(our) == comparable(their), (
            Path(case["files"][0]).read_text(), their, our)

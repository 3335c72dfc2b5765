"""umbrella-render, for test_every_call.py and test_every_byte.py: a rendered folder
is the old one or the new one, whole.  The scenarios are like those of publishing.py.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import charts
from publishing import read_all, write_all
from static_http import StaticHttp

UMBRELLA = """\
apiVersion: v2
name: shop
version: 0.1.0
dependencies:
- {{name: basket, version: ^2.0.0, repository: '{url}'}}
- {{name: search, version: 0.9.3, repository: '{url}'}}
"""
CI = {"BRANCH_NAME": "feature/cart",
      "GIT_URL": "https://git.example.com/shop/web.git", "GIT_COMMIT": "c0ffee" + "0" * 34}


class Rendering:
    """umbrella-render over an older result, with nothing in the cache."""

    program = "umbrella-render"

    def __init__(self, folder: Path):
        self.server = StaticHttp(charts.make_repository(
            folder / "charts", {"basket": ["2.1.0", "2.0.0"], "search": ["0.9.3"]}))
        self.port = self.server.port
        self.umbrella = folder / "umbrella"
        self.reach(self.server.url)
        self.parent, self.cache = folder / "rendered", folder / "cache"
        self.argv = [self.umbrella, "--output-dir", self.parent / "shop",
                     "--cache-dir", self.cache]
        self.env = CI
        self.old = {"Chart.yaml": b"name: shop\n", "charts/old.tgz": b"old"}
        self.new: dict[str, bytes] = {}

    def reach(self, url: str) -> None:
        write_all(self.umbrella, {
            "Chart.yaml": UMBRELLA.format(url=url),
            "values.yaml": "global: {expires: false}\nbranch: (( .Env.BRANCH_NAME ))\n"})

    def reset(self) -> None:
        for folder in (self.parent, self.cache):
            shutil.rmtree(folder, ignore_errors=True)
        write_all(self.parent / "shop",
                  {name: text.decode() for name, text in self.old.items()})

    def read(self) -> dict[str, bytes]:
        """The folder, but for the time that its lock was made."""
        files = read_all(self.parent / "shop")
        if lock := files.get("Chart.lock"):
            files["Chart.lock"] = re.sub(rb"generated: .*", b"", lock)
        return files

    def learn(self) -> None:
        self.new = self.read()
        assert {"charts/basket-2.1.0.tgz", "charts/search-0.9.3.tgz"} <= set(self.new)

    def is_done(self) -> bool:
        there = self.read()
        if there == self.old:
            return False
        differ = {name for name in {*there, *self.new}
                  if there.get(name) != self.new.get(name)}
        assert not differ, "neither as before nor as after"
        return True

    def litter(self) -> list[str]:
        return [path.name for path in self.parent.iterdir() if path.name != "shop"]

    def held(self) -> list[str]:
        return []

    def heal(self, run) -> None:
        """From the network, then from the cache alone."""
        for more in ((), ("--offline",)):
            run(self.program, *self.argv, *more, env=self.env)
            assert self.is_done() and self.litter() == []

    def close(self) -> None:
        self.server.close()


class CachedRendering(Rendering):
    """umbrella-render with all that it needs in the cache."""

    def learn(self) -> None:
        super().learn()
        shutil.copytree(self.cache, self.cache.with_name("full"), dirs_exist_ok=True)

    def reset(self) -> None:
        super().reset()
        if self.new:
            shutil.copytree(self.cache.with_name("full"), self.cache)

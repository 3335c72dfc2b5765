"""What umbrella-render writes, in the eyes of Helm 4 and Helm 3."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import tempfile
from pathlib import Path

import pytest
import yaml

import charts

UMBRELLA = """\
apiVersion: v2
name: shop
version: 0.1.0
dependencies:
((- range list "women" "men" "kids" ))
- name: storefront
  alias: (( . ))
  version: ^1.3.0
  condition: (( . )).enabled
((- end ))
- name: basket
  version: 2.x.x
  tags: [extra]
  import-values: [data]
"""

VALUES = """\
---
global:
  ((- if eq .Env.BRANCH_NAME "master" ))
  expires: false
  ((- else ))
  expires: true
  expiryDate:
  ((- end ))
((- range list "women" "men" "kids" ))
(( . )):
  department: (( . ))
((- end ))
kids:
  enabled: false
  department: kids
"""


@pytest.fixture(params=["helm4", "helm3"])
def helm(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def render(run_step, tmp_path: Path):
    """render(repository): the folder of the rendered umbrella."""
    (tmp_path / "umbrella").mkdir()
    (tmp_path / "umbrella" / "Chart.yaml").write_text(UMBRELLA)
    values = VALUES.replace('list "women" "men" "kids"', 'list "women" "men"')
    (tmp_path / "umbrella" / "values.yaml").write_text(values)

    def run(repository: str, **env: str) -> Path:
        run_step("umbrella-render", "--repo", repository, cwd=tmp_path,
                 env={"BRANCH_NAME": "feature/cart",
                      "GIT_URL": "https://git.example.com/shop/web.git"} | env)
        return tmp_path / "rendered" / "shop"

    return run


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return charts.make_repository(
        tmp_path / "charts",
        {"storefront": ["1.4.0", "1.3.0", "2.0.0"], "basket": ["2.1.0"]})


def test_helm_is_content(helm, render, repository):
    chart = render(f"file://{repository}")
    assert "0 chart(s) failed" in helm("lint", chart).out

    rows = helm("dependency", "list", chart).out.splitlines()
    states = [row.split()[-1] for row in rows[1:] if row.strip()]
    assert states == ["ok"] * 4


def test_helm_renders_every_alias(helm, render, repository):
    chart = render(f"file://{repository}")
    documents = [document for document in yaml.safe_load_all(
        helm("template", "x", chart).out) if document]
    departments = {document["metadata"]["name"]:
                   document["data"]["department"] for document in documents}
    assert departments == {"x-women": "women", "x-men": "men",
                           "x-basket": "none"}


@pytest.mark.parametrize("version", ["", '  version: ""\n'])
def test_helm_heeds_the_condition_of_what_has_no_version(
        helm, run_step, repository, tmp_path, version):
    """Helm passes over alias and condition where the version is empty."""
    charts.make_chart(tmp_path / "sub", "local", "1.0.0")
    (tmp_path / "umbrella" / "charts").mkdir(parents=True)
    (tmp_path / "sub").rename(tmp_path / "umbrella" / "charts" / "local")
    (tmp_path / "umbrella" / "Chart.yaml").write_text(
        "apiVersion: v2\nname: shop\nversion: 0.1.0\ndependencies:\n"
        f"- name: basket\n  alias: cart\n  condition: cart.enabled\n{version}"
        f"- name: local\n  condition: local.enabled\n{version}")
    (tmp_path / "umbrella" / "values.yaml").write_text(
        "cart: {enabled: false}\nlocal: {enabled: false}\n")
    run_step("umbrella-render", "--branch", "a", "--repository-name", "shop",
             "--repo", f"file://{repository}", cwd=tmp_path)
    chart = tmp_path / "rendered" / "shop"
    assert "kind" not in helm("template", "x", chart).out
    assert helm("template", "x", chart, "--set", "cart.enabled=true,"
                "local.enabled=true").out.count("kind: ConfigMap") == 2


def test_helm_renders_what_links_lead_to(helm, run_step, tmp_path):
    """The source as Helm sees it, and what is written without links."""
    charts.make_chart(tmp_path / "db", "db", "1.0.0")
    (tmp_path / "db" / "values-b.yaml").symlink_to("values.yaml")
    umbrella = tmp_path / "umbrella"
    (umbrella / "charts").mkdir(parents=True)
    (umbrella / "charts" / "db").symlink_to("../../db")
    (umbrella / "values.yaml").symlink_to("../shop.yaml")
    (tmp_path / "shop.yaml").write_text("db: {department: db}\n")
    (umbrella / "Chart.yaml").write_text(
        "apiVersion: v2\nname: shop\nversion: 0.1.0\n"
        "dependencies: [{name: db, version: 1.0.0}]\n")
    run_step("umbrella-render", "--branch", "master", "--repository-name", "shop", cwd=tmp_path)
    chart = tmp_path / "rendered" / "shop"
    seen = helm("template", "x", umbrella).out
    assert "department: \"db\"" in seen
    assert helm("template", "x", chart).out == seen


def test_helm_accepts_the_lock(helm, render, repository, static_http):
    """dependency build refuses a lock whose digest is not its own."""
    server = static_http(repository)
    chart = render(server.url)
    shutil.rmtree(chart / "charts")
    lock = (chart / "Chart.lock").read_bytes()
    helm("repo", "add", "shop", server.url)
    built = helm("dependency", "build", chart)
    assert "out of sync" not in built.out + built.err
    assert (chart / "Chart.lock").read_bytes() == lock
    assert sorted(path.name for path in (chart / "charts").iterdir()) == [
        "basket-2.1.0.tgz", "storefront-1.4.0.tgz"]


def test_lock_is_that_of_helm(helm, render, repository, static_http):
    server = static_http(repository)
    chart = render(server.url)
    ours = yaml.safe_load((chart / "Chart.lock").read_text())
    (chart / "Chart.lock").unlink()
    helm("dependency", "update", chart)
    theirs = yaml.safe_load((chart / "Chart.lock").read_text())
    for key in "dependencies", "digest":
        assert ours[key] == theirs[key]


# What an index has of a chart, the highest first, and what is asked for.
CHOICES = {
    "part": ("1.2", ["1.2.5", "1.2.1", "1.2"]),
    "major": ("1", ["2.0.0", "1.9.0", "1"]),
    "prefixed": ("v1.2.0", ["1.3.0", "1.2.0"]),
    "pre": ("1.2.0-rc", ["1.2.0", "1.2.0-rc"]),
    "nameless": ("1.x", [{"name": None}, "1.2.0"]),
    "nul": ("1.x", [{"version": "1.5.0\0"}, "1.2.0"]),
    "named-otherwise": ("1.x", [{"name": "other"}, "1.2.0"]),
    "named-with-nul": ("1.x", [{"name": "a\0b"}, "1.2.0"]),
    "named-in-parts": ("1.x", [{"name": "a/b"}, "1.2.0"]),
    "typed": ("1.x", [{"type": "odd"}, "1.2.0"]),
    "aliased": ("1.x", [{"dependencies": [{"name": "x", "alias": "a b"}]}, "1.2.0"]),
    "empty": ("1.x", [{"dependencies": [None]}, "1.2.0"]),
    "twice": ("1.x", [{"dependencies": [{"name": "x"}, {"name": "x"}]}, "1.2.0"]),
    "homeless": ("1.x", [{"urls": []}, "1.2.0"]),
    "versionless": ("1.x", [{"version": "nope"}, "1.2.0"]),
}


def random_choices(rng: random.Random, count: int) -> dict[str, tuple[str, list[str]]]:
    """No two versions are the same to Helm, which takes any of such."""
    numbers = [f"{major}.{minor}.{patch}" for major in range(3) for minor in range(3)
               for patch in range(3)]
    choices = {}
    for i in range(count):
        versions = [number + rng.choice(["", "", "", "-rc.1", "-0", "+b"])
                    for number in rng.sample(numbers, rng.randint(1, 12))]
        versions = [rng.choice(["", "", "v"]) + (version.removesuffix(".0") if rng.random() < .3
                                                 and version.count(".") == 2 else version)
                    for version in versions]
        wanted = rng.choice([rng.choice(versions), rng.choice(numbers).rsplit(".", 1)[0],
                             rng.choice("0123"), "*", "1.x", f"^{rng.choice(numbers)}",
                             f"~{rng.choice(numbers)}", f">={rng.choice(numbers)}-0",
                             f"<{rng.choice(numbers)}", f"{rng.choice(numbers)} - 1.9"])
        choices[f"chart-{i}"] = wanted, versions
    return choices


def write_choices(folder: Path, choices: dict) -> None:
    entries: dict[str, list] = {}
    folder.mkdir()
    for chart, (_, made) in choices.items():
        for entry in made:
            entry = {"version": entry} if isinstance(entry, str) else {"version": "1.5.0"} | entry
            file = f"{chart}-{entry['version']}.tgz".replace("\0", "")
            version = file.removeprefix(chart + "-").removesuffix(".tgz")
            (folder / file).write_bytes(charts.archive(chart, f"'{version}'"))
            entries.setdefault(chart, []).append(
                {"apiVersion": "v2", "name": chart, "urls": [file]} | entry)
    (folder / "index.yaml").write_text(json.dumps({"apiVersion": "v1", "entries": entries}))


@pytest.fixture
def choosing(helm4, run_step, static_http, tmp_path):
    """choosing(choices) gives ours(names) and theirs(names): what came of these
    dependencies, and the versions that are locked."""
    def prepare(choices: dict):
        write_choices(tmp_path / "charts", choices)
        server = static_http(tmp_path / "charts")

        def umbrella(names) -> Path:
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            (folder / "Chart.yaml").write_text(json.dumps({
                "apiVersion": "v2", "name": "shop", "version": "0.1.0", "dependencies": [
                    {"name": name, "version": choices[name][0], "repository": server.url}
                    for name in names]}))
            return folder

        def ours(names):
            folder = umbrella(names)
            result = run_step("umbrella-render", folder, "--branch", "a", "--repository-name",
                              "x", "--output-dir", folder / "out", cwd=tmp_path, expect=None)
            return result, locked(folder / "out")

        def theirs(names):
            folder = umbrella(names)
            return helm4("dependency", "update", folder, expect=None), locked(folder)

        return ours, theirs

    return prepare


def locked(chart: Path) -> dict[str, str]:
    lock = chart / "Chart.lock"
    return {item["name"]: item["version"] for item in yaml.safe_load(
        lock.read_text())["dependencies"]} if lock.exists() else {}


def test_choices_are_those_of_helm(choosing):
    """Of several versions, and of entries that are none to Helm."""
    ours, theirs = choosing(CHOICES)
    assert ours(CHOICES)[1] == theirs(CHOICES)[1] != {}


def test_random_choices_are_those_of_helm(choosing):
    """SLIPWAY_SEED repeats them, SLIPWAY_CHOICES makes them more."""
    seed = int(os.environ.get("SLIPWAY_SEED", random.randrange(2 ** 32)))
    print(f"SLIPWAY_SEED={seed}")
    count = int(os.environ.get("SLIPWAY_CHOICES", "40"))
    choices = random_choices(random.Random(seed), count)
    ours, theirs = choosing(choices)
    chosen = {name: locks for name in choices if (locks := ours([name])[1])}
    assert len(chosen) > len(choices) / 4
    assert {name: locks[name] for name, locks in chosen.items()} == theirs(chosen)[1]
    unfit = [name for name in choices if name not in chosen]
    refusal = theirs(unfit)[0].err
    assert f"can't get a valid version for {len(unfit)} subchart(s)" in refusal


def odd_archives() -> dict[str, bytes]:
    """One chart, in archives with more members, with less, and with junk."""
    tar = gzip.decompress(charts.archive("web", "1.0.0"))
    body = tar[:-(-len(tar.rstrip(b"\0")) // 512) * 512]
    plain, half = gzip.compress(tar), len(tar) // 2
    members = gzip.compress(tar[:half]) + gzip.compress(tar[half:])
    return {
        "plain": plain, "members": members, "twice": plain * 2,
        "junk": plain + b"junk", "a-byte": plain + b"x", "zeros": plain + bytes(700),
        "members-junk": members + b"junk", "half-a-member": plain + plain[:12],
        "no-end": gzip.compress(body), "no-end-junk": gzip.compress(body) + b"junk",
        "behind-the-end": gzip.compress(tar + b"junk" * 300),
        "first-member-only": gzip.compress(body[:1024]) + b"junk",
    }


def test_archives_that_helm_takes(helm4, run_step, tmp_path):
    """And no other: what stands behind the end of an archive is no matter."""
    ours, theirs = {}, {}
    for case, data in odd_archives().items():
        umbrella, chart = tmp_path / case, tmp_path / f"{case}-rendered"
        repository = charts.make_repository(tmp_path / f"{case}-charts", {"web": ["1.0.0"]})
        for file in repository / "web-1.0.0.tgz", umbrella / "charts" / "web-1.0.0.tgz":
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        index = (repository / "index.yaml").read_text()
        (repository / "index.yaml").write_text("".join(
            line for line in index.splitlines(True) if "digest:" not in line))
        (umbrella / "Chart.yaml").write_text(
            "apiVersion: v2\nname: shop\nversion: 0.1.0\ndependencies:\n"
            f"- {{name: web, version: 1.0.0, repository: 'file://{repository}'}}\n")
        theirs[case] = helm4("template", "x", umbrella, expect=None).code == 0
        ours[case] = run_step("umbrella-render", umbrella, "--output-dir", chart,
                              "--branch", "a", "--repository-name", "shop", cwd=tmp_path,
                              expect=None).code == 0
        if ours[case]:
            assert (chart / "charts" / "web-1.0.0.tgz").read_bytes() == data
    assert ours == theirs
    assert not theirs["no-end-junk"] and theirs["junk"], "the cases say something"


def test_from_a_bucket(render, s3, repository, run_step, tmp_path):
    for path in repository.iterdir():
        s3.client.put_object(Bucket=s3.name, Key=f"stable/{path.name}",
                             Body=path.read_bytes())
    chart = render(f"{s3.url}/stable", **s3.env)
    vendored = chart / "charts" / "storefront-1.4.0.tgz"
    assert vendored.read_bytes() == (
        repository / "storefront-1.4.0.tgz").read_bytes()
    # Again: the index is unchanged, the chart in the cache; the same offline.
    for env in {}, {"SLIPWAY_OFFLINE": "true"}:
        chart = render(f"{s3.url}/stable", **s3.env, **env)
        assert (chart / "charts" / "storefront-1.4.0.tgz").read_bytes() == (
            repository / "storefront-1.4.0.tgz").read_bytes()

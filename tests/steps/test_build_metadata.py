"""Versions with build metadata in a bucket: the "+" of an archive's name is %2B in its
address, as AWS takes a "+" in the path of a URL for a blank."""

from __future__ import annotations

import hashlib
import urllib.parse

import charts
import pytest
import yaml

from audited import INDEX, PREFIX, REPO, audit, names, put_aged   # noqa: F401
from scripted_http import Reply, Request, ScriptedHttp
from scripted_s3 import ScriptedS3

VERSION = "1.0.0+b1"
FILE = f"web-{VERSION}.tgz"
ADDRESS = "web-1.0.0%2Bb1.tgz"
UMBRELLA = "apiVersion: v2\nname: shop\nversion: 0.1.0\n" \
           "dependencies:\n- {name: web, version: %s, repository: '%s'}\n"


@pytest.fixture
def s3():
    with ScriptedS3() as s3:
        yield s3


@pytest.fixture
def publish(run_step, s3, tmp_path):
    """publish(): the chart goes into the bucket, or the repository that is named."""
    charts.make_chart(tmp_path / "web", "web", VERSION)

    def run(repository: str = REPO, *args, **options):
        return run_step("publish-chart", tmp_path / "web", "--repo", repository,
                        "--output", "json", *args, cwd=tmp_path,
                        env=s3.env | {"SOURCE_DATE_EPOCH": "1700000000"}, **options)
    return run


def addresses(text: bytes | str) -> list[str]:
    return [url for entry in yaml.safe_load(text)["entries"]["web"] for url in entry["urls"]]


def as_before(s3: ScriptedS3) -> bytes:
    """The index as it was written before, with the name as it is."""
    text = s3.objects[INDEX].body.replace(ADDRESS.encode(), FILE.encode())
    s3.put(INDEX, text)
    return text


def aws(s3: ScriptedS3):
    """What AWS gives for the path of a URL."""
    def answer(request: Request) -> Reply:
        key = urllib.parse.unquote_plus(request.path.lstrip("/"))
        found = s3.objects.get(PREFIX + key)
        return Reply(200, found.body) if found else Reply(404)
    return answer


def test_published(publish, s3):
    [chart] = publish().json["charts"]
    assert chart["url"] == f"{REPO}/{FILE}" and PREFIX + FILE in s3.objects
    assert addresses(s3.objects[INDEX].body) == [ADDRESS]
    before = s3.objects[INDEX].body
    assert publish().json["charts"][0]["existed"]
    assert s3.objects[INDEX].body == before


def test_a_folder_is_as_helm_writes_it(publish, tmp_path):
    publish(f"file://{tmp_path}/folder")
    assert addresses((tmp_path / "folder/index.yaml").read_text()) == [FILE]


def test_an_entry_of_before(publish, s3, audit):
    """It is the same version of the same archive, and stays."""
    publish()
    before = as_before(s3)
    assert publish().json["charts"][0]["existed"]
    assert s3.objects[INDEX].body == before
    found = audit("--output", "json").json
    assert found["verified"] == 1 and not found["orphans"] + found["dangling"]


def test_other_content_is_a_conflict_whatever_its_address(publish, s3, tmp_path):
    publish()
    as_before(s3)
    (tmp_path / "web/values.yaml").write_text("replicas: 2\n")
    publish(expect=3)
    publish(REPO, "--if-exists", "replace")
    assert addresses(s3.objects[INDEX].body) == [ADDRESS]
    assert sum(key.endswith(".tgz") for key in s3.objects) == 1


@pytest.mark.parametrize("old", [False, True])
def test_pruned(publish, s3, audit, tmp_path, old):
    publish()
    if old:
        as_before(s3)
    charts.make_chart(tmp_path / "web", "web", "1.1.0")
    publish()
    audit("--prune", "--keep", "1")
    assert addresses(s3.objects[INDEX].body) == ["web-1.1.0.tgz"]
    assert PREFIX + FILE not in s3.objects


def test_repaired(publish, s3, audit):
    """Of an archive without an entry."""
    publish()
    put_aged(s3, FILE, s3.objects[PREFIX + FILE].body)
    put_aged(s3, "web-2.0.0+a.b.tgz", charts.archive("web", "2.0.0+a.b"))
    audit("--repair")
    assert addresses(s3.objects[INDEX].body) == ["web-2.0.0%2Ba.b.tgz", ADDRESS]
    assert audit("--output", "json").json["verified"] == 2


@pytest.mark.parametrize("over_http", [False, True])
def test_read(publish, s3, run_step, tmp_path, over_http):
    """By the steps themselves, from the bucket and from AWS's server in front of it."""
    publish()
    digest = hashlib.sha256(s3.objects[PREFIX + FILE].body).hexdigest()
    with ScriptedHttp() as front:
        front.always(aws(s3))
        repository = front.url if over_http else REPO
        (tmp_path / "umbrella").mkdir()
        (tmp_path / "umbrella/Chart.yaml").write_text(UMBRELLA % (VERSION, repository))
        rendered = run_step("umbrella-render", tmp_path / "umbrella", "--branch", "main",
                            "--repository-name", "x", "--output", "json", cwd=tmp_path,
                            env=s3.env)
        assert rendered.json["dependencies"][0]["digest"] == digest
        assert (tmp_path / f"rendered/shop/charts/{FILE}").exists()
        copied = run_step("repo-audit", "--repo", repository, "--copy-to",
                          f"file://{tmp_path}/copy", f"web@{VERSION}", "--output", "json",
                          env=s3.env)
    assert names(copied.json["copied"]) == [("web", VERSION)]
    assert addresses((tmp_path / "copy/index.yaml").read_text()) == [FILE]

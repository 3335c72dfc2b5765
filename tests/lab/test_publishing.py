"""publish-chart against real S3, files, and Helm as the reader."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

import records

PUBLISHERS = 16
ROUNDS = int(os.environ.get("SLIPWAY_PUBLISH_ROUNDS", "1"))
CHART = Path(__file__).resolve().parents[2] / "pipeline-examples/storefront/chart"


def make_chart(folder: Path, name: str, version: str = "1.0.0", **files: str) -> Path:
    chart = folder / name
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text(
        f"apiVersion: v2\nname: {name}\nversion: {version}\n")
    (chart / "values.yaml").write_text("# kept\nimage:\n  tag: old # why\n")
    (chart / "templates" / "map.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n"
        "data:\n  tag: {{ .Values.image.tag }}\n")
    for path, text in files.items():
        (chart / path).write_text(text)
    return chart


def read_index(bucket) -> dict:
    body = bucket.client.get_object(Bucket=bucket.name, Key="index.yaml")["Body"].read()
    return yaml.safe_load(body)


def check_index(bucket) -> dict:
    """Every entry has its archive with the digest that it names."""
    index = read_index(bucket)
    for name, entries in index["entries"].items():
        for entry in entries:
            key = unquote(entry["urls"][0])
            body = bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read()
            assert hashlib.sha256(body).hexdigest() == entry["digest"], name
    return index


def download(bucket, folder: Path) -> Path:
    folder.mkdir()
    for item in bucket.client.list_objects_v2(Bucket=bucket.name)["Contents"]:
        bucket.client.download_file(bucket.name, item["Key"], str(folder / item["Key"]))
    return folder


# --- one publisher -----------------------------------------------------------

def test_helm_installs_what_was_published(run_step, s3, static_http, cluster,
                                          helm4, helm3, tmp_path):
    chart = make_chart(tmp_path, "web")
    record = tmp_path / "record"
    result = run_step("publish-chart", chart, "--repo", s3.url, "--version", "1.2.3",
                      "--set", "image.tag=abc", "--output", "json",
                      "--record", record, env=s3.env)
    [entry] = result.json["charts"]
    assert entry["url"] == f"{s3.url}/web-1.2.3.tgz" and not entry["existed"]
    check_index(s3)
    assert records.merged(record)["charts"][0]["digest"] == entry["digest"]

    server = static_http(download(s3, tmp_path / "site"))
    for helm in (helm4, helm3):
        helm("pull", "web", "--repo", server.url, "--version", "1.2.3",
             "-d", tmp_path, env={"HOME": str(tmp_path)})
        shown = helm("template", "x", "web", "--repo", server.url,
                     env={"HOME": str(tmp_path)})
        assert "tag: abc" in shown.out
    helm4("install", "web", "web", "--repo", server.url, "-n", "published",
          "--create-namespace", env={"HOME": str(tmp_path)})


def test_second_run_changes_nothing(run_step, s3, tmp_path):
    chart = make_chart(tmp_path, "web")
    argv = ("publish-chart", chart, "--repo", s3.url, "--output", "json")
    first = run_step(*argv, env=s3.env).json["charts"][0]
    before = s3.client.get_object(Bucket=s3.name, Key="index.yaml")
    second = run_step(*argv, env=s3.env).json["charts"][0]
    after = s3.client.get_object(Bucket=s3.name, Key="index.yaml")
    assert second["existed"] and not first["existed"]
    assert second["digest"] == first["digest"]
    assert before["Body"].read() == after["Body"].read()


def test_other_content_is_a_conflict(run_step, s3, tmp_path):
    chart = make_chart(tmp_path, "web")
    argv = ("publish-chart", chart, "--repo", s3.url)
    run_step(*argv, env=s3.env)
    before = read_index(s3)
    (chart / "values.yaml").write_text("image: {tag: new}\n")
    result = run_step(*argv, env=s3.env, expect=3)
    assert "'s3://" in result.err and "other content" in result.err
    assert read_index(s3) == before
    run_step(*argv, "--if-exists", "replace", env=s3.env)
    assert check_index(s3) != before


def test_same_content_is_a_conflict_if_asked_for(run_step, s3, tmp_path):
    argv = ("publish-chart", make_chart(tmp_path, "web"), "--repo", s3.url,
            "--if-exists", "fail")
    run_step(*argv, env=s3.env)
    run_step(*argv, env=s3.env, expect=3)


def test_an_archive_without_entry_is_adopted(run_step, s3, tmp_path):
    """What a run that was killed between archive and index leaves."""
    argv = ("publish-chart", make_chart(tmp_path, "web"), "--repo", s3.url)
    run_step(*argv, env=s3.env)
    s3.client.delete_object(Bucket=s3.name, Key="index.yaml")
    run_step(*argv, env=s3.env)
    assert list(check_index(s3)["entries"]) == ["web"]


def test_dry_run_writes_nothing(run_step, s3, tmp_path):
    result = run_step("publish-chart", make_chart(tmp_path, "web"), "--repo", s3.url,
                      "--dry-run", env=s3.env)
    assert "web-1.0.0.tgz" in result.out
    assert "Contents" not in s3.client.list_objects_v2(Bucket=s3.name)


def test_wrong_credentials(run_step, s3, tmp_path):
    result = run_step("publish-chart", make_chart(tmp_path, "web"), "--repo", s3.url,
                      env=s3.env | {"AWS_SECRET_ACCESS_KEY": "wrong-wrong-wrong"}, expect=1)
    assert s3.url in result.err and "403" in result.err
    assert "wrong-wrong" not in result.err


# --- many at once ------------------------------------------------------------

@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_concurrent_publishers_lose_nothing(start_step, s3, tmp_path, round_number):
    running = [
        start_step("publish-chart", make_chart(tmp_path, f"app-{number:02d}"),
                   "--repo", s3.url, env=s3.env)
        for number in range(PUBLISHERS)]
    for step in running:
        step.wait(timeout=100)
    index = check_index(s3)
    assert sorted(index["entries"]) == [f"app-{n:02d}" for n in range(PUBLISHERS)]


def test_concurrent_publishers_of_files(start_step, tmp_path):
    repository = tmp_path / "repository"
    running = [
        start_step("publish-chart", make_chart(tmp_path, f"app-{number:02d}"),
                   "--repo", f"file://{repository}")
        for number in range(PUBLISHERS)]
    for step in running:
        step.wait()
    index = yaml.safe_load((repository / "index.yaml").read_text())
    assert len(index["entries"]) == PUBLISHERS
    left = {path.name for path in repository.iterdir()} - {"index.yaml", ".index.lock"}
    assert left == {f"app-{number:02d}-1.0.0.tgz" for number in range(PUBLISHERS)}


# --- packages as Helm's ------------------------------------------------------

def members(archive: Path) -> dict[str, tuple]:
    with tarfile.open(archive) as tar:
        return {info.name: (info.mode, info.mtime, info.uid, info.uname, info.type,
                            tar.extractfile(info).read())
                for info in tar}


@pytest.mark.parametrize("epoch", ["0", "1795352645"])
def test_members_are_those_of_helm_package(run_step, helm4, tmp_path, epoch):
    env = {"SOURCE_DATE_EPOCH": epoch, "HOME": str(tmp_path)}
    chart = shutil.copytree(CHART, tmp_path / "chart")  # in no checkout
    run_step("publish-chart", chart, "--version", "2.0.0", "--destination",
             tmp_path / "ours", env=env, cwd=tmp_path)
    helm4("package", chart, "--version", "2.0.0", "-d", tmp_path / "theirs", env=env)
    [ours] = (tmp_path / "ours").iterdir()
    [theirs] = (tmp_path / "theirs").iterdir()
    assert ours.name == theirs.name
    assert list(members(ours)) == list(members(theirs))
    assert members(ours) == members(theirs)


def git(folder: Path, *argv: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *argv],
                   cwd=folder, check=True, capture_output=True)


@pytest.fixture
def open_folder():
    """A folder that every user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-test"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def give(folder: Path, uid: int) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, uid, uid, follow_symlinks=False)


BUILDS = [
    # umask, environment, working folder below the clone, another user
    (0o022, {}, ".", False),
    (0o077, {"TZ": "Asia/Tokyo", "LC_ALL": "tr_TR.UTF-8"}, "web/templates", False),
    (0o002, {"TZ": "America/St_Johns", "LC_ALL": "C"}, "..", False),
    (0o027, {"LANG": "de_DE", "HOME": "/nonexistent"}, "web", True),
]


def test_same_commit_gives_the_same_bytes(run_step, steps, open_folder, tmp_path):
    """Whatever the checkout, its place, umask, zone, locale, user, the working folder
    and the times and modes of the files."""
    origin = tmp_path / "origin"
    chart = make_chart(origin, "web")
    (chart / "templates").mkdir(exist_ok=True)
    for name in ("templates/ı.yaml", "templates/B.yaml", "templates/a.yaml"):
        (chart / name).write_text("x: 1\n")
    make_chart(chart / "charts", "db")
    make_chart(chart / "charts", "api")
    git(origin, "init", "-q", "-b", "main")
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "x")
    packages = []
    for number, (umask, env, place, other_user) in enumerate(BUILDS):
        clone = open_folder / ("x" * number + "clone")
        out = open_folder / f"out-{number}"
        out.mkdir()
        old = os.umask(umask)
        try:
            git(tmp_path, "clone", "-q", str(origin), str(clone))
            os.utime(clone / "web" / "values.yaml", (1000 + number, 1000 + number))
            program = [steps / "publish-chart"]
            if other_user and os.geteuid() == 0:
                give(clone, 65534)
                give(out, 65534)
                shutil.copy(steps / "publish-chart", open_folder / "step")
                (open_folder / "step").chmod(0o755)
                program = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534",
                           "--clear-groups", open_folder / "step"]
            cwd = clone / place
            run_step(*program, os.path.relpath(clone / "web", cwd), "--destination", out,
                     cwd=cwd, env={"GIT_URL": "https://git.example.com/shop/web.git"} | env)
        finally:
            os.umask(old)
        packages.append((out / "web-1.0.0.tgz").read_bytes())
    assert len(set(packages)) == 1


def test_helm_asks_for_the_plus_of_a_version_as_aws_reads_it(run_step, helm4, helm3, s3,
                                                             static_http, tmp_path):
    """AWS takes a "+" in the path of a URL for a blank, so Helm has to send %2B."""
    version, file = "1.0.0+b1", "web-1.0.0+b1.tgz"
    run_step("publish-chart", make_chart(tmp_path, "web", version), "--repo", s3.url, env=s3.env)
    check_index(s3)
    for key in "index.yaml", file:
        s3.client.download_file(s3.name, key, str(tmp_path / key))
    server = static_http(tmp_path)
    for number, helm in enumerate((helm4, helm3)):
        (pulled := tmp_path / f"pulled{number}").mkdir()
        umbrella = make_chart(tmp_path / str(number), "umbrella")
        (umbrella / "Chart.yaml").write_text(yaml.safe_dump({
            "apiVersion": "v2", "name": "umbrella", "version": "1.0.0", "dependencies": [
                {"name": "web", "version": version, "repository": server.url}]}))
        env = {"HOME": str(tmp_path / str(number))}
        helm("pull", "web", "--repo", server.url, "--version", version, "-d", pulled, env=env)
        helm("dependency", "update", umbrella, env=env)
        for place in pulled, umbrella / "charts":
            assert [path.name for path in place.iterdir()] == [file]
    asked = {path for _, path in server.requests if "web-" in path}
    assert asked == {"/web-1.0.0%2Bb1.tgz"}

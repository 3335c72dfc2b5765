"""publish-chart against a scripted S3: order of requests, every bad answer;
and what it says of bad input.  Real S3 is in tests/lab/test_publishing.py.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import signal
import tarfile
from pathlib import Path

import pytest
import yaml

import records
from published import package
from runner import error_lines, only_error
from scripted_http import Reply, Request, ScriptedHttp

SECRET = "very/secret+key"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "eu-central-1"}
NOW = ["Retry-After: 0"]
ARCHIVE = "/bucket/stable/web-1.0.0.tgz"
INDEX = "/bucket/stable/index.yaml"
OK = Reply(200, headers=['ETag: "new"'])
NONE = Reply(404, b"<Error><Code>NoSuchKey</Code><Message>no</Message></Error>")
EMPTY = b"apiVersion: v1\nentries: {}\n"
OTHERS = b"""apiVersion: v1
entries:
  db:
  - apiVersion: v2
    created: "2026-01-01T00:00:00Z"
    digest: aa
    flavour: unknown to us # kept
    name: db
    urls:
    - db-1.0.0.tgz
    version: 1.0.0
generated: "2026-01-01T00:00:00Z"
"""


def error(status: int, code: str, headers: list[str] | None = None) -> Reply:
    return Reply(status, f"<Error><Code>{code}</Code><Message>words of {code}"
                 "</Message></Error>".encode(), headers or [])


def proof(request: Request) -> bytes:
    """The annotation by which an index says that this store is proved."""
    base = f"http://{request.header('Host')}/bucket"
    number = hashlib.sha256(base.encode()).hexdigest()[:16]
    return f"annotations:\n  slipway/conditional-writes-{number}: '2026'\n".encode()


NONE_WAIT = Reply(200, b"<ListBucketResult><IsTruncated>false</IsTruncated>"
                       b"</ListBucketResult>")


def index(body: bytes, etag: str = '"1"', **faults):
    """An index on a store that was proved to honour conditions."""
    return lambda request: Reply(200, proof(request) + body, [f"ETag: {etag}"],
                                 **faults)


def make_chart(folder: Path, name: str = "web", version: str = "1.0.0") -> Path:
    chart = folder / name
    chart.mkdir()
    (chart / "Chart.yaml").write_text(
        f"apiVersion: v2\nname: {name}\nversion: {version}\n")
    (chart / "values.yaml").write_text("image:\n  tag: old # why\n")
    return chart


@pytest.fixture
def chart(tmp_path):
    return make_chart(tmp_path)


@pytest.fixture
def publish(run_step, chart, tmp_path):
    """publish(server, ..., expect=): one run against the scripted bucket."""
    def run(server: ScriptedHttp | None, *args, env=None, **options):
        where = {"AWS_ENDPOINT_URL_S3": server.url} if server else {}
        result = run_step("publish-chart", chart, "--repo", "s3://bucket/stable",
                          *args, env=KEYS | where | (env or {}), cwd=tmp_path,
                          **options)
        assert SECRET not in result.out + result.err
        return result
    return run


def swapped(server: ScriptedHttp) -> dict:
    """The index as it was written last."""
    return yaml.safe_load([request.body for request in server.requests
                           if request.line == f"PUT {INDEX}"][-1])


# --- what is sent, in which order ---------------------------------------------

def test_index_archive_index(publish, tmp_path):
    record = tmp_path / "record"
    with ScriptedHttp(index(OTHERS), OK, OK) as s:
        result = publish(s, "--output", "json", "--record", record,
                         env={"BUILD_URL": "https://ci.example.com/7",
                              "JENKINS_URL": "https://ci.example.com/"})
        get, put, swap = s.requests
    assert [get.line, put.line, swap.line] == [
        f"GET {INDEX}", f"PUT {ARCHIVE}", f"PUT {INDEX}"]
    assert put.header("If-None-Match") == "*"
    assert swap.header("If-Match") == '"1"'
    assert swap.header("Cache-Control") == "no-cache"

    digest = hashlib.sha256(put.body).hexdigest()
    [entry] = result.json["charts"]
    assert entry == {"name": "web", "version": "1.0.0", "digest": digest,
                     "url": "s3://bucket/stable/web-1.0.0.tgz",
                     "repository": "s3://bucket/stable", "existed": False}
    assert records.merged(record)["charts"] == [entry]
    written = yaml.safe_load(swap.body)
    assert written["entries"]["web"][0]["digest"] == digest
    assert written["entries"]["web"][0]["urls"] == ["web-1.0.0.tgz"]
    before = OTHERS.split(b"generated")[0].split(b"entries:\n")[1]
    assert before in swap.body, "others' bytes are kept"


def test_provenance_before_the_index(publish, fake_gpg):
    """It speaks of the archive that is there, and stays where it is."""
    with ScriptedHttp(index(OTHERS), OK, OK, OK) as s:
        publish(s, "--sign", env=fake_gpg)
        _, put, prov, swap = s.requests
    assert [put.line, prov.line, swap.line] == [
        f"PUT {ARCHIVE}", f"PUT {ARCHIVE}.prov", f"PUT {INDEX}"]
    assert hashlib.sha256(put.body).hexdigest().encode() in prov.body
    assert prov.header("If-None-Match") is None, "what is of no archive is overwritten"

    there = gzip.compress(gzip.decompress(put.body), 1)
    nobody_waits = Reply(200, b"<ListBucketResult/>")
    with ScriptedHttp(index(OTHERS), error(412, "PreconditionFailed"), Reply(200, there),
                      error(412, "PreconditionFailed"),
                      lambda request: Reply(200, s.requests[3].body), OK,
                      nobody_waits) as s:
        publish(s, "--sign", env=fake_gpg)
        prov, read = s.requests[3:5]
    assert read.line == f"GET {ARCHIVE}.prov", "is it of that archive?"
    assert prov.line == f"PUT {ARCHIVE}.prov" and prov.header("If-None-Match") == "*"
    assert hashlib.sha256(there).hexdigest().encode() in prov.body


def test_a_provenance_that_cannot_be_put(publish, fake_gpg):
    with ScriptedHttp(index(OTHERS), OK, error(403, "AccessDenied")) as s:
        result = publish(s, "--sign", env=fake_gpg, expect=1)
        assert s.lines[-1] == f"PUT {ARCHIVE}.prov", "no index without it"
    assert "cannot put the provenance beside the chart" in only_error(result)


def test_several_charts_in_one_write(run_step, tmp_path):
    charts = [make_chart(tmp_path, name) for name in ("web", "api")]
    with ScriptedHttp(index(EMPTY), NONE, NONE, OK, OK, OK) as s:
        run_step("publish-chart", *charts, "--repo", "s3://bucket",
                 env=KEYS | {"AWS_ENDPOINT_URL_S3": s.url})
        assert sorted(yaml.safe_load(s.requests[-1].body)["entries"]) == ["api", "web"]


def test_dry_run_only_reads(publish):
    """More of it is in test_publish_foreseen.py."""
    with ScriptedHttp(index(EMPTY), NONE) as s:
        assert "web-1.0.0.tgz" in publish(s, "--dry-run").out
        assert [seen.method for seen in s.requests] == ["GET", "GET"]


LISTING = Reply(200, b"<ListBucketResult><IsTruncated>false</IsTruncated>"
                b"</ListBucketResult>")
NOT_THERE = Reply(404)
# What tells the rights: a listing, a read, a write and a removal of nothing.
RIGHTS = [LISTING, NOT_THERE, NONE, error(412, "PreconditionFailed")]


LIST = "s3:ListBucket on 's3://bucket/stable/'"
UNSURE = "s3:GetObject on 's3://bucket/stable/' (or nothing is there yet)"
PUT = "s3:PutObject on 's3://bucket/stable/'"
TIDY = "s3:DeleteObject on 's3://bucket/stable/.slipway/'"


def test_check_reads_and_writes_nothing(publish):
    with ScriptedHttp(*RIGHTS, index(OTHERS)) as s:
        told = publish(s, "--check").out
        assert told == ("the charts are valid; the index of 's3://bucket/stable' in "
                        "eu-central-1 can be read; conditional writes were proved\n")
        put, delete = s.requests[2:4]
        assert put.header("If-Match") and delete.header("If-Match"), \
            "of a state that nothing has"
        assert s.lines[4] == f"GET {INDEX}"
    with ScriptedHttp(*RIGHTS, NONE) as s:
        assert "is not there yet" in publish(s, "--check").out


def test_check_names_what_is_missing(publish):
    denied = error(403, "AccessDenied")
    with ScriptedHttp(LISTING, NOT_THERE, denied, denied) as s:
        line = only_error(publish(s, "--check", expect=1))
        assert "s3:PutObject on 's3://bucket/stable/', s3:DeleteObject on" in line



def test_check_names_all_rights_where_there_is_none(publish):
    """And what the store said, which may tell of whom."""
    denied = error(403, "AccessDenied")
    with ScriptedHttp(denied, Reply(403), denied, denied) as s:
        line = only_error(publish(s, "--check", expect=1))
    assert f"missing rights: {LIST}, {UNSURE}, {PUT}, {TIDY}; GET http://" in line
    assert "words of AccessDenied" in line


@pytest.mark.parametrize("code, cure", [
    ("InvalidAccessKeyId", "check the access key"),
    ("SignatureDoesNotMatch", "check the secret access key")])
def test_check_tells_credentials_from_rights(publish, code, cure):
    with ScriptedHttp(error(403, code)) as s:
        failed = publish(s, "--check", expect=1)
    assert "missing rights" not in failed.err and f"hint: {cure}" in failed.err


@pytest.mark.parametrize("rights, missing, lost", [
    (RIGHTS[:3] + [error(403, "AccessDenied")], [TIDY], "stays there"),
    ([error(403, "AccessDenied"), OK, *RIGHTS[2:]], [LIST], "without an index"),
    ([error(403, "AccessDenied"), OK, RIGHTS[2], error(403, "AccessDenied")], [LIST, TIDY],
     "stays there"),
])
def test_check_warns_of_what_only_helps(publish, rights, missing, lost):
    """Publishing works without these rights: what is lost is said."""
    named = ", ".join(missing)
    with ScriptedHttp(*rights, index(OTHERS)) as s:
        result = publish(s, "--check", "--output", "json")
        assert result.json["missingRights"] == missing
        [line] = [line for line in result.err.splitlines() if ": warning: " in line]
        assert f"missing rights: {named}: no chart is lost without them, but " in line
        assert "take longer" in line and lost in line and line.count(", but ") == 1
    with ScriptedHttp(*rights) as s:
        line = only_error(publish(s, "--check", "--lock", "object", expect=1))
        assert f"missing rights: {named}" in line


# --- what is there already ----------------------------------------------------

def archive_of(publish) -> bytes:
    """The bytes that a first run sends."""
    with ScriptedHttp(index(EMPTY), OK, OK) as s:
        publish(s)
        return s.requests[1].body


def test_the_same_archive_is_adopted(publish):
    body = archive_of(publish)
    with ScriptedHttp(index(EMPTY), error(412, "PreconditionFailed"),
                      Reply(200, body), OK, NONE_WAIT) as s:
        publish(s)
        assert s.lines[2] == f"GET {ARCHIVE}"
        assert "list-type=2" in s.lines[4]      # what else was left there
        assert list(swapped(s)["entries"]) == ["web"]


def test_other_content_is_a_conflict(publish, chart):
    body = archive_of(publish)
    (chart / "values.yaml").write_text("image: {tag: new}\n")
    with ScriptedHttp(index(EMPTY), error(412, "PreconditionFailed"),
                      Reply(200, body)) as s:
        failed = publish(s, expect=3)
    assert "'s3://bucket/stable/web-1.0.0.tgz' is there already with other " \
        "content, but in no index: another run has put it there" in only_error(failed)
    assert "'repo-audit --repair' enters that one" in failed.err


@pytest.mark.parametrize("body, words", [
    (b"", "it is empty"), (b"x" * 40, "it is no .tgz at all"),
    (b"<html>", "it is no .tgz at all"), ("half", "compressed data is cut off"),
    ("other", "it holds chart 'other' 1.0.0")])
def test_an_object_that_is_no_chart_is_named(publish, body, words):
    """It is not overwritten, and enters no index."""
    there = {"half": lambda: (a := archive_of(publish))[:len(a) // 2],
             "other": lambda: package("other")}.get(body, lambda: body)()
    with ScriptedHttp(index(EMPTY), error(412, "PreconditionFailed"),
                      Reply(200, there)) as s:
        failed = publish(s, expect=3)
    line = only_error(failed)
    assert "'s3://bucket/stable/web-1.0.0.tgz' is there already, but is no archive of " \
        "that chart: " in line and words in line
    assert "another version" not in failed.err and "hint: remove it, or let " \
        "'publish-chart --if-exists replace'" in failed.err


def test_a_write_whose_answer_was_lost_is_looked_up(publish):
    """The archive's PUT took effect, the answer did not come back."""
    sent: list[bytes] = []

    def take_and_hang_up(request: Request) -> Reply:
        sent.append(request.body)
        return Reply(200, cut=0)

    with ScriptedHttp(index(EMPTY), take_and_hang_up,
                      error(412, "PreconditionFailed"),
                      lambda request: Reply(200, sent[0]), OK) as s:
        result = publish(s, "--output", "json")
        assert s.lines[1:4] == [f"PUT {ARCHIVE}", f"PUT {ARCHIVE}", f"GET {ARCHIVE}"]
    assert result.json["charts"][0]["existed"] is False


def test_an_index_write_whose_answer_was_lost_is_looked_up(publish):
    sent: list[bytes] = []

    def take_and_hang_up(request: Request) -> Reply:
        sent.append(request.body)
        return Reply(200, cut=0)

    with ScriptedHttp(index(EMPTY), OK, take_and_hang_up,
                      error(412, "PreconditionFailed"),
                      lambda request: Reply(200, sent[0], ['ETag: "2"'])) as s:
        publish(s)
        assert s.lines[-1] == f"GET {INDEX}"


# --- servers that do not do what they should ------------------------------------

@pytest.mark.parametrize("code, hint", [
    ("InvalidTokenId", "check the session token"), ("InvalidToken", "check the session token"),
    ("ExpiredToken", "get new temporary credentials"),
    ("InvalidAccessKeyId", "check the access key")])
def test_wrong_credentials(publish, code, hint):
    """InvalidTokenId is MinIO's word."""
    with ScriptedHttp(error(403, code)) as s:
        err = publish(s, expect=1).err
    assert f"hint: {hint}; the credentials come from the environment\n" in err


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_an_endpoint_that_is_no_address(publish, variable):
    err = publish(None, env={variable: "127.0.0.1:9000"}, expect=2).err
    assert "bad address '127.0.0.1:9000'" in err
    assert "hint: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or the profile's endpoint_url" in err


@pytest.mark.parametrize("reply, code, words", [
    (error(401, "InvalidToken"), 1, "words of InvalidToken"),
    (error(403, "AccessDenied"), 1, "words of AccessDenied"),
    (error(404, "NoSuchBucket"), 1, "NoSuchBucket"),
    (Reply(403, b"<html>proxy says no</html>"), 1, "403"),
])
def test_refusals(publish, reply, code, words):
    with ScriptedHttp(index(OTHERS), reply) as s:
        line = only_error(publish(s, expect=code))
    assert "cannot publish 'web-1.0.0.tgz'" in line and words in line
    with ScriptedHttp(reply) as s:
        line = only_error(publish(s, expect=code))
    assert "cannot read the index of 's3://bucket/stable'" in line and words in line


@pytest.mark.parametrize("fault", [
    error(429, "SlowDown", NOW), error(503, "SlowDown", NOW), Reply(200, cut=0)])
def test_faults_that_pass(publish, fault):
    with ScriptedHttp(fault, index(EMPTY), OK, OK) as s:
        result = publish(s)
        assert s.lines == [f"GET {INDEX}", f"GET {INDEX}", f"PUT {ARCHIVE}", f"PUT {INDEX}"]
    assert error_lines(result) == []


@pytest.mark.parametrize("reply", [
    error(500, "InternalError", NOW), error(503, "SlowDown", NOW), Reply(200, reset=0)])
def test_faults_for_ever(publish, reply):
    with ScriptedHttp(index(OTHERS), OK) as s:
        s.always(reply)
        failed = publish(s, "--timeout", "3s", expect=75)
    assert "cannot enter the index of 's3://bucket/stable'" in only_error(failed)


def test_nobody_listens(publish):
    failed = publish(None, "--timeout", "1s", expect=75,
                     env={"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"})
    assert "cannot read the index of 's3://bucket/stable'" in only_error(failed)


@pytest.mark.parametrize("body, place", [
    (b"x", "index.yaml:1:1"),
    (b"apiVersion: v1\nentries: [1\n", "index.yaml:"),
    (b"entries: {}\n", "index.yaml:1:1"),
    (b"<html>\n", "index.yaml:1:1"),
    (b"\n\n", "index.yaml:1:1"),
    (b"", "index.yaml:1:1"),
])
def test_an_index_that_cannot_be_read_is_never_replaced(publish, run_step, chart,
                                                        tmp_path, body, place):
    with ScriptedHttp(Reply(200, body, ['ETag: "1"'])) as s:
        failed = publish(s, expect=2)
        assert s.lines == [f"GET {INDEX}"]
    assert place in failed.err and "hint: it is left as it is" in failed.err

    folder = tmp_path / "charts"
    folder.mkdir()
    (folder / "index.yaml").write_bytes(body)
    failed = run_step("publish-chart", chart, "--repo", f"file://{folder}", expect=2)
    assert place in failed.err and "hint: it is left as it is" in failed.err
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == \
        [("index.yaml", body)]


def test_a_truncated_index_is_never_replaced(publish):
    with ScriptedHttp() as s:
        s.always(index(OTHERS, cut=200))
        publish(s, "--timeout", "10s", expect=75)
        assert set(s.lines) == {f"GET {INDEX}"}


# --- bad input ------------------------------------------------------------------

CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\n"


@pytest.mark.parametrize("text, words, place", [
    ("a: [", "cannot read", "Chart.yaml:"),
    ("apiVersion: v2\nname: web\n", "the chart has no version", "Chart.yaml:1:1"),
    ("apiVersion: v2\nname: web\nversion: x\n", "bad version 'x'", "Chart.yaml:3:10"),
    ("apiVersion: v9\nname: web\nversion: 1.0.0\n", "v9", "Chart.yaml:1:13"),
    ("apiVersion: v2\nname: ../web\nversion: 1.0.0\n", "../web", "Chart.yaml:2:7"),
    (CHART + "type: app\n", "app", "Chart.yaml:4:7"),
    (CHART + "dependencies:\n- {name: db, version: 1.0.0, repository: 'https://x'}\n",
     "db", ""),
])
def test_charts_that_are_none(publish, chart, text, words, place):
    (chart / "Chart.yaml").write_text(text)
    failed = publish(None, expect=2)
    assert words in only_error(failed) and place in failed.err


def test_the_cure_for_what_a_package_lacks(run_step, chart, tmp_path):
    (chart / "Chart.yaml").write_text(
        CHART + "dependencies:\n- {name: db, version: 1.0.0, repository: 'https://x'}\n")
    with tarfile.open(tmp_path / "web.tgz", "w:gz") as tar:
        tar.add(chart, "web")
    told = run_step("publish-chart", tmp_path / "web.tgz", "--destination", tmp_path,
                    expect=2).err
    assert "hint: package it again from its folder, with them in 'charts/' there\n" in told


FETCHED = "fetch them with 'helm dependency update {chart}'"
BY_HAND = "put what is missing into '{chart}/charts/', as folders or archives: Helm "


@pytest.mark.parametrize("repository, cure", [
    ("https://charts.example", FETCHED),
    ("oci://registry.example/charts", FETCHED),
    ("'@stable'", FETCHED),
    ("alias:stable", FETCHED),
    ("file://../db", FETCHED),
    ("file://../charts", BY_HAND + "knows no chart 'db' in 'file://../charts'"),
    ("s3://charts/stable", BY_HAND + "cannot fetch 'db' from s3://"),
    ("S3://user:secret@charts", BY_HAND + "cannot fetch 'db' from S3://"),
    ("''", BY_HAND + "does not know where to fetch 'db' from"),
])
def test_the_cure_for_what_a_chart_lacks(publish, chart, repository, cure):
    """What helps, not what Helm refuses."""
    (chart.parent / "db").mkdir()
    (chart.parent / "db" / "Chart.yaml").write_text(CHART)
    (chart / "Chart.yaml").write_text(
        f"{CHART}dependencies:\n- {{name: web, version: 1.0.0, repository: 'https://x'}}\n"
        f"- {{name: db, version: 1.0.0, repository: {repository}}}\n")
    told = publish(None, expect=2).err
    assert "names dependencies that are not in charts/: 'web', 'db'" in told
    assert f"hint: {cure.format(chart=chart)}\n" in told


@pytest.mark.parametrize("args, words", [
    (["--version", "x.y"], "bad version 'x.y'"),
    (["--set", "image"], "'--set image' is not of the form KEY=VALUE"),
    (["--set", "image=x"], "image"),
    (["--annotation", "=x"], "not of the form KEY=VALUE"),
    (["--if-exists", "perhaps"], "perhaps"),
    (["--repo", "oci://host/X"], "oci://host/X"),
    (["--repo", "https://"], "https://"),
    (["--repo", "ftp://host/x"], "ftp://host/x"),
    (["--repo", "s3://"], "s3"),
    (["--frob"], "unknown option '--frob'"),
])
def test_usage(publish, args, words):
    assert words in only_error(publish(None, *args, expect=2))


def test_what_must_be_given(run_step, chart, tmp_path):
    assert "missing '--repo'" in only_error(run_step("publish-chart", chart, expect=2))
    repo = ["--repo", f"file://{tmp_path}/r"]
    (tmp_path / "empty").mkdir()
    lost = run_step("publish-chart", *repo, expect=2, cwd=tmp_path / "empty")
    assert "'chart', 'charts/*', '.'" in only_error(lost)
    missing = run_step("publish-chart", tmp_path / "no", *repo, expect=2)
    assert f"{tmp_path}/no" in only_error(missing)
    env = {key: value for key, value in KEYS.items() if "SECRET" not in key}
    keys = run_step("publish-chart", chart, "--repo", "s3://bucket", expect=2, env=env)
    assert "AWS_SECRET_ACCESS_KEY" in keys.err


def test_values_are_set_and_kept(run_step, chart, tmp_path):
    import tarfile

    run_step("publish-chart", chart, "--destination", tmp_path / "out",
             "--set", "image.tag=1.10", "--annotation", "team=shop",
             env={"SOURCE_DATE_EPOCH": "0"})
    with tarfile.open(tmp_path / "out" / "web-1.0.0.tgz") as tar:
        values = tar.extractfile("web/values.yaml").read()
        meta = yaml.safe_load(tar.extractfile("web/Chart.yaml").read())
    assert values == b'image:\n  tag: "1.10" # why\n'
    assert meta["annotations"]["team"] == "shop"


# --- files ----------------------------------------------------------------------

def test_a_repository_of_files(run_step, chart, tmp_path):
    repository = tmp_path / "charts"
    argv = ("publish-chart", chart, "--repo", f"file://{repository}")
    run_step(*argv)
    first = (repository / "index.yaml").read_bytes()
    run_step(*argv)
    assert (repository / "index.yaml").read_bytes() == first
    (chart / "values.yaml").write_text("other: true\n")
    run_step(*argv, expect=3)
    assert (repository / "index.yaml").read_bytes() == first


def test_an_index_that_is_a_link_stays_one(run_step, chart, tmp_path):
    """Its file may be on another share, or in a checkout."""
    repository, elsewhere = tmp_path / "charts", tmp_path / "elsewhere"
    repository.mkdir()
    elsewhere.mkdir()
    (elsewhere / "index.yaml").write_text("apiVersion: v1\nentries: {}\n")
    (repository / "index.yaml").symlink_to("../elsewhere/index.yaml")
    for version in "1.0.0", "2.0.0":
        run_step("publish-chart", chart, "--version", version, "--repo",
                 f"file://{repository}")
    assert (repository / "index.yaml").is_symlink()
    assert [path.name for path in elsewhere.iterdir()] == ["index.yaml"]
    index = yaml.safe_load((elsewhere / "index.yaml").read_text())
    assert [entry["version"] for entry in index["entries"]["web"]] == ["2.0.0", "1.0.0"]


def test_a_file_in_the_way_of_the_destination(run_step, chart):
    target = chart.parent / "file"
    target.write_text("")
    failed = run_step("publish-chart", chart, "--destination", target / "out", expect=1)
    assert f"{target}/out" in only_error(failed)


def test_killed_before_the_index_then_run_again(start_step, run_step, chart, tmp_path):
    """SIGTERM while it waits for the swap: an archive, no entry; then both."""
    with ScriptedHttp(index(OTHERS), OK, Reply(503, delay=30)) as s:
        step = start_step("publish-chart", chart, "--repo", "s3://bucket/stable",
                          env=KEYS | {"AWS_ENDPOINT_URL_S3": s.url})
        s.wait_for(3)
        os.kill(step.pid, signal.SIGTERM)
        step.wait(expect=143)
        body = s.requests[1].body
    with ScriptedHttp(index(OTHERS), error(412, "PreconditionFailed"),
                      Reply(200, body), OK, NONE_WAIT) as s:
        run_step("publish-chart", chart, "--repo", "s3://bucket/stable",
                 env=KEYS | {"AWS_ENDPOINT_URL_S3": s.url})
        assert sorted(swapped(s)["entries"]) == ["db", "web"]


def test_a_folder_that_many_users_publish_to(run_step, chart, tmp_path, steps):
    """Modes stay, a lock of another user is locked all the same, and what may
    not be written is told by --check."""
    repository = tmp_path / "charts"
    argv = ["publish-chart", chart, "--repo", f"file://{repository}"]
    run_step(*argv)
    index = repository / "index.yaml"
    index.chmod(0o664)
    (repository / ".index.lock").chmod(0o444)
    stale = repository / ".slipway-0123456789abcdef.tmp"
    stale.write_text("of a killed run")
    os.utime(stale, (0, 0))
    umask = os.umask(0o077)
    try:
        run_step(*argv, "--version", "1.1.0")
    finally:
        os.umask(umask)
    assert index.stat().st_mode & 0o777 == 0o664
    assert not stale.exists()

    run_step(*argv, "--check")
    barred = run_step("publish-chart", chart, "--repo", f"file://{index}/x",
                      "--check", expect=1)
    assert f"no files can be made in '{index}/x'" in only_error(barred)

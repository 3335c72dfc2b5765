"""repo-audit against S3 in memory, and folders: what it finds, what it puts
right, in which order, and what it leaves alone.  Real S3 is in
tests/lab/test_audit.py, prunes are in test_pruning.py, addresses outside of the
repository in test_audit_elsewhere.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import threading
import time

import charts
import pytest
import yaml

import records
from audited import (CHARTS, INDEX, MARKS, PREFIX, PRUNE, REPO, audit, break_all,  # noqa: F401
                     entries, names, prove, s3, sign)
from scripted_s3 import Fault, ScriptedS3


def reads(s3: ScriptedS3) -> list[str]:
    return sorted(seen.key.removeprefix(PREFIX) for seen in s3.requests
                  if seen.method == "GET" and seen.key.endswith(".tgz"))


# --- looking --------------------------------------------------------------------

def test_all_is_well(audit, s3, tmp_path):
    result = audit("--output", "json", "--record", tmp_path / "record")
    assert result.json == {"entries": 4, "verified": 4, "read": 4, "dryRun": False,
                           "orphans": [], "dangling": [], "mismatched": [],
                           "unread": [], "repaired": [], "pruned": [],
                           "copied": []}
    [step] = records.merged(tmp_path / "record")["steps"]
    assert (step["name"], step["outcome"]) == ("repo-audit", "done")
    assert {seen.method for seen in s3.requests} == {"GET"}
    assert s3.lines[:3] == [f"GET {MARKS}", f"GET {INDEX}", "GET ?"], \
        "index before listing: what is entered by then is there"


def test_what_is_wrong_is_found(audit, s3):
    break_all(s3)
    before = dict(s3.objects)
    result = audit("--output", "json", expect=1)
    found = result.json
    assert names(found["orphans"]) == [("db", "1.0.0")]
    assert found["orphans"][0]["url"] == f"{REPO}/db-1.0.0.tgz"
    assert names(found["dangling"]) == [("web", "1.0.0")]
    assert names(found["mismatched"]) == [("api", "2.0.0")]
    assert "its digest is" in found["mismatched"][0]["reason"]
    assert (found["entries"], found["verified"]) == (4, 2)
    assert "disagree in 3 places" in result.err
    assert s3.objects == before, "nothing was written"


def test_findings_stand_in_one_order(run_step, tmp_path):
    """However fast the answers are: reports can be compared."""
    versions = [f"1.0.{i}" for i in range(24)]
    folder = charts.make_repository(tmp_path / "repository", {"web": versions})
    with ScriptedS3() as s3:
        s3.put(INDEX, (folder / "index.yaml").read_bytes())
        for version in versions:
            s3.put(f"{PREFIX}web-{version}.tgz", b"not an archive")
        s3.fault = lambda seen: Fault(seconds=0.01 * (len(s3.requests) * 7 % 16))
        found = run_step("repo-audit", "--repo", REPO, "--output", "json", "--jobs", "16",
                         env=s3.env, expect=1).json
    assert [item["url"] for item in found["mismatched"]] == \
        sorted(f"{REPO}/web-{version}.tgz" for version in versions)


def test_what_cannot_be_read_is_named(audit, s3):
    refused = {"GET ?": "cannot list what lies in 's3://bucket/stable': GET http",
               "GET stable/api-1": "cannot read the archive of chart 'api' 1.0.0: GET http"}
    for line, told in refused.items():
        s3.fault = lambda seen: (Fault(403, "AccessDenied")
                                 if seen.line.startswith(line) else None)
        assert f"repo-audit: error: {told}" in audit(expect=1).err


def test_a_provenance_of_another_archive(audit, s3):
    """It is read once, and again when it changes."""
    prov = PREFIX + "web-1.0.0.tgz.prov"
    sign(s3, "web-1.0.0.tgz")
    assert audit("--repair", "--output", "json").json["verified"] == 4
    s3.forget()
    assert audit("--output", "json").json["verified"] == 4
    assert reads(s3) == [] and f"GET {prov}" not in s3.lines
    s3.put(prov, b"files:\n  web-1.0.0.tgz: sha256:" + b"a" * 64)
    found = audit("--repair", "--output", "json", expect=1).json
    assert (names(found["mismatched"]), found["verified"]) == ([("web", "1.0.0")], 3)
    [item] = found["mismatched"]
    assert item["url"] == f"{REPO}/web-1.0.0.tgz.prov"
    assert item["reason"] == "it signs another archive than the one beside it"


@pytest.mark.parametrize("old, new, reason", [
    (b"urls:\n    - api-2.0.0.tgz", b"flavour: 1", "no address"),
    (b"- api-2.0.0.tgz", b"- ../other/api-2.0.0.tgz", "leads out of the repository"),
    (b"- api-2.0.0.tgz", b"- s3://other/api-2.0.0.tgz", "not in this repository"),
    (b"- api-2.0.0.tgz", b"- s3://robot:s3cr3t@other/api-2.0.0.tgz",
     "'s3://other/api-2.0.0.tgz', which is not in this repository"),
    (b"version: 2.0.0", b"version: 1.0.0", "more than once"),
    (b"version: 2.0.0", b"version: 2.0.1", "it holds chart 'api' 2.0.0"),
    (b"version: 2.0.0", b"version: 2.0.0\n    icon: x", None),
])
def test_entries_that_are_wrong(audit, s3, old, new, reason):
    body = s3.objects[INDEX].body
    s3.put(INDEX, body.replace(old, new, 1))
    result = audit("--repair", "--output", "json", expect=1 if reason else 0)
    assert result.json["repaired"] == []
    assert "s3cr3t" not in result.out + result.err
    if reason:
        assert reason in result.json["mismatched"][0]["reason"]
        assert s3.objects[INDEX].body == body.replace(old, new, 1)


def test_an_entry_without_an_address_is_named(audit, s3):
    s3.put(INDEX, s3.objects[INDEX].body.replace(b"urls:\n    - api-1.0.0.tgz", b"urls: []"))
    s3.objects.pop(PREFIX + "api-1.0.0.tgz")
    assert ("in 1 place, the first is chart 'api' 1.0.0: the index has no address of it"
            in audit(expect=1).err)


def test_archives_of_others_are_no_orphans(audit, s3):
    """Folders may be other repositories; what is no .tgz is no chart."""
    s3.put(PREFIX + "nested/db-1.0.0.tgz", charts.archive("db", "1.0.0"))
    sign(s3, "web-1.1.0.tgz")
    s3.put("stable-2/db-1.0.0.tgz", charts.archive("db", "1.0.0"))
    assert audit("--output", "json").json["orphans"] == []


def test_an_archive_that_its_publisher_enters_meanwhile(audit, s3):
    """The index is read again before an archive is called an orphan."""
    body = charts.archive("db", "1.0.0")
    s3.put(PREFIX + "db-1.0.0.tgz", body)
    digest = hashlib.sha256(body).hexdigest()
    entry = (b"  db:\n  - name: db\n    version: 1.0.0\n    digest: "
             + digest.encode() + b"\n    urls: [db-1.0.0.tgz]\n")

    def enter(seen):
        if seen.key.endswith("db-1.0.0.tgz"):
            s3.put(INDEX, s3.objects[INDEX].body.replace(b"  web:\n", entry + b"  web:\n"))
    s3.fault = enter
    assert audit("--output", "json").json["orphans"] == []


def test_a_listing_that_lags(run_step, tmp_path):
    """What is not listed yet is asked for before it is called missing."""
    folder = charts.make_repository(tmp_path / "repository", CHARTS)
    with ScriptedS3("late") as s3:
        for path in folder.iterdir():
            s3.put(PREFIX + path.name, path.read_bytes())
        result = run_step("repo-audit", "--repo", REPO, "--output", "json", env=s3.env)
        assert result.json["verified"] == 4


@pytest.mark.parametrize("ahead", [0, -5 * 86400])
@pytest.mark.parametrize("age, young", [(0, True), (560, True), (640, False)])
def test_an_archive_that_was_put_just_now_is_no_failure(audit, s3, ahead, age, young):
    """Its publisher is about to enter it.  How old it is the store's clock says."""
    s3.clock = lambda: time.time() + ahead
    s3.put(PREFIX + "db-1.0.0.tgz", charts.archive("db", "1.0.0"), s3.clock() - age)
    result = audit("--output", "json", expect=0 if young else 1)
    [orphan] = result.json["orphans"]
    assert (orphan["name"], orphan.get("young", False)) == ("db", young)
    assert ("its publisher may be at work" in orphan["reason"]) == young
    assert audit(expect=None).out.startswith("young orphan: db" if young else "orphan: db")
    repaired = audit("--repair", "--output", "json").json["repaired"]
    assert names(repaired) == [("db", "1.0.0")], "as its publisher would have"


def test_no_publisher_puts_such_archives(audit, s3):
    """However young they are."""
    s3.put(PREFIX + "copy.tgz", charts.archive("web", "1.1.0"))
    [orphan] = audit("--output", "json", expect=1).json["orphans"]
    assert "young" not in orphan


@pytest.mark.parametrize("url", ["https://charts.example.com", "oci://ghcr.io/x"])
@pytest.mark.parametrize("args", [(), ("--check",)])
def test_what_cannot_be_listed(run_step, url, args):
    result = run_step("repo-audit", "--repo", url, *args, expect=2)
    assert "cannot audit" in result.err and "can be listed" in result.err


@pytest.mark.parametrize("fault, code, cause", [
    (Fault(403, "AccessDenied"), 1, "s3:"),
    (Fault(503, "SlowDown", {"Retry-After": "0"}), 75, "SlowDown"),
])
def test_an_archive_that_cannot_be_read_is_no_finding(audit, s3, fault, code, cause):
    s3.fault = lambda seen: fault if seen.key.endswith("api-1.0.0.tgz") else None
    before = dict(s3.objects)
    result = audit("--repair", "--timeout", "20s", expect=code)
    assert cause in result.err and result.out == ""
    assert s3.objects[INDEX] == before[INDEX]


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchBucket"])
def test_what_was_listed_but_is_not_there_keeps_its_entry(audit, s3, code):
    """It is found, but the next run judges: somebody is at work there."""
    s3.fault = lambda seen: (Fault(404, code) if seen.key.endswith("api-1.0.0.tgz")
                             else None)
    assert "dangling: api 1.0.0" in audit("--repair", expect=1).out
    assert entries(s3) == CHARTS


def test_bad_index_is_left_alone(audit, s3):
    s3.put(INDEX, b"apiVersion: v1\nentries: [\n")
    s3.forget()
    result = audit("--repair", expect=2)
    assert "index.yaml" in result.err
    assert {seen.method for seen in s3.requests} == {"GET"}


def test_no_index_at_all(audit, s3):
    del s3.objects[INDEX]
    assert len(audit("--output", "json", expect=1).json["orphans"]) == 4
    audit("--repair")
    assert entries(s3) == CHARTS


# --- repair ---------------------------------------------------------------------

def test_repair(audit, s3):
    break_all(s3)
    broken = s3.objects[PREFIX + "api-2.0.0.tgz"].body
    result = audit("--repair", "--output", "json", expect=1)
    assert names(result.json["repaired"]) == [("db", "1.0.0"), ("web", "1.0.0")]
    assert entries(s3) == {"api": ["2.0.0", "1.0.0"], "db": ["1.0.0"], "web": ["1.1.0"]}
    assert "disagree in 1 place," in result.err, "a digest is nothing to be repaired"
    assert s3.objects[PREFIX + "api-2.0.0.tgz"].body == broken
    assert s3.proof.encode() in s3.objects[INDEX].body

    s3.forget()
    again = audit("--repair", "--output", "json", expect=1).json
    assert again["repaired"] == [] and again["verified"] == 3
    assert reads(s3) == ["api-2.0.0.tgz"], "only what is not known to be true"
    assert {seen.method for seen in s3.requests} == {"GET"}


def test_what_killed_publishers_have_left_goes(audit, s3):
    """But not what one at work may have made, nor anything that is not ours."""
    day = 24 * 3600
    old = [f"{PREFIX}.slipway/{name}" for name in ("probe/0", "pending/0.json")]
    for key in (*old, f"{PREFIX}.slipway/lock/0", f"{PREFIX}probe/0"):
        s3.put(key, b"x", s3.clock() - day - 60)
    s3.put(f"{PREFIX}.slipway/probe/1", b"x", s3.clock() - day + 60)
    before = dict(s3.objects)
    audit()
    audit("--repair", "--dry-run")
    s3.fault = lambda seen: Fault(403, "AccessDenied") if seen.method == "DELETE" else None
    audit("--repair")
    assert before.keys() <= s3.objects.keys()
    s3.fault = lambda seen: None
    audit("--repair")
    assert sorted(before.keys() - s3.objects.keys()) == sorted(old)


def test_metadata_is_made_anew(audit, s3):
    body = s3.objects[INDEX].body
    digest = hashlib.sha256(s3.objects[PREFIX + "api-2.0.0.tgz"].body).hexdigest()
    s3.put(INDEX, body.replace(b"- apiVersion: v2", b"- apiVersion: v1", 1))
    assert "'apiVersion'" in audit(expect=1).out
    audit("--repair")
    assert s3.objects[INDEX].body.split(b"generated")[0] == body.split(b"generated")[0]
    s3.put(INDEX, body.replace(f"digest: {digest}".encode(), b"flavour: salt"))
    audit("--repair")
    [entry, _] = yaml.safe_load(s3.objects[INDEX].body)["entries"]["api"]
    assert (entry["digest"], entry["flavour"]) == (digest, "salt")


@pytest.mark.parametrize("jobs", [1, 3])
def test_archives_are_read_at_once(audit, s3, jobs):
    pending = []

    def watch(seen):
        if seen.method == "GET" and seen.key.endswith(".tgz"):
            pending.append(sum(one.key.endswith(".tgz") and not one.status
                               for one in s3.requests))
            return Fault(seconds=0.5)
        return None
    s3.fault = watch
    audit("--repair", "--jobs", str(jobs))
    assert len(pending) == len(reads(s3))
    assert max(pending) == 1 if jobs == 1 else 1 < max(pending) <= jobs


def test_dry_run_of_a_repair(audit, s3):
    break_all(s3)
    before = dict(s3.objects)
    result = audit("--repair", "--dry-run", "--output", "json", expect=1)
    assert names(result.json["repaired"]) == [("db", "1.0.0"), ("web", "1.0.0")]
    assert result.json["dryRun"] and s3.objects == before


def test_orphans_that_no_address_leads_to(audit, s3):
    """An entry of one would be dangling, and removed by the next repair."""
    for name in "a%41", "a#b":
        s3.put(f"{PREFIX}{name}-1.0.0.tgz", charts.archive(name, "1.0.0"))
    for _ in range(2):
        found = audit("--repair", "--output", "json", expect=1).json
        assert found["repaired"] == [] and len(found["orphans"]) == 2
        assert "no address of an index leads to" in found["orphans"][0]["reason"]
    assert entries(s3) == CHARTS


def test_orphans_that_are_not_named_after_their_chart(audit, s3):
    s3.put(PREFIX + "copy.tgz", charts.archive("web", "1.1.0"))
    s3.put(PREFIX + "junk-1.0.0.tgz", b"junk")
    result = audit("--repair", "--output", "json", expect=1)
    assert len(result.json["orphans"]) == 2 and result.json["repaired"] == []


@pytest.mark.parametrize("known", [CHARTS, {"web": ["1.0.0"]}])
def test_index_without_its_archives_is_not_emptied(audit, s3, tmp_path, known):
    folder = charts.make_repository(tmp_path / "copied", known)
    s3.put(INDEX, (folder / "index.yaml").read_bytes())
    for key in [key for key in s3.objects if key.endswith(".tgz")]:
        del s3.objects[key]
    before = dict(s3.objects)
    assert "right repository" in audit("--repair", expect=3).err
    assert s3.objects == before


def test_publisher_wins_the_race(audit, s3):
    """An entry that changed since it was judged is judged again."""
    break_all(s3)
    body = charts.archive("new", "1.0.0")
    entry = (b"  new:\n  - name: new\n    version: 1.0.0\n    apiVersion: v2\n    digest: "
             + hashlib.sha256(body).hexdigest().encode() + b"\n    urls: [new-1.0.0.tgz]\n")
    done = []

    def publish(seen):
        if seen.method == "PUT" and seen.key == INDEX and not done:
            done.append(True)
            s3.put(PREFIX + "new-1.0.0.tgz", body)
            s3.put(INDEX, s3.objects[INDEX].body.replace(b"  web:\n", entry + b"  web:\n"))
    s3.fault = publish
    audit("--repair", expect=1)
    assert entries(s3) == {"api": ["2.0.0", "1.0.0"], "db": ["1.0.0"],
                           "new": ["1.0.0"], "web": ["1.1.0"]}


def test_archive_that_comes_back_gets_its_entry_back(audit, s3):
    """A publisher created it again, and saw the entry that we removed."""
    body = s3.objects.pop(PREFIX + "web-1.0.0.tgz").body

    def publish(seen):
        if seen.method == "PUT" and seen.key == INDEX:
            s3.put(PREFIX + "web-1.0.0.tgz", body)
    s3.fault = publish
    audit("--repair")
    assert entries(s3) == CHARTS


def test_archive_that_goes_loses_its_entry(audit, s3):
    """Somebody pruned the orphan while its entry was written."""
    s3.put(PREFIX + "db-1.0.0.tgz", charts.archive("db", "1.0.0"))

    def prune(seen):
        if seen.method == "PUT" and seen.key == INDEX:
            s3.objects.pop(PREFIX + "db-1.0.0.tgz", None)
    s3.fault = prune
    audit("--repair")
    assert entries(s3) == CHARTS


def test_lost_answer_of_the_index(audit, s3):
    break_all(s3)
    lost = []

    def lose(seen):
        if seen.method == "PUT" and seen.key == INDEX and not lost:
            lost.append(True)
            return Fault(lose=True)
        return None
    s3.fault = lose
    audit("--repair", expect=1)
    assert entries(s3) == {"api": ["2.0.0", "1.0.0"], "db": ["1.0.0"], "web": ["1.1.0"]}


def never_confirm(s3: ScriptedS3, lands: bool) -> None:
    """No answer to a write of the index comes back, whether it was done or not."""
    fault = Fault(lose=True, status=0 if lands else 503)
    s3.fault = lambda seen: (fault if seen.method == "PUT" and seen.key == INDEX
                             else None)


def test_a_repair_whose_index_is_never_confirmed(audit, s3):
    """A new entry, one that goes, and one whose digest stays."""
    s3.put(PREFIX + "db-1.0.0.tgz", charts.archive("db", "1.0.0"))
    del s3.objects[PREFIX + "web-1.0.0.tgz"]
    s3.put(INDEX, s3.objects[INDEX].body.replace(b"- apiVersion: v2", b"- apiVersion: v1", 1))
    never_confirm(s3, lands=True)
    repaired = audit("--repair", "--timeout", "40s", "--output", "json").json["repaired"]
    assert names(repaired) == [("api", "2.0.0"), ("db", "1.0.0"), ("web", "1.0.0")]
    index = yaml.safe_load(s3.objects[INDEX].body)["entries"]
    assert sorted(index) == ["api", "db", "web"] and len(index["web"]) == 1
    assert index["api"][0]["apiVersion"] == "v2"


def test_a_repair_whose_index_is_never_written(audit, s3):
    del s3.objects[PREFIX + "web-1.0.0.tgz"]
    never_confirm(s3, lands=False)
    assert "cannot change the index" in audit("--repair", "--timeout", "20s", expect=75).err
    assert entries(s3) == CHARTS


def test_store_that_ignores_conditions_is_refused(run_step, tmp_path):
    with ScriptedS3("ignore") as s3:
        s3.put(PREFIX + "db-1.0.0.tgz", charts.archive("db", "1.0.0"))
        argv = ("repo-audit", "--repo", REPO, "--repair")
        assert "does not honour" in run_step(*argv, env=s3.env, expect=1).err
        assert INDEX not in s3.objects
        run_step(*argv, "--lock", "object", env=s3.env)
        assert entries(s3) == {"db": ["1.0.0"]}


# --- knowing ----------------------------------------------------------------------

def test_what_was_verified_is_not_read_again(audit, s3):
    audit("--repair")
    s3.forget()
    assert audit("--output", "json").json["read"] == 0
    assert reads(s3) == []
    s3.put(PREFIX + "api-1.0.0.tgz", charts.archive("api", "1.0.0") + b"x")
    assert "its digest is" in audit(expect=1).out
    s3.forget()
    audit("--full", expect=1)
    assert len(reads(s3)) == 4


def test_marks_of_nonsense_are_no_harm(audit, s3):
    s3.put(MARKS, b"\0\xff" * 1000 + b"\n<html>\n" + b"a" * 32)
    assert audit("--output", "json").json["read"] == 4


@pytest.mark.parametrize("after, seconds, most", [
    (10, 0, 310), (150, 0, 310), (290, 0.08, 60)])
def test_killed_audit_is_resumed(run_step, start_step, tmp_path, after, seconds, most):
    """kill -9 after so many archives: what was noted is not read again."""
    many = {f"app-{n:03d}": ["1.0.0"] for n in range(300)}
    folder = charts.make_repository(tmp_path / "repository", many)
    with ScriptedS3() as s3:
        for path in folder.iterdir():
            s3.put(PREFIX + path.name, path.read_bytes())
        prove(s3)
        s3.objects.pop(PREFIX + "app-299-1.0.0.tgz")
        reached, go = threading.Event(), threading.Event()

        def stop(seen):
            if len(reads(s3)) < after:
                return Fault(seconds=seconds)
            reached.set()
            go.wait(20)
            return None
        s3.fault = stop
        step = start_step("repo-audit", "--repo", REPO, "--repair", env=s3.env)
        assert reached.wait(20)
        os.kill(step.pid, signal.SIGKILL)
        step.wait(expect=-signal.SIGKILL)
        go.set()
        s3.fault = lambda seen: None
        s3.forget()
        run_step("repo-audit", "--repo", REPO, "--repair", env=s3.env)
        assert len(entries(s3)) == 299 and len(reads(s3)) <= most
        s3.forget()
        run_step("repo-audit", "--repo", REPO, env=s3.env)
        assert reads(s3) == []


def test_names_without_copy(audit):
    for args in (), ("--check",):
        assert "--copy-to" in audit("web", *args, expect=2).err


# --- folders ------------------------------------------------------------------------

def test_folder(run_step, tmp_path):
    folder = charts.make_repository(tmp_path / "repository", CHARTS)
    argv = ("repo-audit", "--repo", f"file://{folder}", "--output", "json")
    orphan = folder / "db-1.0.0.tgz"
    orphan.write_bytes(charts.archive("db", "1.0.0"))
    assert run_step(*argv).json["orphans"][0]["young"]
    os.utime(orphan, (time.time() - 3600,) * 2)
    assert names(run_step(*argv, expect=1).json["orphans"]) == [("db", "1.0.0")]
    (folder / "web-1.0.0.tgz").unlink()
    found = run_step(*argv, expect=1).json
    assert names(found["orphans"]) == [("db", "1.0.0")]
    assert names(found["dangling"]) == [("web", "1.0.0")]
    assert len(run_step(*argv, "--repair").json["repaired"]) == 2
    index = yaml.safe_load((folder / "index.yaml").read_text())
    assert sorted(index["entries"]) == ["api", "db", "web"]
    assert run_step(*argv).json["read"] == 0
    flipped = bytearray((folder / "api-1.0.0.tgz").read_bytes())
    flipped[40] ^= 1
    (folder / "api-1.0.0.tgz").write_bytes(flipped)
    assert names(run_step(*argv, expect=1).json["mismatched"]) == [("api", "1.0.0")]


def test_folder_that_is_not_there(run_step, tmp_path):
    """A wrong address must not look like a repository that is well."""
    for args in ((), ("--repair",), PRUNE):
        result = run_step("repo-audit", "--repo", f"file://{tmp_path}/none", *args,
                          expect=1)
        assert f"there is no repository 'file://{tmp_path}/none'" in result.err
    assert not (tmp_path / "none").exists()


def test_index_that_is_not_there(run_step, tmp_path):
    """It is made of the archives."""
    folder = charts.make_repository(tmp_path / "repository", CHARTS)
    entries = yaml.safe_load((folder / "index.yaml").read_text())["entries"]
    (folder / "index.yaml").unlink()
    run_step("repo-audit", "--repo", f"file://{folder}", "--repair")
    assert list(yaml.safe_load((folder / "index.yaml").read_text())["entries"]) == \
        sorted(entries)
    run_step("repo-audit", "--repo", f"file://{folder}")


# --- --check --------------------------------------------------------------------------

LIST, TIDY = "GET ?", "DELETE stable/.slipway/"


def test_check_changes_nothing(audit, s3):
    before = dict(s3.objects)
    found = audit("--check", "--repair", "--output", "json").json
    assert found == {"repository": REPO, "bucket": "bucket", "prefix": PREFIX,
                     "region": "us-east-1", "index": True, "conditionalWrites": True,
                     "missingRights": []}
    assert s3.objects == before
    s3.forget()
    audit("--check")
    assert {seen.method for seen in s3.requests} == {"GET", "HEAD"}


@pytest.mark.parametrize("refused, args, missing", [
    (LIST, ["--repair"], "s3:ListBucket on 's3://bucket/stable/'"),
    ("HEAD", ["--repair"], "s3:GetObject on 's3://bucket/stable/'"),
    ("HEAD", [], "s3:GetObject on 's3://bucket/stable/'"),
    ("PUT", ["--repair"], "s3:PutObject on 's3://bucket/stable/'"),
    ("DELETE", ["--prune", "--keep", "1"],
     "s3:DeleteObject on 's3://bucket/stable/'"),
    (TIDY, ["--repair", "--lock", "object"],
     "s3:DeleteObject on 's3://bucket/stable/.slipway/'"),
])
def test_check_names_the_right_that_is_missing(audit, s3, refused, args, missing):
    s3.fault = lambda seen: (Fault(403, "AccessDenied")
                             if seen.line.startswith(refused) else None)
    result = audit("--check", *args, expect=1)
    assert f"missing rights: {missing}\n" in result.err
    assert "pipeline-examples/iam" in result.err


@pytest.mark.parametrize("args, missing", [
    ((), 0), (["--repair"], 2), (["--prune", "--keep", "1"], 2)])
def test_check_without_any_right(audit, s3, args, missing):
    s3.fault = lambda seen: Fault(403, "AccessDenied")
    failed = audit("--check", *args, expect=1).err
    named = ["s3:ListBucket on 's3://bucket/stable/'",
             "s3:GetObject on 's3://bucket/stable/' (or nothing is there yet)",
             "s3:PutObject on 's3://bucket/stable/'", "s3:DeleteObject on 's3://bucket/stable/"]
    assert "missing rights: " + ", ".join(named[:2 + missing]) in failed
    assert "words of AccessDenied" in failed and "pipeline-examples/iam" in failed


def test_check_without_a_right_that_is_only_useful(audit, s3):
    s3.fault = lambda seen: (Fault(403, "AccessDenied")
                             if seen.line.startswith(TIDY) else None)
    result = audit("--check", "--repair", "--output", "json")
    missing = "s3:DeleteObject on 's3://bucket/stable/.slipway/'"
    assert result.json["missingRights"] == [missing]
    assert f"warning: missing rights: {missing}: no chart is lost" in result.err


def test_check_names_all_rights_that_are_missing(audit, s3):
    s3.fault = lambda seen: (Fault(403, "AccessDenied")
                             if seen.method in ("PUT", "DELETE") else None)
    result = audit("--check", "--prune", "--keep", "1", expect=1)
    assert "s3:PutObject" in result.err and "s3:DeleteObject" in result.err
    assert "s3:GetObject" not in result.err


def test_check_with_wrong_credentials(audit, s3):
    s3.fault = lambda seen: Fault(403, "SignatureDoesNotMatch")
    assert "check the secret access key" in audit("--check", expect=1).err


def test_check_of_a_bad_index(audit, s3):
    s3.put(INDEX, b"entries: [")
    audit("--check", expect=2)


def test_check_says_of_what_it_speaks(audit):
    assert audit("--check").out == f"the index of '{REPO}' in us-east-1 can be read\n"
    assert audit("--check", "--repair").out == (
        f"the index of '{REPO}' in us-east-1 can be read; conditional writes were proved\n")

"""repo-audit --prune: which versions go, in which order of events, and what a
prune that was killed leaves to the next run.
"""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time

import charts
import pytest
import yaml

from audited import (CHARTS, INDEX, PREFIX, PRUNE, REPO, audit, entries,     # noqa: F401
                     names, readdress, s3, sign)
from scripted_s3 import Fault, ScriptedS3


OLD = [("api", "1.0.0"), ("web", "1.0.0")]


def archives(s3: ScriptedS3) -> list[str]:
    return sorted(key.removeprefix(PREFIX) for key in s3.objects if ".tgz" in key)


def notes(s3: ScriptedS3) -> list[str]:
    return [key for key in s3.objects if "/prune/" in key]


def test_prune(audit, s3):
    sign(s3, "web-1.0.0.tgz")
    result = audit(*PRUNE)
    assert names(result.json["pruned"]) == OLD
    assert entries(s3) == {"api": ["2.0.0"], "web": ["1.1.0"]}
    assert archives(s3) == ["api-2.0.0.tgz", "web-1.1.0.tgz"]
    writes = [seen.line.removeprefix(PREFIX) for seen in s3.requests
              if seen.method in ("PUT", "DELETE") and "verified" not in seen.key]
    assert writes[0].startswith(f"PUT {PREFIX}.slipway/audit/prune/")
    assert writes[1] == f"PUT {INDEX}", "the entries first, then the archives"
    assert writes[-1] == writes[0].replace("PUT", "DELETE")
    assert audit(*PRUNE).json["pruned"] == []


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_what_is_wrong_with_what_goes_is_wrong_no_more(audit, s3, dry):
    """The archive of web 1.0.0 is lost, and that of api 1.0.0 another one."""
    del s3.objects[PREFIX + "web-1.0.0.tgz"]
    s3.put(PREFIX + "api-1.0.0.tgz", charts.archive("api", "3.0.0"))
    found = audit(*PRUNE, *dry).json
    assert names(found["mismatched"]) == [("api", "1.0.0")]
    assert names(found["dangling"]) == [("web", "1.0.0")]
    assert sorted(names(found["pruned"])) == [("api", "1.0.0"), ("web", "1.0.0")]


def test_what_is_wrong_with_what_stays_is_told(audit, s3):
    s3.put(PREFIX + "api-1.0.0.tgz", b"")
    s3.put(PREFIX + "api-2.0.0.tgz", b"")
    err = audit(*PRUNE, expect=1).err
    assert "disagree in 1 place, the first is 's3://bucket/stable/api-2.0.0.tgz'" in err


def test_dry_run_of_a_prune(audit, s3):
    before = dict(s3.objects)
    result = audit(*PRUNE, "--dry-run")
    assert names(result.json["pruned"]) == OLD and s3.objects == before


def test_what_is_used_stays(audit, s3, tmp_path):
    digest = hashlib.sha256(s3.objects[PREFIX + "web-1.0.0.tgz"].body).hexdigest()
    used = tmp_path / "used"
    used.write_text(f"# of production\napi-1.0.0\nsha256:{digest}\n")
    assert audit(*PRUNE, "--keep-used", used).json["pruned"] == []
    assert entries(s3) == CHARTS


def test_a_list_that_cannot_be_read_deletes_nothing(audit, s3, tmp_path):
    before = dict(s3.objects)
    audit(*PRUNE, "--keep-used", tmp_path / "none", expect=2)
    used = tmp_path / "used"
    for text in ("", "web 1.0.0\n", "Error: timeout\n"):
        used.write_text(text)
        audit(*PRUNE, "--keep-used", used, expect=2)
    assert s3.objects == before


@pytest.mark.parametrize("args", [["--prune"], ["--keep", "1"],
                                  ["--keep-used", "x"], ["--prune", "--keep", "0"],
                                  ["--prune", "--keep", "1", "--keep-used", "none"]])
def test_half_an_option(audit, s3, args):
    for more in (), ("--check",):
        audit(*args, *more, expect=2)
    assert s3.requests == []


def test_an_object_that_another_entry_leads_to_stays(audit, s3):
    body = s3.objects[INDEX].body
    s3.put(INDEX, body.replace(b"- web-1.1.0.tgz", b"- web-1.0.0.tgz"))
    audit(*PRUNE, expect=1)
    assert entries(s3)["web"] == ["1.1.0"] and "web-1.0.0.tgz" in archives(s3)


def test_what_is_published_again_meanwhile_stays(audit, s3):
    """Its entry is back before the archives go."""
    full = s3.objects[INDEX].body
    swaps = []

    def publish(seen):
        if seen.method == "PUT" and seen.key == INDEX:
            swaps.append(True)
        elif seen.method == "GET" and seen.key == INDEX and len(swaps) == 1:
            swaps.append(True)
            s3.put(INDEX, full)
    s3.fault = publish
    audit(*PRUNE)
    assert entries(s3) == CHARTS and len(archives(s3)) == 4


def test_what_is_entered_again_after_its_archive_went_goes(audit, s3):
    """As another audit does that took it for an orphan."""
    full = s3.objects[INDEX].body
    done = []

    def repair(seen):
        if seen.method == "DELETE" and seen.key.endswith(".tgz") and not done:
            done.append(True)
            s3.put(INDEX, full)
    s3.fault = repair
    audit(*PRUNE)
    assert entries(s3) == {"api": ["2.0.0"], "web": ["1.1.0"]}


@pytest.mark.parametrize("method, key", [
    ("PUT", "prune/"), ("PUT", "index.yaml"), ("DELETE", ".tgz"), ("DELETE", "prune/")])
@pytest.mark.parametrize("again", ["--repair", "--prune"])
def test_killed_prune_is_finished(run_step, start_step, s3, method, key, again):
    """kill -9 before each of its writes: what it took out does not come back."""
    argv = ("repo-audit", "--repo", REPO)
    reached, go = threading.Event(), threading.Event()

    def stop(seen):
        if seen.method == method and key in seen.key:
            reached.set()
            go.wait(20)
            return Fault(503, "SlowDown")
        return None
    s3.fault = stop
    step = start_step(*argv, *PRUNE, env=s3.env)
    assert reached.wait(20)
    os.kill(step.pid, signal.SIGKILL)
    step.wait(expect=-signal.SIGKILL)
    go.set()
    swapped = entries(s3) != CHARTS
    s3.fault = lambda seen: None
    run_step(*argv, *(PRUNE if again == "--prune" else ["--repair"]), env=s3.env)
    assert run_step(*argv, "--full", "--output", "json", env=s3.env).json["orphans"] == []
    assert len(archives(s3)) == (2 if swapped or again == "--prune" else 4)
    unswapped = key == "index.yaml" and again == "--repair"
    assert bool(notes(s3)) == unswapped, "it may be of a prune at work"


def test_killed_prune_forgets_no_provenance(audit, s3):
    """It was killed behind the archive, and before what signs it."""
    audit(*PRUNE)
    s3.put(PREFIX + "web-1.0.0.tgz.prov", b"of the archive that is gone")
    s3.put(PREFIX + ".slipway/audit/prune/x", b"web-1.0.0.tgz\n")
    audit("--repair")
    assert PREFIX + "web-1.0.0.tgz.prov" not in s3.objects
    assert notes(s3) == []


def test_notes_of_nonsense_delete_nothing(audit, s3):
    s3.put(PREFIX + ".slipway/audit/prune/x",
           b"index.yaml\n../other/web-1.0.0.tgz\nweb-1.0.0.tgz\n\0\xff\n")
    s3.put("other/web-1.0.0.tgz", b"of others")
    audit("--repair")
    assert entries(s3) == CHARTS and "other/web-1.0.0.tgz" in s3.objects
    assert len(archives(s3)) == 5, "the other one is below another prefix"


def test_prune_of_a_folder(run_step, tmp_path):
    folder = charts.make_repository(tmp_path / "repository", CHARTS)
    run_step("repo-audit", "--repo", f"file://{folder}", *PRUNE)
    index = yaml.safe_load((folder / "index.yaml").read_text())
    assert {name: len(found) for name, found in index["entries"].items()} == \
        {"api": 1, "web": 1}
    assert sorted(path.name for path in folder.glob("*.tgz")) == \
        ["api-2.0.0.tgz", "web-1.1.0.tgz"]


# --- addresses that lead elsewhere ----------------------------------------------

@pytest.fixture
def cdn(s3, static_http, tmp_path):
    """What serves the archives, as they are now, to readers of the index."""
    port = static_http(tmp_path / "repository").port
    readdress(s3, f"http://robot:s3cr3t@localhost:{port}")
    return f"http://localhost:{port}"


def assert_gone_for_good(audit, s3, code):
    pruned = audit(*PRUNE, expect=code).json["pruned"]
    assert names(pruned) == OLD
    assert pruned[1]["url"] == f"{REPO}/web-1.0.0.tgz"
    assert archives(s3) == ["api-2.0.0.tgz", "web-1.1.0.tgz"]
    audit("--repair", expect=code)
    assert entries(s3) == {"api": ["2.0.0"], "web": ["1.1.0"]}


def test_versions_that_are_served_elsewhere_go_for_good(audit, s3, cdn):
    """The archive lies here, under the address's base name."""
    assert_gone_for_good(audit, s3, 0)


@pytest.mark.parametrize("base", ["s3://before/stable", "../stable"])
def test_versions_of_wrong_addresses_go_for_good(audit, s3, base):
    readdress(s3, base)
    assert_gone_for_good(audit, s3, 1)


def test_an_archive_of_another_digest_is_not_the_one_elsewhere(audit, s3, cdn):
    """Its entry stays: without it a repair would enter what is here."""
    s3.put(PREFIX + "web-1.0.0.tgz", charts.archive("web", "1.0.0") + b"another")
    result = audit(*PRUNE, expect=1)
    assert names(result.json["pruned"]) == [("api", "1.0.0")]
    assert "left chart 'web' 1.0.0 in the index" in result.err
    assert "s3cr3t" not in result.out + result.err
    assert entries(s3)["web"] == ["1.1.0", "1.0.0"]
    assert "web-1.0.0.tgz" in archives(s3)


def test_an_archive_that_is_elsewhere_stays_there(audit, s3, cdn):
    del s3.objects[PREFIX + "web-1.0.0.tgz"]
    pruned = audit(*PRUNE).json["pruned"]
    assert [(item.get("url"), item.get("reason")) for item in pruned] == [
        (f"{REPO}/api-1.0.0.tgz", None),
        (f"{cdn}/web-1.0.0.tgz", "its archive is not in this repository, and stays")]
    assert entries(s3) == {"api": ["2.0.0"], "web": ["1.1.0"]}


@pytest.mark.parametrize("refused", [404, 403])
def test_an_archive_that_cannot_be_compared(audit, s3, cdn, refused):
    """Gone since it was listed; or not to be read, which ends the run."""
    seen_once = []

    def refuse(seen):
        if seen.key.endswith("web-1.0.0.tgz") and seen.method == "GET":
            seen_once.append(seen)
            return Fault(refused, "AccessDenied") if len(seen_once) > 1 else None
        return None
    s3.fault = refuse
    audit(*PRUNE, expect=0 if refused == 404 else 1)
    assert len(seen_once) == 2
    assert entries(s3)["web"] == ["1.1.0", "1.0.0"]
    assert entries(s3)["api"] == (["2.0.0"] if refused == 404 else CHARTS["api"])


def test_an_archive_to_which_another_address_leads_stays(audit, s3, cdn):
    """A note of a prune names it, and an entry has its base name."""
    s3.put(PREFIX + ".slipway/audit/prune/x", b"web-1.0.0.tgz\n")
    audit("--repair")
    assert "web-1.0.0.tgz" in archives(s3)


# --- answers that are lost ---------------------------------------------------------

def test_a_prune_whose_index_is_never_confirmed(audit, s3):
    """It landed, so it is looked up, and the archives go."""
    s3.fault = lambda seen: (Fault(lose=True)
                             if seen.method == "PUT" and seen.key == INDEX else None)
    assert names(audit(*PRUNE, "--timeout", "30s").json["pruned"]) == OLD
    assert entries(s3) == {"api": ["2.0.0"], "web": ["1.1.0"]}
    assert archives(s3) == ["api-2.0.0.tgz", "web-1.1.0.tgz"] and notes(s3) == []


# --- prunes at work --------------------------------------------------------------

def test_a_prune_at_work_keeps_its_note(run_step, start_step, s3):
    """Another run comes between its note and its swap; then it is killed."""
    argv = ("repo-audit", "--repo", REPO)
    at_swap, swap, at_delete, end = (threading.Event() for _ in range(4))

    def stop(seen):
        if seen.method == "PUT" and seen.key == INDEX and not at_swap.is_set():
            at_swap.set()
            swap.wait(20)
        elif seen.method == "DELETE" and seen.key.endswith(".tgz") and not at_delete.is_set():
            at_delete.set()
            end.wait(20)
            return Fault(503, "SlowDown")
        return None
    s3.fault = stop
    step = start_step(*argv, *PRUNE, env=s3.env)
    assert at_swap.wait(20)
    run_step(*argv, "--repair", env=s3.env)
    swap.set()
    assert at_delete.wait(20)
    os.kill(step.pid, signal.SIGKILL)
    step.wait(expect=-signal.SIGKILL)
    end.set()
    s3.fault = lambda seen: None
    run_step(*argv, "--repair", env=s3.env)
    assert entries(s3) == {"api": ["2.0.0"], "web": ["1.1.0"]}
    assert len(archives(s3)) == 2 and notes(s3) == []


def test_a_note_of_a_day_ago_is_of_no_prune_at_work(audit, s3):
    """What it names is in the index: that prune took nothing out."""
    note = PREFIX + ".slipway/audit/prune/x"
    s3.put(note, b"web-1.0.0.tgz\n")
    audit("--repair")
    assert notes(s3) == [note]
    s3.put(note, b"web-1.0.0.tgz\n", modified=time.time() - 86500)
    audit("--repair")
    assert notes(s3) == [] and entries(s3) == CHARTS and len(archives(s3)) == 4

"""publish-chart among other publishers, and on stores that do otherwise than
S3: a scripted S3 in memory.  Real S3 is in tests/lab/test_publishing.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import threading
from pathlib import Path

import pytest
import yaml

from published import (ARCHIVE, INDEX, OTHERS, REPO, WAITING, entries, leave, make_chart,
                       package, prove, waiting, waits)
from runner import only_error
from scripted_s3 import Fault, ScriptedS3, Seen

def swaps(seen: Seen) -> bool:
    return seen.method == "PUT" and seen.key == INDEX


class Rival:
    """Changes the index before each of the first swaps, so that they fail."""

    def __init__(self, s3: ScriptedS3, times: int = 1):
        self.s3, self.left = s3, times
        s3.fault = self

    def __call__(self, seen: Seen) -> Fault | None:
        if swaps(seen) and self.left:
            self.left -= 1
            body = self.s3.objects[INDEX].body
            self.s3.put(INDEX, body + f"# {self.left}\n".encode())
        return None


@pytest.fixture
def s3():
    with ScriptedS3() as s3:
        yield s3


@pytest.fixture
def publish(run_step, tmp_path):
    """publish(s3, ..., chart=): one run in stable/ of the bucket."""
    made: list[Path] = []

    def run(s3: ScriptedS3, *args, chart=None, **options):
        if not chart and not made:
            made.append(make_chart(tmp_path))
        return run_step("publish-chart", chart or made[0], "--repo", REPO, *args,
                        env=s3.env | options.pop("env", {}), cwd=tmp_path, **options)
    return run


# --- alone --------------------------------------------------------------------

def test_three_requests_on_a_proved_store(publish, s3):
    prove(s3)
    publish(s3)
    assert s3.lines == [f"GET {INDEX}", f"PUT {ARCHIVE}", f"PUT {INDEX}"]
    assert sorted(entries(s3)) == ["db", "web"]


def test_a_store_is_proved_once(publish, s3, tmp_path):
    publish(s3)
    first = yaml.safe_load(s3.objects[INDEX].body)
    assert list(first["annotations"]) == [s3.proof]
    assert sorted(s3.objects) == [INDEX, ARCHIVE], "the probe is removed"
    assert s3.lines[-1] == f"GET {INDEX}", "what was written is verified"
    [swap] = [seen for seen in s3.requests if swaps(seen)]
    assert swap.headers["if-none-match"] == "*", "a new index is only created"
    s3.forget()
    publish(s3, chart=make_chart(tmp_path, "api"))
    assert len(s3.requests) == 3
    assert yaml.safe_load(s3.objects[INDEX].body)["annotations"] == first["annotations"]


def large_index(entries: int) -> str:
    """As Helm writes it; "web" is the last chart but 100."""
    names = [f"app-{number:05d}" for number in range(entries)]
    names += [f"xyz-{number:05d}" for number in range(100)]
    return "apiVersion: v1\nentries:\n" + "".join(
        f"  {name}:\n  - apiVersion: v2\n    description: {'d' * 200}\n    digest: aa\n"
        f"    name: {name}\n    urls:\n    - {name}-1.0.0.tgz\n    version: 1.0.0\n"
        for name in names) + 'generated: "2026-01-01T00:00:00Z"\n'


def test_verifying_reads_a_part_of_the_index(publish, s3):
    s3.put(INDEX, large_index(5000).encode())
    publish(s3)
    *_, read = [r for r in s3.requests if (r.method, r.key) == ("GET", INDEX)]
    assert read.headers["range"] and read.status == 206
    size = len(s3.objects[INDEX].body)
    assert 2 * size < s3.moved < 2.3 * size


def test_a_confirmed_write_that_is_lost_is_found_out(publish, s3):
    s3.put(INDEX, large_index(5000).encode())
    lost = s3.objects[INDEX].body

    def lose(seen: Seen) -> None:
        if seen.method == "GET" and "range" in seen.headers:
            s3.put(INDEX, lost)

    s3.fault = lose
    assert "lost the write of the index" in publish(s3, expect=1).err
    assert s3.lines[-2:] == [f"GET {INDEX}", f"GET {INDEX}"]


def test_lock_cas_proves_it_again(publish, s3):
    prove(s3)
    publish(s3, "--lock", "cas")
    assert any("/probe/" in line for line in s3.lines)


def test_the_proof_of_another_store_is_none(publish, s3):
    s3.put(INDEX, ("annotations:\n  slipway/conditional-writes-0123456789abcdef: x\n"
                   + OTHERS).encode())
    publish(s3)
    assert any("/probe/" in line for line in s3.lines)
    assert len(yaml.safe_load(s3.objects[INDEX].body)["annotations"]) == 2


# --- stores that do otherwise ---------------------------------------------------

@pytest.mark.parametrize("mode, words", [
    ("ignore", "of 8 creates at once, 8 succeeded"),
    ("race", "creates at once"),
    ("none", "NotImplemented"),
])
def test_a_store_without_conditions_is_refused(publish, mode, words):
    with ScriptedS3(mode) as s3:
        s3.put(INDEX, OTHERS.encode())
        failed = publish(s3, expect=1)
        assert words in failed.err and "cannot prove conditional writes" in failed.err
        assert "hint: publishers would lose each other's entries there; give all " \
            "of them '--lock object'" in failed.err
        assert list(s3.objects) == [INDEX], "nothing was written"
        assert s3.objects[INDEX].body == OTHERS.encode()


@pytest.mark.parametrize("mode", ["conflict", "missing"])
def test_other_answers_are_understood(publish, mode):
    with ScriptedS3(mode) as s3:
        publish(s3)
        assert list(entries(s3)) == ["web"]


@pytest.mark.parametrize("mode", ["ignore", "none", "race", ""])
def test_a_lock_object_stands_in(publish, mode, tmp_path):
    with ScriptedS3(mode) as s3:
        s3.put(INDEX, OTHERS.encode())
        publish(s3, "--lock", "object")
        assert sorted(entries(s3)) == ["db", "web"]
        assert sorted(s3.objects) == [INDEX, ARCHIVE], "the lock is gone"
        before = s3.objects[ARCHIVE].body
        again = publish(s3, "--lock", "object", "--output", "json")
        assert again.json["charts"][0]["existed"]
        chart = make_chart(tmp_path, "web", "1.0.0-x")
        publish(s3, "--lock", "object", "--set", "image.tag=new", expect=3)
        assert s3.objects[ARCHIVE].body == before
        assert chart


def test_the_lock_of_a_live_owner_is_waited_for(publish):
    """He is named also where, once time is up, the store would answer too late."""
    asked: list[Seen] = []

    def slow_again(seen: Seen) -> Fault | None:
        if seen.method == "GET" and seen.key == "stable/.slipway/lock/0":
            asked.append(seen)
        return Fault(seconds=3) if asked[1:] else None

    with ScriptedS3("ignore") as s3:
        s3.fault = slow_again
        s3.put("stable/.slipway/lock/0", b"process 7 of host 'other'")
        failed = publish(s3, "--lock", "object", "--timeout", "2s", expect=75)
        assert only_error(failed).endswith(
            "cannot get the lock 's3://bucket/stable/.slipway/lock/', which process 7 of "
            "host 'other' holds")
        assert list(s3.objects) == ["stable/.slipway/lock/0"]


def test_the_lock_of_a_dead_owner_is_taken(publish):
    with ScriptedS3("ignore") as s3:
        s3.put("stable/.slipway/lock/0", b"process 7 of host 'other'",
               s3.clock() - 121)
        publish(s3, "--lock", "object")
        assert sorted(s3.objects) == [INDEX, ARCHIVE]


def test_time_is_the_servers(publish):
    """A clock of ours that is an hour wrong takes nobody for dead."""
    with ScriptedS3("ignore") as s3:
        s3.clock = lambda: 1_000_000_000.0
        s3.put("stable/.slipway/lock/0", b"x", s3.clock() - 60)
        publish(s3, "--lock", "object", "--timeout", "1s", expect=75)
        s3.put("stable/.slipway/lock/0", b"x", s3.clock() - 300)
        publish(s3, "--lock", "object")


LOCK = "stable/.slipway/lock/"


@pytest.mark.parametrize("code", [143, 75], ids=["told to end", "out of time"])
@pytest.mark.parametrize("mode, method, kept", [
    ("ignore", "GET", False), ("ignore", "PUT", True), ("", "PUT", False)],
    ids=["reads", "writes", "writes on a condition"])
def test_who_ends_early_gives_the_lock_back(start_step, tmp_path, mode, method, kept, code):
    """Or all others would wait for two minutes; but they have to where a write
    may still take effect, and overwrite theirs."""
    reached = threading.Event()

    def hold(seen: Seen) -> Fault | None:
        locked = [key for key in s3.objects if key.startswith(LOCK)]
        if not locked or (seen.method, seen.key) != (method, INDEX):
            return None
        reached.set()
        return Fault(seconds=20)

    with ScriptedS3(mode) as s3:
        prove(s3) if mode == "" else s3.put(INDEX, OTHERS.encode())
        s3.fault = hold
        step = start_step(
            "publish-chart", make_chart(tmp_path), "--repo", REPO, "--lock", "object",
            "--timeout", "100s" if code == 143 else "3s", env=s3.env)
        assert reached.wait(60)
        if code == 143:
            os.kill(step.pid, signal.SIGTERM)
        step.wait(expect=code)
        assert any(key.startswith(LOCK) for key in s3.objects) == kept


def test_the_lock_is_given_back_in_the_last_moment(publish):
    """Where less time is left than that takes."""
    def late(seen: Seen) -> Fault | None:
        if seen.method == "DELETE":
            return Fault(seconds=0.5)
        if seen.key != INDEX or not any(key.startswith(LOCK) for key in s3.objects):
            return None
        s3.put(INDEX, b"entries: [")
        return Fault(seconds=2.7)

    with ScriptedS3("ignore") as s3:
        s3.put(INDEX, OTHERS.encode())
        s3.fault = late
        publish(s3, "--lock", "object", "--timeout", "3s", expect=None)
        assert not any(key.startswith(LOCK) for key in s3.objects)


@pytest.mark.parametrize("mode", ["ignore", "none"])
def test_many_with_a_lock_object(start_step, mode, tmp_path):
    with ScriptedS3(mode) as s3:
        running = [start_step("publish-chart", make_chart(tmp_path, f"app-{n}"),
                              "--repo", REPO, "--lock", "object", env=s3.env)
                   for n in range(6)]
        for step in running:
            step.wait(timeout=100)
        assert sorted(entries(s3)) == [f"app-{n}" for n in range(6)]


def test_a_lock_object_is_for_buckets(run_step, tmp_path):
    failed = run_step("publish-chart", make_chart(tmp_path), "--lock", "object",
                      "--repo", f"file://{tmp_path}/r", expect=2)
    assert "a lock object is for s3:// only" in failed.err


# --- the race is lost -------------------------------------------------------------

def test_who_lost_helps_all_that_wait(publish, s3):
    prove(s3)
    Rival(s3)
    for name in ("api", "cache"):
        archive = package(name, description=f"of {name}")
        s3.put(f"stable/{name}-1.0.0.tgz", archive)
        leave(s3, waits(name, archive), age=60)
    publish(s3)
    index = entries(s3)
    assert sorted(index) == ["api", "cache", "db", "web"]
    [api] = index["api"]
    assert api == {"apiVersion": "v2", "name": "api", "version": "1.0.0",
                   "description": "of api", "urls": ["api-1.0.0.tgz"],
                   "created": "2026-11-01T00:00:00Z",
                   "digest": hashlib.sha256(
                       s3.objects["stable/api-1.0.0.tgz"].body).hexdigest()}
    assert waiting(s3) == []


def test_an_entry_that_another_entered_is_only_verified(publish, s3):
    """The rival takes ours too while we wait for our turn."""
    prove(s3)
    archive = package("api")
    s3.put("stable/api-1.0.0.tgz", archive)
    leave(s3, waits("api", archive), age=60)
    rival = Rival(s3)

    def enter_ours(seen: Seen) -> Fault | None:
        rival(seen)
        ours = [key for key in waiting(s3) if s3.objects[key].body.find(b'"web"') > 0]
        if seen.method == "HEAD" and ours:
            [chart] = json.loads(s3.objects[ours[0]].body)["charts"]
            body = s3.objects[INDEX].body.decode().replace("entries:\n", (
                "entries:\n  web:\n  - name: web\n    version: 1.0.0\n"
                f"    digest: {chart['digest']}\n"))
            s3.put(INDEX, body.encode())
            del s3.objects[ours[0]]
        return None

    s3.fault = enter_ours
    publish(s3)
    assert "range" in s3.requests[-1].headers, "a part of the index is enough"
    assert [seen for seen in s3.requests if swaps(seen)][1:] == []
    assert sorted(entries(s3)) == ["db", "web"]


@pytest.mark.parametrize("what", ["missing", "other", "not a chart", "another chart"])
def test_nothing_enters_without_its_archive(publish, s3, what):
    prove(s3)
    Rival(s3)
    archive = {"not a chart": b"x", "another chart": package("zoo")}.get(
        what, package("api"))
    if what != "missing":
        s3.put("stable/api-1.0.0.tgz", package("api", description="x")
               if what == "other" else archive)
    leave(s3, waits("api", archive), age=60)
    publish(s3)
    assert sorted(entries(s3)) == ["db", "web"]
    assert waiting(s3) == [], "what is refuted waits no longer"


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b'{"schema": 2, "charts": []}',
    b'{"schema": 1, "charts": [{"name": "../../x", "version": "1.0.0"}]}',
    b"[" * 100000,
])
def test_what_is_no_waiting_entry_is_left_alone(publish, s3, body):
    prove(s3)
    Rival(s3)
    named = f"{WAITING}{hashlib.sha256(body).hexdigest()}.json"
    s3.put(named, body, s3.clock() - 60)
    s3.put(WAITING + "other", body, s3.clock() - 60)
    result = publish(s3)
    assert sorted(entries(s3)) == ["db", "web"]
    assert sorted(waiting(s3)) == sorted([named, WAITING + "other"])
    assert result.err.count("it is left alone") == 2


def test_an_archive_too_large_for_guests_is_left_to_its_owner(publish, s3):
    prove(s3)
    Rival(s3)
    archive = package("api") + bytes(17 << 20)
    s3.put("stable/api-1.0.0.tgz", archive)
    key = leave(s3, waits("api", archive), age=60)
    publish(s3)
    assert sorted(entries(s3)) == ["db", "web"]
    assert waiting(s3) == [key]


def test_several_charts_wait_in_one(publish, s3, tmp_path, run_step):
    prove(s3)
    Rival(s3)
    charts = [make_chart(tmp_path, name) for name in ("api", "web")]
    run_step("publish-chart", *charts, "--repo", REPO, env=s3.env)
    assert sorted(entries(s3)) == ["api", "db", "web"]
    assert sum("PUT " + WAITING in line for line in s3.lines) == 1
    assert waiting(s3) == []


@pytest.mark.parametrize("denied", ["PUT", "LIST"])
def test_without_the_rights_to_help_it_goes_on_alone(publish, s3, denied):
    prove(s3)
    rival = Rival(s3, times=2)

    def refuse(seen: Seen) -> Fault | None:
        if (seen.method == "PUT" and seen.key.startswith(WAITING)
                if denied == "PUT" else not seen.key):
            return Fault(403, "AccessDenied")
        return rival(seen)

    s3.fault = refuse
    result = publish(s3)
    assert "going on without the help of other publishers" in result.err
    assert sorted(entries(s3)) == ["db", "web"]


def test_without_the_right_to_delete_it_is_told_once(publish, s3):
    prove(s3)
    rival = Rival(s3)
    s3.fault = lambda seen: (Fault(403, "AccessDenied")
                             if seen.method == "DELETE" else rival(seen))
    result = publish(s3)
    assert result.err.count("cannot remove waiting entries") == 1
    assert sorted(entries(s3)) == ["db", "web"]


def test_ours_was_removed_but_not_entered(publish, s3):
    """Whoever removed it was no publisher: it is left again."""
    prove(s3)
    rival = Rival(s3)
    removed: list[str] = []

    def remove(seen: Seen) -> Fault | None:
        if not seen.key and not removed:
            removed.extend(waiting(s3))
            for key in removed:
                del s3.objects[key]
        return rival(seen)

    s3.fault = remove
    publish(s3)
    assert removed and sorted(entries(s3)) == ["db", "web"] and waiting(s3) == []


def test_ours_was_replaced_meanwhile(publish, s3):
    prove(s3)
    rival = Rival(s3)

    def replace(seen: Seen) -> Fault | None:
        if not seen.key:
            s3.put(ARCHIVE, package("web"))
            for key in waiting(s3):
                del s3.objects[key]
        return rival(seen)

    s3.fault = replace
    failed = publish(s3, expect=3)
    assert f"{REPO}/web-1.0.0.tgz' was replaced meanwhile" in failed.err


def test_who_resumes_a_killed_run_enters_what_others_left(publish, s3, tmp_path):
    prove(s3)
    chart = make_chart(tmp_path)
    publish(s3, chart=chart)
    prove(s3)                       # the entry is gone, the archive is not
    archive = package("api")
    s3.put("stable/api-1.0.0.tgz", archive)
    leave(s3, waits("api", archive))
    publish(s3, chart=chart)
    assert sorted(entries(s3)) == ["api", "db", "web"]
    assert waiting(s3) == []


def test_work_grows_with_the_number_of_publishers(start_step, tmp_path):
    """Each reads the index once and loses one swap; few write it again."""
    number, rounds = 24, 3.0
    filler = "".join(f"  zz-{i:05d}:\n  - name: zz-{i:05d}\n    version: 1.0.0\n"
                     f"    description: {'d' * 900}\n    urls:\n    - x\n"
                     for i in range(1000))
    with ScriptedS3(byte_seconds=2.5e-7) as s3:
        prove(s3, OTHERS.replace("generated:", filler + "generated:"))
        size = len(s3.objects[INDEX].body)
        running = [start_step("publish-chart", make_chart(tmp_path, f"app-{n}"),
                              "--repo", REPO, env=s3.env) for n in range(number)]
        for step in running:
            step.wait(timeout=100)
        assert len(entries(s3)) == number + 1001
        assert waiting(s3) == []
        print(f"moved {s3.moved / size:.1f} times the index")
        assert s3.moved < rounds * number * size


# --- faults -----------------------------------------------------------------------

@pytest.mark.parametrize("key", [ARCHIVE, INDEX, WAITING])
def test_a_write_that_took_effect_is_a_success(publish, s3, key):
    """All answers to it are lost, from the first that took effect on."""
    prove(s3)
    rival = Rival(s3, times=1 if key == WAITING else 0)
    s3.fault = lambda seen: rival(seen) or (
        Fault(lose=True) if seen.method == "PUT" and seen.key.startswith(key) else None)
    publish(s3, "--timeout", "60s")
    assert sorted(entries(s3)) == ["db", "web"]


@pytest.mark.parametrize("key", [ARCHIVE, INDEX])
def test_a_write_that_did_not_is_a_failure(publish, s3, key):
    prove(s3)
    s3.fault = lambda seen: (Fault(503, headers={"Retry-After": "0"})
                             if seen.method == "PUT" and seen.key == key else None)
    failed = publish(s3, "--timeout", "5s", expect=75)
    assert "503" in failed.err
    assert sorted(entries(s3)) == ["db"]


@pytest.mark.parametrize("seed", range(3))
def test_many_with_faults_lose_nothing(start_step, tmp_path, seed):
    """A fifth of all requests fails: 503, 409, lost before or after."""
    dice = random.Random(seed)
    lock = threading.Lock()

    def fault(seen: Seen) -> Fault | None:
        with lock:
            number = dice.random()
        if number < 0.05:
            return Fault(503, headers={"Retry-After": "0"})
        if number < 0.10 and seen.method == "PUT" and (
                "if-match" in seen.headers or "if-none-match" in seen.headers):
            return Fault(409, "ConditionalRequestConflict")
        if number < 0.20:
            return Fault(lose=True)
        return None

    with ScriptedS3() as s3:
        prove(s3)
        s3.fault = fault
        running = [start_step("publish-chart", make_chart(tmp_path, f"app-{n}"),
                              "--repo", REPO, env=s3.env) for n in range(12)]
        for step in running:
            step.wait(timeout=110)
        index = entries(s3)
        assert sorted(index) == sorted([f"app-{n}" for n in range(12)] + ["db"])
        for name in set(index) - {"db"}:
            body = s3.objects[f"stable/{name}-1.0.0.tgz"].body
            assert index[name][0]["digest"] == hashlib.sha256(body).hexdigest()


# --- bad input ----------------------------------------------------------------------

@pytest.mark.parametrize("method, key, right", [
    ("GET", INDEX, "s3:GetObject"), ("PUT", ARCHIVE, "s3:PutObject"),
    ("PUT", INDEX, "s3:PutObject")])
def test_a_missing_right_is_named(publish, s3, method, key, right):
    """The call, the resource, and the IAM action."""
    prove(s3)
    before = s3.objects[INDEX].body
    s3.fault = lambda seen: (Fault(403, "AccessDenied")
                             if (seen.method, seen.key) == (method, key) else None)
    failed = publish(s3, expect=1)
    assert f"{method} {s3.url}/bucket/{key}" in failed.err
    assert f"need {right} on 's3://bucket/{key}'" in failed.err
    assert s3.objects[INDEX].body == before


@pytest.mark.parametrize("there", [b"", b"no archive", "cut", "foreign"])
def test_what_is_not_our_archive_is_named(publish, s3, there):
    """Half-written or foreign: it stays, and no entry leads to it."""
    prove(s3)
    body = {"cut": package("web")[:-20], "foreign": package("other")}.get(there, there)
    s3.put(ARCHIVE, body)
    before = s3.objects[INDEX].body
    failed = publish(s3, expect=3)
    assert f"'{REPO}/web-1.0.0.tgz' is there already" in failed.err
    assert (s3.objects[INDEX].body, s3.objects[ARCHIVE].body) == (before, body)


# --- how it is written --------------------------------------------------------------

@pytest.mark.parametrize("wanted, written, media", [
    ("keep", "yaml", "application/yaml"), ("yaml", "yaml", "application/yaml"),
    ("json", "json", "application/json")])
def test_index_format(publish, s3, tmp_path, wanted, written, media):
    prove(s3)
    publish(s3, "--index-format", wanted)
    stored = s3.objects[INDEX]
    assert stored.headers["content-type"] == media
    assert stored.headers["cache-control"] == "no-cache"
    if written == "json":
        assert sorted(json.loads(stored.body)["entries"]) == ["db", "web"]
        publish(s3, chart=make_chart(tmp_path, "api"))
        assert sorted(json.loads(s3.objects[INDEX].body)["entries"]) == \
            ["api", "db", "web"], "JSON is kept"
    else:
        assert stored.body.startswith(b"annotations:\n")

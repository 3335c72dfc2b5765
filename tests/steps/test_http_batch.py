"""net/http with many requests at once, and with what cannot wait for the servers."""

from __future__ import annotations

import time

import pytest

import wait
from scripted_http import Reply, Request, ScriptedHttp


def test_batch(send):
    with ScriptedHttp() as s:
        s.always(lambda r: Reply(200, r.path.encode(), delay=0.1))
        answers = send(*[f"{s.url}/{i}" for i in range(20)], jobs=5)
        assert s.connections == 5
        times = [request.at for request in s.requests]
    assert sorted(a["body"] for a in answers) == sorted(
        b"/%d" % i for i in range(20))
    assert max(times) - min(times) < 1.5    # one after the other: 1.9


def test_batch_does_not_idle(send):
    """A lane that got free is filled at once, not after a wait."""
    with ScriptedHttp() as s:
        s.always(Reply(200))
        send(*[s.url] * 20, jobs=1)
        assert s.requests[-1].at - s.requests[0].at < 2


def test_batch_goes_on_after_a_failure(send):
    def answer(request):
        return Reply(200, cut=0) if request.path == "/3" else Reply(200)

    with ScriptedHttp() as s:
        s.always(answer)
        answers = send(*[{"url": f"{s.url}/{i}", "repeat": "never"}
                         for i in range(8)], jobs=3)
    assert len(answers) == 8
    failed = [a for a in answers if "error" in a]
    assert [a["request"] for a in failed] == [f"{s.url}/3"]


def test_batch_repeats_what_failed(send):
    with ScriptedHttp(Reply(503), Reply(503)) as s:
        s.always(Reply(200))
        answers = send(*[f"{s.url}/{i}" for i in range(6)], jobs=3)
    assert sorted(a["tries"] for a in answers) == [1, 1, 1, 1, 2, 2]


def test_batch_is_ended_by_its_caller(send):
    with ScriptedHttp() as s:
        s.always(lambda r: Reply(418 if r.path == "/1" else 200))
        answers = send(*[f"{s.url}/{i}" for i in range(50)], jobs=1, expect=1)
        assert len(s.requests) == 2
    assert answers[-1]["error"] == f"'{s.url}/1' ends the batch"


@pytest.mark.parametrize("limit", [2999, 3000])
def test_batch_with_a_reply_that_waits_for_another(send, limit):
    """All of it is there while it waits, and it has a ceiling all the same."""
    def answer(request):
        if request.path == "/first":
            return Reply(200, b"x" * 200, pace=0.005)
        return Reply(200, b"y" * 3000, delay=0.7, chunked=True)

    with ScriptedHttp() as s:
        s.always(answer)
        answers = send(f"{s.url}/first", {"url": f"{s.url}/second", "replyLimit": limit},
                       jobs=2, memory=1000)
        second = next(a for a in answers if a["request"] == f"{s.url}/second")
    if limit == 3000:
        assert second["body"] == b"y" * 3000
    else:
        assert "the reply is larger than 2999 bytes" in second.get("error", ""), second


def test_batch_with_a_reply_that_a_server_is_tired_of(send):
    """Cut off while it waited for others, by our own doing: it is asked for once
    more, and then waits no longer, however many others there are still."""
    large = b"y" * (16 << 20)

    def answer(request):
        if request.path == "/large":
            return Reply(200, large, delay=0.3, idle=0.3)
        return Reply(200, b"x" * 1200, pace=0.002 if request.path == "/0" else 0.0005)

    with ScriptedHttp() as s:
        s.always(answer)
        answers = send(f"{s.url}/0", f"{s.url}/large", *[
            f"{s.url}/{i}" for i in range(1, 4)], jobs=2, memory=1000)
        asked = [request.path for request in s.requests].count("/large")
    assert [a.get("error") for a in answers] == [None] * 5
    [found] = [a for a in answers if a["request"] == f"{s.url}/large"]
    assert found["body"] == large
    assert asked == 2


def test_batch_ends_at_the_deadline(send):
    with ScriptedHttp() as s:
        s.always(Reply(200, stall=0))
        answers = send(*[f"{s.url}/{i}" for i in range(4)], jobs=2,
                       timeout=800)
    assert [a["kind"] for a in answers] == ["TIMEOUT"] * 4


# --- what cannot wait for the servers ----------------------------------------


def chores(server: ScriptedHttp) -> list[int]:
    """After which of the other requests one came."""
    others, found = 0, []
    for request in list(server.requests):
        if request.path == "/chore":
            found.append(others)
        else:
            others += 1
    return found


@pytest.mark.parametrize("jobs", [{}, {"jobs": 2}])
def test_a_vigil_is_kept_while_a_server_is_slow(send, jobs):
    def reply(request: Request) -> Reply:
        if request.path == "/a":
            wait.until(lambda: chores(s).count(1) == 3, "chores")
        return Reply(200)

    with ScriptedHttp() as s:
        s.always(reply)
        begun = time.monotonic()
        answers = send(f"{s.url}/a", **jobs, vigil={
            "every": 300, "url": f"{s.url}/chore", "times": 999})
        assert [a["status"] for a in answers] == [200]
        assert len(chores(s)) <= (time.monotonic() - begun) / 0.3


@pytest.mark.parametrize("jobs", [{}, {"jobs": 2}])
def test_a_vigil_is_kept_between_tries(send, jobs):
    with ScriptedHttp(Reply(503, headers=["Retry-After: 1"])) as s:
        s.always(Reply(200))
        [answer] = send(f"{s.url}/a", **jobs, vigil={
            "every": 200, "url": f"{s.url}/chore", "times": 99})
        assert answer["tries"] == 2 and 1 in chores(s)


@pytest.mark.parametrize("jobs", [{}, {"jobs": 1}])
def test_a_vigil_that_ends_ends_all_of_a_batch_or_one_request(send, jobs):
    """What it keeps from being sent is not sent."""
    with ScriptedHttp() as s:
        s.always(lambda r: Reply(200, delay=60 if r.path == "/a" else 0))
        answers = send(f"{s.url}/a", {"method": "DELETE", "url": f"{s.url}/b"},
                       **jobs, expect=1 if jobs else 0, vigil={
                           "every": 0, "url": f"{s.url}/chore", "times": 3})
        assert [a["error"] for a in answers] == ["the vigil has ended"] * (
            1 if jobs else 2)
        wait.until(lambda: "GET /a" in s.lines, "what was begun")
        assert s.lines[0] == "GET /chore" and "DELETE /b" not in s.lines

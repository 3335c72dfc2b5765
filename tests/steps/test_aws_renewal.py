"""AWS credentials that expire: in a long run, in a batch, and too soon."""

from __future__ import annotations

import email.utils
import time

from charts import make_repository
from scripted_aws import GET, as_json, find, home, keys, program, s3, who
from scripted_http import Reply, Request, ScriptedHttp


def test_renewed_when_they_expire(find, s3, home, program, tmp_path):
    """A long run: the second request comes after the first keys' end."""
    program(f"echo x >>{tmp_path}/runs\n"
            f"n=$(wc -l <{tmp_path}/runs)\n"
            'printf \'{"Version": 1, "AccessKeyId": "K%s", "SecretAccessKey":'
            ' "s3cr3t-of-all", "Expiration": "%s"}\' "$n" '
            '"$(date -u -d "+$((n * n * n * 2)) sec" +%FT%TZ)"\n')
    s3.reply(Reply(200, delay=2.5))
    assert find(GET, GET, GET)["found"]
    assert [who(request) for request in s3.requests] == ["K1", "K2", "K2"]


def later(seconds: float) -> Reply:
    """S3 says that it is later than we think, and so makes it so."""
    date = email.utils.formatdate(time.time() + seconds, usegmt=True)
    return Reply(403, b"<Error><Code>RequestTimeTooSkewed</Code></Error>",
                 ["Date: " + date])


def test_renewed_before_they_expire(find, s3):
    with ScriptedHttp(as_json(keys("OLD", seconds=600)),
                      as_json(keys("NEW"))) as agent:
        s3.reply(later(350))
        assert find(GET, GET, env={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url})["found"]
    assert [who(request) for request in s3.requests] == ["OLD", "NEW", "NEW"]


def test_what_cannot_be_renewed_serves_to_its_end(find, s3):
    with ScriptedHttp(as_json(keys("OLD", seconds=600)),
                      Reply(400, b"busy")) as agent:
        s3.reply(later(350))
        assert find(GET, GET, GET, env={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url})["found"]
        assert len(agent.requests) == 2     # and not once for each request
    assert {who(request) for request in s3.requests} == {"OLD"}


def test_what_cannot_be_renewed_and_has_expired(find, s3):
    with ScriptedHttp(as_json(keys("OLD", seconds=600)),
                      Reply(400, b"busy")) as agent:
        s3.reply(later(700))
        answer = find(env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url})
    assert answer["kind"] == "REMOTE" and "(busy)" in answer["error"]
    assert len(s3.requests) == 1


EXPIRED = Reply(400, b"<Error><Code>ExpiredToken</Code></Error>")


def test_s3_says_that_they_have_expired(find, s3):
    with ScriptedHttp(as_json(keys("OLD")), as_json(keys("NEW"))) as agent:
        s3.reply(EXPIRED)
        assert find(GET, GET, env={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url})["found"]
    assert [who(request) for request in s3.requests] == ["OLD", "NEW", "NEW"]


def test_s3_has_no_words_for_it(find, s3):
    """As of a HEAD."""
    stat = {"do": "stat", "key": "k"}
    with ScriptedHttp(as_json(keys("OLD")), as_json(keys("NEW"))) as agent:
        s3.reply(Reply(400))
        assert find(stat, env={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url})["found"]
    assert [who(request) for request in s3.requests] == ["OLD", "NEW"]


def test_s3_says_so_for_ever(find, s3):
    with ScriptedHttp() as agent:
        agent.always(as_json(keys("OLD")))
        s3.always(EXPIRED)
        answer = find(env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url})
    assert answer["kind"] == "DENIED" and len(s3.requests) == 3


def test_keys_that_nobody_can_renew(find, s3):
    s3.always(EXPIRED)
    answer = find(env={"AWS_ACCESS_KEY_ID": "ENV",
                       "AWS_SECRET_ACCESS_KEY": "s3cr3t-of-env"})
    assert answer["kind"] == "DENIED" and len(s3.requests) == 1


def test_many_requests_at_once_renew_once(run_step, tmp_path):
    """The charts of a render are fetched in parallel; by then the keys with
    which the index was read have expired."""
    names = [f"app{i}" for i in range(12)]
    repository = make_repository(tmp_path / "charts",
                                 {name: ["1.0.0"] for name in names})
    umbrella = tmp_path / "umbrella"
    umbrella.mkdir()
    (umbrella / "Chart.yaml").write_text(
        "apiVersion: v2\nname: all\nversion: 1.0.0\ndependencies:\n"
        + "".join(f"- name: {name}\n  version: 1.0.0\n  repository: "
                  "s3://charts/stable\n" for name in names))

    def serve(request: Request) -> Reply:
        name = request.path.removeprefix("/charts/stable/")
        if name != "index.yaml" and who(request) == "OLD":
            return EXPIRED
        return Reply(200, (repository / name).read_bytes())

    with ScriptedHttp() as store, ScriptedHttp(
            as_json(keys("OLD")), as_json(keys("NEW"))) as agent:
        store.always(serve)
        run_step("umbrella-render", umbrella, "--output-dir", tmp_path / "out",
                 "--repository-name", "all", "--branch", "b",
                 env={"AWS_ENDPOINT_URL_S3": store.url,
                      "AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url})
        asked = [who(request) for request in store.requests]
        assert len(agent.requests) == 2
    assert asked.count("NEW") == len(names) and asked.count("OLD") > 2
    assert {path.name for path in (tmp_path / "out/charts").iterdir()} >= {
        f"{name}-1.0.0.tgz" for name in names}

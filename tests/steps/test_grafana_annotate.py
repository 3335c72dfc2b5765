"""grafana-annotate against the scripted Grafana: one mark for one release."""

from __future__ import annotations

import json

import pytest

import records
from scripted_grafana import TOKEN, ScriptedGrafana, grafana_state, newer_state

START = "2026-11-22T10:00:00Z"
END = "2026-11-22T10:02:30Z"
START_MS = 1795341600000
REGION = ["--start", START, "--end", END]


@pytest.fixture
def grafana():
    with ScriptedGrafana() as server:
        yield server


@pytest.fixture
def step(run_step):
    def run(server, *args, env=None, **options):
        given = {"GRAFANA_URL": server.url, "GRAFANA_TOKEN": TOKEN}
        return run_step("grafana-annotate", *args, env=given | (env or {}), **options)
    return run


def only_mark(server):
    assert len(server.state["annotations"]) == 1
    return server.state["annotations"][0]


@pytest.fixture
def record(tmp_path):
    """What deploy-preview and jira-fixversion have left."""
    folder = tmp_path / "record"
    folder.mkdir()
    (folder / "20261122T100230.000Z-deploy-preview-00000000.json").write_text(json.dumps({
        "schemaVersion": 1,
        "repository": {"name": "storefront", "commit": "0123456789abcdef0123"},
        "build": {"url": "https://ci.example.com/job/7"},
        "tickets": ["SHOP-1", "SHOP-2"],
        "environment": {
            "stack": "shop", "namespace": "storefront-fix-x", "release": "storefront",
            "revision": 7,
            "applications": [{"name": "web", "old": "1.3.0", "new": "1.4.0"},
                             {"name": "api", "old": None, "new": "2.0.0"},
                             {"name": "db", "old": "9.1.0", "new": "9.1.0"},
                             {"name": "cron", "old": "0.9.0", "new": None}]},
        "steps": [{"name": "deploy-preview", "version": "0.1.0", "started": START,
                   "seconds": 150.0, "outcome": "done"}]}))
    return folder


# --- one mark ----------------------------------------------------------------

def test_a_region_with_its_tags_and_text(grafana, step):
    result = step(grafana, "--text", "web 1.4.0", *REGION, "--tag", "team:shop",
                  "--output", "json")
    mark = only_mark(grafana)
    assert (mark["time"], mark["timeEnd"]) == (START_MS, START_MS + 150_000)
    assert mark["tags"] == ["deploy", "team:shop"]
    assert mark["text"] == f"web 1.4.0\nrelease: {START}"
    assert result.json == {"id": mark["id"], "created": True, "url": None, "spooled": False}


def test_the_record_tells_it_all(grafana, step, record):
    step(grafana, "--record", record)
    mark = only_mark(grafana)
    assert (mark["time"], mark["timeEnd"]) == (START_MS, START_MS + 150_000)
    assert mark["tags"] == ["deploy", "env:storefront-fix-x", "app:web", "app:api", "app:db",
                            "app:cron"]
    assert mark["text"].splitlines() == [
        "web 1.4.0 (was 1.3.0)", "api 2.0.0 (new)", "db 9.1.0",
        "cron removed (was 0.9.0)",
        "commit: 0123456789ab", "tickets: SHOP-1, SHOP-2",
        "build: https://ci.example.com/job/7",
        "release: storefront-fix-x/storefront 7"]
    assert records.merged(record)["marks"] == [
        {"id": mark["id"], "start": START_MS, "end": START_MS + 150_000}]


def test_the_same_run_again_changes_nothing(grafana, step, record):
    step(grafana, "--record", record)
    before = json.dumps(grafana.state)
    grafana.clear()
    result = step(grafana, "--record", record, "--output", "json")
    assert json.dumps(grafana.state) == before
    assert grafana.writes == []
    assert result.json["created"] is False and result.json["id"] == only_mark(grafana)["id"]


def test_another_run_of_the_build_updates_the_mark(grafana, step):
    build = {"JENKINS_URL": "https://ci.example.com/", "BUILD_URL": "https://ci.example.com/8"}
    step(grafana, "--text", "started", env=build)
    first = dict(only_mark(grafana))
    result = step(grafana, "--text", "ready", "--tag", "team:shop", env=build)
    mark = only_mark(grafana)
    assert mark["id"] == first["id"] and mark["time"] == first["time"]
    assert mark["text"].startswith("ready\n") and mark["tags"] == ["deploy", "team:shop"]
    assert f"mark {mark['id']} updated" in result.out


@pytest.mark.parametrize("args", [[], ["--per-application"]])
def test_a_release_of_many_applications(grafana, step, record, args):
    """More than Grafana keeps tags of: those that changed have them first."""
    [path] = record.iterdir()
    told = json.loads(path.read_text())
    names = [f"application-{number:02}" for number in range(60)]
    told["environment"]["applications"] = [
        {"name": name, "old": "1.0.0", "new": "1.1.0" if name >= names[-5] else "1.0.0"}
        for name in names]
    path.write_text(json.dumps(told))
    result = step(grafana, "--record", record, "--tag", "team:shop", *args)
    if args:
        assert [mark["tags"][2:] for mark in grafana.state["annotations"]] == [
            [f"app:{name}", "team:shop"] for name in names[-5:]]
        assert "warning" not in result.err
        return
    mark = only_mark(grafana)
    room = 500 - len('["deploy","env:storefront-fix-x","team:shop"]')
    tagged = [f"app:{name}" for name in names[:room // 21 - 5] + names[-5:]]
    assert mark["tags"] == ["deploy", "env:storefront-fix-x", *tagged, "team:shop"]
    assert len(json.dumps(mark["tags"], separators=(",", ":"))) <= 500
    assert all(name in mark["text"] for name in names)
    assert f"warning: {60 - len(tagged)} applications have no tag of their own" in result.err


def test_tags_are_written_as_grafana_keeps_them(grafana, step):
    args = ["--text", "x", *REGION, "--tag", " team : shop ", "--tag", "team:shop"]
    step(grafana, *args)
    assert only_mark(grafana)["tags"] == ["deploy", "team:shop"]
    grafana.clear()
    step(grafana, *args)
    assert grafana.writes == []


def test_another_release_gets_a_mark_of_its_own(grafana, step):
    step(grafana, "--text", "web 1.4.0", *REGION)
    step(grafana, "--text", "web 1.4.0", "--start", "2026-11-22T11:00:00Z")
    assert len(grafana.state["annotations"]) == 2


def test_a_mark_among_many_of_the_same_tags(grafana, step, record):
    for number in range(400):
        grafana.state["annotations"].append({
            "id": 1000 + number, "dashboardUID": "", "panelId": 0, "text": "release: other",
            "time": START_MS + number, "timeEnd": START_MS + number,
            "tags": ["deploy", "env:storefront-fix-x"]})
    step(grafana, "--record", record)
    step(grafana, "--record", record, "--text", "again")
    assert len(grafana.state["annotations"]) == 401


def test_a_dashboard_and_a_panel(grafana, step):
    result = step(grafana, "--text", "x", *REGION, "--dashboard", "shop-overview",
                  "--panel", "2", "--output", "json")
    mark = only_mark(grafana)
    assert (mark["dashboardUID"], mark["panelId"]) == ("shop-overview", 2)
    assert result.json["url"] == (f"{grafana.url}/d/shop-overview?from={START_MS}"
                                  f"&to={START_MS + 150_000}")


def test_the_dashboards_address_by_template(grafana, step, record):
    result = step(grafana, "--record", record, "--output", "json", "--dashboard-url-template",
                  "{url}/d/x?from={start}&to={end}&var-ns={namespace}&var-app={app}")
    assert result.json["url"] == (
        f"{grafana.url}/d/x?from={START_MS}&to={START_MS + 150_000}"
        "&var-ns=storefront-fix-x&var-app=storefront")


@pytest.mark.parametrize("given", ["1795341600", "1795341600000", "2026-11-22 10:00:00", START])
def test_times_in_each_form(grafana, step, given):
    step(grafana, "--text", "x", "--start", given)
    assert only_mark(grafana)["time"] == only_mark(grafana)["timeEnd"] == START_MS


def test_from_start_to_ready(grafana, step, record):
    path = next(record.iterdir())
    path.write_text(path.read_text().replace(
        '"stack"', '"started": "2026-11-22T10:00:10Z", "ready": "2026-11-22T10:01:00Z", "stack"'))
    step(grafana, "--record", record)
    mark = only_mark(grafana)
    assert (mark["time"], mark["timeEnd"]) == (START_MS + 10_000, START_MS + 60_000)


def test_a_failed_deployment_says_so(grafana, step, record):
    path = next(record.iterdir())
    path.write_text(path.read_text().replace(
        '"outcome": "done"', '"outcome": "failed", "error": "not ready"'))
    step(grafana, "--record", record)
    assert only_mark(grafana)["text"].startswith("failed\n")


def fragment(record, **told):
    """One more step's part of the record."""
    (record / "20261122T100300.000Z-later-00000000.json").write_text(
        json.dumps({"schemaVersion": 1, "steps": [], **told}))


def test_a_release_that_was_rolled_back_says_so(grafana, step, record):
    fragment(record, environment={"namespace": "storefront-fix-x", "rolledBackTo": 6},
             steps=[{"name": "deploy-preview", "version": "0.1.0", "started": START,
                     "seconds": 150.0, "outcome": "failed", "error": "x"}])
    step(grafana, "--record", record)
    assert only_mark(grafana)["text"].startswith("failed, rolled back to revision 6\n")
    step(grafana, "--record", record, "--text", "the autumn release")
    assert only_mark(grafana)["text"].startswith(
        "failed, rolled back to revision 6\nthe autumn release\nrelease: ")


def test_the_changelog_is_told(grafana, step, record):
    fragment(record, changelog=records.changelog("Vouchers are accepted"))
    step(grafana, "--record", record)
    assert "Vouchers are accepted" in only_mark(grafana)["text"]


def test_a_mark_for_each_changed_application(grafana, step, record):
    args = ["--record", record, "--per-application", "--output", "json"]
    result = step(grafana, *args)
    marks = grafana.state["annotations"]
    assert [mark["tags"] for mark in marks] == [
        ["deploy", "env:storefront-fix-x", f"app:{name}"] for name in ("web", "api", "cron")]
    assert "web 1.4.0 (was 1.3.0)" in marks[0]["text"] and "api" not in marks[0]["text"]
    assert marks[0]["text"].endswith("release: storefront-fix-x/storefront 7 web")
    assert [(one["application"], one["id"], one["created"]) for one in result.json["marks"]] == [
        ("web", 41, True), ("api", 42, True), ("cron", 43, True)]
    told = [one["id"] for one in records.merged(record)["marks"]]
    again = step(grafana, *args)
    assert len(grafana.state["annotations"]) == 3 and told == [41, 42, 43]
    assert not any(one["created"] for one in again.json["marks"])


def test_no_mark_where_no_application_changed(grafana, step, record):
    fragment(record, environment={"namespace": "storefront-fix-x", "applications": [
        {"name": name, "old": "1.0.0", "new": "1.0.0"} for name in ("web", "api", "cron")]})
    result = step(grafana, "--record", record, "--per-application", "--output", "json")
    assert result.json == {"marks": []} and grafana.state["annotations"] == []


def test_per_application_without_a_deployment(grafana, step):
    result = step(grafana, "--per-application", expect=2)
    assert "no release record" in result.err


@pytest.mark.parametrize("kind, look", [("api", "/annotations"), ("apis", "/search")])
def test_concurrent_runs_make_one_mark(start_step, record, kind, look):
    with ScriptedGrafana({**grafana_state(), "apis": [kind]}) as server:
        # Each looks before any has made it.
        server.fail(method="GET", path=look, delay=0.5, times=4)
        runs = [start_step("grafana-annotate", "--record", record,
                           env={"GRAFANA_URL": server.url, "GRAFANA_TOKEN": TOKEN})
                for _ in range(4)]
        for run in runs:
            run.wait(timeout=60)
        assert sum(request.method == "POST" for request in server.requests) > 1
        only_mark(server)


@pytest.mark.parametrize("how", [
    {"status": 403, "body": {"message": "no"}},
    {"status": 404, "html": True},      # of a proxy: it is not gone
])
def test_a_twin_that_may_not_be_deleted_is_told(start_step, record, how):
    with ScriptedGrafana() as server:
        server.fail(method="GET", delay=1, times=2)
        server.fail(method="DELETE", times=None, **how)
        runs = [start_step("grafana-annotate", "--record", record,
                           env={"GRAFANA_URL": server.url, "GRAFANA_TOKEN": TOKEN})
                for _ in range(2)]
        told = "".join(run.wait(timeout=60).err for run in runs)
        assert "of the same release stays: " in told and "DELETE http" in told


# --- the newer API -----------------------------------------------------------

@pytest.fixture
def newer():
    with ScriptedGrafana(newer_state()) as server:
        yield server


def test_the_newer_api_where_the_older_one_is_gone(newer, step, record):
    result = step(newer, "--record", record, "--output", "json")
    assert result.json["id"] == "slipway-41" and result.json["created"]
    assert only_mark(newer)["tags"][:2] == ["deploy", "env:storefront-fix-x"]
    again = step(newer, "--record", record, "--output", "json")
    assert again.json["id"] == "slipway-41" and not again.json["created"]
    assert records.merged(record)["marks"][0]["id"] == "slipway-41"


def test_the_newer_api_where_it_is_asked_for(grafana, step, record):
    grafana.state["apis"] = ["api", "apis"]
    grafana.state["namespace"] = "stacks-7"
    step(grafana, "--record", record, "--api-namespace", "stacks-7", "--dashboard",
         "shop-overview", "--panel", "2")
    assert {request.path.split("/")[1] for request in grafana.requests} == {"apis"}
    assert only_mark(grafana)["panelId"] == 2
    result = step(grafana, "--record", record, "--api-namespace", "default", expect=1)
    assert "namespace mismatch" in result.err


@pytest.mark.parametrize("moves", [True, False])
def test_the_newer_api_moves_a_mark(newer, step, moves):
    newer.state["moves"] = moves
    args = ["--text", "cache on", "--start", START]
    step(newer, *args, env={"BUILD_URL": "https://ci.example.com/7", "JENKINS_URL": "x"})
    result = step(newer, *args, "--end", END, "--output", "json",
                  env={"BUILD_URL": "https://ci.example.com/7", "JENKINS_URL": "x"})
    mark = only_mark(newer)
    assert (mark["time"], mark["timeEnd"]) == (START_MS, START_MS + 150_000)
    assert result.json["id"] == mark["name"] == ("slipway-41" if moves else "slipway-42")


def test_the_newer_api_is_searched_to_its_end(newer, step, record):
    newer.state["page"] = 1
    for name in ("one", "two"):
        step(newer, "--text", name, *REGION, "--tag", "env:storefront-fix-x",
             env={"BUILD_URL": f"https://ci.example.com/{name}", "JENKINS_URL": "x"})
    step(newer, "--record", record)
    step(newer, "--record", record)
    assert len(newer.state["annotations"]) == 3


def test_neither_api(step):
    with ScriptedGrafana({**grafana_state(), "apis": []}) as server:
        result = step(server, "--text", "x", expect=1)
        assert "/api/annotations" in result.err and "404" in result.err


def test_dry_run_writes_nothing(grafana, step, record, tmp_path):
    result = step(grafana, "--record", record, "--spool", tmp_path / "spool", "--dry-run")
    assert result.out.startswith("create mark:\nweb 1.4.0 (was 1.3.0)\n")
    assert grafana.writes == [] and not (tmp_path / "spool").exists()


def test_dry_run_keeps_nothing(grafana, step, tmp_path):
    grafana.fail(times=None, status=502)
    result = step(grafana, "--text", "x", *REGION, "--spool", tmp_path / "spool", "--dry-run",
                  "--timeout", "1s")
    assert result.out.startswith("keep mark:\nx\n")
    assert not (tmp_path / "spool").exists()


def test_check(grafana, step, tmp_path):
    step(grafana, "--check", "--spool", tmp_path / "spool")
    (tmp_path / "spool").write_text("no folder")
    failed = step(grafana, "--check", "--spool", tmp_path / "spool", expect=1)
    assert f"cannot keep marks in '{tmp_path}/spool': it is no folder" in failed.err
    assert step(grafana, "--check", env={"GRAFANA_TOKEN": "wrong"}, expect=1)
    assert grafana.writes == []


# --- bad input ---------------------------------------------------------------

@pytest.mark.parametrize("missing", ["GRAFANA_URL", "GRAFANA_TOKEN"])
def test_missing_settings(grafana, step, missing):
    result = step(grafana, "--text", "x", env={missing: ""}, expect=2)
    assert missing in result.err and grafana.requests == []


@pytest.mark.parametrize("args, message", [
    ([], "missing '--text'"),
    (["--text", "x", "--start", "yesterday"], "cannot use '--start yesterday' as a time"),
    (["--text", "x", "--start", END, "--end", START], "ends before it starts"),
    (["--text", "x", "--panel", "2"], "'--panel' is of no use without '--dashboard'"),
    (["--text", "x", "--tag", "t" * 101], "100 characters on each side"),
    (["--text", "x", "--tag", " "], "blank tag"),
    (["--text", "x"] + [word for n in range(6) for word in ("--tag", f"k{n}:" + "v" * 90)],
     "Grafana keeps 500 bytes of them together"),
    (["--text", "x" * 70000], "text over 65536 bytes"),
    (["--text", "x", "--dashboard-url-template", "{url}/{nope}"], "'{nope}'"),
])
def test_bad_options(grafana, step, args, message):
    result = step(grafana, *args, expect=2)
    assert message in result.err and grafana.writes == []


# --- what servers do ---------------------------------------------------------

def test_wrong_token(grafana, step):
    result = step(grafana, "--text", "x", env={"GRAFANA_TOKEN": "canary-3141"}, expect=1)
    assert "answered 401 (Unauthorized)" in result.err
    assert "canary-3141" not in result.out + result.err


def test_a_token_that_may_only_read(step):
    state = grafana_state()
    state["tokens"] = {TOKEN: ["annotations:read"]}
    with ScriptedGrafana(state) as grafana:
        result = step(grafana, "--text", "x", expect=1)
    assert "annotations:create" in result.err and "hint:" in result.err


def test_a_dashboard_that_is_not_there(grafana, step):
    result = step(grafana, "--text", "x", "--dashboard", "nowhere", expect=1)
    assert "answered 404 (Dashboard not found)" in result.err


def test_conflict(grafana, step):
    grafana.fail(method="POST", status=409, body={"message": "somebody else was faster"})
    assert "somebody else was faster" in step(grafana, "--text", "x", expect=3).err


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_too_many_requests_then_fine(grafana, step, method):
    grafana.fail(method=method, status=429, headers={"Retry-After": "0"})
    step(grafana, "--text", "x", *REGION)
    assert only_mark(grafana)


def test_an_error_for_ever_is_temporary(grafana, step):
    grafana.fail(times=None, status=500)
    assert step(grafana, "--text", "x", "--timeout", "1s", expect=75)


@pytest.mark.parametrize("how", [{"lose": True}, {"cut": 3}])
def test_a_mark_whose_answer_was_lost_is_no_second_one(grafana, step, how):
    grafana.fail(method="POST", **how)
    step(grafana, "--text", "x", *REGION)
    assert only_mark(grafana)


def test_a_mark_that_was_not_created_is_tried_again(grafana, step):
    grafana.fail(method="POST", status=503, times=2)
    step(grafana, "--text", "x", *REGION)
    assert only_mark(grafana)


@pytest.mark.parametrize("fault, code, message", [
    ({"cut": 1}, 75, " bytes "),
    ({"html": True}, 75, "this is no answer of Grafana's"),
    ({"html": True, "status": 404}, 75, "hint: something in front of Grafana may have answered"),
    ({"status": 200, "body": {"maintenance": True}}, 75, "this is no answer of Grafana's"),
    ({"oversized": 17 << 20}, 1, "the reply is larger than"),
])
def test_answers_that_are_none(grafana, step, fault, code, message):
    grafana.fail(method="GET", times=None, **fault)
    result = step(grafana, "--text", "x", *REGION, "--timeout", "3s", expect=code)
    assert message in result.err and grafana.writes == []


# --- the spool ---------------------------------------------------------------

def test_an_unreachable_grafana_fails_no_release(grafana, step, tmp_path):
    spool = tmp_path / "spool"
    grafana.fail(times=None, status=502)
    args = ["--text", "web 1.4.0", *REGION, "--spool", spool]
    for _ in range(2):
        result = step(grafana, *args, "--timeout", "1s", "--output", "json")
        assert result.json == {"id": None, "created": False, "url": None, "spooled": True}
        assert f"the mark is kept in '{spool}'" in result.err
    assert len(list(spool.iterdir())) == 1
    assert TOKEN not in next(spool.iterdir()).read_text()

    grafana.clear()
    step(grafana, "--text", "web 1.5.0", "--start", "2026-11-22T12:00:00Z", "--spool", spool)
    assert sorted(mark["text"].splitlines()[0] for mark in grafana.state["annotations"]) == [
        "web 1.4.0", "web 1.5.0"]
    assert list(spool.iterdir()) == []


def test_a_spool_that_keeps_nothing_fails_no_release_either(grafana, step, tmp_path):
    spool = tmp_path / "spool"
    args = ["--text", "x", *REGION, "--spool", spool, "--timeout", "1s"]
    grafana.fail(times=None, status=502)
    assert f"the mark would be kept in '{spool}'" in step(grafana, *args, "--dry-run").err
    spool.write_text("no folder")
    lost = {"id": None, "created": False, "url": None, "spooled": False}
    result = step(grafana, *args, "--output", "json")
    assert "502" in result.err and result.json == lost
    assert f"the mark is lost: cannot keep the mark in '{spool}': cannot create folder" in result.err
    planned = step(grafana, *args, "--dry-run")
    assert planned.out.startswith("lose mark:") and "the mark is lost: " in planned.err
    assert step(grafana, *args).out == "mark lost\n"


def test_a_mark_that_was_sent_after_all_is_not_sent_twice(grafana, step, tmp_path):
    spool = tmp_path / "spool"
    grafana.fail(method="POST", lose=True)
    grafana.fail(method="GET", skip=1, times=None, status=503)
    step(grafana, "--text", "x", *REGION, "--spool", spool, "--timeout", "1s")
    assert len(list(spool.iterdir())) == 1
    grafana.clear()
    step(grafana, "--text", "x", *REGION, "--spool", spool)
    assert only_mark(grafana) and list(spool.iterdir()) == []


def test_nobody_there_at_all(run_step, tmp_path):
    args = ["--text", "x", *REGION, "--url", "http://127.0.0.1:1", "--timeout", "1s"]
    env = {"GRAFANA_TOKEN": TOKEN}
    run_step("grafana-annotate", *args, env=env, expect=75)
    result = run_step("grafana-annotate", *args, "--spool", tmp_path / "spool", env=env)
    assert len(list((tmp_path / "spool").iterdir())) == 1
    # What was kept is not tried at once again.
    assert "kept marks stay" not in result.err


PAGES = [{"html": True}, *({"html": True, "status": status} for status in (302, 401, 403, 404)),
         {"status": 404, "body": "default backend"}]


@pytest.mark.parametrize("method, page", [("POST", PAGES[0])] + [("GET", page) for page in PAGES])
def test_what_is_no_answer_of_grafanas_fails_no_release(grafana, step, tmp_path, method, page):
    spool = tmp_path / "spool"
    grafana.fail(method=method, times=None, **page)
    result = step(grafana, "--text", "x", *REGION, "--spool", spool, "--timeout", "1s")
    assert f"the mark is kept in '{spool}'" in result.err
    grafana.clear()
    step(grafana, "--text", "y", "--spool", spool)
    assert len(grafana.state["annotations"]) == 2 and list(spool.iterdir()) == []


@pytest.mark.parametrize("status", [400, 401, 403])
def test_what_grafana_refuses_is_not_kept(grafana, step, tmp_path, status):
    spool = tmp_path / "spool"
    step(grafana, "--text", "x", "--dashboard", "nowhere", "--spool", spool, expect=1)
    grafana.fail(times=None, status=status, body={"message": "not so"})
    result = step(grafana, "--text", "x", "--spool", spool, expect=1)
    assert f"answered {status} (not so)" in result.err
    assert not spool.exists()


def test_a_kept_mark_that_is_refused_is_set_aside(grafana, step, tmp_path):
    spool = tmp_path / "spool"
    grafana.fail(times=None, status=502)
    step(grafana, "--text", "x", "--dashboard", "nowhere", *REGION, "--spool", spool,
         "--timeout", "1s")
    grafana.clear()
    result = step(grafana, "--text", "y", "--spool", spool)
    assert [path.suffix for path in spool.iterdir()] == [".refused"]
    assert "warning: gave up the kept mark" in result.err and "Dashboard not found" in result.err


def test_a_damaged_spool_file_is_set_aside(grafana, step, tmp_path):
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / "mark-0000000000000000.json").write_text('{"version": 1, "url"')
    (spool / "notes.txt").write_text("not ours")
    step(grafana, "--text", "y", "--spool", spool)
    assert sorted(path.name for path in spool.iterdir()) == [
        "mark-0000000000000000.json.refused", "notes.txt"]


def test_a_kept_mark_that_cannot_be_read_now_stays(grafana, step, tmp_path):
    """Whatever hinders it: only what a file says can be wrong for good."""
    (tmp_path / "spool").mkdir()
    kept = tmp_path / "spool" / "mark-0000000000000000.json"
    kept.write_bytes(b" " * (1 << 20))
    result = step(grafana, "--text", "y", "--spool", kept.parent)
    assert "warning: a kept mark stays in the spool: " in result.err and kept.exists()


def test_runs_may_share_a_spool(grafana, step, start_step, tmp_path):
    """Both send what is kept; who comes second finds it gone."""
    spool = tmp_path / "spool"
    grafana.fail(times=None, html=True)
    for hour in range(4):
        step(grafana, "--text", "x", "--start", f"2026-11-22T0{hour}:00:00Z", "--spool", spool)
    assert len(list(spool.iterdir())) == 4
    grafana.clear()
    grafana.latency = 0.02
    env = {"GRAFANA_URL": grafana.url, "GRAFANA_TOKEN": TOKEN}
    runs = [start_step("grafana-annotate", "--text", "y", *REGION, "--spool", spool, env=env)
            for _ in range(3)]
    for run in runs:
        run.wait(timeout=60)
    assert len(grafana.state["annotations"]) == 5 and list(spool.iterdir()) == []


def test_marks_kept_for_another_grafana_stay(grafana, run_step, step, tmp_path):
    spool = tmp_path / "spool"
    run_step("grafana-annotate", "--text", "x", *REGION, "--url", "http://127.0.0.1:1",
             "--timeout", "1s", "--spool", spool, env={"GRAFANA_TOKEN": TOKEN})
    step(grafana, "--text", "y", "--spool", spool)
    assert len(list(spool.iterdir())) == 1


def test_a_full_spool_fails_no_release(grafana, run_step, step, tmp_path):
    """Runs at one moment may have kept more than one of them would."""
    spool = tmp_path / "spool"
    run_step("grafana-annotate", "--text", "x", *REGION, "--url", "http://127.0.0.1:1",
             "--timeout", "1s", "--spool", spool, env={"GRAFANA_TOKEN": TOKEN})
    kept = next(spool.iterdir()).read_bytes()
    for number in range(1000):
        (spool / f"mark-{number:016}.json").write_bytes(kept)
    step(grafana, "--text", "y", *REGION, "--spool", spool)
    assert only_mark(grafana) and len(list(spool.iterdir())) == 1001
    grafana.fail(times=None, html=True)
    result = step(grafana, "--text", "z", "--start", "2026-11-23T10:00:00Z", "--spool", spool)
    assert "the mark is lost: cannot keep the mark in" in result.err and "1001 are kept" in result.err
    assert len(list(spool.iterdir())) == 1001


def test_no_secret_is_shown(grafana, step, tmp_path):
    record, spool = tmp_path / "record", tmp_path / "spool"
    args = ["--text", "x", "--verbose", "--record", record, "--spool", spool]
    results = [step(grafana, *args)]
    grafana.fail(times=None, html=True)
    results.append(step(grafana, *args, "--start", START))
    files = [*record.iterdir(), *spool.iterdir()]
    assert len(files) == 3
    shown = "".join([*(result.out + result.err for result in results),
                     *(path.read_text() for path in files)])
    assert TOKEN not in shown

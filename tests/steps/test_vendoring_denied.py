"""Repositories that may not be read: all are told at once, each with its cure."""

from __future__ import annotations

import charts
import pytest

from rendering import dependencies
from scripted_http import Reply, ScriptedHttp
from test_vendoring import BASKET, basket_index

DENIED = Reply(403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s3cret",
               "AWS_REGION": "eu-central-1"}


def wanted(*repositories: str) -> str:
    return dependencies(*(
        f"- {{name: basket, alias: b{n}, version: 2.1.0, repository: '{repository}'}}"
        for n, repository in enumerate(repositories)))


@pytest.mark.parametrize("args", [(), ("--check",)])
def test_all_that_may_not_be_read_is_told_at_once(umbrella, render, args):
    with ScriptedHttp() as store, ScriptedHttp() as web:
        store.always(DENIED)
        web.always(lambda request: {
            "/good/index.yaml": Reply(200, basket_index()),
            "/good/basket-2.1.0.tgz": Reply(200, BASKET)}.get(request.path, Reply(401)))
        umbrella(chart=wanted("s3://one", web.url + "/shut", web.url + "/good",
                              "s3://two/charts", "s3://one/"))
        failed = render(*args, expect=1, env=CREDENTIALS | {"AWS_ENDPOINT_URL_S3": store.url})
    assert "3 repositories may not be read: cannot vendor 'basket': " in failed.err
    for bucket in ("'s3://one/index.yaml'", "'s3://two/charts/index.yaml'"):
        assert failed.err.count(f"need s3:GetObject on {bucket}") == 1
    assert failed.err.count("AccessDenied: Access Denied") == 2
    assert f"GET {web.url}/shut/index.yaml: server answered 401" in failed.err
    assert failed.err.count("helm repo add --username") == 1
    # Each was asked once, and no chart fetched in vain.
    assert len(store.requests) == 2
    assert sorted(web.lines) == ["GET /good/index.yaml", "GET /shut/index.yaml"]


def test_what_may_not_be_read_is_told_beside_another_error(umbrella, render):
    """Which is what ends the run."""
    with ScriptedHttp() as web:
        web.always(lambda request: Reply(403 if "/shut/" in request.path else 404))
        umbrella(chart=wanted(web.url + "/shut", web.url + "/gone"))
        failed = render(expect=1)
    assert failed.err.count("server answered 403") == 1
    assert "/shut/index.yaml: server answered 403" in failed.err
    assert "umbrella-render: warning: cannot vendor 'basket'" in failed.err
    assert "/gone/index.yaml: server answered 404" in failed.err.split("error: ")[1]


@pytest.mark.parametrize("args", [(), ("--offline",)])
def test_a_folder_whose_own_may_not_be_read_lacks_nothing(umbrella, render, tmp_path, args):
    """It was not found out what it has; Helm would install it with all."""
    with ScriptedHttp() as web:
        web.always(Reply(403))
        charts.make_chart(tmp_path / "db", "db", "1.0.0")
        with (tmp_path / "db/Chart.yaml").open("a") as text:
            text.write("dependencies:\n- {name: basket, version: 2.1.0, "
                       f"repository: '{web.url}'}}\n")
        umbrella(chart=dependencies(
            f"- {{name: db, version: 1.0.0, repository: 'file://{tmp_path}/db'}}"))
        failed = render(*args, expect=1)
    assert "warning" not in failed.err and "without them" not in failed.err
    assert web.url in failed.err


def test_one_that_may_not_be_read_is_told_where_it_stands(umbrella, render):
    with ScriptedHttp(Reply(403)) as web:
        umbrella(chart=wanted(web.url))
        failed = render(expect=1)
    assert "repositories may not be read" not in failed.err
    assert "Chart.yaml:" in failed.err and "403" in failed.err

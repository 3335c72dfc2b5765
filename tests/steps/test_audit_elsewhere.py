"""repo-audit where the index leads to other servers, as to a CDN in front of the
bucket: what they do not give is one finding among others.  How a prune takes such
addresses is in test_pruning.py.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Callable

import charts
import pytest

from audited import (CHARTS, INDEX, PREFIX, PRUNE, audit, entries, names,   # noqa: F401
                     put_aged, readdress, s3)
from scripted_http import Reply, Request, ScriptedHttp

@pytest.fixture
def nobody():
    """An address at which nobody answers."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{closed.getsockname()[1]}"


def but_one(tmp_path: Path, refusal: Reply) -> Callable[[Request], Reply]:
    """A server of the repository that does not give web 1.0.0."""
    body = (tmp_path / "repository" / "web-1.1.0.tgz").read_bytes()
    return lambda request: Reply(200, body) if "1.1.0" in request.line else refusal


def test_a_server_that_is_not_there(audit, s3, nobody, tmp_path):
    """The rest is audited, and it may be there the next time.  It is asked once."""
    many = {f"app-{n:03d}": ["1.0.0"] for n in range(300)}
    folder = charts.make_repository(tmp_path / "many", many | CHARTS)
    s3.put(INDEX, (folder / "index.yaml").read_bytes())
    readdress(s3, nobody, "app")
    result = audit("--output", "json", expect=75)
    found = result.json
    assert len(found["unread"]) == 300 and found["verified"] == 4
    assert found["unread"][7]["url"] == f"{nobody}/app-007-1.0.0.tgz"
    assert sum("failed before" not in item["reason"] for item in found["unread"]) == 1
    assert [found[key] for key in ("orphans", "dangling", "mismatched")] == [[], [], []]
    assert ("300 archives outside of the repository could not be read, the first is "
            f"'{nobody}/app-000-1.0.0.tgz': " in result.err)


def test_what_else_is_wrong_is_no_matter_of_time(audit, s3, nobody, static_http, tmp_path):
    """Each server is judged by itself."""
    readdress(s3, static_http(tmp_path / "repository").url)
    readdress(s3, nobody, "api")
    put_aged(s3, "copy.tgz", charts.archive("web", "1.1.0"))
    result = audit("--output", "json", expect=1)
    assert names(result.json["unread"]) == [("api", "1.0.0"), ("api", "2.0.0")]
    assert result.json["verified"] == 2
    assert "disagree in 1 place, the first is 's3://bucket/stable/copy.tgz'" in result.err


@pytest.mark.parametrize("status", [403, 501])
def test_a_server_that_refuses(audit, s3, tmp_path, status):
    """That does not pass, and is of this address alone; all else is put right."""
    del s3.objects[PREFIX + "api-1.0.0.tgz"]
    with ScriptedHttp() as server:
        server.always(but_one(tmp_path, Reply(status)))
        readdress(s3, server.url)
        found = audit("--repair", "--output", "json", expect=1).json
    assert names(found["unread"]) == [("web", "1.0.0")]
    assert f"server answered {status}" in found["unread"][0]["reason"]
    assert found["verified"] == 2
    assert entries(s3) == CHARTS | {"api": ["2.0.0"]}


def test_what_is_pruned_need_not_be_read(audit, s3, tmp_path):
    with ScriptedHttp() as server:
        server.always(but_one(tmp_path, Reply(403)))
        readdress(s3, server.url)
        assert names(audit(*PRUNE).json["unread"]) == [("web", "1.0.0")]


def test_a_server_that_is_silent_until_the_end(audit, s3):
    """The run has no more time, which says nothing about its archives."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        readdress(s3, f"http://127.0.0.1:{silent.getsockname()[1]}")
        result = audit("--timeout", "2s", expect=75)
    assert result.out == "" and "cannot read the archive of chart 'web'" in result.err


def test_an_orphan_beside_entries_that_are_gone_elsewhere(audit, s3, static_http, tmp_path):
    """To enter it takes nothing away from an index that has nothing else."""
    (tmp_path / "nothing").mkdir()
    for chart in "web", "api":
        readdress(s3, static_http(tmp_path / "nothing").url, chart)
    put_aged(s3, "db-1.0.0.tgz", charts.archive("db", "1.0.0"))
    found = audit("--repair", "--output", "json", expect=1).json
    assert len(found["dangling"]) == 4 and names(found["repaired"]) == [("db", "1.0.0")]
    assert entries(s3) == CHARTS | {"db": ["1.0.0"]}


# --- a folder that a web server serves ---------------------------------------------

@pytest.fixture
def folder(run_step, tmp_path):
    """One of an index as `helm repo index --url` writes it; folder(...) audits it."""
    path = charts.make_repository(tmp_path / "folder", CHARTS)
    index = path / "index.yaml"
    index.write_text(index.read_text().replace("    - ", "    - https://charts.example.com/x/"))

    def run(*args, **options):
        return run_step("repo-audit", "--repo", f"file://{path}", "--output", "json", *args,
                        **options)
    run.path = path
    return run


def test_a_folder_that_is_served(folder):
    """What has the name and the digest is what is served."""
    for args, read in ((), 4), (("--repair",), 4), ((), 0):
        found = folder(*args).json
        assert (found["verified"], found["read"]) == (4, read)
        assert [found[key] for key in ("orphans", "dangling", "mismatched", "unread")] == 4 * [[]]
    index = folder.path / "index.yaml"
    text = index.read_text()
    index.write_text(text.replace("apiVersion: v2", "apiVersion: v1", 1))
    assert "'apiVersion'" in folder("--repair").json["mismatched"][0]["reason"]
    assert index.read_text().split("generated")[0] == text.split("generated")[0]
    (folder.path / "web-1.0.0.tgz.prov").write_text("files: {}\n")
    [item] = folder(expect=1).json["mismatched"]
    assert "signs another archive" in item["reason"]


def test_what_is_served_of_another_folder(folder):
    """That is not known, and no fault of the entry."""
    (folder.path / "api-1.0.0.tgz").unlink()
    (folder.path / "api-2.0.0.tgz").unlink()
    (folder.path / "api-2.0.0.tgz").mkdir()
    (folder.path / "web-1.0.0.tgz").write_bytes(charts.archive("web", "1.1.0"))
    index = folder.path / "index.yaml"
    index.write_text(index.read_text().replace("https://charts.example.com/x/web-1.1.0.tgz",
                                               "oci://ghcr.io/x/web:1.1.0"))
    result = folder("--repair", expect=1)
    found = result.json
    assert [item["url"] for item in found["unread"]] == [
        *(f"https://charts.example.com/x/{name}.tgz"
          for name in ("api-1.0.0", "api-2.0.0", "web-1.0.0")), "oci://ghcr.io/x/web:1.1.0"]
    assert {item["reason"] for item in found["unread"]} == {
        "it is on the web, where a local repository does not lead, and no archive of its name "
        "and digest is here"}
    assert found["dangling"] == found["mismatched"] == found["repaired"] == []
    assert names(found["orphans"]) == [("web", "1.1.0")]
    assert "--if-exists" not in result.err


def test_no_login_of_an_address_is_told(audit, s3):
    with ScriptedHttp() as server:
        server.always(Reply(403))
        readdress(s3, server.url.replace("//", "//robot:s3cr3t@"))
        result = audit("--output", "json", expect=1)
    assert len(result.json["unread"]) == 2
    assert "s3cr3t" not in result.out + result.err

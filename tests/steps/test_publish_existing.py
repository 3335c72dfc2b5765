"""publish-chart where that version is there already, in the index or as an
archive: what is replaced, kept, put right and refused.
"""

from __future__ import annotations

import hashlib
import os
import signal
import threading

import pytest
import yaml

from published import ARCHIVE, INDEX, OTHERS, REPO, entries, make_chart, package, prove
from runner import only_error
from scripted_s3 import Fault, ScriptedS3, Seen

REPLACE = ("--if-exists", "replace")


@pytest.fixture
def s3():
    with ScriptedS3() as s3:
        prove(s3)
        yield s3


@pytest.fixture
def chart(tmp_path):
    return make_chart(tmp_path)


@pytest.fixture
def publish(run_step, chart):
    """publish(s3, ...): one run in stable/ of the bucket."""
    def run(s3: ScriptedS3, *args, charts=None, **options):
        return run_step("publish-chart", *(charts or [chart]), "--repo", REPO, *args,
                        env=s3.env | options.pop("env", {}), **options)
    return run


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def check_true(s3: ScriptedS3) -> None:
    """The index names what lies there."""
    [entry] = entries(s3)["web"]
    assert entry["digest"] == digest(s3.objects[ARCHIVE].body)


# --- replaced ------------------------------------------------------------------

def test_replacing_what_is_listed(publish, s3):
    publish(s3)
    s3.forget()
    publish(s3, *REPLACE, "--set", "image.tag=v2")
    assert s3.lines == [f"GET {INDEX}", f"GET {ARCHIVE}", f"GET {ARCHIVE}.prov",
                        f"PUT {ARCHIVE}", f"PUT {INDEX}", f"GET {ARCHIVE}"], \
        "and it is ours at the end"
    check_true(s3)


def test_replacing_by_the_same_changes_nothing(publish, s3):
    publish(s3)
    s3.forget()
    result = publish(s3, *REPLACE, "--output", "json")
    assert s3.lines == [f"GET {INDEX}", f"GET {ARCHIVE}", f"GET {ARCHIVE}.prov"]
    assert result.json["charts"][0]["existed"]


def test_replacing_what_is_not_there(publish, s3):
    publish(s3, *REPLACE)
    assert s3.lines == [f"GET {INDEX}", f"PUT {ARCHIVE}", f"PUT {INDEX}"]


def rival_publish(s3: ScriptedS3, tag: str) -> bytes:
    """Another publisher replaces archive and entry, at once."""
    archive = package("web", description=tag)
    [entry] = entries(s3)["web"]
    s3.put(ARCHIVE, archive)
    s3.put(INDEX, s3.objects[INDEX].body.replace(
        entry["digest"].encode(), digest(archive).encode()))
    return archive


@pytest.mark.parametrize("before", [f"PUT {ARCHIVE}", f"PUT {INDEX}"])
def test_two_replace_at_once(publish, s3, before):
    """Whoever comes last has the archive and the entry, or hears that he has not."""
    publish(s3)
    seen_once: list[str] = []

    def rival(seen: Seen) -> Fault | None:
        if seen.line == before and not seen_once:
            seen_once.append(seen.line)
            rival_publish(s3, "rival")
        return None

    s3.fault = rival
    ours = before == f"PUT {ARCHIVE}"
    result = publish(s3, *REPLACE, "--set", "image.tag=v2", expect=0 if ours else 3)
    check_true(s3)
    if not ours:
        assert f"'{REPO}/web-1.0.0.tgz' was replaced meanwhile" in only_error(result)


def test_replaced_between_our_index_and_our_end(publish, s3):
    """By one who is killed before he has written the index."""
    publish(s3)
    reads: list[str] = []

    def rival(seen: Seen) -> Fault | None:
        if seen.line == f"GET {ARCHIVE}":
            reads.append(seen.line)
        if len(reads) == 2 and seen.line == f"GET {ARCHIVE}":
            s3.put(ARCHIVE, package("web", description="rival"))
        return None

    s3.fault = rival
    result = publish(s3, *REPLACE, "--set", "image.tag=v2", expect=3)
    assert "was replaced meanwhile" in only_error(result)
    check_true(s3)
    assert entries(s3)["web"][0]["description"] == "rival"


def test_equal_replacers_write_the_index_each(publish, s3):
    """Else one who has read it before would write what is no more."""
    publish(s3)
    s3.put(ARCHIVE, package("web", description="of one who has not yet written"))
    s3.forget()
    publish(s3, *REPLACE)
    assert f"PUT {INDEX}" in s3.lines
    check_true(s3)


@pytest.mark.parametrize("place", ["s3", "file"])
def test_many_replace_at_once(start_step, run_step, s3, chart, tmp_path, place):
    folder = tmp_path / "charts"
    repo = REPO if place == "s3" else f"file://{folder}"
    rounds = int(os.environ.get("SLIPWAY_PUBLISH_ROUNDS", "3"))
    for number in range(rounds):
        run_step("publish-chart", chart, "--repo", repo, "--set", f"image.tag=r{number}",
                 *REPLACE, env=s3.env)
        running = [start_step("publish-chart", chart, "--repo", repo, "--set",
                              f"image.tag=v{number}-{n}", *REPLACE, env=s3.env)
                   for n in range(4)]
        codes = [step.wait(None, timeout=100).code for step in running]
        assert set(codes) <= {0, 3} and 0 in codes
        if place == "s3":
            check_true(s3)
            continue
        [entry] = yaml.safe_load((folder / "index.yaml").read_bytes())["entries"]["web"]
        assert entry["digest"] == digest((folder / "web-1.0.0.tgz").read_bytes())


@pytest.mark.parametrize("healer", ["the same", "another"])
def test_killed_while_replacing(start_step, publish, s3, chart, healer):
    """Between archive and index: the next one who replaces puts both right."""
    publish(s3)
    reached = threading.Event()

    def stall(seen: Seen) -> Fault | None:
        if seen.line != f"PUT {INDEX}":
            return None
        reached.set()
        return Fault(503, headers={"Retry-After": "0"})

    s3.fault = stall
    step = start_step("publish-chart", chart, "--repo", REPO, *REPLACE,
                      "--set", "image.tag=v2", env=s3.env)
    assert reached.wait(60)
    os.kill(step.pid, signal.SIGKILL)
    step.wait(expect=-signal.SIGKILL)
    s3.fault = lambda seen: None
    assert entries(s3)["web"][0]["digest"] != digest(s3.objects[ARCHIVE].body)
    if healer == "the same":
        publish(s3, "--set", "image.tag=v2")
    else:
        publish(s3, *REPLACE, "--set", "image.tag=v3")
    check_true(s3)


# --- listed elsewhere, or with another digest --------------------------------------

def listed(url: str, of: str) -> str:
    return OTHERS.replace("generated:", f"""  web:
  - apiVersion: v2
    description: the real one
    digest: {of}
    name: web
    urls:
    - {url}
    version: 1.0.0
generated:""")


@pytest.mark.parametrize("url", ["https://cdn.example.com/web-1.0.0.tgz",
                                 "charts/web-1.0.0.tgz"])
@pytest.mark.parametrize("if_exists", ["same", "fail"])
def test_a_version_that_is_listed_elsewhere(publish, s3, url, if_exists):
    prove(s3, listed(url, "a" * 64))
    before = s3.objects[INDEX].body
    result = publish(s3, "--if-exists", if_exists, expect=3)
    assert f"has 'web' 1.0.0 already, with digest {'a' * 64} at '{url}'" in \
        only_error(result)
    assert s3.objects[INDEX].body == before and s3.lines == [f"GET {INDEX}"]
    publish(s3, *REPLACE)
    check_true(s3)


def test_a_version_that_is_listed_elsewhere_meanwhile(publish, s3):
    """Nothing of the index changes, and what was put is named."""
    def enter(seen: Seen) -> Fault | None:
        if seen.line == f"PUT {INDEX}":
            prove(s3, listed("https://cdn.example.com/web-1.0.0.tgz", "a" * 64))
        return None

    s3.fault = enter
    result = publish(s3, expect=3)
    assert "is left without an entry" in only_error(result)
    assert entries(s3)["web"][0]["digest"] == "a" * 64


def test_an_entry_that_is_wrong_of_our_archive(publish, s3):
    publish(s3)
    body = s3.objects[ARCHIVE].body
    prove(s3, listed("web-1.0.0.tgz", "a" * 64))
    publish(s3)
    check_true(s3)
    assert s3.objects[ARCHIVE].body == body

    prove(s3, listed("web-1.0.0.tgz", "a" * 64))
    before = s3.objects[INDEX].body
    publish(s3, "--set", "image.tag=v2", expect=3)
    del s3.objects[ARCHIVE]
    result = publish(s3, expect=3)
    assert "which is not there" in only_error(result)
    assert s3.objects[INDEX].body == before and ARCHIVE not in s3.objects


def test_files_are_judged_as_well(run_step, chart, tmp_path):
    folder = tmp_path / "charts"
    folder.mkdir()
    index = folder / "index.yaml"
    index.write_text(listed("https://cdn.example.com/web-1.0.0.tgz", "a" * 64))
    before = index.read_bytes()
    run_step("publish-chart", chart, "--repo", f"file://{folder}", expect=3)
    assert index.read_bytes() == before
    assert list(folder.iterdir()) == [index], "nothing was put there"


def test_a_copy_is_judged_as_well(run_step, publish, s3, tmp_path, chart):
    """repo-audit --copy-to."""
    source = f"file://{tmp_path}/charts"
    run_step("publish-chart", chart, "--repo", source)
    prove(s3, listed("https://cdn.example.com/web-1.0.0.tgz", "a" * 64))
    before = s3.objects[INDEX].body
    failed = run_step("repo-audit", "--repo", source, "--copy-to", REPO, "web",
                      env=s3.env, expect=3)
    assert s3.objects[INDEX].body == before and list(s3.objects) == [INDEX]
    assert "hint: what was published must not change" in failed.err
    assert "--if-exists" not in failed.err, "it has no such option"


# --- several charts -----------------------------------------------------------------

def test_all_are_judged_before_any_is_put(publish, s3, tmp_path):
    charts = [make_chart(tmp_path, name) for name in ("api", "cache", "zoo")]
    s3.put("stable/zoo-1.0.0.tgz", package("zoo"))
    result = publish(s3, charts=charts, expect=3)
    assert "'s3://bucket/stable/zoo-1.0.0.tgz' is there already with other content" in \
        only_error(result)
    assert sorted(s3.objects) == [INDEX, "stable/zoo-1.0.0.tgz"]
    assert not any("PUT" in line for line in s3.lines)
    del s3.objects["stable/zoo-1.0.0.tgz"]
    publish(s3, charts=charts[:1])
    s3.forget()
    publish(s3, charts=charts)
    assert sorted(entries(s3)) == ["api", "cache", "db", "zoo"]
    assert "PUT stable/api-1.0.0.tgz" not in s3.lines, "it was seen to be there"


def test_who_may_not_look_goes_on(publish, s3, tmp_path):
    """A missing object is answered 403 to who may not list."""
    charts = [make_chart(tmp_path, name) for name in ("api", "zoo")]
    s3.fault = lambda seen: (Fault(403, "AccessDenied") if seen.method == "GET"
                             and seen.key.endswith(".tgz") else None)
    publish(s3, charts=charts)
    assert sorted(entries(s3)) == ["api", "db", "zoo"]


@pytest.mark.parametrize("where", [("--repo", REPO), ("--destination", "out")])
def test_the_same_chart_twice(run_step, s3, tmp_path, where):
    one = make_chart(tmp_path)
    (tmp_path / "copy").mkdir()
    two = make_chart(tmp_path / "copy")
    result = run_step("publish-chart", one, two, *where, env=s3.env, cwd=tmp_path, expect=2)
    assert f"'{one}' and '{two}' are both 'web' 1.0.0" in only_error(result)
    assert s3.lines == [] and not (tmp_path / "out").exists()


# --- kept ---------------------------------------------------------------------------

KEEP = ("--if-exists", "keep")


def test_the_published_one_is_kept(publish, s3, chart, tmp_path):
    """A chart that was not touched since, and its sibling that was."""
    publish(s3)
    before = s3.objects[ARCHIVE].body
    kept, new = digest(before), make_chart(tmp_path, "api")
    refused = publish(s3, "--annotation", "a=b", charts=[chart, new], expect=3)
    assert "'--if-exists keep' leaves that one" in refused.err
    result = publish(s3, *KEEP, "--annotation", "a=b", "--output", "json",
                     charts=[chart, new])
    web, api = result.json["charts"]
    assert (web["kept"], web["existed"], web["digest"]) == (True, True, kept)
    assert "kept" not in api and not api["existed"]
    assert sorted(entries(s3)) == ["api", "db", "web"]
    assert s3.objects[ARCHIVE].body == before
    check_true(s3)
    s3.forget()
    text = publish(s3, *KEEP, "--annotation", "a=b").out
    assert s3.lines == [f"GET {INDEX}"]
    assert "(kept: other content was there)" in text


def test_kept_where_it_is(publish, s3):
    prove(s3, listed("https://cdn.example.com/web-1.0.0.tgz", "a" * 64))
    [web] = publish(s3, *KEEP, "--output", "json").json["charts"]
    assert web["url"] == "https://cdn.example.com/web-1.0.0.tgz"
    assert web["digest"] == "a" * 64


SIGNED = "https://robot:s3cr3t@cdn.example.com/web-1.0.0.tgz?X-Amz-Signature=s3cr3t&v=1"


def test_a_login_in_the_index_is_not_told(publish, s3, tmp_path):
    """Whoever made the index may have put one into an address."""
    prove(s3, listed(SIGNED, "a" * 64))
    kept = publish(s3, *KEEP, "--output", "json", "--record", tmp_path / "record")
    [web] = kept.json["charts"]
    assert web["url"] == "https://cdn.example.com/web-1.0.0.tgz?X-Amz-Signature=***&v=1"
    refused = publish(s3, expect=3)
    assert "'https://cdn.example.com/web-1.0.0.tgz?X-Amz-Signature=***&v=1'" in refused.err
    (fragment,) = (tmp_path / "record").iterdir()
    assert "s3cr3t" not in kept.out + kept.err + refused.err + fragment.read_text()


def test_what_is_kept_enters_the_index(publish, s3):
    """A run that was killed, or is at work, has left it."""
    theirs = package("web", description="theirs")
    s3.put(ARCHIVE, theirs)
    [web] = publish(s3, *KEEP, "--output", "json").json["charts"]
    assert web["kept"] and web["digest"] == digest(theirs)
    check_true(s3)
    assert entries(s3)["web"][0]["description"] == "theirs"
    s3.put(ARCHIVE, b"<html>")
    prove(s3)
    assert "is no archive of that chart" in only_error(publish(s3, *KEEP, expect=3))


def test_kept_in_a_folder(run_step, chart, tmp_path):
    argv = ("publish-chart", chart, "--repo", f"file://{tmp_path}/charts")
    run_step(*argv)
    before = (tmp_path / "charts/index.yaml").read_bytes()
    run_step(*argv, *KEEP, "--annotation", "a=b")
    assert (tmp_path / "charts/index.yaml").read_bytes() == before


# --- what signs it -------------------------------------------------------------------

PROV = f"{ARCHIVE}.prov"


def check_signed(s3: ScriptedS3) -> None:
    assert digest(s3.objects[ARCHIVE].body).encode() in s3.objects[PROV].body


def test_a_replaced_chart_loses_its_provenance(publish, s3, fake_gpg):
    """Before the archive: so none ever lies beside an archive that it does not sign."""
    publish(s3, "--sign", env=fake_gpg)
    check_signed(s3)
    s3.forget()
    publish(s3, *REPLACE, "--set", "image.tag=v2")
    assert s3.lines == [f"GET {INDEX}", f"GET {ARCHIVE}", f"GET {PROV}", f"DELETE {PROV}",
                        f"PUT {ARCHIVE}", f"PUT {INDEX}", f"GET {ARCHIVE}"]
    assert PROV not in s3.objects


def test_a_replaced_chart_is_signed_anew(publish, s3, fake_gpg):
    """Without the right to remove the old one, too."""
    publish(s3, "--sign", env=fake_gpg)
    s3.fault = lambda seen: Fault(403, "AccessDenied") if seen.method == "DELETE" else None
    publish(s3, *REPLACE, "--sign", "--set", "image.tag=v2", env=fake_gpg)
    check_signed(s3)
    before = dict(s3.objects)
    failed = publish(s3, *REPLACE, "--set", "image.tag=v3", expect=1)
    assert "cannot remove the provenance of what is replaced" in only_error(failed)
    assert "s3:DeleteObject" in failed.err
    assert s3.objects == before, "nothing was replaced"


def test_a_stale_provenance_is_put_right(publish, s3, fake_gpg):
    """Of a run that was killed after it had replaced the archive, say."""
    publish(s3)
    s3.put(PROV, b"sha256:" + b"a" * 64)
    publish(s3, "--sign", env=fake_gpg)
    check_signed(s3)
    signed = s3.objects[PROV].body
    publish(s3, "--sign", env=fake_gpg)
    assert s3.objects[PROV].body == signed, "what is right stays"
    s3.put(PROV, b"sha256:" + b"a" * 64)
    publish(s3, *REPLACE)
    assert PROV not in s3.objects


def test_a_replaced_file_loses_its_provenance(run_step, chart, tmp_path, fake_gpg):
    argv = ("publish-chart", chart, "--repo", f"file://{tmp_path}/charts")
    run_step(*argv, "--sign", env=fake_gpg)
    run_step(*argv, *REPLACE, "--set", "image.tag=v2")
    assert sorted(path.name for path in (tmp_path / "charts").glob("web*")) == \
        ["web-1.0.0.tgz"]

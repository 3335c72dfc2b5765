"""umbrella-render: templates, dependencies, expiry, and what it refuses."""

from __future__ import annotations

import datetime
import fcntl
import json
import os
import re
import signal
from pathlib import Path

import pytest
import yaml

import charts
import records
import wait
from rendering import (CHART, CI, SNIPPET, dependencies, left_behind, published,
                       rendered)
from scripted_http import Reply, ScriptedHttp

# --- the snippet that teams have in their repositories


def test_snippet_on_master(umbrella, render, tmp_path):
    umbrella()
    result = render("--output", "json", env={"BRANCH_NAME": "master"})
    assert rendered(tmp_path)["values.yaml"].decode() == (
        "---\nglobal:\n# Configure the environment to expire, if not master\n"
        "  expires: false\n")
    assert result.json == {
        "outputDir": "rendered/shop", "name": "shop", "version": "0.1.0",
        "dependencies": [], "expires": False, "expiryDate": None,
        "expiresAt": None}


def test_snippet_on_a_branch(umbrella, render, tmp_path):
    umbrella()
    before = datetime.datetime.now(datetime.timezone.utc)
    result = render("--output", "json")
    after = datetime.datetime.now(datetime.timezone.utc)
    text = rendered(tmp_path)["values.yaml"].decode()
    date = re.search(r'expiryDate: "(.*)"', text)[1]
    assert text == (
        "---\nglobal:\n# Configure the environment to expire, if not master\n"
        "  expires: true\n  # Defaults to now + 2hours\n"
        '  # Format: "YYYY-MM-DD hh:mm:ss"\n'
        f'  expiryDate: "{date}"\n')
    moment = datetime.datetime.strptime(date, "%Y-%m-%d %H:%M:%S").replace(
        tzinfo=datetime.timezone.utc)
    two_hours = datetime.timedelta(hours=2)
    second = datetime.timedelta(seconds=1)
    assert before + two_hours - second <= moment <= after + two_hours
    assert result.json["expires"] is True
    assert result.json["expiryDate"] == date


@pytest.mark.parametrize("written, args, date", [
    ('"2030-01-02 03:04:05"', [], "2030-01-02 03:04:05"),
    ("2030-01-02T03:04:05+01:00", [], "2030-01-02 02:04:05"),
    ("2030-01-02", [], "2030-01-02 00:00:00"),
    ("3d # for the demo", [], 3 * 86400),
    ('"2030-01-02 03:04:05"', ["--expires-in", "8h"], 8 * 3600),
    ("", ["--expires-in", "30m"], 1800),
])
def test_expiry_of_the_developer(umbrella, render, tmp_path, written, args,
                                 date):
    umbrella(values=f"global:\n  expires: true\n  expiryDate: {written}\n")
    stamped = render(*args, "--output", "json").json["expiryDate"]
    values = yaml.safe_load(rendered(tmp_path)["values.yaml"])
    assert values["global"] == {"expires": True, "expiryDate": stamped}
    if isinstance(date, str):
        assert stamped == date
        return
    moment = datetime.datetime.strptime(stamped, "%Y-%m-%d %H:%M:%S").replace(
        tzinfo=datetime.timezone.utc)
    now = datetime.datetime.now(datetime.timezone.utc)
    assert abs((moment - now).total_seconds() - date) < 60


@pytest.mark.parametrize("values, branch, expected", [
    # Kept as they are, byte for byte.
    ("global:\n  expires: no # ever\n", "x", "global:\n  expires: no # ever\n"),
    ("a: 1\n", "main", "a: 1\n"),
    ("global: {expires: false}\n", "x", "global: {expires: false}\n"),
    # Main never expires.
    ("global:\n  expires: true # !\n", "main",
     "global:\n  expires: false # !\n"),
])
def test_never(umbrella, render, tmp_path, values, branch, expected):
    umbrella(values=values)
    result = render("--output", "json", env={"BRANCH_NAME": branch})
    assert rendered(tmp_path)["values.yaml"].decode() == expected
    assert result.json["expires"] is False
    warned = "the main branch's environment never expires" in result.err
    assert warned == ("true" in values)


def test_values_that_say_nothing_are_stamped(umbrella, render, tmp_path):
    umbrella(values=None)
    render()
    values = yaml.safe_load(rendered(tmp_path)["values.yaml"])
    assert values["global"]["expires"] is True


@pytest.mark.parametrize("values, where, cause", [
    ("global:\n  expires: soon\n", "2:12", "must be true or false"),
    ("global:\n  expires: true\n  expiryDate: soon\n", "3:15", "is no date"),
    ("a: [1\n", "2:1", "did not find expected ',' or ']'"),
    ("- a\n", "1:1", "is no mapping"),
])
def test_bad_values(umbrella, render, tmp_path, values, where, cause):
    umbrella(values=values)
    result = render(expect=2)
    assert f"at umbrella/values.yaml:{where}\n" in result.err
    assert cause in result.err
    assert left_behind(tmp_path) == []


# --- templates


def test_data(umbrella, render, tmp_path):
    umbrella(files={
        "values-x.yaml": "a: (( .Env.GREETING )) (( .Git.Repository )) "
                         "(( .Git.Branch )) (( .Git.Commit | trunc 6 ))\n"
                         "b: (( .Environment.Namespace )) "
                         "(( .Environment.Release )) (( .Environment.Stack )) "
                         "(( .Environment.Expires ))\n",
        "quota.tpl.yaml": "(( range list 1 2 ))x(( . ))(( end ))\n",
        "templates/a.yaml": "(( untouched ))\n",
        "templates/b.tpl.yaml": "(( untouched ))\n",
        "README.md": "(( untouched ))\n",
    })
    render(env={"GREETING": "hello"})
    files = rendered(tmp_path)
    assert re.fullmatch(r"a: hello web feature/cart c0ffee\n"
                        r"b: (web-feature-cart-[0-9a-f]{16}) \1 web true\n",
                        files["values-x.yaml"].decode())
    assert files["quota.tpl.yaml"] == b"x1x2\n"
    for untouched in "templates/a.yaml", "templates/b.tpl.yaml", "README.md":
        assert files[untouched] == b"(( untouched ))\n"


def test_names_of_the_environment(umbrella, render, tmp_path):
    umbrella(files={"values-x.yaml": "(( .Environment.Namespace ))\n"})
    render("--repository-name", "a", "--branch", "b")
    assert rendered(tmp_path)["values-x.yaml"] == b"a-b\n"
    render("--namespace", "mine")
    assert rendered(tmp_path)["values-x.yaml"] == b"mine\n"


def test_branch_under_other_ci_servers(umbrella, render, tmp_path):
    umbrella()
    render(env={"BRANCH_NAME": "", "GITHUB_ACTIONS": "true",
                "GITHUB_REF_NAME": "master", "GITHUB_REF_TYPE": "branch",
                "GITHUB_REF": "refs/heads/master",
                "GITHUB_REPOSITORY": "shop/web"})
    assert b"expires: false" in rendered(tmp_path)["values.yaml"]


def test_charts_of_the_record(umbrella, render, tmp_path, repository):
    url = f"file://{repository}"
    record = published(tmp_path, {"name": "storefront", "version": "1.4.0",
                                  "repository": url})
    umbrella(chart=dependencies(
        '((- range list "women" "men" ))',
        "  - name: (( $.Chart.Name ))", "    alias: (( . ))",
        "    version: (( $.Charts.storefront.Version ))",
        "    repository: (( $.Chart.Repository ))", "((- end ))"))
    result = render("--record", record, "--output", "json",
                    "--expires-in", "1h")
    found = result.json["dependencies"]
    assert [item["alias"] for item in found] == ["women", "men"]

    whole = records.merged(record)
    assert whole["umbrella"] == {
        "name": "shop", "version": "0.1.0", "outputDir": "rendered/shop",
        "dependencies": found}
    environment = whole["environment"]
    assert environment["expires"] is True
    assert environment["expiryDate"] == result.json["expiryDate"]
    assert environment["stack"] == "web"
    assert isinstance(environment["expiresAt"], int)


def test_several_charts_are_told_by_name(umbrella, render, tmp_path):
    record = published(tmp_path, {"name": "a", "version": "1.0.0"},
                       {"name": "b", "version": "2.0.0"})
    umbrella(files={"values-x.yaml": "(( .Charts.b.Version ))\n"})
    render("--record", record)
    assert rendered(tmp_path)["values-x.yaml"] == b"2.0.0\n"
    umbrella(files={"values-x.yaml": "(( .Chart.Version ))\n"})
    result = render("--record", record, expect=2)
    assert "at umbrella/values-x.yaml:1:" in result.err


def test_which_files_are_templates(umbrella, render, tmp_path):
    umbrella(values="global: {expires: false}\n", files={
        "a.txt": "(( 1 ))", "sub/b.txt": "(( 1 ))", "sub/c.txt": "(( 1 ))",
        "values-x.yaml": "(( 1 ))", "charts/web/values.yaml": "(( 1 ))"})
    render("--template", "*.txt", "--no-template", "sub/c.*")
    files = rendered(tmp_path)
    assert files["a.txt"] == files["sub/b.txt"] == b"1"
    for kept in "sub/c.txt", "values-x.yaml", "charts/web/values.yaml":
        assert files[kept] == b"(( 1 ))"


def test_delimiters_and_missing_keys(umbrella, render, tmp_path):
    umbrella(values="global: {expires: false}\n",
             files={"values-x.yaml": "(( [[ .nope ]]"})
    render("--left-delim", "[[", "--right-delim", "]]", "--missing-key",
           "default")
    assert rendered(tmp_path)["values-x.yaml"] == b"(( <no value>"


def test_template_error_has_its_place(umbrella, render, tmp_path):
    umbrella(files={"values-x.yaml": "a: 1\nb: (( nosuch 1 ))\n"})
    result = render(expect=2)
    assert re.search(r"  at umbrella/values-x\.yaml:2:\d+\n"
                     r"  b: \(\( nosuch 1 \)\)\n +\^\n", result.err)
    assert left_behind(tmp_path) == []


def test_missing_key_is_named(umbrella, render, tmp_path):
    umbrella(files={"values-x.yaml": "a: (( .Env.NO_SUCH_NAME ))\n"})
    result = render(expect=2)
    assert "NO_SUCH_NAME" in result.err
    assert "at umbrella/values-x.yaml:1:" in result.err
    assert left_behind(tmp_path) == []


def test_secrets_are_withheld(umbrella, render, tmp_path):
    umbrella(files={"values-x.yaml": "a: (( .Env.API_TOKEN ))\n"})
    env = {"API_TOKEN": "not-so-secret"}
    result = render(expect=2, env=env)
    assert "not-so-secret" not in result.err
    assert "hint: 'API_TOKEN' looks like a secret and is withheld; if it is " \
        "none: --expose-env API_TOKEN" in result.err
    render("--expose-env", "API_TOKEN", env=env)
    assert rendered(tmp_path)["values-x.yaml"] == b"a: not-so-secret\n"


def test_a_withheld_secret_does_not_hide_another_cure(render):
    result = render("--file", "-", env={"API_TOKEN": "x"}, expect=2,
                    input='(( .Env.API_TOKEN )) (( uper "a" ))')
    assert "hint: did you mean 'upper'?" in result.err


def test_environment_is_a_map_of_strings_as_gomplates(render, tmp_path):
    text = ('[(( index .Env "NOPE" ))](( typeOf .Env ))'
            '(( index .Env "NOPE" | upper ))(( .Env.GREETING ))')
    expected = "[]map[string]stringhi"
    env = {"GREETING": "hi"}
    assert render("--file", "-", input=text, env=env).out == expected
    context = tmp_path / "context.yaml"
    context.write_text("Env: {GREETING: hi}\n")
    assert render("--file", "-", "--context", context,
                  input=text).out == expected
    assert render("--file", "-", "--missing-key", "zero",
                  input="[(( .Env.NOPE ))]").out == "[]"


# --- one file


def test_one_file(render, tmp_path):
    context = tmp_path / "context.json"
    context.write_text('{"items": [1, 2], "n": 1000000}')
    result = render("--file", "-", "--context", context,
                    input="(( range .items ))<(( . ))>(( end ))(( .n ))")
    assert (result.out, result.err) == ("<1><2>1000000", "")


def test_one_file_with_json_that_no_yaml_is(render, tmp_path):
    """JSON has characters beyond U+FFFF as two escapes, which YAML refuses."""
    context = tmp_path / "context.json"
    context.write_text(r'{"smile": "\ud83d\ude00", "n": 1000000}')
    assert render("--file", "-", "--context", context,
                  input="(( .smile ))(( .n ))").out == "\U0001f600" + "1000000"
    for broken in r'{"smile": "\ud83d\ude00",}', r'{"smile": "\ud83d"}':
        context.write_text(broken)
        assert "context.json:1:" in render("--file", "-", "--context", context,
                                           input="x", expect=2).err


def test_one_file_with_a_list_for_its_root(render, tmp_path):
    context = tmp_path / "context.yaml"
    context.write_text("- a\n- b\n")
    file = tmp_path / "x.txt"
    file.write_text("(( join \",\" . ))")
    assert render("--file", file, "--context", context).out == "a,b"


def test_one_file_needs_no_branch(render, tmp_path):
    nothing = {name: "" for name in CI}
    assert render("--file", "-", input="x", env=nothing).out == "x"
    result = render("--file", "-", input="(( .Environment.Namespace ))",
                    env=nothing, expect=2)
    assert "at -:1:" in result.err


@pytest.mark.parametrize("args, cause", [
    (["--file", "none.txt"], "none.txt"),
    (["--file", "-", "--context", "none.yaml"], "none.yaml"),
    (["--file", "-", "umbrella"], "'--file' renders one file"),
])
def test_one_file_refused(render, args, cause):
    assert cause in render(*args, input="x", expect=2).err


# --- dependencies


def test_dependencies_are_vendored(umbrella, render, tmp_path, repository):
    umbrella(chart=dependencies(
        "- name: storefront", "  alias: women", "  version: ^1.3.0",
        f"  repository: file://{repository}",
        "- name: storefront", "  alias: men", "  version: 1.3.0",
        f"  repository: file://{repository}",
        "- name: basket # newest", "  version: 2.1.0"),
        files={"charts/basket-2.0.0.tgz": "old"})
    result = render("--repo", f"file://{repository}", "--output", "json")
    files = rendered(tmp_path)
    assert sorted(name for name in files if name.startswith("charts/")) == [
        "charts/basket-2.1.0.tgz", "charts/storefront-1.3.0.tgz",
        "charts/storefront-1.4.0.tgz"]
    for name in "storefront-1.4.0.tgz", "basket-2.1.0.tgz":
        assert files[f"charts/{name}"] == (repository / name).read_bytes()
    # The repository that was left out is there, the comment still.
    assert files["Chart.yaml"].decode().endswith(
        "- name: basket # newest\n  version: 2.1.0\n"
        f"  repository: file://{repository}\n")
    lock = yaml.safe_load(files["Chart.lock"])
    assert [(item["name"], item["version"]) for item in lock["dependencies"]
            ] == [("storefront", "1.4.0"), ("storefront", "1.3.0"),
                  ("basket", "2.1.0")]
    assert [(item["name"], item["alias"], item["version"])
            for item in result.json["dependencies"]] == [
        ("storefront", "women", "1.4.0"), ("storefront", "men", "1.3.0"),
        ("basket", None, "2.1.0")]


def test_a_second_run_gives_the_same_bytes(umbrella, render, tmp_path,
                                           repository):
    umbrella(chart=dependencies("- name: basket", "  version: 2.1.0",
                                f"  repository: file://{repository}"))
    master = {"BRANCH_NAME": "master"}
    render(env=master)
    first = rendered(tmp_path)
    render(env=master)
    assert rendered(tmp_path) == first
    assert left_behind(tmp_path) == ["shop"]


def test_what_was_removed_is_gone(umbrella, render, tmp_path):
    folder = umbrella(files={"extra.txt": "x"})
    render()
    assert "extra.txt" in rendered(tmp_path)
    (folder / "extra.txt").unlink()
    render()
    assert "extra.txt" not in rendered(tmp_path)


def test_subcharts_of_the_umbrella_stay(umbrella, render, tmp_path):
    folder = umbrella(chart=dependencies("- name: local",
                                         "  version: 0.1.x"))
    charts.make_chart(folder / "charts" / "local", "local", "0.1.7")
    result = render("--output", "json")
    assert result.json["dependencies"] == [
        {"name": "local", "alias": None, "version": "0.1.7",
         "repository": None, "digest": None}]
    assert "charts/local/Chart.yaml" in rendered(tmp_path)


def test_an_archive_of_no_dependency_is_told(umbrella, render, tmp_path,
                                             repository):
    """Helm installs it; `helm dependency update` would remove it."""
    folder = umbrella(chart=dependencies(
        "- name: storefront", "  version: '*'", f"  repository: {repository.as_uri()}"))
    (folder / "charts").mkdir()
    old, other, broken = (
        folder / "charts" / f"storefront-{rest}.tgz"
        for rest in ("1.3.0", "2-1.0.0", "1.1.0"))
    old.write_bytes(charts.archive("storefront", "1.3.0"))
    other.write_bytes(charts.archive("storefront-2", "1.0.0"))
    broken.write_bytes(b"no archive")
    basket = folder / "charts" / "basket-2.1.0.tgz"
    basket.write_bytes((repository / basket.name).read_bytes())
    result = render()
    warnings = [line for line in result.err.splitlines() if "warning" in line]
    files = rendered(tmp_path)
    assert len(warnings) == 2
    for path in basket, other:
        assert any(f"'charts/{path.name}' is of no dependency" in line
                   for line in warnings)
        assert f"charts/{path.name}" in files
    for path in old, broken:
        assert f"charts/{path.name}" not in files


def test_a_folder_is_packaged(umbrella, render, tmp_path):
    umbrella(chart=dependencies("- name: web", "  version: '*'",
                                "  repository: file://../web"))
    charts.make_chart(tmp_path / "work" / "web", "web", "3.0.0")
    result = render("--output", "json")
    assert result.json["dependencies"][0]["version"] == "3.0.0"
    assert "charts/web-3.0.0.tgz" in rendered(tmp_path)


def test_http_repository(umbrella, render, tmp_path, repository, static_http):
    server = static_http(repository)
    umbrella(chart=dependencies(*(
        f"- {{name: {name}, version: '*', repository: '{server.url}'}}"
        for name in ("storefront", "basket", "search"))))
    render()
    assert server.count("/index.yaml") == 1
    assert server.count("/storefront-1.4.0.tgz") == 1
    assert len(rendered(tmp_path)) == 6


def test_a_login_in_the_address_is_not_told(umbrella, render, repository,
                                            static_http):
    """It stays in the umbrella's own files only."""
    port = static_http(repository).port
    umbrella(chart=dependencies(
        "- name: basket", "  version: '*'",
        f"  repository: http://robot:s3cr3t@localhost:{port}"))
    result = render("--output", "json", "--verbose", "--explain")
    [told] = result.json["dependencies"]
    assert told["repository"] == f"http://***@localhost:{port}"
    assert "s3cr3t" not in result.out + result.err


@pytest.mark.parametrize("lines, code, causes", [
    (["- {name: nosuch, version: 1.0.0}"], 1, ["nosuch", ":5:"]),
    (["- {name: basket, version: 9.9.9}"], 1, ["9.9.9", ":5:"]),
    (["- {name: basket, version: not a range}"], 2, ["not a range", ":5:"]),
    (["- {name: ../basket, version: 1.0.0}"], 2, [":5:"]),
    (["- {name: basket, alias: a/b, version: 1.0.0}"], 2, [":5:"]),
    (["- {name: basket, version: 2.1.0}",
      "- {name: basket, version: 2.1.0}"], 2, [":6:"]),
    (["- {name: basket, version: 2.1.0, repository: 'oci://x/Y'}"], 2,
     ["oci://x/Y"]),
    (["- {name: basket, version: 2.1.0, repository: 'ftp://x/y'}"], 2,
     ["ftp://x/y"]),
    (["- {name: basket, version: 2.1.0, repository: 'file:///nowhere'}"], 1,
     ["/nowhere"]),
])
def test_dependencies_refused(umbrella, render, tmp_path, repository, lines,
                              code, causes):
    umbrella(chart=dependencies(*lines))
    result = render("--repo", f"file://{repository}", expect=code)
    for cause in causes:
        assert cause in result.err
    assert left_behind(tmp_path) == []


def test_dependency_without_a_repository(umbrella, render):
    umbrella(chart=dependencies("- {name: basket, version: 2.1.0}"))
    result = render(expect=2)
    assert "it names no repository" in result.err
    assert "hint: give '--repo'" in result.err


def test_wrong_digest_is_refused(umbrella, render, tmp_path, repository):
    umbrella(chart=dependencies("- {name: basket, version: 2.1.0}"))
    render("--repo", f"file://{repository}")
    before = rendered(tmp_path)
    path = repository / "basket-2.1.0.tgz"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    result = render("--repo", f"file://{repository}", expect=3)
    assert "is not what its index promises" in result.err
    # The last good one stays.
    assert rendered(tmp_path) == before


def test_another_chart_under_that_name_is_refused(umbrella, render, tmp_path,
                                                  repository):
    index = repository / "index.yaml"
    index.write_text(index.read_text().replace("- basket-2.1.0.tgz",
                                               "- search-0.9.3.tgz")
                     .replace("digest:", "checksum:"))
    umbrella(chart=dependencies("- {name: basket, version: 2.1.0}"))
    result = render("--repo", f"file://{repository}", expect=3)
    assert "it holds 'search' 0.9.3" in result.err


def test_unreachable_server(umbrella, render, tmp_path):
    umbrella(chart=dependencies(
        "- {name: a, version: 1.0.0, repository: 'http://127.0.0.1:9'}"))
    result = render("--timeout", "3s", expect=75)
    assert "http://127.0.0.1:9" in result.err
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("reply, code", [
    (Reply(404, b"no"), 1),
    (Reply(403, b"no"), 1),
    (Reply(200, b"<html>login</html>"), 2),
    (Reply(200, b"a: [1"), 2),
    (Reply(200, b""), 2),
])
def test_bad_index(umbrella, render, tmp_path, reply, code):
    with ScriptedHttp() as server:
        server.always(reply)
        umbrella(chart=dependencies(
            f"- {{name: a, version: 1.0.0, repository: '{server.url}'}}"))
        result = render("--timeout", "5s", expect=code)
    assert server.url in result.err
    assert left_behind(tmp_path) == []


# --- files and folders


def test_umbrella_is_found(render, tmp_path):
    result = render(expect=2)
    assert "none in 'umbrella', 'deploy', '.'" in result.err
    (tmp_path / "work" / "deploy").mkdir()
    (tmp_path / "work" / "deploy" / "Chart.yaml").write_text(CHART)
    render()
    assert "Chart.yaml" in rendered(tmp_path)


def test_the_working_folder_as_umbrella(render, tmp_path):
    work = tmp_path / "work"
    (work / ".git").mkdir(parents=True)
    (work / ".git" / "HEAD").write_text("ref: refs/heads/x\n")
    (work / "Chart.yaml").write_text(CHART)
    for _ in range(2):
        render("--repository-name", "a", "--branch", "b", expect=None)
    (work / ".git" / "HEAD").unlink()
    (work / ".git").rmdir()
    (work / ".helmignore").write_text("secret.*\nwork/\n")
    (work / "secret.txt").write_text("x")
    for _ in range(2):
        render("--output-dir", "out/x")
    assert sorted(path.name for path in (work / "out" / "x").iterdir()
                  ) == [".helmignore", "Chart.yaml", "values.yaml"]


@pytest.mark.parametrize("output", ["umbrella", ".", "umbrella/../umbrella"])
def test_never_in_place(umbrella, render, tmp_path, output):
    folder = umbrella()
    result = render("--output-dir", output, expect=2)
    assert "it would replace the umbrella" in result.err
    assert (folder / "values.yaml").read_text() == SNIPPET


def test_only_an_earlier_rendering_is_replaced(umbrella, render, tmp_path):
    umbrella()
    work = tmp_path / "work"
    foreign, link = work / "foreign", work / "link"
    foreign.mkdir()
    link.symlink_to("foreign")
    render("--output-dir", "link")      # it is empty
    assert link.is_symlink() and (foreign / "Chart.yaml").exists()
    render("--output-dir", "link/")     # it is ours
    text = (foreign / "Chart.yaml").read_text()
    name = yaml.safe_load(text)["name"]
    for chart in (text.replace(name, "other"), "{", None):
        if chart is None:
            (foreign / "Chart.yaml").unlink()
        else:
            (foreign / "Chart.yaml").write_text(chart)
        refused = render("--output-dir", "foreign", expect=2)
        assert "neither empty nor an earlier rendering" in refused.err
    assert (foreign / "values.yaml").exists()
    (work / "file").write_text("precious")
    assert "it is no folder" in render("--output-dir", "file", expect=2).err
    assert (work / "file").read_text() == "precious"


@pytest.mark.parametrize("chart, where, cause", [
    ("name: shop\n", "", "has no 'version'"),
    ("name: shop\nversion: 1.10\n", ":2:10", "hint: put it in quotes"),
    ("name: ../x\nversion: 1.0.0\n", ":1:7", "is no name for a chart"),
    ("name: shop\nversion: latest\n", ":2:10", "latest"),
    ("a: [\n", "", "cannot use what was rendered"),
    (f"{CHART}type: odd\n", ":4:7", "type is 'odd'"),
    (CHART.replace("v2", "v3"), ":1:13", "apiVersion 'v3' is not supported"),
    (f"{CHART}maintainers: x\n", ":4:14", "maintainers"),
    (f"{CHART}kubeVersion: [a]\n", ":4:14", "kubeVersion"),
    (f"{CHART}dependencies: [{{name: web, version: 1.0.0, alias: a.b}}]\n", ":4:",
     "has the alias 'a.b'"),
])
def test_bad_chart(umbrella, render, tmp_path, chart, where, cause):
    umbrella(chart=chart)
    result = render(expect=2)
    assert f"umbrella/Chart.yaml{where}" in result.err
    assert cause in result.err
    assert left_behind(tmp_path) == []


def test_unknown_branch(umbrella, render):
    umbrella()
    result = render(env={name: "" for name in CI}, expect=2)
    assert "the repository is not known" in result.err


def test_dry_run_writes_nothing(umbrella, render, tmp_path, repository):
    umbrella(chart=dependencies("- {name: basket, version: 2.1.0}"))
    result = render("--repo", f"file://{repository}", "--dry-run",
                    "--output", "json", "--record", tmp_path / "record")
    assert result.json["dependencies"][0]["version"] == "2.1.0"
    assert left_behind(tmp_path) == []
    assert not (tmp_path / "record").exists()


def test_check_reads_but_does_not_write(umbrella, render, tmp_path,
                                        repository):
    umbrella(chart=dependencies("- {name: basket, version: 2.1.0}"))
    url = f"file://{repository}"
    assert "basket 2.1.0" in render("--repo", url, "--check").out
    (repository / "basket-2.1.0.tgz").unlink()
    result = render("--repo", url, "--check", expect=1)
    assert "basket-2.1.0.tgz" in result.err
    assert left_behind(tmp_path) == []


def test_unwritable_output(umbrella, render, tmp_path):
    umbrella()
    (tmp_path / "work" / "rendered").write_text("")
    result = render(expect=1)
    assert "cannot write 'rendered/shop'" in result.err


def test_modes(umbrella, render, tmp_path):
    umbrella()
    old = os.umask(0o022)
    try:
        render()
    finally:
        os.umask(old)
    root = tmp_path / "work" / "rendered" / "shop"
    assert root.stat().st_mode & 0o777 == 0o755
    assert (root / "Chart.yaml").stat().st_mode & 0o777 == 0o644


def test_what_killed_runs_left_is_removed(umbrella, render, tmp_path):
    umbrella()
    parent = tmp_path / "work" / "rendered"
    (parent / ".rendering-dead01" / "chart").mkdir(parents=True)
    (parent / ".rendering-dead01" / "chart" / "values.yaml").write_text("a")
    alive = parent / ".rendering-alive1"
    alive.mkdir()
    lock = os.open(alive, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        render()
    finally:
        os.close(lock)
    assert left_behind(tmp_path) == [".rendering-alive1", "shop"]
    render()
    assert left_behind(tmp_path) == ["shop"]


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("args", [[], ["--file", "umbrella/values-x.yaml"]])
def test_a_signal_ends_a_long_render(umbrella, start_step, tmp_path, number,
                                     args):
    umbrella(files={"values-x.yaml": "((range 1000000000))((end))"})
    running = start_step("umbrella-render", *args, env=CI,
                         cwd=tmp_path / "work")
    wait.until(lambda: cpu_seconds(running.pid) > 0.1, "busy rendering")
    running.process.send_signal(number)
    result = running.wait(expect=128 + number)
    assert f"interrupted by {number.name}" in result.err
    assert result.out == "" and left_behind(tmp_path) == []

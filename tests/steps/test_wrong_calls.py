"""What a wrong call is told: the thing, the cause, the place, the cure.

Nothing is asked of any server: what this machine can tell is told first, by
exit code 2, and nothing is written.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

JIRA = ["--url", "http://127.0.0.1:1", "--app", "web", "--environment", "shop",
        "--semver", "1.4.0", "--ticket", "SHOP-1"]
JIRA_ENV = {"JIRA_TOKEN": "hush"}
BRANCH = {"BRANCH_NAME": "fix", "GIT_URL": "https://git.example.com/shop/web.git"}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    folder = tmp_path / "chart"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(
        "apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (folder / "values.yaml").write_text("image:\n  tag: a\n")
    return folder


@pytest.mark.parametrize("step, args, env, told", [
    ("publish-chart", ["--sign-key", "ann"], {}, "'--sign-key' needs '--sign'"),
    ("publish-chart", ["--keyring", "keys"], {}, "'--keyring' needs '--sign'"),
    ("umbrella-render", ["--file", "a", "--output-dir", "b"], {},
     "'--output-dir' and '--file' exclude each other"),
    ("umbrella-render", ["--file", "a", "--locked"], {},
     "'--locked' and '--file' exclude each other"),
    ("deploy-preview", ["--evict-oldest"], {},
     "'--evict-oldest' needs '--max-environments'"),
    ("deploy-preview", ["--renew", "1h", "--expires-in", "3h"], {},
     "'--renew' and '--expires-in' exclude each other"),
    ("expire-sweep", ["--environment", "a", "--namespace", "b*"], {},
     "'--environment' and '--namespace' exclude each other"),
    ("expire-sweep", ["--environment", "a", "--now", "--grace", "1h"], {},
     "'--now' and '--grace' exclude each other"),
    ("jira-fixversion", [*JIRA, "--transition", "Ship"], JIRA_ENV,
     "'--transition' needs '--done'"),
    ("jira-fixversion", [*JIRA, "--archive-older-than", "90d"], JIRA_ENV,
     "'--archive-older-than' needs '--done'"),
])
def test_options_that_do_not_go_together(run_step, step, args, env, told):
    result = run_step(step, *args, expect=2, env=env)
    assert result.err == f"{step}: error: {told}\n"


def test_variables_of_all_stages_disturb_no_step(run_step, chart):
    """A pipeline sets them once; '--destination' packages all the same."""
    run_step("publish-chart", chart, "--destination", "out",
             env={"SLIPWAY_SIGN_KEY": "ann", "SLIPWAY_KEYRING": "keys"})


@pytest.mark.parametrize("option, use", [
    ("--cacert", "the certificates to trust"),
    ("--cert", "the client certificate"),
    ("--key", "the client certificate's key"),
])
def test_a_certificate_that_is_not_there(run_step, chart, option, use):
    """Told at once: libcurl would look when it is connected, and try again."""
    result = run_step("publish-chart", chart, "--repo", "https://127.0.0.1:1/",
                      option, "nope.pem", expect=2)
    assert result.err == (f"publish-chart: error: cannot use {use}: cannot open "
                          "'nope.pem': No such file or directory\n")


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    """Of a cluster that nobody can reach."""
    file = tmp_path / "kubeconfig"
    file.write_text("""\
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: hush}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
""")
    return file


@pytest.mark.parametrize("args, told", [
    (["--values", "nope.yaml"],
     "cannot open 'nope.yaml': No such file or directory\n"),
    (["--values", "list.yaml"],
     "values are a mapping\n  at list.yaml:1:1\n  - a\n  ^\n"),
    (["--helm", "/no/helm"], "there is no program '/no/helm'\n"
     "hint: install Helm 4 (or 3), or give '--helm PATH'\n"),
    (["--url-template", "https://{nope}"],
     "cannot use '--url-template https://{nope}': "
     "nothing is called '{nope}' here\n"),
])
def test_deploying_asks_no_cluster_for_what_is_wrong_here(
        run_step, chart, kubeconfig, args, told):
    (chart.parent / "list.yaml").write_text("- a\n")
    result = run_step("deploy-preview", chart, "--kubeconfig", kubeconfig,
                      "--kube-context", "x", *args, env=BRANCH, cwd=chart.parent,
                      expect=1 if "--helm" in args else 2)
    assert result.err == f"deploy-preview: error: {told}"


def test_renewing_for_no_duration(run_step, chart):
    result = run_step("deploy-preview", "--renew", "soon", env=BRANCH, expect=2)
    assert result.err == (
        "deploy-preview: error: '--renew' deploys nothing, so it takes no "
        "chart 'soon'\nhint: a duration is such as 30m, 8h or 3d\n")
    result = run_step("deploy-preview", "--renew", "3d", chart, env=BRANCH,
                      expect=2)
    assert "hint" not in result.err


@pytest.mark.parametrize("edit, told", [
    (("cluster: c,", "cluster: d,"), "the kubeconfig has no cluster 'd'"),
    (("server:", "srv:"), "cluster 'c' of the kubeconfig has no 'server'"),
])
def test_which_kubeconfig_is_wrong(run_step, kubeconfig, edit, told):
    kubeconfig.write_text(kubeconfig.read_text().replace(*edit))
    result = run_step("expire-sweep", "--kube-context", "x", expect=2,
                      env={"KUBECONFIG": str(kubeconfig)})
    assert result.err.startswith(
        f"expire-sweep: error: {told}\n  at {kubeconfig}\n")


def test_a_kubeconfig_without_a_current_context(run_step, kubeconfig):
    result = run_step("expire-sweep", "--kubeconfig", kubeconfig, expect=2)
    assert result.err == (
        "expire-sweep: error: the kubeconfig has no current context\n"
        f"  at {kubeconfig}\nhint: give '--kube-context'\n")


@pytest.mark.parametrize("step, args, env", [
    ("jira-fixversion", JIRA, JIRA_ENV),
    ("grafana-annotate", ["--text", "x"], {"GRAFANA_TOKEN": "hush"}),
    ("changelog", ["--range", "main..HEAD"], {"JIRA_TOKEN": "hush"}),
])
def test_a_password_in_an_address_is_never_said(run_step, step, args, env,
                                                chart):
    option = "--jira-url" if step == "changelog" else "--url"
    result = run_step(step, *args, option, "http://ann:geheim@127.0.0.1:1",
                      env=env, cwd=chart, expect=2)
    assert result.err == (
        f"{step}: error: cannot use 'http://127.0.0.1:1': there is a user in "
        "the address\n"
        "hint: leave it out: who we are is told by the token\n")


@pytest.fixture
def gpg_home(tmp_path):
    """An empty one; what gpg has started for it ends with the test."""
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    yield home
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=True)


def test_signing_without_a_key(run_step, chart, gpg_home):
    """gpg's words alone would send one to look for a passphrase."""
    env = {"GNUPGHOME": str(gpg_home)}
    package = ["publish-chart", chart, "--destination", "out", "--sign"]
    result = run_step(*package, expect=1, env=env)
    assert "No secret key\nhint: 'gpg --list-secret-keys' shows" in result.err
    result = run_step(*package, "--keyring", "nope", expect=2, env=env)
    assert result.err == ("publish-chart: error: cannot import keyring 'nope': "
                          "cannot open 'nope': No such file or directory\n")


# --- files that are not what they should be ---------------------------------

def test_a_schema_that_is_no_json(run_step, chart):
    (chart / "values.schema.json").write_text('{\n  "type": object\n}\n')
    result = run_step("publish-chart", chart, "--destination", "out", expect=2)
    assert result.err.endswith(
        "invalid character 'o' looking for beginning of value\n"
        f"  at {chart}/values.schema.json:2:11\n"
        '    "type": object\n            ^\n')


def test_a_value_that_cannot_be_set_is_named_once(run_step, chart):
    result = run_step("publish-chart", chart, "--destination", "out", "--set",
                      "image=x", expect=2)
    assert result.err.count("cannot set 'image'") == 1
    assert f"  at {chart}/values.yaml:2:3\n" in result.err


def test_what_is_not_closed_is_said_to_end(run_step, chart):
    """The place of the fault is behind the last line, where nothing is."""
    (chart / "values.yaml").write_text("a: [1,\n\n")
    result = run_step("publish-chart", chart, "--destination", "out", expect=2)
    assert ("did not find expected node content (while parsing a flow node) "
            "where the text ends\n") in result.err


def test_a_folder_of_other_things_is_no_repository(run_step, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "notes.txt").write_text("x\n")
    result = run_step("repo-audit", "--repo", f"file://{tmp_path}/home",
                      expect=1)
    assert "it has neither an index nor archives" in result.err


@pytest.fixture
def render(run_step, chart):
    def render(*args, source="", **options):
        (chart / "values.yaml").write_text(source)
        return run_step("umbrella-render", chart, *args, env=BRANCH, **options)
    return render


def test_a_glob_that_is_for_nothing(render):
    result = render("--template", "vals.yaml", "--template", "Chart.yaml")
    assert ("warning: no file of the umbrella matches '--template vals.yaml'\n"
            in result.err)
    assert "--template Chart.yaml" not in result.err


@pytest.mark.parametrize("name, told", [
    ("none", "it is not there"), ("file", "it is no folder"), ("empty", "it has no Chart.yaml")])
def test_what_is_no_umbrella(run_step, tmp_path, name, told):
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    result = run_step("umbrella-render", name, cwd=tmp_path, expect=2)
    assert result.err == f"umbrella-render: error: '{name}' is no umbrella: {told}\n"


def test_lines_of_what_was_rendered_are_said_to_be(render, chart):
    """They are not those that an editor shows."""
    broken = "((- if true ))\n\na: {b\n((- end ))\n"
    result = render(source=broken, expect=2)
    assert f"  at {chart}/values.yaml (rendered):" in result.err
    result = render(source="a: {b\n", expect=2)
    assert f"  at {chart}/values.yaml:" in result.err


def test_a_repository_that_was_filled_in(render, chart):
    with (chart / "Chart.yaml").open("a") as file:
        file.write("dependencies:\n- name: a\n  version: 1.0.0\n")
    result = render("--repo", "file:///nowhere", expect=1)
    assert result.err.endswith(
        "it has no index.yaml\n"
        f"  at {chart}/Chart.yaml (rendered):7:15\n"
        "    repository: file:///nowhere\n                ^\n")


def test_a_registry_that_is_away(render, chart):
    with (chart / "Chart.yaml").open("a") as file:
        file.write("dependencies:\n- name: a\n  version: 1.0.0\n")
    result = render("--repo", "oci://127.0.0.1:1/x", "--timeout", "1s",
                    expect=75)
    assert "error: cannot download the charts: GET http://127.0.0.1:1/v2/x/a/" \
        in result.err


def test_deploying_what_was_not_rendered(run_step, chart, kubeconfig):
    (chart / "values.yaml").write_text("((- if true ))\na: 1\n((- end ))\n")
    result = run_step("deploy-preview", chart, "--kubeconfig", kubeconfig,
                      "--kube-context", "x", env=BRANCH, expect=2)
    assert result.err.startswith("deploy-preview: error: cannot read ")
    assert f"  at {chart}/values.yaml:" in result.err
    assert result.err.endswith("hint: an umbrella has to be rendered before, "
                               "by 'umbrella-render'\n")


def test_a_template_of_names_that_cannot_be(run_step):
    result = run_step("jira-fixversion", *JIRA, "--version-name", "{nope}",
                      env=JIRA_ENV, expect=2)
    assert "{nope}" in result.err and "127.0.0.1" not in result.err


def test_a_role_that_is_no_arn(run_step):
    result = run_step("eks-token", "--cluster", "a", "--role-arn", "deployer",
                      env={"AWS_ACCESS_KEY_ID": "a",
                           "AWS_SECRET_ACCESS_KEY": "b"}, expect=2)
    assert result.err == (
        "eks-token: error: cannot make a token for EKS cluster 'a': cannot "
        "assume role 'deployer': that is no ARN\nhint: the ARN of a role looks "
        "like arn:aws:iam::111122223333:role/NAME\n")


def test_nothing_to_tell_is_said(run_step, chart):
    result = run_step("changelog", "--old", chart, "--new", chart)
    assert result.err == "changelog: info: no application has changed\n"
    result = run_step("grafana-annotate", "--url", "http://127.0.0.1:1",
                      "--text", "x", "--per-application",
                      env={"GRAFANA_TOKEN": "hush"})
    assert result.err == ("grafana-annotate: info: no application has changed: "
                          "there is nothing to mark\n")

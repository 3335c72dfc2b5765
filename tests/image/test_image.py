"""The image: whoever runs it, and however, each step works in it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from image import TOP, Image, as_root

STEPS = sorted(path.stem for path in (TOP / "steps").glob("*.c"))
NOBODY = 54321          # a uid that no file in the image names
TOOLS = ("as", "cc", "gcc", "git", "go", "ld", "make",
         "pkg-config", "python3", "strip")

# With an empty cache the first of these makes a base from packages.
pytestmark = pytest.mark.timeout(400)


def config(image: Image) -> dict:
    return image.inspect()["OCIv1"]["config"]


def test_names_no_entry_point_and_no_root(image: Image):
    found = config(image)
    assert found["User"] == "65532:65532"
    assert "Entrypoint" not in found
    assert found["Cmd"] == ["sh"]


def test_says_what_it_is(image: Image):
    labels = config(image)["Labels"]
    assert labels["org.opencontainers.image.title"] == "Slipway"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert labels["org.opencontainers.image.version"]


def test_is_small(image: Image):
    said = subprocess.run(as_root("du", "-sm", image.root), check=True,
                          capture_output=True, text=True).stdout
    size = int(said.split()[0])
    print(f"image: {size} MiB")
    assert size < 200


def test_is_built_once_from_the_same_content(image: Image):
    again = subprocess.run(
        as_root(TOP / "container" / "build", *image.arguments),
        check=True, capture_output=True, text=True).stdout
    assert again.splitlines()[-1] == \
        "image: 'slipway-test' is there and has not changed"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("uid", [65532, NOBODY, 0])
def test_runs_each_step(image: Image, step: str, uid: int):
    version = image.run([step, "--version"], uid=uid)
    assert version.out.startswith(f"{step} ") and not version.err
    usage = image.run([step, "--help"], uid=uid)
    assert "--dry-run" in usage.out and not usage.err


def test_runs_helm_4(image: Image):
    assert image.run(["helm", "version", "--short"], uid=NOBODY).out \
        .startswith("v4.")


def test_finds_every_library_that_steps_link(image: Image):
    for step in STEPS:
        assert "not found" not in \
            image.run(["ldd", f"/usr/local/bin/{step}"]).out


def test_keeps_a_jenkins_agent_alive_with_cat(image: Image):
    """Jenkins starts `cat` without input and runs its steps beside it."""
    process = image.start(["cat"], uid=NOBODY)
    assert process.stdin and process.stdout
    process.stdin.write("still here\n")
    process.stdin.flush()
    assert process.stdout.readline() == "still here\n"
    assert process.poll() is None
    process.stdin.close()
    assert process.wait(30) == 0


def test_has_a_shell(image: Image):
    result = image.run(["sh", "-xe", "-c", "id -u; echo ${HOME-unset}"],
                       uid=NOBODY)
    assert result.out == f"{NOBODY}\nunset\n"


def test_root_is_read_only_in_these_tests(image: Image):
    result = image.run(["touch", "/usr/x"], uid=0, expect=1)
    assert "Read-only file system" in result.err


@pytest.mark.parametrize("tool", TOOLS)
def test_holds_no_build_tools(image: Image, tool: str):
    image.run(["sh", "-c", f"! command -v {tool}"])


def test_holds_nothing_that_runs_as_its_owner_beside_the_base(image: Image):
    found = image.run(["find", "/usr/local", "-perm", "/6000"], uid=0)
    assert found.out == ""


def test_runs_under_buildah_as_the_image_says(image: Image):
    """The engine's own way: its user, its working directory, its PATH."""
    out = image.buildah("run", "--isolation", "chroot", image.container, "--",
                        "sh", "-c", "id -u; pwd; publish-chart --version")
    assert out.splitlines()[:2] == ["65532", "/work"]
    assert out.splitlines()[2].startswith("publish-chart ")


def test_publishes_a_chart_for_anybody(image: Image, tmp_path: Path):
    """No HOME, no TMPDIR, nothing to write to but the workspace."""
    work = tmp_path / "work"
    work.mkdir()
    work.chmod(0o777)
    chart = TOP / "pipeline-examples" / "basket" / "chart"
    result = image.run(
        ["publish-chart", "/chart", "--repo", f"file://{work}/charts",
         "--output", "json"],
        uid=NOBODY, cwd=work, mounts=[work, f"{chart}=/chart"],
        env={"SOURCE_DATE_EPOCH": "1763640000"})
    assert '"basket"' in result.out
    assert (work / "charts" / "index.yaml").exists()
    assert list((work / "charts").glob("basket-*.tgz"))

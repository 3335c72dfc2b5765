"""publish-chart: symbolic links in the folder of a chart."""

from __future__ import annotations

import tarfile

import charts


def test_links_out_of_a_chart_are_told(run_step, tmp_path):
    """They are followed, as Helm does: so what is packaged may be anybody's."""
    chart = charts.make_chart(tmp_path / "web", "web", "1.0.0")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "pw.txt").write_text("secret")
    (chart / "pw.txt").symlink_to("../outside/pw.txt")
    (chart / "files").symlink_to(outside)
    (chart / "inside.yaml").symlink_to("values.yaml")
    packaged = run_step("publish-chart", chart, "--destination", tmp_path / "out")
    warnings = [line for line in packaged.err.splitlines() if "warning" in line]
    assert warnings == [
        f"publish-chart: warning: '{chart}/{name}' -> '{target}' leads out of the chart, and "
        "what is there is packaged"
        for name, target in (("files", outside), ("pw.txt", outside / "pw.txt"))]
    with tarfile.open(tmp_path / "out" / "web-1.0.0.tgz") as archive:
        assert archive.extractfile("web/pw.txt").read() == b"secret"
        assert archive.extractfile("web/files/pw.txt").read() == b"secret"

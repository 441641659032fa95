"""auricle report"""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Command

from auricle.verbs.evaluate import RunWriter, Scored, Story

STORY = Story("fake", "fake", None, "cpu", "", "talks", "f00d", "none", "1", total=1)


@pytest.fixture
def run(here: Path) -> Path:
    writer = RunWriter(here / "run", STORY)
    writer.add([Scored("one", "a b", "a c", duration=1.0)])
    return writer.finish({}).path


def test_the_page_lies_in_the_run(auricle: Command, run: Path) -> None:
    result = auricle("report", run)
    assert (result.code, result.out) == (0, "")
    assert result.err == f"wrote {run / 'report.html'}\n"
    assert "50.0 %" in (run / "report.html").read_text("utf-8")


def test_the_page_lies_where_it_is_wanted(auricle: Command, run: Path, here: Path) -> None:
    assert auricle("report", run, "--output", here / "page.html", "--quiet").err == ""
    assert (here / "page.html").is_file()
    assert not (run / "report.html").exists()


def test_bad_input(auricle: Command, run: Path, here: Path) -> None:
    assert auricle("report", here).complaint.startswith(f"there is no run in {here}")
    assert auricle("report", run, "--clips", -1).complaint == "spectrograms and clips must be 0 or more."
    assert auricle("report").code == 2
    (run / "report.json").write_text("{", "utf-8")
    result = auricle("report", run)
    assert result.code == 1
    assert "cannot be read" in result.complaint

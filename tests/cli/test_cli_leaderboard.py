"""``auricle leaderboard`` from real runs."""

from __future__ import annotations

from pathlib import Path

from command_line import FAKE, Command

from corpora import counted

FAST = (*FAKE, "--normalizer", "multilingual")


def test_a_leaderboard_of_two_runs(auricle: Command, here: Path) -> None:
    counted(here / "talks", 6)
    counted(here / "calls", 5)
    for data in ("talks", "calls"):
        assert auricle("evaluate", *FAST, "--dataset", data).code == 0
    found = auricle("leaderboard", "runs")
    assert (found.code, found.err) == (0, "")
    lines = found.out.splitlines()
    assert lines[0].split()[:3] == ["#", "model", "mean"]
    assert lines[1].split()[:4] == ["1", "fake", "0.00", "%"]
    page = auricle("leaderboard", "runs", "--format", "html", "--output", "board.html")
    assert (page.code, page.out, page.err) == (0, "", "wrote board.html\n")
    assert (here / "board.html").read_text().startswith("<!doctype html>")


def test_what_cannot_be_ranked_is_one_line(auricle: Command, here: Path) -> None:
    counted(here / "talks", 6)
    auricle("evaluate", *FAST, "--dataset", "talks", "--run", "runs/a")
    auricle("evaluate", *FAST, "--dataset", "talks", "--run", "runs/b", "--batch-size", 2)
    found = auricle("leaderboard", "runs")
    assert (found.code, found.out) == (1, "")
    assert "were timed by different protocols: batch_size=8 and 2" in found.complaint.replace(
        "--batch-size", "batch_size"
    )
    assert auricle("leaderboard", "runs", "--no-speed").code == 0
    found = auricle("leaderboard", "nowhere")
    assert (found.code, "there is no run in nowhere" in found.complaint) == (1, True)
    assert auricle("leaderboard").code == 2

"""What ``auricle finetune`` says, and that a run without a terminal does not keep silent."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Command

from auricle.cli.finetune import TrainingScreen
from auricle.verbs.finetune.watching import Step


def step(number: int) -> Step:
    return Step(number, 740, number / 148, 1.25, 9e-5, 3.5, 3725.0)


def test_without_a_terminal_each_stage_and_each_minute_has_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 50.0, 61.0, 119.0, 121.5, 130.0, 161.0, 191.0])
    monkeypatch.setattr("auricle.cli.finetune.monotonic", lambda: next(clock))
    screen = TrainingScreen(quiet=False)
    screen.stage("the base writes the texts of the replay")
    for done in (300, 400, 700, 791):
        screen.part(done, 791)
    for number in (1, 2, 3):
        screen.step(step(number))
    screen.stop()
    assert capsys.readouterr().err.splitlines() == [
        "the base writes the texts of the replay …",
        "the base writes the texts of the replay: 400 of 791",
        "the base writes the texts of the replay: 791 of 791",
        "training: 1 of 740 · loss 1.250 · rate 9.0e-05 · 3.5 samples/s · 1:02:05 left",
        "training: 3 of 740 · loss 1.250 · rate 9.0e-05 · 3.5 samples/s · 1:02:05 left",
    ]


def test_a_bar_is_of_one_thing(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[str, float | None, float]] = []
    screen = TrainingScreen(quiet=False)
    monkeypatch.setattr(screen._bar, "start", lambda *given: begun.append(given))
    screen.stage("the base writes the texts of the replay")
    for done in (8, 16):
        screen.part(done, 791)
    for number in (7, 8):
        screen.step(step(number))
    screen.stop()
    assert begun == [("the base writes the texts of the replay", 791, 0), ("training", 740, 7)]


def test_quiet_leaves_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    screen = TrainingScreen(quiet=True)
    screen.stage("hearing the base")
    screen.step(step(1))
    screen.warning("no clip is left")
    screen.stop()
    assert capsys.readouterr().err == "warning: no clip is left\n"


def test_a_wrong_recipe_is_one_line(auricle: Command, here: Path) -> None:
    found = auricle("finetune", "nowhere.yaml")
    assert (found.code, found.out) == (1, "") and "nowhere.yaml" in found.complaint
    (here / "mine.yaml").write_text("output: x\ndata: {train: d}\ntraning: {}\n")
    assert "training" in auricle("finetune", "mine.yaml").complaint

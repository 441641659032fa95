"""auricle stress"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import FAKE, Command, record

ARGUMENTS = (
    *FAKE,
    "--normalizer",
    "none",
    "--conditions",
    "noise:10,silence:2,no-speech",
    "--no-speech-minutes",
    0.5,
)


@pytest.fixture
def data(here: Path) -> Path:
    for name, seconds in (("a", 1.0), ("b", 2.0), ("c", 3.0)):
        record(here / "talks" / f"{name}.wav", seconds)
        (here / "talks" / f"{name}.txt").write_text("one two seconds\n", "utf-8")
    return here / "talks"


def test_one_table(auricle: Command, data: Path, here: Path) -> None:
    result = auricle("stress", "--dataset", data, *ARGUMENTS, "--quiet")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == f"fake on {data}, normalised (none 1)"
    assert [line.split()[0] for line in lines[1:5]] == ["condition", "clean", "noise:10", "silence:2"]
    assert "text where nothing is said: 3 of 3 clips" in result.out
    folder = here / "runs" / "fake-talks-stress"
    assert lines[-1].strip() == "page runs/fake-talks-stress/stress.html"
    assert {path.name for path in folder.iterdir()} == {
        "clean", "noise_10", "silence_2", "no-speech", "stress.json", "stress.html",
    }  # fmt: skip
    again = auricle("stress", "--dataset", data, *ARGUMENTS)
    assert again.out == result.out
    assert "utterances heard before" in again.err


def test_a_part_is_marked(auricle: Command, data: Path) -> None:
    result = auricle("stress", "--dataset", data, *ARGUMENTS, "--max-utterances", 2, "--quiet")
    assert "  PARTIAL: 2 of 3 utterances\n" in result.out


def test_bad_input(auricle: Command, data: Path) -> None:
    assert auricle("stress").code == 2
    missing = auricle("stress", "--dataset", "nowhere", "--conditions", "noise:10", *FAKE)
    assert (missing.code, missing.out) == (1, "")
    assert "there is no dataset nowhere" in missing.complaint
    wrong = auricle("stress", "--dataset", data, "--conditions", "telefone", *FAKE)
    assert (wrong.code, wrong.complaint) == (1, "there is no condition 'telefone'. Did you mean telephone?")
    sounds = auricle("stress", "--dataset", data, "--noises", "nowhere", *FAKE)
    assert sounds.complaint == "there is no nowhere. Name a sound file or a folder of them."


def test_a_run_made_otherwise_is_not_gone_on_with(auricle: Command, data: Path) -> None:
    assert auricle("stress", "--dataset", data, *ARGUMENTS, "--run", "here").code == 0
    result = auricle("stress", "--dataset", data, *ARGUMENTS, "--run", "here", "--augment-seed", 1, "--quiet")
    assert result.code == 1
    assert "here/noise_10 holds a run with --augment-seed=0, not 1" in result.complaint
    assert auricle("stress", "--dataset", data, *ARGUMENTS, "--run", "here", "--overwrite").code == 0
    assert json.loads(Path("here/stress.json").read_text("utf-8"))["mark"] == ""

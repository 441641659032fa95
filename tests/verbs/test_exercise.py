"""The hands-on exercise: passed, or not and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auricle.errors import MissingFileError, ModelError
from auricle.verbs.exercise import check_exercise
from auricle.verbs.finetune.card import write_card

pytest.importorskip("yaml")


def made(folder: Path, wer: float = 0.35, train: str = "PolyAI/minds14:en-US@train[:450]") -> Path:
    after = {"wer": wer, "wer_ortho": 0.5, "invented": None, "speed": 1.0}
    target = {"role": "target", "name": "minds14", "utterances": 113, "before": after, "after": after}
    story: dict[str, Any] = {
        "base": {"name": "tiny", "hub": "openai/whisper-tiny", "revision": None, "license": "apache-2.0"},
        "recipe": {
            "data": {"train": [train]},
            "base": {"language": "en"},
            "verdict": {"target": "PolyAI/minds14:en-US@train[450:]"},
        },
        "data": {"train": 450, "seconds": 100.0},
        "steps": 10,
        "blend": {"share": 1.0},
        "verdict": {"sentence": "helped", "sets": [target]},
    }
    folder.mkdir(parents=True)
    (folder / "auricle.json").write_text(json.dumps(story))
    write_card(folder, story)
    return folder


def test_a_checkpoint_that_passes(tmp_path: Path) -> None:
    found = check_exercise(made(tmp_path / "good"))
    assert found.passed, [one for one in found.requirements if not one.met]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"wer": 0.37}, "wer below 0.37"),
        ({"wer": 35.0}, "rates, not percentages"),
        ({"train": "PolyAI/minds14:en-US@train"}, "trained on the first 450 rows"),
        ({"train": "other/set@train[:450]"}, "the card names the dataset"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, changes: dict[str, Any], name: str) -> None:
    found = check_exercise(made(tmp_path / "bad", **changes))
    assert not found.passed and name in {one.name for one in found.requirements if not one.met}


def test_what_is_no_checkpoint_of_ours(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="recipes/hands-on"):
        check_exercise(tmp_path / "none")
    with pytest.raises(ModelError, match=r"no auricle\.json"):
        check_exercise(tmp_path)

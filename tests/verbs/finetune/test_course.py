"""A training goes on from what is of the same recipe, and from nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auricle.errors import OptionError
from auricle.verbs.finetune import recipe_of
from auricle.verbs.finetune.course import keep_to
from auricle.verbs.finetune.recipe import Recipe

PRINTS = {"talks": "a1"}


def recipe(**training: Any) -> Recipe:
    return recipe_of({"output": "x", "data": {"train": "talks"}, "training": training})


def checkpoint(folder: Path) -> None:
    (folder / "checkpoint-20").mkdir()
    (folder / "checkpoint-20" / "whole").touch()


def test_another_recipe_does_not_go_on_from_a_checkpoint(tmp_path: Path) -> None:
    assert keep_to(recipe(epochs=6), PRINTS, tmp_path)
    checkpoint(tmp_path)
    assert keep_to(recipe(epochs=6), PRINTS, tmp_path)
    with pytest.raises(OptionError, match=r"another recipe: training\.epochs was 6 and is 3\. Name another"):
        keep_to(recipe(epochs=3), PRINTS, tmp_path)
    with pytest.raises(OptionError, match="the data of talks was a1 and is b2"):
        keep_to(recipe(epochs=6), {"talks": "b2"}, tmp_path)
    other = recipe_of({"output": "x", "data": {"train": ["talks", "calls"]}, "training": {"epochs": 6}})
    with pytest.raises(OptionError, match=r"data\.train was \[\"talks\"\]"):
        keep_to(other, PRINTS, tmp_path)
    assert keep_to(recipe(epochs=6), PRINTS, tmp_path), "a refusal changes nothing"


@pytest.mark.parametrize(
    "free",
    [
        {"batch_size": 4, "accumulate": 4},
        {"checkpointing": True},
        {"precision": "float32"},
        {"evaluate_every": 10, "save_every": 5, "patience": 9},
    ],
)
def test_what_leaves_the_course_may_change(tmp_path: Path, free: dict[str, Any]) -> None:
    keep_to(recipe(), PRINTS, tmp_path)
    checkpoint(tmp_path)
    assert keep_to(recipe(**free), PRINTS, tmp_path)


def test_the_verdict_and_where_it_is_pushed_are_no_part_of_it(tmp_path: Path) -> None:
    keep_to(recipe(), PRINTS, tmp_path)
    checkpoint(tmp_path)
    made = {"output": "x", "push_to_hub": "me/it", "data": {"train": "talks"}, "verdict": {"target": "calls"}}
    assert keep_to(recipe_of(made), PRINTS, tmp_path)


def test_before_there_is_a_checkpoint_a_recipe_may_be_mended(tmp_path: Path) -> None:
    keep_to(recipe(epochs=6), PRINTS, tmp_path)
    assert not keep_to(recipe(epochs=3), PRINTS, tmp_path), "what is kept is of the other"
    assert keep_to(recipe(epochs=3), PRINTS, tmp_path)


def test_a_key_that_is_new_is_no_other_recipe(tmp_path: Path) -> None:
    keep_to(recipe(), PRINTS, tmp_path)
    checkpoint(tmp_path)
    path = tmp_path / "course.json"
    path.write_text(path.read_text("utf-8").replace('"training.tail": 0.5,', ""))
    assert "tail" not in path.read_text("utf-8") and keep_to(recipe(), PRINTS, tmp_path)


@pytest.mark.parametrize("damaged", [b"", b"[1]", b'{"training.epochs": ', bytes(range(128, 256))])
def test_a_damaged_note_is_none(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "course.json").write_bytes(damaged)
    checkpoint(tmp_path)
    assert keep_to(recipe(), PRINTS, tmp_path)

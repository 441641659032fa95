"""Recipes: typed, whole, and refused with the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from auricle.errors import MissingFileError, OptionError
from auricle.verbs.finetune.recipe import as_values, load_recipe, recipe_of

LEAST = {"output": "out", "data": {"train": ["talks"]}}


def recipe(**changes):
    return recipe_of({**LEAST, **changes})


def test_a_recipe_and_its_values_are_the_same() -> None:
    made = recipe(training={"epochs": 2, "learning_rate": "1e-5"}, trainer={"weight_decay": 0.1})
    assert made.training.learning_rate == 1e-5 and made.training.epochs == 2
    assert recipe_of(as_values(made)) == made


def test_a_key_without_a_value_is_not_there() -> None:
    assert recipe(verdict={"target": None}).verdict.target == ""


def test_a_list_may_be_one() -> None:
    assert recipe(data={"train": "talks"}).data.train == ("talks",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"trainin": {}}, "Did you mean training"),
        (
            {"training": {"learning_rat": 1}},
            "training.learning_rat: there is no such key. Did you mean learning_rate",
        ),
        ({"training": {"text": "lower"}}, "It belongs under data"),
        ({"epochs": 3}, "epochs belongs under training"),
        ({"training": {"epochs": "many"}}, "epochs takes a number"),
        ({"training": {"batch_size": 0}}, "batch_size must be at least 1"),
        ({"training": {"stride": 0}}, "stride must be at least 1"),
        ({"training": {"stride": 24, "window": "full"}}, "training.stride is for training.window: batch"),
        ({"training": {"batch_size": 2.5}}, "batch_size takes int"),
        ({"training": {"warmup": 1.5}}, "warmup is a share"),
        ({"training": {"learning_rate": 0}}, "learning_rate must be above 0"),
        ({"training": 3}, "training is a section"),
        ({"base": {"method": "lorra"}}, "Did you mean lora"),
        ({"averaging": {"blend": "half"}}, "blend is a share above 0"),
        ({"averaging": {"blend": "auto"}}, "blend: auto needs data.guard"),
        ({"trainer": [1]}, "trainer holds arguments of Trainer"),
        ({"base": {"lora_rank": 4}}, "base.lora_rank is for base.method: lora"),
        ({"base": {"width": 64}}, "base.width is for base.scratch"),
        ({"base": {"units": "words"}}, "base.units is for base.scratch"),
        ({"base": {"scratch": "conformer", "model": "tiny"}}, "has no base"),
        ({"training": {"evaluate_every": 50, "save_every": 20}}, "multiple of save_every"),
        ({"output": ""}, "needs an output"),
        ({"data": {"train": []}}, "needs data.train"),
    ],
)
def test_what_cannot_be_is_refused(changes, said) -> None:
    with pytest.raises(OptionError, match=said):
        recipe(**changes)


def test_a_file_with_settings_over_it(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text("output: out\ndata:\n  train: talks\ntraining:\n  epochs: 2\n", "utf-8")
    made = load_recipe(path, ["training.epochs=3", "seed=7", "output=other", "trainer.weight_decay=0.1"])
    assert (made.training.epochs, made.training.seed, made.output) == (3, 7, "other")
    assert made.trainer == {"weight_decay": 0.1}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("epochs", "KEY=VALUE"),
        ("epocs=3", "Did you mean"),
        ("output.x=1", "no section"),
        ("seed=[1", "not YAML"),
    ],
)
def test_a_wrong_setting(tmp_path: Path, setting: str, said: str) -> None:
    path = tmp_path / "one.yaml"
    path.write_text("output: out\ndata: {train: talks}\n", "utf-8")
    with pytest.raises(OptionError, match=said):
        load_recipe(path, [setting])


def test_files_that_are_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="recipes/ has examples"):
        load_recipe(tmp_path / "none.yaml")
    path = tmp_path / "list.yaml"
    path.write_text("- 1\n", "utf-8")
    with pytest.raises(OptionError, match="no recipe"):
        load_recipe(path)
    path.write_text("a: [1\n", "utf-8")
    with pytest.raises(OptionError, match="not YAML"):
        load_recipe(path)


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[3] / "recipes").glob("*.yaml")), ids=lambda path: path.name
)
def test_the_recipes_that_come_with_it(path: Path) -> None:
    assert load_recipe(path).output

"""One of four verdicts, from runs that are paired; and the card that tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auricle.metrics.confidence import Difference, Interval
from auricle.verbs.finetune import recipe_of
from auricle.verbs.finetune.card import card, dataset_name, metadata
from auricle.verbs.finetune.verdict import (
    ALONE,
    COSTS,
    HELPED,
    NO_DIFFERENCE,
    WORSE,
    Compared,
    decide,
    judge,
    line,
    silence,
)
from auricle.verbs.finetune.watching import Silent
from corpora import counted


def one(role: str, before: float, after: float, shown: str = "", low: float | None = None) -> Compared:
    key = "invented" if role == "silence" else "wer"
    empty: dict[str, float | None] = {"wer": None, "wer_ortho": None, "invented": None, "speed": 10.0}
    inside = None if low is None else Interval(low, 2 * (after - before) - low, 0.95, 10, "speakers", 100, 0)
    gap = Difference(after - before, inside, 0.01) if inside else None
    return Compared(role, role, 10, {**empty, key: before}, {**empty, key: after}, gap, shown=shown)


BETTER = one("target", 0.4, 0.2, "after", -0.25)


@pytest.mark.parametrize(
    ("sets", "verdict", "said"),
    [
        ([BETTER], HELPED, "helped"),
        ([BETTER, one("elsewhere", 0.10, 0.105, low=0.001)], HELPED, "helped"),
        ([BETTER, one("elsewhere", 0.10, 0.15, low=-0.01)], HELPED, "helped"),
        (
            [BETTER, one("elsewhere", 0.10, 0.13, low=0.02)],
            COSTS,
            "helped, but costs 3.0 points on elsewhere",
        ),
        ([BETTER, one("silence", 0.0, 0.5)], COSTS, "helped, but costs text on 50 % more of the clips"),
        ([one("target", 0.4, 0.39, "", -0.02)], NO_DIFFERENCE, "no difference shown"),
        ([one("target", 0.2, 0.4, "before", 0.1)], WORSE, "worse: do not ship"),
        ([one("target", 0.4, 0.39), one("silence", 0.0, 0.5)], WORSE, "worse: do not ship"),
    ],
)
def test_the_four_verdicts(sets: list[Compared], verdict: str, said: str) -> None:
    found = decide(sets, 0.01)
    assert found.verdict == verdict and found.sentence.startswith(said)
    assert found.as_dict()["sentence"] == found.sentence


def test_a_line_says_both_rates() -> None:
    assert "40.00 % → 20.00 %, -20.00 points [-25.00, -15.00], better" in line(BETTER)
    assert "0.00 % → 50.00 %" in line(one("silence", 0.0, 0.5))


def test_without_a_target_there_is_no_verdict(tmp_path: Path) -> None:
    made = recipe_of({"output": "x", "data": {"train": "d"}})
    assert judge(made, "fake", "fake", tmp_path, Silent()) is None


def test_both_models_hear_the_same(tmp_path: Path) -> None:
    data = str(counted(tmp_path / "talks", 4))
    made = recipe_of(
        {"output": "x", "data": {"train": data}, "verdict": {"target": data, "elsewhere": [f"{data}"]}}
    )
    found = judge(made, "fake", "fake", tmp_path / "work", Silent())
    assert found is not None and found.verdict == NO_DIFFERENCE
    assert [item.role for item in found.sets] == ["target", "silence", "elsewhere"]
    assert found.sets[0].before["wer"] is not None and found.sets[0].utterances == 4
    assert (tmp_path / "work" / "target-talks-before" / "report.json").is_file()


def test_a_model_from_nothing_is_heard_alone(tmp_path: Path) -> None:
    data = str(counted(tmp_path / "talks", 3))
    made = recipe_of({"output": "x", "data": {"train": data}, "verdict": {"target": data}})
    found = judge(made, None, "fake", tmp_path / "work", Silent())
    assert found is not None and found.sentence == ALONE and len(found.sets) == 1
    assert line(found.sets[0]).startswith("talks: WER ")


def test_sounds_in_which_nothing_is_said(tmp_path: Path) -> None:
    from auricle.verbs.datasets import open_dataset

    path = silence(tmp_path / "quiet")
    items = list(open_dataset(path))
    assert len(items) == 7 and all(item.text is None for item in items)
    assert items[0].load().duration == 8.0
    assert silence(tmp_path / "quiet") == path


def story(**more: Any) -> dict[str, Any]:
    return {
        "base": {
            "name": "tiny.en",
            "hub": "openai/whisper-tiny.en",
            "revision": "abc" * 10,
            "license": "MIT",
        },
        "recipe": {"data": {"train": ["owner/talks:en@train"]}, "base": {"language": "en"}},
        "data": {"train": 10, "seconds": 120.0},
        "steps": 4,
        "blend": {"share": 0.75},
        **more,
    }


def test_the_card_has_its_metrics_where_the_hub_looks() -> None:
    found = metadata("accent", story(verdict=decide([BETTER], 0.01).as_dict()))
    result = found["model-index"][0]["results"][0]
    assert result["metrics"] == [{"type": "wer", "name": "WER", "value": 0.2}]
    assert found["base_model"] == "openai/whisper-tiny.en" and found["datasets"] == ["owner/talks"]
    assert found["license"] == "mit" and found["language"] == ["en"]
    huggingface_hub = pytest.importorskip("huggingface_hub")
    text = card("accent", story(verdict=decide([BETTER], 0.01).as_dict()))
    read = huggingface_hub.ModelCard(text)
    assert read.data.eval_results[0].metric_value == 0.2 and read.data.model_name == "accent"
    assert "Verdict: helped" in text and "75%" in text


def test_a_card_without_a_verdict() -> None:
    text = card("accent", story())
    assert "model-index" not in text and "10 utterances, 2 minutes, in 4 steps" in text


def test_names_of_datasets(tmp_path: Path) -> None:
    assert dataset_name(str(counted(tmp_path / "talks"))) == "talks"
    assert dataset_name("PolyAI/minds14:en-US@train[:450]") == "PolyAI/minds14"

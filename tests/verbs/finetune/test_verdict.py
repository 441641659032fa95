"""One of four verdicts, from runs that are paired; and the card that tells it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auricle.audio import Audio
from auricle.engines import DecodeOptions, EngineInfo
from auricle.metrics.confidence import Difference, Interval
from auricle.transcript import Segment, Transcript
from auricle.verbs.finetune import recipe_of
from auricle.verbs.finetune.card import card, dataset_name, metadata
from auricle.verbs.finetune.turns import Turns, sign_test, take_turns
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
    turns_line,
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


@pytest.mark.parametrize(
    ("turns", "said"),
    [
        (Turns(40, 0.9, 0.85, 3, 1, 1.1, 9), "helped"),
        (Turns(40, 0.9, 0.5, 17, 1, 1.0, 2), "helped, but costs end times on 16 of 40 clips"),
        (Turns(40, 0.9, 0.9, 0, 0, 1.6, 31), "helped, but costs 1.6 times the time"),
        (Turns(4, 0.9, 0.9, 0, 0, 1.6, 4), "helped"),  # four clips may all be slow by chance
        (Turns(40, 0.9, 0.9, 0, 0, 1.3, 22), "helped"),  # as may every other clip of a busy machine
    ],
)
def test_lost_times_and_lost_speed_are_costs(turns: Turns, said: str) -> None:
    found = decide([BETTER], 0.01, turns)
    assert found.sentence == said and found.as_dict()["turns"]["clips"] == turns.clips
    text = card("accent", story(verdict=found.as_dict()))
    assert f"before, {turns.after:.0%} do now" in text
    assert f"{turns.after:.0%} of {turns.clips} texts" in turns_line(turns)


@pytest.mark.parametrize(
    ("first", "second", "p"), [(0, 0, 1.0), (5, 5, 1.0), (6, 0, 0.03125), (1, 7, 0.0703125)]
)
def test_a_split_that_may_be_chance(first: int, second: int, p: float) -> None:
    assert sign_test(first, second) == pytest.approx(p)


class Timed:
    """Writes one segment that ends at ``end``, or nothing."""

    rate, window, accepts = 16_000, 30.0, frozenset[str]()
    info = EngineInfo("timed", "timed")

    def __init__(self, end: float | None) -> None:
        self.end, self.heard = end, 0

    def transcribe(self, batch: Sequence[Audio], options: DecodeOptions) -> list[Transcript]:
        self.heard += 1
        segments = () if self.end is None else (Segment(0.0, self.end, "word"),)
        return [Transcript(segments, duration=sound.duration) for sound in batch]


def test_both_models_take_turns_at_each_clip() -> None:
    loud = np.full(16_000, 0.5, np.float32)
    sound = Audio(np.concatenate([loud, np.zeros(32_000, np.float32)]), 16_000)  # the sound ends at 1 s
    base, made = Timed(1.2), Timed(3.0)
    found = take_turns((base, made), [sound, sound], DecodeOptions())
    assert found is not None and (found.clips, found.before, found.after) == (2, 1.0, 0.0)
    assert (found.lost, found.won) == (2, 0) and found.slower > 0
    assert base.heard == made.heard == 3  # the first clip once more, so that loading does not count
    assert take_turns((base, Timed(None)), [], DecodeOptions()) is None
    silent = take_turns((Timed(None), base), [sound], DecodeOptions())
    assert silent is not None and (silent.lost, silent.won) == (0, 1)


def test_a_clip_counts_as_slow_where_it_took_a_quarter_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    took = [12.0, 10.0, 10.0, 13.0, 20.0, 10.0]  # the checkpoint begins with the first clip, then the base
    starts = [0.0, *accumulate(took)][:-1]
    clock = iter([moment for pair in zip(starts, accumulate(took), strict=True) for moment in pair])
    monkeypatch.setattr("auricle.verbs.finetune.turns.time.perf_counter", lambda: next(clock))
    sound = Audio(np.full(16_000, 0.5, np.float32), 16_000)
    found = take_turns((Timed(1.0), Timed(1.0)), [sound] * 3, DecodeOptions())
    assert found is not None and found.slower == pytest.approx(1.3) and found.slow == 2  # 1.2, 1.3 and 2


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
    assert found.turns is not None and found.turns.clips == 4 and found.turns.before == found.turns.after


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

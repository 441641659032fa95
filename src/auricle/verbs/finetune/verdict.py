"""The verdict: did it help, and what did it cost? Before and after, heard on the same data, in pairs.

Both models are evaluated as any other is; each pair of runs lies in the folder of the training, and
``auricle report`` shows every one of them.
"""

from __future__ import annotations

import json
import wave
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from auricle.augment import COLOURS, generator
from auricle.augment.noise import coloured
from auricle.engines import DecodeOptions, LoadOptions, load_engine
from auricle.errors import AuricleError
from auricle.metrics.confidence import Difference
from auricle.verbs.compare import Pairing, compare
from auricle.verbs.evaluate import EvaluateOptions, Evaluation, Run, ScoreOptions
from auricle.verbs.finetune.examples import opened
from auricle.verbs.finetune.recipe import Recipe, VerdictOptions
from auricle.verbs.finetune.turns import CLIPS, Turns, take_turns
from auricle.verbs.finetune.watching import Watcher

HELPED = "helped"
NO_DIFFERENCE = "no difference shown"
COSTS = "helped, but costs"
WORSE = "worse: do not ship"
ALONE = "made from nothing: there is no before"
_SECONDS, _LEVELS = 8.0, (-60.0, -40.0, -20.0)  # of the sounds made up, and their decibels
_RATE = 16_000


@dataclass(frozen=True, slots=True)
class Compared:
    """One set, before and after. Rates are fractions; ``difference`` is after minus before.

    ``invented`` are the shares of the clips without speech that got text, ``speed`` seconds of audio a
    second of computing.
    """

    name: str
    role: str
    utterances: int
    before: dict[str, float | None]
    after: dict[str, float | None]
    difference: Difference | None = None
    p: tuple[float | None, float | None] = (None, None)
    shown: str = ""

    @property
    def change(self) -> float:
        """By how much the rate that matters rose."""
        key = "invented" if self.role == "silence" else "wer"
        one, other = self.before[key], self.after[key]
        return (other or 0.0) - (one or 0.0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence, the sets it rests on, what it costs, and what times and speed became."""

    verdict: str
    costs: tuple[str, ...]
    sets: tuple[Compared, ...]
    turns: Turns | None = None

    @property
    def sentence(self) -> str:
        """As a person reads it."""
        return f"{self.verdict} {', '.join(self.costs)}" if self.verdict == COSTS else self.verdict

    def as_dict(self) -> dict[str, Any]:
        """For the story of the checkpoint."""
        return {"sentence": self.sentence, **asdict(self)}


def judge(recipe: Recipe, before: str | None, after: str, folder: Path, watcher: Watcher) -> Verdict | None:
    """Hear both models on the sets of a recipe; None where it names no target.

    Where there was nothing before, the new model is heard on the target alone.

    Raises what evaluating raises.
    """
    asked = recipe.verdict
    if not asked.target:
        return None
    found = []
    if before is None:
        watcher.stage("verdict: target")
        run = _heard(
            recipe, after, "target", asked.target, folder / f"{_plain('target', asked.target)}-after"
        )
        found.append(_alone(asked.target, run))
        watcher.note(line(found[0]))
        return Verdict(ALONE, (), tuple(found))
    for role, spec in _sets(asked, folder):
        watcher.stage(f"verdict: {role}")
        runs = [
            _heard(recipe, model, role, spec, folder / f"{_plain(role, spec)}-{name}")
            for name, model in (("before", before), ("after", after))
        ]
        found.append(_compared(role, spec, runs[0], runs[1]))
        watcher.note(line(found[-1]))
    watcher.stage("verdict: times and speed")
    turns = _turns(recipe, before, after)
    if turns is not None:
        watcher.note(turns_line(turns))
    return decide(found, asked.cost, turns)


def decide(sets: list[Compared], cost: float, turns: Turns | None = None) -> Verdict:
    """One of four, from what was measured.

    A rise is a cost where it is more than ``cost`` and, where that could be tested, more than chance.
    """
    target, rest = sets[0], sets[1:]
    costs = tuple(_cost(one) for one in rest if one.change > cost and not _chance(one))
    costs += turns.costs if turns is not None else ()
    better = target.shown == "after" and target.change < 0
    if target.shown == "before" or (costs and not better):
        verdict = WORSE
    elif not better:
        verdict = NO_DIFFERENCE
    else:
        verdict = COSTS if costs else HELPED
    return Verdict(verdict, costs, tuple(sets), turns)


def turns_line(turns: Turns) -> str:
    """Times and speed in one line."""
    return (
        f"times and speed: {turns.before:.0%} → {turns.after:.0%} of {turns.clips} texts end where the sound "
        f"does; a clip takes {turns.slower:.2f} times as long"
    )


def _turns(recipe: Recipe, before: str, after: str) -> Turns | None:
    """Both models in turn on the first clips of the target."""
    options = DecodeOptions(language=recipe.base.language)
    engines = (load_engine(before, decode=options), load_engine(after, decode=options))
    items = islice(opened(recipe.verdict.target, recipe.data), CLIPS)
    return take_turns(engines, (item.load() for item in items), options)


def line(one: Compared) -> str:
    """One set in one line."""
    if one.role == "silence":
        return f"{one.name}: text where nothing is said {_percent(one.before, one.after, 'invented')}"
    if one.before["wer"] is None:
        return f"{one.name}: WER {_percent(one.before, one.after, 'wer').removeprefix('– → ')}"
    shown = {"after": "better", "before": "worse", "": "no difference shown"}[one.shown]
    inside = one.difference.interval if one.difference else None
    between = f" [{100 * inside.low:+.2f}, {100 * inside.high:+.2f}]" if inside else ""
    return (
        f"{one.name}: WER {_percent(one.before, one.after, 'wer')}, {100 * one.change:+.2f} points{between}, "
        f"{shown}; as written {_percent(one.before, one.after, 'wer_ortho')}"
    )


def _percent(before: dict[str, float | None], after: dict[str, float | None], key: str) -> str:
    rates = (f"{100 * rate:.2f} %" if rate is not None else "–" for rate in (before[key], after[key]))
    return " → ".join(rates)


def _cost(one: Compared) -> str:
    if one.role == "silence":
        return f"text on {100 * one.change:.0f} % more of the clips without speech"
    return f"{100 * one.change:.1f} points on {one.name}"


def _chance(one: Compared) -> bool:
    """Whether a rise may be chance: its interval reaches 0."""
    inside = one.difference.interval if one.difference else None
    return inside is not None and inside.low <= 0


def _sets(asked: VerdictOptions, folder: Path) -> Iterator[tuple[str, str]]:
    yield "target", asked.target
    if asked.long:
        yield "long", asked.long
    yield "silence", asked.silence or str(silence(folder / "silence"))
    for spec in asked.elsewhere:
        yield "elsewhere", spec


def _heard(recipe: Recipe, model: str, role: str, spec: str, folder: Path) -> Run:
    columns = recipe.data if role == "target" else None
    score = ScoreOptions(missing_text="silence" if role == "silence" else "skip")
    options = EvaluateOptions(
        score=score,
        load=LoadOptions(model=model),
        decode=DecodeOptions(language=recipe.base.language),
    )
    return Evaluation(opened(spec, columns), options, folder=folder).run()


def _compared(role: str, spec: str, before: Run, after: Run) -> Compared:
    pair: Pairing | None = None
    if role != "silence":
        try:
            pair = compare(before, after).pairs[0]
        except AuricleError:
            pair = None  # nothing to compare: one of them heard less
    shown = ""
    if pair is not None and pair.verdict != NO_DIFFERENCE:
        shown = "after" if (pair.difference.value or 0) < 0 else "before"
    return Compared(
        name=_name(spec) if role != "silence" else "silence and noise",
        role=role,
        utterances=len(before.rows),
        before=_figures(before),
        after=_figures(after),
        difference=pair.difference if pair else None,
        p=pair.p if pair else (None, None),
        shown=shown,
    )


def _alone(spec: str, run: Run) -> Compared:
    after = _figures(run)
    return Compared(_name(spec), "target", len(run.rows), dict.fromkeys(after), after)


def _figures(run: Run) -> dict[str, float | None]:
    scores, speed = run.findings["scores"], run.findings["speed"]
    return {
        "wer": scores["normalized"]["rate"],
        "wer_ortho": scores["orthographic"]["rate"],
        "invented": run.findings["hallucination"]["rate"],
        "speed": speed.get("rtfx"),
    }


def silence(folder: Path) -> Path:
    """Clips in which nothing is said: noise of every colour at several levels, and digital silence."""
    manifest = folder / "manifest.jsonl"
    if manifest.is_file():
        return manifest
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for colour in COLOURS:
        for level in _LEVELS:
            random = generator(0, f"{colour}{level}")
            samples = coloured(colour, int(_SECONDS * _RATE), _RATE, random)
            scale = 10 ** (level / 20) / max(float(np.sqrt(np.mean(samples**2))), 1e-9)
            rows.append(_clip(folder, f"{colour}{level:.0f}", samples * scale))
    rows.append(_clip(folder, "nothing", np.zeros(int(_SECONDS * _RATE))))
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return manifest


def _clip(folder: Path, name: str, samples: Any) -> dict[str, Any]:
    with wave.open(str(folder / f"{name}.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return {"id": name, "audio": f"{name}.wav", "text": None, "duration_s": _SECONDS}


def _name(spec: str) -> str:
    name, _, split = spec.partition("@")
    path = Path(name)
    stem = path.parent.name if path.name.startswith("manifest.") else path.name
    return f"{stem} {split}".strip()


def _plain(role: str, spec: str) -> str:
    return "-".join("".join(sign if sign.isalnum() else "-" for sign in f"{role}-{_name(spec)}").split("-"))

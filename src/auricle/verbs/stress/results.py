"""What came of a stress test: a rate for each condition, and how sure it is that it differs from clean."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from auricle.errors import ScoreError
from auricle.metrics import ErrorRate, Hallucination
from auricle.metrics.confidence import Difference, Interval, difference, interval
from auricle.metrics.significance import holm
from auricle.storage import write_atomic
from auricle.verbs.evaluate import Run
from auricle.verbs.evaluate.run import plain
from auricle.verbs.evaluate.scoring import Counts, count_each, prepare

CLEAN = "clean"
RESULTS, PAGE = "stress.json", "stress.html"
ALPHA = 0.05
NO_DIFFERENCE = "no difference shown"

Members = Mapping[str, tuple[str, ...]]  # id of a joined recording: the ids it is made of


@dataclass(frozen=True, slots=True)
class Condition:
    """The rates of one condition, and their difference from those of the clean sounds.

    ``p`` is that of the difference, corrected for the number of conditions; ``folder`` is the run's,
    below that of the stress test.
    """

    name: str
    folder: str
    normalized: ErrorRate
    orthographic: ErrorRate
    interval: Interval | None
    difference: Difference | None = None
    p: float | None = None
    mark: str = ""

    @property
    def verdict(self) -> str:
        """ "worse", "better" or "no difference shown"; empty for the clean sounds themselves."""
        if self.name == CLEAN:
            return ""
        if self.difference is None or self.p is None or self.p >= ALPHA:
            return NO_DIFFERENCE
        return "worse" if (self.difference.value or 0.0) > 0 else "better"


@dataclass(frozen=True, slots=True)
class Stress:
    """All conditions, the clean one first; ``nothing`` is what was written where nothing is said."""

    model: str
    dataset: str
    folder: Path
    normalizer: str
    conditions: tuple[Condition, ...]
    nothing: Mapping[str, Hallucination] = field(default_factory=dict)
    seed: int = 0
    mark: str = ""

    @property
    def invented(self) -> Hallucination:
        """What was written where nothing is said, of all noises."""
        return sum(self.nothing.values(), Hallucination())

    def save(self) -> Path:
        """Write ``stress.json`` into the folder. Raises OutputError."""
        found = {
            "model": self.model,
            "dataset": self.dataset,
            "normalizer": self.normalizer,
            "seed": self.seed,
            "mark": self.mark,
            "conditions": [_condition(one) for one in self.conditions],
            "no_speech": {name: _invented(one) for name, one in self.nothing.items()},
        }
        path = self.folder / RESULTS
        text = json.dumps(plain(found), ensure_ascii=False, indent=2, allow_nan=False)
        write_atomic(path, text.encode() + b"\n")
        return path


def _condition(one: Condition) -> dict[str, Any]:
    rates = {
        name: {"rate": rate.rate, **asdict(rate)}
        for name, rate in (("normalized", one.normalized), ("orthographic", one.orthographic))
    }
    return {
        "name": one.name,
        "run": one.folder,
        **rates,
        "interval": asdict(one.interval) if one.interval else None,
        "difference": asdict(one.difference) if one.difference else None,
        "p": one.p,
        "verdict": one.verdict,
        "mark": one.mark,
    }


def _invented(one: Hallucination) -> dict[str, Any]:
    return {"rate": one.rate, "per_hour": one.per_hour, **asdict(one)}


class Tested:
    """One run, counted utterance by utterance."""

    def __init__(self, name: str, run: Run, folder: str, members: Members | None = None) -> None:
        self.name, self.run, self.folder = name, run, folder
        self._members = members
        self._counts = count_each(prepare(run.rows, run.story.normalizer))
        self._speakers = [row.speaker for row in run.rows]

    def condition(self, clean: Tested | None) -> Condition:
        """Its rates, and their difference from those of ``clean``."""
        total = sum(self._counts, Counts())
        return Condition(
            name=self.name,
            folder=self.folder,
            normalized=total.normalized,
            orthographic=total.orthographic,
            interval=interval([one.normalized for one in self._counts], self._speakers),
            difference=self._difference(clean) if clean is not None else None,
            mark=self.run.mark,
        )

    def nothing(self) -> dict[str, Hallucination]:
        """What was written where nothing is said, by the column ``noise``."""
        found: dict[str, Hallucination] = {}
        for row, counts in zip(self.run.rows, self._counts, strict=True):
            kind = str(row.columns.get("noise", ""))
            found[kind] = found.get(kind, Hallucination()) + counts.hallucination
        return found

    def _difference(self, clean: Tested) -> Difference | None:
        """Paired over what both have heard; None where the words of the two cannot be paired."""
        before = clean.normalized(self._members) if self._members else clean.normalized()
        pairs = [
            (before[row.id], one.normalized, speaker)
            for row, one, speaker in zip(self.run.rows, self._counts, self._speakers, strict=True)
            if row.id in before
        ]
        same = [pair for pair in pairs if pair[0].reference == pair[1].reference]
        if len(same) < len(pairs) or not pairs:
            return None
        first, second, speakers = zip(*pairs, strict=True)
        try:
            return difference(first, second, speakers)
        except ScoreError:
            return None

    def normalized(self, members: Members | None = None) -> dict[str, ErrorRate]:
        """The errors of each utterance; with ``members`` those of each joined recording that is whole.

        Its texts are joined before they are normalised, as those of the recording were: "twenty" at the
        end of one utterance and "two" at the beginning of the next are one word then.
        """
        if members is None:
            return {row.id: one.normalized for row, one in zip(self.run.rows, self._counts, strict=True)}
        rows = {row.id: row for row in self.run.rows}
        whole = [
            replace(
                rows[parts[0]],
                id=name,
                reference=" ".join(rows[part].reference for part in parts),
                hypothesis=" ".join(rows[part].hypothesis for part in parts),
            )
            for name, parts in members.items()
            if parts and all(part in rows for part in parts)
        ]
        each = count_each(prepare(whole, self.run.story.normalizer))
        return {row.id: one.normalized for row, one in zip(whole, each, strict=True)}


def corrected(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """The conditions with probabilities corrected for their number."""
    listed = list(conditions)
    known = [at for at, one in enumerate(listed) if one.difference and one.difference.p is not None]
    found = holm([listed[at].difference.p for at in known])  # type: ignore[union-attr, misc]
    for at, p in zip(known, found, strict=True):
        listed[at] = replace(listed[at], p=p)
    return tuple(listed)

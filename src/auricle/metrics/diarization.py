"""Who spoke when, and how much of it is wrong: the diarization error rate, in seconds that add.

Defined by NIST for the Rich Transcription evaluations (RT-09 plan, 2009): over the time in which
somebody speaks, the seconds of speech that were missed, of speech that is not there, and of
speech given to the wrong speaker. Overlapping speech counts once for each speaker. Speakers are
matched one to one so that they agree for the longest time.

Unlike md-eval without a UEM file, false alarms before the first and after the last turn of the
reference count too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from auricle.errors import missing_extra

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Turn:
    """``speaker`` speaks from ``start`` to ``end`` seconds."""

    speaker: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class DiarizationError:
    """Seconds of speaker time; ``speech`` is that of the reference."""

    speech: float = 0.0
    missed: float = 0.0
    false_alarm: float = 0.0
    confused: float = 0.0

    def __add__(self, other: DiarizationError) -> DiarizationError:
        if not isinstance(other, DiarizationError):
            return NotImplemented
        return DiarizationError(
            self.speech + other.speech,
            self.missed + other.missed,
            self.false_alarm + other.false_alarm,
            self.confused + other.confused,
        )

    def __radd__(self, other: object) -> DiarizationError:
        return self if other == 0 else NotImplemented

    @property
    def rate(self) -> float | None:
        """The diarization error rate; None without speech in the reference. It can be above 1."""
        wrong = self.missed + self.false_alarm + self.confused
        return wrong / self.speech if self.speech else None


def der(
    reference: Sequence[Turn], hypothesis: Sequence[Turn], *, collar: float = 0.0, overlap: bool = True
) -> DiarizationError:
    """The errors of one recording.

    ``collar`` seconds on either side of every boundary of the reference are not scored; without
    ``overlap`` neither is the time in which several speak. Raises MissingExtraError.
    """
    edges = _edges(reference, hypothesis, collar)
    if len(edges) < 2:
        return DiarizationError()
    lengths, middles = np.diff(edges), (edges[1:] + edges[:-1]) / 2
    ours, theirs = _activity(reference, middles), _activity(hypothesis, middles)
    scored = _scored(reference, middles, collar)
    if not overlap:
        scored &= ours.sum(axis=0) < 2
    lengths = np.where(scored, lengths, 0.0)
    many, found = ours.sum(axis=0), theirs.sum(axis=0)
    right = _agreement((ours * lengths) @ theirs.T)
    return DiarizationError(
        speech=float(many @ lengths),
        missed=float(np.maximum(many - found, 0) @ lengths),
        false_alarm=float(np.maximum(found - many, 0) @ lengths),
        confused=max(float(np.minimum(many, found) @ lengths) - right, 0.0),
    )


def _edges(reference: Sequence[Turn], hypothesis: Sequence[Turn], collar: float) -> Floats:
    """All times at which something begins or ends, in order, to the microsecond."""
    own = [time for turn in reference for time in (turn.start, turn.end)]
    around = [time + step for time in own for step in (-collar, collar)] if collar else []
    theirs = [time for turn in hypothesis for time in (turn.start, turn.end)]
    return np.unique(np.round(np.array([*own, *around, *theirs], float), 6))


def _activity(turns: Iterable[Turn], middles: Floats) -> Floats:
    """1 where a speaker speaks. Shape (speakers, stretches)."""
    own: dict[str, list[Turn]] = {}
    for turn in turns:
        own.setdefault(turn.speaker, []).append(turn)
    rows = np.zeros((len(own), len(middles)))
    for row, spoken in zip(rows, own.values(), strict=True):
        for turn in spoken:
            row[np.searchsorted(middles, turn.start) : np.searchsorted(middles, turn.end)] = 1
    return rows


def _scored(reference: Iterable[Turn], middles: Floats, collar: float) -> npt.NDArray[np.bool_]:
    scored = np.ones(len(middles), bool)
    for turn in reference if collar else ():
        for time in (turn.start, turn.end):
            first, last = np.searchsorted(middles, [time - collar, time + collar])
            scored[first:last] = False
    return scored


def _agreement(seconds: Floats) -> float:
    """The most seconds that a matching of the speakers has. ``seconds``: (reference, hypothesis)."""
    if not seconds.size:
        return 0.0
    try:
        from scipy.optimize import linear_sum_assignment
    except ModuleNotFoundError as error:
        raise missing_extra("scoring speakers", "meetings") from error
    return float(seconds[linear_sum_assignment(seconds, maximize=True)].sum())

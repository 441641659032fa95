"""What watches a training: a collapse, a loss that is no number, an error rate that rises while the
loss falls; and what a person is told while it goes on.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from auricle.errors import AuricleError
from auricle.verbs.finetune.hearing import Ear

_EMPTY = 0.9  # share of utterances without a word at which a model is taken for silent
_LOOPING = 0.3  # share of looping texts at which it is taken for looping
_RISING = 3  # evaluations in a row


class TrainingError(AuricleError, RuntimeError):
    """A training cannot go on: it has collapsed, or its loss is no number."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where a training is: ``loss`` is the mean of the last steps, ``pace`` samples a second."""

    step: int
    steps: int
    epoch: float
    loss: float | None
    rate: float | None
    pace: float
    left: float | None


class Watcher(Protocol):
    """Who is told what happens; the command line draws it."""

    def stage(self, text: str) -> None:
        """Something begins that takes a while."""

    def part(self, done: int, whole: int) -> None:
        """So much of what has begun is done."""

    def note(self, text: str) -> None:
        """Something a person wants to know."""

    def warning(self, text: str) -> None:
        """Something a person must know."""

    def step(self, now: Step) -> None:
        """A step is done."""

    def heard(self, step: int, ear: Ear) -> None:
        """The model was heard."""


class Silent:
    """A watcher that watches nothing."""

    def stage(self, text: str) -> None:
        """Nothing."""

    def part(self, done: int, whole: int) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def warning(self, text: str) -> None:
        """Nothing."""

    def step(self, now: Step) -> None:
        """Nothing."""

    def heard(self, step: int, ear: Ear) -> None:
        """Nothing."""


def check_loss(loss: float, step: int) -> None:
    """Raises TrainingError where a loss is no number."""
    if not math.isfinite(loss):
        raise TrainingError(
            f"the loss is {loss} at step {step}: the weights were not moved by it. Halve the learning rate "
            "(--set training.learning_rate=…), or compute in float32 (--set training.precision=float32)"
        )


@dataclass(slots=True)
class Collapse:
    """Looks at each evaluation for a model that has stopped listening.

    ``patient`` is how many evaluations may find it silent. A CTC model from nothing says nothing at
    first; one that could speak before (``before``) may not fall silent even once.
    """

    kind: str
    patient: int = 1
    before: Ear | None = None
    _silent: int = 0
    _rates: list[tuple[float, float]] = field(default_factory=list)

    def look(self, ear: Ear, loss: float | None) -> str:
        """What is wrong, and what to change; empty where nothing is."""
        self._silent = self._silent + 1 if ear.empty >= _EMPTY else 0
        could_speak = self.before is not None and self.before.empty < _EMPTY
        if self._silent >= (1 if could_speak else self.patient):
            return self._on_silence()
        if ear.looping >= _LOOPING + (self.before.looping if self.before else 0.0):
            return (
                f"it writes one word again and again for {ear.looping:.0%} of the utterances. Check that the "
                "texts end where their sounds do, and lower the learning rate"
            )
        if loss is not None:
            self._rates.append((loss, ear.rate))
        return self._on_rise()

    def _on_silence(self) -> str:
        if self.kind == "ctc":
            return (
                "it writes blanks only. Raise the learning rate and warm up longer (training.learning_rate, "
                "training.warmup), train for more steps, check that the letters of the texts are the "
                "vocabulary's, and that no text has more letters than its sound has frames"
            )
        return "it writes nothing. Check that the texts are not empty, and lower the learning rate"

    def _on_rise(self) -> str:
        last = self._rates[-_RISING - 1 :]
        pairs = list(itertools.pairwise(last))
        worse = all(b[0] < a[0] and b[1] > a[1] for a, b in pairs)
        if len(pairs) == _RISING and worse and last[-1][1] > 1.1 * last[0][1]:
            return (
                f"the loss fell {_RISING} times while the error rate rose from {last[0][1]:.1%} to "
                f"{last[-1][1]:.1%}: it learns texts by heart. Stop earlier, lower the learning rate, add "
                "augmentation (data.augment) or data"
            )
        return ""


@dataclass(slots=True)
class Pace:
    """Samples a second and the time that is left, from the steps of this process."""

    steps: int
    batch: int
    first: int | None = None
    began: float = 0.0
    resting: float = 0.0

    def now(self, step: int) -> tuple[float, float | None]:
        """Samples a second, and seconds left; None before there is anything to go by."""
        if self.first is None:
            self.first, self.began = step, time.monotonic()
        spent = time.monotonic() - self.began - self.resting
        done = step - self.first
        if not done or spent <= 0:
            return 0.0, None
        return done * self.batch / spent, (self.steps - step) * spent / done


def best(rates: Sequence[float]) -> int:
    """The place of the lowest rate, the first of equals; −1 of none."""
    return min(range(len(rates)), key=rates.__getitem__) if rates else -1

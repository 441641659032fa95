"""Averages of weights: of steps (EMA), of evaluations (their mean), and between the base and what was learnt.

The mean of checkpoints of one training is more right than any of them where each has learnt something
else by heart (Izmailov et al. 2018, "Averaging weights leads to wider optima").

A point on the line between a model and its fine-tuned self often keeps most of what was learnt and
forgets little (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"); where on the line is
measured, not guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHARES = (1.0, 0.9, 0.8, 0.65, 0.5)
_FILE = "average.safetensors"


class Average:
    """An average of the weights that move, kept beside them; what is taken in and when is the child's."""

    def __init__(self, model: Any) -> None:
        self._model, self._taken = model, 0
        self._held = {name: part.detach().clone() for name, part in _moving(model)}

    def stepped(self) -> None:
        """The weights have moved."""

    def heard(self) -> None:
        """The weights have been heard."""

    def put(self) -> None:
        """Give the model the average; of nothing taken in, its own weights stay."""
        import torch

        if not self._taken:
            return
        with torch.no_grad():
            for name, part in _moving(self._model):
                part.copy_(self._held[name])

    def save(self, folder: Path) -> None:
        """Beside a checkpoint of the training."""
        from safetensors.torch import save_file

        held = {name: part.contiguous() for name, part in self._held.items()}
        save_file(held, folder / _FILE, metadata={"taken": str(self._taken)})

    def load(self, folder: Path) -> None:
        """As it was when that checkpoint was written."""
        from safetensors import safe_open

        with safe_open(folder / _FILE, framework="pt") as file:
            self._held = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            self._taken = int(file.metadata()["taken"])

    def _take(self, share: float) -> None:
        """Mix in ``share`` of the weights as they are."""
        self._taken += 1
        for name, part in _moving(self._model):
            self._held[name].lerp_(part.detach(), share)


class Ema(Average):
    """A running average over steps; ``decay`` a step, less at the beginning."""

    def __init__(self, model: Any, decay: float) -> None:
        super().__init__(model)
        self._decay = decay

    def stepped(self) -> None:
        """Take the weights of this step in."""
        steps = self._taken + 1
        self._take(1 - min(self._decay, (1 + steps) / (10 + steps)))


class Mean(Average):
    """The mean of the weights at all evaluations, each as heavy as any other."""

    def heard(self) -> None:
        """Take the weights of this evaluation in."""
        self._take(1 / (self._taken + 1))


@dataclass(frozen=True, slots=True)
class Tried:
    """One share of the new weights: the error rates of the target and of what is to be kept."""

    share: float
    target: float
    kept: float


def as_row(tried: Tried) -> dict[str, float]:
    """For the story of a checkpoint."""
    return {"share": tried.share, "target": tried.target, "kept": tried.kept}


class Blend:
    """The weights of a model before and after, to be mixed in it."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._before = {name: part.detach().clone() for name, part in _moving(model)}
        self._after: dict[str, Any] = {}

    def learnt(self) -> None:
        """The training is done: these are the weights after it."""
        self._after = {name: part.detach().clone() for name, part in _moving(self._model)}

    def put(self, share: float) -> None:
        """Give the model ``share`` of the new weights and the rest of the old ones."""
        import torch

        with torch.no_grad():
            for name, part in _moving(self._model):
                part.copy_(torch.lerp(self._before[name], self._after[name], share))


def choose(
    hear: Callable[[float], Tried], before: float, allowed: float, shares: Sequence[float] = SHARES
) -> tuple[float, list[Tried]]:
    """The share with the lowest rate of the target among those that keep the rest.

    ``before`` is the base's rate of what is to be kept, ``allowed`` how far it may rise. Where none
    keeps it, the share that loses least.
    """
    tried = [hear(share) for share in shares]
    keeping = [one for one in tried if one.kept <= before + allowed]
    found = min(keeping, key=lambda one: one.target) if keeping else min(tried, key=lambda one: one.kept)
    return found.share, tried


def _moving(model: Any) -> list[tuple[str, Any]]:
    return [(name, part) for name, part in model.named_parameters() if part.requires_grad]

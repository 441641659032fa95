"""Averages of weights: of the last steps (EMA), and between the base and what was learnt.

A point on the line between a model and its fine-tuned self often keeps most of what was learnt and
forgets little (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"); where on the line is
measured, not guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHARES = (1.0, 0.75, 0.5)
_FILE = "ema.safetensors"


class Ema:
    """A running average of the weights that move; ``decay`` a step, less at the beginning."""

    def __init__(self, model: Any, decay: float) -> None:
        self._model, self._decay, self._steps = model, decay, 0
        self._held = {name: part.detach().clone() for name, part in _moving(model)}

    def update(self) -> None:
        """Take the weights of this step in."""
        self._steps += 1
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        for name, part in _moving(self._model):
            self._held[name].lerp_(part.detach(), 1 - decay)

    def put(self) -> None:
        """Give the model the average."""
        import torch

        with torch.no_grad():
            for name, part in _moving(self._model):
                part.copy_(self._held[name])

    def save(self, folder: Path) -> None:
        """Beside a checkpoint of the training."""
        from safetensors.torch import save_file

        save_file({name: part.contiguous() for name, part in self._held.items()}, folder / _FILE)

    def load(self, folder: Path, steps: int) -> None:
        """As it was when that checkpoint was written."""
        from safetensors.torch import load_file

        self._held, self._steps = load_file(folder / _FILE), steps


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

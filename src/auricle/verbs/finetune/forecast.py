"""What a training will take, from a few measured clips: memory and time, before it begins.

The longest clips are computed forward, in a batch of two, and every tensor that is kept for the way
back is counted: what a whole batch keeps is that many times more. The weights, their gradients, the
optimizer's two averages and the copies of averaging are known from their numbers. One batch of middle
length is computed there and back, and timed.

Knows models and batches. Refuses to know data, recipes' files and the Trainer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from auricle.engines.transformers import opening
from auricle.errors import OptionError
from auricle.models import machine
from auricle.verbs.finetune.batches import Order
from auricle.verbs.finetune.distilling import Distilling, loss_of
from auricle.verbs.finetune.learner import Learner
from auricle.verbs.finetune.recipe import Recipe
from auricle.verbs.finetune.sounds import Index, Sounds

_FEW = 2  # clips that are computed to count what is kept of them
_DRAWS = 8  # of the longest clips, and epochs of each, that are looked at: one may be slowed down or joined
_BACK = 1.3  # times of what is kept that is held while gradients are computed
_AVERAGES = 2  # that AdamW holds for every weight that moves
_KNOBS = (
    "Type: --set training.batch_size={half} --set training.accumulate={twice} (the same batch in parts), "
    "training.checkpointing=true (activations computed twice), or base.method=lora (few weights move)"
)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Bytes that a training needs beside what is held now, and the seconds of all its steps."""

    memory: int
    seconds: float
    steps: int

    def line(self) -> str:
        """As a person reads it."""
        minutes = self.seconds / 60
        spent = f"{minutes:.0f} minutes" if minutes >= 1.5 else f"{self.seconds:.0f} seconds"
        return f"{self.steps} steps: about {spent} and {self.memory / 1e9:.1f} GB of memory"


class Forecaster:
    """Measures one learner on its own data. The weights, their gradients and every draw stay as they were."""

    def __init__(
        self,
        learner: Learner,
        sounds: Sounds,
        order: Order,
        recipe: Recipe,
        kind: str,
        distilling: Distilling | None = None,
    ) -> None:
        self._distilling = distilling
        self._learner, self._sounds, self._order = learner, sounds, order
        self._recipe, self._kind = recipe, kind

    def run(self, free: int | None, processes: int = 1) -> Forecast:
        """Raises OptionError where more than ``free`` bytes (None: unknown) are needed."""
        with opening.quiet(), self._aside():
            memory = self._memory(self._longest())
            self._check(memory * processes, free)
            seconds = self._step(self._middle())
        steps = steps_of(self._recipe, len(self._order), processes)
        return Forecast(memory, seconds * steps * self._recipe.training.accumulate, steps)

    def _check(self, memory: int, free: int | None) -> None:
        if free is None or memory <= free:
            return
        training = self._recipe.training
        half = max(1, training.batch_size // 2)
        knobs = _KNOBS.format(half=half, twice=training.accumulate * math.ceil(training.batch_size / half))
        raise OptionError(
            f"the training needs about {memory / 1e9:.1f} GB more memory, and {free / 1e9:.1f} GB are free. "
            f"{knobs}"
        )

    def _memory(self, batch: Sequence[Index]) -> int:
        """Bytes: what a batch keeps for the way back, gradients, the optimizer, copies of averaging."""
        kept = self._kept(batch) * self._recipe.training.batch_size // len(batch)
        moving = sum(
            part.numel() * part.element_size()
            for part in self._learner.model.parameters()
            if part.requires_grad
        )
        averaging = self._recipe.averaging
        copies: int = (
            1 + _AVERAGES + bool(averaging.ema or averaging.mean) + (0 if averaging.blend == "1" else 2)
        )
        return int(_BACK * kept) + copies * int(moving)

    def _kept(self, batch: Sequence[Index]) -> int:
        """Bytes of the tensors that one forward pass keeps, the weights left out, each counted once."""
        import torch

        own = {part.untyped_storage().data_ptr() for part in self._learner.model.parameters()}
        found: dict[int, Any] = {}  # memory by where it lies, held, so that no other comes to lie there

        def pack(tensor: Any) -> None:
            memory = tensor.untyped_storage()
            if memory.data_ptr() not in own:
                found[memory.data_ptr()] = memory
            # There is no way back. A tensor given back here would hold what made it, which holds the tensor.

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda nothing: nothing):
            self._loss(batch)
        return sum(memory.nbytes() for memory in found.values())

    def _step(self, batch: Sequence[Index]) -> float:
        """Seconds of one batch, there and back."""
        began = time.perf_counter()
        self._loss(batch).backward()
        self._learner.model.zero_grad(set_to_none=True)
        return time.perf_counter() - began

    def _loss(self, indices: Sequence[Index]) -> Any:
        import torch

        learner = self._learner
        device = next(learner.model.parameters()).device
        batch = learner.collator([self._sounds[index] for index in indices])
        inputs = {name: value.to(device) for name, value in batch.items()}
        kind = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(self._kind)
        with torch.autocast(device.type, kind) if kind is not None else nullcontext():
            return loss_of(learner.model, inputs, self._distilling)

    def _longest(self) -> list[Index]:
        """The longest sounds, as they are after augmentation and joining."""
        epochs = range(max(1, min(_DRAWS, math.ceil(self._recipe.training.epochs))))
        drawn = [(epoch, place) for place in self._order.by_length()[-_DRAWS:] for epoch in epochs]
        return sorted(drawn, key=lambda index: len(self._sounds[index].audio.samples))[-_FEW:]

    def _middle(self) -> list[Index]:
        places, size = self._order.by_length(), self._recipe.training.batch_size
        first = max(0, (len(places) - size) // 2)
        return [(0, place) for place in places[first : first + size]]

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """Put back what computing in training moves beside gradients: random numbers and running means."""
        import torch

        model = self._learner.model
        was, buffers = model.training, {name: value.clone() for name, value in model.named_buffers()}
        devices = [next(model.parameters()).device] if torch.cuda.is_available() else []
        try:
            with torch.random.fork_rng(devices=devices):
                model.train()
                yield
        finally:
            model.zero_grad(set_to_none=True)
            model.train(was)
            with torch.no_grad():
                for name, value in model.named_buffers():
                    value.copy_(buffers[name])


def steps_of(recipe: Recipe, utterances: int, processes: int = 1) -> int:
    """How often the weights move."""
    training = recipe.training
    if training.max_steps > 0:
        return training.max_steps
    batches = math.ceil(utterances / (training.batch_size * processes))
    return math.ceil(training.epochs * max(1, math.ceil(batches / training.accumulate)))


def free_memory() -> int | None:
    """Bytes that are free where the training runs: of the GPU, or of this machine; None where unknown."""
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.mem_get_info()[0])
    if torch.backends.mps.is_available():
        return None
    return machine.memory()[1]

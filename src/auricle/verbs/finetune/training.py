"""The loop: Hugging Face's Trainer with our order, our collators, our ears, and checkpoints that are whole.

Everything heavy loads inside. Knows the Trainer. Refuses to know datasets, verdicts and files of the
result.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.engines.transformers import opening
from auricle.errors import OptionError, OutputError, nearest
from auricle.verbs.finetune.averaging import Ema
from auricle.verbs.finetune.batches import Order, Sounds
from auricle.verbs.finetune.hearing import Ear
from auricle.verbs.finetune.learner import Learner
from auricle.verbs.finetune.recipe import Recipe
from auricle.verbs.finetune.watching import Collapse, Pace, Step, TrainingError, Watcher, check_loss

_CLEARLY = 1.2  # times that bfloat16 has to be faster, to be worth its rounding
WHOLE = "whole"  # a file that says that a checkpoint of the training was written to its end
_OURS = {
    "output_dir": "output", "per_device_train_batch_size": "training.batch_size",
    "num_train_epochs": "training.epochs", "max_steps": "training.max_steps",
    "learning_rate": "training.learning_rate", "warmup_steps": "training.warmup",
    "gradient_accumulation_steps": "training.accumulate", "seed": "training.seed",
    "bf16": "training.precision", "fp16": "training.precision",
    "gradient_checkpointing": "training.checkpointing",
    "activation_checkpointing": "training.checkpointing", "eval_steps": "training.evaluate_every",
    "save_steps": "training.save_every", "push_to_hub": "push_to_hub",
    "remove_unused_columns": "", "eval_strategy": "", "save_strategy": "", "resume_from_checkpoint": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parts:
    """What a training is made of."""

    learner: Learner
    sounds: Sounds
    order: Order
    hear: Callable[[], Ear]
    collapse: Collapse
    patience: int
    ema: Ema | None
    watcher: Watcher


def arguments(recipe: Recipe, folder: Path, *, cpu: bool | None = None) -> Any:
    """The arguments of Trainer: ours, and those of the recipe's block ``trainer`` over the library's.

    Raises OptionError for a name that it does not have, or that a recipe says elsewhere.
    """
    import torch
    from transformers import Seq2SeqTrainingArguments

    known = {item.name for item in dataclasses.fields(Seq2SeqTrainingArguments)}
    for name in recipe.trainer:
        if name not in known:
            raise OptionError(f"Trainer has no argument {name!r}. {nearest(name, known)}")
        if name in _OURS:
            where = f"Say it as {_OURS[name]}" if _OURS[name] else "The training sets it itself"
            raise OptionError(f"trainer.{name} cannot be set. {where}.")
    training = recipe.training
    device_less = not torch.cuda.is_available() if cpu is None else cpu
    kind = precision(recipe)
    values: dict[str, Any] = {
        "output_dir": str(folder),
        "per_device_train_batch_size": training.batch_size,
        "gradient_accumulation_steps": training.accumulate,
        "num_train_epochs": training.epochs,
        "max_steps": training.max_steps,
        "learning_rate": training.learning_rate,
        "warmup_steps": training.warmup,
        "seed": training.seed,
        "bf16": kind == "bfloat16",
        "fp16": kind == "float16",
        "activation_checkpointing": training.checkpointing,
        "eval_strategy": "steps",
        "save_strategy": "steps",
        "eval_steps": training.evaluate_every,
        "save_steps": training.save_every or training.evaluate_every,
        "save_total_limit": 2,
        "logging_steps": 5,
        "logging_nan_inf_filter": False,
        "report_to": ["tensorboard"],
        "optim": "adamw_torch_fused",
        "remove_unused_columns": False,
        "label_names": ["labels"],
        "disable_tqdm": True,
        "log_level": "error",
        "dataloader_pin_memory": not device_less,
        "use_cpu": device_less and not torch.backends.mps.is_available(),
        "average_tokens_across_devices": False,
    }
    try:
        return Seq2SeqTrainingArguments(**{**values, **recipe.trainer})
    except (TypeError, ValueError) as error:
        raise OptionError(
            f"the arguments of Trainer do not fit: {' '.join(str(error).split())[:200]}"
        ) from error


def precision(recipe: Recipe) -> str:
    """The number format: on a GPU what it has, on a processor what multiplies faster, measured once."""
    if recipe.training.precision != "auto":
        return recipe.training.precision
    import torch

    if torch.cuda.is_available():
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    return faster_format()


@functools.cache
def faster_format() -> str:
    """float32, or bfloat16 where its products are clearly faster on this processor.

    A flag does not tell: with AVX512-BF16 and without tiles, bfloat16 is the slower one.
    """
    import torch

    seconds = {}
    for name in ("float32", "bfloat16"):
        kind = getattr(torch, name)
        first, second = torch.ones(2048, 384, dtype=kind), torch.ones(384, 1536, dtype=kind)
        times = []
        for _ in range(5):
            began = time.perf_counter()
            first @ second
            times.append(time.perf_counter() - began)
        seconds[name] = min(times)
    return "bfloat16" if seconds["bfloat16"] * _CLEARLY < seconds["float32"] else "float32"


def train(recipe: Recipe, parts: Parts, folder: Path) -> Mapping[str, Any]:
    """Train to the end, from the last whole checkpoint in ``folder`` on where there is one.

    Returns what was logged. The model of ``parts`` has the weights of the best evaluation after it.
    Raises TrainingError, OutputError.
    """
    made = arguments(recipe, folder)
    if is_first():
        remove_halves(folder)
    trainer = _trainer_class()(parts, made)
    last = last_whole(folder)
    if last is not None:
        parts.watcher.note(f"going on from step {last.name.rpartition('-')[2]}")
    if last is not None and parts.ema is not None:
        parts.ema.load(last, int(last.name.rpartition("-")[2]))
    try:
        with opening.quiet():
            trainer.train(resume_from_checkpoint=str(last) if last else None)
    except OSError as error:
        raise OutputError(_disk(error, folder)) from error
    except RuntimeError as error:
        if isinstance(error, TrainingError):
            raise
        raise _explained(error, folder) from error
    best = trainer.state.best_model_checkpoint
    if parts.ema is not None:
        parts.ema.put()
    elif best:
        trainer._load_best_model()
    return {
        "history": trainer.state.log_history,
        "steps": trainer.state.global_step,
        "best_step": trainer.state.best_global_step,
        "best": trainer.state.best_metric,
    }


def is_first() -> bool:
    """Whether this process is the only one, or the one of several that writes and speaks."""
    return int(os.environ.get("RANK", "0")) == 0


def processes() -> int:
    """How many processes train together, as torchrun and accelerate tell each of them."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def last_whole(folder: Path) -> Path | None:
    """The last checkpoint of the training that was written to its end."""
    found = [path.parent for path in folder.glob(f"checkpoint-*/{WHOLE}")]
    return max(found, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def remove_halves(folder: Path) -> None:
    """Take away what a process that was killed had begun to write."""
    for path in folder.glob("checkpoint-*"):
        if not (path / WHOLE).is_file():
            shutil.rmtree(path, ignore_errors=True)


def _disk(error: OSError, folder: Path) -> str:
    last = last_whole(folder)
    rest = f" The training goes on from {last.name} with the same command." if last else ""
    return f"cannot write {folder}: {error.strerror or error}. Make room on the disk.{rest}"


def _explained(error: RuntimeError, folder: Path) -> Exception:
    """One line for what stops a device: memory or the device itself. Anything else is a bug."""
    text = str(error)
    if "PytorchStreamWriter" in text or "No space left" in text or "file write failed" in text:
        return OutputError(_disk(OSError(28, "No space left on device"), folder))
    if "out of memory" in text.lower() or "can't allocate memory" in text.lower():
        return TrainingError(
            "there is too little memory. Type: --set training.batch_size=4 --set training.accumulate=4 "
            "(the same batch in parts), training.checkpointing=true, or base.method=lora"
        )
    if "CUDA error" in text or "device-side" in text:
        last = last_whole(folder)
        rest = f"; the same command goes on from {last.name}" if last else ""
        return TrainingError(f"the device failed: {' '.join(text.split())[:120]}{rest}")
    return error


def _trainer_class() -> Any:
    from transformers import PrinterCallback, Seq2SeqTrainer, TrainerCallback

    class Told(TrainerCallback):  # type: ignore[misc]
        """Tells the watcher of each step, and stops where the error rate no longer falls."""

        def __init__(self, parts: Parts) -> None:
            self._parts = parts
            self._pace: Pace | None = None

        def on_step_end(self, args: Any, state: Any, control: Any, **named: Any) -> None:
            if self._pace is None:
                self._pace = Pace(state.max_steps, args.train_batch_size * args.gradient_accumulation_steps)
            if self._parts.ema is not None:
                self._parts.ema.update()
            pace, left = self._pace.now(state.global_step)
            last: dict[str, Any] = next((row for row in reversed(state.log_history) if "loss" in row), {})
            now = Step(
                state.global_step, state.max_steps, state.epoch or 0.0,
                last.get("loss"), last.get("learning_rate"), pace, left,
            )  # fmt: skip
            self._parts.watcher.step(now)

    class SpeechTrainer(Seq2SeqTrainer):  # type: ignore[misc]
        """Seq2SeqTrainer that hears real texts, in our order."""

        def __init__(self, parts: Parts, made: Any) -> None:
            self.parts = parts
            self.control: Any
            super().__init__(
                model=parts.learner.model,
                args=made,
                train_dataset=parts.sounds,
                eval_dataset=parts.sounds,  # never indexed: evaluate() hears the dev set itself
                data_collator=parts.learner.collator,
                callbacks=[Told(parts)],
            )
            self.model_accepts_loss_kwargs = False
            self.remove_callback(PrinterCallback)

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return self.parts.order

        def training_step(self, *arguments: Any, **named: Any) -> Any:
            loss = super().training_step(*arguments, **named)
            check_loss(float(loss), self.state.global_step + 1)
            return loss

        def evaluate(self, *arguments: Any, **named: Any) -> dict[str, float]:
            return self._heard()

        def _heard(self) -> dict[str, float]:
            ear = self.parts.hear()
            found = {
                "eval_wer": ear.rate,
                "eval_wer_ortho": ear.as_written.rate or 0.0,
                "eval_empty": ear.empty,
                "eval_looping": ear.looping,
            }
            self.log(dict(found))
            self.parts.watcher.heard(self.state.global_step, ear)
            loss = next((row["loss"] for row in reversed(self.state.log_history) if "loss" in row), None)
            if fault := self.parts.collapse.look(ear, loss):
                raise TrainingError(f"stopped at step {self.state.global_step}: {fault}.")
            self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, found)
            return found

        def _determine_best_metric(self, metrics: Any, trial: Any) -> bool:
            rate = metrics["eval_wer"]
            better = self.state.best_metric is None or rate < self.state.best_metric
            if better:
                self.state.best_metric, self.state.best_global_step = rate, self.state.global_step
            rates = [row["eval_wer"] for row in self.state.log_history if "eval_wer" in row]
            since = len(rates) - 1 - min(range(len(rates)), key=rates.__getitem__)
            if since >= self.parts.patience:
                self.control.should_training_stop = True
            return better

        def _save_checkpoint(self, model: Any, trial: Any) -> None:
            super()._save_checkpoint(model, trial)
            folder = Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"
            if self.args.should_save:
                if self.parts.ema is not None:
                    self.parts.ema.save(folder)
                (folder / WHOLE).touch()

    return SpeechTrainer

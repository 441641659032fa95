"""A training from its arguments to its end: number format, resuming, and what stops it in one line.

Everything heavy loads inside. Knows the Trainer's arguments. Refuses to know its loop (trainer.py),
datasets, verdicts and files of the result.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from auricle.engines.transformers import opening
from auricle.errors import OptionError, OutputError, nearest
from auricle.verbs.finetune.recipe import Recipe
from auricle.verbs.finetune.trainer import WHOLE, Parts, speech_trainer
from auricle.verbs.finetune.watching import TrainingError

_CLEARLY = 1.2  # times that bfloat16 has to be faster, to be worth its rounding
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
    trainer = speech_trainer(parts, made)
    last = last_whole(folder)
    if last is not None:
        parts.watcher.note(f"going on from step {last.name.rpartition('-')[2]}")
    if last is not None and parts.average is not None:
        parts.average.load(last)
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
    if parts.average is not None:
        parts.average.put()
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
    return rank() == 0


def rank() -> int:
    """The number of this process among those that train together, from 0."""
    return int(os.environ.get("RANK", "0"))


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

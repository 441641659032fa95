"""What a training that was begun is of, so that another one does not go on from it unseen.

A folder keeps checkpoints, the base's texts and what it was heard to be. They belong to one base, one set
of data, one order of batches and one course of the learning rate.

Knows: recipes, and which of their keys leave the course as it is. Refuses to know: weights, steps.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from auricle.errors import OptionError
from auricle.storage import write_atomic
from auricle.verbs.finetune import training
from auricle.verbs.finetune.recipe import Recipe, as_values

_FILE = "course.json"
_SECTIONS = ("base", "data", "training", "averaging", "trainer")
# What changes how fast it goes, how often it is looked at and what is told: not where it goes.
_FREE = {
    "training.precision",
    "training.checkpointing",
    "training.evaluate_every",
    "training.save_every",
    "training.patience",
    "averaging.blend",
    "averaging.blend_loss",
}
_TOLD = ("trainer.report_to", "trainer.logging", "trainer.run_name", "trainer.dataloader")
_BATCH, _PARTS = "training.batch_size", "training.accumulate"


def keep_to(recipe: Recipe, fingerprints: Mapping[str, str], folder: Path) -> bool:
    """Whether what is kept in ``folder`` is of this recipe; once there is a checkpoint, it has to be.

    Where it has not, the folder is told what it is of from now on. Raises OptionError with what differs.
    """
    asked, path = _course(recipe, fingerprints), folder / _FILE
    was = _read(path) or asked
    differing = [name for name, value in was.items() if name in asked and value != asked[name]]
    if differing and training.last_whole(folder) is not None:
        name = differing[0]
        raise OptionError(
            f"{folder} has a training of another recipe: {name} was {_shown(was[name])} and is "
            f"{_shown(asked[name])}. Name another output, or remove that folder to begin anew."
        )
    if training.is_first():
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(asked, indent=1).encode())
    return not differing


def _course(recipe: Recipe, fingerprints: Mapping[str, str]) -> dict[str, Any]:
    values = as_values(recipe)
    flat = {f"{part}.{name}": value for part in _SECTIONS for name, value in values[part].items()}
    # A batch may be cut into other parts, as who runs out of memory is told to.
    flat["the batch"] = flat.pop(_BATCH) * flat.pop(_PARTS) * training.processes()
    kept = {name: value for name, value in flat.items() if name not in _FREE and not name.startswith(_TOLD)}
    found: dict[str, Any] = json.loads(json.dumps({**kept, **_prints(fingerprints)}, default=str))
    return found


def _read(path: Path) -> dict[str, Any]:
    """What was noted; nothing where that is damaged or was never done."""
    with suppress(OSError, ValueError):
        found = json.loads(path.read_text("utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def _prints(fingerprints: Mapping[str, str]) -> dict[str, str]:
    return {f"the data of {spec}": value for spec, value in fingerprints.items()}


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"

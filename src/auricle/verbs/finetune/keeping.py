"""The checkpoint: weights and every file beside them, with the story of how it was made.

It is written into a folder of its own first and moved into place file by file, the weights last, so
that a folder with weights is a whole checkpoint.
"""

from __future__ import annotations

import datetime
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from auricle.errors import OutputError
from auricle.models import ModelFolder, machine
from auricle.models.folders import weights
from auricle.storage import write_atomic
from auricle.verbs.finetune.learner import Learner, side_files
from auricle.verbs.finetune.recipe import Recipe, as_values

STORY = "auricle.json"
FORMAT = 1
_PACKAGES = ("auricle", "torch", "transformers", "accelerate", "peft", "tokenizers", "numpy")
# What generation_config.json may not force on a model that learnt otherwise.
_SCRUBBED = ("forced_decoder_ids",)


def keep(learner: Learner, recipe: Recipe, story: Mapping[str, Any]) -> Path:
    """Write the model of ``learner`` to the recipe's output. Raises OutputError."""
    target = Path(recipe.output)
    temporary: Path | None = None
    try:
        target.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=target, prefix=".part-"))
        _write(learner, temporary)
        (temporary / STORY).write_text(_json(story), "utf-8")
        (temporary / "recipe.yaml").write_text(_recipe(recipe), "utf-8")
        _move(temporary, target)
    except OSError as error:
        raise OutputError(
            f"cannot write {target}: {error.strerror or error}. Make room on the disk"
        ) from error
    except Exception as error:
        if "No space left" not in str(error):
            raise
        raise OutputError(f"cannot write {target}: there is no room on the disk.") from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    return target


def story_of(learner: Learner, recipe: Recipe, found: Mapping[str, Any]) -> dict[str, Any]:
    """Everything needed to make it again, and to know what it is."""
    return {
        "format": FORMAT,
        "base": {
            "name": learner.base.name,
            "hub": _hub_id(learner.base),
            "revision": learner.base.revision,
            "license": learner.base.info.license if learner.base.info else None,
        },
        "kind": learner.kind,
        "recipe": as_values(recipe),
        **found,
        "environment": {
            "versions": {name: version for name in _PACKAGES if (version := _version(name))},
            "machine": machine.cpu_name() or "",
            "cores": machine.cores(),
            "device": str(next(learner.model.parameters()).device),
        },
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _hub_id(base: ModelFolder) -> str | None:
    """The repository that the base comes from, as its authors published it."""
    if base.info is not None:
        return base.info.original_id or base.info.hub_id
    return base.name if base.origin in ("hub", "cache") and "/" in base.name else None


def read_story(folder: Path) -> dict[str, Any]:
    """The story of a checkpoint; empty where it has none."""
    try:
        value = json.loads((folder / STORY).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def add_to_story(folder: Path, **found: Any) -> None:
    """Write more into the story of a checkpoint. Raises OutputError."""
    write_atomic(folder / STORY, _json({**read_story(folder), **found}).encode())


def _write(learner: Learner, folder: Path) -> None:
    from auricle.engines.transformers import opening

    model = getattr(learner.model, "module", learner.model)
    if hasattr(model, "merge_and_unload"):
        import copy

        model = copy.deepcopy(model).merge_and_unload()
    config = getattr(model, "generation_config", None)
    for name in _SCRUBBED:
        if config is not None and hasattr(config, name):
            setattr(config, name, None)
    model.config.use_cache = True
    with opening.quiet():
        model.save_pretrained(folder)
    for path in side_files(learner.folder.path):
        shutil.copyfile(path, folder / path.name)


def _move(source: Path, target: Path) -> None:
    """The files of ``source`` into ``target``: old weights away first, new weights in last."""
    heavy = {path.name for path in weights(source)}
    for path in weights(target):
        path.unlink()
    for path in sorted(source.iterdir(), key=lambda path: path.name in heavy):
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        path.chmod(0o644)
        path.replace(target / path.name)


def _recipe(recipe: Recipe) -> str:
    import yaml

    text: str = yaml.safe_dump(as_values(recipe), sort_keys=False, allow_unicode=True)
    return text


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None

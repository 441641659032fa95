"""A pre-trained model becomes a better one for a domain, an accent or a language.

    >>> import auricle
    >>> made = auricle.finetune("recipes/accent.yaml", output="checkpoints/accent")   # doctest: +SKIP
    >>> auricle.transcribe("talk.mp4", model=str(made.folder)).text                   # doctest: +SKIP

``recipe.py`` says what can be asked for, ``finetuning.py`` in which order it happens.
"""

from __future__ import annotations

from pathlib import Path

from auricle.verbs.finetune.finetuning import Finetuned, Finetuning
from auricle.verbs.finetune.recipe import Recipe, load_recipe, recipe_of
from auricle.verbs.finetune.watching import TrainingError, Watcher

__all__ = ["Finetuned", "Finetuning", "Recipe", "TrainingError", "finetune", "load_recipe", "recipe_of"]


def finetune(recipe: str | Path | Recipe, *settings: str, watcher: Watcher | None = None) -> Finetuned:
    """Train by a recipe (a YAML file, or a Recipe), with ``"key=value"`` settings over a file.

    A training that was interrupted goes on. Raises OptionError, DatasetError, ModelError,
    MissingFileError, OutputError, MissingExtraError, TrainingError.
    """
    made = recipe if isinstance(recipe, Recipe) else load_recipe(recipe, settings)
    return Finetuning(made, watcher=watcher).run()

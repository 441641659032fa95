"""How good a model is on a dataset, where it fails, and how fast it is.

    >>> import auricle
    >>> run = auricle.evaluate("tiny.en", "talks/", language="en")      # doctest: +SKIP
    >>> run.findings["scores"]["normalized"]["rate"]                    # doctest: +SKIP
    0.152

A run folder keeps what was heard (``Run``); every figure is computed from it, so that a run can be
looked at anew without hearing anything again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from auricle.options import build
from auricle.verbs.evaluate.evaluating import Evaluation, Progress, Silent, Watcher
from auricle.verbs.evaluate.options import EvaluateOptions, ScoreOptions
from auricle.verbs.evaluate.run import Failed, Run, RunWriter, Scored, Story

__all__ = [
    "EvaluateOptions",
    "Evaluation",
    "Failed",
    "Progress",
    "Run",
    "RunWriter",
    "ScoreOptions",
    "Scored",
    "Silent",
    "Story",
    "Watcher",
    "evaluate",
]


def evaluate(
    model: str,
    dataset: str | Path,
    *,
    run: str | Path | None = None,
    overwrite: bool = False,
    watcher: Watcher | None = None,
    **options: Any,
) -> Run:
    """Let a model hear a dataset, and score what it wrote; an interrupted run goes on.

    ``run`` is the folder to keep it in (``runs/MODEL-DATASET``), ``options`` are the fields of
    EvaluateOptions and the classes in it (``split="test"``, ``beam_size=5``, ``max_utterances=50``).

    Raises OptionError (also for a folder with another run), DatasetError, MissingFileError,
    ModelError, OutputError.
    """
    made = build(EvaluateOptions, {"model": model, **options})
    return Evaluation(dataset, made, folder=run, overwrite=overwrite, watcher=watcher).run()

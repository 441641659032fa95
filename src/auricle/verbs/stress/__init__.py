"""How a model bears what recordings go through: noise, rooms, telephones, codecs, speed, level, length.

    >>> import auricle
    >>> found = auricle.stress("tiny.en", "talks/", conditions=("noise:5",))     # doctest: +SKIP
    >>> found.conditions[1].difference.value                                     # doctest: +SKIP
    0.171

The same utterances are evaluated under each condition, each in a run folder of its own, so that
an interrupted command goes on. Every condition is compared with the clean sounds in pairs, by
speaker, and the probabilities are corrected for the number of conditions (Holm).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from auricle.options import build
from auricle.verbs.stress.options import CONDITIONS, HardshipOptions, StressOptions
from auricle.verbs.stress.results import Condition, Stress
from auricle.verbs.stress.stressing import Quiet, Stressing, StressWatcher

__all__ = [
    "CONDITIONS",
    "Condition",
    "HardshipOptions",
    "Quiet",
    "Stress",
    "StressOptions",
    "StressWatcher",
    "Stressing",
    "stress",
]


def stress(
    model: str,
    dataset: str | Path,
    *,
    folder: str | Path | None = None,
    overwrite: bool = False,
    watcher: StressWatcher | None = None,
    **options: Any,
) -> Stress:
    """Evaluate a model on a dataset under every condition; what was done before is not done again.

    ``folder`` is where the runs go (``runs/MODEL-DATASET-stress``), ``options`` are the fields of
    StressOptions and the classes in it.

    Raises OptionError, DatasetError, MissingFileError, ModelError, OutputError.
    """
    made = build(StressOptions, {"model": model, **options})
    return Stressing(dataset, made, folder=folder, overwrite=overwrite, watcher=watcher).run()

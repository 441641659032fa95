"""Run folders made up for tests, as ``auricle evaluate`` writes them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from auricle.verbs.evaluate import RunWriter, Scored, Story


def story(model: str = "one", **changed: Any) -> Story:
    """How a run was made."""
    values: dict[str, Any] = {
        "model": model,
        "engine": "fake",
        "revision": None,
        "device": "cpu",
        "compute_type": "",
        "dataset": "talks",
        "fingerprint": "f00d",
        "normalizer": "multilingual",
        "normalizer_version": "1",
    }
    return Story(**{**values, **changed})


def write_run(path: Path, rows: Iterable[Scored], *, finished: bool = True, **changed: Any) -> Path:
    """A run folder with these utterances."""
    writer = RunWriter(path, story(**{"model": path.name, **changed}))
    writer.add(list(rows))
    if finished:
        writer.finish({})
    return path

"""A dataset being heard, as a person sees it: a bar on stderr, and what is wrong with its rows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from auricle.cli import signals
from auricle.cli.console import ProgressLine, say
from auricle.verbs.datasets import DataOptions, Dataset, open_dataset
from auricle.verbs.datasets.profile import stated_seconds


def opened(data: str, options: DataOptions, language: str | None = None, *, quiet: bool = False) -> Dataset:
    """Open a dataset and say on stderr what is left out of it. Raises what open_dataset raises."""
    values: dict[str, Any] = {
        "split": options.split,
        "audio_column": options.audio_column,
        "text_column": options.text_column,
        "streaming": options.streaming,
        "config": options.config,
        "revision": options.revision,
    }
    dataset = open_dataset(data, language=language, **values)
    if not quiet:
        tell_faults(dataset)
    return dataset


def tell_faults(dataset: Dataset) -> None:
    """A warning for each kind of fault in the rows."""
    for line in dataset.faults.lines():
        say(f"warning: {line}")


class Hearing:
    """Moves the bar, and looks whether the work should end."""

    def __init__(self, line: ProgressLine) -> None:
        self._line = line

    def __call__(self, seconds: float) -> None:
        """So many seconds are heard."""
        signals.check()
        self._line.update(seconds)


@contextmanager
def hearing(dataset: Dataset, *, quiet: bool) -> Iterator[Hearing]:
    """The bar over a dataset; its length is known where the dataset states all durations."""
    line = ProgressLine(shown=not quiet and sys.stderr.isatty())
    line.start(dataset.name, None if dataset.streamed else stated_seconds(dataset))
    signals.hold()
    try:
        yield Hearing(line)
    finally:
        line.stop()

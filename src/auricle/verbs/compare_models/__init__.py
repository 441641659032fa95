"""Several models on one recording, side by side.

    >>> from auricle import compare_models, sample
    >>> found = compare_models(sample(), ["fake:fake", "tiny.en"])  # doctest: +SKIP
    >>> [run.name for run in found.runs]  # doctest: +SKIP
    ['fake:fake', 'tiny.en']

Each runs in a process of its own, one after the other, with the same options.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from auricle.engines import engine_names
from auricle.errors import AuricleError, OptionError, nearest
from auricle.models import language_code, resolve
from auricle.options import build, flatten
from auricle.verbs import trial
from auricle.verbs.compare_models.columns import Column, columns
from auricle.verbs.compare_models.options import CompareOptions
from auricle.verbs.trial import Trial

__all__ = ["Column", "CompareOptions", "Comparison", "Run", "compare_models"]

_NO_WEIGHTS = "fake"


@dataclass(frozen=True, slots=True)
class Run:
    """One model's run: ``name`` as it was asked for, and what came of it."""

    name: str
    trial: Trial

    @property
    def text(self) -> str:
        """What it wrote."""
        return self.trial.transcript.text


@dataclass(frozen=True, slots=True)
class Comparison:
    """The runs in the order they were asked for, and their words in columns."""

    recording: str
    seconds: float
    runs: tuple[Run, ...]
    columns: tuple[Column, ...]

    @property
    def differences(self) -> int:
        """How many columns the models do not agree on."""
        return sum(column.differs for column in self.columns)


class Watcher(Protocol):
    """Told which of the models runs, and how far it is."""

    def started(self, name: str, place: tuple[int, int]) -> None:
        """Number and count of a model that begins."""

    def progress(self, done: float) -> None:
        """``done`` seconds of the recording are written down."""


def compare_models(
    audio: str | os.PathLike[str],
    models: Sequence[str] = (),
    *,
    watcher: Watcher | None = None,
    **options: Any,
) -> Comparison:
    """Transcribe a recording with two models or more.

    ``models`` are what ``--model`` takes, or "engine:model"; ``options`` are the fields of
    CompareOptions (``language="en"``, ``device="cpu"``).

    Raises OptionError, ModelError, AudioError, MissingFileError, MissingExtraError; all that can be
    checked without weights is checked before any model runs.
    """
    return compare(Path(audio), build(CompareOptions, {"models": tuple(models), **options}), watcher)


def compare(recording: Path, options: CompareOptions, watcher: Watcher | None = None) -> Comparison:
    """``compare_models`` with its options in one object."""
    orders = _orders(options)
    columns([""] * len(orders))  # is what aligns installed?
    seconds = _check(recording, options)
    runs = []
    for number, (name, values) in enumerate(orders.items(), 1):
        if watcher:
            watcher.started(name, (number, len(orders)))
        runs.append(Run(name, _try(name, recording, values, watcher)))
    longest = max((run.trial.transcript.duration for run in runs), default=seconds or 0.0)
    return Comparison(recording.name, longest, tuple(runs), columns([run.text for run in runs]))


def _try(name: str, recording: Path, values: dict[str, Any], watcher: Watcher | None) -> Trial:
    try:
        return trial.run(recording, values, watcher.progress if watcher else None)
    except AuricleError as error:
        if name.rpartition(":")[2] in str(error):
            raise
        raise type(error)(f"{name}: {error}") from error


def _orders(options: CompareOptions) -> dict[str, dict[str, Any]]:
    """Each model as it was named → the options of transcribe for it. Raises OptionError, ModelError."""
    if len(set(options.models)) < 2:
        raise OptionError("compare two different models or more. Type: --models tiny.en,base.en")
    if len(set(options.models)) < len(options.models):
        raise OptionError("a model is named twice. Name each once")
    language = options.decode.language
    if language is not None:
        code = None if language == "auto" else language_code(language)
        options = replace(options, decode=replace(options.decode, language=code))
    shared = {name: value for name, value in flatten(options).items() if name != "models"}
    parted = {name: _parted(name) for name in options.models}
    for engine, model in parted.values():
        if model != _NO_WEIGHTS and engine in ("auto", "ctranslate2", "transformers"):
            resolve(model, allow_pickle=options.allow_pickle)
    return {name: shared | {"engine": engine, "model": model} for name, (engine, model) in parted.items()}


def _parted(name: str) -> tuple[str, str]:
    """ "transformers:tiny.en" → engine and model; no engine is "auto". Raises OptionError."""
    before, colon, after = name.partition(":")
    known = engine_names()
    if before in known and after:
        return before, after
    if colon and len(before) > 1 and not set("/\\.~") & set(before):  # no path, and no drive of Windows
        raise OptionError(f"there is no engine {before!r} for {name!r}. {nearest(before, known)}")
    return "auto", name


def _check(recording: Path, options: CompareOptions) -> float | None:
    """The length of the recording, if it says; whether it can be opened at all."""
    from auricle.audio import open_audio

    if str(recording) == "-":
        raise OptionError("standard input can be read once only, and each model reads it. Name a file.")
    if options.channel == "each":
        raise OptionError("channel each makes several transcripts. Choose one channel to compare on.")
    with open_audio(recording, channel=options.channel) as stream:
        return stream.info.duration

"""The options of ``evaluate``: from Python, on the command line and in the report."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any

from auricle.engines import DecodeOptions, LoadOptions
from auricle.normalize import NAMES
from auricle.options import flatten, option
from auricle.segments import SpeechOptions
from auricle.verbs.transcribe import GateOptions, TranscribeOptions

if TYPE_CHECKING:
    from auricle.verbs.datasets import Dataset

# Options that only look at what was heard: a run may be looked at anew with others.
_ANALYSIS = frozenset(("keywords", "slices"))


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """What counts as an error, and what is looked into."""

    normalizer: str = option("auto", "normaliser of the score; auto takes one by language", choices=NAMES)
    missing_text: str = option(
        "refuse",
        "an utterance without a text: refuse the dataset, skip it, or silence: nothing is said in it",
        choices=("refuse", "skip", "silence"),
    )
    keywords: tuple[str, ...] = option((), "words whose recall is reported", metavar="WORDS")
    slices: tuple[str, ...] = option(
        (), "columns to slice by; all that have few enough values if not given", metavar="COLUMN"
    )


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """Which part of a dataset, and which of its columns."""

    split: str | None = option(
        None, "split: test, train+validation, train[:450], train[10%:]", metavar="SPLIT"
    )
    audio_column: str | None = option(None, "column that holds the audio", metavar="NAME")
    text_column: str | None = option(None, "column that holds the text", metavar="NAME")
    config: str | None = option(None, "configuration of a Hub dataset, such as its language", metavar="NAME")
    data_revision: str | None = option(None, "branch, tag or commit of a Hub dataset", metavar="REV")
    streaming: bool = option(False, "read a Hub dataset as it is needed instead of downloading it")

    def open(self, spec: str | PathLike[str]) -> Dataset:
        """Open the dataset. Raises DatasetError, MissingFileError, OptionError, MissingExtraError."""
        from auricle.verbs.datasets import open_dataset

        return open_dataset(
            spec,
            split=self.split,
            audio_column=self.audio_column,
            text_column=self.text_column,
            config=self.config,
            revision=self.data_revision,
            streaming=self.streaming,
        )


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """How much, how, and what of it."""

    max_utterances: int | None = option(
        None, "hear the first so many only; the result is marked PARTIAL", metavar="N"
    )
    mode: str = option(
        "batched",
        "batched decodes windows of many utterances at once; sequential gives each the text before it",
        choices=("batched", "sequential"),
    )
    batch_size: int = option(8, "windows decoded at once in batched mode")
    score: ScoreOptions = field(default_factory=ScoreOptions)
    data: SourceOptions = field(default_factory=SourceOptions)
    load: LoadOptions = field(default_factory=LoadOptions)
    decode: DecodeOptions = field(default_factory=DecodeOptions)
    speech: SpeechOptions = field(default_factory=SpeechOptions)
    gates: GateOptions = field(default_factory=GateOptions)

    @property
    def transcribe(self) -> TranscribeOptions:
        """The part that says how a recording becomes text."""
        names = {item.name for item in dataclasses.fields(TranscribeOptions)}
        shared = {item.name for item in dataclasses.fields(self)} & names
        return TranscribeOptions(**{name: getattr(self, name) for name in shared})

    def resolved(self) -> dict[str, Any]:
        """Those that decide what is heard and how, under their flat names, for the story of a run."""
        return {name: value for name, value in flatten(self).items() if name not in _ANALYSIS}

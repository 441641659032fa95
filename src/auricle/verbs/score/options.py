"""The options of ``score``."""

from __future__ import annotations

from dataclasses import dataclass, field

from auricle.normalize import NAMES
from auricle.options import option
from auricle.verbs.score.reading import FORMATS as TEXTS

FORMATS = (*TEXTS, "rttm")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How the files are read, and what is made alike before texts are compared."""

    normalizer: str = option("auto", "normaliser; auto takes one by language", choices=NAMES)
    language: str | None = option(None, "language of the texts, by code or English name", metavar="LANGUAGE")
    refs_format: str | None = option(
        None, "format of the references, where the ending does not say", choices=FORMATS
    )
    hyps_format: str | None = option(
        None, "format of the hypotheses, where the ending does not say", choices=FORMATS
    )
    id_column: str = option("id", "field of JSON lines that holds the id", metavar="NAME")


@dataclass(frozen=True, slots=True)
class TextOptions:
    """What is read and listed when texts are scored."""

    text_column: str = option("text", "field of JSON lines that holds the text", metavar="NAME")
    top: int = option(10, "how many of the most frequent errors of each kind are listed", metavar="N")


@dataclass(frozen=True, slots=True)
class TurnOptions:
    """What is forgiven when speakers are scored."""

    collar: float = option(
        0.0, "seconds around each change of speaker that the diarization error rate leaves out"
    )
    word_collar: float = option(5.0, "seconds that words of the tcpWER may be apart")


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """All that can be said of scoring texts."""

    read: ReadOptions = field(default_factory=ReadOptions)
    text: TextOptions = field(default_factory=TextOptions)


@dataclass(frozen=True, slots=True)
class SpeakerOptions:
    """All that can be said of scoring speakers."""

    read: ReadOptions = field(default_factory=ReadOptions)
    turns: TurnOptions = field(default_factory=TurnOptions)

"""What was said, when, and how we know: Word · Segment · Transcript.

Every engine returns these, every format converts to and from them, every verb speaks them.
All are frozen: a changed copy is made with ``dataclasses.replace``. Times are seconds from the
start of the recording.

Knows nothing of audio, models or files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auricle.formats import CueStyle


@dataclass(frozen=True, slots=True)
class Word:
    """One word as written, with its punctuation, without surrounding space.

    ``start`` and ``end`` are seconds; ``confidence`` is a probability from 0 to 1, or None where
    the source has none. ``joined`` is true where no space stands between this word and the one
    before (Chinese, Japanese, Thai; the halves of a hyphenated word).
    """

    text: str
    start: float
    end: float
    confidence: float | None = None
    speaker: str | None = None
    joined: bool = False

    def shifted(self, seconds: float) -> Word:
        """The same word, ``seconds`` later."""
        return replace(self, start=self.start + seconds, end=self.end + seconds)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech: a sentence or a phrase, as the model cut it.

    ``text`` is the authority; ``words`` is empty where no word times were asked for. The last
    four are what the decoder measured: mean log-probability of a token, probability that the
    window held no speech, characters before over after compression, sampling temperature.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    speaker: str | None = None
    language: str | None = None
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None
    temperature: float | None = None

    def shifted(self, seconds: float) -> Segment:
        """The same segment, ``seconds`` later."""
        words = tuple(word.shifted(seconds) for word in self.words)
        return replace(self, start=self.start + seconds, end=self.end + seconds, words=words)


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` to ``end``, in seconds."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Dropped:
    """Text that a gate removed, where it stood, and which gate."""

    start: float
    end: float
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """The audit of a transcript: was all speech written down, and nothing else?

    ``speech``: seconds in which the detector heard speech. ``missed``: speech that got no text.
    ``unvoiced``: text where the detector heard no speech. ``dropped``: what the gates removed.
    """

    speech: float
    missed: tuple[Span, ...] = ()
    unvoiced: tuple[Span, ...] = ()
    dropped: tuple[Dropped, ...] = ()

    @property
    def missed_seconds(self) -> float:
        """Seconds of speech without text."""
        return sum(span.duration for span in self.missed)

    def summary(self) -> str:
        """The audit in one line."""
        if not self.speech and not self.unvoiced and not self.dropped:
            return "no speech"
        parts = [f"{self.speech:.1f} s of speech"]
        if self.missed:
            parts.append(f"{self.missed_seconds:.1f} s of it without text")
        if self.unvoiced:
            seconds = sum(span.duration for span in self.unvoiced)
            parts.append(f"{seconds:.1f} s of text where no speech was detected")
        if self.dropped:
            reasons = sorted({item.reason for item in self.dropped})
            parts.append(f"{len(self.dropped)} dropped ({', '.join(reasons)})")
        if len(parts) == 1:
            parts.append("all of it has text")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Source:
    """The recording a transcript was made from. ``channel`` is the rule that chose its samples."""

    name: str
    sha256: str
    duration: float
    channel: str = "mix"


@dataclass(frozen=True, slots=True)
class Record:
    """How a transcript was made, complete enough to make it again.

    ``options`` are the resolved options under their API names, ``versions`` the packages that
    matter, ``created`` an ISO 8601 time, ``elapsed`` the seconds the work took.
    """

    model: str
    engine: str
    revision: str | None = None
    device: str = "cpu"
    compute_type: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    source: Source | None = None
    created: str = ""
    elapsed: float = 0.0


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole transcript: segments in the order of time, and the story of how they came about.

    ``duration`` is the seconds of audio it accounts for; ``channel`` names the channel where a
    recording was transcribed channel by channel.
    """

    segments: tuple[Segment, ...] = ()
    duration: float = 0.0
    language: str | None = None
    language_probability: float | None = None
    channel: str | None = None
    coverage: Coverage | None = None
    record: Record | None = None
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All text in one line."""
        return join(segment.text for segment in self.segments)

    @property
    def words(self) -> tuple[Word, ...]:
        """All words, in order; empty where no word times were asked for."""
        return tuple(word for segment in self.segments for word in segment.words)

    def shifted(self, seconds: float) -> Transcript:
        """The same transcript, ``seconds`` later."""
        return replace(self, segments=tuple(segment.shifted(seconds) for segment in self.segments))

    def save(self, path: str | Path, format: str | None = None, style: CueStyle | None = None) -> Path:
        """Write the transcript; the format follows from the file's ending unless named.

        Raises FormatError for an unknown format, OutputError where it cannot be written.
        """
        from auricle import formats

        return formats.save(self, path, format=format, style=style)

    @staticmethod
    def load(path: str | Path, format: str | None = None) -> Transcript:
        """Read a transcript from any format that can be read.

        Raises MissingFileError, FormatError.
        """
        from auricle import formats

        return formats.load(path, format=format)


def join(texts: Iterable[str]) -> str:
    """Join texts with single spaces, leaving out the empty ones."""
    return " ".join(stripped for text in texts if (stripped := text.strip()))


def join_words(words: Iterable[Word]) -> str:
    """The text of ``words``, with a space before each that is not ``joined``."""
    parts: list[str] = []
    for word in words:
        if parts and not word.joined:
            parts.append(" ")
        parts.append(word.text)
    return "".join(parts)

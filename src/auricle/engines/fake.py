"""A model that needs no weights: for tests, documentation, and the tests of those who use Auricle.

It says how many whole seconds it heard, one word a second, or what it is told to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields

from auricle.audio import Audio
from auricle.engines import DecodeOptions, EngineInfo, LoadOptions
from auricle.transcript import Segment, Transcript, Word

ACCEPTS = frozenset(item.name for item in fields(DecodeOptions))
_NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]

Script = Callable[[Audio, DecodeOptions], Transcript]


def load(options: LoadOptions) -> FakeEngine:
    """An engine that counts seconds."""
    return FakeEngine()


class FakeEngine:
    """Counts seconds, or follows ``script``: a function from audio and options to a transcript.

    ``calls`` keeps the options and batch sizes it was asked with.
    """

    rate = 16_000
    accepts = ACCEPTS
    prompt_limit = 223

    def __init__(
        self,
        script: Script | None = None,
        *,
        window: float = 30.0,
        languages: dict[str, float] | None = None,
    ) -> None:
        self._script = script or count_seconds
        self._languages = languages or {"en": 1.0}
        self.window = window
        self.calls: list[tuple[DecodeOptions, int]] = []
        self.info = EngineInfo(
            engine="fake", model="fake", languages=tuple(self._languages), tasks=("transcribe", "translate")
        )

    def transcribe(self, batch: Sequence[Audio], options: DecodeOptions) -> list[Transcript]:
        """What the script says, for each audio."""
        self.calls.append((options, len(batch)))
        return [self._script(audio, options) for audio in batch]

    def detect_language(self, batch: Sequence[Audio]) -> list[dict[str, float]]:
        """The languages it was made with."""
        return [dict(self._languages) for _ in batch]

    def count_tokens(self, text: str) -> int:
        """One token a word."""
        return len(text.split())


def count_seconds(audio: Audio, options: DecodeOptions) -> Transcript:
    """``one two three seconds``, with one word a second."""
    whole = int(audio.duration)
    names = [_NUMBERS[number] if number < len(_NUMBERS) else str(number) for number in range(1, whole + 1)]
    texts = [*(names or ["zero"]), "second" if whole == 1 else "seconds"]
    text, step = " ".join(texts), audio.duration / len(texts)
    words = tuple(Word(name, at * step, (at + 0.9) * step, 1.0) for at, name in enumerate(texts))
    segment = Segment(
        0.0,
        audio.duration,
        text,
        words if options.words else (),
        language="en",
        avg_logprob=-0.1,
        no_speech_prob=0.0,
    )
    return Transcript((segment,), audio.duration, "en")

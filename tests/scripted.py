"""Scripts for the fake engine: what it says is known, and says when and how it was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from auricle.audio import Audio
from auricle.engines import DecodeOptions
from auricle.segments import Window
from auricle.transcript import Segment, Span, Transcript

LOOP = " ".join(["you know what I mean"] * 6)


def window(start: float, seconds: float, *speech: tuple[float, float]) -> Window:
    """A silent window in which somebody is said to speak: all the time, if not told when."""
    spans = tuple(Span(*span) for span in speech) or (Span(start, start + seconds),)
    return Window(Audio.silence(seconds, start=start), spans)


def say(
    text: str,
    audio: Audio,
    options: DecodeOptions,
    *,
    logprob: float = -0.1,
    silence: float = 0.0,
    until: float | None = None,
) -> Transcript:
    """One segment from the beginning of the audio, with what a decoder would measure."""
    segment = Segment(
        0.0,
        audio.duration if until is None else until,
        text,
        language=options.language,
        avg_logprob=logprob,
        no_speech_prob=silence,
        temperature=options.temperature,
    )
    return Transcript((segment,), audio.duration, options.language)


@dataclass(frozen=True)
class Phrase:
    """What is said at one place of a recording."""

    text: str
    start: float
    end: float


def listener(
    phrases: Sequence[Phrase], hears: Callable[[Phrase, Audio], bool] = lambda phrase, audio: True
) -> Callable[[Audio, DecodeOptions], Transcript]:
    """A perfect recogniser: every phrase whose middle is in the audio, unless it does not ``hear`` it."""

    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        end = audio.start + audio.duration
        segments = tuple(
            Segment(
                max(phrase.start - audio.start, 0.0),
                min(phrase.end, end) - audio.start,
                phrase.text,
                avg_logprob=-0.1,
                no_speech_prob=0.0,
                temperature=options.temperature,
            )
            for phrase in phrases
            if audio.start <= (phrase.start + phrase.end) / 2 < end and hears(phrase, audio)
        )
        return Transcript(segments, audio.duration, options.language)

    return script

"""The options of ``stream``: from Python, on the command line, in the demo and the server."""

from __future__ import annotations

from dataclasses import dataclass, field

from auricle.engines import DecodeOptions, LoadOptions
from auricle.errors import OptionError
from auricle.models import language_code
from auricle.options import option, same_as
from auricle.segments import SpeechOptions


@dataclass(frozen=True, slots=True)
class PaceOptions:
    """When the text is looked at again, and when it is done."""

    step: float = option(0.5, "seconds of new sound after which the text is looked at again")
    margin: float = option(
        1.5, "seconds of sound after a word from which one look is enough; before that, two must agree"
    )
    agreed: float = option(0.7, "seconds of sound after a word on which two looks must agree")
    settle: float = option(0.25, "seconds of silence after which the words before it are committed")
    end_silence: float = option(0.6, "seconds of silence that end an utterance")
    pad: float = option(0.3, "seconds kept before speech")
    longest: float = option(12.0, "seconds after which an utterance is ended at its best pause so far")


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """Everything ``stream`` can be told."""

    load: LoadOptions = field(default_factory=LoadOptions)
    language: str | None = same_as(DecodeOptions, "language")
    prompt: str = same_as(DecodeOptions, "prompt")
    hotwords: str = same_as(DecodeOptions, "hotwords")
    beam_size: int = same_as(DecodeOptions, "beam_size")
    vad_threshold: float = same_as(SpeechOptions, "vad_threshold")
    context: int = option(200, "characters of the text before that a model is told")
    pace: PaceOptions = field(default_factory=PaceOptions)

    def decode(self) -> DecodeOptions:
        """What an engine is asked for: always words, for their times decide what is committed."""
        named = None if self.language in (None, "auto") else language_code(self.language or "")
        return DecodeOptions(
            language=named,
            prompt=self.prompt,
            hotwords=self.hotwords,
            beam_size=self.beam_size,
            words=True,
        )


_LEAST = {"pad": 0.0, "step": 0.1, "margin": 0.2, "settle": 0.1, "end_silence": 0.2, "longest": 4.0}
_LONGEST = 20.0  # seconds: what a window of 30 s holds, with room for words that wait for their pause


def check_options(options: StreamOptions) -> None:
    """Refuse numbers that cannot work together. Raises OptionError."""
    pace = options.pace
    for name, least in _LEAST.items():
        if getattr(pace, name) < least:
            raise OptionError(f"{name} must be at least {least} s.")
    if pace.longest > _LONGEST:
        raise OptionError(f"longest can be {_LONGEST:g} s at most.")
    if pace.settle > pace.end_silence:
        raise OptionError("settle must not be longer than end_silence.")
    if options.context < 0:
        raise OptionError("context must be 0 (none) or more characters.")
    if not 0 < options.vad_threshold < 1:
        raise OptionError("vad_threshold is a probability between 0 and 1, such as 0.5.")

"""Which language is spoken: ``auricle detect-language``.

    >>> from auricle.verbs.detect_language import detect_language
    >>> detect_language("talk.mp3", "small").language  # doctest: +SKIP
    'de'

Windows of speech vote, each as heavy as its speech, so that music or another tongue in the first
half minute does not decide.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from auricle.audio import Audio, open_audio
from auricle.engines import DetectsLanguage, Engine, LoadOptions, load_engine
from auricle.errors import OptionError
from auricle.options import option
from auricle.segments import SpeechOptions, Window, total, windows
from auricle.vad import RATE


@dataclass(frozen=True, slots=True)
class DetectOptions:
    """How a language is found out."""

    model: str = option(
        "tiny", "a multilingual model: catalogue name, Hugging Face Hub id, or folder", metavar="NAME"
    )
    engine: str = option("auto", "what runs the model", metavar="NAME")
    device: str = option("auto", "processor to run on", choices=("auto", "cpu", "cuda", "mps"))
    windows: int = option(8, "windows of speech that vote, each of up to half a minute")


@dataclass(frozen=True, slots=True)
class Detected:
    """``chances``: the probability of every language the model knows, the likeliest first.

    ``seconds`` of speech voted; with none, nothing was heard and ``chances`` is empty.
    """

    chances: dict[str, float]
    seconds: float

    @property
    def language(self) -> str | None:
        """The likeliest language; None where nobody speaks."""
        return next(iter(self.chances), None)


def detect_language(
    audio: str | Path | Audio, model: str | None = None, *, options: DetectOptions | None = None
) -> Detected:
    """The languages that may be spoken in a recording, with their probabilities.

    Raises OptionError for a model that knows one language only, AudioError, MissingFileError, ModelError.
    """
    options = options or DetectOptions()
    options = replace(options, model=model or options.model)
    if options.windows < 1:
        raise OptionError("windows must be at least 1.")
    engine = load_engine(LoadOptions(options.model, engine=options.engine, device=options.device))
    detector = able(engine)
    if isinstance(audio, Audio):
        return vote(detector, _speech([audio.resample(RATE)], engine), options.windows)
    with open_audio(audio, rate=RATE) as stream:
        return vote(detector, _speech(stream, engine), options.windows)


def able(engine: Engine) -> DetectsLanguage:
    """The engine, if its model can tell languages apart. Raises OptionError."""
    if not isinstance(engine, DetectsLanguage) or len(engine.info.languages) < 2:
        raise OptionError(
            f"{engine.info.model} cannot tell languages apart: it knows "
            f"{engine.info.languages[0] if engine.info.languages else 'no language by name'}. "
            "Choose a multilingual Whisper, such as --model tiny"
        )
    return engine


def vote(engine: DetectsLanguage, heard: Iterable[Window], most: int) -> Detected:
    """Sum the probabilities of the first ``most`` windows, each weighted by its seconds of speech."""
    votes: dict[str, float] = {}
    seconds = 0.0
    for window in itertools.islice(heard, most):
        spoken = total(window.speech)
        seconds += spoken
        (chances,) = engine.detect_language([window.audio])
        for code, chance in chances.items():
            votes[code] = votes.get(code, 0.0) + chance * max(spoken, 0.1)
    weight = sum(votes.values())
    ranked = sorted(votes, key=lambda code: -votes[code])
    return Detected({code: votes[code] / weight for code in ranked}, round(seconds, 3))


def _speech(blocks: Iterable[Audio], engine: Engine) -> Iterable[Window]:
    return windows(blocks, SpeechOptions(window=min(SpeechOptions().window, engine.window)))

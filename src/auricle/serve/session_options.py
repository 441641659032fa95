"""The settings of a realtime session: what of the OpenAI protocol is honoured, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from auricle.errors import nearest
from auricle.options import build
from auricle.serve.errors import ApiError
from auricle.serve.form import unknown_model
from auricle.verbs.stream import StreamOptions

_RATES = (8000, 16_000, 24_000, 48_000)
_FORMATS = {"audio/pcm": "pcm16", "audio/pcmu": "mulaw", "audio/pcma": "alaw"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client asked for. ``turns`` is whether pauses end utterances, or the client does."""

    model: str
    format: str = "audio/pcm"
    rate: int = 24_000
    language: str | None = None
    prompt: str = ""
    hotwords: str = ""
    turns: bool = True
    threshold: float = 0.5
    padding: int = 300  # ms
    silence: int = 500  # ms

    @property
    def encoding(self) -> str:
        """How the samples are written."""
        return _FORMATS[self.format]

    def options(self, never: float) -> StreamOptions:
        """The options of a listener; ``never`` are the seconds of silence that end nothing."""
        silence = self.silence / 1000 if self.turns else never
        values = {
            "language": self.language,
            "prompt": self.prompt,
            "hotwords": self.hotwords,
            "vad_threshold": self.threshold,
            "pad": self.padding / 1000,
            "end_silence": silence,
            "settle": min(0.25, silence),
        }
        return build(StreamOptions, values)


def describe(wanted: Wanted, identity: str) -> dict[str, Any]:
    """The session as the protocol shows it."""
    turns = {
        "type": "server_vad",
        "threshold": wanted.threshold,
        "prefix_padding_ms": wanted.padding,
        "silence_duration_ms": wanted.silence,
    }
    format: dict[str, Any] = {"type": wanted.format}
    if wanted.format == "audio/pcm":
        format["rate"] = wanted.rate
    transcription = {"model": wanted.model, "language": wanted.language, "prompt": wanted.prompt}
    return {
        "id": identity,
        "object": "realtime.transcription_session",
        "type": "transcription",
        "audio": {
            "input": {
                "format": format,
                "transcription": transcription,
                "noise_reduction": None,
                "turn_detection": turns if wanted.turns else None,
            }
        },
        "include": [],
    }


def read_session(value: Any, before: Wanted, names: tuple[str, ...]) -> Wanted:
    """The settings after an update; what it does not name stays. Raises ApiError."""
    session = _fields(value, "session", ("type", "audio", "include", "id", "object"))
    if session.get("type", "transcription") != "transcription":
        raise _refused("session.type", "this server has sessions of type transcription only.")
    if session.get("include"):
        raise _refused("session.include", "include is not supported: there are no probabilities of tokens.")
    audio = _fields(session.get("audio") or {}, "session.audio", ("input",))
    place = "session.audio.input"
    known = ("format", "transcription", "noise_reduction", "turn_detection")
    given = _fields(audio.get("input") or {}, place, known)
    if given.get("noise_reduction") is not None:
        raise _refused(f"{place}.noise_reduction", "noise_reduction is not supported: leave it null.")
    wanted = before
    if given.get("format") is not None:
        wanted = _format(given["format"], wanted, f"{place}.format")
    if given.get("transcription") is not None:
        wanted = _transcription(given["transcription"], wanted, f"{place}.transcription", names)
    if "turn_detection" in given:
        wanted = _turns(given["turn_detection"], wanted, f"{place}.turn_detection")
    return wanted


def _format(value: Any, wanted: Wanted, place: str) -> Wanted:
    format = _fields(value, place, ("type", "rate"))
    kind = format.get("type") or "audio/pcm"
    if kind not in _FORMATS:
        raise _refused(f"{place}.type", f"a format is one of {', '.join(_FORMATS)}.")
    rate = format.get("rate") or (24_000 if kind == "audio/pcm" else 8000)
    if rate not in (_RATES if kind == "audio/pcm" else (8000,)):
        raise _refused(f"{place}.rate", f"a rate of {kind} is one of {', '.join(map(str, _RATES))}.")
    return replace(wanted, format=kind, rate=rate)


def _transcription(value: Any, wanted: Wanted, place: str, names: tuple[str, ...]) -> Wanted:
    given = _fields(value, place, ("model", "language", "prompt", "keywords", "languages", "delay"))
    for name in ("languages", "delay"):
        if given.get(name) is not None:
            raise _refused(f"{place}.{name}", f"{name} is not supported in a realtime session.")
    model = _text(given, "model", place) or wanted.model
    if model not in names:
        raise unknown_model(model, names)
    keywords = given.get("keywords")
    if keywords is not None and not (
        isinstance(keywords, list) and all(isinstance(word, str) for word in keywords)
    ):
        raise _refused(f"{place}.keywords", "keywords is a list of texts.")
    return replace(
        wanted,
        model=model,
        language=_text(given, "language", place) or None if "language" in given else wanted.language,
        prompt=_text(given, "prompt", place) if "prompt" in given else wanted.prompt,
        hotwords=wanted.hotwords if keywords is None else ", ".join(keywords),
    )


def _turns(value: Any, wanted: Wanted, place: str) -> Wanted:
    if value is None:
        return replace(wanted, turns=False)
    known = ("type", "threshold", "prefix_padding_ms", "silence_duration_ms")
    given = _fields(value, place, (*known, "create_response", "interrupt_response", "idle_timeout_ms"))
    if given.get("type") != "server_vad":
        raise _refused(f"{place}.type", "turn_detection is null or of type server_vad.")
    for name in ("create_response", "interrupt_response", "idle_timeout_ms"):
        if given.get(name):
            raise _refused(f"{place}.{name}", f"{name} has no meaning where nothing is answered.")
    return replace(
        wanted,
        turns=True,
        threshold=_number(given, "threshold", place, wanted.threshold, 0.01, 0.99),
        padding=round(_number(given, "prefix_padding_ms", place, wanted.padding, 0, 2000)),
        silence=round(_number(given, "silence_duration_ms", place, wanted.silence, 200, 10_000)),
    )


def _fields(value: Any, place: str, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refused(place, f"{place} is an object.")
    for name in value:
        if name not in known:
            raise _refused(f"{place}.{name}"[:100], f"{place} has no {name[:80]!r}. {nearest(name, known)}")
    return value


def _text(given: dict[str, Any], name: str, place: str) -> str:
    value = given.get(name) or ""
    if not isinstance(value, str):
        raise _refused(f"{place}.{name}", f"{name} is a text.")
    return value


def _number(given: dict[str, Any], name: str, place: str, default: float, least: float, most: float) -> float:
    value = given.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise _refused(f"{place}.{name}", f"{name} is a number from {least:g} to {most:g}.")
    return value


def _refused(param: str, message: str) -> ApiError:
    return ApiError(400, message, param=param)

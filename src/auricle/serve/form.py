"""The fields of a request to options: each is honoured or refused, none is dropped.

Knows the names of the OpenAI API and ours. Refuses to know HTTP.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from auricle.errors import nearest
from auricle.serve.errors import ApiError

FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
GRANULARITIES = ("word", "segment")
MOST_TEXT = 4000  # characters of a prompt: more than any model has room for


@dataclass(slots=True)
class Asked:
    """What one request asks for: options of ``transcribe`` by name, and how to answer."""

    options: dict[str, Any] = field(default_factory=dict)
    format: str = "json"
    words: bool = False
    segments: bool = True
    stream: bool = False


def read_form(pairs: Iterable[tuple[str, str]], names: tuple[str, ...], *, task: str) -> Asked:
    """What the text fields of a form ask for. ``names`` are those of the model that is served.

    Raises ApiError for a field that is unknown, given twice or impossible.
    """
    known = _TRANSLATE if task == "translate" else _TRANSCRIBE
    asked = Asked()
    for name, values in _collected(pairs).items():
        if name not in known:
            if name in _TRANSCRIBE:
                raise _refused(name, f"{name} is not a field of translations.")
            if name in _NOT_HERE:
                raise _refused(name, f"{name} is not supported: {_NOT_HERE[name]}")
            raise _refused(name, f"there is no field {name!r}. {nearest(name, known)}")
        if len(values) > 1 and name not in _MANY:
            raise _refused(name, f"{name} is given {len(values)} times.")
        known[name](asked, values)
    _check_model(asked, names)
    _check_together(asked)
    if task == "translate":
        asked.options["task"] = "translate"
    return asked


def _collected(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name.removesuffix("[]"), []).append(value)
    return found


def _refused(param: str, message: str) -> ApiError:
    return ApiError(400, message, param=param)


def unknown_model(name: str, names: tuple[str, ...]) -> ApiError:
    """The error for a model that is not served here."""
    hint = f" To serve it under this name, start with: --alias {name}" if name == "whisper-1" else ""
    return ApiError(
        404,
        f"the model {name[:80]!r} is not served here. Served: {', '.join(names)}.{hint}",
        param="model",
        code="model_not_found",
    )


def _check_model(asked: Asked, names: tuple[str, ...]) -> None:
    name = asked.options.pop("model", None)
    if name is None:
        raise _refused("model", f"model is missing. Served: {', '.join(names)}.")
    if name not in names:
        raise unknown_model(name, names)


def _check_together(asked: Asked) -> None:
    if asked.words and asked.format not in ("verbose_json", "srt", "vtt"):
        raise _refused(
            "timestamp_granularities", "timestamp_granularities needs response_format verbose_json."
        )
    if asked.stream and asked.format not in ("json", "text"):
        raise _refused("stream", f"stream gives text as it comes, which {asked.format} cannot hold.")
    if asked.options.get("language") and asked.options.get("languages"):
        raise _refused("languages", "give language, or languages to choose from, not both.")
    asked.options["words"] = asked.words or asked.format in ("srt", "vtt")


def _model(asked: Asked, values: list[str]) -> None:
    asked.options["model"] = values[0]


def _text(name: str, option: str) -> Callable[[Asked, list[str]], None]:
    def read(asked: Asked, values: list[str]) -> None:
        text = ", ".join(value.strip() for value in values if value.strip())
        if len(text) > MOST_TEXT:
            raise _refused(name, f"{name} has {len(text)} characters; {MOST_TEXT} are the most.")
        if text:
            asked.options[option] = text

    return read


def _languages(asked: Asked, values: list[str]) -> None:
    if chosen := tuple(value for value in values if value):
        asked.options["languages"] = chosen


def _format(asked: Asked, values: list[str]) -> None:
    if values[0] == "diarized_json":
        raise _refused(
            "response_format", "diarized_json is not supported: this model does not tell speakers apart."
        )
    asked.format = _choice("response_format", values[0], FORMATS)


def _temperature(asked: Asked, values: list[str]) -> None:
    value = _number("temperature", values[0])
    if not 0 <= value <= 1:
        raise _refused("temperature", "temperature is a number from 0 to 1.")
    if value:  # 0 means ours and theirs alike: sampling only where a window fails a gate
        asked.options["temperatures"] = (value,)


def _granularities(asked: Asked, values: list[str]) -> None:
    chosen = {_choice("timestamp_granularities", value, GRANULARITIES) for value in values}
    asked.words, asked.segments = "word" in chosen, "segment" in chosen


def _stream(asked: Asked, values: list[str]) -> None:
    asked.stream = _choice("stream", values[0].lower(), ("true", "false")) == "true"


def _chunking(asked: Asked, values: list[str]) -> None:
    """ "auto" is what is done anyway; the numbers of server_vad are options of the speech detector."""
    if values[0] == "auto":
        return
    value = _object("chunking_strategy", values[0])
    if value.pop("type", None) != "server_vad":
        raise _refused("chunking_strategy", 'chunking_strategy is "auto" or an object of type server_vad.')
    for name, (option, scale, most) in _VAD.items():
        if name in value:
            number = value.pop(name)
            if isinstance(number, bool) or not isinstance(number, int | float) or not 0 < number <= most:
                raise _refused("chunking_strategy", f"{name} is a number above 0, {most} at most.")
            asked.options[option] = number * scale
    if value:
        name = next(iter(value))
        raise _refused("chunking_strategy", f"there is no field {name!r} in it. {nearest(name, _VAD)}")


_VAD = {
    "threshold": ("vad_threshold", 1.0, 0.99),
    "prefix_padding_ms": ("pad", 0.001, 2000),
    "silence_duration_ms": ("max_gap", 0.001, 20_000),
}


def _include(asked: Asked, values: list[str]) -> None:
    raise _refused("include", "include is not supported: there are no probabilities of tokens to give.")


def _choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise _refused(name, f"{name} cannot be {value[:80]!r}. {nearest(value, choices)}")
    return value


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _refused(name, f"{name} is a number, not {text[:80]!r}.")
    return value


def _object(name: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise _refused(name, f"{name} is not JSON of an object.")
    return value


_MANY = frozenset({"timestamp_granularities", "include", "keywords", "languages"})
_NOT_HERE = {
    "known_speaker_names": "this model does not tell speakers apart.",
    "known_speaker_references": "this model does not tell speakers apart.",
}
_Readers = Mapping[str, Callable[[Asked, list[str]], None]]
_TRANSLATE: _Readers = {
    "model": _model,
    "prompt": _text("prompt", "prompt"),
    "response_format": _format,
    "temperature": _temperature,
}
_TRANSCRIBE: _Readers = {
    **_TRANSLATE,
    "language": _text("language", "language"),
    "languages": _languages,
    "keywords": _text("keywords", "hotwords"),
    "timestamp_granularities": _granularities,
    "stream": _stream,
    "chunking_strategy": _chunking,
    "include": _include,
}

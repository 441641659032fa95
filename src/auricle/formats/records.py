"""json: the whole transcript and its story, schema ``auricle.transcript/1``. Loses nothing.

Fields have the names of the dataclasses in ``auricle.transcript``; times are seconds in full
precision. ``text`` at the top is for people and ignored on reading, and so are fields that this
version does not know. An engine's measurements, words and options are all there.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import types
import typing
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar

from auricle.errors import FormatError
from auricle.formats.cues import CueStyle
from auricle.formats.wire import decode
from auricle.transcript import Transcript

T = TypeVar("T")

SCHEMA = "auricle.transcript/1"

LOSES: tuple[str, ...] = ()


def dump(transcript: Transcript, _style: CueStyle) -> bytes:
    """Indented, one line for what fits one thing (a word, a span); UTF-8.

    Raises FormatError for a number that is infinite or none, and for options that JSON cannot hold.
    """
    value = {"schema": SCHEMA, "text": transcript.text, **_plain(transcript)}
    try:
        text = _render(value, "")
    except (TypeError, ValueError, RecursionError) as error:
        raise FormatError(f"json cannot hold this transcript: {error}.") from error
    # Half of a UTF-16 pair is no character: escaped, it is still JSON.
    return (re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text) + "\n").encode()


def _plain(value: Any) -> Any:
    """Dataclasses as dicts, what is short first; tuples as lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return dict(sorted(pairs.items(), key=lambda pair: isinstance(pair[1], list | dict)))
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _render(value: Any, indent: str) -> str:
    items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if indent and not any(isinstance(item, list | dict) and item for item in items):
        return _leaf(value)
    inner = indent + "  "
    if isinstance(value, dict):
        lines = [f"{inner}{_leaf(str(key))}: {_render(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _render(item, inner) for item in items) + f"\n{indent}]"


def _leaf(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def parse(data: bytes) -> Transcript:
    """The transcript that was written.

    Raises FormatError with the line for what is no JSON, with the place for a field that is missing or
    of the wrong kind, and with the version that we read for another version.
    """
    value = _syntax(decode(data, strict=True))
    schema = value.get("schema") if isinstance(value, dict) else None
    if schema != SCHEMA:
        found = f"its schema is {schema!r}" if schema else "it has no schema"
        raise FormatError(f"not a transcript that we can read: {found}; this Auricle reads {SCHEMA!r}.")
    return _build(Transcript, value, "")


def _syntax(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise FormatError(f"line {error.lineno}, column {error.colno} is not JSON: {error.msg}.") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"not JSON that we can read: {error}.") from error


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")


_hints = lru_cache(typing.get_type_hints)  # of a class: slow, and asked for once a word


def _build(cls: type[T], value: Any, where: str) -> T:
    """A dataclass from its dict; unknown fields are tolerated, missing ones only if they have a default."""
    if not isinstance(value, dict):
        raise _wrong(where, "an object", value)
    hints: dict[str, Any] = _hints(cls)  # type: ignore[arg-type]
    arguments: dict[str, Any] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        place = f"{where}.{field.name}" if where else field.name
        if field.name in value:
            arguments[field.name] = _read(hints[field.name], value[field.name], place)
        elif field.default is field.default_factory is dataclasses.MISSING:
            raise FormatError(f"{place} is missing.")
    return cls(**arguments)


def _read(hint: Any, value: Any, where: str) -> Any:
    """``value`` as what the annotation of its field says."""
    if isinstance(hint, types.UnionType):
        inner = next(part for part in typing.get_args(hint) if part is not type(None))
        return None if value is None else _read(inner, value, where)
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise _wrong(where, "a list", value)
        inner = typing.get_args(hint)[0]
        return tuple(_read(inner, item, f"{where}[{number}]") for number, item in enumerate(value))
    if typing.get_origin(hint) is Mapping:
        return _mapping(typing.get_args(hint)[1], value, where)
    if dataclasses.is_dataclass(hint):
        return _build(typing.cast(type, hint), value, where)
    return _scalar(hint, value, where)


def _mapping(hint: Any, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(where, "an object", value)
    if hint is Any:
        return value
    return {key: _read(hint, item, f"{where}.{key}") for key, item in value.items()}


def _scalar(hint: type, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return _finite(value, where)
    if hint is not float and isinstance(value, hint):
        return value
    raise _wrong(
        where, {float: "a number", str: "text", bool: "true or false"}.get(hint, hint.__name__), value
    )


def _finite(value: float, where: str) -> float:
    try:
        if math.isfinite(number := float(value)):
            return number
    except OverflowError:
        pass
    raise FormatError(f"{where} is too large a number.")


def _wrong(where: str, wanted: str, value: Any) -> FormatError:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return FormatError(f"{where or 'the file'} is {kinds.get(type(value), 'a number')}, not {wanted}.")

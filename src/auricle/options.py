"""Options: an option is born once, as a field of a frozen dataclass that a verb holds.

The field has the name, type, default and help; the command line, recipes and the HTTP server
derive theirs from it. Options classes may nest (``TranscribeOptions.decode``); outside, all
names live in one flat list, and an unknown one is refused with the nearest that exists.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from auricle.errors import OptionError, nearest

T = TypeVar("T")


def option(
    default: Any, help: str, *, choices: tuple[str, ...] = (), metavar: str = "", hidden: bool = False
) -> Any:
    """A dataclass field with what every surface needs to offer it.

    ``hidden`` options are set by our own code only; no surface offers them.
    """
    meta = {"help": help, "choices": choices, "metavar": metavar, "hidden": hidden}
    return field(default=default, metadata=meta)


def same_as(cls: type, name: str) -> Any:
    """The option ``name`` of another class, for a class that offers some of its options."""
    item = next(item for item in dataclasses.fields(cls) if item.name == name)
    return field(default=item.default, metadata=item.metadata)


@dataclass(frozen=True, slots=True)
class Option:
    """One option as a surface sees it. ``kind`` is the plain type, ``many`` for tuples."""

    name: str
    kind: type
    default: Any
    help: str
    choices: tuple[str, ...]
    metavar: str
    many: bool
    optional: bool
    hidden: bool


def options_of(cls: type) -> Iterator[Option]:
    """All options of an options class, nested classes flattened in the order of definition."""
    hints = typing.get_type_hints(cls)
    for item in dataclasses.fields(cls):
        hint = hints[item.name]
        if dataclasses.is_dataclass(hint):
            yield from options_of(typing.cast(type, hint))
            continue
        kind, many, optional = _kind(hint)
        meta = item.metadata
        yield Option(item.name, kind, item.default, many=many, optional=optional, **meta)


def build(cls: type[T], values: Mapping[str, Any]) -> T:
    """Make an options object from flat names.

    Raises OptionError for a name that does not exist, a wrong type or a value outside its choices.
    """
    known = {item.name: item for item in options_of(cls)}
    for name, value in values.items():
        if name not in known:
            raise OptionError(f"there is no option {name!r}. {nearest(name, known)}")
        _check(known[name], value)
    return _fill(cls, values)


def flatten(options: Any) -> dict[str, Any]:
    """All values of an options object under their flat names, tuples as lists (ready for JSON)."""
    flat: dict[str, Any] = {}
    for item in dataclasses.fields(options):
        value = getattr(options, item.name)
        if dataclasses.is_dataclass(value):
            flat |= flatten(value)
        else:
            flat[item.name] = list(value) if isinstance(value, tuple) else value
    return flat


def changed(options: Any) -> set[str]:
    """The names of the fields that do not have their default."""
    return {item.name for item in dataclasses.fields(options) if getattr(options, item.name) != item.default}


def _fill(cls: type[T], values: Mapping[str, Any]) -> T:
    hints = typing.get_type_hints(cls)
    arguments: dict[str, Any] = {}
    for item in dataclasses.fields(cls):  # type: ignore[arg-type]
        hint = hints[item.name]
        if dataclasses.is_dataclass(hint):
            arguments[item.name] = _fill(typing.cast(type, hint), values)
        elif item.name in values:
            value = values[item.name]
            many = _kind(hint)[1]
            listed = tuple(value) if isinstance(value, list | tuple) else (value,)
            arguments[item.name] = listed if many else value
    return cls(**arguments)


def _kind(hint: Any) -> tuple[type, bool, bool]:
    """``str | None`` → (str, False, True); ``tuple[float, ...]`` → (float, True, False)."""
    if isinstance(hint, types.UnionType):
        inner = next(part for part in typing.get_args(hint) if part is not type(None))
        kind, many, _ = _kind(inner)
        return kind, many, True
    if typing.get_origin(hint) is tuple:
        return typing.get_args(hint)[0], True, False
    return hint, False, False


def _check(item: Option, value: Any) -> None:
    if value is None and item.optional:
        return
    values = value if item.many and isinstance(value, list | tuple) else (value,)
    for one in values:
        fits = isinstance(one, item.kind) or (item.kind is float and isinstance(one, int))
        if not fits or (item.kind is not bool and isinstance(one, bool)):
            raise OptionError(f"{item.name} takes {item.kind.__name__}, not {one!r}.")
        if item.choices and one not in item.choices:
            raise OptionError(f"{item.name} cannot be {one!r}. {nearest(str(one), item.choices)}")

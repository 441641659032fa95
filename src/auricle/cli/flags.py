"""Command-line flags from options classes: an option is born in its class, not here."""

from __future__ import annotations

import dataclasses
import math
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from auricle.errors import nearest
from auricle.options import Option, build, options_of

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

if TYPE_CHECKING:
    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType  # generic since click 8.3 or so only


class Flag(click.Option):
    """A flag that stands under ``heading`` in the help."""

    def __init__(self, *arguments: Any, heading: str = "", **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.heading = heading


class Command(click.Command):
    """A command whose help shows the flags of each options class under a heading of their own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the groups, the command's own flags first."""
        groups: dict[str, list[tuple[str, str]]] = {"Options": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                groups.setdefault(getattr(parameter, "heading", "Options"), []).append(record)
        for heading, rows in groups.items():
            with formatter.section(heading):
                formatter.write_dl(rows)


class Value(ParamType):
    """One value of an option, or several with commas between them where it takes many."""

    def __init__(self, item: Option) -> None:
        self._item = item
        self.name = item.metavar or _METAVARS.get(item.kind, "TEXT")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A value, or a list of them. Fails with one line, so that click exits with 2."""
        if not isinstance(value, str):
            return value
        if not self._item.many:
            return self._one(value, param, ctx)
        return [self._one(part.strip(), param, ctx) for part in value.split(",") if part.strip()]

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """What stands for the value in the help: its name, or all it can be."""
        if self._item.choices and not self._item.metavar:
            return f"[{'|'.join(self._item.choices)}]"
        return self.name

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """The choices that begin like this."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in self._item.choices if name.startswith(incomplete)]

    def _one(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if self._item.choices:
            same = {name.lower(): name for name in self._item.choices}
            if "," in text:
                self.fail(f"{text!r} is several, and one is taken.", param, ctx)
            if text.lower() not in same:
                self.fail(f"{text!r} is not known. {nearest(text, self._item.choices)}", param, ctx)
            return same[text.lower()]
        if self._item.kind is str:
            return text
        try:
            number = self._item.kind(text)
        except ValueError:
            self.fail(f"{text!r} is not a {_NAMES[self._item.kind]}.", param, ctx)
        if not math.isfinite(number):
            self.fail(f"{text!r} is not a finite number.", param, ctx)
        return number


def flags(cls: type, **short: str) -> Callable[[F], F]:
    """Give a command a flag for every option of ``cls``.

    ``short`` names one-letter forms; a longer word is the flag's name where the option's own is
    none that Python could have (``purpose="for"``).
    """

    def decorate(function: F) -> F:
        for heading, item in reversed(list(_grouped(cls, _title(cls.__name__)))):
            if not item.hidden:
                function = _flag(item, heading, short.get(item.name))(function)
        return function

    return decorate


def typed(values: Mapping[str, Any], *classes: type) -> dict[str, Any]:
    """What was typed, of all the values of a command, for the options of ``classes``."""
    known = {item.name for cls in classes for item in options_of(cls)}
    return {
        name: _listed(value)
        for name, value in values.items()
        if name in known and value is not None and value != ()
    }


def options_from(cls: type[T], values: Mapping[str, Any]) -> T:
    """The options object of ``cls`` from the flags that were given."""
    return build(cls, typed(values, cls))


def as_flags(message: str) -> str:
    """A message in the words of the command line: ``max_word`` is ``--max-word`` there.

    File names and quoted text stay as they are.
    """
    names = "|".join(sorted(name for name in _ADDED if "_" in name))
    alone = rf"(?<![\w/.'\\-])({names})(?![\w/'\\-]|\.\w)"
    return re.sub(alone, lambda found: f"--{found[1].replace('_', '-')}", message) if names else message


def _grouped(cls: type, name: str) -> Iterator[tuple[str, Option]]:
    """Each option of a class with its heading: a nested class has its own, made of its docstring."""
    hints = typing.get_type_hints(cls)
    parts = {field.name: hints[field.name] for field in dataclasses.fields(cls)}
    nested = {name: part for name, part in parts.items() if dataclasses.is_dataclass(part)}
    own = {item.name: item for item in options_of(cls)}
    heading = name if nested else f"{name} – {_sentence(cls)}"
    for field, part in parts.items():
        if field in nested:
            yield from _grouped(part, _title(field))
        else:
            yield heading, own[field]


def _title(name: str) -> str:
    """ "OutputOptions" → "Output"; "CueStyle" → "Cue style"; "gates" → "Gates"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Options")).lower()
    return words.capitalize()


def _sentence(cls: type) -> str:
    """The first sentence of a class's docstring, to stand after a dash."""
    first = re.split(r"\.\s|\.$", (cls.__doc__ or "").strip(), maxsplit=1)[0]
    return first[:1].lower() + first[1:]


_ADDED: set[str] = set()  # the options that commands loaded so far have as flags


def _flag(item: Option, heading: str, short: str | None) -> Callable[[F], F]:
    _ADDED.add(item.name)
    name = item.name.replace("_", "-")
    common: dict[str, Any] = {"cls": Flag, "heading": heading, "help": _help(item)}
    if item.kind is bool:
        declaration = f"--{name}/--no-{name}" if item.default else f"--{name}"
        return click.option(declaration, item.name, default=None, is_flag=True, **common)
    names = [f"--{short}"] if short and len(short) > 1 else [*([f"-{short}"] if short else []), f"--{name}"]
    return click.option(*names, item.name, type=Value(item), multiple=item.many, **common)


_METAVARS: dict[type, str] = {int: "N", float: "NUMBER", str: "TEXT"}
_NAMES: dict[type, str] = {int: "whole number", float: "number"}


def _help(item: Option) -> str:
    parts = [item.help]
    if item.choices and item.metavar:
        parts.append(f"({', '.join(item.choices)})")
    if (shown := _shown(item)) is not None:
        parts.append(f"[default: {shown}]")
    return "  ".join(parts)


def _shown(item: Option) -> str | None:
    """The default as one would type it; None where there is none to speak of."""
    if item.kind is bool:
        return "on" if item.default else None
    if item.default in (None, "", ()):
        return None
    values = item.default if item.many else (item.default,)
    return ",".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values)


def _listed(value: Any) -> Any:
    """The lists of a repeated flag as one: ``-f json,srt -f txt`` is three formats."""
    if not isinstance(value, tuple):
        return value
    return [one for part in value for one in (part if isinstance(part, list) else [part])]

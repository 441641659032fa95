"""auricle convert"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from auricle import formats
from auricle.cli.console import emit
from auricle.cli.flags import Command, Value, flags, options_from
from auricle.errors import FormatError, OptionError
from auricle.formats import FORMATS, CueStyle
from auricle.options import Option
from auricle.storage import write_atomic
from auricle.transcript import Transcript
from auricle.verbs.transcribe.files import check_free, check_style

_EPILOG = """\b
Examples:
  auricle convert talk.json --format srt
  auricle convert talk.json --output talk.vtt --highlight-words
  auricle convert - --from json --format txt < talk.json
"""


def _format(name: str, help: str, choices: tuple[str, ...]) -> Option:
    return Option(
        name, str, None, help, choices=choices, metavar="NAME", many=False, optional=True, hidden=False
    )


_READABLE = tuple(name for name, row in FORMATS.items() if row.parse)
_TO = _format("format", f"format to write: {', '.join(FORMATS)}", tuple(FORMATS))
_FROM = _format("from", f"format to read, where the ending does not say: {', '.join(_READABLE)}", _READABLE)


@click.command(cls=Command, epilog=_EPILOG)
@click.argument("source", metavar="TRANSCRIPT|-")
@click.option("-f", "--format", "to", type=Value(_TO), help=_TO.help)
@click.option("--from", "read_as", type=Value(_FROM), help=_FROM.help)
@click.option("-o", "--output", metavar="FILE", help="file to write; without it the text goes to stdout")
@click.option("--overwrite", is_flag=True, help="replace a file that is in the way")
@flags(CueStyle)
def command(
    source: str, to: str | None, read_as: str | None, output: str | None, overwrite: bool, **values: Any
) -> None:
    """Turn a transcript (json, srt, vtt, …) into another format."""
    if to is None and output is None:
        raise click.UsageError("name a format or a file. Type: --format srt, or --output talk.srt")
    name = to or formats.format_of(output or "")
    style = options_from(CueStyle, values)
    check_style([name], style)
    _check_output(name, output, overwrite=overwrite)
    data = formats.dumps(_read(source, read_as), name, style)
    if output is None:
        emit(data)
    else:
        write_atomic(Path(output), data)


def _check_output(name: str, output: str | None, *, overwrite: bool) -> None:
    if output is not None and not overwrite:
        check_free(Path(output))
    if output is None and overwrite:
        raise OptionError("overwrite is for files, and the text goes to stdout. Type: --output FILE")
    if output is None and name == "docx" and sys.stdout.isatty():
        raise OptionError("docx is not text. Type: --output FILE.docx")


def _read(source: str, format: str | None) -> Transcript:
    if source != "-":
        return formats.load(source, format=format)
    if format is None:
        raise FormatError("standard input has no ending to tell its format by. Type: --from json")
    if sys.stdin is None or sys.stdin.isatty():
        raise FormatError("nothing comes in on standard input. Pipe a file into it: … - < FILE")
    return formats.loads(sys.stdin.buffer.read(), format)

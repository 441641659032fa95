"""auricle models list"""

from __future__ import annotations

import json
from typing import Any

import click

from auricle.cli.console import emit, say
from auricle.cli.flags import Command, flags, options_from
from auricle.cli.models.records import as_record
from auricle.cli.tables import parameters, percent, size, table
from auricle.models.catalogue import ModelInfo, catalogue
from auricle.verbs.models.selection import SelectOptions, on_disk, select, weights

_EPILOG = """\b
Examples:
  auricle models list
  auricle models list --language Japanese --max-memory 1GB
  auricle models list --task translate --licence mit --json
"""
_BOARD = "Open ASR Leaderboard"
_HEADS = ("name", "family", "parameters", "languages", "memory", "WER", "licence", "here")


@click.command(cls=Command, epilog=_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="everything that is known, for programs")
@flags(SelectOptions, language="l")
def command(as_json: bool, **values: Any) -> None:
    """List the models of the catalogue that do what you need."""
    options = options_from(SelectOptions, values)
    found = select(options)
    if as_json:
        emit(f"{json.dumps([as_record(info) for info in found], indent=1, ensure_ascii=False)}\n".encode())
        return
    rows = [_row(info, options.precision) for info in found]
    emit(table(_HEADS, rows, right=(2, 4, 5)).encode())
    kind = "int8 on CTranslate2, else float32" if options.precision == "auto" else options.precision
    say(
        f"{len(found)} {'model' if len(found) == 1 else 'models'}. memory: the weights in {kind}. "
        f"WER: the {_BOARD}'s mean over 8 English sets. Type: auricle models show NAME"
    )
    if options.language is not None:
        _say_unlisted()


def _row(info: ModelInfo, precision: str) -> tuple[str, ...]:
    board = next((rate.rate for rate in info.wer if rate.set.startswith(_BOARD)), None)
    return (
        info.name,
        info.family,
        parameters(info.parameters),
        languages(info),
        size(weights(info, precision)),
        "" if board is None else percent(board),
        info.license or "?",
        "yes" if on_disk(info) else "",
    )


def _say_unlisted() -> None:
    """A filter by language cannot see languages that the catalogue only counts."""
    more = [info.name for info in catalogue().values() if (info.language_count or 0) > len(info.languages)]
    if more:
        say(f"{' and '.join(more)} know more languages than the catalogue lists.")


def languages(info: ModelInfo) -> str:
    """The code of the one language, a few codes, or how many there are."""
    if info.languages and (info.language_count or 0) <= 3:
        return " ".join(info.languages)
    return str(info.language_count or "?")

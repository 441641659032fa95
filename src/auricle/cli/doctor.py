"""auricle doctor"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from itertools import groupby

import click

from auricle.cli.checkup import MISSING, NOTE, OK, Finding, checkup, works
from auricle.cli.console import emit, printable

_MARKS = {OK: "✓", MISSING: "✗", NOTE: "·"}
_HEADINGS = {"network": "network & Hub"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="the report for programs")
def command(as_json: bool) -> int:
    """Say what this machine has, what is missing, and what to type.

    A model is loaded and the bundled sample transcribed. Exit code 0 when that works, 1 when not.
    """
    found: list[Finding] = []
    if as_json:
        found = list(checkup())
        rows = [dataclasses.asdict(item) for item in found]
        _line(json.dumps({"works": works(found), "findings": rows}, indent=1))
        return 0 if works(found) else 1
    for section, items in groupby(checkup(), key=lambda item: item.section):
        _line(_HEADINGS.get(section, section))
        found += _listed(items)
    _line(_verdict(found))
    return 0 if works(found) else 1


def _listed(items: Iterable[Finding]) -> list[Finding]:
    """Print the findings of a section as they come."""
    found = []
    for item in items:
        found.append(item)
        _line(f"  {_MARKS[item.state]} {item.name:<17}{printable(item.text)}")
        if item.fix:
            _line(f"    {'':<17}Type: {item.fix}")
    return found


def _verdict(found: list[Finding]) -> str:
    missing = [item.name for item in found if item.state == MISSING]
    if not works(found):
        return f"\nTranscribing does not work here: see ✗ {', '.join(missing)}."
    if missing:
        return f"\nTranscribing works; something else is missing: {', '.join(missing)}."
    return "\nTranscribing works. Type: auricle transcribe talk.mp4"


def _line(text: str) -> None:
    emit(f"{text}\n".encode())

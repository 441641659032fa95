"""auricle datasets show"""

from __future__ import annotations

import json
from typing import Any

import click

from auricle.cli.flags import Command
from auricle.verbs.datasets.catalogue import as_dict, lookup


@click.command(cls=Command)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="as JSON")
def command(name: str, as_json: bool) -> None:
    """Say all that is known of a dataset, with a named source for each fact.

    Most facts are from memory of that source: look there before you rely on one.

    Example:  auricle datasets show fleurs
    """
    info = lookup(name)
    facts = as_dict(info)
    sources = facts.pop("sources")
    if as_json:
        print(json.dumps({**facts, "sources": sources}, ensure_ascii=False, indent=1))
        return
    numbers = {source: place for place, source in enumerate(dict.fromkeys(sources.values()), 1)}
    for fact, value in facts.items():
        mark = f"  [{numbers[sources[fact]]}]" if fact in sources else ""
        print(f"{fact.replace('_', ' '):<13}{_said(value)}{mark}")
    print("\n".join(["", "sources", *(f"[{place}] {source}" for source, place in numbers.items())]))


def _said(value: Any) -> str:
    if value is None or value == ():
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:,.0f}" if isinstance(value, float) else str(value)

"""auricle datasets recommend"""

from __future__ import annotations

import json
from typing import Any

import click

from auricle.cli.flags import Command, flags, options_from
from auricle.verbs.datasets.catalogue import Advice, NeedOptions, left_out, recommend

_EPILOG = """\b
Examples:
  auricle datasets recommend --language yo --domain call-centre --style spontaneous --licence commercial
  auricle datasets recommend --language en --accent mandarin
"""


@click.command(cls=Command, epilog=_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="as JSON")
@flags(NeedOptions, language="l")
def command(as_json: bool, **values: Any) -> None:
    """Rank the datasets of the catalogue for what you need, and say why."""
    need = options_from(NeedOptions, values)
    advised = recommend(need)[: need.top]
    if as_json:
        print(json.dumps([_record(advice) for advice in advised], ensure_ascii=False, indent=1))
        return
    for number, advice in enumerate(advised, 1):
        print("\n".join(_lines(number, advice)))
    if need.style and not any(need.style in advice.info.styles for advice in advised):
        print(f"none of these is known to hold {need.style} speech: record some of your own beside them")
    if others := left_out(need):
        names = ", ".join(f"{info.name} ({info.licence})" for info in others)
        print(f"left out, not for commercial use: {names}")


def _lines(number: int, advice: Advice) -> list[str]:
    info = advice.info
    lines = [f"{number}. {info.name}: {info.title}", f"   for      {'; '.join(advice.pros) or 'nothing'}"]
    if advice.cons:
        lines.append(f"   against  {'; '.join(advice.cons)}")
    return [*lines, f"   get      {info.get}"]


def _record(advice: Advice) -> dict[str, Any]:
    info = advice.info
    return {
        "name": info.name,
        "score": round(advice.score, 2),
        "for": advice.pros,
        "against": advice.cons,
        "get": info.get,
    }

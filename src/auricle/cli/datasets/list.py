"""auricle datasets list"""

from __future__ import annotations

import json

import click

from auricle.cli.flags import Command
from auricle.cli.tables import table
from auricle.errors import DatasetError
from auricle.verbs.datasets.catalogue import DatasetInfo, as_dict, catalogue


@click.command(cls=Command)
@click.option("-l", "--language", metavar="CODE", help="only those with this language")
@click.option("--json", "as_json", is_flag=True, help="all fields, as JSON")
def command(language: str | None, as_json: bool) -> None:
    """List the datasets of the catalogue.

    Example:  auricle datasets list --language yo
    """
    rows = [info for info in catalogue().values() if language is None or language.lower() in info.languages]
    if not rows:
        raise DatasetError(
            f"no dataset of the catalogue has the language {language!r}. Type: auricle datasets list"
        )
    if as_json:
        print(json.dumps([as_dict(info) for info in rows], ensure_ascii=False, indent=1))
    else:
        print(
            table(("name", "hours", "languages", "style", "licence", "access"), map(_row, rows), right=(1,)),
            end="",
        )


def _row(info: DatasetInfo) -> tuple[str, ...]:
    spoken = " ".join(info.languages) if len(info.languages) < 5 else f"{len(info.languages)} languages"
    hours = info.train_hours or info.hours
    return (
        info.name,
        "?" if hours is None else f"{hours:,.0f}",
        spoken or "?",
        ", ".join(info.styles) or "?",
        info.licence or "?",
        info.access or "?",
    )

"""auricle leaderboard"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from auricle.cli.console import emit, say
from auricle.cli.figures import between, count, percent, table
from auricle.cli.flags import Command
from auricle.storage import write_atomic
from auricle.verbs.leaderboard import Cell, Leaderboard, Row, leaderboard

_EPILOG = """\b
Examples:
  auricle leaderboard runs
  auricle leaderboard runs/tiny.en-talks runs/small.en-talks --format markdown
  auricle leaderboard runs --format html --output board.html
"""
_STAR = r"\*"
_NOTE = "* the best of its dataset, and those not shown to be worse (paired bootstrap, Holm's correction)"


@click.command(cls=Command, epilog=_EPILOG)
@click.argument("runs", nargs=-1, required=True, metavar="RUNS...")
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "csv", "html"]),
    default="text",
    show_default=True,
    help="how to write the table; csv has rates as fractions",
)
@click.option("-o", "--output", metavar="FILE", help="file to write; without it the table goes to stdout")
@click.option(
    "--speed/--no-speed",
    default=True,
    help="show speeds, and refuse those timed by other protocols  [default: on]",
)
def command(runs: tuple[str, ...], form: str, output: str | None, speed: bool) -> None:
    """Rank models over datasets from runs of `auricle evaluate`.

    RUNS are run folders, or folders that hold some. Runs whose data, normaliser or protocol differ
    are refused.
    """
    text = FORMS[form](leaderboard(*runs, speed=speed))
    if output is None:
        emit(text.encode())
        return
    write_atomic(Path(output), text.encode())
    say(f"wrote {output}")


def as_text(board: Leaderboard) -> str:
    """The table for a terminal."""
    lines = [*board.marks, *table(_cells(board), left=2), "", *_notes(board)]
    return "".join(f"{line}\n" for line in lines)


def as_markdown(board: Leaderboard) -> str:
    """The table for a README."""
    head, *rows = [[cell.replace("|", "\\|") for cell in row] for row in _cells(board)]
    rule = ["---:" if at != 1 else "---" for at in range(len(head))]
    lines = [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]
    marks = [f"**{mark}**" for mark in board.marks]
    return (
        "\n\n".join(
            [
                "\n".join(lines),
                *marks,
                "\n".join(f"- {note.replace('*', chr(92) + '*')}" for note in _notes(board)),
            ]
        )
        + "\n"
    )


def as_csv(board: Leaderboard) -> str:
    """Fractions, seconds and bytes, for programs."""
    head = ["rank", "model", "mean_rate"]
    for column in board.columns:
        head += [f"{column.name} {what}" for what in ("rate", "low", "high", "errors", "reference", "best")]
    head += ["rtfx", "peak_memory_bytes", "mark"]
    data = io.StringIO()
    writer = csv.writer(data, lineterminator="\n")
    writer.writerow(head)
    for row in board.rows:
        numbers = [part for cell in row.cells for part in _numbers(cell)]
        speed = row.throughput.rtfx if board.protocol is not None else None
        writer.writerow([row.rank, row.model, row.mean, *numbers, speed, row.memory, "; ".join(board.marks)])
    return data.getvalue()


def as_html(board: Leaderboard) -> str:
    """A page that opens from disk."""
    from auricle.pages import Page, paragraph
    from auricle.pages import table as html_table

    head, *rows = _cells(board)
    marks = [paragraph(mark, class_="partial") for mark in board.marks]
    shown = html_table(head, rows, caption="Error rates, the best model first")
    page = Page("Leaderboard").section("Models by dataset", *marks, shown, *map(paragraph, _notes(board)))
    return page.html()


FORMS: Mapping[str, Callable[[Leaderboard], str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "csv": as_csv,
    "html": as_html,
}


def _cells(board: Leaderboard) -> list[list[str]]:
    """Head and rows as text."""
    several = len(board.columns) > 1
    head = ["#", "model", *(["mean"] if several else [])]
    for column in board.columns:
        head += [f"{column.name}{' PARTIAL' if column.partial else ''} {column.measure}", "95 % interval"]
    head += ["RTFx", "memory"] if board.protocol is not None else ["memory"]
    return [head, *(_row(row, board, several=several) for row in board.rows)]


def _row(row: Row, board: Leaderboard, *, several: bool) -> list[str]:
    cells = ["–" if row.rank is None else str(row.rank), row.model, *([percent(row.mean)] if several else [])]
    for cell in row.cells:
        cells += ["–", "–"] if cell is None else [_rate(cell), between(cell.interval)]
    if board.protocol is not None:
        rtfx = row.throughput.rtfx
        cells.append("–" if rtfx is None else f"{rtfx:.1f}")
    return [*cells, "–" if row.memory is None else f"{row.memory / 2**20:.0f} MiB"]


def _rate(cell: Cell) -> str:
    return f"{percent(cell.errors.rate)}{' *' if cell.best else '  '}"


def _notes(board: Leaderboard) -> list[str]:
    """What has to be known to read the table."""
    notes = [_NOTE]
    for column in board.columns:
        size = count(column.utterances, "utterance")
        notes.append(f"{column.name}: {size}, normaliser {column.normalizer}")
    if board.protocol is not None:
        notes.append("RTFx: " + ", ".join(f"{name} {value}" for name, value in board.protocol.items()))
    return notes


def _numbers(cell: Cell | None) -> list[float | int | bool | None]:
    if cell is None:
        return [None] * 6
    low, high = (cell.interval.low, cell.interval.high) if cell.interval else (None, None)
    return [cell.errors.rate, low, high, cell.errors.errors, cell.errors.reference, cell.best]

"""auricle compare-models"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from auricle.cli import signals
from auricle.cli.console import ProgressLine, clock, emit
from auricle.cli.flags import Command, flags, options_from
from auricle.cli.tables import size, table
from auricle.verbs.compare_models import Column, CompareOptions, Comparison, compare

_EPILOG = """\b
Examples:
  auricle compare-models talk.wav --models tiny.en,base.en
  auricle compare-models talk.wav --models small,wav2vec2-base-960h --json
  auricle compare-models talk.wav --models ctranslate2:tiny.en,transformers:tiny.en
"""
_NOTHING = "-"  # stands for a word that a model does not have
_NARROWEST = 40  # columns of words, however narrow the terminal


@click.command(cls=Command, epilog=_EPILOG)
@click.argument("recording", metavar="FILE")
@click.option(
    "--json", "as_json", is_flag=True, help="texts, columns of words, speed and memory for programs"
)
@click.option("-q", "--quiet", is_flag=True, help="no progress")
@flags(CompareOptions, models="m", language="l")
def command(recording: str, as_json: bool, quiet: bool, **values: Any) -> None:
    """Transcribe one recording with several models and set their words side by side.

    Under each line, ^ marks the words that the models do not agree on; case and punctuation do not
    count, and - stands for no word. Each model runs in a process of its own: RTFx is seconds of
    recording a second of work, with the model in memory and warm; memory is the peak of its process.
    """
    watcher = _Watcher(recording, shown=not quiet and sys.stderr.isatty())
    try:
        found = compare(Path(recording), options_from(CompareOptions, values), watcher)
    finally:
        watcher.stop()
    emit((_as_json(found) if as_json else "".join(_page(found))).encode())


class _Watcher:
    """One line on stderr that says which model runs, and how far it is."""

    def __init__(self, recording: str, *, shown: bool) -> None:
        self._recording = recording
        self._bar = ProgressLine(shown=shown)

    def started(self, name: str, place: tuple[int, int]) -> None:
        signals.check()
        self._bar.start(f"model {place[0]} of {place[1]}: {name}", None)

    def progress(self, done: float) -> None:
        signals.check()
        self._bar.update(done)

    def stop(self) -> None:
        self._bar.stop()


def _page(found: Comparison) -> Iterator[str]:
    yield from _lines(found, shutil.get_terminal_size().columns)
    yield table(_HEADS, [_row(found, number) for number in range(len(found.runs))], right=(2, 3, 4, 5, 6))
    yield f"\n{clock(found.seconds)} of {found.recording}: "
    yield f"{found.differences} of {len(found.columns)} words differ\n"


_HEADS = ("model", "engine", "RTFx", "seconds", "load s", "memory", "words")


def _row(found: Comparison, number: int) -> tuple[str, ...]:
    run = found.runs[number]
    record = run.trial.transcript.record
    engine = f"{record.engine} {record.device} {record.compute_type}".strip() if record else ""
    return (
        run.name,
        engine,
        f"{run.trial.rtfx:.1f}",
        f"{run.trial.throughput.elapsed:.2f}",
        f"{run.trial.load:.1f}",
        size(run.trial.memory),
        str(sum(column.words[number] is not None for column in found.columns)),
    )


def _lines(found: Comparison, width: int) -> Iterator[str]:
    """The texts in lines of at most ``width`` columns, the marks under each line."""
    names = [run.name for run in found.runs]
    margin = max(map(_cells, names)) + 2
    for part in _wrapped(found.columns, max(width - margin, _NARROWEST)):
        for number, name in enumerate(names):
            words = (_padded(column.words[number] or _NOTHING, _width(column)) for column in part)
            yield f"{_padded(name, margin)}{' '.join(words).rstrip()}\n"
        marks = " ".join(("^" if column.differs else " ") * _width(column) for column in part).rstrip()
        yield f"{' ' * margin}{marks}\n\n" if marks else "\n"


def _wrapped(columns: Sequence[Column], room: int) -> Iterator[list[Column]]:
    line: list[Column] = []
    used = 0
    for column in columns:
        if line and used + _width(column) > room:
            yield line
            line, used = [], 0
        line.append(column)
        used += _width(column) + 1
    if line:
        yield line


def _width(column: Column) -> int:
    return max(_cells(word or _NOTHING) for word in column.words)


def _cells(text: str) -> int:
    """The columns that a text takes in a terminal: two for a Chinese character, none for a mark."""
    from rich.cells import cell_len

    return cell_len(text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _cells(text))


def _as_json(found: Comparison) -> str:
    value = {
        "recording": found.recording,
        "seconds": found.seconds,
        "models": [
            {
                "name": run.name,
                "text": run.text,
                "rtfx": run.trial.rtfx,
                "elapsed": run.trial.throughput.elapsed,
                "load": run.trial.load,
                "memory": run.trial.memory,
                "record": dataclasses.asdict(run.trial.transcript.record)
                if run.trial.transcript.record
                else {},
            }
            for run in found.runs
        ],
        "columns": [{"words": column.words, "differs": column.differs} for column in found.columns],
        "differences": found.differences,
    }
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"

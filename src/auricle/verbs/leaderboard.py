"""Models × datasets in one table, from runs that may be ranked against each other; others are refused.

    >>> board = leaderboard("runs")                        # doctest: +SKIP
    >>> [row.model for row in board.rows]                  # doctest: +SKIP
    ['small.en', 'tiny.en']

Within a dataset every model is tested in pairs against the best (bootstrap over speakers, Holm's
correction): those not shown to be worse are marked, because a rank alone says more than is known.

Knows runs. Refuses to know how a table is printed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.errors import OptionError, ScoreError
from auricle.metrics import ErrorRate, Throughput
from auricle.metrics.confidence import Interval, difference, interval
from auricle.metrics.significance import holm
from auricle.verbs.evaluate.run import COMPLETE, REPORT, Run
from auricle.verbs.evaluate.scoring import count_each, prepare

__all__ = ["Cell", "Column", "Leaderboard", "Row", "leaderboard"]

ALPHA = 0.05
# Options that say which data and how it is scored; they belong to the column, not to the model.
_OF_THE_DATA = frozenset(
    (
        "split", "audio_column", "text_column", "config", "data_revision", "streaming", "max_utterances",
        "missing_text", "normalizer", "language", "model", "revision",
    )
)  # fmt: skip
_OF_THE_MODEL = frozenset(("compute_type",))  # parts of a protocol that models may differ in


@dataclass(frozen=True, slots=True)
class Column:
    """One dataset: its name and fingerprint, the normaliser, and what the rate is called."""

    name: str
    fingerprint: str
    normalizer: str
    measure: str
    utterances: int
    partial: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One model on one dataset. ``p`` is that of being as good as the best, which has none itself.

    ``best`` is true of the best and of all that are not shown to be worse.
    """

    errors: ErrorRate
    interval: Interval | None
    p: float | None
    best: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One model. ``cells`` stand in the order of the columns, None where there is no run.

    ``mean`` is that of the rates of all datasets, each as heavy; None, as ``rank``, where one is
    missing. ``memory`` is the most any of its runs took, in bytes.
    """

    model: str
    rank: int | None
    mean: float | None
    cells: tuple[Cell | None, ...]
    throughput: Throughput
    memory: int | None


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The table, best first, the protocol all speeds share (None: not compared), and all marks."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    protocol: Mapping[str, Any] | None
    marks: tuple[str, ...]


def leaderboard(*paths: str | Path, speed: bool = True) -> Leaderboard:
    """Rank runs: run folders, or folders that hold some. Without ``speed`` protocols may differ.

    Raises ScoreError for runs that cannot be ranked, MissingFileError, FormatError, OptionError.
    """
    runs = [run for path in paths for run in _runs(Path(path))]
    if not runs:
        raise OptionError("name the runs to rank. Type: auricle leaderboard runs")
    for run in runs:
        if run.state != COMPLETE:
            raise ScoreError(f"{run.path} is unfinished. Type its evaluate command again, then rank it.")
    by_data = _by_data(runs)
    names = _systems(runs)
    protocol = _protocol(runs) if speed else None
    columns, cells = [], []
    for group in by_data.values():
        column, found = _column(group)
        columns.append(column)
        cells.append({names[id(run)]: cell for run, cell in zip(group, found, strict=True)})
        _refuse_twice(group, names)
    rows = _rows(runs, names, cells)
    marks = tuple(f"{run.path}: {run.mark}" for run in runs if run.mark)
    return Leaderboard(tuple(columns), tuple(rows), protocol, marks)


def _runs(path: Path) -> Iterator[Run]:
    """The run in a folder, or those in the folders in it."""
    inside = sorted(found.parent for found in path.glob(f"**/{REPORT}")) if path.is_dir() else []
    if (path / REPORT).exists() or not inside:
        yield Run.load(path)
        return
    for folder in inside:
        yield Run.load(folder)


def _by_data(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Runs by fingerprint. Raises ScoreError where one name stands for different data."""
    groups: dict[str, list[Run]] = defaultdict(list)
    named: dict[str, Run] = {}
    for run in runs:
        other = named.setdefault(_name(run), run)
        if other.story.fingerprint != run.story.fingerprint:
            raise ScoreError(
                f"{other.path} and {run.path} are both runs on {_name(run)}, but the data differ "
                f"(fingerprints {other.story.fingerprint[:12]} and {run.story.fingerprint[:12]}). "
                "Evaluate both on the same."
            )
        groups[run.story.fingerprint].append(run)
    return dict(groups)


def _name(run: Run) -> str:
    """What a column is called: the dataset, its configuration and its split."""
    options, path = run.story.options, Path(run.story.dataset)
    name = path.parent.name if path.suffix == ".jsonl" and path.parent.name else path.name
    return "/".join(str(part) for part in (name, options.get("config"), options.get("split")) if part)


def _column(group: Sequence[Run]) -> tuple[Column, list[Cell]]:
    """One dataset and what each run came to on it. Raises ScoreError."""
    _same(group)
    first = group[0]
    order = {row.id: at for at, row in enumerate(first.rows)}
    rates = []
    for run in group:
        rows = sorted(run.rows, key=lambda row: order[row.id])
        rates.append([item.normalized for item in count_each(prepare(rows, run.story.normalizer))])
    totals = [sum(each, ErrorRate()) for each in rates]
    column = Column(
        _name(first),
        first.story.fingerprint,
        f"{first.story.normalizer} {first.story.normalizer_version}",
        totals[0].measure,
        len(first.rows),
        any(run.mark for run in group),
    )
    return column, _cells(rates, totals, [row.speaker for row in first.rows])


def _same(group: Sequence[Run]) -> None:
    """Raises ScoreError where runs on one dataset were scored in different ways or on other parts."""
    first = group[0]
    texts = {row.id: row.reference for row in first.rows}
    for run in group[1:]:
        ours, theirs = (f"{one.story.normalizer} {one.story.normalizer_version}" for one in (first, run))
        if ours != theirs:
            raise ScoreError(
                f"{first.path} is scored with the normaliser {ours} and {run.path} with {theirs}. "
                "Evaluate both with the same."
            )
        if {row.id: row.reference for row in run.rows} != texts:
            raise ScoreError(
                f"{_covers(first)} and {_covers(run)} cover different utterances. "
                "Evaluate both on all of the data."
            )


def _covers(run: Run) -> str:
    return f"{run.path} ({run.mark or f'{len(run.rows)} utterances'})"


def _cells(
    rates: Sequence[Sequence[ErrorRate]], totals: Sequence[ErrorRate], speakers: Sequence[str | None]
) -> list[Cell]:
    """The cells of one column, each tested against the best."""
    best = min(range(len(totals)), key=lambda at: totals[at].rate or 0.0)
    others = [at for at in range(len(totals)) if at != best]
    tested = [difference(rates[best], rates[at], speakers).p for at in others]
    corrected = holm([1.0 if p is None else p for p in tested])
    chance = dict(zip(others, corrected, strict=True))
    return [
        Cell(totals[at], interval(each, speakers), chance.get(at), at == best or chance[at] >= ALPHA)
        for at, each in enumerate(rates)
    ]


def _systems(runs: Sequence[Run]) -> dict[int, str]:
    """What each run's row is called: the model, with what tells it from others of that name."""
    by_model: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_model[run.story.model].append(run)
    return {
        id(run): f"{model} ({own})" if (own := _own(run, group)) else model
        for model, group in by_model.items()
        for run in group
    }


def _own(run: Run, group: Sequence[Run]) -> str:
    """The settings of a run in which runs of the same model differ."""
    told = [_settings(one) for one in group]
    mine = _settings(run)
    differ = [name for name in mine if len({str(one.get(name)) for one in told}) > 1]
    return ", ".join(f"{name}={mine[name]}" for name in sorted(differ))


def _settings(run: Run) -> dict[str, Any]:
    story = run.story
    options = {name: value for name, value in story.options.items() if name not in _OF_THE_DATA}
    made = {
        "engine": story.engine,
        "compute_type": story.compute_type,
        "revision": (story.revision or "")[:12],
    }
    return {**options, **made}


def _refuse_twice(group: Sequence[Run], names: Mapping[int, str]) -> None:
    seen: dict[str, Run] = {}
    for run in group:
        other = seen.setdefault(names[id(run)], run)
        if other is not run:
            raise ScoreError(
                f"{other.path} and {run.path} are the same model on the same data. Name one of them."
            )


def _protocol(runs: Sequence[Run]) -> Mapping[str, Any]:
    """What all speeds share. Raises ScoreError where they do not."""
    first = runs[0]
    ours = {**first.story.protocol, "machine": first.story.machine}
    for run in runs[1:]:
        theirs = {**run.story.protocol, "machine": run.story.machine}
        for name in ours.keys() | theirs.keys():
            if name not in _OF_THE_MODEL and ours.get(name) != theirs.get(name):
                raise ScoreError(
                    f"{first.path} and {run.path} were timed by different protocols: "
                    f"{name}={ours.get(name)!r} and {theirs.get(name)!r}. Evaluate both in the same way, or "
                    "type --no-speed to rank by errors alone."
                )
    return {name: value for name, value in ours.items() if name not in _OF_THE_MODEL}


def _rows(
    runs: Sequence[Run], names: Mapping[int, str], cells: Sequence[Mapping[str, Cell]]
) -> Iterator[Row]:
    """All rows, best first; those that lack a dataset last and without a rank."""
    made = []
    for name in dict.fromkeys(names[id(run)] for run in runs):
        own = [run for run in runs if names[id(run)] == name]
        found = tuple(column.get(name) for column in cells)
        rates = [cell.errors.rate for cell in found if cell is not None and cell.errors.rate is not None]
        mean = sum(rates) / len(rates) if len(rates) == len(found) else None
        memory = [int(run.findings["speed"]["peak_memory"] or 0) for run in own]
        seconds = (Throughput(row.duration, row.elapsed) for run in own for row in run.rows)
        made.append(Row(name, None, mean, found, sum(seconds, Throughput()), max(memory) or None))
    ordered = sorted(made, key=lambda row: (row.mean is None, row.mean or 0.0, row.model))
    for at, row in enumerate(ordered, 1):
        rank = None if row.mean is None else at
        yield Row(row.model, rank, row.mean, row.cells, row.throughput, row.memory)

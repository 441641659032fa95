"""Runs that can be compared: of the same data, under the same normaliser, utterance by utterance.

Everything else is refused, with what differs. Knows runs; tests are for ``__init__``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from auricle.errors import OptionError, ScoreError
from auricle.normalize import normalizer
from auricle.verbs.evaluate.run import Run, Scored

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Texts:
    """The same utterances of all runs, in one order.

    ``references`` is one text an utterance, ``hypotheses`` one such list a run; both are normalised
    in the first of two, and orthographic in the second.
    """

    rows: tuple[Scored, ...]
    normalized: tuple[list[str], list[list[str]]]
    orthographic: tuple[list[str], list[list[str]]]
    partial: str = ""


def same_data(runs: Sequence[Run]) -> None:
    """Raises ScoreError where a run is of other data or under another normaliser than the first."""
    if len(runs) < 2:
        raise OptionError("a comparison needs two runs or more. Type: auricle compare RUN_A RUN_B")
    first = runs[0]
    for at, run in enumerate(runs):
        if any(run.path.resolve() == other.path.resolve() for other in runs[:at]):
            raise OptionError(f"the run {run.path} is given twice. Give each once.")
    for run in runs[1:]:
        if run.story.fingerprint != first.story.fingerprint:
            raise ScoreError(
                f"{first.path} and {run.path} are runs on different data ({_data(first)} and {_data(run)}): "
                "their rates say nothing about each other. Evaluate both on the same."
            )
        ours, theirs = (f"{one.story.normalizer} {one.story.normalizer_version}" for one in (first, run))
        if ours != theirs:
            raise ScoreError(
                f"{first.path} is scored with the normaliser {ours} and {run.path} with {theirs}. "
                "Evaluate both with the same."
            )


def _data(run: Run) -> str:
    return f"{run.story.dataset}, fingerprint {run.story.fingerprint[:12]}"


def aligned(runs: Sequence[Run], *, common: bool) -> Texts:
    """The utterances of all runs, normalised as the runs were.

    Raises ScoreError where the runs do not have the same utterances (unless ``common``), or not
    the same references, or none at all.
    """
    tables = [{row.id: row for row in run.rows} for run in runs]
    shared = [id for id in tables[0] if all(id in table for table in tables)]
    if not common:
        for line in _lacking(runs, tables):
            raise ScoreError(
                f"{line}. Evaluate all of the data, or type --common to compare over what both have."
            )
    if not shared:
        raise ScoreError("the runs have no utterance in common: there is nothing to compare.")
    _check_references(runs, tables, shared)
    rows = tuple(tables[0][id] for id in shared)
    texts = [[table[id].hypothesis for id in shared] for table in tables]
    name = runs[0].story.normalizer
    return Texts(rows, _cleaned(rows, texts, name), _cleaned(rows, texts, "none"), _mark(runs, len(shared)))


def _lacking(runs: Sequence[Run], tables: Sequence[dict[str, Scored]]) -> Iterator[str]:
    everything = dict.fromkeys(id for table in tables for id in table)
    for run, table in zip(runs, tables, strict=True):
        if lost := [id for id in everything if id not in table]:
            some = ", ".join(lost[:_SHOWN]) + (", …" if len(lost) > _SHOWN else "")
            mark = f" ({run.mark})" if run.mark else ""
            yield f"{run.path}{mark} lacks {len(lost)} of the utterances that are compared ({some})"


def _check_references(runs: Sequence[Run], tables: Sequence[dict[str, Scored]], shared: list[str]) -> None:
    for run, table in zip(runs[1:], tables[1:], strict=True):
        for id in shared:
            if table[id].reference != tables[0][id].reference:
                raise ScoreError(
                    f"the reference of {id} is not the same in {runs[0].path} and {run.path}: "
                    "they are runs on different data."
                )


def _cleaned(
    rows: Sequence[Scored], texts: Sequence[Sequence[str]], name: str
) -> tuple[list[str], list[list[str]]]:
    rules = {language: normalizer(name, language) for language in {row.language for row in rows}}
    each = [rules[row.language] for row in rows]
    references = [clean(row.reference) for clean, row in zip(each, rows, strict=True)]
    return references, [[clean(text) for clean, text in zip(each, own, strict=True)] for own in texts]


def _mark(runs: Sequence[Run], shared: int) -> str:
    """What must stand beside the result where it does not cover the whole dataset."""
    if not any(run.mark for run in runs) and all(len(run.rows) == shared for run in runs):
        return ""
    total = runs[0].story.total
    return f"PARTIAL: {shared}{f' of {total}' if total is not None else ''} utterances"

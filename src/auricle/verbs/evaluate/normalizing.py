"""What the normaliser of a run did to its texts, and how much of the score is its doing.

Each language has a normaliser of its own; counts add over them.

Knows texts. Refuses to know whether a normaliser is right: it says what is implausible.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from auricle.metrics import wer
from auricle.normalize import normalizer
from auricle.normalize.changes import Changes, changes
from auricle.verbs.evaluate.scoring import Texts
from auricle.verbs.score.drift import Rung, sensitivity

_TOP = 10


@dataclass(frozen=True, slots=True)
class Normalizing:
    """The errors that are left as more and more is forgiven, what was changed, and what to distrust."""

    rungs: tuple[Rung, ...]
    changes: Changes
    warnings: tuple[str, ...]


def normalizing(texts: Sequence[Texts]) -> Normalizing:
    """Look at the normalisation of a run, language by language."""
    groups: dict[str | None, list[Texts]] = defaultdict(list)
    for item in texts:
        groups[item.row.language].append(item)
    parts = [_one(language, items) for language, items in groups.items()]
    several = len(parts) > 1
    warnings = [
        f"{language or 'no language'}: {line}" if several else line
        for language, part in zip(groups, parts, strict=True)
        for line in part.warnings
    ]
    rungs = [_sum(ladder) for ladder in zip(*(part.rungs for part in parts), strict=True)]
    return Normalizing(tuple(rungs), _together([part.changes for part in parts]), tuple(warnings))


def _one(language: str | None, items: Sequence[Texts]) -> Normalizing:
    clean = normalizer(items[0].normalizer, language)
    references, hypotheses = [item.row.reference for item in items], [item.row.hypothesis for item in items]
    cleaned = [item.reference for item in items], [item.hypothesis for item in items]
    ladder = sensitivity(references, hypotheses, clean, wer(*cleaned))
    made = changes([*references, *hypotheses], [*cleaned[0], *cleaned[1]], clean)
    return Normalizing(ladder.rungs, made, tuple(_warnings(clean.warning, ladder.warnings, made)))


def _warnings(own: str, ladder: Sequence[str], made: Changes) -> Iterator[str]:
    if own:
        yield own
    yield from ladder
    if made.emptied:
        yield f"the normaliser leaves nothing of {made.emptied} texts that had words."


def _sum(ladder: Sequence[Rung]) -> Rung:
    """The same rung over all languages."""
    names = dict.fromkeys(rung.forgiven for rung in ladder)
    total = ladder[0].rate
    for rung in ladder[1:]:
        total += rung.rate
    return Rung(" or ".join(names), total)


def _together(made: Sequence[Changes]) -> Changes:
    counts = {item.name: 0 for item in fields(Changes) if item.name != "examples"}
    examples: Counter[tuple[str, str]] = Counter()
    for one in made:
        for name in counts:
            counts[name] += getattr(one, name)
        for before, after, times in one.examples:
            examples[before, after] += times
    common = sorted(examples.items(), key=lambda item: (-item[1], item[0]))[:_TOP]
    return Changes(**counts, examples=tuple((*pair, times) for pair, times in common))

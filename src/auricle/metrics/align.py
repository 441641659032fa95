"""Aligning a hypothesis with its reference: the fewest edits, as rapidfuzz finds them.

The alignment is jiwer's (both are rapidfuzz); docs/decisions says why it is not kaldialign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from auricle.errors import ScoreError, missing_extra
from auricle.metrics.counts import ErrorRate
from auricle.metrics.tokens import characters, has_unspaced, unspaced, words

Texts = str | Sequence[str]

_KINDS = {"replace": "substitution", "delete": "deletion", "insert": "insertion"}


class Step(NamedTuple):
    """One pair of an alignment: "hit", "substitution", "deletion" or "insertion".

    ``reference`` and ``hypothesis`` are the indexes of the tokens, None where there is none.
    """

    kind: str
    reference: int | None
    hypothesis: int | None


def wer(references: Texts, hypotheses: Texts) -> ErrorRate:
    """Word errors of a text or a whole corpus; characters for scripts without spaces.

    Raises ScoreError where there are not as many hypotheses as references.
    """
    return ErrorRate.total(wer_each(references, hypotheses))


def cer(references: Texts, hypotheses: Texts) -> ErrorRate:
    """Character errors, the spaces between words included (as jiwer). Raises ScoreError."""
    return ErrorRate.total(cer_each(references, hypotheses), unit="characters")


def wer_each(references: Texts, hypotheses: Texts) -> list[ErrorRate]:
    """Word errors, one by one. Raises ScoreError."""
    return [count_words(one, other) for one, other in _pairs(references, hypotheses)]


def cer_each(references: Texts, hypotheses: Texts) -> list[ErrorRate]:
    """Character errors, one by one. Raises ScoreError."""
    return [
        count(characters(one), characters(other), unit="characters")
        for one, other in _pairs(references, hypotheses)
    ]


def count_words(reference: str, hypothesis: str) -> ErrorRate:
    """The word errors of one text."""
    tokens = words(reference)
    alone = unspaced(tokens) if has_unspaced(reference) else 0
    return count(tokens, words(hypothesis), alone=alone)


def count(
    reference: Sequence[str], hypothesis: Sequence[str], *, unit: str = "words", alone: int = 0
) -> ErrorRate:
    """The counts of the alignment of two sequences of tokens; ``alone`` becomes ``unspaced``."""
    if reference == hypothesis:
        return ErrorRate(hits=len(reference), unit=unit, unspaced=alone)
    found = edits(reference, hypothesis)
    substitutions = [edit[0] for edit in found].count("replace")
    longer = len(reference) - len(hypothesis)  # deletions - insertions
    deletions = (len(found) - substitutions + longer) // 2
    hits = len(reference) - substitutions - deletions
    return ErrorRate(hits, substitutions, deletions, deletions - longer, unit, alone)


def edits(reference: Sequence[str], hypothesis: Sequence[str]) -> list[tuple[str, int, int]]:
    """What is not a hit: "replace", "delete" or "insert", place in the reference, in the hypothesis."""
    found: list[tuple[str, int, int]] = _editops()(reference, hypothesis).as_list()
    return found


def blocks(
    reference: Sequence[str], hypothesis: Sequence[str]
) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """The stretches between hits: the tokens of both sides, either of which may be none."""
    found = [pair for pair in _opcodes()(reference, hypothesis).as_list() if pair[0] != "equal"]
    start = end = other = to = -1
    for _, first, last, here, there in found:
        if start >= 0 and first == end and here == to:
            end, to = last, there
            continue
        if start >= 0:
            yield reference[start:end], hypothesis[other:to]
        start, end, other, to = first, last, here, there
    if start >= 0:
        yield reference[start:end], hypothesis[other:to]


def align(reference: Sequence[str], hypothesis: Sequence[str]) -> tuple[Step, ...]:
    """The steps that turn the reference tokens into the hypothesis tokens, hits included.

    >>> [step.kind for step in align("a b c".split(), "a x".split())]
    ['hit', 'deletion', 'substitution']
    """
    steps: list[Step] = []
    for tag, first, last, other, end in _opcodes()(reference, hypothesis).as_list():
        if tag == "delete":
            steps.extend(Step("deletion", at, None) for at in range(first, last))
        elif tag == "insert":
            steps.extend(Step("insertion", None, at) for at in range(other, end))
        else:
            kind = _KINDS.get(tag, "hit")
            steps.extend(
                Step(kind, *pair) for pair in zip(range(first, last), range(other, end), strict=True)
            )
    return tuple(steps)


def _pairs(references: Texts, hypotheses: Texts) -> Iterable[tuple[str, str]]:
    ones = [references] if isinstance(references, str) else references
    others = [hypotheses] if isinstance(hypotheses, str) else hypotheses
    if len(ones) != len(others):
        raise ScoreError(
            f"{len(ones)} references and {len(others)} hypotheses cannot be paired. Give one for each."
        )
    return zip(ones, others, strict=True)


@cache
def _editops() -> Callable[..., Any]:
    return _levenshtein().editops  # type: ignore[no-any-return]


@cache
def _opcodes() -> Callable[..., Any]:
    return _levenshtein().opcodes  # type: ignore[no-any-return]


def _levenshtein() -> Any:
    try:
        from rapidfuzz.distance import Levenshtein
    except ModuleNotFoundError as error:
        raise missing_extra("scoring", "eval") from error
    return Levenshtein

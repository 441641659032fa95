"""Which hypothesis belongs to which reference: by id, and nothing is left over unsaid."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from auricle.errors import ScoreError
from auricle.verbs.score.reading import Line, Texts

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """One utterance with both its texts; ``duration`` in seconds where the files say it."""

    id: str
    reference: str
    hypothesis: str
    speaker: str | None = None
    duration: float | None = None


@dataclass(frozen=True, slots=True)
class Pairs:
    """All utterances in the order of the references, and what a person has to know of them."""

    rows: tuple[Pair, ...]
    notes: tuple[str, ...] = ()


def pair(references: Texts, hypotheses: Texts) -> Pairs:
    """Pair two files. Raises ScoreError where ids are there twice, missing, or of another kind."""
    notes = [*references.notes, *hypotheses.notes]
    if references.format == "ctm":
        references = _recordings(references)
    if hypotheses.format == "ctm":
        if references.format == "stm":
            hypotheses, more = _into_segments(references, hypotheses)
            notes += more
        else:
            hypotheses = _recordings(hypotheses)
    _check_kinds(references, hypotheses)
    ones, others = _by_id(references), _by_id(hypotheses)
    _check_ids(references, hypotheses, ones, others)
    rows = (
        Pair(id, line.text, others[id].text, line.speaker, line.duration or others[id].duration)
        for id, line in ones.items()
    )
    return Pairs(tuple(rows), tuple(notes))


def _by_id(texts: Texts) -> dict[str, Line]:
    found: dict[str, Line] = {}
    for line in texts.lines:
        if line.id in found:
            raise ScoreError(
                f"{texts.path}, line {line.number}: the id {line.id!r} is there twice, first in line "
                f"{found[line.id].number}. Give every utterance an id of its own."
            )
        found[line.id] = line
    if not found:
        raise ScoreError(f"{texts.path} has no utterances: there is nothing to score.")
    return found


def _check_kinds(references: Texts, hypotheses: Texts) -> None:
    """Line numbers are no ids for a file that has ids."""
    kinds = {texts.format == "txt" for texts in (references, hypotheses)}
    if len(kinds) > 1:
        bare, other = sorted((references, hypotheses), key=lambda texts: texts.format != "txt")
        raise ScoreError(
            f"{bare.path} has no ids and {other.path} has. Give both as txt, or both with ids "
            "(kaldi, trn, stm, jsonl)."
        )


def _check_ids(references: Texts, hypotheses: Texts, ones: dict[str, Line], others: dict[str, Line]) -> None:
    if ones.keys() == others.keys():
        return
    if references.format == "txt":
        raise ScoreError(
            f"{references.path} has {len(ones)} lines and {hypotheses.path} {len(others)}: line by line they "
            "cannot be paired. An utterance without words is an empty line."
        )
    lost = [id for id in ones if id not in others]
    strange = [id for id in others if id not in ones]
    parts = []
    if lost:
        parts.append(f"{hypotheses.path} lacks {len(lost)} of {references.path} ({_some(lost)})")
    if strange:
        parts.append(f"{references.path} lacks {len(strange)} of {hypotheses.path} ({_some(strange)})")
    advice = "Write a line for each, also where no word was heard."
    if references.format == hypotheses.format == "stm":
        advice = "Segments must have the same times; words in a ctm file are sorted into them."
    raise ScoreError(f"the ids do not match: {', and '.join(parts)}. {advice}")


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_SHOWN]) + (", …" if len(ids) > _SHOWN else "")


def _recordings(texts: Texts) -> Texts:
    """The words of a ctm as one utterance a file and channel, in the order of time."""
    lines = (
        Line(name, " ".join(word.text for word in words), words[0].number, recording=name)
        for name, words in _in_time(texts.lines)
    )
    return Texts(texts.path, "recordings", tuple(lines), texts.notes)


def _in_time(words: Iterable[Line]) -> Iterator[tuple[str, list[Line]]]:
    found: dict[str, list[Line]] = defaultdict(list)
    for word in words:
        found[word.recording].append(word)
    for name, lines in found.items():
        yield name, sorted(lines, key=lambda word: word.start or 0.0)


def _into_segments(references: Texts, hypotheses: Texts) -> tuple[Texts, list[str]]:
    """The words of a ctm in the segments of an stm, each where its middle is (as sclite does)."""
    heard = dict(_in_time(hypotheses.lines))
    segments: dict[str, list[Line]] = defaultdict(list)
    for line in references.lines:
        segments[line.recording].append(line)
    if strange := [name for name in heard if name not in segments]:
        raise ScoreError(f"{references.path} lacks the recordings {_some(strange)} of {hypotheses.path}.")
    lines: list[Line] = []
    outside = 0
    for name, own in segments.items():
        _check_apart(references, own)
        texts, left = _sorted_in(own, heard.get(name, []))
        lines.extend(texts)
        outside += left
    notes = []
    if silent := [name for name in segments if name not in heard]:
        notes.append(f"{hypotheses.path} has no word of {_some(silent)}: all is counted as left out")
    if outside:
        notes.append(f"{outside} words of {hypotheses.path} lie outside all segments and are not scored")
    return Texts(hypotheses.path, "stm", tuple(lines)), notes


def _check_apart(references: Texts, segments: list[Line]) -> None:
    ranked = sorted(segments, key=lambda line: line.start or 0.0)
    for one, other in pairwise(ranked):
        if (one.end or 0.0) > (other.start or 0.0) + 1e-6:
            raise ScoreError(
                f"{references.path}: the segments in lines {one.number} and {other.number} overlap, so that "
                "a word may belong to either. Type: --measure speakers, with an stm file of hypotheses"
            )


def _sorted_in(segments: list[Line], words: list[Line]) -> tuple[list[Line], int]:
    """One text a segment, and how many words are in none. A word on the border is in the later one."""
    ranked = sorted(segments, key=lambda line: line.start or 0.0)
    starts = [line.start or 0.0 for line in ranked]
    texts: list[list[str]] = [[] for _ in ranked]
    outside = 0
    for word in words:
        middle = ((word.start or 0.0) + (word.end or 0.0)) / 2
        at = bisect_right(starts, middle) - 1
        if at < 0 or middle > (ranked[at].end or 0.0):
            outside += 1
        else:
            texts[at].append(word.text)
    return [
        Line(line.id, " ".join(text), line.number) for line, text in zip(ranked, texts, strict=True)
    ], outside

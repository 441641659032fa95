"""Who spoke and when, where the dataset says it: word starts, cpWER and diarization error rate.

A reference is a column of its utterance: ``words`` (objects with start and word or text), ``segments``
(objects with start, end, speaker and text), in seconds from the beginning of the utterance. Words of
the hypothesis have times with ``--words``. A model that names no speakers is one speaker to cpWER:
what the others said is missing from it, and that is said beside the figure.

Knows texts and times. The scores themselves are those of ``auricle score --measure``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from auricle.errors import FormatError, MissingExtraError
from auricle.metrics import ErrorRate
from auricle.metrics.diarization import DiarizationError
from auricle.metrics.timing import StartErrors, start_errors
from auricle.normalize import normalizer
from auricle.transcript import Word, join_words
from auricle.verbs.evaluate.run import Scored
from auricle.verbs.evaluate.scoring import Texts
from auricle.verbs.score.speakers import SpeakerScore, score_turns
from auricle.verbs.score.turns import Said, segment_of, word_of

T = TypeVar("T")

_PAUSE = 1.0  # seconds without a word at which a turn of a hypothesis ends


def word_starts(texts: Sequence[Texts]) -> dict[str, Any] | None:
    """How far words begin from where the references say; None where no reference or no word has times."""
    errors: list[float] = []
    count = 0
    for item in texts:
        said = _column(item.row, "words", word_of)
        if not said or not item.row.words:
            continue
        clean = normalizer(item.normalizer, item.row.language)
        heard = [(word.text, word.start) for word in item.row.words]
        errors += start_errors([(word.text, word.start) for word in said], heard, clean)
        count += len(said)
    found = StartErrors.of(errors, count)
    return None if found is None else asdict(found)


def speakers(texts: Sequence[Texts]) -> dict[str, Any] | None:
    """cpWER, tcpWER and diarization error rate over the utterances whose references name speakers.

    Word times are needed for the two latter. None where no reference has speakers; without the extra
    ``meetings`` only a note.
    """
    groups: dict[tuple[str, str | None], list[Scored]] = defaultdict(list)
    for item in texts:
        if _column(item.row, "segments", segment_of):
            groups[item.normalizer, item.row.language].append(item.row)
    if not groups:
        return None
    try:
        parts = [_score(rows, *key) for key, rows in groups.items()]
    except MissingExtraError as error:
        return {"note": str(error)}
    rows = [row for group in groups.values() for row in group]
    timed = all(row.words or not row.hypothesis for row in rows)
    named = any(word.speaker is not None for row in rows for word in row.words)
    cp, orthographic, tcp = (
        sum((getattr(part, name) or ErrorRate() for part in parts), ErrorRate())
        for name in ("cp", "cp_orthographic", "tcp")
    )
    diarization = sum((part.diarization for part in parts), DiarizationError())
    return {
        "note": "" if named else "the model names no speakers: its words count as those of one",
        "recordings": sum(part.recordings for part in parts),
        "speakers": sum(part.speakers for part in parts),
        "cp": _rate(cp),
        "cp_orthographic": _rate(orthographic),
        "tcp": _rate(tcp) if timed else None,
        "word_collar": parts[0].word_collar,
        "diarization": asdict(diarization) | {"rate": diarization.rate} if timed else None,
    }


def _score(rows: Sequence[Scored], name: str, language: str | None) -> SpeakerScore:
    ones = {row.id: _column(row, "segments", segment_of) for row in rows}
    others = {row.id: list(_turns(row)) for row in rows}
    return score_turns(ones, others, normalizer(name, language))


def _turns(row: Scored) -> Iterator[Said]:
    """What the model wrote, as turns: words of one speaker without a pause between them."""
    if not row.words:
        if row.hypothesis:
            yield Said("", 0.0, row.duration, row.hypothesis)
        return
    turn: list[Word] = []
    for word in row.words:
        if turn and (word.speaker != turn[-1].speaker or word.start - turn[-1].end > _PAUSE):
            yield _said(turn)
            turn = []
        turn.append(word)
    yield _said(turn)


def _said(turn: Sequence[Word]) -> Said:
    return Said(turn[0].speaker or "", turn[0].start, turn[-1].end, join_words(turn))


def _column(row: Scored, name: str, make: Callable[[Mapping[str, Any], str], T]) -> list[T]:
    """The objects of a column; none where it is something else that happens to have the name."""
    values = row.columns.get(name)
    if not isinstance(values, list) or not all(isinstance(item, Mapping) for item in values):
        return []
    try:
        return [make(item, f"{name} of {row.id}") for item in values]
    except FormatError:
        return []


def _rate(found: ErrorRate) -> dict[str, Any]:
    return {"rate": found.rate, **asdict(found)}

"""Score texts against references, without a model.

    >>> from auricle.verbs.score import score
    >>> found = score("refs.txt", "hyps.txt", language="en")            # doctest: +SKIP
    >>> found.normalized.words.rate, found.orthographic.words.rate      # doctest: +SKIP
    (0.152, 0.214)

The orthographic and the normalised score always stand together, with what the normaliser changed
and how much of the score is its doing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.errors import OptionError
from auricle.metrics import Confusions, ErrorRate, Hallucination, cer, wer_each
from auricle.models import language_code
from auricle.normalize import Normalizer, normalizer
from auricle.normalize.changes import Changes, changes
from auricle.options import build
from auricle.verbs.score.drift import Sensitivity, sensitivity
from auricle.verbs.score.options import ReadOptions, ScoreOptions, SpeakerOptions, TextOptions, TurnOptions
from auricle.verbs.score.pairing import Pair, Pairs, pair
from auricle.verbs.score.reading import Columns, read
from auricle.verbs.score.speakers import SpeakerScore, score_turns
from auricle.verbs.score.times import TimeScore, score_words
from auricle.verbs.score.turns import check_recordings, read_turns, read_words

if TYPE_CHECKING:
    from auricle.metrics.confidence import Interval

__all__ = [
    "Pair",
    "Pairs",
    "ReadOptions",
    "Score",
    "ScoreOptions",
    "Side",
    "SpeakerOptions",
    "SpeakerScore",
    "TextOptions",
    "TimeScore",
    "TurnOptions",
    "score",
    "score_pairs",
    "score_speakers",
    "score_times",
]


@dataclass(frozen=True, slots=True)
class Side:
    """One way of looking: the errors in words and in characters, and the interval of the first."""

    words: ErrorRate
    characters: ErrorRate
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Score:
    """Everything that is said of a pair of files.

    ``silent`` references are empty; ``hallucination`` is what was written there. ``warnings`` are
    for a person to read before the figures.
    """

    utterances: int
    speakers: int
    silent: int
    normalizer: str
    normalizer_version: str
    language: str | None
    orthographic: Side
    normalized: Side
    hallucination: Hallucination
    confusions: Confusions
    changes: Changes
    sensitivity: Sensitivity
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def score(references: str | Path, hypotheses: str | Path, **options: Any) -> Score:
    """Score a file of hypotheses against a file of references.

    ``options`` are the fields of ScoreOptions. Raises MissingFileError, FormatError, OptionError,
    ScoreError where the ids do not match or nothing is there.
    """
    chosen = build(ScoreOptions, options)
    if chosen.text.top < 0:
        raise OptionError("top must be 0 or more.")
    clean, columns = _rule(chosen.read), Columns(chosen.read.id_column, chosen.text.text_column)
    ones = read(references, chosen.read.refs_format, columns)
    others = read(hypotheses, chosen.read.hyps_format, columns)
    return score_pairs(pair(ones, others), clean, top=chosen.text.top)


def score_speakers(references: str | Path, hypotheses: str | Path, **options: Any) -> SpeakerScore:
    """Score who said what: cpWER, tcpWER and diarization error rate.

    The files are stm, rttm (no words) or JSON lines with segments; ``options`` are the fields of
    SpeakerOptions. Raises as ``score`` does.
    """
    chosen = build(SpeakerOptions, options)
    turns = chosen.turns
    if turns.collar < 0 or turns.word_collar < 0:
        raise OptionError("a collar is 0 seconds or more.")
    columns = Columns(chosen.read.id_column)
    ones = read_turns(references, chosen.read.refs_format, columns)
    others = read_turns(hypotheses, chosen.read.hyps_format, columns)
    check_recordings(str(references), ones, str(hypotheses), others)
    rule = _rule(chosen.read)
    return score_turns(ones, others, rule, collar=turns.collar, word_collar=turns.word_collar)


def score_times(references: str | Path, hypotheses: str | Path, **options: Any) -> TimeScore:
    """Score when words begin: the files are ctm or JSON lines with words.

    ``options`` are the fields of ReadOptions. Raises as ``score`` does.
    """
    chosen = build(ReadOptions, options)
    columns = Columns(chosen.id_column)
    ones = read_words(references, chosen.refs_format, columns)
    others = read_words(hypotheses, chosen.hyps_format, columns)
    check_recordings(str(references), ones, str(hypotheses), others)
    return score_words(ones, others, _rule(chosen))


def _rule(options: ReadOptions) -> Normalizer:
    return normalizer(options.normalizer, _language(options.language))


def score_pairs(pairs: Pairs, clean: Normalizer, *, top: int = 10) -> Score:
    """Score utterances that are paired already. Raises MissingExtraError."""
    rows = pairs.rows
    references, hypotheses = [row.reference for row in rows], [row.hypothesis for row in rows]
    cleaned = [clean(text) for text in references], [clean(text) for text in hypotheses]
    plain = normalizer("none")
    speakers = [row.speaker for row in rows]
    orthographic, _ = _side(list(map(plain, references)), list(map(plain, hypotheses)), speakers)
    normalized, each = _side(*cleaned, speakers)
    ladder = sensitivity(references, hypotheses, clean, normalized.words, orthographic.words)
    changed = changes([*references, *hypotheses], [*cleaned[0], *cleaned[1]], clean)
    return Score(
        utterances=len(rows),
        speakers=len(set(speakers) - {None}),
        silent=sum(not rate.reference for rate in each),
        normalizer=clean.name,
        normalizer_version=clean.version,
        language=clean.language,
        orthographic=orthographic,
        normalized=normalized,
        hallucination=_hallucination(each, [row.duration for row in rows]),
        confusions=Confusions.of(zip(*cleaned, strict=True), top),
        changes=changed,
        sensitivity=ladder,
        notes=pairs.notes,
        warnings=tuple(_warnings(clean, ladder, changed)),
    )


def _hallucination(rates: Sequence[ErrorRate], durations: Sequence[float | None]) -> Hallucination:
    """What was written in silence; without its seconds where they are not known of every clip."""
    silent = [at for at, rate in enumerate(rates) if not rate.reference]
    known = all(durations[at] is not None for at in silent)
    clips = (Hallucination.of(rates[at], (durations[at] or 0.0) if known else 0.0) for at in silent)
    return sum(clips, Hallucination())


def _side(
    references: Sequence[str], hypotheses: Sequence[str], speakers: Sequence[str | None]
) -> tuple[Side, list[ErrorRate]]:
    from auricle.metrics.confidence import interval

    each = wer_each(references, hypotheses)
    letters = cer(references, hypotheses)
    return Side(ErrorRate.total(each), letters, interval(each, speakers)), each


def _warnings(clean: Normalizer, ladder: Sensitivity, changed: Changes) -> list[str]:
    found = [clean.warning] if clean.warning else []
    found.extend(ladder.warnings)
    if changed.emptied:
        found.append(f"{clean.name} leaves nothing of {changed.emptied} texts that had words.")
    return found


def _language(name: str | None) -> str | None:
    """The code of a language; those Whisper does not know are taken as they are."""
    if name is None:
        return None
    try:
        return language_code(name)
    except OptionError:
        if len(name) in (2, 3) and name.isalpha():
            return name.lower()
        raise

"""Scores of who said what: cpWER and tcpWER by meeteval, and the diarization error rate.

cpWER (Watanabe et al., CHiME-6, 2020) puts all words of a speaker in a row and takes the
matching of speakers that gives the fewest errors, so that words given to the wrong speaker count.
tcpWER (von Neumann et al., 2023) lets words match only where their times are near as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from auricle.errors import missing_extra
from auricle.metrics import ErrorRate, words
from auricle.metrics.diarization import DiarizationError, Turn, der
from auricle.normalize import Normalizer, normalizer
from auricle.verbs.score.turns import Said


@dataclass(frozen=True, slots=True)
class SpeakerScore:
    """The scores of all recordings. The word scores are None where a file has no text (rttm).

    ``speakers`` is how many the references have, ``missed`` and ``extra`` how many the hypotheses
    have fewer and more, ``matching`` who is who in each recording (None: nobody).
    """

    recordings: int
    speakers: int
    missed: int
    extra: int
    normalizer: str
    normalizer_version: str
    language: str | None
    diarization: DiarizationError
    cp: ErrorRate | None
    cp_orthographic: ErrorRate | None
    tcp: ErrorRate | None
    word_collar: float
    collar: float
    matching: Mapping[str, tuple[tuple[str | None, str | None], ...]]
    notes: tuple[str, ...] = ()


def score_turns(
    references: Mapping[str, Sequence[Said]],
    hypotheses: Mapping[str, Sequence[Said]],
    clean: Normalizer,
    *,
    collar: float = 0.0,
    word_collar: float = 5.0,
) -> SpeakerScore:
    """Score the turns of recordings, which are the same in both.

    ``collar`` seconds around the boundaries of the reference are not scored in the diarization
    error rate; words of the tcpWER match when they are less than ``word_collar`` seconds apart.
    Raises MissingExtraError.
    """
    both = [(own, hypotheses[name]) for name, own in references.items()]
    sizes = [(_speakers(one), _speakers(other)) for one, other in both]
    speech = (der(_turns(one), _turns(other), collar=collar) for one, other in both)
    texts = all(said.text is not None for two in both for own in two for said in own)
    found = _Words(references, hypotheses, clean, word_collar) if texts else None
    return SpeakerScore(
        recordings=len(both),
        speakers=sum(one for one, _ in sizes),
        missed=sum(max(one - other, 0) for one, other in sizes),
        extra=sum(max(other - one, 0) for one, other in sizes),
        normalizer=clean.name,
        normalizer_version=clean.version,
        language=clean.language,
        diarization=sum(speech, DiarizationError()),
        cp=found.cp if found else None,
        cp_orthographic=found.orthographic if found else None,
        tcp=found.tcp if found else None,
        word_collar=word_collar,
        collar=collar,
        matching=found.matching if found else {},
        notes=found.notes if found else (),
    )


class _Words:
    """cpWER and tcpWER over all recordings, normalised, and the first orthographic too."""

    def __init__(
        self,
        ones: Mapping[str, Sequence[Said]],
        others: Mapping[str, Sequence[Said]],
        clean: Normalizer,
        collar: float,
    ) -> None:
        try:
            from meeteval.wer.wer.cp import cp_word_error_rate as cp
            from meeteval.wer.wer.time_constrained import (
                time_constrained_minimum_permutation_word_error_rate as tcp,
            )
        except ModuleNotFoundError as error:
            raise missing_extra("scoring speakers", "meetings") from error
        self.cp = self.tcp = self.orthographic = ErrorRate()
        self.matching: dict[str, tuple[tuple[str | None, str | None], ...]] = {}
        plain = normalizer("none")
        with _overheard() as said:
            for name, own in ones.items():
                reference, hypothesis = _seglst(own, clean), _seglst(others[name], clean)
                by_words = _scored(cp, reference, hypothesis)
                self.cp += by_words[0]
                self.tcp += _scored(tcp, reference, hypothesis, collar=collar)[0]
                self.orthographic += _scored(cp, _seglst(own, plain), _seglst(others[name], plain))[0]
                self.matching[name] = by_words[1]
        self.notes = tuple(f"meeteval: {line}" for line in dict.fromkeys(said))


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """What meeteval logs, which would else go to stderr as it comes."""
    said: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    root, ear = logging.getLogger(), Ear()
    root.addHandler(ear)
    try:
        yield said
    finally:
        root.removeHandler(ear)


def _scored(
    measure: Callable[..., Any],
    reference: list[dict[str, Any]],
    hypothesis: list[dict[str, Any]],
    **more: Any,
) -> tuple[ErrorRate, tuple[tuple[str | None, str | None], ...]]:
    """Counts and matching of one recording; meeteval needs somebody who speaks on either side."""
    from meeteval.io import SegLST

    if not reference or not hypothesis:
        length = sum(len(item["words"].split()) for item in reference)
        extra = sum(len(item["words"].split()) for item in hypothesis)
        return ErrorRate(deletions=length, insertions=extra), ()
    found = measure(SegLST(reference), SegLST(hypothesis), **more)
    hits = found.length - found.substitutions - found.deletions
    rate = ErrorRate(hits, found.substitutions, found.deletions, found.insertions)
    return rate, tuple(tuple(pair) for pair in found.assignment)


def _seglst(turns: Sequence[Said], clean: Callable[[str], str]) -> list[dict[str, Any]]:
    """Turns as meeteval has them; characters of scripts without spaces are words there too."""
    return [
        {
            "session_id": "",
            "speaker": said.speaker,
            "start_time": said.start,
            "end_time": said.end,
            "words": " ".join(words(clean(said.text or ""))),
        }
        for said in turns
    ]


def _turns(said: Sequence[Said]) -> list[Turn]:
    return [Turn(one.speaker, one.start, one.end) for one in said]


def _speakers(said: Sequence[Said]) -> int:
    return len({one.speaker for one in said})

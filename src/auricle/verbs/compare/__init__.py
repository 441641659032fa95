"""Is one model really better than another? Runs on the same data, tested in pairs.

    >>> found = auricle.compare("runs/tiny.en-talks", "runs/small.en-talks")     # doctest: +SKIP
    >>> found.pairs[0].verdict                                                  # doctest: +SKIP
    'no difference shown'

Two tests are made, and a difference is shown only where both see it: the paired bootstrap, which
draws whole speakers, and the matched-pairs test, which counts pieces of text. With more than two
runs the probabilities are corrected for the number of comparisons (Holm).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from auricle.errors import OptionError, ScoreError
from auricle.metrics import ErrorRate, wer_each
from auricle.metrics.confidence import Difference, Interval, difference, interval
from auricle.metrics.significance import FEWEST, MatchedPairs, holm, mapsswe
from auricle.options import build
from auricle.verbs.compare.options import CompareOptions
from auricle.verbs.compare.pairing import Texts, aligned, same_data
from auricle.verbs.evaluate.run import Run, differences

__all__ = ["CompareOptions", "Comparison", "Contender", "Pairing", "compare"]

NO_DIFFERENCE = "no difference shown"


@dataclass(frozen=True, slots=True)
class Contender:
    """One run: both its rates, and the interval of the one that is tested."""

    name: str
    model: str
    normalized: ErrorRate
    orthographic: ErrorRate
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Pairing:
    """The second run against the first, over the same utterances.

    ``difference`` is the rate of the second minus that of the first, ``relative`` the share of the
    first's errors that it is. ``p`` holds the probabilities of the bootstrap and of the matched
    pairs, corrected for the number of comparisons. ``fewer``, ``more`` and ``same`` count the
    utterances by the errors of the second; ``unlike`` says how the runs were made differently.
    """

    first: str
    second: str
    difference: Difference
    relative: float | None
    matched: MatchedPairs
    p: tuple[float | None, float | None]
    verdict: str
    fewer: int
    more: int
    same: int
    unlike: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All runs and all pairs of them. ``mark`` says PARTIAL where not all of the data is covered."""

    utterances: int
    speakers: int
    normalizer: str
    normalizer_version: str
    tested: str
    contenders: tuple[Contender, ...]
    pairs: tuple[Pairing, ...]
    alpha: float
    mark: str = ""


def compare(*runs: str | Path | Run, **options: Any) -> Comparison:
    """Compare evaluation runs, each with each.

    ``options`` are the fields of CompareOptions. Raises ScoreError for runs on other data, under
    another normaliser or of other utterances, MissingFileError, FormatError, OptionError.
    """
    chosen = build(CompareOptions, options)
    if not 0 < chosen.alpha < 1:
        raise OptionError("alpha is a probability between 0 and 1, such as 0.05.")
    if chosen.samples < 100:
        raise OptionError("samples must be 100 or more.")
    loaded = [run if isinstance(run, Run) else Run.load(run) for run in runs]
    same_data(loaded)
    return _Comparing(loaded, aligned(loaded, common=chosen.common), chosen).run()


class _Comparing:
    """The tests of a comparison, each made once."""

    def __init__(self, runs: Sequence[Run], texts: Texts, options: CompareOptions) -> None:
        self._runs, self._texts, self._options = runs, texts, options
        self._names = _names(runs)
        self._speakers = [row.speaker for row in texts.rows]
        self._references, self._hypotheses = texts.orthographic if options.orthographic else texts.normalized
        self._rates = [wer_each(self._references, own) for own in self._hypotheses]
        if not sum(self._rates[0], ErrorRate()).reference:
            raise ScoreError("all references are empty: there is no rate to compare.")

    def run(self) -> Comparison:
        story = self._runs[0].story
        return Comparison(
            utterances=len(self._texts.rows),
            speakers=len(set(self._speakers) - {None}),
            normalizer=story.normalizer,
            normalizer_version=story.normalizer_version,
            tested="orthographic" if self._options.orthographic else "normalised",
            contenders=tuple(self._contender(at) for at in range(len(self._runs))),
            pairs=self._corrected([self._pair(*two) for two in combinations(range(len(self._runs)), 2)]),
            alpha=self._options.alpha,
            mark=self._texts.partial,
        )

    def _contender(self, at: int) -> Contender:
        normalized, orthographic = (
            sum(wer_each(references, hypotheses[at]), ErrorRate())
            for references, hypotheses in (self._texts.normalized, self._texts.orthographic)
        )
        options = self._options
        found = interval(self._rates[at], self._speakers, samples=options.samples, seed=options.seed)
        return Contender(self._names[at], self._runs[at].story.model, normalized, orthographic, found)

    def _pair(self, one: int, other: int) -> Pairing:
        first, second = self._rates[one], self._rates[other]
        options = self._options
        found = difference(first, second, self._speakers, samples=options.samples, seed=options.seed)
        matched = mapsswe(self._references, self._hypotheses[one], self._hypotheses[other])
        errors = sum(rate.errors for rate in first)
        more = [two.errors - one.errors for one, two in zip(first, second, strict=True)]
        return Pairing(
            first=self._names[one],
            second=self._names[other],
            difference=found,
            relative=sum(more) / errors if errors else None,
            matched=matched,
            p=(found.p, matched.p if matched.segments >= FEWEST else None),
            verdict=NO_DIFFERENCE,
            fewer=sum(count < 0 for count in more),
            more=sum(count > 0 for count in more),
            same=more.count(0),
            unlike=tuple(differences(self._runs[one].story, self._runs[other].story)),
        )

    def _corrected(self, pairs: list[Pairing]) -> tuple[Pairing, ...]:
        """Both tests with Holm's correction, and the verdicts that follow."""
        bootstrap, matched = (_holm([pair.p[test] for pair in pairs]) for test in (0, 1))
        return tuple(
            replace(pair, p=two, verdict=_verdict(pair, two, self._options.alpha))
            for pair, two in zip(pairs, zip(bootstrap, matched, strict=True), strict=True)
        )


def _holm(values: list[float | None]) -> list[float | None]:
    """Holm's correction; a test that could not be made counts among those made, as no evidence."""
    corrected = holm([1.0 if value is None else value for value in values])
    return [None if value is None else found for value, found in zip(values, corrected, strict=True)]


def _verdict(pair: Pairing, p: tuple[float | None, float | None], alpha: float) -> str:
    if any(value is None or value >= alpha for value in p) or not pair.difference.value:
        return NO_DIFFERENCE
    if pair.difference.value < 0:
        return f"{pair.second} is better than {pair.first}"
    return f"{pair.first} is better than {pair.second}"


def _names(runs: Sequence[Run]) -> list[str]:
    """The names of the folders, or their paths where two are called the same."""
    names = [run.path.resolve().name for run in runs]
    return names if len(set(names)) == len(names) else [str(run.path) for run in runs]

"""How the text of one window is looked for: the likeliest token each time, beams, or samples.

A search is given logits for each of its rows and says how the rows go on. It knows nothing of
other windows, so what it finds does not depend on them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from auricle.engines import DecodeOptions
from auricle.engines.openvino.rules import Rules, log_sum

Floats = npt.NDArray[np.float32]
_SET = 64  # logits of which only the highest is looked at first


@dataclass(frozen=True, slots=True)
class Found:
    """Tokens without the end, the log-probability of each, and the sum of these with the end's."""

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    logprob: float

    @property
    def mean(self) -> float:
        """The log-probability of a token, the end counted as one."""
        return self.logprob / (len(self.tokens) + 1)


@dataclass(frozen=True, slots=True)
class Next:
    """For each row of a search that goes on: the row it comes from, and its newest token."""

    parents: list[int]
    tokens: list[int]


class Search(Protocol):
    """Looks for the text of one window, in ``width`` rows after its first step."""

    @property
    def width(self) -> int:
        """How many continuations each step takes."""
        ...

    def step(self, logits: Floats, *, last: bool) -> Next | None:
        """Take logits [rows, vocabulary], which may be written over; None once the text is found.

        The first call has one row. ``last`` says that there is no room for another token.
        """
        ...

    def found(self) -> Found:
        """The text, once ``step`` has given None."""
        ...


def new_search(rules: Rules, options: DecodeOptions) -> Search:
    """What ``options`` ask for."""
    if options.temperature > 0:
        return _Samples(rules, options)
    return _Greedy(rules) if options.beam_size == 1 else _Beams(rules, options)


@dataclass(slots=True)
class _Row:
    tokens: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    logprob: float = 0.0

    def grown(self, token: int, logprob: float) -> _Row:
        return _Row((*self.tokens, token), (*self.logprobs, logprob), self.logprob + logprob)

    def found(self, *, ended: bool) -> Found:
        """The text, whose last token is the end where it has ended."""
        size = len(self.tokens) - ended
        return Found(self.tokens[:size], self.logprobs[:size], self.logprob)


class _Greedy:
    width = 1

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._tokens: list[int] = []
        self._logprobs: list[float] = []

    def step(self, logits: Floats, *, last: bool) -> Next | None:
        row = logits[0]
        self._rules.apply(row, self._tokens)
        token = int(row.argmax())
        self._logprobs.append(float(row[token]) - log_sum(row))
        if token == self._rules.end:
            return None
        self._tokens.append(token)
        return None if last else Next([0], [token])

    def found(self) -> Found:
        own = self._logprobs
        return Found(tuple(self._tokens), tuple(own[: len(self._tokens)]), sum(own))


class _Beams:
    """Of twice as many continuations as beams, those that end are kept, the best others go on."""

    def __init__(self, rules: Rules, options: DecodeOptions) -> None:
        self._rules, self._options = rules, options
        self._rows = [_Row()]
        self._ended: list[Found] = []
        self._enough = max(1, round(options.beam_size * options.patience))
        self.width = options.beam_size

    def step(self, logits: Floats, *, last: bool) -> Next | None:
        parents: list[int] = []
        rows: list[_Row] = []
        for _, parent, token, logprob in self._continuations(logits):
            row = self._rows[parent].grown(token, logprob)
            if token == self._rules.end:
                self._ended.append(row.found(ended=True))
            else:
                parents.append(parent)
                rows.append(row)
            if len(rows) == self.width:
                break
        if rows and not last:  # every window of a batch has as many rows
            short = self.width - len(rows)
            parents += parents[:1] * short
            rows += [_Row(rows[0].tokens, rows[0].logprobs, -np.inf)] * short
        self._rows = rows
        if last:
            self._ended += [row.found(ended=False) for row in rows]
        if last or not rows or len(self._ended) >= self._enough:
            return None
        return Next(parents, [row.tokens[-1] for row in rows])

    def _continuations(self, logits: Floats) -> list[tuple[float, int, int, float]]:
        """The likeliest first: log-probability of the whole, row, token, log-probability of the token."""
        most = 2 * self.width
        found: list[tuple[float, int, int, float]] = []
        for parent, (row, scores) in enumerate(zip(self._rows, logits, strict=True)):
            self._rules.apply(scores, row.tokens)
            total = log_sum(scores)
            for token in highest(scores, most):
                logprob = float(scores[token]) - total
                found.append((row.logprob + logprob, parent, token, logprob))
        return sorted(found, key=lambda one: -one[0])[:most]

    def found(self) -> Found:
        penalty = self._options.length_penalty
        return max(self._ended, key=lambda ended: ended.logprob / max(len(ended.tokens), 1) ** penalty)


@dataclass(slots=True)
class _Samples:
    """``best_of`` texts drawn at a temperature, of which the likeliest is kept.

    Drawn by adding Gumbel noise, from a generator that starts with the seed for every window.
    """

    rules: Rules
    options: DecodeOptions
    _rows: list[_Row] = field(default_factory=list)
    _random: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.options.seed)

    @property
    def width(self) -> int:
        return self.options.best_of

    def step(self, logits: Floats, *, last: bool) -> Next | None:
        count = self.width
        parents = list(range(count)) if self._rows else [0] * count
        rows = self._rows or [_Row()] * count
        self._rows = [
            row if self._over(row) else self._draw(row, logits[parent].copy())
            for row, parent in zip(rows, parents, strict=True)
        ]
        if last or all(self._over(row) for row in self._rows):
            return None
        return Next(parents, [row.tokens[-1] for row in self._rows])

    def _draw(self, row: _Row, scores: Floats) -> _Row:
        self.rules.apply(scores, row.tokens)
        noise = self._random.gumbel(size=len(scores)).astype(np.float32)
        token = int((scores / self.options.temperature + noise).argmax())
        return row.grown(token, float(scores[token]) - log_sum(scores))

    def _over(self, row: _Row) -> bool:
        return row.tokens[-1:] == (self.rules.end,)

    def found(self) -> Found:
        texts = [row.found(ended=self._over(row)) for row in self._rows]
        return max(texts, key=lambda text: text.mean)


def highest(scores: Floats, count: int) -> list[int]:
    """The places of the ``count`` highest scores, highest first, without those that are −∞.

    None of them is less than the highest of as many sets. A set is every so-many-th score: the highest of
    all sets are then found in one go over rows of memory.
    """
    apart = len(scores) // _SET
    least = np.finfo(np.float32).min
    if apart > count:
        tops = scores[: apart * _SET].reshape(_SET, apart).max(axis=0)
        least = max(least, np.partition(tops, -count)[-count])
    places = np.flatnonzero(scores >= least)
    chosen: list[int] = places[np.argsort(-scores[places], kind="stable")[:count]].tolist()
    return chosen

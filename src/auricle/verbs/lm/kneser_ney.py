"""Interpolated modified Kneser–Ney smoothing: from sentences to an n-gram model.

The highest order counts how often an n-gram occurs; lower orders count in how many different words'
company it occurs (n-grams that begin a sentence keep their own count, for nothing can stand before
them). From each count a discount is taken, by whether it is 1, 2 or more; what is taken from a
context is spread over the lower order.

Source: Chen and Goodman 1998, "An Empirical Study of Smoothing Techniques for Language Modeling",
TR-10-98, §3.3 (equations 23 to 27); Kneser and Ney 1995. The unknown word gets its share of the
uniform distribution below the unigrams, as in Heafield et al. 2013.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auricle.engines.ctc.ngram import BEGIN, END, UNK, NgramModel
from auricle.errors import OptionError

Gram = tuple[str, ...]
# Where a corpus is too small for the formula (no n-gram occurs just once, or none just twice).
_FALLBACK = (0.5, 1.0, 1.5)
_NEVER = -99.0  # log10 that ARPA files give to <s>, which is never predicted


@dataclass(frozen=True, slots=True)
class Estimate:
    """All n-grams of all orders: (log10 probability, log10 back-off), by order from 1.

    ``discounts`` are those of each order for counts of 1, 2 and more; ``fallbacks`` the orders for
    which the corpus was too small to estimate them.
    """

    grams: tuple[dict[Gram, tuple[float, float]], ...]
    discounts: tuple[tuple[float, float, float], ...]
    fallbacks: tuple[int, ...]


def estimate(sentences: Iterable[Sequence[str]], order: int = 3) -> NgramModel:
    """The model of ``sentences``, lists of words. Raises OptionError where there are none."""
    found = estimated(sentences, order)
    grams = {" ".join(gram): values for table in found.grams for gram, values in table.items()}
    return NgramModel(len(found.grams), grams)


def estimated(sentences: Iterable[Sequence[str]], order: int = 3) -> Estimate:
    """All that is estimated. Raises OptionError for no sentence, or an order below 1."""
    if order < 1:
        raise OptionError("order must be at least 1: a model of single words.")
    counts = _adjusted(_counted(sentences, order))
    if not counts[0]:
        raise OptionError("there is no word in the corpus. Give a text file with a sentence a line.")
    chosen = [_discounts(table) for table in counts]
    discounts = tuple(found or _FALLBACK for found in chosen)
    fallbacks = tuple(length for length, found in enumerate(chosen, 1) if found is None)
    lower: dict[Gram, float] = {}
    tables: list[dict[Gram, float]] = []
    spread: list[dict[Gram, float]] = []
    for length, table in enumerate(counts, 1):
        gammas = _gammas(table, discounts[length - 1])
        lower = _interpolated(table, discounts[length - 1], gammas, lower)
        tables.append(lower)
        spread.append(gammas)
    return Estimate(_logarithms(tables, spread), discounts, fallbacks)


def _counted(sentences: Iterable[Sequence[str]], order: int) -> list[Counter[Gram]]:
    """How often each n-gram of each order occurs, the marks of begin and end around each sentence."""
    counts: list[Counter[Gram]] = [Counter() for _ in range(order)]
    for words in sentences:
        if not words:
            continue
        marked = (BEGIN, *words, END)
        for length in range(1, order + 1):
            grams = (marked[at : at + length] for at in range(len(marked) - length + 1))
            counts[length - 1].update(grams)
    return counts


def _adjusted(counts: list[Counter[Gram]]) -> list[dict[Gram, int]]:
    """Counts of the highest order as they are; below, the number of different words before a gram."""
    tables: list[dict[Gram, int]] = [dict(counts[-1])]
    for length in range(len(counts) - 1, 0, -1):
        before: Counter[Gram] = Counter(gram[1:] for gram in counts[length])
        table = {
            gram: count if gram[0] == BEGIN else before[gram] for gram, count in counts[length - 1].items()
        }
        tables.insert(0, table)
    tables[0].pop((BEGIN,), None)  # it is a context, never a word
    return tables


def _discounts(table: dict[Gram, int]) -> tuple[float, float, float] | None:
    """D1, D2 and D3+ of equation 26; None where the counts of counts do not allow it."""
    of = Counter(min(count, 5) for count in table.values())
    if not all(of[count] for count in (1, 2, 3, 4)):
        return None
    base = of[1] / (of[1] + 2 * of[2])
    found = tuple(n - (n + 1) * base * of[n + 1] / of[n] for n in (1, 2, 3))
    sound = all(0 <= value <= n for n, value in enumerate(found, 1))
    return (found[0], found[1], found[2]) if sound else None


def _taken(count: int, discounts: tuple[float, float, float]) -> float:
    return min(float(count), discounts[min(count, 3) - 1])


def _gammas(table: dict[Gram, int], discounts: tuple[float, float, float]) -> dict[Gram, float]:
    """The share of each context's probability that goes to the lower order."""
    taken: defaultdict[Gram, float] = defaultdict(float)
    total: defaultdict[Gram, int] = defaultdict(int)
    for gram, count in table.items():
        taken[gram[:-1]] += _taken(count, discounts)
        total[gram[:-1]] += count
    return {context: taken[context] / total[context] for context in total}


def _interpolated(
    table: dict[Gram, int],
    discounts: tuple[float, float, float],
    gammas: dict[Gram, float],
    lower: dict[Gram, float],
) -> dict[Gram, float]:
    """Probabilities of an order: discounted counts, and the context's share of the order below."""
    total: defaultdict[Gram, int] = defaultdict(int)
    for gram, count in table.items():
        total[gram[:-1]] += count
    uniform = 1.0 / (len(table) + 1)  # all words, the end, and the unknown word
    found = {
        gram: (count - _taken(count, discounts)) / total[gram[:-1]]
        + gammas[gram[:-1]] * (lower[gram[1:]] if len(gram) > 1 else uniform)
        for gram, count in table.items()
    }
    if not lower:
        found[(UNK,)] = gammas[()] * uniform
    return found


def _logarithms(
    tables: list[dict[Gram, float]], spread: list[dict[Gram, float]]
) -> tuple[dict[Gram, tuple[float, float]], ...]:
    """Probabilities and the back-off weight of each gram as a context of the order above, as log10."""
    logs: list[dict[Gram, tuple[float, float]]] = []
    for length, table in enumerate(tables, 1):
        above = spread[length] if length < len(spread) else {}
        rows = {gram: (_log(chance), _log(above.get(gram, 1.0))) for gram, chance in table.items()}
        if length == 1:
            rows[(BEGIN,)] = (_NEVER, _log(above.get((BEGIN,), 1.0)))
        logs.append(rows)
    return tuple(logs)


def _log(value: float) -> float:
    return math.log10(value) if value > 0 else _NEVER

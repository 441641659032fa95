"""Prefix beam search over the frames of a CTC model, with a language model and hotwords.

A prefix is a sequence of outputs; all paths through the frames that spell it count together, those
that end in a blank apart from those that end in its last output. A word is scored when it is
complete; a word begun is judged by whether it can become a word that is wanted.

Source: Graves 2012 (prefix search); Hannun et al. 2014, "First-Pass Large Vocabulary Continuous
Speech Recognition using Bi-Directional Recurrent DNNs", algorithm 1; the sum of log-probabilities
with weights for the language model and for words is shallow fusion.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from auricle.engines.ctc.alphabet import Alphabet
from auricle.engines.ctc.greedy import Floats
from auricle.engines.ctc.ngram import BEGIN, END, NgramModel

_LN10 = math.log(10.0)
_LEAST = -6.0  # log-probability in its frame below which an output is not tried
_BEHIND = 10.0  # log-probability by which a prefix may trail the best one
_UNFIT = -3.0  # for a beginning that no word of the language model has


@dataclass(frozen=True, slots=True)
class Search:
    """How to search: ``weight`` multiplies the language model's log-probability (natural logarithm),
    ``bonus`` is added for every word, ``hot`` for every word to listen for.
    """

    beams: int = 50
    model: NgramModel | None = None
    weight: float = 0.5
    bonus: float = 1.0
    hotwords: frozenset[str] = frozenset()
    hot: float = 6.0


@dataclass(slots=True, eq=False)
class _Prefix:
    """A sequence of outputs so far, as a node of the tree of all that are tried.

    ``blank`` and ``last`` are the log-probabilities of its paths that end in a blank and in its last
    output, ``words`` those that are complete (as many as the language model looks back), ``part`` the
    word that is being spelt, ``earned`` what words and part are worth and ``fixed`` the words alone.
    """

    parent: _Prefix | None = None
    index: int = -1
    words: tuple[str, ...] = ()
    part: str = ""
    fixed: float = 0.0
    earned: float = 0.0
    blank: float = -math.inf
    last: float = -math.inf
    next_blank: float = -math.inf
    next_last: float = -math.inf
    sound: float = 0.0
    children: dict[int, _Prefix] = field(default_factory=dict)

    def ids(self) -> list[int]:
        found: list[int] = []
        node: _Prefix = self
        while node.parent is not None:
            found.append(node.index)
            node = node.parent
        return found[::-1]

    def turn(self) -> None:
        """The next frame becomes the present one."""
        self.blank, self.last = self.next_blank, self.next_last
        self.next_blank = self.next_last = -math.inf
        self.sound = _add(self.blank, self.last)


class BeamSearch:
    """Finds the likeliest sequence of outputs under one ``Search``; ``best`` is for one audio."""

    def __init__(self, alphabet: Alphabet, search: Search) -> None:
        self._alphabet = alphabet
        self._search = search
        self._scored: dict[tuple[tuple[str, ...], str], tuple[tuple[str, ...], float]] = {}
        self._hot = {word.casefold() for word in search.hotwords}
        self._hot_parts = _beginnings(self._hot)

    def best(self, logprobs: Floats) -> list[int]:
        """The outputs of the best prefix for ``logprobs`` [frames, outputs], blanks taken out."""
        first = _Prefix(blank=0.0)
        if self._search.model is not None:
            first.words = (BEGIN,)
        beams = [first]
        for frame in logprobs:
            beams = self._step(beams, frame)
        return max(beams, key=self._finished).ids()

    def _step(self, beams: list[_Prefix], frame: Floats) -> list[_Prefix]:
        """One frame further: every prefix stays as it is or gets one more output."""
        blank = self._alphabet.blank
        likely = [(int(index), float(frame[index])) for index in np.flatnonzero(frame > _LEAST)]
        likely = [(index, chance) for index, chance in likely if index != blank]
        likely.sort(key=lambda item: -item[1])
        still = float(frame[blank])
        touched = dict.fromkeys(beams)
        for prefix in beams:
            prefix.next_blank = prefix.sound + still
            if prefix.parent is not None:
                prefix.next_last = prefix.last + float(frame[prefix.index])
        least = max(_add(prefix.next_blank, prefix.next_last) + prefix.earned for prefix in beams) - _BEHIND
        for prefix in beams:
            for index, chance in likely:
                if prefix.sound + prefix.earned + chance < least:
                    break
                self._extend(prefix, index, chance, touched)
        for prefix in touched:
            prefix.turn()
        return self._pruned(list(touched))

    def _extend(self, prefix: _Prefix, index: int, chance: float, touched: dict[_Prefix, None]) -> None:
        """Write ``index`` after ``prefix``; the same output twice needs a blank between."""
        score = (prefix.blank if prefix.index == index else prefix.sound) + chance
        if score == -math.inf:
            return
        longer = prefix.children.get(index)
        if longer is None:
            longer = prefix.children[index] = self._longer(prefix, index)
        if longer not in touched:
            longer.blank = longer.last = longer.next_blank = longer.next_last = -math.inf
            touched[longer] = None
        longer.next_last = _add(longer.next_last, score)

    def _longer(self, prefix: _Prefix, index: int) -> _Prefix:
        text = self._alphabet.texts[index]
        words, part, fixed = prefix.words, prefix.part, prefix.fixed
        if text.startswith(" "):
            words, fixed = self._complete(words, part, fixed)
            part, text = "", text[1:]
        part += text
        return _Prefix(prefix, index, words, part, fixed, fixed + self._hope(part))

    def _complete(self, words: tuple[str, ...], part: str, fixed: float) -> tuple[tuple[str, ...], float]:
        """Take a word as written: what the language model and the hotwords say of it."""
        if not part:
            return words, fixed
        if (words, part) not in self._scored:
            self._scored[words, part] = self._score(words, part)
        after, score = self._scored[words, part]
        return after, fixed + score

    def _score(self, words: tuple[str, ...], part: str) -> tuple[tuple[str, ...], float]:
        score = self._search.bonus if self._search.model is not None else 0.0
        if part.casefold().strip(".,;:!?") in self._hot:
            score += self._search.hot
        if (model := self._search.model) is not None:
            word = model.word(part)
            score += self._search.weight * _LN10 * model.score(words, word)
            words = (*words, word)[-max(1, model.order - 1) :]
        return words, score

    def _hope(self, part: str) -> float:
        """What a word begun is worth: a share of the hotword that it may become, or a warning."""
        if not part:
            return 0.0
        longest = self._hot_parts.get(part.casefold())
        if longest is not None:
            return self._search.hot * len(part) / longest
        model = self._search.model
        return 0.0 if model is None or model.begins(part) else _UNFIT * self._search.weight

    def _finished(self, prefix: _Prefix) -> float:
        """The score of a prefix with its last word and the end of the sentence."""
        words, fixed = self._complete(prefix.words, prefix.part, prefix.fixed)
        if (model := self._search.model) is not None:
            fixed += self._search.weight * _LN10 * model.score(words, END)
        return prefix.sound + fixed

    def _pruned(self, prefixes: list[_Prefix]) -> list[_Prefix]:
        """The best prefixes; those that fall away leave the tree unless something better grew on them."""
        prefixes.sort(key=lambda prefix: prefix.sound + prefix.earned, reverse=True)
        least = prefixes[0].sound + prefixes[0].earned - _BEHIND
        kept = [prefix for prefix in prefixes[: self._search.beams] if prefix.sound + prefix.earned >= least]
        for prefix in prefixes[len(kept) :]:
            if prefix.parent is not None and not prefix.children:
                prefix.parent.children.pop(prefix.index, None)
        return kept


def _beginnings(words: set[str]) -> Mapping[str, int]:
    """Every beginning of the words → the length of the shortest word that it may become."""
    found: dict[str, int] = {}
    for word in words:
        for end in range(1, len(word) + 1):
            found[word[:end]] = min(found.get(word[:end], len(word)), len(word))
    return found


def _add(left: float, right: float) -> float:
    """log(exp(left) + exp(right))."""
    if left < right:
        left, right = right, left
    return left if right == -math.inf else left + math.log1p(math.exp(right - left))

"""Which words of a text that still grows are certain: pure bookkeeping over words and times.

A word is certain when two looks in a row read it in the same place (local agreement, Liu et al.
2020, as Macháček et al. 2023 use it for Whisper), or when enough sound stands behind it that the
decoder's attention has left it for good (after AlignAtt, Papi et al. 2023). What is committed
never changes; a later look that reads it otherwise is set against it by edits, and only what
follows is taken.

Knows words. Refuses to know: sound, models, when to look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from auricle.transcript import Word, join_words
from auricle.verbs.transcribe import gates
from auricle.verbs.transcribe.again import covered

_EDGE = 0.1  # seconds before the end of the sound in which a word may be cut, whoever agrees
_SIGNS = ".,;:!?…。，、！？；："
_OVERLAP = 4  # words at most that a new utterance may repeat from the end of the one before
_SEAM = 0.5  # seconds after a seam in which a word may be one of those


class Agreement:
    """The words of one utterance. ``before`` is what stood before it, where it was cut without a pause."""

    def __init__(self, before: Sequence[Word] = ()) -> None:
        self.committed: list[Word] = []
        self.rest: list[Word] = []  # the newest look at what follows
        self._before = list(before)[-_OVERLAP:]

    def look(self, words: Sequence[Word], heard: float, margin: float, agreed: float) -> list[Word]:
        """Take in a new reading of the sound up to second ``heard``; return what is certain now."""
        rest = self._after(words)
        count = 0
        same = _same(rest, self.rest)
        for number, word in enumerate(rest):
            sure = heard - (agreed if number < same else margin)
            if word.end > sure:
                break
            count = number + 1
        self.rest = rest
        return self._commit(count, open_end=False)

    def settle(self, *, open_end: bool) -> list[Word]:
        """Commit all of the newest look. With ``open_end``, the last sign waits: the sentence may go on."""
        return self._commit(len(self.rest), open_end=open_end)

    def cut(self, count: int) -> list[Word]:
        """Take the first ``count`` committed words away."""
        gone, self.committed = self.committed[:count], self.committed[count:]
        return gone

    def _commit(self, count: int, *, open_end: bool) -> list[Word]:
        new = _in_order(self.rest[:count], self.committed[-1].end if self.committed else 0.0)
        self.rest = self.rest[count:]
        if new and open_end:
            bare = new[-1].text.rstrip(_SIGNS)
            if bare and bare != new[-1].text:
                sign = replace(new[-1], text=new[-1].text[len(bare) :], start=new[-1].end, joined=True)
                new[-1] = replace(new[-1], text=bare)
                self.rest = [sign]
        if looping([*self.committed, *new]):
            self.rest = []
            return []
        self.committed += new
        return new

    def _after(self, words: Sequence[Word]) -> list[Word]:
        """The words after those that are committed, or that belong to the utterance before."""
        if not self.committed:
            return list(words)[_repeated(self._before, words) :]
        heard = [(number, unit) for number, word in enumerate(words) for unit in gates.units(word.text)]
        said = [unit for word in self.committed for unit in gates.units(word.text)]
        skip = covered(said, [unit for _, unit in heard])
        if not skip:
            return list(words)
        first = heard[skip][0] if skip < len(heard) else len(words)
        return [*self._late_sign(words[heard[skip - 1][0]]), *words[first:]]

    def _late_sign(self, word: Word) -> list[Word]:
        """The sign of the last committed word, where it was committed without and is read with one now."""
        last = self.committed[-1]
        bare = word.text.rstrip(_SIGNS)
        if last.text[-1] in _SIGNS or bare == word.text or gates.units(bare) != gates.units(last.text):
            return []
        return [Word(word.text[len(bare) :], last.end, last.end, word.confidence, joined=True)]


def looping(words: Sequence[Word]) -> bool:
    """Whether the text runs in circles: such text is never committed."""
    return gates.repeats(join_words(words))


def _same(rest: Sequence[Word], other: Sequence[Word]) -> int:
    """How many words at the beginning are the same, case and signs apart."""
    count = 0
    for one, two in zip(rest, other, strict=False):
        if (gates.units(one.text) or one.text) != (gates.units(two.text) or two.text):
            break
        count += 1
    return count


def _repeated(before: Sequence[Word], words: Sequence[Word]) -> int:
    """How many words at the beginning are the last ones ``before``, heard again at the seam."""
    if not before:
        return 0
    near = [word for word in words[:_OVERLAP] if word.start < before[-1].end + _SEAM]
    for count in range(min(len(before), len(near)), 0, -1):
        if [gates.units(word.text) for word in before[-count:]] == [
            gates.units(word.text) for word in near[:count]
        ]:
            return count
    return 0


def _in_order(words: Sequence[Word], floor: float) -> list[Word]:
    """The words, none beginning before the last one committed has ended."""
    placed: list[Word] = []
    for word in words:
        start = max(word.start, floor)
        placed.append(replace(word, start=start, end=max(word.end, start)))
        floor = placed[-1].end
    return placed

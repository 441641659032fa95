"""Gates: is what the model wrote to be believed?

Pure functions over text and numbers. Structure is judged, never phrases: a list of phrases
("Thanks for watching") leaks other languages and deletes what somebody really said.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from auricle.transcript import Segment, Transcript, Word, join
from auricle.verbs.transcribe.options import GateOptions

COMPRESSION, SIGNS = "compression", "signs"
FEWEST_SIGNS = 40  # characters of text before signs are counted: ". . ." alone is dropped anyway
MIN_REPEATS = 4  # times a phrase stands in a row before it counts as a loop
MAX_CHARS_PER_SECOND = 35.0  # the fastest speakers reach about 25


@dataclass(frozen=True, slots=True)
class Verdict:
    """``reason`` is empty where the text is believed; ``silent`` where there is nothing to say."""

    reason: str = ""
    silent: bool = False

    @property
    def believed(self) -> bool:
        """Whether the text may stand as it is."""
        return not self.reason


def judge(found: Transcript, speech: float, options: GateOptions) -> Verdict:
    """Judge the decoding of one window with ``speech`` seconds of speech in it."""
    if not found.segments:
        return Verdict()
    if _silent(found.segments[0], options):
        return Verdict("no speech", silent=True)
    if options.loop_guard and find_loop(found.text) is not None:
        return Verdict("loop")
    if options.loop_guard and mostly_signs(found.text):
        return Verdict(SIGNS)
    if options.loop_guard and too_much(found.text, speech):
        return Verdict("too much text for the speech")
    if compression_ratio(found.text) > options.compression_threshold:
        return Verdict(COMPRESSION)
    if _below(found.segments[0].avg_logprob, options.logprob_threshold):
        return Verdict("low probability")
    return Verdict()


def _silent(first: Segment, options: GateOptions) -> bool:
    """Whether a model says that nobody speaks, and doubts what it wrote.

    The rule of the paper leaves a "You" for a clatter of dishes: one common word is likely by itself (-0.84).
    Where silence is nearly certain (above 0.9 by default), half the doubt is enough; of 200 of the shortest
    real clips that took one text, and a wrong one (docs/log.md, 2026-11-26).
    """
    chance = first.no_speech_prob
    if chance is None:
        return False
    certain = 1 - (1 - options.no_speech_threshold) / 4
    doubt = options.logprob_threshold / (2 if chance > certain else 1)
    return chance > options.no_speech_threshold and _below(first.avg_logprob, doubt)


def _below(value: float | None, threshold: float) -> bool:
    return value is not None and value < threshold


def too_much(text: str, speech: float) -> bool:
    """Whether nobody can say ``text`` in ``speech`` seconds."""
    return len(text) > 20 + MAX_CHARS_PER_SECOND * max(speech, 0.5)


def mostly_signs(text: str) -> bool:
    """Whether a text is more signs than letters: 222 times "..." has no words that could repeat."""
    written = [sign for sign in text if not sign.isspace()]
    letters = sum(unicodedata.category(sign)[0] in "LMN" for sign in written)
    return len(written) > FEWEST_SIGNS and 2 * letters < len(written)


def compression_ratio(text: str) -> float:
    """Bytes of ``text`` over bytes after compression: text that repeats itself goes above 2.4."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


@dataclass(frozen=True, slots=True)
class Loop:
    """Words ``first`` to ``last`` repeat a phrase of ``period`` words."""

    first: int
    last: int
    period: int


def find_loop(text: str, repeats: int = MIN_REPEATS) -> Loop | None:
    """The first place where a phrase of 1 to 12 words stands ``repeats`` times in a row.

    A phrase of one word must stand twice as often: "no no no no" is something people say.
    """
    words = units(text)
    for period in range(1, 13):
        least = period * (repeats * 2 if period == 1 else repeats)
        run = 0
        for at in range(period, len(words)):
            run = run + 1 if words[at] == words[at - period] else 0
            if run >= least - period:
                return _whole_loop(words, at - run - period + 1, period)
    return None


def repeats(text: str) -> bool:
    """Whether a text is a loop, of words or of signs."""
    return mostly_signs(text) or find_loop(text) is not None


def cut_loop(segments: Sequence[Segment]) -> tuple[list[Segment], str]:
    """``segments`` with every loop cut down to its first round, and the text that was cut."""
    kept, removed = list(segments), []
    while (loop := find_loop(join(segment.text for segment in kept))) is not None:
        first, last = loop.first + loop.period, loop.last
        kept, cut = _without_units(kept, first, last)
        removed.append(cut)
    return kept, join(removed)


def _without_units(segments: Sequence[Segment], first: int, last: int) -> tuple[list[Segment], str]:
    """Take the units numbered ``first`` to ``last`` out of segments; ends move to what is left."""
    kept: list[Segment] = []
    removed: list[str] = []
    at = 0
    for segment in segments:
        places = [match.span() for match in _UNIT.finditer(segment.text)]
        inside = [place for number, place in enumerate(places, at) if first <= number <= last]
        kept_words = _words_outside(segment.words, at, first, last)
        at += len(places)
        if not inside:
            kept.append(segment)
            continue
        begin, end = inside[0][0], inside[-1][1]
        removed.append(segment.text[begin:end])
        text = join([segment.text[:begin], segment.text[end:].lstrip(" ,.;:!?…")])
        if text:
            kept.append(_shrunk(segment, text, kept_words, len(inside) / len(places)))
    return kept, join(removed)


def _words_outside(words: Sequence[Word], at: int, first: int, last: int) -> tuple[Word, ...]:
    kept: list[Word] = []
    for word in words:
        count = len(units(word.text))
        if at + count <= first or at > last or not count:
            kept.append(word)
        at += count
    return tuple(kept)


def _shrunk(segment: Segment, text: str, words: tuple[Word, ...], share: float) -> Segment:
    """A segment that lost ``share`` of its text."""
    end = words[-1].end if words else segment.end - share * (segment.end - segment.start)
    return replace(segment, text=text, words=words, end=end)


def units(text: str) -> list[str]:
    """Words without case or punctuation; single characters in scripts without spaces."""
    return [match.group().casefold() for match in _UNIT.finditer(text)]


def without(text: str, count: int) -> str:
    """``text`` without its first ``count`` units and what stands before the next one."""
    starts = [match.start() for match in _UNIT.finditer(text)]
    return text[starts[count] :] if count < len(starts) else ""


_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff"
_UNIT = re.compile(rf"[{_SPACELESS}]|[^\W{_SPACELESS}]+(?:['’][^\W{_SPACELESS}]+)*")


def _whole_loop(words: list[str], first: int, period: int) -> Loop:
    last = first + period
    while last < len(words) and words[last] == words[last - period]:
        last += 1
    return Loop(first, last - 1, period)

"""Long recordings to short utterances: cut at pauses, each piece with the words that are said in it.

A model hears the recording with times for its words; the transcript is aligned with what it heard,
so that every word of the transcript gets the time of its counterpart, or one between its
neighbours. The model's own words never enter the text. What cannot be aligned is told and left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from auricle.errors import OptionError
from auricle.metrics.align import align
from auricle.options import option
from auricle.transcript import Word
from auricle.verbs.datasets.text import same_text
from auricle.verbs.datasets.utterance import AudioRef, Utterance
from auricle.verbs.transcribe import Transcriber

_MARGIN = 0.15  # seconds kept around the words of a piece, as far as the pause reaches
_STOPS = ".!?…。！？।"
_OF_THE_WHOLE = {"segments", "words"}  # columns with seconds of the whole recording, wrong in a piece of it


@dataclass(frozen=True, slots=True)
class SegmentOptions:
    """How long recordings are cut."""

    longest: float = option(30.0, "seconds a piece has at most")
    pause: float = option(0.3, "seconds of pause at which a piece may end")
    least_match: float = option(0.7, "share of a piece's words the model has to have heard too")
    listener: str = option("tiny.en", "model that listens for the times", metavar="NAME")


@dataclass(frozen=True, slots=True)
class Timed:
    """A word of the transcript with its times in seconds; ``sure`` where the model heard it too."""

    text: str
    start: float
    end: float
    sure: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that follow each other, from ``start`` to ``end`` seconds; ``match`` is the share of the sure."""

    start: float
    end: float
    text: str
    match: float


def timed_words(text: str, heard: Sequence[Word]) -> list[Timed]:
    """The words of ``text`` with times from what a model heard.

    Words without a counterpart share the time between their neighbours evenly.
    """
    said = text.split()
    reference = [same_text(word) or word for word in said]
    hypothesis = [same_text(word.text) or word.text for word in heard]
    times: list[tuple[float, float] | None] = [None] * len(said)
    for step in align(reference, hypothesis):
        if step.kind == "hit" and step.reference is not None and step.hypothesis is not None:
            word = heard[step.hypothesis]
            times[step.reference] = (word.start, word.end)
    return list(_filled(said, times, heard[-1].end if heard else 0.0))


def _filled(said: list[str], times: list[tuple[float, float] | None], end: float) -> Iterator[Timed]:
    place = 0
    before = 0.0
    while place < len(said):
        known = times[place]
        if known is not None:
            before = known[1]
            yield Timed(said[place], *known, sure=True)
            place += 1
            continue
        last = next((later for later in range(place, len(said)) if times[later] is not None), len(said))
        following = times[last] if last < len(said) else None
        until = max(following[0] if following else end, before)
        step = (until - before) / (last - place)
        for number in range(place, last):
            start = before + (number - place) * step
            yield Timed(said[number], start, start + step, sure=False)
        before, place = until, last


def pieces(words: Sequence[Timed], options: SegmentOptions) -> list[Piece]:
    """Cut words into pieces of at most ``longest`` seconds, at the best pause of each stretch."""
    found: list[Piece] = []
    rest = list(words)
    while rest:
        count = _fit(rest, options)
        here = rest[:count]
        after = rest[count].start if count < len(rest) else here[-1].end + 2 * _MARGIN
        before = found[-1].end if found else 0.0
        start = max(here[0].start - _MARGIN, before, 0.0)
        end = min(here[-1].end + _MARGIN, max((here[-1].end + after) / 2, here[-1].end))
        match = sum(word.sure for word in here) / count
        found.append(Piece(round(start, 3), round(end, 3), " ".join(word.text for word in here), match))
        rest = rest[count:]
    return found


def _fit(words: Sequence[Timed], options: SegmentOptions) -> int:
    """How many words the next piece takes: up to the best pause in the second half of what fits."""
    begin = words[0].start - _MARGIN
    most = sum(1 for word in words if word.end + _MARGIN - begin <= options.longest) or 1
    if most == len(words):
        return most
    choices = range(max(most // 2, 1), most + 1)
    return max(choices, key=lambda count: (_worth(words, count, options), count))


def _worth(words: Sequence[Timed], count: int, options: SegmentOptions) -> float:
    """How good a cut before word ``count`` is: the pause, and a second more after the end of a sentence."""
    gap = words[count].start - words[count - 1].end
    sure = words[count].sure and words[count - 1].sure
    if gap < options.pause or not sure:
        return min(gap, 0.0) - 1.0
    return gap + (1.0 if words[count - 1].text.rstrip("\"')»”")[-1:] in _STOPS else 0.0)


class Segmenter:
    """Cuts utterances with one model in memory. ``lost`` lists what could not be aligned."""

    def __init__(self, options: SegmentOptions, transcriber: Transcriber | None = None) -> None:
        if not 1.0 <= options.longest <= 30.0:
            raise OptionError("longest is 1 to 30 seconds: no model hears more at once.")
        self.options = options
        self.lost: list[tuple[str, Piece]] = []
        self._transcriber = transcriber or Transcriber(model=options.listener, words=True)

    def cut(self, item: Utterance) -> Iterator[Utterance]:
        """The pieces of one utterance that can be trusted. Raises AudioError, MissingFileError."""
        sound = item.load()
        heard = self._transcriber.transcribe(replace(sound, start=0.0)).words
        words = (
            timed_words(item.text, heard)
            if item.text
            else [Timed(w.text, w.start, w.end, True) for w in heard]
        )
        for number, piece in enumerate(pieces(words, self.options), 1):
            if piece.match < self.options.least_match:
                self.lost.append((item.id, piece))
                continue
            yield _part(item, piece, number)


def _part(item: Utterance, piece: Piece, number: int) -> Utterance:
    offset = item.audio.start or 0.0
    audio: AudioRef = replace(item.audio, start=offset + piece.start, end=offset + piece.end)
    return replace(
        item,
        id=f"{item.id}-{number:04}",
        audio=audio,
        text=piece.text if item.text else None,
        duration=piece.end - piece.start,
        columns={name: value for name, value in item.columns.items() if name not in _OF_THE_WHOLE}
        | {"match": round(piece.match, 3)},
    )

"""Sound in small pieces to committed words, in constant memory and work however long it lasts.

``Listener`` holds the sound of one utterance at most, looks at it again with every ``step`` of new
sound, commits what is certain (``agreement``), and ends the utterance at a pause. The work a
piece of sound causes is bounded: one look at no more than ``longest`` seconds, and one for each
utterance that ended in it. So one that is behind catches up, for it looks less often.

Knows engines, pauses and pace. Refuses to know files, microphones, sockets and threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from auricle.audio import Audio
from auricle.engines import Engine, check, load_engine
from auricle.errors import OptionError
from auricle.segments import Window, clip, total
from auricle.transcript import Word, join_words
from auricle.vad import RATE
from auricle.verbs.stream.agreement import Agreement, looping
from auricle.verbs.stream.ear import Ear
from auricle.verbs.stream.events import Committed, Event, Partial, SpeechStarted, UtteranceEnded
from auricle.verbs.stream.options import StreamOptions, check_options
from auricle.verbs.transcribe import GateOptions, gates
from auricle.verbs.transcribe.decode import WindowDecoder
from auricle.verbs.transcribe.words import time_words

_SOON = 0.15  # seconds of new sound that a look at a pause must bring
_KNOWN = 3.0  # seconds of speech from which its language is believed
_MAX_WORD = 2.0  # seconds a word lasts at most
_HUSH = 0.06  # seconds of silence, two frames, that may be the end: the time to look
_BEHIND = 0.05  # seconds of sound after speech that a look needs to have heard its end
_BEFORE = 0.1  # seconds before the end of speech up to which a look is enough where the rest is faint
_APART = 3.0  # seconds of silence after which the sound before it is let go
_MOST = 28.0  # seconds of sound that a look can have
_LONG = 30.0  # seconds after which an utterance ends with its sentence though nobody paused
_LEAST_CUT = 2.0  # seconds of sound that shortening must free
_GATES = GateOptions(temperatures=(0.0,), cut_guard=False)
_SENTENCE, _CLAUSE = ".?!。？！", ",;:，、"


@dataclass(slots=True)
class _Utterance:
    """What is being said: where it began, and all that was committed since."""

    began: float
    said: list[Word] = field(default_factory=list)
    settled: bool = False
    language: str | None = None


class Listener:
    """Feed it sound, take events. One at a time: it is not for several threads at once."""

    def __init__(self, options: StreamOptions | None = None, *, engine: Engine | None = None) -> None:
        """Raises OptionError, ModelError."""
        self.options = options or StreamOptions()
        check_options(self.options)
        self._decode = self.options.decode()
        self.engine = engine or load_engine(self.options.load, decode=self._decode)
        check(self.engine, self._decode)
        if self.engine.rate != RATE:
            raise OptionError(
                f"engines hear {RATE} Hz; {self.engine.info.model} wants {self.engine.rate} Hz."
            )
        self._ear = Ear(self.options.vad_threshold)
        self._now: _Utterance | None = None
        self._ended = 0.0  # second at which the last utterance ended
        self._start = 0.0  # of the sound that is kept
        self._seen = 0.0  # second up to which it was looked at
        self._believed = True  # whether what was read there could be
        self._words = Agreement()  # of the sound that is kept
        self._shown: tuple[Word, ...] = ()
        self._context = ""  # the text before the sound that is kept

    @property
    def seconds(self) -> float:
        """Seconds of sound taken in so far."""
        return self._ear.seconds

    def feed(self, samples: npt.NDArray[np.float32]) -> Iterator[Event]:
        """Take the next samples (mono float32, 16 kHz) and yield what they brought about.

        Iterate to the end before the next call. Raises AudioError for samples that are no sound.
        """
        self._ear.take(Audio(samples, RATE).samples)
        yield from self._listen()
        if self._now is not None:
            yield from self._follow(self._now)

    def finish(self) -> Iterator[Event]:
        """The sound is over: yield what is left."""
        self._ear.finish()
        yield from self._listen()
        if self._now is not None:
            yield from self._end(self._now)

    def _listen(self) -> Iterator[Event]:
        """Step over the frames that came in; utterances begin and end at frames."""
        ear = self._ear
        while ear.step():
            if self._now is not None:
                if not ear.speaking and ear.silence >= self.options.pace.end_silence:
                    yield from self._end(self._now)
            elif (began := ear.began(self._ended)) is not None:
                self._now = _Utterance(began)
                yield SpeechStarted(ear.seconds, began)
            elif not ear.speaking and ear.now - self._ended > _APART:
                self._restart(ear.now - self.options.pace.pad)

    def _follow(self, now: _Utterance) -> Iterator[Event]:
        """Look where it is time to; then commit what a pause settles, and keep the sound short."""
        ear, pace = self._ear, self.options.pace
        if self._due():
            yield from self._look(now, ear.seconds)
        paused = not ear.speaking and ear.silence >= pace.settle
        if paused and not now.settled and self._saw_all():
            now.settled = True
            yield from self._commit(now, self._words.settle(open_end=True))
        if ear.seconds - self._start > pace.longest:
            self._shorten()
        if now.said and now.said[-1].end - now.began > _LONG and _ends_well(now):
            yield self._ending(now, now.said[-1].end)
            now.began, now.said = now.said[-1].end, []
            yield SpeechStarted(ear.seconds, now.began)

    def _due(self) -> bool:
        """A look that begins just before the end of speech would have to be followed by another.

        So the first silent frame is waited out, and the second looked at.
        """
        new, silence = self._ear.seconds - self._seen, self._ear.silence
        if silence >= _HUSH:
            return not self._saw_all() and (new >= _SOON or silence >= self.options.pace.settle)
        return silence == 0 and new >= self.options.pace.step

    def _saw_all(self) -> bool:
        """Whether the last look had all the speech there is. Some is detected after the voice has gone."""
        end = self._ear.heard
        whole = self._seen >= end + _BEHIND or (self._seen >= end - _BEFORE and self._ear.faint(self._seen))
        return self._believed and whole

    def _look(self, now: _Utterance, end: float) -> Iterator[Event]:
        """Read the sound up to second ``end``, commit what is certain, show what is not."""
        audio = self._ear.audio(self._start, end)
        window = Window(audio, clip(self._ear.speech(self._start), self._start, end))
        self._seen, now.settled = window.end, False
        words = self._read(now, window)
        self._believed = words is not None
        if words is not None:
            pace = self.options.pace
            yield from self._commit(now, self._words.look(words, window.end, pace.margin, pace.agreed))
        rest = tuple(self._words.rest)
        if rest != self._shown and not looping(rest):
            self._shown = rest
            yield Partial(self._ear.seconds, rest)

    def _read(self, now: _Utterance, window: Window) -> list[Word] | None:
        """The words in a window; None where what the model wrote is not believed.

        In a pause a reading that fails is tried again; while somebody speaks the next one is near.
        """
        context = self._context if "previous" in self.engine.accepts else ""
        decode = replace(self._decode, language=self._decode.language or now.language)
        if self._ear.speaking:
            found = self.engine.transcribe([window.audio], replace(decode, previous=context))[0]
            if not gates.judge(found, total(window.speech), _GATES).believed:
                return None
            segments = [segment.shifted(window.start) for segment in found.segments]
        else:
            segments = WindowDecoder(self.engine, decode, _GATES).decode([window], context)[0].segments
        if segments and total(window.speech) >= _KNOWN:
            now.language = segments[0].language
        placed = [time_words(segment, window.speech, _MAX_WORD, window.end) for segment in segments]
        return [word for segment in placed for word in segment.words if gates.units(segment.text)]

    def _commit(self, now: _Utterance, words: list[Word]) -> Iterator[Event]:
        if words:
            now.said += words
            yield Committed(self._ear.seconds, tuple(words))

    def _end(self, now: _Utterance) -> Iterator[Event]:
        """The utterance is over: read what was not, and commit all of it."""
        if not self._saw_all():
            yield from self._look(now, self._ear.now)
        yield from self._commit(now, self._words.settle(open_end=False))
        self._ended = self._ear.heard
        yield self._ending(now, self._ended)
        self._now, self._shown = None, ()

    def _ending(self, now: _Utterance, end: float) -> UtteranceEnded:
        return UtteranceEnded(self._ear.seconds, now.began, end, tuple(now.said), now.language)

    def _restart(self, start: float) -> None:
        """After a long pause nothing before it matters but as text."""
        self._remember(self._words.committed)
        self._words = Agreement()
        self._start = max(start, 0.0)
        self._ear.forget(self._start)

    def _shorten(self) -> None:
        """Let go of the sound before the best pause between committed words."""
        words = self._words.committed
        follows = [*words[1:], *self._words.rest[:1]]
        places = [
            (_pause(word, after), number)
            for number, (word, after) in enumerate(zip(words, follows, strict=False), 1)
            if word.end - self._start > _LEAST_CUT
        ]
        if not places:
            if self._ear.seconds - self._start > _MOST:
                self._restart(self._ear.seconds - self.options.pace.pad)
            return
        number = max(places)[1]
        word, after = words[number - 1], follows[number - 1]
        self._remember(self._words.cut(number))
        self._start = (word.end + max(word.end, after.start)) / 2
        self._ear.forget(self._start)

    def _remember(self, words: Sequence[Word]) -> None:
        self._context = (
            f"{self._context} {join_words(words)}".strip()[-self.options.context :]
            if self.options.context
            else ""
        )


def _ends_well(now: _Utterance) -> bool:
    """Whether a long utterance may end here: after a sentence, or wherever if it is far too long."""
    return now.said[-1].text[-1] in _SENTENCE or now.said[-1].end - now.began > 2 * _LONG


def _pause(word: Word, after: Word) -> float:
    """How good a place to cut there is between two words, in seconds of silence."""
    sign = word.text[-1]
    bonus = 0.5 if sign in _SENTENCE else 0.2 if sign in _CLAUSE else 0.0
    return max(after.start - word.end, 0.0) + bonus

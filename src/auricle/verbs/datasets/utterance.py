"""``Utterance``: one clip and what is said in it, as every dataset gives them.

Knows nothing of layouts, splits or models. The sound is read when it is asked for, by our own
reader; until then an utterance is a reference of a few hundred bytes.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from auricle.audio import Audio, AudioStream, fingerprint, open_audio
from auricle.errors import AudioError

_BLOCK = 10.0  # seconds decoded at a time on the way to a segment
_here = threading.local()  # reader: the _Reader of this thread, within in_order()


@dataclass(frozen=True, slots=True)
class AudioRef:
    """Where the sound of an utterance is: a file or the bytes of one, the whole or a part.

    ``start`` and ``end`` are seconds in the file, None for its beginning and its end; ``channel``
    is the rule of ``open_audio``. ``name`` stands for the bytes where there is no path.
    """

    path: Path | None = None
    data: bytes | None = field(default=None, repr=False)
    start: float | None = None
    end: float | None = None
    channel: str | int = "mix"
    name: str = ""

    def load(self, rate: int = 16000) -> Audio:
        """The sound, mono float32 at ``rate`` Hz; a part is decoded no further than its end.

        Raises MissingFileError, AudioError, OptionError (a channel that is not there).
        """
        if self.start is None and self.end is None:
            return Audio.load(self.source, rate, self.channel)
        return self._part(rate)

    def digest(self) -> str:
        """SHA-256 of the file's bytes, in hexadecimal. Raises MissingFileError, AudioError."""
        return fingerprint(self.source)

    @property
    def source(self) -> Path | bytes:
        """What ``open_audio`` takes. Raises AudioError where there is neither path nor bytes."""
        if self.path is not None:
            return self.path
        if self.data is None:
            raise AudioError(f"{self.name or 'this utterance'} has no audio.")
        return self.data

    def _part(self, rate: int) -> Audio:
        if reader := _reader():
            return reader.part(self, rate)
        with _Reader() as once:
            return once.part(self, rate)


@contextmanager
def in_order() -> Iterator[None]:
    """While it lasts, parts of a recording that this thread loads one after another are decoded once.

    Else each part is decoded from the beginning of its file: no seeking is exact in every format.
    """
    if _reader():
        yield
        return
    with _Reader() as _here.reader:
        try:
            yield
        finally:
            _here.reader = None


def _reader() -> _Reader | None:
    """The one of this thread, unless it was closed: a generator may be closed by another thread."""
    reader: _Reader | None = getattr(_here, "reader", None)
    return None if reader is None or reader.closed else reader


class _Reader:
    """The recording of the last part, open where that part ended."""

    def __init__(self) -> None:
        self.closed = False
        self._key: tuple[Any, ...] = ()
        self._stream: AudioStream | None = None
        self._last: Audio | None = None  # the block that the stream gave last

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True
        self._close()

    def part(self, ref: AudioRef, rate: int) -> Audio:
        """Samples from ``start`` to ``end``, the same as from a file opened for them alone."""
        start, end = ref.start or 0.0, ref.end
        key = (ref.path or id(ref.data), ref.channel, rate)
        if key != self._key or self._last is None or start < self._last.start:
            self._close()
            self._stream, self._key = open_audio(ref.source, rate, ref.channel, _BLOCK), key
        try:
            parts = [
                block.slice(max(start - block.start, 0.0), until) for block, until in self._to(start, end)
            ]
        except BaseException:
            self._close()
            raise
        if not sum(map(len, parts)):
            came = self._stream.position if self._stream else 0.0
            raise AudioError(f"{ref.path or ref.name} is {came:.2f} s long and has nothing at {start:.2f} s.")
        return Audio(np.concatenate([part.samples for part in parts]), rate, start)

    def _to(self, start: float, end: float | None) -> Iterator[tuple[Audio, float | None]]:
        """The blocks that hold something of it, each with the second in it at which it ends."""
        while (block := self._last or self._next()) is not None:
            came = block.start + block.duration
            if came > start:
                yield block, None if end is None else end - block.start
            if end is not None and came >= end:
                return
            self._last = None

    def _next(self) -> Audio | None:
        assert self._stream is not None
        self._last = next(iter(self._stream), None)
        return self._last

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream, self._key, self._last = None, (), None


@dataclass(frozen=True, slots=True)
class Utterance:
    """One clip: its sound, what is said in it (None: unknown), and what else its dataset says.

    ``duration`` is in seconds as the dataset states it, None where it does not; ``columns`` holds
    every other column under the dataset's own name for it (accent, gender, rare_words, …).
    """

    id: str
    audio: AudioRef
    text: str | None = None
    language: str | None = None
    speaker: str | None = None
    duration: float | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)

    def load(self, rate: int = 16000) -> Audio:
        """The sound, mono float32 at ``rate`` Hz. Raises MissingFileError, AudioError, OptionError."""
        return self.audio.load(rate)


class Fingerprint:
    """An order-independent hash of utterances: the same for the same sounds and texts in any order.

    Each utterance is SHA-256 of the bytes of its audio file, its place in it and its text; those
    are added modulo 2²⁵⁶, so that an utterance that comes twice counts twice. The layout does not
    matter: a folder and a parquet file made from it agree. Encoded anew, a sound is another one.
    """

    def __init__(self) -> None:
        self._sum = 0
        self._count = 0
        self._last: tuple[Path, str] | None = None

    def add(self, utterance: Utterance) -> None:
        """Count one utterance in. Raises MissingFileError, AudioError."""
        audio = utterance.audio
        place = [_number(audio.start), _number(audio.end), str(audio.channel)]
        parts = [self._digest(audio), *place, "" if utterance.text is None else f"={utterance.text}"]
        item = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
        self._sum = (self._sum + int.from_bytes(item, "big")) % (1 << 256)
        self._count += 1

    def hexdigest(self) -> str:
        """The hash of what was added so far: 64 hexadecimal digits."""
        total = self._sum.to_bytes(32, "big") + self._count.to_bytes(8, "big")
        return hashlib.sha256(total).hexdigest()

    def _digest(self, audio: AudioRef) -> str:
        """The hash of the file; many utterances in a row may be parts of one."""
        if audio.path is None:
            return audio.digest()
        if self._last is None or self._last[0] != audio.path:
            self._last = (audio.path, audio.digest())
        return self._last[1]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"

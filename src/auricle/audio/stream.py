"""Read a file of any length as blocks of mono sound, in constant memory."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import numpy as np

from auricle.audio.decoding import Decoding
from auricle.audio.mix import Mixer, check_channel, parse_channel
from auricle.audio.resample import Samples
from auricle.audio.samples import Audio, check_rate
from auricle.audio.source import Readable, Source, open_source
from auricle.audio.track import AudioInfo, Track, open_track
from auricle.errors import AudioError, OptionError


def open_audio(
    source: Readable,
    rate: int = 16000,
    channel: str | int = "mix",
    block: float = 30.0,
    track: int | None = None,
) -> AudioStream:
    """Open a file to read its sound, mono at ``rate`` Hz, in blocks of ``block`` seconds.

    ``source`` is a path, "-" for standard input, bytes or an open file. ``channel`` is "mix" (the
    mean), "left", "right" or a number from 0; ``track`` the number of the audio track of a video
    that has several, else its default one.

    Raises MissingFileError or AudioError for what cannot be read, OptionError for a channel or
    track that is not there. Use it in a ``with`` statement.
    """
    check_rate(rate)
    rule = parse_channel(channel)
    if not block * rate >= 1:
        raise OptionError(f"a block has a length in seconds, not {block!r}.")
    with ExitStack() as undo:
        opened = undo.enter_context(open_source(source))
        found = open_track(opened, track)
        undo.callback(found.container.close)
        check_channel(rule, found.info.channels, opened.name)
        return AudioStream(
            opened, found, Mixer(rule, found.info.codec), rate, round(block * rate), undo.pop_all()
        )


def channels(source: Readable) -> int:
    """How many channels the sound of a file has. Raises what ``open_audio`` raises."""
    with open_audio(source) as stream:
        return stream.info.channels


class AudioStream:
    """An open file: iterate over it for ``Audio`` blocks whose ``start`` is their place in seconds.

    ``info`` is what the file says of itself, ``warnings`` grows while it is read and is complete at
    the end, ``position`` is the end of the last block in seconds. Where the blocks are cut does
    not change a sample. Raises AudioError at the end of a file that held none.
    """

    def __init__(
        self, source: Source, track: Track, mixer: Mixer, rate: int, block: int, closing: ExitStack
    ) -> None:
        self.info: AudioInfo = track.info
        self.warnings: list[str] = []
        self.rate = rate
        self._source = source
        self._closing = closing
        self._block = block
        self._given = 0
        self._decoding = Decoding(track, mixer, rate, self.warnings)
        self._blocks = self._cut()
        if track.info.tracks > 1:
            self.warnings.append(
                f"the file has {track.info.tracks} audio tracks; one was used. Choose with track=0 and up."
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Audio]:
        return self._blocks

    @property
    def position(self) -> float:
        """Seconds of sound given so far."""
        return self._given / self.rate

    def read(self) -> Audio:
        """All that is left, as one."""
        start = self.position
        parts = [block.samples for block in self._blocks]
        return Audio(np.concatenate(parts) if parts else np.zeros(0, np.float32), self.rate, start)

    def fingerprint(self) -> str:
        """SHA-256 of the file's bytes, in hexadecimal; works for standard input too."""
        return self._source.fingerprint()

    def close(self) -> None:
        """Close the file and delete the temporary copy, if there is one."""
        self._blocks.close()
        self._closing.close()

    def _cut(self) -> Generator[Audio, None, None]:
        parts: list[Samples] = []
        have = 0
        for samples in self._decoding.run():
            parts.append(samples)
            have += len(samples)
            while have >= self._block:
                joined = np.concatenate(parts)
                yield self._give(joined[: self._block])
                parts, have = [joined[self._block :]], have - self._block
        if have:
            yield self._give(np.concatenate(parts))
        if not self._given:
            raise AudioError(
                f"{self.info.name} decodes to 0 samples. Check that it plays, or record it again."
            )

    def _give(self, samples: Samples) -> Audio:
        start = self.position
        self._given += len(samples)
        return Audio(samples, self.rate, start)

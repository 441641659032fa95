"""Decoded frames of a track, past whatever is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auricle.audio.track import Track

if TYPE_CHECKING:
    from av import AudioFrame, Packet
    from av.audio.stream import AudioStream as Stream

PATIENCE = 100  # read errors in a row before the rest of the file is given up


class Frames:
    """Iterates over the frames that decode.

    ``skipped`` counts packets that do not; ``error`` is what stopped the reading of the
    container itself, if something did.
    """

    def __init__(self, track: Track) -> None:
        self.track = track
        self.skipped = 0
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[AudioFrame]:
        from av.error import FFmpegError

        for packet in self._packets():
            try:
                frames = packet.decode()
            except (FFmpegError, ValueError):
                self.skipped += 1
                continue
            yield from frames

    def _packets(self) -> Iterator[Packet[Stream]]:
        from av.error import FFmpegError

        errors = 0
        while errors < PATIENCE:
            try:
                for packet in self.track.container.demux(self.track.stream):
                    errors = 0
                    yield packet
                return
            except IndexError:  # PyAV, at the end of a file in which a stream appeared half-way
                return
            except (FFmpegError, OSError) as error:
                errors += 1
                self.error = error

"""Samples that come as bytes while they are made: from a pipe, a microphone or a socket.

Knows 16-bit samples, G.711 and the header of a WAV file that still grows. Refuses to know files
and compressed sound: those need an end to be read (``open_audio``).
"""

from __future__ import annotations

import functools
import struct

import numpy as np

from auricle.audio.resample import EMPTY, Resampler, Samples
from auricle.audio.samples import check_rate
from auricle.errors import AudioError

ENCODINGS = ("pcm16", "mulaw", "alaw")
_HEADER = 1 << 16  # bytes in which the samples of a WAV file must begin
_COMPRESSED = {
    b"ID3": "mp3", b"fLaC": "flac", b"OggS": "ogg", b"\x1aE\xdf\xa3": "webm", b"FORM": "aiff",
}  # fmt: skip


class PcmStream:
    """Bytes in, mono float32 samples at ``target`` Hz out; where the bytes are cut does not matter.

    ``rate`` and ``encoding`` are those of raw samples of one channel. Where ``wav`` is true, bytes
    that begin with a WAV header are read as that says, all channels mixed.
    """

    def __init__(self, rate: int, encoding: str = "pcm16", target: int = 16_000, *, wav: bool = True) -> None:
        self._encoding = encoding
        self._channels = 1
        self._target = target
        self._rate = check_rate(rate)
        self._resampler = Resampler(self._rate, target)
        self._held = b""
        self._begun = not wav

    def feed(self, data: bytes) -> Samples:
        """The samples that these bytes complete. Raises AudioError for what is no such sound."""
        self._held += data
        if not self._begun:
            if len(self._held) < 4:
                return EMPTY
            if self._held[:4] == b"RIFF":
                if (start := self._header(self._held)) is None:
                    return EMPTY
                self._held = self._held[start:]
            else:
                _refuse_compressed(self._held)
            self._begun = True
        return self._resampler.push(self._take())

    def finish(self) -> Samples:
        """What is left in the filter; half a sample at the end is dropped."""
        return self._resampler.flush()

    def _take(self) -> Samples:
        size = self._channels * (2 if self._encoding == "pcm16" else 1)
        whole = len(self._held) // size * size
        data, self._held = self._held[:whole], self._held[whole:]
        if self._encoding != "pcm16":
            return _g711(self._encoding)[np.frombuffer(data, np.uint8)]
        samples = np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)
        return samples.reshape(-1, self._channels).mean(axis=1) if self._channels > 1 else samples

    def _header(self, data: bytes) -> int | None:
        """Where the samples of a WAV file begin; None until the header is whole."""
        at = 12
        while at + 8 <= len(data):
            name, length = struct.unpack_from("<4sI", data, at)
            if name == b"data":
                return at + 8
            if name == b"fmt " and at + 24 <= len(data):
                self._format(*struct.unpack_from("<HHI6xH", data, at + 8))
            at += 8 + length + length % 2
            if at > _HEADER:
                raise AudioError("this WAV file has no samples at its beginning. Name the file instead.")
        return None

    def _format(self, kind: int, channels: int, rate: int, bits: int) -> None:
        if kind not in (1, 0xFFFE) or bits != 16 or not 1 <= channels <= 16:
            raise AudioError("a WAV file that still grows must hold 16-bit samples. Name the file instead.")
        self._channels, self._rate = channels, rate
        self._resampler = Resampler(check_rate(rate), self._target)


def _refuse_compressed(data: bytes) -> None:
    kind = next((name for sign, name in _COMPRESSED.items() if data.startswith(sign)), None)
    if kind is None and data[4:8] == b"ftyp":
        kind = "mp4"
    if kind is not None:
        raise AudioError(
            f"this is {kind}, which cannot be read while it comes. Name the file, or send raw samples "
            "(16 bits, one channel)."
        )


@functools.cache
def _g711(encoding: str) -> Samples:
    """The 256 values of ITU-T G.711, as floats."""
    codes = np.arange(256)
    if encoding == "mulaw":
        codes = ~codes & 0xFF
        exponent, mantissa = (codes >> 4) & 7, codes & 15
        values = (((mantissa << 3) + 0x84) << exponent) - 0x84
        values = np.where(codes & 0x80, -values, values)
    else:
        codes = codes ^ 0x55
        exponent, mantissa = (codes >> 4) & 7, codes & 15
        values = np.where(
            exponent, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0), (mantissa << 4) + 8
        )
        values = np.where(codes & 0x80, values, -values)
    return (values / 32768).astype(np.float32)

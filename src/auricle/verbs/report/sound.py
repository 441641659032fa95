"""What a page shows and plays of recordings: spectrograms as small PNG files, clips as mp3.

A browser does not let a page that was opened from disk read the samples of a file beside it, so
pictures are made here and lie in the page.
"""

from __future__ import annotations

import base64
import functools
import struct
import zlib

import numpy as np
import numpy.typing as npt

from auricle.audio import Audio
from auricle.augment.channel import encoded
from auricle.features import RATE, log_mel

BANDS = 64  # mel bands, one pixel each
COLUMN = 2  # frames of 10 ms a pixel
WIDEST = 1500  # pixels: 30 s; longer clips get wider pixels
_SHADES = 16  # colours of the picture, 4 bits a pixel
_ANCHORS = ((8, 7, 33), (66, 15, 117), (147, 38, 103), (221, 81, 58), (252, 165, 10), (252, 255, 164))
_KILOBITS = 32  # a second of a clip

Shades = npt.NDArray[np.uint8]


def spectrogram(audio: Audio) -> str:
    """A picture of ``audio`` as a data URL: time across, mel bands upwards, bright where it is loud."""
    features = log_mel(audio.resample(RATE).samples, n_mels=BANDS)
    frames = max(COLUMN, -(-features.shape[1] // WIDEST))
    whole = np.pad(features, ((0, 0), (0, -features.shape[1] % frames)), mode="edge")
    columns = whole.reshape(BANDS, -1, frames).mean(axis=2)
    low, high = columns.min(), columns.max()
    shades = (columns - low) / max(high - low, 1e-6) * (_SHADES - 1)
    return _url("image/png", png(np.rint(shades[::-1]).astype(np.uint8)))


def png(shades: Shades) -> bytes:
    """A PNG of shades 0–15, [height, width], on a palette of 16 colours, 4 bits a pixel (RFC 2083)."""
    height, width = shades.shape
    even = np.pad(shades, ((0, 0), (0, width % 2)))
    packed = (even[:, ::2] << 4 | even[:, 1::2]).astype(np.uint8)
    lines = np.pad(packed, ((0, 0), (1, 0)))  # a byte 0 before each line: no filter
    header = struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)
    parts = (
        (b"IHDR", header),
        (b"PLTE", _palette()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@functools.cache
def _palette() -> bytes:
    """From near black over violet and orange to a light yellow: ordered by brightness."""
    places = np.linspace(0, len(_ANCHORS) - 1, _SHADES)
    channels = [np.interp(places, range(len(_ANCHORS)), [one[part] for one in _ANCHORS]) for part in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8).tobytes()


def clip(audio: Audio) -> str:
    """``audio`` as an mp3 of 32 kbit/s at 16 kHz in a data URL; every browser plays it."""
    return _url("audio/mpeg", encoded(audio, "mp3", _KILOBITS))


def _url(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"

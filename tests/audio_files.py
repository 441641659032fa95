"""Sound files made by the tests, with PyAV."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

CODECS = {
    "wav": "pcm_s16le",
    "flac": "flac",
    "mp3": "libmp3lame",
    "m4a": "aac",
    "mp4": "aac",
    "mov": "aac",
    "ogg": "libopus",
    "opus": "libopus",
    "webm": "libopus",
    "mkv": "flac",
    "aiff": "pcm_s16be",
}
LOSSLESS = ("wav", "flac", "mkv", "aiff")


def tone(frequency: float = 440.0, seconds: float = 1.0, rate: int = 48000, peak: float = 0.5) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return (peak * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def level(samples: np.ndarray, frequency: float, rate: int) -> float:
    """The peak amplitude of one frequency, by projection (Hann window, so neighbours leak little)."""
    window = np.hanning(len(samples))
    wave = np.exp(-2j * np.pi * frequency * np.arange(len(samples)) / rate)
    return float(2 * abs(np.sum(samples * window * wave)) / window.sum())


def pitch(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


def write(
    path: Path,
    data: np.ndarray,
    rate: int = 48000,
    codec: str | None = None,
    layout: str | None = None,
    video: float = 0.0,
    video_first: bool = True,
    start: float = 0.0,
    gap: tuple[float, float] | None = None,
    tracks: int = 1,
    tags: dict[str, str] | None = None,
    form: str | None = None,
) -> Path:
    """Encode ``data`` (samples or channels × samples, floats) as ``path``'s suffix says.

    ``video`` adds so many seconds of grey frames; ``start`` delays the sound; ``gap`` is (at, length).
    All in seconds.
    """
    data = np.atleast_2d(np.asarray(data, np.float32))
    layout = layout or {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}.get(len(data), f"{len(data)}c")
    with av.open(str(path), "w", format=form) as container:
        container.metadata.update(tags or {})
        picture = _video(container, path.suffix) if video and video_first else None
        sounds = [_sound(container, codec or CODECS[path.suffix[1:]], rate, layout) for _ in range(tracks)]
        picture = _video(container, path.suffix) if video and not video_first else picture
        if picture is not None:
            _write_video(container, picture, video)
        for sound in sounds:
            _write_sound(container, sound, data, rate, layout, start, gap)
    return path


def _sound(container, codec, rate, layout):
    stream = container.add_stream(codec, rate=rate)
    stream.layout = layout
    stream.time_base = Fraction(1, rate)
    return stream


def _video(container, suffix):
    codec = {".webm": "libvpx", ".mkv": "mpeg4"}.get(suffix, "mpeg4")
    stream = container.add_stream(codec, rate=10)
    stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
    return stream


def _write_video(container, stream, seconds):
    for i in range(round(seconds * 10)):
        frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), i % 255, np.uint8), format="rgb24")
        frame.pts, frame.time_base = i, Fraction(1, 10)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _write_sound(container, stream, data, rate, layout, start, gap):
    codec = stream.codec_context
    resampler = av.AudioResampler(
        format=codec.format, layout=layout, rate=rate, frame_size=codec.frame_size or 1024
    )
    frames = []
    for i in range(0, data.shape[1], 1000):
        packed = np.ascontiguousarray(data[:, i : i + 1000].T).reshape(1, -1)  # PyAV cannot do 8 planes
        frame = av.AudioFrame.from_ndarray(packed, "flt", layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, i, Fraction(1, rate)
        frames += resampler.resample(frame)
    frames += resampler.resample(None)
    place = 0
    for frame in frames:
        late = gap[1] if gap and place >= gap[0] * rate else 0.0
        frame.pts, frame.time_base = place + round((start + late) * rate), Fraction(1, rate)
        place += frame.samples
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def wav_bytes(data: bytes, rate: int, channels: int = 1, bits: int = 16, kind: int = 1) -> bytes:
    """A WAV file by hand; ``kind`` is the format tag (1 PCM, 3 float, 6 A-law, 7 mu-law)."""
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * frame, frame, bits)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks

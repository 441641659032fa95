"""Sound as bytes that come while it is made."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.audio.pcm import PcmStream
from auricle.errors import AudioError

SAMPLES = (np.sin(np.arange(4000) / 9) * 12_000).astype("<i2")


def whole(stream: PcmStream, data: bytes, sizes: list[int]) -> np.ndarray:
    parts, at = [], 0
    for size in [*sizes, len(data)]:
        parts.append(stream.feed(data[at : at + size]))
        at += size
    return np.concatenate([*parts, stream.finish()])


def wav(samples: np.ndarray, rate: int = 16_000, channels: int = 1, width: int = 2) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(samples.tobytes())
    return file.getvalue()


@given(st.lists(st.integers(0, 999), max_size=8))
def test_where_the_bytes_are_cut_does_not_matter(sizes: list[int]) -> None:
    for data in (SAMPLES.tobytes(), wav(SAMPLES)):
        np.testing.assert_array_equal(whole(PcmStream(16_000), data, sizes), SAMPLES / np.float32(32768))


def test_another_rate_becomes_16_khz() -> None:
    assert len(whole(PcmStream(24_000), SAMPLES.tobytes(), [1001])) == round(4000 * 16 / 24)


def test_a_wav_file_says_its_rate_and_its_channels_are_mixed() -> None:
    stereo = np.stack([SAMPLES, np.zeros_like(SAMPLES)], axis=1)
    found = whole(PcmStream(16_000), wav(stereo, rate=8000, channels=2), [5, 30, 700])
    assert len(found) == 8000
    assert np.abs(found).max() == pytest.approx(6000 / 32768, rel=0.05)


@pytest.mark.parametrize("data", [b"ID3\x04....", b"fLaC....", b"OggS....", b"\0\0\0\x20ftypisom"])
def test_compressed_sound_is_refused(data: bytes) -> None:
    with pytest.raises(AudioError, match="cannot be read while it comes"):
        PcmStream(16_000).feed(data)


def test_wav_that_is_no_16_bit_or_has_no_samples_is_refused() -> None:
    with pytest.raises(AudioError, match="16-bit"):
        PcmStream(16_000).feed(wav(np.zeros(100, np.uint8), width=1))
    with pytest.raises(AudioError, match="no samples"):
        PcmStream(16_000).feed(b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\x7f")


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_g711_is_as_ffmpeg_reads_it(encoding: str) -> None:
    import av

    codes = bytes(range(256))
    codec = av.CodecContext.create(f"pcm_{encoding}", "r")
    codec.sample_rate, codec.layout = 8000, "mono"
    (frame,) = codec.decode(av.Packet(codes))
    expected = frame.to_ndarray()[0] / 32768
    np.testing.assert_allclose(PcmStream(16_000, encoding).feed(codes), expected, atol=1e-6)

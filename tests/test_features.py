from __future__ import annotations

import numpy as np
import pytest

from auricle.audio import Audio
from auricle.features import log_mel


def slow_log_mel(samples: np.ndarray, n_mels: int) -> np.ndarray:
    """The definition, term by term: frames, a discrete Fourier transform, triangles on Slaney's scale."""
    padded = np.pad(samples.astype(np.float64), 200, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    basis = np.exp(-2j * np.pi * np.outer(np.arange(201), np.arange(400)) / 400)
    frames = [padded[at : at + 400] * window for at in range(0, len(samples), 160)]
    power = np.abs(np.array(frames) @ basis.T) ** 2

    def hertz(mel: float) -> float:
        return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)

    top = 15 + 27 * np.log(8) / np.log(6.4)
    edges = [hertz(top * k / (n_mels + 1)) for k in range(n_mels + 2)]
    mel = np.zeros((len(frames), n_mels))
    for band in range(n_mels):
        low, middle, high = edges[band : band + 3]
        for place in range(201):
            at = place * 40.0
            height = max(0.0, min((at - low) / (middle - low), (high - at) / (high - middle)))
            mel[:, band] += power[:, place] * height * 2 / (high - low)
    logs = np.log10(np.maximum(mel, 1e-10))
    return ((np.maximum(logs, logs.max() - 8) + 4) / 4).T


@pytest.mark.parametrize("n_mels", [80, 128])
def test_equals_the_definition(jfk: Audio, n_mels: int) -> None:
    samples = jfk.samples[: 160 * 120]
    assert np.abs(log_mel(samples, n_mels) - slow_log_mel(samples, n_mels)).max() < 1e-4


def test_silence_after_the_audio_equals_padded_audio(jfk: Audio) -> None:
    samples = jfk.samples[: 16_000 * 5]
    padded = np.concatenate([samples, np.zeros(16_000 * 25, np.float32)])
    assert np.array_equal(log_mel(samples, frames=3000), log_mel(padded)[:, :3000])


def test_shapes_and_types() -> None:
    assert log_mel(np.zeros(16_000, np.float32)).shape == (80, 100)
    assert log_mel(np.zeros(10, np.float32)).shape == (80, 1)
    assert log_mel(np.zeros(0, np.float32), frames=50).shape == (80, 50)
    found = log_mel(np.zeros(16_000, np.float32), 128, 3000)
    assert (found.shape, found.dtype) == ((128, 3000), np.float32)


def test_long_audio_is_cut(jfk: Audio) -> None:
    assert np.array_equal(log_mel(jfk.samples, frames=200).shape, (80, 200))

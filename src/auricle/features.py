"""Log-mel spectrograms, as Whisper was trained on them.

Knows: samples in, features out. Refuses to know: files, windows, models' weights.

Source: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision", §2.2;
the mel scale is Slaney's (Auditory Toolbox, 1998), normalised by band area.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

RATE = 16_000  # Hz
HOP = 160  # samples a frame: 10 ms
N_FFT = 400  # samples a window: 25 ms
FRAMES_PER_SECOND = RATE // HOP

Floats = npt.NDArray[np.float32]


def log_mel(samples: Floats, n_mels: int = 80, frames: int | None = None) -> Floats:
    """The log-mel spectrogram of ``samples`` (float32, mono, 16 kHz).

    Returns float32 [n_mels, frames], about −1 to 1.5. The audio is followed by silence, or cut,
    so that there are exactly ``frames`` of 10 ms; by default as many as the audio fills.
    """
    count = frames if frames is not None else -(-len(samples) // HOP)
    wanted = count * HOP
    # Reflection at the front and, where the audio reaches the end of the window, at the back.
    body = samples[:wanted]
    padded = np.pad(body, (N_FFT // 2, 0), mode="reflect" if len(body) > N_FFT // 2 else "constant")
    short = wanted + N_FFT // 2 - (len(padded) - N_FFT // 2)
    if len(body) == wanted > N_FFT // 2:
        padded = np.pad(padded, (0, N_FFT // 2), mode="reflect")
    else:
        padded = np.pad(padded, (0, short))
    mel = _power(padded, count) @ mel_filters(n_mels).T
    np.maximum(mel, 1e-10, out=mel)
    np.log10(mel, out=mel)
    np.maximum(mel, mel.max() - 8.0, out=mel)
    mel += 4.0
    mel /= 4.0
    return np.ascontiguousarray(mel.T)


def _power(padded: Floats, count: int) -> Floats:
    """[frames, 201] power spectra of windows of 25 ms every 10 ms."""
    windows = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP][:count]
    spectra = np.fft.rfft(windows * _hann(), axis=1)
    return np.asarray(spectra.real**2 + spectra.imag**2, np.float32)


@functools.cache
def _hann() -> Floats:
    return np.hanning(N_FFT + 1)[:-1].astype(np.float32)


@functools.cache
def mel_filters(n_mels: int) -> Floats:
    """[n_mels, 201] triangular filters from 0 to 8 kHz, each of unit area."""
    edges = _mel_to_hertz(np.linspace(0.0, _hertz_to_mel(RATE / 2), n_mels + 2))
    bins = np.fft.rfftfreq(N_FFT, 1 / RATE)
    slopes = edges[:, None] - bins[None, :]
    rising = -slopes[:-2] / np.diff(edges)[:-1, None]
    falling = slopes[2:] / np.diff(edges)[1:, None]
    weights = np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (edges[2:] - edges[:-2]))[:, None]
    return weights.astype(np.float32)


_LINEAR = 200.0 / 3  # Hz a mel below 1 kHz
_BREAK_HERTZ, _BREAK_MEL = 1000.0, 15.0
_LOG_STEP = np.log(6.4) / 27.0  # above 1 kHz


def _hertz_to_mel(hertz: float) -> float:
    if hertz < _BREAK_HERTZ:
        return hertz / _LINEAR
    return float(_BREAK_MEL + np.log(hertz / _BREAK_HERTZ) / _LOG_STEP)


def _mel_to_hertz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    above = _BREAK_HERTZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _LINEAR, above)

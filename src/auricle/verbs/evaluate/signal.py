"""How far speech stands out from what is around it, estimated from one recording alone.

Knows samples and where somebody speaks. Refuses to know what is said.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from auricle.audio import Audio
from auricle.transcript import Span

_FRAME = 0.02  # seconds
_MARGIN = 0.1  # seconds around speech that count as neither: its edges are not known better
_LEAST = 0.2  # seconds of speech, and of the rest, below which nothing can be said
LOWEST, HIGHEST = -20.0, 80.0  # decibels; digital silence is no infinity


def signal_to_noise(audio: Audio, speech: Iterable[Span]) -> float | None:
    """Decibels of speech over the background: its mean power above the median power of the rest.

    ``speech`` is where somebody speaks, in seconds of ``audio``. The background is there during
    speech too and is taken off. None where there are not 0.2 s of each.
    """
    size = round(_FRAME * audio.rate)
    count = len(audio.samples) // size
    power = np.square(audio.samples[: count * size].reshape(count, size).astype(np.float64)).mean(axis=1)
    inside, outside = np.zeros(count, bool), np.ones(count, bool)
    for span in speech:
        inside[_frames(span.start, span.end)] = True
        outside[_frames(span.start - _MARGIN, span.end + _MARGIN)] = False
    if min(inside.sum(), outside.sum()) * _FRAME < _LEAST:
        return None
    noise = float(np.median(power[outside]))
    signal = max(float(power[inside].mean()) - noise, 0.0)
    if not signal:
        return LOWEST
    return float(np.clip(10 * np.log10(signal / max(noise, 1e-12)), LOWEST, HIGHEST))


def _frames(start: float, end: float) -> slice:
    return slice(max(round(start / _FRAME), 0), max(round(end / _FRAME), 0))

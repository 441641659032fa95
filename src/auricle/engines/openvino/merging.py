"""Sound that goes on as it was is kept once: neighbouring states that say the same become their mean.

The decoder reads keys and values of all states at every step, and for windows of 25 s, eight at once,
that is as much memory again as its weights. Two fifths of the states are nearly what the one before
them is: a vowel, a pause. The mean of a few takes part in attention with the logarithm of how many it
stands for added to its scores, as the sampled silence does (silence.py). Pooling all by two, whatever
they say, costs a point of WER; this costs none that could be shown (docs/log.md, 2026-11-28).

Knows: states and their weights. Refuses to know: graphs, audio.

Source: Bolya et al. 2023, "Token Merging: Your ViT But Faster"; of neighbours in speech, Li et al. 2023,
"Accelerating Transducers through Adjacent Token Merging".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from auricle.engines.openvino.sound import Floats

ALIKE = 0.9  # cosine of two neighbours, the mean of all taken away, from which on they are merged
MOST = 4  # states that become one: 80 ms


def merged(states: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Fewer states [1, fewer, width] and what is added to their scores [fewer].

    ``weight`` [states] is what was added before. States that have one stand for others already, and stay.
    """
    firsts = groups(states[0], weight)
    sizes = np.diff(firsts, append=len(weight))
    means: Floats = states[0, firsts]
    for more in range(1, MOST):  # faster than numpy's reduceat
        longer = np.flatnonzero(sizes > more)
        means[longer] += states[0, firsts[longer] + more]
    means /= sizes[:, None].astype(np.float32)
    return means[None], weight[firsts] + np.log(sizes).astype(np.float32)


def groups(states: Floats, weight: Floats) -> npt.NDArray[np.int64]:
    """Where each group of ``states`` [states, width] begins."""
    centred = states - states.mean(axis=0)
    size = np.einsum("sw,sw->s", centred, centred)
    product = np.einsum("sw,sw->s", centred[1:], centred[:-1])
    like = product > ALIKE * np.sqrt(size[1:] * size[:-1])
    like &= (weight[1:] == 0) & (weight[:-1] == 0)
    firsts, long = [0], 1
    for place, same in enumerate(like.tolist(), 1):
        if same and long < MOST:
            long += 1
        else:
            firsts.append(place)
            long = 1
    return np.array(firsts)


def counts(weight: Floats) -> npt.NDArray[np.int64]:
    """How many states each stands for, from what is added to its scores."""
    return np.rint(np.exp(weight)).astype(np.int64)

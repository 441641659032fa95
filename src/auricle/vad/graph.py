"""The network of Silero VAD as a graph of OpenVINO, for long recordings and many of them.

A frame takes two thirds of what numpy takes (``benchmarks/vad.py``), most of which is the walk of the
LSTM, and nothing of it holds Python's lock, so threads that decode go on. OpenVINO is never imported for
it, which most recordings would not make up for, and the graph is built when so much has been heard that
it pays.

Knows: the graph, sizes it is fast at. Refuses to know: samples, where frames begin.
"""

from __future__ import annotations

import functools
import sys
import threading
from contextlib import suppress
from typing import Any

import numpy as np

from auricle import openvino_library
from auricle.vad.network import STRIDES, UNITS, Floats, State, the_network

_PAYS = 2000  # frames of this process after which the graph is built: a minute, as dear in numpy as building
# Frames that are computed at once. A number of them that is new has to be prepared for, in 3 ms.
_SIZES = (256, 64, 16)

_lock = threading.Lock()
_seen = 0  # frames that this process was asked about


def hear(windows: Floats, state: State) -> tuple[list[Floats], State]:
    """The probabilities of as many of the first windows [frames, 576] as the graph takes, and the state.

    Of none where the graph does not pay yet.
    """
    global _seen
    parts: list[Floats] = []
    _seen += len(windows)
    if _seen < _PAYS or len(windows) < _SIZES[-1] or "openvino" not in sys.modules:
        return parts, state
    with _lock:
        request = _request()
        if request is None:
            return parts, state
        at = 0
        for size in _SIZES:
            while len(windows) - at >= size:
                found, state = _computed(request, windows[at : at + size], state)
                parts.append(found)
                at += size
    return parts, state


def _computed(request: Any, windows: Floats, state: State) -> tuple[Floats, State]:
    hidden, cell = (part.reshape(1, 1, UNITS) for part in state)
    request.infer([np.ascontiguousarray(windows), hidden, cell], share_inputs=True, share_outputs=True)
    chances, hidden, cell = (request.get_output_tensor(at).data.flatten() for at in range(3))
    return chances, (hidden, cell)


@functools.cache
def _request() -> Any:
    """The graph, ready; None where OpenVINO cannot compile it."""
    with suppress(RuntimeError), openvino_library.keeping_little():
        config = {
            "INFERENCE_NUM_THREADS": 1,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "f32",
            "ENABLE_CPU_PINNING": False,  # a call to the system at every request
        }
        return (
            openvino_library.openvino().Core().compile_model(_graph(), "CPU", config).create_infer_request()
        )
    return None


def _graph() -> Any:
    """Windows [frames, 576] and the state, hidden and cell [1, 1, 128] → probabilities [frames] and both."""
    openvino = openvino_library.openvino()
    from openvino import opset13 as op

    tensors = the_network().tensors

    def numbers(*values: int) -> Any:
        return op.constant(np.array(values, np.int64))

    def weights(name: str, *shape: int) -> Any:
        values = tensors[f"model.{name}"]
        return op.constant(np.ascontiguousarray(values.reshape(shape) if shape else values))

    windows = op.parameter([-1, 576], np.float32)
    hidden, cell = (op.parameter([1, 1, UNITS], np.float32) for _ in range(2))
    mirrored = op.gather(windows, numbers(*range(574, 510, -1)), numbers(1))
    padded = op.unsqueeze(op.concat([windows, mirrored], 1), numbers(1))
    spectrum = op.convolution(padded, weights("stft.forward_basis_buffer"), [128], [0], [0], [1])
    real, imaginary = op.split(spectrum, op.constant(np.array(1, np.int64)), 2).outputs()
    x = op.sqrt(op.add(op.multiply(real, real), op.multiply(imaginary, imaginary)))
    for number, stride in enumerate(STRIDES):
        name = f"encoder.{number}.reparam_conv"
        x = op.convolution(x, weights(f"{name}.weight"), [stride], [1], [1], [1])
        x = op.relu(op.add(x, weights(f"{name}.bias", 1, -1, 1)))
    x = op.reshape(x, numbers(1, -1, UNITS), False)
    frames = op.convert(op.gather(op.shape_of(x), numbers(1), numbers(0)), "i32")
    # OpenVINO has the gates in another order: forget, input, candidate, output.
    gates = [_reordered(tensors[f"model.decoder.rnn.weight_{part}"]) for part in ("ih", "hh")]
    bias = _reordered(tensors["model.decoder.rnn.bias_ih"] + tensors["model.decoder.rnn.bias_hh"])
    walk = op.lstm_sequence(
        x, hidden, cell, frames, *(op.constant(part[None]) for part in (*gates, bias)), UNITS, "FORWARD"
    )
    said = op.relu(op.reshape(walk.output(0), numbers(-1, UNITS), False))
    logits = op.add(
        op.matmul(said, weights("decoder.decoder.2.weight", UNITS, 1), False, False),
        weights("decoder.decoder.2.bias", 1, 1),
    )
    results = [op.result(op.sigmoid(logits)), op.result(walk.output(1)), op.result(walk.output(2))]
    return openvino.Model(results, [windows, hidden, cell], "vad")


def _reordered(gates: Floats) -> Floats:
    """Gates in the order of OpenVINO; the file has input, forget, candidate, output."""
    first, second, *rest = np.split(gates, 4)
    return np.concatenate([second, first, *rest])

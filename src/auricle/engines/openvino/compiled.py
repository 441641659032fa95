"""The graphs of one checkpoint, compiled for this processor: for one worker of all threads, or several.

Knows: precision, threads, OpenVINO's requests and what it keeps. Refuses to know: what the graphs compute.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from auricle.engines.openvino.decoding import Keys, Room
from auricle.engines.openvino.graphs import Graphs
from auricle.engines.openvino.precision import Precision, choose
from auricle.engines.openvino.silence import Places
from auricle.engines.openvino.weights import Weights

Floats = npt.NDArray[np.float32]

# What was prepared for a length of sound or text is kept for the next of that length, 2 MB each. To prepare
# takes 2 to 6 ms, and a recording has hundreds of lengths: this many parts are kept, enough for one of them.
_KEPT = 16
_LIBRARY_KEEPS = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"  # is read once, when the first graph is compiled


@dataclass(frozen=True, slots=True)
class Worker:
    """What one thread of ours needs to turn sound into text: a request of each graph."""

    encoder: Any
    decoder: Any
    room: Room = field(default_factory=Room)

    def encode(self, mel: Floats, places: Places) -> list[Keys]:
        """Keys and values of each decoder layer, in turn, for a spectrogram [1, bands, frames].

        What is returned is the encoder's own memory, good until the next call.
        """
        import openvino

        inputs = (np.ascontiguousarray(mel), places.source, places.position, places.weight)
        for place, array in enumerate(inputs):
            self.encoder.set_input_tensor(place, openvino.Tensor(array, shared_memory=True))
        self.encoder.infer()
        count = len(self.encoder.model_outputs)
        found = [self.encoder.get_output_tensor(place).data for place in range(count)]
        return [part if part.dtype == np.float32 else part.view(np.uint16) for part in found]


class Compiled:
    """Compiles on demand, from weights that ``open_weights`` opens each time and nobody holds between."""

    def __init__(
        self, open_weights: Callable[[], Weights], listening: tuple[int, ...], compute_type: str
    ) -> None:
        import openvino

        self._core = openvino.Core()
        self._open, self._listening = open_weights, listening
        self._precision: Precision = choose(compute_type)
        self.compute_type = self._precision.name

    def workers(self, count: int, threads: int) -> list[Worker]:
        """``count`` workers that share ``threads``, and one copy of the weights."""
        graphs = Graphs(self._open(), int8=self._precision.int8, half=self._precision.half)
        config = {
            "NUM_STREAMS": count,
            "INFERENCE_NUM_THREADS": max(threads, count),
            "CPU_RUNTIME_CACHE_CAPACITY": str(_KEPT),
        }
        with _keeping_little():
            encoder = self._compile(graphs.encoder(), config | self._precision.encoder())
            decoder = self._compile(graphs.decoder(self._listening), config | self._precision.decoder())
        return [Worker(encoder.create_infer_request(), decoder.create_infer_request()) for _ in range(count)]

    def _compile(self, graph: Any, config: dict[str, Any]) -> Any:
        return self._core.compile_model(graph, "CPU", config)


@contextmanager
def _keeping_little() -> Iterator[None]:
    """Tell the library under OpenVINO how much to keep, and nobody else: torch has a copy of its own."""
    if _LIBRARY_KEEPS in os.environ:
        yield
        return
    os.environ[_LIBRARY_KEEPS] = str(_KEPT)
    try:
        yield
    finally:
        os.environ.pop(_LIBRARY_KEEPS, None)

"""The graphs of one checkpoint, compiled for this processor: for one worker of all threads, or several.

Knows: precision, threads, OpenVINO's requests. Refuses to know: what the graphs compute.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from auricle.engines.openvino.decoding import Room
from auricle.engines.openvino.graphs import Graphs
from auricle.engines.openvino.precision import Precision, choose
from auricle.engines.openvino.silence import Places
from auricle.engines.openvino.weights import Weights

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Worker:
    """What one thread of ours needs to turn sound into text: a request of each graph."""

    encoder: Any
    decoder: Any
    room: Room = field(default_factory=Room)

    def encode(self, mel: Floats, places: Places) -> list[Floats]:
        """Keys and values of each decoder layer, in turn, for a spectrogram [1, bands, frames].

        What is returned is the encoder's own memory, good until the next call.
        """
        import openvino

        inputs = (np.ascontiguousarray(mel), places.source, places.position, places.weight)
        for place, array in enumerate(inputs):
            self.encoder.set_input_tensor(place, openvino.Tensor(array, shared_memory=True))
        self.encoder.infer()
        count = len(self.encoder.model_outputs)
        return [self.encoder.get_output_tensor(place).data for place in range(count)]


class Compiled:
    """Compiles on demand, from weights that are read again each time."""

    def __init__(self, weights: Weights, listening: tuple[int, ...], compute_type: str) -> None:
        import openvino

        self._core = openvino.Core()
        self._weights, self._listening = weights, listening
        self._precision: Precision = choose(compute_type)
        self.compute_type = self._precision.name

    def workers(self, count: int, threads: int) -> list[Worker]:
        """``count`` workers that share ``threads``, and one copy of the weights."""
        graphs = Graphs(self._weights, int8=self._precision.int8)
        config = {"NUM_STREAMS": count, "INFERENCE_NUM_THREADS": max(threads, count)}
        encoder = self._compile(graphs.encoder(), config | self._precision.encoder())
        decoder = self._compile(graphs.decoder(self._listening), config | self._precision.decoder())
        return [Worker(encoder.create_infer_request(), decoder.create_infer_request()) for _ in range(count)]

    def _compile(self, graph: Any, config: dict[str, Any]) -> Any:
        return self._core.compile_model(graph, "CPU", config)

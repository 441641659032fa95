"""The graphs of one checkpoint, compiled for this processor: for one worker of all threads, or several.

Knows: precision, threads, OpenVINO's requests and what it keeps, when a graph is taken from the disk.
Refuses to know: what the graphs compute, how files lie there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from auricle import heap, openvino_library
from auricle.engines.openvino import graphs, kept
from auricle.engines.openvino.embeddings import Embeddings
from auricle.engines.openvino.graphs import Graphs
from auricle.engines.openvino.precision import Precision, choose
from auricle.engines.openvino.silence import Places
from auricle.engines.openvino.sound import STEP, Keys
from auricle.engines.openvino.weights import files, open_weights
from auricle.models import ModelFolder, machine

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Decoder:
    """A request of the decoder's graph, and what it is given for the ids of tokens."""

    request: Any
    embeddings: Embeddings


@dataclass(frozen=True, slots=True)
class Worker:
    """What one thread of ours needs to turn sound into text: a request of each graph.

    ``aside`` is one more of the decoder, for what is asked while texts are being written. ``memory`` is what
    the graphs read and do not keep: it has to live as long as they do.
    """

    encoder: Any
    listener: Any
    decoder: Decoder
    aside: Decoder
    memory: list[Any]

    def encode(self, mel: Floats, places: Places) -> Floats:
        """States [1, states, width] for a spectrogram [1, bands, frames].

        What is returned is the encoder's own memory, good until the next call.
        """
        inputs = (np.ascontiguousarray(mel), places.source, places.position, places.weight)
        (states,) = _outputs(self.encoder, *inputs)
        return states

    def keys(self, states: Floats) -> list[Keys]:
        """Keys and values of each decoder layer, in turn, for states [1, states, width], and some of nothing.

        What is returned is the graph's own memory, good until the next call.
        """
        padded = np.zeros((1, -(-states.shape[1] // STEP) * STEP, states.shape[2]), np.float32)
        padded[:, : states.shape[1]] = states
        found = _outputs(self.listener, padded)
        return [part if part.dtype == np.float32 else part.view(np.uint16) for part in found]


def _outputs(request: Any, *inputs: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """What a graph makes of its inputs, in its own memory."""
    openvino = openvino_library.openvino()

    for place, array in enumerate(inputs):
        request.set_input_tensor(place, openvino.Tensor(array, shared_memory=True))
    request.infer(share_outputs=True)  # else all outputs are copied, for nobody
    return [request.get_output_tensor(place).data for place in range(len(request.model_outputs))]


class Compiled:
    """Compiles on demand, from weights that are opened each time; only rows of them are held between."""

    def __init__(self, folder: ModelFolder, listening: tuple[int, ...], compute_type: str) -> None:
        openvino = openvino_library.openvino()

        self._core = openvino.Core()
        self._folder, self._listening = folder, listening
        self._precision: Precision = choose(compute_type)
        self._embeddings: Embeddings | None = None
        self._held: list[Any] = []  # memory that the graphs read, and do not keep
        self.compute_type, self.half = self._precision.name, self._precision.half
        self.merges = self._precision.int8  # where nothing is rounded, nothing is merged either

    def workers(self, count: int, threads: int) -> list[Worker]:
        """``count`` workers that share ``threads``, and one copy of the weights."""

        @cache
        def built() -> Graphs:
            precision = self._precision
            return Graphs(open_weights(self._folder), int8=precision.int8, half=precision.half)

        config = {
            "NUM_STREAMS": count,
            "INFERENCE_NUM_THREADS": max(threads, count),
            "CPU_RUNTIME_CACHE_CAPACITY": str(openvino_library.KEPT),
        }
        own = self._own()
        with openvino_library.keeping_little():
            encoder = self._compiled(
                "encoder", own, lambda: built().encoder(), config | self._precision.encoder()
            )
            listener = self._compiled("keys", own, lambda: built().keys(), config | self._precision.encoder())
            decoder = self._compiled(
                "decoder", own, lambda: built().decoder(self._listening), config | self._precision.decoder()
            )
        embeddings = self._embeddings = self._embeddings or Embeddings(open_weights(self._folder))

        def of_decoder() -> Decoder:
            return Decoder(decoder.create_infer_request(), embeddings)

        return [
            Worker(
                encoder.create_infer_request(),
                listener.create_infer_request(),
                of_decoder(),
                of_decoder(),
                self._held,
            )
            for _ in range(count)
        ]

    def let_go(self) -> None:
        """Take the files of the graphs out of memory: the weights in them have been laid out anew."""
        for data in self._held:
            heap.let_go(data)

    def _own(self) -> tuple[object, ...]:
        """What the compiled graphs depend on; nothing where they cannot be told from others."""
        try:
            weights = kept.fingerprint(files(self._folder))
            made_by = kept.fingerprint([Path(graphs.__file__)])
        except OSError:
            return ()
        machine_is = (machine.cpu_name(), machine.instruction_sets())
        asked = (self._precision.encoder(), self._precision.decoder())
        return (weights, made_by, self._precision, asked, self._listening, _version(), *machine_is)

    def _compiled(
        self, which: str, own: tuple[object, ...], build: Callable[[], Any], config: dict[str, Any]
    ) -> Any:
        """A compiled graph: from the disk, or built and put there."""
        name = kept.name(which, *own) if own else ""
        if name and (found := self._imported(name, config)):
            return found
        graph = self._core.compile_model(build(), "CPU", config)
        if name and kept.keep(name, graph.export_model().getbuffer()):
            return self._imported(name, config) or graph
        return graph

    def _imported(self, name: str, config: dict[str, Any]) -> Any:
        openvino = openvino_library.openvino()
        data = kept.find(name)
        if data is None:
            return None
        with suppress(RuntimeError):  # whole, and yet not what this OpenVINO takes
            found = self._core.import_model(openvino.Tensor(data, shared_memory=True), "CPU", config)
            self._held.append(data)
            return found
        return None


def _version() -> str:
    openvino = openvino_library.openvino()

    return str(openvino.__version__)

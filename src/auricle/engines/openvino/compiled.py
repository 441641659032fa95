"""The graphs of one checkpoint, compiled for this processor: for one worker of all threads, or several.

Knows: precision, threads, OpenVINO's requests and what it keeps, when a graph is taken from the disk.
Refuses to know: what the graphs compute, how files lie there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from auricle.engines.openvino import graphs, kept, library
from auricle.engines.openvino.graphs import Graphs
from auricle.engines.openvino.precision import Precision, choose
from auricle.engines.openvino.silence import Places
from auricle.engines.openvino.sound import Keys
from auricle.engines.openvino.weights import files, open_weights
from auricle.models import ModelFolder, machine

Floats = npt.NDArray[np.float32]

# What was prepared for a length of sound or text is kept for the next of that length, 2 MB each. To prepare
# takes 2 to 6 ms, and a recording has hundreds of lengths: this many parts are kept, enough for one of them.
_KEPT = 16
_LIBRARY_KEEPS = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"  # is read once, when the first graph is compiled


@dataclass(frozen=True, slots=True)
class Worker:
    """What one thread of ours needs to turn sound into text: a request of each graph.

    ``aside`` is one more of the decoder, for what is asked while texts are being written. ``memory`` is what
    the graphs read and do not keep: it has to live as long as they do.
    """

    encoder: Any
    decoder: Any
    aside: Any
    memory: list[Any]

    def encode(self, mel: Floats, places: Places) -> list[Keys]:
        """Keys and values of each decoder layer, in turn, for a spectrogram [1, bands, frames].

        What is returned is the encoder's own memory, good until the next call.
        """
        openvino = library.openvino()

        inputs = (np.ascontiguousarray(mel), places.source, places.position, places.weight)
        for place, array in enumerate(inputs):
            self.encoder.set_input_tensor(place, openvino.Tensor(array, shared_memory=True))
        self.encoder.infer(share_outputs=True)  # else all outputs are copied, for nobody
        count = len(self.encoder.model_outputs)
        found = [self.encoder.get_output_tensor(place).data for place in range(count)]
        return [part if part.dtype == np.float32 else part.view(np.uint16) for part in found]


class Compiled:
    """Compiles on demand, from weights that are opened each time and that nobody holds between."""

    def __init__(self, folder: ModelFolder, listening: tuple[int, ...], compute_type: str) -> None:
        openvino = library.openvino()

        self._core = openvino.Core()
        self._folder, self._listening = folder, listening
        self._precision: Precision = choose(compute_type)
        self._held: list[Any] = []  # memory that the graphs read, and do not keep
        self.compute_type, self.half = self._precision.name, self._precision.half

    def workers(self, count: int, threads: int) -> list[Worker]:
        """``count`` workers that share ``threads``, and one copy of the weights."""

        @cache
        def built() -> Graphs:
            precision = self._precision
            return Graphs(open_weights(self._folder), int8=precision.int8, half=precision.half)

        config = {
            "NUM_STREAMS": count,
            "INFERENCE_NUM_THREADS": max(threads, count),
            "CPU_RUNTIME_CACHE_CAPACITY": str(_KEPT),
        }
        own = self._own()
        with _keeping_little():
            encoder = self._compiled(
                "encoder", own, lambda: built().encoder(), config | self._precision.encoder()
            )
            decoder = self._compiled(
                "decoder", own, lambda: built().decoder(self._listening), config | self._precision.decoder()
            )
        return [
            Worker(
                encoder.create_infer_request(),
                decoder.create_infer_request(),
                decoder.create_infer_request(),
                self._held,
            )
            for _ in range(count)
        ]

    def let_go(self) -> None:
        """Take the files of the graphs out of memory: the weights in them have been laid out anew."""
        for data in self._held:
            kept.let_go(data)

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
        openvino = library.openvino()
        data = kept.find(name)
        if data is None:
            return None
        with suppress(RuntimeError):  # whole, and yet not what this OpenVINO takes
            found = self._core.import_model(openvino.Tensor(data, shared_memory=True), "CPU", config)
            self._held.append(data)
            return found
        return None


def _version() -> str:
    openvino = library.openvino()

    return str(openvino.__version__)


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

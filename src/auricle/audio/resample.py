"""Change the sample rate of mono sound, with FFmpeg's windowed-sinc filter.

FFmpeg's default (32 taps a phase) lets a tone 500 Hz above the new Nyquist frequency through at
-26 dB and takes 0.4 dB at 7 kHz for 16 kHz output. With 160 taps and the cutoff at 0.97 a tone
0.2 % above it comes through at -65 dB, and 0.94 times it is untouched (0.01 dB), for about 1 ms
of processor time a second of sound (48 to 16 kHz).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.filter import Graph

Samples = NDArray[np.float32]

TAPS = 160
CUTOFF = 0.97
CHUNK = 1 << 16  # samples a frame; the result does not depend on it

EMPTY: Samples = np.zeros(0, np.float32)
EMPTY.flags.writeable = False


class Resampler:
    """Takes mono samples at ``source`` Hz bit by bit and gives them back at ``target`` Hz.

    After ``flush`` exactly ``round(taken * target / source)`` samples have been given, without
    delay, and the same ones however the input was cut.
    """

    def __init__(self, source: int, target: int) -> None:
        self.source, self.target = source, target
        self.taken = 0
        self.given = 0
        self._graph: Graph | None = None

    def push(self, samples: Samples) -> Samples:
        """The output that these samples make possible, which may be none."""
        if self.source == self.target:
            self.taken += len(samples)
            self.given += len(samples)
            return samples
        return self._give([self._convert(samples[i : i + CHUNK]) for i in range(0, len(samples), CHUNK)])

    def flush(self) -> Samples:
        """The end of the output. Nothing may be pushed afterwards."""
        total = (2 * self.taken * self.target + self.source) // (2 * self.source)
        if self.source == self.target or not self.taken:
            return EMPTY
        graph = self._open()
        graph.push(None)
        tail = self._pull(graph)[: total - self.given]
        missing = total - self.given - len(tail)
        return self._give([tail, np.zeros(missing, np.float32)])

    def _give(self, parts: list[Samples]) -> Samples:
        given = np.concatenate(parts) if parts else EMPTY
        self.given += len(given)
        return given

    def _convert(self, samples: Samples) -> Samples:
        import av

        graph = self._open()
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples)[None], format="flt", layout="mono")
        frame.sample_rate = self.source
        frame.pts = self.taken
        self.taken += len(samples)
        graph.push(frame)
        return self._pull(graph)

    def _pull(self, graph: Graph) -> Samples:
        import av

        parts: list[Samples] = []
        while True:
            try:
                parts.append(graph.pull().to_ndarray()[0])
            except (av.error.BlockingIOError, av.error.EOFError):
                return np.concatenate(parts) if parts else EMPTY

    def _open(self) -> Graph:
        if self._graph is not None:
            return self._graph
        from av.filter import Graph

        graph = Graph()
        rates = {"sample_rate": str(self.source), "time_base": f"1/{self.source}"}
        graph.link_nodes(
            graph.add("abuffer", sample_fmt="flt", channel_layout="mono", **rates),
            graph.add("aresample", sample_rate=str(self.target), filter_size=str(TAPS), cutoff=str(CUTOFF)),
            graph.add("abuffersink"),
        ).configure()
        self._graph = graph
        return graph


def resample(samples: Samples, source: int, target: int) -> Samples:
    """All of ``samples`` (``source`` Hz) at ``target`` Hz."""
    resampler = Resampler(source, target)
    return np.concatenate([resampler.push(samples), resampler.flush()])

"""How near the encoder is to what this processor can compute: its operations over the fastest products.

    python benchmarks/floor.py                 # one thread, windows of 30, 20 and 5 s
    python benchmarks/floor.py --threads 2

Peaks are the fastest matrix products that OpenVINO makes here, of the sizes given: 8-bit weights with
activations rounded as they come, bfloat16 and float32. The floor of a window is its products with weights
at the highest of these peaks and its attention and convolutions at the peak of bfloat16 (float32 where that
is faster), and nothing for all else: norms, softmax, GELU, rounding, memory.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from auricle import features, openvino_library
from auricle.engines.openvino.compiled import Compiled
from auricle.engines.openvino.precision import choose
from auricle.engines.openvino.silence import places
from auricle.engines.openvino.weights import open_weights
from auricle.models import resolve

ROWS = 1500
SIZES = ((384, 1536), (1536, 384), (1536, 1536))  # in, out


def best(work: Callable[[], object], runs: int = 15) -> float:
    """Seconds of the fastest of some runs."""
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def products(kind: str, inputs: int, outputs: int, threads: int) -> float:
    """GFLOP/s of eight products one after the other, each with its own weights."""
    openvino = openvino_library.openvino()
    from openvino import opset13 as op

    x = op.parameter([ROWS, inputs], np.float32, "x")
    results = []
    for number in range(8):
        random = np.random.default_rng(number)  # equal ones would be computed once
        if kind == "int8":
            numbers = op.constant(random.integers(-127, 127, (outputs, inputs), np.int8))
            matrix = op.multiply(op.convert(numbers, "f32"), op.constant(np.ones((outputs, 1), np.float32)))
        else:
            matrix = op.constant(random.standard_normal((outputs, inputs), np.float32))
        results.append(op.result(op.reduce_max(op.matmul(x, matrix, False, True), op.constant([0]), False)))
    config: dict[str, Any] = {
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "bf16" if kind == "bfloat16" else "f32",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": 128 if kind == "int8" else 0,
        "ENABLE_CPU_PINNING": False,
    }
    request = openvino.Core().compile_model(openvino.Model(results, [x], kind), "CPU", config)
    request = request.create_infer_request()
    request.set_input_tensor(0, openvino.Tensor(np.ones((ROWS, inputs), np.float32)))
    return 8 * 2 * ROWS * inputs * outputs / best(request.infer) / 1e9


def main() -> None:
    """Print peaks, then a line for each length."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    threads = parser.parse_args().threads
    peaks = {}
    for kind in ("int8", "bfloat16", "float32"):
        found = {f"{i}→{o}": products(kind, i, o, threads) for i, o in SIZES}
        peaks[kind] = max(found.values())
        print(f"{kind}: " + ", ".join(f"{size} {rate:.0f}" for size, rate in found.items()) + " GFLOP/s")
    folder = resolve("tiny.en")
    dims = open_weights(folder).dims
    (worker,) = Compiled(folder, (), "auto").workers(1, threads)
    print(f"the encoder: {choose('auto').described()}")
    rest = max(peaks["bfloat16"], peaks["float32"])
    width = dims.width
    for seconds in (30.0, 20.0, 5.0):
        own = places(round(seconds * features.RATE))
        states = len(own.source)
        mel = np.zeros((1, dims.mels, own.frames), np.float32)
        taken = best(lambda mel=mel, own=own: worker.keys(worker.encode(mel, own)))  # type: ignore[misc]
        weights = 2 * states * width**2 * (12 * dims.encoder_layers + 2 * dims.decoder_layers) / 1e9
        attention = 4 * states**2 * width * dims.encoder_layers / 1e9
        convolutions = 2 * states * (2 * 3 * dims.mels * width + 3 * width**2) / 1e9
        floor = weights / max(peaks.values()) + (attention + convolutions) / rest
        print(
            f"{seconds:.0f} s, {states} states: {weights:.1f} GFLOP with weights, {attention:.1f} attention,"
            f" {convolutions:.1f} convolutions; floor {1000 * floor:.1f} ms, taken {1000 * taken:.1f} ms:"
            f" {100 * floor / taken:.0f} %"
        )


if __name__ == "__main__":
    main()

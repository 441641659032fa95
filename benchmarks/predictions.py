"""How far the speed and memory that ``auricle models recommend`` predicts are from what is measured.

    python benchmarks/predictions.py [--sizes tiny,base,small,medium] [--threads 1]

On one thread the processor time of the process is taken, so that a busy machine does not matter.

Whisper models of random weights are built at several sizes in the shapes of the catalogue, and
run on CTranslate2: windows of 20 s encoded one after the other, decoded in batches of eight, as many
tokens as speech has. Random weights take the same time as trained ones.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from auricle import sample
from auricle.models import catalogue, machine
from auricle.models.catalogue import Shape
from auricle.models.convert import convert
from auricle.verbs.models.cost import Work, heard, memory, rtfx
from auricle.verbs.models.probe import Probe, best, measure

sys.path.append(str(Path(__file__).parent.parent / "tests" / "models"))
WORK = Work()
WORDS = 50256  # tokens before the end of text


def build(folder: Path, shape: Shape) -> None:
    """A CTranslate2 folder of random weights in this shape."""
    import whisper_checkpoints as checkpoints

    tensors = checkpoints.random_tensors(vocabulary=51864, width=shape.width, layers=shape.encoder_layers)
    source = folder / "source"
    checkpoints.write_checkpoint(
        source,
        {name: array * np.float32(0.1) for name, array in tensors.items()},
        heads=shape.width // 64,
        tokenizer=checkpoints.tokenizer_json(WORDS, 99, timestamps=True),
        dtype="F16",
    )
    target = folder / "model"
    target.mkdir()
    convert(source, target)


def run(folder: Path, shape: Shape, threads: int) -> dict[str, float]:
    """RTFx and peak bytes of a model: one batch of windows, encoded and decoded."""
    import ctranslate2

    model = ctranslate2.models.Whisper(
        str(folder / "model"), device="cpu", compute_type="int8", intra_threads=threads
    )
    frames = round(heard(shape, WORK.window) * 100)
    sound = np.random.default_rng(1).normal(0, 0.5, (1, 80, frames)).astype(np.float32)

    def encode() -> np.ndarray:
        return np.array(model.encode(ctranslate2.StorageView.from_array(sound), to_cpu=True))

    states = ctranslate2.StorageView.from_array(np.concatenate([encode()] * WORK.batch))
    prompts = [[WORDS + 1]] * WORK.batch

    def decode() -> Any:
        return model.generate(
            states,
            prompts,
            beam_size=1,
            max_length=round(WORK.window * WORK.tokens),
            suppress_tokens=[WORDS],
            suppress_blank=False,
        )

    seconds = best(encode, threads) * WORK.batch + best(decode, threads)
    peak = machine.peak_memory() or 0
    return {"rtfx": WORK.window * WORK.batch / seconds, "memory": peak}


def measured(name: str, threads: int) -> dict[str, float]:
    """``run`` in a process of its own, for a model that is built for it."""
    with tempfile.TemporaryDirectory() as folder:
        for step in ("build", "run"):
            done = subprocess.run(
                [sys.executable, __file__, f"--{step}", name, folder, str(threads)],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise RuntimeError(done.stderr[-2000:])
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return found


def compare(names: Sequence[str], probe: Probe) -> list[tuple[str, dict[str, float], dict[str, float]]]:
    """Name, predicted and measured of each size."""
    rows = []
    for name in names:
        info = catalogue()[name]
        if info.shape is None:
            continue
        pace = probe.pace("ctranslate2", "int8")
        predicted = {"rtfx": rtfx(info.shape, pace, WORK), "memory": float(memory(info, pace, WORK) or 0)}
        rows.append((name, predicted, measured(name, probe.threads)))
    return rows


def error(predicted: float, found: float) -> float:
    """How far off, as a share of what was measured."""
    return predicted / found - 1.0


def main() -> None:
    """Print a row a size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="tiny,base,small")
    parser.add_argument("--threads", type=int, default=1)
    for step in ("build", "run"):
        parser.add_argument(f"--{step}", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if order := options.build or options.run:
        shape = catalogue()[order[0]].shape
        if shape is None:
            raise SystemExit("no shape")
        if options.build:
            build(Path(order[1]), shape)
        else:
            print(json.dumps(run(Path(order[1]), shape, int(order[2]))))
        return
    probe = measure(sample(), options.threads)
    print("size    RTFx predicted  measured  error   MB predicted  measured  error")
    for name, predicted, found in compare(options.sizes.split(","), probe):
        speed, space = (error(predicted[key], found[key]) for key in ("rtfx", "memory"))
        print(
            f"{name:<7} {predicted['rtfx']:14.2f} {found['rtfx']:9.2f} {speed:+6.0%} "
            f"{predicted['memory'] / 1e6:14.0f} {found['memory'] / 1e6:9.0f} {space:+6.0%}"
        )


if __name__ == "__main__":
    main()

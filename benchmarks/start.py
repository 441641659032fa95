"""What a person waits for: CPU seconds of the help and the import, wall seconds to the first text, memory.

python benchmarks/start.py            # starts only
python benchmarks/start.py --memory   # also a made 4-hour file against a 1-minute one
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import auricle

AURICLE = [sys.executable, "-m", "auricle"]
COMMANDS = {
    "auricle --help": [*AURICLE, "--help"],
    "import auricle": [sys.executable, "-c", "import auricle"],
    "python -c pass": [sys.executable, "-c", "pass"],
}


def cpu_seconds(command: list[str]) -> float:
    """User and system seconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def first_text() -> float:
    """Wall seconds from the command to the first line of the sample's transcript."""
    began = time.perf_counter()
    command = [*AURICLE, "transcribe", "--sample", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        return time.perf_counter() - began


def peak_mib(path: Path) -> float:
    """Peak memory of transcribing one file, in MiB."""
    command = [
        *AURICLE,
        "transcribe",
        str(path),
        "--quiet",
        "--output-dir",
        str(path.parent / "out"),
        "--overwrite",
    ]
    process = subprocess.Popen(command)
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_maxrss / 1024


def made(folder: Path, seconds: int) -> Path:
    """A file of speech and silence: the sample, then 49 s of nothing, over and over, as mono 16-bit WAV."""
    import wave

    minute = np.zeros(16_000 * 60, np.int16)
    sample = auricle.Audio.load(auricle.sample()).samples
    minute[: len(sample)] = (sample * 32767).astype(np.int16)
    path = folder / f"{seconds}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        for _ in range(seconds // 60):
            file.writeframes(minute.tobytes())
    return path


def main() -> None:
    """Print one row a measurement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--memory", action="store_true")
    arguments = parser.parse_args()
    for name, command in COMMANDS.items():
        runs = [cpu_seconds(command) for _ in range(7)]
        print(f"{name}: {statistics.median(runs):.2f} s of CPU ({min(runs):.2f}–{max(runs):.2f})")
    runs = [first_text() for _ in range(5)]
    print(f"first text of the sample: {statistics.median(runs):.2f} s ({min(runs):.2f}–{max(runs):.2f})")
    if arguments.memory:
        with tempfile.TemporaryDirectory() as folder:
            short, long = (peak_mib(made(Path(folder), seconds)) for seconds in (60, 4 * 3600))
        print(f"peak memory: {short:.0f} MiB for 1 minute, {long:.0f} MiB for 4 hours, {long - short:+.0f}")


if __name__ == "__main__":
    main()

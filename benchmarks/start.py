"""What a person waits for: CPU seconds of the help and the import, wall seconds to the first text, memory.

python benchmarks/start.py            # starts only
python benchmarks/start.py --memory   # also a made 4-hour file against a 1-minute one
python benchmarks/start.py --memory --recording talk.opus   # made of a recording, over and over
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
import numpy.typing as npt

import auricle

Int16s = npt.NDArray[np.int16]

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


def a_minute() -> Int16s:
    """The sample, then 49 s of nothing."""
    minute = np.zeros(16_000 * 60, np.int16)
    sample = samples_of(auricle.sample())
    minute[: len(sample)] = sample
    return minute


def samples_of(path: Path) -> Int16s:
    """A recording as 16-bit samples at 16 kHz."""
    return (auricle.Audio.load(path).samples * 32767).astype(np.int16)


def made(folder: Path, seconds: int, sound: Int16s) -> Path:
    """A mono 16-bit WAV file of a sound, over and over."""
    import wave

    path = folder / f"{seconds}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        left = seconds * 16_000
        while left > 0:
            file.writeframes(sound[:left].tobytes())
            left -= len(sound)
    return path


def main() -> None:
    """Print one row a measurement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--recording", type=Path, help="what the long file is made of")
    arguments = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has its bytecode
    for name, command in COMMANDS.items():
        runs = [cpu_seconds(command) for _ in range(7)]
        print(f"{name}: {statistics.median(runs):.2f} s of CPU ({min(runs):.2f}–{max(runs):.2f})")
    runs = [first_text() for _ in range(5)]
    print(f"first text of the sample: {statistics.median(runs):.2f} s ({min(runs):.2f}–{max(runs):.2f})")
    if arguments.memory:
        sound = samples_of(arguments.recording) if arguments.recording else a_minute()
        with tempfile.TemporaryDirectory() as folder:
            short, long = (peak_mib(made(Path(folder), seconds, sound)) for seconds in (60, 4 * 3600))
        print(f"peak memory: {short:.0f} MiB for 1 minute, {long:.0f} MiB for 4 hours, {long - short:+.0f}")


if __name__ == "__main__":
    main()

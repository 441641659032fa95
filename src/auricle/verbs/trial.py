"""One model on one recording in a process of its own: its text, its speed, its memory.

A process of its own, because memory can only be told apart that way, and because one model that
fails must not take the others with it. The clock runs from the opening of the file to the last
word, with the model in memory and warm: the first seconds of the recording are transcribed before.

    python -m auricle.verbs.trial < order.json     # what ``run`` starts
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle import errors
from auricle.errors import AuricleError, ModelError
from auricle.metrics.speed import Throughput
from auricle.transcript import Transcript

WARM_UP = 10.0  # seconds of the recording that are transcribed before the clock runs
Watcher = Callable[[float], None]  # told the seconds that are done


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it.

    ``load`` is the seconds until the model was in memory, ``memory`` the peak of the process in bytes.
    """

    transcript: Transcript
    throughput: Throughput
    load: float
    memory: int | None

    @property
    def rtfx(self) -> float:
        """How many times faster than real time."""
        return self.throughput.rtfx or 0.0


def run(recording: Path, values: Mapping[str, Any], watcher: Watcher | None = None) -> Trial:
    """Try the model of ``values`` (options of transcribe under their flat names) on a recording.

    Raises what transcribing raises, and ModelError where the process dies.
    """
    order = json.dumps({"recording": str(recording.absolute()), "values": dict(values)})
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name if __name__ == "__main__" else __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        try:
            found = _converse(process, order, watcher)
        finally:
            process.kill()
            process.wait()
        if found is None:
            complaints.seek(0)
            raise ModelError(_died(str(values.get("model")), process.returncode, complaints.read()))
    return found


def _converse(process: subprocess.Popen[str], order: str, watcher: Watcher | None) -> Trial | None:
    """Give the order and listen; None where the process ends without an answer."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process has pipes")
    with process.stdin as stdin, process.stdout as stdout:
        stdin.write(order)
        stdin.close()
        for line in stdout:
            answer = json.loads(line)
            if "done" in answer:
                if watcher:
                    watcher(answer["done"])
            else:
                process.wait()
                return _trial(answer)
    process.wait()
    return None


def _trial(answer: Mapping[str, Any]) -> Trial:
    from auricle import formats

    if "error" in answer:
        kind = getattr(errors, answer["kind"], AuricleError)
        raise kind(answer["error"])
    return Trial(
        transcript=formats.loads(answer["transcript"].encode(), "json"),
        throughput=Throughput(answer["audio"], answer["elapsed"]),
        load=answer["load"],
        memory=answer["memory"],
    )


def _died(model: str, code: int, complaints: bytes) -> str:
    if code == -getattr(signal, "SIGKILL", 9):
        return f"{model} was killed, most likely because it needs more memory than there is."
    lines = complaints.decode(errors="replace").strip().splitlines() or [f"exit code {code}"]
    return f"{model} failed: {' '.join(lines[-1].split())[:200]}"


def _answer(order: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """In the process: what is said about the work, the result last."""
    from auricle import formats
    from auricle.models import machine
    from auricle.options import build
    from auricle.verbs.transcribe import TranscribeOptions, Transcriber

    began = time.perf_counter()
    transcriber = Transcriber(build(TranscribeOptions, order["values"]))
    load = time.perf_counter() - began
    _warm_up(transcriber, order["recording"])
    began = time.perf_counter()
    with transcriber.open(order["recording"]) as job:
        for segment in job:
            yield {"done": segment.end}
    elapsed = time.perf_counter() - began
    transcript = job.transcript()
    yield {
        "transcript": formats.dumps(transcript, "json").decode(),
        "audio": transcript.duration,
        "elapsed": elapsed,
        "load": load,
        "memory": machine.peak_memory(),
    }


def _warm_up(transcriber: Any, recording: str) -> None:
    from auricle.audio import open_audio

    with open_audio(recording, block=WARM_UP, channel=transcriber.options.channel) as stream:
        first = next(iter(stream))
    transcriber.transcribe(first)


def _main() -> None:
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    try:
        for answer in _answer(json.load(sys.stdin)):
            print(json.dumps(answer), file=out, flush=True)
    except AuricleError as error:
        print(json.dumps({"error": str(error), "kind": type(error).__name__}), file=out, flush=True)


if __name__ == "__main__":
    _main()

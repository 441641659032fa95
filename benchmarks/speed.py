"""Speed beside faster-whisper on the same weights: interleaved runs, medians, paired ratios.

    python benchmarks/speed.py                       # the 21-minute recording
    python benchmarks/speed.py --rounds 5 talk.mp3   # yours
    python benchmarks/speed.py --engines ctranslate2 openvino

Protocol: one process a tool with the model in memory, two threads, one run to warm up, then
``--rounds`` rounds in which every tool takes its turn; timed is the call that turns a file into
text, decoding of the file included. A ratio is faster-whisper's seconds over ours in one round.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

from common import PEERS, Worker, clips, interleaved, peer_python, score, speech, spread

from auricle.models import resolve


def main() -> None:
    """Print one row a tool."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recording", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", nargs="+", default=["auto"], help="engines of Auricle to run")
    parser.add_argument("--sequential", action="store_true", help="also both sequential modes")
    arguments = parser.parse_args()
    recording = arguments.recording or speech() / "longform" / "lj001_full_chapter.opus"
    reference = next((clip.text for clip in clips("longform") if clip.path == recording), None)
    python = peer_python("faster_whisper", "faster-whisper==1.2.1")
    weights, theirs = str(resolve("tiny.en").path), PEERS / "faster_whisper_worker.py"
    ours = (Path(sys.executable), PEERS / "auricle_worker.py")
    workers = [
        Worker("faster-whisper batched, beam 1", python, theirs, weights, "batched", "1"),
    ]
    workers += [
        Worker(f"auricle batched, engine {engine}", *ours, f"engine={engine}") for engine in arguments.engines
    ]
    if arguments.sequential:
        workers += [
            Worker("faster-whisper sequential, beam 1", python, theirs, weights, "sequential", "1"),
            Worker("auricle sequential", *ours, "mode=sequential"),
        ]
    seconds: dict[str, list[float]] = defaultdict(list)
    last: dict[str, dict[str, float | str]] = {}
    for worker, number, found in interleaved(workers, recording, arguments.rounds):
        print(f"  {number} {worker.name}: {found['seconds']:.1f} s", file=sys.stderr)
        last[worker.name] = found
        if number:
            seconds[worker.name].append(found["seconds"])
    base = seconds[workers[0].name]
    print(f"{recording.name}, {arguments.rounds} rounds")
    print("tool | seconds | ratio to faster-whisper batched | WER % | peak MiB")
    for worker in workers:
        own, found = seconds[worker.name], last[worker.name]
        wer = f"{100 * score([reference], [str(found['text'])]).rate:.2f}" if reference else "–"
        ratios = [other / mine for other, mine in zip(base, own, strict=True)]
        print(f"{worker.name} | {spread(own)} | {spread(ratios)} | {wer} | {found['peak']:.0f}")
        worker.close()


if __name__ == "__main__":
    main()

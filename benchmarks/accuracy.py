"""Corpus WER beside faster-whisper sequential, greedy, on the same weights.

python benchmarks/accuracy.py                              # the sets of the transcribe issue
python benchmarks/accuracy.py ljspeech --limit 20 --only auricle -- beam_size=5
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from common import PEERS, Worker, clips, peer_python, score

from auricle.models import resolve


def main() -> None:
    """Print one row a corpus and tool."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", default=["librispeech_test", "cv_en_delta13", "longform"])
    parser.add_argument("--limit", type=int)
    parser.add_argument("--only", choices=["auricle", "faster-whisper"])
    parser.add_argument("--options", nargs="*", default=[], help="auricle options, name=value")
    arguments = parser.parse_args()
    workers = []
    if arguments.only != "auricle":
        python = peer_python("faster_whisper", "faster-whisper==1.2.1")
        theirs = PEERS / "faster_whisper_worker.py"
        workers.append(
            Worker("faster-whisper", python, theirs, str(resolve("tiny.en").path), "sequential", "1")
        )
    if arguments.only != "faster-whisper":
        workers.append(
            Worker("auricle", Path(sys.executable), PEERS / "auricle_worker.py", *arguments.options)
        )
    print("corpus | tool | WER % normalised | WER % orthographic | × real time")
    for corpus in arguments.corpora:
        rows = clips(corpus, arguments.limit)
        seconds = sum(clip.row["duration_s"] for clip in rows)
        for worker in workers:
            found = [worker.run(clip.path) for clip in rows]
            texts, wanted = [str(one["text"]) for one in found], [clip.text for clip in rows]
            normal, plain = score(wanted, texts), score(wanted, texts, normalised=False)
            speed = seconds / sum(one["seconds"] for one in found)
            print(
                f"{corpus} | {worker.name} | {100 * normal.rate:.2f} | {100 * plain.rate:.2f} | {speed:.1f}"
            )
    for worker in workers:
        worker.close()


if __name__ == "__main__":
    main()

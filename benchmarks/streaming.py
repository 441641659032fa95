"""How late words come, and how many are wrong, when a recording is fed as fast as it was spoken.

python benchmarks/streaming.py                                   # the 21-minute recording
python benchmarks/streaming.py --seconds 300 -- step=0.7 margin=1.5
python benchmarks/streaming.py --utterances                      # clips of about 5 s: text after their end

The clock is simulated: sound arrives in pieces of 50 ms, and each call of the listener moves the
clock on by the seconds it really took. While it works, sound waits; what has come by then is fed
at once. So a slow machine is late here as it would be in front of a microphone, and a recording
takes as long as its computing. On a machine that is busy with other things, --cpu moves the clock on by the
seconds of the processor instead, those of all threads together: no less than the model would take
on a machine of its own, and with OMP_NUM_THREADS=1 what it takes on one core. With --look, each reading
counts as so many seconds. A word's delay is from its end to the moment its event was in hand.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from common import Clip, clips, score

from auricle.audio import Audio
from auricle.engines import load_engine
from auricle.options import build
from auricle.transcript import Word, join_words
from auricle.verbs.stream import Committed, Event, Listener, StreamOptions, UtteranceEnded
from auricle.verbs.transcribe import TranscribeOptions, Transcriber

PIECE = 0.05  # seconds


@dataclass
class Played:
    """What came of one recording: words, each with the second at which it was in hand."""

    words: list[Word] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    ended: list[tuple[UtteranceEnded, float]] = field(default_factory=list)
    busy: float = 0.0
    clock: float = 0.0
    peaks: list[float] = field(default_factory=list)
    look: float | None = None
    cpu: bool = False

    @property
    def delays(self) -> list[float]:
        return [
            at - word.end for word, at in zip(self.words, self.times, strict=True) if word.text[0].isalnum()
        ]


class Counted:
    """An engine that counts how often it is asked."""

    def __init__(self, engine: Any) -> None:
        self._engine, self.looks = engine, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def transcribe(self, batch: Any, options: Any) -> Any:
        self.looks += 1
        return self._engine.transcribe(batch, options)


def play(listener: Listener, samples: np.ndarray, played: Played) -> Played:
    """Feed ``samples`` at the speed they were spoken."""
    given = 0
    while given < len(samples):
        arrived = min(int((played.clock + 1e-9) / PIECE) * round(PIECE * 16_000), len(samples))
        if arrived <= given:
            played.clock = (int((played.clock + 1e-9) / PIECE) + 1) * PIECE
            continue
        _take(listener.feed(samples[given:arrived]), played, listener.engine)
        given = arrived
        if int(played.clock) // 60 > len(played.peaks):
            played.peaks.append(resident())
    _take(listener.finish(), played, listener.engine)
    return played


def _take(events: Iterator[Event], played: Played, engine: Any) -> None:
    read = time.process_time if played.cpu else time.perf_counter
    began, base, looks = read(), played.clock, engine.looks

    def now() -> float:
        if played.look is None:
            return base + read() - began
        return base + played.look * float(engine.looks - looks)

    for event in events:
        at = now()
        if isinstance(event, Committed):
            played.words += event.words
            played.times += [at] * len(event.words)
        elif isinstance(event, UtteranceEnded):
            played.ended.append((event, at))
    played.clock = now()
    played.busy += played.clock - base


def resident() -> float:
    """MiB of memory in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def quantiles(values: Sequence[float]) -> str:
    middle, high = np.quantile(values, [0.5, 0.95])
    return f"median {middle:.2f} s, 95 % {high:.2f} s, most {max(values):.2f} s"


def recording(clip: Clip, arguments: argparse.Namespace, options: StreamOptions) -> None:
    audio, seconds = Audio.load(clip.path), arguments.seconds
    samples = audio.samples[: round(seconds * 16_000)] if seconds else audio.samples
    engine = Counted(load_engine(options.load, decode=options.decode()))
    played = play(Listener(options, engine=engine), samples, Played(look=arguments.look, cpu=arguments.cpu))
    length = len(samples) / 16_000
    wanted = (
        clip.text
        if not seconds
        else " ".join(one["text"] for one in clip.row["segments"] if one["end"] <= seconds)
    )
    text = join_words(played.words)
    found = score([wanted], [text])
    print(
        f"{clip.path.name}: {length:.0f} s, {len(played.words)} words, "
        f"{engine.info.model} {engine.info.engine}"
    )
    print(f"delay of a word: {quantiles(played.delays)}")
    print(f"busy {100 * played.busy / length:.0f} % of the time; WER {100 * found.rate:.2f} %")
    if len(played.peaks) > 2:
        print(f"memory after each minute, MiB: {' '.join(f'{peak:.0f}' for peak in played.peaks)}")
    if arguments.offline:
        whole = Transcriber(build(TranscribeOptions, {"language": "en"})).transcribe(Audio(samples, 16_000))
        rate = score([wanted], [whole.text]).rate
        print(f"offline WER {100 * rate:.2f} %, {100 * (found.rate - rate):+.2f} points while streaming")


def utterances(options: StreamOptions, limit: int, *, cpu: bool, look: float | None) -> None:
    """Clips of 4 to 6 s, each followed by silence: how long after the end of speech the text was whole."""
    engine = Counted(load_engine(options.load, decode=options.decode()))
    said, told = [], []
    chosen = [
        clip
        for corpus in ("ljspeech", "librispeech_test")
        for clip in clips(corpus)
        if 4.0 <= clip.row["duration_s"] <= 6.0
    ][:limit]
    for clip in chosen:
        audio = Audio.load(clip.path)
        followed = np.concatenate([audio.samples, np.zeros(32_000, np.float32)])
        played = play(Listener(options, engine=engine), followed, Played(cpu=cpu, look=look))
        if played.ended:
            end = played.ended[-1][0].end
            letters = [
                at for word, at in zip(played.words, played.times, strict=True) if word.text[0].isalnum()
            ]
            said.append(letters[-1] - end)
        listener = Listener(options, engine=engine)
        last = np.flatnonzero(np.abs(audio.samples) > 0.01)[-1] + 1600
        spoken = audio.samples[:last]
        told.append(play(listener, spoken, Played(cpu=cpu, look=look)).clock - len(spoken) / 16_000)
    print(f"{len(chosen)} clips of 4 to 6 s")
    print(f"from the end of speech to the last word, found by listening: {quantiles(said)}")
    print(f"from being told that the sound is over to the last word: {quantiles(told)}")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, help="of the recording, from its beginning")
    parser.add_argument("--which", type=int, default=0, help="0 is lj001 (21 min), 1 is libri_669 (6 min)")
    parser.add_argument("--offline", action="store_true", help="transcribe it as a file too, for its WER")
    parser.add_argument("--look", type=float, help="seconds that a reading of the model counts as")
    parser.add_argument("--cpu", action="store_true", help="count seconds of the processor, not of the wall")
    parser.add_argument("--utterances", type=int, nargs="?", const=30, help="clips of about 5 s instead")
    parser.add_argument("options", nargs="*", help="name=value of StreamOptions")
    arguments = parser.parse_args()
    values = {"language": "en", **dict(pair.split("=", 1) for pair in arguments.options)}
    typed = {name: _number(value) for name, value in values.items()}
    options = build(StreamOptions, typed)
    if arguments.utterances:
        utterances(options, arguments.utterances, cpu=arguments.cpu, look=arguments.look)
    else:
        recording(clips("longform")[arguments.which], arguments, options)
    print("load average", *(f"{value:.1f}" for value in os.getloadavg()), file=sys.stderr)


def _number(value: str) -> object:
    try:
        return int(value) if value.isdigit() else float(value)
    except ValueError:
        return value


if __name__ == "__main__":
    main()

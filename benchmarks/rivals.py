"""Auricle beside the tools people could install instead: the same weights, two threads, paired runs.

    python benchmarks/rivals.py                          # all tools, all workloads
    python benchmarks/rivals.py --only whisper.cpp --workloads short,clip --rounds 5
    python benchmarks/rivals.py --out docs/images        # also a plot a workload, as rivals-short.svg

Each tool has an environment and a process of its own and its model in memory; it runs once to warm up, then
``--rounds`` rounds in which every tool takes its turn. Timed is the call that turns files into text, decoding
of the file included. A ratio is the seconds of the first tool, faster-whisper one clip at a time, over a
tool's own in one round; WER is after Whisper's English normaliser, with a 95 % bootstrap interval over
clips. Cold is a new process from its start to the text of one clip. A tool that fails is listed with why.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import time
import wave
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import weights
from common import PEERS, Clip, Worker, clips, peer_python, spread
from whisper_normalizer.english import EnglishTextNormalizer

from auricle.audio import Audio
from auricle.metrics import wer_each
from auricle.metrics.confidence import interval


@dataclass(frozen=True)
class Tool:
    """What it takes to start one."""

    name: str
    script: str
    packages: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    made: str = ""  # what of weights.py it reads

    def start(self) -> Worker:
        """A process with the model in memory."""
        python = (
            peer_python(self.script.removesuffix("_worker.py"), *self.packages) if self.packages else None
        )
        given = (str(getattr(weights, self.made)()),) if self.made else ()
        return Worker(self.name, python or Path(sys.executable), PEERS / self.script, *given, *self.arguments)


FASTER, OPENVINO = ("faster-whisper==1.2.1",), ("openvino-genai==2026.4.1", "av==18.1.0")
TORCH = ("torch==2.13.0", "av==18.1.0")
TOOLS = (
    Tool("faster-whisper int8", "faster_whisper_worker.py", FASTER, ("sequential", "1"), "folder"),
    Tool("faster-whisper int8 batched", "faster_whisper_worker.py", FASTER, ("batched", "1"), "folder"),
    Tool(
        "faster-whisper int8 batched, two processes",
        "faster_whisper_worker.py",
        FASTER,
        ("batched", "1", "2"),
        "folder",
    ),
    Tool("openvino-genai int8", "openvino_genai_worker.py", OPENVINO, (), "openvino"),
    Tool("whisper.cpp f16", "whisper_cpp_worker.py", ("pywhispercpp==1.5.1", "av==18.1.0"), (), "ggml"),
    Tool(
        "openai-whisper",
        "openai_whisper_worker.py",
        ("openai-whisper==20250625", *TORCH),
        ("1",),
        "openai",
    ),
    Tool(
        "transformers bf16, batch 8",
        "transformers_worker.py",
        ("transformers==5.24.0", *TORCH),
        ("bfloat16", "8"),
        "hf",
    ),
    Tool("auricle", "auricle_worker.py"),
    Tool("auricle --engine ctranslate2", "auricle_worker.py", (), ("engine=ctranslate2",)),
)


LABEL, BAR = 280, 420  # widths in the plot
FILE = 180.0  # seconds that each of many long files has at least


@dataclass
class Found:
    """What one tool gave on one workload."""

    seconds: list[float] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    peak: float = 0.0
    failure: str = ""


def workloads(limit: int | None, folder: Path, asked: Sequence[str]) -> dict[str, list[Clip]]:
    """The recordings of each workload, each the work of one run; ``folder`` takes those that are cut here."""
    long = clips("longform")
    short = clips("librispeech_test") + clips("cv_en_delta13")[:: 5 if limit is None else 1]
    near = min(short, key=lambda clip: abs(float(clip.row["duration_s"]) - 5.0))
    cut = list(files(long, folder)) if "files" in asked else []
    return {"short": short[:limit], "long": long[:1], "files": cut, "clip": [near]}


def files(long: Sequence[Clip], folder: Path) -> Iterator[Clip]:
    """Long recordings as several of three minutes and more, cut between sentences, as WAV."""
    for clip in long:
        audio = Audio.load(clip.path)
        left = list(clip.row["segments"])
        while left:
            begin = end = float(left[0]["start"])
            last = float(left[-1]["end"])
            texts: list[str] = []
            while left and (end - begin < FILE or last - end < FILE):
                texts.append(left[0]["text"])
                end = float(left.pop(0)["end"])
            path = folder / f"{clip.path.stem}-{begin:.0f}.wav"
            with wave.open(str(path), "wb") as out:
                out.setnchannels(1)
                out.setsampwidth(2)
                out.setframerate(audio.rate)
                part = audio.samples[round(begin * audio.rate) : round(end * audio.rate)]
                out.writeframes((part * 32767).astype("<i2").tobytes())
            yield Clip(path, " ".join(texts), {"duration_s": end - begin})


def running(workers: dict[str, Worker], work: Sequence[Clip], rounds: int) -> dict[str, Found]:
    """All tools in turn; one that fails is left out from then on."""
    found: dict[str, Found] = defaultdict(Found)
    paths = [clip.path for clip in work]
    for number in range(rounds + 1):
        for name, worker in workers.items():
            mine = found[name]
            if mine.failure:
                continue
            try:
                given = worker.run(paths if len(paths) > 1 else paths[0])
            except (RuntimeError, OSError, ValueError) as error:
                mine.failure = str(error) or type(error).__name__
                continue
            texts = given["text"]
            mine.texts = texts if isinstance(texts, list) else [texts]
            mine.peak = given["peak"]
            if number:
                mine.seconds.append(given["seconds"])
            print(f"  {number} {name}: {given['seconds']:.2f} s", file=sys.stderr)
    return found


def table(name: str, work: Sequence[Clip], found: dict[str, Found]) -> Iterator[str]:
    """The rows of one workload, as Markdown."""
    audio = sum(float(clip.row["duration_s"]) for clip in work)
    base = next(iter(found.values())).seconds
    yield f"\n### {name}: {len(work)} recordings, {audio / 60:.1f} minutes\n"
    yield "| tool | ratio | × real time | seconds | WER % (95 %) | peak MiB |"
    yield "|---|---|---|---|---|---|"
    for tool, mine in found.items():
        if mine.failure or not mine.seconds:
            yield f"| {tool} | failed: {mine.failure} | | | | |"
            continue
        ratios = (
            spread([one / other for one, other in zip(base, mine.seconds, strict=False)]) if base else "–"
        )
        speed = audio / statistics.median(mine.seconds)
        yield (
            f"| {tool} | {ratios} | {speed:.1f} | {spread(mine.seconds)} | {wer(work, mine.texts)} "
            f"| {mine.peak:.0f} |"
        )


def plot(name: str, work: Sequence[Clip], found: dict[str, Found]) -> str:
    """Bars of seconds of sound a second, the longest whole, as SVG for light and dark pages."""
    audio = sum(float(clip.row["duration_s"]) for clip in work)
    speeds = {tool: audio / statistics.median(mine.seconds) for tool, mine in found.items() if mine.seconds}
    scale = BAR / max(speeds.values(), default=1.0)
    rows = []
    for place, (tool, speed) in zip(itertools.count(52, 26), speeds.items(), strict=False):
        own = ' class="own"' if tool.startswith("auricle") else ""
        long = speed * scale
        rows.append(
            f'<text x="{LABEL - 8}" y="{place}" text-anchor="end">{escape(tool)}</text>'
            f'<rect x="{LABEL}" y="{place - 13}" width="{long:.1f}" height="18" rx="2"{own}/>'
            f'<text x="{LABEL + long + 6:.1f}" y="{place}">{speed:.1f}</text>'
        )
    width, height = LABEL + BAR + 60, 62 + 26 * len(rows)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
            ' font-size="13" role="img">',
            f"<title>{name}: seconds of sound that each tool turns into text in a second</title>",
            "<style>text{fill:#222}rect{fill:#9aa4b2}.own{fill:#1d4ed8}@media(prefers-color-scheme:dark)"
            "{text{fill:#eee}rect{fill:#6b7280}.own{fill:#60a5fa}}</style>",
            f'<text x="{LABEL}" y="22">{name}: seconds of sound a second</text>',
            *rows,
            "</svg>",
            "",
        ]
    )


def wer(work: Sequence[Clip], texts: Sequence[str]) -> str:
    """Corpus WER in %, with its interval where there are clips enough."""
    clean = EnglishTextNormalizer()
    rates = wer_each([clean(clip.text) for clip in work], [clean(text) for text in texts])
    found = interval(rates)
    whole = f"{100 * sum(rate.errors for rate in rates) / sum(rate.reference for rate in rates):.2f}"
    return f"{whole} ({100 * found.low:.1f}–{100 * found.high:.1f})" if found and len(work) > 9 else whole


def cold(tool: Tool, clip: Clip) -> float:
    """Seconds from the start of a new process to the text of one clip."""
    began = time.perf_counter()
    worker = tool.start()
    worker.run(clip.path)
    taken = time.perf_counter() - began
    worker.close()
    return taken


def main() -> None:
    """Print one table a workload."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int, help="only so many short clips")
    parser.add_argument("--only", nargs="*", help="beginnings of the names of tools, besides the first one")
    parser.add_argument("--workloads", default="short,long,files,clip,cold")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for a plot of each workload")
    arguments = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has its bytecode
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
    chosen = [
        tool
        for tool in TOOLS
        if not arguments.only or tool is TOOLS[0] or tool.name.startswith(tuple(arguments.only))
    ]
    asked = arguments.workloads.split(",")
    with tempfile.TemporaryDirectory() as cut:
        measure(arguments, chosen, asked, workloads(arguments.limit, Path(cut), asked))


def measure(
    arguments: argparse.Namespace, chosen: Sequence[Tool], asked: Sequence[str], work: dict[str, list[Clip]]
) -> None:
    """Start the tools, run what is asked, print the tables."""
    started, failures = {}, {}
    for tool in chosen:
        try:
            started[tool.name] = tool.start()
        except Exception as error:  # noqa: BLE001 (a rival that cannot be installed is a row of the table)
            failures[tool.name] = str(error)
    for name, recordings in work.items():
        if name in asked:
            found = running(started, recordings, arguments.rounds)
            found.update({tool: Found(failure=reason) for tool, reason in failures.items()})
            print("\n".join(table(name, recordings, found)), flush=True)
            if arguments.out:
                picture = plot(name, recordings, found)
                (arguments.out / f"rivals-{name}.svg").write_text(picture, "utf-8")
    for worker in started.values():
        worker.close()
    if "cold" in asked:
        print("\n### cold: a new process to the text of one clip\n\n| tool | seconds |\n|---|---|")
        for tool in chosen:
            if tool.name in started:
                runs = [cold(tool, work["clip"][0]) for _ in range(arguments.rounds)]
                print(f"| {tool.name} | {spread(runs)} |", flush=True)


if __name__ == "__main__":
    main()

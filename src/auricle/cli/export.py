"""auricle export"""

from __future__ import annotations

import sys
from typing import Any

import click

from auricle.cli.console import ProgressLine, emit, say
from auricle.cli.flags import Command, flags, typed
from auricle.verbs.export import ExportOptions, export

_EPILOG = """\b
Examples:
  auricle export checkpoints/accent -o accent-ct2
  auricle export checkpoints/accent -o accent-int8 --store int8 --clips talks/manifest.jsonl --allow 3
  auricle export tiny.en -o tiny-hf --to hf
  auricle export checkpoints/accent -o accent.bin --to ggml
  auricle export checkpoints/accent -o accent-onnx --to onnx

Exit code 0: both write the same, or differ on no more clips than --allow says.
"""


@click.command(cls=Command, epilog=_EPILOG)
@click.argument("checkpoint", metavar="MODEL")
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    required=True,
    help="folder to write (ggml: file), which must not exist yet",
)
@click.option("-q", "--quiet", is_flag=True, help="no progress")
@flags(ExportOptions)
def command(checkpoint: str, output: str, quiet: bool, **values: Any) -> None:
    """Write a model in another layout, and prove that it writes the same.

    The same clips go through both models; the folder is printed. A file for whisper.cpp is read back,
    and the clips go through the weights that were found in it; ONNX graphs run in ONNX Runtime.
    """
    bar = ProgressLine(shown=not quiet and sys.stderr.isatty())

    def heard(done: int, total: int) -> None:
        if done == 1:
            bar.start("comparing", total)
        bar.update(done, f"{done} of {total} clips")

    try:
        bar.stage("exporting")
        found = export(checkpoint, output, on_progress=heard, **typed(values, ExportOptions))
    finally:
        bar.stop()
    parity = found.parity
    for one in parity.differences:
        say(f"differs: {one.line()}")
    same = parity.clips - len(parity.differences)
    times = "times of words were not compared, the graphs give none"
    if parity.farthest is not None:
        times = f"words are {parity.farthest:.2f} s apart at most"
    say(f"{same} of {parity.clips} clips are the same; {times}")
    emit(f"{found.folder}\n".encode())

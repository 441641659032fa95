"""auricle models convert"""

from __future__ import annotations

from pathlib import Path

import click

from auricle.cli.console import emit, say
from auricle.models import ModelFolder, resolve


@click.command()
@click.argument("name", metavar="NAME")
@click.argument("target", metavar="PATH")
@click.option(
    "--to",
    type=click.Choice(["hf", "ggml"]),
    required=True,
    help="hf: a folder as Hugging Face has it; ggml: one file for whisper.cpp, in float16",
)
@click.option("--revision", metavar="REV", help="branch, tag or commit of the repository on the Hub")
def command(name: str, target: str, to: str, revision: str | None) -> None:
    """Write a Whisper model for another tool: Transformers and fine-tuning, or whisper.cpp.

    NAME is a model such as tiny.en; PATH must not exist yet. The path is printed.
    """
    found = resolve(name, revision=revision)
    out = _to_folder(found, Path(target)) if to == "hf" else _to_file(found, Path(target))
    emit(f"{out}\n".encode())


def _to_folder(found: ModelFolder, target: Path) -> Path:
    from auricle.models.to_huggingface import convert_to_huggingface

    written = convert_to_huggingface(found, target).path
    say(f"{found.name}: wrote {', '.join(sorted(path.name for path in written.iterdir()))}")
    return written


def _to_file(found: ModelFolder, target: Path) -> Path:
    from auricle.models.to_ggml import convert_to_ggml

    written = convert_to_ggml(found, target)
    say(f"{found.name}: wrote {written.stat().st_size / 1e6:.0f} MB")
    return written

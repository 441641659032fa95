"""auricle models recommend"""

from __future__ import annotations

import dataclasses
import json
import sys
from importlib.util import find_spec
from typing import Any

import click

from auricle.cli import signals
from auricle.cli.console import ProgressLine, emit, say
from auricle.cli.flags import Command, flags, options_from
from auricle.cli.models.records import as_record
from auricle.cli.tables import percent, size, table
from auricle.models import machine
from auricle.models.codes import NAMES
from auricle.verbs.models.probe import Probe
from auricle.verbs.models.recommend import PURPOSES, Advice, Recommendation, RecommendOptions, recommend
from auricle.verbs.models.selection import on_disk

_EPILOG = """\b
Examples:
  auricle models recommend
  auricle models recommend --audio my.wav --for dictation
  auricle models recommend --language German --for captions --json
"""
_HEADS = ("model", "engine", "RTFx", "memory", "how", "WER", "licence", "fits", "here")


@click.command(cls=Command, epilog=_EPILOG)
@click.option(
    "--json", "as_json", is_flag=True, help="everything that was measured and predicted, for programs"
)
@flags(RecommendOptions, language="l", purpose="for")
def command(as_json: bool, **values: Any) -> None:
    """Say which model to take on this machine.

    The embedded model is measured on some seconds of sound, models on this machine are too where
    that is quick, and all others are predicted from their size. RTFx is seconds of speech a second
    of work; a model fits when memory and speed suffice. Nothing is downloaded.
    """
    with _Waiting() as waiting:
        found = recommend(options_from(RecommendOptions, values), say=waiting.stage)
    if as_json:
        emit(_as_json(found).encode())
        return
    emit(table(_HEADS, map(_row, found.advice), right=(2, 3, 5)).encode())
    for line in _words(found):
        say(line)


class _Waiting:
    """What is being measured, on a line that goes away."""

    def __init__(self) -> None:
        self._line = ProgressLine(shown=sys.stderr.isatty())

    def __enter__(self) -> _Waiting:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.stop()

    def stage(self, text: str) -> None:
        signals.check()
        self._line.stop()
        self._line.stage(text)


def _row(one: Advice) -> tuple[str, ...]:
    return (
        one.info.name,
        f"{one.engine} {one.precision}",
        "?" if one.rtfx is None else f"{one.rtfx:.1f}",
        size(one.memory),
        "measured" if one.measured else "predicted",
        "" if one.rate is None else percent(one.rate),
        one.info.license or "?",
        "yes" if one.fits else "no",
        "yes" if on_disk(one.info) else "",
    )


def _words(found: Recommendation) -> list[str]:
    purpose = PURPOSES[found.purpose]
    ranked = "by published error rate (Open ASR Leaderboard)" if found.language == "en" else "by size"
    lines = [
        _machine(found.probe),
        f"for {found.purpose} in {NAMES[found.language]}: {purpose.words}, at least "
        f"{purpose.least:g} × real time, {size(found.available)} of memory free; ranked {ranked}",
    ]
    best = found.best
    if best is None:
        lines.append("none of these fits. Type: auricle models recommend --for batch, or free some memory")
    elif best.engine == "transformers" and not find_spec("transformers"):
        lines.append(
            f'take {best.info.name}. It needs more packages. Type: pip install "auricle[transformers]"'
        )
    elif on_disk(best.info):
        lines.append(f"take {best.info.name}. Type: auricle transcribe FILE --model {best.info.name}")
    else:
        lines.append(f"take {best.info.name}. Type: auricle models pull {best.info.name}")
    return lines


def _machine(probe: Probe) -> str:
    """What does the work, and how fast that was measured to be."""
    gpus = ", ".join(f"{gpu.name} with {size(gpu.memory)}" for gpu in machine.gpus()) or "no GPU"
    sets = " ".join(machine.instruction_sets() or ())
    return (
        f"{machine.cpu_name() or 'processor'}, {probe.threads} threads ({sets}), {gpus}: "
        f"{probe.products / 1e9:.0f} GFLOP/s, {probe.bandwidth / 1e9:.0f} GB/s, "
        f"tiny.en {probe.rtfx:.1f} × real time on {probe.device}"
    )


def _as_json(found: Recommendation) -> str:
    advice = [
        {
            "model": as_record(one.info),
            **{
                name: getattr(one, name)
                for name in ("engine", "precision", "rtfx", "memory", "measured", "fits")
            },
        }
        for one in found.advice
    ]
    value = {
        "language": found.language,
        "purpose": found.purpose,
        "available": found.available,
        "probe": dataclasses.asdict(found.probe),
        "advice": advice,
    }
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"

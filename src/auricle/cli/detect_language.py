"""auricle detect-language"""

from __future__ import annotations

import json
from typing import Any

import click

from auricle.cli.console import emit, say
from auricle.cli.flags import Command, flags, options_from
from auricle.models import LANGUAGES
from auricle.verbs.detect_language import Detected, DetectOptions, detect_language

_EPILOG = """\b
Examples:
  auricle detect-language talk.mp3
  auricle detect-language talk.mp3 --model large-v3 --all
"""
_SHOWN = 5


@click.command("detect-language", cls=Command, epilog=_EPILOG)
@click.argument("recording", metavar="FILE")
@click.option("--all", "whole", is_flag=True, help=f"every language, not the {_SHOWN} likeliest")
@click.option("--json", "as_json", is_flag=True, help="all probabilities for programs")
@flags(DetectOptions, model="m")
def command(recording: str, whole: bool, as_json: bool, **values: Any) -> int:
    """Say which language is spoken, with the probability of each.

    Needs a multilingual model; several windows of speech vote.
    """
    found = detect_language(recording, options=options_from(DetectOptions, values))
    if as_json:
        value = {"language": found.language, "seconds": found.seconds, "probabilities": found.chances}
        emit((json.dumps(value, indent=2) + "\n").encode())
    elif found.language is None:
        say(f"{recording}: nobody speaks")
        return 1
    else:
        emit(_lines(found, None if whole else _SHOWN).encode())
    return 0


def _lines(found: Detected, most: int | None) -> str:
    rows = list(found.chances.items())[:most]
    return "".join(f"{code}\t{chance:.4f}\t{LANGUAGES.get(code, code)}\n" for code, chance in rows)

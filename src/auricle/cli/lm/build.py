"""auricle lm build"""

from __future__ import annotations

from typing import Any

import click

from auricle.cli.console import say
from auricle.cli.flags import Command, flags, options_from
from auricle.verbs.lm import BuildOptions, build_model

_EPILOG = """\b
Examples:
  auricle lm build corpus.txt -o lm.arpa
  auricle transcribe talk.mp4 --model facebook/wav2vec2-base-960h --lm lm.arpa
"""


@click.command(cls=Command, epilog=_EPILOG)
@click.argument("corpus", metavar="CORPUS")
@click.option("-o", "--output", metavar="FILE", required=True, help="ARPA file to write")
@flags(BuildOptions)
def command(corpus: str, output: str, **values: Any) -> None:
    """Make an n-gram language model of a text file with a sentence a line.

    Smoothing is interpolated modified Kneser-Ney. The file is read by --lm and by other toolkits.
    """
    found = build_model(corpus, output, options_from(BuildOptions, values))
    for order in found.fallbacks:
        say(f"the corpus is small: fixed discounts for {order}-grams")
    grams = ", ".join(f"{count} {order}-grams" for order, count in enumerate(found.grams, 1))
    say(f"wrote {output}: {grams}, of {found.words} words in {found.sentences} sentences")

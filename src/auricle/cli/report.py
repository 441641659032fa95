"""auricle report"""

from __future__ import annotations

import sys
from typing import Any

import click

from auricle.cli import signals
from auricle.cli.console import ProgressLine, say
from auricle.cli.flags import Command, flags, options_from
from auricle.verbs.report import ReportOptions, write_html

_EPILOG = """\b
Examples:
  auricle report runs/tiny.en-talks
  auricle report runs/tiny.en-talks --spectrograms 500
  auricle report runs/tiny.en-talks --clips 50 --output to-send.html
"""


@click.command(cls=Command, epilog=_EPILOG)
@click.argument("run", metavar="RUN")
@click.option("-o", "--output", metavar="FILE", help="where to write the page  [default: report.html in RUN]")
@click.option("-q", "--quiet", is_flag=True, help="say nothing but errors")
@flags(ReportOptions)
def command(run: str, output: str | None, quiet: bool, **values: Any) -> None:
    """Write the HTML page of an evaluation run again.

    The page has the scores, plots of where the model fails, and every utterance to search, read
    and hear. It opens from disk and fetches nothing; recordings are played from where they lie.
    """
    from auricle.verbs.evaluate import Run

    found = Run.load(run)
    bar = ProgressLine(shown=not quiet and sys.stderr.isatty())

    def moved(done: float, whole: float) -> None:
        signals.check()
        if not done:
            bar.start("spectrograms", whole)
        bar.update(done)

    try:
        path = write_html(found, output, options_from(ReportOptions, values), moved)
    finally:
        bar.stop()
    if not quiet:
        say(f"wrote {path}")

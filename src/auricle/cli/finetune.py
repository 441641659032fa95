"""auricle finetune"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from time import monotonic
from typing import Any

import click

from auricle.cli import signals
from auricle.cli.console import ProgressLine, clock, emit, say
from auricle.cli.signals import Stopped
from auricle.errors import AuricleError
from auricle.verbs.finetune.hearing import Ear
from auricle.verbs.finetune.watching import Step

_EPILOG = """\b
Examples:
  auricle finetune recipes/accent.yaml
  auricle finetune recipes/accent.yaml --set training.learning_rate=2e-5 --set output=checkpoints/second

A training that was stopped, even by force, goes on when the same command is typed again.
"""


_A_MINUTE = 60.0  # seconds between two lines of a training where nothing moves


@click.command(epilog=_EPILOG)
@click.argument("recipe", metavar="RECIPE.yaml")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="a key of the recipe, with another value"
)
@click.option("-q", "--quiet", is_flag=True, help="no progress; warnings, errors and the result stay")
def command(recipe: str, settings: tuple[str, ...], quiet: bool) -> int:
    """Train a model on your own data, and say whether it helped.

    The checkpoint's folder is printed; every command that takes a model takes it.
    """
    from auricle.verbs.finetune import Finetuning, load_recipe

    made = load_recipe(recipe, settings)
    screen = TrainingScreen(quiet=quiet)
    try:
        found = Finetuning(made, watcher=screen).run()
    except (Stopped, KeyboardInterrupt) as stop:
        screen.stop()
        say("auricle: stopped. Type the same command again to go on from the last checkpoint.")
        return stop.code if isinstance(stop, Stopped) else 130
    except AuricleError:
        screen.stop()
        raise
    screen.stop()
    if not found.story:  # another process speaks
        return 0
    for line in _summary(found.story):
        say(line)
    emit(f"{found.folder}\n".encode())
    return 0


class TrainingScreen:
    """Watches a training: one line that moves, and one for each evaluation.

    Where there is no terminal to move a line in, each stage and each minute has one that stays.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._moves = sys.stderr.isatty()
        self._bar = ProgressLine(shown=not quiet and self._moves)
        self._drawn = ""  # what there is a bar of
        self._stage = ""
        self._last: Step | None = None
        self._next = 0.0  # when the next line of a training is due
        self._next_part = 0.0  # when that of a stage with parts is

    def stage(self, text: str) -> None:
        """Say what is being waited for."""
        signals.check()
        self._drawn, self._stage = "", text
        self._bar.stop()
        self._bar.stage(text)
        if not self._moves:
            self._next_part = monotonic() + _A_MINUTE
            self.note(f"{text} …")

    def part(self, done: int, whole: int) -> None:
        """Move the bar of a stage that has parts."""
        signals.check()
        self._draw(self._stage, whole)
        self._bar.update(done, f"{done} of {whole}")
        if not self._moves and (time := monotonic()) >= self._next_part:
            self._next_part = time + _A_MINUTE
            self.note(f"{self._stage}: {done} of {whole}")

    def note(self, text: str) -> None:
        """Say it, unless it should be quiet."""
        if not self._quiet:
            self._aside(text)

    def warning(self, text: str) -> None:
        """Say it in any case."""
        self._aside(f"warning: {text}")

    def step(self, now: Step) -> None:
        """Move the bar."""
        signals.check()
        self._last = now
        self._draw("training", now.steps, now.step)
        self._bar.update(now.step, _figures(now))
        if not self._moves and (time := monotonic()) >= self._next:
            self._next = time + _A_MINUTE
            left = f" · {clock(now.left)} left" if now.left is not None else ""
            self.note(f"training: {_figures(now)}{left}")

    def heard(self, step: int, ear: Ear) -> None:
        """One line for what the model makes of the data that it is chosen by."""
        written = "–" if ear.as_written.rate is None else f"{ear.as_written.rate:.2%}"
        now = self._last
        loss = f" · loss {now.loss:.3f}" if now is not None and now.loss is not None else ""
        left = f" · {clock(now.left)} left" if now is not None and now.left is not None else ""
        name = f"step {step}" if step else "before"
        self.note(f"{name}: WER {ear.rate:.2%} (as written {written}){loss}{left}")

    def stop(self) -> None:
        """Take the bar away."""
        self._bar.stop()

    def _draw(self, name: str, whole: int, done: int = 0) -> None:
        if self._drawn != name:
            self._bar.start(name, whole, done)
            self._drawn = name

    def _aside(self, text: str) -> None:
        if not self._drawn:
            self._bar.stop()
        with self._bar.aside():
            say(text)


def _figures(now: Step) -> str:
    parts = [f"{now.step} of {now.steps}"]
    if now.loss is not None:
        parts.append(f"loss {now.loss:.3f}")
    if now.rate is not None:
        parts.append(f"rate {now.rate:.1e}")
    if now.pace:
        parts.append(f"{now.pace:.1f} samples/s")
    return " · ".join(parts)


def _summary(story: Mapping[str, Any]) -> list[str]:
    dev, lines = story["dev"], []
    if dev["before"]:
        lines.append(f"held out: WER {dev['before']['wer']:.2%} before, {dev['after']['wer']:.2%} after")
    else:
        lines.append(f"held out: WER {dev['after']['wer']:.2%}")
    if story["blend"]["share"] != 1:
        lines.append(f"the weights are {story['blend']['share']:.0%} new")
    return lines

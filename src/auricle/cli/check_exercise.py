"""auricle check-exercise"""

from __future__ import annotations

import click

from auricle.cli.console import emit, printable
from auricle.verbs.exercise import BASE, DATASET, LIMIT, check_exercise


@click.command(epilog="Example:  auricle check-exercise checkpoints/hands-on")
@click.argument("checkpoint", metavar="DIR")
@click.option("--dataset", default=DATASET, show_default=True, help="dataset that it has to be made with")
@click.option("--base", default=BASE, show_default=True, help="model that it has to be made from")
@click.option("--limit", default=LIMIT, show_default=True, help="word error rate that it has to be below")
def command(checkpoint: str, dataset: str, base: str, limit: float) -> int:
    """Say whether a checkpoint passes the hands-on exercise of the audio course, and why not.

    Exit code 0: passed. 1: not yet.
    """
    found = check_exercise(checkpoint, dataset=dataset, base=base, limit=limit)
    lines = [f"{'✓' if one.met else '✗'} {one.name}: {one.found}" for one in found.requirements]
    lines.append("passed" if found.passed else "not passed yet")
    emit("".join(f"{printable(line)}\n" for line in lines).encode())
    return 0 if found.passed else 1

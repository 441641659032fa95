"""What the commands share that write a dataset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from auricle.verbs.transcribe.files import check_free

F = TypeVar("F", bound=Callable[..., Any])


def output(name: str, help: str) -> Callable[[F], F]:
    """The flags ``--output`` and ``--overwrite``, and ``--quiet``."""

    def decorate(function: F) -> F:
        for option in (
            click.option("-q", "--quiet", is_flag=True, help="no progress and no warnings"),
            click.option("--overwrite", is_flag=True, help="replace what is in the way"),
            click.option("-o", "--output", required=True, metavar=name, help=help),
        ):
            function = option(function)
        return function

    return decorate


def target(output: str, *, overwrite: bool) -> Path:
    """The file to write. Raises OutputError where one is in the way."""
    if not overwrite:
        check_free(Path(output))
    return Path(output)

"""A group of commands: each is imported when it is called, and a typo gets the nearest name."""

from __future__ import annotations

import sys

import click
import pytest

from auricle.cli.groups import group

TABLE = {"doctor": ("auricle.cli.doctor", "Look."), "gone": ("auricle.cli.no_such_module", "Nothing.")}


def call(*arguments: str) -> object:
    return group(TABLE, "things", "Things to do.").main(list(arguments), standalone_mode=False)


def test_the_help_imports_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    call("--help")
    shown = capsys.readouterr().out
    assert "Things to do." in shown
    assert "doctor  Look." in shown and "gone    Nothing." in shown
    assert "auricle.cli.no_such_module" not in sys.modules


def test_a_command_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    call("doctor", "--help")
    assert "the report for programs" in capsys.readouterr().out


def test_a_typo_gets_the_nearest_name() -> None:
    with pytest.raises(click.UsageError, match=r"there is no command .doktor.\. Did you mean doctor\?"):
        call("doktor")


def test_nothing_typed_is_the_help() -> None:
    with pytest.raises(click.exceptions.NoArgsIsHelpError):
        call()

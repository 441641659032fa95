from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Command, Result, in_process

from auricle.cli import run


@pytest.fixture
def auricle(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command line in this process."""

    def call(*arguments: object) -> Result:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return call


@pytest.fixture
def process() -> Command:
    """Runs the command line as a process of its own."""
    return in_process


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and the current one."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder

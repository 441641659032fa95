"""What comes from outside: a process that is killed, and a disk that is full. Both with the real command."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")
torch = pytest.importorskip("torch")

SOURCE = str(Path(__file__).parents[3] / "src")
ENVIRONMENT = {**os.environ, "PYTHONPATH": SOURCE, "OMP_NUM_THREADS": "1"}


class Command:
    """``auricle finetune`` of a recipe, in a process of its own; what it says goes into a file."""

    def __init__(self, recipe: dict[str, Any], folder: Path) -> None:
        path = folder / f"{Path(recipe['output']).name}.yaml"
        path.write_text(yaml.safe_dump(recipe))
        self._said = path.with_suffix(".txt")
        command = [sys.executable, "-m", "auricle", "finetune", str(path), "-q"]
        with self._said.open("w") as said:
            self.process = subprocess.Popen(command, env=ENVIRONMENT, stdout=said, stderr=said)

    @property
    def said(self) -> str:
        """All that it has said."""
        return self._said.read_text("utf-8")

    def until(self, path: Path) -> None:
        """Wait until there is a file."""
        while not path.exists():
            assert self.process.poll() is None, self.said
            time.sleep(0.005)

    def end(self) -> int:
        """Wait for its exit code."""
        return self.process.wait()


def tensors(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes, where one may be made."""
    place = tmp_path / "disk"
    place.mkdir()
    if shutil.which("mount") is None or os.geteuid():
        pytest.skip("only root may mount a small disk")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place], check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.slow
def test_a_process_that_is_killed_goes_on_to_the_same_weights(recipe: dict[str, Any], tmp_path: Path) -> None:
    recipe["training"] |= {"max_steps": 12, "evaluate_every": 12, "save_every": 2}
    assert Command(recipe, tmp_path).end() == 0
    other = {**recipe, "output": str(tmp_path / "killed")}
    command = Command(other, tmp_path)
    command.until(tmp_path / "killed" / "training" / "checkpoint-2" / "whole")
    command.process.send_signal(signal.SIGKILL)
    assert command.end() == -signal.SIGKILL
    assert not (tmp_path / "killed" / "model.safetensors").exists()
    again = Command(other, tmp_path)
    assert again.end() == 0, again.said
    first, second = tensors(Path(recipe["output"])), tensors(tmp_path / "killed")
    assert all(torch.equal(value, second[name]) for name, value in first.items())


@pytest.mark.slow
def test_a_full_disk_ends_in_one_line_and_the_training_goes_on(
    recipe: dict[str, Any], tmp_path: Path, small_disk: Path
) -> None:
    recipe["training"] |= {"max_steps": 40, "evaluate_every": 40, "save_every": 2}
    recipe["output"] = str(small_disk / "out")
    command = Command(recipe, tmp_path)
    command.until(small_disk / "out" / "training" / "checkpoint-2" / "whole")
    filler = small_disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
    assert command.end() == 1 and "Traceback" not in command.said
    assert "cannot write" in command.said and "Make room on the disk" in command.said
    filler.unlink()
    again = Command(recipe, tmp_path)
    assert again.end() == 0, again.said
    assert (small_disk / "out" / "model.safetensors").exists()

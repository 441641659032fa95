"""Many clips on several processes: the same figures in the same order, and nobody left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from auricle.errors import DatasetError
from auricle.verbs.datasets import Dataset, crew, open_dataset
from auricle.verbs.datasets.utterance import Utterance

COUNT = 60
TWO = (
    "import sys\nfrom auricle.cli import main\nfrom auricle.models import machine\n"
    "machine.cores = lambda: 2\nmain(sys.argv[1:])"
)


@pytest.fixture
def dataset(manifest: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Sixty clips, of which one is no sound, and a limit that only few of them are under."""
    monkeypatch.setattr(crew, "FEW", 5)
    path = manifest([{"audio": f"{number}.flac", "text": str(number)} for number in range(COUNT)])
    (path.parent / "30.flac").write_bytes(b"no sound")
    return open_dataset(path)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that were started."""
    found: list[subprocess.Popen[bytes]] = []
    real = crew._start

    def start() -> subprocess.Popen[bytes]:
        found.append(real())
        return found[-1]

    monkeypatch.setattr(crew, "_start", start)
    return found


def test_processes_find_what_one_finds(dataset: Dataset, started: list[Any]) -> None:
    alone = list(crew.measure_all(dataset, workers=1))
    assert not started
    assert list(crew.measure_all(dataset, workers=3)) == alone
    assert len(started) == 3
    assert [item.id for item, _ in alone] == [item.id for item in dataset]
    assert "holds text" in alone[30][1].error
    assert all(process.poll() is not None for process in started)


def test_few_clips_start_no_process(dataset: Dataset, started: list[Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(crew, "FEW", COUNT)
    assert len(list(crew.measure_all(dataset, workers=2))) == COUNT
    assert not started


def test_only_a_few_are_read_ahead(dataset: Dataset) -> None:
    items, read = list(dataset), 0

    def source() -> Iterator[Utterance]:
        nonlocal read
        for number in range(10_000):
            read += 1
            yield items[number % 20]

    with closing(crew.measure_all(source(), workers=2)) as heard:
        for number, _ in zip(range(400), heard, strict=False):
            assert read - number < 80


def test_leaving_early_ends_the_processes(dataset: Dataset, started: list[Any]) -> None:
    with closing(crew.measure_all(dataset, workers=2)) as heard:
        for _ in range(10):
            next(heard)
        assert len(started) == 2
    assert all(process.poll() is not None for process in started)


def test_a_process_that_dies_is_one_line(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    def start() -> subprocess.Popen[bytes]:
        dies = [sys.executable, "-c", "import sys; sys.exit(3)"]
        return subprocess.Popen(dies, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    monkeypatch.setattr(crew, "_start", start)
    with pytest.raises(DatasetError, match=r"exit code 3.*5\.flac to .*12\.flac"):
        list(crew.measure_all(dataset, workers=2))


def test_where_no_process_can_be_started_threads_do(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start() -> subprocess.Popen[bytes]:
        raise PermissionError

    monkeypatch.setattr(crew, "_start", start)
    assert len(list(crew.measure_all(dataset, workers=2))) == COUNT


def test_a_script_needs_no_guard(dataset: Dataset, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nfrom auricle.verbs.datasets import crew, open_dataset\ncrew.FEW = 5\n"
        "print(sum(heard.duration > 0 for _, heard in crew.measure_all(open_dataset(sys.argv[1]), 2)))\n"
    )
    done = subprocess.run([sys.executable, script, dataset.name], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{COUNT - 1}\n", "")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are looked up in /proc")
@pytest.mark.parametrize("kind", ["profile", "check"])
def test_ctrl_c_leaves_nobody_behind(manifest: Callable[..., Path], kind: str) -> None:
    path = manifest([{"audio": "a.flac", "text": "one"}])
    row = {"audio": "a.flac", "text": "one"}
    path.write_text("".join(json.dumps({**row, "id": str(number)}) + "\n" for number in range(20_000)))
    command = subprocess.Popen(
        [sys.executable, "-c", TWO, "datasets", kind, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    try:
        children = _children(command.pid)
    finally:
        os.killpg(command.pid, signal.SIGINT)
    out, err = command.communicate(timeout=60)
    assert (command.returncode, out) == (130, ""), err
    assert "Traceback" not in err
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def _children(pid: int) -> list[int]:
    """The processes a process has started, once there are any."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found: list[int] = []
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
                found += map(int, task.read_text().split())
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("no process was ever started")

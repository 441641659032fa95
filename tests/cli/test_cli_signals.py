"""Being stopped: by a person, by the system, and by SIGKILL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import FAKE, environment, record, tree

COUNT = 40
# The fake model, slowed down: so many seconds a recording, in Python or in C that holds up signals.
SLOW = """
import sys, time
from auricle.engines import fake
from auricle.cli import main
seconds, how = float(sys.argv[1]), sys.argv[2]
def transcribe(self, batch, options, real=fake.FakeEngine.transcribe):
    if how == "python":
        time.sleep(seconds)
    else:
        import ctypes
        mutex = ctypes.create_string_buffer(128)  # all zeros: unlocked
        print("decoding", file=sys.stderr, flush=True)
        for _ in range(2):  # the second never comes back, and no signal interrupts it
            ctypes.CDLL(None).pthread_mutex_lock(mutex)
    return real(self, batch, options)
fake.FakeEngine.transcribe = transcribe
main(sys.argv[3:])
"""


def start(seconds: float, how: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SLOW, str(seconds), how, "transcribe", *FAKE, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip


def wait_for(done: int, folder: Path) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if folder.is_dir() and len([name for name in tree(folder) if name.endswith(".txt")]) >= done:
            return
        time.sleep(0.005)
    raise AssertionError(f"{done} files never came")


@pytest.fixture
def talks(here: Path) -> Path:
    first = record(here / "talks/0.wav", 0.5).read_bytes()
    for number in range(1, COUNT):
        (here / f"talks/{number}.wav").write_bytes(first)
    return here


def test_sigkill_and_the_same_command_again(talks: Path) -> None:
    command = start(0.02, "python", "talks", "-o", "out", "-f", "txt,json")
    wait_for(4, talks / "out")
    command.kill()
    command.communicate()
    assert command.returncode == -signal.SIGKILL
    before = {path.name: path.stat().st_mtime_ns for path in (talks / "out").glob("*.txt")}
    assert 4 <= len(before) < COUNT
    again = start(0, "python", "talks", "-o", "out", "-f", "txt,json")
    err = again.communicate()[1]
    assert again.returncode == 0, err
    assert len(tree(talks / "out")) == 2 * COUNT
    lines = [json.loads(line) for line in (talks / "out/.auricle-journal.jsonl").read_text().splitlines()]
    finished = [line["source"] for line in lines if "done" in line]
    assert len(finished) == len(set(finished)) == COUNT
    kept = [name for name, time in before.items() if (talks / "out" / name).stat().st_mtime_ns == time]
    assert len(kept) >= len(before) - 1  # the one at hand had its text but not its line


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_in_order(talks: Path, number: signal.Signals, code: int) -> None:
    command = start(0.02, "python", "talks", "-o", "out")
    wait_for(3, talks / "out")
    command.send_signal(number)
    out, err = command.communicate()
    assert (command.returncode, out) == (code, ""), err
    last = err.splitlines()[-1]
    assert last.startswith("auricle: stopped with ")
    assert last.endswith(f" of {COUNT} recordings done. Type the same command again to go on.")
    assert "Traceback" not in err
    assert not [name for name in tree(talks) if name.endswith(".part")]
    done = int(last.split()[3])
    assert len(tree(talks / "out")) in (done, done + 1)  # the last may lack its line in the journal
    again = start(0, "python", "talks", "-o", "out", "-q")
    assert again.communicate() == ("", "")
    assert len(tree(talks / "out")) == COUNT


def test_the_second_signal_quits_at_once(talks: Path) -> None:
    command = start(30, "c", "talks", "-o", "out")
    assert command.stderr is not None
    assert command.stderr.readline() == "decoding\n"
    began = time.monotonic()
    command.send_signal(signal.SIGINT)
    time.sleep(1)
    command.send_signal(signal.SIGINT)
    err = command.communicate()[1]
    assert command.returncode == 130, err
    assert time.monotonic() - began < 10
    assert err == "auricle: stopping … the same again quits at once.\n"
    assert not [name for name in tree(talks) if name.endswith(".part")]


def test_ctrl_c_without_a_folder(talks: Path) -> None:
    command = start(0.2, "python", "talks")
    assert command.stdout is not None
    command.stdout.readline()
    command.send_signal(signal.SIGINT)
    err = command.communicate()[1]
    assert command.returncode == 130, err
    assert err.splitlines()[-1] == "auricle: stopped."


@pytest.mark.parametrize("pause", [0.0, 0.02])
def test_the_same_signal_sent_twice_at_once_is_one(talks: Path, pause: float) -> None:
    """As timeout(1) does, to the command and to its group."""
    command = start(0.2, "python", "talks")
    assert command.stdout is not None
    command.stdout.readline()
    command.send_signal(signal.SIGINT)
    time.sleep(pause)
    command.send_signal(signal.SIGINT)
    err = command.communicate()[1]
    assert command.returncode == 130, err
    assert err.splitlines()[-1] == "auricle: stopped."


def test_a_signal_while_a_model_loads(here: Path) -> None:
    record(here / "talk.wav")
    code = (
        "import sys, time\nfrom auricle.engines import fake\nfrom auricle.cli import main\n"
        "def load(options):\n    print('loading', file=sys.stderr, flush=True)\n    time.sleep(30)\n"
        "fake.load = load\nmain(['transcribe', '--model', 'fake', 'talk.wav', '-o', 'out'])"
    )
    command = subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, env=environment()
    )
    assert command.stderr is not None
    command.stderr.readline()
    os.kill(command.pid, signal.SIGTERM)
    assert "stopped with 0 of 1" in command.communicate()[1]
    assert command.returncode == 143
    assert tree(here) == {"talk.wav"}


@pytest.mark.skipif(os.name == "nt", reason="no signals")
def test_ctrl_c_while_the_command_line_loads(here: Path) -> None:
    (here / "click.py").write_text(
        "import sys, time\nsys.stderr.write('loading\\n')\nsys.stderr.flush()\ntime.sleep(30)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "auricle", "doctor"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(PYTHONPATH=str(here)),
    )  # fmt: skip
    assert process.stderr is not None and process.stderr.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "auricle: stopped.\n")

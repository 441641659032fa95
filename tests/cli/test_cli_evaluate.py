"""``auricle evaluate`` through the command line: what is printed is true, whatever is wrong."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import FAKE, Command, environment

from auricle.verbs.evaluate import Run
from corpora import corpus, counted

RUN = ("--run", "run")
FAST = (*FAKE, "--normalizer", "multilingual")  # whisper-english would make one number of all


def report(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "report.json").read_text())
    return found


def test_a_run_says_how_good_and_keeps_everything(auricle: Command, here: Path) -> None:
    corpus(here / "talks", [("a", 2, "one two seconds"), ("b", 3, "One, two free seconds.")])
    found = auricle("evaluate", *FAST, "--dataset", "talks", *RUN)
    assert (found.code, found.err) == (0, "talks: 2 utterances, 0:05 of audio\n")
    lines = found.out.splitlines()
    assert lines[0] == "fake on talks: 2 utterances, 0:05"
    assert lines[2].split() == "WER normalised 14.29 % – 1 1 0 0 7".split()
    assert lines[3].split()[:4] == ["WER", "orthographic", "42.86", "%"]
    run = Run.load(here / "run")
    assert [row.hypothesis for row in run.rows] == ["one two seconds", "one two three seconds"]
    assert run.story.total == 2
    assert run.story.versions.keys() >= {"auricle", "rapidfuzz"}
    assert run.findings["scores"]["normalized"]["rate"] == pytest.approx(1 / 7)
    assert run.findings["speed"]["audio"] == pytest.approx(5.0)


def test_the_same_command_again_hears_nothing_and_says_the_same(auricle: Command, here: Path) -> None:
    counted(here / "talks")
    first = auricle("evaluate", *FAST, "--dataset", "talks")
    before = (here / "runs" / "fake-talks" / "report.json").read_bytes()
    again = auricle("evaluate", *FAST, "--dataset", "talks")
    assert "3 utterances heard before" in again.err
    assert again.out == first.out
    assert (here / "runs" / "fake-talks" / "report.json").read_bytes() == before


def test_partial_is_said_wherever_a_figure_is(auricle: Command, here: Path) -> None:
    counted(here / "talks")
    found = auricle("evaluate", *FAST, "--dataset", "talks", *RUN, "--max-utterances", 2)
    assert found.code == 0
    assert found.out.splitlines()[1] == "  PARTIAL: 2 of 3 utterances"
    assert report(here / "run")["findings"]["mark"] == "PARTIAL: 2 of 3 utterances"  # type: ignore[index]
    assert "PARTIAL" not in auricle("evaluate", *FAST, "--dataset", "talks", "--max-utterances", 3).out


def test_lines_that_were_lost_are_heard_again(auricle: Command, here: Path) -> None:
    counted(here / "talks")
    first = auricle("evaluate", *FAST, "--dataset", "talks", *RUN)
    lines = here / "run" / "utterances.jsonl"
    lines.write_text("\n".join(lines.read_text().splitlines()[:1]) + "\n")
    assert Run.load(here / "run").mark == "PARTIAL: 1 of 3 utterances, 2 not in utterances.jsonl"
    again = auricle("evaluate", *FAST, "--dataset", "talks", *RUN)
    assert "1 utterance heard before" in again.err
    assert again.out.splitlines()[:6] == first.out.splitlines()[:6]


def test_a_folder_with_another_run_is_refused(auricle: Command, here: Path) -> None:
    counted(here / "talks")
    counted(here / "other", 4)
    assert auricle("evaluate", *FAST, "--dataset", "talks", *RUN).code == 0
    before = (here / "run" / "utterances.jsonl").read_bytes()
    for more, said in (
        (("--dataset", "talks", "--beam-size", 5), "--beam-size=1, not 5"),
        (("--dataset", "other"), "fingerprint="),
        (("--dataset", "talks", "--normalizer", "none"), "normalizer="),
        (("--dataset", "talks", "--max-utterances", 2), "--max-utterances=None, not 2"),
    ):
        found = auricle("evaluate", *FAST, *more, *RUN)
        assert found.code == 1
        assert found.out == ""
        assert f"run holds a run with {said}" in found.err.splitlines()[-1]
        assert found.err.endswith("Type: --run with another folder, or --overwrite.\n")
    assert (here / "run" / "utterances.jsonl").read_bytes() == before
    found = auricle("evaluate", *FAST, "--dataset", "other", *RUN, "--overwrite")
    assert found.out.startswith("fake on other: 4 utterances")


def test_the_same_dataset_by_another_path_is_the_same_run(auricle: Command, here: Path) -> None:
    counted(here / "talks")
    auricle("evaluate", *FAST, "--dataset", "talks", *RUN)
    found = auricle("evaluate", *FAST, "--dataset", here / "talks" / "manifest.jsonl", *RUN)
    assert (found.code, "3 utterances heard before" in found.err) == (0, True)


@pytest.mark.parametrize("text", [None, ""])
def test_text_where_nothing_is_said_has_no_rate_but_is_counted(
    auricle: Command, here: Path, text: str | None
) -> None:
    corpus(here / "hum", [("a", 2, text), ("b", 3, text)])
    found = auricle("evaluate", *FAST, "--dataset", "hum", *RUN, "--missing-text", "silence")
    assert found.code == 0
    assert found.out.splitlines()[2].split() == "WER normalised – – 7 0 0 7 0".split()
    assert "no rate: there is no word in the references to divide by" in found.out
    assert "text where nothing is said: in 2 of 2 clips, 7 words in 0:05: 1440.0 clips an hour" in found.out
    scores = report(here / "run")["findings"]["scores"]["normalized"]  # type: ignore[index]
    assert (scores["rate"], scores["insertions"]) == (None, 7)


def test_empty_references_count_as_insertions(auricle: Command, here: Path) -> None:
    corpus(here / "talks", [("a", 2, "one two seconds"), ("b", 2, "")])
    found = auricle("evaluate", *FAST, "--dataset", "talks")
    assert found.out.splitlines()[2].split() == "WER normalised 100.00 % – 3 0 0 3 3".split()


def test_texts_that_are_missing_are_never_passed_over_in_silence(auricle: Command, here: Path) -> None:
    corpus(here / "talks", [("a", 2, "one two seconds"), ("b", 2, None)])
    found = auricle("evaluate", *FAST, "--dataset", "talks", *RUN)
    assert (found.code, found.out) == (1, "")
    assert "utterance 2 (b) has no text." in found.complaint
    assert "--missing-text silence" in found.complaint
    assert not (here / "run").exists()
    found = auricle("evaluate", *FAST, "--dataset", "talks", *RUN, "--missing-text", "skip")
    assert "warning: 1 without a text are skipped" in found.err
    assert found.out.startswith("fake on talks: 1 utterance,")
    assert Run.load(here / "run").story.skipped == 1


def test_ids_that_are_there_twice_are_refused(auricle: Command, here: Path) -> None:
    corpus(here / "talks", [("a", 2, "one two seconds"), ("b", 2, "x"), ("a", 2, "y")])
    found = auricle("evaluate", *FAST, "--dataset", "talks", *RUN)
    assert (found.code, found.out) == (1, "")
    assert "the id 'a' is there twice, the second time as utterance 3" in found.complaint
    assert not (here / "run").exists()


@pytest.mark.parametrize("lines", ["", "\n"])
def test_an_empty_set_is_an_error(auricle: Command, here: Path, lines: str) -> None:
    (here / "manifest.jsonl").write_text(lines)
    found = auricle("evaluate", *FAST, "--dataset", "manifest.jsonl", *RUN)
    assert (found.code, found.out) == (1, "")
    assert "no utterance that can be used" in found.complaint
    assert not (here / "run").exists()


def test_what_cannot_be_heard_makes_the_result_partial(auricle: Command, here: Path) -> None:
    counted(here / "talks")
    (here / "talks" / "1-clip1.wav").write_bytes(b"not sound")
    found = auricle("evaluate", *FAST, "--dataset", "talks", *RUN)
    assert found.code == 1
    assert "auricle: clip1: " in found.err
    assert "PARTIAL: 2 of 3 utterances, 1 could not be heard" in found.out
    again = auricle("evaluate", *FAST, "--dataset", "talks", *RUN)
    assert (again.code, "auricle: clip1: " in again.err) == (1, True)


def test_what_the_dataset_leaves_out_makes_the_result_partial(auricle: Command, here: Path) -> None:
    counted(here / "talks")
    (here / "talks" / "1-clip1.wav").unlink()
    found = auricle("evaluate", *FAST, "--dataset", "talks", *RUN)
    assert "missing audio: 1 left out" in found.err
    assert "PARTIAL: 2 of 2 utterances, 1 left out by the dataset" in found.out


def test_nothing_that_can_be_heard_is_an_error_without_figures(auricle: Command, here: Path) -> None:
    counted(here / "talks", 1)
    (here / "talks" / "0-clip0.wav").write_bytes(b"not sound")
    found = auricle("evaluate", *FAST, "--dataset", "talks", *RUN)
    assert (found.code, found.out) == (1, "")
    assert "no utterance of talks could be heard" in found.err


_DIES = """
import os, signal, sys
from auricle.engines.fake import FakeEngine
from auricle.cli import main
hear, left = FakeEngine.transcribe, [3]
def dying(self, batch, options):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return hear(self, batch, options)
FakeEngine.transcribe = dying
main(sys.argv[1:])
"""


def test_a_run_that_was_killed_goes_on(auricle: Command, here: Path) -> None:
    counted(here / "talks", 30)
    arguments = ["evaluate", *FAST, "--dataset", "talks", *RUN, "--batch-size", "1"]
    killed = subprocess.run(
        [sys.executable, "-c", _DIES, *arguments], capture_output=True, env=environment(), check=False
    )
    assert killed.returncode == -signal.SIGKILL
    killed = subprocess.run(
        [sys.executable, "-c", _DIES.replace("[3]", "[12]"), *arguments],
        capture_output=True,
        env=environment(),
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    run = Run.load(here / "run")
    assert (run.state, len(run.rows), run.mark) == ("running", 8, "PARTIAL: unfinished, 8 of 30 utterances")
    found = auricle(*arguments)
    assert found.code == 0
    assert "8 utterances heard before" in found.err
    whole = auricle("evaluate", *FAST, "--dataset", "talks", "--run", "whole", "--batch-size", "1")
    assert found.out.splitlines()[1:4] == whole.out.splitlines()[1:4]
    one, other = Run.load(here / "run"), Run.load(here / "whole")
    assert [(row.id, row.hypothesis) for row in one.rows] == [(row.id, row.hypothesis) for row in other.rows]


_ASKED = """
import os, signal, sys
from auricle.engines.fake import FakeEngine
from auricle.cli import main
hear, left = FakeEngine.transcribe, [12]
def interrupted(self, batch, options):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGINT)
    return hear(self, batch, options)
FakeEngine.transcribe = interrupted
main(sys.argv[1:])
"""


def test_ctrl_c_says_how_many_are_kept_and_the_same_command_goes_on(auricle: Command, here: Path) -> None:
    counted(here / "talks", 30)
    arguments = ["evaluate", *FAST, "--dataset", "talks", *RUN, "--batch-size", "1"]
    stopped = subprocess.run(
        [sys.executable, "-c", _ASKED, *arguments],
        capture_output=True,
        env=environment(),
        text=True,
        check=False,
    )
    assert (stopped.returncode, stopped.stdout) == (130, "")
    assert "auricle: stopped with 8 of 30 utterances kept. Type the same command again" in stopped.stderr
    assert len(Run.load(here / "run").rows) == 8
    found = auricle(*arguments)
    assert (found.code, "8 utterances heard before" in found.err) == (0, True)


def test_a_disk_that_fills_is_one_line_and_no_figures(
    auricle: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted(here / "talks", 20)
    arguments = ("evaluate", *FAST, "--dataset", "talks", *RUN, "--batch-size", 1)
    real, calls = os.fsync, []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        found = auricle(*arguments)
    assert (found.code, found.out) == (1, "")
    assert found.err.splitlines()[-1].startswith("auricle: cannot write run/utterances.jsonl: No space left")
    assert found.err.endswith("type the same command again to go on.\n")
    again = auricle(*arguments)
    assert (again.code, len(Run.load(here / "run").rows)) == (0, 20)


def test_a_file_that_cannot_grow_is_said(here: Path) -> None:
    resource = pytest.importorskip("resource")
    counted(here / "talks", 40)

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    done = subprocess.run(
        [sys.executable, "-m", "auricle", "evaluate", *FAST, "--dataset", "talks", *RUN, "--batch-size", "2"],
        capture_output=True,
        env=environment(),
        preexec_fn=small,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"cannot write run/utterances.jsonl: File too large" in done.stderr
    run = Run.load(here / "run")
    assert run.rows
    assert run.state == "running"


def test_usage(auricle: Command, here: Path) -> None:
    assert auricle("evaluate", "--model", "fake").code == 2
    assert auricle("evaluate", "--dataset", "x", "--max-utterances", "two").code == 2
    found = auricle("evaluate", "--dataset", "talks", "--model", "fake", "--max-utterances", 0)
    assert (found.code, found.complaint) == (1, "--max-utterances must be at least 1.")
    found = auricle("evaluate", "--dataset", "nowhere", "--model", "fake")
    assert found.code == 1
    assert "nowhere" in found.complaint
    found = auricle("evaluate", "--dataset", "talks", "--model", "fake", "--normalizer", "multilingul")
    assert (found.code, "Did you mean multilingual?" in found.err) == (2, True)


_BARE = "import sys; sys.modules['rapidfuzz'] = None; from auricle.cli import main; main(sys.argv[1:])"


def test_packages_that_are_missing_are_named_before_anything_is_heard(here: Path) -> None:
    counted(here / "talks")
    done = subprocess.run(
        [sys.executable, "-c", _BARE, "evaluate", *FAST, "--dataset", "talks", *RUN],
        capture_output=True,
        env=environment(),
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == 'auricle: scoring needs more packages. Type: pip install "auricle[eval]"\n'
    assert not (here / "run").exists()

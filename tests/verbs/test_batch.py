"""Many recordings: one bad one never stops the rest, and what was done is not done again."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audio_files import tone, write
from auricle import storage
from auricle.errors import AuricleError, ModelError, OptionError
from auricle.options import build
from auricle.transcript import Segment, Transcript
from auricle.verbs.transcribe import TranscribeOptions, Transcriber
from auricle.verbs.transcribe.batch import Batch, Outcome
from auricle.verbs.transcribe.files import OutputOptions, Task, plan
from auricle.verbs.transcribe.journal import JOURNAL

FAKE = build(TranscribeOptions, {"model": "fake", "vad": False})
OUT = OutputOptions(output_dir="out", format=("txt",))


class Notes:
    """A watcher that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def skipped(self, count: int) -> None:
        self.told.append(("skipped", count))

    def loading(self, model: str) -> None:
        self.told.append("loading")

    def started(self, task: Task, channel: str | None, seconds: float | None, place: tuple[int, int]) -> None:
        self.told.append((task.source, channel, seconds, place))

    def segment(self, task: Task, segment: Segment) -> None:
        self.told.append(segment.text)

    def progress(self, task: Task, done: float) -> None:
        self.told.append(done)

    def finished(self, task: Task, transcript: Transcript, files: list[Path]) -> None:
        self.told.append([str(file) for file in files])

    def failed(self, task: Task, error: AuricleError) -> None:
        self.told.append(str(error))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "c"):
        write(Path(f"{name}.wav"), tone(seconds=1.0, rate=8000), 8000)
    return tmp_path


def run(
    inputs: list[str], output: OutputOptions = OUT, options: TranscribeOptions = FAKE, watcher: Any = None
) -> Outcome:
    planned = plan(inputs, output, channel=options.channel)
    return Batch(planned, options, watcher or Notes(), overwrite=output.overwrite).run()


ALL = ["a.wav", "b.wav", "c.wav"]


def names(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def counts(outcome: Outcome) -> tuple[int, int, int]:
    return outcome.done, outcome.skipped, len(outcome.failed)


def test_what_a_watcher_is_told(here: Path) -> None:
    watcher = Notes()
    run(["a.wav", "gone.wav", "b.wav"], watcher=watcher)
    missing, *rest = watcher.told
    assert "there is no file gone.wav" in missing
    assert rest == [
        "loading",
        ("a.wav", None, 1.0, (2, 3)), "one second", 1.0, ["out/a.txt"],
        ("b.wav", None, 1.0, (3, 3)), "one second", 1.0, ["out/b.txt"],
    ]  # fmt: skip


def test_the_second_run_does_nothing(here: Path) -> None:
    assert counts(run(ALL)) == (3, 0, 0)
    watcher = Notes()
    assert counts(run(ALL, watcher=watcher)) == (0, 3, 0)
    assert watcher.told == [("skipped", 3)]


def test_nothing_is_loaded_where_nothing_can_be_read(here: Path) -> None:
    def load(_: TranscribeOptions) -> Transcriber:
        raise AssertionError

    Path("empty.wav").write_bytes(b"")
    outcome = Batch(plan(["gone.wav", "empty.wav"], OUT), FAKE, Notes(), load=load).run()
    assert counts(outcome) == (0, 0, 2)
    assert not Path("out").exists()


def test_what_concerns_all_alike_is_raised(here: Path) -> None:
    with pytest.raises(ModelError):
        run(ALL, options=build(TranscribeOptions, {"model": "tiny.enn"}))
    with pytest.raises(OptionError):
        run(ALL, options=build(TranscribeOptions, {"model": "fake", "batch_size": 0}))


def test_one_bad_recording(here: Path) -> None:
    Path("b.wav").write_text("Dear diary " * 30)
    outcome = run(ALL)
    assert counts(outcome) == (2, 0, 1)
    assert outcome.failed[0][0].source == "b.wav"
    write(Path("b.wav"), tone(seconds=1.0, rate=8000), 8000)
    assert counts(run(ALL)) == (1, 2, 0)


@pytest.mark.parametrize(
    "change",
    [
        lambda: (OUT, replace(FAKE, batch_size=2)),
        lambda: (replace(OUT, format=("txt", "srt")), FAKE),
        lambda: (replace(OUT, keep_suffix=True), FAKE),
        lambda: (replace(OUT, overwrite=True), FAKE),
    ],
)
def test_other_options_do_it_again(change: Any, here: Path) -> None:
    run(ALL)
    output, options = change()
    assert counts(run(ALL, output, options)) == (3, 0, 0)


def test_another_recording_or_a_missing_file_is_done_again(here: Path) -> None:
    run(ALL)
    write(Path("a.wav"), tone(seconds=2.0, rate=8000), 8000)
    Path("out/b.txt").unlink()
    assert counts(run(ALL)) == (2, 1, 0)
    assert Path("out/a.txt").read_text() == "one two seconds\n"
    assert counts(run(ALL)) == (0, 3, 0)


def test_a_recording_that_now_belongs_elsewhere_is_done_again(here: Path) -> None:
    Path("rec/sub").mkdir(parents=True)
    Path("a.wav").rename("rec/sub/x.wav")
    run(["rec"])
    assert counts(run(["rec/sub/x.wav"])) == (1, 0, 0)
    assert Path("out/x.txt").exists()


def test_a_torn_last_line(here: Path) -> None:
    run(ALL)
    journal = Path("out") / JOURNAL
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-25])  # c's line lost its end
    assert counts(run(ALL)) == (1, 2, 0)
    assert counts(run(ALL)) == (0, 3, 0)
    lines = journal.read_text().splitlines()
    assert [json.loads(line) for line in lines[-2:]]


@pytest.mark.parametrize(
    "junk", [b"\xff\xfe\x00", b"[1]\nnull\n{}\n", b'{"source": 1, "done": 2}\n', b'{"writing": 3}']
)
def test_a_journal_of_nonsense(junk: bytes, here: Path) -> None:
    Path("out").mkdir()
    (Path("out") / JOURNAL).write_bytes(junk)
    assert counts(run(ALL)) == (3, 0, 0)
    assert counts(run(ALL)) == (0, 3, 0)


def test_a_foreign_file_is_kept(here: Path) -> None:
    Path("out").mkdir()
    Path("out/b.txt").write_text("mine")
    outcome = run(ALL)
    assert counts(outcome) == (2, 0, 1)
    assert "out/b.txt is there already" in str(outcome.failed[0][1])
    assert Path("out/b.txt").read_text() == "mine"
    assert counts(run(ALL, replace(OUT, overwrite=True))) == (3, 0, 0)


def test_what_somebody_has_corrected_is_kept(here: Path) -> None:
    run(ALL)
    Path("out/a.txt").write_text("corrected by hand")
    assert counts(run(ALL)) == (0, 3, 0)
    outcome = run(ALL, options=replace(FAKE, batch_size=2))
    assert counts(outcome) == (2, 0, 1)
    assert "changed since" in str(outcome.failed[0][1])
    assert Path("out/a.txt").read_text() == "corrected by hand"


def test_a_moved_folder_is_still_ours(here: Path) -> None:
    run(ALL)
    Path("out").rename("texts")
    assert counts(run(ALL, replace(OUT, output_dir="texts"))) == (0, 3, 0)


def test_killed_between_two_formats(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = replace(OUT, format=("txt", "json"))
    real = storage.write_atomic

    def killed(path: Path, data: bytes) -> None:
        if path.suffix == ".json":
            raise KeyboardInterrupt
        real(path, data)

    monkeypatch.setattr("auricle.verbs.transcribe.files.write_atomic", killed)
    with pytest.raises(KeyboardInterrupt):
        run(ALL, output)
    assert names("out") == [JOURNAL, "a.txt"]
    monkeypatch.undo()
    monkeypatch.chdir(here)
    assert counts(run(ALL, output)) == (3, 0, 0)


def test_a_full_disk_while_writing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync
    calls = 0

    def full(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 5:  # journal, file, journal of the first; journal of the second, then its file
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    outcome = run(ALL)
    assert counts(outcome) == (2, 0, 1)
    assert str(outcome.failed[0][1]) == "cannot write out/b.txt: No space left on device"
    assert names("out") == [JOURNAL, "a.txt", "c.txt"]
    assert counts(run(ALL)) == (1, 2, 0)


def test_a_journal_that_cannot_be_written_stops_before_the_files(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (Path("out") / JOURNAL).mkdir(parents=True)
    outcome = run(ALL)
    assert counts(outcome) == (0, 0, 3)
    assert names("out") == [JOURNAL]


def test_ctrl_c_while_a_file_is_written_leaves_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        storage.write_atomic(here / "new.txt", b"text")
    assert names(".") == ALL


def test_a_name_as_long_as_the_disk_allows(here: Path) -> None:
    name = "x" * 251
    Path("a.wav").rename(f"{name}.wav")
    assert counts(run([f"{name}.wav"])) == (1, 0, 0)
    assert Path(f"out/{name}.txt").exists()


def test_ctrl_c_ends_the_thread_that_reads_ahead(here: Path) -> None:
    write(Path("long.flac"), tone(seconds=400, rate=16000), 16000)

    class Impatient(Notes):
        def segment(self, task: Task, segment: Segment) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(["long.flac"], options=replace(FAKE, batch_size=1), watcher=Impatient())

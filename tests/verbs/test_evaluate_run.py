"""The run folder: whole after a crash, gone on with only in the same way, read back as written."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.errors import FormatError, MissingFileError, OptionError, OutputError
from auricle.transcript import Word
from auricle.verbs.evaluate import Failed, Run, RunWriter, Scored, Story

STORY = Story(
    model="tiny.en",
    engine="ctranslate2",
    revision="abc",
    device="cpu",
    compute_type="int8",
    dataset="talks",
    fingerprint="f00d",
    normalizer="english",
    normalizer_version="1",
    options={"beam_size": 1, "temperatures": [0.0, 0.2]},
    total=3,
    versions={"auricle": "0.1.0"},
    created="2026-11-25T20:00:00+00:00",
)


def row(name: str = "one", **more: object) -> Scored:
    return replace(Scored(name, "the cat", "the hat", duration=1.5, elapsed=0.25), **more)  # type: ignore[arg-type]


def written(folder: Path, *rows: Scored | Failed, findings: dict[str, object] | None = None) -> Run:
    writer = RunWriter(folder, STORY)
    writer.add(rows)
    return writer.finish(findings or {})


texts = st.text(st.characters(codec="utf-8"), max_size=20)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, width=32) | texts
)
rows = st.builds(
    Scored,
    id=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    reference=texts,
    hypothesis=texts,
    speaker=st.none() | texts,
    duration=st.floats(0, 1e5),
    snr=st.none() | st.floats(-100, 100),
    words=st.lists(st.builds(Word, texts, st.floats(0, 10), st.floats(0, 10)), max_size=3).map(tuple),
    columns=st.dictionaries(
        texts, scalars.filter(lambda value: value not in (float("inf"), -float("inf"))), max_size=3
    ),
)


@given(st.lists(rows, max_size=5, unique_by=lambda item: item.id))
@settings(max_examples=25, deadline=None)
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, some: list[Scored]) -> None:
    folder = tmp_path_factory.mktemp("run")
    run = written(folder, *some, findings={"scores": {"errors": 1}})
    assert (run.rows, run.story, run.state, run.findings) == (
        tuple(some),
        STORY,
        "complete",
        {"scores": {"errors": 1}},
    )


def test_a_run_is_found_by_its_folder_or_a_file_in_it(tmp_path: Path) -> None:
    run = written(tmp_path, row())
    for name in ("", "report.json", "utterances.jsonl", "report.html"):
        assert Run.load(tmp_path / name) == run


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_half_a_last_line_is_cut_off_and_written_again(tmp_path: Path, cut: int) -> None:
    RunWriter(tmp_path, STORY).add([row("one"), row("two")])
    lines = tmp_path / "utterances.jsonl"
    lines.write_bytes(lines.read_bytes()[:-cut])
    assert [item.id for item in Run.load(tmp_path).rows] == ["one"]
    writer = RunWriter(tmp_path, STORY)
    assert writer.before is not None
    assert [item.id for item in writer.before.rows] == ["one"]
    writer.add([row("two")])
    assert writer.finish({}).rows == (row("one"), row("two"))


_KILLED = """
import sys, itertools
sys.path.insert(0, {tests!r})
from test_evaluate_run import STORY, row
from auricle.verbs.evaluate import RunWriter
writer = RunWriter({folder!r}, STORY)
done = len(writer.before.rows) if writer.before else 0
for number in itertools.count(done):
    writer.add([row(str(number), hypothesis="word " * 2000)])
    print(number, flush=True)
"""


def test_a_run_killed_while_it_writes_goes_on(tmp_path: Path) -> None:
    code = _KILLED.format(tests=str(Path(__file__).parent), folder=str(tmp_path))
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(5)]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        run = Run.load(tmp_path)
        assert run.state == "running"
        assert [item.id for item in run.rows] == [str(number) for number in range(len(run.rows))]
        assert len(run.rows) > int(said[-1])


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"options": {"beam_size": 5, "temperatures": [0.0, 0.2]}}, "beam_size=1, not 5"),
        ({"fingerprint": "beef"}, "fingerprint='f00d', not 'beef'"),
        ({"limit": 2}, "limit=None, not 2"),
        ({"normalizer_version": "2"}, "normalizer_version='1', not '2'"),
        ({"versions": {"auricle": "0.2.0"}}, "auricle='0.1.0', not '0.2.0'"),
    ],
)
def test_another_run_is_never_gone_on_with(tmp_path: Path, other: dict[str, object], said: str) -> None:
    RunWriter(tmp_path, STORY).add([row()])
    with pytest.raises(OptionError, match=said):
        RunWriter(tmp_path, replace(STORY, **other))  # type: ignore[arg-type]
    assert len(Run.load(tmp_path).rows) == 1
    writer = RunWriter(tmp_path, replace(STORY, **other), overwrite=True)  # type: ignore[arg-type]
    assert writer.before is None
    assert Run.load(tmp_path).rows == ()


def test_the_time_of_the_beginning_may_differ_and_stays(tmp_path: Path) -> None:
    RunWriter(tmp_path, STORY).add([row()])
    assert RunWriter(tmp_path, replace(STORY, created="later")).finish({}).story == STORY


def test_a_complete_run_stays_as_it_is(tmp_path: Path) -> None:
    written(tmp_path, row("one"), row("two"), row("three"), findings={"a": 1})
    before = (tmp_path / "report.json").read_bytes()
    assert RunWriter(tmp_path, STORY).before is not None
    assert (tmp_path / "report.json").read_bytes() == before


def test_a_full_disk_keeps_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = RunWriter(tmp_path, STORY)
    writer.add([row("one")])

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match=r"No space left on device.*same command again"):
            writer.add([row("two")])
        with pytest.raises(OutputError, match="No space left"):
            writer.finish({"a": 1})
    run = Run.load(tmp_path)
    assert (run.rows[0], run.state, run.findings) == (row("one"), "running", {})


def test_what_failed_is_told_until_it_is_heard(tmp_path: Path) -> None:
    run = written(tmp_path, row("one"), Failed("two", "no sound"), row("three"))
    assert run.mark == "PARTIAL: 2 of 3 utterances, 1 could not be heard"
    writer = RunWriter(tmp_path, STORY)
    assert Run.load(tmp_path).state == "running"
    writer.add([row("two")])
    run = writer.finish({})
    assert (run.failed, run.mark, len(run.rows)) == ((), "", 3)


def test_partial_is_said_of_a_limit_and_of_an_unfinished_run(tmp_path: Path) -> None:
    full = Run(tmp_path, replace(STORY, total=1, limit=1), (row(),))
    assert full.mark == ""
    assert replace(full, story=replace(STORY, limit=1)).mark == "PARTIAL: 1 of 3 utterances"
    assert replace(full, story=replace(STORY, limit=1, total=None)).mark == "PARTIAL: 1 utterances"
    assert replace(full, state="running").mark == "PARTIAL: unfinished, 1 of 1 utterances"


def test_numbers_that_are_none_become_null(tmp_path: Path) -> None:
    run = written(tmp_path, row(columns={"age": float("nan"), "of": {1, 2}, "at": Path("x")}))
    assert run.rows[0].columns == {"age": None, "of": [1, 2], "at": "x"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"nonsense\n", "line 2 is not an utterance"),
        (b'{"id": "x", "colour": 1}\n', "line 2 is not an utterance"),
        (b"[]\n", "line 2 is not an utterance"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, text: bytes, said: str) -> None:
    written(tmp_path, row())
    with (tmp_path / "utterances.jsonl").open("ab") as file:
        file.write(text)
    with pytest.raises(FormatError, match=said):
        Run.load(tmp_path)


def test_an_utterance_twice_is_named(tmp_path: Path) -> None:
    written(tmp_path)
    RunWriter(tmp_path, STORY).add([row(), row()])
    with pytest.raises(FormatError, match="line 2: 'one' is there twice"):
        Run.load(tmp_path)


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="there is no run in"):
        Run.load(tmp_path)
    for text, said in (("{", "cannot be read"), ("[]", "is not the report of a run"), ("{}", "is not the")):
        (tmp_path / "report.json").write_text(text)
        with pytest.raises(FormatError, match=said):
            Run.load(tmp_path)
    report = {"format": 1, "state": "complete", "story": {"model": "x"}}
    (tmp_path / "report.json").write_text(json.dumps(report))
    with pytest.raises(FormatError, match="does not tell how the run was made"):
        Run.load(tmp_path)
    (tmp_path / "report.json").write_text(json.dumps({**report, "format": 2}))
    with pytest.raises(FormatError, match="has the format 2, this version reads 1"):
        Run.load(tmp_path)


def test_utterances_without_a_report_are_not_taken_for_ours(tmp_path: Path) -> None:
    (tmp_path / "utterances.jsonl").write_text("mine\n")
    with pytest.raises(OptionError, match="--overwrite to begin anew"):
        RunWriter(tmp_path, STORY)
    assert (tmp_path / "utterances.jsonl").read_text() == "mine\n"

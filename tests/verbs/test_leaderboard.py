"""The leaderboard: what may be ranked, in which order, and what is refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auricle.cli.leaderboard import as_csv, as_html, as_markdown, as_text
from auricle.errors import MissingFileError, OptionError, ScoreError
from auricle.verbs.evaluate import Run, RunWriter, Scored, ScoreOptions, Story
from auricle.verbs.evaluate.findings import findings
from auricle.verbs.leaderboard import leaderboard

PROTOCOL = {
    "device": "cpu",
    "batch_size": 8,
    "warmup": 1,
    "timed": "all",
    "compute_type": "int8",
    "threads": 2,
}
STORY = Story(
    model="small",
    engine="fake",
    revision="1",
    device="cpu",
    compute_type="int8",
    dataset="talks",
    fingerprint="f00d",
    normalizer="none",
    normalizer_version="1",
    options={"beam_size": 1, "language": None},
    total=40,
    machine="chip",
    protocol=PROTOCOL,
)
SAID = "one two three four five"


def run(
    folder: Path, wrong: Sequence[int], *, seconds: float = 0.5, memory: int = 2**20, **story: Any
) -> Path:
    """A run of 40 utterances; utterance number n has ``wrong[n % len(wrong)]`` of 5 words wrong."""
    made = replace(STORY, **story)
    rows = []
    for at in range(40):
        bad = wrong[at % len(wrong)]
        hypothesis = " ".join([*["x"] * bad, *SAID.split()[bad:]])
        row = Scored(f"{made.dataset}{at}", SAID, hypothesis, language="en", duration=2.0, elapsed=seconds)
        rows.append(replace(row, speaker=f"s{at % 8}"))
    writer = RunWriter(folder, made)
    writer.add(rows)
    read = replace(Run.load(folder), state="complete")
    writer.finish(findings(read, ScoreOptions(normalizer=made.normalizer), memory))
    return folder


def test_the_best_come_first_and_those_not_shown_to_be_worse_are_marked(tmp_path: Path) -> None:
    run(tmp_path / "a", [2, 2, 3], model="worse")
    run(tmp_path / "b", [0, 1, 0], model="better", memory=3 * 2**20)
    run(tmp_path / "c", [1, 0, 0], model="as good", seconds=0.25)
    board = leaderboard(tmp_path)
    assert [row.model for row in board.rows] == ["as good", "better", "worse"] or [
        row.model for row in board.rows
    ] == ["better", "as good", "worse"]
    marked = {row.model: cell.best for row in board.rows for cell in row.cells if cell is not None}
    assert marked == {"better": True, "as good": True, "worse": False}
    speeds = {row.model: row.throughput.rtfx for row in board.rows}
    assert speeds == {"better": 4.0, "as good": 8.0, "worse": 4.0}
    assert {row.model: row.memory for row in board.rows}["better"] == 3 * 2**20
    assert [row.rank for row in board.rows] == [1, 2, 3]


def test_a_row_without_a_run_has_no_rank_and_no_mean(tmp_path: Path) -> None:
    run(tmp_path / "a", [1], model="whole")
    run(tmp_path / "b", [2, 3], model="whole", dataset="calls", fingerprint="beef")
    run(tmp_path / "c", [0, 1], model="half")
    board = leaderboard(tmp_path)
    assert [(row.model, row.rank, row.mean) for row in board.rows] == [
        ("whole", 1, pytest.approx((0.2 + 0.5) / 2)),
        ("half", None, None),
    ]
    assert [column.name for column in board.columns] == ["talks", "calls"]
    assert "–" in as_text(board)


def test_settings_tell_two_runs_of_one_model_apart(tmp_path: Path) -> None:
    run(tmp_path / "a", [1, 2])
    run(tmp_path / "b", [1, 1], options={"beam_size": 5, "language": "en"}, compute_type="float32")
    names = {row.model for row in leaderboard(tmp_path).rows}
    assert names == {
        "small (beam_size=1, compute_type=int8)",
        "small (beam_size=5, compute_type=float32)",
    }


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"normalizer": "multilingual"}, "scored with the normaliser none 1 and .* with multilingual 1"),
        ({"fingerprint": "beef"}, "both runs on talks, but the data differ"),
        ({"protocol": {**PROTOCOL, "batch_size": 1}}, "batch_size=8 and 1.*--no-speed"),
        ({"machine": "other chip"}, "machine='chip' and 'other chip'"),
        ({"model": "small"}, "the same model on the same data"),
    ],
)
def test_runs_that_cannot_be_ranked_are_refused(tmp_path: Path, other: dict[str, Any], said: str) -> None:
    run(tmp_path / "a", [1])
    run(tmp_path / "b", [2], **{"model": "other", **other})
    with pytest.raises(ScoreError, match=said):
        leaderboard(tmp_path)


def test_without_speeds_protocols_may_differ(tmp_path: Path) -> None:
    run(tmp_path / "a", [1])
    run(tmp_path / "b", [2], model="other", protocol={**PROTOCOL, "batch_size": 1})
    board = leaderboard(tmp_path, speed=False)
    assert board.protocol is None
    assert "RTFx" not in as_text(board)


def test_runs_over_other_utterances_and_unfinished_ones_are_refused(tmp_path: Path) -> None:
    run(tmp_path / "a", [1])
    writer = RunWriter(tmp_path / "b", replace(STORY, model="other", limit=1))
    writer.add([Scored("talks0", SAID, SAID, duration=2.0, elapsed=0.5)])
    with pytest.raises(ScoreError, match="b is unfinished"):
        leaderboard(tmp_path)
    read = replace(Run.load(tmp_path / "b"), state="complete")
    writer.finish(findings(read, ScoreOptions(normalizer="none"), None))
    with pytest.raises(ScoreError, match=r"b \(PARTIAL: 1 of 40 utterances\) cover different utterances"):
        leaderboard(tmp_path)
    board = leaderboard(tmp_path / "b")
    assert "talks PARTIAL WER" in as_text(board)
    assert "PARTIAL: 1 of 40 utterances" in as_markdown(board)
    assert "PARTIAL" in as_csv(board)
    assert "PARTIAL" in as_html(board)


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="there is no run in"):
        leaderboard(tmp_path)
    with pytest.raises(OptionError, match="name the runs to rank"):
        leaderboard()


def test_csv_has_fractions_and_html_escapes(tmp_path: Path) -> None:
    run(tmp_path / "a", [1, 2], model="<b>|small")
    board = leaderboard(tmp_path / "a")
    (row,) = csv.DictReader(io.StringIO(as_csv(board)))
    assert (row["rank"], float(row["talks rate"]), row["talks errors"]) == ("1", 0.3, "60")
    assert float(row["rtfx"]) == 4.0
    assert float(row["talks low"]) < 0.3 < float(row["talks high"])
    assert "&lt;b&gt;" in as_html(board)
    assert "<b>|small" not in as_html(board)
    assert "<b>\\|small" in as_markdown(board)

"""The figure of ../shared/baselines.md from the whole way: dataset, batches, run folder, score. Minutes."""

from __future__ import annotations

from pathlib import Path

import pytest

import auricle

pytestmark = [pytest.mark.slow, pytest.mark.speech]


def test_the_embedded_model_reproduces_the_baseline(speech: Path, tmp_path: Path) -> None:
    run = auricle.evaluate("tiny.en", speech / "cv_en_delta13", run=tmp_path / "run")
    assert (len(run.rows), run.mark, run.story.normalizer) == (645, "", "whisper-english")
    assert run.findings["scores"]["normalized"]["rate"] == pytest.approx(0.1555, abs=0.003)
    assert run.findings["scores"]["orthographic"]["rate"] < 0.23
    assert run.findings["speed"]["audio"] == pytest.approx(62.9 * 60, abs=6)

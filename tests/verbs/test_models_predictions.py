"""Predicted speed and memory against models of random weights, built at several sizes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import auricle
from auricle.verbs.models.probe import measure

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"


@pytest.mark.slow
def test_predictions_are_of_the_right_size(monkeypatch):
    """Within a factor of two in speed and three tenths in memory; the figures are in docs/log.md."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    predictions = __import__("predictions")
    probe = measure(auricle.sample(), threads=1)
    for name, predicted, found in predictions.compare(["tiny", "base", "small"], probe):
        assert 0.5 < predicted["rtfx"] / found["rtfx"] < 2.0, name
        assert 0.7 < predicted["memory"] / found["memory"] < 1.3, name
    sys.modules.pop("predictions")

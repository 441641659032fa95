"""auricle models recommend: a short table, what was measured and what predicted, and what to type."""

from __future__ import annotations

import json

import pytest
from command_line import Command

from auricle.verbs.models import recommend as module
from auricle.verbs.models.probe import Probe

QUICK = Probe(100e9, 10e9, "int8", ((11.0, 30, 0.5), (3.0, 7, 0.25)), 250_000_000, 2)


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two quick cores and 8 GB of memory."""
    monkeypatch.setattr(module, "measure", lambda recording, threads: QUICK)
    monkeypatch.setattr(module.machine, "memory", lambda: (8_000_000_000, 8_000_000_000))


def test_a_short_table_and_what_to_type(auricle: Command) -> None:
    result = auricle("models", "recommend", "--for", "captions", "--top", "60")
    lines = result.out.splitlines()
    assert lines[0].split() == "model engine RTFx memory how WER licence fits here".split()
    (tiny,) = (line for line in lines if line.startswith("tiny.en "))
    assert "measured" in tiny and "12.8 %" in tiny
    assert all("predicted" in line for line in lines[1:] if line != tiny)
    assert "for captions in English: recordings with times of words" in result.err
    assert result.err.splitlines()[-1].startswith("take ") and "Type: " in result.err


def test_json(auricle: Command) -> None:
    found = json.loads(auricle("models", "recommend", "--json", "--language", "Japanese").out)
    assert found["language"] == "ja" and found["purpose"] == "meetings" and len(found["advice"]) == 8
    assert {"model", "engine", "precision", "rtfx", "memory", "measured", "fits"} == set(found["advice"][0])


@pytest.mark.parametrize(
    ("arguments", "code", "match"),
    [
        (["--for", "singing"], 2, "'singing' is not known. Known: batch, captions, dictation, meetings"),
        (["--language", "germann"], 1, "Did you mean german"),
        (["--audio", "nothing.wav"], 1, "there is no file nothing.wav"),
        (["--top", "0"], 1, "top must be at least 1"),
    ],
)
def test_bad_input(arguments: list[str], code: int, match: str, auricle: Command) -> None:
    result = auricle("models", "recommend", *arguments)
    assert result.code == code and result.out == "" and match in result.complaint

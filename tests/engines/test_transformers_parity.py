"""The reference against CTranslate2 on a hundred clips of real speech, both greedy and in float32."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from auricle.audio import Audio
from auricle.engines import DecodeOptions, LoadOptions, load_engine

pytest.importorskip("transformers")


def clips(speech: Path) -> Iterator[Path]:
    """Fifty of LibriSpeech and fifty of Common Voice, none longer than a window."""
    for name in ("librispeech_test", "cv_en_delta13"):
        lines = (speech / name / "manifest.jsonl").read_text("utf-8").splitlines()
        rows = [row for row in map(json.loads, lines) if row["duration_s"] <= 29.5]
        yield from (speech / name / row["audio"] for row in rows[:50])


@pytest.mark.slow
def test_the_same_text_on_a_hundred_clips(speech: Path, caches: None) -> None:
    """At least 95 % equal to the letter; docs/log.md has the figure and says why the rest differ."""
    engines = [
        load_engine(LoadOptions(engine=name, compute_type="float32"))
        for name in ("transformers", "ctranslate2")
    ]
    differing: list[str] = []
    total = 0
    for path in clips(speech):
        audio = Audio.load(path).resample(16_000)
        ours, theirs = (engine.transcribe([audio], DecodeOptions())[0].text for engine in engines)
        total += 1
        if ours != theirs:
            differing.append(f"{path.name}\n  transformers {ours}\n  ctranslate2  {theirs}")
            print(differing[-1], flush=True)
    print(f"{total - len(differing)} of {total} clips have the same text")
    assert total == 100
    assert len(differing) <= 5, "\n".join(differing)

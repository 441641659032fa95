"""Small real datasets, made of tones."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from audio_files import tone, write

Rows = list[Mapping[str, Any]]


@pytest.fixture
def clip(tmp_path: Path) -> Callable[..., Path]:
    """Writes a recording of a tone; the pitch makes its content its own."""

    def make(name: str, seconds: float = 0.2, pitch: float = 440.0, rate: int = 8000) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return write(path, tone(pitch, seconds=seconds, rate=rate), rate)

    return make


@pytest.fixture
def manifest(tmp_path: Path, clip: Callable[..., Path]) -> Callable[..., Path]:
    """Writes corpus/manifest.jsonl with these rows, and the audio they name where it is not there."""

    def make(rows: Rows, name: str = "corpus") -> Path:
        for number, row in enumerate(rows):
            audio = row.get("audio")
            if isinstance(audio, str) and not (tmp_path / name / audio).exists():
                clip(f"{name}/{audio}", pitch=200.0 + 37 * number)
        path = tmp_path / name / "manifest.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        return path

    return make

"""Small datasets of tones: with the fake engine and without speech detection, seconds are words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audio_files import tone, write

HEARD = {1: "one second", 2: "one two seconds", 3: "one two three seconds"}


def corpus(folder: Path, rows: Sequence[tuple[str, float, str | None]], **columns: Any) -> Path:
    """A folder with a manifest: a row is an id, seconds of sound and a text; ``columns`` go into each."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, (name, seconds, text) in enumerate(rows):
        path = write(
            folder / f"{number}-{name}.wav", tone(200 + number, seconds=seconds, rate=16_000), 16_000
        )
        row = {"id": name, "audio": path.name, "text": text, "language": "en", "duration_s": seconds}
        lines.append(json.dumps({**row, **columns}))
    manifest = folder / "manifest.jsonl"
    manifest.write_text("\n".join(lines) + "\n", "utf-8")
    return manifest


def counted(folder: Path, count: int = 3) -> Path:
    """``count`` clips of 1, 2, 3, 1, … seconds, with what the fake engine says of them."""
    seconds = [1 + number % 3 for number in range(count)]
    return corpus(folder, [(f"clip{number}", whole, HEARD[whole]) for number, whole in enumerate(seconds)])

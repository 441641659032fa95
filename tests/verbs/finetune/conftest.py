"""A tiny random Whisper, and data of tones whose texts are its words."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))  # whisper_checkpoints

import whisper_checkpoints as wc

from corpora import corpus

WORDS = 400
pytest.importorskip("transformers")
pytest.importorskip("accelerate")


@pytest.fixture(scope="session")
def babel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A multilingual checkpoint of random weights, with the files of a real one."""
    folder = tmp_path_factory.mktemp("base") / "babel"
    tensors = wc.random_tensors(vocabulary=WORDS + 107 + 1501)
    wc.write_checkpoint(folder, tensors, heads=2, tokenizer=wc.tokenizer_json(WORDS, 99, timestamps=False))
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "eos_token_id": WORDS,
        "pad_token_id": WORDS,
        "decoder_start_token_id": WORDS + 1,
        "architectures": ["WhisperForConditionalGeneration"],
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(autouse=True)
def _short_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of random weights never comes to an end; a few tokens are enough of it."""
    monkeypatch.setattr("auricle.engines.transformers.whisper.MAX_TOKENS", 24)


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Twelve clips of a second or less, each with a text of its own."""
    rows = [(f"c{number}", 0.4 + 0.05 * number, f"abc {'xyz'[number % 3]}{number}") for number in range(12)]
    return corpus(tmp_path / "data", rows)


@pytest.fixture
def recipe(babel: Path, clips: Path, tmp_path: Path) -> dict[str, Any]:
    """The smallest training there is."""
    return {
        "output": str(tmp_path / "out"),
        "base": {"model": str(babel), "language": "en"},
        "data": {"train": [str(clips)], "dev_size": 2},
        "training": {
            "max_steps": 4,
            "batch_size": 2,
            "evaluate_every": 2,
            "learning_rate": 1e-3,
            "precision": "float32",
        },
    }

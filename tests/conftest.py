"""What all tests share. No test touches the network; nothing is written outside temporary folders."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

import auricle
from auricle.audio import Audio

ROOT = Path(__file__).parent.parent

# `make test` gives the same verdict on the same code; `make search` looks for new counterexamples.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("AURICLE_HYPOTHESIS", "same"))


def speech_folder() -> Path | None:
    """The recordings named by AURICLE_SPEECH, or ../shared/speech beside the checkout."""
    named = os.environ.get("AURICLE_SPEECH")
    folder = Path(named) if named else ROOT.parent / "shared" / "speech"
    return folder if folder.is_dir() else None


@pytest.fixture(autouse=True)
def _own_caches(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    base = tmp_path_factory.getbasetemp()
    monkeypatch.setenv("AURICLE_CACHE", str(base / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # read once, at import


@pytest.fixture(scope="session")
def speech() -> Path:
    """The folder of real recordings; the test skips where there is none."""
    folder = speech_folder()
    if folder is None:
        pytest.skip("needs the recordings of AURICLE_SPEECH")
    return folder


@pytest.fixture(scope="session")
def jfk() -> Audio:
    """The bundled sample: 11 s."""
    return Audio.load(auricle.sample())


@pytest.fixture(scope="session")
def tone() -> Audio:
    """Two seconds of 440 Hz."""
    time = np.arange(32_000) / 16_000
    return Audio((0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32), 16_000)

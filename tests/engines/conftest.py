"""The engines under test: the embedded model, a random multilingual one built in code, and the fake."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "models"))  # whisper_checkpoints

import whisper_checkpoints as wc

from auricle.audio import Audio
from auricle.engines import Engine, LoadOptions, load_engine
from auricle.engines.whisper import WhisperTokens
from auricle.models import embedded

WORDS = 400  # tokens of text that the random model knows


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Session fixtures come before the fixture that gives every test its own caches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AURICLE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        yield


@pytest.fixture(scope="session")
def tokens() -> WhisperTokens:
    """The tokenizer of the embedded model: English, 51,864 tokens."""
    folder = embedded.installed()
    assert folder is not None
    return WhisperTokens.load(folder)


@pytest.fixture(scope="session")
def tiny(caches: None) -> Engine:
    return load_engine("tiny.en", engine="ctranslate2")


@pytest.fixture(scope="session")
def random_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A multilingual checkpoint of random weights that knows 99 languages."""
    folder = tmp_path_factory.mktemp("random") / "babel"
    tokenizer = wc.tokenizer_json(WORDS, 99, timestamps=False)
    tensors = wc.random_tensors(vocabulary=WORDS + 107 + 1501)
    wc.write_checkpoint(folder, tensors, heads=2, tokenizer=tokenizer)
    config = json.loads((folder / "config.json").read_text())
    config |= {"eos_token_id": WORDS, "pad_token_id": WORDS, "decoder_start_token_id": WORDS + 1}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="session")
def babel(random_folder: Path, caches: None) -> Engine:
    return load_engine(LoadOptions(model=str(random_folder), compute_type="float32"))


@pytest.fixture(scope="session")
def fast(caches: None) -> Engine:
    """The embedded model on OpenVINO, as it is by default."""
    return load_engine(LoadOptions(engine="openvino", threads=2))


@pytest.fixture(scope="session")
def fast_babel(random_folder: Path, caches: None) -> Engine:
    return load_engine(
        LoadOptions(model=str(random_folder), engine="openvino", compute_type="float32", threads=2)
    )


@pytest.fixture(scope="session")
def reference(caches: None) -> Engine:
    """The embedded model on Transformers, in float32."""
    pytest.importorskip("transformers")
    return load_engine(LoadOptions(engine="transformers", threads=1))


@pytest.fixture(scope="session")
def slices(jfk: Audio) -> list[Audio]:
    """Speech of several lengths, cut in pauses."""
    return [jfk.slice(0.0, 3.0), jfk.slice(3.0, 8.0), jfk.slice(7.9, 11.0)]


@pytest.fixture(scope="session")
def noise() -> Audio:
    rng = np.random.default_rng(5)
    return Audio((0.05 * rng.standard_normal(3 * 16_000)).astype(np.float32), 16_000)

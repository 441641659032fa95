"""Files of whisper.cpp are read back, and one that is not what it was made from is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import whisper_checkpoints as wc

from auricle.errors import ModelError
from auricle.models import ModelFolder
from auricle.models.checkpoint import Tensors
from auricle.models.from_ggml import check_ggml, huggingface_from_ggml, read_ggml
from auricle.models.to_ggml import convert_to_ggml

WORDS = 400


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoint"
    tensors = wc.random_tensors(vocabulary=WORDS + 107 + 1501)
    wc.write_checkpoint(folder, tensors, heads=2, tokenizer=wc.tokenizer_json(WORDS, 99, timestamps=False))
    return folder


@pytest.fixture
def file(source: Path, tmp_path: Path) -> Path:
    return convert_to_ggml(ModelFolder(source, "huggingface", "small"), tmp_path / "small.bin")


def test_the_weights_come_back_in_float16(file: Path, source: Path, tmp_path: Path) -> None:
    back = huggingface_from_ggml(check_ggml(file, source), source, tmp_path / "back")
    before, after = Tensors([source / "model.safetensors"]), Tensors([back / "model.safetensors"])
    name = "model.decoder.layers.0.fc1.weight"
    shape = before.shape(name)
    assert np.array_equal(after.read(name, shape), before.read(name, shape).astype(np.float16))
    bias = "model.encoder.conv1.bias"
    assert np.array_equal(after.read(bias, before.shape(bias)), before.read(bias, before.shape(bias)))
    assert (back / "tokenizer.json").read_bytes() == (source / "tokenizer.json").read_bytes()


def test_a_weight_that_differs_is_named(file: Path, source: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-2] ^= 1
    file.write_bytes(data)
    last = list(read_ggml(file).tensors)[-1]
    with pytest.raises(ModelError, match=f"the weight {last} is not that of"):
        check_ggml(file, source)


def test_another_model_is_told_by_its_head(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    tensors = wc.random_tensors(vocabulary=WORDS + 108 + 1501)
    wc.write_checkpoint(other, tensors, heads=2, tokenizer=wc.tokenizer_json(WORDS + 1, 99, timestamps=False))
    with pytest.raises(ModelError, match="its head is not that of"):
        check_ggml(file, other)


@pytest.mark.parametrize(
    ("cut", "said"),
    [(-3, "bytes early"), (30, "not a whole file"), (2, "not a whole file"), (0, "not a whole")],
)
def test_a_file_that_is_cut_short(file: Path, cut: int, said: str) -> None:
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(ModelError, match=said):
        read_ggml(file)


def test_what_is_no_such_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"RIFF" * 10)
    with pytest.raises(ModelError, match="is no file of whisper"):
        read_ggml(tmp_path / "x")
    with pytest.raises(ModelError, match="not a whole file"):
        read_ggml(tmp_path / "none")

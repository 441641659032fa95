"""Files for whisper.cpp: read back by the letter of the format, and by whisper.cpp itself."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import auricle
from auricle import features
from auricle.audio import Audio
from auricle.errors import ModelError, OutputError
from auricle.models import embedded
from auricle.models.checkpoint import Tensors
from auricle.models.to_ggml import convert_to_ggml, openai_name, openai_weights
from auricle.models.to_huggingface import huggingface_folder


@dataclass
class Read:
    """What a reader of the format finds."""

    sizes: tuple[int, ...] = ()
    filters: np.ndarray = field(default_factory=lambda: np.zeros(0))
    vocabulary: list[bytes] = field(default_factory=list)
    tensors: dict[str, np.ndarray] = field(default_factory=dict)


def read(path: Path) -> Read:
    data, at = path.read_bytes(), 0

    def integers(count: int) -> tuple[int, ...]:
        nonlocal at
        at += 4 * count
        return struct.unpack_from(f"<{count}i", data, at - 4 * count)

    def values(count: int, dtype: str) -> np.ndarray:
        nonlocal at
        found = np.frombuffer(data, dtype, count, at)
        at += found.nbytes
        return found

    found = Read()
    assert integers(1) == (0x67676D6C,)
    found.sizes = integers(11)
    rows, columns = integers(2)
    found.filters = values(rows * columns, "<f4").reshape(rows, columns)
    for _ in range(integers(1)[0]):
        found.vocabulary.append(values(integers(1)[0], "u1").tobytes())
    while at < len(data):
        dimensions, length, kind = integers(3)
        shape = integers(dimensions)[::-1]
        name = values(length, "u1").tobytes().decode()
        found.tensors[name] = values(int(np.prod(shape)), ("<f4", "<f2")[kind]).reshape(shape)
    return found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AURICLE_CACHE", str(tmp_path_factory.mktemp("cache")))
        return convert_to_ggml(embedded.embedded(), tmp_path_factory.mktemp("ggml") / "tiny.en.bin")


def test_sizes_filters_and_vocabulary(file: Path) -> None:
    found = read(file)
    assert found.sizes == (51864, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1)
    assert np.array_equal(found.filters, features.mel_filters(80))
    assert len(found.vocabulary) == 50256
    assert found.vocabulary[:2] == [b"!", b'"']
    assert found.vocabulary[220] == b" "
    assert b"\xc3" in found.vocabulary  # half a character is a token too
    assert b" caf" in found.vocabulary


def test_weights_are_all_there_in_their_types(file: Path) -> None:
    found = read(file).tensors
    source = huggingface_folder(embedded.embedded()).path
    stored = Tensors([source / "model.safetensors"])
    assert len(found) == 167
    assert np.array_equal(
        found["decoder.blocks.3.cross_attn.key.weight"],
        stored.read("model.decoder.layers.3.encoder_attn.k_proj.weight", (384, 384)).astype(np.float16),
    )
    assert found["encoder.conv1.bias"].shape == (384, 1)
    wide = {name for name, tensor in found.items() if tensor.dtype == np.float32}
    assert {"encoder.positional_embedding", "decoder.ln.bias", "encoder.conv2.bias"} <= wide
    assert "decoder.token_embedding.weight" not in wide


def test_names_are_those_of_openai() -> None:
    assert openai_name("encoder.layers.0.self_attn_layer_norm.weight") == "encoder.blocks.0.attn_ln.weight"
    assert openai_name("decoder.layers.11.fc2.bias") == "decoder.blocks.11.mlp.2.bias"
    assert openai_name("encoder.conv1.weight") == "encoder.conv1.weight"
    assert openai_name("decoder.layer_norm.bias") == "decoder.ln.bias"


def test_every_weight_has_one_name() -> None:
    names = [name for name, _ in openai_weights(huggingface_folder(embedded.embedded()).path)]
    assert len(set(names)) == len(names) == 167


def test_whisper_cpp_reads_it(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    library = pytest.importorskip("pywhispercpp.model")
    model = library.Model(str(file), n_threads=2, print_progress=False, print_realtime=False)
    samples = Audio.load(auricle.sample()).resample(16_000).samples
    text = " ".join(segment.text for segment in model.transcribe(samples))
    assert text.startswith("And so my fellow Americans ask not what your country can do for you")
    capfd.readouterr()


def test_a_file_in_the_way_stays(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        convert_to_ggml(embedded.embedded(), tmp_path / "there")
    assert (tmp_path / "there").read_text() == "mine"


def test_weights_too_large_for_float16_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = np.full((2, 2), 1e6, np.float32)
    monkeypatch.setattr("auricle.models.to_ggml.openai_weights", lambda _: [("x.weight", large)])
    with pytest.raises(ModelError, match=r"x\.weight holds values that are not finite"):
        convert_to_ggml(embedded.embedded(), tmp_path / "out.bin")
    assert not list(tmp_path.glob("*out*"))

"""Graphs in the layout of Optimum, held against the models they were traced from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auricle.engines import load_engine
from auricle.errors import MissingExtraError, ModelError, OutputError
from auricle.models import resolve
from auricle.models.onnx_merge import SWITCH
from auricle.models.to_onnx import (
    CTC,
    DECODER,
    ENCODER,
    MERGED,
    STEP,
    convert_to_onnx,
    past_names,
    present_names,
)
from auricle.verbs.export import ExportError, export

pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")
pytest.importorskip("transformers")
import tiny_checkpoints as tiny

CTC_FAMILIES = ("wav2vec2", "hubert", "wavlm", "xls_r", "mms", "wav2vec2_bert", "parakeet")


def session(path: Path) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def names(values: Any) -> list[str]:
    return [value.name for value in values]


def test_a_ctc_model_takes_any_number_of_sounds_of_any_length(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCTC

    folder = tiny.wav2vec2_base(tmp_path / "m")
    found = export(folder, tmp_path / "onnx", to="onnx", count=2)
    assert found.parity.same and found.parity.farthest == 0.0
    assert {"config.json", "vocab.json", "preprocessor_config.json", CTC} <= {
        path.name for path in found.folder.iterdir()
    }
    assert not list(found.folder.glob("*.safetensors"))
    graph, model = session(found.folder / CTC), AutoModelForCTC.from_pretrained(folder).eval()
    assert (names(graph.get_inputs()), names(graph.get_outputs())) == (["input_values"], ["logits"])
    for count, length in ((1, 8_000), (3, 21_001)):
        sound = np.random.default_rng(length).normal(size=(count, length)).astype(np.float32)
        with torch.no_grad():
            expected = model(torch.from_numpy(sound)).logits.numpy()
        np.testing.assert_allclose(graph.run(None, {"input_values": sound})[0], expected, atol=1e-3)
    with pytest.raises(ModelError, match="ONNX graphs, for ONNX Runtime"):
        load_engine(str(found.folder))
    with pytest.raises(OutputError, match="is not empty"):
        export(folder, tmp_path / "onnx", to="onnx")


def test_what_cannot_be_written_is_refused_before_weights_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny.moonshine(tmp_path / "m")
    (folder / "model.safetensors").write_bytes(b"")
    with pytest.raises(
        ModelError, match=r"is a seq2seq model; Whisper and CTC models can be written as ONNX"
    ):
        export(folder, tmp_path / "onnx", to="onnx")
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match=r'pip install "auricle\[onnx\]"'):
        export("tiny.en", tmp_path / "onnx", to="onnx")
    assert not (tmp_path / "onnx").exists()


def test_a_model_that_cannot_be_traced_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("an operator\nis unknown")

    folder = tiny.wav2vec2_base(tmp_path / "m")
    monkeypatch.setattr(torch.onnx, "export", fails)
    with pytest.raises(ModelError, match=r"torch cannot trace model of this model: an operator$"):
        convert_to_onnx(resolve(str(folder)), tmp_path)


def test_a_graph_that_writes_something_else_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from auricle.models import to_onnx

    def twisted(module: Any, path: Path, inputs: Any, *more: Any) -> None:
        head = module.inner.lm_head
        head.weight.data = head.weight.data.flip(0)
        write(module, path, inputs, *more)

    write = to_onnx._write
    monkeypatch.setattr(to_onnx, "_write", twisted)
    folder = tiny.wav2vec2_base(tmp_path / "m")
    with pytest.raises(ExportError, match="the export differs on 2 of 2 clips"):
        export(folder, tmp_path / "onnx", to="onnx", count=2)
    assert not [path.name for path in tmp_path.iterdir() if "onnx" in path.name]


@pytest.mark.slow
@pytest.mark.parametrize("family", CTC_FAMILIES)
def test_every_ctc_family_writes_the_same(tmp_path: Path, family: str) -> None:
    found = export(getattr(tiny, family)(tmp_path / "m"), tmp_path / "onnx", to="onnx", count=4)
    assert found.parity.same and found.parity.farthest == 0.0


@pytest.mark.slow
def test_whisper_writes_the_same_and_has_the_names_of_optimum(tmp_path: Path) -> None:
    found = export("tiny.en", tmp_path / "onnx", to="onnx", count=30)
    assert found.parity.same and found.parity.clips == 30 and found.parity.farthest is None
    encoder, decoder, step = (session(found.folder / name) for name in (ENCODER, DECODER, STEP))
    assert (names(encoder.get_inputs()), names(encoder.get_outputs())) == (
        ["input_features"],
        ["last_hidden_state"],
    )
    assert names(decoder.get_inputs()) == ["input_ids", "encoder_hidden_states"]
    assert names(decoder.get_outputs()) == ["logits", *present_names(4, ("decoder", "encoder"))]
    assert names(step.get_inputs()) == ["input_ids", *past_names(4, "decoder"), *past_names(4, "encoder")]
    assert names(step.get_outputs()) == ["logits", *present_names(4, ("decoder",))]
    states = encoder.run(None, {"input_features": np.zeros((3, 80, 3000), np.float32)})[0]
    assert states.shape == (3, 1500, 384)
    ids = np.array([[50257, 50362, 843]] * 3)
    whole = dict(zip(names(decoder.get_outputs()), decoder.run(None, told(ids, states)), strict=True))
    first = dict(zip(names(decoder.get_outputs()), decoder.run(None, told(ids[:, :2], states)), strict=True))
    past = {
        f"past_key_values.{name.removeprefix('present.')}": value
        for name, value in first.items()
        if name != "logits"
    }
    logits = step.run(["logits"], {"input_ids": ids[:, 2:], **past})[0]
    np.testing.assert_allclose(logits[:, 0], whole["logits"][:, 2], atol=1e-3)
    merged = session(found.folder / MERGED)
    assert names(merged.get_outputs()) == names(decoder.get_outputs())
    assert sorted(names(merged.get_inputs())) == sorted(
        {*names(decoder.get_inputs()), *names(step.get_inputs()), SWITCH}
    )
    both = dict(told(ids[:, 2:], states), **past, **{SWITCH: np.array([True])})
    named = dict(zip(names(merged.get_outputs()), merged.run(None, both), strict=True))
    np.testing.assert_allclose(named["logits"], logits, atol=1e-4)
    np.testing.assert_array_equal(named["present.3.encoder.value"], first["present.3.encoder.value"])
    assert (found.folder / MERGED).stat().st_size < 1.1 * (found.folder / DECODER).stat().st_size


def told(ids: Any, states: Any) -> dict[str, Any]:
    return {"input_ids": ids, "encoder_hidden_states": states}

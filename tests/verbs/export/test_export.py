"""Export ends in a comparison, or it fails and leaves nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auricle.audio import Audio
from auricle.engines import load_engine
from auricle.errors import MissingFileError, ModelError, OptionError, OutputError
from auricle.transcript import Segment, Transcript, Word
from auricle.verbs import export as verb
from auricle.verbs.export import ExportError, Parity, export
from auricle.verbs.export.parity import Difference, compare_engines, sounds

pytest.importorskip("transformers")


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model as a Hugging Face checkpoint."""
    from auricle.models import resolve
    from auricle.models.to_huggingface import convert_to_huggingface

    return convert_to_huggingface(resolve("tiny.en"), tmp_path_factory.mktemp("export") / "hf").path


@pytest.mark.slow
def test_there_and_back_writes_the_same(checkpoint: Path, tmp_path: Path) -> None:
    (checkpoint / "auricle.json").write_text("{}")
    told: list[int] = []
    back = export("tiny.en", tmp_path / "hf", to="hf", count=2)
    assert back.parity.same
    found = export(checkpoint, tmp_path / "ct2", count=2, on_progress=lambda done, _: told.append(done))
    assert found.parity == Parity(2, (), found.parity.farthest) and (found.parity.farthest or 0.0) <= 0.05
    names = {path.name for path in found.folder.iterdir()}
    assert {"model.bin", "config.json", "tokenizer.json", "preprocessor_config.json", "auricle.json"} <= names
    assert told == [1, 2]
    assert load_engine(str(found.folder)).info.engine == "ctranslate2"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ct2", "hf"]


def test_an_export_that_differs_leaves_nothing(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    differing = Parity(2, (Difference("a", "this", "that"),), 0.0)
    monkeypatch.setattr(verb, "compare_engines", lambda *_, **__: differing)
    with pytest.raises(ExportError, match=r"1 of 2 clips.*'this' became 'that'.*--allow 1"):
        export(checkpoint, tmp_path / "out", count=2)
    assert not list(tmp_path.iterdir())
    assert export(checkpoint, tmp_path / "out", count=2, allow=1).folder.is_dir()


def test_what_cannot_be_exported(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="has the layout ct2 already"):
        export("tiny.en", tmp_path / "x")
    with pytest.raises(OptionError, match="count must be"):
        export(checkpoint, tmp_path / "x", count=0)
    with pytest.raises(OptionError, match="Did you mean int8"):
        export(checkpoint, tmp_path / "x", store="int9")
    with pytest.raises(OutputError, match="is not empty"):
        export("tiny.en", checkpoint, to="hf")
    with pytest.raises((ModelError, MissingFileError)):
        export(tmp_path / "none", tmp_path / "x")


def test_clips_are_pieces_of_the_sample_or_of_a_dataset(tmp_path: Path) -> None:
    from corpora import counted

    found = sounds("", 5)
    assert len(found) == 5 and all(sound.duration == pytest.approx(3.0, abs=0.01) for _, sound in found)
    assert [name for name, _ in sounds(str(counted(tmp_path / "d")), 2)] == ["clip0", "clip1"]


class Scripted:
    """An engine whose words are where they are told to be."""

    accepts = frozenset({"words"})

    def __init__(self, shift: float) -> None:
        self.shift = shift

    def transcribe(self, batch, options) -> list[Transcript]:
        words = (Word("one", self.shift, 1.0 + self.shift),)
        return [Transcript((Segment(0.0, 2.0, "one", words=words),), 2.0) for _ in batch]


@pytest.mark.parametrize(("shift", "count"), [(0.04, 0), (0.06, 1)])
def test_words_may_be_a_twentieth_of_a_second_apart(shift: float, count: int) -> None:
    engines: Any = [Scripted(0.0), Scripted(shift)]
    found = compare_engines(engines, [("clip", Audio.silence(2.0, 16_000))])
    assert len(found.differences) == count and found.farthest == pytest.approx(shift)
    assert not count or "0.06 s away" in found.differences[0].line()


@pytest.mark.slow
def test_a_file_of_whisper_cpp_is_read_back_and_heard(checkpoint: Path, tmp_path: Path) -> None:
    found = export(checkpoint, tmp_path / "tiny.en.bin", to="ggml", count=2)
    assert found.parity.same and found.folder.is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.en.bin"]
    with pytest.raises(OutputError, match="exists already"):
        export(checkpoint, tmp_path / "tiny.en.bin", to="ggml", count=2)
    with pytest.raises(OptionError, match="cpp's quantize on it"):
        export(checkpoint, tmp_path / "x.bin", to="ggml", store="int8")


def test_a_file_that_does_not_hold_the_weights_leaves_nothing(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path, source: Path) -> None:
        raise ModelError(f"{path.name}: the weight decoder.ln.bias is not that of it.")

    monkeypatch.setattr("auricle.models.from_ggml.check_ggml", broken)
    with pytest.raises(ExportError, match=r"the weight decoder\.ln\.bias is not"):
        export(checkpoint, tmp_path / "out.bin", to="ggml", count=2)
    assert not list(tmp_path.iterdir())

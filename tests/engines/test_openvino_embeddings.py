from __future__ import annotations

import mmap
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from auricle.engines.openvino import embeddings
from auricle.engines.openvino.embeddings import Embeddings
from auricle.engines.openvino.weights import open_weights
from auricle.models import resolve
from auricle.models.to_huggingface import huggingface_folder

TABLE = np.arange(300 * 4, dtype=np.float32).reshape(300, 4)


class Table:
    """Weights that count the rows they are asked for."""

    dims: Any = SimpleNamespace(vocabulary=300, width=4)

    def __init__(self) -> None:
        self.asked: list[int] = []

    def read(self, name: str) -> npt.NDArray[np.float32]:
        return TABLE

    def rows(self, name: str, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        self.asked += numbers.tolist()
        return TABLE[numbers]


def test_a_row_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "_FIRST", 2)
    table = Table()
    found = Embeddings(table)
    for tokens in ([[5, 7, 5]], [[7], [299], [0]], [[1, 2, 3, 5]]):
        assert np.array_equal(found(np.array(tokens)), TABLE[tokens])
    assert sorted(table.asked) == [0, 1, 2, 3, 5, 7, 299]


def test_no_more_rows_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "_FIRST", 4)
    monkeypatch.setattr(embeddings, "_MOST", 16)
    found = Embeddings(Table())
    random = np.random.default_rng(0)
    for _ in range(200):
        tokens = random.integers(0, 300, (2, 6))
        assert np.array_equal(found(tokens), TABLE[tokens])
        assert len(found._rows) <= 16


def test_several_threads_get_what_they_ask_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "_MOST", 40)
    found, wrong = Embeddings(Table()), list[Any]()

    def ask(seed: int) -> None:
        random = np.random.default_rng(seed)
        for _ in range(300):
            tokens = random.integers(0, 300, (3, 2))
            if not np.array_equal(found(tokens), TABLE[tokens]):
                wrong.append(tokens)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("layout", ["ctranslate2", "huggingface"])
def test_rows_of_either_layout_and_nothing_else_stays_in_memory(layout: str) -> None:
    folder = resolve("tiny.en")
    if layout == "huggingface":
        folder = huggingface_folder(folder)
    weights = open_weights(folder)
    whole = weights.read("decoder.embed_tokens.weight")
    assert whole is not None
    some = np.array([50256, 3, 17, 40_000])
    expected = np.asarray(whole[some], np.float32)
    before = _resident(whole)
    float(np.asarray(whole, np.float32).sum())
    assert _resident(whole) > before + 10
    assert np.array_equal(weights.rows("decoder.embed_tokens.weight", some), expected)
    assert _resident(whole) < before + 10


def test_rows_in_bfloat16(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    from auricle.models.checkpoint import Tensors

    table = torch.randn(20, 6).bfloat16()
    save_file({"table": table}, str(tmp_path / "model.safetensors"))
    rows = Tensors([tmp_path / "model.safetensors"]).rows("table", (20, 6), np.array([3, 19, 0]))
    assert rows.dtype == np.float32
    assert np.array_equal(rows, table.float().numpy()[[3, 19, 0]])


def _resident(data: Any) -> float:
    """MiB of the file that an array lies in that are in memory."""
    while not isinstance(data, mmap.mmap):
        data = data.base
    address = np.frombuffer(data, np.uint8).ctypes.data
    here = False
    maps = Path("/proc/self/smaps")
    if not maps.is_file():
        pytest.skip("the system does not say what is in memory")
    for line in maps.read_text().splitlines():
        first = line.split(" ", 1)[0]
        if "-" in first and ":" not in first:
            begin, _, end = first.partition("-")
            here = int(begin, 16) <= address < int(end, 16)
        elif here and line.startswith("Rss:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("the file is not mapped")

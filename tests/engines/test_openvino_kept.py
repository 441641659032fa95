"""Compiled graphs on disk: the same sums, and whatever happens to the files a text all the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from auricle.audio import Audio
from auricle.engines import DecodeOptions, LoadOptions, load_engine
from auricle.engines.openvino import compiled, kept
from auricle.errors import OutputError
from auricle.storage import cache_dir

pytest.importorskip("openvino")


@pytest.fixture(autouse=True)
def _empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AURICLE_CACHE", str(tmp_path / "cache"))


def text(audio: Audio) -> str:
    engine = load_engine(LoadOptions(model="tiny.en", engine="openvino", threads=1))
    (found,) = engine.transcribe([audio], DecodeOptions())
    return found.text


def graphs() -> list[Path]:
    return sorted(kept.folder().glob("*.graph"))


@pytest.fixture
def said(jfk: Audio) -> str:
    """What is said where nothing lies on the disk yet; afterwards all three graphs do."""
    found = text(jfk)
    assert len(graphs()) == 3
    return found


@pytest.fixture
def no_graphs(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "Graphs", lambda *_, **__: pytest.fail("a graph was built"))


@pytest.mark.usefixtures("no_graphs")
def test_the_second_start_builds_no_graph(said: str, jfk: Audio) -> None:
    assert text(jfk) == said


def test_a_kept_graph_computes_the_same(said: str, jfk: Audio, monkeypatch: pytest.MonkeyPatch) -> None:
    def confidence() -> float | None:
        engine = load_engine(LoadOptions(model="tiny.en", engine="openvino", threads=1))
        return engine.transcribe([jfk], DecodeOptions())[0].segments[0].avg_logprob

    now = confidence()
    monkeypatch.setattr(kept, "find", lambda name: None)
    assert confidence() == now


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def foreign(path: Path) -> None:
    """Whole, by its seal, and yet nothing that OpenVINO can read."""
    path.write_bytes((data := b"no graph" * 1000) + kept._sealed(memoryview(data)))


@pytest.mark.parametrize("damage", [cut, flip, empty, folder, foreign])
def test_what_is_damaged_is_made_again(damage: Any, said: str, jfk: Audio) -> None:
    for path in graphs():
        damage(path)
    assert text(jfk) == said


def full(path: Path) -> Any:
    raise OutputError("no space left")


def test_without_a_place_to_write_it_works_as_well(jfk: Audio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "write_whole", full)
    monkeypatch.setattr(kept, "write_atomic", lambda path, data: full(path))
    assert "ask not what your country" in text(jfk)
    assert graphs() == []


def test_a_file_in_the_place_of_the_folder(jfk: Audio) -> None:
    cache_dir().mkdir(parents=True)
    kept.folder().write_text("in the way")
    assert "ask not what your country" in text(jfk)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_is_read_only(jfk: Audio) -> None:
    kept.folder().mkdir(parents=True)
    kept.folder().chmod(0o500)
    assert "ask not what your country" in text(jfk)


def test_a_nearly_full_disk_is_not_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1 << 29))
    assert not kept.keep("a", memoryview(b"graph"))
    assert graphs() == []


def test_those_used_least_lately_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 350)
    for age, name in enumerate("abc"):
        assert kept.keep(name, memoryview(bytes(80)))
        os.utime(kept.folder() / f"{name}.graph", (1000 + age, 1000 + age))
    assert kept.find("a") is not None  # used now
    assert kept.keep("d", memoryview(bytes(80)))
    assert [path.stem for path in graphs()] == ["a", "c", "d"]
    assert not kept.keep("e", memoryview(bytes(400)))


def test_what_a_killed_process_left_goes_after_a_while() -> None:
    kept.keep("a", memoryview(b"graph"))
    old, new = kept.folder() / ".x.1.part", kept.folder() / ".x.2.part"
    for part in (old, new):
        part.write_bytes(b"half")
    os.utime(old, (1000, 1000))
    kept.keep("b", memoryview(b"graph"))
    assert (old.exists(), new.exists()) == (False, True)


@pytest.mark.parametrize("change", ["_version", "precision", "graphs"])
def test_another_version_has_other_graphs(
    change: str, said: str, jfk: Audio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if change == "_version":
        monkeypatch.setattr(compiled, "_version", lambda: "2099.1")
    elif change == "graphs":
        (tmp_path / "graphs.py").write_text("other")
        monkeypatch.setattr(compiled.graphs, "__file__", str(tmp_path / "graphs.py"))
    else:
        load_engine(LoadOptions(model="tiny.en", engine="openvino", compute_type="float32")).transcribe(
            [jfk], DecodeOptions()
        )
        assert len(graphs()) == 6
        return
    text(jfk)
    assert len(graphs()) == 6


def test_a_fingerprint_is_of_the_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"weights")
    two.write_bytes(b"weights")
    first = kept.fingerprint([one])
    assert kept.fingerprint([two]) == first
    two.write_bytes(b"weightz")
    assert kept.fingerprint([two]) != first
    monkeypatch.setattr("hashlib.file_digest", lambda file, kind: pytest.fail("read again"))
    assert kept.fingerprint([one]) == first


def test_two_processes_at_once() -> None:
    code = (
        "import auricle; from auricle.engines import *; "
        "engine = load_engine(LoadOptions(model='tiny.en', engine='openvino', threads=1)); "
        "print(engine.transcribe([auricle.Audio.load(auricle.sample())], DecodeOptions())[0].text)"
    )
    ran = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=300)[0] for process in ran]
    assert [process.returncode for process in ran] == [0, 0]
    assert said[0] == said[1]
    assert b"ask not what your country" in said[0]
    assert len(graphs()) == 3
    assert all(kept.find(path.stem) is not None for path in graphs())
    assert not list(kept.folder().glob(".*.part"))


def test_graphs_outlive_what_compiled_them(said: str) -> None:
    """In a process of its own: memory that is gone would take it down."""
    program = """
import gc, numpy as np
from auricle.engines.openvino import compiled
from auricle.engines.openvino.silence import places
from auricle.models import resolve
(worker,) = compiled.Compiled(resolve("tiny.en"), (), "auto").workers(1, 1)
gc.collect()
where = places(16000)
states = worker.encode(np.zeros((1, 80, where.frames), np.float32), where)
print(len(worker.memory), len(worker.keys(states)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, ["3", "8"]), done.stderr

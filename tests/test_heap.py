"""What is asked of the C library, and that nothing else is touched."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

import pytest

from auricle import heap
from auricle.engines import LoadOptions, load_engine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only glibc is asked")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []

    class Library:
        def mallopt(self, *given: int) -> int:
            calls.append(("mallopt", *given))
            return 1

        def malloc_trim(self, *given: int) -> int:
            calls.append(("malloc_trim", *given))
            return 1

    monkeypatch.setattr(ctypes, "CDLL", lambda name: Library())
    monkeypatch.setattr(heap, "_libraries", [])
    return calls


def test_one_heap_and_large_blocks_outside_of_it(
    asked: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MKL_DISABLE_FAST_MM", raising=False)
    heap.keep_small()
    assert asked == [("mallopt", -8, 1), ("mallopt", -3, 4 << 20)]
    assert os.environ["MKL_DISABLE_FAST_MM"] == "1"


def test_an_engine_changes_the_heap_only_of_who_asked_for_a_small_one(
    asked: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MKL_DISABLE_FAST_MM", raising=False)
    heap.return_from(1 << 20)
    assert not asked
    heap.keep_small()
    heap.return_from(1 << 20)
    assert asked[2:] == [("mallopt", -3, 1 << 20)]


def test_what_somebody_set_stays(asked: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKL_DISABLE_FAST_MM", "0")
    heap.keep_small()
    assert os.environ["MKL_DISABLE_FAST_MM"] == "0" and asked


def test_free_pages_are_given_back(asked: list[tuple[Any, ...]]) -> None:
    heap.give_back()
    assert asked == [("malloc_trim", 0)]


def test_a_library_without_them_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    heap.keep_small()
    heap.give_back()


def test_each_engine_has_the_heap_its_own_way(
    asked: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MKL_DISABLE_FAST_MM", raising=False)
    heap.keep_small()
    asked.clear()
    for name in ("openvino", "ctranslate2"):
        load_engine(LoadOptions(model="tiny.en", engine=name, threads=1))
    sizes = [given[2] for given in asked if given[0] == "mallopt"]
    assert sizes == [1 << 20, 4 << 20]

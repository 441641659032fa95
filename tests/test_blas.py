"""Products on one thread while somebody asks for it, and as before afterwards."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from auricle import blas


def threads() -> list[int]:
    """How many threads each copy of OpenBLAS takes."""
    return [
        found["num_threads"] for found in ThreadpoolController().info() if found["internal_api"] == "openblas"
    ]


@pytest.fixture(autouse=True)
def several() -> None:
    """A product first: the library is loaded by then. Skip where there is nothing to tell apart."""
    np.ones((64, 64)) @ np.ones((64, 64))
    if not threads() or max(threads()) < 2:
        pytest.skip("OpenBLAS is not there, or has one thread anyway")


def test_one_thread_inside_and_as_many_as_before_after() -> None:
    before = threads()
    with blas.on_one_thread():
        assert set(threads()) == {1}
        with pytest.raises(ZeroDivisionError), blas.on_one_thread():
            raise ZeroDivisionError
        assert set(threads()) == {1}
    assert threads() == before


def test_the_last_who_leaves_gives_them_back() -> None:
    before, gate = threads(), threading.Barrier(4)

    def work(number: int) -> list[int]:
        with blas.on_one_thread():
            gate.wait(10)
            if number:
                return [1]
        return threads()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert threads() == before

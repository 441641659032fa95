"""Thirty-two clients at once: nothing is lost, nobody gets another's text, and memory stays.

How fast it is beside the model without a server: ``python benchmarks/serving.py``.
"""

from __future__ import annotations

import io
import itertools
import os
import re
import subprocess
import sys
import wave
from concurrent.futures import ThreadPoolExecutor

import pytest
from calling import call, server, transcribe

import auricle
from auricle.audio import Audio
from auricle.engines import load_engine

CLIENTS = 32
# Pieces of the sample, cut in its pauses, and a word that stands in one of them only.
PIECES = {
    "americans": (0.0, 2.4),
    "ask not": (3.2, 5.3),
    "your country can": (5.2, 7.75),
    "ask what you can do": (8.0, 11.0),
}


def _clip(start: float, end: float) -> bytes:
    samples = Audio.load(auricle.sample()).samples[round(start * 16_000) : round(end * 16_000)]
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes((samples * 32767).astype("<i2").tobytes())
    return file.getvalue()


def _ask(address: str, part: str, data: bytes) -> str:
    """What is wrong with an answer, if anything."""
    found = transcribe(address, ("language", "en"), files=[("file", "a.wav", data)], model="tiny.en")
    if found.status != 200:
        return f"{found.status}: {found.body!r}"
    return "" if part in found.json["text"].lower() else f"{part!r} is not in {found.json['text']!r}"


def _wrong(address: str, requests: int) -> list[str]:
    clips = [(part, _clip(*span)) for part, span in PIECES.items()]
    with ThreadPoolExecutor(CLIENTS) as pool:
        chosen = itertools.islice(itertools.cycle(clips), requests)
        return [wrong for wrong in pool.map(lambda one: _ask(address, *one), chosen) if wrong]


def _metric(address: str, name: str) -> float:
    page = call(address, "GET", "/metrics").body.decode()
    return float(re.findall(rf"^{name} (\S+)$", page, re.MULTILINE)[0])


def test_many_clients_get_each_their_own() -> None:
    with server(load_engine("tiny.en")) as address:
        assert not _wrong(address, 2 * CLIENTS)
        assert _metric(address, "auricle_requests_here") == 0
        assert _metric(address, "auricle_batches_total") < _metric(address, "auricle_windows_total")


@pytest.mark.slow
def test_memory_stays_over_two_thousand_requests() -> None:
    command = [sys.executable, "-m", "auricle", "serve", "--port", "0"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONWARNINGS": "error"}
    ) as process:
        assert process.stderr is not None
        found = re.search(r"on (http://\S+)", process.stderr.readline())
        assert found is not None
        with ThreadPoolExecutor(1) as reader:
            log = reader.submit(process.stderr.read)
            sizes = []
            for _ in range(4):
                assert not _wrong(found[1], 500)
                sizes.append(_metric(found[1], "process_resident_memory_bytes") / 2**20)
            process.terminate()
            assert log.result().count('"status": 200') == 2000
    assert sizes[-1] < sizes[0] + 16, sizes

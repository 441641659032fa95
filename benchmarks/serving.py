"""A server under load, beside the same model on the same clips without a server.

python benchmarks/serving.py                          # 32 clients, 200 requests
python benchmarks/serving.py --requests 2000 --seconds 4   # is memory flat? clips of 4 s and less

The server is a process of its own on loopback and has all cores, so the clients (threads here) take
some from it. Offline: the windows of all clips in batches of 8 through the same gates.
"""

from __future__ import annotations

import argparse
import itertools
import re
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

import numpy as np
from common import Clip, clips, score

from auricle.audio import Audio
from auricle.engines import DecodeOptions, load_engine
from auricle.segments import SpeechOptions, windows
from auricle.verbs.transcribe import GateOptions
from auricle.verbs.transcribe.decode import WindowDecoder


def call(address: str, clip: Clip) -> tuple[int, float, str]:
    """Status, seconds and text of one request."""
    mark = uuid.uuid4().hex
    head = "".join(
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("model", "tiny.en"), ("language", "en"), ("response_format", "text"))
    )
    head += f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{clip.path.name}"\r\n\r\n'
    body = head.encode() + clip.path.read_bytes() + f"\r\n--{mark}--\r\n".encode()
    began = time.perf_counter()
    connection = HTTPConnection(urlsplit(address).netloc, timeout=300)
    kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
    connection.request("POST", "/v1/audio/transcriptions", body, kind)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, time.perf_counter() - began, text


def metric(address: str, name: str) -> float:
    connection = HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.request("GET", "/metrics")
    page = connection.getresponse().read().decode()
    connection.close()
    return float(re.findall(rf"^{name} (\S+)$", page, re.MULTILINE)[0])


def offline(chosen: list[Clip]) -> float:
    """Seconds for all clips in batches of 8, the model being loaded and warm."""
    decoder = WindowDecoder(load_engine("tiny.en"), DecodeOptions(language="en"), GateOptions())
    decoder.decode(list(windows([Audio.load(chosen[0].path)], SpeechOptions())) * 2)
    began = time.perf_counter()
    found = (window for clip in chosen for window in windows([Audio.load(clip.path)], SpeechOptions()))
    while batch := list(itertools.islice(found, 8)):
        decoder.decode(batch)
    return time.perf_counter() - began


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30.0, help="the longest clip taken")
    parser.add_argument("options", nargs="*", help="after --: options of auricle serve")
    arguments = parser.parse_args()
    known = [
        clip
        for corpus in ("librispeech_test", "ljspeech", "cv_en_delta13")
        for clip in clips(corpus)
        if clip.row["duration_s"] <= arguments.seconds
    ]
    chosen = list(itertools.islice(itertools.cycle(known), arguments.requests))
    sound = sum(clip.row["duration_s"] for clip in chosen)
    if arguments.requests <= 400:
        alone = offline(chosen)
        print(f"offline: {sound:.0f} s of sound in {alone:.1f} s, {sound / alone:.1f} × real time")
    command = [sys.executable, "-m", "auricle", "serve", "--port", "0", *arguments.options]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    address = server.stderr.readline().split(" on ")[1].split()[0]
    log = ThreadPoolExecutor(1).submit(server.stderr.read)
    try:
        for _ in range(2):
            call(address, chosen[0])
        began, found, sizes = time.perf_counter(), [], []
        with ThreadPoolExecutor(arguments.clients) as pool:
            for number, answer in enumerate(pool.map(lambda clip: call(address, clip), chosen), 1):
                found.append(answer)
                if number % max(arguments.requests // 8, 1) == 0:
                    sizes.append(metric(address, "process_resident_memory_bytes") / 2**20)
        took = time.perf_counter() - began
        statuses = {status for status, _, _ in found}
        waits = [seconds for _, seconds, _ in found]
        words = score([clip.text for clip in chosen], [text for _, _, text in found])
        print(
            f"server, {arguments.clients} clients: {sound / took:.1f} × real time, "
            f"{len(found)} requests, {statuses}"
        )
        print(f"a request: median {np.median(waits):.2f} s, 95 % {np.quantile(waits, 0.95):.2f} s")
        batches, together = metric(address, "auricle_batches_total"), metric(address, "auricle_windows_total")
        print(f"windows in a call of the model: {together / batches:.1f}; WER {100 * words.rate:.2f} %")
        print(f"memory, MiB: {' '.join(f'{size:.0f}' for size in sizes)}")
    finally:
        server.terminate()
        server.wait(60)
        log.result()


if __name__ == "__main__":
    main()

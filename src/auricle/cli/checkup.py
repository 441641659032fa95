"""What ``auricle doctor`` looks at: each check yields findings, and a broken one is a finding too.

Nothing here prints, and nothing downloads.
"""

from __future__ import annotations

import os
import platform
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from auricle.errors import AuricleError

if TYPE_CHECKING:
    from auricle.models.machine import Machine

OK, MISSING, NOTE = "ok", "missing", "note"
_PATIENCE = 3.0  # seconds to wait for the Hub
_REINSTALL = "pip install --upgrade auricle"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: ``state`` is "ok", "missing" or "note" (not there, and not needed).

    ``fix`` is what to type where something is missing.
    """

    section: str
    name: str
    state: str
    text: str
    fix: str = ""


def checkup() -> Iterator[Finding]:
    """All findings, in the order of the report. Takes a second or two: a model is loaded and used."""
    for section, check in _CHECKS:
        yield from _guarded(section, check)


def works(findings: list[Finding]) -> bool:
    """Whether transcribing works here: the self-test is what counts."""
    return any(item.name == "self-test" and item.state == OK for item in findings)


def _guarded(section: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """The findings of a check, with one more where it cannot go on."""
    try:
        yield from check()
    except ImportError as error:  # MissingExtraError is one too
        name = error.name or "a package"
        yield Finding(section, name, MISSING, str(error), f"pip install --upgrade --force-reinstall {name}")
    except (AuricleError, OSError, RuntimeError) as error:
        text, _, fix = str(error).partition(" Type: ")
        yield Finding(section, section, MISSING, text, fix)


def _machine() -> Iterator[Finding]:
    from auricle.models import machine

    name = "machine"
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    yield Finding(name, "system", OK, system)
    yield Finding(name, "Python", OK, f"{platform.python_version()} ({sys.executable})")
    cores = f"{machine.logical_cores()} threads of {machine.physical_cores() or '?'} cores"
    quota = machine.cpu_quota()
    sets = " ".join(machine.instruction_sets() or ())
    limit = f", {quota:g} granted" if quota else ""
    yield Finding(name, "processor", OK, f"{machine.cpu_name() or 'unknown'}, {cores}{limit}")
    if sets:
        yield Finding(name, "instructions", OK, sets)
    total, free = machine.memory()
    yield Finding(name, "memory", OK, f"{size(free)} free of {size(total)}")


def _engines() -> Iterator[Finding]:
    from auricle.engines import ENGINES, engine_names
    from auricle.models.machine import versions

    installed = versions()
    for package in ("auricle", "numpy", "av", "tokenizers", "ctranslate2", "openvino", "huggingface-hub"):
        yield _package("engines", package, installed.get(package))
    found = _probe()
    for device, kinds in found.compute_types.items():
        name = "GPU" if device == "cuda" else "CPU"
        count = f"{found.cuda_devices} × CUDA: " if device == "cuda" else ""
        yield Finding("engines", name, OK, f"{count}{', '.join(kinds)}")
    yield from _guarded("engines", _fast_arithmetic)
    if not found.cuda_devices:
        yield Finding("engines", "GPU", NOTE, "none that CTranslate2 can use; the processor does the work")
    for name in engine_names():
        if name not in ENGINES:
            yield Finding("engines", name, OK, "from another package")


def _fast_arithmetic() -> Iterator[Finding]:
    from auricle.engines import LoadOptions, engine_for
    from auricle.engines.openvino.precision import choose

    yield Finding("engines", "openvino on CPU", OK, choose("auto").described())
    yield Finding("engines", "tiny.en", OK, f"runs on {engine_for(LoadOptions())}; --engine chooses another")


def _models() -> Iterator[Finding]:
    yield from _guarded("models", _embedded)
    yield from _guarded("models", _speech_detector)
    names = [name for name, _ in _cached()]
    if names:
        yield Finding("models", "downloaded", OK, ", ".join(names))
    else:
        yield Finding("models", "downloaded", NOTE, "none; the first use of --model NAME downloads it")


def _embedded() -> Iterator[Finding]:
    from auricle.models.embedded import embedded

    yield Finding("models", "tiny.en", OK, f"embedded, checksum matches ({embedded().path})")


def _speech_detector() -> Iterator[Finding]:
    from auricle.vad import SpeechDetector

    SpeechDetector()
    yield Finding("models", "speech detector", OK, "Silero VAD, checksum matches")


def _cached() -> Iterator[tuple[str, Path]]:
    """The catalogue's models that lie in the Hugging Face cache."""
    from auricle.models.catalogue import catalogue

    folder = _probe().hugging_face_cache
    for name, info in catalogue().items():
        path = folder / f"models--{info.hub_id.replace('/', '--')}" / "snapshots"
        if path.is_dir() and any(path.iterdir()):
            yield name, path


def _formats() -> Iterator[Finding]:
    from auricle.errors import MissingExtraError
    from auricle.formats import FORMATS, dumps
    from auricle.transcript import Transcript

    ready: list[str] = []
    for name in FORMATS:
        try:
            dumps(Transcript(), name)
            ready.append(name)
        except MissingExtraError as error:
            text, _, fix = str(error).partition(" Type: ")
            yield Finding("formats", name, NOTE, text, fix)
    yield Finding("formats", "ready", OK, ", ".join(ready))


def _cache() -> Iterator[Finding]:
    found = _probe()
    for name, folder, writable in (
        ("Auricle", found.cache, found.cache_writable),
        ("Hugging Face", found.hugging_face_cache, _writable(found.hugging_face_cache)),
    ):
        if writable:
            yield Finding("cache", name, OK, f"{folder}, {size(found.free_disk)} free")
        else:
            variable = "AURICLE_CACHE" if name == "Auricle" else "HF_HOME"
            yield Finding("cache", name, MISSING, f"{folder} cannot be written", f"export {variable}=FOLDER")


def _network() -> Iterator[Finding]:
    from huggingface_hub import constants

    found = _probe()
    where = str(constants.ENDPOINT)
    if found.offline:
        yield Finding("network", "Hub", NOTE, "kept off by HF_HUB_OFFLINE; models must be in the cache")
    elif _reachable(where):
        yield Finding("network", "Hub", OK, f"{where} answers")
    else:
        yield Finding("network", "Hub", NOTE, f"{where} cannot be reached; only new models need it")
    token = "is there" if found.hugging_face_token else "none; only gated models need one"
    state = OK if found.hugging_face_token else NOTE
    yield Finding("network", "token", state, token, "" if found.hugging_face_token else "hf auth login")


def _transcribing() -> Iterator[Finding]:
    from auricle import sample
    from auricle.verbs.transcribe import Transcriber

    began = time.perf_counter()
    transcriber = Transcriber()
    loading = time.perf_counter() - began
    made = transcriber.transcribe(sample())
    elapsed = max(made.record.elapsed if made.record else 0.0, 0.001)
    if "country" not in made.text:
        raise RuntimeError(f"the sample was heard as {made.text[:60]!r}. Type: {_REINSTALL}")
    info = transcriber.engine.info
    yield Finding(
        "transcribing",
        "self-test",
        OK,
        f"{made.duration:.0f} s of speech in {elapsed:.1f} s ({made.duration / elapsed:.1f} × real time), "
        f"model loaded in {loading:.1f} s: {info.model} on {info.device} {info.compute_type}",
    )


def _probe() -> Machine:
    from auricle.models.machine import probe

    return probe()


def _package(section: str, name: str, version: str | None) -> Finding:
    if version is None:
        return Finding(section, name, MISSING, "not installed", f"pip install {name}")
    return Finding(section, name, OK, version)


def _writable(folder: Path) -> bool:
    existing = next((path for path in (folder, *folder.parents) if path.is_dir()), Path.cwd())
    return os.access(existing, os.W_OK | os.X_OK)


def _reachable(address: str) -> bool:
    """Whether a connection to the Hub, or to the proxy for it, can be made within ``_PATIENCE``."""
    from urllib.request import getproxies

    url = urlsplit(getproxies().get("https") or address)
    port = url.port or (80 if url.scheme == "http" else 443)
    answers: list[bool] = []
    thread = threading.Thread(target=_connect, args=(url.hostname or "", port, answers), daemon=True)
    thread.start()
    thread.join(_PATIENCE)  # looking up a name has no limit of its own
    return bool(answers)


def _connect(host: str, port: int, answers: list[bool]) -> None:
    try:
        socket.create_connection((host, port), timeout=_PATIENCE).close()
    except OSError:
        return
    answers.append(True)


def size(count: int | None) -> str:
    """25276510208 → "23.5 GB" (of 2³⁰ bytes)."""
    return "unknown" if count is None else f"{count / 2**30:.1f} GB"


_CHECKS: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
    ("machine", _machine),
    ("engines", _engines),
    ("models", _models),
    ("formats", _formats),
    ("cache", _cache),
    ("network", _network),
    ("transcribing", _transcribing),
)

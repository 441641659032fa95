"""Auricle: speech in, text out, and the whole life of a speech-recognition model.

    >>> import auricle
    >>> transcript = auricle.transcribe(auricle.sample())
    >>> transcript.text[-37:]
    'ask what you can do for your country.'

The names below are loaded when they are first used; ``import auricle`` loads nothing heavy.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auricle import metrics
    from auricle.audio import Audio, open_audio
    from auricle.engines import DecodeOptions, load_engine
    from auricle.errors import AuricleError
    from auricle.transcript import Segment, Transcript, Word
    from auricle.verbs.compare import compare
    from auricle.verbs.compare_models import compare_models
    from auricle.verbs.evaluate import evaluate
    from auricle.verbs.finetune import finetune
    from auricle.verbs.score import score
    from auricle.verbs.stream import Listener, stream
    from auricle.verbs.stress import stress
    from auricle.verbs.transcribe import TranscribeOptions, Transcriber, transcribe

_HOMES = {
    "Audio": "auricle.audio",
    "AuricleError": "auricle.errors",
    "DecodeOptions": "auricle.engines",
    "Listener": "auricle.verbs.stream",
    "Segment": "auricle.transcript",
    "TranscribeOptions": "auricle.verbs.transcribe",
    "Transcriber": "auricle.verbs.transcribe",
    "Transcript": "auricle.transcript",
    "Word": "auricle.transcript",
    "compare": "auricle.verbs.compare",
    "compare_models": "auricle.verbs.compare_models",
    "evaluate": "auricle.verbs.evaluate",
    "finetune": "auricle.verbs.finetune",
    "load_engine": "auricle.engines",
    "open_audio": "auricle.audio",
    "score": "auricle.verbs.score",
    "stream": "auricle.verbs.stream",
    "stress": "auricle.verbs.stress",
    "transcribe": "auricle.verbs.transcribe",
}

__all__ = [
    "Audio",
    "AuricleError",
    "DecodeOptions",
    "Listener",
    "Segment",
    "TranscribeOptions",
    "Transcriber",
    "Transcript",
    "Word",
    "compare",
    "compare_models",
    "evaluate",
    "finetune",
    "load_engine",
    "metrics",
    "open_audio",
    "sample",
    "score",
    "stream",
    "stress",
    "transcribe",
]


def sample() -> Path:
    """The bundled recording: 11 s of President Kennedy's inaugural address, 1961, public domain."""
    return Path(__file__).parent / "samples" / "jfk.flac"


def __getattr__(name: str) -> Any:
    if name == "metrics":
        return importlib.import_module("auricle.metrics")
    if name not in _HOMES:
        raise AttributeError(f"module 'auricle' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__

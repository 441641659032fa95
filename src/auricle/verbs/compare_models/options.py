"""The options of ``compare_models``: from Python and on the command line."""

from __future__ import annotations

from dataclasses import dataclass, field

from auricle.engines import DecodeOptions, LoadOptions
from auricle.options import option, same_as
from auricle.verbs.transcribe import TranscribeOptions


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """How the models are run; each gets the same."""

    models: tuple[str, ...] = option(
        (),
        "two models or more: what --model takes, or engine:model where the engine matters",
        metavar="NAME,NAME",
    )
    device: str = same_as(LoadOptions, "device")
    compute_type: str = same_as(LoadOptions, "compute_type")
    threads: int = same_as(LoadOptions, "threads")
    allow_pickle: bool = same_as(LoadOptions, "allow_pickle")
    decode: DecodeOptions = field(default_factory=DecodeOptions)
    mode: str = same_as(TranscribeOptions, "mode")
    batch_size: int = same_as(TranscribeOptions, "batch_size")
    channel: str = same_as(TranscribeOptions, "channel")

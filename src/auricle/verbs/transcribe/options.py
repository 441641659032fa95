"""The options of ``transcribe``: from Python, on the command line and in the record."""

from __future__ import annotations

from dataclasses import dataclass, field

from auricle.engines import DecodeOptions, LoadOptions
from auricle.options import option
from auricle.segments import SpeechOptions


@dataclass(frozen=True, slots=True)
class GateOptions:
    """When a decoded window is not believed.

    The first four and their values are those of Radford et al. 2022, §4.5; the loop guard is
    ours. All act in both modes.
    """

    temperatures: tuple[float, ...] = option(
        (0.0, 0.2, 0.4, 0.6, 0.8, 1.0), "temperatures to try in turn while a window fails a gate"
    )
    retry_beam_size: int = option(5, "beam size of the first retry, before any sampling; 1 leaves it out")
    no_speech_threshold: float = option(
        0.6, "above this probability of no speech, a window of low log-probability is dropped"
    )
    logprob_threshold: float = option(-1.0, "mean log-probability of a token below which a window is retried")
    compression_threshold: float = option(
        2.4, "compression ratio of the text above which a window is retried"
    )
    loop_guard: bool = option(True, "retry, and at last cut, text that repeats itself")
    cut_guard: bool = option(True, "decode again speech for which a window gave no text")


@dataclass(frozen=True, slots=True)
class TranscribeOptions:
    """Everything ``transcribe`` can be told."""

    load: LoadOptions = field(default_factory=LoadOptions)
    decode: DecodeOptions = field(default_factory=DecodeOptions)
    languages: tuple[str, ...] = option(
        (), "languages to choose from when the language is found out", metavar="CODE"
    )
    mode: str = option(
        "batched",
        "batched decodes many windows at once; sequential gives each the text before it",
        choices=("batched", "sequential"),
    )
    batch_size: int = option(8, "windows decoded at once in batched mode")
    channel: str = option(
        "mix", "channel to hear: mix, left, right, a number from 0, or each for one transcript a channel"
    )
    speech: SpeechOptions = field(default_factory=SpeechOptions)
    gates: GateOptions = field(default_factory=GateOptions)
    max_word: float = option(2.0, "seconds a word lasts at most")

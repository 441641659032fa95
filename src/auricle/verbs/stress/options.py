"""The options of ``stress``: which conditions, and how they are evaluated."""

from __future__ import annotations

from dataclasses import dataclass, field

from auricle.options import option
from auricle.verbs.evaluate.options import EvaluateOptions

LONG_FORM, NO_SPEECH = "long-form", "no-speech"
CONDITIONS = (
    "noise:20",
    "noise:10",
    "noise:5",
    "noise:0",
    "room",
    "telephone",
    "codec:mp3",
    "codec:opus",
    "codec:amr",
    "speed:0.9",
    "speed:1.1",
    "gain:-20",
    "clipping:12",
    "silence:2",
    LONG_FORM,
    NO_SPEECH,
)


@dataclass(frozen=True, slots=True)
class HardshipOptions:
    """What the sounds go through."""

    conditions: tuple[str, ...] = option(
        CONDITIONS,
        "what to try besides the clean sounds: noise:DB, room, telephone, codec:NAME:KBITS, speed:FACTOR, "
        "gain:DB, clipping:DB, silence:SECONDS, long-form, no-speech",
        metavar="SPECS",
    )
    noises: tuple[str, ...] = option(
        (), "sound files or folders for noise; pink noise if not given", metavar="PATHS"
    )
    rooms: tuple[str, ...] = option(
        (), "recorded room responses, files or folders; simulated if not given", metavar="PATHS"
    )
    augment_seed: int = option(0, "seed of all that is drawn", metavar="N")
    long_minutes: float = option(5.0, "long-form: how long the joined recordings are", metavar="MINUTES")
    no_speech_minutes: float = option(
        5.0, "no-speech: how much noise and silence to listen to", metavar="MINUTES"
    )


@dataclass(frozen=True, slots=True)
class StressOptions:
    """The hardships, and how each is evaluated."""

    hardship: HardshipOptions = field(default_factory=HardshipOptions)
    evaluate: EvaluateOptions = field(default_factory=EvaluateOptions)

"""Both models on the same clips in turn: do texts still end where the sound does, and how fast is each?

Two runs after one another on a busy machine say nothing about speed; two models that take turns at
each clip see the same machine, so the ratio of their times holds where the times themselves do not.

Knows engines and sounds. Refuses to know references, runs and the verdict.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auricle.audio import Audio
from auricle.engines import DecodeOptions, Engine
from auricle.transcript import Transcript
from auricle.verbs.finetune.sounds import speech_end

CLIPS = 40
_NEAR = 0.5  # seconds between the end of the last segment and that of the sound that count as kept
_LONGEST = 30.0
_UNLIKELY = 0.05
_SLOWER = 1.25  # times that a checkpoint may take what its base took, before that is a cost


@dataclass(frozen=True, slots=True)
class Turns:
    """``before`` and ``after`` are the shares of the clips whose text ends within half a second of the
    sound; ``lost`` and ``won`` the clips that one had and the other had not. ``slower`` is the median
    over clips of the checkpoint's time over the base's, ``slow`` how many took 1.25 times the base's.
    """

    clips: int
    before: float
    after: float
    lost: int
    won: int
    slower: float
    slow: int

    @property
    def costs(self) -> tuple[str, ...]:
        """What got worse by more than chance, as a person reads it."""
        found = []
        if self.lost > self.won and sign_test(self.lost, self.won) < _UNLIKELY:
            found.append(f"end times on {self.lost - self.won} of {self.clips} clips")
        rest = self.clips - self.slow
        if self.slow > rest and sign_test(self.slow, rest) < _UNLIKELY:
            found.append(f"{self.slower:.1f} times the time")
        return tuple(found)


def take_turns(
    engines: tuple[Engine, Engine], sounds: Iterable[Audio], options: DecodeOptions
) -> Turns | None:
    """Hear sounds through both engines, the one that begins changing with each; None of no sound."""
    kept: list[tuple[bool, bool]] = []
    ratios: list[float] = []
    for number, sound in enumerate(sounds):
        clip = sound.resample(engines[0].rate).slice(0.0, _LONGEST)
        if not number:  # what is loaded with a first batch is not counted
            for engine in engines:
                engine.transcribe([clip], options)
        order = (0, 1) if number % 2 else (1, 0)
        heard = {place: _timed(engines[place], clip, options) for place in order}
        end = speech_end(clip)
        kept.append((_ends_near(heard[0][0], end), _ends_near(heard[1][0], end)))
        ratios.append(heard[1][1] / max(heard[0][1], 1e-9))
    if not kept:
        return None
    return Turns(
        len(kept),
        _share([one for one, _ in kept]),
        _share([other for _, other in kept]),
        sum(one and not other for one, other in kept),
        sum(other and not one for one, other in kept),
        statistics.median(ratios),
        sum(ratio > _SLOWER for ratio in ratios),
    )


def sign_test(first: int, second: int) -> float:
    """The probability of so uneven a split or a more uneven one, were both sides as likely."""
    whole, most = first + second, max(first, second)
    if not whole:
        return 1.0
    tail = sum(math.comb(whole, count) for count in range(most, whole + 1))
    return min(1.0, 2.0 * tail / float(2**whole))


def _timed(engine: Engine, sound: Audio, options: DecodeOptions) -> tuple[Transcript, float]:
    began = time.perf_counter()
    found = engine.transcribe([sound], options)[0]
    return found, time.perf_counter() - began


def _ends_near(found: Transcript, end: float) -> bool:
    return bool(found.segments) and abs(found.segments[-1].end - end) <= _NEAR


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values)

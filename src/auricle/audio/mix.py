"""Many channels to one: the channel rule, and decoded frames to float32 samples.

"mix" is the mean of all channels with equal weight, taken before any resampling, without the
subwoofer (LFE), which carries no speech. It cannot clip. FFmpeg's own downmix is not used: its
weights depend on the layout, and there is none for layouts without a name.

Two channels that cancel each other (one wired the wrong way round) would mix to silence; for as
long as they do, the first is taken instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from auricle.audio.resample import EMPTY, Samples
from auricle.errors import AudioError, OptionError, nearest

if TYPE_CHECKING:
    from av import AudioFrame

Rule = int | None  # a channel from 0, or None for the mean of all
TYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
SCALES = {"u8": 2.0**-7, "s16": 2.0**-15, "s32": 2.0**-31, "s64": 2.0**-63}
CANCELLED = 1e-3  # energy of the mix against that of the channels: -30 dB
SUSPECT = 4.0  # mean square that no sound within full scale has
LOUDEST_PCM, LOUDEST = 1e6, 8.0  # times full scale; a decoder that says more has decoded garbage


def parse_channel(channel: str | int) -> Rule:
    """The rule for "mix", "left", "right" or a number from 0. Raises OptionError."""
    names = {"mix": None, "left": 0, "right": 1}
    if isinstance(channel, int) and not isinstance(channel, bool):
        index = channel
    elif channel in names:
        return names[str(channel)]
    elif isinstance(channel, str) and channel.isdecimal():
        index = int(channel)
    else:
        raise OptionError(f"channel cannot be {channel!r}. {nearest(str(channel), [*names, '0', '1'])}")
    if index < 0:
        raise OptionError(f"channels are counted from 0, so there is no channel {index}.")
    return index


def check_channel(rule: Rule, count: int, name: str) -> None:
    """Raises OptionError when a file of ``count`` channels has not the one asked for."""
    if rule is not None and rule >= count:
        have = "1 channel (0)" if count == 1 else f"{count} channels (0 to {count - 1})"
        raise OptionError(f"there is no channel {rule} in {name}: it has {have}. Choose one, or mix.")


class Mixer:
    """Decoded frames of one format to mono samples.

    ``bad`` of ``total`` samples were no sound (NaN, infinite, absurd) and are silent now, the first
    of the last mix at ``first_bad``; ``peak`` is the highest sample far beyond full scale, or 0;
    ``cancelled`` is true for as long as the channels cancel each other.
    """

    def __init__(self, rule: Rule, codec: str = "pcm") -> None:
        self.rule = rule
        self.limit = LOUDEST_PCM if codec.startswith("pcm") else LOUDEST
        self.bad = self.total = 0
        self.first_bad = 0
        self.peak = 0.0
        self.cancelled = False

    def mix(self, frames: Sequence[AudioFrame]) -> Samples:
        """The mono samples of frames that agree in format and layout."""
        if not frames:
            return EMPTY
        count = frames[0].layout.nb_channels
        wanted = self._wanted(frames[0], count)
        channels = [self._clean(values) for values in _channels(frames, count, wanted)]
        if len(channels) == 1:
            return channels[0]
        mean = channels[0] + channels[1]
        for channel in channels[2:]:
            mean += channel
        mean *= np.float32(1 / len(channels))
        self.cancelled = len(channels) == 2 and _cancel(mean, channels)
        return channels[0] if self.cancelled else mean

    def _wanted(self, frame: AudioFrame, count: int) -> list[int]:
        if self.rule is not None:
            return [min(self.rule, count - 1)]  # a file may lose channels half-way
        names = [channel.name for channel in frame.layout.channels] if count > 2 else []
        return [i for i in range(count) if not (i < len(names) and names[i] in ("LFE", "LFE2"))] or [0]

    def _clean(self, values: Samples) -> Samples:
        """Silence in place of NaN, infinity and absurd numbers."""
        self.total += len(values)
        with np.errstate(all="ignore"):
            if np.dot(values, values) < SUSPECT * len(values):  # false for NaN
                return values
            bad = np.flatnonzero(~(np.abs(values) < self.limit))
        if len(bad):
            self.bad += len(bad)
            self.first_bad = int(bad[0])
            values[bad] = 0
        self.peak = max(self.peak, float(np.abs(values).max()))
        return values


def _channels(frames: Sequence[AudioFrame], count: int, wanted: Iterable[int]) -> Iterable[Samples]:
    """Each wanted channel of all frames in turn, as float32."""
    kind = frames[0].format.name
    if frames[0].format.is_planar:
        kind = kind.removesuffix("p")
        return [_float([_plane(f, i, kind, f.samples) for f in frames], kind) for i in wanted]
    joined = np.concatenate([_plane(f, 0, kind, f.samples * count) for f in frames])
    return [_float([joined[i::count]], kind) for i in wanted]


def _plane(frame: AudioFrame, index: int, kind: str, count: int) -> NDArray[Any]:
    """One plane without copying; AudioFrame.to_ndarray takes six times as long."""
    if kind not in TYPES:
        raise AudioError(f"samples of FFmpeg's type {kind} are not supported. Convert the file to FLAC.")
    return np.frombuffer(frame.planes[index], TYPES[kind], count)  # type: ignore[call-overload, no-any-return]


def _float(parts: list[NDArray[Any]], kind: str) -> Samples:
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.concatenate(parts).astype(np.float32)
    if kind == "u8":
        values -= np.float32(128)
    if kind in SCALES:
        values *= np.float32(SCALES[kind])
    return values


def _cancel(mean: Samples, channels: Sequence[Samples]) -> bool:
    energy = sum(float(np.dot(channel, channel)) for channel in channels) / len(channels)
    return energy > 0 and float(np.dot(mean, mean)) < CANCELLED * energy

"""Open a container with FFmpeg and choose its audio track."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auricle.audio.source import Feed, Source
from auricle.errors import AudioError, OptionError

if TYPE_CHECKING:
    from av.audio.stream import AudioStream as Stream
    from av.container import InputContainer

# FFmpeg may open nothing but the file it was given, so a playlist cannot fetch or read others.
OPTIONS = {"protocol_whitelist": "none"}
BUFFER = 1 << 16  # bytes a read
# A WAV's header says what is in it. FFmpeg would look for other things in seconds of sound, for milliseconds.
WAV_OPTIONS = {**OPTIONS, "probesize": str(1 << 15)}
LOWEST, HIGHEST = 100, 1_000_000  # Hz; a damaged header could ask for a filter of gigabytes
# Containers whose stated length is written down, not guessed from the bit rate.
EXACT = frozenset({"wav", "w64", "aiff", "caf", "flac", "mov", "matroska", "ogg"})


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a file says of itself: ``rate`` in Hz, ``duration`` in seconds, ``size`` in bytes.

    ``duration`` is None where it is not stated, a guess without an index (raw AAC).
    """

    name: str
    container: str
    codec: str
    rate: int
    channels: int
    layout: str
    duration: float | None
    size: int
    tracks: int = 1


@dataclass(frozen=True, slots=True)
class Track:
    """An open container and its chosen stream.

    ``zero`` is the stamp (seconds) that a player shows as 0. ``exact`` is true where
    ``info.duration`` is a promise, so that less means a damaged file; ``cut`` where the end of the
    file is plainly missing. ``feed`` is what FFmpeg reads from.
    """

    container: InputContainer
    stream: Stream
    info: AudioInfo
    zero: float
    exact: bool
    cut: bool
    feed: Feed


def open_track(source: Source, track: int | None = None) -> Track:
    """The chosen audio track of a file: the default one, or number ``track`` from 0.

    Raises AudioError when there is no sound to decode, OptionError for a track that is not there.
    """
    _check_wav(source)
    feed = Feed(source)
    container = _open(feed, source)
    try:
        stream = _choose(container, source, track)
        return _describe(container, stream, source, feed)
    except BaseException:
        container.close()
        raise


def _open(feed: Feed, source: Source) -> InputContainer:
    import av

    options = WAV_OPTIONS if _is_wav(source.head(12)) else OPTIONS
    try:
        return av.open(feed, "r", options=dict(options), metadata_errors="replace", buffer_size=BUFFER)
    except (av.error.FFmpegError, OSError, ValueError, ArithmeticError) as error:
        if feed.error:
            raise AudioError(f"{source.name} cannot be read: {feed.error.strerror}.") from error
        raise AudioError(_why_not(source, getattr(error, "strerror", None) or str(error))) from error


def _check_wav(source: Source) -> None:
    """Refuse a WAV header whose chunks reach beyond the file: FFmpeg would reserve up to 2 GB for one."""
    head = source.head(1 << 16)
    place = 12 if _is_wav(head) else len(head)
    while place + 8 <= len(head) and head[place : place + 4] != b"data":
        size = int.from_bytes(head[place + 4 : place + 8], "little")
        if place + 8 + size > source.size:
            raise AudioError(f"{source.name} has a damaged WAV header. Export or copy it again.")
        place += 8 + size + size % 2


def _is_wav(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WAVE"


def _why_not(source: Source, reason: str) -> str:
    head = source.head()
    if _is_text(head):
        return f"{source.name} holds text, not sound. Name an audio or video file."
    if head[4:8] == b"ftyp":
        return f"{source.name} has no index: the recording or copy broke off before its end. Copy it again."
    return f"{source.name} is not a sound or video file that can be decoded ({reason}). Check that it plays."


def _is_text(head: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # its end may be cut
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\t\r\n\f\ufeff" for letter in text)


def _choose(container: InputContainer, source: Source, track: int | None) -> Stream:
    tracks = [stream for stream in container.streams.audio if _decodable(stream)]
    if not tracks:
        raise AudioError(_no_sound(container, source))
    if track is not None:
        if not 0 <= track < len(tracks):
            raise OptionError(f"there is no track {track} in {source.name}: it has {len(tracks)}, from 0.")
        return tracks[track]
    return next((stream for stream in tracks if int(stream.disposition) & 1), tracks[0])  # 1: default


def _decodable(stream: Stream) -> bool:
    context = stream.codec_context
    return context is not None and LOWEST <= (context.sample_rate or 0) <= HIGHEST and context.channels > 0


def _no_sound(container: InputContainer, source: Source) -> str:
    if _is_text(source.head()):
        return f"{source.name} holds text, not sound. Name an audio or video file."
    if container.streams.audio:
        return f"{source.name} has sound in a form that cannot be decoded. Convert it to FLAC or WAV."
    what = "a video without an audio track" if container.streams.video else "a file without an audio track"
    return f"{source.name} is {what}. Name one with sound."


def _describe(container: InputContainer, stream: Stream, source: Source, feed: Feed) -> Track:
    from av.stream import Discard

    context = stream.codec_context
    context.thread_count = 1  # sound decodes a thousand times faster than it plays
    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all
    kind = container.format.name.split(",")[0]
    zero = _zero(container)
    duration, exact = _duration(container, stream, zero)
    info = AudioInfo(
        name=source.name,
        container=kind,
        codec=context.codec.canonical_name,
        rate=context.sample_rate,
        channels=context.channels,
        layout=_layout(context.layout.name, context.channels),
        duration=duration and duration * (_wav_excess(source) if kind == "wav" else 1.0),
        size=source.size,
        tracks=len(container.streams.audio),
    )
    promised = kind in EXACT or (kind == "mp3" and _has_count(source))
    return Track(container, stream, info, zero, exact and promised, kind == "ogg" and _no_end(source), feed)


def _layout(name: str, channels: int) -> str:
    """FFmpeg's name, or the obvious one where the file has none ("2 channels")."""
    return {1: "mono", 2: "stereo"}.get(channels, name) if name.endswith("channels") else name


def _zero(container: InputContainer) -> float:
    """The stamp at which a player starts, in seconds; encoders' priming lies before 0."""
    start = (container.start_time or 0) / 1e6
    return 0.0 if -0.1 < start < 0 else start


def _duration(container: InputContainer, stream: Stream, zero: float) -> tuple[float | None, bool]:
    """Where the track ends (seconds from zero) and whether that is said of this very track."""
    if stream.duration and stream.time_base:
        first = stream.start_time * stream.time_base - zero if stream.start_time else 0.0
        return max(float(first), 0.0) + float(stream.duration * stream.time_base), True
    if tagged := _tagged_duration(stream.metadata):
        return tagged - zero, True
    if container.duration:
        return container.duration / 1e6, len(container.streams) == 1
    return None, False


def _tagged_duration(metadata: dict[str, Any]) -> float | None:
    """Matroska's DURATION tag, "00:00:08.000000000", in seconds."""
    tag = next((str(value) for key, value in metadata.items() if key.startswith("DURATION")), "")
    if found := re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", tag):
        return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
    return None


def _has_count(source: Source) -> bool:
    """Whether an MP3 says how many frames it has (a Xing, Info or VBRI header)."""
    head = b""
    with suppress(AudioError):
        head = source.head(1 << 16)
    return any(mark in head for mark in (b"Xing", b"Info", b"VBRI"))


def _wav_excess(source: Source) -> float:
    """How much longer a WAV file says it is than it is: FFmpeg believes the size of the file.

    1 where it says nothing useful, because it was written to a pipe.
    """
    head = source.head(8)
    stated = int.from_bytes(head[4:8], "little")
    if head[:4] != b"RIFF" or not source.size - 7 <= stated < 0x7FFF0000:
        return 1.0
    return stated / (source.size - 8)


def _no_end(source: Source) -> bool:
    """Whether an Ogg file lacks its last page: the end mark, or a part of that page."""
    tail = source.tail(1 << 17)  # a page has at most 65 307 bytes
    last = tail.rfind(b"OggS")
    if last < 0 or len(tail) < last + 27:
        return True
    table = tail[last + 27 : last + 27 + tail[last + 26]]
    return not tail[last + 5] & 4 or len(tail) < last + 27 + len(table) + sum(table)

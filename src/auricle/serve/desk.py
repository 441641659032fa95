"""Where requests are worked on: so many at once on threads, all with one engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import IO, Any, TypeVar

from auricle.engines import Engine, load_engine
from auricle.errors import AuricleError
from auricle.options import build
from auricle.serve.batching import Abandoned, Batcher, SharedEngine, Stop
from auricle.serve.errors import ApiError
from auricle.serve.form import Asked
from auricle.serve.metrics import Metrics
from auricle.serve.options import ServeOptions
from auricle.transcript import Segment, Transcript
from auricle.verbs.transcribe import TranscribeOptions, Transcriber

T = TypeVar("T")


class Desk:
    """One model, the threads that work with it, and its name for clients."""

    def __init__(self, options: ServeOptions, metrics: Metrics, *, engine: Engine | None = None) -> None:
        self.options, self.metrics = options, metrics
        self.engine = engine or load_engine(options.load)
        self.batcher = Batcher(self.engine, options.batch, self._count)
        self._threads = ThreadPoolExecutor(options.limits.workers, thread_name_prefix="auricle-request")
        self.names = (self.engine.info.model, *options.alias)
        self.ending = asyncio.Event()  # set: sessions write down what they have heard, and end
        self.talking = 0  # sessions that are open

    def close(self) -> None:
        """Finish what was taken, then let go of the threads."""
        self._threads.shutdown(wait=True)
        self.batcher.close()

    async def end_sessions(self, hurry: Callable[[], bool]) -> None:
        """Let sessions finish what they were told, as long as that may take, or until ``hurry`` says so."""
        self.ending.set()
        last = time.monotonic() + self.options.limits.timeout
        while self.talking and time.monotonic() < last and not hurry():
            await asyncio.sleep(0.05)

    async def run(self, work: Callable[[], T], stop: Stop) -> T:
        """Do ``work`` on a thread once one is free. Raises ApiError for what is wrong with it."""

        def begin() -> T:
            stop.check()
            return work()

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, begin)
        except Abandoned as gone:
            self.metrics.add("auricle_abandoned_total")
            if gone.late:
                seconds = self.options.limits.timeout
                raise ApiError(504, f"this took longer than {seconds:g} s.", code="timeout") from gone
            raise ApiError(499, "the client went.", code="client_closed") from gone
        except AuricleError as error:
            raise ApiError(400, str(error)) from error
        except asyncio.CancelledError:
            stop.set()
            raise

    def transcribe(
        self, file: IO[bytes], asked: Asked, stop: Stop, on_segment: Callable[[Segment], None]
    ) -> Transcript:
        """Transcribe an upload. Raises AuricleError, ApiError for one that is too long, Abandoned."""
        values: dict[str, Any] = {"batch_size": self.options.batch, **asked.options}
        options = build(TranscribeOptions, values)
        transcriber = Transcriber(options, engine=SharedEngine(self.batcher, stop))

        def heard(seconds: float) -> None:
            stop.check()
            self._check_seconds(seconds)

        with transcriber.open(file, on_heard=heard) as job:
            self._check_seconds(job.seconds or 0.0)
            for segment in job:
                on_segment(segment)
        found = job.transcript()
        self.metrics.add("auricle_audio_seconds_total", found.duration)
        return replace(found, record=None)

    def _check_seconds(self, seconds: float) -> None:
        most = self.options.limits.max_seconds
        if seconds > most:
            raise ApiError(
                413, f"this recording is longer than {most:g} s, the most.", param="file", code="too_long"
            )

    def _count(self, windows: int, seconds: float) -> None:
        self.metrics.add("auricle_batches_total")
        self.metrics.add("auricle_windows_total", windows)
        self.metrics.add("auricle_model_seconds_total", seconds)

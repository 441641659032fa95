"""What the buttons of the page do: generators of markup and files. Knows no Gradio.

Every one ends in something a visitor can read; what we raise on purpose becomes a sentence.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.demo import show
from auricle.demo.shelf import Shelf
from auricle.errors import AuricleError
from auricle.formats import FORMATS
from auricle.options import build
from auricle.pages import Markup
from auricle.serve.batching import Abandoned, Stop
from auricle.transcript import Segment, Transcript
from auricle.verbs.transcribe import TranscribeOptions, Transcriber

EVERY = tuple(FORMATS)
CHOSEN = ("txt", "srt", "json")
_WAIT = "The recording is still on its way: wait a moment, then press Transcribe."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a visitor chose beside the recording."""

    model: str
    language: str = "auto"
    task: str = "transcribe"
    words: bool = True
    formats: tuple[str, ...] = CHOSEN

    def options(self) -> TranscribeOptions:
        """As options of ``transcribe``. Raises OptionError."""
        values: dict[str, Any] = {"model": self.model, "task": self.task, "words": self.words}
        if self.language != "auto":
            values["language"] = self.language
        return build(TranscribeOptions, values)


Step = tuple[Markup, list[str]]


def hear(
    shelf: Shelf, path: str | None, wanted: Wanted, folder: Path, stop: Stop | None = None
) -> Iterator[Step]:
    """A recording to its text: progress with partial text, then the text with its player, and files.

    Who sets ``stop`` gets the text so far.
    """
    if not path:  # a microphone hands over nothing until its recording has arrived
        yield show.sentence(_WAIT), []
        return
    stop, heard = stop or Stop(), list[Segment]()
    try:
        yield show.sentence("Opening …"), []
        for step in _listen(shelf, path, wanted, stop, heard):
            yield _result(path, step, wanted, folder) if isinstance(step, Transcript) else (step, [])
    except AuricleError as error:
        yield show.sentence(_told(error, path), bad=True), []
    except Abandoned:
        yield show.cancelled(heard), []
    finally:
        stop.set()  # the visitor went


def _listen(
    shelf: Shelf, path: str, wanted: Wanted, stop: Stop, heard: list[Segment]
) -> Iterator[Markup | Transcript]:
    """How far it is, as often as there is more; the transcript at the end. ``heard`` grows meanwhile."""
    transcriber = Transcriber(wanted.options(), engine=shelf.engine(wanted.model, stop))
    stop.check()
    with transcriber.open(path, on_heard=lambda _: stop.check()) as job:
        for segment in job:
            stop.check()
            heard.append(segment)
            yield show.progress(segment.end, job.seconds, heard)
    yield job.transcript()


def _result(path: str, found: Transcript, wanted: Wanted, folder: Path) -> Step:
    stem = Path(path).stem or "transcript"
    target = Path(tempfile.mkdtemp(dir=folder))
    files = [str(found.save(target / f"{stem}.{name}", format=name)) for name in wanted.formats]
    video = show.is_video(path)
    captions = str(found.save(target / "captions.vtt")) if video else None
    return show.transcript(found, show.player(path, captions, video=video)), files


def compare(
    shelf: Shelf, path: str | None, models: Sequence[str], language: str, stop: Stop | None = None
) -> Iterator[Markup]:
    """A recording by two models, side by side, with the speed of each."""
    from auricle.verbs.compare_models.columns import columns

    if not path:
        yield show.sentence(_WAIT)
        return
    stop = stop or Stop()
    try:
        texts, notes = [], []
        for name in models:
            yield show.sentence(f"{name} is listening …")
            shelf.engine(name, stop)  # which loads it: that is not its speed
            began, found = time.perf_counter(), Transcript()
            for step in _listen(shelf, path, Wanted(name, language), stop, []):
                if isinstance(step, Transcript):
                    found = step
                else:
                    yield show.listening(name, step)
            took = max(time.perf_counter() - began, 0.001)
            texts.append(found.text)
            notes.append(f"{took:.1f} s, {found.duration / took:.1f} × real time")
        yield show.columns(columns(texts), models, notes)
    except AuricleError as error:
        yield show.sentence(_told(error, path), bad=True)
    except Abandoned:
        yield show.cancelled([])
    finally:
        stop.set()


def _told(error: AuricleError, path: str) -> str:
    """The error without the folder that Gradio keeps uploads in."""
    return str(error).replace(path, Path(path).name)

"""Words while a visitor speaks. Knows the pieces a browser sends; no Gradio."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from auricle.audio.resample import Resampler, Samples
from auricle.demo import show
from auricle.demo.shelf import Shelf
from auricle.errors import AuricleError
from auricle.options import build
from auricle.pages import Markup
from auricle.serve.batching import Abandoned, Stop
from auricle.verbs.stream import Committed, Event, Listener, Partial, StreamOptions, UtteranceEnded

_GONE = 30.0  # seconds without a piece after which the visitor has gone: a browser sends four a second
_SILENT = "No sound has come from the browser for a while, so nobody listens any more. Press Record again."
_GLANCE = 0.3  # seconds between two looks at whether the last words are there
_MOST = 200  # utterances that stay on the page


Piece = tuple[int, np.ndarray[Any, Any]]


class Talk:
    """One visitor's talk: pieces of sound in, markup out.

    ``feed`` never waits for the model, or the browser would drop what it could not send: a thread
    listens, and takes all that has come by then at once. It ends with the talk, or when nothing comes.
    """

    def __init__(self, shelf: Shelf, model: str, language: str, *, gone: float = _GONE) -> None:
        self._shelf, self._model, self._language = shelf, model, language
        self._stop = Stop()
        self._resampler: Resampler | None = None
        self._lines: list[str] = []
        self._words, self._rest, self._trouble = "", "", ""
        self._pieces: queue.Queue[Piece | None] = queue.Queue()
        self._gone = gone
        self._thread = threading.Thread(target=self._run, name="auricle-talk", daemon=True)
        self._thread.start()

    def feed(self, piece: Piece | None) -> Markup:
        """A piece as the browser gave it: rate in Hz, 16-bit samples [samples] or [samples, channels]."""
        if piece is not None and len(piece[1]):
            self._pieces.put(piece)
        return self.page()

    def finish(self) -> Iterator[Markup]:
        """The visitor has stopped: the page until the last words stand on it."""
        self._pieces.put(None)
        while self._thread.is_alive():
            self._thread.join(_GLANCE)
            yield self.page()

    def leave(self) -> None:
        """Nobody looks any more: no more work for it."""
        self._stop.set()
        self._pieces.put(None)

    def _run(self) -> None:
        try:
            self._listen(self._open())
        except Abandoned:
            return  # the visitor has gone
        except queue.Empty:  # so it seems; one whose browser was only slow is told
            self._trouble = _SILENT
        except AuricleError as error:
            self._trouble = str(error)

    def _open(self) -> Listener:
        """Raises OptionError, ModelError."""
        language = None if self._language == "auto" else self._language
        options = build(StreamOptions, {"model": self._model, "language": language})
        return Listener(options, engine=self._shelf.engine(self._model, self._stop, urgent=True))

    def _listen(self, listener: Listener) -> None:
        while (piece := self._pieces.get(timeout=self._gone)) is not None:
            pieces: list[Piece | None] = [piece]
            while pieces[-1] is not None and not self._pieces.empty():
                pieces.append(self._pieces.get())
            heard = [self._samples(one) for one in pieces if one is not None]
            self._take(listener.feed(np.concatenate(heard)))
            if pieces[-1] is None:
                break
        if self._resampler is not None:
            self._take(listener.feed(self._resampler.flush()))
        self._take(listener.finish())

    def _samples(self, piece: Piece) -> Samples:
        """A piece as the listener wants it."""
        rate, samples = piece
        if self._resampler is None or self._resampler.source != rate:
            self._resampler = Resampler(rate, 16_000)
        mono = samples.astype(np.float32)
        mono = mono.mean(axis=1) if mono.ndim > 1 else mono
        scale = {"int16": 2.0**15, "int32": 2.0**31}.get(samples.dtype.name, 1.0)
        return self._resampler.push((mono / np.float32(scale)).astype(np.float32))

    def page(self) -> Markup:
        """What stands on the page now."""
        if self._trouble:
            return show.sentence(self._trouble, bad=True)
        return show.live(self._lines, self._words, self._rest)

    def _take(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Committed):
                self._words += event.text if self._words else event.text.lstrip()
                self._rest = ""
            elif isinstance(event, Partial):
                self._rest = event.text
            elif isinstance(event, UtteranceEnded):
                if event.words:
                    self._lines = [*self._lines, event.text][-_MOST:]
                self._words = self._rest = ""

"""The models of the page: each loaded when it is first asked for, and shared by all visitors."""

from __future__ import annotations

import threading
from dataclasses import replace

from auricle.demo.options import DemoOptions
from auricle.engines import load_engine
from auricle.errors import OptionError
from auricle.serve.batching import Batcher, SharedEngine, Stop

_TOGETHER = 8  # windows of different visitors that are decoded together


class Shelf:
    """Models by name."""

    def __init__(self, options: DemoOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._loaded: dict[str, Batcher] = {}
        self._warming: threading.Thread | None = None

    def engine(self, name: str, stop: Stop, *, urgent: bool = False) -> SharedEngine:
        """A model for one visitor. Raises OptionError for one that is not offered, ModelError."""
        if name not in self._options.models:  # a request can say what the page cannot
            raise OptionError(f"the model {name!r} is not offered here.")
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = Batcher(load_engine(replace(self._options.load, model=name)), _TOGETHER)
        return SharedEngine(self._loaded[name], stop, urgent=urgent)

    def warm(self) -> None:
        """Load the first model while the page is being looked at; once."""
        with self._lock:
            if self._warming is None:
                self._warming = threading.Thread(target=self._first, name="auricle-warm", daemon=True)
                self._warming.start()

    def _first(self) -> None:
        from auricle.errors import AuricleError

        try:
            self.engine(self._options.load.model, Stop())
        except AuricleError:
            return  # whoever asks for it is told

    def close(self) -> None:
        """Let go of the threads."""
        if self._warming is not None:
            self._warming.join()  # a process that ends while a model is being loaded is aborted
        for batcher in self._loaded.values():
            batcher.close()

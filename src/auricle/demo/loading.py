"""Gradio, in half the time: without two things it does when it is imported and no page of ours needs.

It writes type stubs for editors beside its own source, parsing the source of every component for
it, 1.2 of 2.7 s on one core; and it imports pandas, which only tables and its statistics use. Both
are put off here for the time of the import; what we cannot put off costs time and nothing else.

And it makes an event loop for each lock, five a page, which nobody closes: three open files each. A lock
has needed no loop since Python 3.10.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from auricle.errors import missing_extra


def gradio() -> Any:
    """The module, told to ask nobody for anything. Raises MissingExtraError."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    try:
        if "gradio" not in sys.modules:
            _put_off("pandas")
            with _no_stubs():
                import gradio
        import gradio

        _no_loops()
    except ImportError as error:
        raise missing_extra("auricle demo", "demo") from error
    return gradio


@contextmanager
def _no_stubs() -> Iterator[None]:
    """Gradio writes no stub for a class whose file cannot be told."""
    told = inspect.getfile

    def getfile(what: Any) -> str:
        if isinstance(what, type) and what.__module__.startswith("gradio."):
            raise OSError("no stubs are needed")
        return told(what)

    inspect.getfile = getfile  # type: ignore[assignment]  # which takes any one thing
    try:
        yield
    finally:
        inspect.getfile = told


def _no_loops() -> None:
    for module in ("gradio.utils", "gradio.queueing"):
        for name, made in (("safe_get_lock", asyncio.Lock), ("safe_get_stop_event", asyncio.Event)):
            if hasattr(found := sys.modules.get(module), name):
                setattr(found, name, made)


class _Later(ModuleType):
    """A module that is imported when somebody wants something of it.

    The standard library's LazyLoader will not do: it imports where somebody only walks over all modules.
    """

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        module = importlib.import_module(self.__name__)
        self.__dict__.update(module.__dict__)
        return getattr(module, name)


def _put_off(name: str) -> None:
    spec = importlib.util.find_spec(name)
    if name in sys.modules or spec is None:
        return
    module = _Later(name)
    module.__spec__, module.__file__ = spec, spec.origin
    module.__path__ = list(spec.submodule_search_locations or ())
    sys.modules[name] = module

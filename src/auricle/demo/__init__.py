"""``auricle demo``: a page to show a model on, in a browser.

``page`` is the page, ``hearing`` and ``live`` what it does, ``show`` what stands on it; ``reading`` and
``record`` are the tab that records a dataset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from auricle.demo.options import DemoOptions
from auricle.engines import check_name
from auricle.errors import OutputError

__all__ = ["DemoOptions", "demo", "running"]


def demo(options: DemoOptions, *, on_ready: Callable[[str], None] = lambda address: None) -> None:
    """Show the page until the process is told to stop.

    Raises ModelError for one that is nowhere, OptionError, MissingExtraError, OutputError where the port
    is not free.
    """
    with running(options) as address:
        on_ready(address)
        _wait()


@contextmanager
def running(options: DemoOptions) -> Iterator[str]:
    """The address of the page as long as the context lasts. Raises what ``demo`` raises."""
    for name in options.models if options.load.engine == "auto" else ():  # others may know other names
        check_name(name)
    from auricle.demo.page import create
    from auricle.demo.shelf import Shelf

    visitors = options.visitors
    shelf = Shelf(options)
    page = create(options, shelf)
    try:
        yield _launch(page, options, visitors)
    finally:
        page.close(verbose=False)
        shelf.close()


def _launch(page: Any, options: DemoOptions, visitors: list[tuple[str, str]]) -> str:
    import gradio

    from auricle import sample
    from auricle.demo.page import look

    try:
        _, local, public = page.queue(max_size=64).launch(
            server_name=options.host,
            server_port=options.port or _free(options.host),
            share=options.share,
            auth=visitors or None,
            prevent_thread_lock=True,
            quiet=True,
            allowed_paths=[str(sample().parent)],
            max_file_size=f"{options.max_upload:g}mb",
            ssr_mode=False,
            footer_links=[],
            **look(gradio),
        )
    except OSError as error:
        raise OutputError(
            f"cannot listen on {options.host}:{options.port}. Type: --port 0 for a free one."
        ) from error
    return str(public or local)


def _free(host: str) -> int:
    import socket

    with socket.socket() as opened:
        opened.bind((host, 0))
        return int(opened.getsockname()[1])


def _wait() -> None:
    import threading

    threading.Event().wait()

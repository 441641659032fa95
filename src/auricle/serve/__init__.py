"""``auricle serve``: one model behind the OpenAI API, over HTTP and WebSocket.

The pieces: ``patience`` waits, ``guard`` lets in, ``origins`` tells browsers so, ``app`` routes, ``form`` and
``session_options`` read what is asked, ``desk`` works, ``batching`` shares the engine, ``answers`` writes.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from auricle.engines import Engine
from auricle.errors import OutputError, missing_extra
from auricle.serve.options import LimitOptions, ServeOptions, checked

__all__ = ["LimitOptions", "ServeOptions", "running", "serve"]


def serve(
    options: ServeOptions,
    *,
    engine: Engine | None = None,
    on_ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve until the process is told to stop, then finish what was taken.

    ``on_ready`` is called with the address once it can be called. Raises OptionError, ModelError,
    MissingExtraError, OutputError where the port is not free.
    """
    options = checked(options)
    socket = _listen(options.host, options.port)
    try:
        _runner(options, engine, on_ready, socket).run(sockets=[socket])
    finally:
        socket.close()


@contextmanager
def running(options: ServeOptions, *, engine: Engine | None = None) -> Iterator[str]:
    """The address of a server that runs on a thread as long as the context does: for tests and notebooks.

    Raises what ``serve`` raises.
    """
    options = checked(options)
    socket = _listen(options.host, options.port)
    ready: queue.Queue[str] = queue.Queue()
    server = _runner(options, engine, ready.put, socket)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, name="auricle-serve")
    thread.start()
    try:
        yield ready.get(timeout=30)
    finally:
        server.should_exit = True
        thread.join()
        socket.close()


def _runner(
    options: ServeOptions, engine: Engine | None, on_ready: Callable[[str], None], socket: Any
) -> Any:
    try:
        import uvicorn
    except ImportError as error:
        raise missing_extra("auricle serve", "serve") from error
    from auricle.serve.app import create_app
    from auricle.serve.desk import Desk
    from auricle.serve.metrics import Metrics
    from auricle.serve.patience import protocol

    port = socket.getsockname()[1]
    shown = f"[{options.host}]" if ":" in options.host else options.host

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                on_ready(f"http://{shown}:{port}")

        async def shutdown(self, sockets: Any = None) -> None:
            for server in self.servers:
                server.close()
            await desk.end_sessions(lambda: self.force_exit)
            await super().shutdown(sockets)
            self._captured_signals.clear()  # it did what they asked: they need not end the process too

    desk = Desk(options, Metrics(), engine=engine)
    config = uvicorn.Config(
        create_app(desk),
        http=protocol(options.limits.slow),
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=1 << 16,
        ws_max_size=16 << 20,
        limit_concurrency=None,
        server_header=False,
    )
    return Server(config)


def _listen(host: str, port: int) -> Any:
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        raise OutputError(
            f"cannot listen on {host}:{port}: {error.strerror or error}. Type: --port 0 for a free one."
        ) from error
    return opened

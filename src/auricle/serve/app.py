"""The HTTP application: routes in, answers out; the work is done at the ``Desk``.

FastAPI reads the annotations of routes when they are defined, so this module has none that are
postponed: the names they need are imported inside the function that defines them.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from auricle.errors import missing_extra
from auricle.serve import answers, page
from auricle.serve.batching import Stop
from auricle.serve.desk import Desk
from auricle.serve.errors import ApiError
from auricle.serve.form import Asked, read_form, unknown_model
from auricle.serve.guard import Guard
from auricle.serve.metrics import resident
from auricle.serve.upload import Upload
from auricle.transcript import Segment, Transcript

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

_FIELDS, _TEXT = 40, 1 << 16  # fields of a form, and bytes of a text among them


def create_app(desk: Desk) -> Guard:
    """The application for a desk, with its guard around it. Raises MissingExtraError."""
    try:
        from fastapi import FastAPI
    except ImportError as error:
        raise missing_extra("auricle serve", "serve") from error

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(desk.close)

    app = FastAPI(title="Auricle", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    guard = Guard(app, desk.options, desk.metrics)
    _add_errors(app)
    _add_models(app, desk)
    _add_state(app, desk, guard)
    _add_audio(app, desk)
    _add_realtime(app, desk)
    return guard


def _add_errors(app: "FastAPI") -> None:
    """Whatever is refused is an OpenAI error object; what we did not foresee says no more than that."""
    from fastapi import Request
    from fastapi.responses import JSONResponse
    from starlette.exceptions import HTTPException

    def ours(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)
        return JSONResponse(error.body, error.status, headers=error.headers)

    def theirs(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        message = str(error.detail)
        if error.status_code in (404, 405):
            message = f"there is no {request.method} {request.url.path[:80]} here. See /docs"
        return JSONResponse(
            ApiError(error.status_code, message).body, error.status_code, headers=error.headers
        )

    def unforeseen(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse(ApiError(500, "something went wrong here.").body, 500)

    app.add_exception_handler(ApiError, ours)
    app.add_exception_handler(HTTPException, theirs)
    app.add_exception_handler(Exception, unforeseen)


def _add_models(app: "FastAPI", desk: Desk) -> None:
    created = int(time.time())

    def describe(name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": created, "owned_by": "auricle"}

    @app.get("/v1/models", summary="The model that is served, under each of its names")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [describe(name) for name in desk.names]}

    @app.get("/v1/models/{name:path}", summary="One of them", responses=page.refusals(404))
    async def model(name: str) -> dict[str, Any]:
        if name not in desk.names:
            raise unknown_model(name, desk.names)
        return describe(name)


def _add_state(app: "FastAPI", desk: Desk, guard: Guard) -> None:
    from fastapi.responses import HTMLResponse, PlainTextResponse

    desk.metrics.gauge("auricle_requests_here", "Requests with sound in the house.", lambda: guard.taken)
    desk.metrics.gauge(
        "auricle_windows_waiting", "Windows that wait for the model.", lambda: desk.batcher.waiting
    )
    desk.metrics.gauge("process_resident_memory_bytes", "Memory of this process.", resident)

    @app.get("/health", summary="Whether it is up")
    async def health() -> dict[str, str]:
        return {"status": "ok", "model": desk.engine.info.model}

    @app.get("/metrics", summary="Counters and gauges for Prometheus", response_class=PlainTextResponse)
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(desk.metrics.text(), media_type="text/plain; version=0.0.4")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(page.docs(app.openapi(), desk.names))


def _add_audio(app: "FastAPI", desk: Desk) -> None:
    from fastapi import Request, Response

    @app.post(
        "/v1/audio/transcriptions",
        summary="A recording to its text",
        openapi_extra=page.body("transcribe"),
        responses=page.audio_answers(),
    )
    async def transcriptions(request: Request) -> Response:
        return await _audio(request, desk, "transcribe")

    @app.post(
        "/v1/audio/translations",
        summary="A recording to English text",
        openapi_extra=page.body("translate"),
        responses=page.audio_answers(),
    )
    async def translations(request: Request) -> Response:
        return await _audio(request, desk, "translate")


def _add_realtime(app: "FastAPI", desk: Desk) -> None:
    from fastapi import WebSocket

    from auricle.serve.realtime import Sessions

    sessions = Sessions(desk)
    desk.metrics.gauge("auricle_realtime_sessions", "Realtime sessions that are open.", lambda: desk.talking)

    @app.websocket("/v1/realtime")
    async def realtime(socket: WebSocket) -> None:
        await sessions.run(socket)


async def _audio(request: "Request", desk: Desk, task: str) -> "Response":
    from fastapi import Response

    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise ApiError(400, "send a form (multipart/form-data) with file and model.", param="file")
    stop = Stop(desk.options.limits.timeout)
    form = await request.form(max_files=1, max_fields=_FIELDS, max_part_size=_TEXT)
    closing = AsyncExitStack()
    closing.push_async_callback(form.close)
    async with closing:
        asked, upload = _asked(form, desk, task)
        if asked.stream:
            return await _streamed(desk, upload, asked, stop, closing.pop_all())
        watch = asyncio.create_task(_until_gone(request, stop))
        try:
            found = await desk.run(lambda: desk.transcribe(upload, asked, stop, lambda _: None), stop)
        finally:
            watch.cancel()
    _note(request, desk, found.duration, found.text)
    body = answers.answer(found, asked.format, words=asked.words, segments=asked.segments, task=task)
    return Response(body, media_type=answers.MEDIA[asked.format])


def _asked(form: Any, desk: Desk, task: str) -> tuple[Asked, Any]:
    """What a form asks for, and its file. Raises ApiError."""
    pairs = [(name, value) for name, value in form.multi_items() if isinstance(value, str) and name != "file"]
    asked = read_form(pairs, desk.names, task=task)
    for name, value in form.multi_items():
        if name != "file" and not isinstance(value, str):
            raise ApiError(400, "the recording belongs in the field file.", param="file")
    file = form.get("file")
    if file is None or isinstance(file, str):
        raise ApiError(400, "file is missing: the recording, as a file of the form.", param="file")
    return asked, Upload(file.file, file.filename or "")


def _note(request: "Request", desk: Desk, seconds: float, text: str) -> None:
    """What the log line of this request says besides."""
    notes = request.scope.get("state", {}).get("notes", {})
    notes["audio_seconds"] = round(seconds, 3)
    if desk.options.log_text:
        notes["text"] = text


async def _until_gone(request: "Request", stop: Stop) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    stop.set()


async def _streamed(desk: Desk, upload: Any, asked: Asked, stop: Stop, closing: AsyncExitStack) -> "Response":
    """Server-sent events, one for each segment. An error before the first is an ordinary answer."""
    from fastapi.responses import StreamingResponse

    loop, waiting = asyncio.get_running_loop(), asyncio.Queue[Segment | None]()

    def tell(segment: Segment | None) -> None:
        loop.call_soon_threadsafe(waiting.put_nowait, segment)

    async def work() -> Transcript:
        async with closing:
            try:
                return await desk.run(lambda: desk.transcribe(upload, asked, stop, tell), stop)
            finally:
                tell(None)

    task = asyncio.create_task(work())
    if (first := await waiting.get()) is None:
        await task

    async def events() -> AsyncIterator[bytes]:
        segment = first
        try:
            while segment is not None:
                yield answers.delta(segment, first=segment is first)
                segment = await waiting.get()
            yield answers.done(await task)
        except ApiError as error:
            yield answers.failed(error.body)
        finally:
            stop.set()  # where the client went

    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})

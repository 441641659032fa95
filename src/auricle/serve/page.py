"""The description of the API: what OpenAPI cannot tell from the code, and a page to read offline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auricle.pages import Markup, Page, paragraph, table, tag
from auricle.serve.answers import MEDIA
from auricle.serve.form import FORMATS, GRANULARITIES

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
_MEANINGS = {
    400: "A field, or the recording, is not right",
    401: "The API key is missing or not known",
    403: "The caller may not call",
    404: "There is no such model",
    408: "The upload came too slowly",
    413: "The upload, or the recording, is too long",
    429: "All places are taken",
    504: "It took too long",
}
_TEXT: dict[str, Any] = {"type": "string"}
_SHARED: dict[str, dict[str, Any]] = {
    "file": {"type": "string", "format": "binary", "description": "The recording: any sound or video file"},
    "model": {**_TEXT, "description": "The model's name, as /v1/models has it"},
    "prompt": {
        **_TEXT,
        "maxLength": 4000,
        "description": "Text that sets names and style; acts in every window",
    },
    "response_format": {**_TEXT, "enum": list(FORMATS), "default": "json"},
    "temperature": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "description": "0 samples only where a window fails a gate",
    },
}
_MORE: dict[str, dict[str, Any]] = {
    "language": {**_TEXT, "description": "A code such as en; found out if not given"},
    "languages": {"type": "array", "items": _TEXT, "description": "Languages to choose from"},
    "keywords": {"type": "array", "items": _TEXT, "description": "Words to listen for"},
    "timestamp_granularities": {
        "type": "array",
        "items": {**_TEXT, "enum": list(GRANULARITIES)},
        "description": "With verbose_json: word, segment or both",
    },
    "stream": {"type": "boolean", "description": "Server-sent events: the text of each segment as it comes"},
    "chunking_strategy": {
        **_TEXT,
        "description": "auto, or an object: server_vad, threshold, prefix_padding_ms, silence_duration_ms",
    },
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's description of the answers that refuse."""
    return {
        status: {"description": _MEANINGS[status], "content": {"application/json": {"schema": _ERROR}}}
        for status in statuses
    }


def audio_answers() -> dict[int | str, dict[str, Any]]:
    """OpenAPI's description of the answers to a recording."""
    kinds = sorted({media.partition(";")[0] for media in MEDIA.values()} | {"text/event-stream"})
    good = {"description": "The text", "content": {kind: {} for kind in kinds}}
    return {200: good, **refusals(*_MEANINGS)}


def body(task: str) -> dict[str, Any]:
    """OpenAPI's description of the form."""
    fields = _SHARED if task == "translate" else {**_SHARED, **_MORE}
    schema = {
        "type": "object",
        "required": ["file", "model"],
        "additionalProperties": False,
        "properties": fields,
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def docs(schema: dict[str, Any], names: Sequence[str]) -> str:
    """One page, nothing fetched: the routes, and the fields of a request."""
    rows = [
        (f"{method.upper()} {path}", str(route.get("summary", "")))
        for path, methods in schema["paths"].items()
        for method, route in methods.items()
    ]
    rows.append(
        ("WebSocket /v1/realtime", "The OpenAI realtime transcription protocol: text while somebody speaks")
    )
    fields = [
        (name, _kind(field), str(field.get("description", "")))
        for name, field in {**_SHARED, **_MORE}.items()
    ]
    example = (
        f"curl http://127.0.0.1:8000/v1/audio/transcriptions -F file=@talk.mp3 -F model={names[0]} "
        "-F response_format=srt"
    )
    page = Page("Auricle: the API", lead=paragraph("Serves: ", ", ".join(names)))
    page = page.section("Routes", table(("route", "what it does"), rows, caption="Routes"))
    page = page.section(
        "Fields of a transcription", table(("field", "kind", "meaning"), fields, caption="Fields")
    )
    page = page.section("Try it", tag("pre", tag("code", example)))
    link = tag("a", "openapi.json", href="/openapi.json")
    return page.section("For programs", Markup(tag("p", "The whole description: ", link))).html()


def _kind(field: dict[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(field["enum"])
    if field["type"] == "array":
        return f"several: {_kind(field['items'])}"
    return "file" if field.get("format") == "binary" else str(field["type"])

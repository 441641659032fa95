"""Transcripts as the OpenAI API gives them back."""

from __future__ import annotations

import json
from typing import Any

from auricle.formats import dumps
from auricle.models import LANGUAGES
from auricle.transcript import Segment, Transcript, Word

MEDIA = {
    "json": "application/json",
    "verbose_json": "application/json",
    "text": "text/plain; charset=utf-8",
    "srt": "text/plain; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
}


def answer(
    transcript: Transcript, format: str, *, words: bool, segments: bool, task: str = "transcribe"
) -> bytes:
    """The body of an answer in one of the formats of the API."""
    if format == "text":
        return (transcript.text + "\n").encode()
    if format in ("srt", "vtt"):
        return dumps(transcript, format)
    value: dict[str, Any] = {"text": transcript.text}
    if format == "verbose_json":
        value = _verbose(transcript, words=words, segments=segments, task=task)
    if task == "transcribe":
        value["usage"] = {"type": "duration", "seconds": round(transcript.duration, 3)}
    return json.dumps(value, ensure_ascii=False).encode()


def _verbose(transcript: Transcript, *, words: bool, segments: bool, task: str) -> dict[str, Any]:
    language = "en" if task == "translate" else transcript.language or ""
    value: dict[str, Any] = {
        "task": task,
        "language": LANGUAGES.get(language, language).lower(),
        "duration": round(transcript.duration, 3),
        "text": transcript.text,
    }
    if segments:
        value["segments"] = [_segment(number, one) for number, one in enumerate(transcript.segments)]
    if words:
        value["words"] = [_word(word) for word in transcript.words]
    return value


def _segment(number: int, segment: Segment) -> dict[str, Any]:
    """``tokens`` is always empty: they are the engine's own business, and not all engines have them."""
    return {
        "id": number,
        "seek": round(segment.start * 100),
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "text": segment.text,
        "tokens": [],
        "temperature": segment.temperature or 0.0,
        "avg_logprob": segment.avg_logprob or 0.0,
        "compression_ratio": segment.compression_ratio or 0.0,
        "no_speech_prob": segment.no_speech_prob or 0.0,
    }


def _word(word: Word) -> dict[str, Any]:
    return {"word": word.text, "start": round(word.start, 3), "end": round(word.end, 3)}


def delta(segment: Segment, *, first: bool) -> bytes:
    """A server-sent event with the text of one more segment."""
    text = segment.text.strip()
    return _event({"type": "transcript.text.delta", "delta": text if first else f" {text}"})


def done(transcript: Transcript) -> bytes:
    """The last server-sent event: the whole text."""
    return _event({"type": "transcript.text.done", "text": transcript.text})


def failed(body: dict[str, Any]) -> bytes:
    """A server-sent event for what went wrong after the answer had begun."""
    return _event({"type": "error", **body})


def _event(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()

"""docx (Word): a transcript to read and edit, a paragraph a turn, with times and speakers.

For people, so it cannot be read back. Needs python-docx, the extra ``docx``.
"""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from auricle.errors import missing_extra
from auricle.formats.cues import CueStyle
from auricle.formats.wire import clock, in_order, one_line, unwrap
from auricle.transcript import Segment, Transcript

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

LOSES = ("everything: it cannot be read back. Keep a json beside it",)

_SILENCE = 2.0  # seconds of it begin a new paragraph
_LONGEST = 800  # characters of a paragraph, about eight lines; it then ends with its segment
_FIELD = 255  # characters that a property of a document may have
_EPOCH = datetime(2000, 1, 1)  # the same transcript makes the same file


def dump(transcript: Transcript, _style: CueStyle) -> bytes:
    """A Word document. Raises MissingExtraError without python-docx."""
    document = _new()
    _heading(document, transcript)
    for turn in _turns(in_order(transcript.segments)):
        _paragraph(document, turn)
    for warning in transcript.warnings:
        document.add_paragraph(one_line(f"Note: {warning}"))
    return _packed(document)


def _new() -> Document:
    try:
        import docx
    except ImportError as error:
        raise missing_extra("Word documents", "docx") from error
    document: Document = docx.Document()
    return document


def _heading(document: Document, transcript: Transcript) -> None:
    record = transcript.record
    title = one_line(record.source.name) if record and record.source else ""
    document.add_heading(title or "Transcript", level=1)
    facts = [
        f"{clock(transcript.duration)[:-4]} long" if transcript.duration else "",
        f"language: {transcript.language}" if transcript.language else "",
        f"transcribed by {record.model}" if record else "",
        transcript.coverage.summary() if transcript.coverage else "",
    ]
    if any(facts):
        document.add_paragraph(one_line(" · ".join(filter(None, facts))))
    properties = document.core_properties
    properties.title, properties.author, properties.comments = title[:_FIELD] or "Transcript", "", ""
    properties.language = one_line(transcript.language or "")[:_FIELD]
    properties.created = properties.modified = _EPOCH


def _turns(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """Runs of segments with text, by one speaker, without a long silence, not too long to read."""
    turn: list[Segment] = []
    for segment in segments:
        if not one_line(segment.text):
            continue
        if turn and _apart(turn, segment):
            yield turn
            turn = []
        turn.append(segment)
    if turn:
        yield turn


def _apart(turn: list[Segment], segment: Segment) -> bool:
    last = turn[-1]
    return (
        segment.speaker != last.speaker
        or segment.start - last.end >= _SILENCE
        or sum(len(said.text) for said in turn) >= _LONGEST
    )


def _paragraph(document: Document, turn: list[Segment]) -> None:
    text = unwrap(segment.text for segment in turn)
    paragraph = document.add_paragraph()
    paragraph.add_run(f"[{clock(turn[0].start)[:-4]}] ").italic = True
    if speaker := one_line(turn[0].speaker or ""):
        paragraph.add_run(f"{speaker}: ").bold = True
    paragraph.add_run(text)
    if _right_to_left(text):
        _turn_around(paragraph)


def _right_to_left(text: str) -> bool:
    """True if the first letter of the text runs from right to left (Arabic, Hebrew)."""
    strong = (unicodedata.bidirectional(char) for char in text)
    return next((kind != "L" for kind in strong if kind in ("L", "R", "AL")), False)


def _turn_around(paragraph: Paragraph) -> None:
    from docx.oxml import OxmlElement

    properties: Any = paragraph._p.get_or_add_pPr()
    properties.append(OxmlElement("w:bidi"))


def _packed(document: Document) -> bytes:
    """The file, without the time of day that zip archives carry."""
    written, packed = io.BytesIO(), io.BytesIO()
    document.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED)
    return packed.getvalue()

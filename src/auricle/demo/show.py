"""What stands on the page: words to click, players, progress, sentences. Pure functions to markup.

The script ``player.js`` finds words by their class and times by their data attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from auricle.pages import Markup, tag
from auricle.transcript import Segment, Transcript, Word
from auricle.verbs.compare_models.columns import Column

UNSURE = 0.5  # confidence below which a word is shaded
_VIDEO = {".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v", ".mpg", ".mpeg"}


def address(path: str) -> str:
    """Where the page finds a file that Gradio may give away."""
    return f"/gradio_api/file={quote(path)}"


def player(path: str, captions: str | None, *, video: bool) -> Markup:
    """The recording, to be played; a video with its captions."""
    track: tuple[Markup, ...] = ()
    if video and captions:
        track = (tag("track", src=address(captions), kind="captions", label="Text", default=True),)
    kind = "video" if video else "audio"
    return tag(kind, *track, src=address(path), controls=True, preload="metadata", class_="player")


def is_video(path: str) -> bool:
    """Whether a file is likely to have a picture, by its name."""
    return Path(path).suffix.lower() in _VIDEO


def transcript(found: Transcript, media: Markup) -> Markup:
    """A transcript with its player: a line a segment, every word with its time."""
    if not found.segments:
        return tag("div", media, tag("p", "Nobody speaks in this recording."), class_="heard")
    lines = [_line(segment) for segment in found.segments]
    return tag("div", media, tag("div", *lines, class_="text", lang=found.language or "en"), class_="heard")


def _line(segment: Segment) -> Markup:
    when = tag(
        "button",
        clock(segment.start),
        type="button",
        class_="when",
        data_start=f"{segment.start:.3f}",
        aria_label=f"play from {clock(segment.start)}",
    )
    body: list[str] = [] if segment.words else [tag("span", segment.text)]
    for word in segment.words:
        body += [_word(word)] if word.joined or not body else [" ", _word(word)]
    return tag("p", when, " ", *body)


def _word(word: Word) -> Markup:
    sure = word.confidence is None or word.confidence >= UNSURE
    title = None if word.confidence is None else f"{word.confidence:.0%} sure"
    return tag(
        "span",
        word.text,
        class_="word" if sure else "word unsure",
        data_start=f"{word.start:.3f}",
        data_end=f"{word.end:.3f}",
        title=title,
        tabindex="-1",  # the arrow keys go there
    )


def listening(name: str, far: Markup) -> Markup:
    """Which model is at it, and how far it is."""
    return tag("div", tag("p", f"{name} is listening …"), far)


def cancelled(segments: Sequence[Segment]) -> Markup:
    """What had been heard by then."""
    lines = [tag("p", segment.text) for segment in segments]
    more = " This is the text so far." if lines else ""
    return tag("div", sentence(f"Cancelled.{more}"), tag("div", *lines, class_="text"), class_="heard")


def progress(done: float, total: float | None, segments: Sequence[Segment]) -> Markup:
    """How far it is, and the text so far."""
    if total:
        share = min(done / total, 1.0)
        bar = tag("progress", value=f"{share:.3f}", max="1", aria_label="transcribed")
        head = tag("p", bar, f" {share:.0%} · {clock(done)} of {clock(total)}", class_="far")
    else:
        head = tag("p", "Listening …", class_="far")
    lines = [tag("p", segment.text) for segment in segments]
    return tag("div", head, tag("div", *lines, class_="text"), class_="heard", role="status")


def sentence(text: str, *, bad: bool = False) -> Markup:
    """One sentence to the visitor."""
    return tag("p", text, class_="bad" if bad else "note", role="alert" if bad else "status")


def live(lines: Sequence[str], words: str, rest: str) -> Markup:
    """What was said: utterances that are over, the one that goes on, and what of it may still change."""
    told = [tag("p", line) for line in lines]
    now = tag(
        "p",
        tag("span", words, class_="stable"),
        " " if words and rest else "",
        tag("span", rest, class_="open"),
    )
    return tag("div", *told, now, class_="heard live", aria_live="polite")


def columns(found: Sequence[Column], names: Sequence[str], notes: Sequence[str]) -> Markup:
    """Texts side by side, where they differ marked by more than colour."""
    rows = []
    for place, name in enumerate(names):
        words: list[str] = []
        for column in found:
            word = column.words[place]
            if word is not None:
                words += [tag("mark", word) if column.differs else word, " "]
        head = tag("th", name, tag("span", notes[place], class_="soft"), scope="row")
        rows.append(tag("tr", head, tag("td", *words)))
    differ = sum(column.differs for column in found)
    count = "The texts agree." if not differ else f"The texts differ in {differ} of {len(found)} places."
    table = tag("table", tag("tbody", *rows), aria_label="texts side by side")
    return tag("div", tag("p", count, role="status"), tag("div", table, class_="scroll"), class_="heard")


def clock(seconds: float) -> str:
    """83.4 → "1:23"."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"

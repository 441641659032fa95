"""A profile as one HTML page: figures, plots, and every clip to search and hear. Nothing is fetched.

Clips lie in the page up to a size that is asked for, the noisiest first; the others are played from
where they lie, so the page has to stay on this machine for them.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from auricle.errors import AuricleError
from auricle.pages import Markup, Page, paragraph, resource, table, tag
from auricle.pages.plots import figures
from auricle.verbs.datasets.export import encoded
from auricle.verbs.datasets.profile import Clip, Profile, Spread
from auricle.verbs.datasets.utterance import Utterance

_MIME = {
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".webm": "audio/webm",
}
_LETTERS = 400  # characters shown of an alphabet


def page(found: Profile, items: Iterable[Utterance], path: Path, budget: int) -> str:
    """The page that will lie at ``path``, with at most ``budget`` bytes of sound in it."""
    sounds = _sounds(found.clips, items, path.parent, budget)
    inside = sum(source.startswith("data:") for source in sounds)
    made = Page(
        f"Profile of {found.name}",
        lead=_lead(found),
        style=resource("auricle.verbs.datasets", "page.css"),
        script=resource("auricle.verbs.datasets", "page.js"),
        data=[_row(clip, source) for clip, source in zip(found.clips, sounds, strict=True)],
    )
    made = made.section("Figures", _figures(found))
    made = made.section("Distributions", figures(*_plots(found)))
    made = made.section("Text", *_text(found))
    if found.same_audio or found.near_audio:
        made = made.section("The same recording more than once", _twice(found))
    return made.section("Clips", *_clips(len(sounds), inside), id="clips").html()


def _lead(found: Profile) -> Markup:
    hours = f"{found.utterances:,} utterances, {found.hours:.2f} hours"
    return paragraph(
        f"{hours}, {found.speakers:,} named speakers. Fingerprint ", tag("code", found.fingerprint[:16])
    )


def _figures(found: Profile) -> Markup:
    rows = [
        ("Languages", _counts(found.languages)),
        ("Splits", _counts(found.splits)),
        (
            "Files",
            f"{_counts(found.codecs)}; Hz: {_counts(found.rates)}; channels: {_counts(found.channels)}",
        ),
        ("Unreadable", f"{found.unreadable:,}"),
        ("Clipped (0.1 % of samples at full scale)", f"{found.clipped:,}"),
        ("Without text", f"{found.without_text:,}"),
        ("Left out on opening", _counts(found.faults)),
        ("Words", f"{found.words:,}, {found.vocabulary:,} different"),
        ("Texts that come again", f"{found.same_text:,}"),
        ("Style, guessed", _style(found)),
        ("Format of the text", ", ".join(f"{name} {share:.0%}" for name, share in found.shares.items())),
    ]
    return table(("What", "Figure"), [row for row in rows if row[1]], caption="What is in it")


def _style(found: Profile) -> str:
    style = found.style
    said = f"{style.guess}: {style.fillers:.1f} fillers, {style.repetitions:.1f} repetitions in 1,000 words"
    return f"{said} ({', '.join(style.evidence)})" if style.evidence else said


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({count:,})" for name, count in list(counts.items())[:12])


def _plots(found: Profile) -> list[Markup]:
    plots = (
        ("Duration", "seconds", found.duration),
        ("Speed", "words a minute", found.words_a_minute),
        ("Signal to noise, estimated", "dB", found.snr),
        ("Loudness of the loud parts", "dB of full scale", found.level),
        ("Silence", "share of the clip", found.silence),
        ("Sound of each speaker", "minutes", found.by_speaker),
    )
    drawn = [_histogram(title, unit, spread) for title, unit, spread in plots if spread is not None]
    return [*drawn, _growth(found.growth)]


def _histogram(title: str, unit: str, spread: Spread) -> Markup:
    top = max((count for _, _, count in spread.bins), default=1) or 1
    width = 100 / len(spread.bins)
    bars = [
        tag(
            "rect",
            tag("title", f"{low:.3g} to {high:.3g} {unit}: {count:,}"),
            x=f"{number * width + 0.15:.2f}%",
            width=f"{width - 0.3:.2f}%",
            y=f"{86 - 80 * count / top:.2f}%",
            height=f"{80 * count / top:.2f}%",
            class_="bin",
        )
        for number, (low, high, count) in enumerate(spread.bins)
    ]
    first, last = spread.bins[0][0], spread.bins[-1][1]
    ends = [
        tag("text", f"{first:.3g}", x="0%", y="98%"),
        tag("text", unit, x="50%", y="98%", text_anchor="middle"),
        tag(
            "text",
            f"{last:.3g} and more" if spread.quantiles[-1] > last else f"{last:.3g}",
            x="100%",
            y="98%",
            text_anchor="end",
        ),
    ]
    middle = spread.quantiles[3]
    said = f"median {middle:.3g}, 90 % from {spread.quantiles[1]:.3g} to {spread.quantiles[5]:.3g} {unit}"
    picture = tag("svg", *bars, *ends, class_="plot", height=190, role="img", aria_label=f"{title}: {said}")
    return tag("div", tag("h3", title), paragraph(said, class_="soft"), picture, class_="figure")


def _growth(points: Sequence[tuple[int, int]]) -> Markup:
    most, types = max(points[-1][0], 1), max(points[-1][1], 1)
    places = " ".join(f"{100 * words / most:.2f},{92 - 88 * kinds / types:.2f}" for words, kinds in points)
    line = tag("polyline", points=f"0,92 {places}", class_="curve")
    inner = tag("svg", line, viewBox="0 0 100 100", preserveAspectRatio="none", width="100%", height="100%")
    ends = [
        tag("text", "words read", x="50%", y="98%", text_anchor="middle"),
        tag("text", f"{most:,}", x="100%", y="98%", text_anchor="end"),
    ]
    said = f"{types:,} different words in {most:,}"
    picture = tag("svg", inner, *ends, class_="plot", height=190, role="img", aria_label=said)
    return tag(
        "div", tag("h3", "Growth of the vocabulary"), paragraph(said, class_="soft"), picture, class_="figure"
    )


def _text(found: Profile) -> list[Markup]:
    letters = [
        tag("span", tag("b", "␣" if letter == " " else letter), f" {count:,}", class_="letter")
        for letter, count in list(found.letters.items())[:_LETTERS]
    ]
    return [paragraph(f"{len(found.letters):,} characters, the most frequent first."), tag("div", *letters)]


def _twice(found: Profile) -> Markup:
    same = [("the same samples", ", ".join(ids)) for ids in found.same_audio[:50]]
    near = [("nearly alike", ", ".join(ids)) for ids in found.near_audio[:50]]
    return table(("How", "Which"), [*same, *near], caption="Recordings that come more than once")


def _clips(count: int, inside: int) -> list[Markup]:
    orders = (
        ("", "as in the dataset"),
        ("duration", "longest first"),
        ("-duration", "shortest first"),
        ("-snr", "noisiest first"),
        ("clipped", "most clipped first"),
        ("-level", "softest first"),
        ("speed", "fastest first"),
    )
    choices = [tag("option", text, value=value) for value, text in orders]
    search = (tag("label", "Search ", for_="search"), tag("input", id="search", type="search"), " ")
    order = (tag("label", "Order ", for_="order"), tag("select", *choices, id="order"))
    caption = tag("caption", "Clips", class_="hidden")
    inner = tag("table", caption, tag("thead", _head()), tag("tbody", id="rows"))
    return [
        paragraph(
            f"{inside:,} of {count:,} clips lie in this page; the others are played from their files.",
            class_="soft",
        ),
        tag("p", *search, *order),
        tag("p", id="count", aria_live="polite"),
        tag("div", inner, class_="scroll", tabindex=0, role="group", aria_label="Clips"),
        tag("p", tag("button", "Show more", id="more", type="button")),
    ]


def _head() -> Markup:
    names = ("Hear", "Clip", "Seconds", "dB noise", "dB loud", "Text")
    return tag("tr", *(tag("th", name, scope="col") for name in names))


def _row(clip: Clip, source: str) -> dict[str, Any]:
    speaker = " · ".join(filter(None, (clip.speaker, clip.split)))
    values: dict[str, Any] = {
        "id": clip.id,
        "who": speaker,
        "text": clip.text or "",
        "duration": round(clip.duration, 2),
        "snr": round(clip.snr, 1),
        "level": round(clip.level, 1),
        "clipped": round(clip.clipped, 5),
        "speed": round(clip.words / clip.duration, 2) if clip.duration else 0,
        "error": clip.error,
        "source": source,
    }
    return values


def _sounds(clips: Sequence[Clip], items: Iterable[Utterance], folder: Path, budget: int) -> list[str]:
    """Where each clip is played from: a data URL, an address relative to the page, or nothing."""
    chosen = _chosen(clips, budget)
    left = budget
    sources = []
    for place, item in enumerate(items):
        source = _beside(item, folder)
        if place in chosen or not source:
            data = _data(item)
            if data and len(data) <= left:
                left -= len(data)
                source = data
        sources.append(source)
    return sources + [""] * (len(clips) - len(sources))


def _chosen(clips: Sequence[Clip], budget: int) -> set[int]:
    """The places of the clips that fit, the noisiest first; the sizes are those of their files."""
    chosen, total = set(), 0.0
    for place in sorted(range(len(clips)), key=lambda place: clips[place].snr):
        clip = clips[place]
        try:
            size = (
                Path(clip.path).stat().st_size * 4 / 3
                if clip.path and clip.start is None
                else clip.duration * 40e3
            )
        except OSError:
            continue
        if total + size <= budget and not clip.error:
            chosen.add(place)
            total += size
    return chosen


def _data(item: Utterance) -> str:
    try:
        data, suffix = encoded(item)
    except AuricleError:
        return ""
    return f"data:{_MIME.get(suffix, 'audio/mpeg')};base64,{base64.b64encode(data).decode()}"


def _beside(item: Utterance, folder: Path) -> str:
    audio = item.audio
    if audio.path is None:
        return ""
    from urllib.parse import quote

    name = quote(Path(os.path.relpath(audio.path.resolve(), folder.resolve())).as_posix())
    until = "" if audio.end is None else f",{audio.end:g}"
    return name if audio.start is None else f"{name}#t={audio.start:g}{until}"

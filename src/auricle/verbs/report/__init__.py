"""A run as one HTML file that opens from disk: scores, plots, and every utterance to read and hear.

    >>> from auricle.verbs.evaluate import Run
    >>> from auricle.verbs.report import write_html
    >>> write_html(Run.load("runs/tiny.en-talks"))        # doctest: +SKIP
    PosixPath('runs/tiny.en-talks/report.html')

Recordings are played from where they lie, through a path relative to the page, or lie in the page
as small clips. Nothing is fetched from elsewhere, and text of the data is never taken for markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.audio import Audio
from auricle.errors import AuricleError, OptionError
from auricle.options import option
from auricle.pages import Markup, Page, details, joined, paragraph, resource, tag
from auricle.storage import write_atomic
from auricle.verbs.evaluate.findings import where as where_it_fails
from auricle.verbs.evaluate.options import ScoreOptions
from auricle.verbs.evaluate.run import PAGE, Run, Scored, plain
from auricle.verbs.report import errors, figures, rows, sound
from auricle.verbs.report.rows import Line

__all__ = ["ReportOptions", "render", "write_html"]

OnProgress = Callable[[float, float], None]  # seconds of recordings pictured, of how many


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What of the recordings lies in the page."""

    spectrograms: int = option(
        100, "utterances whose spectrogram lies in the page, those with the most errors first"
    )
    clips: int = option(0, "utterances whose sound lies in the page as mp3, those with the most errors first")


def write_html(
    run: Run,
    path: str | Path | None = None,
    options: ReportOptions | None = None,
    on_progress: OnProgress | None = None,
) -> Path:
    """Write the page of a run: into its folder, unless another file is named. Raises OutputError."""
    target = Path(path) if path is not None else run.path / PAGE
    write_atomic(target, render(run, options, folder=target.parent, on_progress=on_progress).encode())
    return target


def render(
    run: Run,
    options: ReportOptions | None = None,
    *,
    folder: Path | None = None,
    on_progress: OnProgress | None = None,
) -> str:
    """The page of a run. ``folder`` is where it will lie; the run's own unless named.

    A recording that is not there any more has no picture. Raises OptionError, MissingExtraError.
    """
    chosen = options or ReportOptions()
    if chosen.spectrograms < 0 or chosen.clips < 0:
        raise OptionError("spectrograms and clips must be 0 or more.")
    lines = rows.lines(run)
    media = _Media(lines, chosen, on_progress)
    page = Page(
        f"{run.story.model} on {figures.short(run.story.dataset)}",
        lead=_lead(run, lines),
        style=resource("auricle.verbs.report", "report.css"),
        script=resource("auricle.verbs.report", "report.js"),
        data=_data(run, lines, media, folder or run.path),
    )
    if lines:
        where, whole = _where(run, lines), figures.total(lines).rate
        page = page.section("Against duration, noise and speaking rate", figures.curves(where, whole))
        if parts := figures.slices(where, _columns(lines), whole):
            page = page.section("Where it fails", *parts)
    page = page.section("Utterances", *_utterances(lines), id="utterances")
    if lines:
        page = page.section("What the errors are", *errors.kinds(where))
    return page.section("How it was made", *_story(run)).html()


def _where(run: Run, lines: Sequence[Line]) -> figures.Where:
    """Where it fails, as the run has it; an unfinished run has not been looked into yet."""
    if (found := run.findings.get("where")) is not None:
        return found  # type: ignore[no-any-return]
    counts = [line.all for line in lines]
    made: figures.Where = plain(
        where_it_fails([line.texts for line in lines], counts, ScoreOptions(), run.story.seed)
    )
    return made


def _lead(run: Run, lines: Sequence[Line]) -> Markup:
    mark = [paragraph(run.mark, class_="partial")] if run.mark else []
    shown = figures.scores(lines, run.story.normalizer) if lines else paragraph("There are no utterances.")
    return joined([*mark, shown])


def _normalizer(run: Run) -> str:
    return f"{run.story.normalizer} {run.story.normalizer_version}"


class _Media:
    """Pictures and clips of the utterances with the most errors."""

    def __init__(self, lines: Sequence[Line], options: ReportOptions, on_progress: OnProgress | None) -> None:
        self.pictures: dict[int, str] = {}
        self.clips: dict[int, str] = {}
        worst = sorted(range(len(lines)), key=lambda at: (-lines[at].counts.errors, at))
        wanted = worst[: max(options.spectrograms, options.clips)]
        whole, done = sum(lines[at].row.duration for at in wanted), 0.0
        for number, at in enumerate(wanted):
            if on_progress is not None:
                on_progress(done, whole)
            audio = _audio(lines[at].row)
            if audio is not None and number < options.spectrograms:
                self.pictures[at] = sound.spectrogram(audio)
            if audio is not None and number < options.clips:
                self.clips[at] = sound.clip(audio)
            done += lines[at].row.duration


_UNPICTURED = "No spectrogram of this one lies in this page. Type: auricle report RUN --spectrograms N"


def _audio(row: Scored) -> Audio | None:
    """The recording of an utterance; None where it cannot be read (any more)."""
    if row.audio is None:
        return None
    try:
        whole = Audio.load(row.audio)
    except AuricleError:
        return None
    part = whole.slice(row.start, row.start + row.duration) if row.start else whole
    return part if len(part) else None


def _data(run: Run, lines: Sequence[Line], media: _Media, folder: Path) -> dict[str, Any]:
    pictures, clips = _Places(media.pictures), _Places(media.clips)
    entries = [rows.entry(line, folder, pictures.place(at), clips.place(at)) for at, line in enumerate(lines)]
    return {
        "rows": [*entries, *(rows.failed_entry(one.id, one.error) for one in run.failed)],
        "columns": _columns(lines),
        "media": {"pictures": pictures.held, "clips": clips.held, "without": _UNPICTURED},
    }


class _Places:
    """Data URLs in a list, and where in it that of an utterance is."""

    def __init__(self, urls: Mapping[int, str]) -> None:
        self.held = list(urls.values())
        self._at = {number: place for place, number in enumerate(urls)}

    def place(self, number: int) -> int | None:
        """The place of the utterance of this number, None where it has none."""
        return self._at.get(number)


def _columns(lines: Iterable[Line]) -> list[str]:
    """All columns, in the order in which they first occur."""
    return list(dict.fromkeys(name for line in lines for name in rows.columns_of(line.row)))


_KINDS = (
    ("all", "all"),
    ("wrong", "with errors"),
    ("right", "without errors"),
    ("s", "with substitutions"),
    ("d", "with deletions"),
    ("i", "with insertions"),
    ("empty", "text on silence"),
    ("failed", "could not be heard"),
)
_HEADS = (
    ("id", "Utterance", "c-id"),
    ("rate", "Rate", "c-rate"),
    ("errors", "Errors", "c-errors"),
    ("seconds", "Secs", "c-seconds wide"),
    ("snr", "dB", "c-snr wide"),
)


def _utterances(lines: Sequence[Line]) -> list[Markup]:
    """The empty table, what filters it, and what its signs mean; the script fills it."""
    options = [tag("option", text, value=value) for value, text in _KINDS]
    columns = [tag("option", name, value=name) for name in _columns(lines)]
    form = tag(
        "form",
        tag(
            "label", "Search", tag("input", type="search", name="search", placeholder="words, id, speaker …")
        ),
        tag("label", "Show", tag("select", *options, name="kind")),
        tag("label", "Column", tag("select", tag("option", "any column", value=""), *columns, name="column")),
        tag("label", "Value", tag("select", name="value", disabled=True)),
        tag("button", "Reset", type="reset"),
        id="filter",
    )
    head = [_head(*one) for one in _HEADS]
    heads = tag("tr", *head, tag("th", "Said and heard", scope="col", role="columnheader"), role="row")
    table = tag(
        "table",
        tag("caption", "All utterances", class_="hidden"),
        tag("thead", heads, role="rowgroup"),
        tag("tbody", id="rows", role="rowgroup"),
        role="table",
    )
    return [
        tag("noscript", paragraph("The table is filled by the page's own script, which is switched off.")),
        form,
        _legend(),
        tag("p", id="count", role="status", class_="soft"),
        table,
        tag("button", "Show 100 more", type="button", id="more", hidden=True),
    ]


def _head(key: str, text: str, place: str) -> Markup:
    """A heading that sorts by its column; the worst come first at the beginning."""
    button = tag("button", text, type="button", class_="sorter", data_sort=key)
    sort = "descending" if key == "errors" else None
    return tag("th", button, scope="col", role="columnheader", class_=place, aria_sort=sort)


def _legend() -> Markup:
    return paragraph(
        "Substituted: ", tag("span", tag("del", "said"), " ", tag("ins", "heard"), class_="error s"),
        " Deleted: ", tag("span", tag("del", "said"), class_="error d"),
        " Inserted: ", tag("span", tag("ins", "heard"), class_="error i"),
        class_="legend soft",
    )  # fmt: skip


def _story(run: Run) -> list[Markup]:
    """How the run was made: what names it first, all options and versions to unfold."""
    story = run.story
    first = {
        "model": f"{story.model}{f' at {story.revision}' if story.revision else ''}",
        "engine": f"{story.engine} on {story.device} {story.compute_type}",
        "machine": story.machine,
        "dataset": story.dataset,
        "data fingerprint": story.fingerprint,
        "normaliser": _normalizer(run),
        "utterances": f"{len(run.rows)}" + (f" of {story.total}" if story.total is not None else ""),
        "seed": str(story.seed),
        "made": story.created,
        **{f"timing: {name}": str(value) for name, value in story.protocol.items()},
    }
    return [
        _facts(first),
        details("All options", _facts({name: str(value) for name, value in story.options.items()})),
        details("Versions", _facts(story.versions)),
    ]


def _facts(values: Mapping[str, str]) -> Markup:
    parts = [part for name, value in values.items() if value for part in (tag("dt", name), tag("dd", value))]
    return tag("dl", *parts, class_="facts")

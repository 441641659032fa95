"""The page of a stress test: each condition against the clean sounds, curves over noise and speed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from auricle.metrics import Hallucination
from auricle.metrics.confidence import Interval
from auricle.pages import Markup, Page, joined, paragraph, table, tag
from auricle.pages.plots import Estimate, curve, figures, percent, whiskers
from auricle.storage import write_atomic
from auricle.verbs.report.figures import short
from auricle.verbs.stress.results import CLEAN, PAGE, Condition, Stress


def write_page(found: Stress) -> Path:
    """Write ``stress.html`` beside the runs. Raises OutputError."""
    path = found.folder / PAGE
    write_atomic(path, render(found).encode())
    return path


def render(found: Stress) -> str:
    """The page: it opens from disk and leads to the page of each run."""
    mark = [paragraph(found.mark, class_="partial")] if found.mark else []
    lead = paragraph(
        f"Word error rate under each condition, normalised ({found.normalizer}), with 95 % intervals. "
        "Differences are paired with the clean sounds and corrected for the number of conditions (Holm).",
        class_="soft",
    )
    page = Page(f"{found.model} on {short(found.dataset)}, stressed", lead=joined([*mark, lead]))
    page = page.section("Conditions", _table(found), _differences(found))
    if drawn := _curves(found.conditions):
        page = page.section("Curves", figures(*drawn))
    if found.nothing:
        page = page.section("Text where nothing is said", _nothing(found))
    return page.html()


def _estimate(one: Condition, label: str = "", at: float = 0.0) -> Estimate:
    low, high = (one.interval.low, one.interval.high) if one.interval else (None, None)
    words = f"{one.normalized.reference:,} words"
    return Estimate(label or one.name, one.normalized.rate, low, high, words, at)


def _table(found: Stress) -> Markup:
    rows = [
        (_estimate(one), tag("a", one.name, href=f"{one.folder}/report.html")) for one in found.conditions
    ]
    return whiskers(
        rows,
        caption="Error rate under each condition. The dashed line is the clean sound.",
        heads=("condition", "rate", "95 % interval", "from"),
        whole=found.conditions[0].normalized.rate,
    )


def _differences(found: Stress) -> Markup:
    rows = [
        (one.name, percent(one.orthographic.rate), *difference(one), one.mark)
        for one in found.conditions
        if one.name != CLEAN
    ]
    heads = ("condition", "as written", "points more", "95 % interval", "p (Holm)", "verdict", "mark")
    return table(heads, rows, caption="Differences from the clean sounds")


def difference(one: Condition) -> tuple[str, str, str, str]:
    """ "+4.1", "+2.8 to +5.5", "<0.001", "worse": points of per cent; dashes where there are none."""
    if one.difference is None or one.difference.value is None:
        return "–", "–", "–", "not paired"
    return f"{100 * one.difference.value:+.1f}", _ends(one.difference.interval), _chance(one.p), one.verdict


def _ends(found: Interval | None) -> str:
    return f"{100 * found.low:+.1f} to {100 * found.high:+.1f}" if found else "–"


def _chance(p: float | None) -> str:
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _curves(conditions: Sequence[Condition]) -> list[Markup]:
    """Over noise and over speed, where there are two points or more besides the clean sound."""
    clean = conditions[0]
    drawn = []
    noise = _points(conditions, "noise")
    if len(noise) > 1:
        noise.sort(key=lambda point: -point[0])
        points = [_estimate(clean, "clean", 0)]
        points += [_estimate(one, f"{value:g}", at) for at, (value, one) in enumerate(noise, 1)]
        across = "signal-to-noise in dB"
        drawn.append(curve(points, title="Against noise", across=across, up="error rate in %"))
    speed = _points(conditions, "speed")
    if len(speed) > 1:
        ordered = sorted([*speed, (1.0, clean)], key=lambda point: point[0])
        points = [_estimate(one, f"{value:g}", value) for value, one in ordered]
        drawn.append(curve(points, title="Against speed", across="speed", up="error rate in %"))
    return drawn


def _points(conditions: Sequence[Condition], kind: str) -> list[tuple[float, Condition]]:
    """Conditions of a kind with their one number: ``noise:5``, not ``noise:0-20``, ``noise:5:white``."""
    found = []
    for one in conditions:
        name, _, value = one.name.partition(":")
        try:
            if name == kind:
                found.append((float(value), one))
        except ValueError:
            continue
    return found


def _nothing(found: Stress) -> Markup:
    rows = [(name, *_said(one)) for name, one in (*found.nothing.items(), ("all", found.invented))]
    heads = ("noise", "clips with text", "an hour", "words an hour")
    return table(heads, rows, caption="What was written in clips without speech")


def _said(one: Hallucination) -> tuple[str, str, str]:
    per_hour = "–" if one.per_hour is None else f"{one.per_hour:.1f}"
    words = "–" if one.tokens_per_hour is None else f"{one.tokens_per_hour:.0f}"
    return f"{one.clips_with_text} of {one.clips}", per_hour, words

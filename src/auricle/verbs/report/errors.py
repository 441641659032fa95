"""What kind of errors there are: words, named errors, rare words, confidence, what to check by ear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auricle.pages import Markup, paragraph, table, tag
from auricle.pages.plots import figures, percent
from auricle.verbs.report.figures import Where

SHOWN = 12  # words of each kind, and utterances to check


def kinds(where: Where) -> list[Markup]:
    """All of it that is there."""
    parts = [
        _words(where["confusions"]),
        *_named(where["named"]),
        *_recall(where),
        *_written(where["written"]),
    ]
    return [*parts, *_sure(where["calibration"]), *_review(where["review"])]


def _words(found: Where) -> Markup:
    """The most frequent errors; each word searches for its utterances."""
    tables = [
        _table("Most taken for another", ("said", "heard", "times"), [
            (_seek(said), heard, str(times)) for said, heard, times in found["substitutions"][:SHOWN]
        ]),
        _table("Most left out", ("said", "times"), [
            (_seek(word), str(times)) for word, times in found["deletions"][:SHOWN]
        ]),
        _table("Most put in", ("heard", "times"), [
            (_seek(word), str(times)) for word, times in found["insertions"][:SHOWN]
        ]),
    ]  # fmt: skip
    return figures(*tables)


def _table(name: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    return table(heads, rows, caption=name) if rows else paragraph(f"{name}: nothing.", class_="soft")


def _seek(text: str) -> Markup:
    """A word or an id that is searched for in the table when it is pressed."""
    return tag("button", text, type="button", class_="pick", data_search=text)


def _named(found: Sequence[Where]) -> Iterator[Markup]:
    rows = [(one["name"], f"{one['errors']:,}", _examples(one["examples"])) for one in found if one["errors"]]
    if rows:
        yield table(("kind", "errors", "examples"), rows, caption="The errors of the texts as written")


def _examples(found: Sequence[tuple[str, str, int]]) -> str:
    return ", ".join(f"{said or '∅'} → {heard or '∅'}" for said, heard, _ in found)


def _recall(where: Where) -> Iterator[Markup]:
    rare = where["rare_words"]
    if rare["said"]:
        missed = ", ".join(word for word, _ in rare["missed"])
        text = f"{percent(rare['rate'])} of {rare['said']:,} rare words heard ({rare['source']})."
        yield paragraph(f"{text} Not heard: {missed}." if missed else text)
    if where["keywords"]:
        rows = [
            (one["word"], percent(one["rate"]), f"{one['heard']} of {one['said']}")
            for one in where["keywords"]
        ]
        yield table(("keyword", "recall", "heard"), rows, caption="Keywords")


def _written(found: Where) -> Iterator[Markup]:
    rows = [
        (name, *(percent(rates[part]) for part in ("precision", "recall", "f1")))
        for name, rates in found["rates"].items()
        if rates["f1"]
    ]
    if rows:
        heads = ("mark", "precision", "recall", "F1")
        yield table(heads, rows, caption="Punctuation and capitals, at words that are right")


def _sure(found: Where | None) -> Iterator[Markup]:
    if found is None:
        return
    rows = [
        (
            f"{one['low']:.1f} to {one['high']:.1f}",
            f"{one['count']:,}",
            percent(one["confidence"]),
            percent(one["right"]),
        )
        for one in found["bins"]
    ]
    caption = (
        f"How far the confidence of {found['of']} can be believed; calibration error {percent(found['ece'])}"
    )
    yield table(("confidence", found["of"], "on average", "right"), rows, caption=caption)


def _review(found: Where | None) -> Iterator[Markup]:
    if found is None or not found["first"]:
        return
    caption = (
        f"To check by ear first: the {percent(found['share'])} with the least confidence "
        f"hold {percent(found['found'])} of the errors"
    )
    rows = [
        (_seek(one["id"]), f"{one['confidence']:.2f}", str(one["errors"]), f"{one['seconds']:.1f}")
        for one in found["first"][:SHOWN]
    ]
    yield table(("utterance", "confidence", "errors", "seconds"), rows, caption=caption)

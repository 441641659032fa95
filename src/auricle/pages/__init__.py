"""Pages that open from disk: one HTML file with its style, script and data, and nothing fetched.

    >>> page = Page("A <title>", lang="en").section("Words", paragraph("5 < 6 & so on"))
    >>> "A &lt;title&gt;" in page.html()
    True

Text from data sets and models is not to be trusted. Markup is made by ``tag`` and the functions
built on it, which escape whatever is not ``Markup`` already; data for scripts goes through
``as_json``; and the page's content security policy lets no script run but the page's own.

Knows HTML, style and escaping. Refuses to know what the pages are about.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

__all__ = ["Markup", "Page", "as_json", "details", "paragraph", "resource", "table", "tag"]


class Markup(str):
    """HTML that is well formed and safe as it stands."""

    __slots__ = ()


def tag(name: str, /, *content: str, **attributes: str | int | float | bool | None) -> Markup:
    """An element with escaped text, or Markup as it is, in it.

    ``class_`` and ``for_`` lose their underscore, other underscores become hyphens; None and False
    leave an attribute out, True gives it no value.
    """
    inner = "".join(part if isinstance(part, Markup) else html.escape(part) for part in content)
    named = "".join(_attribute(key, value) for key, value in attributes.items())
    return Markup(f"<{name}{named}>" if name in _VOID else f"<{name}{named}>{inner}</{name}>")


_VOID = frozenset({"br", "hr", "img", "input", "meta", "link"})


def _attribute(key: str, value: str | int | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.removesuffix("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'


def joined(parts: Iterable[str]) -> Markup:
    """Several pieces as one; text among them is escaped."""
    return Markup("".join(part if isinstance(part, Markup) else html.escape(part) for part in parts))


def paragraph(*content: str, class_: str | None = None) -> Markup:
    """A paragraph."""
    return tag("p", *content, class_=class_)


def details(summary: str, *content: str, open: bool = False) -> Markup:
    """Something to unfold."""
    return tag("details", tag("summary", summary), *content, open=open)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str, class_: str = "") -> Markup:
    """A table in a box of its own that scrolls sideways where the screen is narrow."""
    head = tag("tr", *(tag("th", text, scope="col") for text in heads))
    body = [tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows]
    return boxed(caption, tag("thead", head), tag("tbody", *body), class_=class_)


def boxed(caption: str, *content: str, class_: str = "") -> Markup:
    """A table under its caption, which stays where it is while the table is scrolled sideways."""
    inner = tag("table", tag("caption", caption, class_="hidden"), *content, class_=class_ or None)
    shown = tag("p", caption, class_="caption", aria_hidden="true")
    return tag("div", shown, tag("div", inner, class_="scroll", tabindex=0, role="group", aria_label=caption))


def as_json(value: Any) -> Markup:
    """JSON that can stand in a script element whatever its strings hold."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def resource(package: str, name: str) -> str:
    """The text of a file that lies in ``package``."""
    return resources.files(package).joinpath(name).read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Page:
    """One page: sections in order, data and a script where it has any.

    ``style`` stands after the style all pages share. ``data`` is what the script finds, as JSON,
    in the element with the id ``data``.
    """

    title: str
    lead: str = ""
    sections: tuple[Markup, ...] = ()
    style: str = ""
    script: str = ""
    data: Any = None
    lang: str = "en"

    def section(self, heading: str, *content: str, id: str | None = None, class_: str | None = None) -> Page:
        """The page with one more section."""
        made = tag("section", tag("h2", heading), *content, id=id, class_=class_)
        return replace(self, sections=(*self.sections, made))

    def html(self) -> str:
        """The whole file."""
        style = resource("auricle.pages", "base.css") + self.style
        head = [
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", http_equiv="Content-Security-Policy", content=_policy(self.script)),
            tag("title", self.title),
            tag("style", Markup(style)),
        ]
        body = [tag("header", tag("h1", self.title), self.lead), tag("main", *self.sections)]
        if self.data is not None:
            body.append(tag("script", as_json(self.data), type="application/json", id="data"))
        if self.script:
            body.append(tag("script", Markup(self.script)))
        return f"<!doctype html>\n{tag('html', tag('head', *head), tag('body', *body), lang=self.lang)}\n"


def _policy(script: str) -> str:
    """Nothing from anywhere: the page's own script by its hash, media beside the page or inside it."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = (
        "default-src 'none'",
        f"script-src 'sha256-{digest}'" if script else "script-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "media-src 'self' file: data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(rules)

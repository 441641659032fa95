"""Markup, escaping and the policy of pages."""

from __future__ import annotations

import json
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from auricle.pages import Markup, Page, as_json, details, paragraph, table, tag


class Reader(HTMLParser):
    """The elements and the text a browser would see."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=40)


@given(TEXTS, TEXTS)
def test_text_stays_text_whatever_it_holds(text: str, value: str) -> None:
    seen = Reader(tag("p", text, title=value))
    assert seen.tags == ["p"]
    assert seen.attributes == [("title", value)]
    assert seen.text == text


@given(
    st.recursive(
        TEXTS | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)
    )
)
def test_json_cannot_end_its_element(value: object) -> None:
    text = as_json(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)


def test_markup_is_not_escaped_twice() -> None:
    assert tag("p", tag("b", "1 < 2"), " & 3") == "<p><b>1 &lt; 2</b> &amp; 3</p>"
    assert isinstance(details("more", paragraph("text")), Markup)


def test_attributes() -> None:
    made = tag("input", class_="a", for_="b", data_sort="c", disabled=True, hidden=False, id=None)
    assert made == '<input class="a" for="b" data-sort="c" disabled>'


def test_a_table_has_heads_for_rows_and_columns() -> None:
    made = table(("name", "rate"), [("one", "5 %")], caption="Rates")
    assert '<th scope="row">one</th><td>5 %</td>' in made
    assert '<th scope="col">rate</th>' in made


def test_a_page_lets_no_script_run_but_its_own() -> None:
    plain = Page("title").section("Heading", paragraph("text")).html()
    assert "script-src &#x27;none&#x27;" in plain
    assert "http" not in plain.replace("http-equiv", "")
    scripted = Page("title", script="let a = '</' + 1;", data={"a": "</script>"}).html()
    assert "script-src &#x27;sha256-" in scripted
    assert scripted.count("</script>") == 2

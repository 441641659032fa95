"""Transcripts to try formats with: what people say, and what breaks parsers."""

from __future__ import annotations

import string

from hypothesis import strategies as st

from auricle.transcript import (
    Coverage,
    Dropped,
    Record,
    Segment,
    Source,
    Span,
    Transcript,
    Word,
    join_words,
)

NASTY = (
    "a --> b",
    "--->",
    "00:00:01,000 --> 00:00:02,000",
    "<b>bold</b>",
    "<v Anna>",
    "a < b > c",
    "R&D &amp; &lt;",
    "{\\an8}up",
    "{x} \\N \\n \\h \\",
    "{Y:i}",
    '"quoted" ""twice""',
    "two\nlines\r\n\r\nand three",
    "tab\there",
    "nul\0bell\x07esc\x1b",
    "para\u2029line\u2028next\x85",
    "שלום \u200fעולם",
    "مرحبا بالعالم",
    "👩‍👩‍👧‍👦 🇫🇷 👍🏽",
    "今天天气很好，我们去公园散步。",
    "ゃゅょ「東京」へ行きました。",
    "สวัสดีครับผมชื่ออะไร",
    "« Oui\u00a0! »",
    "\ufeffmarked",
    "42",
    "[00:12.00]",
    "<00:12.00>x",
    "[Anna]: hi",
    "[1]: foo",
    "NOTE this",
    "WEBVTT",
    "Dialogue: 0,1,2",
    "e\u0301" * 5 + "\u0301" * 9,
    "x" * 200,
)

letters = st.characters(codec="utf-8", exclude_characters="\u2060")
texts = st.lists(
    st.one_of(
        st.sampled_from(NASTY), st.text(letters, max_size=12), st.text(string.ascii_letters, max_size=8)
    ),
    max_size=5,
).map(" ".join)

times = st.floats(0, 400_000, allow_nan=False)
maybe = st.none() | st.floats(-10, 10)
speakers = st.none() | st.sampled_from(["Anna", "Ben Ali", "SPEAKER_00", "a<b> & c", "李"])
languages = st.none() | st.sampled_from(["en", "zh", "de"])

words = st.builds(
    Word,
    text=texts,
    start=times,
    end=times,
    confidence=st.none() | st.floats(0, 1),
    speaker=speakers,
    joined=st.booleans(),
)
segments = st.builds(
    Segment,
    start=times,
    end=times,
    text=texts,
    words=st.lists(words, max_size=3).map(tuple),
    speaker=speakers,
    language=languages,
    avg_logprob=maybe,
    no_speech_prob=maybe,
    compression_ratio=maybe,
    temperature=maybe,
)
spans = st.builds(Span, times, times)
coverages = st.builds(
    Coverage,
    speech=times,
    missed=st.lists(spans, max_size=2).map(tuple),
    unvoiced=st.lists(spans, max_size=2).map(tuple),
    dropped=st.lists(st.builds(Dropped, times, times, texts, texts), max_size=2).map(tuple),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
records = st.builds(
    Record,
    model=texts,
    engine=texts,
    revision=st.none() | texts,
    device=texts,
    compute_type=texts,
    options=st.dictionaries(texts, json_values, max_size=2),
    versions=st.dictionaries(texts, texts, max_size=2),
    source=st.none() | st.builds(Source, texts, texts, times, texts),
    created=texts,
    elapsed=times,
)
transcripts = st.builds(
    Transcript,
    segments=st.lists(segments, max_size=3).map(tuple),
    duration=times,
    language=languages,
    language_probability=st.none() | st.floats(0, 1),
    channel=st.none() | texts,
    coverage=st.none() | coverages,
    record=st.none() | records,
    warnings=st.lists(texts, max_size=2).map(tuple),
)
"""Anything the types allow: unordered, overlapping, words that do not spell their segment."""


def _in_order(found: list[Segment]) -> tuple[Segment, ...]:
    return tuple(sorted(found, key=lambda segment: segment.start))


ordered = st.builds(
    Transcript, segments=st.lists(segments, max_size=4).map(_in_order), duration=st.just(0.0) | times
)
"""The same, in the order of time, as the contract of Transcript says."""


@st.composite
def said(draw: st.DrawFn, longest: float = 0.5, turns: bool = False) -> Transcript:
    """Ordinary speech with word times: about 15 characters a second, sentences, pauses, an ending."""
    at, found = draw(st.floats(0, 3)), []
    for _ in range(draw(st.integers(1, 5))):
        speaker = draw(speakers) if turns else None
        spoken = []
        for _ in range(draw(st.integers(1, 14))):
            text = draw(st.text(string.ascii_lowercase, min_size=1, max_size=9)) + draw(
                st.sampled_from(["", "", "", "", ",", ".", "?"])
            )
            length = min(longest, 0.08 + 0.045 * len(text))
            spoken.append(Word(text, at, at + length, speaker=speaker))
            at += length + draw(st.sampled_from([0.0, 0.0, 0.02, 0.1, 0.4, 1.5]))
        found.append(
            Segment(spoken[0].start, spoken[-1].end, join_words(spoken), tuple(spoken), speaker=speaker)
        )
        at += 1.5 if turns else 0.0
    return Transcript(tuple(found), duration=at + draw(st.floats(1.2, 5)), language="en")


def bare(text: str) -> str:
    """What must survive: all but white space, controls, which become it, and byte order marks."""
    return (
        "".join(
            char
            for char in text
            if not char.isspace()
            and char != "\ufeff"
            and not "\x00" <= char <= "\x1f"
            and not "\x7f" <= char <= "\x9f"
        )
        .replace("\ufffe", "\ufffd")
        .replace("\uffff", "\ufffd")
    )

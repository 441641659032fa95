"""json: equal after a round trip, forward compatible, and errors that say where."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace

import pytest
from format_strategies import transcripts
from hypothesis import given, settings

from auricle.errors import FormatError
from auricle.formats import dumps, loads
from auricle.transcript import Record, Segment, Transcript, Word

SMALL = Transcript(
    (Segment(0.1, 0.30000000000000004, 'say "é"', (Word("say", 0.1, 0.2),)),), duration=1.0, language="en"
)

HEAD = '{"schema": "auricle.transcript/1", '


@settings(max_examples=55, deadline=None)
@given(transcripts)
def test_a_round_trip_is_equal(transcript: Transcript) -> None:
    assert loads(dumps(transcript, "json"), "json") == transcript


def test_the_file_is_for_people_too() -> None:
    lines = dumps(SMALL, "json").decode().split("\n")
    assert lines[1:4] == [
        '  "schema": "auricle.transcript/1",',
        '  "text": "say \\"é\\"",',
        '  "duration": 1.0,',
    ]
    word = '{"text": "say", "start": 0.1, "end": 0.2, "confidence": null, "speaker": null, "joined": false}'
    assert f"        {word}" in lines


def test_every_field_is_there() -> None:
    value = json.loads(dumps(SMALL, "json"))
    assert set(value) == {"schema", "text", *(field.name for field in fields(Transcript))}
    assert set(value["segments"][0]) == {field.name for field in fields(Segment)}
    assert set(value["segments"][0]["words"][0]) == {field.name for field in fields(Word)}


def test_unknown_fields_are_tolerated_and_defaults_may_be_left_out() -> None:
    text = HEAD + '"mood": 1, "segments": [{"start": 1, "end": 2, "text": "a", "x": []}]}'
    assert loads(text.encode("utf-8-sig"), "json") == Transcript((Segment(1.0, 2.0, "a"),))


def test_half_a_surrogate_pair_survives() -> None:
    odd = Transcript((Segment(0, 1, "\ud83d alone"),))
    assert loads(dumps(odd, "json"), "json") == odd


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_no_number_is_refused(bad: float) -> None:
    with pytest.raises(FormatError, match="not JSON compliant"):
        dumps(Transcript(language_probability=bad), "json")
    with pytest.raises(FormatError, match="the end of segment 1 is"):
        dumps(Transcript((Segment(0, bad, "a"),)), "json")


def test_options_that_json_cannot_hold_are_refused() -> None:
    with pytest.raises(FormatError, match=r"json cannot hold this transcript: .*set"):
        dumps(replace(SMALL, record=Record("m", "e", options={"x": {1}})), "json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n"schema": "auricle.transcript/1",\n oops}', "line 3, column 2 is not JSON"),
        ("", "line 1, column 1 is not JSON"),
        ("[]", "it has no schema; this Auricle reads 'auricle.transcript/1'"),
        (
            '{"schema": "auricle.transcript/2"}',
            "its schema is 'auricle.transcript/2'; .* reads 'auricle.transcript/1'",
        ),
        (HEAD + '"duration": NaN}', "NaN is no number in JSON"),
        (HEAD + '"duration": 1e999}', "duration is too large a number"),
        (HEAD + '"duration": 1' + "0" * 400 + "}", "duration is too large a number"),
        (HEAD + '"duration": ' + "1" * 5000 + "}", "not JSON that we can read"),
        (HEAD + '"duration": true}', "duration is true or false, not a number"),
        (HEAD + '"segments": {}}', "segments is an object, not a list"),
        (HEAD + '"segments": [1]}', r"segments\[0\] is a number, not an object"),
        (HEAD + '"segments": [{"start": 0}]}', r"segments\[0\]\.end is missing"),
        (HEAD + '"warnings": [null]}', r"warnings\[0\] is null, not text"),
        (
            HEAD + '"record": {"model": "m", "engine": "e", "versions": 3}}',
            "record.versions is a number, not an object",
        ),
        ("[" * 100_000, "not JSON that we can read"),
    ],
)
def test_malformed_files_are_one_line(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        loads(text.encode(), "json")
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(FormatError, match="byte 2 is not utf-8"):
        loads(b'{"\xe9": 1}', "json")

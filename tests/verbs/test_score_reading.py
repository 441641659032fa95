"""The formats of scoring: every line counts, and what cannot be scored is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from auricle.errors import FormatError, MissingFileError
from auricle.verbs.score.reading import Columns, Line, Texts, read


def lines(
    tmp_path: Path, name: str, text: str | bytes, columns: Columns | None = None
) -> list[tuple[str, str]]:
    return [(line.id, line.text) for line in file(tmp_path, name, text, columns).lines]


def file(tmp_path: Path, name: str, text: str | bytes, columns: Columns | None = None) -> Texts:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(path, columns=columns)


def test_txt_counts_empty_lines_and_its_last_line_feed_begins_none(tmp_path: Path) -> None:
    wanted = [("1", "a b"), ("2", ""), ("3", "c")]
    assert lines(tmp_path, "a.txt", "a b\n\n c \n") == wanted
    assert lines(tmp_path, "a.txt", "\ufeffa b\r\n\r\nc") == wanted
    assert lines(tmp_path, "a.txt", "\n") == [("1", "")]
    assert lines(tmp_path, "a.txt", "") == []


def test_kaldi(tmp_path: Path) -> None:
    assert lines(tmp_path, "a.kaldi", "u1 a b\nu2\n") == [("u1", "a b"), ("u2", "")]
    with pytest.raises(FormatError, match="line 2: it is empty"):
        lines(tmp_path, "a.kaldi", "u1 a\n\n")


def test_trn(tmp_path: Path) -> None:
    text = ";; a comment\na (um) b (spk-1)\n(spk-2)\n"
    assert lines(tmp_path, "a.trn", text) == [("spk-1", "a (um) b"), ("spk-2", "")]
    with pytest.raises(FormatError, match=r"a.trn, line 1: it does not end with an id"):
        lines(tmp_path, "a.trn", "a b\n")
    with pytest.raises(FormatError, match=r"alternatives .* are not scored"):
        lines(tmp_path, "a.trn", "a { um / uh } b (1)\n")


def test_stm(tmp_path: Path) -> None:
    text = (
        ";; comment\n"
        "talk 1 ann 0.0 1.5 <o,f0,female> hello there\n"
        "talk 1 bob 1.5 2.0\n"
        "talk 1 inter 2.0 3.0 ignore_time_segment_in_scoring\n"
    )
    found = file(tmp_path, "a.stm", text)
    assert found.lines == (
        Line("talk 1 0.000-1.500", "hello there", 2, "ann", "talk 1", 0.0, 1.5, 1.5),
        Line("talk 1 1.500-2.000", "", 3, "bob", "talk 1", 1.5, 2.0, 0.5),
    )
    assert found.notes == (f"1 segments of {tmp_path / 'a.stm'} are marked as not to be scored",)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("talk 1 ann 0.0", "an stm line is"),
        ("talk 1 ann x 1.0 a", "'x' is no time"),
        ("talk 1 ann 2.0 1.0 a", "before it begins"),
        ("talk 1 ann nan 1.0 a", "'nan' is no time"),
        ("talk 1 ann 0 inf a", "'inf' is no time"),
    ],
)
def test_bad_stm(tmp_path: Path, line: str, complaint: str) -> None:
    with pytest.raises(FormatError, match=f"line 1: .*{complaint}"):
        file(tmp_path, "a.stm", line)


def test_ctm(tmp_path: Path) -> None:
    found = file(tmp_path, "a.ctm", "talk A 0.5 0.25 hello 0.9\ntalk A 1.0 0.5 you\n").lines
    assert [(line.recording, line.start, line.end, line.text) for line in found] == [
        ("talk A", 0.5, 0.75, "hello"),
        ("talk A", 1.0, 1.5, "you"),
    ]
    with pytest.raises(FormatError, match="a ctm line is"):
        file(tmp_path, "a.ctm", "talk A 0.5 0.25\n")
    with pytest.raises(FormatError, match="alternatives"):
        file(tmp_path, "a.ctm", "talk A * * <ALT_BEGIN>\n".replace("* *", "0 0"))


def test_json_lines(tmp_path: Path) -> None:
    text = '{"id": 7, "text": "a b", "speaker": "ann", "duration": 2}\n{"id": "x", "text": ""}\n'
    found = file(tmp_path, "a.jsonl", text).lines
    assert found == (Line("7", "a b", 1, "ann", duration=2.0), Line("x", "", 2))
    named = lines(tmp_path, "a.jsonl", '{"name": "x", "sentence": "a"}', Columns("name", "sentence"))
    assert named == [("x", "a")]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", "not an object"),
        ('{"id": "1", "txt": "a"}', "no field 'text'. Did you mean txt?"),
        ('{"id": null, "text": "a"}', "an id is text"),
        ('{"id": true, "text": "a"}', "an id is text"),
        ('{"id": "1", "text": null}', "text is None, not text"),
        ("", "not JSON"),
    ],
)
def test_bad_json_lines(tmp_path: Path, line: str, complaint: str) -> None:
    with pytest.raises(FormatError, match=complaint):
        file(tmp_path, "a.jsonl", f'{{"id": "0", "text": "a"}}\n{line}\n')


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        read(tmp_path / "none.txt")
    with pytest.raises(FormatError, match="line 2: not UTF-8"):
        file(tmp_path, "a.txt", b"a\n\xff\xfe\n")
    with pytest.raises(FormatError, match="--refs-format"):
        read(tmp_path / "a.doc")
    with pytest.raises(FormatError, match="cannot read"):
        read(tmp_path, format="txt")

"""ARPA files: read by their format, scored by back-off, refused in one line where they are broken."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from auricle.engines.ctc.ngram import UNKNOWN, read_arpa
from auricle.errors import FormatError, MissingFileError

ARPA = r"""
\data\
ngram 1=5
ngram 2=2

\1-grams:
-99	<s>	-0.3
-1.0	</s>
-0.5	one	-0.2
-0.7	two
-2.0	<unk>

\2-grams:
-0.1	<s> one
-0.4	one two

\end\
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lm.arpa"
    path.write_text(ARPA)
    return path


def test_scores_by_hand(file: Path) -> None:
    model = read_arpa(file)
    assert model.order == 2 and model.vocabulary == {"one", "two"}
    assert model.score(["<s>"], "one") == -0.1
    assert model.score(["<s>"], "two") == pytest.approx(-0.3 - 0.7)
    assert model.score(["two"], "one") == -0.5
    assert model.sentence(["one", "two"]) == pytest.approx(-0.1 - 0.4 - 1.0)
    assert model.sentence(["ONE", "three"]) == pytest.approx(-0.1 + (-0.2 - 2.0) - 1.0)
    assert model.perplexity([["one", "two"]]) == pytest.approx(10**0.5)
    assert model.begins("on") and model.begins("TW") and not model.begins("x")


def test_gzipped_and_without_unknown(file: Path, tmp_path: Path) -> None:
    packed = tmp_path / "lm.arpa.gz"
    packed.write_bytes(gzip.compress(ARPA.encode()))
    assert read_arpa(packed).sentence(["one"]) == read_arpa(file).sentence(["one"])
    file.write_text(ARPA.replace("-2.0\t<unk>\n", "").replace("ngram 1=5", "ngram 1=4"))
    assert read_arpa(file).score([], "<unk>") == UNKNOWN


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (("ngram 2=2", "ngram 2=3"), r"announces 3 2-grams and has 2"),
        (("-0.4\tone two", "-0.4\tone two three four"), "line 15: this is no 2-gram"),
        (("-0.4", "zero"), "line 15: this is no 2-gram"),
        (("\\end\\", ""), r"no ARPA file, or it is cut short"),
        (("ngram 1=5", "ngram 1=five"), "line 3: 'five' is not a whole number"),
        (("\\1-grams:", "hello"), "line 6: 'hello' does not belong"),
    ],
)
def test_broken_files(file: Path, change: tuple[str, str], match: str) -> None:
    file.write_text(ARPA.replace(*change))
    with pytest.raises(FormatError, match=match):
        read_arpa(file)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"mmap lm http://kheafield.com/code format version 5\n\0", "binary file of KenLM"),
        (b"\xff\xfe\x00garbage", "cannot be read as an ARPA file"),
        (b"\x1f\x8bbroken", "cannot be read as an ARPA file"),
        (b"", "is no ARPA file"),
    ],
)
def test_other_files(tmp_path: Path, data: bytes, match: str) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(FormatError, match=match):
        read_arpa(tmp_path / "x")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="Type: auricle lm build"):
        read_arpa(tmp_path / "none.arpa")

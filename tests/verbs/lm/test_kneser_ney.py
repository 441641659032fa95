"""Modified Kneser–Ney against its own equations, and the file that is written."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.engines.ctc.ngram import BEGIN, END, UNK, read_arpa
from auricle.errors import FormatError, MissingFileError, OptionError, OutputError
from auricle.verbs.lm import BuildOptions, build_model, estimate, estimated

SENTENCES = st.lists(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=6), min_size=1, max_size=30)


def zipf(count: int = 600) -> list[list[str]]:
    draw = random.Random(4)
    words = [f"w{rank}" for rank in range(1, 60)]
    weights = [1 / rank for rank in range(1, 60)]
    return [draw.choices(words, weights, k=draw.randint(1, 8)) for _ in range(count)]


@settings(max_examples=40, deadline=None)
@given(SENTENCES, st.integers(1, 4))
def test_probabilities_sum_to_one_in_every_context(sentences: list[list[str]], order: int) -> None:
    model = estimate(sentences, order)
    words = [*model.vocabulary, END, UNK]
    for context in ([BEGIN], ["a"], ["a", "b"], ["zzz", "c"], [BEGIN, "b", "a"]):
        assert sum(10 ** model.score(context, word) for word in words) == pytest.approx(1.0, abs=1e-6)


def test_the_discounts_are_those_of_equation_26() -> None:
    sentences = zipf()
    found = estimated(sentences, 2)
    counts = Counter(pair for words in sentences for pair in zip([BEGIN, *words], [*words, END], strict=True))
    n = Counter(counts.values())
    y = n[1] / (n[1] + 2 * n[2])
    wanted = (1 - 2 * y * n[2] / n[1], 2 - 3 * y * n[3] / n[2], 3 - 4 * y * n[4] / n[3])
    assert found.discounts[1] == pytest.approx(wanted)
    assert found.fallbacks == () or 1 in found.fallbacks


def test_a_bigram_by_hand() -> None:
    """P(w|v) = (c(vw) − D)/c(v) + D·N(v·)/c(v) · Pcont(w), with the discounts of a small corpus."""
    sentences = [["a", "b"], ["a", "c"], ["a", "b"]]
    found = estimated(sentences, 2)
    assert found.fallbacks == (1, 2)
    model = estimate(sentences, 2)
    # continuation counts: a 1 (<s>), b 1 (a), c 1 (a), </s> 2 (b, c); discounts 0.5 for 1, 1 for 2
    spread, uniform = (0.5 + 0.5 + 0.5 + 1.0) / 5, 1 / 5
    below = {"a": 0.5 / 5 + spread * uniform, "b": 0.5 / 5 + spread * uniform, END: 1 / 5 + spread * uniform}
    # after "a": b twice (discount 1), c once (0.5)
    assert 10 ** model.score(["a"], "b") == pytest.approx((2 - 1.0) / 3 + (1.0 + 0.5) / 3 * below["b"])
    assert 10 ** model.score(["a"], END) == pytest.approx((1.0 + 0.5) / 3 * below[END])
    assert 10 ** model.score([BEGIN], "a") == pytest.approx((3 - 1.5) / 3 + 1.5 / 3 * below["a"])
    assert 10 ** model.score([], UNK) == pytest.approx(spread * uniform)


def test_more_context_predicts_better_what_was_seen() -> None:
    sentences = zipf()
    perplexities = [estimate(sentences, order).perplexity(sentences) for order in (1, 2, 3)]
    assert perplexities == sorted(perplexities, reverse=True)


def test_the_file_gives_back_the_model(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("One, two. Three!\n\nOne two four\n«Élan» vital\n", encoding="utf-8")
    built = build_model(corpus, tmp_path / "lm.arpa", BuildOptions(order=2))
    assert (built.sentences, built.words) == (3, 8)
    again = read_arpa(tmp_path / "lm.arpa")
    assert again.vocabulary == {"one", "two", "three", "four", "élan", "vital"}
    for words in (["one", "two"], ["four"], ["nobody", "knows"]):
        assert again.sentence(words) == pytest.approx(built.model.sentence(words), abs=1e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"case": "upper"}, {"HE'S", "7-UP"}), ({"case": "keep", "keep_punctuation": True}, {"He's", "7-up!"})],
)
def test_how_words_are_written(tmp_path: Path, options: dict[str, object], words: set[str]) -> None:
    (tmp_path / "c.txt").write_text("He's 7-up!\n")
    built = build_model(tmp_path / "c.txt", tmp_path / "lm", BuildOptions(**options))  # type: ignore[arg-type]
    assert built.model.vocabulary == words


def test_what_is_refused(tmp_path: Path) -> None:
    out, corpus = tmp_path / "lm.arpa", tmp_path / "c.txt"
    with pytest.raises(MissingFileError, match="there is no corpus"):
        build_model(corpus, out)
    corpus.write_text(" \n—\n")
    with pytest.raises(OptionError, match="there is no word in the corpus"):
        build_model(corpus, out)
    corpus.write_bytes(b"\xff\xfe\x01")
    with pytest.raises(FormatError, match="is no text in UTF-8"):
        build_model(corpus, out)
    corpus.write_text("one\n")
    with pytest.raises(OptionError, match="order must be from 1 to 6"):
        build_model(corpus, out, BuildOptions(order=9))
    assert not out.exists()
    build_model(corpus, out)
    with pytest.raises(OutputError, match="is there already"):
        build_model(corpus, out)
    build_model(corpus, out, BuildOptions(overwrite=True))

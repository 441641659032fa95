"""Alignments and counts: jiwer's on generated texts, and what they have to be whoever makes them."""

from __future__ import annotations

import jiwer
import kaldialign
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.metrics import align, cer, cer_each, characters, unspaced, wer, wer_each, words

# Few words and letters, so that alignments are rich.
SENTENCE = st.lists(st.sampled_from("a b c ab ba the cat".split()), max_size=12).map(" ".join)
PAIRS = st.lists(st.tuples(SENTENCE, SENTENCE), min_size=1, max_size=8)


@settings(max_examples=400, deadline=None)
@given(PAIRS)
def test_counts_and_alignments_are_jiwers(pairs: list[tuple[str, str]]) -> None:
    same_as_jiwer(pairs)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(PAIRS)
def test_counts_and_alignments_are_jiwers_on_ten_thousand(pairs: list[tuple[str, str]]) -> None:
    same_as_jiwer(pairs)


def same_as_jiwer(pairs: list[tuple[str, str]]) -> None:
    references, hypotheses = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    theirs, ours = jiwer.process_words(references, hypotheses), wer(references, hypotheses)
    assert counts(ours) == counts(theirs)
    if ours.reference:
        assert (ours.rate, ours.match_error_rate) == (theirs.wer, theirs.mer)
    for pair, chunks in zip(pairs, theirs.alignments, strict=True):
        assert kinds(pair) == [name(chunk.type) for chunk in chunks for _ in range(length(chunk))]
    letters = jiwer.process_characters(references, hypotheses)
    assert counts(cer(references, hypotheses)) == counts(letters)


def counts(found: object) -> tuple[int, ...]:
    return tuple(getattr(found, name) for name in ("hits", "substitutions", "deletions", "insertions"))


def kinds(pair: tuple[str, str]) -> list[str]:
    return [step.kind for step in align(words(pair[0]), words(pair[1]))]


def name(tag: str) -> str:
    return {"equal": "hit", "substitute": "substitution", "delete": "deletion", "insert": "insertion"}[tag]


def length(chunk: jiwer.AlignmentChunk) -> int:
    return max(chunk.ref_end_idx - chunk.ref_start_idx, chunk.hyp_end_idx - chunk.hyp_start_idx)


@given(SENTENCE, SENTENCE)
def test_the_indexes_walk_through_both_texts(reference: str, hypothesis: str) -> None:
    one, other = words(reference), words(hypothesis)
    steps = align(one, other)
    assert [step.reference for step in steps if step.reference is not None] == list(range(len(one)))
    assert [step.hypothesis for step in steps if step.hypothesis is not None] == list(range(len(other)))
    for step in steps:
        if step.reference is not None and step.hypothesis is not None:
            same = one[step.reference] == other[step.hypothesis]
            assert step.kind == ("hit" if same else "substitution")
    found = wer(reference, hypothesis)
    assert found.errors == sum(step.kind != "hit" for step in steps)
    assert found.hits == sum(step.kind == "hit" for step in steps)


@given(SENTENCE, SENTENCE)
def test_swapping_the_texts_swaps_deletions_and_insertions(reference: str, hypothesis: str) -> None:
    there, back = wer(reference, hypothesis), wer(hypothesis, reference)
    assert there.errors == back.errors
    assert there.deletions - there.insertions == back.insertions - back.deletions


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("今天天气 很好", list("今天天气很好")),
        ("2024年 AI が来た", ["2024", "年", "AI", "が", "来", "た"]),
        ("ภาษา ไทย", list("ภาษาไทย")),
        ("ພາສາ", list("ພາສາ")),
        ("ភាសា", list("ភាសា")),
        ("မြန်မာ", list("မြန်မာ")),
        ("한국어 문장", ["한국어", "문장"]),
        ("मैं हिंदी", ["मैं", "हिंदी"]),
        ("  plain   words ", ["plain", "words"]),
    ],
)
def test_characters_stand_for_words_where_there_are_no_spaces(text: str, tokens: list[str]) -> None:
    assert words(text) == tokens


def test_what_is_counted_is_said_aloud() -> None:
    chinese = wer("今天天气很好", "今天天氣很好")
    assert (chinese.errors, chinese.reference, chinese.unspaced) == (1, 6, 6)
    assert chinese.measure == "CER"
    assert chinese.aloud == "counted characters, not words: the script is written without spaces"
    mixed = wer("用 python 写", "用 python 写")
    assert (mixed.reference, mixed.unspaced, mixed.measure) == (3, 2, "mixed error rate")
    assert "words elsewhere" in mixed.aloud
    english = wer("hello", "hello")
    assert (english.measure, english.aloud) == ("WER", "")


def test_spaces_among_characters_without_spaces_are_layout() -> None:
    assert characters("今天 天气  很好") == "今天天气很好"
    assert characters("用 python 写") == "用 python 写"
    assert cer("今天天气", "今天 天气").errors == 0
    assert unspaced(["a", "今", "今天"]) == 1


def test_each_is_the_list_behind_the_sum() -> None:
    references, hypotheses = ["a b", "c"], ["a", "c d"]
    assert [found.errors for found in wer_each(references, hypotheses)] == [1, 1]
    assert sum(cer_each(references, hypotheses)) == cer(references, hypotheses)


# Counts that sclite printed: three of Japanese from ESPnet's documentation, one of AN4, spelled.
SCLITE = """
前より面倒だが、詳細がよく分かるようになった。
前より面道だが、少年がよく分るようになった。
19 3 1 0
前より面倒だが、明細がよく分かるようになった。
前より面道だが、名線がよく分かるようになった。
20 3 0 0
足立さん身長百八十五センチメートルなんだ物凄くおっきいね
安達さん身長185CMなんだものすごく大きいね
11 10 7 2
rubout_g_M_e_f_three_nine
rubout_g_N_e_f_three_nine
24 1 0 0
""".strip().splitlines()


@pytest.mark.parametrize(
    ("reference", "hypothesis", "counts"), list(zip(SCLITE[::3], SCLITE[1::3], SCLITE[2::3], strict=True))
)
def test_published_counts_of_sclite(reference: str, hypothesis: str, counts: str) -> None:
    found = wer(" ".join(reference), " ".join(hypothesis))
    assert f"{found.hits} {found.substitutions} {found.deletions} {found.insertions}" == counts


@given(SENTENCE, SENTENCE)
def test_sclite_never_counts_fewer(reference: str, hypothesis: str) -> None:
    """Its weights of 4, 3 and 3 can prefer two more errors to a substitution; ours are the fewest."""
    found = wer(reference, hypothesis)
    pairs = kaldialign.align(words(reference), words(hypothesis), "*", sclite_mode=True)
    theirs = sum(one != other for one, other in pairs)
    assert found.errors <= theirs
    assert found.hits <= sum(one == other for one, other in pairs)

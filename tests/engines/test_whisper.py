"""Whisper's token language, on the tokenizer of the embedded model."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from auricle.engines.whisper import MAX_TOKENS, PROMPT_LIMIT, Piece, WhisperTokens, timed_words
from auricle.errors import ModelError
from auricle.models import LANGUAGES
from auricle.transcript import Word, join_words


def at(tokens: WhisperTokens, seconds: float) -> int:
    """The timestamp token of a time."""
    return tokens.first_timestamp + round(seconds / 0.02)


def said(tokens: WhisperTokens, text: str) -> list[int]:
    return tokens.encode(" " + text)


# ── special tokens ───────────────────────────────────────────────────────────────────────────────


def test_the_ids_of_the_published_english_vocabulary(tokens: WhisperTokens) -> None:
    assert (tokens.end, tokens.start, tokens.previous) == (50256, 50257, 50360)
    assert (tokens.no_timestamps, tokens.first_timestamp) == (50362, 50363)
    assert tokens.encode("<|endoftext|>") != []
    assert tokens.decode([50257, *said(tokens, "Hello"), 50363, 50256]) == " Hello"


def test_languages_go_by_position(babel: object) -> None:
    tokens: WhisperTokens = babel._tokens  # type: ignore[attr-defined]
    codes = tokens.languages()
    assert codes == tuple(LANGUAGES)[:99]
    assert [tokens.language_token(code) - tokens.start for code in codes] == list(range(1, 100))
    assert [tokens.language_of(f"<|{code}|>") for code in codes] == list(codes)
    assert tokens.task_token("translate") == tokens.start + 100
    assert tokens.task_token("transcribe") == tokens.start + 101


def test_other_tokenizers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a Whisper tokenizer"):
        WhisperTokens.load(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="not a Whisper tokenizer"):
        WhisperTokens.load(tmp_path)


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────


def pieces(tokens: WhisperTokens, *parts: float | str, duration: float = 10.0) -> tuple[list, float]:
    ids = [
        token
        for part in parts
        for token in (said(tokens, part) if isinstance(part, str) else [at(tokens, part)])
    ]
    found, accounted = tokens.pieces([*ids, tokens.end], duration)
    return [(piece.start, piece.end, tokens.decode(piece.tokens)) for piece in found], accounted


def test_text_without_timestamps_fills_the_window(tokens: WhisperTokens) -> None:
    assert pieces(tokens, "Hello there") == ([(0.0, 10.0, " Hello there")], 10.0)


def test_nothing_was_said(tokens: WhisperTokens) -> None:
    assert pieces(tokens) == ([], 10.0)
    assert pieces(tokens, 0.0) == ([], 10.0)
    assert pieces(tokens, 0.0, 10.0) == ([], 10.0)


def test_one_closed_segment_accounts_for_the_window(tokens: WhisperTokens) -> None:
    assert pieces(tokens, 0.0, "One", 4.0) == ([(0.0, 4.0, " One")], 10.0)


def test_two_timestamps_at_the_end_mean_that_more_follows(tokens: WhisperTokens) -> None:
    found, accounted = pieces(tokens, 0.0, "One", 4.0, 4.0, "Two", 7.5, 7.5)
    assert found == [(0.0, 4.0, " One"), (4.0, 7.5, " Two")]
    assert accounted == 7.5


def test_segments_with_a_pause_between(tokens: WhisperTokens) -> None:
    found, accounted = pieces(tokens, 0.5, "One", 4.0, 5.0, "Two", 7.5)
    assert found == [(0.5, 4.0, " One"), (5.0, 7.5, " Two")]
    assert accounted == 10.0


def test_an_open_end_goes_to_the_end_of_the_window(tokens: WhisperTokens) -> None:
    found, _ = pieces(tokens, 0.0, "One", 4.0, 4.0, "Two")
    assert found == [(0.0, 4.0, " One"), (4.0, 10.0, " Two")]


def test_times_beyond_the_audio_and_backwards_are_clamped(tokens: WhisperTokens) -> None:
    assert pieces(tokens, 0.0, "One", 29.0)[0] == [(0.0, 10.0, " One")]
    assert pieces(tokens, 5.0, "One", 2.0)[0] == [(5.0, 5.0, " One")]
    assert pieces(tokens, 12.0, "One", 14.0)[0] == [(10.0, 10.0, " One")]


@given(st.lists(st.integers(0, 1500) | st.sampled_from(["a", "b c", "."]), max_size=12), st.floats(0.01, 30))
def test_pieces_keep_all_text_in_order_and_inside_the_window(
    tokens: WhisperTokens, parts: list[int | str], duration: float
) -> None:
    ids = [
        token
        for part in parts
        for token in (said(tokens, part) if isinstance(part, str) else [tokens.first_timestamp + part])
    ]
    found, accounted = tokens.pieces(ids, duration)
    text = [token for piece in found for token in piece.tokens]
    assert text == [token for token in ids if token < tokens.first_timestamp]
    assert all(isinstance(piece, Piece) and piece.tokens for piece in found)
    assert all(0 <= piece.start <= piece.end <= duration for piece in found)
    assert 0 <= accounted <= duration


# ── what stands before the transcript ────────────────────────────────────────────────────────────


def test_no_context_is_no_tokens(tokens: WhisperTokens) -> None:
    assert tokens.context("", "", "") == []


def test_hotwords_then_prompt_then_what_came_before(tokens: WhisperTokens) -> None:
    context = tokens.context("Quilter", "A talk.", "And so it began.")
    assert context[0] == tokens.previous
    assert tokens.decode(context) == " Quilter A talk. And so it began."


def test_only_the_text_before_is_cut_and_only_at_its_beginning(tokens: WhisperTokens) -> None:
    earlier = " ".join(f"word{number}" for number in range(500))
    context = tokens.context("Quilter", "A talk.", earlier)
    assert len(context) == PROMPT_LIMIT + 1
    text = tokens.decode(context)
    assert text.startswith(" Quilter A talk.")
    assert text.endswith("word499")


@pytest.mark.parametrize("written", ["<|endoftext|>", "<|notimestamps|>", "<|1.50|>"])
def test_special_tokens_are_text_where_they_are_typed(tokens: WhisperTokens, written: str) -> None:
    assert tokens.decode(tokens.encode(f" one{written} two")) == f" one{written} two"


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=1500))
def test_the_context_leaves_room_for_as_many_tokens_again(
    tokens: WhisperTokens, hotwords: str, prompt: str, previous: str
) -> None:
    fixed = tokens.encode(" " + hotwords.strip()) + tokens.encode(" " + prompt.strip())
    assume(len(fixed) <= PROMPT_LIMIT)
    context = tokens.context(hotwords, prompt, previous)
    assert len(context) <= PROMPT_LIMIT + 1 == MAX_TOKENS // 2
    assert not any(token >= tokens.end for token in context[1:])
    for text in (hotwords.strip(), prompt.strip()):
        assert not text or text in tokens.decode(context)


def test_a_prompt_that_fills_the_room_leaves_none_for_the_text_before(tokens: WhisperTokens) -> None:
    prompt = " ".join(["a"] * PROMPT_LIMIT)
    context = tokens.context("", prompt, "earlier text")
    assert tokens.decode(context).strip() == prompt


# ── words ────────────────────────────────────────────────────────────────────────────────────────


def split(tokens: WhisperTokens, text: str) -> list[str]:
    ids = tokens.encode(" " + text)
    words = tokens.split_words(ids)
    assert [token for _, part in words for token in part] == ids
    assert all(part for _, part in words)
    assert "".join(word for word, _ in words) == " " + text
    return [word.strip() for word, _ in words]


@pytest.mark.parametrize(
    "text",
    [
        "And so, my fellow Americans: ask not!",
        "It grew 3.5% to 1,000 or $4.50 in 2024.",
        "He said, \"Don't go there,\" and 'left'.",
        "(See above) [later] the well known Mr. Quilter's gospel…",
        "¿Qué pasa? — Nothing: “why”, she asked.",
        "naïve café Ångström straße",
    ],
)
def test_english_words_keep_their_punctuation(tokens: WhisperTokens, text: str) -> None:
    assert split(tokens, text) == text.split()


@pytest.mark.parametrize("text", ["a well-known fact", "twenty-one", "state-of-the-art"])
def test_hyphens_do_not_lose_a_letter(tokens: WhisperTokens, text: str) -> None:
    assert "".join(split(tokens, text)) == text.replace(" ", "")
    assert not any(word in ("-", "") for word in split(tokens, text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("你好，世界。", ["你", "好，", "世", "界。"]),
        ("今日は良い。", ["今", "日", "は", "良", "い。"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
    ],
)
def test_scripts_without_spaces_are_cut_at_whole_characters(
    tokens: WhisperTokens, text: str, words: list[str]
) -> None:
    found = [word for word in split(tokens, text) if word]
    assert "".join(found) == text
    assert len(found) > 1
    if not text.startswith("ส"):
        assert found == words


@pytest.mark.parametrize("text", ["مرحبا بالعالم", "שלום עולם", "नमस्ते दुनिया", "Привет, мир!", "안녕 세상"])
def test_scripts_with_spaces_are_cut_at_spaces(tokens: WhisperTokens, text: str) -> None:
    assert split(tokens, text) == text.split()


@pytest.mark.parametrize("text", ["so 🙂 funny", "family 👨‍👩‍👧 time", "🎉🎉"])
def test_emoji_are_whole(tokens: WhisperTokens, text: str) -> None:
    assert "".join(split(tokens, text)) == text.replace(" ", "")
    assert not any("\ufffd" in word for word in split(tokens, text))


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\ufffd"), max_size=40))
def test_words_join_back_to_any_text(tokens: WhisperTokens, text: str) -> None:
    ids = tokens.encode(text)
    words = tokens.split_words(ids)
    assert [token for _, part in words for token in part] == ids
    assert "".join(word for word, _ in words) == tokens.decode(ids)


SENTENCE = st.lists(
    st.text(st.sampled_from("abcdeXYZ09é"), min_size=1, max_size=7), min_size=1, max_size=8
).flatmap(lambda words: st.just(" ".join(words)))


@given(SENTENCE, st.sampled_from([".", ",", "!", "?", ":", "...", '."', "!)", "%", "。"]))
def test_closing_signs_stick_to_the_word_before(tokens: WhisperTokens, text: str, signs: str) -> None:
    assert split(tokens, text + signs) == (text + signs).split()


def test_a_broken_character_spoils_no_other_word(tokens: WhisperTokens) -> None:
    (broken, *_) = [token for token in tokens.encode("你") if "\ufffd" in tokens.decode([token])]
    ids = [*said(tokens, "one two"), broken, *said(tokens, "three four five")]
    words = [word.strip() for word, _ in tokens.split_words(ids)]
    assert words[:1] == ["one"]
    assert words[-2:] == ["four", "five"]
    assert [token for _, part in tokens.split_words(ids) for token in part] == ids


def test_no_tokens_no_words(tokens: WhisperTokens) -> None:
    assert tokens.split_words([]) == []


# ── words with times ─────────────────────────────────────────────────────────────────────────────


def test_timed_words_take_the_times_of_their_tokens(tokens: WhisperTokens) -> None:
    ids = said(tokens, "Hello, world.")
    assert len(ids) == 4
    found = timed_words(
        tokens.split_words(ids), [0.1, 0.5, 0.6, 1.0, 1.1], [0.5, 0.125, 1.0, 1.0], offset=2.0
    )
    assert [(word.text, word.start, word.end) for word in found] == [
        ("Hello,", pytest.approx(2.1), pytest.approx(2.6)),
        ("world.", pytest.approx(2.6), pytest.approx(3.1)),
    ]
    assert [word.confidence for word in found] == [pytest.approx(0.25), pytest.approx(1.0)]
    assert join_words(found) == "Hello, world."


def test_impossible_tokens_have_a_confidence_all_the_same() -> None:
    (word,) = timed_words([(" a", [1, 2])], [0.0, 0.1, 0.2], [0.0, 0.0])
    assert word.confidence == pytest.approx(0.0, abs=1e-6)
    assert timed_words([], [0.0], []) == []


def test_joined_says_where_no_space_stands(tokens: WhisperTokens) -> None:
    ids = said(tokens, "好的 ok")
    times = [0.1 * number for number in range(len(ids) + 1)]
    found = timed_words(tokens.split_words(ids), times, [1.0] * len(ids))
    assert join_words(found) == "好的 ok"
    assert all(isinstance(word, Word) and word.text == word.text.strip() != "" for word in found)

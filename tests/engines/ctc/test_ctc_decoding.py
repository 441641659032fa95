"""Greedy, beam search and placing, held against all paths of short inputs."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.engines.ctc.alphabet import Alphabet
from auricle.engines.ctc.beam import BeamSearch, Search
from auricle.engines.ctc.greedy import greedy, place
from auricle.engines.ctc.ngram import BEGIN, END, UNK, NgramModel

LETTERS = Alphabet(("", " ", "a", "b"), blank=0)


def frames(seed: int, count: int, outputs: int = 4, scale: float = 1.5) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(0, scale, (count, outputs))
    return (scores - np.log(np.exp(scores).sum(1, keepdims=True))).astype(np.float32)


def collapse(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(index for index, _ in itertools.groupby(path) if index)


def all_sums(logprobs: np.ndarray) -> dict[tuple[int, ...], float]:
    """The log-probability of every sequence of outputs, over all paths that spell it."""
    sums: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(logprobs.shape[1]), repeat=len(logprobs)):
        score = sum(float(logprobs[frame, index]) for frame, index in enumerate(path))
        sums[collapse(path)] = float(np.logaddexp(sums.get(collapse(path), -np.inf), score))
    return sums


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_the_search_finds_the_likeliest_sequence_of_all(seed: int, count: int) -> None:
    logprobs = frames(seed, count)
    sums = all_sums(logprobs)
    found = tuple(BeamSearch(LETTERS, Search(beams=500)).best(logprobs))
    assert sums[found] == pytest.approx(max(sums.values()), abs=1e-4)


def worth(ids: tuple[int, ...], model: NgramModel, search: Search) -> float:
    """What a language model and its bonus add to a sequence, computed from its text."""
    words = [model.word(word) for word in LETTERS.text(ids).split()]
    return search.weight * math.log(10) * model.sentence(words) + search.bonus * len(words)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 3.0), st.floats(-1.0, 2.0))
def test_the_search_with_a_model_finds_the_best_of_all(seed: int, weight: float, bonus: float) -> None:
    grams = {f"{BEGIN}": (-99.0, -0.2), END: (-0.8, 0.0), UNK: (-2.0, 0.0), "ab": (-0.5, -0.3)}
    grams |= {"a": (-0.9, -0.1), "b": (-1.4, 0.0), f"{BEGIN} b": (-0.2, 0.0), "a ab": (-0.1, 0.0)}
    model = NgramModel(2, grams)
    search = Search(beams=5000, model=model, weight=weight, bonus=bonus)
    logprobs = frames(seed, 5)
    sums = {ids: score + worth(ids, model, search) for ids, score in all_sums(logprobs).items()}
    found = tuple(BeamSearch(LETTERS, search).best(logprobs))
    assert sums[found] == pytest.approx(max(sums.values()), abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7))
def test_greedy_is_the_best_path_collapsed(seed: int, count: int) -> None:
    logprobs = frames(seed, count)
    units = greedy(logprobs, 0)
    assert tuple(unit.id for unit in units) == collapse(tuple(logprobs.argmax(1).tolist()))
    for unit in units:
        assert all(logprobs[frame].argmax() == unit.id for frame in range(unit.first, unit.last + 1))
        peak = logprobs[unit.first : unit.last + 1, unit.id].max()
        assert unit.probability == pytest.approx(math.exp(peak), abs=1e-6)
    ordered = [edge for unit in units for edge in (unit.first, unit.last)]
    assert ordered == sorted(ordered)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 3), min_size=1, max_size=3))
def test_outputs_are_placed_where_the_likeliest_path_has_them(seed: int, ids: list[int]) -> None:
    logprobs = frames(seed, 6)
    paths = (path for path in itertools.product(range(4), repeat=6) if collapse(path) == tuple(ids))
    scored = {path: sum(float(logprobs[t, k]) for t, k in enumerate(path)) for path in paths}
    best = max(scored, key=scored.__getitem__)
    runs = [(k, [t for t, _ in group]) for k, group in itertools.groupby(enumerate(best), key=lambda x: x[1])]
    wanted = [(k, span[0], span[-1]) for k, span in runs if k]
    found = place(logprobs, ids, 0)
    assert [(unit.id, unit.first, unit.last) for unit in found] == wanted


def test_too_few_frames_for_the_outputs() -> None:
    assert place(frames(1, 2), [1, 2, 3], 0) == []
    assert place(frames(1, 2), [2, 2], 0) == []
    assert place(frames(1, 2), [], 0) == []


# ── words ────────────────────────────────────────────────────────────────────────────────────────


def test_words_of_letters_and_of_pieces() -> None:
    letters = Alphabet.of(["<pad>", "<unk>", "|", "h", "i"], 0, special=["<unk>"])
    assert [piece.text for piece in letters.words([3, 4, 2, 2, 4, 1])] == ["hi", "i"]
    assert letters.text([2, 3, 4, 2, 2, 4, 1]) == "hi i"
    pieces = Alphabet.of(["▁the", "▁c", "at", "<b>"], 3)
    assert [(piece.text, piece.places) for piece in pieces.words([0, 1, 2])] == [
        ("the", [0]),
        ("cat", [1, 2]),
    ]


def test_scripts_without_spaces_have_a_word_a_character() -> None:
    chinese = Alphabet.of(["<pad>", "你", "好", "a", "b", "|"], 0)
    found = chinese.words([1, 2, 3, 4, 5, 1])
    assert [(piece.text, piece.joined) for piece in found] == [
        ("你", False),
        ("好", True),
        ("ab", True),
        ("你", False),
    ]


# ── language model and hotwords steer ────────────────────────────────────────────────────────────


def spelt(text: str, doubt: dict[int, tuple[str, float]] | None = None) -> tuple[np.ndarray, Alphabet]:
    """Frames that spell ``text``, each letter and a blank; ``doubt`` gives a place a likelier letter."""
    letters = ["", " ", *sorted(set("abcdefghijklmnopqrstuvwxyz'"))]
    chances = np.full((2 * len(text), len(letters)), 1e-4)
    for at, letter in enumerate(text):
        chances[2 * at, letters.index(letter)] = 1.0
        if doubt and at in doubt:
            other, share = doubt[at]
            chances[2 * at, letters.index(other)] = share
            chances[2 * at, letters.index(letter)] = 1 - share
        chances[2 * at + 1, 0] = 1.0
    chances /= chances.sum(1, keepdims=True)
    return np.log(chances).astype(np.float32), Alphabet(tuple(letters), 0)


def said(logprobs: np.ndarray, alphabet: Alphabet, search: Search | None) -> str:
    if search is None:
        return alphabet.text(unit.id for unit in greedy(logprobs, 0))
    return alphabet.text(BeamSearch(alphabet, search).best(logprobs))


def test_a_language_model_mends_a_letter() -> None:
    logprobs, alphabet = spelt("seven two", doubt={0: ("f", 0.8)})
    words = dict.fromkeys(("seven", "two", END, UNK), (-1.0, 0.0)) | {UNK: (-3.0, 0.0)}
    assert said(logprobs, alphabet, None) == "feven two"
    assert said(logprobs, alphabet, Search(model=NgramModel(1, words))) == "seven two"
    assert said(logprobs, alphabet, Search(model=NgramModel(1, words), weight=0.0)) == "feven two"


def test_a_hotword_is_heard_where_the_sound_allows_it() -> None:
    logprobs, alphabet = spelt("call quilter now", doubt={5: ("k", 0.9), 8: ("o", 0.7)})
    assert said(logprobs, alphabet, Search()) == "call kuioter now"
    hot = Search(hotwords=frozenset({"Quilter"}))
    assert said(logprobs, alphabet, hot) == "call quilter now"
    other, alphabet = spelt("call keeper now")
    assert said(other, alphabet, hot) == "call keeper now"


def test_a_search_leaves_nothing_behind() -> None:
    search = BeamSearch(LETTERS, Search(beams=8, hotwords=frozenset({"ab"})))
    first = [search.best(frames(seed, 30)) for seed in range(5)]
    assert [search.best(frames(seed, 30)) for seed in range(5)] == first

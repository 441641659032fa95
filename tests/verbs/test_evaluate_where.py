"""Where a model fails: slices, named errors, rare words, marks, confidence. All against counts by hand."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.errors import OptionError
from auricle.metrics import wer
from auricle.transcript import Word
from auricle.verbs.evaluate import Scored
from auricle.verbs.evaluate.calibration import calibration, judged_words, review
from auricle.verbs.evaluate.marks import Marks, written
from auricle.verbs.evaluate.named import NAMES, name_errors, named_errors
from auricle.verbs.evaluate.normalizing import normalizing
from auricle.verbs.evaluate.recall import keywords, rare_words
from auricle.verbs.evaluate.scoring import Texts, count_each, prepare
from auricle.verbs.evaluate.slices import NONE, slices
from auricle.verbs.evaluate.when import speakers, word_starts


def heard(reference: str, hypothesis: str, name: str = "a", **more: object) -> Scored:
    row = Scored(name, reference, hypothesis, language="en", duration=2.0, elapsed=0.5)
    return replace(row, **more)  # type: ignore[arg-type]


def texts(*pairs: tuple[str, str], normalizer: str = "whisper-english") -> list[Texts]:
    return prepare((heard(one, other, str(at)) for at, (one, other) in enumerate(pairs)), normalizer)


# ── named errors ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("reference", "hypothesis", "names"),
    [
        ("The cat", "the cat", {"casing only": 1}),
        ("a cat.", "a cat", {"punctuation only": 1}),
        ("a Cat.", "a cat", {"casing and punctuation": 1}),
        ("the backstaff was", "the back staff was", {"compound split or joined": 2}),
        ("a well known man", "a well-known man", {"compound split or joined": 2}),
        ("it was twelve miles", "it was 12 miles", {"numeral": 1}),
        ("in nineteen ninety nine", "in 1999", {"numeral": 3}),
        ("mister Smith", "Mr. Smith", {"forgiven spelling": 1}),
        ("the colour", "the color", {"forgiven spelling": 1}),
        ("the cat", "the hat", {"other words": 1}),
        ("the cat sat", "the sat", {"other words": 1}),
        ("The big cat", "the pig cat", {"casing only": 1, "other words": 1}),
        ("Well, the cat", "well the hat", {"casing and punctuation": 1, "other words": 1}),
        ("same", "same", {}),
        ("", "so much", {"other words": 2}),
    ],
)
def test_errors_by_name(reference: str, hypothesis: str, names: dict[str, int]) -> None:
    found = named_errors(texts((reference, hypothesis)))
    assert {one.name: one.errors for one in found if one.errors} == names


words = st.lists(st.sampled_from("The the the, cat Cat cat. back staff backstaff 12 twelve - ... a".split()))


@given(words.map(" ".join), words.map(" ".join))
@settings(max_examples=150, deadline=None)
def test_the_names_add_up_to_the_orthographic_score(reference: str, hypothesis: str) -> None:
    found = list(name_errors(reference.split(), hypothesis.split(), str.lower))
    assert sum(errors for _, errors, _ in found) == wer(reference, hypothesis).errors
    assert {name for name, _, _ in found} <= set(NAMES)


def test_examples_of_a_name_are_the_most_frequent() -> None:
    found = named_errors(texts(("The cat", "the cat"), ("The A", "the a"), ("The", "the")))
    assert found[0].examples == (("The", "the", 3), ("A", "a", 1))


# ── slices ───────────────────────────────────────────────────────────────────────────────────────


OURS, THEIRS = {"accent": "ours"}, {"accent": "theirs"}


def accents() -> list[Scored]:
    good, bad = "one two three four five six", "x two y four z six"
    rows = [heard(good, good, f"g{at}", speaker=f"s{at % 7}", columns={"accent": "ours"}) for at in range(30)]
    rows += [
        heard(good, bad, f"b{at}", speaker=f"t{at % 7}", columns={"accent": "theirs"}) for at in range(6)
    ]
    rows += [heard(good, bad, f"c{at}", columns={"accent": None}) for at in range(2)]
    return rows


def cut(rows: list[Scored], *columns: str) -> list[tuple[str, str, float | None, bool]]:
    made = prepare(rows, "none")
    found = slices([item.row for item in made], count_each(made), columns)
    return [(one.column, one.value, one.errors.rate, one.apart) for one in found]


def test_slices_by_a_column_the_worst_first_the_small_last() -> None:
    assert cut(accents(), "accent") == [
        ("accent", "theirs", 0.5, False),  # the same rate everywhere: nothing to draw an interval from
        ("accent", "ours", 0.0, False),
        ("accent", NONE, 0.5, False),
    ]


def test_a_slice_apart_is_one_whose_interval_leaves_out_the_rate_of_all() -> None:
    rows = accents()
    rows += [
        heard(
            "one two three four five six",
            "one two" + " no" * (at % 3),
            f"d{at}",
            columns={"accent": "theirs"},
        )
        for at in range(9)
    ]
    found = {value: apart for _, value, _, apart in cut(rows, "accent")}
    assert found["theirs"]


def test_bands_are_the_same_in_every_run() -> None:
    rows = [
        heard("a b c d", "a b c d", "1", duration=1.9, snr=5.0, speech=1.0),
        heard("a b c d", "a b c d", "2", duration=2.0, snr=10.0, speech=2.0),
        heard("a b c d", "a b c d", "3", duration=31.0, snr=None, speech=None),
    ]
    values = {(column, value) for column, value, _, _ in cut(rows)}
    assert values == {
        ("duration", "under 2 s"), ("duration", "2 to 5 s"), ("duration", "30 s and more"),
        ("snr", "under 10 dB"), ("snr", "10 to 20 dB"), ("snr", NONE),
        ("speaking_rate", "3.5 words/s and more"), ("speaking_rate", "2 to 2.5 words/s"),
        ("speaking_rate", "under 1.5 words/s"),
    }  # fmt: skip


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(OptionError, match=r"no column 'accents' to slice by\. Did you mean accent"):
        cut(accents(), "accents")


def test_columns_of_many_values_are_sliced_only_when_asked() -> None:
    rows = [heard("a", "b", str(at), columns={"clip": f"name{at}", "list": [1]}) for at in range(40)]
    assert not cut(rows)
    assert len(cut(rows, "clip")) == 40
    with pytest.raises(OptionError):
        cut(rows, "list")


# ── rare words and keywords ──────────────────────────────────────────────────────────────────────


def test_rare_words_are_those_the_dataset_lists() -> None:
    rows = [
        heard(
            "harshly the anon said",
            "harshly the and on said",
            "1",
            columns={"rare_words": ["Anon", "harshly"]},
        ),
        heard("anon anon", "anon a nun", "2", columns={"rare_words": ["anon"]}),
        heard("anon and", "x", "3"),
    ]
    found = rare_words(prepare(rows, "whisper-english"))
    assert (found.said, found.heard, found.missed, found.rate) == (4, 2, (("anon", 2),), 0.5)
    assert found.source == "the dataset's rare_words"


def test_without_a_list_the_words_that_are_said_once_are_rare() -> None:
    found = rare_words(texts(("the cat sat", "the hat sat"), ("the dog", "the dog")))
    assert (found.said, found.heard, found.missed) == (3, 2, (("cat", 1),))
    assert found.source == "words that the references hold once"
    assert rare_words([]).rate is None


def test_keywords_are_phrases_and_false_ones_are_counted() -> None:
    made = texts(
        ("the United States and the river", "the united states in the liver"),
        ("a river", "a river"),
        ("nothing", "a river"),
    )
    found = keywords(made, ["river", "United States", "sea"], "whisper-english")
    assert [(one.word, one.said, one.heard, one.false, one.rate) for one in found] == [
        ("river", 2, 1, 1, 0.5),
        ("United States", 1, 1, 0, 1.0),
        ("sea", 0, 0, 0, None),
    ]
    with pytest.raises(OptionError, match="no words after normalising"):
        keywords(made, ["uh"], "whisper-english")


# ── punctuation and casing ───────────────────────────────────────────────────────────────────────


def test_punctuation_and_casing_by_hand() -> None:
    found = written(texts(('Well, said "Ann", don\'t go!', "well, said Ann don't Go."), ("Yes?", "no")))
    marks = {one.mark: (one.reference, one.hypothesis, one.correct) for one in found.punctuation}
    assert marks == {
        "all": (6, 2, 1), '"': (2, 0, 0), ",": (2, 1, 1), "!": (1, 0, 0), "?": (1, 0, 0), ".": (0, 1, 0)
    }  # fmt: skip
    assert (found.words, found.same_case) == (5, 3)
    assert found.capitals == Marks("capitals", 2, 2, 1)
    assert found.casing == 3 / 5
    first = found.punctuation[0]
    assert (first.precision, first.recall, first.f1) == (0.5, 1 / 6, 0.25)


def test_nothing_is_said_of_what_the_references_do_not_have() -> None:
    found = written(texts(("the cat sat", "The cat sat.")))
    assert (found.punctuation, found.capitals, found.casing) == ((), None, None)
    assert written(texts(("THE CAT", "The cat"))).casing is None


def test_signs_inside_words_are_spelling() -> None:
    found = written(texts(("It's 3.5 well-known.", "It's 3.5 well-known.")))
    assert [(one.mark, one.reference, one.correct) for one in found.punctuation] == [
        ("all", 1, 1),
        (".", 1, 1),
    ]


# ── confidence ───────────────────────────────────────────────────────────────────────────────────


def spoken(reference: str, *words: tuple[str, float], name: str = "a", seconds: float = 2.0) -> Texts:
    made = tuple(Word(text, 0.0, 1.0, chance) for text, chance in words)
    hypothesis = " ".join(text for text, _ in words)
    row = heard(reference, hypothesis, name, words=made, duration=seconds)
    return prepare([row], "whisper-english")[0]


def test_words_are_judged_by_the_alignment() -> None:
    item = spoken("Twenty cats sat.", ("20", 0.9), ("hats", 0.3), ("uh", 0.1), ("sat.", 0.8))
    assert judged_words(item) == [(0.9, 1.0), (0.3, 0.0), (0.8, 1.0)]


def test_a_calibrated_model_has_no_calibration_error() -> None:
    state = np.random.default_rng(1)
    items = []
    for number in range(400):
        chances = state.uniform(0.02, 0.98, 10)
        right = state.uniform(size=10) < chances
        words = [("yes" if good else "no", chance) for good, chance in zip(right, chances, strict=True)]
        items.append(spoken("yes " * 10, *words, name=str(number)))
    found = calibration(items, count_each(items))
    assert found is not None
    assert (found.of, found.count) == ("words", 4000)
    assert found.ece < 0.04
    assert found.nce is not None
    assert found.nce > 0.2
    assert found.auc is not None
    assert found.auc > 0.75


def test_confidence_that_tells_nothing_is_said_to() -> None:
    items = [spoken("yes no", ("yes", 0.9), ("yes", 0.9), name=str(at)) for at in range(50)]
    found = calibration(items, count_each(items))
    assert found is not None
    assert (found.right, found.auc) == (0.5, 0.5)
    assert found.ece == pytest.approx(0.4)
    assert found.nce is not None
    assert found.nce < 0
    (one,) = found.bins
    assert (one.low, one.high, one.count) == (0.9, 1.0, 100)


def test_without_confidences_nothing_is_said() -> None:
    items = texts(("a", "a"))
    assert calibration(items, count_each(items)) is None
    assert review(items, count_each(items)) is None


def test_whole_utterances_are_judged_where_words_have_no_confidence() -> None:
    rows = [heard("a b", "a b", "1", confidence=0.9), heard("a b", "a x", "2", confidence=0.5)]
    made = prepare(rows, "none")
    found = calibration(made, count_each(made))
    assert found is not None
    assert (found.of, found.count, found.right, found.auc) == ("utterances", 2, 0.75, 1.0)


def test_what_to_check_first_has_the_most_expected_errors_a_second() -> None:
    items = [
        spoken("a b", ("a", 0.99), ("b", 0.98), name="sure"),
        spoken("a b", ("x", 0.2), ("y", 0.3), name="unsure", seconds=1.0),
        spoken("a b", ("a", 0.6), ("x", 0.4), name="half"),
    ]
    found = review(items, count_each(items))
    assert found is not None
    assert [one.id for one in found.first] == ["unsure", "half", "sure"]
    assert found.first[0].expected == pytest.approx(1.5)
    assert found.found == pytest.approx(0.5 * 2 / 3)  # half a second of the first, which has 2 of 3 errors


# ── what the normaliser did ──────────────────────────────────────────────────────────────────────


def test_what_is_forgiven_adds_up_over_languages() -> None:
    rows = [
        heard("The cat, twenty.", "the cat 20", "1"),
        heard("Die Katze", "die Katzen", "2", language="de"),
    ]
    found = normalizing(prepare(rows, "auto"))
    assert [(rung.rate.errors, rung.rate.reference) for rung in found.rungs] == [
        (5, 5),
        (3, 5),
        (2, 5),
        (1, 5),
    ]
    assert found.rungs[-1].forgiven == ("all that whisper-english forgives or all that multilingual forgives")
    assert found.changes.words == 10
    assert ("twenty.", "20", 1) in found.changes.examples


def test_a_normaliser_that_breaks_words_is_not_to_be_trusted() -> None:
    rows = [heard("मैं हिंदी बोलता हूँ", "मैं हिंदी बोलती हूँ", str(at), language="hi") for at in range(12)]
    found = normalizing(prepare(rows, "whisper-basic"))
    assert any("breaks or joins words" in line for line in found.warnings)
    assert not normalizing(prepare(rows, "multilingual")).warnings


# ── who and when ─────────────────────────────────────────────────────────────────────────────────


def timed(text: str, start: float = 0.0, **more: str) -> tuple[Word, ...]:
    """A word every half second."""
    return tuple(
        Word(word, start + 0.5 * at, start + 0.5 * at + 0.4, 0.9, **more)
        for at, word in enumerate(text.split())
    )


def test_word_starts_are_of_the_words_that_both_have() -> None:
    said = [{"word": word, "start": 0.5 * at + 0.1} for at, word in enumerate("the cat sat".split())]
    rows = [
        heard("the cat sat", "the hat sat", words=timed("the hat sat"), columns={"words": said}),
        heard("no times", "no times", "b", words=timed("no times")),
        heard("not heard with times", "x", "c", columns={"words": said}),
        heard("other", "other", "d", words=timed("other"), columns={"words": [{"text": "other"}]}),
        heard("other", "other", "e", words=timed("other"), columns={"words": "five"}),
    ]
    found = word_starts(prepare(rows, "none"))
    assert found is not None
    assert (found["reference"], found["matched"]) == (3, 2)
    assert found["mean"] == pytest.approx(-0.1)
    assert found["within_200"] == 1.0
    assert word_starts(prepare(rows[1:], "none")) is None


def test_a_model_without_speakers_is_one_speaker() -> None:
    pytest.importorskip("meeteval")
    segments = [
        {"start": 0.0, "end": 1.0, "speaker": "A", "text": "good morning"},
        {"start": 2.0, "end": 3.0, "speaker": "B", "text": "hello there"},
    ]
    text = "good morning hello there"
    words = (*timed("good morning"), *timed("hello there", 2.0))
    row = heard(text, text, words=words, columns={"segments": segments})
    found = speakers(prepare([row], "none"))
    assert found is not None
    assert (found["recordings"], found["speakers"]) == (1, 2)
    assert (found["cp"]["insertions"], found["cp"]["deletions"]) == (2, 2)  # B's words are A's to it
    assert found["cp"]["rate"] == 1.0
    assert found["note"].startswith("the model names no speakers")
    assert found["diarization"]["confused"] == pytest.approx(0.9)
    named = (*timed("good morning", speaker="x"), *timed("hello there", 2.0, speaker="y"))
    found = speakers(prepare([replace(row, words=named)], "none"))
    assert found is not None
    assert (found["cp"]["rate"], found["tcp"]["rate"], found["note"]) == (0.0, 0.0, "")
    assert found["diarization"]["confused"] == 0


def test_without_word_times_only_who_said_what_is_scored() -> None:
    pytest.importorskip("meeteval")
    segments = [{"start": 0.0, "end": 1.0, "speaker": "A", "text": "good morning"}]
    found = speakers(prepare([heard("x", "good morning", columns={"segments": segments})], "none"))
    assert found is not None
    assert (found["cp"]["rate"], found["tcp"], found["diarization"]) == (0.0, None, None)
    unnamed = heard("x", "x", columns={"segments": [{"start": 0.0, "end": 1.0, "text": "x"}]})
    assert speakers(prepare([unnamed], "none")) is None


def test_without_meeteval_a_note_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("meeteval.wer.wer.cp", "meeteval.wer.wer.time_constrained"):
        monkeypatch.setitem(sys.modules, name, None)
    segments = [{"start": 0.0, "end": 1.0, "speaker": "A", "text": "x"}]
    found = speakers(prepare([heard("x", "x", columns={"segments": segments})], "none"))
    assert found is not None
    assert list(found) == ["note"]
    assert "auricle[meetings]" in found["note"]

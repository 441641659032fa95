"""A whole score: both ways of looking, what the normaliser did, and what is not to be trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from auricle.errors import OptionError
from auricle.metrics import ErrorRate
from auricle.normalize import normalizer
from auricle.verbs.score import Score, score, score_pairs
from auricle.verbs.score.drift import Rung, Sensitivity
from auricle.verbs.score.pairing import Pair, Pairs

TEXTS = [
    ("Mr. Smith bought twenty-two apples.", "mister smith bought 22 apples"),
    ("The cat sat on the mat!", "the cat sit on the"),
    ("", "Thanks for watching!"),
    ("Colour is nice, uh, really.", "Color is nice really"),
]


def scored(texts: list[tuple[str, str]], name: str = "whisper-english", **more: object) -> Score:
    rows = tuple(Pair(str(at), *pair, **more) for at, pair in enumerate(texts))  # type: ignore[arg-type]
    return score_pairs(Pairs(rows), normalizer(name))


def test_both_scores_stand_together() -> None:
    found = scored(TEXTS)
    assert (found.utterances, found.silent) == (4, 1)
    assert (found.normalized.words.errors, found.normalized.words.reference) == (5, 15)
    assert (found.orthographic.words.errors, found.orthographic.words.reference) == (14, 16)
    assert found.normalized.characters.unit == "characters"
    assert found.normalizer_version.startswith("1+whisper-normalizer.")


def test_insertions_of_empty_references_are_in_the_rate() -> None:
    with_silence, without = scored(TEXTS), scored([pair for pair in TEXTS if pair[0]])
    assert with_silence.normalized.words.insertions == without.normalized.words.insertions + 3
    assert with_silence.hallucination.clips_with_text == 1
    assert with_silence.hallucination.per_hour is None
    assert scored(TEXTS, duration=1800.0).hallucination.per_hour == 2


def test_all_references_empty_has_no_rate() -> None:
    found = scored([("", "x y"), ("", "")])
    assert found.normalized.words.rate is None
    assert found.normalized.interval is None
    assert found.normalized.words.insertions == 2
    assert found.hallucination.rate == 0.5


def test_what_the_normaliser_changed() -> None:
    made = scored(TEXTS).changes
    assert ("Mr.", "mister", 1) in made.examples
    assert ("uh,", "", 1) in made.examples
    assert made.words == 33
    assert made.same + made.case + made.punctuation + made.removed + made.rewritten == made.words
    assert made.removed == 1


def test_words_that_change_together_are_told() -> None:
    made = scored([("two hundred (he laughs) dogs", "200 dogs")]).changes
    assert made.together == 1
    assert ("2 100 he laughs", "200", 1) in made.examples


def test_the_ladder_goes_from_orthographic_to_normalised() -> None:
    found = scored(TEXTS)
    rungs = found.sensitivity.rungs
    assert rungs[0].rate == found.orthographic.words
    assert rungs[-1].rate == found.normalized.words
    assert [rung.rate.errors for rung in rungs] == [14, 12, 10, 5]


HINDI = [("मैं हिंदी बोलता हूँ", "मैं हिंदू बोलता हूं"), ("वह कल आया था", "वह कल आयी थी")] * 4


def test_a_normaliser_that_breaks_words_is_told() -> None:
    found = scored(HINDI, "whisper-basic")
    assert any("it breaks or joins words" in line for line in found.warnings)
    assert any("combining marks" in line for line in found.warnings)
    assert not scored(HINDI, "multilingual").warnings
    assert not scored(TEXTS).warnings


def test_two_words_of_dhivehi_become_five_and_that_is_told() -> None:
    found = scored([("ދިވެހި ބަސް", "ދިވެހި ބަސް")], "whisper-basic")
    assert found.orthographic.words.reference == 2
    assert found.normalized.words.reference == 5
    assert any("makes 5 words of 2" in line for line in found.warnings)


def rate(errors: int, words: int) -> ErrorRate:
    return ErrorRate(hits=words - errors, substitutions=errors)


@pytest.mark.parametrize(
    ("bare", "clean", "told"),
    [
        (rate(33, 100), rate(0, 100), "33 of the 33 errors"),
        (rate(33, 100), rate(30, 100), ""),
        (rate(5, 100), rate(0, 100), ""),  # too few to mean anything
        (rate(5, 100), rate(30, 100), "makes 30 errors of 5"),
        (rate(10, 100), rate(10, 130), "makes 130 words of 100"),
        (rate(10, 100), rate(10, 70), "makes 70 words of 100"),
        (ErrorRate(), ErrorRate(), ""),
    ],
)
def test_drift(bare: ErrorRate, clean: ErrorRate, told: str) -> None:
    warnings = Sensitivity((Rung("", bare), Rung("", clean))).warnings
    assert [told in line for line in warnings] == ([True] if told else [])


def test_text_that_the_normaliser_empties_is_told() -> None:
    found = scored([("(Thanks for watching)", "(Thanks for watching)")])
    assert found.normalized.words == ErrorRate()
    assert "whisper-english leaves nothing of 2 texts that had words." in found.warnings


def test_intervals_by_speaker() -> None:
    rows = tuple(
        Pair(str(at), "a b c d", "a b c d" if at % 3 else "a b x d", f"s{at % 8}") for at in range(64)
    )
    found = score_pairs(Pairs(rows), normalizer("none"))
    assert found.speakers == 8
    assert found.normalized.interval is not None
    assert found.normalized.interval.by == "speaker"


def test_files_and_options(tmp_path: Path) -> None:
    (tmp_path / "refs.txt").write_text("Hello\n")
    (tmp_path / "hyps.txt").write_text("hello\n")
    refs, hyps = tmp_path / "refs.txt", tmp_path / "hyps.txt"
    assert score(refs, hyps, language="English").normalizer == "whisper-english"
    assert score(refs, hyps, language="cy").language == "cy"
    assert score(refs, hyps, language="dv").normalizer == "multilingual"  # none of Whisper's languages
    with pytest.raises(OptionError, match="there is no language"):
        score(refs, hyps, language="klingon")
    with pytest.raises(OptionError, match="top must be"):
        score(refs, hyps, top=-1)

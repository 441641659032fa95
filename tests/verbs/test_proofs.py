"""Proofs on real recordings, of minutes each: `make prove` runs them, `make test` does not.

The limits are those of ../shared/baselines.md (faster-whisper 1.2.1, the same weights) and 0.3 points.
"""

from __future__ import annotations

import functools
import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
from whisper_normalizer.english import EnglishTextNormalizer

from auricle.audio import Audio
from auricle.engines import Engine, load_engine
from auricle.verbs.transcribe import Transcriber

pytestmark = [pytest.mark.slow, pytest.mark.speech]
NOISES = (
    "doing_the_dishes",
    "dude_miaowing",
    "exercise_bike",
    "pink_noise",
    "running_tap",
    "white_noise",
)
TEN_MINUTES = 600  # seconds


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AURICLE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        return load_engine("tiny.en")


@functools.cache
def normalizer() -> EnglishTextNormalizer:
    return EnglishTextNormalizer()


def clips(folder: Path) -> Iterator[dict[str, Any]]:
    for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines():
        clip = json.loads(line)
        yield {**clip, "path": folder / clip["audio"]}


# ── silence ──────────────────────────────────────────────────────────────────────────────────────


def test_all_noises_are_here(speech: Path) -> None:
    names = {path.stem for path in (speech / "noise").glob("*.flac") if not path.stem.startswith("rir")}
    assert names == set(NOISES)


@pytest.mark.parametrize("name", NOISES)
def test_ten_minutes_of_noise_have_no_text(name: str, speech: Path, engine: Engine) -> None:
    noise = Audio.load(speech / "noise" / f"{name}.flac").samples
    looped = Audio(np.resize(noise, TEN_MINUTES * 16_000), 16_000)
    assert Transcriber(engine=engine).transcribe(looped).text == ""


def test_ten_minutes_of_a_tone_have_no_text(engine: Engine) -> None:
    time = np.arange(TEN_MINUTES * 16_000) / 16_000
    tone = Audio((0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32), 16_000)
    assert Transcriber(engine=engine).transcribe(tone).text == ""


# ── word times ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Said:
    text: str
    start: float


def bare(word: str) -> str:
    return "".join(sign for sign in word.lower().replace("’", "'") if sign.isalnum() or sign == "'")


def aligned(reference: list[Said], found: list[Said]) -> list[tuple[Said, Said]]:
    """Pairs of equal words in the alignment of fewest edits, and of those the one nearest in time."""
    edit = 1e6  # no recording lasts so many seconds
    cost = np.zeros((len(reference) + 1, len(found) + 1))
    cost[:, 0], cost[0] = edit * np.arange(len(reference) + 1), edit * np.arange(len(found) + 1)
    for i, said in enumerate(reference, 1):
        for j, heard in enumerate(found, 1):
            step = abs(said.start - heard.start) if said.text == heard.text else edit
            cost[i, j] = min(cost[i - 1, j - 1] + step, cost[i - 1, j] + edit, cost[i, j - 1] + edit)
    pairs, i, j = [], len(reference), len(found)
    while i and j:
        said, heard = reference[i - 1], found[j - 1]
        step = abs(said.start - heard.start) if said.text == heard.text else edit
        if cost[i, j] == cost[i - 1, j - 1] + step:
            pairs += [(said, heard)] if said.text == heard.text else []
            i, j = i - 1, j - 1
        elif cost[i, j] == cost[i - 1, j] + edit:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def test_the_alignment_prefers_the_nearer_of_two_equal_words() -> None:
    reference = [Said("no", 5.0), Said("yes", 6.0)]
    found = [Said("no", 1.0), Said("no", 5.2), Said("yes", 6.1)]
    assert aligned(reference, found) == [(reference[0], found[1]), (reference[1], found[2])]


@pytest.mark.parametrize(("corpus", "least"), [("picovoice", 15), ("diar_ami", 250)])
def test_words_start_when_they_are_said(corpus: str, least: int, speech: Path, engine: Engine) -> None:
    transcriber = Transcriber(engine=engine, words=True)
    errors: list[float] = []
    for clip in clips(speech / corpus):
        timed = [word for word in clip.get("words") or [] if "start" in word and bare(word["word"])]
        if clip["language"] != "en" or not timed:
            continue
        reference = [Said(bare(word["word"]), word["start"]) for word in timed]
        words = transcriber.transcribe(clip["path"]).words
        found = [Said(bare(word.text), word.start) for word in words if bare(word.text)]
        pairs = aligned(sorted(reference, key=lambda said: said.start), found)
        errors += [heard.start - said.start for said, heard in pairs]
    print(
        f"{corpus}: {len(errors)} words, median |error| {statistics.median(map(abs, errors)):.3f} s, "
        f"median error {statistics.median(errors):+.3f} s, from {min(errors):+.2f} to {max(errors):+.2f} s"
    )
    assert len(errors) >= least  # words recognised
    assert statistics.median(map(abs, errors)) <= 0.12
    assert min(errors) >= -1.0


# ── words ────────────────────────────────────────────────────────────────────────────────────────


def error_rate(pairs: list[tuple[str, str]]) -> float:
    """Corpus WER of (reference, found) after Whisper's English normaliser."""
    clean = normalizer()
    kept = [(clean(reference), clean(found)) for reference, found in pairs]
    kept = [(reference, found) for reference, found in kept if reference]
    return float(jiwer.wer([reference for reference, _ in kept], [found for _, found in kept]))


@pytest.mark.parametrize(("corpus", "limit"), [("librispeech_test", 0.1449), ("cv_en_delta13", 0.1585)])
def test_words_are_as_good_as_with_the_reference(
    corpus: str, limit: float, speech: Path, engine: Engine
) -> None:
    transcriber = Transcriber(engine=engine)
    rate = error_rate(
        [(clip["text"], transcriber.transcribe(clip["path"]).text) for clip in clips(speech / corpus)]
    )
    print(f"{corpus}: WER {rate:.4f}")
    assert rate <= limit


def test_long_recordings_are_as_good_and_whole(speech: Path, engine: Engine) -> None:
    transcriber = Transcriber(engine=engine)
    pairs, missed = [], {}
    for clip in clips(speech / "longform"):
        found = transcriber.transcribe(clip["path"])
        assert found.coverage is not None
        pairs.append((clip["text"], found.text))
        missed[clip["audio"]] = found.coverage.missed_seconds
    print(f"longform: WER {error_rate(pairs):.4f}, seconds missed {missed}")
    assert error_rate(pairs) <= 0.0454
    assert all(seconds < 5 for seconds in missed.values())

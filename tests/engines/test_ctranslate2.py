"""Real speech through the embedded weights, and what only a multilingual checkpoint can be asked."""

from __future__ import annotations

import json
import re
import shutil
import threading
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import pytest

from auricle.audio import Audio
from auricle.engines import DecodeOptions, Engine, LoadOptions, check, load_engine
from auricle.engines.ctranslate2 import Weights
from auricle.errors import ModelError, OptionError
from auricle.models import resolve
from auricle.models.convert import ctranslate2_folder
from auricle.transcript import Word

SENTENCE = (
    "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
)


def plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z']+", text.lower()))


@pytest.mark.parametrize("options", [DecodeOptions(), DecodeOptions(beam_size=5)], ids=["greedy", "beam 5"])
def test_the_sample_says_what_it_says(tiny: Engine, jfk: Audio, options: DecodeOptions) -> None:
    (found,) = tiny.transcribe([jfk], options)
    assert plain(found.text) == SENTENCE
    assert found.language == "en"
    assert all(segment.avg_logprob > -0.5 for segment in found.segments)  # type: ignore[operator]
    assert all(segment.no_speech_prob < 0.1 for segment in found.segments)  # type: ignore[operator]


def test_words_stand_where_they_are_said(tiny: Engine, jfk: Audio) -> None:
    (found,) = tiny.transcribe([jfk], DecodeOptions(words=True))
    words = [(plain(word.text), word) for word in found.words]
    assert [text for text, _ in words] == SENTENCE.split()
    assert words[0][1].start <= 0.6
    first, second = (word for text, word in words if text == "ask")
    # the engine gives pauses to the word after; `verbs/transcribe/words` takes them away again
    assert first.start < sound_after(jfk, 2.6) < first.end
    assert second.start < sound_after(jfk, 7.75) < second.end
    assert 10.0 < words[-1][1].end <= jfk.duration
    assert np.mean([word.confidence for word in found.words]) > 0.8


def sound_after(audio: Audio, at: float) -> float:
    """Where it gets loud after a time that lies in a pause: 20 ms frames, a fifth of the loudest."""
    frames = audio.samples[: len(audio) // 320 * 320].reshape(-1, 320)
    energy = np.sqrt((frames**2).mean(axis=1))
    first = round(at * 50)
    return (first + int(np.argmax(energy[first:] > energy.max() / 5))) / 50


def test_silence_is_known_as_silence(tiny: Engine) -> None:
    (found,) = tiny.transcribe([Audio.silence(5.0)], DecodeOptions())
    assert all(segment.no_speech_prob > 0.5 for segment in found.segments)  # type: ignore[operator]


def test_a_prompt_and_hotwords_change_the_spelling(tiny: Engine, jfk: Audio) -> None:
    asked = [
        tiny.transcribe([jfk], DecodeOptions(**{name: "AMERICANS, COUNTRY"}))[0].text
        for name in ("prompt", "hotwords", "previous")
    ]
    (unasked,) = tiny.transcribe([jfk], DecodeOptions())
    assert all(plain(text) == SENTENCE for text in asked)
    assert all(text != unasked.text for text in asked)


def test_the_english_model_neither_translates_nor_speaks_german(tiny: Engine) -> None:
    with pytest.raises(OptionError, match=r"tiny\.en cannot translate: it can transcribe only"):
        check(tiny, DecodeOptions(task="translate"))
    with pytest.raises(OptionError, match=r"tiny\.en does not know the language 'de', only: en"):
        check(tiny, DecodeOptions(language="de"))
    check(tiny, DecodeOptions(language="en"))


def test_what_it_runs_is_on_record(tiny: Engine) -> None:
    info = tiny.info
    assert (info.engine, info.model, info.languages, info.tasks) == (
        "ctranslate2",
        "tiny.en",
        ("en",),
        ("transcribe",),
    )
    assert re.fullmatch("[0-9a-f]{64}", info.revision or "")
    assert info.compute_type.startswith("int8" if info.device == "cpu" else "float16")


def test_arithmetic_can_be_chosen(jfk: Audio) -> None:
    engine = load_engine(LoadOptions(engine="ctranslate2", device="cpu", compute_type="float32"))
    assert engine.info.compute_type == "float32"
    assert plain(engine.transcribe([jfk], DecodeOptions())[0].text) == SENTENCE


def test_arithmetic_that_this_processor_lacks_is_refused() -> None:
    lacking = {"bfloat16", "float16", "int8_float16"} - ctranslate2.get_supported_compute_types("cpu")
    for kind in lacking or {"int9"}:
        with pytest.raises(OptionError, match=f"cannot compute in {kind}. It can: .*float32"):
            load_engine(LoadOptions(engine="ctranslate2", device="cpu", compute_type=kind))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """How the library was asked to open models."""
    asked: list[dict[str, Any]] = []
    real = ctranslate2.models.Whisper

    def spy(path: str, **options: Any) -> Any:
        asked.append(options)
        return real(path, **options)

    monkeypatch.setattr(ctranslate2.models, "Whisper", spy)
    return asked


@pytest.mark.parametrize(("threads", "cores", "expected"), [(3, 2, 3), (0, 2, 2), (0, 7, 7)])
def test_threads_are_those_asked_for_or_the_cores_of_this_process(
    random_folder: Path,
    opened: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    threads: int,
    cores: int,
    expected: int,
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)))
    load_engine(LoadOptions(engine="ctranslate2", model=str(random_folder), device="cpu", threads=threads))
    assert [options["intra_threads"] for options in opened] == [expected]


def test_a_batch_is_shared_out_among_workers_of_fewer_threads(
    jfk: Audio, opened: list[dict[str, Any]]
) -> None:
    engine = load_engine(LoadOptions(engine="ctranslate2", device="cpu", threads=2))
    batch = [jfk.slice(0, seconds) for seconds in (3.0, 11.0, 10.5, 2.8, 10.8)]
    alone = [engine.transcribe([audio], DecodeOptions())[0] for audio in batch]
    assert [options["inter_threads"] for options in opened] == [1]  # one audio needs no second model
    few = engine.transcribe(batch[:3], DecodeOptions())
    many = engine.transcribe(batch, DecodeOptions(words=True))
    assert [(options["inter_threads"], options["intra_threads"]) for options in opened] == [(1, 2), (2, 1)]
    assert [found.text for found in many] == [found.text for found in alone]
    assert [found.text for found in few] == [found.text for found in alone[:3]]
    assert all(found.words[-1].end <= audio.duration for found, audio in zip(many, batch, strict=True))
    engine.transcribe(batch, DecodeOptions())
    assert len(opened) == 2


def test_what_is_sampled_stays_with_one_worker(jfk: Audio, opened: list[dict[str, Any]]) -> None:
    engine = load_engine(LoadOptions(engine="ctranslate2", device="cpu", threads=2))
    batch = [jfk.slice(0, 3.0)] * 4
    options = DecodeOptions(temperature=0.8, seed=3)
    first, second = (engine.transcribe(batch, options) for _ in range(2))
    assert [found.text for found in first] == [found.text for found in second]
    assert {options["inter_threads"] for options in opened} == {1}


def test_a_worker_that_fails_fails_the_batch(jfk: Audio, monkeypatch: pytest.MonkeyPatch) -> None:
    engine: Any = load_engine(LoadOptions(engine="ctranslate2", device="cpu", threads=2))

    def fail(*_: Any) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(engine, "_generate", fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        engine.transcribe([jfk] * 4, DecodeOptions())


def test_broken_weights_are_one_line(tmp_path: Path, random_folder: Path) -> None:
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((random_folder / name).read_bytes())
    (tmp_path / "model.bin").write_bytes(b"not a model at all")
    with pytest.raises(ModelError) as error:
        load_engine(str(tmp_path), engine="ctranslate2")
    assert "cannot be loaded" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["suppress_ids", "suppress_ids_begin"])
def test_a_token_to_suppress_that_there_is_not(name: str, tmp_path: Path, random_folder: Path) -> None:
    made = tmp_path / "made"
    shutil.copytree(ctranslate2_folder(resolve(str(random_folder))).path, made)
    config = json.loads((made / "config.json").read_text("utf-8"))
    (made / "config.json").write_text(json.dumps({**config, name: [1, 50256]}), "utf-8")
    with pytest.raises(ModelError, match=f"{name} has the token 50256, and there are [0-9]+ tokens"):
        load_engine(str(made), engine="ctranslate2")


# ── a multilingual checkpoint ────────────────────────────────────────────────────────────────────


def prompts(engine: Any, monkeypatch: pytest.MonkeyPatch) -> list[list[list[int]]]:
    """What the decoder is started with, from now on."""
    seen: list[list[list[int]]] = []
    real = engine._opened()

    class Spy:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def generate(self, encoded: Any, given: list[list[int]], **options: Any) -> Any:
            seen.append(given)
            return real.generate(encoded, given, **options)

    monkeypatch.setattr(engine, "_weights", Weights(Spy(), engine._opened))
    monkeypatch.setattr(engine, "_threads", 1)  # else a batch goes to the model of several workers
    return seen


def test_language_and_task_reach_the_decoder(
    babel: Engine, slices: list[Audio], monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens: Any = babel._tokens  # type: ignore[attr-defined]
    seen = prompts(babel, monkeypatch)
    check(babel, DecodeOptions(language="de", task="translate"))
    found = babel.transcribe(slices[:2], DecodeOptions(language="de", task="translate"))
    expected = [tokens.start, tokens.language_token("de"), tokens.task_token("translate")]
    assert [prompt for call in seen for prompt in call] == [expected, expected]
    assert [transcript.language for transcript in found] == ["de", "de"]
    assert {segment.language for transcript in found for segment in transcript.segments} <= {"en"}
    babel.transcribe(slices[:1], DecodeOptions(language="de", prompt="x", previous="y"))
    assert seen[-1][0][-3:] == [*expected[:2], tokens.task_token("transcribe")]
    assert seen[-1][0][0] == tokens.previous


def test_each_audio_without_a_language_takes_its_likeliest(babel: Any, slices: list[Audio]) -> None:
    likeliest = [max(row, key=lambda code: row[code]) for row in babel.detect_language(slices)]
    found = babel.transcribe(slices, DecodeOptions())
    assert [transcript.language for transcript in found] == likeliest


def test_two_threads_draw_the_same_samples(babel: Engine, slices: list[Audio]) -> None:
    options = DecodeOptions(language="en", temperature=1.0, best_of=1)
    expected = babel.transcribe(slices[:1], options)
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(babel.transcribe(slices[:1], options))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


def test_words_of_a_model_that_babbles(babel: Engine, slices: list[Audio]) -> None:
    found = babel.transcribe(slices, DecodeOptions(language="zh", words=True, temperature=1.0))
    for transcript in found:
        for segment in transcript.segments:
            assert all(isinstance(word, Word) and word.text for word in segment.words)
            # Bytes that make no character may be shown as one sign, as several, or with a neighbour.
            words = "".join(word.text for word in segment.words)
            assert re.findall("[a-z0-9]+", words) == re.findall("[a-z0-9]+", segment.text.replace(" ", ""))


class _Model:
    """What ``Weights`` needs of a model of CTranslate2."""

    def __init__(self) -> None:
        self.model_is_loaded = True
        self.busy = 2  # times that unloading does nothing: a worker has not put its work down yet

    def load_model(self) -> None:
        self.model_is_loaded = True

    def unload_model(self) -> None:
        self.busy -= 1
        self.model_is_loaded = self.busy >= 0


def test_one_of_two_copies_of_the_weights_is_in_memory() -> None:
    lone, many = _Model(), _Model()
    weights = Weights(lone, lambda: many)
    with weights.lone() as model:
        assert model is lone
    with weights.many() as model:
        assert model is many and not lone.model_is_loaded
    for _ in range(Weights.PATIENCE):
        with weights.lone() as model:  # a window of a long file that is decoded again
            assert model is many and not lone.model_is_loaded
    with weights.lone() as model:  # somebody who has come to stay
        assert model is lone and lone.model_is_loaded and not many.model_is_loaded
    with weights.many() as model:
        assert model is many and many.model_is_loaded and not lone.model_is_loaded


def test_weights_that_somebody_is_at_stay_in_memory() -> None:
    lone, many = _Model(), _Model()
    weights = Weights(lone, lambda: many)
    with weights.lone(), weights.many():
        assert lone.model_is_loaded and many.model_is_loaded
    with weights.lone() as model:
        assert model is lone


def test_weights_are_away_while_they_are_opened_once_more() -> None:
    lone, many = _Model(), _Model()
    weights = Weights(lone, lambda: many)
    with weights.away():
        assert not lone.model_is_loaded
    with weights.lone() as model:
        assert model is lone and lone.model_is_loaded
    with weights.many(), weights.away():
        assert many.model_is_loaded and not lone.model_is_loaded  # somebody is at the one

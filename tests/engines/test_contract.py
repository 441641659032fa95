"""What every engine keeps, whatever runs inside: the same tests over all of them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import fields, replace

import numpy as np
import pytest

from auricle.audio import Audio
from auricle.engines import (
    ENGINES,
    DecodeOptions,
    DetectsLanguage,
    Engine,
    LoadOptions,
    Prompted,
    check,
    load_engine,
    options_fields,
)
from auricle.errors import OptionError
from auricle.models import LANGUAGES
from auricle.transcript import Transcript, join_words

# One line a kind of engine; a test proves that none of ENGINES is left out.
MAKERS: dict[str, Callable[[pytest.FixtureRequest], Engine]] = {
    "fake": lambda request: load_engine("fake"),
    "ctranslate2": lambda request: request.getfixturevalue("tiny"),
    "ctranslate2, random multilingual": lambda request: request.getfixturevalue("babel"),
    "openvino": lambda request: request.getfixturevalue("fast"),
    "openvino, random multilingual": lambda request: request.getfixturevalue("fast_babel"),
    "transformers": lambda request: request.getfixturevalue("reference"),
    "transformers, CTC": lambda request: request.getfixturevalue("family")("wav2vec2"),
    "transformers, CTC with adapters": lambda request: request.getfixturevalue("family")("mms"),
    "transformers, CTC with pieces": lambda request: request.getfixturevalue("family")("parakeet"),
    "transformers, Moonshine": lambda request: request.getfixturevalue("family")("moonshine"),
    "transformers, Speech2Text": lambda request: request.getfixturevalue("family")("speech2text"),
}


@pytest.fixture(scope="session")
def family(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Engine]:
    """The engine over a tiny checkpoint of random weights, made once a family."""
    pytest.importorskip("transformers")
    import tiny_checkpoints as tc

    base = tmp_path_factory.mktemp("contract")

    @functools.cache
    def load(name: str) -> Engine:
        (base / name).mkdir()
        build = (tc.CTC_FAMILIES | tc.SEQ2SEQ_FAMILIES)[name]
        return load_engine(LoadOptions(model=str(build(base / name)), threads=1))

    return load


def needs(engine: Engine, *options: str) -> None:
    """Skip where the engine refuses these options: that it does is tested elsewhere."""
    if missing := set(options) - engine.accepts:
        pytest.skip(f"{engine.info.model} refuses {', '.join(sorted(missing))}")


@pytest.fixture(params=list(MAKERS))
def engine(request: pytest.FixtureRequest) -> Engine:
    return MAKERS[request.param](request)


GREEDY = DecodeOptions()


def texts(found: Sequence[Transcript]) -> list[str]:
    return [transcript.text for transcript in found]


def same(first: Sequence[Transcript], second: Sequence[Transcript]) -> bool:
    """Whether they agree, chances as far as they do not depend on what shares a batch: time decides that."""

    def apart(found: Sequence[Transcript]) -> tuple[list[Transcript], list[float]]:
        chances = [
            value or 0.0
            for one in found
            for segment in one.segments
            for value in (segment.avg_logprob, segment.no_speech_prob)
        ]
        bare = [
            replace(
                one,
                segments=tuple(
                    replace(segment, avg_logprob=None, no_speech_prob=None) for segment in one.segments
                ),
            )
            for one in found
        ]
        return bare, chances

    (bare, chances), (others, theirs) = apart(first), apart(second)
    return bare == others and chances == pytest.approx(theirs, abs=1e-3)


def test_every_engine_of_the_table_is_here() -> None:
    assert set(ENGINES) <= set(MAKERS)


def test_an_engine_says_what_it_is(engine: Engine) -> None:
    assert engine.rate == 16_000
    assert engine.window > 0
    assert engine.accepts <= {item.name for item in fields(DecodeOptions)}
    assert engine.info.engine in ENGINES
    assert engine.info.model
    assert "transcribe" in engine.info.tasks
    assert set(engine.info.languages) <= set(LANGUAGES)


def test_one_transcript_an_audio_in_order(engine: Engine, slices: list[Audio]) -> None:
    found = engine.transcribe(slices, GREEDY)
    assert len(found) == len(slices)
    back = engine.transcribe(slices[::-1], GREEDY)
    assert texts(back) == texts(found)[::-1]


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def test_the_same_text_alone_and_among_others(engine: Engine, slices: list[Audio]) -> None:
    """The encoder sees as much silence as the longest of a batch needs: a full stop may come or go."""
    if engine.info.model == "babel":
        pytest.skip("random weights make another word of the last bit")
    together = engine.transcribe(slices, GREEDY)
    alone = [engine.transcribe([audio], GREEDY)[0] for audio in slices]
    assert [plain(text) for text in texts(together)] == [plain(text) for text in texts(alone)]


def test_a_batch_of_one_length_is_exactly_what_each_is_alone(engine: Engine, slices: list[Audio]) -> None:
    options = DecodeOptions(language="en" if "language" in engine.accepts else None)
    batch = [audio.slice(0.0, 3.0) for audio in slices]
    together = engine.transcribe(batch, options)
    assert texts(together) == texts([engine.transcribe([audio], options)[0] for audio in batch])


def test_nothing_to_do(engine: Engine) -> None:
    assert engine.transcribe([], GREEDY) == []


@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize(
    "audio",
    [
        Audio.silence(0.02),
        Audio.silence(3.0),
        Audio(np.full(16_000, 1.0, np.float32), 16_000),
        Audio(np.zeros(1, np.float32), 16_000),
    ],
    ids=["0.02 s", "silence", "a constant", "one sample"],
)
def test_strange_audio(engine: Engine, audio: Audio, words: bool) -> None:
    needs(engine, *(["words"] if words else []))
    (found,) = engine.transcribe([audio], DecodeOptions(words=words))
    check_times(found, audio.duration)


def check_times(found: Transcript, duration: float) -> None:
    """Segments in order and inside the audio; so are words, each with a confidence."""
    assert 0 <= found.duration <= duration + 1e-6
    after = 0.0
    for segment in found.segments:
        assert after - 1e-6 <= segment.start <= segment.end <= duration + 1e-6
        after = segment.end
        assert segment.text == segment.text.strip()
        assert segment.avg_logprob is None or segment.avg_logprob <= 0
        assert segment.no_speech_prob is None or 0 <= segment.no_speech_prob <= 1
    last = 0.0
    for word in found.words:
        assert word.text == word.text.strip() != ""
        assert last - 1e-6 <= word.start <= word.end <= duration + 0.02
        assert word.confidence is not None
        assert 0 <= word.confidence <= 1
        last = word.start


def test_times_lie_inside_the_audio(engine: Engine, slices: list[Audio], noise: Audio) -> None:
    batch = [*slices, noise]
    for found, audio in zip(engine.transcribe(batch, GREEDY), batch, strict=True):
        check_times(found, audio.duration)
        assert not found.words


def test_words_make_the_text(engine: Engine, slices: list[Audio]) -> None:
    needs(engine, "words")
    plain = engine.transcribe(slices, GREEDY)
    found = engine.transcribe(slices, DecodeOptions(words=True))
    assert texts(found) == texts(plain)
    for transcript, audio in zip(found, slices, strict=True):
        check_times(transcript, audio.duration)
        for segment in transcript.segments:
            assert bool(segment.words) == bool(segment.text)
            assert join_words(segment.words).split() == segment.text.split()


def test_where_an_audio_stands_in_its_recording_does_not_matter(engine: Engine, slices: list[Audio]) -> None:
    moved = Audio(slices[0].samples, 16_000, 1000.0)
    (here,) = engine.transcribe([slices[0]], GREEDY)
    (there,) = engine.transcribe([moved], GREEDY)
    assert here == there


def test_too_long_audio_is_refused(engine: Engine) -> None:
    if engine.info.engine == "fake":
        pytest.skip("the fake has no limit of its own")
    with pytest.raises(OptionError, match=r"hears 30 s at once, this audio is 31\.0 s"):
        engine.transcribe([Audio.silence(1.0), Audio.silence(engine.window + 1.0)], GREEDY)
    assert len(engine.transcribe([Audio.silence(engine.window)], GREEDY)) == 1


@pytest.mark.parametrize("beams", [1, 3])
def test_decoding_is_deterministic(engine: Engine, slices: list[Audio], beams: int) -> None:
    needs(engine, "beam_size")
    options = DecodeOptions(beam_size=beams)
    assert same(engine.transcribe(slices[:2], options), engine.transcribe(slices[:2], options))


def test_a_seed_makes_sampling_repeatable(engine: Engine, slices: list[Audio]) -> None:
    needs(engine, "temperature", "best_of", "seed")
    options = DecodeOptions(temperature=1.0, best_of=2, seed=3)
    first = engine.transcribe(slices[:2], options)
    assert same(engine.transcribe(slices[:2], options), first)
    others = [engine.transcribe(slices[:2], replace(options, seed=seed)) for seed in (4, 5, 6)]
    if engine.info.engine != "fake":
        assert any(texts(other) != texts(first) for other in others)


def test_the_language_is_found_out(engine: Engine, slices: list[Audio], noise: Audio) -> None:
    if not isinstance(engine, DetectsLanguage):
        pytest.skip("it does not find languages out")
    found = engine.detect_language([*slices[:2], noise])
    assert len(found) == 3
    for chances in found:
        assert sum(chances.values()) == pytest.approx(1.0, abs=1e-3)
        assert set(chances) == set(engine.info.languages)
        assert all(0 <= chance <= 1 for chance in chances.values())


def test_what_is_not_accepted_is_refused_by_name(engine: Engine) -> None:
    values = {"language": "de", "beam_size": 2, "prompt": "x", "words": True, "seed": 1, "temperature": 0.5}
    accepts = engine.accepts

    class Strict:
        rate, window, info = engine.rate, engine.window, replace(engine.info, engine="strict")
        accepts: frozenset[str] = frozenset()
        transcribe = engine.transcribe

    for name, value in values.items():
        with pytest.raises(OptionError, match=f"cannot honour {name}") as error:
            check(Strict(), DecodeOptions(**{name: value}))
        assert "Engines that can: ctranslate2, openvino, transformers, fake." in str(error.value)
    assert engine.accepts == accepts
    check(Strict(), DecodeOptions())


def test_an_accepted_option_is_not_refused(engine: Engine) -> None:
    values = {"beam_size": 5, "patience": 2.0, "best_of": 2, "words": True, "seed": 9, "temperature": 0.4}
    check(engine, DecodeOptions(**{name: value for name, value in values.items() if name in engine.accepts}))
    assert engine.accepts <= set(options_fields())


@pytest.mark.parametrize(
    "value", [{"beam_size": 0}, {"best_of": 0}, {"patience": 0.0}, {"temperature": -0.1}], ids=str
)
def test_impossible_values_are_refused(engine: Engine, value: dict[str, float]) -> None:
    if not set(value) <= engine.accepts:
        pytest.skip("refused for another reason")
    with pytest.raises(OptionError, match=f"{next(iter(value))} must be at least"):
        check(engine, DecodeOptions(**value))


def test_a_prompt_has_a_meter_and_a_limit(engine: Engine) -> None:
    needs(engine, "prompt")
    assert isinstance(engine, Prompted)
    assert engine.count_tokens("") == engine.count_tokens("  ") == 0
    assert 0 < engine.count_tokens("Quilter") < engine.count_tokens("Quilter, apostle of the middle classes")
    long = "word " * engine.prompt_limit * 2
    for options in (DecodeOptions(prompt=long), DecodeOptions(hotwords=long)):
        with pytest.raises(OptionError, match=rf"take \d+ tokens, .* has room for {engine.prompt_limit}"):
            check(engine, options)
    half = " ".join(["a"] * (engine.prompt_limit // engine.count_tokens("a a") // 2))
    check(engine, DecodeOptions(prompt=half, hotwords=half))


def test_a_prompt_of_full_length_can_be_decoded(engine: Engine, slices: list[Audio]) -> None:
    needs(engine, "prompt")
    assert isinstance(engine, Prompted)
    prompt = "a"
    while engine.count_tokens(prompt + " a") <= engine.prompt_limit:
        prompt += " a"
    options = DecodeOptions(prompt=prompt, previous="what was said before " * 99)
    check(engine, replace(options, previous=""))
    (found,) = engine.transcribe(slices[:1], options)
    check_times(found, slices[0].duration)

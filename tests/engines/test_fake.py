"""The fake is public: what it counts and what it can be told to say is a promise."""

from __future__ import annotations

from auricle.audio import Audio
from auricle.engines import DecodeOptions, DetectsLanguage, Prompted, load_engine
from auricle.engines.fake import FakeEngine
from auricle.transcript import Segment, Transcript, join_words
from auricle.verbs.transcribe.gates import find_loop

PLAIN = DecodeOptions()


def test_it_counts_whole_seconds() -> None:
    engine = load_engine("fake")
    texts = [
        engine.transcribe([Audio.silence(seconds)], PLAIN)[0].text for seconds in (0.0, 0.9, 1.0, 2.5, 12.0)
    ]
    assert texts == [
        "zero seconds",
        "zero seconds",
        "one second",
        "one two seconds",
        "one two three four five six seven eight nine ten 11 12 seconds",
    ]


def test_every_word_of_the_text_has_its_times() -> None:
    (found,) = FakeEngine().transcribe([Audio.silence(3.5)], DecodeOptions(words=True))
    assert join_words(found.words) == found.text == "one two three seconds"
    assert all(0 <= word.start <= word.end <= 3.5 for word in found.words)


def test_it_says_what_it_is_told_and_keeps_what_it_was_asked() -> None:
    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        return Transcript((Segment(0, audio.duration, f"{options.prompt} {audio.start}"),), audio.duration)

    engine = FakeEngine(script)
    asked = DecodeOptions(prompt="at")
    found = engine.transcribe([Audio.silence(1, start=4.0), Audio.silence(1, start=5.0)], asked)
    assert [transcript.text for transcript in found] == ["at 4.0", "at 5.0"]
    assert engine.calls == [(asked, 2)]


def test_languages_and_window_can_be_chosen() -> None:
    engine = FakeEngine(languages={"de": 0.75, "en": 0.25}, window=10.0)
    assert engine.window == 10.0
    assert engine.info.languages == ("de", "en")
    assert engine.detect_language([Audio.silence(1)] * 2) == [{"de": 0.75, "en": 0.25}] * 2
    assert isinstance(engine, DetectsLanguage)
    assert isinstance(engine, Prompted)
    assert engine.count_tokens("three little words") == 3


def test_what_it_counts_is_believed() -> None:
    (found,) = FakeEngine().transcribe([Audio.silence(30.0)], PLAIN)
    assert find_loop(found.text) is None

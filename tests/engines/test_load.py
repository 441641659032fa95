"""Finding engines: ours, those of other packages, and one written in ten lines."""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from auricle.audio import Audio
from auricle.engines import (
    ENGINES,
    ENTRY_POINTS,
    DecodeOptions,
    EngineInfo,
    LoadOptions,
    ctranslate2,
    engine_for,
    engine_names,
    load_engine,
)
from auricle.engines.fake import FakeEngine
from auricle.engines.openvino import weights
from auricle.errors import ModelError, OptionError
from auricle.models import machine
from auricle.transcript import Segment, Transcript
from auricle.verbs.transcribe import Transcriber


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pretend that other packages offer engines: name → module."""

    def install(*offers: tuple[str, str]) -> None:
        points = [EntryPoint(name, module, ENTRY_POINTS) for name, module in offers]
        monkeypatch.setattr(
            importlib.metadata, "entry_points", lambda *, group: points if group == ENTRY_POINTS else []
        )

    return install


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> str:
    module = ModuleType("stranger_engine")
    module.load = lambda options: FakeEngine(window=7.0)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "stranger_engine", module)
    return "stranger_engine"


def test_our_engines_are_listed_and_load_only_when_asked() -> None:
    assert engine_names() == sorted(ENGINES)
    assert load_engine("fake").info.engine == "fake"
    assert load_engine(LoadOptions(engine="fake")).info.engine == "fake"


def test_another_packages_engine_is_found(offer: Callable[..., None], stranger: str) -> None:
    offer(("theirs", stranger))
    assert engine_names() == sorted([*ENGINES, "theirs"])
    assert load_engine("whatever", engine="theirs").window == 7.0
    assert load_engine("fake").window == 30.0


def test_two_engines_of_one_name_are_an_error(offer: Callable[..., None], stranger: str) -> None:
    offer(("theirs", stranger), ("theirs", "another_engine"))
    with pytest.raises(OptionError, match="two engines are called 'theirs': stranger_engine and another_eng"):
        load_engine("fake")
    offer(("fake", stranger))
    with pytest.raises(OptionError, match="two engines are called 'fake'"):
        load_engine("fake")
    offer(("theirs", stranger), ("theirs", stranger))  # one package, found twice on the path
    assert load_engine("x", engine="theirs").window == 7.0


def test_an_unknown_engine_gives_the_nearest(offer: Callable[..., None], stranger: str) -> None:
    with pytest.raises(OptionError, match=r"no engine 'ctranslat2'\. Did you mean ctranslate2\?"):
        load_engine("tiny.en", engine="ctranslat2")
    offer(("theirs", stranger))
    with pytest.raises(OptionError, match=r"Did you mean theirs\?"):
        load_engine("tiny.en", engine="their")
    with pytest.raises(OptionError, match="Known: ctranslate2, fake, openvino, theirs"):
        load_engine("tiny.en", engine="qqq")


def test_options_are_checked_before_anything_is_decoded() -> None:
    with pytest.raises(OptionError, match="beam_size must be at least 1"):
        load_engine("fake", decode=DecodeOptions(beam_size=0))
    with pytest.raises(OptionError, match="does not know the language 'de'"):
        load_engine("fake", decode=DecodeOptions(language="de"))


def test_an_engine_takes_about_ten_lines() -> None:
    class Shout:
        rate, window, accepts = 16_000, 20.0, frozenset({"language"})
        info = EngineInfo(engine="shout", model="shout-1", languages=("en",))

        def transcribe(self, batch, options):  # type: ignore[no-untyped-def]
            return [
                Transcript((Segment(0.0, audio.duration, "AH!"),), audio.duration, "en") for audio in batch
            ]

    found = Transcriber(engine=Shout(), vad=False).transcribe(Audio.silence(50.0))
    assert found.text == "AH! AH! AH!"
    assert [segment.start for segment in found.segments] == [0.0, 20.0, 40.0]
    assert found.record is not None
    assert (found.record.engine, found.record.model) == ("shout", "shout-1")
    with pytest.raises(
        OptionError, match=r"the shout engine cannot honour words\. Engines that can: ctransl"
    ):
        Transcriber(engine=Shout(), words=True)
    with pytest.raises(OptionError, match="shout-1 cannot translate"):
        Shout.accepts = frozenset({"task"})
        Transcriber(engine=Shout(), task="translate")


def test_more_memory_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from auricle.models import machine

    monkeypatch.setattr(machine, "memory", lambda: (30_000_000, 20_000_000))

    def unread(options: LoadOptions) -> None:
        raise AssertionError("the weights were read")

    monkeypatch.setattr(ctranslate2, "load", unread)
    with pytest.raises(
        ModelError, match=r"^tiny\.en needs 0\.0 GB .* at least, .* Type: auricle models list"
    ):
        load_engine("tiny.en", engine="ctranslate2")
    monkeypatch.setattr(machine, "memory", lambda: (None, None))
    with pytest.raises(AssertionError):
        load_engine("tiny.en", engine="ctranslate2")


@pytest.mark.parametrize("engine", ["ctranslate2", "transformers", "openvino"])
def test_turbo_does_not_translate(
    engine: str, random_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was trained without translation and writes the language spoken: refused before it is loaded."""
    pytest.importorskip({"ctranslate2": "ctranslate2"}.get(engine, engine))
    shutil.copytree(random_folder, tmp_path / "turbo")
    monkeypatch.chdir(tmp_path)
    decode = DecodeOptions(language="de", task="translate")
    with pytest.raises(OptionError, match=r"turbo cannot translate: it can transcribe only"):
        load_engine(LoadOptions(model="turbo", engine=engine), decode=decode)


def test_a_task_that_the_catalogue_rules_out_fetches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auricle.engines.engine_for", lambda load: pytest.fail("resolved"))
    with pytest.raises(OptionError, match="turbo cannot translate: it can transcribe only"):
        load_engine("turbo", decode=DecodeOptions(task="translate"))


# ── which engine ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sets", "cuda", "options", "name"),
    [
        (("avx2", "avx512_vnni"), False, {}, "openvino"),
        (("avx2", "avx_vnni"), False, {"compute_type": "int8"}, "openvino"),
        (("avx2", "avx512_vnni"), True, {"device": "cpu"}, "openvino"),
        (("avx2", "avx512_vnni"), True, {}, "ctranslate2"),
        (("avx", "avx2"), False, {}, "openvino"),
        (("avx",), False, {}, "ctranslate2"),
        (("neon", "asimd"), False, {}, "ctranslate2"),
        (None, False, {}, "ctranslate2"),
        (("avx2", "avx512_vnni"), False, {"compute_type": "float32"}, "ctranslate2"),
        (("avx2", "avx512_vnni"), False, {"engine": "ctranslate2"}, "ctranslate2"),
    ],
)
def test_a_whisper_runs_where_it_is_fastest(
    sets: tuple[str, ...] | None,
    cuda: bool,
    options: dict[str, str],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "instruction_sets", lambda: sets)
    monkeypatch.setattr(machine, "has_cuda", lambda: cuda)
    assert engine_for(LoadOptions(**options)) == name


def test_weights_that_are_quantised_already_stay_with_ctranslate2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "instruction_sets", lambda: ("avx2",))
    monkeypatch.setattr(weights, "open_weights", refuse)
    assert engine_for(LoadOptions()) == "ctranslate2"


def refuse(folder: object) -> None:
    raise ModelError("quantised already")

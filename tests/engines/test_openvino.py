"""Whisper on OpenVINO: the same sums as the reference, whatever shares a batch."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auricle import features, openvino_library
from auricle.audio import Audio
from auricle.engines import DecodeOptions, Engine, LoadOptions, load_engine
from auricle.engines.openvino import OpenVinoEngine
from auricle.engines.openvino.compiled import Worker
from auricle.engines.openvino.decoding import Session
from auricle.engines.openvino.graphs import rounded_rows
from auricle.engines.openvino.precision import choose
from auricle.engines.openvino.silence import Places
from auricle.engines.openvino.sound import Floats, Sound
from auricle.engines.whisper_windows import frames
from auricle.errors import ModelError, OptionError
from auricle.models import machine

SENTENCE = (
    "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
)


def plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z']+", text.lower()))


def opened(compute_type: str, model: str = "tiny.en") -> OpenVinoEngine:
    engine = load_engine(LoadOptions(model=model, engine="openvino", compute_type=compute_type, threads=1))
    assert isinstance(engine, OpenVinoEngine)
    return engine


@pytest.mark.parametrize("options", [DecodeOptions(), DecodeOptions(beam_size=5)], ids=["greedy", "beam 5"])
def test_the_sample_says_what_it_says(fast: Engine, jfk: Audio, options: DecodeOptions) -> None:
    (found,) = fast.transcribe([jfk], options)
    assert plain(found.text) == SENTENCE
    assert all(segment.avg_logprob > -0.5 for segment in found.segments)  # type: ignore[operator]
    assert all(segment.no_speech_prob < 0.1 for segment in found.segments)  # type: ignore[operator]


def hear(worker: Worker, audio: Audio, sound: Sound, place: int | None = None) -> None:
    """Put into ``sound`` what the encoder hears of the window that the reference's encoder is given."""
    count = frames(audio) // 2
    every, nothing = np.arange(count), np.zeros(count, np.float32)
    mel = features.log_mel(audio.samples, 80, 2 * count)
    sound.put(nothing, worker.keys(worker.encode(mel[None], Places(2 * count, every, every, nothing))), place)


def sound_of(worker: Worker, *batch: Audio) -> Sound:
    """The sound of some windows, in memory of its own."""
    sound = Sound()
    for audio in batch:
        hear(worker, audio, sound)
    return sound


def logits_of(engine: OpenVinoEngine, audio: Audio, ids: list[int], *, at_once: bool) -> Floats:
    """[tokens, vocabulary], in one call of the decoder or one call a token."""
    (worker,) = engine._compiled.workers(1, 1)
    session = Session(worker.decoder, sound_of(worker, audio))
    if at_once:
        return session.feed(np.array([ids]), [0], range(len(ids)))[0]
    return np.stack([session.feed(np.array([[token]]), [0], [0])[0, 0].copy() for token in ids])


def expected_of(reference: Any, audio: Audio, ids: list[int]) -> Floats:
    import torch

    with torch.inference_mode():
        found: Floats = reference._logits(reference._encode([audio]), [ids])[0].float().numpy()
    return found


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "token by token"])
def test_logits_in_float32_are_those_of_the_reference(reference: Engine, jfk: Audio, at_once: bool) -> None:
    """Logits lie between -20 and 40, where float16, in which Whisper is published, resolves 0.03."""
    engine, audio = opened("float32"), jfk.slice(0.0, 3.0)
    ids = [engine._tokens.start, *engine._tokens.encode(" And so my fellow Americans")]
    found = logits_of(engine, audio, ids, at_once=at_once)
    np.testing.assert_allclose(found, expected_of(reference, audio, ids), atol=2e-3)


def test_logits_with_8_bit_weights_are_near(reference: Engine, jfk: Audio) -> None:
    engine, audio = opened("int8"), jfk.slice(0.0, 3.0)
    ids = [engine._tokens.start, *engine._tokens.encode(" And so my fellow Americans")]
    found, expected = logits_of(engine, audio, ids, at_once=True), expected_of(reference, audio, ids)
    assert np.sqrt(np.mean((found - expected) ** 2)) < 0.6  # measured: 0.41
    assert (found.argmax(-1) == expected.argmax(-1)).mean() > 0.7


def test_a_multilingual_checkpoint_is_that_of_the_reference(
    fast_babel: OpenVinoEngine, random_folder: Path, slices: list[Audio]
) -> None:
    pytest.importorskip("transformers")
    theirs = load_engine(LoadOptions(model=str(random_folder), engine="transformers", threads=1))
    ids = np.random.default_rng(0).integers(0, 400, 30).tolist()
    found = logits_of(fast_babel, slices[0], ids, at_once=True)
    np.testing.assert_allclose(found, expected_of(theirs, slices[0], ids), atol=2e-3)
    options = DecodeOptions(language="de", task="translate")
    mine, other = (engine.transcribe(slices[:1], options)[0].segments[0] for engine in (fast_babel, theirs))
    assert mine.no_speech_prob == pytest.approx(other.no_speech_prob, rel=0.05)  # silence is sampled
    ours, known = (engine.detect_language(slices)[1] for engine in (fast_babel, theirs))  # type: ignore[attr-defined]
    assert ours == pytest.approx(known, abs=0.01)


@dataclass
class Begun:
    """A window that is being written: what its rows have read, and where they stood in the last call."""

    number: int
    began: int
    rows: list[list[int]]
    first: int = 0


@pytest.mark.parametrize("width", [1, 3])
def test_rows_go_on_from_any_row_and_windows_come_and_go(
    fast_babel: Engine, slices: list[Audio], width: int
) -> None:
    """What beams and windows that begin and end at any time ask of the decoder's memory: each row beside
    the same row written alone."""
    assert isinstance(fast_babel, OpenVinoEngine)
    worker, other = fast_babel._compiled.workers(2, 2)
    alone = [sound_of(other, audio) for audio in slices]
    random, sound = np.random.default_rng(width), Sound()
    session, windows = Session(worker.decoder, sound), list[Begun]()
    for comes, goes, forget in [
        ([0, 1], [], 0), ([], [], 0), ([2], [], 0), ([], [0], 0), ([1, 0], [], 0), ([], [2, 1], 0),
        ([], [], 1), ([2], [0], 0), ([], [], 3), ([1], [0], 0), ([], [], 0),
    ]:  # fmt: skip
        for place in goes:
            sound.drop(place)
            windows[place] = windows[-1]
            windows.pop()
        for number in comes:
            hear(worker, slices[number], sound)
            windows.append(Begun(number, session.length, [[]] * width))
        session.listen()
        if forget:
            assert min(window.began for window in windows) >= forget
            session.forget(forget)
            for window in windows:
                window.began -= forget
        parents, tokens, began = list[int](), list[int](), list[int]()
        for window in windows:
            chosen = random.integers(0, width, width).tolist()
            new = random.integers(0, 300, width).tolist()
            parents += [window.first + at for at in chosen]
            window.first, window.rows = (
                len(tokens),
                [[*window.rows[at], token] for at, token in zip(chosen, new, strict=True)],
            )
            tokens += new
            began += [window.began] * width
        found = session.feed(np.array(tokens)[:, None], parents, [0], began)[:, 0].copy()
        for window in windows:
            for at, row in enumerate(window.rows):
                expected = Session(other.decoder, alone[window.number]).feed(
                    np.array([row]), [0], [len(row) - 1]
                )
                np.testing.assert_allclose(found[window.first + at], expected[0, 0], atol=1e-3)


def test_a_window_that_cannot_be_heard_leaves_the_others_alone(
    fast_babel: Engine, slices: list[Audio], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(fast_babel, OpenVinoEngine)
    good = texts(fast_babel, slices)
    encode = Worker.encode

    def fails_once(worker: Worker, *given: Any) -> Any:
        monkeypatch.setattr(Worker, "encode", encode)
        raise ValueError("no")

    monkeypatch.setattr(Worker, "encode", fails_once)
    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(texts, fast_babel, [audio]) for audio in slices]
        failed = [one.exception() for one in found]
    assert [str(one) for one in failed if one] == ["no"]
    assert texts(fast_babel, slices) == good


@pytest.mark.parametrize("broken", [["feed"], ["feed", "restart"]], ids=["one step", "every session"])
def test_where_the_decoder_fails_all_are_told_and_the_next_are_written(
    fast_babel: Engine, slices: list[Audio], monkeypatch: pytest.MonkeyPatch, broken: list[str]
) -> None:
    good = texts(fast_babel, slices)

    def fails(*given: Any) -> Any:
        raise RuntimeError("no memory")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="no memory"):
        for name in broken:
            patch.setattr(Session, name, fails)
        texts(fast_babel, slices * 9)
    assert texts(fast_babel, slices) == good


def test_without_another_thread_the_callers_does_it(
    fast_babel: Engine, slices: list[Audio], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = texts(fast_babel, slices)

    def fails(*given: Any) -> Any:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fails)
    assert texts(fast_babel, slices) == good


def texts(engine: Engine, batch: Sequence[Audio]) -> list[Any]:
    """Segments, chances as far as they do not depend on what else shares a batch, which time decides."""
    return [
        [
            replace(segment, avg_logprob=round(segment.avg_logprob or 0, 2), no_speech_prob=None)
            for segment in found.segments
        ]
        for found in engine.transcribe(batch, DecodeOptions(language="en"))
    ]


def test_nobody_writes_for_a_caller_who_is_gone(
    fast_babel: Engine, slices: list[Audio], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One failure ends the call: what waits is never begun, what has begun ends at its next token."""
    assert isinstance(fast_babel, OpenVinoEngine)
    begun: list[int] = []

    def second_fails(worker: Worker, *given: Any) -> Any:
        begun.append(1)
        if len(begun) == 2:
            raise ValueError("no")
        return encode(worker, *given)

    encode = Worker.encode
    monkeypatch.setattr(Worker, "encode", second_fails)
    with pytest.raises(ValueError, match="no"):
        fast_babel.transcribe(slices * 40, DecodeOptions(language="en"))
    for thread in threading.enumerate():
        if thread.name == "auricle-worker":
            thread.join(20)
    assert len(begun) < 60


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (LoadOptions(engine="openvino", device="cuda"), "does not run on cuda. Type: --engine ctranslate2"),
        (LoadOptions(engine="openvino", device="mps"), "does not run on mps. Type: --engine transformers"),
        (LoadOptions(engine="openvino", allow_pickle=True), "opens no pickles"),
        (LoadOptions(engine="openvino", compute_type="int8_float16"), "cannot compute in int8_float16"),
    ],
    ids=lambda value: "" if isinstance(value, str) else f"{value.device}, {value.compute_type}",
)
def test_what_it_cannot_run_is_refused_with_what_can(options: LoadOptions, message: str) -> None:
    with pytest.raises(OptionError, match=re.escape(message)):
        load_engine(options)


def test_threads_may_share_the_engine(fast: Engine, slices: list[Audio]) -> None:
    alone = [fast.transcribe([audio], DecodeOptions())[0].text for audio in slices]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda audio: fast.transcribe([audio], DecodeOptions())[0].text, slices * 2))
    assert found == alone * 2


def test_no_model_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"\6\0\0\0\7\0Nothing\0")
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError):
        load_engine(LoadOptions(model=str(tmp_path), engine="openvino"))


def test_rows_are_rounded_to_their_own_scale() -> None:
    matrix = np.random.default_rng(1).standard_normal((600, 48)).astype(np.float16)
    matrix[3] *= 100
    matrix[4] = 0
    rounded, scale = rounded_rows(matrix)
    assert np.abs(rounded.astype(np.int32)).max() == 127
    assert np.all(np.abs(rounded * scale - matrix) <= 0.5001 * scale)
    assert not rounded[4].any()


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (("avx2", "avx_vnni"), "8-bit weights and activations, float32 elsewhere"),
        (("avx2",), "8-bit weights, float32 elsewhere"),
        (None, "8-bit weights, float32 elsewhere"),
    ],
)
def test_what_is_said_is_what_the_processor_does(
    sets: tuple[str, ...] | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "instruction_sets", lambda: sets)
    assert choose("int8_float32").described() == said


@pytest.mark.parametrize(
    ("sets", "hint", "group"),
    [
        (("avx2", "avx_vnni"), "f32", 128),
        (("avx512f", "avx512_vnni", "amx_tile", "amx_int8"), "f32", 128),
        (("avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16"), "bf16", 0),
    ],
)
def test_the_encoder_uses_tiles_where_there_are_any(
    sets: tuple[str, ...], hint: str, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Core:
        def get_property(self, device: str, name: str) -> list[str]:
            return ["FP32", "BF16", "INT8"]

    monkeypatch.setattr(machine, "instruction_sets", lambda: sets)
    monkeypatch.setattr(machine, "cpu_name", lambda: "Intel(R) Xeon(R) Processor")
    monkeypatch.setattr(openvino_library.openvino(), "Core", Core)
    found = choose("auto")
    assert found.encoder()["INFERENCE_PRECISION_HINT"] == hint
    assert found.encoder()["DYNAMIC_QUANTIZATION_GROUP_SIZE"] == group
    assert found.decoder()["DYNAMIC_QUANTIZATION_GROUP_SIZE"] == 32
    assert ("activations 8-bit in the decoder" in found.described()) == (hint == "bf16")


def test_the_import_leaves_the_converter_out_and_in_reach() -> None:
    code = (
        "import sys; from auricle.openvino_library import openvino; openvino(); "
        "assert 'openvino.tools.ovc' not in sys.modules; import openvino; openvino.Core; "
        "from openvino.tools.ovc import convert_model"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=100)

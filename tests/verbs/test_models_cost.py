"""The formula against an independent count of operations, and its parts one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.models import catalogue
from auricle.models.catalogue import Shape
from auricle.verbs.models.cost import (
    Pace,
    Work,
    activations,
    encoder_flops,
    fit,
    heard,
    memory,
    rtfx,
    seconds_of_work,
    step_seconds,
    window_flops,
)

PACE = Pace("ctranslate2", "int8", 100e9, 0.001, 10e9, 150_000_000)
SHAPES = st.sampled_from([info.shape for info in catalogue().values() if info.shape])


def shape(name: str) -> Shape:
    found = catalogue()[name].shape
    assert found is not None
    return found


def test_a_window_of_30_s_of_tiny_is_what_others_count():
    """40.5 GFLOP, of which 13.8 attention, were counted for tiny.en's encoder by others."""
    assert encoder_flops(shape("tiny.en"), 30.0) == pytest.approx(40.5e9, rel=0.1)


def test_operations_of_wav2vec2_are_those_torch_counts():
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    from torch.utils.flop_counter import FlopCounterMode

    config = transformers.Wav2Vec2Config(num_hidden_layers=2, attn_implementation="eager")
    seconds, model = 5, transformers.Wav2Vec2Model(config).eval()
    sound = torch.zeros(1, 16000 * seconds)
    torch.nn.utils.parametrize.remove_parametrizations(model.encoder.pos_conv_embed.conv, "weight")
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model(sound)
    base = shape("wav2vec2-base-960h")
    two = replace(base, encoder_layers=2, encoder_parameters=base.encoder_parameters // 6)
    assert encoder_flops(two, seconds) == pytest.approx(counter.get_total_flops(), rel=0.05)


def test_operations_of_whisper_are_those_torch_counts():
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    from torch.utils.flop_counter import FlopCounterMode

    config = transformers.WhisperConfig(
        d_model=384, encoder_layers=4, encoder_attention_heads=6, encoder_ffn_dim=1536, pad_token_id=0
    )
    config._attn_implementation = "eager"
    with torch.device("meta"):
        encoder = transformers.models.whisper.modeling_whisper.WhisperEncoder(config).eval()
        mel = torch.empty(1, 80, 3000)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        encoder(mel)
    assert encoder_flops(shape("tiny"), 30.0) == pytest.approx(counter.get_total_flops(), rel=0.02)


def test_silence_follows_in_a_whisper_only():
    from auricle.engines import ctranslate2

    tiny, wav2vec2 = shape("tiny.en"), shape("wav2vec2-base-960h")
    assert heard(tiny, 5.0) == 15.0 and heard(tiny, 15.0) == 25.0 and heard(tiny, 29.0) == 30.0
    assert heard(wav2vec2, 5.0) == 5.0
    assert ctranslate2.WINDOW == 30.0


@given(SHAPES, st.floats(1.0, 30.0), st.integers(1, 16))
def test_more_work_takes_longer(one, seconds, batch):
    work = Work(seconds, batch)
    assert seconds_of_work(one, PACE, work) > 0
    assert rtfx(one, replace(PACE, flops=200e9), work) > rtfx(one, PACE, work)
    if one.decoder_layers:
        assert step_seconds(one, PACE, seconds, batch) < step_seconds(one, PACE, seconds, batch + 1)
        assert rtfx(one, PACE, replace(work, tokens=8.0)) < rtfx(one, PACE, work)


@given(SHAPES, st.floats(10e9, 1e12), st.floats(0.001, 0.1))
def test_the_fit_finds_what_made_the_trials(one, speed, step):
    if not one.decoder_layers:
        return
    trials = tuple(
        (
            seconds,
            tokens,
            window_flops(one, heard(one, seconds)) / (speed / (1 + 192 / one.width)) + tokens * step,
        )
        for seconds, tokens in ((11.0, 30), (3.0, 7))
    )
    flops, token = fit(one, (trials[0], trials[1]))
    assert flops == pytest.approx(speed, rel=1e-3) and token == pytest.approx(step, rel=1e-3)


def test_noise_makes_no_negative_speeds():
    flops, step = fit(shape("tiny.en"), ((11.0, 5, 0.5), (3.0, 30, 0.6)))
    assert flops > 0 and step >= 0
    flops, step = fit(shape("tiny.en"), ((11.0, 0, 0.5), (3.0, 0, 0.3)))
    assert flops > 0 and step == 0


def test_memory_is_base_weights_and_activations():
    info = catalogue()["small"]
    assert info.shape is not None
    need = memory(info, PACE, Work())
    assert need == PACE.base + 244_000_000 + activations(info.shape, Work())
    assert memory(info, replace(PACE, precision="float32"), Work()) == (need or 0) + 3 * 244_000_000
    assert memory(catalogue()["w2v-bert-cv16-en"], PACE, Work()) is None

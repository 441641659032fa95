"""From a recipe to a checkpoint that everything loads; killed and gone on; stopped where it must."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from auricle.audio import Audio
from auricle.engines import DecodeOptions, load_engine
from auricle.engines.whisper import WhisperTokens
from auricle.errors import DatasetError, OptionError
from auricle.metrics import ErrorRate
from auricle.verbs.finetune import TrainingError, finetune, recipe_of
from auricle.verbs.finetune.averaging import Ema, Mean, Tried, choose
from auricle.verbs.finetune.hearing import Ear
from auricle.verbs.finetune.keeping import read_story
from auricle.verbs.finetune.learner import base_folder, open_learner
from auricle.verbs.finetune.trainer import WHOLE
from auricle.verbs.finetune.training import last_whole, remove_halves
from auricle.verbs.finetune.watching import Collapse, check_loss

torch = pytest.importorskip("torch")


def changed(recipe: dict[str, Any], **sections: Any) -> dict[str, Any]:
    merged = {name: {**recipe.get(name, {}), **values} for name, values in sections.items()}
    return {**recipe, **merged}


def ear(rate: float, *texts: str) -> Ear:
    errors = ErrorRate(hits=100 - int(100 * rate), substitutions=int(100 * rate))
    return Ear(errors, errors, texts or ("some words",))


def tensors(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def test_a_checkpoint_with_its_story_that_everything_loads(recipe: dict[str, Any], babel: Path) -> None:
    made = finetune(recipe_of(recipe))
    names = {path.name for path in made.folder.iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "auricle.json", "recipe.yaml"} <= names
    assert not [name for name in names if name.startswith(".part")]
    story = read_story(made.folder)
    assert story["recipe"]["training"]["max_steps"] == 4 and story["steps"] == 4
    assert story["data"]["train"] == 10 and len(story["data"]["fingerprints"]) == 1
    assert {"torch", "transformers"} <= set(story["environment"]["versions"])
    assert recipe_of(story["recipe"]) == recipe_of(recipe)

    text = load_engine(str(made.folder)).transcribe(
        [Audio.silence(1.0, 16_000)], DecodeOptions(language="en")
    )
    assert len(text) == 1
    from transformers import WhisperForConditionalGeneration

    model, report = WhisperForConditionalGeneration.from_pretrained(made.folder, output_loading_info=True)
    assert not report["missing_keys"] and not report["unexpected_keys"]
    assert model.config.max_source_positions == 1500 and model.config.use_cache
    before, after = tensors(babel), tensors(made.folder)
    assert not torch.equal(
        before["model.decoder.layers.0.fc1.weight"], after["model.decoder.layers.0.fc1.weight"]
    )
    assert torch.equal(
        before["model.encoder.embed_positions.weight"], after["model.encoder.embed_positions.weight"]
    )


def test_a_language_that_the_base_has_no_token_for(recipe: dict[str, Any], babel: Path) -> None:
    base = {"language": "tw", "token_like": "yo"}
    verdict = {"target": recipe["data"]["train"][0]}
    made = finetune(recipe_of(changed(recipe, base=base, verdict=verdict)))
    engine = load_engine(str(made.folder))
    assert engine.info.languages[-1] == "tw" and len(engine.info.languages) == 100
    story = read_story(made.folder)
    assert story["base"]["name"] == str(babel)
    assert {"before", "after"} <= set(story["verdict"]["sets"][0])
    tokens = WhisperTokens.load(made.folder)
    rows = tensors(made.folder)["model.decoder.embed_tokens.weight"]
    assert len(rows) == len(tensors(babel)["model.decoder.embed_tokens.weight"]) + 1
    assert not torch.equal(rows[tokens.language_token("tw")], rows[tokens.language_token("yo")])


def test_a_training_that_was_killed_ends_as_one_that_was_not(
    recipe: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = finetune(recipe_of(recipe)).folder
    other = {**recipe, "output": str(tmp_path / "killed")}
    with monkeypatch.context() as patch:
        from auricle.verbs.finetune import trainer

        def die(loss: float, step: int) -> None:
            if step == 4:
                raise KeyboardInterrupt

        patch.setattr(trainer, "check_loss", die)
        with pytest.raises(KeyboardInterrupt):
            finetune(recipe_of(other))
    work = tmp_path / "killed" / "training"
    half = work / "checkpoint-3"
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"cut short")
    assert last_whole(work) == work / "checkpoint-2"
    again = finetune(recipe_of(other)).folder
    assert not half.exists()
    one, two = tensors(whole), tensors(again)
    assert all(torch.equal(value, two[name]) for name, value in one.items())


def test_what_a_model_in_training_writes_is_not_measured(recipe: dict[str, Any], babel: Path) -> None:
    made = recipe_of(recipe)
    learner = open_learner(made, *base_folder(made.base))
    sound, options = [Audio.silence(1.0, 16_000)], DecodeOptions(language="en")
    inside = learner.engine().transcribe(sound, options)[0]
    outside = load_engine(str(babel), engine="transformers").transcribe(sound, options)[0]
    assert inside.text == outside.text and outside.segments[0].avg_logprob != 0.0
    assert inside.segments[0].avg_logprob == 0.0


def test_frozen_parts_stay(recipe: dict[str, Any], babel: Path) -> None:
    made = finetune(
        recipe_of(
            changed(recipe, base={"method": "frozen-encoder", "freeze": ["model.decoder.embed_tokens"]})
        )
    )
    before, after = tensors(babel), tensors(made.folder)
    moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert moved and all(name.startswith("model.decoder.") for name in moved)
    assert "model.decoder.embed_tokens.weight" not in moved


def test_lora_is_merged_into_what_is_written(recipe: dict[str, Any], babel: Path) -> None:
    pytest.importorskip("peft")
    made = finetune(recipe_of(changed(recipe, base={"method": "lora", "lora_rank": 2})))
    before, after = tensors(babel), tensors(made.folder)
    assert set(after) == set(before) - {"proj_out.weight"}
    name = "model.decoder.layers.0.self_attn.q_proj.weight"
    assert not torch.equal(after[name], before[name])
    assert torch.equal(after["model.decoder.layer_norm.weight"], before["model.decoder.layer_norm.weight"])


def test_a_blend_lies_between(recipe: dict[str, Any], babel: Path, tmp_path: Path) -> None:
    whole = tensors(finetune(recipe_of(recipe)).folder)
    half = tensors(
        finetune(
            recipe_of({**changed(recipe, averaging={"blend": 0.5}), "output": str(tmp_path / "half")})
        ).folder
    )
    name = "model.decoder.layers.0.fc1.weight"
    middle = (whole[name] + tensors(babel)[name]) / 2
    assert torch.allclose(half[name], middle, atol=1e-6)


def test_a_running_average(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        model.weight.zero_()
    ema = Ema(model, 0.5)
    with torch.no_grad():
        model.weight.fill_(1.0)
    ema.heard()
    ema.stepped()
    ema.save(tmp_path)
    other = Ema(torch.nn.Linear(2, 1, bias=False), 0.5)
    other.load(tmp_path)
    other.put()
    ema.put()
    assert 0.0 < model.weight.detach().max().item() < 1.0
    assert torch.equal(other._model.weight.detach(), model.weight.detach())


def test_the_mean_of_the_evaluations(tmp_path: Path) -> None:
    model = torch.nn.Linear(1, 1, bias=False)
    mean = Mean(model)
    mean.put()  # nothing was heard: the weights stay
    values = []
    for value in (1.0, 2.0, 6.0):
        with torch.no_grad():
            model.weight.fill_(value)
        mean.stepped()
        mean.heard()
        mean.save(tmp_path)
        mean = Mean(model)
        mean.load(tmp_path)  # as a training that goes on
        values.append(value)
    mean.put()
    assert model.weight.item() == pytest.approx(sum(values) / 3)


@pytest.mark.parametrize("kind", [{"ema": 0.9}, {"mean": True}])
def test_an_average_is_what_is_written(recipe: dict[str, Any], tmp_path: Path, kind: dict[str, Any]) -> None:
    plain = tensors(finetune(recipe_of(recipe)).folder)
    other = {**changed(recipe, averaging=kind), "output": str(tmp_path / "averaged")}
    averaged = tensors(finetune(recipe_of(other)).folder)
    name = "model.decoder.layers.0.fc1.weight"
    assert not torch.equal(plain[name], averaged[name])


def test_the_share_that_keeps_the_rest() -> None:
    found = {1.0: (0.1, 0.2), 0.5: (0.15, 0.102), 0.2: (0.3, 0.1)}
    share, tried = choose(lambda one: Tried(one, *found[one]), 0.1, 0.005, tuple(found))
    assert share == 0.5 and len(tried) == 3
    share, _ = choose(lambda one: Tried(one, *found[one]), 0.0, 0.005, tuple(found))
    assert share == 0.2


def test_a_loss_that_is_no_number_stops_it(recipe: dict[str, Any]) -> None:
    check_loss(1.0, 1)
    with pytest.raises(TrainingError, match=r"step 7.*learning rate"):
        check_loss(math.nan, 7)
    with pytest.raises(TrainingError, match=r"the loss is (nan|inf)"):
        finetune(recipe_of(changed(recipe, training={"learning_rate": 1e20, "warmup": 0.0})))
    assert not (Path(recipe["output"]) / "model.safetensors").exists()


@pytest.mark.parametrize(("half", "chosen"), [(0.4, "bfloat16"), (0.9, "float32"), (2.0, "float32")])
def test_the_format_is_the_one_that_is_faster_here(
    monkeypatch: pytest.MonkeyPatch, half: float, chosen: str
) -> None:
    from auricle.verbs.finetune import training

    ticks = iter([tick for spent in (1.0, half) for _ in range(5) for tick in (0.0, spent)])
    monkeypatch.setattr(training.time, "perf_counter", lambda: next(ticks))
    training.faster_format.cache_clear()
    assert training.faster_format() == chosen
    training.faster_format.cache_clear()


def test_a_model_that_falls_silent() -> None:
    assert "writes nothing" in Collapse("whisper", 9, ear(0.3)).look(ear(1.0, "", ""), 1.0)
    assert not Collapse("whisper", 9, ear(1.0, "")).look(ear(1.0, "", ""), 1.0)
    ctc = Collapse("ctc", patient=2)
    assert not ctc.look(ear(1.0, "", ""), 3.0)
    assert "blanks only" in ctc.look(ear(1.0, "", ""), 2.9)


def test_a_model_that_loops() -> None:
    assert "again and again" in Collapse("whisper").look(ear(2.0, "so " * 40, "fine"), 1.0)


def test_a_loss_that_falls_while_the_error_rate_rises() -> None:
    collapse = Collapse("whisper")
    said = [
        collapse.look(ear(rate), loss) for rate, loss in ((0.2, 1.0), (0.25, 0.8), (0.3, 0.6), (0.4, 0.5))
    ]
    assert not any(said[:3]) and "by heart" in said[3]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"trainer": {"weight_dekay": 1}}, "Did you mean weight_decay"),
        ({"trainer": {"learning_rate": 1}}, "Say it as training.learning_rate"),
        ({"trainer": {"eval_strategy": "no"}}, "sets it itself"),
        ({"averaging": {"ema": 0.9, "mean": True}}, "two averages"),
        ({"base": {"language": "xx"}}, "no token for the language 'xx'. Take that of its nearest relative"),
        (
            {"base": {"language": "tw"}},
            "Near to it: Yoruba, Hausa, Shona. Take that token: --set base.language=yo",
        ),
        (
            {"base": {"language": "tw", "token_like": "ak"}},
            "no token for the language 'ak'. Near to it: Yoruba",
        ),
        ({"base": {"language": "de", "token_like": "yo"}}, "has a token for 'de'. Leave base.token_like out"),
        ({"base": {"language": None, "token_like": "yo"}}, "base.token_like is for base.language"),
        ({"base": {"scratch": "conformer", "token_like": "yo"}}, "base.token_like is for base.language"),
        ({"base": {"language": None}}, "Say which it learns"),
        ({"base": {"method": "adapter"}}, "has no adapters"),
        ({"base": {"freeze": ["model.decodr"]}}, "no weight begins with"),
    ],
)
def test_what_does_not_fit_is_refused(recipe: dict[str, Any], changes: dict[str, Any], said: str) -> None:
    with pytest.raises((OptionError, LookupError), match=said):
        finetune(recipe_of(changed(recipe, **changes)))


def test_data_that_does_not_fit_is_refused_before_weights_load(recipe: dict[str, Any], clips: Path) -> None:
    lines = [json.loads(line) for line in clips.read_text().splitlines()]
    lines[3]["text"] = "word " * 500
    lines[4]["text"] = "…"
    clips.write_text("\n".join(map(json.dumps, lines)) + "\n")
    with pytest.raises(DatasetError, match=r"1 no-text.*1 too-many-labels.*data.drop="):
        finetune(recipe_of(recipe))
    kept = changed(recipe, data={"drop": ["no-text", "too-many-labels"]})
    assert finetune(recipe_of(kept)).story["data"]["left_out"] == {"no-text": 1, "too-many-labels": 1}


def test_halves_are_taken_away(tmp_path: Path) -> None:
    for number, whole in ((1, True), (2, False)):
        (tmp_path / f"checkpoint-{number}").mkdir()
        if whole:
            (tmp_path / "checkpoint-1" / WHOLE).touch()
    remove_halves(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-1"]

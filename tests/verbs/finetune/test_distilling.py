"""Staying with the base: a distance on replay, the texts of the base, and what does not go with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auricle.errors import DatasetError, OptionError
from auricle.verbs.finetune import finetune, recipe_of
from auricle.verbs.finetune.batches import Order
from auricle.verbs.finetune.distilling import Distilling, loss_of
from auricle.verbs.finetune.examples import gather
from auricle.verbs.finetune.hearing import repeats
from auricle.verbs.finetune.learner import base_folder, open_distilling, open_learner
from auricle.verbs.finetune.sounds import Sounds
from corpora import corpus

torch = pytest.importorskip("torch")


@pytest.fixture
def kept(recipe: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """The same training, with replay of three clips that have no texts."""
    manifest = corpus(tmp_path / "other", [(f"r{number}", 0.6 + 0.1 * number, "") for number in range(3)])
    data = {**recipe["data"], "replay": [str(manifest)], "replay_share": 0.4}
    return {**recipe, "data": data, "training": {**recipe["training"], "distil": 2.0, "batch_size": 4}}


def batch_of(values: dict[str, Any]) -> tuple[Any, Distilling, dict[str, Any]]:
    made = recipe_of(values)
    learner = open_learner(made, *base_folder(made.base))
    distilling = open_distilling(made, learner)
    assert distilling is not None
    learner.model.eval()
    material = gather(made.data, _needs(made.base.model), own_words=True)
    items = (*material.train[:2], *material.replay[:2])
    sounds = Sounds(items)
    return learner.model, distilling, learner.collator([sounds[0, place] for place in range(4)])


def _needs(model: str) -> Any:
    from auricle.verbs.datasets.needs import needs_of

    return needs_of(model)


def test_both_compute_as_much_of_the_silence_as_the_recipe_says(kept: dict[str, Any]) -> None:
    places = []
    for stride in (8, 24):
        model, distilling, batch = batch_of({**kept, "training": {**kept["training"], "stride": stride}})
        sound = batch["input_features"]
        with torch.no_grad():
            lengths = {
                one.get_encoder()(sound).last_hidden_state.shape[1] for one in (model, distilling.teacher)
            }
        assert len(lengths) == 1
        places += [*lengths]
    assert places[0] > places[1]


def test_the_base_has_no_distance_to_itself(kept: dict[str, Any]) -> None:
    model, distilling, batch = batch_of(kept)
    with torch.no_grad():
        loss = distilling.loss(model, batch)
        logits = model(
            input_features=batch["input_features"],
            decoder_input_ids=batch["decoder_input_ids"],
            decoder_attention_mask=batch["decoder_attention_mask"],
        ).logits
    own = batch["labels"][:2]
    spoken = int((batch["labels"] != -100).sum())
    alone = torch.nn.functional.cross_entropy(
        logits[:2].flatten(0, 1), own.flatten(), ignore_index=-100, reduction="sum"
    )
    assert float(loss) == pytest.approx(float(alone) / spoken, rel=1e-4)


def test_a_model_that_went_away_is_pulled_back(kept: dict[str, Any]) -> None:
    model, distilling, batch = batch_of(kept)

    def pull() -> float:
        with torch.no_grad():
            free = Distilling(distilling.teacher, 0.0).loss(model, batch)
            return float(distilling.loss(model, batch) - free)

    assert pull() == pytest.approx(0.0, abs=1e-6)
    with torch.no_grad():
        for part in model.get_decoder().layers.parameters():
            part.add_(0.3 * torch.randn_like(part))
    assert pull() > 1e-5
    assert not any(part.requires_grad for part in distilling.teacher.parameters())


def test_an_encoder_that_hears_otherwise_is_pulled_back_whatever_is_written(kept: dict[str, Any]) -> None:
    model, distilling, batch = batch_of(kept)
    held = Distilling(distilling.teacher, 0.0, 3.0)

    def pull() -> Any:
        return held.loss(model, batch) - Distilling(distilling.teacher, 0.0).loss(model, batch)

    assert pull().item() == pytest.approx(0.0, abs=1e-6)
    encoder = model.get_encoder().layer_norm
    with torch.no_grad():
        encoder.weight.mul_(1.1)
        encoder.bias.mul_(1.1)
    # Every state is a tenth longer: a hundredth of their square, three times.
    assert pull().item() == pytest.approx(0.03, rel=1e-3)
    model.zero_grad()
    pull().backward()
    assert (encoder.weight.grad * encoder.weight).sum().item() > 0


def test_without_a_base_to_stay_with_the_loss_is_the_models_own(recipe: dict[str, Any]) -> None:
    made = recipe_of(recipe)
    learner = open_learner(made, *base_folder(made.base))
    assert open_distilling(made, learner) is None
    sounds = Sounds(gather(made.data, _needs(made.base.model)).train)
    batch = learner.collator([sounds[0, 0], sounds[0, 1]])
    learner.model.eval()
    assert loss_of(learner.model, batch, None).item() == learner.model(**batch).loss.item()


def test_replay_without_texts_gets_those_of_the_base(
    kept: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def listen(engine: Any, items: Any, options: Any, on_progress: Any) -> list[str]:
        asked.append(engine.info.model)
        on_progress(len(items))
        return ["abc x1", "", "so " * 20]

    monkeypatch.setattr("auricle.verbs.finetune.finetuning.decoded", listen)
    left = Path(kept["output"]) / "training"  # by a recipe that never came to a step
    left.mkdir(parents=True)
    (left / "course.json").write_text('{"training.learning_rate": 7.0}')
    (left / "replay.json").write_text('["of other data"]')
    made = finetune(recipe_of(kept))
    assert len(asked) == 1 and made.story["data"]["replay"] == 1 and made.story["steps"] == 4
    assert json.loads((made.folder / "training" / "replay.json").read_text("utf-8"))[0] == "abc x1"
    assert made.story["recipe"]["training"]["distil"] == 2.0
    kept["training"] |= {"learning_rate": 2e-3}
    with pytest.raises(OptionError, match="another recipe"):
        finetune(recipe_of(kept))


def test_a_base_without_a_text_of_use_is_refused(
    kept: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auricle.verbs.finetune.finetuning.decoded", lambda *_: ["", "so " * 20, ""])
    with pytest.raises(DatasetError, match="no text of use"):
        finetune(recipe_of(kept))


def test_texts_that_repeat_themselves() -> None:
    assert repeats("so " * 20) and repeats("I will tell you this is not a friend, sir. " * 4)
    assert not repeats("A further development of the Roman letter took place at Venice.") and not repeats("")


def test_replay_with_texts_of_its_own_needs_them(kept: dict[str, Any]) -> None:
    plain = {**kept, "training": {**kept["training"], "distil": 0.0}}
    with pytest.raises(Exception, match="3 no-text"):
        finetune(recipe_of(plain))


@pytest.mark.parametrize(
    ("data", "weights", "trainer", "said"),
    [
        ({"replay": []}, {"distil": 1.0}, {}, "needs data.replay"),
        ({}, {"distil": -1.0}, {}, "distil is a weight: 0, or above"),
        ({}, {"distil": 1.0, "distil_states": -1.0}, {}, "distil_states is a weight: 0, or above"),
        ({}, {"distil": 0.0, "distil_states": 1.0}, {}, "goes with training.distil"),
        ({}, {"distil": 1.0}, {"label_smoothing_factor": 0.1}, "does not go with"),
    ],
)
def test_what_does_not_go_together(
    kept: dict[str, Any], data: dict[str, Any], weights: dict[str, float], trainer: dict[str, Any], said: str
) -> None:
    changed = {**kept, "data": {**kept["data"], **data}, "trainer": trainer}
    with pytest.raises(OptionError, match=said):
        recipe_of({**changed, "training": {**kept["training"], **weights}})


def test_order_draws_replay_for_its_share(kept: dict[str, Any]) -> None:
    made = recipe_of(kept)
    material = gather(made.data, _needs(made.base.model), own_words=True)
    order = Order(material.train, material.replay, 0.4, 4, 0)
    assert len(material.replay) == 3 and len(order) == len(material.train) + round(len(material.train) / 1.5)

"""What a training will take is said before it, and refused where there is too little."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest

from auricle.augment import Augment
from auricle.errors import OptionError
from auricle.verbs.datasets.needs import needs_of
from auricle.verbs.finetune import finetune, forecast, recipe_of
from auricle.verbs.finetune.batches import Order
from auricle.verbs.finetune.examples import gather
from auricle.verbs.finetune.forecast import Forecast, Forecaster, steps_of
from auricle.verbs.finetune.learner import Learner, base_folder, open_learner
from auricle.verbs.finetune.sounds import Sounds
from auricle.verbs.finetune.watching import Silent

torch = pytest.importorskip("torch")


class Noting(Silent):
    """Keeps what a person is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """Keep it."""
        self.notes.append(text)


def forecaster(values: dict[str, Any], **training: Any) -> tuple[Learner, Forecaster]:
    made = recipe_of({**values, "training": {**values["training"], **training}})
    learner = open_learner(made, *base_folder(made.base))
    train = gather(made.data, needs_of(made.base.model)).train
    order = Order(train, (), 0.0, made.training.batch_size, 0)
    data = made.data
    augment = Augment.of(*data.augment) if data.augment else None
    sounds = Sounds(train, augment, data.augment_share, seed=2)
    return learner, Forecaster(learner, sounds, order, made, "float32")


def test_memory_grows_with_the_batch_and_nothing_else_moves(recipe: dict[str, Any]) -> None:
    learner, small = forecaster(recipe, batch_size=2)
    before = {name: value.clone() for name, value in learner.model.state_dict().items()}
    state = torch.random.get_rng_state()
    found = [small.run(None).memory, forecaster(recipe, batch_size=4)[1].run(None).memory]
    moving = 4 * learner.trained[0]
    kept = found[0] - 3 * moving  # gradients and two averages
    assert kept > 0 and found[1] - 3 * moving == pytest.approx(2 * kept, rel=0.01)
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(value, before[name]) for name, value in learner.model.state_dict().items())
    assert all(part.grad is None for part in learner.model.parameters())


def test_nothing_of_what_was_measured_is_held(recipe: dict[str, Any]) -> None:
    """A tensor that its own graph holds is never freed, and a training would carry it to its end."""
    _, measuring = forecaster(recipe, batch_size=2)

    def held() -> int:
        gc.collect()
        return sum(issubclass(type(one), torch.Tensor) for one in gc.get_objects())

    measuring.run(None)
    before = held()
    for _ in range(3):
        measuring.run(None)
    assert held() == before


def test_a_sound_that_is_slowed_down_takes_more(recipe: dict[str, Any]) -> None:
    """Also where only some are, and others in each epoch."""

    def kept(share: float) -> int:
        changed = {**recipe["data"], "augment": ["speed:0.5"], "augment_share": share}
        learner, measuring = forecaster({**recipe, "data": changed}, batch_size=2, epochs=6)
        return measuring.run(None).memory - 3 * 4 * learner.trained[0]  # gradients and two averages

    assert kept(0.3) == pytest.approx(kept(1.0), rel=0.01) and kept(1.0) > 1.1 * kept(0.0)


def test_too_little_memory_is_refused_with_what_to_change(
    recipe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "free_memory", lambda: 1000)
    values = {**recipe, "training": {**recipe["training"], "batch_size": 6, "accumulate": 2}}
    with pytest.raises(OptionError, match=r"memory.*batch_size=3.*accumulate=4.*checkpointing=true"):
        finetune(recipe_of(values))
    assert not (Path(recipe["output"]) / "training" / "before.json").exists()


def test_the_steps_that_are_told_are_those_that_are_made(recipe: dict[str, Any]) -> None:
    training = {**recipe["training"], "max_steps": -1, "epochs": 1.5, "batch_size": 3, "accumulate": 2}
    watcher = Noting()
    story = finetune(recipe_of({**recipe, "training": training}), watcher=watcher).story
    assert any(note.startswith(f"{story['steps']} steps: about ") for note in watcher.notes)


def test_steps_of_several_processes(recipe: dict[str, Any]) -> None:
    made = recipe_of({**recipe, "training": {"batch_size": 4, "epochs": 3, "accumulate": 2}})
    assert (steps_of(made, 100), steps_of(made, 100, processes=2)) == (39, 21)


@pytest.mark.parametrize(("seconds", "said"), [(45.0, "45 seconds"), (600.0, "10 minutes")])
def test_a_forecast_in_one_line(seconds: float, said: str) -> None:
    assert Forecast(2_340_000_000, seconds, 12).line() == f"12 steps: about {said} and 2.3 GB of memory"

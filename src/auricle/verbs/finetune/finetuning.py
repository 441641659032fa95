"""From a recipe to a checkpoint: check, open, train, average, keep.

Cheap things come first: names, packages, data, labels, disk; weights are loaded after that.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from auricle.augment import Augment
from auricle.augment import Sounds as Noises
from auricle.engines import DecodeOptions, load_engine
from auricle.errors import DatasetError, OptionError
from auricle.models import ModelFolder, machine
from auricle.models.folders import read_json
from auricle.models.kinds import kind_of
from auricle.storage import write_atomic
from auricle.verbs.datasets.needs import Needs, needs_of
from auricle.verbs.finetune import averaging, forecast, training
from auricle.verbs.finetune.batches import Order
from auricle.verbs.finetune.card import write_card
from auricle.verbs.finetune.course import keep_to
from auricle.verbs.finetune.distilling import Distilling
from auricle.verbs.finetune.examples import Example, Material, gather
from auricle.verbs.finetune.hearing import Ear, decoded, hear, repeats
from auricle.verbs.finetune.joining import Joins
from auricle.verbs.finetune.keeping import add_to_story, keep, story_of
from auricle.verbs.finetune.learner import (
    Learner,
    base_folder,
    open_distilling,
    open_learner,
    prompt,
    require,
    with_token,
)
from auricle.verbs.finetune.recipe import Recipe, blend_share
from auricle.verbs.finetune.sounds import Sounds
from auricle.verbs.finetune.trainer import Parts
from auricle.verbs.finetune.verdict import judge
from auricle.verbs.finetune.watching import Collapse, Silent, Watcher
from auricle.verbs.push import check_rights, push

_TEXTS, _BEFORE = "replay.json", "before.json"  # what the base writes for the replay, and how wrong it is
WORK = "training"  # the folder in a checkpoint's folder for what only the training needs


@dataclass(frozen=True, slots=True)
class Finetuned:
    """What came of a training: the checkpoint's folder and its story."""

    folder: Path
    story: Mapping[str, Any]


class Finetuning:
    """One recipe; ``run()`` gives the checkpoint, and goes on where it was interrupted."""

    def __init__(self, recipe: Recipe, *, watcher: Watcher | None = None) -> None:
        self.recipe = recipe
        self.folder = Path(recipe.output)
        self._watcher = watcher if watcher and training.is_first() else Silent()
        self._began = time.monotonic()
        self._start = recipe.base.model  # what the verdict hears before

    def run(self) -> Finetuned:
        """All of it. Raises what concerns the whole: options, data, models, disk, a collapse."""
        recipe = self.recipe
        require()
        if recipe.push_to_hub and training.is_first():
            check_rights(recipe.push_to_hub)
        base, folder = self._base()
        material = self._material(folder)
        self._keep_to_course(material)
        self._watcher.stage("loading the model")
        self._seed()
        learner = open_learner(recipe, base, folder)
        material = self._in_own_words(learner, material)
        self._tell(learner, material)
        distilling = open_distilling(recipe, learner)
        self._forecast(learner, material, distilling)
        share = blend_share(recipe.averaging.blend)
        blend = averaging.Blend(learner.model) if share != 1 else None
        before = self._before(learner, material)
        found = training.train(recipe, self._parts(learner, material, before, distilling), self.folder / WORK)
        if not training.is_first():
            return Finetuned(self.folder, {})
        share, tried = self._blended(learner, material, blend, before) if blend else (1.0, [])
        after = self._hear(learner, material.dev)
        story = story_of(
            learner,
            recipe,
            {
                "data": _data(material),
                "dev": {"before": _rates(before.get("dev")), "after": _rates(after)},
                "blend": {"share": share, "tried": [averaging.as_row(one) for one in tried]},
                "steps": found["steps"],
                "best_step": found["best_step"],
                "seconds": round(time.monotonic() - self._began, 1),
                "history": found["history"],
            },
        )
        made = keep(learner, recipe, story)
        del learner, blend, distilling  # the verdict loads both models anew
        return Finetuned(made, self._judged(made, story))

    def _judged(self, folder: Path, story: dict[str, Any]) -> dict[str, Any]:
        """The story with the verdict in it, and the card that tells both."""
        before = None if self.recipe.base.scratch else self._start
        found = judge(self.recipe, before, str(folder), self.folder / WORK / "verdict", self._watcher)
        if found is not None:
            story = {**story, "verdict": found.as_dict()}
            add_to_story(folder, verdict=story["verdict"])
            self._watcher.note(f"verdict: {found.sentence}")
        write_card(folder, story)
        if self.recipe.push_to_hub:
            self._watcher.stage(f"pushing to {self.recipe.push_to_hub}")
            self._watcher.note(f"pushed: {push(folder, repo=self.recipe.push_to_hub).url}")
        return story

    def _base(self) -> tuple[ModelFolder, ModelFolder]:
        """The base, and whether recipe, model and machine fit; nothing of this loads weights."""
        recipe = self.recipe
        training.arguments(recipe, self.folder / WORK)
        if recipe.base.scratch:
            from auricle.verbs.finetune.scratch import scratch_folder

            made = scratch_folder(recipe, self.folder / WORK / "base")
            return made, made
        base, folder = base_folder(recipe.base)
        _check_disk(self.folder, folder)
        if kind_of(read_json(folder.path / "config.json"), folder.path) == "whisper":
            from auricle.engines.whisper import WhisperTokens

            if recipe.base.token_like is not None:
                own = "base" if training.is_first() else f"base-{training.rank()}"
                folder = with_token(base, folder, recipe.base, self.folder / WORK / own)
                base = replace(base, path=folder.path, layout="huggingface")
                self._start = str(folder.path)
            prompt(WhisperTokens.load(folder.path), recipe.base, folder)
        elif recipe.base.task != "transcribe":
            raise OptionError(f"{folder.name} can transcribe only.")
        elif recipe.base.token_like is not None:
            raise OptionError(f"{folder.name} has no tokens of languages. Leave base.token_like out.")
        return base, folder

    def _material(self, folder: ModelFolder) -> Material:
        self._watcher.stage("checking the data")
        needs = needs_of(str(folder.path))
        recipe = self.recipe
        own = recipe.training.distil > 0
        return gather(recipe.data, _named(needs, folder.name), seed=recipe.training.seed, own_words=own)

    def _keep_to_course(self, material: Material) -> None:
        """See that what an earlier run left is of this recipe. Raises OptionError where a training is not."""
        folder = self.folder / WORK
        if not keep_to(self.recipe, material.fingerprints, folder) and training.is_first():
            for name in (_TEXTS, _BEFORE):
                (folder / name).unlink(missing_ok=True)

    def _in_own_words(self, learner: Learner, material: Material) -> Material:
        """The replay with the texts that the base writes, where the model is to stay with it.

        What it writes nothing for, or the same again and again, is left out. Raises DatasetError of nothing.
        """
        if not self.recipe.training.distil:
            return material
        path = self.folder / WORK / _TEXTS
        if path.is_file():
            texts = json.loads(path.read_text("utf-8"))
        else:
            self._watcher.stage("the base writes the texts of the replay")
            options = DecodeOptions(language=self.recipe.base.language)
            engine = load_engine(str(learner.base.path), decode=options)
            whole = len(material.replay)
            texts = decoded(engine, material.replay, options, lambda done: self._watcher.part(done, whole))
            del engine
            if training.is_first():
                write_atomic(path, json.dumps(texts).encode())
        pairs = zip(material.replay, texts, strict=True)
        kept = tuple(replace(item, text=text) for item, text in pairs if text and not repeats(text))
        if not kept:
            raise DatasetError("the base writes no text of use for the replay. Name other data: data.replay")
        return replace(material, replay=kept)

    def _seed(self) -> None:
        import torch

        torch.manual_seed(self.recipe.training.seed)
        torch.set_num_threads(machine.cores())

    def _tell(self, learner: Learner, material: Material) -> None:
        moved, whole = learner.trained
        self._watcher.note(
            f"{learner.base.name}: {moved / 1e6:.1f} of {whole / 1e6:.1f} million weights are trained, "
            f"in {training.precision(self.recipe)}"
        )
        minutes = sum(item.seconds for item in material.train) / 60
        kept = f", {len(material.replay)} of replay" if material.replay else ""
        self._watcher.note(
            f"{len(material.train)} utterances ({minutes:.0f} minutes) to learn from{kept}, "
            f"{len(material.dev)} to choose by"
        )
        for kind, count in material.left_out.items():
            self._watcher.note(f"left out: {count} {kind}")

    def _forecast(self, learner: Learner, material: Material, distilling: Distilling | None) -> None:
        """Say what it will take, from a few measured clips. Raises OptionError for too little memory."""
        self._watcher.stage("measuring a step")
        arithmetic = training.precision(self.recipe)
        sounds, order = self._sounds(learner, material), self._order(learner, material)
        measuring = forecast.Forecaster(learner, sounds, order, self.recipe, arithmetic, distilling)
        self._watcher.note(measuring.run(forecast.free_memory(), training.processes()).line())

    def _before(self, learner: Learner, material: Material) -> dict[str, Ear]:
        """What the base makes of the data; kept, so that a training that goes on has the same figure."""
        if self.recipe.base.scratch:
            return {}
        path = self.folder / WORK / _BEFORE
        if path.is_file():
            kept = json.loads(path.read_text("utf-8"))
            return {name: Ear.of(value) for name, value in kept.items()}
        self._watcher.stage("hearing the base")
        found = {"dev": self._hear(learner, material.dev)}
        if material.guard:
            found["guard"] = self._hear(learner, material.guard)
        self._watcher.heard(0, found["dev"])
        if training.is_first():
            write_atomic(path, json.dumps({name: ear.as_dict() for name, ear in found.items()}).encode())
        return found

    def _hear(self, learner: Learner, items: tuple[Example, ...]) -> Ear:
        return hear(
            learner, items, language=self.recipe.base.language, precision=training.precision(self.recipe)
        )

    def _parts(
        self,
        learner: Learner,
        material: Material,
        before: Mapping[str, Ear],
        distilling: Distilling | None,
    ) -> Parts:
        recipe = self.recipe
        return Parts(
            learner,
            self._sounds(learner, material),
            self._order(learner, material),
            lambda: self._hear(learner, material.dev),
            Collapse(learner.kind, recipe.training.patience, before.get("dev")),
            recipe.training.patience,
            self._average(learner),
            self._watcher,
            distilling,
        )

    def _average(self, learner: Learner) -> averaging.Average | None:
        asked = self.recipe.averaging
        if asked.ema:
            return averaging.Ema(learner.model, asked.ema)
        return averaging.Mean(learner.model) if asked.mean else None

    def _sounds(self, learner: Learner, material: Material) -> Sounds:
        data, seed = self.recipe.data, self.recipe.training.seed
        noises = Noises.of([data.noises]) if data.noises else None
        augment = Augment.of(*data.augment, seed=seed, noises=noises) if data.augment else None
        items = (*material.train, *material.replay)
        joins = self._joins(learner, material)
        return Sounds(items, augment, data.augment_share, learner.rate, joins, seed=seed)

    def _order(self, learner: Learner, material: Material) -> Order:
        size, seed = self.recipe.training.batch_size, self.recipe.training.seed
        share, joins = self.recipe.data.replay_share, self._joins(learner, material)
        return Order(material.train, material.replay, share, size, seed, joins)

    def _joins(self, learner: Learner, material: Material) -> Joins:
        items = (*material.train, *material.replay)
        return Joins(items, self.recipe.data.join, learner.longest, seed=self.recipe.training.seed)

    def _blended(
        self, learner: Learner, material: Material, blend: averaging.Blend, before: Mapping[str, Ear]
    ) -> tuple[float, list[averaging.Tried]]:
        """Mix the new weights with the old ones, by the share that was asked for or found."""
        share = blend_share(self.recipe.averaging.blend)
        blend.learnt()
        tried: list[averaging.Tried] = []
        if share is None:
            self._watcher.stage("mixing with the base")

            def heard(one: float) -> averaging.Tried:
                blend.put(one)
                target, kept = self._hear(learner, material.dev), self._hear(learner, material.guard)
                self._watcher.note(f"{one:.0%} new: {target.rate:.2%}, guard {kept.rate:.2%}")
                return averaging.Tried(one, target.rate, kept.rate)

            allowed = self.recipe.averaging.blend_loss
            share, tried = averaging.choose(heard, before["guard"].rate, allowed)
        blend.put(share)
        return share, tried


def _named(needs: Needs, name: str) -> Needs:
    return replace(needs, model=name)


def _check_disk(target: Path, folder: ModelFolder) -> None:
    """Room for the checkpoint and two states of the optimizer. Raises OptionError."""
    size = sum(path.stat().st_size for path in folder.path.iterdir() if path.is_file())
    place = target
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    wanted = 8 * size
    if free < wanted:
        raise OptionError(
            f"{place} has {free / 1e9:.1f} GB free; the training needs about {wanted / 1e9:.1f} GB for the "
            "checkpoint and the optimizer. Make room, or name another output."
        )


def _data(material: Material) -> dict[str, Any]:
    return {
        "fingerprints": material.fingerprints,
        "train": len(material.train),
        "replay": len(material.replay),
        "dev": len(material.dev),
        "guard": len(material.guard),
        "seconds": round(sum(item.seconds for item in material.train), 1),
        "left_out": material.left_out,
    }


def _rates(ear: Ear | None) -> dict[str, Any] | None:
    if ear is None:
        return None
    return {"wer": ear.rate, "wer_ortho": ear.as_written.rate, "words": ear.errors.reference}

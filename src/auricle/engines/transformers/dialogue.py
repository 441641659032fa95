"""How each family of sequence-to-sequence models is told what to write: nothing, a language, a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from auricle.engines import DecodeOptions
from auricle.errors import ModelError, OptionError
from auricle.models import ModelFolder
from auricle.models.codes import NAMES, model_language
from auricle.models.folders import read_json


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What a model can be asked for, and the arguments of ``generate`` that ask for it.

    ``targets`` are the model's own names of the languages that it writes, by our codes.
    """

    languages: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ("transcribe",)
    targets: Mapping[str, str] = field(default_factory=dict)

    def arguments(self, options: DecodeOptions, count: int) -> dict[str, Any]:
        """For ``count`` audios of one language."""
        if not self.targets:
            return {}
        return {"tgt_lang": self.targets[self.written(options) or "en"]}

    def written(self, options: DecodeOptions) -> str | None:
        """The language of the text."""
        if options.task == "translate":
            return "en"
        if options.language or len(self.languages) != 1:
            return options.language
        return self.languages[0]


def dialogue_of(config: Mapping[str, Any], folder: ModelFolder) -> Dialogue:
    """What a checkpoint can be asked for. Raises ModelError where it does not say what it needs to."""
    known = folder.info
    if str(config.get("model_type")).startswith("seamless_m4t"):
        return _seamless(folder)
    if known is not None:
        return Dialogue(known.languages, known.decodes)
    return Dialogue()


def _seamless(folder: ModelFolder) -> Dialogue:
    """SeamlessM4T writes any of its languages, whatever is spoken; it has to be told which."""
    path = folder.path / "generation_config.json"
    listed = read_json(path).get("text_decoder_lang_to_code_id") if path.is_file() else None
    if not listed:
        raise ModelError(
            f"{folder.path} lacks the table of languages in generation_config.json. "
            "Copy it from the base model."
        )
    targets: dict[str, str] = {}
    for name in listed:
        code = _code(name)
        if code in NAMES:
            targets.setdefault(code, name)
    return Dialogue(tuple(targets), ("transcribe", "translate"), targets)


def _code(name: str) -> str:
    try:
        return model_language(name.split("_")[0])
    except OptionError:
        return ""

"""How each family of sequence-to-sequence models is told what to write: nothing, a language, a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from auricle.engines import DecodeOptions
from auricle.engines.transformers.opening import explained, quiet
from auricle.errors import ModelError, OptionError
from auricle.features import RATE
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


@dataclass(frozen=True, slots=True)
class Prompted(Dialogue):
    """Canary: the decoder goes on from a prompt, which the checkpoint's own template writes.

    It has to be told what is spoken; without a word about it that is English, as in Transformers.
    """

    processor: Any = None

    def arguments(self, options: DecodeOptions, count: int) -> dict[str, Any]:
        """The prompt [count, tokens]. Raises OptionError for a translation from nobody knows what."""
        if options.task == "translate" and not options.language:
            raise OptionError("this model does not find out what is spoken. Type: --language de (or another)")
        request = self.processor.apply_transcription_request(
            np.zeros(RATE, np.float32),  # the prompt does not depend on the sound
            source_language=options.language or "en",
            target_language=self.written(options) or "en",
        )
        return {"decoder_input_ids": request["decoder_input_ids"].expand(count, -1)}


def dialogue_of(config: Mapping[str, Any], folder: ModelFolder) -> Dialogue:
    """What a checkpoint can be asked for. Raises ModelError where it does not say what it needs to."""
    known = folder.info
    if str(config.get("model_type")).startswith("seamless_m4t"):
        return _seamless(folder)
    if config.get("model_type") == "canary":
        return _canary(folder)
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


def _canary(folder: ModelFolder) -> Prompted:
    from transformers import AutoProcessor
    from transformers.models.canary.processing_canary import LANGUAGE_CODE_TO_NAME

    with quiet(), explained(folder):
        processor = AutoProcessor.from_pretrained(str(folder.path), local_files_only=True)
    if not getattr(processor, "chat_template", None):
        raise ModelError(
            f"{folder.path} lacks chat_template.jinja, which names the language. Copy it from the base model."
        )
    tasks = ("transcribe", "translate")
    return Prompted(tuple(LANGUAGE_CODE_TO_NAME), tasks, processor=processor)


def _code(name: str) -> str:
    try:
        return model_language(name.split("_")[0])
    except OptionError:
        return ""

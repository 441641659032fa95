"""A Whisper with one language more: a token of its own, that begins as a relative's.

It takes the place of ``<|startoflm|>``, which no decoder uses, and that token moves behind the last
timestamp: a token behind the timestamps is a time to every decoder, and CTranslate2 takes only
tokens before ``<|notimestamps|>`` for a prompt. The checkpoint that comes out writes for the new
language what the base writes for the relative, to the bit, until it is trained.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from auricle.errors import OptionError
from auricle.models.folders import ModelFolder, read_json, weights
from auricle.models.whisper_tokens import added_languages, load_tokenizer, vocabulary

UNUSED = "<|startoflm|>"


def with_language(folder: ModelFolder, code: str, relative: int, out: Path) -> ModelFolder:
    """Write the Hugging Face checkpoint of a Whisper with a token for ``code`` into ``out``.

    ``relative`` is the id of the token whose embedding it begins with. What lies in ``out`` is
    replaced. Raises ModelError where the tokenizer cannot be read, OptionError for what is no code
    and where there is no room for another language.
    """
    import torch
    from transformers import WhisperForConditionalGeneration

    from auricle.engines.transformers.opening import explained, quiet

    if not (code.isascii() and code.isalpha() and code.islower() and 2 <= len(code) <= 3):
        raise OptionError(f"{code!r} is no code of a language. Give that of ISO 639, such as tw.")
    tokenizer = load_tokenizer(folder.path)
    if own := added_languages(tokenizer):
        raise OptionError(f"{folder.name} was given a token for {next(iter(own))!r}; there is room for one.")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with quiet(), explained(folder):
        model = WhisperForConditionalGeneration.from_pretrained(
            str(folder.path), dtype=torch.float32, local_files_only=True, use_safetensors=True
        )
        size = model.config.vocab_size
        place = _write_tokenizer(folder.path, out, f"<|{code}|>", vocabulary(tokenizer, size))
        model.resize_token_embeddings(size + 1, mean_resizing=False)
        with torch.no_grad():
            for part in {model.get_input_embeddings().weight, model.get_output_embeddings().weight}:
                part[size] = part[place]
                part[place] = part[relative]
        _list(model.generation_config, f"<|{code}|>", place, size)
        model.save_pretrained(out)
    heavy = {path.name for path in weights(folder.path)}
    for path in folder.path.iterdir():
        if path.suffix == ".json" and path.name not in heavy and not (out / path.name).exists():
            shutil.copyfile(path, out / path.name)
    return replace(folder, path=out, layout="huggingface")


def _write_tokenizer(source: Path, out: Path, token: str, tokens: list[str]) -> int:
    """The tokenizer's files in which ``token`` has the place of the unused one; that place."""
    place = tokens.index(UNUSED)
    base = load_tokenizer(source)
    if not (source / "tokenizer.json").is_file():
        base.save(str(out / "tokenizer.json"))
    text = (source if (source / "tokenizer.json").is_file() else out) / "tokenizer.json"
    whole = read_json(text)
    known = {entry["id"] for entry in whole["added_tokens"]} | set(
        base.get_vocab(with_added_tokens=False).values()
    )
    for entry in whole["added_tokens"]:
        if entry["content"] == UNUSED:
            entry["content"] = token
    for name, index in [
        *((tokens[index], index) for index in range(place, len(tokens))),
        (UNUSED, len(tokens)),
    ]:
        if index not in known:
            whole["added_tokens"].append(_entry(name, index, special=name == UNUSED))
    _save(out / "tokenizer.json", whole)
    for name in ("vocab.json", "merges.txt"):
        if (source / name).is_file():
            shutil.copyfile(source / name, out / name)
    added = {entry["content"]: entry["id"] for entry in whole["added_tokens"]}
    _save(out / "added_tokens.json", added)
    settings = source / "tokenizer_config.json"
    values = read_json(settings) if settings.is_file() else {}
    if isinstance(values.get("added_tokens_decoder"), dict):
        values["added_tokens_decoder"] = {
            str(entry["id"]): {name: value for name, value in entry.items() if name != "id"}
            for entry in whole["added_tokens"]
        }
    _save(out / "tokenizer_config.json", _renamed(values, token))
    return place


def _entry(content: str, index: int, *, special: bool) -> dict[str, Any]:
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {"id": index, "content": content, **plain, "special": special}


def _renamed(values: dict[str, Any], token: str) -> dict[str, Any]:
    """The settings of a tokenizer whose list of special tokens has the new one too."""
    listed = values.get("additional_special_tokens")
    if isinstance(listed, list) and token not in listed:
        values["additional_special_tokens"] = [*listed, token]
    return values


def _list(generation: Any, token: str, place: int, last: int) -> None:
    """The lists that steer decoding: the language is one, and what was moved is never written."""
    if isinstance(listed := getattr(generation, "lang_to_id", None), dict):
        generation.lang_to_id = {**listed, token: place}
    if (never := getattr(generation, "suppress_tokens", None)) is not None:
        generation.suppress_tokens = sorted({*never, place, last})


def _save(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")

"""What a Whisper checkpoint says of its tokens: the vocabulary, and the lists that steer decoding.

Where ``generation_config.json`` is silent, the lists are derived as openai/whisper does: suppress
what nobody says (brackets, musical notes, …) and all control tokens; never begin with a blank or
the end; align by all heads of the decoder's upper half.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.errors import ModelError
from auricle.models.folders import read_json

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_NEEDED = ("<|endoftext|>", "<|startoftranscript|>", "<|notimestamps|>")
_CONTROL = (
    "<|startoftranscript|>",
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|nocaptions|>",
)
LAST_TIME = "<|30.00|>"
_TIMES = 1501  # timestamps, which the tokenizers of older checkpoints leave out
_LANGUAGE = re.compile(r"<\|([a-z]{2,3})\|>")
_SYMBOLS = '" # ( ) * + / : ; < = > @ [ \\ ] ^ _ ` { | } ~ 「 」 『 』 << >> <<< >>> -- --- -( -['
_SYMBOLS += " (' (\" (( )) ((( ))) [[ ]] {{ }} ♪♪ ♪♪♪"
_MUSIC = "♩♪♫♬♭♮♯"  # each is two or three tokens; the first is theirs alone
_TOKENIZER_HINT = "Type in Python: WhisperTokenizerFast.from_pretrained(BASE).save_pretrained(FOLDER)"


def load_tokenizer(folder: Path) -> Tokenizer:
    """The checkpoint's tokenizer: tokenizer.json, or built from vocab.json, merges.txt, added_tokens.json.

    Raises ModelError where neither is there, or the parts do not fit together.
    """
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    try:
        return Tokenizer.from_file(str(path)) if path.is_file() else _build_tokenizer(folder)
    except ModelError:
        raise
    except Exception as error:  # tokenizers raises nothing narrower
        cause = " ".join(str(error).split())
        raise ModelError(f"the tokenizer of {folder} cannot be read: {cause}. {_TOKENIZER_HINT}") from error


def size(tokenizer: Tokenizer) -> int:
    """How many tokens there are, the timestamps among them that older tokenizers leave out."""
    known: int = tokenizer.get_vocab_size(with_added_tokens=True)
    return known if tokenizer.token_to_id(LAST_TIME) is not None else known + _TIMES


def vocabulary(tokenizer: Tokenizer, size: int) -> list[str]:
    """All tokens in the order of their ids, filled up with timestamps to ``size``.

    Older checkpoints leave out the timestamps "<|0.00|>" to "<|30.00|>" that follow the last token.
    The id before "<|endoftext|>" is the empty token where nothing else has it: CTranslate2 knows a
    multilingual model by that token.
    Raises ModelError where the tokenizer has more tokens than the weights, or lacks a control token.
    """
    ids = tokenizer.get_vocab(with_added_tokens=True)
    if missing := [token for token in _NEEDED if token not in ids]:
        raise ModelError(f"the tokenizer lacks {missing[0]}, so it is none of Whisper's. {_TOKENIZER_HINT}")
    if max(ids.values()) >= size:
        raise ModelError(f"the tokenizer knows {max(ids.values()) + 1} tokens, the weights {size}.")
    first = ids["<|notimestamps|>"] + 1
    tokens = [f"<|{(i - first) * 0.02:.2f}|>" if i >= first else f"<|unused{i}|>" for i in range(size)]
    tokens[ids["<|endoftext|>"] - 1] = ""
    for token, index in ids.items():
        tokens[index] = token
    return tokens


def added_languages(tokenizer: Tokenizer) -> dict[str, int]:
    """The codes and ids of languages that the published Whispers have no token for (``new_language.py``)."""
    first, last = tokenizer.token_to_id("<|translate|>"), tokenizer.token_to_id("<|notimestamps|>")
    if first is None or last is None:
        return {}
    names = ((tokenizer.id_to_token(index) or "", index) for index in range(first + 1, last))
    return {match[1]: index for name, index in names if (match := _LANGUAGE.fullmatch(name))}


def behind_times(tokenizer: Tokenizer) -> list[int]:
    """The ids behind the timestamps, which published Whispers have none of: they are never written."""
    last = tokenizer.token_to_id(LAST_TIME)
    size = tokenizer.get_vocab_size(with_added_tokens=True)
    return [] if last is None else list(range(last + 1, size))


def suppressed(tokenizer: Tokenizer, configs: Sequence[Mapping[str, Any]]) -> list[int]:
    """Ids never to be written: the first list that a config has, else as openai/whisper derives it.

    What stands behind the timestamps is never written either.
    """
    listed = _listed("suppress_tokens", tokenizer, configs)
    if listed is None:
        listed = sorted({*_non_speech(tokenizer), *_ids(tokenizer, _CONTROL)})
    return [*listed, *(index for index in behind_times(tokenizer) if index not in listed)]


def suppressed_first(tokenizer: Tokenizer, configs: Sequence[Mapping[str, Any]]) -> list[int]:
    """Ids that no text begins with: the first list that a config has, else a blank and the end."""
    listed = _listed("begin_suppress_tokens", tokenizer, configs)
    if listed is not None:
        return listed
    return [*_encode(tokenizer, " "), *_ids(tokenizer, ["<|endoftext|>"])]


def languages(tokenizer: Tokenizer, generation: Mapping[str, Any]) -> list[int]:
    """The ids of the language tokens, ascending: listed, else all between start and "translate".

    By place and not by name, because older tokenizers write Hebrew "<|iw|>".
    """
    listed = generation.get("lang_to_id")
    if isinstance(listed, dict) and listed:
        return sorted(listed.values())
    bounds = _ids(tokenizer, ["<|startoftranscript|>", "<|translate|>"])
    own = added_languages(tokenizer).values()
    return [*range(bounds[0] + 1, bounds[1]), *own] if len(bounds) == 2 else []


def alignment_heads(generation: Mapping[str, Any], layers: int, heads: int) -> list[list[int]]:
    """(layer, head) of the decoder whose attention follows time: listed, else the upper half, all heads.

    Raises ModelError where a listed head does not exist: CTranslate2 would read beyond its memory.
    """
    existing = [[layer, head] for layer in range(layers) for head in range(heads)]
    listed = generation.get("alignment_heads") or existing[layers // 2 * heads :]
    if wrong := [pair for pair in listed if pair not in existing]:
        raise ModelError(f"generation_config.json: there is no attention head {wrong[0]} to align by.")
    return listed


def _listed(field: str, tokenizer: Tokenizer, configs: Sequence[Mapping[str, Any]]) -> list[int] | None:
    """The list of the first config that has one; an empty list is one, null is none.

    Transformers writes 220 and 50256 into the config of every Whisper, however few tokens it has, and
    CTranslate2 writes to memory that is not its own where it is told of a token that there is not.
    """
    listed = next((config[field] for config in configs if isinstance(config.get(field), list)), None)
    if listed is None:
        return None
    known = range(size(tokenizer))
    return [index for index in listed if index in known]


def _non_speech(tokenizer: Tokenizer) -> set[int]:
    """Ids of what stands in captions but is not said; "-" and "'" only count at the start of a word."""
    found = {_encode(tokenizer, " -")[0], _encode(tokenizer, " '")[0]}
    for symbol in [*_SYMBOLS.split(), *_MUSIC]:
        for text in (symbol, f" {symbol}"):
            ids = _encode(tokenizer, text)
            if len(ids) == 1 or symbol in _MUSIC:
                found.add(ids[0])
    return found


def _encode(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


def _ids(tokenizer: Tokenizer, tokens: Sequence[str]) -> list[int]:
    """The ids of those tokens that the tokenizer has."""
    found = (tokenizer.token_to_id(token) for token in tokens)
    return [index for index in found if index is not None]


def _build_tokenizer(folder: Path) -> Tokenizer:
    """Byte-level BPE from the slow tokenizer's files, its control tokens with their listed ids."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    names = ("vocab.json", "merges.txt", "added_tokens.json")
    if missing := [name for name in names if not (folder / name).is_file()]:
        raise ModelError(f"{folder} lacks tokenizer.json, or else {', '.join(missing)}. {_TOKENIZER_HINT}")
    merges = _merges(folder / "merges.txt")
    added = read_json(folder / "added_tokens.json")
    tokenizer = Tokenizer(models.BPE(vocab=read_json(folder / "vocab.json"), merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = sorted({"<|endoftext|>", *added}, key=lambda token: added.get(token, -1))
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    if wrong := [token for token, index in added.items() if tokenizer.token_to_id(token) != index]:
        raise ModelError(f"{folder}: the id of {wrong[0]} does not follow vocab.json. {_TOKENIZER_HINT}")
    return tokenizer


def _merges(path: Path) -> list[tuple[str, str]]:
    """The pairs of merges.txt, without its "#version" line."""
    pairs = (line.partition(" ") for line in path.read_text("utf-8").split("\n"))
    return [(left, right) for left, _, right in pairs if right and left != "#version:"]

"""Whisper checkpoints for tests: built in code, or turned back from the embedded CTranslate2 weights."""

import json
import struct
from pathlib import Path

import numpy as np

# Order of the DataType enum in CTranslate2's include/ctranslate2/types.h
_CTRANSLATE2_TYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)


def write_safetensors(path: Path, tensors: dict[str, np.ndarray], dtype: str = "F32") -> None:
    """A safetensors file by the letter of the format."""
    header, blobs, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, array in tensors.items():
        blob = encode(array, dtype)
        place = [offset, offset + len(blob)]
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": place}
        offset += len(blob)
        blobs.append(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def encode(array: np.ndarray, dtype: str) -> bytes:
    if dtype == "BF16":  # cut off, which is exact for the values used in tests
        return (np.ascontiguousarray(array, np.float32).view(np.uint32) >> 16).astype("<u2").tobytes()
    return np.ascontiguousarray(array, {"F32": "<f4", "F16": "<f2"}[dtype]).tobytes()


def read_ctranslate2(path: Path) -> dict[str, np.ndarray]:
    """All variables of a model.bin of format 6, aliases resolved."""
    data, position = path.read_bytes(), 0

    def number(code: str) -> int:
        nonlocal position
        (value,) = struct.unpack_from(f"<{code}", data, position)
        position += struct.calcsize(f"<{code}")
        return value

    def text() -> str:
        nonlocal position
        length = number("H")
        value = data[position : position + length - 1].decode()
        position += length
        return value

    assert number("I") == 6 and text() == "WhisperSpec" and number("I") == 3
    variables = {}
    for _ in range(number("I")):
        name = text()
        shape = tuple(number("I") for _ in range(number("B")))
        dtype = np.dtype(_CTRANSLATE2_TYPES[number("B")])
        size = number("I")
        variables[name] = np.frombuffer(data, dtype, size // dtype.itemsize, position).reshape(shape)
        position += size
    for _ in range(number("I")):
        alias = text()
        variables[alias] = variables[text()]
    assert position == len(data)
    return variables


def to_hugging_face(variables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The names that transformers gives to Whisper's weights, from CTranslate2's."""
    tensors = {"model.decoder.embed_tokens.weight": variables["decoder/embeddings/weight"]}
    for side in ("encoder", "decoder"):
        tensors[f"model.{side}.embed_positions.weight"] = variables[f"{side}/position_encodings/encodings"]
        _norm(tensors, f"model.{side}.layer_norm", variables, f"{side}/layer_norm")
        layers = {
            int(name.split("/")[1][6:])
            for name in variables
            if name.startswith(f"{side}/layer_") and name.split("/")[1][6:] != "norm"
        }
        for number in layers:
            _layer(tensors, f"model.{side}.layers.{number}", variables, f"{side}/layer_{number}", side)
    for conv in ("conv1", "conv2"):
        for part in ("weight", "bias"):
            tensors[f"model.encoder.{conv}.{part}"] = variables[f"encoder/{conv}/{part}"]
    return tensors


def _layer(tensors, to, variables, source, side):
    _attention(
        tensors,
        f"{to}.self_attn",
        variables,
        f"{source}/self_attention",
        ["q_proj k_proj v_proj", "out_proj"],
    )
    _norm(tensors, f"{to}.self_attn_layer_norm", variables, f"{source}/self_attention/layer_norm")
    if side == "decoder":
        parts = ["q_proj", "k_proj v_proj", "out_proj"]
        _attention(tensors, f"{to}.encoder_attn", variables, f"{source}/attention", parts)
        _norm(tensors, f"{to}.encoder_attn_layer_norm", variables, f"{source}/attention/layer_norm")
    for name, linear in (("fc1", "linear_0"), ("fc2", "linear_1")):
        for part in ("weight", "bias"):
            tensors[f"{to}.{name}.{part}"] = variables[f"{source}/ffn/{linear}/{part}"]
    _norm(tensors, f"{to}.final_layer_norm", variables, f"{source}/ffn/layer_norm")


def _attention(tensors, to, variables, source, parts):
    for number, names in enumerate(parts):
        for part in ("weight", "bias"):
            split = np.split(variables[f"{source}/linear_{number}/{part}"], len(names.split()))
            for name, array in zip(names.split(), split, strict=True):
                if (name, part) == ("k_proj", "bias"):
                    assert not array.any()
                else:
                    tensors[f"{to}.{name}.{part}"] = array


def _norm(tensors, to, variables, source):
    tensors[f"{to}.weight"] = variables[f"{source}/gamma"]
    tensors[f"{to}.bias"] = variables[f"{source}/beta"]


def config_of(tensors: dict[str, np.ndarray], heads: int) -> dict:
    """The config.json that goes with the tensors."""
    width, mels, _ = tensors["model.encoder.conv1.weight"].shape
    layers = {
        side: sum(
            name.startswith(f"model.{side}.layers.") and name.endswith("fc1.weight") for name in tensors
        )
        for side in ("encoder", "decoder")
    }
    return {
        "model_type": "whisper",
        "activation_function": "gelu",
        "scale_embedding": False,
        "d_model": width,
        "num_mel_bins": mels,
        "encoder_layers": layers["encoder"],
        "decoder_layers": layers["decoder"],
        "encoder_attention_heads": heads,
        "decoder_attention_heads": heads,
        "encoder_ffn_dim": tensors["model.encoder.layers.0.fc1.weight"].shape[0],
        "decoder_ffn_dim": tensors["model.decoder.layers.0.fc1.weight"].shape[0],
        "max_source_positions": tensors["model.encoder.embed_positions.weight"].shape[0],
        "max_target_positions": tensors["model.decoder.embed_positions.weight"].shape[0],
        "vocab_size": tensors["model.decoder.embed_tokens.weight"].shape[0],
    }


def random_tensors(
    *, vocabulary: int, mels: int = 80, width: int = 8, frames: int = 1500, layers: int = 2
) -> dict[str, np.ndarray]:
    """A tiny Whisper of random weights, exact in bfloat16 so that every storage type holds the same."""
    rng = np.random.default_rng(7)

    def draw(*shape):
        values = rng.normal(0, 0.3, shape).astype(np.float32)
        return (values.view(np.uint32) & 0xFFFF0000).view(np.float32)

    tensors = {
        "model.encoder.conv1.weight": draw(width, mels, 3),
        "model.encoder.conv1.bias": draw(width),
        "model.encoder.conv2.weight": draw(width, width, 3),
        "model.encoder.conv2.bias": draw(width),
        "model.encoder.embed_positions.weight": draw(frames, width),
        "model.decoder.embed_positions.weight": draw(448, width),
        "model.decoder.embed_tokens.weight": draw(vocabulary, width),
    }
    norms = [f"model.{side}.layer_norm" for side in ("encoder", "decoder")]
    for side in ("encoder", "decoder"):
        for number in range(layers):
            layer = f"model.{side}.layers.{number}"
            attentions = ["self_attn"] if side == "encoder" else ["self_attn", "encoder_attn"]
            for attention in attentions:
                norms.append(f"{layer}.{attention}_layer_norm")
                for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
                    tensors[f"{layer}.{attention}.{name}.weight"] = draw(width, width)
                    if name != "k_proj":
                        tensors[f"{layer}.{attention}.{name}.bias"] = draw(width)
            norms.append(f"{layer}.final_layer_norm")
            tensors |= {f"{layer}.fc1.weight": draw(4 * width, width), f"{layer}.fc1.bias": draw(4 * width)}
            tensors |= {f"{layer}.fc2.weight": draw(width, 4 * width), f"{layer}.fc2.bias": draw(width)}
    for name in norms:
        tensors |= {f"{name}.weight": draw(width), f"{name}.bias": draw(width)}
    return tensors


def tokenizer_json(words: int, languages: int, timestamps: bool) -> dict:
    """A byte-level tokenizer with Whisper's control tokens after ``words`` words, the last one empty."""
    from tokenizers import pre_tokenizers

    from auricle.models import LANGUAGES

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {
        token: i
        for i, token in enumerate(letters + [f"word{i}" for i in range(words - len(letters) - 1)] + [""])
    }
    control = [
        "<|endoftext|>",
        "<|startoftranscript|>",
        *(f"<|{code}|>" for code in list(LANGUAGES)[:languages]),
    ]
    control += [
        "<|translate|>",
        "<|transcribe|>",
        "<|startoflm|>",
        "<|startofprev|>",
        "<|nospeech|>",
        "<|notimestamps|>",
    ]
    if timestamps:
        control += [f"<|{i * 0.02:.2f}|>" for i in range(1501)]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": words + i, "content": token, **flags} for i, token in enumerate(control)],
        "normalizer": None,
        "pre_tokenizer": level,
        "post_processor": None,
        "decoder": level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "vocab": vocab,
            "merges": [],
        },
    }


def write_checkpoint(
    folder: Path,
    tensors: dict[str, np.ndarray],
    *,
    heads: int,
    tokenizer: dict | bytes | None,
    dtype: str = "F32",
    shards: int = 1,
    generation: dict | None = None,
) -> Path:
    """A Hugging Face checkpoint folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config_of(tensors, heads)))
    if tokenizer is not None:
        data = tokenizer if isinstance(tokenizer, bytes) else json.dumps(tokenizer).encode()
        (folder / "tokenizer.json").write_bytes(data)
    if generation is not None:
        (folder / "generation_config.json").write_text(json.dumps(generation))
    if shards == 1:
        write_safetensors(folder / "model.safetensors", tensors, dtype)
        return folder
    weight_map = {}
    for number in range(shards):
        name = f"model-{number + 1:05}-of-{shards:05}.safetensors"
        part = dict(list(tensors.items())[number::shards])
        write_safetensors(folder / name, part, dtype)
        weight_map |= dict.fromkeys(part, name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    return folder


def numpy_encoder(tensors: dict[str, np.ndarray], mels: np.ndarray, heads: int) -> np.ndarray:
    """Whisper's encoder of one layer by the book: (mels, 3000 frames) → (1500 frames, width)."""
    at = {name.removeprefix("model.encoder."): array.astype(np.float64) for name, array in tensors.items()}

    def gelu(x):
        from math import erf

        return x * 0.5 * (1 + np.vectorize(erf)(x / np.sqrt(2)))

    def conv(x, name, stride):
        padded = np.pad(x, ((0, 0), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, 3, axis=1)[:, ::stride]
        return gelu(np.einsum("ock,ctk->ot", at[f"{name}.weight"], windows) + at[f"{name}.bias"][:, None])

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * at[f"{name}.weight"] + at[f"{name}.bias"]

    def linear(x, name):
        return x @ at[f"{name}.weight"].T + at.get(f"{name}.bias", 0.0)

    def attention(x, name):
        q, k, v = (linear(x, f"{name}.{part}_proj").reshape(len(x), heads, -1) for part in "qkv")
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(q.shape[-1])
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = np.einsum("hqk,khd->qhd", weights / weights.sum(-1, keepdims=True), v)
        return linear(mixed.reshape(x.shape), f"{name}.out_proj")

    x = conv(conv(mels.astype(np.float64), "conv1", 1), "conv2", 2).T + at["embed_positions.weight"]
    x = x + attention(norm(x, "layers.0.self_attn_layer_norm"), "layers.0.self_attn")
    x = x + linear(gelu(linear(norm(x, "layers.0.final_layer_norm"), "layers.0.fc1")), "layers.0.fc2")
    return norm(x, "layer_norm")

"""A tiny checkpoint of random weights for every family that Transformers loads, built in code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

LETTERS = ["<pad>", "<s>", "</s>", "<unk>", "|", *"etaoinshrdlucmfwypvbgkjxqz'"]
_WIDTH = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
_CONVS = {
    "conv_dim": (16,) * 7,
    "conv_kernel": (10, 3, 3, 3, 3, 2, 2),
    "conv_stride": (5, 2, 2, 2, 2, 2, 2),
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
}
_CTC_LIKE = ("wav2vec2", "hubert", "wavlm")
_IDS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "vocab_size": len(LETTERS)}


def _ctc(name: str, folder: Path, **changes: Any) -> Path:
    """A model of raw samples: Wav2Vec2 and its relatives."""
    import transformers

    config = getattr(transformers, f"{name}Config")(**_WIDTH, **_CONVS, **_IDS, **changes)
    _save(getattr(transformers, f"{name}ForCTC"), config, folder)
    write_letters(folder)
    sound = transformers.Wav2Vec2FeatureExtractor(return_attention_mask=True, do_normalize=True)
    sound.save_pretrained(folder)
    return folder


def write_letters(folder: Path, letters: list[str] = LETTERS, language: str | None = None) -> None:
    """The vocabulary and tokenizer of a CTC model; one vocabulary a language where one is named."""
    from transformers import Wav2Vec2CTCTokenizer

    vocab: dict[str, Any] = {letter: index for index, letter in enumerate(letters)}
    (folder / "vocab.json").write_text(json.dumps({language: vocab} if language else vocab))
    named = {"target_lang": language} if language else {}
    tokenizer = Wav2Vec2CTCTokenizer(str(folder / "vocab.json"), **named)
    tokenizer.save_pretrained(folder)


def _save(model: Any, config: Any, folder: Path, scale: float = 20.0) -> None:
    """Weights drawn from one seed; the last layer is made loud, so that rounding decides nothing."""
    import torch

    torch.manual_seed(11)
    made = model(config).eval()
    with torch.no_grad():
        for name in ("lm_head", "ctc_head", "proj_out"):
            if (layer := getattr(made, name, None)) is not None:
                layer.weight.mul_(scale)
                if name != "ctc_head" and not config.model_type.startswith(_CTC_LIKE):
                    layer.weight[:4] = 0  # no end and no unknown token: random text of full length
    made.save_pretrained(folder)


def wav2vec2(folder: Path) -> Path:
    return _ctc("Wav2Vec2", folder, feat_extract_norm="layer", do_stable_layer_norm=True)


def wav2vec2_base(folder: Path) -> Path:
    """As wav2vec2-base: its first layer normalises over the whole audio."""
    return _ctc("Wav2Vec2", folder, feat_extract_norm="group")


def hubert(folder: Path) -> Path:
    return _ctc("Hubert", folder, feat_extract_norm="layer", do_stable_layer_norm=True)


def wavlm(folder: Path) -> Path:
    return _ctc("WavLM", folder, feat_extract_norm="layer", do_stable_layer_norm=True, num_buckets=16)


def xls_r(folder: Path) -> Path:
    return _ctc("Wav2Vec2", folder, feat_extract_norm="layer", do_stable_layer_norm=True, conv_bias=True)


def mms(folder: Path) -> Path:
    """Two languages, each with its adapter and its letters."""
    import torch
    from safetensors.torch import save_file
    from transformers import Wav2Vec2ForCTC

    _ctc("Wav2Vec2", folder, feat_extract_norm="layer", do_stable_layer_norm=True, adapter_attn_dim=4)
    model = Wav2Vec2ForCTC.from_pretrained(folder)
    letters = {"eng": LETTERS, "fra": [*LETTERS[:5], *"esaitnrulodcmpévqfbghjàxèêyzçkw"]}
    for seed, (language, known) in enumerate(letters.items()):
        torch.manual_seed(seed)
        shapes = {name: value.shape for name, value in model._get_adapters().items()}
        tensors = {name: torch.randn(shape) * 0.3 for name, shape in shapes.items()}
        tensors["lm_head.weight"] = torch.randn(len(known), 16) * 2
        tensors["lm_head.bias"] = torch.zeros(len(known))
        save_file(tensors, folder / f"adapter.{language}.safetensors")
    write_letters(folder, LETTERS, "eng")
    vocab = {name: {letter: i for i, letter in enumerate(known)} for name, known in letters.items()}
    (folder / "vocab.json").write_text(json.dumps(vocab))
    return folder


def wav2vec2_bert(folder: Path) -> Path:
    import transformers

    config = transformers.Wav2Vec2BertConfig(**_WIDTH, **_IDS, feature_projection_input_dim=160)
    _save(transformers.Wav2Vec2BertForCTC, config, folder)
    write_letters(folder)
    transformers.SeamlessM4TFeatureExtractor(feature_size=80, stride=2).save_pretrained(folder)
    return folder


def parakeet(folder: Path) -> Path:
    import transformers

    encoder = transformers.ParakeetEncoderConfig(**_WIDTH, num_mel_bins=80, subsampling_conv_channels=8)
    pieces = ["<unk>", *(f"▁{letter}" for letter in "etaoinsh"), *"etaoinshrdlu"]
    config = transformers.ParakeetCTCConfig(
        vocab_size=len(pieces) + 1, pad_token_id=len(pieces), encoder_config=encoder.to_dict()
    )
    _save(transformers.ParakeetForCTC, config, folder)
    transformers.ParakeetFeatureExtractor(feature_size=80).save_pretrained(folder)
    write_pieces(folder, [*pieces, "<pad>"], "ParakeetTokenizer", pad="<pad>")
    return folder


def write_pieces(folder: Path, pieces: list[str], kind: str, **special: str) -> None:
    """A tokenizer.json in which each token stands for itself, with "▁" for a space."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    vocab = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens([piece for piece in pieces if piece.startswith("<")])
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": kind, "unk_token": "<unk>"}
    config |= {f"{role}_token": token for role, token in special.items()}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def moonshine(folder: Path) -> Path:
    import transformers

    pieces = ["<unk>", "<s>", "</s>", *(f"▁{letter}" for letter in "etaoinsh"), *"etaoinshrdlu"]
    config = transformers.MoonshineConfig(
        vocab_size=len(pieces),
        hidden_size=16,
        intermediate_size=32,
        encoder_num_hidden_layers=2,
        decoder_num_hidden_layers=2,
        encoder_num_attention_heads=2,
        decoder_num_attention_heads=2,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
        pad_token_id=2,
    )
    _save(transformers.MoonshineForConditionalGeneration, config, folder)
    transformers.Wav2Vec2FeatureExtractor(return_attention_mask=True, do_normalize=False).save_pretrained(
        folder
    )
    write_pieces(folder, pieces, "PreTrainedTokenizerFast", bos="<s>", eos="</s>", pad="</s>")
    return folder


def moonshine_streaming(folder: Path) -> Path:
    import transformers

    pieces = ["<unk>", "<s>", "</s>", *(f"▁{letter}" for letter in "etaoinsh"), *"etaoinshrdlu"]
    config = transformers.MoonshineStreamingConfig(
        **_WIDTH,
        num_key_value_heads=2,
        encoder_config={**_WIDTH, "num_key_value_heads": 2, "sliding_windows": [[16, 4], [16, 4]]},
        vocab_size=len(pieces),
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
        pad_token_id=2,
    )
    _save(transformers.MoonshineStreamingForConditionalGeneration, config, folder)
    sound = transformers.Wav2Vec2FeatureExtractor(return_attention_mask=True, do_normalize=False)
    sound.save_pretrained(folder)
    write_pieces(folder, pieces, "PreTrainedTokenizerFast", bos="<s>", eos="</s>", pad="</s>")
    return folder


def canary(folder: Path) -> Path:
    import transformers

    languages = [f"<|{code}|>" for code in ("en", "de", "fr")]
    marks = ["<unk>", "<pad>", "<|startofcontext|>", "<|endoftext|>", *languages, "<|pnc|>"]
    pieces = [*marks, *(f"▁{letter}" for letter in "etaoinsh"), *"etaoinshrdlu"]
    ids = {"pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 3}
    encoder = transformers.ParakeetEncoderConfig(**_WIDTH, num_mel_bins=80, subsampling_conv_channels=8)
    config = transformers.CanaryConfig(
        vocab_size=len(pieces),
        encoder_config={**encoder.to_dict(), "model_type": "parakeet_encoder"},
        decoder_config={**_WIDTH, "vocab_size": len(pieces), "num_key_value_heads": 2, "head_dim": 8, **ids},
        decoder_start_token_id=2,
        tie_word_embeddings=False,
        **ids,
    )
    _save(transformers.CanaryForConditionalGeneration, config, folder)
    transformers.ParakeetFeatureExtractor(feature_size=80).save_pretrained(folder)
    write_pieces(folder, pieces, "PreTrainedTokenizerFast", pad="<pad>", eos="<|endoftext|>")
    (folder / "processor_config.json").write_text(json.dumps({"processor_class": "CanaryProcessor"}))
    (folder / "chat_template.jinja").write_text(
        "{% for part in messages[0].content if part.type == 'text' %}<|startofcontext|>"
        "<|{{ part.source_language }}|><|{{ part.target_language }}|><|pnc|>{% endfor %}"
    )
    return folder


def speech2text(folder: Path) -> Path:
    import transformers

    pieces = ["<s>", "<pad>", "</s>", "<unk>", *(f"▁{letter}" for letter in "etaoinsh"), *"etaoinshrdlu"]
    config = transformers.Speech2TextConfig(
        vocab_size=len(pieces),
        d_model=16,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        conv_channels=16,
        max_source_positions=600,
        max_target_positions=64,
    )
    _save(transformers.Speech2TextForConditionalGeneration, config, folder)
    transformers.Speech2TextFeatureExtractor().save_pretrained(folder)
    write_pieces(folder, pieces, "PreTrainedTokenizerFast", bos="<s>", eos="</s>", pad="<pad>")
    return folder


#: Name → builder: one a family, and whether its text is of CTC.
CTC_FAMILIES: dict[str, Callable[[Path], Path]] = {
    "wav2vec2": wav2vec2,
    "wav2vec2-base": wav2vec2_base,
    "hubert": hubert,
    "wavlm": wavlm,
    "xls-r": xls_r,
    "mms": mms,
    "wav2vec2-bert": wav2vec2_bert,
    "parakeet": parakeet,
}
SEQ2SEQ_FAMILIES: dict[str, Callable[[Path], Path]] = {
    "canary": canary,
    "moonshine": moonshine,
    "moonshine-streaming": moonshine_streaming,
    "speech2text": speech2text,
}

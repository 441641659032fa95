"""What a Hugging Face checkpoint can be used for, read from its config.json.

Three kinds: ``whisper``, which both engines know; ``seq2seq``, any other model that writes text with
a decoder; ``ctc``, a model that gives every frame of sound a letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from auricle.errors import ModelError

Kind = Literal["whisper", "seq2seq", "ctc"]

#: What AutoModelForCTC loads (a test holds the list against the library's).
CTC_TYPES = (
    "data2vec-audio", "granite_speech5_ctc", "hubert", "lasr_ctc", "omniasr_ctc", "parakeet_ctc", "sew",
    "sew-d", "unispeech", "unispeech-sat", "wav2vec2", "wav2vec2-bert", "wav2vec2-conformer", "wavlm",
)  # fmt: skip
#: What AutoModelForSpeechSeq2Seq loads and needs no dialogue of its own to write down what it hears.
SEQ2SEQ_TYPES = (
    "canary", "moonshine", "moonshine_streaming", "seamless_m4t", "seamless_m4t_v2", "speech-encoder-decoder",
    "speech_to_text",
)  # fmt: skip
#: What it loads besides: models that speak, sing, or want a conversation around the recording.
REFUSED_TYPES = (
    "cohere_asr", "dia", "fun_asr_nano", "granite_speech", "granite_speech_plus",
    "kyutai_speech_to_text", "omniasr", "pop2piano", "qwen3_asr", "speecht5",
    "vibevoice", "vibevoice_asr", "voxtral", "voxtral_realtime",
)  # fmt: skip
_SEQ2SEQ_CLASSES = ("ForConditionalGeneration", "ForSpeechToText", "SpeechEncoderDecoderModel")


def kind_of(config: Mapping[str, Any], folder: Path) -> Kind:
    """The kind of a checkpoint. Raises ModelError where it does not write down speech."""
    model_type = config.get("model_type")
    if model_type is None:
        raise ModelError(f"{folder / 'config.json'} has no model_type, so what model it is stays unknown.")
    classes = [str(name) for name in config.get("architectures") or ()]
    if model_type in CTC_TYPES:
        return _checked("ctc", classes, ("ForCTC",), folder)
    if model_type == "whisper":
        return _checked("whisper", classes, _SEQ2SEQ_CLASSES, folder)
    if model_type in SEQ2SEQ_TYPES:
        return _checked("seq2seq", classes, _SEQ2SEQ_CLASSES, folder)
    raise ModelError(
        f"{folder} is a {model_type!r} checkpoint; Auricle loads whisper, "
        f"{', '.join(SEQ2SEQ_TYPES)} and, for CTC, {', '.join(CTC_TYPES)}."
    )


def _checked(kind: Kind, classes: list[str], endings: tuple[str, ...], folder: Path) -> Kind:
    """The kind, unless the checkpoint was saved for another task."""
    if classes and not any(name.endswith(endings) for name in classes):
        raise ModelError(
            f"{folder} was saved as {classes[0]}, which writes no text; "
            f"what is needed is one that ends in {endings[0]}. Fine-tune it first, or choose another."
        )
    return kind

"""The embedded weights in the form that each tool reads, made once under .auricle/weights."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
from common import PEERS, ROOT, peer_python

from auricle.models import resolve
from auricle.models.folders import read_json
from auricle.models.to_ggml import convert_to_ggml, openai_weights
from auricle.models.to_huggingface import convert_to_huggingface
from auricle.models.whisper_weights import Dimensions

MADE = ROOT / ".auricle" / "weights"
EXPORTER = ("optimum-intel[openvino]==2.2.0", "torch==2.13.0")


def folder() -> Path:
    """CTranslate2's layout, as it comes with Auricle."""
    return resolve("tiny.en").path


def hf() -> Path:
    """A Hugging Face checkpoint."""
    if not (out := MADE / "hf").is_dir():
        convert_to_huggingface(resolve("tiny.en"), out)
    return out


def ggml() -> Path:
    """A file of whisper.cpp."""
    return out if (out := MADE / "tiny.en.bin").is_file() else convert_to_ggml(resolve("tiny.en"), out)


def openai() -> Path:
    """A checkpoint of openai-whisper."""
    if (out := MADE / "tiny.en.pt").is_file():
        return out
    dims = Dimensions.of(read_json(hf() / "config.json"))
    sizes = {
        "n_mels": dims.mels,
        "n_audio_ctx": dims.frames,
        "n_audio_state": dims.width,
        "n_audio_head": dims.encoder_heads,
        "n_audio_layer": dims.encoder_layers,
        "n_vocab": dims.vocabulary,
        "n_text_ctx": dims.positions,
        "n_text_state": dims.width,
        "n_text_head": dims.decoder_heads,
        "n_text_layer": dims.decoder_layers,
    }
    arrays = MADE / "openai.npz"
    np.savez(arrays, allow_pickle=False, **dict(openai_weights(hf())))
    python = peer_python("openai_whisper")
    subprocess.run([python, PEERS / "openai_whisper_weights.py", arrays, json.dumps(sizes), out], check=True)
    arrays.unlink()
    return out


def openvino() -> Path:
    """What openvino-genai reads: an export by optimum-intel with 8-bit weights."""
    if (out := MADE / "openvino-int8").is_dir():
        return out
    python = peer_python("optimum_intel", *EXPORTER)
    # Its torchvision is built for another torch, and with it transformers cannot be imported.
    subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", "torchvision"], check=True)
    part = out.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    options = ("--task", "automatic-speech-recognition-with-past", "--weight-format", "int8")
    command: list[str | Path] = [
        python.parent / "optimum-cli",
        "export",
        "openvino",
        "--model",
        hf(),
        *options,
        part,
    ]
    subprocess.run(command, check=True, env=os.environ | {"HF_HUB_OFFLINE": "1"})
    part.rename(out)
    return out

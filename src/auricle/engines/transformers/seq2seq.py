"""Sequence-to-sequence models other than Whisper: Moonshine, Speech2Text, SeamlessM4T and their like.

Knows: sound in, text out, and how each family is told a language. Refuses to know: windows of long
recordings, gates, formats. These models write no times, so words are refused; a segment is what the
window held.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from auricle.audio import Audio
from auricle.engines import DecodeOptions, EngineInfo, LoadOptions
from auricle.engines.transformers import SEQ2SEQ
from auricle.engines.transformers.dialogue import Dialogue, dialogue_of
from auricle.engines.transformers.opening import explained, inference, open_model, quiet
from auricle.engines.transformers.sound import Sound
from auricle.errors import OptionError
from auricle.models import ModelFolder
from auricle.models.folders import read_json
from auricle.transcript import Segment, Transcript

WINDOW = 30.0  # seconds
# Tokens a second of audio at most, and in any case: the fastest speakers reach about 25 characters
# a second, a token has two to four of them; what goes beyond is a loop.
_TOKENS, _AT_LEAST = 13.0, 8
_SHORTEST = 0.1  # seconds below which nothing can be said


class Seq2SeqEngine:
    """Engine over ``transformers.AutoModelForSpeechSeq2Seq``."""

    window = WINDOW
    accepts = SEQ2SEQ

    def __init__(self, folder: ModelFolder, options: LoadOptions, *, model: Any = None) -> None:
        """``model`` is one in memory, in training, that takes the place of the folder's weights."""
        config = read_json(folder.path / "config.json")
        self._sound = Sound(folder, _frame(config))
        self._tokenizer = _tokenizer(folder)
        self.rate = self._sound.rate
        self._model = model or open_model("AutoModelForSpeechSeq2Seq", folder, options)
        self._dialogue: Dialogue = dialogue_of(config, folder)
        self.info = EngineInfo(
            engine="transformers",
            model=folder.name,
            revision=folder.revision,
            device=str(self._model.device),
            compute_type=str(self._model.dtype).removeprefix("torch."),
            languages=self._dialogue.languages,
            tasks=self._dialogue.tasks,
        )

    @inference
    def transcribe(self, batch: Sequence[Audio], options: DecodeOptions) -> list[Transcript]:
        """The text of each audio. Raises OptionError for audio longer than the window.

        Audio of one length is decoded together: not every model masks what pads the rest.
        """
        groups: dict[int, list[int]] = {}
        found: dict[int, Transcript] = {}
        for index, audio in enumerate(batch):
            if audio.duration > WINDOW + 0.01:
                raise OptionError(
                    f"this model hears {WINDOW:.0f} s at once, this audio is {audio.duration:.1f} s."
                )
            found[index] = Transcript((), audio.duration, options.language)
            if audio.duration >= _SHORTEST:
                groups.setdefault(len(audio.samples), []).append(index)
        for indexes in groups.values():
            found |= zip(indexes, self._together([batch[index] for index in indexes], options), strict=True)
        return [found[index] for index in range(len(batch))]

    def _together(self, batch: Sequence[Audio], options: DecodeOptions) -> list[Transcript]:
        inputs, _ = self._sound.inputs(batch, self._model.device, self._model.dtype)
        sampled = options.temperature > 0
        copies = options.best_of if sampled else 1
        asked = self._dialogue.arguments(options, len(batch))
        prompt = asked.get("decoder_input_ids")
        if prompt is not None:
            asked["decoder_input_ids"] = prompt.to(self._model.device)
        written = 0 if prompt is None else prompt.shape[1]  # tokens that are none of the text
        arguments: dict[str, Any] = {
            **asked,
            "max_new_tokens": self._limit(batch[0]),
            "num_beams": 1 if sampled else options.beam_size,
            "do_sample": sampled,
            "num_return_sequences": copies,
            "return_dict_in_generate": True,
            "output_scores": True,
        }
        if sampled:
            arguments |= {"temperature": options.temperature, "top_k": 0}
        if arguments["num_beams"] > 1:
            arguments |= {"length_penalty": options.length_penalty, "early_stopping": True}
        with _seeded(self._model, options):
            found = self._model.generate(**inputs, **arguments)
        chances = self._chances(found)
        best = [
            max(range(index * copies, (index + 1) * copies), key=lambda row: chances[row])
            for index in range(len(batch))
        ]
        texts = self._tokenizer.batch_decode(found.sequences[best, written:], skip_special_tokens=True)
        return [
            self._transcript(text.strip(), chances[row], audio, options)
            for text, row, audio in zip(texts, best, batch, strict=True)
        ]

    def _limit(self, audio: Audio) -> int:
        wanted = _AT_LEAST + math.ceil(audio.duration * _TOKENS)
        config = self._model.config.get_text_config(decoder=True)
        room = getattr(config, "max_position_embeddings", None) or getattr(config, "max_target_positions", 0)
        return max(1, min(wanted, int(room) - 8)) if room else wanted

    def _chances(self, found: Any) -> list[float]:
        """Mean log-probability of a token, the end included, for each row."""
        steps = self._model.compute_transition_scores(
            found.sequences, found.scores, getattr(found, "beam_indices", None), normalize_logits=True
        )
        real = found.sequences[:, -steps.shape[1] :] != self._model.generation_config.pad_token_id
        steps = steps.masked_fill(~real | steps.isinf(), 0.0)
        means: list[float] = (steps.sum(-1) / real.sum(-1).clamp(min=1)).tolist()
        return [min(mean, 0.0) for mean in means]

    def _transcript(self, text: str, chance: float, audio: Audio, options: DecodeOptions) -> Transcript:
        language = self._dialogue.written(options)
        segment = Segment(
            0.0,
            audio.duration,
            text,
            language=language,
            avg_logprob=chance,
            temperature=options.temperature,
        )
        return Transcript((segment,) if text else (), audio.duration, options.language or language)


def _frame(config: Mapping[str, Any]) -> int | None:
    """Samples a frame of Moonshine Streaming, which cuts the sound itself; None for the others."""
    if config.get("model_type") != "moonshine_streaming":
        return None
    encoder = config.get("encoder_config") or {}
    return round(int(encoder.get("sample_rate", 16_000)) * float(encoder.get("frame_ms", 5.0)) / 1000)


def _tokenizer(folder: ModelFolder) -> Any:
    from transformers import AutoTokenizer

    with quiet(), explained(folder):
        return AutoTokenizer.from_pretrained(str(folder.path), local_files_only=True, trust_remote_code=False)


@contextmanager
def _seeded(model: Any, options: DecodeOptions) -> Any:
    """Random numbers that depend on the seed alone, and leave everybody else's as they were."""
    import torch

    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices, enabled=options.temperature > 0):
        if options.temperature > 0:
            torch.manual_seed(options.seed)
        yield

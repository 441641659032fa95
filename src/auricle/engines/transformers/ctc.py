"""CTC models on Transformers: a letter for every frame, so that every word has its time.

Knows: sound in, log-probabilities out, the adapter of a language. Refuses to know: searching and
language models (``engines/ctc``), windows of long recordings, gates, formats.

Audio of several lengths is padded and masked where masking is exact. Models whose first layer
normalises over the whole audio (wav2vec2-base) would hear the padding, so each length is computed
by itself there; the text of an audio never depends on the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from auricle.audio import Audio
from auricle.engines import DecodeOptions, EngineInfo, LoadOptions
from auricle.engines.ctc.alphabet import Alphabet
from auricle.engines.ctc.beam import BeamSearch, Search
from auricle.engines.ctc.greedy import Floats, Unit, greedy, place
from auricle.engines.ctc.ngram import NgramModel, read_arpa
from auricle.engines.transformers import CTC, vocabulary
from auricle.engines.transformers.opening import explained, inference, open_model, quiet
from auricle.engines.transformers.sound import Sound
from auricle.errors import OptionError
from auricle.models import ModelFolder
from auricle.models.folders import read_json
from auricle.transcript import Segment, Transcript, Word, join_words

WINDOW = 30.0  # seconds; attention costs memory by the square of the length
_WITH_MODEL = 50  # beams where a language model or hotwords steer and nobody asked for a number
_PAUSE = 0.8  # seconds without a letter at which a new segment begins
_SHORTEST = 0.05  # seconds of sound below which a model has no frame


class CTCEngine:
    """Engine over ``transformers.AutoModelForCTC``."""

    window = WINDOW
    accepts = CTC
    prompt_limit = 1000

    def __init__(self, folder: ModelFolder, options: LoadOptions, *, model: Any = None) -> None:
        """``model`` is one in memory, in training, that takes the place of the folder's weights."""
        self._folder = folder
        self._config = read_json(folder.path / "config.json")
        self._vocabulary = vocabulary.Vocabulary(folder, self._config)
        self._vocabulary.check()
        self._sound = Sound(folder)
        self.rate = self._sound.rate
        self._model = model or open_model("AutoModelForCTC", folder, options)
        self._exact = self._config.get("feat_extract_norm", "layer") != "group"
        self._language: str | None = None
        self._models: dict[str, NgramModel] = {}
        self.info = EngineInfo(
            engine="transformers",
            model=folder.name,
            revision=folder.revision,
            device=str(self._model.device),
            compute_type=str(self._model.dtype).removeprefix("torch."),
            languages=vocabulary.languages(folder),
            tasks=("transcribe",),
        )

    def count_tokens(self, text: str) -> int:
        """Hotwords take no room of a CTC model; a thousand words are the limit of what makes sense."""
        return len(text.split())

    @inference
    def transcribe(self, batch: Sequence[Audio], options: DecodeOptions) -> list[Transcript]:
        """The text of each audio. Raises OptionError for audio longer than the window."""
        for audio in batch:
            if audio.duration > WINDOW + 0.01:
                raise OptionError(
                    f"this model hears {WINDOW:.0f} s at once, this audio is {audio.duration:.1f} s."
                )
        self._speak(options.language)
        frames = self._frames(batch)
        return [
            self._transcript(logprobs, audio, options) for logprobs, audio in zip(frames, batch, strict=True)
        ]

    def _speak(self, language: str | None) -> None:
        """Put in the adapter of a language, for models that have one for each."""
        if not self._vocabulary.adapters or language in (None, self._language):
            return
        name = self._vocabulary.choose(language or "")
        with quiet(), explained(self._folder):
            self._model.load_adapter(name, local_files_only=True, use_safetensors=True)
            self._model.eval()
        self._language = language

    def _frames(self, batch: Sequence[Audio]) -> list[Floats]:
        """Log-probabilities [frames, outputs] of each audio, computed together where that is exact."""
        groups: dict[int, list[int]] = {}
        for index, audio in enumerate(batch):
            if audio.duration >= _SHORTEST:
                groups.setdefault(0 if self._exact else len(audio.samples), []).append(index)
        nothing = np.zeros((0, len(self._alphabet.texts)), np.float32)
        found = dict.fromkeys(range(len(batch)), nothing)
        for indexes in groups.values():
            found |= zip(indexes, self._compute([batch[index] for index in indexes]), strict=True)
        return [found[index] for index in range(len(batch))]

    @property
    def _alphabet(self) -> Alphabet:
        return self._vocabulary.alphabet

    def _compute(self, batch: Sequence[Audio]) -> list[Floats]:
        inputs, mask = self._sound.inputs(batch, self._model.device, self._model.dtype)
        logits = self._model(**inputs).logits.float().log_softmax(-1).cpu().numpy()
        lengths = self._lengths(mask, logits.shape[1])
        return [row[:length] for row, length in zip(logits, lengths, strict=True)]

    def _lengths(self, mask: Any, frames: int) -> list[int]:
        """How many of the ``frames`` of each audio are its own, as the model counts them."""
        model = self._model
        counted = getattr(model, "_get_output_attention_mask", None)
        if counted is not None:
            found = counted(mask, target_length=frames).sum(-1)
        elif hasattr(model, "_get_feat_extract_output_lengths"):
            found = model._get_feat_extract_output_lengths(mask.sum(-1))
        else:
            found = (mask.sum(-1) * frames / mask.shape[-1]).ceil()
        return [min(frames, int(length)) for length in found.tolist()]

    def _transcript(self, logprobs: Floats, audio: Audio, options: DecodeOptions) -> Transcript:
        units = self._units(logprobs, options) if len(logprobs) else []
        step = audio.duration / max(1, len(logprobs))
        words = self._words(units, step, audio.duration)
        measure = float(np.mean([math.log(max(unit.probability, 1e-10)) for unit in units] or [0.0]))
        language = options.language or (self.info.languages[0] if len(self.info.languages) == 1 else None)
        segments = tuple(
            Segment(
                start=part[0].start,
                end=part[-1].end,
                text=join_words(part),
                words=tuple(part) if options.words else (),
                language=language,
                avg_logprob=measure,
            )
            for part in _parts(words)
        )
        return Transcript(segments=segments, duration=audio.duration, language=language)

    def _units(self, logprobs: Floats, options: DecodeOptions) -> list[Unit]:
        """The outputs that were written: by the best path, or by a search that knows words."""
        search = self._search(options)
        if search is None:
            return greedy(logprobs, self._alphabet.blank)
        ids = BeamSearch(self._alphabet, search).best(logprobs)
        return place(logprobs, ids, self._alphabet.blank)

    def _search(self, options: DecodeOptions) -> Search | None:
        hotwords = frozenset(options.hotwords.replace(",", " ").split())
        steered = bool(options.lm or hotwords)
        if options.beam_size == 1 and not steered:
            return None
        return Search(
            beams=options.beam_size if options.beam_size > 1 else _WITH_MODEL,
            model=self._ngrams(options.lm) if options.lm else None,
            weight=options.lm_weight,
            bonus=options.word_bonus,
            hotwords=hotwords,
            hot=options.hotword_weight,
        )

    def _ngrams(self, path: str) -> NgramModel:
        if path not in self._models:
            self._models[path] = read_arpa(path)
        return self._models[path]

    def _words(self, units: Sequence[Unit], step: float, duration: float) -> list[Word]:
        """Words with times and confidences: the geometric mean of the probabilities of their letters."""
        found: list[Word] = []
        for piece in self._alphabet.words([unit.id for unit in units]):
            own = [units[at] for at in piece.places]
            confidence = math.exp(sum(math.log(max(unit.probability, 1e-10)) for unit in own) / len(own))
            start, end = own[0].first * step, min(duration, (own[-1].last + 1) * step)
            found.append(Word(piece.text.strip(), start, end, confidence, joined=piece.joined))
        return [word for word in found if word.text]


def _parts(words: Sequence[Word]) -> list[list[Word]]:
    """Words between pauses."""
    parts: list[list[Word]] = []
    for word in words:
        if parts and word.start - parts[-1][-1].end < _PAUSE:
            parts[-1].append(word)
        else:
            parts.append([word])
    return parts

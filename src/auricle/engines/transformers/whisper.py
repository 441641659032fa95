"""Whisper on Transformers: the reference that every other engine is compared with.

Knows: features in, tokens out, cross-attention to word times. Refuses to know: files, windows of
long recordings, gates, formats. The library computes and searches; prompts, silence, measures and
word times are those of ``whisper.py`` and ``whisper_windows.py``, as for every engine of a Whisper.

Source: Radford et al. 2022; Transformers (https://github.com/huggingface/transformers).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from auricle import features
from auricle.audio import Audio
from auricle.engines import DecodeOptions, EngineInfo, LoadOptions
from auricle.engines.alignment import attention_path
from auricle.engines.transformers import WHISPER
from auricle.engines.transformers.opening import check_vocabulary, inference, open_model
from auricle.engines.whisper import MAX_TOKENS, PROMPT_LIMIT, Piece, WhisperTokens
from auricle.engines.whisper_windows import WINDOW, Generated, by_length, frames, start, transcript, words_of
from auricle.models import ModelFolder
from auricle.models import whisper_tokens as lists
from auricle.models.folders import read_json
from auricle.transcript import Transcript, Word

_FIRST_TIMESTAMP = 50  # steps of 0.02 s: the first segment begins within a second


class WhisperEngine:
    """Engine over ``transformers.WhisperForConditionalGeneration``."""

    rate = features.RATE
    window = WINDOW
    accepts = WHISPER
    prompt_limit = PROMPT_LIMIT

    def __init__(self, folder: ModelFolder, options: LoadOptions, *, model: Any = None) -> None:
        """``model`` is one in memory, in training, that takes the place of the folder's weights.

        Of what it writes nothing is measured: that takes a third of the time, and training wants texts.
        """
        config = read_json(folder.path / "config.json")
        path = folder.path / "generation_config.json"
        listed = (read_json(path) if path.is_file() else {}, config)
        tokenizer = lists.load_tokenizer(folder.path)
        size = int(config.get("vocab_size") or 0)
        check_vocabulary(folder, "model.decoder.embed_tokens.weight", size, tokenizer.get_vocab_size())
        self._tokens = WhisperTokens(tokenizer)
        self._suppressed = lists.suppressed(tokenizer, listed)
        self._suppressed_first = lists.suppressed_first(tokenizer, listed)
        self._multilingual = self._tokens.is_multilingual()
        self._measures = model is None
        self._model = model or open_model("WhisperForConditionalGeneration", folder, options)
        self._heads = lists.alignment_heads(
            listed[0], self._model.config.decoder_layers, self._model.config.decoder_attention_heads
        )
        languages, tasks = _abilities(folder, self._tokens)
        self.info = EngineInfo(
            engine="transformers",
            model=folder.name,
            revision=folder.revision,
            device=str(self._model.device),
            compute_type=str(self._model.dtype).removeprefix("torch."),
            languages=languages,
            tasks=tasks,
        )

    def count_tokens(self, text: str) -> int:
        """How many of the prompt's ``prompt_limit`` tokens ``text`` takes."""
        return self._tokens.count(text)

    @inference
    def detect_language(self, batch: Sequence[Audio]) -> list[dict[str, float]]:
        """Probability of each language code, for each audio; an English model knows one."""
        if not self._multilingual:
            return [{"en": 1.0} for _ in batch]
        return [self._language_chances(audio) for audio in batch]

    @inference
    def transcribe(self, batch: Sequence[Audio], options: DecodeOptions) -> list[Transcript]:
        """Decode up to 30 s of each audio. Raises OptionError for audio that is longer.

        Audio of about one length is decoded together, so that what an audio becomes does not
        depend on the others.
        """
        languages = [
            options.language or max(row, key=row.__getitem__) for row in self._chances(batch, options)
        ]
        return by_length(batch, languages, lambda some, language: self._together(some, language, options))

    def _chances(self, batch: Sequence[Audio], options: DecodeOptions) -> list[dict[str, float]]:
        if options.language or not self._multilingual:
            return [{"en": 1.0} for _ in batch]
        return [self._language_chances(audio) for audio in batch]

    def _language_chances(self, audio: Audio) -> dict[str, float]:
        codes = self._tokens.languages()
        logits = self._logits(self._encode([audio]), [[self._tokens.start]])[0, 0]
        chances = logits[[self._tokens.language_token(code) for code in codes]].float().softmax(-1)
        return dict(zip(codes, chances.tolist(), strict=True))

    def _together(self, batch: Sequence[Audio], language: str, options: DecodeOptions) -> list[Transcript]:
        """Decode audio that the encoder sees at one length."""
        encoded = self._encode(batch)
        first = start(self._tokens, language, options.task, multilingual=self._multilingual)
        context = self._tokens.context(options.hotwords, options.prompt, options.previous)
        found = self._generate(encoded, context, first, options)
        result: list[Transcript] = []
        for states, audio, generated in zip(encoded, batch, found, strict=True):
            cut = self._tokens.pieces(generated.tokens, audio.duration)
            words: list[list[Word]] = [[] for _ in cut[0]]
            if options.words and cut[0]:
                words = self._align(states[None], audio, first, cut[0])
            result.append(transcript(self._tokens, generated, cut, words, language, options))
        return result

    def _encode(self, batch: Sequence[Audio]) -> Any:
        """Encoder states [batch, frames / 2, width] of audio of one length in frames.

        The library's encoder takes windows of 30 s only; its layers take any, with the first of
        the position embeddings.
        """
        import torch
        from torch.nn.functional import gelu

        encoder = self._model.model.encoder
        length = frames(batch[0])
        bands = self._model.config.num_mel_bins
        mels = np.stack([features.log_mel(audio.samples, bands, length) for audio in batch])
        sound = torch.from_numpy(mels).to(self._model.device, self._model.dtype)
        states = gelu(encoder.conv2(gelu(encoder.conv1(sound)))).transpose(1, 2)
        states = states + encoder.embed_positions.weight[: states.shape[1]]
        for layer in encoder.layers:
            found = layer(states, None)
            states = found[0] if isinstance(found, tuple) else found
        return encoder.layer_norm(states)

    def _generate(
        self, encoded: Any, context: list[int], first: list[int], options: DecodeOptions
    ) -> list[Generated]:
        """One text for each window: the best beam, or the likeliest of the samples drawn."""
        prompt = context + first
        copies = options.best_of if options.temperature > 0 else 1
        with self._seeded(options):
            sequences = self._search(encoded, prompt, copies, options).tolist()
        found: list[Generated] = []
        for index in range(len(encoded)):
            states = encoded[index : index + 1]
            rows = [row[len(prompt) :] for row in sequences[index * copies : (index + 1) * copies]]
            tried = [self._measured(states, prompt, len(context), row) for row in rows]
            found.append(max(tried, key=lambda generated: generated.avg_logprob))
        return found

    def _search(self, encoded: Any, prompt: list[int], copies: int, options: DecodeOptions) -> Any:
        """Token ids [batch × copies, length], the prompt first, by the library's own search."""
        import torch
        from transformers import GenerationConfig, GenerationMixin
        from transformers.modeling_outputs import BaseModelOutput

        sampled = options.temperature > 0
        beams = 1 if sampled else options.beam_size
        config = GenerationConfig(
            max_new_tokens=min(MAX_TOKENS // 2, MAX_TOKENS - len(prompt)),
            num_beams=beams,
            num_return_sequences=copies,
            do_sample=sampled,
            eos_token_id=self._tokens.end,
            pad_token_id=self._tokens.end,
            decoder_start_token_id=self._tokens.start,
            bos_token_id=None,
        )
        if sampled:
            config.temperature, config.top_k = options.temperature, 0
        if beams > 1:
            config.length_penalty, config.early_stopping = options.length_penalty, True
        ids = torch.tensor([prompt] * len(encoded), device=encoded.device)
        return GenerationMixin.generate(
            self._model,
            encoder_outputs=BaseModelOutput(last_hidden_state=encoded),
            attention_mask=torch.ones(encoded.shape[:2], dtype=torch.long, device=encoded.device),
            decoder_input_ids=ids,
            decoder_attention_mask=torch.ones_like(ids),
            generation_config=config,
            logits_processor=self._rules(len(prompt)),
        )

    def _rules(self, begin: int) -> Any:
        """What may follow what: no signs that nobody says, timestamps in pairs and in order."""
        from transformers import GenerationConfig, LogitsProcessorList
        from transformers.generation import logits_process as rules

        stamps = GenerationConfig(eos_token_id=self._tokens.end)
        stamps.no_timestamps_token_id = self._tokens.no_timestamps
        stamps.max_initial_timestamp_index = _FIRST_TIMESTAMP
        return LogitsProcessorList(
            [
                rules.SuppressTokensLogitsProcessor(self._suppressed, device=str(self._model.device)),
                rules.SuppressTokensAtBeginLogitsProcessor(
                    self._suppressed_first, begin, device=str(self._model.device)
                ),
                rules.WhisperTimeStampLogitsProcessor(stamps, begin),
            ]
        )

    @contextmanager
    def _seeded(self, options: DecodeOptions) -> Iterator[None]:
        """Random numbers that depend on the seed alone, and leave everybody else's as they were."""
        import torch

        devices = [self._model.device] if self._model.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices, enabled=options.temperature > 0):
            if options.temperature > 0:
                torch.manual_seed(options.seed)
            yield

    def _measured(self, states: Any, prompt: list[int], at: int, row: list[int]) -> Generated:
        """How likely the tokens are, the end included; ``at`` is where the start token stands."""
        end = row.index(self._tokens.end) if self._tokens.end in row else len(row)
        if not self._measures:
            return Generated(tuple(row[:end]), 0.0, 0.0)
        body = row[: end + 1]
        logits = self._logits(states, [prompt + body])[0].float()
        silent = logits[at].softmax(-1)[self._tokens.no_timestamps - 1]
        chances = self._ruled(logits[len(prompt) - 1 : -1], prompt, body)[range(len(body)), body]
        return Generated(tuple(row[:end]), float(chances.mean()) if body else 0.0, float(silent))

    def _ruled(self, steps: Any, prompt: list[int], body: list[int]) -> Any:
        """Log-probabilities [tokens, vocabulary] among what the rules let follow at each step."""
        import torch

        rules, ids = self._rules(len(prompt)), torch.tensor([prompt + body], device=steps.device)
        rows = [rules(ids[:, : len(prompt) + at], steps[at : at + 1]) for at in range(len(body))]
        return torch.cat(rows).log_softmax(-1) if rows else steps

    def _logits(self, states: Any, ids: list[list[int]]) -> Any:
        """[batch, tokens, vocabulary] of a decoder that is given the text."""
        import torch

        tokens = torch.tensor(ids, device=states.device)
        found = self._model.model.decoder(
            input_ids=tokens,
            attention_mask=torch.ones_like(tokens),
            encoder_hidden_states=states,
            use_cache=False,
        )
        return self._model.proj_out(found.last_hidden_state)

    def _align(
        self, states: Any, audio: Audio, first: list[int], pieces: Sequence[Piece]
    ) -> list[list[Word]]:
        """Words of each piece, by dynamic time warping over the cross-attention of the listed heads."""
        text = [token for piece in pieces for token in piece.tokens]
        ids = [*first, self._tokens.no_timestamps, *text, self._tokens.end]
        seen = max(1, len(audio.samples) // features.HOP // 2)
        with self._listening() as heard:
            logits = self._logits(states, [ids])[0]
        weights = self._attention(heard, seen)[:, len(first) : -1]
        steps = logits[len(first) : len(first) + len(text), : self._tokens.end].float().softmax(-1)
        chances = steps[range(len(text)), text].tolist()
        return words_of(self._tokens, pieces, attention_path(weights), chances)

    @contextmanager
    def _listening(self) -> Iterator[dict[tuple[int, str], Any]]:
        """Keep the queries and keys of the layers whose heads follow time, by (layer, "q" or "k")."""
        heard: dict[tuple[int, str], Any] = {}

        def keep(layer: int, letter: str) -> Any:
            return lambda module, arguments, output: heard.__setitem__((layer, letter), output[0])

        hooks = []
        for layer in {layer for layer, _ in self._heads}:
            attention = self._model.model.decoder.layers[layer].encoder_attn
            hooks.append(attention.q_proj.register_forward_hook(keep(layer, "q")))
            hooks.append(attention.k_proj.register_forward_hook(keep(layer, "k")))
        try:
            yield heard
        finally:
            for hook in hooks:
                hook.remove()

    def _attention(self, heard: dict[tuple[int, str], Any], seen: int) -> np.ndarray[Any, Any]:
        """[heads, tokens, frames] of cross-attention over the frames that hold the audio."""
        import torch

        wide = self._model.config.d_model // self._model.config.decoder_attention_heads
        maps = []
        for layer, head in self._heads:
            query, key = (heard[layer, letter][:, head * wide : (head + 1) * wide].float() for letter in "qk")
            maps.append((query @ key[:seen].T / wide**0.5).softmax(-1))
        return np.asarray(torch.stack(maps).cpu().numpy(), np.float32)


def abilities(folder: ModelFolder) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The languages and tasks of a checkpoint, from its tokenizer and the catalogue."""
    return _abilities(folder, WhisperTokens(lists.load_tokenizer(folder.path)))


def _abilities(folder: ModelFolder, tokens: WhisperTokens) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not tokens.is_multilingual():
        return ("en",), ("transcribe",)
    known = folder.info
    return tokens.languages(), known.decodes if known else ("transcribe", "translate")

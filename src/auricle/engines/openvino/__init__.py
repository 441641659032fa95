"""Whisper on OpenVINO: the fastest on an ordinary processor, with 8-bit weights and activations.

Knows: features in, tokens out, cross-attention to word times, how work is shared among threads.
Refuses to know: files, windows of long recordings, gates, formats.

Source: Radford et al. 2022; OpenVINO (https://github.com/openvinotoolkit/openvino).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np

from auricle import features, heap
from auricle.audio import Audio
from auricle.engines import DecodeOptions, EngineInfo, LoadOptions
from auricle.engines.alignment import attention_path
from auricle.engines.openvino.compiled import Compiled, Worker
from auricle.engines.openvino.decoding import Session
from auricle.engines.openvino.line import Line
from auricle.engines.openvino.merging import counts, merged
from auricle.engines.openvino.rules import Rules
from auricle.engines.openvino.search import new_search
from auricle.engines.openvino.silence import SAMPLES, STATES, places
from auricle.engines.openvino.sound import Floats, Keys, Sound, widened
from auricle.engines.openvino.weights import open_weights, token_lists
from auricle.engines.openvino.writing import Errand, Window, Written
from auricle.engines.whisper import MAX_TOKENS, PROMPT_LIMIT, Piece, WhisperTokens
from auricle.engines.whisper_windows import (
    ACCEPTS,
    WINDOW,
    Generated,
    fitting,
    start,
    tasks_of,
    transcript,
    words_of,
)
from auricle.errors import ModelError, OptionError
from auricle.models import ModelFolder, machine, resolve
from auricle.models import whisper_tokens as lists
from auricle.transcript import Transcript, Word

# What one worker decodes at once: more windows share one reading of the weights, but each takes memory, 9 MB
# in the decoder of tiny for one of 30 s, twice that in float32, where half as many are as fast.
MOST_TOGETHER, ROOM = 8, 90.0  # windows, seconds
MOST_WORKERS = 4
_LARGE = 1 << 20  # bytes that go back to the system as soon as they are free
_TIDY = 0.5  # seconds between two looks at what is free
_STEP = 16  # tokens: texts are aligned with times in multiples of so many
_ENOUGH_IN_A_ROW = 3  # calls with one audio before it is worth having weights for them again


def load(options: LoadOptions) -> OpenVinoEngine:
    """Load a Whisper checkpoint. Raises ModelError, OptionError, MissingExtraError."""
    if options.allow_pickle:
        raise OptionError("the openvino engine opens no pickles. Type: --engine transformers")
    if options.device not in ("auto", "cpu"):
        other = "transformers" if options.device == "mps" else "ctranslate2"
        raise OptionError(f"the openvino engine does not run on {options.device}. Type: --engine {other}")
    return OpenVinoEngine(resolve(options.model, revision=options.revision), options)


class OpenVinoEngine:
    """Engine over graphs that are built from the checkpoint's weights."""

    rate = features.RATE
    window = WINDOW
    accepts = ACCEPTS
    prompt_limit = PROMPT_LIMIT
    parallel = 3  # windows of the next batches take the place of those that are over

    def __init__(self, folder: ModelFolder, options: LoadOptions) -> None:
        heap.return_from(_LARGE)
        weights = open_weights(folder)
        self._dims = weights.dims
        if weights.dims.frames != STATES:
            raise ModelError(f"{folder.name} hears other than 30 s at once. Type: --engine transformers")
        tokenizer = lists.load_tokenizer(folder.path)
        self._tokens = WhisperTokens(tokenizer)
        self._lists = token_lists(folder, weights.dims, tokenizer)
        self._rules = Rules.of(self._tokens, self._lists)
        self._multilingual = self._tokens.is_multilingual()
        self._threads = options.threads or machine.cores()
        self._listening = tuple(sorted({layer for layer, _ in self._lists.alignment_heads}))
        self._compiled = Compiled(folder, self._listening, options.compute_type)
        room = ROOM if self._compiled.half else ROOM / 2
        self._room = round(room * features.RATE / SAMPLES)  # states
        self._lock = threading.Lock()
        self._alone: Line | None = None
        self._many: Line | None = None
        self._active = 0  # calls under way
        self._in_a_row = 0  # calls with one audio, one after the other
        self._tidied = 0.0
        info = folder.info
        self.info = EngineInfo(
            engine="openvino",
            model=folder.name,
            revision=folder.revision,
            device="cpu",
            compute_type=self._compiled.compute_type,
            languages=self._tokens.languages() if self._multilingual else ("en",),
            tasks=info.decodes if info else tasks_of(multilingual=self._multilingual),
        )

    def count_tokens(self, text: str) -> int:
        """How many of the prompt's ``prompt_limit`` tokens ``text`` takes."""
        return self._tokens.count(text)

    def detect_language(self, batch: Sequence[Audio]) -> list[dict[str, float]]:
        """Probability of each language code, for each audio; an English model knows one."""
        if not self._multilingual:
            return [{"en": 1.0} for _ in batch]
        if not batch:
            return []
        with self._line(len(batch)) as line:
            return line.do([Errand(partial(self._language_chances, audio)) for audio in batch])

    def transcribe(self, batch: Sequence[Audio], options: DecodeOptions) -> list[Transcript]:
        """Decode up to 30 s of each audio. Raises OptionError for audio that is longer."""
        if not batch:
            return []
        lengths = [fitting(audio) for audio in batch]
        languages = self._languages(batch, options)
        several = len(batch) > 1  # after one alone pages are kept for the next, which wants its text soon
        tasks = [self._task(*pair, options, tidy=several) for pair in zip(batch, languages, strict=True)]
        order = sorted(range(len(batch)), key=lambda at: -lengths[at])
        with self._line(len(batch)) as line:
            done = line.do([tasks[at] for at in order])  # the longest first, for it takes longest
        if several:
            self._tidy()
        found: dict[int, Transcript] = dict(zip(order, done, strict=True))
        return [found[at] for at in range(len(batch))]

    @contextmanager
    def _line(self, count: int) -> Iterator[Line]:
        """Where ``count`` audios wait: for all threads on one, or for one thread each on many.

        Weights are kept for one of the two, unless one audio at a time comes again and again.
        """
        with self._lock:
            lone = self._threads == 1 or (count <= 1 and not self._active)
            self._in_a_row = self._in_a_row + 1 if lone else 0
            if lone and (self._many is None or self._alone or self._in_a_row > _ENOUGH_IN_A_ROW):
                self._alone = self._alone or self._workers(1)
                found = self._alone
            else:
                self._many = self._many or self._workers(min(self._threads, MOST_WORKERS))
                self._alone = self._alone if self._in_a_row else None
                found = self._many
            self._active += 1
        try:
            yield found
        finally:
            with self._lock:
                self._active -= 1

    def _tidy(self) -> None:
        """Give back what is free: of 440 MB after 21 minutes 100 were, and in pieces.

        And the files of the graphs: once a window has been written, weights lie in memory of their own.
        """
        now = time.monotonic()
        if now - self._tidied > _TIDY:
            self._tidied = now
            heap.give_back()
            self._compiled.let_go()

    def _workers(self, count: int) -> Line:
        return Line(self._compiled.workers(count, self._threads), MOST_TOGETHER, self._room)

    def _languages(self, batch: Sequence[Audio], options: DecodeOptions) -> list[str]:
        """The language asked for, or the likeliest of each audio."""
        if options.language:
            return [options.language] * len(batch)
        return [max(chances, key=chances.__getitem__) for chances in self.detect_language(batch)]

    def _language_chances(self, audio: Audio, worker: Worker) -> dict[str, float]:
        sound = Sound()
        task = self._task(audio, "en", DecodeOptions())
        sound.put(*task.encode(worker))
        session = Session(worker.aside, sound)
        logits = session.feed(np.array([[self._tokens.start]]), [0], [0])[0, 0]
        codes = self._tokens.languages()
        chances = _softmax(logits[[self._tokens.language_token(code) for code in codes]])
        return dict(zip(codes, chances.tolist(), strict=True))

    def _task(self, audio: Audio, language: str, options: DecodeOptions, *, tidy: bool = False) -> Window:
        """What a worker has to know to write the text of one audio."""
        first = start(self._tokens, language, options.task, multilingual=self._multilingual)
        context = self._tokens.context(options.hotwords, options.prompt, options.previous)
        prompt = context + first
        own = places(fitting(audio))

        def encode(worker: Worker) -> tuple[Floats, list[Keys]]:
            mel = features.log_mel(audio.samples, self._dims.mels, own.frames)
            states, weight = worker.encode(mel[None], own), own.weight
            if self._compiled.merges:
                states, weight = merged(states, weight)
            return weight, worker.keys(states)

        def finish(worker: Worker, sound: Sound, written: Written) -> Transcript:
            if tidy:
                self._tidy()
            silent = _softmax(written.at_start)[self._tokens.no_timestamps - 1]
            generated = Generated(written.found.tokens, written.found.mean, float(silent))
            cut = self._tokens.pieces(generated.tokens, audio.duration)
            words: list[list[Word]] = [[] for _ in cut[0]]
            if options.words and cut[0]:
                chances = [
                    math.exp(own)
                    for token, own in zip(written.found.tokens, written.found.logprobs, strict=True)
                    if token < self._tokens.end
                ]
                words = self._align(worker, sound, audio, first, cut[0], chances)
            return transcript(self._tokens, generated, cut, words, language, options)

        return Window(
            states=len(own.weight),
            encode=encode,
            prompt=prompt,
            start=len(context),
            search=new_search(self._rules, options),
            room=min(MAX_TOKENS // 2, MAX_TOKENS - len(prompt)),
            finish=finish,
        )

    def _align(
        self,
        worker: Worker,
        sound: Sound,
        audio: Audio,
        first: list[int],
        pieces: Sequence[Piece],
        chances: Sequence[float],
    ) -> list[list[Word]]:
        """Words of each piece, by dynamic time warping over the cross-attention of the listed heads.

        ``chances`` are the probabilities with which the tokens were written.
        """
        text = [token for piece in pieces for token in piece.tokens]
        ids = [*first, self._tokens.no_timestamps, *text]
        ends = [self._tokens.end] * (_STEP - len(ids) % _STEP)  # a length that is new has to be prepared for
        session = Session(worker.aside, sound)
        session.feed(np.array([ids + ends]), [0], [0])
        seen = max(1, len(audio.samples) // features.HOP // 2)
        weight = sound.mask[0, 0, 0, : sound.lengths[0]]
        stand_for = counts(weight)
        last = int(np.searchsorted(np.cumsum(stand_for), seen)) + 1  # states, of which the last may go on
        heard = {layer: session.queries(number)[0] for number, layer in enumerate(self._listening)}
        maps = [
            _softmax(
                heard[layer][head, : len(ids)] @ widened(sound.arrays[2 * layer][0, head, :, :last])
                + weight[:last]
            )
            for layer, head in self._lists.alignment_heads
        ]
        by_frame = np.repeat(np.stack(maps)[:, len(first) : len(ids)], stand_for[:last], axis=2)[..., :seen]
        return words_of(self._tokens, pieces, attention_path(by_frame), chances)


def _softmax(values: Floats) -> Floats:
    weights = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True), np.float32)

"""Whisper on CTranslate2: int8 on a CPU, float16 on a GPU.

Knows: features in, tokens out, cross-attention to word times. Refuses to know: files, windows
of long recordings, gates, formats.

Source: Radford et al. 2022; CTranslate2 (https://github.com/OpenNMT/CTranslate2).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from auricle import features, heap
from auricle.audio import Audio
from auricle.engines import DecodeOptions, EngineInfo, LoadOptions
from auricle.engines.whisper import MAX_TOKENS, PROMPT_LIMIT, Piece, WhisperTokens
from auricle.engines.whisper_windows import (
    ACCEPTS,
    WINDOW,
    Generated,
    Group,
    by_length,
    frames,
    start,
    tasks_of,
    transcript,
    words_of,
)
from auricle.errors import ModelError, OptionError
from auricle.models import ModelFolder, machine, resolve
from auricle.models.folders import read_json
from auricle.transcript import Transcript, Word

# Windows that one of several workers decodes at once: each takes about 18 MB in the decoder of tiny.
MOST_TOGETHER = 2
LONE, MANY = "lone", "many"
MOST_WORKERS = 4  # more would leave each with too few windows to share the decoder's weights

Floats = npt.NDArray[np.float32]


def load(options: LoadOptions) -> CTranslate2Engine:
    """Load a Whisper checkpoint. Raises ModelError, OptionError."""
    from auricle.models.convert import ctranslate2_folder

    if options.allow_pickle:
        raise OptionError("the ctranslate2 engine opens no pickles. Type: --engine transformers")
    if options.device == "mps":
        raise OptionError("CTranslate2 does not run on mps. Type: --engine transformers")

    return CTranslate2Engine(ctranslate2_folder(resolve(options.model, revision=options.revision)), options)


class CTranslate2Engine:
    """Engine over ``ctranslate2.models.Whisper``."""

    rate = features.RATE
    window = WINDOW
    accepts = ACCEPTS
    prompt_limit = PROMPT_LIMIT

    def __init__(self, folder: ModelFolder, options: LoadOptions) -> None:
        import ctranslate2

        heap.return_from(heap.LARGE)
        self._library = ctranslate2
        self._folder, self._load = folder.path, options
        self._threads = options.threads or machine.cores()
        self._lock = threading.Lock()  # seeding and drawing samples belong together
        self._tokens = WhisperTokens.load(folder.path)
        _check_lists(folder.path, self._tokens.size)
        model = self._opened()
        self._weights = Weights(model, lambda: self._opened(min(self._threads, MOST_WORKERS)))
        self._multilingual = bool(model.is_multilingual)
        info = folder.info
        self.info = EngineInfo(
            engine="ctranslate2",
            model=folder.name,
            revision=folder.revision,
            device=model.device,
            compute_type=model.compute_type,
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
        with self._weights.lone() as model:
            found = [model.detect_language(self._encode(model, [audio]))[0] for audio in batch]
        return [{self._tokens.language_of(token): float(chance) for token, chance in row} for row in found]

    def transcribe(self, batch: Sequence[Audio], options: DecodeOptions) -> list[Transcript]:
        """Decode up to 30 s of each audio. Raises OptionError for audio that is longer.

        Audio of about one length is decoded together, so that what an audio becomes does not
        depend on the others.
        """
        languages = self._languages(batch, options)
        if options.temperature > 0:
            return by_length(batch, languages, lambda some, language: self._sampled(some, language, options))
        with self._crew(len(batch)) as crew:
            return by_length(
                batch,
                languages,
                lambda some, language: self._together(crew.model, some, language, options),
                most=crew.share(len(batch)),
                run=crew.map,
            )

    @contextmanager
    def _crew(self, count: int) -> Iterator[_Crew]:
        """Who works on ``count`` audios: on a CPU several workers of fewer threads, where there is enough.

        Two workers of one thread took 0.76 of the time of one of two threads
        (docs/log.md, 2026-11-25).
        """
        size = min(self._threads, MOST_WORKERS)
        if min(count, size) < 2 or self.info.device != "cpu":
            with self._weights.lone() as model:
                yield _Crew(model, 1)
        else:
            with self._weights.many() as model:
                yield _Crew(model, size)
            heap.give_back()  # 6 to 25 ms; what four windows took would stay, and go on to grow

    def _sampled(self, batch: Sequence[Audio], language: str, options: DecodeOptions) -> list[Transcript]:
        """Decode in one hand: a seed belongs to one thread."""
        with self._seeded(options.seed) as model:
            return self._together(model, batch, language, options)

    def _opened(self, workers: int = 1) -> Any:
        return _open(self._library, self._folder, self._load, workers)

    def _together(
        self, model: Any, batch: Sequence[Audio], language: str, options: DecodeOptions
    ) -> list[Transcript]:
        """Decode audio that the encoder sees at one length."""
        encoded = self._encode(model, batch)
        first = start(self._tokens, language, options.task, multilingual=self._multilingual)
        context = self._tokens.context(options.hotwords, options.prompt, options.previous)
        found = self._generate(model, encoded, [context + first] * len(batch), options)
        cut = [
            self._tokens.pieces(generated.tokens, audio.duration)
            for generated, audio in zip(found, batch, strict=True)
        ]
        words: list[list[list[Word]]] = [[[] for _ in pieces] for pieces, _ in cut]
        if options.words:
            words = self._align(model, encoded, batch, first, [pieces for pieces, _ in cut])
        return [
            transcript(self._tokens, generated, pieces, timed, language, options)
            for generated, pieces, timed in zip(found, cut, words, strict=True)
        ]

    def _languages(self, batch: Sequence[Audio], options: DecodeOptions) -> list[str]:
        """The language asked for, or the likeliest of each audio."""
        if options.language:
            return [options.language] * len(batch)
        return [max(chances, key=lambda code: chances[code]) for chances in self.detect_language(batch)]

    def _encode(self, model: Any, batch: Sequence[Audio]) -> Any:
        """Encoder states [batch, frames / 2, width] of audio of one length in frames.

        On a CPU one audio at a time, which keeps the activations in cache: eight windows of 30 s
        together took 1.3 times as long as one after the other (docs/log.md, 2026-11-23).
        """
        length = frames(batch[0])
        mels = [features.log_mel(audio.samples, model.n_mels, length) for audio in batch]
        if model.device != "cpu":
            return model.encode(self._view(np.stack(mels)))
        states = [np.array(model.encode(self._view(mel[None]), to_cpu=True)) for mel in mels]
        return self._view(np.concatenate(states))

    def _view(self, array: Floats) -> Any:
        return self._library.StorageView.from_array(np.ascontiguousarray(array))

    def _generate(
        self, model: Any, encoded: Any, prompts: list[list[int]], options: DecodeOptions
    ) -> list[Generated]:
        search: dict[str, Any] = {"beam_size": options.beam_size, "patience": options.patience}
        if options.temperature > 0:
            search = {
                "beam_size": 1,
                "num_hypotheses": options.best_of,
                "sampling_topk": 0,
                "sampling_temperature": options.temperature,
            }
        results = model.generate(
            encoded,
            prompts,
            length_penalty=options.length_penalty,
            max_length=MAX_TOKENS,
            return_scores=True,
            return_no_speech_prob=True,
            **search,
        )
        return [_generated(result, options.length_penalty) for result in results]

    @contextmanager
    def _seeded(self, seed: int) -> Iterator[Any]:
        """A model whose samples depend on ``seed`` alone.

        CTranslate2 seeds the generator of a worker thread when the thread starts, so what was
        sampled before would matter: the same weights are opened anew (0.2 s), with new threads.
        """
        with self._lock, self._weights.away():
            self._library.set_random_seed(seed)
            yield self._opened()

    def _align(
        self,
        model: Any,
        encoded: Any,
        batch: Sequence[Audio],
        first: list[int],
        cut: Sequence[Sequence[Piece]],
    ) -> list[list[list[Word]]]:
        """Words of each piece of each audio, by dynamic time warping over cross-attention."""
        texts = [[token for piece in pieces for token in piece.tokens] for pieces in cut]
        lengths = [max(1, len(audio.samples) // features.HOP) for audio in batch]
        found = model.align(encoded, first, texts, lengths)
        return [
            words_of(self._tokens, pieces, alignment.alignments, list(alignment.text_token_probs))
            if text
            else [[] for _ in pieces]
            for text, pieces, alignment in zip(texts, cut, found, strict=True)
        ]


class Weights:
    """One checkpoint, opened for a lone caller or for several workers: one of the two in memory.

    Each takes 45 MiB of tiny, and 0.2 s to open. A file is begun by the lone one, goes on with the
    many, and only few of its windows are decoded alone again: those the many take too. A caller
    that comes alone ``PATIENCE`` times in a row gets all threads back. Any number of threads may ask.
    """

    PATIENCE = 4

    def __init__(self, lone: Any, open_many: Callable[[], Any]) -> None:
        self._models = {LONE: lone}
        self._open_many = open_many
        self._lock = threading.Lock()
        self._users = {LONE: 0, MANY: 0}
        self._alone = 0  # callers in a row that came alone

    @contextmanager
    def lone(self) -> Iterator[Any]:
        """The model with all threads for one caller, or one worker of the many."""
        with self._lock:
            self._alone += 1
            stay = MANY not in self._models or self._models[LONE].model_is_loaded
            use = LONE if stay or self._alone > self.PATIENCE else MANY
            model = self._take(use)
        yield from self._used(use, model)

    @contextmanager
    def many(self) -> Iterator[Any]:
        """The model with a worker for each of several callers."""
        with self._lock:
            self._alone = 0
            model = self._take(MANY)
        yield from self._used(MANY, model)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Without either, for as long as nobody asks: opening takes three times what the weights do."""
        with self._lock:
            self._put_away(LONE)
            self._put_away(MANY)
        yield
        heap.give_back()

    def _take(self, use: str) -> Any:
        """One of the two, loaded; the other is put away unless somebody is at it."""
        model = self._models.get(use)
        if model is None or not model.model_is_loaded:
            self._put_away(MANY if use == LONE else LONE)
            if model is None:
                model = self._models[use] = self._open_many()
            else:
                model.load_model()
        self._users[use] += 1
        return model

    def _put_away(self, name: str) -> None:
        """Free the weights. A worker counts as busy for a moment after it gave its result: then again."""
        model = self._models.get(name)
        if model is None or self._users[name]:
            return
        for _ in range(100):
            if not model.model_is_loaded:
                break
            model.unload_model()
            time.sleep(0.001)
        heap.give_back()

    def _used(self, use: str, model: Any) -> Iterator[Any]:
        try:
            yield model
        finally:
            with self._lock:
                self._users[use] -= 1


@dataclass(frozen=True, slots=True)
class _Crew:
    """A model, and how many may use it at once."""

    model: Any
    size: int

    def share(self, count: int) -> int:
        """How many of ``count`` audios are decoded together at most: with several workers, few."""
        return count if self.size == 1 else min(-(-count // self.size), MOST_TOGETHER)

    def map(
        self, work: Callable[[Group], list[Transcript]], groups: Sequence[Group]
    ) -> Iterable[list[Transcript]]:
        """Do the work of all groups; results in their order."""
        if self.size == 1 or len(groups) == 1:
            return [work(group) for group in groups]
        with ThreadPoolExecutor(self.size, thread_name_prefix="auricle-worker") as pool:
            return list(pool.map(work, groups))


def _generated(result: Any, length_penalty: float) -> Generated:
    """Tokens and measures; the score comes divided by a power of the length."""
    tokens = result.sequences_ids[0]
    logprob = result.scores[0] * len(tokens) ** length_penalty / (len(tokens) + 1)
    return Generated(tuple(tokens), logprob, result.no_speech_prob)


def _check_lists(folder: Path, size: int) -> None:
    """Raises ModelError for a token to suppress that there is not: CTranslate2 writes outside its memory."""
    path = folder / "config.json"
    config = read_json(path) if path.is_file() else {}
    for name in ("suppress_ids", "suppress_ids_begin"):
        for token in config.get(name) or ():
            if not 0 <= token < size:
                raise ModelError(
                    f"{path}: {name} has the token {token}, and there are {size} tokens. Take it out there."
                )


def _open(library: Any, folder: Path, options: LoadOptions, workers: int = 1) -> Any:
    device = options.device
    if device == "auto":
        device = "cuda" if library.get_cuda_device_count() else "cpu"
    kind = options.compute_type
    if kind == "auto":
        kind = "int8" if device == "cpu" else "float16"
    threads = options.threads or machine.cores()
    try:
        known = library.get_supported_compute_types(device)
        if kind not in known:
            raise OptionError(f"this {device} cannot compute in {kind}. It can: {', '.join(sorted(known))}.")
        return library.models.Whisper(
            str(folder),
            device=device,
            compute_type=kind,
            intra_threads=max(1, threads // workers),
            inter_threads=workers,
        )
    except OptionError:
        raise
    except (RuntimeError, ValueError) as error:
        hint = " Type: --device cpu." if device == "cuda" else ""
        raise ModelError(f"{folder} cannot be loaded: {str(error).splitlines()[0]}.{hint}") from error

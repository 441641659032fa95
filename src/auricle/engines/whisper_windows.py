"""What every engine of a Whisper does around its weights: how much silence the encoder sees, what is
decoded together, and how tokens and their measures become a transcript.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from auricle import features
from auricle.audio import Audio
from auricle.engines import DecodeOptions
from auricle.engines.whisper import TIME_STEP, Piece, WhisperTokens, timed_words
from auricle.errors import OptionError
from auricle.transcript import Segment, Transcript, Word

# The options that a Whisper honours on the engines that are not Transformers.
ACCEPTS = frozenset(
    {
        "language", "task", "beam_size", "patience", "length_penalty", "best_of", "prompt", "hotwords",
        "words", "seed", "temperature", "previous",
    }
)  # fmt: skip

WINDOW = 30.0  # seconds a Whisper encoder sees at most
# Seconds of silence after the audio that the encoder sees. Whisper was trained on windows of 30 s; with
# less than about 6 s of silence short audio loops, and long audio is heard a little worse (docs/log.md,
# 2026-11-23 and 26); more only costs time.
PADDING = 8.0
_STEP = 250  # frames: lengths are rounded up to 2.5 s, so that most of a batch has one length


@dataclass(frozen=True, slots=True)
class Generated:
    """What a decoder wrote for one window: tokens without the end, and what it measured.

    ``avg_logprob`` is over all tokens and the end.
    """

    tokens: tuple[int, ...]
    avg_logprob: float
    no_speech_prob: float


def fitting(audio: Audio) -> int:
    """How many samples an audio has. Raises OptionError where they are more than the window."""
    length = len(audio.samples)
    if length > WINDOW * features.RATE + features.HOP:
        raise OptionError(
            f"this model hears {WINDOW:.0f} s at once, this audio is {length / features.RATE:.1f} s."
        )
    return length


def frames(audio: Audio) -> int:
    """How many frames of 10 ms the encoder sees of an audio: its own, and silence after it.

    Raises OptionError for audio that is longer than the window.
    """
    wanted = -(-(fitting(audio) + int(PADDING * features.RATE)) // features.HOP)
    return min(-(-wanted // _STEP) * _STEP, int(WINDOW * features.FRAMES_PER_SECOND))


@dataclass(frozen=True, slots=True)
class Group:
    """Places of a batch that are decoded together: audio of one length in frames, and of one language."""

    frames: int
    language: str
    places: list[int]

    def of(self, batch: Sequence[Audio]) -> list[Audio]:
        """The audio of the group."""
        return [batch[at] for at in self.places]


def by_length(
    batch: Sequence[Audio],
    languages: Sequence[str],
    decode: Callable[[Sequence[Audio], str], list[Transcript]],
    *,
    most: int | None = None,
    run: Callable[[Callable[[Group], list[Transcript]], list[Group]], Iterable[list[Transcript]]] = map,
) -> list[Transcript]:
    """``decode`` audio of one length and language together, and give back the order of ``batch``.

    So what an audio becomes does not depend on the others. At most ``most`` at once; ``run`` does
    the work, as ``map`` would. Raises OptionError for audio too long.
    """
    groups = alike(batch, languages, most or len(batch) or 1)
    done = run(lambda group: decode(group.of(batch), group.language), groups)
    return in_order(groups, done)


def in_order(groups: Sequence[Group], done: Iterable[list[Transcript]]) -> list[Transcript]:
    """What became of the groups, in the order of the batch that they were made from."""
    found: dict[int, Transcript] = {}
    for group, transcripts in zip(groups, done, strict=True):
        found |= zip(group.places, transcripts, strict=True)
    return [found[at] for at in range(len(found))]


def alike(batch: Sequence[Audio], languages: Sequence[str], most: int) -> list[Group]:
    """Groups of at most ``most``, each of one length and language; those that take longest first.

    Raises OptionError for audio too long.
    """
    same: dict[tuple[int, str], list[int]] = {}
    for at, (audio, language) in enumerate(zip(batch, languages, strict=True)):
        same.setdefault((frames(audio), language), []).append(at)
    groups: list[Group] = []
    for (length, language), places in same.items():
        parts = -(-len(places) // most)
        groups += [Group(length, language, places[part::parts]) for part in range(parts)]
    return sorted(groups, key=lambda group: -group.frames * len(group.places))


def start(tokens: WhisperTokens, language: str, task: str, *, multilingual: bool) -> list[int]:
    """The tokens that a transcript starts with."""
    if not multilingual:
        return [tokens.start]
    return [tokens.start, tokens.language_token(language), tokens.task_token(task)]


def tasks_of(*, multilingual: bool) -> tuple[str, ...]:
    """What a checkpoint that the catalogue does not know can do."""
    return ("transcribe", "translate") if multilingual else ("transcribe",)


def words_of(
    tokens: WhisperTokens,
    pieces: Sequence[Piece],
    path: Sequence[tuple[int, int]],
    chances: Sequence[float],
) -> list[list[Word]]:
    """The words of each piece, from the warping path of (token, encoder frame) over all their tokens."""
    times = _token_times(path, len(chances))
    result: list[list[Word]] = []
    at = 0
    for piece in pieces:
        after = at + len(piece.tokens)
        split = tokens.split_words(piece.tokens)
        result.append(timed_words(split, times[at : after + 1], chances[at:after]))
        at = after
    return result


def transcript(
    tokens: WhisperTokens,
    generated: Generated,
    cut: tuple[Sequence[Piece], float],
    words: Sequence[Sequence[Word]],
    language: str,
    options: DecodeOptions,
) -> Transcript:
    """Pieces and their words, with what was measured over the whole window in each segment."""
    pieces, accounted = cut
    segments = tuple(
        Segment(
            start=piece.start,
            end=piece.end,
            text=tokens.decode(piece.tokens).strip(),
            words=tuple(timed),
            language="en" if options.task == "translate" else language,
            avg_logprob=generated.avg_logprob,
            no_speech_prob=generated.no_speech_prob,
            temperature=options.temperature,
        )
        for piece, timed in zip(pieces, words, strict=True)
    )
    return Transcript(segments=segments, duration=accounted, language=language)


def _token_times(path: Sequence[tuple[int, int]], tokens: int) -> list[float]:
    """The second at which each text token starts, from the warping path of (token, frame)."""
    times: list[float] = []
    for token, frame in path:
        if token == len(times):
            times.append(max(frame, 0) * TIME_STEP)
    last = max(path[-1][1], 0) * TIME_STEP if path else 0.0
    return times + [last] * (tokens + 1 - len(times))

"""Speech spans and windows: nothing of the speech is lost, nothing comes twice, no window is too long."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auricle.audio import Audio
from auricle.segments import (
    SpeechFinder,
    SpeechOptions,
    Window,
    Windower,
    clip,
    subtract,
    total,
    windows,
)
from auricle.transcript import Span
from auricle.vad import FRAME, RATE
from synthetic import FRAME_SECONDS, amplitude_is_speech, blocks, cut, heard, speech_track, track

# ── arithmetic of spans, against a grid of whole seconds ─────────────────────────────────────────

GRID = 40


def painted(spans: list[Span] | tuple[Span, ...]) -> set[int]:
    """The seconds of the grid that the spans cover."""
    return {second for span in spans for second in range(int(span.start), int(span.end))}


any_span = st.tuples(st.integers(0, GRID), st.integers(0, GRID)).map(lambda ends: Span(min(ends), max(ends)))
any_spans = st.lists(any_span, max_size=8)


@st.composite
def disjoint(draw: st.DrawFn) -> list[Span]:
    """Spans in order that neither overlap nor are empty."""
    edges = sorted(draw(st.sets(st.integers(0, GRID), max_size=12)))
    return [Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]


@given(any_spans, any_span)
def test_clip_keeps_what_lies_between(spans: list[Span], limits: Span) -> None:
    kept = clip(spans, limits.start, limits.end)
    assert painted(kept) == painted(spans) & painted([limits])
    assert all(limits.start <= span.start < span.end <= limits.end for span in kept)


@given(disjoint())
def test_total_counts_seconds(spans: list[Span]) -> None:
    assert total(spans) == len(painted(spans))


@given(disjoint(), any_spans)
def test_subtract_leaves_what_is_not_covered(spans: list[Span], covers: list[Span]) -> None:
    left = subtract(spans, covers)
    assert painted(left) == painted(spans) - painted(covers)
    assert total(left) == len(painted(left))  # nothing twice
    assert all(span.start < span.end for span in left)
    assert list(left) == sorted(left, key=lambda span: span.start)


@given(disjoint())
def test_subtracting_nothing_and_everything(spans: list[Span]) -> None:
    assert subtract(spans, []) == tuple(spans)
    assert subtract(spans, [Span(0, GRID)]) == ()


def test_a_part_of_a_window_keeps_its_place_in_the_recording() -> None:
    samples = np.arange(10 * RATE, dtype=np.float32) / (10 * RATE)
    window = Window(Audio(samples, RATE, 100.0), (Span(101, 103), Span(105, 109)))
    part = window.part(102.0, 106.0)
    assert (window.start, window.end) == (100.0, 110.0)
    assert (part.start, part.end) == (102.0, 106.0)
    assert part.speech == (Span(102, 103), Span(105, 106))
    assert np.array_equal(part.audio.samples, samples[2 * RATE : 6 * RATE])


# ── hysteresis ───────────────────────────────────────────────────────────────────────────────────


def find(probabilities: list[float], **changes: float) -> list[tuple[int, int]]:
    finder = SpeechFinder(SpeechOptions(**changes), 10_000)
    return finder.feed(np.array(probabilities, np.float32)) + finder.finish()


def by_the_book(probabilities: list[float], onset: float, patience: int, shortest: int) -> list:
    """The same rule with all of the recording at hand."""
    offset, spans, at = max(onset - 0.15, 0.01), [], 0
    while at < len(probabilities):
        if probabilities[at] < onset:
            at += 1
            continue
        first = last = at
        while at < len(probabilities) and at - last <= patience:
            if probabilities[at] >= offset:
                last = at
            elif at - last == patience:
                at += 1
                break
            at += 1
        if last + 1 - first >= shortest:
            spans.append((first, last + 1))
    return spans


LEVELS = st.sampled_from([0.0, 0.2, 0.34, 0.36, 0.45, 0.51, 0.9])


@given(st.lists(LEVELS, max_size=60), st.integers(1, 5), st.integers(1, 5), st.lists(st.integers(0, 20)))
def test_spans_by_the_book_however_the_probabilities_come(
    levels: list[float], patience: int, shortest: int, sizes: list[int]
) -> None:
    options = SpeechOptions(min_silence=patience * FRAME_SECONDS, min_speech=shortest * FRAME_SECONDS)
    finder, found, at = SpeechFinder(options, 10_000), [], 0
    for size in [*sizes, len(levels)]:
        found += finder.feed(np.array(levels[at : at + size], np.float32))
        at += size
    found += finder.finish()
    assert found == by_the_book(levels, 0.5, patience, shortest)
    assert finder.position == len(levels)


def test_a_span_opens_at_the_threshold_and_outlasts_a_dip() -> None:
    quiet, dip, loud = [0.1] * 10, [0.4] * 10, [0.9] * 10
    assert find(quiet + loud + quiet) == [(10, 20)]
    assert find(quiet + dip + quiet) == []  # 0.4 does not open a span
    assert find(quiet + loud + dip + loud + quiet) == [(10, 40)]  # nor close one
    assert find(loud + [0.1] * 2 + loud) == [(0, 22)]  # a stop consonant
    assert find(loud + [0.1] * 3 + loud) == [(0, 10), (13, 23)]  # min_silence


def test_a_click_is_no_speech_and_the_end_closes_a_span() -> None:
    assert find([0.1] * 5 + [0.9] * 2 + [0.1] * 5) == []
    assert find([0.1] * 5 + [0.9] * 5) == [(5, 10)]
    assert find([0.9] * 5 + [0.1]) == [(0, 5)]
    assert find([]) == []


def test_a_low_threshold_still_closes_spans() -> None:
    assert find([0.9] * 9 + [0.0] * 9, vad_threshold=0.05) == [(0, 9)]


# ── windows ──────────────────────────────────────────────────────────────────────────────────────

SMALL = SpeechOptions(window=4.0, pad=0.2, max_gap=1.0)  # 30 s windows in small


@st.composite
def recordings(draw: st.DrawFn) -> np.ndarray:
    """Runs of silence, doubt and speech of all lengths, ending anywhere in a frame."""
    lengths = st.integers(1, 4) | st.integers(1, 40) | st.integers(30, 300)
    runs = st.tuples(st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.9, 1.0]), lengths)
    levels = [level for level, count in draw(st.lists(runs, max_size=16)) for _ in range(count)]
    return track(levels, tail=draw(st.integers(0, FRAME)))


def check(samples: np.ndarray, found: list[Window], options: SpeechOptions) -> None:
    """All that must hold of any recording's windows."""
    after = 0
    for window in found:
        first = round(window.start * RATE)
        assert window.start == window.audio.start
        assert window.start == pytest.approx(first / RATE, abs=1e-9)
        assert first >= after, "windows overlap or are out of order"
        assert 0 < window.audio.duration <= options.window + 1e-6
        assert np.array_equal(window.audio.samples, samples[first : first + len(window.audio)])
        assert window.speech
        for span in window.speech:
            assert window.start - 1e-6 <= span.start < span.end <= window.end + 1e-6
        for one, other in itertools.pairwise(window.speech):
            assert 0 <= other.start - one.end <= options.max_gap + FRAME_SECONDS
        after = first + len(window.audio)
    assert after <= len(samples)


def frames_of(spans: list[Span]) -> list[int]:
    """Every frame of the spans, as often as it is in one."""
    return [
        frame
        for span in spans
        for frame in range(round(span.start / FRAME_SECONDS), int(np.ceil(span.end / FRAME_SECONDS - 1e-6)))
    ]


@settings(max_examples=60, deadline=None)
@given(recordings(), st.sampled_from([FRAME, 1000, RATE, 100 * RATE]))
def test_windows_fit_and_follow_each_other(samples: np.ndarray, size: int) -> None:
    check(samples, cut(samples, SMALL, size), SMALL)


# Speech that a window cannot hold, and which ends within min_silence or min_speech of the cut.
ENDS_AT_THE_CUT = track([0.9] * 109 + [0.4] + [0.9] * 2 + [0.0] * 20)
PAUSES_AT_THE_CUT = track([0.9] * 110 + [0.4] + [0.0] * 20)


@settings(max_examples=100, deadline=None)
@given(recordings(), st.sampled_from([FRAME, 1000, RATE, 100 * RATE]))
@example(ENDS_AT_THE_CUT, FRAME)
@example(PAUSES_AT_THE_CUT, FRAME)
def test_all_speech_is_in_windows_once(samples: np.ndarray, size: int) -> None:
    found = cut(samples, SMALL, size)
    assert frames_of([span for window in found for span in window.speech]) == frames_of(heard(samples, SMALL))


@settings(max_examples=60, deadline=None)
@given(recordings(), st.lists(st.integers(1, 3 * RATE), max_size=10))
@example(ENDS_AT_THE_CUT, [])
@example(PAUSES_AT_THE_CUT, [])
def test_windows_do_not_depend_on_the_blocks(samples: np.ndarray, sizes: list[int]) -> None:
    def shape(found: list[Window]) -> list[tuple[float, float, tuple[Span, ...]]]:
        return [(window.start, window.end, window.speech) for window in found]

    assert shape(cut(samples, SMALL, sizes)) == shape(cut(samples, SMALL, FRAME))


@settings(max_examples=40, deadline=None)
@given(recordings())
def test_speech_has_its_padding_as_far_as_there_is_room(samples: np.ndarray) -> None:
    found = cut(samples, SMALL)
    for before, window in zip([None, *found], found, strict=False):
        room = window.speech[0].start - (before.end if before else 0.0)
        assert window.speech[0].start - window.start >= min(SMALL.pad, room) - 1e-6


def test_a_cut_is_made_in_the_pause_where_there_is_one() -> None:
    talk = [(0.5, 9.0), (9.5, 17.0), (17.7, 24.0), (24.2, 33.0), (33.3, 40.0)]
    samples = speech_track(talk, 41.0)
    options = SpeechOptions()
    found = cut(samples, options)
    check(samples, found, options)
    assert len(found) == 2
    # 17.0 to 17.7 is the longest pause in the second half of the first 30 s
    assert 17.0 <= found[0].end <= 17.7
    assert 17.0 <= found[1].start <= 17.7


@pytest.mark.parametrize("size", [RATE, 100 * RATE])
def test_a_long_silence_ends_a_window_and_is_not_heard(size: int) -> None:
    samples = speech_track([(1.0, 3.0), (10.0, 12.0)], 20.0)
    found = cut(samples, SpeechOptions(), size)
    assert [(round(w.start, 1), round(w.end, 1)) for w in found] == [(0.6, 3.4), (9.6, 12.4)]


def test_short_pauses_do_not_end_a_window() -> None:
    samples = speech_track([(1.0, 3.0), (5.0, 7.0), (8.0, 9.0)], 12.0)
    (window,) = cut(samples, SpeechOptions())
    assert len(window.speech) == 3


def test_endless_speech_is_cut_where_it_is_least_like_speech() -> None:
    levels = [0.9] * int(100 / FRAME_SECONDS)
    dips = [int(at / FRAME_SECONDS) for at in (25.0, 50.0, 75.0)]
    for dip in dips:
        levels[dip] = 0.6  # still speech: there is no pause at all
    samples = track(levels)
    found = cut(samples, SpeechOptions())
    check(samples, found, SpeechOptions())
    assert len(found) == 4
    assert [round(window.end / FRAME_SECONDS) - 1 for window in found[:3]] == dips
    joined = np.concatenate([window.audio.samples for window in found])
    assert np.array_equal(joined, samples)


def test_silence_and_nothing_have_no_windows() -> None:
    assert cut(track([0.0] * 500), SpeechOptions()) == []
    assert cut(np.zeros(0, np.float32), SpeechOptions()) == []
    assert cut(track([0.9] * 2), SpeechOptions()) == []  # a click


def test_the_speech_of_a_real_recording(jfk: Audio) -> None:
    (window,) = windows([jfk], SpeechOptions())
    assert 7 < total(window.speech) < 10.5
    assert 0.0 <= window.start < window.speech[0].start < 0.6
    assert window.speech[-1].end <= window.end <= jfk.duration


def test_another_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="16000 Hz, not 8000"):
        Windower(SpeechOptions(), 8000)


@pytest.mark.parametrize("level", [0.0, 0.9], ids=["silence", "speech"])
def test_an_hour_takes_no_more_memory_than_two_windows(level: float) -> None:
    minutes = 60
    block = track([level] * int(10 / FRAME_SECONDS))

    def hour() -> Iterator[Audio]:
        for number in range(minutes * 6):
            yield Audio(block, RATE, number * len(block) / RATE)

    with amplitude_is_speech():
        tracemalloc.start()
        heard_seconds = sum(window.audio.duration for window in windows(hour(), SpeechOptions()))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    length = minutes * 6 * len(block) / RATE
    assert heard_seconds == pytest.approx(length if level else 0.0)
    assert peak < 16e6  # an hour is 230 MB, a window 1.9 MB


# ── without speech detection ─────────────────────────────────────────────────────────────────────


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 200_000),
    st.lists(st.integers(1, 100_000), max_size=6),
    st.sampled_from([1.5, 4.0, 30.0]),
)
@example(64_000, [], 4.0)  # a whole number of windows
def test_plain_windows_tile_the_recording(length: int, sizes: list[int], window: float) -> None:
    samples = np.linspace(-1, 1, length, dtype=np.float32)
    found = list(windows(blocks(samples, sizes), SpeechOptions(vad=False, window=window)))
    joined = np.concatenate([np.zeros(0, np.float32), *(part.audio.samples for part in found)])
    assert np.array_equal(joined, samples)
    assert [part.start for part in found] == [number * window for number in range(len(found))]
    assert all(part.audio.duration == window for part in found[:-1])
    assert all(part.speech == (Span(part.start, part.end),) for part in found)

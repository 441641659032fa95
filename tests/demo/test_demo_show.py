"""What stands on the page is well formed, and text from a model is never markup."""

from __future__ import annotations

from auricle.demo import show
from auricle.pages import Markup
from auricle.transcript import Segment, Transcript, Word
from auricle.verbs.compare_models.columns import columns

WORDS = (
    Word("<b>Hi</b>", 0.0, 0.5, 0.9),
    Word("there", 0.6, 1.0, 0.2),
    Word(".", 1.0, 1.0, 0.9, joined=True),
)
FOUND = Transcript((Segment(0.0, 1.0, "<b>Hi</b> there.", WORDS),), 2.0, "en")


def test_words_carry_their_times_and_unsure_ones_are_shaded() -> None:
    page = show.transcript(FOUND, show.player("/tmp/a b.wav", None, video=False))
    assert "<b>" not in page
    assert 'data-start="0.600" data-end="1.000" title="20% sure"' in page
    assert page.count('class="word unsure"') == 1
    assert '</span><span class="word"' in page  # the full stop stands close to its word
    assert 'src="/gradio_api/file=/tmp/a%20b.wav"' in page


def test_segments_without_words_are_text() -> None:
    page = show.transcript(Transcript((Segment(0.0, 1.0, "plain & simple"),), 1.0), Markup(""))
    assert "plain &amp; simple" in page
    assert 'aria-label="play from 0:00"' in page


def test_nobody_speaks() -> None:
    assert "Nobody speaks" in show.transcript(Transcript((), 3.0), Markup(""))


def test_a_video_has_its_captions() -> None:
    page = show.player("/x/film.MP4", "/x/captions.vtt", video=show.is_video("/x/film.MP4"))
    assert page.startswith("<video")
    assert '<track src="/gradio_api/file=/x/captions.vtt" kind="captions"' in page
    assert show.player("/x/a.mp3", None, video=show.is_video("/x/a.mp3")).startswith("<audio")


def test_progress_says_how_far() -> None:
    assert "50% · 0:30 of 1:00" in show.progress(30, 60, FOUND.segments)
    assert "Listening" in show.progress(30, None, ())
    assert show.clock(3723) == "1:02:03"


def test_text_that_may_change_stands_apart() -> None:
    page = show.live(["One."], "two three", "<four>")
    assert '<span class="stable">two three</span> <span class="open">&lt;four&gt;</span>' in page


def test_differences_are_marked() -> None:
    page = show.columns(columns(["one two", "one too"]), ["a", "b"], ["1 s", "2 s"])
    assert "differ in 1 of 2 places" in page
    assert page.count("<mark>") == 2
    assert "agree" in show.columns(columns(["one", "one"]), ["a", "b"], ["", ""])

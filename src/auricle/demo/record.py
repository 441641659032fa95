"""The tab in which a visitor records a dataset. Gradio's side of ``reading``."""

from __future__ import annotations

from typing import Any

from auricle.demo import show
from auricle.demo.reading import Book, Reading
from auricle.errors import AuricleError
from auricle.pages import Markup


def tab(gr: Any, book: Book, languages: list[tuple[str, str]]) -> None:
    """Whose voice it is and what is read; then sentence by sentence: record, hear, keep or read again."""
    with gr.Row():
        speaker = gr.Textbox(label="Your name in the dataset", max_length=200)
        language = gr.Dropdown(languages, value="auto", label="Language of the sentences")
    text = gr.Textbox(
        label="Sentences to read, one a line", lines=4, max_length=100_000, visible=not book.prompts
    )
    begin = gr.Button("Begin", variant="primary")
    card = gr.HTML(elem_classes="result")
    sound = gr.Audio(
        sources=["microphone"], type="filepath", label="Record, hear it, then keep it", buttons=["download"]
    )
    with gr.Row():
        keep = gr.Button("Keep", variant="primary")
        again = gr.Button("Read it again")
        skip = gr.Button("Skip")
    told = gr.HTML(elem_classes="result")
    reading = gr.State(None)

    def started(said: str, name: str, spoken: str) -> tuple[Any, ...]:
        try:
            now = Reading(book, said, name, spoken)
        except AuricleError as error:
            return None, "", None, _bad(error)
        return now, str(now.card()), None, ""

    def kept(now: Reading | None, path: str | None) -> tuple[Any, ...]:
        if now is None:
            return _not_begun()
        try:
            done = now.keep(path)
        except AuricleError as error:
            return str(now.card()), gr.skip(), _bad(error, path)
        return str(now.card()), None, str(done)

    def skipped(now: Reading | None) -> tuple[Any, ...]:
        return _not_begun() if now is None else _shown(now, now.skip())

    def judged(now: Reading | None, path: str | None) -> Any:
        return str(now.judge(path)) if now and path else gr.skip()

    begin.click(started, [text, speaker, language], [reading, card, sound, told], show_progress="hidden")
    sound.change(judged, [reading, sound], told, show_progress="hidden")
    keep.click(kept, [reading, sound], [card, sound, told], show_progress="hidden")
    again.click(lambda: (None, ""), None, [sound, told], show_progress="hidden")
    skip.click(skipped, reading, [card, sound, told], show_progress="hidden")


def _shown(now: Reading, line: Markup) -> tuple[Any, ...]:
    """The next sentence, an empty recorder, and a line."""
    return str(now.card()), None, str(line)


def _not_begun() -> tuple[Any, ...]:
    return "", None, str(show.sentence("Press Begin first.", bad=True))


def _bad(error: AuricleError, path: str | None = None) -> str:
    told = str(error)
    return str(show.sentence(told.replace(path, "the recording") if path else told, bad=True))

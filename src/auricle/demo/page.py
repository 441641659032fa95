"""The page: tabs, what can be chosen, and what each button calls. Gradio is here and in ``record``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from auricle import sample
from auricle.demo import hearing, record, show
from auricle.demo.hearing import CHOSEN, EVERY, Wanted
from auricle.demo.live import Talk
from auricle.demo.loading import gradio
from auricle.demo.options import DemoOptions
from auricle.demo.reading import Book
from auricle.demo.shelf import Shelf
from auricle.models import LANGUAGES
from auricle.pages import resource
from auricle.serve.batching import Stop

_KEPT = (600, 86_400)  # seconds: how often old uploads are looked for, and how old they may be

_MICROPHONE = '<p class="deaf" role="alert"></p>'  # where the script says what is wrong with it


def gradio_version() -> str:
    """The version that is installed here. Raises MissingExtraError."""
    return str(gradio().__version__)


def create(options: DemoOptions, shelf: Shelf | None = None) -> Any:
    """The page as Gradio's Blocks, not yet served."""
    gr = gradio()
    shelf = shelf or Shelf(options)
    book = Book.of(options)
    with gr.Blocks(title="Auricle", analytics_enabled=False, delete_cache=_KEPT) as page:
        gr.HTML("<h1>Auricle</h1><p>Write down what is said. The sound stays on this machine.</p>")
        choices = _choices(gr, options)
        with gr.Tabs():
            with gr.Tab("File", id="file"):
                _file_tab(gr, shelf, choices)
            with gr.Tab("Microphone", id="microphone"):
                _microphone_tab(gr, shelf, choices)
            # Rendered at once: Gradio's recorder is fetched meanwhile, and who pressed Record before it had
            # come was recorded by nobody ("ge is not a constructor").
            with gr.Tab("Live", id="live", render_children=True):
                _live_tab(gr, shelf, choices)
            if len(options.models) > 1:
                with gr.Tab("Compare", id="compare"):
                    _compare_tab(gr, shelf, options, choices)
            if book:
                with gr.Tab("Record", id="record"):
                    record.tab(gr, book, [("not said", "auto"), *_languages()])
        page.load(shelf.warm, queue=False, show_progress="hidden")  # not before it can be seen
    return page


def look(gr: Any) -> dict[str, Any]:
    """Theme, style and script for ``launch``; fonts are the system's, so none is fetched."""
    fonts = ["system-ui", "sans-serif"]
    theme = gr.themes.Default(primary_hue="blue", font=fonts, font_mono=["ui-monospace", "monospace"]).set(
        button_primary_background_fill="*primary_700",  # white on it can be read, which it cannot on 500
        button_primary_background_fill_hover="*primary_800",
    )
    return {
        "theme": theme,
        "css": resource("auricle.demo", "style.css"),
        "head": f"<script>{resource('auricle.demo', 'player.js')}</script>",
    }


def _choices(gr: Any, options: DemoOptions) -> list[Any]:
    """Model, language, task, words and formats, for all tabs."""
    languages = [("found out", "auto"), *_languages()]
    with gr.Accordion("Model, language and formats", open=False):
        with gr.Row():
            model = gr.Dropdown(list(options.models), value=options.models[0], label="Model")
            language = gr.Dropdown(languages, value="auto", label="Language")
            tasks = [("write it down", "transcribe"), ("translate into English", "translate")]
            task = gr.Radio(tasks, value="transcribe", label="Task")
        words = gr.Checkbox(True, label="Times of words: the text follows the player")
        formats = gr.CheckboxGroup(list(EVERY), value=list(CHOSEN), label="Formats to download")
    return [model, language, task, words, formats]


def _languages() -> list[tuple[str, str]]:
    return [(name.capitalize(), code) for code, name in LANGUAGES.items()]


def _hear(
    shelf: Shelf,
    stop: Stop | None,
    path: Any,
    model: str,
    language: str,
    task: str,
    words: bool,
    formats: list[str],
) -> Iterator[Any]:
    from gradio.utils import get_upload_folder

    wanted = Wanted(model, language, task, words, tuple(formats))
    folder = Path(get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    for page, files in hearing.hear(shelf, path, wanted, folder, stop):
        yield str(page), gradio().update(value=files or None, visible=bool(files))


def _hearing_parts(gr: Any, shelf: Shelf, recording: Any, choices: list[Any]) -> Any:
    """The buttons and the result of a tab with a recording; returns what starts it."""
    start, cancel = _buttons(gr, "Transcribe")
    result = gr.HTML(elem_classes="result")
    files = gr.File(label="Downloads", file_count="multiple", interactive=False, visible=False)

    def run(*asked: Any) -> Iterator[Any]:
        yield from _hear(shelf, *asked)

    _until_cancelled(gr, start, cancel, run, [recording, *choices], [result, files])
    return start


def _buttons(gr: Any, name: str) -> tuple[Any, Any]:
    with gr.Row():
        return gr.Button(name, variant="primary"), gr.Button("Cancel")


def _until_cancelled(gr: Any, start: Any, cancel: Any, run: Any, asked: list[Any], shown: Any) -> None:
    """``run`` gets a Stop before what is asked; the button sets it, and what was heard by then is shown."""
    stop = gr.State(None)
    begun = start.click(Stop, None, stop, queue=False, show_progress="hidden", api_visibility="private")
    begun.then(run, [stop, *asked], shown, concurrency_limit=4, show_progress="hidden", api_name=run.__name__)
    cancel.click(
        lambda now: now and now.set(),
        stop,
        None,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def _file_tab(gr: Any, shelf: Shelf, choices: list[Any]) -> None:
    recording = gr.File(label="A sound or video file: drop it here", type="filepath")
    trial = gr.Button("Take the sample: 11 seconds of 1961")
    _hearing_parts(gr, shelf, recording, choices)
    trial.click(lambda: str(sample()), None, recording)


def _microphone_tab(gr: Any, shelf: Shelf, choices: list[Any]) -> None:
    recording = gr.Audio(
        sources=["microphone"],
        type="filepath",
        label="Record, stop, then press Transcribe",
        buttons=["download"],  # and none that shares it with strangers
    )
    gr.HTML(_MICROPHONE)
    start = _hearing_parts(gr, shelf, recording, choices)
    # Gradio hands over None until the recording has been uploaded: till then there is nothing to press.
    start.interactive = False
    recording.change(
        lambda path: gr.update(interactive=path is not None), recording, start, show_progress="hidden"
    )


def _live_tab(gr: Any, shelf: Shelf, choices: list[Any]) -> None:
    model, language = choices[:2]
    sound = gr.Audio(sources=["microphone"], type="numpy", streaming=True, label="Speak", buttons=[])
    gr.HTML(_MICROPHONE)
    gr.HTML("<p>Words in italics may still change; the others stay.</p>")
    text = gr.HTML(str(show.live([], "", "")), elem_classes="result")
    talk = gr.State(None)

    def begin(before: Talk | None, name: str, spoken: str) -> tuple[Any, str]:
        if before is not None:
            before.leave()
        return Talk(shelf, name, spoken), str(show.live([], "", ""))

    def feed(piece: Any, now: Talk | None) -> Any:
        return gr.skip() if now is None else str(now.feed(piece))

    def finish(now: Talk | None) -> Iterator[str]:
        for page in now.finish() if now is not None else ():
            yield str(page)

    sound.start_recording(begin, [talk, model, language], [talk, text], show_progress="hidden")
    sound.stream(
        feed,
        [sound, talk],
        text,
        stream_every=0.25,  # seconds
        time_limit=None,
        concurrency_limit=4,
        show_progress="hidden",
    )
    sound.stop_recording(finish, talk, text, show_progress="hidden")


def _compare_tab(gr: Any, shelf: Shelf, options: DemoOptions, choices: list[Any]) -> None:
    recording = gr.File(label="A sound or video file: drop it here", type="filepath")
    with gr.Row():
        first = gr.Dropdown(list(options.models), value=options.models[0], label="One model")
        second = gr.Dropdown(list(options.models), value=options.models[1], label="The other")
    trial = gr.Button("Take the sample")
    start, cancel = _buttons(gr, "Compare")
    result = gr.HTML(elem_classes="result")

    def compare(stop: Stop | None, path: Any, one: str, other: str, language: str) -> Iterator[str]:
        for page in hearing.compare(shelf, path, (one, other), language, stop):
            yield str(page)

    _until_cancelled(gr, start, cancel, compare, [recording, first, second, choices[1]], result)
    trial.click(lambda: str(sample()), None, recording)

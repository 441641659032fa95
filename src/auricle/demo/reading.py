"""A visitor reads sentences aloud, one after the other, into a dataset. Knows no Gradio.

The folder is the one of ``auricle datasets record``: what was begun there goes on here, and the other
way round. It is named by whoever starts the page; a visitor never says where something is written.
"""

from __future__ import annotations

from pathlib import Path

from auricle.audio import Audio
from auricle.demo import show
from auricle.demo.options import DemoOptions
from auricle.errors import AuricleError, OptionError
from auricle.pages import Markup, tag
from auricle.verbs.datasets.record import RecordOptions, Takes, complaint, read_prompts, sentences

_RATE = 48_000  # Hz: what nearly every microphone gives
_WAIT = "The recording is still on its way: wait a moment, then press Keep."
_LONGEST = 200  # characters of a name


class Book:
    """What is read on one page: the folder, and the sentences if the owner names any.

    Raises OptionError for a folder with something else in it, MissingFileError and DatasetError for
    the file of sentences.
    """

    def __init__(self, folder: str, prompts: str | None = None) -> None:
        self.takes = Takes(Path(folder).expanduser())
        self.prompts = read_prompts(Path(prompts).expanduser()) if prompts else []

    @staticmethod
    def of(options: DemoOptions) -> Book | None:
        """The book that the options ask for. Raises OptionError for sentences without a folder."""
        if options.record:
            return Book(options.record, options.prompts)
        if options.prompts:
            raise OptionError("prompts are read into a dataset: name its folder too, with record.")
        return None


class Reading:
    """One visitor's sentences. Every method gives what is to stand on the page now."""

    def __init__(self, book: Book, text: str, speaker: str, language: str) -> None:
        """``text`` holds the sentences, one a line, where the book has none. Raises OptionError."""
        self._prompts = book.prompts or sentences(text.splitlines())
        if not self._prompts:
            raise OptionError("there is no sentence to read. Write one a line.")
        name = " ".join(speaker.split())[:_LONGEST]
        self._takes = book.takes
        self._options = RecordOptions(name or None, None if language == "auto" else language)
        self._skipped: set[str] = set()

    @property
    def prompt(self) -> str | None:
        """The sentence to be read now; None where all have been."""
        waiting = self._takes.waiting(self._prompts, self._options.speaker)
        return next((prompt for prompt in waiting if prompt not in self._skipped), None)

    def card(self) -> Markup:
        """The sentence and its number, or how many there are now."""
        prompt, total = self.prompt, len(self._prompts)
        if prompt is None:
            done = total - len(self._takes.waiting(self._prompts, self._options.speaker))
            return show.sentence(
                f"{done:,} of {total:,} sentences are in {self._takes.folder.name}. Thank you."
            )
        number = tag("p", f"{self._prompts.index(prompt) + 1:,} of {total:,}", class_="far")
        text = tag("p", prompt, class_="prompt", lang=self._options.language)
        return tag("div", number, text, class_="heard", aria_live="polite")

    def judge(self, path: str | None) -> Markup:
        """What is wrong with a recording, while it can still be read again."""
        if not path:
            return show.sentence("")
        try:
            fault = complaint(Audio.load(path, _RATE))
        except AuricleError as error:
            return show.sentence(str(error).replace(path, "the recording"), bad=True)
        return show.sentence(fault and f"Read it again: {fault}.", bad=bool(fault))

    def keep(self, path: str | None) -> Markup:
        """Write the recording of the sentence that is shown. Raises AudioError, OutputError, OptionError."""
        prompt = self.prompt
        if prompt is None:
            raise OptionError("all sentences have been read.")
        if not path:  # a microphone hands over nothing until its recording has arrived
            raise OptionError(_WAIT)
        clip = Audio.load(path, _RATE)
        self._takes.keep(prompt, clip, self._options)
        return show.sentence(f"Kept: {clip.duration:.1f} s.")

    def skip(self) -> Markup:
        """Go on without this sentence, until the page is opened again."""
        if (prompt := self.prompt) is not None:
            self._skipped.add(prompt)
        return show.sentence("")

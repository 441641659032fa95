"""The options of ``demo``."""

from __future__ import annotations

from dataclasses import dataclass, field

from auricle.engines import LoadOptions
from auricle.errors import OptionError
from auricle.options import option


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """Everything ``demo`` can be told."""

    load: LoadOptions = field(default_factory=LoadOptions)
    also: tuple[str, ...] = option((), "more models to choose from on the page", metavar="NAME")
    host: str = option("127.0.0.1", "address to listen on; 0.0.0.0 is everybody's", metavar="ADDRESS")
    port: int = option(7860, "port to listen on; 0 takes a free one")
    share: bool = option(False, "make a public address through Gradio's servers, for 72 hours")
    auth: tuple[str, ...] = option((), "name:password that visitors need", metavar="NAME:PASSWORD")
    record: str | None = option(
        None, "folder for a dataset: a tab where visitors read sentences aloud", metavar="FOLDER"
    )
    prompts: str | None = option(
        None, "with --record: the sentences, one a line; else visitors write their own", metavar="FILE"
    )
    max_upload: float = option(500.0, "MB a file may have")

    @property
    def models(self) -> tuple[str, ...]:
        """The models to choose from, the first one first."""
        return tuple(dict.fromkeys((self.load.model, *self.also)))

    @property
    def visitors(self) -> list[tuple[str, str]]:
        """Names and passwords. Raises OptionError for one without a colon."""
        pairs = [one.partition(":") for one in self.auth]
        if not all(name and colon and password for name, colon, password in pairs):
            raise OptionError(
                "auth takes a name and a password with a colon between them, such as ann:secret."
            )
        return [(name, password) for name, _, password in pairs]

"""Text while somebody speaks: sound in pieces to events.

    >>> import numpy, auricle
    >>> pieces = numpy.array_split(auricle.Audio.load(auricle.sample()).samples, 22)
    >>> said = [event.text for event in auricle.stream(pieces) if isinstance(event, UtteranceEnded)]
    >>> said[-1][-37:]
    'ask what you can do for your country.'

``stream`` is for an iterator of sound, ``Listener`` for sound that somebody pushes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from auricle.engines import Engine
from auricle.options import build
from auricle.verbs.stream.events import Committed, Event, Partial, SpeechStarted, UtteranceEnded
from auricle.verbs.stream.listener import Listener
from auricle.verbs.stream.options import PaceOptions, StreamOptions

__all__ = [
    "Committed",
    "Event",
    "Listener",
    "PaceOptions",
    "Partial",
    "SpeechStarted",
    "StreamOptions",
    "UtteranceEnded",
    "stream",
]


def stream(
    pieces: Iterable[npt.NDArray[np.float32]],
    model: str = "tiny.en",
    *,
    engine: Engine | None = None,
    **options: Any,
) -> Iterator[Event]:
    """Events of sound that comes in pieces of any size: mono float32 samples at 16 kHz.

    ``options`` are the fields of StreamOptions and the classes in it (``language="en"``, ``step=0.3``).

    Raises OptionError, ModelError, AudioError for samples that are no sound.
    """
    listener = Listener(build(StreamOptions, {"model": model, **options}), engine=engine)
    for piece in pieces:
        yield from listener.feed(piece)
    yield from listener.finish()

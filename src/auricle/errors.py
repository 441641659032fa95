"""Everything Auricle raises on purpose.

::

    AuricleError
    ├── OptionError        (ValueError)         an option or value that is unknown or impossible
    ├── AudioError         (ValueError)         a file that holds no audio that can be decoded
    ├── MissingFileError   (FileNotFoundError)  an input that is not there
    ├── ModelError         (LookupError)        a model that cannot be found, checked or loaded
    ├── DatasetError       (ValueError)         a dataset that cannot be found or opened
    ├── FormatError        (ValueError)         a transcript file that cannot be read or written
    ├── ScoreError         (ValueError)         texts or runs that cannot be compared
    ├── OutputError        (OSError)            a result that cannot be written
    └── MissingExtraError  (ImportError)        a part of Auricle that is not installed

Each is also the builtin that a caller of a library would expect, so ``except ValueError`` works
for those who do not know us. A message is one line and ends with what to do, where there is
anything to do. The command line prints it and exits with 1; any other exception is a bug and
keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AuricleError(Exception):
    """The root: catch this to catch everything Auricle raises on purpose."""


class OptionError(AuricleError, ValueError):
    """An option, or the value of one, is unknown, impossible or not supported by this engine."""


class AudioError(AuricleError, ValueError):
    """There is no audio here that can be decoded."""


class MissingFileError(AuricleError, FileNotFoundError):
    """An input does not exist."""


class ModelError(AuricleError, LookupError):
    """A model cannot be found, does not match its checksum, or cannot be loaded."""


class DatasetError(AuricleError, ValueError):
    """A dataset cannot be found or opened, or what was asked of it is not in it."""


class FormatError(AuricleError, ValueError):
    """A transcript file cannot be read as, or written to, this format."""


class ScoreError(AuricleError, ValueError):
    """Texts or runs cannot be compared: other ids, other data, another normaliser, nothing to count."""


class OutputError(AuricleError, OSError):
    """A result cannot be written where it was asked for."""


class MissingExtraError(AuricleError, ImportError):
    """A part of Auricle that this needs is not installed."""


def missing_extra(what: str, extra: str) -> MissingExtraError:
    """The error for a feature whose optional packages are absent, with what to type."""
    return MissingExtraError(f'{what} needs more packages. Type: pip install "auricle[{extra}]"')


def nearest(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A clause that names the closest known names, or all of them when none is close.

    ``otherwise`` stands in the place of all, where they are too many for a line.

    >>> nearest("srtt", ["srt", "vtt", "txt"])
    'Did you mean srt?'
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return otherwise or f"Known: {', '.join(names)}."

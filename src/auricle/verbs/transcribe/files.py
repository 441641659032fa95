"""Many recordings to many files: what to read, where to write, and what cannot be, before any work.

Knows names and folders. Refuses to know how a recording becomes text.
"""

from __future__ import annotations

import glob
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from auricle.errors import MissingFileError, OptionError, OutputError
from auricle.formats import FORMATS, CueStyle, dumps, find_format
from auricle.options import changed, option
from auricle.storage import write_atomic
from auricle.transcript import Transcript

# What counts as a recording inside a folder; a file that is named is read whatever its ending.
MEDIA = frozenset(
    (
        ".3gp .aac .ac3 .aif .aiff .alac .amr .ape .au .avi .caf .dts .flac .flv .gsm .m4a .m4b .m4v "
        ".mka .mkv .mov .mp2 .mp3 .mp4 .mpeg .mpg .mts .oga .ogg .ogv .opus .ra .ts .tta .vob .w64 .wav "
        ".weba .webm .wma .wmv .wv"
    ).split()
)
STDIN = "-"


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """Where transcripts go, and in which formats."""

    output_dir: str | None = option(
        None, "folder to write to; without it the text goes to stdout", metavar="DIR"
    )
    format: tuple[str, ...] = option(
        (), "format to write, txt if not given; several as json,srt", metavar="NAME", choices=tuple(FORMATS)
    )
    overwrite: bool = option(False, "do again what was done, and replace files that are in the way")
    keep_suffix: bool = option(False, "write talk.mp4.srt rather than talk.srt")
    cues: CueStyle = field(default_factory=CueStyle)


@dataclass(frozen=True, slots=True)
class Task:
    """One recording to read, and the path of its outputs without their ending (None: stdout)."""

    source: str
    stem: Path | None


@dataclass(frozen=True, slots=True)
class Plan:
    """All tasks of a command, checked before anything is loaded."""

    tasks: tuple[Task, ...]
    formats: tuple[str, ...]
    folder: Path | None
    style: CueStyle

    def outputs(self, task: Task, channel: str | None = None) -> dict[str, Path]:
        """The file of each format for one task."""
        if task.stem is None:
            return {}
        name = task.stem.name if channel is None else f"{task.stem.name}.ch{channel}"
        return {format: task.stem.with_name(name + FORMATS[format].suffix) for format in self.formats}

    def write(self, task: Task, transcript: Transcript) -> list[Path]:
        """Write one transcript in every format, each file whole or not at all. Raises OutputError."""
        files = self.outputs(task, transcript.channel)
        for name, path in files.items():
            write_atomic(path, dumps(transcript, name, self.style))
        return list(files.values())


def plan(inputs: Sequence[str], options: OutputOptions, *, channel: str = "mix") -> Plan:
    """Find the recordings and decide the names of all outputs; ``channel`` is the channel rule.

    A file that is not there is no error yet: the others are not lost because of it.

    Raises MissingFileError where there is no recording at all, FormatError for an unknown format,
    OptionError for what could not be honoured and for two outputs of one name, MissingExtraError
    for a format that needs more packages, OutputError for a folder that cannot be written to.
    """
    formats = tuple(dict.fromkeys(find_format(name).name for name in options.format)) or ("txt",)
    check_style(formats, options.cues)
    folder = Path(os.path.expanduser(options.output_dir)) if options.output_dir else None  # noqa: PTH111
    found = tuple(_tasks(inputs, folder, keep_suffix=options.keep_suffix))
    if not found:
        where = " or ".join(inputs) or "nothing"
        raise MissingFileError(f"there is no recording in {where}. Name a file, such as talk.mp3.")
    _check_stdin(found, channel)
    planned = Plan(found, formats, folder, options.cues)
    if folder is None:
        _check_stdout(planned, options, several=len(found) > 1 or channel == "each")
    else:
        _refuse_clashes(planned, channel)
        _check_writable(folder)
    return planned


def check_style(formats: Sequence[str], style: CueStyle) -> None:
    """Refuse what could not be written, before there is anything to write.

    Raises OptionError for caption options without a format that has captions, FormatError for
    what a format cannot show, MissingExtraError for a format that needs more packages.
    """
    if (asked := sorted(changed(style))) and not any(FORMATS[name].read for name in formats):
        able = ", ".join(name for name, row in FORMATS.items() if row.read)
        raise OptionError(
            f"{' and '.join(asked)} is for captions, and {', '.join(formats)} has none. "
            f"Choose a format of: {able}."
        )
    for name in formats:
        dumps(Transcript(), name, style)


def check_free(path: Path, story: str = "") -> None:
    """Raise OutputError for a file that is there already: it may be somebody's work."""
    if path.exists():
        raise OutputError(f"{path} is there already{story}. Type: --overwrite to replace it.")


def _tasks(inputs: Sequence[str], folder: Path | None, *, keep_suffix: bool) -> Iterator[Task]:
    """A task for each recording, one named twice only once."""
    seen: set[str] = set()
    for argument in inputs:
        for source, below in _expand(argument):
            name = source if source == STDIN else os.path.abspath(source)  # noqa: PTH100 (takes ".." out)
            if name not in seen:
                seen.add(name)
                yield Task(source, folder and folder / _stem(below, keep_suffix=keep_suffix))


def _expand(argument: str) -> Iterator[tuple[str, Path]]:
    """Each recording that an argument means, with the path its outputs keep below the output folder."""
    if argument == STDIN:
        yield STDIN, Path("stdin")
        return
    if not argument.strip():
        raise MissingFileError("the name of a recording is empty. Name a file, such as talk.mp3.")
    path = _path(argument)
    if "://" in argument:
        yield argument, Path(path.name)  # refused as an address, whole, when its turn comes
    elif path.is_dir():
        yield from _inside(path)
    elif glob.has_magic(argument) and not os.path.lexists(path):
        yield from _matching(path)
    else:
        yield str(path), Path(path.name)


def _path(argument: str) -> Path:
    """The path of an argument; one that begins with "~" and is no user's home becomes absolute."""
    path = Path(os.path.expanduser(argument))  # noqa: PTH111 (Path.expanduser raises for ~nobody)
    return path.absolute() if str(path).startswith("~") else path


def _inside(folder: Path) -> Iterator[tuple[str, Path]]:
    """The recordings in a folder and below it, in the order of their names, without hidden ones."""
    for file in sorted(folder.rglob("*")):
        below = file.relative_to(folder)
        hidden = any(part.startswith(".") for part in below.parts)
        if not hidden and file.suffix.lower() in MEDIA and file.is_file():
            yield str(file), below


def _matching(pattern: Path) -> Iterator[tuple[str, Path]]:
    """What a pattern means that the shell has not expanded; what lies below its fixed part is kept."""
    matches = sorted(glob.glob(str(pattern), recursive=True))  # noqa: PTH207 (Path.glob takes no absolute one)
    if not matches:
        yield str(pattern), Path(pattern.name)  # reported when its turn comes, like any missing file
    fixed = Path(*takewhile(lambda part: not glob.has_magic(part), pattern.parts))
    named = pattern.suffix and not glob.has_magic(pattern.suffix)
    for match in map(Path, matches):
        if not match.is_dir():
            if named or match.suffix.lower() in MEDIA:
                yield str(match), match.relative_to(fixed)
        elif "**" not in pattern.parts:  # else what is in it matches as well
            yield from ((source, match.relative_to(fixed) / below) for source, below in _inside(match))


def _stem(path: Path, *, keep_suffix: bool) -> Path:
    """The path without its ending; "..wav" keeps it, for ".." is another folder."""
    bare = path.name.removesuffix(path.suffix)
    return path if keep_suffix or bare.strip(".") == "" else path.with_name(bare)


def _check_stdin(tasks: Sequence[Task], channel: str) -> None:
    if channel == "each" and any(task.source == STDIN for task in tasks):
        raise OptionError(
            "channel each reads a recording once a channel, and standard input can be read once only. "
            "Save it to a file first, or choose one channel."
        )


def _check_stdout(plan: Plan, options: OutputOptions, *, several: bool) -> None:
    """Refuse what only makes sense with files."""
    for name in ("overwrite", "keep_suffix"):
        if getattr(options, name):
            raise OptionError(f"{name} is for files, and the text goes to stdout. Type: --output-dir DIR")
    if len(plan.formats) > 1:
        raise OptionError(
            f"{len(plan.formats)} formats cannot share stdout. Type: --output-dir . to write files here."
        )
    if several and plan.formats != ("txt",):
        raise OptionError(
            f"several transcripts cannot share stdout as {plan.formats[0]}. "
            "Type: --output-dir . to write files here."
        )


def _refuse_clashes(plan: Plan, channel: str) -> None:
    """Two recordings that would write one file, or one that would be written over."""
    sources = {_folded(task.source): task.source for task in plan.tasks}
    names: dict[str, str] = {}
    for task in plan.tasks:
        for path in plan.outputs(task, "0" if channel == "each" else None).values():
            if source := sources.get(_folded(path)):
                raise OptionError(f"{path} would be written over the recording {source}. Move one of them.")
            if (other := names.setdefault(_folded(path), task.source)) != task.source:
                way_out = _way_out(other, task.source)
                raise OptionError(f"{other} and {task.source} would write the same file {path}. {way_out}")


def _folded(path: str | Path) -> str:
    return os.path.normcase(os.path.abspath(path))  # noqa: PTH100


def _way_out(one: str, other: str) -> str:
    if Path(one).suffix != Path(other).suffix:
        return "Type: --keep-suffix"
    return "Give one of them another --output-dir, in a command of its own."


def _check_writable(folder: Path) -> None:
    """Raise OutputError before any work is done, not after it; makes nothing that stays."""
    existing = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise OutputError(
            f"cannot write to {folder}: {error.strerror or error}. Type: --output-dir with another folder."
        ) from error

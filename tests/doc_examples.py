"""The examples in the documentation, run and compared with what the page says.

A ``console`` block holds commands after ``$`` and their output, stdout and stderr as a terminal
shows them; ``...`` stands for anything. A ``python`` block is a doctest, or plain code where no
line begins with ``>>>``. The blocks of a page share a folder and Python names, in their order.

    python tests/doc_examples.py docs/transcribing.md    # writes the output where it differs
"""

from __future__ import annotations

import contextlib
import doctest
import functools
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

from auricle import engines
from auricle.cli import main, run
from auricle.engines import LoadOptions, ctranslate2

_SHELL = re.compile(r"[|&;<>$]")
_FENCE = re.compile(r"^```(\w*)$")
# What differs from run to run and from machine to machine.
_VARYING = (
    (re.compile(r"in \d+\.\d s \(\d+\.\d × real time\)"), "in # s (# × real time)"),
    (re.compile(r"(ctranslate2|openvino) cpu \w+"), "# cpu #"),
    # said where stopping takes its time, which it does on a busy machine
    (re.compile(r"auricle: stopping … the same again quits at once\.\n"), ""),
    (re.compile(r" +\d+\.\d +\d+\.\d\d +\d+\.\d +\d+ MB"), " # RTFx, seconds, memory"),
    (re.compile(r"engine +RTFx +seconds +load s +memory"), "engine #"),
)


@dataclass
class Block:
    """A fenced block: its language, the line its text begins at (from 0), and its lines."""

    kind: str
    at: int
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


@dataclass(frozen=True)
class Example:
    """One command, and the lines of its output: where they begin, and what they are."""

    command: str
    at: int
    output: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """What an example printed that the page does not say."""

    example: Example
    found: str
    written: bool = True  # whether the page can simply say this instead

    def __str__(self) -> str:
        wanted = "\n".join(self.example.output)
        return f"line {self.example.at}: $ {self.example.command}\n--- page\n{wanted}\n--- now\n{self.found}"


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page."""
    found: list[Block] = []
    inside = False
    for number, line in enumerate(page.splitlines()):
        fence = _FENCE.match(line)
        if fence and not inside:
            found.append(Block(fence[1], number + 1))
        elif inside and not fence:
            found[-1].lines.append(line)
        inside = not inside if fence else inside
    return found


def examples(block: Block) -> list[Example]:
    """The commands of a console block."""
    starts = [number for number, line in enumerate(block.lines) if line.startswith("$ ")]
    found: list[Example] = []
    for start, end in zip(starts, [*starts[1:], len(block.lines)], strict=True):
        first = start
        while block.lines[first].endswith("\\"):
            first += 1
        command = " ".join(line.removesuffix("\\").strip() for line in block.lines[start : first + 1])
        output = tuple(block.lines[first + 1 : end])
        found.append(Example(command.removeprefix("$ "), block.at + first + 1, output))
    return found


def same(wanted: str, found: str) -> bool:
    """Whether the output is as the page has it, but for what varies."""
    return doctest.OutputChecker().check_output(_plain(wanted), _plain(found), doctest.ELLIPSIS)


def _plain(text: str) -> str:
    for pattern, sign in _VARYING:
        text = pattern.sub(sign, text)
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip() + "\n"


class Page:
    """Runs the examples of one page in a folder of its own."""

    def __init__(self, text: str, name: str) -> None:
        self._blocks = blocks(text)
        self._name = name
        self._code = 0
        self._names: dict[str, object] = {"__name__": "__main__"}

    def run(self) -> Iterator[Difference]:
        """Every example that does not do what the page says."""
        with tempfile.TemporaryDirectory() as folder, _working(Path(folder)):
            for block in self._blocks:
                if block.kind == "console":
                    yield from self._console(block)
                elif block.kind == "python":
                    yield from self._python(block)

    def _console(self, block: Block) -> Iterator[Difference]:
        for example in examples(block):
            found = self._call(example.command)
            if not same("\n".join(example.output), found):
                yield Difference(example, found)

    def _call(self, command: str) -> str:
        if command == "echo $?":
            return f"{self._code}\n"
        if command.startswith("auricle ") and not _SHELL.search(command):
            self._code, output = _in_process(shlex.split(command)[1:])
            return output
        done = subprocess.run(
            ["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        self._code = done.returncode
        return done.stdout.decode()

    def _python(self, block: Block) -> Iterator[Difference]:
        if ">>> " not in block.text:
            exec(compile(block.text, self._name, "exec"), self._names)
            return
        test = doctest.DocTestParser().get_doctest(block.text, self._names, self._name, self._name, block.at)
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        said = io.StringIO()
        runner = doctest.DocTestRunner(optionflags=flags, verbose=False)
        runner.run(test, out=said.write, clear_globs=False)
        self._names |= test.globs
        if runner.failures:
            yield Difference(Example("python", block.at, ()), said.getvalue(), written=False)


def _in_process(arguments: list[str]) -> tuple[int, str]:
    """The command line in this process: exit code, and both streams as they came."""
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        code = run(arguments)
    stream.flush()
    return code, data.getvalue().decode()


@contextlib.contextmanager
def _working(folder: Path) -> Iterator[None]:
    """In an empty folder, with ``auricle`` and ``python`` on the path, and one model for all commands."""
    here, tools = folder / "here", folder / "bin"
    here.mkdir()
    tools.mkdir()
    own = "import doc_examples; doc_examples.command()"
    for name, more in (("auricle", f"-c '{own}'"), ("python", "")):
        tool = tools / name
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" {more} "$@"\n')
        tool.chmod(0o755)
    environment = {
        "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": str(Path(__file__).parent),
        "COLUMNS": "80",
        "HF_HUB_OFFLINE": "1",
        "AURICLE_CACHE": os.environ.get("AURICLE_CACHE", str(folder / "cache")),
    }
    with contextlib.chdir(here), mock.patch.dict(os.environ, environment), _modest():
        yield


@contextlib.contextmanager
def _modest() -> Iterator[None]:
    """Models are loaded once, by one engine in float32, so that all processors decode alike; on one thread.

    Two processes that each want all the cores make each other ten times slower.
    """
    load = functools.cache(ctranslate2.load)

    def modest(options: LoadOptions) -> object:
        kind = "float32" if options.compute_type == "auto" else options.compute_type
        return load(replace(options, compute_type=kind, threads=1))

    alike = mock.patch.object(engines, "_faster_on_openvino", lambda _: False)
    with alike, mock.patch.object(ctranslate2, "load", modest):
        yield


def command() -> None:
    """``auricle`` as the shell of a page finds it."""
    with _modest():
        main()


def update(path: Path) -> tuple[int, list[Difference]]:
    """Write the output of each example where it differs: how many did, and what has to be mended by hand."""
    lines = path.read_text("utf-8").splitlines()
    found = list(Page(path.read_text("utf-8"), path.name).run())
    for difference in reversed([item for item in found if item.written]):
        example = difference.example
        fresh = difference.found.rstrip().splitlines()
        blank = [""] if example.output and not example.output[-1] else []
        lines[example.at : example.at + len(example.output)] = fresh + blank
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return len(found), [item for item in found if not item.written]


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        count, left = update(Path(argument))
        print(f"{argument}: {count} changed", *left, sep="\n")

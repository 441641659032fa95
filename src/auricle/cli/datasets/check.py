"""auricle datasets check"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from auricle.cli.console import clock, say
from auricle.cli.datasets.progress import hearing, opened, tell_faults
from auricle.cli.flags import Command, flags, options_from
from auricle.cli.tables import table
from auricle.errors import OptionError
from auricle.verbs.datasets import DataOptions, Dataset
from auricle.verbs.datasets.check import KINDS, Checked, CheckOptions, check
from auricle.verbs.datasets.labels import LabelOptions, Suspect, rank_labels
from auricle.verbs.transcribe.files import check_free

_EPILOG = """\b
Examples:
  auricle datasets check corpus/ --for tiny.en
  auricle datasets check corpus/ --for tiny.en --drop unreadable,no-text --output clean/manifest.jsonl
  auricle datasets check corpus/ --for tiny.en --label-errors 20

Exit code 0: fit. 1: something has to be dealt with first (--drop, --split-long, --keep).
"""


@click.command(cls=Command, epilog=_EPILOG)
@click.argument("data", metavar="DATASET")
@click.option(
    "--for",
    "model",
    metavar="MODEL",
    help="model it is checked for: name, folder or Hub id  [default: tiny.en]",
)
@click.option("-o", "--output", metavar="FILE", help="write a manifest of what stays")
@click.option("--overwrite", is_flag=True, help="replace a manifest that is in the way")
@click.option("--json", "as_json", is_flag=True, help="print every finding as JSON")
@click.option("-q", "--quiet", is_flag=True, help="no progress and no warnings")
@flags(CheckOptions)
@flags(LabelOptions)
@flags(DataOptions)
def command(data: str, output: str | None, overwrite: bool, as_json: bool, quiet: bool, **values: Any) -> int:
    """Say what is wrong with a dataset for training or testing a model, and what to do about it."""
    options, labels = options_from(CheckOptions, values), options_from(LabelOptions, values)
    if output and not overwrite:
        check_free(Path(output))
    if options.split_long and not output:
        raise OptionError("--split-long writes new clips. Type: --output FILE.jsonl")
    dataset = opened(data, options_from(DataOptions, values), quiet=quiet)
    with hearing(dataset, quiet=quiet) as heard:
        found = check(dataset, options, on_progress=heard)
    if dataset.streamed and not quiet:
        tell_faults(dataset)
    suspects = _suspects(dataset, labels, quiet=quiet)
    print(_as_json(found, suspects) if as_json else "".join(_report(found, suspects)), end="")
    if output:
        _write(dataset, found, Path(output))
    return 0 if found.fit else 1


def _suspects(dataset: Dataset, labels: LabelOptions, *, quiet: bool) -> list[Suspect]:
    if not labels.label_errors:
        return []
    with hearing(dataset, quiet=quiet) as heard:
        return rank_labels(dataset, labels, on_progress=heard)


def _write(dataset: Dataset, found: Checked, path: Path) -> None:
    from auricle.verbs.datasets.make import clean

    if found.open:
        say(f"auricle: nothing written: {', '.join(found.open)} still to be dealt with")
        return
    count = clean(dataset, found, path)
    say(f"wrote {path}: {count:,} of {found.utterances:,} utterances")


def _report(found: Checked, suspects: list[Suspect]) -> list[str]:
    heard = f"{found.name}: {found.utterances:,} utterances, {clock(found.seconds)}\n"
    if not found.findings:
        return [heard, *_labels(suspects), f"fit for {found.model}: nothing found\n"]
    rows = [
        (
            kind,
            f"{len(listed):,}",
            _fate(found, kind),
            KINDS[kind][1],
            str(listed[0].id),
            listed[0].detail[:70],
        )
        for kind, listed in found.findings.items()
    ]
    heads = ("found", "count", "then", "what it is", "first", "")
    return [heard, table(heads, rows, right=(1,)), *_labels(suspects), _verdict(found)]


def _fate(found: Checked, kind: str) -> str:
    return found.fates[kind] or "?"


def _labels(suspects: list[Suspect]) -> list[str]:
    if not suspects:
        return []
    lines = ["texts that a model hears otherwise, the most different first:\n"]
    for item in suspects:
        lines.append(f"  {item.rate:.0%}  {item.id}\n       text   {item.text}\n       heard  {item.heard}\n")
    return lines


def _verdict(found: Checked) -> str:
    if found.fit:
        return f"fit for {found.model}\n"
    kinds = ",".join(found.open)
    more = ", or --split-long" if "too-long" in found.open else ""
    return f"not fit for {found.model} yet. Type: --drop {kinds} (or --keep some of them{more})\n"


def _as_json(found: Checked, suspects: list[Suspect]) -> str:
    value = {
        "name": found.name,
        "model": found.model,
        "utterances": found.utterances,
        "seconds": round(found.seconds, 3),
        "fit": found.fit,
        "open": found.open,
        "findings": {
            kind: {"then": found.fates[kind], "items": [dataclasses.asdict(item) for item in listed]}
            for kind, listed in found.findings.items()
        },
        "label_errors": [dataclasses.asdict(item) for item in suspects],
    }
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"

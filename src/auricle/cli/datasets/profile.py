"""auricle datasets profile"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from auricle.cli.console import say
from auricle.cli.datasets.progress import hearing, opened, tell_faults
from auricle.cli.flags import Command, flags, options_from
from auricle.storage import write_atomic
from auricle.verbs.datasets import DataOptions
from auricle.verbs.datasets.profile import Profile, Spread, profile
from auricle.verbs.datasets.text import joined
from auricle.verbs.transcribe.files import check_free

_EPILOG = """\b
Examples:
  auricle datasets profile recordings/
  auricle datasets profile corpus/manifest.jsonl --split train --html profile.html
  auricle datasets profile google/fleurs --config yo_ng --split test --text-column transcription --streaming
"""


@click.command(cls=Command, epilog=_EPILOG)
@click.argument("data", metavar="DATASET")
@click.option("--json", "as_json", is_flag=True, help="print all figures as JSON")
@click.option("--html", metavar="FILE", help="write a page with plots, and every clip to search and hear")
@click.option(
    "--embed",
    type=float,
    default=20.0,
    metavar="MB",
    show_default=True,
    help="size of the clips in the page at most; others stay beside it",
)
@click.option("--overwrite", is_flag=True, help="replace a page that is in the way")
@click.option("-q", "--quiet", is_flag=True, help="no progress and no warnings")
@flags(DataOptions)
def command(
    data: str, as_json: bool, html: str | None, embed: float, overwrite: bool, quiet: bool, **values: Any
) -> None:
    """Say what is in a dataset: hours, speakers, durations, loudness, noise, alphabet, style."""
    if html and not overwrite:
        check_free(Path(html))
    dataset = opened(data, options_from(DataOptions, values), quiet=quiet)
    with hearing(dataset, quiet=quiet) as heard:
        found = profile(dataset, heard)
    if dataset.streamed and not quiet:
        tell_faults(dataset)
    if html:
        from auricle.verbs.datasets.page import page

        write_atomic(Path(html), page(found, dataset, Path(html), int(embed * 1e6)).encode())
        say(f"wrote {html}")
    print(json.dumps(found.to_json(), ensure_ascii=False, indent=1) if as_json else "\n".join(summary(found)))


def summary(found: Profile) -> list[str]:
    """The figures that matter, in lines."""
    lines = [
        (
            "dataset",
            f"{found.name}: {found.utterances:,} utterances, {found.hours:.2f} h",
        ),
        ("fingerprint", found.fingerprint[:16]),
        ("languages", _counts(found.languages)),
        ("splits", _counts(found.splits)),
        ("speakers", f"{found.speakers:,}{_spread(found.by_speaker, ' min each') if found.speakers else ''}"),
        ("duration", _spread(found.duration, " s")),
        ("speed", _spread(found.words_a_minute, " words/min")),
        ("loudness", _spread(found.level, " dB")),
        ("noise", f"{_spread(found.snr, ' dB')} signal to noise, estimated"),
        ("silence", _spread(found.silence, "", 100.0) + " % of each clip"),
        ("files", f"{_counts(found.codecs)}; {_counts(found.rates)} Hz; channels {_counts(found.channels)}"),
        ("problems", _problems(found)),
        ("words", f"{found.words:,}, {found.vocabulary:,} different"),
        (
            "alphabet",
            f"{len(found.letters)} characters: {''.join(name for name in found.letters if name != ' ')[:60]}",
        ),
        (
            "format",
            ", ".join(f"{name} {share:.0%}" for name, share in found.shares.items() if share >= 0.005),
        ),
        ("style", _style(found)),
        ("twice", _twice(found)),
    ]
    return [f"{name:<12}{text}" for name, text in lines if text]


def _counts(counts: Any) -> str:
    return joined((name if len(counts) == 1 else f"{name} {count:,}" for name, count in counts.items()), 6)


def _spread(spread: Spread | None, unit: str, scale: float = 1.0) -> str:
    """ "median 3.6 s, 90 % between 2.1 and 7.9"."""
    if spread is None:
        return ""
    low, middle, high = (f"{spread.quantiles[place] * scale:.3g}" for place in (1, 3, 5))
    return (
        f" median {middle}{unit}, 90 % from {low} to {high}".lstrip()
        if unit != " min each"
        else (f", median {middle}{unit}, 90 % from {low} to {high}")
    )


def _problems(found: Profile) -> str:
    counts = {"unreadable": found.unreadable, "clipped": found.clipped, "without text": found.without_text}
    return (
        ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
        or "none unreadable, none clipped"
    )


def _style(found: Profile) -> str:
    style = found.style
    rates = f"{style.fillers:.1f} fillers and {style.repetitions:.1f} repetitions in 1,000 words"
    return f"{style.guess}: {rates}{f' ({joined(style.evidence, 4)})' if style.evidence else ''}"


def _twice(found: Profile) -> str:
    again = sum(len(group) - 1 for group in found.same_audio)
    return f"{found.same_text:,} texts, {again} recordings, {len(found.near_audio)} pairs nearly alike"

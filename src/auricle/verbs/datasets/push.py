"""A dataset to the Hugging Face Hub: parquet files and a card that says what is in them.

The card states what can be counted (utterances, hours, speakers, languages) and what the caller says
(licence, a sentence about the data). What nobody said is left out, never guessed; a licence is asked for.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from auricle.errors import AuricleError, DatasetError, OptionError, missing_extra
from auricle.options import option
from auricle.verbs.datasets.dataset import Dataset
from auricle.verbs.datasets.export import write_parquet
from auricle.verbs.datasets.layouts.hub import is_id

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@dataclass(frozen=True, slots=True)
class PushOptions:
    """What the card says beyond what can be counted, and who may see it."""

    licence: str | None = option(
        None, "licence of the recordings, as the Hub names it: cc-by-4.0, cc0-1.0, other", metavar="NAME"
    )
    about: str = option("", "a sentence or two on where the recordings are from", metavar="TEXT")
    public: bool = option(False, "let everybody see the repository if it is new")


@dataclass(frozen=True, slots=True)
class Pushed:
    """Where a dataset is now: its page, its commit, and how many utterances went there."""

    url: str
    commit: str
    utterances: int


def push(dataset: Dataset, repository: str, options: PushOptions) -> Pushed:
    """Upload a dataset as parquet with its card, in one commit; a repository that is not there is made.

    Raises OptionError (no licence, no repository's name), DatasetError (no permission, no network),
    MissingExtraError.
    """
    if not is_id(repository):
        raise OptionError(f"{repository!r} names no repository. Give owner/name.")
    if not options.licence:
        raise OptionError(
            "nobody can use recordings without a licence. Type: --licence cc-by-4.0 (or its name)"
        )
    try:
        from huggingface_hub import HfApi
    except ImportError as error:
        raise missing_extra("The Hub", "datasets") from error
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        count = write_parquet(dataset, folder)
        (folder / "README.md").write_text(card(dataset, repository, options), "utf-8")
        api = HfApi()
        try:
            made = api.create_repo(repository, repo_type="dataset", private=not options.public, exist_ok=True)
            done = api.upload_folder(
                repo_id=made.repo_id,
                repo_type="dataset",
                folder_path=folder,
                commit_message=f"Add {count} utterances",
            )
        except AuricleError:
            raise
        except Exception as error:  # the library's errors have no parent of their own
            raise _explained(error, repository) from error
    return Pushed(str(made), done.oid, count)


def card(dataset: Dataset, repository: str, options: PushOptions) -> str:
    """The README of the repository: what machines read between two rules, then what people read."""
    count, seconds, unknown = 0, 0.0, 0
    speakers, languages, splits = set[str](), Counter[str](), Counter[str]()
    for item in dataset:
        count += 1
        seconds += item.duration or 0.0
        unknown += item.duration is None
        speakers.update([item.speaker] if item.speaker else [])
        languages.update([item.language] if item.language else [])
        splits[str(item.columns.get("split") or "train")] += 1
    size = next((name for limit, name in _SIZES if count < limit), "n>1M")
    head = ["license: " + json.dumps(options.licence), "task_categories:", "- automatic-speech-recognition"]
    head += ["language:", *(f"- {code}" for code in sorted(languages))] if languages else []
    head += ["size_categories:", f"- {size}", "configs:", "- config_name: default", "  data_files:"]
    for split in sorted(splits):
        head += [f"  - split: {split}", f"    path: data/{split}-*"]
    rows = [f"| {name} | {number:,} |" for name, number in sorted(splits.items())]
    facts = [f"- utterances: {count:,}"]
    facts += [] if unknown else [f"- hours: {seconds / 3600:.2f}"]
    facts += [f"- speakers: {len(speakers):,}"] if speakers else []
    facts += [f"- languages: {', '.join(sorted(languages))}"] if languages else []
    name = repository.rpartition("/")[2]
    lines = [
        "---",
        *head,
        "---",
        "",
        f"# {name}",
        "",
        *([options.about, ""] if options.about else []),
        *facts,
    ]
    lines += [
        "",
        "| split | utterances |",
        "| --- | --- |",
        *rows,
        "",
        "Made with `auricle datasets push`.",
        "",
    ]
    return "\n".join(lines)


def _explained(error: Exception, repository: str) -> DatasetError:
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if status in (401, 403):
        return DatasetError(f"the Hub does not let you write to {repository}. Type: hf auth login")
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return DatasetError(f"{repository} could not be written: {first[:200]}")

"""Datasets of the Hugging Face Hub, streamed or downloaded, by way of the datasets library.

Knows what the library's errors mean; each becomes one line that ends with what to type.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import Any

from auricle.errors import DatasetError, missing_extra
from auricle.verbs.datasets.layouts.arrow import source_of
from auricle.verbs.datasets.rows import Source

_ID = re.compile(r"[\w.-]+/[\w.-]+(?::[\w.-]+)?")
_OPTION = "fragment_scan_options"
_QUOTED = re.compile(r"['\"]([\w.+-]+)['\"]")


def is_id(spec: str) -> bool:
    """Whether this has the form of a Hub id: owner/name, or owner/name:config."""
    return bool(_ID.fullmatch(spec)) and not spec.startswith(".")


def open_hub(spec: str, *, config: str | None, revision: str | None, streaming: bool) -> Source:
    """The rows of a repository; its splits have to be chosen where it has several.

    Raises DatasetError (not there, gated, no such config, offline), MissingExtraError.
    """
    name, _, inline = spec.partition(":")
    opened = _load(name, config or inline or None, revision, streaming=streaming)
    source = source_of(opened, name)
    return replace(source, whole=len(source.splits or ()) < 2)


def _load(name: str, config: str | None, revision: str | None, *, streaming: bool) -> Any:
    try:
        import datasets
    except ImportError as error:
        raise missing_extra("Opening a dataset of the Hub", "datasets") from error
    from huggingface_hub import errors

    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    transport: type[Exception] = vars(errors)["HTTPError"]
    try:
        try:
            return datasets.load_dataset(
                name, config, revision=revision, streaming=streaming, **(_in_pieces() if streaming else {})
            )
        except ValueError as error:  # the sound of this one is not in parquet files
            if _OPTION not in str(error):
                raise
            return datasets.load_dataset(name, config, revision=revision, streaming=streaming)
    except (OSError, ValueError, RuntimeError, transport) as error:
        raise DatasetError(_explain(error, name, config, revision)) from error


def _in_pieces() -> dict[str, Any]:
    """Read parquet without its buffer, which keeps all that was read of a file until its end."""
    import pyarrow.dataset

    return {_OPTION: pyarrow.dataset.ParquetFragmentScanOptions(pre_buffer=False)}


def _explain(error: Exception, name: str, config: str | None, revision: str | None) -> str:
    from huggingface_hub import constants

    page = f"{constants.ENDPOINT}/datasets/{name}"
    said = " ".join(str(error).split())
    kinds = [type(item).__name__ for item in _chain(error)]
    if "GatedRepoError" in kinds or "gated" in said:
        return f"{name} is gated. Accept its terms at {page} then type: hf auth login"
    if "onfig" in said and (
        known := _QUOTED.findall(said.partition("vailable")[2] or said.partition("among")[2])
    ):
        wrong = f"has no config {config!r}" if config else "has several configs"
        return f"{name} {wrong}: {', '.join(known[:20])}. Type: {name}:{known[0]}"
    if "scripts are no longer supported" in said:
        return f"{name} is a loading script, which datasets no longer runs. Look for a parquet copy of it"
    if "RevisionNotFoundError" in kinds or (revision and "revision" in said.lower()):
        return f"{name} has no revision {revision!r}. Choose one from {page}/tree/main"
    if constants.HF_HUB_OFFLINE or "OfflineModeIsEnabled" in kinds:
        return (
            f"offline, and {name} is no folder here and not in the cache. Type the same again when connected"
        )
    if "DatasetNotFoundError" in kinds:
        return f"there is no dataset {name} on {constants.ENDPOINT}. If it is private, type: hf auth login"
    return f"{name} cannot be opened ({said[:160] or type(error).__name__}). Type the same again"


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found

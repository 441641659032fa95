"""Models of the Hugging Face Hub: from the cache first, then over the network.

huggingface_hub keeps the cache and takes up what an interrupted download left; this file chooses
the files, and turns each way it can fail into one line that ends with what to type.
"""

from __future__ import annotations

import contextlib
import errno
import re
from pathlib import Path

from auricle.errors import ModelError
from auricle.models.catalogue import ModelInfo
from auricle.models.folders import INDEX, Layout, ModelFolder, is_model, layout_of

# Both layouts' files; "model.bin" does not match pytorch_model.bin, and no other pickle is on the list.
_FILES = [
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "normalizer.json",
    "vocab.json",
    "merges.txt",
    "vocabulary.*",
    "model.bin",
    "model.safetensors",
    "model-*-of-*.safetensors",
    "tokenizer.model",
    "*.bpe.model",
    "chat_template.jinja",
    INDEX,
]
_PICKLED = ["pytorch_model.bin", "pytorch_model-*-of-*.bin", "pytorch_model.bin.index.json"]


class NotHereError(ModelError):
    """A model that is not on this machine, and the network is not to be asked."""


_COMMIT = re.compile(r"[0-9a-f]{40}")


def fetch(
    name: str,
    hub_id: str,
    info: ModelInfo | None,
    *,
    revision: str | None,
    offline: bool | None,
    allow_pickle: bool = False,
) -> ModelFolder:
    """The snapshot of a repository: cached, else downloaded.

    Raises ModelError: not found, gated, interrupted, disk full; NotHereError: offline and not cached.
    """
    ask_first = revision is not None and not _COMMIT.fullmatch(revision)
    stay = is_offline(offline)
    if (stay or not ask_first) and (path := _cached(hub_id, revision, allow_pickle=allow_pickle)):
        return ModelFolder(path, layout_of(path, allow_pickle=allow_pickle), name, path.name, info, "cache")
    if stay:
        raise NotHereError(_offline_message(name, hub_id))
    path = _download(hub_id, revision)
    if allow_pickle and not is_model(path) and _pickles(hub_id, path.name):
        path = _download(hub_id, path.name, pickles=True)
        return ModelFolder(path, layout_of(path, allow_pickle=True), name, path.name, info, "hub")
    return ModelFolder(path, _layout(path, hub_id), name, path.name, info, "hub")


def fetch_file(hub_id: str, revision: str, filename: str, *, offline: bool | None = None) -> Path:
    """One more file of a snapshot that is here: cached, else downloaded beside the others.

    Raises ModelError as ``fetch`` does, also where the repository has no such file.
    """
    from huggingface_hub import errors, hf_hub_download

    transport: type[Exception] = vars(errors)["HTTPError"]
    try:
        return Path(
            hf_hub_download(hub_id, filename, revision=revision, local_files_only=is_offline(offline))
        )
    except errors.RemoteEntryNotFoundError as error:
        raise ModelError(f"{hub_id} has no {filename}. Look at its files, or choose another.") from error
    except errors.LocalEntryNotFoundError as error:
        if is_offline(offline):
            raise NotHereError(f"offline, and {filename} of {hub_id} is not in the cache.") from error
        raise ModelError(_explain(error, hub_id, revision)) from error
    except (OSError, transport) as error:
        raise ModelError(_explain(error, hub_id, revision)) from error


def is_offline(offline: bool | None = None) -> bool:
    """Whether to keep off the network: asked for here, or by HF_HUB_OFFLINE."""
    if offline:
        return True
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def _cached(hub_id: str, revision: str | None, *, allow_pickle: bool = False) -> Path | None:
    """The cached snapshot if it is whole; None where there is none or a download broke off."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        path = _snapshot(hub_id, revision, local_files_only=True)
    except LocalEntryNotFoundError:
        return None
    return path if _is_whole(path, allow_pickle=allow_pickle) else None


def _is_whole(path: Path, *, allow_pickle: bool = False) -> bool:
    """Whether the files that a layout needs are there; huggingface_hub before 2.0 does not look."""
    try:
        return bool(layout_of(path, allow_pickle=allow_pickle))
    except ModelError:
        return False


def _download(hub_id: str, revision: str | None, *, pickles: bool = False) -> Path:
    from huggingface_hub import errors

    # httpx.HTTPError, or httpx2.HTTPError, according to the version of huggingface_hub
    transport: type[Exception] = vars(errors)["HTTPError"]
    try:
        return _snapshot(hub_id, revision, local_files_only=False, pickles=pickles)
    except (OSError, transport) as error:
        raise ModelError(_explain(error, hub_id, revision)) from error


def _snapshot(hub_id: str, revision: str | None, *, local_files_only: bool, pickles: bool = False) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        path = snapshot_download(
            hub_id,
            revision=revision,
            local_files_only=local_files_only,
            allow_patterns=[*_FILES, *_PICKLED] if pickles else _FILES,
        )
    except HFValidationError as error:
        raise ModelError(f"{hub_id!r} is no Hugging Face id. Give owner/name") from error
    return Path(path)


def _layout(path: Path, hub_id: str) -> Layout:
    """The layout of a snapshot, with a word on pickles where the repository has nothing else."""
    if not is_model(path) and (pickles := _pickles(hub_id, path.name)):
        raise ModelError(
            f"{hub_id} has its weights only as {pickles[0]}, a pickle, which can run code when opened. "
            "Choose a repository with model.safetensors"
        )
    return layout_of(path)


def _pickles(hub_id: str, commit: str) -> list[str]:
    """The pickled weights of a repository; empty where they cannot be listed."""
    from huggingface_hub import HfApi, errors

    with contextlib.suppress(OSError, vars(errors)["HTTPError"]):
        names = HfApi().list_repo_files(hub_id, revision=commit)
        return sorted(name for name in names if name.endswith((".bin", ".pt", ".pth", ".ckpt")))
    return []


def _explain(error: Exception, hub_id: str, revision: str | None) -> str:
    """Why a download failed, in one line that ends with what to type."""
    from huggingface_hub import constants, errors

    page = f"{constants.ENDPOINT}/{hub_id}"
    match error:
        case errors.GatedRepoError():
            return f"{hub_id} is gated. Accept the licence at {page} then type: hf auth login"
        case errors.RevisionNotFoundError():
            return f"{hub_id} has no revision {revision!r}. Choose one from {page}/commits/main"
        case errors.RepositoryNotFoundError():
            return f"there is no {hub_id} on {constants.ENDPOINT}. If it is private, type: hf auth login"
        case errors.LocalEntryNotFoundError():
            return (
                f"{constants.ENDPOINT} cannot be reached, and {hub_id} is not in the cache. "
                "Try again when connected, or use tiny.en, which is embedded"
            )
    return _explain_broken(error, hub_id)


def _explain_broken(error: Exception, hub_id: str) -> str:
    """Why a download broke off that had begun."""
    from huggingface_hub import constants

    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {constants.HF_HUB_CACHE} is full. Make room, or set HF_HOME to another disk"
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{constants.HF_HUB_CACHE} cannot be written. Set HF_HOME to a folder of your own"
    cause = " ".join(str(error).split())[:120] or type(error).__name__
    return f"the download of {hub_id} broke off ({cause}). Type the same again: whole files are kept"


def _offline_message(name: str, hub_id: str) -> str:
    wanted = name if name == hub_id else f"{name} ({hub_id})"
    return (
        f"offline, and {wanted} is no local folder, is not embedded and is not in the Hugging Face cache. "
        f"Type, once connected: auricle models pull {name}"
    )

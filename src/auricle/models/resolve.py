"""A name becomes a folder on this machine: local folder → embedded → Hugging Face cache → Hub.

Knows nothing of loading: whether the weights make sense is the engine's business.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from auricle.errors import ModelError, OptionError
from auricle.models import embedded, hub
from auricle.models.catalogue import find, lookup
from auricle.models.folders import ModelFolder, is_model, layout_of, refuse_file

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


def resolve(
    name: str | Path,
    *,
    revision: str | None = None,
    offline: bool | None = None,
    allow_pickle: bool = False,
) -> ModelFolder:
    """Find a model by name ("tiny.en"), folder ("./mine") or Hugging Face id ("owner/name").

    ``revision`` is a commit, branch or tag of the Hub repository; a branch or tag is looked up on
    the Hub each time, anything else is taken from the cache when it is there. ``offline`` keeps off
    the network, as HF_HUB_OFFLINE=1 does. ``allow_pickle`` takes weights that opening could run code.

    Raises ModelError where it cannot be found or is not whole, OptionError for a revision of a folder.
    """
    text = _stripped(name)
    if folder := _local(text):
        if revision is not None:
            raise OptionError(f"{folder} is a folder and has no revisions. Leave revision out")
        layout = layout_of(folder, allow_pickle=allow_pickle)
        return ModelFolder(folder, layout, text, None, find(text), "local")
    if "/" not in text:
        return _named(text, revision, offline, allow_pickle=allow_pickle)
    return hub.fetch(text, text, find(text), revision=revision, offline=offline, allow_pickle=allow_pickle)


def check_name(name: str) -> None:
    """Refuse what is neither a folder nor in the catalogue nor an id of the Hub; nothing is fetched.

    Raises ModelError with the nearest names.
    """
    text = _stripped(name)
    if _local(text) is None and "/" not in text:
        lookup(text)


def _stripped(name: str | Path) -> str:
    text = os.fspath(name).strip()
    if not text:
        raise ModelError("a model has a name. Give tiny.en, a folder or a Hugging Face id (owner/name)")
    return text


def _named(name: str, revision: str | None, offline: bool | None, *, allow_pickle: bool) -> ModelFolder:
    """A model of the catalogue: the embedded one, unless a revision of the Hub is asked for."""
    info = lookup(name)
    if info.name == embedded.NAME and revision is None and embedded.installed():
        return embedded.embedded()
    return hub.fetch(
        info.name, info.hub_id, info, revision=revision, offline=offline, allow_pickle=allow_pickle
    )


def _local(text: str) -> Path | None:
    """The folder that a name means, or None where it is a model's name.

    A folder that merely has the name of a catalogued model and holds no weights does not count.
    Raises ModelError for a path where there is no folder.
    """
    path = Path(text).expanduser()
    if path.is_dir():
        return None if find(text) and not _looks_like_path(text) and not is_model(path) else path
    if path.is_file():
        raise refuse_file(path)
    if _looks_like_path(text):
        raise ModelError(f"there is no folder {path}. Give one, tiny.en or a Hugging Face id (owner/name)")
    return None


def _looks_like_path(text: str) -> bool:
    """Whether this can only be a path: one slash inside is a Hugging Face id."""
    if text.startswith((".", "~")) or "\\" in text:
        return True
    return "/" in text and not _HUB_ID.fullmatch(text)

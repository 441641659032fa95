"""Models on this machine: fetched, found, taken away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from auricle.errors import ModelError
from auricle.models import embedded
from auricle.models.catalogue import find, lookup
from auricle.models.downloads import Download, downloaded
from auricle.models.downloads import remove as _remove
from auricle.models.folders import ModelFolder
from auricle.models.hub import NotHereError
from auricle.models.resolve import resolve


@dataclass(frozen=True, slots=True)
class Removal:
    """What would be taken away: the model as it was named, and its download."""

    name: str
    download: Download


def pull(name: str, *, revision: str | None = None) -> ModelFolder:
    """Fetch a model, or find it where it is already (``origin`` says which).

    Raises ModelError, before anything is fetched for a model that no engine runs.
    """
    info = find(name)
    if info and not info.engines:
        raise ModelError(f"{name} is known, but no engine runs {info.family} yet. Type: auricle models list")
    return resolve(name, revision=revision)


def place(name: str, *, revision: str | None = None) -> ModelFolder:
    """Where a model lies on this machine; the network is not asked. Raises ModelError."""
    try:
        return resolve(name, revision=revision, offline=True)
    except NotHereError as error:
        raise ModelError(f"{name} is not on this machine. Type: auricle models pull {name}") from error


def removal(name: str) -> Removal:
    """What removing a model would take away; nothing is taken yet.

    Raises ModelError for a folder of the user, for the embedded model and for what is not there.
    """
    info = find(name)
    if info is None and Path(name).expanduser().exists():
        raise ModelError(f"{name} is yours: Auricle removes only what it downloaded. Delete it yourself")
    hub_id = info.hub_id if info else name if "/" in name else lookup(name).hub_id
    if found := downloaded(hub_id):
        return Removal(name, found)
    if info and info.name == embedded.NAME and embedded.installed():
        raise ModelError(f"{name} is installed with Auricle. Type: pip uninstall {embedded.PACKAGE}")
    raise ModelError(f"{name} is not on this machine, so there is nothing to remove.")


def remove(what: Removal) -> int:
    """Take a download away, with the conversions made of it. Returns the bytes freed.

    Raises OutputError where it cannot be removed.
    """
    return _remove(what.download)

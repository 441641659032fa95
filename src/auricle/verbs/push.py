"""A checkpoint to the Hugging Face Hub: weights, every file beside them, and the card.

All of it is one commit: what was interrupted is not there, and files that had arrived are not sent
again. Rights are asked for before anything is sent.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.errors import AuricleError, ModelError, OptionError
from auricle.models import ModelFolder, resolve
from auricle.models.folders import layout_of
from auricle.options import build, option

_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_LEFT_HERE = ("training/*", ".part-*", ".*")


class PushError(AuricleError, OSError):
    """The Hub did not take a checkpoint: no rights, no network, or an interrupted upload."""


@dataclass(frozen=True, slots=True)
class PushOptions:
    """Where to."""

    repo: str = option("", "repository on the Hub: owner/name", metavar="OWNER/NAME")
    private: bool = option(False, "make a repository that is new private")
    message: str = option("Upload a checkpoint", "message of the commit", metavar="TEXT")


@dataclass(frozen=True, slots=True)
class Pushed:
    """The repository, and the commit that holds the checkpoint."""

    repo: str
    commit: str
    url: str


def push(checkpoint: str | Path, **options: Any) -> Pushed:
    """Send a checkpoint's folder to the Hub; ``options`` are the fields of PushOptions.

    Raises OptionError, ModelError (no checkpoint, no card), PushError.
    """
    chosen = build(PushOptions, options)
    if not _NAME.fullmatch(chosen.repo):
        raise OptionError(f"repo is OWNER/NAME, not {chosen.repo!r}. Type: --repo me/{Path(checkpoint).name}")
    folder = _checked(checkpoint)
    check_rights(chosen.repo)
    from huggingface_hub import HfApi

    with _explained(chosen.repo):
        api = HfApi()
        api.create_repo(chosen.repo, private=chosen.private, exist_ok=True)
        found = api.upload_folder(
            repo_id=chosen.repo,
            folder_path=folder.path,
            commit_message=chosen.message,
            ignore_patterns=list(_LEFT_HERE),
        )
    return Pushed(chosen.repo, str(found.oid), str(found.commit_url))


def check_rights(repo: str) -> None:
    """Ask the Hub who we are, and whether that one may write there. Raises PushError."""
    from huggingface_hub import HfApi, constants

    if constants.is_offline_mode() or os.environ.get("HF_HUB_OFFLINE") in ("1", "true"):
        raise PushError("the Hub is not to be asked (HF_HUB_OFFLINE). Unset it to push")
    with _explained(repo):
        me = HfApi().whoami()
    owner = repo.partition("/")[0]
    known = {str(me.get("name")), *(str(one.get("name")) for one in me.get("orgs", ()))}
    if owner not in known:
        mine = f"{me.get('name')}/{repo.partition('/')[2]}"
        raise PushError(f"{me.get('name')} may not write to {owner}. Type: --repo {mine}")
    role = (me.get("auth") or {}).get("accessToken", {}).get("role")
    if role == "read":
        raise PushError("the token may only read. Make one that may write, and type: hf auth login")


def _checked(checkpoint: str | Path) -> ModelFolder:
    folder = resolve(str(checkpoint))
    layout_of(folder.path)
    if folder.origin != "local":
        raise OptionError(f"{checkpoint} is no folder of yours. Name the folder of a checkpoint")
    if not (folder.path / "README.md").is_file():
        raise ModelError(
            f"{folder.path} has no README.md, the card of the model. Write one, or fine-tune it here"
        )
    return folder


@contextmanager
def _explained(repo: str) -> Iterator[None]:
    """Turn what huggingface_hub raises into one line."""
    from huggingface_hub import errors
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    # httpx.HTTPError, or httpx2.HTTPError, according to the version of huggingface_hub
    network: type[Exception] = vars(errors)["HTTPError"]
    try:
        yield
    except AuricleError:
        raise
    except LocalTokenNotFoundError as error:
        raise PushError("there is no token for the Hub here. Type: hf auth login") from error
    except HfHubHTTPError as error:
        code = getattr(error.response, "status_code", None)
        if code in (401, 403):
            raise PushError(
                f"the Hub does not let this token write to {repo}. Type: hf auth login"
            ) from error
        raise PushError(f"the Hub answered {code}. What had arrived is kept: type the same again") from error
    except (network, OSError, RuntimeError) as error:  # RuntimeError: a large file that did not arrive
        line = " ".join(str(error).split())[:120] or type(error).__name__
        raise PushError(f"the upload was interrupted ({line}). Type the same command again") from error

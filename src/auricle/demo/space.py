"""A page as a Hugging Face Space: a folder that holds all it needs but the packages of its requirements.

Our own source goes with it, so the Space runs the code it was made with. A model in a folder goes
too; one with a name is fetched by the Space when it starts.
"""

from __future__ import annotations

import os
import re
import shutil
from importlib import metadata
from pathlib import Path

import auricle
from auricle.demo.options import DemoOptions
from auricle.errors import AuricleError, OptionError, OutputError
from auricle.storage import write_atomic

_SOURCE = shutil.ignore_patterns("__pycache__", "*.pyc")
_OURS = re.compile(r"""^(?P<package>[^;]+?)\s*(?:;\s*extra\s*==\s*['"](?P<extra>[\w-]+)['"])?$""")

_README = """---
title: {title}
colorFrom: blue
colorTo: gray
sdk: gradio
sdk_version: {gradio}
python_version: "3.11"
app_file: app.py
pinned: false
---

Write down what is said, with the model {model}. Made by `auricle demo --space`.
To run it here: `pip install gradio=={gradio} -r requirements.txt`, then `python app.py`.
"""

_APP = '''"""The page of this Space."""

from auricle.demo.space import start

start({model!r})
'''


def make_space(options: DemoOptions, folder: Path) -> list[Path]:
    """Write a Space for the page to ``folder``, which must be empty or new; returns its files.

    Raises OptionError, ModelError for a model that is not there, OutputError.
    """
    from auricle.demo.page import gradio_version
    from auricle.models import resolve

    if folder.exists() and any(folder.iterdir()):
        raise OutputError(f"{folder} is not empty. Name a new folder.")
    if options.record or options.prompts:
        raise OptionError("a Space forgets what is recorded into it. Leave record and prompts out.")
    model, local = options.load.model, Path(options.load.model).expanduser().absolute()
    resolve(model, revision=options.load.revision)
    name = _free_name(local.name) if local.is_dir() else model
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(Path(auricle.__file__).parent, folder / "auricle", ignore=_SOURCE)
        if local.is_dir():
            shutil.copytree(local, folder / name)
    except OSError as error:
        raise OutputError(f"cannot write the Space to {folder}: {error.strerror or error}") from error
    readme = _README.format(title=f"Auricle with {name}", gradio=gradio_version(), model=name)
    write_atomic(folder / "README.md", readme.encode())
    write_atomic(folder / "app.py", _APP.format(model=name).encode())
    write_atomic(folder / "requirements.txt", ("\n".join(requirements()) + "\n").encode())
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _free_name(name: str) -> str:
    """The name under which a checkpoint stands in a Space, and on its page."""
    taken = {"auricle", "README.md", "app.py", "requirements.txt", ""}
    return "model" if name in taken else name


def requirements() -> list[str]:
    """The packages that the page needs, beside Gradio: those of ours without an extra, and for docx."""
    found = [_OURS.match(one) for one in metadata.requires("auricle") or []]
    return sorted(match["package"] for match in found if match and match["extra"] in (None, "docx"))


def push(folder: Path, repository: str) -> str:
    """Put a Space on the Hub with the token of ``hf auth login``; its address. Raises OutputError."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    api = HfApi()
    try:
        api.create_repo(repository, repo_type="space", space_sdk="gradio", exist_ok=True)
        api.upload_folder(folder_path=folder, repo_id=repository, repo_type="space")
    except (HfHubHTTPError, LocalTokenNotFoundError, OSError, ValueError) as error:
        line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise OutputError(
            f"the Space is in {folder}, but could not be pushed to {repository}: {line}"
        ) from error
    return f"{api.endpoint}/spaces/{repository}"


def start(model: str) -> None:
    """Show the page in a Space: where the Space says, until it ends. A folder is one beside the app."""
    import gradio

    from auricle.demo.page import create, look
    from auricle.demo.shelf import Shelf
    from auricle.engines import LoadOptions

    os.chdir(Path(auricle.__file__).parent.parent)
    options = DemoOptions(LoadOptions(model=model))
    page = create(options, Shelf(options))
    try:
        page.queue(max_size=64).launch(
            allowed_paths=[str(auricle.sample().parent)], ssr_mode=False, footer_links=[], **look(gradio)
        )
    except AuricleError as error:
        raise SystemExit(f"auricle: {error}") from error

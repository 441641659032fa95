"""A Space holds all it needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import auricle
from auricle.demo import DemoOptions, space
from auricle.engines import LoadOptions
from auricle.errors import ModelError, OptionError, OutputError
from auricle.models import resolve


def test_a_space_has_its_source_and_its_model(tmp_path: Path) -> None:
    model = resolve("tiny.en").path
    checkpoint = tmp_path / "mine"
    checkpoint.symlink_to(model, target_is_directory=True)
    found = space.make_space(DemoOptions(LoadOptions(str(checkpoint))), tmp_path / "space")
    names = {path.relative_to(tmp_path / "space").as_posix() for path in found}
    assert {
        "README.md",
        "app.py",
        "requirements.txt",
        "auricle/__init__.py",
        "auricle/demo/player.js",
    } <= names
    assert any(name.startswith("model/") for name in names)
    assert not any("__pycache__" in name for name in names)
    assert "start('model')" in (tmp_path / "space" / "app.py").read_text()
    readme = (tmp_path / "space" / "README.md").read_text()
    assert readme.startswith("---\ntitle: Auricle with tiny.en") or "Auricle with" in readme
    assert "sdk: gradio" in readme


def test_its_requirements_are_ours_without_extras() -> None:
    found = space.requirements()
    assert any(one.startswith("numpy") for one in found)
    assert not any(one.startswith(("torch", "fastapi", "gradio")) for one in found)


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "file").touch()
    with pytest.raises(OutputError, match="not empty"):
        space.make_space(DemoOptions(), tmp_path / "here")
    with pytest.raises(ModelError):
        space.make_space(DemoOptions(LoadOptions("nothing-like-it")), tmp_path / "new")


def test_pushing_tells_what_went_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pushed: list[str] = []

    class Api:
        def create_repo(self, name: str, **_: object) -> None:
            if "/" not in name:
                raise ValueError("a name has a slash\nand more lines")

        def upload_folder(self, *, folder_path: Path, repo_id: str, repo_type: str) -> None:
            pushed.append(f"{repo_type} {repo_id} {folder_path.name}")

    monkeypatch.setattr("huggingface_hub.HfApi", Api)
    assert space.push(tmp_path / "s", "ann/page") == "https://huggingface.co/spaces/ann/page"
    assert pushed == ["space ann/page s"]
    with pytest.raises(OutputError, match=r"a name has a slash$"):
        space.push(tmp_path / "s", "ann")


@pytest.mark.slow
def test_a_space_runs_without_our_checkout(tmp_path: Path) -> None:
    from gradio_client import Client, handle_file

    space.make_space(DemoOptions(), tmp_path / "space")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"GRADIO_SERVER_PORT": "7993", "GRADIO_ANALYTICS_ENABLED": "False"}
    with subprocess.Popen(
        [sys.executable, "app.py"], cwd=tmp_path / "space", env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "http" in line)
        address = re.search(r"http://\S+", line)
        assert address is not None
        with urllib.request.urlopen(address[0]) as page:
            assert b"Auricle" in page.read()
        asked = [handle_file(auricle.sample()), "tiny.en", "auto", "transcribe", True, ["txt"]]
        text, files = Client(address[0], verbose=False).predict(*asked, api_name="/run")
        assert "country" in text
        assert Path(files["value"][0]).read_text().endswith("what you can do for your country.\n")
        process.terminate()


def test_a_space_keeps_no_recordings(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="forgets"):
        space.make_space(DemoOptions(record="voices"), tmp_path / "space")

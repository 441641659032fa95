"""A Space holds all it needs."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import auricle
from auricle.cli import run
from auricle.demo import DemoOptions, space
from auricle.engines import LoadOptions
from auricle.errors import ModelError, OptionError, OutputError
from auricle.models import resolve
from hub_server import Hub, serve


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
    assert any(name.startswith("mine/") for name in names)
    assert not any("__pycache__" in name for name in names)
    assert "start('mine')" in (tmp_path / "space" / "app.py").read_text()
    readme = (tmp_path / "space" / "README.md").read_text()
    assert readme.startswith("---\ntitle: Auricle with mine\n")
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


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    from huggingface_hub import constants

    with serve() as server:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setenv("HF_TOKEN", "hf_good")
        yield server


@pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # of the HTTP library to the Hub's
def test_a_space_arrives_on_the_hub_whole(tmp_path: Path, hub: Hub) -> None:
    files = space.make_space(DemoOptions(LoadOptions("tiny.en")), tmp_path / "space")
    assert space.push(tmp_path / "space", "me/page") == f"{hub.url}/spaces/me/page"
    (arrived,) = hub.repos["spaces/me/page"].commits.values()
    assert {tmp_path / "space" / name for name in arrived} == set(files)
    assert arrived["app.py"] == (tmp_path / "space" / "app.py").read_bytes()
    assert b"sdk: gradio" in arrived["README.md"]


def test_pushing_tells_what_went_wrong(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(OutputError, match=r"could not be pushed to a b: .*Repo id"):
        space.push(tmp_path / "s", "a b")
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert run(["demo", "--space", str(tmp_path / "space"), "--push", "me/page"]) == 1
    told = capsys.readouterr().err.splitlines()[-1]
    assert "could not be pushed to me/page" in told and "401" in told
    assert not hub.repos
    assert run(["demo", "--push", "me/page"]) == 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of Gradio's client
def test_a_space_runs_in_a_fresh_environment(tmp_path: Path) -> None:
    """As its README says, with the packages it names and none of ours."""
    from gradio_client import Client, handle_file

    (tmp_path / "mine").symlink_to(resolve("tiny.en").path, target_is_directory=True)
    folder = tmp_path / "space"
    space.make_space(DemoOptions(LoadOptions(str(tmp_path / "mine"))), folder)
    (gradio,) = re.findall(r"pip install (gradio==\S+) -r", (folder / "README.md").read_text())
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "fresh"], check=True)
    python = tmp_path / "fresh" / "bin" / "python"
    packages = [gradio, "-r", folder / "requirements.txt"]
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True
    )
    held = subprocess.run([python, "-m", "pip", "list"], check=True, capture_output=True, text=True).stdout
    assert "gradio" in held and "auricle" not in held
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"GRADIO_SERVER_PORT": "7993", "GRADIO_ANALYTICS_ENABLED": "False"}
    with subprocess.Popen(
        [python, folder / "app.py"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "http" in line)
        address = re.search(r"http://\S+", line)
        assert address is not None
        with urllib.request.urlopen(address[0]) as page:
            assert b"Auricle" in page.read()
        asked = [handle_file(auricle.sample()), "mine", "auto", "transcribe", True, ["txt", "docx"]]
        text, files = Client(address[0], verbose=False).predict(*asked, api_name="/run")
        assert "country" in text
        written, document = map(Path, files["value"])
        assert written.read_text().endswith("what you can do for your country.\n")
        assert document.read_bytes().startswith(b"PK")
        process.terminate()
    gc.collect()


def test_a_space_keeps_no_recordings(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="forgets"):
        space.make_space(DemoOptions(record="voices"), tmp_path / "space")

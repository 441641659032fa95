"""A checkpoint goes to a Hub on this machine, and comes back the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from auricle.errors import ModelError, OptionError
from auricle.verbs.push import PushError, push
from hub_server import Hub, serve

# The HTTP library tells huggingface_hub of a new name for an argument.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    from huggingface_hub import constants

    with serve() as server:
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("HF_TOKEN", "hf_good")
        yield server


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    folder = tmp_path / "accent"
    (folder / "training").mkdir(parents=True)
    (folder / "training" / "optimizer.pt").write_bytes(b"stays here")
    (folder / "config.json").write_text('{"model_type": "whisper"}')
    (folder / "model.safetensors").write_bytes(b"weights" * 100)
    (folder / "tokenizer.json").write_text("{}")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# accent\n")
    return folder


def test_what_arrives_is_what_was_sent(hub: Hub, checkpoint: Path) -> None:
    found = push(checkpoint, repo="me/accent")
    files = hub.repos["me/accent"].commits[found.commit]
    assert set(files) >= {"config.json", "model.safetensors", "tokenizer.json", "README.md"}
    assert not [name for name in files if name.startswith("training")]
    assert files["model.safetensors"] == (checkpoint / "model.safetensors").read_bytes()
    assert found.url.endswith(found.commit)
    assert push(checkpoint, repo="me/accent").commit == found.commit


def test_an_interrupted_upload_leaves_nothing_half_and_goes_on(hub: Hub, checkpoint: Path) -> None:
    hub.faults["commit"] = [400]
    with pytest.raises(PushError, match="type the same again"):
        push(checkpoint, repo="me/accent")
    assert not hub.repos["me/accent"].commits
    sent = len([path for verb, path, _ in hub.log if verb == "PUT"])
    found = push(checkpoint, repo="me/accent")
    assert "model.safetensors" in hub.repos["me/accent"].commits[found.commit]
    assert sent == 1 == len([path for verb, path, _ in hub.log if verb == "PUT"])


@pytest.mark.parametrize("status", [401, 403])
def test_a_hub_that_does_not_let_us(hub: Hub, checkpoint: Path, status: int) -> None:
    hub.faults["commit"] = [status]
    with pytest.raises(PushError, match="hf auth login"):
        push(checkpoint, repo="me/accent")


def test_rights_are_asked_for_first(hub: Hub, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PushError, match=r"me may not write to other.*--repo me/accent"):
        push(checkpoint, repo="other/accent")
    hub.role = "read"
    with pytest.raises(PushError, match="may only read"):
        push(checkpoint, repo="me/accent")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(PushError, match="HF_HUB_OFFLINE"):
        push(checkpoint, repo="me/accent")
    assert not [path for verb, path, _ in hub.log if verb in ("POST", "PUT")]


def test_what_is_no_checkpoint_is_not_sent(hub: Hub, checkpoint: Path) -> None:
    with pytest.raises(OptionError, match="repo is OWNER/NAME"):
        push(checkpoint, repo="accent")
    (checkpoint / "README.md").unlink()
    with pytest.raises(ModelError, match="no README"):
        push(checkpoint, repo="me/accent")
    with pytest.raises(OptionError, match="no folder of yours"):
        push("tiny.en", repo="me/accent")

"""auricle models pull, path and rm as processes, against a Hub on this machine (HF_ENDPOINT)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import Result, in_process

from auricle.errors import ModelError
from auricle.models import downloads
from auricle.verbs.models import removal
from hub_server import Hub, Repo, serve

FILES = {
    "config.json": b'{"alignment_heads": []}',
    "model.bin": bytes(range(256)) * 40,
    "tokenizer.json": b"{}",
    "vocabulary.txt": b"a\nb\n",
}
CHUNK = 10 * 2**20  # what huggingface_hub writes at a time

Auricle = Callable[..., Result]


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serve() as server:
        yield server


@pytest.fixture
def models(hub: Hub, tmp_path: Path) -> Auricle:
    """``auricle models …`` with caches of its own."""

    def call(*arguments: object, **variables: str) -> Result:
        own = {
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(tmp_path / "hf"),
            "AURICLE_CACHE": str(tmp_path / "cache"),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1",
        }
        return in_process("models", *arguments, **own | variables)

    return call


def add(hub: Hub, name: str = "me/model", files: dict[str, bytes] = FILES, **options: bool) -> str:
    hub.repos[name] = Repo(**options)
    return hub.repos[name].commit(files)


def test_pull_path_and_rm(hub: Hub, models: Auricle, tmp_path: Path) -> None:
    sha = add(hub, "Systran/faster-whisper-base")
    pulled = models("pull", "base")
    assert (pulled.code, pulled.err) == (0, f"base downloaded ({sha[:12]})\n")
    folder = Path(pulled.out.strip())
    assert (folder / "model.bin").read_bytes() == FILES["model.bin"]
    asked = len(hub.log)
    assert models("path", "base").out == pulled.out
    assert len(hub.log) == asked
    unasked = models("rm", "base")
    assert unasked.code == 1 and "Type: --yes" in unasked.complaint and folder.is_dir()
    removed = models("rm", "base", "--yes")
    assert (removed.code, removed.out) == (0, "") and removed.err.startswith("removed base: 0 MB freed")
    assert not folder.exists() and not list((tmp_path / "hf" / "hub").glob("models--*"))
    gone = models("path", "base")
    assert gone.code == 1 and gone.complaint.endswith("Type: auricle models pull base")


def test_a_changed_revision(hub: Hub, models: Auricle) -> None:
    old = add(hub)
    first = models("pull", "me/model")
    new = hub.repos["me/model"].commit(FILES | {"config.json": b'{"alignment_heads": [[0, 1]]}'})
    again = models("pull", "me/model")
    assert again.out == first.out and again.err == f"me/model was here ({old[:12]})\n"
    asked = models("pull", "me/model", "--revision", "main")
    assert asked.err == f"me/model downloaded ({new[:12]})\n" and asked.out != first.out
    assert models("path", "me/model", "--revision", old).out == first.out


def test_a_broken_download_goes_on_where_it_broke(hub: Hub, models: Auricle) -> None:
    weights = bytes(range(251)) * (3 * CHUNK // 251)
    add(hub, files=FILES | {"model.bin": weights})
    hub.faults["model.bin"] = ["cut"]
    pulled = models("pull", "me/model")
    if pulled.code:  # huggingface_hub 1.0 goes on with the next call, 2.0 with the same
        pulled = models("pull", "me/model")
    assert pulled.code == 0, pulled.err
    assert (Path(pulled.out.strip()) / "model.bin").read_bytes() == weights
    assert hub.asked_for("model.bin") == [None, f"bytes={CHUNK}-"]


@pytest.mark.parametrize(
    ("token", "match"), [("", "me/model is gated. Accept the licence at "), ("hf_other", "me/model is gated")]
)
def test_a_gated_model_says_what_to_do(hub: Hub, models: Auricle, token: str, match: str) -> None:
    add(hub, gated=True)
    result = models("pull", "me/model", **({"HF_TOKEN": token} if token else {}))
    assert result.code == 1 and match in result.complaint and result.complaint.endswith("hf auth login")
    assert models("pull", "me/model", HF_TOKEN="hf_good").code == 0


def test_what_is_missing_is_one_line(hub: Hub, models: Auricle) -> None:
    add(hub)
    assert "there is no me/other on http" in models("pull", "me/other").complaint
    assert "has no revision 'v9'" in models("pull", "me/model", "--revision", "v9").complaint
    pickled = {"config.json": b'{"model_type": "whisper"}', "pytorch_model.bin": b"no"}
    add(hub, "me/pickle", pickled)
    assert "only as pytorch_model.bin, a pickle" in models("pull", "me/pickle").complaint
    assert not hub.asked_for("/resolve/main/pytorch_model.bin")


def test_offline(hub: Hub, models: Auricle) -> None:
    add(hub)
    refused = models("pull", "me/model", HF_HUB_OFFLINE="1")
    assert refused.code == 1 and not hub.log
    assert refused.complaint.endswith("Type, once connected: auricle models pull me/model")
    pulled = models("pull", "me/model")
    hub.log.clear()
    offline = models("pull", "me/model", HF_HUB_OFFLINE="1")
    assert offline.out == pulled.out and "was here" in offline.err and not hub.log
    listed = models("list", "--downloaded", "--json", HF_HUB_OFFLINE="1")
    assert [row["name"] for row in json.loads(listed.out)] == ["tiny.en"]


def test_a_folder_of_the_user_is_never_removed(
    hub: Hub, models: Auricle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "me" / "model"
    mine.mkdir(parents=True)
    for name, data in FILES.items():
        (mine / name).write_bytes(data)
    for typed in (mine, f"{mine}/"):
        result = models("rm", typed, "--yes")
        assert result.code == 1 and "is yours" in result.complaint
    assert (mine / "model.bin").is_file()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
    linked = tmp_path / "hf" / "hub" / "models--me--linked"
    linked.parent.mkdir(parents=True)
    linked.symlink_to(mine)
    with pytest.raises(ModelError, match="is not in the cache"):
        downloads.remove(removal("me/linked").download)
    assert (mine / "model.bin").is_file()

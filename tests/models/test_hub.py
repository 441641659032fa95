"""Against a Hub on this machine: what is found, what is refused, and what the refusal says."""

import errno
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import constants

from auricle.errors import ModelError
from auricle.models import resolve
from hub_server import Hub, Repo, serve

# No two alike: huggingface_hub keeps files by content, and fetches one of two that are the same.
FILES = {
    "config.json": b'{"alignment_heads": []}',
    "model.bin": bytes(range(256)) * 40,
    "tokenizer.json": b"{}",
    "vocabulary.txt": b"a\nb\n",
    "README.md": b"not wanted",
    "pytorch_model.bin": b"never wanted",
}
WHISPER = b'{"model_type": "whisper"}'


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with serve() as server:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "hf" / "token"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
        yield server


def add(hub: Hub, name: str = "me/model", files: dict[str, bytes] = FILES, **options) -> str:
    hub.repos[name] = Repo(**options)
    return hub.repos[name].commit(files)


def refuse(match: str, name: str = "me/model", **options) -> str:
    with pytest.raises(ModelError, match=match) as caught:
        resolve(name, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_model_is_downloaded_once_and_then_cached(hub):
    sha = add(hub)
    first = resolve("me/model")
    assert (first.origin, first.layout, first.revision, first.name) == ("hub", "ctranslate2", sha, "me/model")
    assert sorted(path.name for path in first.path.iterdir()) == sorted(
        FILES.keys() - {"README.md", "pytorch_model.bin"}
    )
    asked = len(hub.log)
    second = resolve("me/model")
    assert (second.origin, second.path, second.revision) == ("cache", first.path, sha)
    assert len(hub.log) == asked


def test_a_name_of_the_catalogue_is_fetched_from_its_repository(hub):
    add(hub, "Systran/faster-whisper-base")
    folder = resolve("base")
    assert folder.name == "base" and folder.info is not None and folder.info.parameters == 74_000_000
    assert resolve("Systran/faster-whisper-base").info is folder.info


def test_a_hugging_face_checkpoint_comes_without_its_pickle(hub):
    add(hub, files={"config.json": WHISPER, "model.safetensors": b"x", "pytorch_model.bin": b"no"})
    folder = resolve("me/model")
    assert folder.layout == "huggingface"
    assert sorted(path.name for path in folder.path.iterdir()) == ["config.json", "model.safetensors"]


def test_all_shards_of_a_checkpoint_come(hub):
    names = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    index = json.dumps({"weight_map": dict(zip("ab", names, strict=True))}).encode()
    add(
        hub,
        files={"config.json": WHISPER, "model.safetensors.index.json": index} | dict.fromkeys(names, b"x"),
    )
    assert resolve("me/model").layout == "huggingface"


def test_a_repository_of_pickles_is_refused(hub):
    add(hub, files={"config.json": WHISPER, "pytorch_model.bin": b"no"})
    refuse("only as pytorch_model.bin, a pickle")


def test_a_repository_that_holds_no_model_is_refused(hub):
    add(hub, files={"README.md": b"hello"})
    refuse("holds no model")


def test_a_repository_that_does_not_exist(hub):
    refuse("there is no me/model on http.* type: hf auth login$")


def test_a_gated_repository_without_a_token(hub):
    add(hub, gated=True)
    message = refuse("me/model is gated. Accept the licence at http.*/me/model then type: hf auth login$")
    assert "401" not in message.replace(hub.url, "")  # the port may be 34019


def test_a_gated_repository_with_a_token_that_was_not_let_in(hub, monkeypatch):
    add(hub, gated=True)
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    refuse("me/model is gated")


def test_a_gated_repository_with_a_token(hub, monkeypatch):
    add(hub, gated=True)
    monkeypatch.setenv("HF_TOKEN", "hf_good")
    assert resolve("me/model").origin == "hub"


def test_a_revision_that_does_not_exist(hub):
    add(hub)
    refuse("has no revision 'v9'. Choose one from http.*commits/main", revision="v9")


def test_a_changed_branch_is_taken_when_asked_for(hub):
    old = add(hub)
    assert resolve("me/model").revision == old
    new = hub.repos["me/model"].commit(FILES | {"config.json": b'{"new": 1}'})
    assert resolve("me/model").revision == old  # what is cached stays, so results stay the same
    assert resolve("me/model", revision="main").revision == new
    assert resolve("me/model").revision == new
    assert resolve("me/model", revision=old).origin == "cache"


def test_a_tag_offline_comes_from_the_cache(hub):
    sha = add(hub)
    hub.repos["me/model"].branches["v1"] = sha
    assert resolve("me/model", revision="v1").origin == "hub"
    assert resolve("me/model", revision="v1", offline=True).origin == "cache"


def test_a_repository_that_moved_is_followed(hub):
    sha = add(hub, "new/home")
    hub.moved["me/model"] = "new/home"
    assert resolve("me/model").revision == sha


def test_files_behind_a_redirect_are_followed(hub):
    add(hub)
    hub.cdn = True
    folder = resolve("me/model")
    assert (folder.path / "model.bin").read_bytes() == FILES["model.bin"]
    assert hub.asked_for("/cdn/me/model")


def test_a_connection_that_breaks_is_taken_up_where_it_broke(hub, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    add(hub)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1024)  # what is written at a time; else 10 MB
    hub.faults["model.bin"] = ["cut"]
    try:
        folder = resolve("me/model")
    except ModelError:  # huggingface_hub 1.0 goes on with the next call, 2.0 with the same
        folder = resolve("me/model")
    assert (folder.path / "model.bin").read_bytes() == FILES["model.bin"]
    assert hub.asked_for("model.bin") == [None, "bytes=5120-"]


def test_an_interrupted_download_goes_on_with_the_next_call(hub, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    add(hub)
    hub.faults["model.bin"] = ["cut", 500]
    refuse("the download of me/model broke off .*Type the same again: whole files are kept$")
    refuse("offline, and me/model", offline=True)  # half a model is no model
    kept = [path.name for path in Path(constants.HF_HUB_CACHE).glob("models--*/snapshots/*/*")]
    hub.log.clear()
    hub.faults.clear()
    folder = resolve("me/model")
    assert (folder.path / "model.bin").read_bytes() == FILES["model.bin"]
    assert "model.bin" not in kept and not any(hub.asked_for(name) for name in kept)


def test_offline_and_not_cached_says_what_was_tried(hub):
    add(hub)
    message = refuse("^offline, and me/model is no local folder, is not embedded and is not in", offline=True)
    assert message.endswith("auricle models pull me/model") and not hub.log


def test_offline_by_the_environment(hub, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "base (Systran/faster-whisper-base)" in refuse("^offline", "base")
    refuse("^offline", "base", revision="main")
    assert not hub.log


def test_offline_and_cached(hub):
    add(hub)
    resolve("me/model")
    hub.repos.clear()
    assert resolve("me/model", offline=True).origin == "cache"


def test_a_hub_that_cannot_be_reached(hub, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with serve() as other:
        gone = other.url
    monkeypatch.setattr(constants, "ENDPOINT", gone)
    refuse("cannot be reached, and me/model is not in the cache")


def test_a_full_disk(hub, monkeypatch):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.file_download.http_get", full)
    add(hub)
    refuse("is full. Make room, or set HF_HOME")


def test_a_cache_that_cannot_be_written(hub, monkeypatch):
    def readonly(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("huggingface_hub.file_download.http_get", readonly)
    add(hub)
    refuse("cannot be written. Set HF_HOME")


def test_a_hub_that_fails_is_one_line(hub, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    add(hub)
    hub.faults["config.json"] = [500] * 100_000
    refuse("broke off")
    assert hub.asked_for("config.json")
    assert len(set(FILES.values())) == len(FILES)


@pytest.mark.parametrize("name", ["a--b/c", "-a/b", "a/b.git"])
def test_an_impossible_id(hub, name):
    refuse("no Hugging Face id", name)


def test_nothing_is_printed_on_stdout_in_a_process_of_its_own(hub, tmp_path):
    """Also the way that users set it up: by the environment, read when huggingface_hub is imported."""
    add(hub)
    code = "from auricle.models import resolve; f = resolve('me/model'); assert f.origin == 'hub', f"
    own = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "own"), "HF_HUB_DISABLE_TELEMETRY": "1"}
    environment = os.environ | own | {"NO_PROXY": "127.0.0.1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert all(path.startswith(("/api/models/me/model", "/me/model/resolve")) for _, path, _ in hub.log)
    quiet = environment | {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HOME": str(tmp_path / "quiet")}
    done = subprocess.run([sys.executable, "-c", code], env=quiet, capture_output=True, text=True, timeout=60)
    assert "%" not in done.stderr

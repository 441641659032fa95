"""Who gets in: this machine, whoever has the password, and the whole world only when asked."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from visiting import WARNINGS, showing

import auricle
from auricle.demo import DemoOptions, running
from auricle.engines import LoadOptions
from auricle.errors import ModelError
from auricle.models import resolve

pytestmark = WARNINGS


def _status(address: str, data: dict[str, str] | None = None) -> int:
    body = urllib.parse.urlencode(data).encode() if data else None
    try:
        with urllib.request.urlopen(address, body) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def _listens(host: str, address: str) -> bool:
    try:
        socket.create_connection((host, urlsplit(address).port or 0), timeout=5).close()
    except OSError:
        return False
    return True


def test_only_this_machine_and_only_with_the_password() -> None:
    with showing(DemoOptions(LoadOptions("fake"), port=0, auth=("ann:se:cret",))) as address:
        assert _listens("127.0.0.1", address)
        assert not _listens("127.0.0.2", address), "what listens to all addresses listens to this one"
        assert _status(f"{address}gradio_api/info") == 401
        assert _status(f"{address}gradio_api/file={auricle.sample()}") == 401
        assert _status(f"{address}login", {"username": "ann", "password": "secret"}) == 400
        assert _status(f"{address}login", {"username": "ann", "password": "se:cret"}) == 200


def test_a_page_leaves_no_event_loop_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio, "new_event_loop", lambda: pytest.fail("made a loop that nobody closes"))
    with showing(DemoOptions(LoadOptions("fake"), port=0)) as address:
        assert _status(address) == 200


@pytest.mark.parametrize("options", [DemoOptions(LoadOptions("tinny.en")), DemoOptions(also=("tinny.en",))])
def test_a_model_that_is_nowhere_is_told_before_there_is_a_page(options: DemoOptions) -> None:
    with pytest.raises(ModelError, match="Did you mean"), running(options):
        pass


def test_an_engine_that_was_named_knows_its_models(monkeypatch: pytest.MonkeyPatch) -> None:
    gradio = pytest.importorskip("gradio")
    monkeypatch.setattr(gradio.Blocks, "launch", lambda *_, **__: (None, "http://here/", None))
    with running(DemoOptions(LoadOptions("mine", engine="theirs"), port=1)) as address:
        assert address == "http://here/"


@pytest.mark.parametrize("path", ["/etc/passwd", "../../../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc/passwd"])
def test_no_other_file_is_given_away(address: str, path: str) -> None:
    assert _status(f"{address}gradio_api/file={path}") in (403, 404)


def test_the_world_is_asked_in_only_when_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    gradio = pytest.importorskip("gradio")
    asked: list[dict[str, Any]] = []

    def launch(page: Any, **values: Any) -> tuple[None, str, None]:
        asked.append(values)
        return None, "http://here/", None

    monkeypatch.setattr(gradio.Blocks, "launch", launch)
    for options in (DemoOptions(port=1), DemoOptions(port=1, share=True, host="0.0.0.0")):
        with running(options):
            pass
    assert [(one["share"], one["server_name"], one["auth"]) for one in asked] == [
        (False, "127.0.0.1", None),
        (True, "0.0.0.0", None),
    ]


def test_a_checkpoint_of_ones_own_is_shown_until_told_to_end(tmp_path: Path) -> None:
    from gradio_client import Client, handle_file

    (tmp_path / "mine").symlink_to(resolve("tiny.en").path, target_is_directory=True)
    command = [sys.executable, "-m", "auricle", "demo", "--model", "mine", "--port", "0"]
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stderr is not None
        found = re.search(r"open (http://\S+)", process.stderr.readline())
        assert found is not None
        asked = [handle_file(auricle.sample()), "mine", "en", "transcribe", True, ["txt"]]
        text, files = Client(found[1], verbose=False).predict(*asked, api_name="/run")
        assert "country" in text
        assert Path(files["value"][0]).name == "jfk.txt"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert "the page is closed" in process.stderr.read()
    gc.collect()

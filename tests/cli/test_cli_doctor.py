"""auricle doctor: what is there, what is missing, and no traceback whatever is broken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Command, environment

from auricle.cli import checkup
from auricle.engines import LoadOptions, engine_for
from auricle.errors import ModelError


def test_a_whole_machine(auricle: Command) -> None:
    result = auricle("doctor")
    assert result.code == 0, result.out
    for section in ("machine", "engines", "models", "formats", "cache", "network & Hub", "transcribing"):
        assert section in result.out.splitlines()
    assert "✓ tiny.en          embedded, checksum matches" in result.out
    assert "✓ speech detector  Silero VAD" in result.out
    assert "✓ self-test        11 s of speech in " in result.out
    assert "kept off by HF_HUB_OFFLINE" in result.out or "huggingface.co" in result.out
    assert result.out.endswith("Transcribing works. Type: auricle transcribe talk.mp4\n")
    assert result.err == ""


@pytest.mark.parametrize("package", ["numpy", "av", "ctranslate2", "auricle.vad", "huggingface_hub"])
def test_a_missing_package(package: str, tmp_path: Path) -> None:
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from auricle.cli import main; main(['doctor', '--json'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=False, env=environment(AURICLE_CACHE=str(tmp_path)),
    )  # fmt: skip
    assert done.stderr == ""
    report = json.loads(done.stdout)
    needless = {"huggingface_hub"}  # the embedded model needs no Hub
    if engine_for(LoadOptions()) != "ctranslate2":
        needless.add("ctranslate2")
    works = package in needless
    assert (done.returncode, report["works"]) == (int(not works), works)
    missing = [row for row in report["findings"] if row["state"] == "missing"]
    assert any(package in row["name"] or package in row["text"] for row in missing) or package in needless
    assert all(row["fix"] for row in missing)


def test_a_damaged_model(auricle: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged() -> None:
        raise ModelError("model.bin is damaged. Type: pip install it again")

    monkeypatch.setattr("auricle.models.embedded.embedded", damaged)
    result = auricle("doctor")
    assert result.code == 1
    assert "✗ models           model.bin is damaged." in result.out
    assert "Type: pip install it again" in result.out
    assert "Transcribing does not work here: see ✗" in result.out


def test_what_is_missing_and_not_needed(auricle: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docx", None)
    monkeypatch.setattr(checkup, "_writable", lambda _: False)
    result = auricle("doctor")
    assert result.code == 0
    assert "· docx" in result.out
    assert 'pip install "auricle[docx]"' in result.out
    assert "Type: export HF_HOME=FOLDER" in result.out
    assert "Transcribing works; something else is missing: Hugging Face." in result.out


def test_the_model_hears_something_else(auricle: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from auricle.verbs.transcribe import TranscribeOptions, Transcriber

    monkeypatch.setattr(
        "auricle.verbs.transcribe.Transcriber",
        lambda: Transcriber(TranscribeOptions(), engine=_fake()),
    )
    result = auricle("doctor")
    assert result.code == 1
    assert "the sample was heard as" in result.out


def _fake() -> object:
    from auricle.engines.fake import FakeEngine

    return FakeEngine()


def test_the_network_is_looked_at_only_where_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    server = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setattr("urllib.request.getproxies", dict)
    assert checkup._reachable(address)
    server.close()
    assert not checkup._reachable(address)


def test_sizes() -> None:
    assert checkup.size(3 * 2**30) == "3.0 GB"
    assert checkup.size(None) == "unknown"

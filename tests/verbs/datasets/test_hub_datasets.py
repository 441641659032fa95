"""Datasets of a Hub on this machine: streamed, downloaded, and each way it can fail."""

from __future__ import annotations

import io
import logging
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from audio_files import tone, write
from auricle.errors import DatasetError, MissingFileError, OptionError
from auricle.verbs.datasets import open_dataset
from auricle.verbs.datasets.push import PushOptions, push
from hub_server import Hub, Repo, serve

datasets = pytest.importorskip("datasets")

CARD = """---
configs:
- config_name: {0}
  data_files:
  - split: train
    path: {0}/train-*
  - split: test
    path: {0}/test-*
---
"""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serve() as server:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        for where, name, value in (
            (constants, "ENDPOINT", server.url),
            (
                constants,
                "HUGGINGFACE_CO_URL_TEMPLATE",
                server.url + "/{repo_id}/resolve/{revision}/{filename}",
            ),
            (constants, "HF_HUB_CACHE", str(tmp_path / "hf/hub")),
            (constants, "HF_TOKEN_PATH", str(tmp_path / "hf/token")),
            (constants, "HF_HUB_OFFLINE", False),
            (datasets.config, "HF_ENDPOINT", server.url),
            (datasets.config, "HF_HUB_OFFLINE", False),
            (datasets.config, "HF_CACHE_HOME", str(tmp_path / "hf")),
            (datasets.config, "HF_DATASETS_CACHE", tmp_path / "hf/datasets"),
            (datasets.config, "HF_MODULES_CACHE", str(tmp_path / "hf/modules")),
        ):
            monkeypatch.setattr(where, name, value)
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
        yield server


def parquet(folder: Path, first: int, count: int) -> bytes:
    return packed(
        [
            write(folder / f"{number}.flac", tone(300.0 + number, 0.2, 8000), 8000).read_bytes()
            for number in range(first, first + count)
        ],
        first,
    )


def packed(files: list[bytes], first: int = 0, group: int = 100) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    audio = [{"bytes": data, "path": f"{number}.flac"} for number, data in enumerate(files, first)]
    features = datasets.Features({"audio": datasets.Audio(), "sentence": datasets.Value("string")})
    rows = {"audio": audio, "sentence": [f"text {number}" for number, _ in enumerate(files, first)]}
    data = io.BytesIO()
    pq.write_table(pa.table(rows, schema=features.arrow_schema), data, row_group_size=group)
    return data.getvalue()


def add(hub: Hub, folder: Path, name: str = "me/corpus", config: str = "tw", **options: bool) -> None:
    hub.repos[f"datasets/{name}"] = Repo(**options)
    hub.repos[f"datasets/{name}"].commit(
        {
            "README.md": CARD.format(config).encode(),
            f"{config}/train-00000-of-00001.parquet": parquet(folder, 0, 3),
            f"{config}/test-00000-of-00001.parquet": parquet(folder, 3, 2),
        }
    )


def texts(spec: str, **options: object) -> list[str | None]:
    dataset = open_dataset(spec, text_column="sentence", **options)
    assert all(item.load().duration == 0.2 for item in dataset)
    return [item.text for item in dataset]


@pytest.mark.parametrize("streaming", [True, False])
def test_a_repository_of_parquet(hub: Hub, tmp_path: Path, streaming: bool) -> None:
    add(hub, tmp_path)
    assert texts("me/corpus", split="test", streaming=streaming) == ["text 3", "text 4"]
    assert texts("me/corpus:tw", split="train[:2]", streaming=streaming) == ["text 0", "text 1"]
    assert texts("me/corpus", config="tw", split="test+train[2:]", streaming=streaming) == [
        "text 3",
        "text 4",
        "text 2",
    ]
    dataset = open_dataset("me/corpus", split="test", text_column="sentence", streaming=streaming)
    assert dataset.splits == ("train", "test")
    if streaming:
        with pytest.raises(TypeError, match="not known"):
            len(dataset)
    else:
        assert len(dataset) == 2


@pytest.mark.slow
def test_a_stream_does_not_fetch_what_is_not_asked_for(hub: Hub, tmp_path: Path) -> None:
    add(hub, tmp_path)
    data = packed([random.Random(number).randbytes(500_000) for number in range(200)], group=4)
    hub.repos["datasets/me/corpus"].commit(
        {"README.md": CARD.format("tw").encode(), "tw/train-0.parquet": data, "tw/test-0.parquet": data[:-1]}
    )
    dataset = open_dataset("me/corpus", split="train[:3]", text_column="sentence", streaming=True)
    assert [item.text for item in dataset] == ["text 0", "text 1", "text 2"]
    spans = [span for span in hub.asked_for("train-0.parquet") if span]
    fetched = sum(int(last) - int(first) for first, last in (span[6:].split("-") for span in spans))
    assert spans
    assert fetched < len(data) / 2
    assert not hub.asked_for("test-0.parquet")


def refuse(spec: str, match: str, **options: object) -> None:
    with pytest.raises(DatasetError, match=match) as caught:
        open_dataset(spec, **options)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_opened_says_why(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(hub, tmp_path)
    add(hub, tmp_path, "me/secret", gated=True)
    refuse("me/nothing", r"there is no dataset me/nothing on .*type: hf auth login")
    refuse(
        "me/secret",
        r"me/secret is gated\. Accept its terms at .*/datasets/me/secret then type: hf auth login",
    )
    refuse("me/corpus:yo", r"has no config 'yo': tw\. Type: me/corpus:tw")
    refuse("me/corpus", "has several splits. Choose: train, test")
    refuse("me/corpus", "no split 'tset'. Did you mean test", split="tset")
    refuse("me/corpus", "no text column 'text'.*Likely sentence", split="test")
    refuse("me/corpus", "has no revision 'v9'", revision="v9")
    refuse(
        "me/corpus", r"\[:50%\] needs the number", split="test[:50%]", text_column="sentence", streaming=True
    )
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    refuse("me/other", "offline, and me/other is no folder here")
    with pytest.raises(MissingFileError, match="or give a Hub id"):
        open_dataset("nothing/here/at/all")


def test_a_gated_repository_opens_with_the_token(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(hub, tmp_path, gated=True)
    monkeypatch.setenv("HF_TOKEN", "hf_good")
    assert texts("me/corpus", split="test", streaming=True) == ["text 3", "text 4"]


# ── push ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def corpus(manifest: Callable[..., Path]) -> Path:
    return manifest(
        [
            {
                "audio": f"{n}.wav",
                "text": f"text {n}",
                "speaker": f"s{n % 2}",
                "language": "en",
                "duration_s": 0.2,
            }
            | {"split": "test" if n > 3 else "train"}
            for n in range(6)
        ]
    )


def test_what_is_pushed_opens_again(
    hub: Hub, corpus: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_good")
    options = PushOptions(licence="cc0-1.0", about="Tones.")
    done = push(open_dataset(corpus), "me/tones", options)
    repo = hub.repos["datasets/me/tones"]
    assert (done.utterances, done.commit, repo.private) == (6, repo.branches["main"], True)
    files = repo.commits[done.commit]
    assert set(files) == {
        "README.md",
        "data/train-00000-of-00001.parquet",
        "data/test-00000-of-00001.parquet",
    }
    card = files["README.md"].decode()
    for fact in (
        'license: "cc0-1.0"',
        "- en",
        "utterances: 6",
        "speakers: 2",
        "| test | 2 |",
        "Tones.",
        "n<1K",
    ):
        assert fact in card
    back = open_dataset("me/tones", split="test")
    assert sorted(item.text or "" for item in back) == ["text 4", "text 5"]
    again = push(open_dataset(corpus), "me/tones", options)
    assert again.commit == done.commit  # the same content


def test_what_cannot_be_pushed(hub: Hub, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = open_dataset(corpus)
    with pytest.raises(OptionError, match="without a licence"):
        push(opened, "me/tones", PushOptions())
    with pytest.raises(OptionError, match="names no repository"):
        push(opened, "tones", PushOptions(licence="mit"))
    monkeypatch.setenv("HF_TOKEN", "hf_bad")
    with pytest.raises(DatasetError, match="does not let you write to me/tones"):
        push(opened, "me/tones", PushOptions(licence="mit"))
    assert "datasets/me/tones" not in hub.repos


READ_ALL = """
from auricle.models.machine import peak_memory as peak
from auricle.verbs.datasets import open_dataset
dataset = open_dataset("me/corpus", split="train", text_column="sentence", streaming=True)
items = iter(dataset)
seen = len(next(items).audio.data)
first = peak()
for item in items:
    seen += len(item.audio.data)
print(seen, first, peak())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel")
def test_a_stream_is_never_in_memory_as_a_whole(hub: Hub, tmp_path: Path) -> None:
    """400 MB of sound, row groups of 2 MB: what the process holds after the first row hardly grows."""
    add(hub, tmp_path)
    data = packed([random.Random(number).randbytes(500_000) for number in range(800)], group=4)
    hub.repos["datasets/me/corpus"].commit(
        {"README.md": CARD.format("tw").encode(), "tw/train-0.parquet": data, "tw/test-0.parquet": data[:-1]}
    )
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_OFFLINE": "0",
    }
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    seen, first, last = map(int, done.stdout.split())
    print(f"{seen / 1e6:.0f} MB read; peak {first / 1e6:.0f} MB after one row, {last / 1e6:.0f} MB after all")
    assert seen == 400_000_000
    assert last - first < 100e6

"""Each layout, on a miniature of it as it lies on a disk."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from auricle.errors import DatasetError
from auricle.verbs.datasets import open_dataset
from auricle.verbs.datasets.layouts import LAYOUTS, find_layout

Clip = Callable[..., Path]


def lines(path: Path, *items: object, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join((item if isinstance(item, str) else json.dumps(item)) + "\n" for item in items)
    path.write_text(text, encoding)
    return path


def read(path: Path, **options: object) -> dict[str, str | None]:
    """Text by id; every sound is decoded on the way."""
    dataset = open_dataset(path, **options)
    found = {item.id: item.text for item in dataset}
    assert len(found) == len(dataset)
    assert all(len(item.load()) > 0 for item in dataset)
    return found


def kind(path: Path) -> str:
    return find_layout(path).name


def test_every_layout_says_what_it_is() -> None:
    assert len({layout.about for layout in LAYOUTS.values()}) == len(LAYOUTS) == 12


def test_pairs(clip: Clip, tmp_path: Path) -> None:
    for name in ("my/a.flac", "my/sub/b.wav", "my/alone.flac"):
        clip(name)
    lines(tmp_path / "my/a.txt", "one", "two")
    lines(tmp_path / "my/sub/b.txt", "\ufeffdrei")
    lines(tmp_path / "my/lost.txt", "nobody says this")
    clip("my/latin.flac")
    lines(tmp_path / "my/latin.txt", "caf\xe9", encoding="latin-1")
    assert kind(tmp_path / "my") == "pairs"
    assert read(tmp_path / "my") == {"a.flac": "one two", "alone.flac": None, "sub/b.wav": "drei"}
    counts = open_dataset(tmp_path / "my").faults.counts
    assert counts == {"no transcript": 1, "encoding": 1, "no audio": 1}


@pytest.mark.parametrize("kind_of_file", ["csv", "tsv", "jsonl"])
def test_metadata(clip: Clip, tmp_path: Path, kind_of_file: str) -> None:
    texts = {"a.flac": 'He said "no", twice', "sub/b.flac": "zwei", "c.flac": '"Quoted."'}
    for name in texts:
        clip(f"my/{name}")
    rows = {
        "csv": [
            "file_name,text,mood",
            'a.flac,"He said ""no"", twice",glad',
            "sub/b.flac,zwei,",
            'c.flac,"""Quoted.""",x',
            "c.flac,more",
        ],
        "tsv": [
            "file_name\ttext\tmood",
            'a.flac\t"He said ""no"", twice"\tglad',
            "sub/b.flac\tzwei\t",
            'c.flac\t"Quoted."\tx',
            "c.flac\tmore",
        ],
        "jsonl": [{"file_name": name, "text": text} for name, text in texts.items()] + ["{"],
    }[kind_of_file]
    file = lines(tmp_path / "my" / f"metadata.{kind_of_file}", *rows)
    assert kind(tmp_path / "my") == "metadata"
    assert read(tmp_path / "my") == texts
    assert open_dataset(tmp_path / "my").faults.counts == {"broken line": 1}
    if kind_of_file == "csv":
        first = next(iter(open_dataset(file)))
        assert first.columns == {"mood": "glad"}
        assert open_dataset(file).faults.examples["broken line"][0].where == "metadata.csv line 5"


def test_metadata_with_another_name_for_the_text(clip: Clip, tmp_path: Path) -> None:
    clip("my/a.flac")
    lines(tmp_path / "my/metadata.csv", "file_name,transcription", "a.flac,one")
    with pytest.raises(DatasetError, match="type --text-column transcription"):
        open_dataset(tmp_path / "my")
    assert read(tmp_path / "my", text_column="transcription") == {"a.flac": "one"}


def test_ljspeech(clip: Clip, tmp_path: Path) -> None:
    clip("LJSpeech-1.1/wavs/LJ001-0001.wav")
    said = "LJ001-0001|Printed in 1455, he said,|Printed in fourteen fifty-five, he said,"
    lines(tmp_path / "LJSpeech-1.1/metadata.csv", said, "LJ001-0002")
    assert read(tmp_path / "LJSpeech-1.1") == {"LJ001-0001": "Printed in 1455, he said,"}
    (item,) = open_dataset(tmp_path / "LJSpeech-1.1", text_column="normalized")
    assert item.text == "Printed in fourteen fifty-five, he said,"


def test_nemo(clip: Clip, tmp_path: Path) -> None:
    clip("my/long.wav", seconds=2.0)
    clip("my/a.wav")
    lines(
        tmp_path / "my/train_manifest.json",
        {"audio_filepath": "a.wav", "duration": 0.2, "text": "one", "lang": "de"},
        {"audio_filepath": str(tmp_path / "my/long.wav"), "duration": 0.5, "offset": 1.25, "text": "two"},
    )
    path = tmp_path / "my/train_manifest.json"
    assert kind(path) == "nemo"
    first, second = open_dataset(path)
    assert (first.text, first.duration, first.language, len(first.load())) == ("one", 0.2, "de", 3200)
    assert (second.text, second.duration, second.load().start) == ("two", 0.5, 1.25)
    assert second.load().duration == 0.5


def cut(audio: str, *said: dict[str, object], start: float = 0.0, duration: float = 2.0) -> dict[str, object]:
    source = {"type": "file", "channels": [0], "source": audio}
    recording = {
        "id": "rec",
        "sources": [source],
        "sampling_rate": 8000,
        "num_samples": 16000,
        "duration": 2.0,
        "channel_ids": [0],
    }
    own = {"id": f"cut{start}", "start": start, "duration": duration, "channel": 0, "type": "MonoCut"}
    return {**own, "supervisions": list(said), "recording": recording}


def test_lhotse(clip: Clip, tmp_path: Path) -> None:
    clip("my/rec.flac", seconds=2.0)
    said = {"recording_id": "rec", "channel": 0, "language": "English", "speaker": "ann"}
    rows = [
        cut("rec.flac", {**said, "id": "s1", "start": 0.0, "duration": 2.0, "text": "all"}),
        cut(
            "rec.flac",
            {**said, "id": "s2", "start": 0.25, "duration": 0.5, "text": "early"},
            {**said, "id": "s3", "start": 0.75, "duration": 0.25, "text": "late"},
            start=0.5,
            duration=1.0,
        ),
        cut("rec.flac", start=1.5, duration=0.5),
        {"id": "mixed", "type": "MixedCut", "tracks": []},
    ]
    path = tmp_path / "my/cuts.jsonl.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    assert kind(tmp_path / "my") == kind(path) == "lhotse"
    assert read(path) == {"s1": "all", "s2": "early", "s3": "late", "cut1.5": None}
    dataset = open_dataset(tmp_path / "my")
    assert dataset.faults.counts == {"no transcript": 1, "broken line": 1}
    places = [(item.audio.start, item.audio.end, item.duration) for item in dataset]
    assert places == [(None, None, 2.0), (0.75, 1.25, 0.5), (1.25, 1.5, 0.25), (1.5, 2.0, 0.5)]
    assert next(iter(dataset)).speaker == "ann"


def test_kaldi(clip: Clip, tmp_path: Path) -> None:
    clip("my/rec.flac", seconds=2.0)
    clip("my/b.wav", seconds=1.0)
    lines(
        tmp_path / "my/wav.scp",
        "rec flac -c -d -s rec.flac |",
        "b b.wav",
        "c sox c.sph -t wav - |",
        "d raw.ark:15",
    )
    lines(tmp_path / "my/text", "b-1 eins  zwei", "rec-1 one two", "gone-1 three")
    lines(tmp_path / "my/utt2spk", "b-1 bob", "rec-1 ann")
    lines(
        tmp_path / "my/segments",
        "rec-1 rec 0.5 1.5",
        "b-1 b 0.25 -1",
        "b-2 b 0.0 0.5",
        "c-1 c 0 1",
        "d-1 d 0 1",
        "e-1 e 0 1",
        "f-1 f",
    )
    assert kind(tmp_path / "my") == "kaldi"
    assert read(tmp_path / "my") == {"rec-1": "one two", "b-1": "eins  zwei", "b-2": None}
    dataset = open_dataset(tmp_path / "my")
    assert dataset.faults.counts == {
        "no transcript": 1,
        "unreadable audio": 2,
        "missing audio": 1,
        "broken line": 1,
        "no audio": 1,
    }
    assert [(item.speaker, item.load().duration) for item in dataset] == [
        ("ann", 1.0),
        ("bob", 0.75),
        (None, 0.5),
    ]
    (tmp_path / "my/segments").unlink()
    lines(tmp_path / "my/text", "b eins")
    assert [item.text for item in open_dataset(tmp_path / "my")] == [None, "eins"]


def test_librispeech(clip: Clip, tmp_path: Path) -> None:
    home = tmp_path / "LibriSpeech"
    for subset, name in (("dev-clean", "84-121123-0000"), ("test-other", "367-130732-0000")):
        speaker, chapter, _ = name.split("-")
        clip(f"LibriSpeech/{subset}/{speaker}/{chapter}/{name}.flac")
        lines(
            home / subset / speaker / chapter / f"{speaker}-{chapter}.trans.txt",
            f"{name} GO DO YOU HEAR",
            f"{speaker}-{chapter}-0001 GONE",
        )
    lines(home / "SPEAKERS.TXT", ";ID|SEX", "84   | F | dev-clean | 8.02 | Christie Nowak")
    assert kind(home) == kind(home / "dev-clean") == "librispeech"
    assert read(home, split="dev-clean") == {"84-121123-0000": "GO DO YOU HEAR"}
    assert len(open_dataset(home)) == 2
    (item,) = open_dataset(home / "dev-clean")
    columns = {"chapter": "121123", "gender": "F", "split": "dev-clean"}
    assert (item.speaker, item.language, item.columns) == ("84", "en", columns)
    assert open_dataset(home).faults.counts == {"missing audio": 2}
    with pytest.raises(DatasetError, match="Did you mean dev-clean"):
        open_dataset(home, split="dev-claen")


def test_common_voice(clip: Clip, tmp_path: Path) -> None:
    home = tmp_path / "cv-corpus-17.0-2024-03-15"
    for language in ("tw", "en"):
        for number in range(3):
            clip(f"{home.name}/{language}/clips/common_voice_{language}_{number}.mp3", rate=32000)
        head = "client_id\tpath\tsentence\tup_votes\tage\tlocale"
        row = f"abc\tcommon_voice_{language}_%d.mp3\t%s\t2\t\t{language}"
        lines(home / language / "train.tsv", head, row % (0, 'Ɛnyɛ "adammɔ".'), row % (1, '"Ha'))
        lines(home / language / "test.tsv", head, row % (2, "two"))
        lines(home / language / "dev.tsv", head)
        lines(home / language / "reported.tsv", "sentence_id\tsentence\tlocale\treason")
        lines(
            home / language / "clip_durations.tsv",
            "clip\tduration[ms]",
            f"common_voice_{language}_0.mp3\t2448",
        )
    assert kind(home) == kind(home / "tw") == "common_voice"
    assert list(read(home / "tw", split="train").values()) == ['Ɛnyɛ "adammɔ".', '"Ha']
    first = next(iter(open_dataset(home / "tw", split="train")))
    assert (first.speaker, first.language, first.duration) == ("abc", "tw", 2.448)
    assert first.columns == {"up_votes": "2", "age": None, "split": "train"}
    assert len(open_dataset(home / "tw", split="train+test")) == 3
    with pytest.raises(DatasetError, match="several languages: en, tw"):
        open_dataset(home)
    with pytest.raises(DatasetError, match="Choose: dev, test, train"):
        open_dataset(home / "tw")
    with pytest.raises(DatasetError, match=r"split dev of .* has no utterance that can be used"):
        open_dataset(home / "tw", split="dev")


def test_a_file_or_a_folder_a_split(clip: Clip, tmp_path: Path) -> None:
    for name in ("train/a.flac", "test/b.flac"):
        clip(f"files/{name}")
        clip(f"folders/{name}")
    lines(tmp_path / "files/train.jsonl", {"audio": "train/a.flac", "text": "one"})
    lines(tmp_path / "files/test.jsonl", {"audio": "test/b.flac", "text": "two"})
    lines(tmp_path / "folders/train/metadata.csv", "file_name,text", "a.flac,one")
    lines(tmp_path / "folders/test/metadata.csv", "file_name,text", "b.flac,two")
    for name in ("folders",):
        assert kind(tmp_path / name) == "splits"
        assert open_dataset(tmp_path / name).splits == ("test", "train")
        assert list(read(tmp_path / name, split="test").values()) == ["two"]
        assert list(read(tmp_path / name).values()) == ["two", "one"]


def table(clip: Clip, count: int, **more: object) -> dict[str, list[object]]:
    paths = [clip(f"made/{number}.flac", pitch=300.0 + 10 * number) for number in range(count)]
    audio = [{"bytes": path.read_bytes(), "path": path.name} for path in paths]
    return {"audio": audio, "text": [f"text {number}" for number in range(count)], **more}


def test_parquet(clip: Clip, tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    whole = table(clip, 5)
    data = tmp_path / "corpus/data"
    data.mkdir(parents=True)
    for name, rows in (("train-00000-of-00002", (0, 2)), ("train-00001-of-00002", (2, 4)), ("test", (4, 5))):
        pq.write_table(
            pa.table({key: value[slice(*rows)] for key, value in whole.items()}), data / f"{name}.parquet"
        )
    home = data.parent
    assert kind(home) == kind(data) == kind(data / "test.parquet") == "parquet"
    assert open_dataset(home).splits == ("test", "train")
    assert read(home, split="train") == {f"{n}.flac": f"text {n}" for n in range(4)}
    assert read(home, split="train[3:]+test") == {"3.flac": "text 3", "4.flac": "text 4"}
    assert read(data / "test.parquet") == {"4.flac": "text 4"}
    with pytest.raises(DatasetError, match="no text column 'sentence'"):
        open_dataset(home, text_column="sentence")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DatasetError, match="not a parquet file"):
        open_dataset(tmp_path / "broken.parquet")


def test_the_layout_does_not_change_the_fingerprint(clip: Clip, tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    whole = table(clip, 3)
    pq.write_table(pa.table(whole), tmp_path / "all.parquet")
    rows = [{"audio": f"made/{n}.flac", "text": f"text {n}"} for n in (2, 0, 1)]
    manifest = lines(tmp_path / "all.jsonl", *rows)
    assert open_dataset(manifest).fingerprint == open_dataset(tmp_path / "all.parquet").fingerprint


def test_save_to_disk(clip: Clip, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    pyarrow = pytest.importorskip("pyarrow")
    text = datasets.Value("string")
    features = datasets.Features({"audio": datasets.Audio(), "text": text, "id": text})
    rows = table(clip, 3, id=["a", "b", "c"])
    made = datasets.Dataset(pyarrow.table(rows, schema=features.arrow_schema))
    made.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"train": made.select([0, 1]), "test": made.select([2])}).save_to_disk(
        tmp_path / "two"
    )
    assert kind(tmp_path / "one") == kind(tmp_path / "two") == "save_to_disk"
    assert read(tmp_path / "one") == {"a": "text 0", "b": "text 1", "c": "text 2"}
    assert read(tmp_path / "two", split="test") == {"c": "text 2"}
    assert len(open_dataset(tmp_path / "two")) == 3
    (tmp_path / "one/data-00000-of-00001.arrow").unlink()
    with pytest.raises(DatasetError, match="is not whole"):
        open_dataset(tmp_path / "one")


def tarred(path: Path, **members: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name.replace("__", "/").replace("_", "."))
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def test_webdataset_of_others(tmp_path: Path, clip: Clip) -> None:
    """Text in a .txt or in the .json, samples in folders, and members that are no sound."""
    sound = clip("a.flac").read_bytes()
    tarred(
        tmp_path / "shards/a-000000.tar",
        part__one_flac=sound,
        part__one_txt="Grüße\n an alle".encode(),
        two_json=json.dumps({"text": "zwei", "speaker": "x"}).encode(),
        two_flac=sound,
        two_png=b"a picture",
    )
    tarred(tmp_path / "shards/a-000001.tar", three_flac=sound)
    assert kind(tmp_path / "shards") == "webdataset"
    assert read(tmp_path / "shards") == {"part/one": "Grüße an alle", "two": "zwei", "three": None}
    assert read(tmp_path / "shards/a-000001.tar") == {"three": None}


def test_a_torn_webdataset(tmp_path: Path, clip: Clip) -> None:
    sound = clip("a.flac").read_bytes()
    members = {
        "one_flac": sound,
        "one_json": b"[1]",
        "two_txt": b"no sound",
        "three_flac": sound,
        "three_txt": b"x",
    }
    path = tarred(tmp_path / "a.tar", **members)
    dataset = open_dataset(path)
    assert [item.id for item in dataset] == ["three"]
    assert dataset.faults.counts == {"broken line": 1, "no audio": 1}
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(DatasetError, match="cannot be read to its end"):
        open_dataset(path)
    path.write_bytes(b"no tar at all" * 99)
    with pytest.raises(DatasetError, match="cannot be read to its end"):
        open_dataset(path)

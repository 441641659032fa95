"""Write utterances as a dataset that others open: a manifest, parquet, save_to_disk, WebDataset.

Sound is copied byte for byte where an utterance is a whole file; a part of one becomes a FLAC file
of its own, mono at the rate of the recording. What is written opens again with ``open_dataset``.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from auricle.audio import Audio, open_audio
from auricle.errors import AuricleError, DatasetError, missing_extra
from auricle.storage import write_atomic
from auricle.verbs.datasets.utterance import AudioRef, Utterance, in_order

_BATCH = 64  # rows of a row group
_SHARD = 1000  # samples of a WebDataset shard
_KINDS = {
    b"fLaC": ".flac",
    b"RIFF": ".wav",
    b"OggS": ".ogg",
    b"ID3": ".mp3",
    b"\xff\xfb": ".mp3",
    b"\xff\xf3": ".mp3",
}


def row_of(item: Utterance) -> dict[str, Any]:
    """What a manifest says of an utterance besides its audio; unknown values are left out."""
    known = {
        "id": item.id,
        "text": item.text,
        "language": item.language,
        "speaker": item.speaker,
        "duration_s": None if item.duration is None else round(item.duration, 3),
    }
    rest = {name: value for name, value in item.columns.items() if name not in known and name != "audio"}
    return {name: value for name, value in {**known, **rest}.items() if value is not None or name == "text"}


def write_manifest(items: Iterable[Utterance], path: Path) -> int:
    """A JSON-lines manifest that refers to the sound where it lies; how many utterances it has.

    Sound that is no file (parquet, the Hub) is written into a folder beside it. Raises OutputError.
    """
    lines = []
    for number, item in enumerate(items):
        audio = item.audio
        if audio.path is None:
            inside = path.parent / f"{path.stem}_audio" / f"{number:06}{_suffix(audio)}"
            write_atomic(inside, _bytes(audio))
            audio = AudioRef(path=inside)
        lines.append(json.dumps(_manifest_row(item, audio, path.parent), ensure_ascii=False, default=str))
    write_atomic(path, "".join(f"{line}\n" for line in lines).encode())
    return len(lines)


def _manifest_row(item: Utterance, audio: AudioRef, folder: Path) -> dict[str, Any]:
    part = {
        "start": audio.start,
        "end": audio.end,
        "channel": None if audio.channel == "mix" else audio.channel,
    }
    given = {name: value for name, value in part.items() if value is not None}
    return {"audio": _relative(audio.path or Path(), folder), **row_of(item), **given}


def _relative(path: Path, folder: Path) -> str:
    """The path from the manifest's folder, so that both can move together; absolute on another drive."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:
        return path.resolve().as_posix()


def write_folder(items: Iterable[Utterance], folder: Path) -> int:
    """A manifest with copies of all sound in ``clips/`` beside it. Raises OutputError, AudioError."""
    kept = []
    for number, item in enumerate(items):
        data, suffix = encoded(item)
        clip = folder / "clips" / f"{number:06}-{_safe(item.id)}{suffix}"
        write_atomic(clip, data)
        kept.append(_replaced(item, AudioRef(path=clip)))
    return write_manifest(kept, folder / "manifest.jsonl")


def _replaced(item: Utterance, audio: AudioRef) -> Utterance:
    return Utterance(item.id, audio, item.text, item.language, item.speaker, item.duration, item.columns)


def write_parquet(items: Iterable[Utterance], folder: Path) -> int:
    """One file a split, ``data/SPLIT-00000-of-00001.parquet``, as on the Hub. Raises MissingExtraError."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise missing_extra("Writing parquet", "datasets") from error
    writers: dict[str, Any] = {}
    waiting: dict[str, list[dict[str, Any]]] = {}
    names = _columns(items)
    schema = _schema(names)
    count = 0
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)

    def flush(split: str) -> None:
        if split not in writers:
            part = data / f".{split}.part"
            writers[split] = pq.ParquetWriter(part, schema)
        writers[split].write_table(pa.Table.from_pylist(waiting.pop(split), schema=schema))

    for item in items:
        split = str(item.columns.get("split") or "train")
        waiting.setdefault(split, []).append(_cells(item, names))
        count += 1
        if len(waiting[split]) >= _BATCH:
            flush(split)
    for split in list(waiting):
        flush(split)
    for split, writer in writers.items():
        writer.close()
        (data / f".{split}.part").replace(data / f"{split}-00000-of-00001.parquet")
    return count


def _columns(items: Iterable[Utterance]) -> dict[str, type]:
    """All columns of all utterances and what they hold; mixed kinds become text."""
    found: dict[str, type] = {}
    for item in items:
        for name, value in row_of(item).items():
            if value is not None:
                kind = type(value) if type(value) in (int, float, bool, str) else str
                found[name] = kind if found.get(name, kind) is kind else str
    return {"text": str, **found}


def _schema(names: Mapping[str, type]) -> Any:
    """The columns with the note by which the datasets library knows the audio column for what it is."""
    import pyarrow as pa

    kinds = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), str: pa.string()}
    audio = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    said = {int: "int64", float: "float64", bool: "bool", str: "string"}
    features = {"audio": {"_type": "Audio"}} | {
        name: {"dtype": said[kind], "_type": "Value"} for name, kind in names.items()
    }
    fields = [("audio", audio), *((name, kinds[kind]) for name, kind in names.items())]
    note = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema(fields).with_metadata(note)


def _cells(item: Utterance, names: Mapping[str, type]) -> dict[str, Any]:
    data, suffix = encoded(item)
    values = row_of(item)
    cells = {name: _cell(values.get(name), kind) for name, kind in names.items()}
    return {"audio": {"bytes": data, "path": f"{_safe(item.id)}{suffix}"}, **cells}


def _cell(value: Any, kind: type) -> Any:
    if value is None or isinstance(value, kind):
        return value
    return json.dumps(value, ensure_ascii=False, default=str) if kind is str else None


def write_disk(items: Iterable[Utterance], folder: Path) -> int:
    """What the datasets library's save_to_disk leaves: one dataset a split. Raises MissingExtraError."""
    try:
        import datasets
    except ImportError as error:
        raise missing_extra("Writing a folder of save_to_disk", "datasets") from error
    scratch = folder.with_name(f".{folder.name}.part")
    try:
        count = write_parquet(items, scratch)
        files = {file.name.split("-")[0]: str(file) for file in sorted((scratch / "data").glob("*.parquet"))}
        cache = str(scratch / "cache")
        made = {name: datasets.Dataset.from_parquet(file, cache_dir=cache) for name, file in files.items()}
        datasets.DatasetDict(made).save_to_disk(str(folder))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return count


def write_webdataset(items: Iterable[Utterance], folder: Path) -> int:
    """Tar files of a thousand samples, NAME-000000.tar: for each sample its sound, .txt and .json."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for shard, part in enumerate(_chunks(items, _SHARD)):
        path = folder / f"{folder.name}-{shard:06}.tar"
        with tarfile.open(path.with_suffix(".part"), "w") as tar:
            for item in part:
                _add(tar, item, f"{count:08}")
                count += 1
        path.with_suffix(".part").replace(path)
    return count


def _add(tar: tarfile.TarFile, item: Utterance, key: str) -> None:
    data, suffix = encoded(item)
    values = json.dumps(row_of(item), ensure_ascii=False, default=str)
    for ending, content in ((suffix, data), (".json", values.encode()), (".txt", (item.text or "").encode())):
        entry = tarfile.TarInfo(f"{key}{ending}")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))


def _chunks(items: Iterable[Utterance], size: int) -> Iterator[list[Utterance]]:
    part: list[Utterance] = []
    for item in items:
        part.append(item)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


@dataclass(frozen=True, slots=True)
class Target:
    """One row of the table of what can be written."""

    about: str
    write: Callable[[Iterable[Utterance], Path], int]


TARGETS = {
    "manifest": Target(
        "manifest.jsonl that refers to the sound where it lies",
        lambda i, p: write_manifest(i, p / "manifest.jsonl"),
    ),
    "folder": Target("manifest.jsonl with a copy of the sound", write_folder),
    "parquet": Target("parquet files, as the Hub has them", write_parquet),
    "save_to_disk": Target("a folder of the datasets library", write_disk),
    "webdataset": Target("tar files of a thousand samples", write_webdataset),
}


def export(items: Iterable[Utterance], folder: Path, target: str) -> int:
    """Write all of ``items`` (read twice for parquet) as ``target``; how many there were.

    Raises DatasetError for a folder that has something in it, OutputError, MissingExtraError.
    """
    if folder.exists() and any(folder.iterdir()):
        raise DatasetError(f"{folder} is not empty. Choose another folder, or empty it.")
    with in_order():
        return TARGETS[target].write(items, folder)


def encoded(item: Utterance) -> tuple[bytes, str]:
    """The sound of an utterance as the bytes of a file, and its ending: as it is, or a part as FLAC."""
    audio = item.audio
    if audio.start is None and audio.end is None and audio.channel == "mix":
        return _bytes(audio), _suffix(audio)
    with open_audio(audio.source) as stream:
        rate = stream.info.rate
    return flac(audio.load(rate)), ".flac"


def flac(audio: Audio) -> bytes:
    """Sound as a FLAC file of 16 bits."""
    import av
    import numpy as np

    file = io.BytesIO()
    samples = np.clip(np.rint(audio.samples * 32768), -32768, 32767).astype(np.int16)
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=audio.rate, layout="mono")
        for start in range(0, max(len(samples), 1), 4096):
            frame = av.AudioFrame.from_ndarray(
                samples[None, start : start + 4096], format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts, frame.time_base = audio.rate, start, Fraction(1, audio.rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def _bytes(audio: AudioRef) -> bytes:
    if audio.path is None:
        return audio.data or b""
    try:
        return audio.path.read_bytes()
    except OSError as error:
        raise DatasetError(f"cannot read {audio.path}: {error.strerror or error}.") from error


def _suffix(audio: AudioRef) -> str:
    named = Path(audio.path or audio.name).suffix.lower()
    if named and len(named) < 6:
        return named
    head = (audio.data or b"")[:4]
    return next((kind for mark, kind in _KINDS.items() if head.startswith(mark)), ".bin")


def _safe(name: str) -> str:
    """A name for a file: what is not plain becomes "_"; long ones keep their end."""
    plain = re.sub(r"[^\w.-]+", "_", Path(name).with_suffix("").as_posix()).strip("._")
    return plain[-60:] or hashlib.sha256(name.encode()).hexdigest()[:8]


__all__ = ["TARGETS", "AuricleError", "encoded", "export", "flac", "row_of", "write_manifest"]

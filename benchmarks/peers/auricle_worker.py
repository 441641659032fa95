"""Auricle. Arguments: options as name=value, such as beam_size=5 mode=sequential engine=openvino."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from common import serve

from auricle import Transcriber, heap
from auricle.engines import LoadOptions, load_engine
from auricle.errors import AuricleError


def value(text: str) -> object:
    """Numbers and lists as JSON, everything else as it stands."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def many(paths: list[str]) -> list[str]:
    """Files together, as the command line takes them."""
    return [
        str(found) if isinstance(found, AuricleError) else found.text
        for found in transcriber.transcribe_all(paths)
    ]


heap.keep_small()  # as the command line does
named = {name: value(text) for name, text in (argument.split("=", 1) for argument in sys.argv[1:])}
if "engine" in named:
    named["engine"] = load_engine(LoadOptions(engine=named["engine"], threads=2))
transcriber = Transcriber(**({} if "engine" in named else {"threads": 2}), **named)
serve(lambda path: transcriber.transcribe(path).text, many)

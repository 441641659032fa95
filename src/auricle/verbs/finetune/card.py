"""The model card: README.md of a checkpoint, with its metrics where the Hub looks for them.

Rates are fractions in the ``model-index``, as everywhere in files; the table of the text has percentages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from auricle.storage import write_atomic

CARD = "README.md"


def write_card(folder: Path, story: Mapping[str, Any]) -> Path:
    """Write the card of a checkpoint from its story. Raises OutputError."""
    path = folder / CARD
    write_atomic(path, card(folder.name, story).encode())
    return path


def card(name: str, story: Mapping[str, Any]) -> str:
    """The card as Markdown with its head of metadata."""
    import yaml

    head = yaml.safe_dump(metadata(name, story), sort_keys=False, allow_unicode=True)
    return f"---\n{head}---\n\n" + "\n".join(_body(name, story)) + "\n"


def metadata(name: str, story: Mapping[str, Any]) -> dict[str, Any]:
    """The head: licence, language, base, datasets, metrics."""
    base, recipe = story["base"], story["recipe"]
    data = recipe["data"]["train"]
    found: dict[str, Any] = {
        "library_name": "transformers",
        "pipeline_tag": "automatic-speech-recognition",
        "tags": ["automatic-speech-recognition", "auricle"],
        "metrics": ["wer"],
        "datasets": [dataset_name(spec) for spec in data],
    }
    if language := recipe["base"]["language"] or ("en" if base["name"].endswith(".en") else None):
        found["language"] = [language]
    if base["license"]:
        found["license"] = base["license"].lower()
    if base.get("hub"):
        found["base_model"] = base["hub"]
    results = list(_results(story))
    if results:
        found["model-index"] = [{"name": name, "results": results}]
    return found


def dataset_name(spec: str) -> str:
    """The id of a dataset without its split, or the name of its folder."""
    name = spec.rpartition("@")[0] or spec
    path = Path(name)
    if not path.exists():
        return name.partition(":")[0]
    return path.parent.name if path.is_file() else path.name


def _results(story: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in story.get("verdict", {}).get("sets", ()):
        if one["role"] == "silence":
            continue
        metrics = [("wer", "WER", "wer"), ("wer", "WER as written", "wer_ortho")]
        yield {
            "task": {"type": "automatic-speech-recognition", "name": "Automatic Speech Recognition"},
            "dataset": {"name": one["name"], "type": one["name"].split(" ")[0]},
            "metrics": [
                {"type": kind, "name": title, "value": one["after"][key]}
                for kind, title, key in metrics
                if one["after"][key] is not None
            ],
        }


def _body(name: str, story: Mapping[str, Any]) -> Iterator[str]:
    base, data = story["base"], story["data"]
    yield f"# {name}"
    yield ""
    revision = f" (revision {base['revision'][:12]})" if base["revision"] else ""
    yield (
        f"Fine-tuned from {base['name']}{revision} on {data['train']} utterances, "
        f"{data['seconds'] / 60:.0f} minutes, in {story['steps']} steps."
    )
    yield ""
    if verdict := story.get("verdict"):
        yield f"**Verdict: {verdict['sentence']}.**"
        yield ""
        yield "| heard on | utterances | WER before | after | as written before | after |"
        yield "|---|---|---|---|---|---|"
        yield from map(_row, verdict["sets"])
        yield ""
        if turns := verdict.get("turns"):
            yield (
                f"{turns['before']:.0%} of the texts of {turns['clips']} clips ended where the sound does "
                f"before, {turns['after']:.0%} do now. A clip takes {turns['slower']:.2f} times as long."
            )
            yield ""
    share = story["blend"]["share"]
    if share != 1:
        yield f"The weights are {share:.0%} those learnt and {1 - share:.0%} those of the base."
        yield ""
    yield "`auricle.json` has the whole story: recipe, data, versions, every evaluation."


def _row(one: Mapping[str, Any]) -> str:
    if one["role"] == "silence":
        shown = [_percent(one[when]["invented"]) for when in ("before", "after")]
        return f"| {one['name']}: clips with text | {one['utterances']} | {shown[0]} | {shown[1]} | | |"
    keys = [("before", "wer"), ("after", "wer"), ("before", "wer_ortho"), ("after", "wer_ortho")]
    rates = " | ".join(_percent(one[when][key]) for when, key in keys)
    return f"| {one['name']} | {one['utterances']} | {rates} |"


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{100 * rate:.2f} %"

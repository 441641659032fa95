"""auricle datasets"""

from __future__ import annotations

from auricle.cli.groups import Table, group

COMMANDS: Table = {
    "list": ("auricle.cli.datasets.list", "List the datasets of the catalogue."),
    "show": (
        "auricle.cli.datasets.show",
        "Say all that is known of one of them, with a named source for each fact.",
    ),
    "recommend": ("auricle.cli.datasets.recommend", "Rank them for what you need, and say why."),
    "profile": ("auricle.cli.datasets.profile", "Say what is in a dataset, in numbers and as a page."),
    "check": ("auricle.cli.datasets.check", "Say what is wrong with it for a model, and what to do."),
    "build": ("auricle.cli.datasets.build", "Make utterances of long recordings with transcripts."),
    "segment": ("auricle.cli.datasets.segment", "The same without copying sound: a manifest of its parts."),
    "record": ("auricle.cli.datasets.record", "Read sentences aloud, and have a dataset of your voice."),
    "split": ("auricle.cli.datasets.split", "Deal it out into train, validation and test, without a leak."),
    "filter": ("auricle.cli.datasets.filter", "Keep the utterances that fit."),
    "normalise": ("auricle.cli.datasets.normalise", "Clean up the texts in named, versioned steps."),
    "export": ("auricle.cli.datasets.export", "Write it as a manifest, parquet, save_to_disk or WebDataset."),
    "push": ("auricle.cli.datasets.push", "Upload it to the Hugging Face Hub, with a card."),
}

command = group(COMMANDS, "datasets", "Find a dataset, open it, know it, mend it.")

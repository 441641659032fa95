"""auricle models"""

from __future__ import annotations

from auricle.cli.groups import group

_COMMANDS = {
    "list": ("auricle.cli.models.list", "List models by language, task, memory, licence or family."),
    "show": ("auricle.cli.models.show", "Show what is known of a model, and who says so."),
    "recommend": ("auricle.cli.models.recommend", "Say which model to take, from measurement."),
    "pull": ("auricle.cli.models.pull", "Download a model."),
    "path": ("auricle.cli.models.path", "Print the folder of a model on this machine."),
    "convert": ("auricle.cli.models.convert", "Write a Whisper model as a Hugging Face checkpoint."),
    "rm": ("auricle.cli.models.rm", "Remove a downloaded model."),
}

command = group(_COMMANDS, "models", "Find a model, fetch it, take it away.")

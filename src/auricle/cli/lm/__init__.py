"""auricle lm"""

from __future__ import annotations

from auricle.cli.groups import group

_COMMANDS = {"build": ("auricle.cli.lm.build", "Make a language model of a text file.")}

command = group(_COMMANDS, "lm", "Language models for the decoding of CTC models.")

"""Groups of commands, of which each is imported when it is called.

command = group({"list": ("auricle.cli.models.list", "List what there is.")}, "models", "Find a model.")
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

# One line a command: its name, the module that holds it as ``command``, and its first help line,
# so that the help of a group imports none of them.
Table = Mapping[str, tuple[str, str]]
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Group(click.Group):
    """A group over a table of commands."""

    def __init__(self, *arguments: Any, table: Table, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; None for a name that is not in the table."""
        if cmd_name not in self.table:
            return None
        command: click.Command = importlib.import_module(self.table[cmd_name][0]).command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Refuse a name that does not exist with the nearest one."""
        if args and args[0] not in self.table and not args[0].startswith("-"):
            from auricle.errors import nearest

            raise click.UsageError(f"there is no command {args[0]!r}. {nearest(args[0], self.table)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table; nothing is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.table.items()])


def group(table: Table, name: str, help: str, epilog: str | None = None) -> Group:
    """The command ``name`` over a table of commands of its own (`auricle models list`)."""
    return Group(
        name=name, table=table, help=help, epilog=epilog, no_args_is_help=True, context_settings=SETTINGS
    )

"""``auricle`` and ``python -m auricle``: where a process begins, and may be stopped while it loads."""

from __future__ import annotations

import os
import signal
from types import FrameType


def main() -> None:
    """The command line as a process of its own, which takes the signals over once it is loaded."""
    signal.signal(signal.SIGINT, _leave)
    from auricle import cli

    cli.main()


def _leave(number: int, _: FrameType | None) -> None:
    os.write(2, b"auricle: stopped.\n")
    os._exit(128 + number)


if __name__ == "__main__":
    main()

"""``python -m auricle`` is ``auricle``."""

from __future__ import annotations

from auricle.cli import main

if __name__ == "__main__":
    main()

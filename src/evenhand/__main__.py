"""The command line as a program: ``evenhand``, and ``python -m evenhand`` where that is not on the path."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line."""
    main_module = sys.modules.get("__main__")
    as_module = getattr(main_module, "__spec__", None) is not None
    if as_module and not sys.flags.safe_path and sys.path and os.path.realpath(sys.path[0]) == os.path.realpath("."):
        # `python -m` puts the current folder first: its files would stand in for installed modules.
        del sys.path[0]
    # A command keeps nearly all that it imports and reads to its end: to look through it for garbage, time and again
    # and once more at the end, took a sixth of its time.
    gc.set_threshold(200_000, 50, 100)
    from evenhand.cli.main import main as command_line

    try:
        command_line()
    finally:
        if "_duckdb" not in sys.modules:  # what it sees uncollected at the end it reports as leaked, in many lines
            gc.freeze()


if __name__ == "__main__":
    main()

"""``python -m evenhand``: the command line, where the program ``evenhand`` is not on the path."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line, as the program ``evenhand`` does."""
    if not sys.flags.safe_path and sys.path and os.path.realpath(sys.path[0]) == os.path.realpath(os.curdir):
        # `python -m` puts the current folder first: its files would stand in for installed modules.
        del sys.path[0]
    from evenhand.cli.main import main as command_line

    command_line()


if __name__ == "__main__":
    main()

"""The board's server: on the loopback interface alone, with a token that is new each time."""

from __future__ import annotations

import secrets
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from evenhand.board.app import create_app
from evenhand.board.commands import Commands
from evenhand.board.gather import Gatherer
from evenhand.board.watcher import Watcher
from evenhand.errors import EvenhandError

DEFAULT_PORT = 8717

SWITCH_SECONDS = 0.0005
"""How long a thread may keep the others waiting: while one looks at a large ledger, twenty answers are to be given."""


@dataclass(frozen=True)
class Address:
    """Where the board is: its port, its token, and both as an address."""

    port: int
    token: str

    @property
    def url(self) -> str:
        """What to open."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"


def bound(port: int) -> socket.socket:
    """A socket on the loopback interface.

    Raises:
        EvenhandError: the port is in use, or not allowed.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(("127.0.0.1", port))
        found.listen(128)
    except OSError as error:
        found.close()
        raise EvenhandError(
            f"The board cannot have port {port}: {(error.strerror or str(error)).lower()}. Name another one with "
            "--port, or --port 0 for any that is free."
        ) from error
    return found


def serve(
    ledger: Path, *, port: int, unblind: bool, commands: Commands | None, visible: Callable[[str], str],
    begun: Callable[[Address], None],
) -> None:  # fmt: skip
    """Serve the board of a ledger until it is interrupted.

    Args:
        ledger: its folder.
        port: on the loopback interface; 0 for any that is free.
        unblind: show arms by name, and enter that in the ledger.
        commands: what can be asked from the page; None for a board that only shows.
        visible: shows control characters in what trials wrote as marks.
        begun: told where the board is, once it answers.

    Raises:
        EvenhandError: the port is in use.
    """
    import uvicorn

    sys.setswitchinterval(SWITCH_SECONDS)
    with ExitStack() as held:
        listening = held.enter_context(bound(port))
        gatherer = Gatherer(ledger, unblind)
        held.callback(gatherer.close)
        watcher = Watcher(gatherer.look)
        watcher.start()
        held.callback(watcher.stop)
        address = Address(listening.getsockname()[1], secrets.token_urlsafe(24))
        app = create_app(watcher, ledger, address.token, visible, commands, f"evenhand_board_{address.port}")
        settings = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, lifespan="off", timeout_graceful_shutdown=1
        )
        begun(address)
        uvicorn.Server(settings).run(sockets=[listening])

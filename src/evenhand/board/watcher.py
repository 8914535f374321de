"""One thread looks at the ledger for all who watch: a viewer more costs no look more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from evenhand.board.seen import Board

EVERY_SECONDS = 1.0
"""How often the thread looks while somebody watches."""

SHARE = 8
"""It looks again after this many times the time that looking took, so that a large ledger leaves the processor free."""

LONGEST_SECONDS = 5.0
"""After so long it looks again whatever looking took. The first look, which reads the whole ledger, does not count."""

IDLE_SECONDS = 30.0
"""After which nobody counts as watching, unless a page is asked for or a stream is open."""


class Watcher:
    """The newest look at a ledger, and who waits for the next one.

    Args:
        look: gives how things are now; called in the thread of this watcher alone.
    """

    def __init__(self, look: Callable[[], Board]) -> None:
        self._look = look
        self._changed = threading.Condition()
        self._board: Board | None = None
        self._version = 0
        self._asked = -IDLE_SECONDS
        self._idle = self._hurry = False
        self._streams = 0
        self._listeners: set[Callable[[], None]] = set()
        self.prepare: Callable[[], None] = lambda: None  # called after each change, before anybody is told of it
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="board", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._asked = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        with self._changed:
            self._stop = True
            self._changed.notify_all()
        self._thread.join(timeout=5.0)

    def now(self, wait: float = 5.0) -> tuple[int, Board]:
        """The newest look with its number; a fresh one where nobody watched, and the last look is old.

        Args:
            wait: seconds at most for a fresh one; for the very first look it is waited as long as it takes.
        """
        with self._changed:
            self._asked = time.monotonic()
            if self._idle:
                self._changed.notify_all()
                self._changed.wait_for(lambda: not self._idle or self._stop, timeout=wait)
            while self._board is None and not self._stop:
                self._changed.wait(timeout=1.0)
            return self._version, self._board or Board("")

    def at_hand(self) -> tuple[int, Board] | None:
        """The newest look with its number; None where :meth:`now` would have to wait for one."""
        with self._changed:
            self._asked = time.monotonic()
            return None if self._idle or self._board is None else (self._version, self._board)

    def newest(self) -> tuple[int, Board]:
        """The newest look with its number, without asking for another one."""
        with self._changed:
            return self._version, self._board or Board("")

    def hurry(self) -> None:
        """Something was asked for: look at once."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()

    def listen(self, changed: Callable[[], None]) -> None:
        """Tell of each change, from the thread of this watcher, until :meth:`leave`."""
        with self._changed:
            self._listeners.add(changed)
            self._changed.notify_all()

    def leave(self, changed: Callable[[], None]) -> None:
        """Tell no more."""
        with self._changed:
            self._listeners.discard(changed)

    def _run(self) -> None:
        spent = 0.0
        while not self._stop:
            start = time.monotonic()
            board = self._look()
            spent = 0.0 if self._board is None else time.monotonic() - start
            with self._changed:
                self._idle = False
                changed = board != self._board
                if changed:
                    self._board, self._version = board, self._version + 1
                self._changed.notify_all()
            if changed:
                self.prepare()
            with self._changed:
                for listener in self._listeners if changed else ():
                    listener()
                pause = min(max(EVERY_SECONDS, SHARE * spent), LONGEST_SECONDS)
                self._changed.wait_for(lambda: self._stop or self._hurry, timeout=pause)
                self._hurry = False
                self._idle = not self._wanted()
                self._changed.wait_for(self._wanted)

    def _wanted(self) -> bool:
        """Whether somebody watches."""
        watched = bool(self._listeners) or time.monotonic() - self._asked < IDLE_SECONDS
        return self._stop or watched or self._board is None

"""What takes longer than a look is worked out in a thread beside it: families of old claims, contrasts so far."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Generic, TypeVar

from evenhand.errors import EvenhandError
from evenhand.ledger import Ledger

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

SHARE = 20
"""It is worked out again after this many times the time that it took."""


class Background(Generic[Asked, Answer]):
    """An answer as it was when what it rests on last changed.

    Args:
        folder: of the ledger; read with a reader of its own, as a reader is for one thread at a time.
        work: gives the answer.
        answer: before the first one.
    """

    def __init__(self, folder: Path, work: Callable[[Asked, Ledger], Answer], answer: Answer) -> None:
        self._ledger = Ledger(folder, create=False)
        self._work, self._answer = work, answer
        self._worker = ThreadPoolExecutor(1, "board")
        self._state: Hashable = None
        self._running: Future[Answer] | None = None
        self._next = 0.0

    def look(self, asked: Asked, state: Hashable) -> Answer:
        """The newest answer; another one is begun where ``state`` is another, and it is time."""
        if self._running is not None and self._running.done():
            try:
                self._answer = self._running.result()
            except EvenhandError:
                self._state = None  # the ledger is damaged, or being packed: it is tried again, and the board says so
            except (KeyError, TypeError, ValueError, AttributeError):
                # Claims of another version: the board stands without what cannot be read of them, and says why.
                logging.getLogger(__name__).warning("what is worked out beside the board failed", exc_info=True)
            self._running = None
        if self._running is None and state != self._state and time.monotonic() >= self._next:
            self._state = state
            self._running = self._worker.submit(self._timed, asked)
        return self._answer

    def close(self) -> None:
        """Wait for nothing more."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _timed(self, asked: Asked) -> Answer:
        start = time.monotonic()
        try:
            return self._work(asked, self._ledger)
        finally:
            end = time.monotonic()
            self._next = end + SHARE * (end - start)

"""Long work that is no trial's own (a stand-in is taught, states are cached, a ledger is packed) says how far it is.

Whoever does it calls :func:`tell`; whoever shows it says so around the call, with :func:`told_to`. Without a listener
nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")

Listener = Callable[[str, float], None]
"""Takes what is done, for people, and the share of it that is done."""

_listener: ContextVar[Listener | None] = ContextVar("_listener", default=None)


def tell(what: str, done: float, total: float) -> None:
    """Say how far something is: ``tell("teaching a stand-in", step, steps)``; often, as it costs next to nothing."""
    listener = _listener.get()
    if listener is not None:
        listener(what, min(1.0, done / total) if total > 0 else 1.0)


def told(what: str, steps: Sequence[T]) -> Iterator[T]:
    """The steps of something, each told before it is done: ``for path in told("reading runs", paths)``."""
    for number, step in enumerate(steps):
        tell(what, number, len(steps))
        yield step
    tell(what, 1, 1)


@contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """Have a listener hear what is told inside."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)

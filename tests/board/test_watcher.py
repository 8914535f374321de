"""One look serves all who watch, and nobody looks while nobody watches."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from evenhand.board import watcher as watching
from evenhand.board.seen import Board
from evenhand.board.watcher import Watcher


class Looks:
    """Counts the looks; each sees as many records as there were looks, or always the same."""

    def __init__(self, *, same: bool = False) -> None:
        self.count, self.same = 0, same
        self.hold = threading.Event()
        self.hold.set()

    def __call__(self) -> Board:
        self.hold.wait(10)
        self.count += 1
        return Board("l", records=1 if self.same else self.count)


def until(holds: object) -> None:
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:  # type: ignore[operator]
        time.sleep(0.01)
    assert holds()  # type: ignore[operator]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(watching, "IDLE_SECONDS", 0.2)


@pytest.fixture
def looks() -> Iterator[tuple[Looks, Watcher]]:
    found = Looks()
    watcher = Watcher(found)
    yield found, watcher
    found.hold.set()
    watcher.stop()


@pytest.mark.usefixtures("quick")
def test_while_nobody_watches_nobody_looks_and_who_comes_then_sees_how_things_are_now(
    looks: tuple[Looks, Watcher],
) -> None:
    found, watcher = looks
    watcher.start()
    until(lambda: watcher._idle)
    before = found.count
    time.sleep(0.1)
    assert found.count == before
    _, board = watcher.now()
    assert board.records > before


@pytest.mark.usefixtures("quick")
def test_an_open_stream_keeps_it_looking(looks: tuple[Looks, Watcher]) -> None:
    found, watcher = looks
    told: list[int] = []

    def tell() -> None:
        told.append(found.count)

    watcher.start()
    watcher.listen(tell)
    time.sleep(0.4)
    before = found.count
    until(lambda: found.count > before + 5)
    assert len(told) > 5
    watcher.leave(tell)
    until(lambda: watcher._idle)


def test_the_first_who_asks_waits_for_the_first_look(looks: tuple[Looks, Watcher]) -> None:
    found, watcher = looks
    found.hold.clear()
    watcher.start()
    threading.Timer(0.2, found.hold.set).start()
    assert watcher.now()[1].records == 1


@pytest.mark.usefixtures("quick")
def test_what_did_not_change_is_no_new_version() -> None:
    found = Looks(same=True)
    watcher = Watcher(found)
    watcher.start()
    until(lambda: found.count > 5)
    assert watcher.now()[0] == 1
    watcher.stop()


def test_hurry_does_not_wait_for_its_turn(looks: tuple[Looks, Watcher], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "EVERY_SECONDS", 60.0)
    found, watcher = looks
    watcher.start()
    watcher.now()
    watcher.hurry()
    until(lambda: found.count == 2)

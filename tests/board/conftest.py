"""A ledger in which claims are decided, run and broken, and a board of it; looked at, and never changed by a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from evenhand.board.app import create_app
from evenhand.board.commands import Commands
from evenhand.board.gather import Gatherer
from evenhand.board.watcher import Watcher
from evenhand.report.marks import visible
from tests.board.stage import Stage, busy

TOKEN = "the-token"
HERE = "http://127.0.0.1:8717"


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """The ledger that tests look at."""
    return busy(tmp_path_factory.mktemp("board"))


def client_of(ledger: Path, *, unblind: bool = False, commands: Commands | None = None) -> Iterator[TestClient]:
    """A browser with the token at a board."""
    gatherer = Gatherer(ledger, unblind)
    watcher = Watcher(gatherer.look)
    watcher.start()
    try:
        with TestClient(create_app(watcher, ledger, TOKEN, visible, commands), base_url=HERE) as client:
            client.get("/", params={"token": TOKEN})
            yield client
    finally:
        watcher.stop()
        gatherer.close()


@pytest.fixture(scope="session")
def board(stage: Stage) -> Iterator[TestClient]:
    """A board that only shows."""
    yield from client_of(stage.ledger)

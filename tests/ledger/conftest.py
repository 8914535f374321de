"""What all tests of the ledger share."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test cuts the power, so none needs to wait until the disk has what was written."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)

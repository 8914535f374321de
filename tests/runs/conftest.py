"""What tests of readers share: nothing is sent anywhere."""

from __future__ import annotations

import pytest


@pytest.fixture
def nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """No package calls home, looks for updates or asks a hub."""
    for name in ("DO_NOT_TRACK", "MLFLOW_DISABLE_TELEMETRY", "WANDB_SILENT", "INSPECT_DISABLE_UPDATE"):
        monkeypatch.setenv(name, "true")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("WANDB_MODE", "offline")

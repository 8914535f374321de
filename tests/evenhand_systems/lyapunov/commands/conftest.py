"""A checkpoint for the commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evenhand_systems.lyapunov.networks.network import LyapunovNetwork, save_checkpoint
from evenhand_systems.lyapunov.numbers.features import FeatureSpec


@pytest.fixture
def checkpoint(tmp_path: Path) -> Callable[..., Path]:
    """An untrained network of lookahead 4 that says what it was trained on."""

    def write(training: dict[str, object] | None) -> Path:
        network = LyapunovNetwork(FeatureSpec(4), (8,), seed=1)
        save_checkpoint(network, tmp_path / "net.pt", training=training)
        return tmp_path / "net.pt"

    return write

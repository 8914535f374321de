"""What the commands that make something print for another program: one document, and progress beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evenhand_systems.lyapunov.cli import app
from tests.evenhand_systems.lyapunov.commands.shown import run


def told(*arguments: object) -> dict[str, Any]:
    found = run(*arguments, "--json")
    assert found.exit_code == 0, found.output
    document = json.loads(found.stdout)
    assert isinstance(document, dict)
    return document


def test_what_is_made_is_told_as_one_document(tmp_path: Path) -> None:
    csv, model, proof = tmp_path / "set.csv", tmp_path / "v.json.gz", tmp_path / "c.jsonl"
    assert told("generate", csv, "--count", 60, "--max-bits", 40)["count"] == 60
    learned = told("learn", model, "--window", 2, "--residue-power", 1, "--sweeps", 3)
    assert learned["windows"][-1]["window"] == 2
    certified = told("certify", model, proof, "--max-exponent", 6)
    assert 0 < certified["certified_as_number"] <= 1
    assert certified["certified_as_number"] + certified["refuted"] + certified["open"] == pytest.approx(1)
    assert told("check", proof, model)["density"] == certified["certified"]
    drawn = told("plot", tmp_path / "plots", model, "--csv", csv)
    assert sorted(drawn["plots"]) == sorted(one.name for one in (tmp_path / "plots").iterdir())
    network = ("--layers", "8", "--steps", 2, "--batch", 16, "--lookahead", 3, "--quick-every", 1, "--csv", csv)
    trained = told("train", tmp_path / "n.pt", *network)
    assert trained["path"].endswith("n.pt")
    assert trained["lookahead"] == 3


def test_every_command_takes_json() -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        found = run(command.name or command.callback.__name__, "--help")
        assert "--json" in found.output, command.callback.__name__

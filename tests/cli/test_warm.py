"""``run --warm``: workers go on from trial to trial, of command lines too, and what stays as it was is told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.app import evenhand, parsed
from tests.execution.command.test_recipe import CLAIM, HEAD

PROGRAM = (
    """
import numpy as np
"""
    + HEAD
    + """
np.random.seed(request["seed"])
scores = np.random.random(items["count"]).round(6) * settings["rate"]
answer({"items": {"accuracy": {"ids": [str(i) for i in range(items["count"])], "scores": scores.tolist()}},
        "spent": {"steps": request["budget"]["amount"]}})
"""
)


@pytest.mark.slow  # two runs of eight trials
def test_a_warm_run_of_a_command_keeps_its_imports_from_trial_to_trial_and_gives_what_a_cold_one_gives(
    tmp_path: Path,
) -> None:
    (tmp_path / "train.py").write_text(PROGRAM)
    claim = CLAIM.format(argv=json.dumps([sys.executable, "train.py"])).replace("[0, 1]", "[0, 1, 2, 3]")
    (tmp_path / "c.toml").write_text(claim)
    found, notes = [], []
    for how in ("--warm", "--cold"):
        run = evenhand(tmp_path, "run", "c.toml", how, "--jobs", "1", "--ledger", how[2:], "--json")
        assert "--warm" not in run.stderr
        figures = parsed(run)[0]["verdicts"]
        query = "select arm, seed, value from metrics join outcomes using (trial) order by arm, seed"
        means = parsed(evenhand(tmp_path, "ledger", "query", query, "--ledger", how[2:], "--json"))
        assert len(means) == 8
        found.append((figures, means))
        segments = (tmp_path / how[2:] / "segments").glob("*.jsonl")
        notes.append("".join(path.read_text() for path in segments))
    assert found[0] == found[1]
    assert [f"warm: trial {n} of its process" in notes[0] for n in (1, 2, 7, 8)] == [True] * 4
    assert notes[0].count("forked after its imports: numpy") == 8
    assert "forked" not in notes[1]


def test_what_warm_changes_nothing_for_is_told_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(PROGRAM)
    claim = CLAIM.format(argv=json.dumps([sys.executable, "train.py"])).replace("[0, 1]", "[0]").replace(" = 8", " = 2")
    claim = claim.replace("settings.values.rate = 0.25", f'settings.argv = ["{sys.executable}", "-m", "train"]')
    (tmp_path / "c.toml").write_text(claim)
    told = " ".join(evenhand(tmp_path, "run", "c.toml", "--warm", "--jobs", "1").stderr.split())
    assert (
        "--warm changes nothing for the arms idea of c, of which each trial stays a process of its own: Python" in told
    )
    assert "plain" not in told.partition("--warm changes")[2].partition(".")[0]
    cold = evenhand(tmp_path, "run", "c.toml", "--jobs", "1", "--ledger", "other")
    assert "--warm" not in cold.stderr

"""From trials to answer files to their summary: what trials really wrote is told apart and compared rightly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evenhand.recipes.outcome import Outcome
from evenhand_systems.bridge.cli import app
from evenhand_systems.bridge.evaluation.summarise import Summary, read_groups, summarise
from evenhand_systems.bridge.models import standins
from tests.evenhand_systems.bridge.test_recipe import run

ARMS: dict[str, dict[str, Any]] = {
    "matched": {},
    "shuffled": {"control": "shuffled"},
    "linear": {"bridge": "linear"},
    "constant_prompt": {"bridge": "constant_prompt"},
    "untrained_source": {"source_reading": "untrained"},
    "source_embeddings": {"source_reading": "embeddings"},
    "no_soft_tokens": {"control": "no_soft_tokens"},
    "relay": {"reference": "relay"},
}
KINDS = {
    "matched": "bridge", "shuffled": "control", "linear": "control", "constant_prompt": "control",
    "untrained_source": "control", "source_embeddings": "control", "no_soft_tokens": "reference", "relay": "reference",
}  # fmt: skip


@pytest.fixture(scope="module")
def trials(tmp_path_factory) -> tuple[Path, dict[tuple[str, int], Outcome]]:
    """Tiny trials of every kind of arm, two seeds where they train, that keep their answers."""
    folder = tmp_path_factory.mktemp("answers")
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standins, "STEPS", {"digits": 3, "words": 3, "records": 3})
        patch.setattr(standins, "POOL", 80)
        for name, settings in ARMS.items():
            for seed in (0,) if KINDS[name] == "reference" else (0, 1):
                found[name, seed] = run(
                    folder / "assets", folder, seed=seed, steps=2, evaluate_every=0, name=f"{name}-{seed}",
                    answers_folder="kept", **settings,
                )  # fmt: skip
    return folder / "kept", found


@pytest.fixture(scope="module")
def summaries(trials) -> list[Summary]:
    return summarise([group for file in sorted(trials[0].glob("*.jsonl")) for group in read_groups(file)])


def test_each_trial_writes_one_file_that_tells_kind_name_and_seed(trials, summaries) -> None:
    told = {(s.group.control, s.group.seed): s.group.kind for s in summaries}
    assert told == {(name, seed): KINDS[name] for name, seed in trials[1]}
    assert len(list(trials[0].glob("*.jsonl"))) == len(trials[1])


def test_rows_hold_question_gold_and_the_three_outputs(trials) -> None:
    for file in trials[0].glob("*.jsonl"):
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        assert len(rows) == 12
        assert {"facts", "gold", "bridged_output", "source_output", "target_output"} <= set(rows[0])


def test_the_summary_counts_what_the_trials_scored(trials, summaries) -> None:
    for found in summaries:
        outcome = trials[1][found.group.control, found.group.seed]
        assert found.gold_matches == int(outcome.items["exact_match"].scores.sum())
        assert found.invalid / found.count == pytest.approx(outcome.metrics["invalid_share"])


def test_a_bridge_is_compared_with_a_control_of_its_own_seed_and_nothing_else_is(trials, summaries) -> None:
    controls = {name for name, kind in KINDS.items() if kind == "control"}
    for found in summaries:
        if found.group.kind != "bridge":
            assert found.against_best_control is None
            continue
        against = found.against_best_control
        assert against.against in controls
        ours, theirs = (
            trials[1][name, found.group.seed].items["exact_match"].scores for name in ("matched", against.against)
        )
        best = max(trials[1][name, found.group.seed].items["exact_match"].scores.mean() for name in controls)
        assert theirs.mean() == best
        assert against.result.gained == int((ours > theirs).sum())
        assert against.result.lost == int((ours < theirs).sum())


def test_the_command_of_the_page_reads_the_folder(trials) -> None:
    told = json.loads(CliRunner().invoke(app, ["summarise", str(trials[0]), "--json"]).stdout)
    assert ("linear", "control", 1, 12) in [(one["control"], one["kind"], one["seed"], one["count"]) for one in told]
    result = CliRunner().invoke(app, ["summarise", str(trials[0])])
    assert result.exit_code == 0
    assert "[linear, control, seed 1]: 12 items" in result.output
    assert "[matched, seed 0]: 12 items" in result.output

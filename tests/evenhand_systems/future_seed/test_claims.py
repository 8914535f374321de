"""Every claim file can be planned, and each of its arms runs on a stand-in with a budget of two steps."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenhand.claims.resolve import ResolvedClaim, resolve
from evenhand.claims.schema import parse_claim
from evenhand.recipes import catalogue
from evenhand.recipes.outcome import Outcome

RunTrial = Callable[..., Outcome]
FOLDER = Path(__file__).parents[3] / "claims" / "future_seed"
FILES = sorted(FOLDER.rglob("*.toml"))
LOGS = [path for path in FILES if path.parent.name == "logs"]
REFERENCES = {
    f"future_seed.{name}": f"evenhand_systems.future_seed.{name}.recipe:run"
    for name in ("inplace", "prompt", "retrieval")
}


def resolved(path: Path) -> ResolvedClaim:
    text = path.read_text()
    for name, reference in REFERENCES.items():  # whether or not the entry points are installed
        text = text.replace(f'recipe = "{name}"', f'recipe = "{reference}"')
    file = parse_claim(text, path.name, path.stem)
    return resolve(file, catalogue.find(file.claim.recipe, path.parent))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_claim_can_be_planned_and_says_where_it_comes_from(path: Path) -> None:
    claim = resolved(path)
    head = [line for line in path.read_text().splitlines() if line.startswith("#")]
    text = " ".join(line.removeprefix("#").strip() for line in head)
    assert "Command: evenhand run" in text
    assert "Expected:" in text
    assert ("What the log found:" in text) == (path in LOGS)
    assert ("What was wrong with how it was found:" in text) == (path in LOGS)
    assert "Time on two cores:" in text or "Needs:" in text
    assert {arm.role for arm in claim.arms()} >= {"baseline", "variant"}


@pytest.mark.parametrize("path", [p for p in FILES if p.stem != "rightcopy_quick"], ids=lambda path: path.stem)
def test_every_variant_has_reading_twice_for_a_rival_and_an_arm_that_is_the_baseline_again(path: Path) -> None:
    roles = {arm.role for arm in resolved(path).arms()}
    assert roles - {"reference"} == {"baseline", "variant", "rival", "null"}


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_confirmation_of_a_screened_round_has_fresh_seeds_and_a_baseline_of_the_same_budget(path: Path) -> None:
    claim = resolved(path).claim
    if path.stem.startswith("r2"):
        assert [rung.name for rung in claim.rungs] == ["screen", "confirm"]
        assert not set(claim.rungs[0].seeds) & set(claim.rungs[1].seeds)
        assert len(claim.rungs[1].seeds) >= 5
    assert all(rung.items.count for rung in claim.rungs)


RNG = np.random.default_rng(0)


def protein(length: int) -> str:
    return "".join(RNG.choice(list("ACDEFGHIKLMNPQRSTVWY"), size=length))


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """For each task, settings that put small data of the same form in the place of the real."""
    folder = tmp_path_factory.mktemp("stand-ins")

    def jsonl(name: str, rows: list[dict[str, Any]]) -> str:
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        return str(folder / name)

    arc = jsonl(
        "arc.jsonl",
        [{"id": i, "question": f"Q {i}?", "choices": ["a", "b", "c"], "answer_index": i % 3} for i in range(30)],
    )
    mbpp = jsonl(
        "mbpp.jsonl", [{"task_id": i, "text": f"P {i}", "code": "x = 1", "test_list": ["assert x"]} for i in range(30)]
    )
    hotpot = jsonl(
        "hotpot.jsonl",
        [
            {
                "_id": f"q{i}", "question": f"Who is {i}?", "answer": "me", "supporting_facts": [[f"T{i}", 0]],
                "context": [[f"T{i}", [f"Sentence {i}, of the article."]], [f"U{i}", [f"Another {i}, of another."]]],
            }
            for i in range(30)
        ],
    )  # fmt: skip
    records = [(f"p{i}", "VALIDATION=" + str(i % 3 == 0), protein(40)) for i in range(12)]
    fasta = {
        "sequences": "".join(f">{n}\n{s}\n" for n, _, s in records),
        "labels": "".join(f">{n} SET=train {w}\n{'CHE' * 13}C\n" for n, w, _ in records),
        "mask": "".join(f">{n}\n{'1' * 40}\n" for n, _, _ in records),
    }
    for name, text in fasta.items():
        (folder / f"{name}.fasta").write_text(text)
    files = {name: str(folder / f"{name}.fasta") for name in fasta}
    text = {"least": 2, "holdout": 0.3, "vocabulary": None, "length": 120, "answer_length": 20}
    spot = {"train": files["sequences"], "labels": files["labels"], "mask": files["mask"], "crop": 30, "positions": 3}
    return {
        "arc": {**text, "train": arc, "evaluation": None},
        "mbpp": {**text, "train": mbpp, "notes": 1},
        "hotpot": {**text, "train": hotpot, "evaluation": None},
        "punctuation": {**text, "train": hotpot, "notes": 1, "shortest": 5, "length": 200, "answer_length": 60},
        "structure_spot": {**text, **spot},
        "structure_window": {**text, **spot, "positions": 1},
        "protein_contact": {**text, "train": contacts(folder / "structures"), "pairs": 8},
        "sudoku_text": {**text, "examples": 12, "evaluation_examples": 4, "bank": 2, "answer_length": 60},
        "secondary_structure": {**files, "crop": 16},
        "retrieval": {"train": hotpot, "vocabulary": None, "length": 24, "batch": 4},
    }


def contacts(folder: Path) -> str:
    """A folder of structure files whose chains come back upon themselves."""
    folder.mkdir()
    for number in range(5):
        steps = RNG.normal(size=(60, 3))
        points = np.cumsum(2.5 * steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0)
        residues = RNG.choice(["ALA", "GLY", "TRP", "LYS", "VAL"], size=60)
        lines = [
            f"ATOM  {i + 1:5d}  CA  {name} A{i + 1:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           C"
            for i, (name, (x, y, z)) in enumerate(zip(residues, points, strict=True))
        ]
        (folder / f"s{number}.pdb").write_text("\n".join([*lines, "END"]) + "\n")
    return str(folder)


def stood_in(settings: dict[str, Any], stand_ins: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Settings of an arm with a tiny model, small data and short texts; what the arm is about stays."""
    made = copy.deepcopy(settings)
    made["model"] = {"layers": 2, "width": 16, "head_size": 8, "rank": 4}
    made["evaluation"] = {**made["evaluation"], "batch": 4, "pool": 16}
    made["batch"] = 2
    if (made["seeding"]["layer_start"] or 0) > 2:
        made["seeding"]["layer_start"] = 1
    if "checkpoint" in made:
        made |= {"checkpoint": None, "base": None}
    if "data" in made:
        made["data"] |= stand_ins[made["data"]["name"]]
    elif "task" not in made:
        made |= stand_ins["retrieval"]
    elif made["task"]["name"] == "secondary_structure":
        made["task"] |= stand_ins["secondary_structure"]
    elif made["task"]["name"] == "sudoku":
        made["task"]["bank"] = 2
    return made


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_claim_runs_on_a_stand_in(path: Path, run_trial: RunTrial, stand_ins: dict[str, dict[str, Any]]) -> None:
    claim = resolved(path)
    condition = claim.claim.conditions[-1]
    metrics = [metric.name for metric in claim.claim.metrics]
    variants = claim.arms("variant")[-1:]
    rivals = () if path in LOGS else claim.arms("rival")  # the same in every log's claim, and costly there
    for arm in (claim.baseline, *variants, *rivals):
        settings = stood_in(dict(claim.settings[arm.name, condition.name]), stand_ins)
        outcome = run_trial(settings, recipe=claim.recipe, amount=2, items=2, base={}, workdir=arm.name)
        assert outcome.failure is None, (arm.name, outcome.failure)
        assert all(outcome.metric(name) is not None for name in metrics), outcome.undefined
        assert outcome.spent["steps"] == 2


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_a_claim_of_the_logs_is_an_experiment_of_eight_seeds_or_says_that_it_is_a_record(path: Path) -> None:
    claim = resolved(path).claim
    record = claim.question.startswith("A record of the log: ")
    assert ("# A record of the log" in path.read_text()) == record
    assert record == (len(claim.rungs[-1].seeds) < 8)


@pytest.mark.parametrize("name", ["hotpot_small", "mbpp_small", "punctuation_small", "protein_spot"])
def test_a_claim_whose_model_may_have_learned_nothing_names_what_the_baseline_must_beat(name: str) -> None:
    claim = resolved(FOLDER / f"{name}.toml")
    for metric in claim.claim.metrics:
        assert metric.learned_above is not None
        untrained = [arm for arm in claim.arms("reference") if arm.name == metric.learned_above]
        assert untrained or metric.learned_above == "commonest answer"
        for arm in untrained:
            assert arm.untrained
            settings = [claim.settings[arm.name, condition.name] for condition in claim.claim.conditions]
            assert all(one["optimiser"]["learning_rate"] == 0 for one in settings)

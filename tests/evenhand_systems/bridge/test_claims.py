"""The claims of this system: every one with all controls, every setting accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.claims.load import load_claim
from evenhand.claims.schema import parse_claim
from evenhand.recipes.trial import canonical_hash
from evenhand_systems.bridge.settings import Settings

FOLDER = Path(__file__).parents[3] / "claims" / "bridge"
FILES = sorted(FOLDER.rglob("*.toml"))
CONTROLS = {
    "zeros", "shuffled", "noise", "mean", "constant_prompt", "untrained_source", "source_embeddings", "linear",
    "source_text", "relay", "source_probe",
}  # fmt: skip

ALONE = ("curriculum", "contrastive", "probe", "scaled_format")
"""Action items of the log that an arm of action_items is named after, as is the claim on the real models."""


def resolved(file: Path) -> dict[str, Settings]:
    """Arm name to its complete settings."""
    claim = load_claim(file).resolved
    return {arm.name: Settings.model_validate(claim.settings[arm.name, "default"]) for arm in claim.arms()}


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_no_two_arms_are_the_same_configuration(file) -> None:
    hashes = {name: canonical_hash(s.model_dump(mode="json")) for name, s in resolved(file).items()}
    assert len(set(hashes.values())) == len(hashes)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_every_claim_has_every_control_as_an_arm(file) -> None:
    arms = resolved(file)
    assert set(arms) >= CONTROLS
    # Beside the text the baseline is that reference already.
    assert ("target_text" in arms) != arms["bridge"].with_text


def test_the_logs_runs_and_ablations_are_different_configurations() -> None:
    # The claim about all action items holds them against the plain one, which has a claim of its own.
    names = [f for f in FILES if f.parent == FOLDER and f.stem != "action_items"]
    bridges = {f.stem: canonical_hash(resolved(f)["bridge"].model_dump(mode="json")) for f in names}
    budgets = {f.stem: parse_claim(f.read_text(), f.name, f.stem).claim.rungs[-1].budget for f in names}
    assert len({(bridges[n], budgets[n]) for n in bridges}) == len(bridges)


def test_every_claim_on_whole_questions_has_a_twin_for_the_real_models() -> None:
    """Of GSM8K nothing is cut, known or said in a word, its form cannot gain, and one is of all items at once."""
    ours, real = ({f.stem for f in FILES if f.parent == folder} for folder in (FOLDER, FOLDER / "real"))
    assert ours - real == {
        "split",
        "recall",
        "gsm8k_form",
        "smollm2_facts",
        "smollm2_told",
        "smollm2_told_plus_text",
        "action_items",
    }
    for file in (f for f in FILES if f.parent.name == "real"):
        assert {s.task for s in resolved(file).values()} == {"gsm8k"}, file


def test_the_heavy_format_penalty_has_to_beat_the_ordinary_one_and_none() -> None:
    arms = resolved(FOLDER / "real" / "scaled_format.toml")
    weights = {name: arms[name].training.losses.format for name in ("bridge", "without", "ordinary")}
    assert weights == {"bridge": 1.0, "without": 0.0, "ordinary": 0.1}


def test_each_action_item_has_the_weights_and_lengths_of_its_own_claim_on_the_real_models() -> None:
    arms = resolved(FOLDER / "action_items.toml")
    for arm, name in [("alignment", "token_positional"), *zip(ALONE, ALONE, strict=True)]:
        ours, real = arms[arm].training, resolved(FOLDER / "real" / f"{name}.toml")["bridge"].training
        assert (ours.losses, ours.curriculum) == (real.losses, real.curriculum)


def test_both_directions_are_claimed() -> None:
    pairs = {(s.source, s.target) for f in FILES for s in resolved(f).values()}
    assert {("stand-in:digits", "stand-in:words"), ("stand-in:words", "stand-in:digits")} <= pairs


LOGGED = [f for f in FILES if f.parent.name == "real" or f.stem.startswith("phase") or f.stem == "adapter"]


@pytest.mark.parametrize("file", LOGGED, ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_a_claim_of_the_log_is_an_experiment_of_eight_seeds_or_says_that_it_is_a_record(file) -> None:
    claim = parse_claim(file.read_text(), file.name, file.stem).claim
    record = claim.question.startswith("A record of the log: ")
    assert ("# A record of the log" in file.read_text()) == record
    assert record == (len(claim.rungs[-1].seeds) < 8)

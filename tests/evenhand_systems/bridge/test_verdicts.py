"""What the lab decides about bridges: a dead one gains nothing, and one that ran out of time has no peak to show."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evenhand.claims.resolve import ResolvedClaim, resolve
from evenhand.claims.schema import parse_claim
from evenhand.decisions.decide import decide
from evenhand.decisions.verdict import Contrast, Verdict
from evenhand.execution.failures import Ending, failure_without_outcome
from evenhand.execution.outcome_file import item_scores
from evenhand.recipes import catalogue
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import Trial
from evenhand_systems.bridge.evaluation.evaluation import Answers, evaluate_bridge, generate_answers
from evenhand_systems.bridge.models import standins
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.training import assets as trained
from evenhand_systems.bridge.translation.bridge import Bridge
from tests.evenhand_systems.bridge.test_recipe import RECIPE, attempted

COUNT = 40
CLAIM = f"""
recipe = "{RECIPE}"
[budget]
unit = "steps"
[metric]
name = "flexible_match"
margin = 0.05
[[arm]]
name = "target_alone"
role = "baseline"
untrained = true
deterministic = true
settings = {{ "control" = "no_soft_tokens" }}
[[arm]]
name = "bridge"
role = "variant"
[[arm]]
name = "shuffled"
role = "rival"
settings = {{ "control" = "shuffled" }}
[[arm]]
name = "mean"
role = "rival"
settings = {{ "control" = "mean" }}
[[rung]]
name = "confirm"
budget = 4
seeds = [0, 1, 2]
items = {COUNT}
"""


def claim() -> ResolvedClaim:
    return resolve(parse_claim(CLAIM, "x.toml", "x"), catalogue.find(RECIPE, Path()))


def verdict_of(asked: ResolvedClaim, outcome_of: Callable[[Trial], Outcome]) -> tuple[Verdict, dict[str, Contrast]]:
    trials = [trial for rung in asked.claim.rungs for trial in asked.trials(rung)]
    (verdict,) = decide(asked, {trial.id: outcome_of(trial) for trial in trials}).verdicts
    return verdict, {found.against: found for found in verdict.contrasts}


def stirred(bridge: Bridge) -> Bridge:
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for value in bridge.parameters():
            value.add_(0.3 * torch.randn(value.shape, generator=generator))
    return bridge


def rewarded(bridge: Bridge, items: Sequence[Item], *, with_text: bool) -> list[Item]:
    """Items of which the bridge has up to a half right: what it answers is their gold, that of the rest is its own."""
    soft = bridge.soft_tokens(items)
    texts = generate_answers(bridge, items, soft, with_text=with_text, new_tokens=16)
    said = Answers.read(texts, items).flexible
    known = [i for i, answer in enumerate(said) if answer is not None][: COUNT // 2]
    assert len(known) >= 10, "the bridge names too few numbers to be right about"
    rest = [i for i in range(len(items)) if i not in known][: COUNT - len(known)]
    asked = [dataclasses.replace(items[i], gold=str(said[i])) for i in known]
    return [*asked, *(dataclasses.replace(items[i], gold=str(1000 + i)) for i in rest)]


def evaluated(bridge: Bridge, items: Sequence[Item], reference: Sequence[Item], *, with_text: bool) -> Any:
    """Outcomes of the claim's trials by the same evaluation that trials use."""

    def outcome_of(trial: Trial) -> Outcome:
        control, seed = trial.settings["control"], trial.seed or 0
        if control == "no_soft_tokens":
            texts = generate_answers(bridge, items, None, with_text=with_text, new_tokens=16)
            answers = Answers.read(texts, items)
        else:
            answers = evaluate_bridge(
                bridge, items, control=control, with_text=with_text, reference=reference, new_tokens=16,
                rng=np.random.default_rng(seed),
            ).answers  # fmt: skip
        table = item_scores(
            "flexible_match",
            [i.id for i in items],
            [float(r) for r in answers.correct_flexible],
            outputs=answers.outputs,
        )
        spent = {} if control == "no_soft_tokens" else {"steps": trial.amount}
        return Outcome(items={"flexible_match": table}, spent=spent, grain={"steps": 1.0})

    return outcome_of


def test_a_bridge_that_carries_something_gains(make_bridge, test_items, train_items) -> None:
    """The other side of the next test: in the same claim, by the same path, a bridge can gain."""
    bridge = stirred(make_bridge())
    items = rewarded(bridge, test_items, with_text=False)
    verdict, against = verdict_of(claim(), evaluated(bridge, items, train_items[:16], with_text=False))
    assert verdict.kind == "gain", verdict.reasons
    assert against["shuffled"].estimate > 0.05


def test_a_collapsed_translator_gains_nothing_though_it_beats_the_target_alone(
    make_bridge, test_items, train_items
) -> None:
    """The planted fault: the same soft tokens for every item. They change answers, but not by what was read."""
    bridge = stirred(make_bridge())
    forward = bridge.translator.forward

    def constant(states: torch.Tensor, mask: torch.Tensor, generator: Any = None) -> torch.Tensor:
        one = torch.ones_like(states[:1, :1])
        return forward(one, torch.ones_like(mask[:1, :1])).expand(len(states), -1, -1)

    bridge.translator.forward = constant  # type: ignore[method-assign]
    items = rewarded(bridge, test_items, with_text=True)
    verdict, against = verdict_of(claim(), evaluated(bridge, items, train_items[:16], with_text=True))
    assert against["target_alone"].estimate > 0.05
    assert against["shuffled"].identical
    assert against["mean"].estimate == 0.0
    assert verdict.kind != "gain"


@pytest.fixture
def _quick_models(monkeypatch) -> None:
    monkeypatch.setattr(standins, "STEPS", {"digits": 3, "words": 3, "records": 3})
    monkeypatch.setattr(standins, "POOL", 80)


@pytest.mark.usefixtures("_quick_models")
def test_a_run_that_peaks_on_dev_and_is_then_timed_out_is_not_run(
    make_bridge, test_items, train_items, tmp_path, monkeypatch
) -> None:
    """A peak on the development split is no result: without a final step there is none."""
    step, peaks = trained.BridgeTrainer.step, []
    offer = trained.BestWeights.offer

    def stopped(self: Any) -> Any:
        if self.step_count == 3:
            raise RuntimeError("the clock ran out")
        return step(self)

    def peak(self: Any, score: float, at: int, bridge: Bridge) -> bool:
        peaks.append(score)
        return offer(self, 0.95, at, bridge)

    monkeypatch.setattr(trained.BridgeTrainer, "step", stopped)
    monkeypatch.setattr(trained.BestWeights, "offer", peak)
    partial = attempted(tmp_path / "assets", tmp_path, evaluate_every=1)
    assert len(peaks) == 3
    assert partial.curves["dev_exact_match"].steps.tolist() == [1, 2, 3]
    ending = Ending(exit_code=None, signal="SIGKILL", timed_out=True)
    timed_out = dataclasses.replace(partial, failure=failure_without_outcome(ending, 60.0, ""))
    bridge = stirred(make_bridge())
    items = rewarded(bridge, test_items, with_text=False)
    others = evaluated(bridge, items, train_items[:16], with_text=False)
    verdict, against = verdict_of(claim(), lambda t: timed_out if t.arm == "bridge" else others(t))
    assert verdict.kind == "not-run"
    assert "timeout" in " ".join([verdict.title, *verdict.reasons])
    assert all(found.estimate is None for found in against.values())

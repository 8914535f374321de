"""Whole claims with known effects, through plan, screen, looks, Holm and verdicts: how often they are wrong.

``pytest -s tests/calibration/test_end_to_end.py`` prints the shares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import sqrt

import numpy as np
import pytest

import evenhand.decisions.contrasts
import evenhand.decisions.rules
from evenhand import statistics
from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.decide import decide
from evenhand.decisions.progress import progress
from evenhand.decisions.verdict import Decision, Settling
from evenhand.recipes.outcome import ItemScores, Outcome
from evenhand.testing.worlds import claim_of

CLAIMS = 100
MARGIN = 0.1

HEAD = f"""
recipe = "world"
[metric]
name = "score"
margin = {MARGIN}
[[arm]]
name = "off"
role = "baseline"
"""
VARIANT = '[[arm]]\nname = "{name}"\nrole = "variant"\nsettings.effect = {mark}\n'
VARIANTS = "".join(VARIANT.format(name=name, mark=mark) for name, mark in (("a", 0.1), ("b", 0.2), ("c", 0.3)))

SIMPLE = (
    HEAD
    + VARIANT.format(name="a", mark=0.1)
    + """
[[rung]]
name = "confirm"
budget = 10
seeds = [0, 1, 2, 3, 4]
items = 60
"""
)
LADDER = (
    HEAD
    + VARIANTS
    + """
[[arm]]
name = "twice"
role = "rival"
settings.effect = 0.4
[[condition]]
name = "target"
[[condition]]
name = "control"
expect = "no-effect"
settings.condition_effect = 0.0
[[rung]]
name = "screen"
budget = 5
seeds = [100, 101, 102]
items = 40
[[rung]]
name = "confirm"
budget = 10
seeds = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
looks = [5, 10]
items = 60
"""
)
LADDER_NAME = "three variants, rival, control, screen, looks"
FAMILIES = {"one variant": SIMPLE, LADDER_NAME: LADDER}


def draw(claim: ResolvedClaim, effect: float, seed: int) -> dict[str, Outcome]:
    """Outcomes of all trials: right-or-wrong items, each variant better by ``effect`` outside control conditions.

    Probability of a right answer = .5 + effect + seed effects (shared by a pair, and each arm's own) + item difficulty
    + item-by-arm effect.
    """
    rng = np.random.default_rng([20_261_121, seed])
    outcomes = {}
    for rung in claim.claim.rungs:
        places = claim.items[rung.name]
        count = places.count or 0
        ids = tuple(map(str, range(places.start, places.start + count)))
        for condition in claim.claim.conditions:
            difficulty, shared = rng.normal(0, 0.15, count), rng.normal(0, 0.05, len(rung.seeds))
            for arm in claim.claim.arms:
                here = effect if arm.role == "variant" and condition.expect is None else 0.0
                own = rng.normal(0, 0.03, len(rung.seeds))
                level = 0.5 + here + (shared + own)[:, None] + difficulty + rng.normal(0, 0.05, count)
                scores = (rng.random(level.shape) < level).astype(np.float64)
                for row, one in zip(scores, rung.seeds, strict=True):
                    outcomes[claim.trial(arm, condition, rung, one).id] = Outcome(
                        items={"score": ItemScores(ids, row)}, spent={"steps": rung.budget}, grain={"steps": 1.0}
                    )
    return outcomes


@dataclass(frozen=True)
class Tally:
    """What the claims of one family said.

    Attributes:
        verdicts: of all variants in target conditions, counted.
        claims_with: claims with at least one such verdict, counted.
        variants: verdicts per claim.
    """

    verdicts: Counter[str]
    claims_with: Counter[str]
    variants: int

    def share(self, *kinds: str) -> float:
        """Share of verdicts of these kinds."""
        return sum(self.verdicts[kind] for kind in kinds) / (CLAIMS * self.variants)

    def told(self) -> str:
        """All shares in a line."""
        shares = ", ".join(f"{kind} {self.share(kind):.1%}" for kind, _ in self.verdicts.most_common())
        return f"{shares}; claims with a gain {self.claims_with['gain'] / CLAIMS:.1%}"


def bound(share: float) -> float:
    """``share`` plus two Monte Carlo standard errors over the claims."""
    return share + 2 * sqrt(share * (1 - share) / CLAIMS)


@cache
def resolved(family: str) -> ResolvedClaim:
    return claim_of(FAMILIES[family])


def target_kinds(decision: Decision) -> list[str]:
    return [v.kind for v in decision.verdicts if v.condition != "control"]


def simulate(family: str, effect: float) -> Tally:
    claim = resolved(family)
    verdicts: Counter[str] = Counter()
    claims_with: Counter[str] = Counter()
    for number in range(CLAIMS):
        kinds = target_kinds(decide(claim, draw(claim, effect, number)))
        verdicts.update(kinds)
        claims_with.update(set(kinds) | ({"effect"} if {"gain", "regression"} & set(kinds) else set()))
    tally = Tally(verdicts, claims_with, len(claim.arms("variant")))
    print(f"\n{family}, true effect {effect:g}: {tally.told()}")
    return tally


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bootstrap, and what would settle an inconclusive verdict, are shown beside and decide nothing."""
    monkeypatch.setattr(evenhand.decisions.contrasts, "BOOTSTRAP_DRAWS", 2)
    monkeypatch.setattr(evenhand.decisions.rules, "what_would_settle", lambda *_, **__: Settling(reason="both"))


@pytest.mark.parametrize("family", FAMILIES)
def test_without_an_effect_at_most_one_claim_in_twenty_tells_of_one(family: str) -> None:
    tally = simulate(family, 0.0)
    assert tally.claims_with["effect"] / CLAIMS <= bound(0.05)


def planned(seeds: int, items: int) -> float:
    """Power that planning promises for one contrast in the world of :func:`draw`."""
    seed_sd, item_sd = sqrt(2) * 0.03, sqrt(2) * 0.05
    right = 0.5 * 0.5 - 0.15**2 - 0.05**2 - 0.03**2  # spread of one right-or-wrong answer about its probability
    found = statistics.planned_power(MARGIN, statistics.Spread(seed_sd, item_sd, sqrt(2 * right)), seeds, items)
    assert found is not None
    return found


POWER = {"one variant": (planned(5, 60) - 0.08, planned(5, 60) + 0.08), LADDER_NAME: (0.25, 0.5)}
"""Holm, a rival and the screen cost power: each of three variants then has about a third of a chance."""


@pytest.mark.parametrize("family", FAMILIES)
def test_an_effect_as_large_as_the_margin_is_found_with_the_stated_power_and_seldom_denied(family: str) -> None:
    least, most = POWER[family]
    tally = simulate(family, MARGIN)
    assert least < tally.share("gain") < most
    assert tally.claims_with["regression"] / CLAIMS <= bound(0.025)
    assert tally.share("no-effect") <= bound(0.05)
    assert tally.share("pruned") <= bound(0.10)  # the screen says that it drops such an effect 10 % of the time


def many(variants: int, seeds: int, rivals: int = 0, metrics: int = 1, looks: str = "") -> str:
    """A claim of variants and rivals on graded items."""
    named = [("variant", f"v{i}") for i in range(variants)] + [("rival", f"r{i}") for i in range(rivals)]
    arms = "".join(
        f'[[arm]]\nname = "{name}"\nrole = "{role}"\nsettings.effect = 0.{place + 1:02d}\n'
        for place, (role, name) in enumerate(named)
    )
    metric = "".join(f'[[metric]]\nname = "{name}"\nmargin = 0.002\n' for name in ("score", "loss")[:metrics])
    head = f'recipe = "world"\n{metric}[[arm]]\nname = "off"\nrole = "baseline"\n'
    rung = f'[[rung]]\nname = "confirm"\nbudget = 10\nseeds = {list(range(seeds))}\nitems = {GRADED_ITEMS}\n{looks}\n'
    return head + arms + rung


GRADED_ITEMS = 40
RESIDUAL, SEED_SD = 0.05, 0.05 * sqrt(3 / GRADED_ITEMS)
"""A spread over seeds about as large as what the items leave over: luck decides which mean square is the larger."""


def graded(claim: ResolvedClaim, lead: Mapping[str, float], seed: int) -> dict[str, Outcome]:
    """Outcomes of all trials on graded items; each arm is better by its lead."""
    rng = np.random.default_rng([20_261_122, seed])
    rung = claim.claim.rungs[0]
    ids = tuple(map(str, range(GRADED_ITEMS)))
    outcomes = {}
    for arm in claim.claim.arms:
        for one in rung.seeds:
            tables = {}
            for metric in claim.claim.metrics:
                better = lead.get(arm.name, 0.0) * (1 if metric.name == "score" else -1)
                level = 0.5 + better + rng.normal(0, SEED_SD)
                tables[metric.name] = ItemScores(ids, level + rng.normal(0, RESIDUAL, GRADED_ITEMS))
            trial = claim.trial(arm, claim.claim.conditions[0], rung, one)
            outcomes[trial.id] = Outcome(items=tables, spent={"steps": rung.budget}, grain={"steps": 1.0})
    return outcomes


def false_verdicts(
    text: str, claims: int, lead: Mapping[str, float] | None = None, truth: Mapping[str, str] | None = None
) -> tuple[float, float]:
    """Shares of claims with at least one gain, and with at least one gain or regression, that is not the truth."""
    claim = claim_of(text)
    gains = errors = 0
    for number in range(claims):
        verdicts = decide(claim, graded(claim, lead or {}, number)).verdicts
        false = {v.kind for v in verdicts if v.kind.is_effect and (truth or {}).get(v.arm) != v.kind}
        gains += "gain" in false
        errors += bool(false)
    print(f"\n{claims} claims: a false gain {gains / claims:.1%}, a false gain or regression {errors / claims:.1%}")
    return gains / claims, errors / claims


def over(share: float, claims: int) -> float:
    return share + 2.5 * sqrt(share * (1 - share) / claims)


@pytest.mark.parametrize(("variants", "claims"), [(1, 250), (5, 60), (10, 30)])
def test_families_at_three_seeds_err_in_at_most_one_claim_in_twenty(variants: int, claims: int) -> None:
    gain, either = false_verdicts(many(variants, 3), claims)
    assert either <= over(0.05, claims)
    assert gain <= over(0.025, claims)


@pytest.mark.parametrize("looks", ["2, 3", "3, 5"])
def test_looks_at_the_fewest_seeds_err_in_at_most_one_claim_in_twenty(looks: str) -> None:
    text = many(1, int(looks[-1]), looks=f"looks = [{looks}]")
    assert false_verdicts(text, 200)[1] <= over(0.05, 200)


LEADS: dict[str, tuple[dict[str, float], dict[str, str]]] = {
    # what each arm is better by, and which effect each variant truly has
    "no effect": ({}, {}),
    "as good as its rivals": (dict.fromkeys(("v0", "v1", "v2", "r0", "r1"), 0.2), {}),
    "one is beaten by its rivals, one as good, one without effect": (
        {"v0": 0.1, "v1": 0.2, "r0": 0.2, "r1": 0.2}, {"v0": "regression"}
    ),
    "one beats all, one is beaten by a rival, one as good as the best": (
        {"v0": 0.3, "v1": 0.1, "v2": 0.2, "r0": 0.2, "r1": 0.1}, {"v0": "gain", "v1": "regression"}
    ),
}  # fmt: skip


@pytest.mark.parametrize("world", LEADS)
def test_rivals_variants_and_metrics_together_err_in_at_most_one_claim_in_twenty(world: str) -> None:
    """Three variants, two rivals, two metrics: beating the baseline is no gain while a rival is as good."""
    lead, truth = LEADS[world]
    gain, either = false_verdicts(many(3, 5, rivals=2, metrics=2), 40, lead, truth)
    assert either <= over(0.05, 40)
    assert gain <= over(0.025, 40)


def test_what_is_true_of_variants_among_rivals_is_found() -> None:
    """In the last of these worlds the effects are ten standard errors: a rule that errs by silence would fail here."""
    lead, truth = LEADS["one beats all, one is beaten by a rival, one as good as the best"]
    claim = claim_of(many(3, 5, rivals=2, metrics=2))
    for number in range(5):
        found = {(v.arm, str(v.kind)) for v in decide(claim, graded(claim, lead, number)).verdicts}
        assert set(truth.items()) <= found


def stepwise(claim: ResolvedClaim, world: Mapping[str, Outcome]) -> Decision:
    """As a run goes: only the trials that are asked for are run."""
    known: dict[str, Outcome] = {}
    while (stand := progress(claim, known)).pending:
        known |= {trial.id: world[trial.id] for trial in stand.pending}
    return decide(claim, known)


@pytest.mark.parametrize("effect", [0.0, MARGIN, 3 * MARGIN])
def test_what_runs_step_by_step_is_decided_as_if_all_outcomes_were_known(effect: float) -> None:
    claim = resolved(LADDER_NAME)
    for number in range(5):
        world = draw(claim, effect, number)
        assert stepwise(claim, world) == decide(claim, world)

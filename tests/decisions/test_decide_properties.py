"""What a verdict must not depend on: the order of seeds and items, a level common to both arms, which arm is which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from evenhand.decisions.decide import decide
from evenhand.decisions.verdict import Contrast
from evenhand.recipes.outcome import ItemScores, Outcome
from evenhand.testing.worlds import TEXT, claim_of

BARE = TEXT.replace('name = "score"', 'name = "reward"')  # a metric without floor and ceiling
MIRROR = {"gain": "regression", "regression": "gain"}
FIGURES = (
    "estimate", "standard_error", "degrees_of_freedom", "p_value", "interval", "equivalence_interval", "sign_flip_p",
    "sign_flip_minimum", "correlation",
)  # fmt: skip
SCOPES = ("recipe", "seeds", "checkpoint")

Scores = dict[str, NDArray[np.float64]]


@st.composite
def both_arms(draw: Any) -> Scores:
    """(S, I) scores of both arms: right-or-wrong or graded, with an effect, noise, or none at all."""
    seeds, items = draw(st.integers(2, 6)), draw(st.integers(2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    effect, spread = draw(st.sampled_from([-0.4, 0.0, 0.01, 0.3])), draw(st.sampled_from([0.0, 0.05, 0.5]))
    base = 0.5 + rng.normal(0, spread, (seeds, 1)) + rng.normal(0, spread, items)
    arms = {name: base + rng.normal(0, spread, (seeds, items)) for name in ("off", "on")}
    arms["on"] = arms["on"] + effect
    if draw(st.booleans()):
        arms = {name: np.round(np.clip(scores, 0, 1)) for name, scores in arms.items()}
    # A coarse binary grid: sums and shifts of such scores are exact, so what must be equal is equal to the last bit.
    return {name: np.round(scores * 1024) / 1024 for name, scores in arms.items()}


def verdict_of(arms: Scores, scope: str, order: NDArray[np.int64] | None = None) -> tuple[str, Contrast]:
    """The verdict on "on" against "off"; ``order`` of the items in the tables of "on"."""
    seeds, items = arms["off"].shape
    text = BARE.replace("[0, 1, 2, 3, 4, 5]", str(list(range(seeds)))).replace("items = 100", f"items = {items}")
    claim = claim_of(text.replace("[metric]", f'scope = "{scope}"\n[metric]', 1))
    ids = np.array([f"item {i}" for i in range(items)])
    outcomes = {}
    for trial in claim.trials(claim.claim.rungs[0]):
        places = order if order is not None and trial.arm == "on" else np.arange(items)
        table = ItemScores(tuple(ids[places].tolist()), arms[trial.arm][trial.seed or 0][places])
        outcomes[trial.id] = Outcome(items={"reward": table}, spent={"steps": trial.amount}, grain={"steps": 1.0})
    verdict = decide(claim, outcomes).verdicts[0]
    return verdict.kind, verdict.contrasts[0]


def same(one: Contrast, two: Contrast) -> None:
    for name in FIGURES:
        left, right = getattr(one, name), getattr(two, name)
        assert (left is None) == (right is None), name
        assert left is None or left == pytest.approx(right, rel=1e-7, abs=1e-9), name


def mirrored(interval: tuple[float, float] | None) -> tuple[float, float] | None:
    return None if interval is None else (-interval[1], -interval[0])


def holds(test: Callable[..., None]) -> Callable[..., None]:
    """Run a property on drawn arms, in every scope."""
    return settings(max_examples=40, deadline=None)(given(arms=both_arms(), scope=st.sampled_from(SCOPES))(test))


@pytest.mark.slow
@holds
def test_swapping_the_arms_flips_every_sign(arms: Scores, scope: str) -> None:
    kind, found = verdict_of(arms, scope)
    swapped_kind, swapped = verdict_of({"off": arms["on"], "on": arms["off"]}, scope)
    assert swapped_kind == MIRROR.get(kind, kind)
    turned = replace(
        swapped,
        estimate=None if swapped.estimate is None else -swapped.estimate,
        interval=mirrored(swapped.interval),
        equivalence_interval=mirrored(swapped.equivalence_interval),
    )
    same(found, turned)
    assert (found.gained, found.lost) == (swapped.lost, swapped.gained)


@pytest.mark.slow
@holds
def test_a_constant_added_to_both_arms_changes_nothing(arms: Scores, scope: str) -> None:
    kind, found = verdict_of(arms, scope)
    moved_kind, moved = verdict_of({name: scores + 2.5 for name, scores in arms.items()}, scope)
    assert moved_kind == kind
    same(found, moved)


@pytest.mark.slow
@holds
def test_the_order_of_seeds_changes_nothing(arms: Scores, scope: str) -> None:
    kind, found = verdict_of(arms, scope)
    order = np.random.default_rng(1).permutation(len(arms["off"]))
    turned_kind, turned = verdict_of({name: scores[order] for name, scores in arms.items()}, scope)
    assert turned_kind == kind
    same(found, turned)
    assert sorted(turned.differences) == pytest.approx(sorted(found.differences))


@pytest.mark.slow
@holds
def test_the_order_of_items_changes_nothing_in_both_arms_or_in_one(arms: Scores, scope: str) -> None:
    kind, found = verdict_of(arms, scope)
    order = np.random.default_rng(2).permutation(arms["off"].shape[1])
    for turned_kind, turned in (
        verdict_of({name: scores[:, order] for name, scores in arms.items()}, scope),
        verdict_of(arms, scope, order),
    ):
        assert turned_kind == kind
        same(found, turned)


@pytest.mark.slow
@holds
def test_every_verdict_has_a_reason_and_every_missing_figure_too(arms: Scores, scope: str) -> None:
    _, found = verdict_of(arms, scope)
    assert found.words
    known = [value for name in FIGURES for value in np.atleast_1d(getattr(found, name)) if value is not None]
    assert all(np.isfinite(value) for value in known)
    if found.interval is None:
        assert found.why_none or found.invalid or found.identical

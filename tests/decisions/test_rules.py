"""The rule of a verdict, case by case: evidence in, the first case that holds out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evenhand import statistics
from evenhand.decisions.pair_faults import Missing, UnequalBudget
from evenhand.decisions.pairs import Pairs
from evenhand.decisions.rules import CASES, Evidence, Levels, judge
from evenhand.decisions.verdict import Contrast, GivenUp, Learned, VerdictKind
from evenhand.decisions.wording import worded_contrast
from evenhand.testing.worlds import claim_of

METRIC = claim_of().claim.metrics[0].model_copy(update={"margin": 0.05})
SEEDS = (0, 1, 2)


def evidence(low: float, high: float, narrow: tuple[float, float] | None = None, **facts: Any) -> Evidence:
    """Three complete pairs whose interval is (low, high), and whose equivalence interval is ``narrow``."""
    inner = narrow or (low, high)
    found = Contrast(
        "on", "off", "baseline", "default", "confirm", "score", seeds=SEEDS, estimate=(low + high) / 2,
        interval=(low, high), equivalence_interval=inner,
    )  # fmt: skip
    pairs = Pairs(seeds=SEEDS, variant=np.ones((3, 1)), reference=np.zeros((3, 1)))
    inside = -METRIC.margin < inner[0] and inner[1] < METRIC.margin
    nothing = statistics.Equivalence(
        METRIC.margin, 0.05, None, None, None, inside, statistics.Interval(*inner, 0.9), False, None
    )
    about = {name: facts.pop(name) for name in ("pending", "invalid", "dropped") if name in facts}
    return Evidence(replace(found, **facts), replace(pairs, **about), nothing, METRIC.margin)


TIMED_OUT = {seed: {"on": Missing("timeout")} for seed in SEEDS}
IDENTICAL = statistics.identical_scores(3, 100)
UNFAIR = UnequalBudget(0, ("on", "off"), "steps", (80.0, 220.0))
STUCK = statistics.stuck_at_end(np.ones((3, 1)), np.ones((3, 1)), floor=0.0, ceiling=1.0)
UNLEARNED = Learned("off", "commonest answer", "yes", (0.5, 0.5), 0.0, (-0.1, 0.1))
TABLE = [
    # case, verdict, bracket, evidence for which it and none above it holds
    ("pending", "not-run", "pending", evidence(0.1, 0.2, pending=(4,), invalid=UNFAIR)),
    ("unfair", "invalid", "budget", evidence(0.1, 0.2, invalid=UNFAIR, saturation=STUCK)),
    ("no pair", "not-run", "timeout", replace(evidence(0.1, 0.2, dropped=TIMED_OUT), nothing=None)),
    ("saturated", "invalid", "saturated", evidence(0.0, 0.0, saturation=STUCK, identical=True)),
    ("not learned", "invalid", "not learned", evidence(0.1, 0.2, learned=UNLEARNED)),
    ("no-op", "no-op", "", evidence(0.0, 0.0, identical=True)),
    ("scores identical", "inconclusive", "scores identical", evidence(0.0, 0.0, same_scores=IDENTICAL)),
    ("no interval", "inconclusive", "", evidence(0.1, 0.2, interval=None)),
    ("trivial effect", "no-effect", "trivial", evidence(0.01, 0.04)),
    ("no-effect", "no-effect", "", evidence(-0.06, 0.04, (-0.04, 0.02))),
    ("gain >= margin", "gain", ">= margin", evidence(0.05, 0.09)),
    ("gain", "gain", "", evidence(0.01, 0.09)),
    ("regression >= margin", "regression", ">= margin", evidence(-0.09, -0.05)),
    ("regression", "regression", "", evidence(-0.09, -0.01)),
    ("futile", "inconclusive", "futile", evidence(-0.09, 0.09, futility=GivenUp(0.04, 0.9, True))),
    ("inconclusive", "inconclusive", "", evidence(-0.01, 0.09)),
]


@pytest.mark.parametrize(("name", "kind", "bracket", "given"), TABLE, ids=[row[0] for row in TABLE])
def test_each_case_holds_for_its_evidence_and_no_case_above_it_does(
    name: str, kind: str, bracket: str, given: Evidence
) -> None:
    first = next(case for case in CASES if case.holds(given))
    said = first.bracket.format(fault=given.fault, failure=given.failure)
    assert (first.name, first.kind, said) == (name, kind, bracket)


def test_every_case_has_its_line_here_in_the_order_of_the_rule() -> None:
    assert [row[0] for row in TABLE] == [case.name for case in CASES]


@pytest.mark.parametrize("kind", VerdictKind)
def test_a_kind_is_settled_tried_and_estimated_as_its_properties_say(kind: VerdictKind) -> None:
    assert kind.rests_on_estimate == (kind in {"gain", "regression", "no-effect", "no-op", "inconclusive"})
    assert kind.is_effect == (kind in {"gain", "regression"})
    assert kind.states_something == (kind in {"gain", "regression", "no-effect"})
    assert kind.was_tried == (kind not in {"pruned", "not-run"})
    assert kind.settled == (kind not in {"inconclusive", "not-run"})


def judged(differences: list[float], margin: float = 0.05) -> Contrast:
    """One contrast over seeds, judged alone at 5 %."""
    table = np.asarray(differences)[:, None]
    pairs = Pairs(seeds=tuple(range(len(table))), variant=0.5 + table, reference=np.full_like(table, 0.5))
    estimate = statistics.paired_contrast(table[:, 0], scope="seeds")
    found = Contrast(
        "on", "off", "baseline", "default", "confirm", "score", seeds=pairs.seeds, estimate=estimate.estimate
    )
    metric = METRIC.model_copy(update={"margin": margin})
    return worded_contrast(judge(found, pairs, estimate, metric, Levels(0.05, 0.05)), metric)


def test_a_judgement_holds_what_would_settle_it_as_data_and_the_sentence_is_made_of_it() -> None:
    found = judged([0.2, -0.1, 0.15, -0.05])
    assert found.kind is VerdictKind.INCONCLUSIVE
    settling = found.judgement.settling
    assert settling is not None
    assert settling.unit == "seeds"
    assert f"{settling.count} seeds would settle an effect" in found.words


def test_a_gain_clear_of_the_margin_is_another_case_and_says_so_in_words() -> None:
    clear, bare = judged([0.2, 0.21, 0.2, 0.19]), judged([0.06, 0.03, 0.05, 0.07])
    assert (clear.judgement.case, bare.judgement.case) == ("gain >= margin", "gain")
    assert (clear.qualifier, bare.qualifier) == (">= margin", "")
    assert "at least the margin" in clear.words
    assert "at least the margin" not in bare.words

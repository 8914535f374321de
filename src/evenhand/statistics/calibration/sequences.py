"""Sequences of claims whose truth is known: how often online procedures err, and what they find.

A claim's p-value is that of "better", one-sided; an effect at the margin is one that the claim would find in 80 of 100
cases at a two-sided level of 5 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy import optimize, special, stats

from evenhand.statistics.online import OnlineMethod, OnlineSequence, OnlineTest, e_of_t

Procedure = tuple[OnlineMethod | Literal["none"], float]
"""A method with its share of wealth before the first discovery; "none" holds each claim at its own 5 %."""

User = Literal["honest", "stops at a discovery", "spends what was earned", "tries again"]
USERS: tuple[User, ...] = ("honest", "stops at a discovery", "spends what was earned", "tries again")


@dataclass(frozen=True)
class Errors:
    """What a procedure did over simulated sequences.

    Attributes:
        false_share: mean share of false ones among the discoveries of a sequence (0 where there are none).
        any_false: share of sequences with a false discovery.
        found: share of the real effects that were discovered; None where there were none.
        count: sequences.
        error: Monte Carlo standard error of ``false_share``.
    """

    false_share: float
    any_false: float
    found: float | None
    count: int
    error: float


@lru_cache(maxsize=16)
def margin_effect(seeds: int, power: float = 0.8, alpha: float = 0.05) -> float:
    """The effect, in sd of a seed's difference, that a paired t over seeds finds with this power."""
    bar = stats.t.ppf(1 - alpha / 2, seeds - 1)
    shift = optimize.brentq(lambda d: stats.nct.sf(bar, seeds - 1, d) - power, 0.1, 60.0)
    return float(shift) / math.sqrt(seeds)


@dataclass
class _Claims:
    """Draws claims one after another; ``shared`` is what all claims on the same items have in common."""

    generator: np.random.Generator
    seeds: int
    correlation: float
    per_idea: bool

    def __post_init__(self) -> None:
        self.shared = float(self.generator.normal())

    def idea(self, real: bool) -> tuple[bool, float]:
        """A new idea: whether it is one, and how the items favour it."""
        return real, float(self.generator.normal()) if self.per_idea else self.shared

    def claim(self, idea: tuple[bool, float], *, with_e: bool = True) -> tuple[float, float]:
        """p-value and, where it is asked for, e-value of a claim on an idea, with fresh seeds."""
        real, favour = idea
        if self.correlation == 0:
            # The t statistic of normal differences, drawn as what it is.
            shift, df = math.sqrt(self.seeds) * margin_effect(self.seeds) if real else 0.0, self.seeds - 1
            t = (shift + self.generator.standard_normal()) / math.sqrt(self.generator.chisquare(df) / df)
            return float(special.stdtr(df, -t)), float(e_of_t(np.asarray(t), self.seeds)) if with_e else 0.0
        # Known variances: the p-value is exact for new seeds and new items, and the items come again.
        z = (2.8 if real else 0.0) + math.sqrt(self.correlation) * favour
        z += math.sqrt(1 - self.correlation) * float(self.generator.normal())
        return float(special.ndtr(-z)), math.exp(2.8 * z - 3.92)


def _run(user: User, procedure: Procedure, length: int, real: float, draw: _Claims) -> Iterator[tuple[bool, bool]]:
    """(real, discovery) of each claim that a user makes."""
    method, wealth = procedure
    sequence = None if method == "none" else OnlineSequence(length, 0.05, method, wealth)
    since, again, idea = 99, 0, draw.idea(False)
    for place in range(1, length + 1):
        if again == 0:
            honest = user != "spends what was earned" or since > 5
            idea = draw.idea(honest and bool(draw.generator.random() < real))
        p, e = draw.claim(idea, with_e=method == "e-LOND")
        hit = p <= 0.025 if sequence is None else sequence.add(OnlineTest(p, place, e))
        since = 0 if hit else since + 1
        yield idea[0], hit
        if hit and user == "stops at a discovery":
            return
        promising = user == "tries again" and not hit and p < 0.2 and again < 4
        again = again + 1 if promising else 0


def online_errors(
    procedure: Procedure,
    length: int,
    real: float,
    count: int,
    seed: int,
    *,
    user: User = "honest",
    seeds: int = 5,
    correlation: float = 0.0,
) -> Errors:
    """Errors of a procedure over ``count`` sequences.

    Args:
        procedure: what levels are given.
        length: claims of a sequence, at most.
        real: share of ideas with an effect at the margin; the others have none.
        count: sequences.
        seed: of the random generator.
        user: how the next claim is chosen.
        seeds: of each claim.
        correlation: of the claims' statistics, as the same items give them; of an idea's own claims where a user tries
            it again.
    """
    generator = np.random.default_rng(seed)
    shares = np.zeros(count)
    false, found, effects = 0, 0, 0
    for i in range(count):
        rows = list(_run(user, procedure, length, real, _Claims(generator, seeds, correlation, user == "tries again")))
        hits = sum(hit for _, hit in rows)
        wrong = sum(hit and not is_real for is_real, hit in rows)
        shares[i] = wrong / max(hits, 1)
        false += wrong > 0
        found += hits - wrong
        effects += sum(is_real for is_real, _ in rows)
    error = float(shares.std(ddof=1) / math.sqrt(count)) if count > 1 else math.nan
    return Errors(float(shares.mean()), false / count, found / effects if effects else None, count, error)

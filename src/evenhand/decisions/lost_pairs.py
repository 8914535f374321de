"""Trials that one arm lost: the contrast once more with each at the value that speaks most against a verdict. Pure.

An arm that fails where it would have done badly looks better than it is. One lost pair is no reason to refuse the rest,
and none to believe it blindly: a verdict stands only if it would stand with what was lost at its worst.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from evenhand.claims.schema import MetricClaim
from evenhand.decisions.pairs import Floats, LostSide, Pairs
from evenhand.decisions.verdict import StandIn

Against = Literal["gain", "regression"]


def with_lost(pairs: Pairs, metric: MetricClaim, against: Against) -> tuple[Pairs, tuple[StandIn, ...]]:
    """The pairs with one-sided losses filled in, and what was filled in.

    Against a gain, what the variant lost is taken as bad as can be, and what the other arm lost as good as can be;
    against a regression the other way round. As bad or good as can be is the metric's floor or ceiling; where it has
    none, the scores of the worst or best trial that either arm was seen to have.
    """
    filled = [_stand_in(pairs, metric, best=lost.of_variant == (against == "regression")) for lost in pairs.lost]
    rows = [_row(lost, scores) for lost, (scores, _) in zip(pairs.lost, filled, strict=True)]
    whole = replace(
        pairs,
        seeds=(*pairs.seeds, *(lost.seed for lost in pairs.lost)),
        variant=np.vstack([pairs.variant, *(variant for variant, _ in rows)]),
        reference=np.vstack([pairs.reference, *(reference for _, reference in rows)]),
        lost=(),
    )
    return whole, tuple(dict.fromkeys(what for _, what in filled))


def _row(lost: LostSide, scores: Floats) -> tuple[Floats, Floats]:
    return (scores, lost.partner) if lost.of_variant else (lost.partner, scores)


def _stand_in(pairs: Pairs, metric: MetricClaim, *, best: bool) -> tuple[Floats, StandIn]:
    """(I,) scores as good or as bad as can be, and where they come from."""
    upwards = best == (metric.direction == "maximise")
    end = metric.ceiling if upwards else metric.floor
    if end is not None:
        return np.full(pairs.variant.shape[1], end), StandIn("ceiling" if upwards else "floor", end)
    seen = np.vstack([pairs.variant, pairs.reference, *(lost.partner for lost in pairs.lost)])
    means = seen.mean(axis=1)
    return seen[int(np.argmax(means) if upwards else np.argmin(means))], StandIn("best" if best else "worst")

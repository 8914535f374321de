"""What differences over seeds say by themselves: mean, spread, paired t and its interval, the signs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evenhand.audit.text.numbers import Number
from evenhand.audit.told.seeds.series import Floats

FINEST = 4
"""Digits after the point, at most."""

_NOTHING = 1e-12
"""What is left of differences that cancel, as a part of their spread, is what binary fractions leave."""


def digits_of(values: Sequence[Number]) -> int:
    """One digit more than is printed; more of them say nothing."""
    return min(FINEST, 1 + max((one.decimals for one in values), default=FINEST))


def facts_of(differences: Floats, values: Sequence[Number] = ()) -> dict[str, object] | None:
    """Mean, spread, t test and sign test of differences over seeds; None with fewer than two that differ."""
    from evenhand import statistics

    if len(differences) < 2:
        return None
    estimate = statistics.paired_t(differences)
    if estimate.interval is None or estimate.p is None or estimate.standard_error is None:
        return None
    sd = float(differences.std(ddof=1))
    mean = float(differences.mean())
    mean = mean if abs(mean) > _NOTHING * sd else 0.0
    flips = statistics.sign_flip(differences)
    least = max(flips.attainable, 2.0 ** (1 - int(np.count_nonzero(differences))))  # a zero has no sign to flip
    detectable = statistics.smallest_detectable_effect(len(differences), sd)
    return {
        "seeds": len(differences), "mean": mean, "sd": sd, "p": estimate.p, "low": estimate.interval.low,
        "high": estimate.interval.high, "sign_flip_p": flips.p, "sign_flip_least": least,
        "detectable": detectable.effect, "unit": values[0].unit if values else "", "digits": digits_of(values),
    }  # fmt: skip

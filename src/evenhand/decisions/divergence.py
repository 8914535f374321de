"""What a verdict says of trials that diverged: how many, what they were scored at, and whether an interval is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evenhand.claims.schema import MetricClaim
from evenhand.decisions.verdict import Contrast


def worst_key(metric: MetricClaim) -> str:
    """The key of a metric whose value a diverged trial is scored at."""
    return "floor" if metric.direction == "maximise" else "ceiling"


def with_divergence(judged: Contrast, metric: MetricClaim, failures: Sequence[str] = ()) -> Contrast:
    """The contrast with its divergences told.

    Where every pair holds a trial at the metric's worst value, the spread of the differences is that of the other arm
    and of the bound: no interval and no p-value is shown for it.

    Args:
        judged: with its kind and words.
        metric: gives the worst value.
        failures: classes of the failures behind the pairs that are missing.
    """
    told = [f"{len(seeds)} of {len(judged.seeds)} seeds of {arm} diverged" for arm, seeds in judged.diverged.items()]
    if told:
        worst = getattr(metric, worst_key(metric))
        bracket = told[0].replace(f" of {judged.arm} ", " ") if tuple(judged.diverged) == (judged.arm,) else told[0]
        words = f"{judged.words}; {' and '.join(told)}, and were scored at the worst value {worst:g}"
        if all_imputed(judged):
            words = (
                f"against {judged.against}: {judged.kind}; {' and '.join(told)}; scored at the worst value {worst:g} "
                f"the difference is {judged.estimate:+.4g}, a number of the {worst_key(metric)} and not of the arms, "
                "so it has no interval"
            )
            judged = replace(
                judged, qualifier="", interval=None, equivalence_interval=None, bootstrap_interval=None, p_value=None,
                standard_error=None, degrees_of_freedom=None,
                why_none=f"{' and '.join(told)}: the differences are those of the {worst_key(metric)} {worst:g}",
            )  # fmt: skip
        return replace(judged, words=words, qualifier=", ".join(part for part in (judged.qualifier, bracket) if part))
    if "diverged" in failures:
        count = sum(kind == "diverged" for kind in failures)
        which = "1 trial" if count == 1 else f"{count} trials"
        cure = (
            f"{which} diverged and have no score: give `{worst_key(metric)}` under [metric], the worst value of "
            f"{metric.name}, and divergence counts as that"
        )
        return replace(judged, words=f"{judged.words}; {cure}")
    return judged


def all_imputed(judged: Contrast) -> bool:
    """Whether every pair holds a diverged trial."""
    seeds = {seed for found in judged.diverged.values() for seed in found}
    return bool(judged.seeds) and seeds == set(judged.seeds)

"""Which configurations to try next: Optuna's samplers, from the outcomes of those before and the claim's own hash.

A sampler is made anew for each generation, with a seed that follows from the claim, the rung and the number of the
first candidate: equal outcomes give equal proposals. Arms with equal spaces and equal luck begin with equal values.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from evenhand.claims.resolve import ResolvedClaim, number_of
from evenhand.claims.schema import Rung
from evenhand.claims.spaces import Domain, generations
from evenhand.decisions.search import Scored, Wanted
from evenhand.errors import EvenhandError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler

DIGITS = 5
"""Significant digits of a proposed number: what people read is what ran."""


def missing_sampler() -> str:
    """Why nothing can be proposed here, as a sentence; empty where it can."""
    if importlib.util.find_spec("optuna") is not None:
        return ""
    return "Searching needs Optuna, which is not installed: pip install 'evenhand[search]'."


def propose(claim: ResolvedClaim, wanted: Wanted) -> dict[str, list[dict[str, Any]]]:
    """Arm to the values of its next candidates.

    Raises:
        EvenhandError: Optuna is not installed; names the extra.
    """
    missing = missing_sampler()
    if missing:
        raise EvenhandError(missing)
    spaces = {arm.name: arm.space for arm in claim.searched}
    best = claim.primary[0].direction or "maximise"
    return {
        name: _of_arm(claim.hash, wanted, spaces[name], past, "maximize" if best == "maximise" else "minimize")
        for name, past in wanted.past.items()
    }


def _of_arm(
    digest: str,
    wanted: Wanted,
    space: Mapping[str, Domain],
    past: Sequence[Scored],
    direction: Literal["minimize", "maximize"],
) -> list[dict[str, Any]]:
    import optuna

    distributions = {key: _distribution(space[key]) for key in sorted(space)}
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            study = optuna.create_study(direction=direction, sampler=_sampler(digest, wanted))
            if wanted.rung.sampler == "qmc":  # a sequence: it is counted on from its beginning
                asked = [study.ask(distributions).params for _ in range(wanted.first + wanted.count)][wanted.first :]
            else:
                worst = _worst([one.score for one in past if one.score is not None], direction)
                for one in past:
                    params = {key: _index(space[key], one.candidate.values[key]) for key in distributions}
                    value = worst if one.score is None else one.score
                    study.add_trial(optuna.trial.create_trial(params=params, distributions=distributions, value=value))
                asked = [study.ask(distributions).params for _ in range(wanted.count)]
    finally:
        optuna.logging.set_verbosity(level)
    return [{key: _value(space[key], params[key]) for key in distributions} for params in asked]


def _sampler(digest: str, wanted: Wanted) -> BaseSampler:
    from optuna import samplers

    rung = wanted.rung
    if rung.sampler == "qmc":
        return samplers.QMCSampler(scramble=True, seed=number_of(digest, f"search {rung.name}", 0))
    seed = number_of(digest, f"search {rung.name}", wanted.first)
    if rung.sampler == "random":
        return samplers.RandomSampler(seed=seed)
    return samplers.TPESampler(seed=seed, n_startup_trials=_startup(rung))


def _startup(rung: Rung) -> int:
    """The first generation is at random."""
    return generations(rung.tries or 1, rung.sampler, rung.batch)[0][1]


def _worst(scores: Sequence[float], direction: str) -> float:
    """What a failed configuration counts as: no better than the worst that was seen."""
    if not scores:
        return 0.0
    return min(scores) if direction == "maximize" else max(scores)


def _distribution(domain: Domain) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    ((kind, ends),) = domain.items()
    if kind == "choice":
        return CategoricalDistribution(list(range(len(ends))))  # by place: 1, 1.0 and true are three choices
    if kind in ("int", "log_int"):
        return IntDistribution(int(ends[0]), int(ends[1]), log=kind == "log_int")
    return FloatDistribution(float(ends[0]), float(ends[1]), log=kind == "log")


def _index(domain: Domain, value: Any) -> Any:
    """A value as a sampler counts it."""
    ((kind, ends),) = domain.items()
    if kind == "choice":
        return next(i for i, one in enumerate(ends) if type(one) is type(value) and one == value)
    return int(value) if kind in ("int", "log_int") else float(value)


def _value(domain: Domain, asked: Any) -> Any:
    """A value as the recipe reads it, within the domain's ends."""
    ((kind, ends),) = domain.items()
    if kind == "choice":
        return ends[asked]
    if kind in ("int", "log_int"):
        return type(ends[0])(asked)
    return min(max(float(f"{asked:.{DIGITS}g}"), float(ends[0])), float(ends[1]))

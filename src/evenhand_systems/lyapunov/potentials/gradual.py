"""Learning a potential gradually: several beginnings, and violations that count little before they count in full.

Where a step counts as violated or not, an entry has no reason to give way a little, and the search stops early. Here,
on each window, a rise of V counts by its height at first, up to a width that shrinks from sweep to sweep (a graduated
non-convexity); exact sweeps end it. What the short windows settle the long ones keep, so short windows are learned
several times, and the best beginning goes on.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError
from evenhand_systems.lyapunov.potentials.context_tree import context_tree
from evenhand_systems.lyapunov.potentials.potential import Potential
from evenhand_systems.lyapunov.potentials.problem import HIGHEST, Measure, Problem
from evenhand_systems.lyapunov.potentials.search import FinishedWindow, extend

WIDEST, NARROWEST = 32, 2  # widths of the ramps, in units of phi: from 0.8 bit down
SHORT = 5  # the window after which the best beginning goes on alone


def learn_gradually(
    lookahead: int,
    *,
    residue_power: int = 1,
    depth: int = 3,
    measure: Measure | None = None,
    sweeps: int = 20,
    starts: int = 8,
    seed: int = 0,
    margin: int = 0,
    report: Callable[[FinishedWindow], None] | None = None,
) -> Potential:
    """Learn a potential by growing the window from 1 to ``lookahead``, from ``starts`` beginnings.

    Args:
        sweeps: passes over all entries per window length, about four fifths of them ramped, rounded down.
        margin: by how much V has to fall for a step to count, in 1/UNITS bit; see ``Problem``.
        report: called after each window length, about the best so far.

    Raises:
        DataError: lookahead, sweeps or starts below 1, residue_power outside 0..4, or no weight anywhere.
    """
    if min(lookahead, sweeps, starts) < 1:
        raise DataError(
            f"The lookahead, the sweeps and the starts must be at least 1; found {lookahead}, {sweeps} and {starts}."
        )
    measure = measure or Measure()
    streams = [np.random.default_rng([seed, start]) for start in range(starts)]
    problem = Problem(context_tree(1, depth), residue_power, margin)
    flat = np.full((problem.tree.contexts, problem.modulus), HIGHEST // 2, np.int64)
    tables = [flat] * starts
    for length in range(1, lookahead + 1):
        if length > 1:
            larger = Problem(context_tree(length, depth), residue_power, margin)
            tables = [extend(table, problem.tree, larger, minimum=False) for table in tables]
            problem = larger
        tables = [_settled(problem, t, measure, sweeps, rng) for t, rng in zip(tables, streams, strict=True)]
        best = min(range(len(tables)), key=lambda i: problem.weighted(tables[i], measure))
        if length == SHORT:
            tables, streams, best = [tables[best]], [streams[best]], 0
        if report is not None:
            report(FinishedWindow(length, tables[best].size, problem.violations(tables[best])))
    return Potential(problem.tree, residue_power, tables[best])


def _settled(
    problem: Problem, table: NDArray[np.int64], measure: Measure, sweeps: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """The table after ramped sweeps of shrinking width and as many exact ones as are left."""
    exact = -(-sweeps // 5)
    widths = np.geomspace(WIDEST, NARROWEST, sweeps - exact).round().astype(int).tolist()
    return problem.improve(table, measure, exact, rng, ramps=widths)

"""Learning a potential: exact line search in one entry after the other, on growing windows.

The violated mass is a step function of a single entry phi(x), with one jump per step into or out of x; its minimum
over all values is found exactly. Sweeps in random order, moves along ties included, go downhill only. Windows grow by
one: the table of L starts from that of L - 1, either copied or as the minimum over one further step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError
from evenhand_systems.lyapunov.numbers.features import LOG2_3
from evenhand_systems.lyapunov.potentials.context_tree import FREE_FALL, UNITS, ContextTree, context_tree
from evenhand_systems.lyapunov.potentials.potential import Potential
from evenhand_systems.lyapunov.potentials.problem import HIGHEST, Measure, Problem


@dataclass(frozen=True)
class FinishedWindow:
    """One finished window length."""

    lookahead: int
    entries: int
    violated: tuple[float, float, float]


def learn(
    lookahead: int,
    *,
    residue_power: int = 1,
    depth: int = 3,
    measure: Measure | None = None,
    sweeps: int = 30,
    seed: int = 0,
    margin: int = 0,
    start: Potential | None = None,
    report: Callable[[FinishedWindow], None] | None = None,
) -> Potential:
    """Learn a potential by growing the window from 1, or from that of ``start``, to ``lookahead``.

    Args:
        residue_power: j, phi may depend on n mod 3^j; taken from ``start`` where that is given.
        sweeps: passes over all entries per window length.
        margin: by how much V has to fall for a step to count, in 1/UNITS bit; see ``Problem``.
        report: called after each window length.

    Raises:
        DataError: lookahead below 1 or below that of ``start``, residue_power outside 0..4, or no weight anywhere.
    """
    if lookahead < 1:
        raise DataError(f"The lookahead must be at least 1; found {lookahead}.")
    rng = np.random.default_rng(seed)
    measure = measure or Measure()
    if start is None:
        problem = Problem(context_tree(1, depth), residue_power, margin)
        table = np.full((problem.tree.contexts, problem.modulus), HIGHEST // 2, np.int64)
    else:
        if start.tree.lookahead > lookahead:
            raise DataError(f"A window of {start.tree.lookahead} cannot shrink to {lookahead}.")
        problem, table = Problem(start.tree, start.residue_power, margin), start.table
        depth = start.tree.depth
    if start is None or start.tree.lookahead == lookahead:
        table = problem.improve(table, measure, sweeps, rng)
    for length in range(problem.tree.lookahead + 1, lookahead + 1):
        larger = Problem(context_tree(length, depth), problem.residue_power, margin)
        table, problem = _grown(table, problem.tree, larger, measure, sweeps, rng), larger
        if report is not None:
            report(FinishedWindow(length, table.size, problem.violations(table)))
    return Potential(problem.tree, problem.residue_power, table)


def _grown(
    table: NDArray[np.int64],
    old: ContextTree,
    problem: Problem,
    measure: Measure,
    sweeps: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """The better of both extensions after a third of the sweeps, improved by the rest of them."""
    first = -(-sweeps // 3)
    starts = [extend(table, old, problem, minimum=minimum) for minimum in (False, True)]
    ends = [problem.improve(start, measure, first, rng) for start in starts]
    chosen = min(ends, key=lambda end: problem.weighted(end, measure))
    return problem.improve(chosen, measure, sweeps - first, rng)


def extend(table: NDArray[np.int64], old: ContextTree, problem: Problem, *, minimum: bool) -> NDArray[np.int64]:
    """The table on a longer window: copied, or as the minimum of V(n) and V(T(n))."""
    here, there, first = _descend(
        problem.tree.child, problem.tree.context, old.child, old.context, problem.tree.contexts
    )
    residues = np.arange(problem.modulus)
    copied: NDArray[np.int64] = table[here]
    if not minimum:
        return copied.copy()
    bounded = np.minimum(first, FREE_FALL - 1)
    step = np.round(UNITS * (LOG2_3 - first)).astype(np.int64)[:, None]
    onward = step + table[there[:, None], problem.images[bounded][:, residues]]
    return np.asarray(np.clip(np.minimum(copied, onward), 0, HIGHEST))


@numba.njit(cache=True)
def _descend(child, context, old_child, old_context, contexts):  # type: ignore[no-untyped-def]
    here = np.zeros(contexts, np.int64)
    there = np.zeros(contexts, np.int64)
    first = np.zeros(contexts, np.int64)
    symbols, old_symbols = child.shape[1] - 1, old_child.shape[1] - 1
    stack = [(0, 0, 0, 0)]
    while len(stack) > 0:
        node, a, b, lead = stack.pop()
        if context[node] >= 0:
            while old_context[a] < 0:
                a = old_child[a, old_symbols]
            while old_context[b] < 0:
                b = old_child[b, old_symbols]
            here[context[node]], there[context[node]], first[context[node]] = old_context[a], old_context[b], lead
            continue
        for k in range(1, symbols + 1):
            nxt, bounded = child[node, k], min(k, old_symbols)
            next_a = a if old_context[a] >= 0 else old_child[a, bounded]
            next_b = b
            if node != 0 and old_context[b] < 0:
                next_b = old_child[b, bounded]
            stack.append((nxt, next_a, next_b, k if node == 0 else lead))
            if nxt == child[node, symbols]:
                break
    return here, there, first

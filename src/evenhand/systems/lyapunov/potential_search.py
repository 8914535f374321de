"""Learning a potential: exact line search in one entry after the other, on growing windows.

The violated mass is a step function of a single entry phi(x), with one jump per step into or out of x; its minimum
over all values is found exactly. Sweeps in random order, moves along ties included, go downhill only. Windows grow by
one: the table of L starts from that of L - 1, either copied or as the minimum over one further step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numba
import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError
from evenhand.systems.lyapunov.context_tree import (
    FREE_FALL,
    MAX_POTENTIAL_BITS,
    UNITS,
    ContextTree,
    Steps,
    context_tree,
    gains,
    residue_images,
    steps_between,
    trajectory_residues,
)
from evenhand.systems.lyapunov.features import LOG2_3
from evenhand.systems.lyapunov.potential import Potential

HIGHEST = MAX_POTENTIAL_BITS * UNITS
CLIMB_RATIO = 1 - 1 / LOG2_3  # geometric valuations of mean log2 3: a trajectory that neither climbs nor falls


@dataclass(frozen=True)
class Measure:
    """Where violations count: a mixture of three laws of (k_1, k_2, ..., n mod 3^j).

    Attributes:
        uniform: weight of random large n.
        trajectory: weight of what long trajectories of random n visit.
        climb: weight of trajectories that hover: valuations geometric with mean log2 3.
    """

    uniform: float = 1.0
    trajectory: float = 0.0
    climb: float = 0.0

    def __post_init__(self) -> None:
        if min(self.uniform, self.trajectory, self.climb) < 0 or self.uniform + self.trajectory + self.climb <= 0:
            raise DataError(f"A measure needs weights >= 0 that are not all 0; found {self}.")


@dataclass
class Problem:
    """One window length and residue power, with everything the sweeps need."""

    tree: ContextTree
    residue_power: int
    steps: Steps = field(init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.residue_power <= 4:
            raise DataError(f"Residues are taken modulo 3^j with 0 <= j <= 4; found j = {self.residue_power}.")
        self.steps = steps_between(self.tree)

    @property
    def modulus(self) -> int:
        """3^j."""
        return int(3**self.residue_power)

    @cached_property
    def gain(self) -> NDArray[np.int64]:
        """(E,) G(k_1) of each step."""
        return gains()[self.steps.valuation]

    @cached_property
    def images(self) -> NDArray[np.int64]:
        """(FREE_FALL, 3^j) residue of T(n)."""
        return residue_images(self.residue_power)

    @cached_property
    def predecessors(self) -> NDArray[np.int64]:
        """(FREE_FALL, 3^j, 3) residues that lead to one, -1 where there are fewer."""
        found = np.full((FREE_FALL, self.modulus, 3), -1, np.int64)
        for k in range(FREE_FALL):
            for image in range(self.modulus):
                sources = np.flatnonzero(self.images[k] == image)
                found[k, image, : len(sources)] = sources
        return found

    @cached_property
    def into(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Steps by image context, as offsets and order."""
        return _grouped(self.steps.image, self.tree.contexts)

    @cached_property
    def out_of(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Steps by origin context."""
        return _grouped(self.steps.origin, self.tree.contexts)

    def masses(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(3, E) mass of each step and (3, 3^j) law of the residue: uniform, trajectory, climb."""
        half = 0.5**self.steps.exponent
        exact = self.steps.exact
        climbing = CLIMB_RATIO ** (self.steps.exponent - exact) * (1 - CLIMB_RATIO) ** exact
        residues = np.stack(
            [
                np.full(self.modulus, 1 / self.modulus),
                trajectory_residues(self.residue_power),
                trajectory_residues(self.residue_power, CLIMB_RATIO),
            ]
        )
        return np.stack([half, half, climbing]), residues

    def violations(self, table: NDArray[np.int64]) -> tuple[float, float, float]:
        """Violated mass of a (contexts, 3^j) table under the uniform, trajectory and climbing law, for large n."""
        mass, residues = self.masses()
        out = np.zeros(3)
        _violated(
            table,
            self.steps.origin,
            self.steps.image,
            self.steps.valuation,
            self.gain,
            mass,
            residues,
            self.images,
            out,
        )
        return float(out[0]), float(out[1]), float(out[2])

    def improve(
        self, table: NDArray[np.int64], measure: Measure, sweeps: int, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """A table with no more violated mass, after ``sweeps`` passes over all entries."""
        weights = np.array([measure.uniform, measure.trajectory, measure.climb])
        mass, residues = self.masses()
        keep = np.flatnonzero(weights)
        mass = np.ascontiguousarray((mass * weights[:, None])[keep])
        residues = np.ascontiguousarray(residues[keep])
        work = np.ascontiguousarray(table).copy()
        for _ in range(sweeps):
            order = rng.permutation(work.size)
            _sweep(
                work,
                order,
                *self.into,
                *self.out_of,
                self.steps.origin,
                self.steps.image,
                self.steps.valuation,
                self.gain,
                mass,
                residues,
                self.images,
                self.predecessors,
                HIGHEST,
                rng,
            )
        return work


@dataclass(frozen=True)
class Progress:
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
    start: Potential | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Potential:
    """Learn a potential by growing the window from 1, or from that of ``start``, to ``lookahead``.

    Args:
        residue_power: j, phi may depend on n mod 3^j; taken from ``start`` where that is given.
        sweeps: passes over all entries per window length.
        report: called after each window length.

    Raises:
        DataError: lookahead below 1 or below that of ``start``, residue_power outside 0..4, or no weight anywhere.
    """
    if lookahead < 1:
        raise DataError(f"The lookahead must be at least 1; found {lookahead}.")
    rng = np.random.default_rng(seed)
    measure = measure or Measure()
    if start is None:
        problem = Problem(context_tree(1, depth), residue_power)
        table = np.full((problem.tree.contexts, problem.modulus), HIGHEST // 2, np.int64)
    else:
        if start.tree.lookahead > lookahead:
            raise DataError(f"A window of {start.tree.lookahead} cannot shrink to {lookahead}.")
        problem, table = Problem(start.tree, start.residue_power), start.table
        depth = start.tree.depth
    if start is None or start.tree.lookahead == lookahead:
        table = problem.improve(table, measure, sweeps, rng)
    for length in range(problem.tree.lookahead + 1, lookahead + 1):
        larger = Problem(context_tree(length, depth), problem.residue_power)
        table, problem = _grown(table, problem.tree, larger, measure, sweeps, rng), larger
        if report is not None:
            report(Progress(length, table.size, problem.violations(table)))
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
    weights = (measure.uniform, measure.trajectory, measure.climb)
    first = -(-sweeps // 3)
    starts = [extend(table, old, problem, minimum=minimum) for minimum in (False, True)]
    ends = [problem.improve(start, measure, first, rng) for start in starts]
    chosen = min(ends, key=lambda t: sum(w * v for w, v in zip(weights, problem.violations(t), strict=True)))
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


def _grouped(keys: NDArray[np.int32], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    offsets = np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=count))]).astype(np.int64)
    return offsets, np.argsort(keys, kind="stable").astype(np.int64)


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


@numba.njit(cache=True)
def _violated(table, origin, image, valuation, gain, mass, residues, images, out):  # type: ignore[no-untyped-def]
    for e in range(origin.shape[0]):
        for r in range(table.shape[1]):
            if table[image[e], images[valuation[e], r]] > table[origin[e], r] + gain[e]:
                for u in range(mass.shape[0]):
                    out[u] += mass[u, e] * residues[u, r]


@numba.njit(cache=True)
def _sweep(  # type: ignore[no-untyped-def]
    table, order, into, into_steps, out_of, out_steps, origin, image, valuation, gain, mass, residues, images,
    predecessors, highest, rng,
):  # fmt: skip
    jumps = np.zeros(highest + 2)
    modulus = table.shape[1]
    for t in range(order.shape[0]):
        x, r = order[t] // modulus, order[t] % modulus
        jumps[:] = 0.0
        for a in range(into[x], into[x + 1]):
            e = into_steps[a]
            for c in range(3):
                source = predecessors[valuation[e], r, c]
                if source < 0:
                    break
                if origin[e] == x and source == r:
                    continue
                place = max(0, table[origin[e], source] + gain[e] + 1)  # violated from here on
                if place <= highest:
                    for u in range(mass.shape[0]):
                        jumps[place] += mass[u, e] * residues[u, source]
        for a in range(out_of[x], out_of[x + 1]):
            e = out_steps[a]
            goal = images[valuation[e], r]
            if image[e] == x and goal == r:
                continue
            place = table[image[e], goal] - gain[e]  # violated below here
            if place > 0:
                weight = 0.0
                for u in range(mass.shape[0]):
                    weight += mass[u, e] * residues[u, r]
                jumps[0] += weight
                if place <= highest:
                    jumps[place] -= weight
        table[x, r] = _pick(jumps, highest, rng)
    return table


@numba.njit(cache=True)
def _pick(jumps, highest, rng):  # type: ignore[no-untyped-def]
    """A uniformly drawn minimiser of the running sum of ``jumps``."""
    best, total = 1e300, 0.0
    for v in range(highest + 1):
        total += jumps[v]
        best = min(best, total)
    total, found, ties = 0.0, 0, 0
    for v in range(highest + 1):
        total += jumps[v]
        if total <= best + 1e-15:
            ties += 1
            if rng.random() * ties < 1.0:
                found = v
    return found

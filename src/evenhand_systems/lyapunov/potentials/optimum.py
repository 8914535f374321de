"""Optimal potentials on short windows: the least density of failures of V = log n + phi(k_1..k_L, n mod 3^j).

A potential exists for a set of steps exactly if no cycle among them lets log n rise. So the least failing density is a
weighted hitting set: choose steps of least mass such that each rising cycle loses one. The programme is solved by
HiGHS over a growing list of cycles; a rising cycle among the kept steps is found by Bellman-Ford and added.
It is solved twice. With all valuations from ``clip`` on as one symbol that rises like ``clip`` it gives a potential,
and so an upper bound; some of its cycles rise although no trajectory follows them. With the exact valuations 1..clip
alone each cycle is one that n may follow as often as one likes, which gives a lower bound for every potential.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from evenhand.errors import DataError
from evenhand_systems.lyapunov.numbers.features import LOG2_3


@dataclass(frozen=True)
class Optimum:
    """The solved programme.

    Attributes:
        lookahead, residue_power: L and j.
        violated: upper bound on the optimum: a potential of clipped valuations that fails on this mass exists; None
            where none was found in time.
        bound: lower bound on the optimum: every potential of the window, clipped or not, fails on this mass.
        cycles: number of rising cycles that both needed.
        solved: whether the bounds agree to 1e-9.
        finished: whether both programmes were solved to the end, so that more time would change nothing.
        seconds: wall time.
    """

    lookahead: int
    residue_power: int
    violated: float | None
    bound: float
    cycles: int
    solved: bool
    finished: bool
    seconds: float


@dataclass
class _Graph:
    origin: NDArray[np.int64]
    image: NDArray[np.int64]
    rise: NDArray[np.float64]
    mass: NDArray[np.float64]  # the last symbol stands for all valuations from there on
    exact: NDArray[np.float64]  # it stands for itself; 0 for steps whose first valuation lies beyond it
    nodes: int


def _graph(lookahead: int, residue_power: int, clip: int) -> _Graph:
    """Steps as words of L + 1 valuations up to ``clip`` and a residue."""
    modulus = 3**residue_power
    words = np.array(list(product(range(1, clip + 1), repeat=lookahead + 1)), np.int64)
    code = np.array([clip**i for i in range(lookahead)], np.int64)
    total = words.sum(axis=1)
    exponent = total - (words == clip).sum(axis=1)  # k >= clip has mass 2^-(clip - 1)
    here, there = (words[:, :-1] - 1) @ code, (words[:, 1:] - 1) @ code
    origin, image, rise, mass, exact = [], [], [], [], []
    order = max(1, 2 * modulus // 3)
    for r in range(modulus):
        # valuations from clip on differ in their effect on the residue: each class of k modulo the order of 2
        for k in range(1, clip + order if modulus > 1 else clip + 1):
            rows = words[:, 0] == min(k, clip)
            target = (3 * r + 1) * pow(2**k, -1, modulus) % modulus if modulus > 1 else 0
            share = 1.0
            if k >= clip and modulus > 1:
                share = 0.5 ** (k - clip + 1) / (1 - 0.5**order)
            origin.append(here[rows] * modulus + r)
            image.append(there[rows] * modulus + target)
            rise.append(np.full(rows.sum(), LOG2_3 - k))
            mass.append(0.5 ** exponent[rows] * share / modulus)
            exact.append(0.5 ** total[rows] * (k <= clip) / modulus)
    return _Graph(
        np.concatenate(origin),
        np.concatenate(image),
        np.concatenate(rise),
        np.concatenate(mass),
        np.concatenate(exact),
        clip**lookahead * modulus,
    )


def _rising_cycles(graph: _Graph, kept: NDArray[np.bool_], rounds: int = 200) -> list[tuple[int, ...]]:
    """Some rising cycles among the kept steps, none if there is none (within the rounds that decide it)."""
    edges = np.flatnonzero(kept)
    origin, image, rise = graph.origin[edges], graph.image[edges], graph.rise[edges]
    height = np.zeros(graph.nodes)
    parent = np.full(graph.nodes, -1, np.int64)
    found: set[tuple[int, ...]] = set()
    for turn in range(max(rounds, graph.nodes)):
        offer = height[origin] + rise
        best = height.copy()
        np.maximum.at(best, image, offer)
        improved = np.flatnonzero(offer > height[image] + 1e-12)
        winners = improved[offer[improved] >= best[image[improved]] - 1e-15]
        if winners.size == 0:
            break
        parent[image[winners]] = edges[winners]
        height = best
        if turn % 8 == 7:
            found.update(_cycles_of(parent, graph))
            if found:
                break
    return sorted(found)


def _cycles_of(parent: NDArray[np.int64], graph: _Graph) -> list[tuple[int, ...]]:
    """The cycles of the graph of parent steps."""
    state = np.zeros(graph.nodes, np.int64)
    cycles = []
    for start in range(graph.nodes):
        node, path = start, []
        while parent[node] >= 0 and state[node] == 0:
            state[node] = start + 1
            path.append(node)
            node = int(graph.origin[parent[node]])
        if parent[node] >= 0 and state[node] == start + 1 and node in path:
            members = path[path.index(node) :]
            steps = tuple(sorted(int(parent[m]) for m in members))
            if sum(graph.rise[list(steps)]) > 0:
                cycles.append(steps)
    return cycles


def optimal_violation(
    lookahead: int, residue_power: int = 0, *, clip: int = 5, time_limit: float = 60.0, gap: float = 0.0
) -> Optimum:
    """Bounds from both sides; stops at the time limit with what is known then.

    Raises:
        DataError: lookahead or clip below 1, or a graph of more than two million steps.
    """
    if lookahead < 1:
        raise DataError(f"The lookahead must be at least 1; found {lookahead}.")
    if clip ** (lookahead + 1) * 3**residue_power > 2_000_000:
        raise DataError(f"Lookahead {lookahead} with valuations clipped at {clip} gives too many steps; lower one.")
    if clip < 1:
        raise DataError(f"Valuations are clipped at 1 or more; found {clip}.")
    begin = time.monotonic()
    graph = _graph(lookahead, residue_power, clip)
    lower = _hitting_set(graph, graph.exact, set(), begin + time_limit / 2, gap)
    upper = _hitting_set(graph, graph.mass, lower.cycles, begin + time_limit, gap)
    solved = upper.mass is not None and upper.mass - lower.bound < 1e-9
    return Optimum(
        lookahead,
        residue_power,
        upper.mass,
        lower.bound,
        len(lower.cycles | upper.cycles),
        solved,
        lower.finished and upper.finished,
        time.monotonic() - begin,
    )


def optimal_points() -> dict[str, dict[int, float]]:
    """Label to lookahead and optimum, for the windows that are solved in seconds."""
    points: dict[str, dict[int, float]] = {}
    for power, label, longest in ((0, "optimum, window only", 4), (1, "optimum, window and n mod 3", 3)):
        found = [optimal_violation(length, power) for length in range(1, longest + 1)]
        points[label] = {o.lookahead: o.violated for o in found if o.solved and o.violated is not None}
    return points


@dataclass
class _HittingSet:
    mass: float | None  # of a set that hits every rising cycle
    bound: float  # on the mass of all such sets
    cycles: set[tuple[int, ...]]
    finished: bool


def _hitting_set(
    graph: _Graph, mass: NDArray[np.float64], known: set[tuple[int, ...]], deadline: float, gap: float
) -> _HittingSet:
    """Steps of least mass such that each rising cycle among the steps of positive mass loses one.

    Args:
        known: rising cycles to begin with; the clipped graph rises along all those of the exact one.
    """
    absent = mass == 0
    cycles = sorted(known | set(_rising_cycles(graph, ~absent)))
    if not cycles:
        return _HittingSet(0.0, 0.0, set(), True)
    bound = 0.0
    while time.monotonic() < deadline:
        used = sorted({step for cycle in cycles for step in cycle})
        place = {step: i for i, step in enumerate(used)}
        rows = np.repeat(np.arange(len(cycles)), [len(c) for c in cycles])
        columns = np.array([place[s] for c in cycles for s in c])
        matrix = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(cycles), len(used)))
        result = milp(
            mass[used],
            constraints=LinearConstraint(matrix, lb=1.0),
            integrality=np.ones(len(used)),
            bounds=Bounds(0, 1),
            options={"time_limit": max(1.0, deadline - time.monotonic()), "mip_rel_gap": gap},
        )
        bound = max(bound, float(result.mip_dual_bound) if result.mip_dual_bound is not None else 0.0)
        if result.x is None:
            break
        cut = absent.copy()
        cut[np.array(used)[result.x > 0.5]] = True
        fresh = _rising_cycles(graph, ~cut)
        if not fresh:
            return _HittingSet(float(mass[cut].sum()), bound, set(cycles), result.status == 0)
        cycles = sorted(set(cycles) | _minimal(graph, mass, cut, fresh))
    return _HittingSet(None, bound, set(cycles), False)


def _minimal(
    graph: _Graph, mass: NDArray[np.float64], cut: NDArray[np.bool_], cycles: list[tuple[int, ...]]
) -> set[tuple[int, ...]]:
    """More cycles at once: cut each found cycle at its lightest step and look again, until none is left."""
    found = set(cycles)
    cut = cut.copy()
    fresh = cycles
    for _ in range(200):
        for cycle in fresh:
            steps = list(cycle)
            if not cut[steps].any():
                cut[steps[int(np.argmin(mass[steps]))]] = True
        fresh = _rising_cycles(graph, ~cut)
        if not fresh:
            break
        found.update(fresh)
    return found

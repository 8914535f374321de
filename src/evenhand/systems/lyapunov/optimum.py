"""Optimal potentials on short windows: the least density of failures of V = log n + phi(k_1..k_L, n mod 3^j).

A potential exists for a set of steps exactly if no cycle among them lets log n rise. So the least failing density is a
weighted hitting set: choose steps of least mass such that each rising cycle loses one. The programme is solved by
HiGHS over a growing list of cycles; a rising cycle among the kept steps is found by Bellman-Ford and added.
Valuations from ``clip`` on are one symbol with the rise of ``clip``: an upper bound on the optimum. Cycles that use
that symbol are not cycles of a single trajectory, so if they bind, the lower bound is the optimum without them.
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
from evenhand.systems.lyapunov.features import LOG2_3


@dataclass(frozen=True)
class Optimum:
    """The solved programme.

    Attributes:
        lookahead, residue_power: L and j.
        violated: least failing mass found (a potential with it exists).
        bound: no potential fails on less; equal to ``violated`` where the programme was solved to the end.
        cycles: number of rising cycles that were needed.
        solved: whether both agree to 1e-9.
        seconds: wall time.
    """

    lookahead: int
    residue_power: int
    violated: float | None
    bound: float
    cycles: int
    solved: bool
    seconds: float


@dataclass
class _Graph:
    origin: NDArray[np.int64]
    image: NDArray[np.int64]
    rise: NDArray[np.float64]
    mass: NDArray[np.float64]
    nodes: int
    label: NDArray[np.int64]


def _graph(lookahead: int, residue_power: int, clip: int) -> _Graph:
    """Steps as words of L + 1 clipped valuations and a residue."""
    modulus = 3**residue_power
    words = np.array(list(product(range(1, clip + 1), repeat=lookahead + 1)), np.int64)
    code = np.array([clip**i for i in range(lookahead)], np.int64)
    exponent = words.sum(axis=1) - (words == clip).sum(axis=1)  # k >= clip has mass 2^-(clip - 1)
    here, there = (words[:, :-1] - 1) @ code, (words[:, 1:] - 1) @ code
    origin, image, rise, mass = [], [], [], []
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
    return _Graph(
        np.concatenate(origin),
        np.concatenate(image),
        np.concatenate(rise),
        np.concatenate(mass),
        clip**lookahead * modulus,
        np.arange(sum(map(len, origin))),
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
    """Solve the hitting set; stops at the time limit with what is known then.

    Raises:
        DataError: lookahead below 1, or a graph of more than two million steps.
    """
    if lookahead < 1:
        raise DataError(f"The lookahead must be at least 1; found {lookahead}.")
    if clip ** (lookahead + 1) * 3**residue_power > 2_000_000:
        raise DataError(f"Lookahead {lookahead} with valuations clipped at {clip} gives too many steps; lower one.")
    begin = time.monotonic()
    graph = _graph(lookahead, residue_power, clip)
    cycles = _rising_cycles(graph, np.ones(len(graph.rise), np.bool_))
    bound, violated = 0.0, None
    while time.monotonic() - begin < time_limit:
        used = sorted({step for cycle in cycles for step in cycle})
        place = {step: i for i, step in enumerate(used)}
        rows = np.repeat(np.arange(len(cycles)), [len(c) for c in cycles])
        columns = np.array([place[s] for c in cycles for s in c])
        matrix = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(cycles), len(used)))
        result = milp(
            graph.mass[used],
            constraints=LinearConstraint(matrix, lb=1.0),
            integrality=np.ones(len(used)),
            bounds=Bounds(0, 1),
            options={"time_limit": max(1.0, time_limit - (time.monotonic() - begin)), "mip_rel_gap": gap},
        )
        bound = max(bound, float(result.mip_dual_bound) if result.mip_dual_bound is not None else 0.0)
        if result.x is None:
            break
        cut = np.zeros(len(graph.rise), np.bool_)
        cut[np.array(used)[result.x > 0.5]] = True
        fresh = _rising_cycles(graph, ~cut)
        if not fresh:
            violated = float(graph.mass[cut].sum())
            break
        cycles = sorted(set(cycles) | _minimal(graph, cut, fresh))
    solved = violated is not None and violated - bound < 1e-9
    return Optimum(lookahead, residue_power, violated, bound, len(cycles), solved, time.monotonic() - begin)


def _minimal(graph: _Graph, cut: NDArray[np.bool_], cycles: list[tuple[int, ...]]) -> set[tuple[int, ...]]:
    """More cycles at once: cut each found cycle at its lightest step and look again, until none is left."""
    found = set(cycles)
    cut = cut.copy()
    fresh = cycles
    for _ in range(200):
        for cycle in fresh:
            steps = list(cycle)
            if not cut[steps].any():
                cut[steps[int(np.argmin(graph.mass[steps]))]] = True
        fresh = _rising_cycles(graph, ~cut)
        if not fresh:
            break
        found.update(fresh)
    return found

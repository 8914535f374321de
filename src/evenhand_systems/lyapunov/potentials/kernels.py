"""Kernels of the search for potentials: the violated mass, and exact line search in one entry after the other.

``sweep`` counts a step at which V rises with its whole mass. ``ramped_sweep`` counts it with a share that grows to 1
over the first ``width`` units of the rise, so that an entry may give way a little at a time; its loss in one entry is
piecewise linear, found by its bends.
"""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def violated(table, origin, image, valuation, gain, mass, residues, images, out):  # type: ignore[no-untyped-def]
    """Add to ``out`` (U,) the mass of the steps (E,) at which V rises, in each of the U measures."""
    for e in range(origin.shape[0]):
        for r in range(table.shape[1]):
            if table[image[e], images[valuation[e], r]] > table[origin[e], r] + gain[e]:
                for u in range(mass.shape[0]):
                    out[u] += mass[u, e] * residues[u, r]


@numba.njit(cache=True)
def sweep(  # type: ignore[no-untyped-def]
    table, order, into, into_steps, out_of, out_steps, origin, image, valuation, gain, mass, residues, images,
    predecessors, highest, rng,
):  # fmt: skip
    """One sweep of exact line search over the entries of ``table`` (contexts, residues), in ``order``; in place."""
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
                weight = _weight(mass, residues, e, r)
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


@numba.njit(cache=True)
def ramped_sweep(  # type: ignore[no-untyped-def]
    table, order, into, into_steps, out_of, out_steps, origin, image, valuation, gain, mass, residues, images,
    predecessors, highest, width, rng,
):  # fmt: skip
    """As :func:`sweep`, a rise counting in part until it is ``width`` units high; in place."""
    bends = np.zeros(highest + 1)
    modulus = table.shape[1]
    for t in range(order.shape[0]):
        x, r = order[t] // modulus, order[t] % modulus
        bends[:] = 0.0
        start, total = 0.0, 0.0
        for a in range(into[x], into[x + 1]):
            e = into_steps[a]
            for c in range(3):
                source = predecessors[valuation[e], r, c]
                if source < 0:
                    break
                if origin[e] == x and source == r:
                    continue
                weight = _weight(mass, residues, e, source)
                start += _add_ramp(bends, table[origin[e], source] + gain[e], width, weight)
                total += weight
        for a in range(out_of[x], out_of[x + 1]):
            e = out_steps[a]
            goal = images[valuation[e], r]
            if image[e] == x and goal == r:
                continue
            weight = _weight(mass, residues, e, r)  # violated in full up to the ramp, and less and less along it
            start += weight + _add_ramp(bends, table[image[e], goal] - gain[e] - width, width, -weight)
            total += weight
        table[x, r] = _pick_by_bends(bends, start, total, rng)
    return table


@numba.njit(cache=True)
def _weight(mass, residues, step, residue):  # type: ignore[no-untyped-def]
    weight = 0.0
    for u in range(mass.shape[0]):
        weight += mass[u, step] * residues[u, residue]
    return weight


@numba.njit(cache=True)
def _add_ramp(bends, place, width, weight):  # type: ignore[no-untyped-def]
    """Add weight clip((v - place)/width, 0, 1) for v = 0..len(bends) - 1 by its bends; returns its value at 0."""
    slope, end = weight / width, place + width
    if place < len(bends) and end > 0:
        bends[max(0, place)] += slope
        if end < len(bends):
            bends[end] -= slope
    return slope * min(max(0, -place), width)


@numba.njit(cache=True)
def _pick_by_bends(bends, start, total, rng):  # type: ignore[no-untyped-def]
    """A uniformly drawn minimiser of the piecewise linear loss; ``total`` weight in it is the scale of rounding."""
    best = 1e300
    for again in range(2):
        value, slope = start, 0.0
        found, ties = 0, 0
        for v in range(len(bends)):
            value += slope
            slope += bends[v]
            if again == 0:
                best = min(best, value)
            elif value <= best + 1e-12 * total:
                ties += 1
                if rng.random() * ties < 1.0:
                    found = v
    return found

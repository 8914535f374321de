"""Windows of valuations as contexts: a window is read only as far as it matters.

A context ends at L valuations, or earlier at the first i with 2^{s_i} >= 2^depth 3^i: there T^i(n) lies ``depth``
bits below n and the rest of the window no longer decides much. All k from the first that ends a context this way
share one context (a tail, written "k >= t"), so the contexts are finite in number although valuations are not bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError

UNITS = 41  # 3^41 is just below 2^65: in steps of 1/41 bit, log2 3 is almost a whole number
MAX_POTENTIAL_BITS = 8
FREE_FALL = MAX_POTENTIAL_BITS + 3  # a step with k >= this falls whatever the potential says


@dataclass(frozen=True)
class ContextTree:
    """The contexts of one window length.

    Attributes:
        lookahead: L >= 1.
        depth: the fall, in bits, that ends a context early.
        child: (nodes, symbols + 1) node after the valuation in that column; the last column stands for all above, too.
        context: (nodes,) number of the context that the node is, or -1 for an inner node.
    """

    lookahead: int
    depth: int
    child: NDArray[np.int32]
    context: NDArray[np.int32]

    @property
    def symbols(self) -> int:
        """The largest valuation that is told apart."""
        return int(self.child.shape[1] - 1)

    @cached_property
    def contexts(self) -> int:
        """The number of contexts."""
        return int(self.context.max()) + 1

    @cached_property
    def words(self) -> list[tuple[tuple[int, ...], bool]]:
        """Per context its word and whether the last valuation is a tail (k >= last)."""
        found: list[tuple[tuple[int, ...], bool]] = [((), False)] * self.contexts
        stack: list[tuple[int, tuple[int, ...]]] = [(0, ())]
        while stack:
            node, word = stack.pop()
            for k in range(1, self.symbols + 1):
                child = int(self.child[node, k])
                tail = child == self.child[node, self.symbols]
                if self.context[child] >= 0:
                    found[self.context[child]] = ((*word, k), tail)
                else:
                    stack.append((child, (*word, k)))
                if tail:
                    break
        return found


def context_tree(lookahead: int, depth: int = 3, most: int | None = None) -> ContextTree:
    """Build the contexts of windows of ``lookahead`` valuations.

    Raises:
        DataError: a lookahead below 1 or a depth below 0; more than ``most`` contexts, where a bound is given.
    """
    if lookahead < 1 or depth < 0:
        raise DataError(f"Contexts need lookahead >= 1 and depth >= 0; found {lookahead} and {depth}.")
    symbols = max(FREE_FALL, depth + (3**lookahead).bit_length() + 1 - lookahead)
    child: list[list[int]] = [[0] * (symbols + 1)]
    context = [-1]
    count = 0
    stack = [(0, 0, 0)]
    while stack:
        node, i, total = stack.pop()
        tail = 0
        for k in range(1, symbols + 1):
            if tail:
                child[node][k] = tail
                continue
            fallen = 1 << (total + k) >= 3 ** (i + 1) << depth
            new = len(child)
            child.append([0] * (symbols + 1))
            child[node][k] = new
            if fallen or i + 1 == lookahead:
                context.append(count)
                count += 1
                if most is not None and count > most:
                    raise DataError(f"Lookahead {lookahead} at depth {depth} has more than {most} contexts.")
                # at the last place a valuation that does not fall is told apart, one that falls closes the list
                tail = new if fallen else 0
            else:
                context.append(-1)
                stack.append((new, i + 1, total + k))
    return ContextTree(lookahead, depth, np.array(child, np.int32), np.array(context, np.int32))


@dataclass(frozen=True)
class Steps:
    """The steps n -> T(n) between contexts: (E,) arrays, one entry per class of odd n.

    Attributes:
        origin, image: contexts of n and of T(n).
        valuation: k_1.
        exponent: the class has density 2^-exponent among the odd numbers.
        exact: number of valuations that were read exactly; a tail k >= t adds t - 1 to the exponent and is not counted.
    """

    origin: NDArray[np.int32]
    image: NDArray[np.int32]
    valuation: NDArray[np.int64]
    exponent: NDArray[np.int64]
    exact: NDArray[np.int64]


def steps_between(tree: ContextTree) -> Steps:
    """All steps with k_1 < FREE_FALL; the rest, of density 2^-(FREE_FALL - 1), always falls."""
    capacity = 1 << 16
    while True:
        arrays = [np.empty(capacity, np.int32) for _ in range(5)]
        count = _enumerate(tree.child, tree.context, FREE_FALL, *arrays)
        if count <= capacity:
            return Steps(
                arrays[0][:count],
                arrays[1][:count],
                *(a[:count].astype(np.int64) for a in arrays[2:]),
            )
        capacity = count


@numba.njit(cache=True)
def _enumerate(child, context, free_fall, origin, image, valuation, exponent, exact):  # type: ignore[no-untyped-def]
    count, symbols = 0, child.shape[1] - 1
    stack = [(child[0, k], 0, k, k, 1) for k in range(1, free_fall)]
    while len(stack) > 0:
        here, there, first, total, read = stack.pop()
        if context[here] >= 0 and context[there] >= 0:
            if count < origin.shape[0]:
                origin[count], image[count] = context[here], context[there]
                valuation[count], exponent[count], exact[count] = first, total, read
            count += 1
            continue
        last_here = here if context[here] >= 0 else child[here, symbols]
        last_there = there if context[there] >= 0 else child[there, symbols]
        for k in range(1, symbols + 1):
            next_here = here if context[here] >= 0 else child[here, k]
            next_there = there if context[there] >= 0 else child[there, k]
            if next_here == last_here and next_there == last_there:
                stack.append((next_here, next_there, first, total + k - 1, read))
                break
            stack.append((next_here, next_there, first, total + k, read + 1))
    return count


def gains(units: int = UNITS) -> NDArray[np.int64]:
    """(FREE_FALL,) G(k): V falls for all large n exactly if phi(T(n)) - phi(n) <= G(k), phi in 1/units bit.

    G(k) = units k - bit_length(3^units), as units (k - log2 3) lies strictly between G(k) and G(k) + 1.
    """
    return np.asarray(units * np.arange(FREE_FALL) - (3**units).bit_length())


def residue_images(power: int, rows: int = FREE_FALL) -> NDArray[np.int64]:
    """(rows, 3^power) T(n) mod 3^power for n = r and k_1 = k: row k, column r."""
    modulus = 3**power
    table = np.zeros((rows, modulus), np.int64)
    for k in range(rows):
        inverse = pow(2**k, -1, modulus) if modulus > 1 else 0
        for r in range(modulus):
            table[k, r] = (3 * r + 1) * inverse % modulus
    return table


def trajectory_residues(power: int, ratio: float = 0.5) -> NDArray[np.float64]:
    """(3^power,) how often a long trajectory with k geometric (P(k) ~ ratio^k) visits each residue.

    Source: the Syracuse random variables of Tao (2019), here as the stationary law of r -> (3r + 1)/2^k.
    """
    modulus = 3**power
    if modulus == 1:
        return np.ones(1)
    order = 2 * 3 ** (power - 1)
    chances = ratio ** np.arange(order) * (1 - ratio) / (1 - ratio**order)
    step = np.zeros((modulus, modulus))
    for i, chance in enumerate(chances):
        inverse = pow(2 ** (i + 1), -1, modulus)
        for r in range(modulus):
            step[r, (3 * r + 1) * inverse % modulus] += chance
    law = np.full(modulus, 1 / modulus)
    for _ in range(4 * power + 20):
        law = law @ step
    return law

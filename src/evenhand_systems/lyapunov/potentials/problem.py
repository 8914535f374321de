"""One window length as a problem of minimal violated mass: where violations count, and sweeps over all entries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError
from evenhand_systems.lyapunov.numbers.features import LOG2_3
from evenhand_systems.lyapunov.potentials.context_tree import (
    FREE_FALL,
    MAX_POTENTIAL_BITS,
    UNITS,
    ContextTree,
    Steps,
    gains,
    residue_images,
    steps_between,
    trajectory_residues,
)
from evenhand_systems.lyapunov.potentials.kernels import ramped_sweep, sweep, violated

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
        weights = (self.uniform, self.trajectory, self.climb)
        if not all(0 <= weight < math.inf for weight in weights) or sum(weights) <= 0:
            raise DataError(f"A measure needs finite weights >= 0 that are not all 0; found {self}.")


@dataclass
class Problem:
    """One window length and residue power, with everything the sweeps need.

    Attributes:
        margin: by how much, in 1/UNITS bit, V has to fall for a step to count. Without one a step may fall by no more
            than what rounding to whole numbers leaves, .0004 bits at k = 1, and then not at all where n is small: the 1
            of 3n + 1 raises V by .48/n bits.
    """

    tree: ContextTree
    residue_power: int
    margin: int = 0
    steps: Steps = field(init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.residue_power <= 4:
            raise DataError(f"Residues are taken modulo 3^j with 0 <= j <= 4; found j = {self.residue_power}.")
        if not 0 <= self.margin <= UNITS:
            raise DataError(f"The margin is between 0 and {UNITS} units of 1/{UNITS} bit; found {self.margin}.")
        self.steps = steps_between(self.tree)

    @property
    def modulus(self) -> int:
        """3^j."""
        return int(3**self.residue_power)

    @cached_property
    def gain(self) -> NDArray[np.int64]:
        """(E,) G(k_1) of each step, less the margin."""
        return gains()[self.steps.valuation] - self.margin

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
        """Violated mass of a (contexts, 3^j) table under the uniform, trajectory and climbing law, for large n.

        Steps that fall by less than the margin count as violated.
        """
        mass, residues = self.masses()
        out = np.zeros(3)
        violated(
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

    def weighted(self, table: NDArray[np.int64], measure: Measure) -> float:
        """Violated mass under the mixture."""
        weights = (measure.uniform, measure.trajectory, measure.climb)
        return sum(w * v for w, v in zip(weights, self.violations(table), strict=True))

    def improve(
        self,
        table: NDArray[np.int64],
        measure: Measure,
        sweeps: int,
        rng: np.random.Generator,
        *,
        ramps: Sequence[int] = (),
    ) -> NDArray[np.int64]:
        """A table after ``sweeps`` passes over all entries, which never raise the violated mass.

        Args:
            ramps: widths, in units of phi, of ramped passes before them; these may raise it.
        """
        weights = np.array([measure.uniform, measure.trajectory, measure.climb])
        mass, residues = self.masses()
        keep = np.flatnonzero(weights)
        mass = np.ascontiguousarray((mass * weights[:, None])[keep])
        residues = np.ascontiguousarray(residues[keep])
        work = np.ascontiguousarray(table).copy()
        passes = [*ramps, *[0] * sweeps]
        for width in passes:
            order = rng.permutation(work.size)
            steps = (self.steps.origin, self.steps.image, self.steps.valuation, self.gain)
            given = (work, order, *self.into, *self.out_of, *steps, mass, residues, self.images, self.predecessors)
            if width > 0:
                ramped_sweep(*given, HIGHEST, width, rng)
            else:
                sweep(*given, HIGHEST, rng)
        return work


def _grouped(keys: NDArray[np.int32], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    offsets = np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=count))]).astype(np.int64)
    return offsets, np.argsort(keys, kind="stable").astype(np.int64)

"""Simulated paired scores: seeds and items both random, in logits for right-or-wrong items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit, logit, ndtr

from evenhand.statistics.arrays import Floats, check_count

_NODES = 61


@dataclass(frozen=True)
class Noise:
    """Normal differences d[s, i] = seed_s + item_i + residual_si with a residual variance of 1 and no effect.

    Attributes:
        name: what carries the noise of the mean.
        seed_ratio: seed variance times items: how far the expected seed mean square lies above the residual one.
        item_ratio: item variance times seeds, likewise.
    """

    name: str
    seed_ratio: float
    item_ratio: float

    def standard_error(self, seeds: int, items: int) -> float:
        """True standard error of the mean of S x I differences."""
        return float(np.sqrt((1 + self.seed_ratio + self.item_ratio) / (seeds * items)))


NOISES = (
    Noise("neither", 0.0, 0.0),
    Noise("seeds a little", 3.0, 0.0),
    Noise("seeds", 30.0, 0.0),
    Noise("items", 0.0, 30.0),
    Noise("both a little", 3.0, 1.0),
    Noise("both", 30.0, 10.0),
)
"""Worlds in which seeds, items, both or neither carry the noise. "A little" is about as much as the residual leaves
in a mean: there luck decides which mean square is the larger."""


def draw_arms(
    noise: Noise, seeds: int, items: int, arms: int, generator: np.random.Generator, replicates: int
) -> Floats:
    """Differences of several arms from one baseline that they share, shape (replicates, arms, S, I).

    Each arm and the baseline bring half of the variance, so that differences of two arms are correlated by one half.
    """
    half = 0.5**0.5
    shape = (replicates, arms + 1, seeds, items)
    scores = generator.standard_normal(shape)
    scores += (noise.seed_ratio / items) ** 0.5 * generator.standard_normal((*shape[:3], 1))
    scores += (noise.item_ratio / seeds) ** 0.5 * generator.standard_normal((*shape[:2], 1, items))
    return np.asarray(half * (scores[:, 1:] - scores[:, :1]))


@dataclass(frozen=True)
class World:
    """Where paired scores come from.

    The latent score of arm a, seed s and item i is
    difficulty_i + seed_sa + effect_a + interaction_ia + noise_sia. A binary score is 1 where the latent score is
    above 0 and the noise is logistic; a continuous score is the latent score itself with normal noise.

    Attributes:
        seeds: S.
        items: I.
        seed_spread: standard deviation of an arm's seed effect (logits, or score units).
        item_spread: standard deviation of item difficulty, which both arms share.
        interaction: standard deviation of an item's own response to the mechanism (variant only).
        effect: shift of the variant (logits, or score units).
        correlation: between the arms' noise at one seed and item, as a normal copula.
        kind: "binary" or "continuous".
        cluster_size: items that share one difficulty and one response to the mechanism.
    """

    seeds: int
    items: int
    seed_spread: float = 0.0
    item_spread: float = 1.5
    interaction: float = 0.0
    effect: float = 0.0
    correlation: float = 0.0
    kind: Literal["binary", "continuous"] = "binary"
    cluster_size: int = 1

    @property
    def clusters(self) -> np.ndarray:
        """Cluster label of each item, shape (I,)."""
        return np.arange(self.items) // self.cluster_size

    def true_difference(self) -> float:
        """Mean difference over new seeds and new items, by Gauss-Hermite quadrature for binary scores."""
        if self.kind == "continuous":
            return self.effect
        base = np.hypot(self.item_spread, self.seed_spread)
        return _mean_right(self.effect, float(np.hypot(base, self.interaction))) - _mean_right(0.0, float(base))


def _mean_right(shift: float, spread: float) -> float:
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    return float(weights @ expit(shift + spread * nodes) / weights.sum())


def _noise(world: World, generator: np.random.Generator, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Latent noise of both arms: logistic for binary scores, standard normal for continuous ones."""
    if world.correlation == 0.0 and world.kind == "binary":
        return logit(generator.random(shape)), logit(generator.random(shape))
    first = generator.standard_normal(shape)
    own = generator.standard_normal(shape)
    second = world.correlation * first + np.sqrt(1 - world.correlation**2) * own
    if world.kind == "continuous":
        return first, second
    return logit(ndtr(first)), logit(ndtr(second))


def _item_effects(world: World, generator: np.random.Generator, replicates: int, spread: float) -> Floats:
    count = -(-world.items // world.cluster_size)
    drawn = generator.standard_normal((replicates, 1, count)) * spread
    return np.repeat(drawn, world.cluster_size, axis=2)[:, :, : world.items]


def draw(
    world: World, generator: np.random.Generator, replicates: int, *, fixed_items: bool = False
) -> tuple[Floats, Floats]:
    """Draw both arms' scores, each of shape (replicates, S, I).

    Args:
        world: what to draw from.
        generator: source of everything random.
        replicates: independent repetitions of the whole experiment.
        fixed_items: whether all repetitions are scored on the same items.
    """
    check_count(replicates, "replicates")
    shape = (replicates, world.seeds, world.items)
    tables = 1 if fixed_items else replicates
    difficulty = _item_effects(world, generator, tables, world.item_spread)
    response = _item_effects(world, generator, tables, world.interaction)
    seed = generator.standard_normal((2, replicates, world.seeds, 1)) * world.seed_spread
    noise = _noise(world, generator, shape)
    baseline = difficulty + seed[0] + noise[0]
    variant = difficulty + response + world.effect + seed[1] + noise[1]
    if world.kind == "continuous":
        return baseline, variant
    return (baseline > 0).astype(np.float64), (variant > 0).astype(np.float64)

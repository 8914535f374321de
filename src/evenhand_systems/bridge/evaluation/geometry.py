"""The geometry of soft tokens: what an evaluation measures in order to tell a bridge from a constant."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from evenhand_systems.bridge.evaluation.collapse import RETRIEVAL_ITEMS


def cosine_between_items(soft: Tensor, mask: Tensor | None = None) -> float | None:
    """Mean cosine between the soft tokens (I, K, C) of different items at the same place; None for one item.

    Args:
        mask: (I, K), which soft tokens are real; all by default. A place that fewer than two items have is left out.
    """
    if len(soft) < 2:
        return None
    if mask is not None:
        shared = mask.sum(0) >= 2
        soft, mask = soft[:, shared] * mask[:, shared].unsqueeze(-1), mask[:, shared]
        if not soft.shape[1]:
            return None
    unit = torch.nn.functional.normalize(soft.double(), dim=-1)
    total = unit.sum(0).square().sum(-1)
    own = unit.square().sum(-1).sum(0)
    count = len(soft) if mask is None else mask.double().sum(0)
    pairs = count * (count - 1)
    return float(((total - own) / pairs).mean())


def effective_rank(soft: Tensor) -> float | None:
    """exp(entropy of the normalised singular values) of the soft tokens (I, K, C), one row per item.

    They are not centred: what all items share counts as one direction, so that a bridge whose items differ by a
    thousandth has a rank near 1, whatever the shape of that thousandth.
    """
    if len(soft) < 2:
        return None
    values = torch.linalg.svdvals(soft.double().flatten(1))
    if float(values.sum()) == 0.0:
        return 0.0
    shares = values / values.sum()
    shares = shares[shares > 1e-12]
    return math.exp(float(-(shares * shares.log()).sum()))


def retrieval(soft: Tensor, texts: Tensor, rng: np.random.Generator) -> float | None:
    """Share of 64 held-out items whose text features are nearest to those that a ridge map reads off the soft tokens.

    Noise of a hundredth of their size is added first: differences that the target cannot tell are no information.

    Args:
        soft: (I, K, C) soft tokens.
        texts: (I, F) features of the items' texts.
        rng: stream that draws the 64 items.

    Returns:
        None with fewer than 128 items: 64 to fit the map, 64 to look for.
    """
    if len(soft) < 2 * RETRIEVAL_ITEMS:
        return None
    order = torch.from_numpy(rng.permutation(len(soft))).to(soft.device)
    held, rest = order[:RETRIEVAL_ITEMS], order[RETRIEVAL_ITEMS:]
    noise = torch.from_numpy(rng.standard_normal(tuple(soft.shape))).to(soft.device)
    size = soft.double().square().mean().sqrt()
    inputs = (soft.double() + 0.01 * size * noise).flatten(1)
    inputs = inputs - inputs[rest].mean(0)
    goals = texts.double() - texts[rest].double().mean(0)
    kernel = inputs[rest] @ inputs[rest].T
    ridge = 1e-2 * kernel.diagonal().mean().clamp(min=1e-12)
    kernel = kernel + ridge * torch.eye(len(rest), dtype=kernel.dtype, device=kernel.device)
    weights = torch.linalg.solve(kernel, goals[rest])
    read = torch.nn.functional.normalize(inputs[held] @ inputs[rest].T @ weights, dim=-1)
    scores = read @ torch.nn.functional.normalize(goals[held], dim=-1).T
    # Ties (all soft tokens equal) must not count as found, so the own text has to be above all others.
    own = scores.diagonal()
    others = scores.masked_fill(torch.eye(RETRIEVAL_ITEMS, dtype=torch.bool, device=scores.device), -2.0).max(-1).values
    return float((own > others + 1e-9).double().mean())


def rms_ratio(soft: Tensor, embedding_rms: float, mask: Tensor | None = None) -> float:
    """Size of the soft tokens (I, K, C) that are real by a mask (I, K) by the size of the target's embeddings."""
    real = soft if mask is None else soft[mask.bool()]
    return float(real.double().square().mean().sqrt()) / embedding_rms

"""Signs of collapse, looked for at every evaluation: soft tokens that do not depend on the item.

A collapsed bridge can look well-behaved: it answers in the right form, always the same.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

MOST_FREQUENT_LIMIT = 0.2
COSINE_LIMIT = 0.95
RANK_LIMIT = 3.0
RMS_LIMITS = (0.5, 2.0)
RETRIEVAL_ITEMS = 64
RETRIEVAL_LIMIT = 4 / RETRIEVAL_ITEMS
"""Four times chance."""
NLL_GAP_LIMIT = 0.02
"""Nats per token."""


@dataclass(frozen=True)
class Signs:
    """Figures of one evaluation; None where one cannot be computed, with the reason in ``why_none``.

    Attributes:
        most_frequent: share of the most frequent answer, and that answer.
        nll_gap: NLL(shuffled sources) - NLL(matched), nats per token of the solution.
        cosine: mean cosine between soft tokens of different items at the same place.
        effective_rank: exp of the entropy of the spectrum of the soft tokens (Roy & Vetterli 2007).
        retrieval: share of 64 held-out items whose text is found from their soft tokens; chance is 1/64.
        rms_ratio: rms of the soft tokens by rms of the target's embeddings.
    """

    most_frequent: float | None = None
    most_frequent_answer: str = ""
    nll_gap: float | None = None
    cosine: float | None = None
    effective_rank: float | None = None
    retrieval: float | None = None
    rms_ratio: float | None = None
    why_none: tuple[str, ...] = ()

    def alarms(self) -> list[str]:
        """Sentences, one for each sign that is out of bounds; empty where nothing is."""
        found = []
        if self.most_frequent is not None and self.most_frequent > MOST_FREQUENT_LIMIT:
            found.append(f"the answer '{self.most_frequent_answer}' was given to {self.most_frequent:.0%} of the items")
        if self.nll_gap is not None and self.nll_gap < NLL_GAP_LIMIT:
            found.append(f"another item's soft tokens serve as well: the NLL rises by {self.nll_gap:.4f} only")
        if self.cosine is not None and self.cosine > COSINE_LIMIT:
            found.append(f"soft tokens of different items have cosine {self.cosine:.3f}")
        if self.effective_rank is not None and self.effective_rank < RANK_LIMIT:
            found.append(f"the soft tokens of all items span {self.effective_rank:.1f} directions")
        if self.retrieval is not None and self.retrieval < RETRIEVAL_LIMIT:
            found.append(f"the text is found from the soft tokens for {self.retrieval:.1%} of {RETRIEVAL_ITEMS} items")
        if self.rms_ratio is not None and not RMS_LIMITS[0] <= self.rms_ratio <= RMS_LIMITS[1]:
            found.append(f"soft tokens are {self.rms_ratio:.2f} times as large as the target's embeddings")
        return found


def most_frequent(answers: Sequence[str | None]) -> tuple[float, str]:
    """Share and text of the most frequent answer; items without an answer count among the items, not as an answer."""
    counts = Counter(answer for answer in answers if answer is not None)
    if not counts:
        return 0.0, ""
    answer, count = min(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return count / len(answers), answer


def cosine_between_items(soft: Tensor) -> float | None:
    """Mean cosine between the soft tokens (I, K, C) of different items at the same place; None for one item."""
    if len(soft) < 2:
        return None
    unit = torch.nn.functional.normalize(soft.double(), dim=-1)
    total = unit.sum(0).square().sum(-1)
    own = unit.square().sum(-1).sum(0)
    pairs = len(soft) * (len(soft) - 1)
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


def rms_ratio(soft: Tensor, embedding_rms: float) -> float:
    """Size of the soft tokens by the size of the target's embeddings."""
    return float(soft.double().square().mean().sqrt()) / embedding_rms

"""Controls of a bridge: what the target gets instead of an item's own soft tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from evenhand.errors import DataError
from evenhand_systems.bridge.settings import EvaluationControl
from evenhand_systems.bridge.translation.soft_tokens import SoftTokens
from evenhand_systems.bridge.translators import Translator, TranslatorConfig


def derangement(answers: Sequence[str], rng: np.random.Generator) -> list[int]:
    """A permutation that gives every item another item's source, and one with another answer.

    Items are ordered by answer (at random within one) and shifted by the size of the largest group.

    Raises:
        DataError: more than half of the items share one answer, so that no such permutation exists.
    """
    counts = Counter(answers)
    largest = max(counts.values(), default=0)
    if not answers or 2 * largest > len(answers):
        answer = counts.most_common(1)[0][0] if answers else ""
        raise DataError(
            f"{largest} of {len(answers)} items have the answer '{answer}': sources cannot be shuffled so that all "
            "get one with another answer. Take more items."
        )
    ranks = {answer: int(rank) for answer, rank in zip(sorted(counts), rng.permutation(len(counts)), strict=True)}
    order = sorted((int(i) for i in rng.permutation(len(answers))), key=lambda i: ranks[answers[i]])
    partner = [0] * len(answers)
    for place, item in enumerate(order):
        partner[item] = order[(place + largest) % len(order)]
    return partner


def controlled(
    soft: SoftTokens, control: EvaluationControl, *, answers: Sequence[str], reference: SoftTokens | None,
    rng: np.random.Generator,
) -> SoftTokens | None:  # fmt: skip
    """Soft tokens of I items as the control has them; None for no soft tokens at all.

    Args:
        soft: the items' own soft tokens.
        answers: gold answers, for the derangement.
        reference: soft tokens of training items, for ``mean``.
        rng: stream of the control.

    Raises:
        DataError: the derangement does not exist, or ``mean`` has no reference.
    """
    if control == "matched":
        return soft
    if control == "no_soft_tokens":
        return None
    if control == "zeros":
        return SoftTokens(torch.zeros_like(soft.tokens), soft.mask)
    if control == "shuffled":
        return soft[torch.tensor(derangement(answers, rng), device=soft.tokens.device)]
    if control == "noise":
        noise = torch.from_numpy(rng.standard_normal(tuple(soft.tokens.shape))).to(soft.tokens)
        sizes: Tensor = soft.tokens.norm(dim=-1, keepdim=True) / noise.norm(dim=-1, keepdim=True)
        return SoftTokens(noise * sizes, soft.mask)
    if reference is None:
        raise DataError("The mean control needs soft tokens of training items.")
    return reference.mean().expand(len(soft))


class ConstantPrompt(Translator):
    """The same learned soft tokens for every item: prompt tuning with ``peft``'s embedding, at equal budget."""

    def __init__(self, config: TranslatorConfig, target_embedding: torch.nn.Module) -> None:
        super().__init__(config)
        from peft import PromptEmbedding, PromptTuningConfig

        settings: Any = PromptTuningConfig(
            task_type="CAUSAL_LM", num_virtual_tokens=config.soft_tokens, token_dim=config.target_width,
            num_transformer_submodules=1, num_layers=1, num_attention_heads=1,
        )  # fmt: skip
        make: Any = PromptEmbedding
        # peft draws from N(0, 1), which is the size that EmbeddingScale divides out: larger weights would turn too
        # slowly, as an optimiser of Adam's kind moves each by about the learning rate a step.
        self.prompt = make(settings, target_embedding)

    def forward(self, states: Tensor, mask: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """The prompt (B, K, C); the states only say how many items there are."""
        places = torch.arange(self.config.soft_tokens, device=states.device)
        result: Tensor = self.scale(self.prompt(places)).expand(len(states), -1, -1)
        return result


class Passthrough(Translator):
    """A model's own embeddings as soft tokens of itself: the identity, which must reproduce its text accuracy.

    It takes embeddings for states and gives each row as many soft tokens as it has states.
    """

    def forward(self, states: Tensor, mask: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """The states as they are."""
        return states

    def soft_mask(self, states: Tensor, mask: Tensor) -> Tensor:
        """A soft token is real where its state is."""
        return mask

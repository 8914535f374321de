"""Items as token rows of the target: what stands before and after the soft tokens, and the answer to be predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from evenhand_systems.bridge.models.language_model import LanguageModel
from evenhand_systems.bridge.tasks.formats import PromptFormat
from evenhand_systems.bridge.tasks.items import Item


@dataclass(frozen=True)
class Encoded:
    """Token ids of one item's pieces in the target's vocabulary.

    Attributes:
        facts, question: what is asked; the facts as a target is told them, in full.
        solution: the worked solution with its end token.
        marked: for each token of the solution, whether it belongs to the answer's form (``####``, the end token).
    """

    facts: tuple[int, ...]
    question: tuple[int, ...]
    solution: tuple[int, ...]
    marked: tuple[bool, ...]


class Prompts:
    """Builds the target's rows in one format; every piece is tokenized by itself, in every arm alike."""

    def __init__(self, target: LanguageModel, form: PromptFormat) -> None:
        self.target, self.form = target, form
        self.opening = [*target.begin_ids(), *target.encode(form.opening)]
        self.closing = target.encode(form.closing)
        self._known: dict[str, Encoded] = {}

    def encoded(self, item: Item) -> Encoded:
        """The pieces of an item, remembered by its id."""
        if item.id not in self._known:
            target = self.target
            solution = [*target.encode(f" {item.solution}"), int(target.tokenizer.eos_token_id)]
            self._known[item.id] = Encoded(
                tuple(target.encode(item.text)),
                tuple(target.encode(f" {item.question}")) if item.question else (),
                tuple(solution),
                tuple(_marks(solution, target)),
            )
        return self._known[item.id]

    def before(self, items: Sequence[Item]) -> list[list[int]]:
        """What stands before the soft tokens."""
        return [self.opening for _ in items]

    def after(self, items: Sequence[Item], *, with_text: bool) -> list[list[int]]:
        """What stands after the soft tokens: the facts where the text is given, the question, the closing."""
        rows = (self.encoded(item) for item in items)
        return [[*(row.facts if with_text else ()), *row.question, *self.closing] for row in rows]

    def answers(self, items: Sequence[Item]) -> list[list[int]]:
        """The solutions with their end tokens."""
        return [list(self.encoded(item).solution) for item in items]

    def teacher(self, item: Item, teacher: str) -> tuple[int, ...]:
        """What soft tokens are taught to resemble: the item's own facts, or its solution; never the format."""
        row = self.encoded(item)
        return row.facts if teacher == "prompt" else row.solution[:-1]


def _marks(solution: Sequence[int], target: LanguageModel) -> list[bool]:
    """Whichever way a tokenizer cuts ``####``: tokens with that sign in them, and the end token."""
    return ["#" in target.tokenizer.decode([token]) for token in solution[:-1]] + [True]


@dataclass(frozen=True)
class Slots:
    """The tokens of a teacher text dealt out to K soft tokens.

    Attributes:
        ids: (B, T) tokens.
        shares: (B, K, T), the share of each token in each slot; rows sum to 1 where ``mask`` is 1 and to 0 elsewhere.
        mask: (B, K), which slots have a token.
    """

    ids: Tensor
    shares: Tensor
    mask: Tensor

    def embeddings(self, target: LanguageModel) -> Tensor:
        """Mean embedding (B, K, C) of each slot's tokens."""
        return self.shares @ target.embed(self.ids).detach().float()

    def expected(self, log_probabilities: Tensor) -> Tensor:
        """Cross-entropy (B, K) of log probabilities (B, K, V) with each slot's tokens."""
        index = self.ids[:, None, :].expand(-1, log_probabilities.shape[1], -1)
        return -(log_probabilities.gather(-1, index) * self.shares).sum(-1)

    def mean(self, values: Tensor) -> Tensor:
        """Mean of (B, K) values over the slots that count."""
        return (values * self.mask).sum() / self.mask.sum().clamp(min=1)


def slots(rows: Sequence[Sequence[int]], count: int, device: torch.device) -> Slots:
    """One token per slot where there is room; else equal stretches of tokens, so that no part of a text is cut off."""
    length = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    shares = torch.zeros(len(rows), count, length)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        if len(row) <= count:
            shares[i, torch.arange(len(row)), torch.arange(len(row))] = 1.0
        else:
            slot = torch.arange(len(row)) * count // len(row)
            shares[i, slot, torch.arange(len(row))] = 1.0
    totals = shares.sum(-1)
    shares = shares / totals.clamp(min=1).unsqueeze(-1)
    return Slots(ids.to(device), shares.to(device), (totals > 0).float().to(device))

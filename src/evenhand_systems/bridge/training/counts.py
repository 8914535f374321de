"""What the losses of a bridge are means over: the parts of a batch that is split add up by these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.translation.prompts import Prompts


@dataclass(frozen=True)
class Counts:
    """What the losses of some items are means over; the losses of the parts of a batch add up by these."""

    rows: int
    tokens: int
    marked: int
    first_tokens: int
    slots: int
    pairs: int
    facts: int
    later: int

    @classmethod
    def of(cls, prompts: Prompts, items: Sequence[Item], soft_tokens: int, teacher: str, kl_tokens: int) -> Counts:
        """Of some items, known from their texts alone."""
        answers = [prompts.encoded(item) for item in items]

        def filled(teacher: str) -> list[int]:
            return [min(len(prompts.teacher(item, teacher)), soft_tokens) for item in items]

        taught = filled(teacher)
        return cls(
            len(items), sum(len(row.solution) for row in answers), sum(sum(row.marked) for row in answers),
            sum(min(len(row.solution), kl_tokens) for row in answers), sum(taught), sum(k * k for k in taught),
            sum(filled("prompt")), sum(max(0, k - 1) for k in taught),
        )  # fmt: skip


COUNTED: Mapping[str, Callable[[Counts], int]] = {
    "answer": lambda counts: counts.tokens,
    "kl": lambda counts: counts.first_tokens,
    "prompt_alignment": lambda counts: counts.facts,
    "flow": lambda counts: counts.slots,
    "token_alignment": lambda counts: counts.slots,
    "naming": lambda counts: counts.slots,
    "format": lambda counts: counts.marked,
    "probe": lambda counts: counts.rows,
    "positional": lambda counts: counts.pairs,
    "decode": lambda counts: counts.later,
}
"""Name of a loss to what it is a mean over. ``contrastive`` compares the items of a batch with each other: it has no
parts."""

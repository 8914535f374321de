"""What trials answered, as far as it was recorded: whether two gave the same, and which items share a content. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenhand.outcome import ItemScores

TELLING = 32
"""Answers shorter than this many characters repeat by chance."""


def same_outputs(left: ItemScores | Mapping[str, ItemScores], right: ItemScores | Mapping[str, ItemScores]) -> bool:
    """Whether two trials recorded what they answered, and answered the same.

    Args:
        left, right: the tables of an item-wise metric, or all tables of two trials, by name.
    """
    if isinstance(left, ItemScores) or isinstance(right, ItemScores):
        return (
            isinstance(left, ItemScores)
            and isinstance(right, ItemScores)
            and left.outputs is not None
            and right.outputs is not None
            and left.ids == right.ids
            and left.outputs == right.outputs
        )
    told = [name for name, table in left.items() if table.outputs is not None]
    return bool(told) and all(name in right and same_outputs(left[name], right[name]) for name in told)


def contents(outputs: Sequence[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    """One label per item, equal for items to which every trial gave the same long answer; None where few repeat.

    A model that answers two items alike in every trial was most likely asked the same thing twice.

    Args:
        outputs: of each trial, items in one order.
    """
    if not outputs or outputs[0] is None:
        return None
    labels = list(range(len(outputs[0])))
    for place, texts in enumerate(outputs):
        if texts is None:
            return None
        known: dict[object, int] = {}
        # An answer that says little never joins two items.
        keys = [
            (label if place else 0, text) if len(text) >= TELLING else (item,)
            for item, (label, text) in enumerate(zip(labels, texts, strict=True))
        ]
        labels = [known.setdefault(key, len(known)) for key in keys]
        if 1.5 * len(known) > len(labels):
            return None
    return tuple(f"content {label}" for label in labels)

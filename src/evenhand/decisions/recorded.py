"""What trials answered, as far as it was recorded: whether two gave the same, and which items share a content. Pure."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence

from evenhand.recipes.outcome import ItemScores

TELLING = 32
"""Answers shorter than this many characters repeat by chance."""


Answers = ItemScores | Mapping[str, ItemScores]
"""The table of an item-wise metric, or all tables of a trial by name."""


def same_outputs(pairs: Iterable[tuple[Answers, Answers]]) -> bool | None:
    """Whether both trials of each pair answered the same; None where not all of them recorded what they answered."""
    found = [_same(left, right) for left, right in pairs]
    if any(same is False for same in found):
        return False
    return True if found and None not in found else None


def _same(left: Answers, right: Answers) -> bool | None:
    told = _told(left, right)
    return all(one.ids == two.ids and one.outputs == two.outputs for one, two in told) if told else None


def identical_outputs(left: Answers, right: Answers) -> tuple[int, int] | None:
    """To how many items two trials answered the same, and of how many; None where not both kept answers to the same."""
    told = [(one.outputs or (), two.outputs or ()) for one, two in _told(left, right) if one.ids and one.ids == two.ids]
    if not told:
        return None
    return sum(sum(map(operator.eq, one, two)) for one, two in told), sum(len(one) for one, _ in told)


def _told(left: Answers, right: Answers) -> list[tuple[ItemScores, ItemScores]]:
    """The tables of two trials for which both recorded what they answered."""
    if isinstance(left, ItemScores) and isinstance(right, ItemScores):
        both = [(left, right)]
    else:
        assert not isinstance(left, ItemScores)
        assert not isinstance(right, ItemScores)
        both = [(left[name], right[name]) for name in left.keys() & right.keys()]
    return [(one, two) for one, two in both if one.outputs is not None and two.outputs is not None]


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

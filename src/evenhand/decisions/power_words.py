"""The words of what a claim can hope to find: why a figure is missing, and what a reader must know beside it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class WhyNone(StrEnum):
    """Why a figure of a plan is missing; a member is the fact, its value the words."""

    NO_MARGIN = "no margin was given"
    NO_GUESS = "no guess of that sd: give metric.sd, or run a null arm"
    ONE_SEED = "one seed shows no spread"
    NO_SEED_SPREAD = "the seed sd is 0: nothing to plan with"
    NO_ITEM_SPREAD = "no spread over items is known"
    SEEDS_NOT_SAMPLED = "scope checkpoint: seeds are not what is sampled; see the items needed"
    ITEMS_NOT_KNOWN = (
        "scope checkpoint: new items are what is sampled, and how many there are is not known before the run"
    )


NO_SPREAD = "not known: give metric.sd or --sd, or run a null arm or a screen"
"""Stands for the source of a spread that nobody knows."""

NO_ITEM_SPREAD_NOTE = (
    "No spread over items is known: the figures hold for as many items as the seed sd was measured on."
)
ONE_LOOK_NOTE = "Designs are those of one look, at the level of the last; what looks need stands in the table."


def item_spread_unknown(items: int) -> str:
    """Why new items promise nothing in the metric's unit: their spread is not known."""
    return f"scope checkpoint, {items} items: their spread is not known before the run"


def spread_source(source: str) -> str:
    """Where the spread behind a figure comes from."""
    return f"spread: {source}"


def guessed_source(sd: float) -> str:
    """A spread that the claim states."""
    return f"guessed seed sd {sd:g}"


def pairs_source(arm: str, condition: str, rung: str) -> str:
    """The pairs that a spread was measured on."""
    return f"pairs of '{arm}' in '{condition}' at rung '{rung}'"


def looks_note(level: float, looks: Sequence[int]) -> str:
    """At which level each planned look tests."""
    return f"Level {level:.3g} at each of the planned looks {list(looks)}."


def holm_note(level: float, verdicts: int) -> str:
    """Why a plan is at a stricter level than the claim's."""
    return (
        f"Planned at level {level:.2g}: Holm over {verdicts} verdicts tests the first of them so strictly, and "
        "which that will be is not known before the run."
    )

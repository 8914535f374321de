"""What two arms could spend, in the unit in which the log tells it, as a claim's budget."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenhand.audit.text.log import Row, Table
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.budgets.tables import is_budget

_UNITS = {
    "device_hours": (Pattern(r"(?:gpu|device|tpu|a100|h100)[\s_-]?h(?:ou)?rs?\b", re.IGNORECASE), 1.0),
    "steps": (Pattern(r"steps?\b|iter(?:s|ations?)?\b|updates?\b", re.IGNORECASE), 1.0),
    "tokens": (Pattern(r"tokens?\b", re.IGNORECASE), 1.0),
    "epochs": (Pattern(r"epochs?\b", re.IGNORECASE), 1.0),
    "flops": (Pattern(r"flops\b", re.IGNORECASE), 1.0),
    "examples": (Pattern(r"(?:examples|pairs)\b", re.IGNORECASE), 1.0),
    "seconds": (Pattern(r"sec(?:s|onds?)?\b|\(s\)|_s\b", re.IGNORECASE), 1.0),
    "minutes": (Pattern(r"min(?:s|utes)?\b", re.IGNORECASE), 60.0),
    "hours": (Pattern(r"h(?:ou)?rs?\b|\(h\)|_h\b", re.IGNORECASE), 3600.0),
}
"""Units by the words for them, the first that fits, with what one of them is of the claim's unit."""


@dataclass(frozen=True)
class Spent:
    """What the variant could spend, and the baseline, where the log tells both.

    Attributes:
        amount: of the variant, in the claim's unit.
        base_amount: of the baseline; None where it is not told.
        unit: as a claim has it.
    """

    amount: float
    base_amount: float | None
    unit: str


def spent_of(facts: Mapping[str, Any]) -> Spent | None:
    """What a finding of unequal budgets tells; None where it is in no unit that a claim has."""
    if "amount" not in facts or "base_amount" not in facts:
        return None
    kind = str(facts.get("kind", ""))
    word = str(facts.get("amount_unit") or facts.get("unit") or ("seconds" if kind == "time" else kind))
    return in_unit(word, float(facts["amount"]), float(facts["base_amount"]))


def spent_in(table: Table, own: list[Row], base: list[Row]) -> Spent | None:
    """The one amount of each arm's rows in a column of budgets, where there is such a column."""
    for place, name in enumerate(table.header):
        if not is_budget(name):
            continue
        told = [
            {found.value if (found := table.columns[place][table.rows.index(row)]) else None for row in rows}
            for rows in (own, base)
        ]
        mine, other = (one.pop() if len(one) == 1 else None for one in told)
        if mine and other and (spent := in_unit(name, mine, other)) is not None:
            return spent
    return None


def in_unit(word: str, amount: float, base: float) -> Spent | None:
    """Two amounts in the unit that a word or a column's name tells; None where it tells none that a claim has."""
    unit, factor = next(((unit, factor) for unit, (words, factor) in _UNITS.items() if words.search(word)), ("", 0.0))
    unit = "seconds" if unit in ("minutes", "hours") else unit
    return Spent(amount * factor, base * factor, unit) if unit and amount > 0 else None

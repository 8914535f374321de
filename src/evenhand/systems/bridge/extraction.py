"""Reading an answer out of what a model wrote: strict (the marked number) and flexible (the last number)."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_NUMBER = r"-?\$?\d[\d,]*(?:\.\d+)?"
_MARKED = re.compile(rf"####\s*({_NUMBER})")
_ANY = re.compile(_NUMBER)
_NEXT_QUESTION = re.compile(r"\n\s*(?:Q|Question)\s*:")


DIGITS = 400
"""A number of more digits is no answer to anything, and would take long to write out."""


def own_answer(text: str) -> str:
    """The model's answer alone: what it wrote before it went on to ask itself another question."""
    return _NEXT_QUESTION.split(text, maxsplit=1)[0]


def strict(text: str) -> str | None:
    """The number after the last ``####`` of the model's own answer, in plain form; None where there is none.

    The last, because a model that shows its attempts marks more than one; what follows a new question is not its
    answer.
    """
    found = _MARKED.findall(own_answer(text))
    return plain(found[-1]) if found else None


def flexible(text: str) -> str | None:
    """The marked number, or else the last number of the model's own answer; None where there is none."""
    marked = strict(text)
    if marked is not None:
        return marked
    found = _ANY.findall(own_answer(text))
    return plain(found[-1]) if found else None


def plain(number: str) -> str | None:
    """A number without signs of currency or thousands: ``$1,200.00`` becomes ``1200``; None where it is no number."""
    try:
        value = Decimal(number.replace(",", "").replace("$", "").rstrip("."))
    except InvalidOperation:
        return None
    if not value.is_finite() or abs(value.adjusted()) > DIGITS:
        return None
    return str(int(value)) if value == value.to_integral_value() else str(value.normalize())


def same(answer: str | None, gold: str) -> bool:
    """Whether an extracted answer is the gold number."""
    return answer is not None and answer == plain(gold)

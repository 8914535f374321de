"""How numbers stand in the sentences of findings."""

from __future__ import annotations

import math

from evenhand.audit.text.numbers import Number


def shown(value: float, decimals: int = 4) -> str:
    """A number without digits that say nothing, and with two that do."""
    if math.isnan(value):
        return "undefined"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if 0 < abs(value) < 0.01:
        decimals = max(decimals, 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if text not in ("-0", "") else "0"


def signed(value: float, decimals: int = 4) -> str:
    """The same with its sign."""
    return f"+{shown(value, decimals)}" if value > 0 else shown(value, decimals)


def printed(number: Number) -> str:
    """A number as it is printed."""
    unit = f" {number.unit}" if number.unit == "pp" else number.unit
    sign = "+" if number.signed and number.value > 0 else ""
    if abs(number.value) >= 1e15 or number.half < 0.4 * 10.0**-number.decimals:  # printed with an exponent
        return f"{sign}{number.value:g}{unit}"
    return f"{sign}{number.value:,.{number.decimals}f}{unit}"


def a_digit_off(told: Number, right: float) -> bool:
    """Whether a number differs from the right one in one digit, or has two of its digits in each other's place."""
    mine, other = (f"{abs(value):.{told.decimals}f}" for value in (told.value, right))
    differ = [place for place, pair in enumerate(zip(mine, other, strict=False)) if pair[0] != pair[1]]
    turned = len(differ) == 2 and sorted(mine) == sorted(other)
    return len(mine) == len(other) and (len(differ) == 1 or turned)


def rounded_off(told: Number, right: float) -> bool:
    """Whether a percentage is told in whole fives, as what is meant roughly is, and is the nearest to the right one."""
    return told.unit == "%" and not told.decimals and told.value % 5 == 0 and abs(abs(told.value) - abs(right)) <= 2.5


def chance(p: float) -> str:
    """A p-value."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3g}" if p < 0.2 else f"p = {p:.2f}"

"""Figures as people read them: signs, decimals that suit the margin, intervals, p-values, amounts, times, sizes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from evenhand.decisions.verdict import Interval

NONE = "–"
"""What stands where there is no value; the reason stands beside it."""

MINUS = "−"


def decimals_for(margin: float) -> int:
    """Decimal places at which a margin shows two significant digits: .02 gives 3, 1 gives 1, 15 gives 0."""
    if not math.isfinite(margin) or margin <= 0:
        return 3
    return min(max(1 - math.floor(math.log10(margin)), 0), 8)


def plain(value: float | None, decimals: int) -> str:
    """A value with fixed decimals and a true minus sign."""
    if value is None:
        return NONE
    if not math.isfinite(value):
        return str(value)
    text = f"{value:.{decimals}f}"
    return text.replace("-", MINUS) if float(text) else text.lstrip("-")


def signed(value: float | None, decimals: int) -> str:
    """A difference: as :func:`plain`, with a plus sign where it is above zero."""
    text = plain(value, decimals)
    return f"+{text}" if value is not None and value > 0 and math.isfinite(value) else text


def decimals_apart(bounds: Interval | None, margin: float, decimals: int) -> int:
    """Decimals at which no bound that is not the margin looks like it, where so many more do it: at most two."""
    if bounds is None or not math.isfinite(margin):
        return decimals
    for places in range(decimals, decimals + 3):
        if all(abs(end) == margin or plain(abs(end), places) != plain(margin, places) for end in bounds):
            return places
    return decimals


def interval(bounds: Interval | None, decimals: int) -> str:
    """Two signed bounds in square brackets."""
    return NONE if bounds is None else f"[{signed(bounds[0], decimals)}, {signed(bounds[1], decimals)}]"


def exact(value: float | None, digits: int = 6) -> str:
    """A value at the given number of significant digits, for readers who recompute."""
    return NONE if value is None else f"{value:.{digits}g}".replace("-", MINUS)


def p_value(value: float | None) -> str:
    """A p-value with three decimals and no leading zero, or ``< .001``."""
    if value is None:
        return NONE
    if value < 0.0005:
        return "< .001"
    return "1" if value > 0.9995 else f"{value:.3f}"[1:]


def true_minus(sentence: str) -> str:
    """A plain sentence with ``-0.8`` under a true minus, as in the tables beside it."""
    return re.sub(r"(?<![\w.)+])-(?=\.?\d)", MINUS, sentence)


def typeset(sentence: str) -> str:
    """A plain sentence with its signs set properly: ``-0.8`` with a true minus, ``6 x 256`` with a times sign."""
    return re.sub(r"(?<=[\w)]) x (?=\d)", " × ", true_minus(sentence)).replace(">=", "≥").replace("+-", "±")


def per_cent(share: float) -> str:
    """A share as per cent: .95 gives ``95 %``, .9725 gives ``97.25 %``."""
    return f"{100 * share:.4g} %"


def amount(value: float) -> str:
    """An amount with thousands separated; decimals only where they say something."""
    if not math.isfinite(value):
        return str(value)
    whole = abs(value - round(value)) < 1e-9 * max(1.0, abs(value))
    text = f"{round(value):,}" if whole or abs(value) >= 1000 else f"{value:.3g}"
    return text.replace("-", MINUS)


def amount_range(values: Sequence[float]) -> str:
    """Mean of some amounts, with their range where they differ; the dash where there are none."""
    if not values:
        return NONE
    low, high = min(values), max(values)
    mean = amount(math.fsum(values) / len(values))
    return mean if amount(low) == amount(high) else f"{mean} ({amount(low)} to {amount(high)})"


def duration(seconds: float) -> str:
    """A time span: ``0.42 s``, ``42.0 s``, ``3 min 20 s``, ``2 h 05 min``."""
    if not math.isfinite(seconds):
        return str(seconds)
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60:,} h {minutes % 60:02d} min"


def memory(size: float | None) -> str:
    """Bytes as MiB or GiB."""
    if size is None:
        return NONE
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"


def count(number: int, one: str, many: str = "") -> str:
    """``1 seed``, ``5 seeds``, ``1,200 items``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def seeds(values: Sequence[int]) -> str:
    """Seeds with runs drawn together: ``0–4, 7``."""
    runs: list[list[int]] = []
    for value in sorted(values):
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    parts = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs]
    return ", ".join(parts) or NONE

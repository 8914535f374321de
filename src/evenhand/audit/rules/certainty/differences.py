"""What differences over seeds show, in words: their interval, their signs, and runs among them that were cut short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenhand.audit.finding import Finding, line_of
from evenhand.audit.text.number_words import chance, shown

_LEVEL = 0.05


def shown_by(f: Mapping[str, Any]) -> str:
    """What an interval of differences shows, in words."""
    flips = f["sign_flip_p"]
    if float(f["low"]) <= 0 <= float(f["high"]):
        if flips is not None and float(flips) <= _LEVEL and f.get("of", 2) <= 2:
            return ", which holds 0: it shows no difference, though the flips of their signs do: values lie far apart"
        return ", which holds 0: no difference is shown, and none within it is excluded"
    if f.get("of", 2) > 2:
        return ""  # of several, chance makes the largest
    if float(f["sign_flip_least"]) > _LEVEL:
        shown_so = ", by the size of the differences, as so few signs show nothing"
        return f", which does not hold 0: a difference is shown{shown_so}"
    if flips is not None and float(flips) > _LEVEL:
        return ", which does not hold 0: a difference is shown by it, and none by the flips of their signs"
    return ", which does not hold 0: a difference is shown"


def of_signs(f: Mapping[str, Any]) -> str:
    """The test of the signs, where there are not too many to be flipped one by one."""
    p, least = f["sign_flip_p"], f["sign_flip_least"]
    return "" if p is None else f"; sign-flip {chance(p)} (least possible {shown(least)})"


def unfinished(finding: Finding) -> str:
    """That results of runs are among the values which did not come to their end."""
    ended = finding.facts.get("ended")
    if ended is None:
        return ""
    where = line_of((finding.place, *finding.others)[ended["at"]], finding.place)
    runs = "a run" if ended["runs"] == 1 else f"{ended['runs']} runs"
    return f" Among the values are results of {runs} that did not come to the end: '{ended['state']}' ({where})."

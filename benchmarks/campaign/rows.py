"""What a part of the campaign returns: one row per kind of attack, with how many were tried and how many were held."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One kind of attack.

    Attributes:
        area: "kills", "damage", "full disk", "fuzz" or "sandbox".
        what: the attack, in a few words.
        tried: how many times.
        held: how many times what is promised held.
        note: what else was counted, or what went wrong.
    """

    area: str
    what: str
    tried: int
    held: int
    note: str = ""

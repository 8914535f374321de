"""How arms are told apart in exhibits: colour, line style and mark, the same in every exhibit of a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evenhand.claims.resolve import ResolvedClaim
from evenhand.report.charts.drawing import DASHES

MARKS: tuple[tuple[str, str], ...] = (
    ("o", "M5 1a4 4 0 1 0 0 8a4 4 0 1 0 0-8z"),
    ("s", "M1.5 1.5h7v7h-7z"),
    ("D", "M5 .3 9.7 5 5 9.7 .3 5z"),
    ("^", "M5 .8 9.5 8.8h-9z"),
    ("v", "M5 9.2.5 1.2h9z"),
)
"""Marks: matplotlib's name, and the outline in a box of 10 x 10 for legends."""

_SLOTS = len(DASHES) - 1


@dataclass(frozen=True)
class ArmLook:
    """One arm on paper.

    Attributes:
        ink: of the style sheet.
        dash: index of the line style; with ``ink`` it tells arms apart within one panel of lines.
        mark: index of the mark; with ``ink`` it tells arms apart among points.
        known: whether it is an arm of the claim.
    """

    ink: str
    dash: int
    mark: int
    known: bool = True

    @property
    def outline(self) -> str:
        """The mark as path data in a box of 10 x 10."""
        return MARKS[self.mark][1]


def arm_looks(claim: ResolvedClaim, shown: Iterable[str]) -> dict[str, ArmLook]:
    """Arm to look: the baseline first, then four colours in the claim's order, again with another mark, and so on.

    Args:
        claim: whose arms have a colour.
        shown: names in the order in which exhibits show them; those that are not arms take the plain ink.
    """
    looks = {claim.baseline.name: ArmLook("arm-0", 0, 0)}
    for arm in claim.arms():
        if arm.name not in looks:
            family, slot = divmod(len(looks) - 1, _SLOTS)
            looks[arm.name] = ArmLook(f"arm-{slot + 1}", slot + 1, family % len(MARKS))
    known = len(looks)
    for name in shown:
        if name not in looks:
            place = len(looks) - known
            looks[name] = ArmLook("ink", place % len(DASHES), place % len(MARKS), known=False)
    return looks


def apart(arms: Sequence[str], looks: dict[str, ArmLook], always: str) -> list[list[str]]:
    """Arms put on as few panels as keep their lines apart; ``always`` is repeated on each, as the baseline is."""
    panels: list[list[str]] = []
    for arm in arms:
        if arm == always:
            continue
        look = (looks[arm].ink, looks[arm].dash)
        free = (p for p in panels if all((looks[a].ink, looks[a].dash) != look for a in p))
        panel = next(free, None)
        if panel is None:
            panels.append([arm])
        else:
            panel.append(arm)
    if always in arms:
        panels = [[always, *panel] for panel in panels] or [[always]]
    return panels

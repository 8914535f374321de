"""How each verdict kind is shown, wherever it is: its sign, its style, and what it says in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from evenhand.decisions.verdict import VerdictKind


@dataclass(frozen=True)
class Look:
    """One verdict kind on paper.

    Attributes:
        sign: a glyph that tells the kinds apart without colour.
        style: of rich, for terminals.
        meaning: what the verdict says, in a sentence.
    """

    sign: str
    style: str
    meaning: str


LOOKS: dict[VerdictKind, Look] = {
    VerdictKind.GAIN: Look("▲", "bold green", "Better than the baseline and than every rival, beyond chance."),
    VerdictKind.REGRESSION: Look("▼", "bold red", "Worse than the arm named, beyond chance."),
    VerdictKind.NO_EFFECT: Look("≈", "blue", "Shown to lie inside the margin: too small to matter."),
    VerdictKind.NO_OP: Look("≡", "blue", "Every paired output was recorded and is identical: the arm changes nothing."),
    VerdictKind.INCONCLUSIVE: Look(
        "?", "yellow", "These data cannot tell; neither an effect nor its absence is shown."
    ),
    VerdictKind.INVALID: Look(
        "×", "magenta", "The comparison is not a fair or a possible one, so no effect is stated."
    ),
    VerdictKind.PRUNED: Look("◁", "dim", "Screened out early; nothing is said about its effect."),
    VerdictKind.NOT_RUN: Look("○", "dim", "No estimate exists: the trials gave no scores."),
}
"""Every verdict kind, in the order in which legends list them."""

"""The words of a gate: why it holds, does not hold, or is not decided. Pure."""

from __future__ import annotations

from evenhand.decisions.gate_grounds import (
    FixedLate,
    Ground,
    IdenticalOutputs,
    LostTrials,
    LowerBound,
    NoBound,
    NoScoreDiffers,
    VerdictItself,
)


def ground_words(ground: Ground) -> str:  # noqa: PLR0911  one line a ground
    """Why a gate answers as it does, as a clause."""
    match ground:
        case VerdictItself(reason, title):
            return reason or f"the verdict is {title}"
        case IdenticalOutputs():
            return "every paired output is identical"
        case LostTrials(reasons):
            return f"one arm lost a trial ({'; '.join(reasons)}), and with it at its worst nothing is shown"
        case NoBound(reason):
            return reason or "there is no interval"
        case LowerBound(bound, margin, above, worse):
            said = f"the lower bound {bound:+.4g} {'lies' if above else 'does not lie'} above -{margin:g}"
            return f"worse, and {said}" if worse else said
        case NoScoreDiffers(share, unit, margin, excluded):
            could = "cannot" if excluded else "could"
            return f"no score differs; at most {share:.2%} of the {unit} may, which {could} be a loss of {margin:g}"
        case FixedLate(inner, fixed):
            late = f"the claim is {fixed}, so that its error rate is not known (--allow {fixed} lets it count)"
            return f"{ground_words(inner)}; but {late}"
    raise NotImplementedError(f"no sentence for {type(ground).__name__}")

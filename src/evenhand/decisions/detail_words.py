"""The names of a contrast's further figures: from facts to name and value, for readers who recompute. Pure."""

from __future__ import annotations

from evenhand.decisions.checkpoint_selection import ArmPeak, Chosen
from evenhand.decisions.details import Details
from evenhand.decisions.fault_words import steps_words

Figures = dict[str, float | str | None]


def detail_words(found: Details | None) -> Figures:
    """Name to value; empty where there is no estimate."""
    if found is None:
        return {}
    figures: Figures = {"method": found.method, "scope": found.scope, "signs over seeds": str(found.signs)}
    if found.components is not None:
        figures |= {
            "MS seeds": found.components.mean_square_seed,
            "MS items": found.components.mean_square_item,
            "MS residual": found.components.mean_square_residual,
        }
    if found.over_seeds is not None:
        low, high = found.over_seeds
        figures["paired t over seeds alone"] = f"{low:+.4g} to {high:+.4g}"
    if found.other is not None:
        figures[f"standard error ({found.other.name})"] = found.other.standard_error
        figures[f"degrees of freedom ({found.other.name})"] = found.other.df
    if found.betting_p is not None:
        figures["anytime-valid p (betting)"] = found.betting_p
    figures |= {f"note {i}": note for i, note in enumerate(found.notes, start=1)}
    if found.chosen:
        figures["selected checkpoints"] = "; ".join(_chosen(one) for one in found.chosen)
    for peak in found.peaks:
        figures |= _peak(peak)
    return figures


def _chosen(found: Chosen) -> str:
    return f"{found.arm}: step {steps_words(found.steps)}, each of {found.among}"


def _peak(found: ArmPeak) -> Figures:
    figures: Figures = {
        f"peak of {found.arm} over {found.evaluations} checkpoints (no result)": found.peak,
        f"expected inflation of the peak of {found.arm}": found.inflation,
    }
    if found.inflation is None:
        figures[f"why the inflation of the peak of {found.arm} is unknown"] = found.why_none
    return figures

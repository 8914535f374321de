"""Further figures of a contrast, for readers who recompute: facts; ``detail_words`` names them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from evenhand import statistics
from evenhand.decisions.checkpoint_selection import ArmPeak, Chosen


@dataclass(frozen=True)
class OtherError:
    """Standard error and degrees of freedom of the component that did not decide, by its name."""

    name: str
    standard_error: float | None
    df: float | None


@dataclass(frozen=True)
class Details:
    """What an estimate was computed from, beside what a verdict looks at.

    Attributes:
        method, scope: of the estimate.
        signs: differences above, at and below 0 over seeds.
        components: mean squares of seeds, items and residual; None where there is one seed or no items.
        over_seeds: interval of the paired t over seed means alone, where items count too; else None.
        other: standard error of the component that did not decide, or None.
        betting_p: anytime-valid p-value by betting; None where scores have no bounds.
        notes: what the procedure wants told, as sentences of its own.
        chosen: which checkpoints were selected; empty where the final ones are taken.
        peaks: the best checkpoints of both arms, where the final ones are judged and others are recorded.
    """

    method: str
    scope: str
    signs: statistics.SignCounts
    components: statistics.VarianceComponents | None = None
    over_seeds: tuple[float, float] | None = None
    other: OtherError | None = None
    betting_p: float | None = None
    notes: tuple[str, ...] = ()
    chosen: tuple[Chosen, ...] = ()
    peaks: tuple[ArmPeak, ...] = ()

    def with_peaks(self, *peaks: ArmPeak | None) -> Details:
        """The same with what is known of the best checkpoints."""
        return replace(self, peaks=tuple(peak for peak in peaks if peak is not None))


def details(found: statistics.PairedContrast, chosen: tuple[Chosen, ...]) -> Details:
    """What an estimate was computed from."""
    seeds = found.over_seeds.interval if found.scope == "recipe" and found.items else None
    other = found.primary.other if isinstance(found.primary, statistics.MeanEstimate) else None
    return Details(
        method=found.primary.method,
        scope=found.scope,
        signs=found.signs,
        components=found.components,
        over_seeds=None if seeds is None else (seeds.low, seeds.high),
        other=None if other is None else OtherError(other.name, other.standard_error, other.df),
        betting_p=None if found.betting is None else found.betting.p,
        notes=tuple(found.notes),
        chosen=chosen,
    )

"""The report of a comparison of runs, made of outcomes that no ledger holds; and ``eh.compare``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Literal, Self

from evenhand.errors import DataError
from evenhand.ledger.records import OutcomeRecord, Place
from evenhand.recipes.outcome import Execution
from evenhand.report.exhibits.make import make_item_exhibits, scored_trials
from evenhand.report.notebook.results import Result
from evenhand.report.page import render_report, write_report
from evenhand.running.comparison import Asked, Comparison, compare_runs
from evenhand.runs.exhibit import exhibits

PathLikeText = str | PathLike[str]


def records_of(found: Comparison) -> list[OutcomeRecord]:
    """The outcomes of a comparison as records; their place says that no ledger holds them."""
    return [
        OutcomeRecord(
            trial, found.outcomes[trial.id], Execution(), found.claim.hash, False, {}, Place("memory", i, trial.id)
        )
        for i, trial in enumerate(trial for rung in found.claim.claim.rungs for trial in found.claim.trials(rung))
    ]


def comparison_page(found: Comparison) -> str:
    """The report as one HTML document."""
    records = records_of(found)
    items = make_item_exhibits(found.claim, found.decision, records)
    shown = exhibits(scored_trials(found.claim, records))
    return render_report(
        found.claim, found.decision, records, text=found.text, items=items.exhibits, exhibits=shown,
        exhibit_faults=items.faults, ledger_notes=found.remarks,
    )  # fmt: skip


def save_comparison(found: Comparison, path: Path) -> Path:
    """Write the report of a comparison.

    Raises:
        DataError: it cannot be written.
    """
    try:
        return write_report(path, comparison_page(found))
    except OSError as error:
        raise DataError(
            f"The report {path} cannot be written: {error.strerror or error}; name another place."
        ) from error


@dataclass(frozen=True, repr=False)
class Compared(Result):
    """The answer of :func:`compare`: a decision that shows itself, with what it rests on.

    Attributes:
        comparison: the claim, the outcomes and the runs that were read.
    """

    comparison: Comparison = field(kw_only=True)

    @classmethod
    def on(cls, found: Comparison) -> Self:
        """A comparison that shows itself."""
        fields = {one.name: getattr(found.decision, one.name) for one in dataclasses.fields(found.decision)}
        return cls(**fields, resolved=found.claim, remarks=found.remarks, comparison=found)

    @property
    def scope(self) -> str:
        """What the answer holds for, as a sentence."""
        return self.comparison.scope

    def _head(self) -> str:
        return f"{self.claim}: {self.scope}"

    def save(self, path: PathLikeText) -> Path:
        """Write the report: one HTML file that works offline."""
        return save_comparison(self.comparison, Path(path).expanduser())


def compare(
    baseline: PathLikeText,
    *variants: PathLikeText,
    margin: float | None = None,
    metric: str | Sequence[str] = (),
    task: str | Sequence[str] = (),
    rival: PathLikeText | Sequence[PathLikeText] = (),
    null: PathLikeText = "",
    minimise: str | Sequence[str] = (),
    deterministic: str | Sequence[str] = (),
    allow: str | Sequence[str] = (),
    format: str = "",
    columns: Mapping[str, str] | None = None,
    budgets: Mapping[str, str] | None = None,
    pair_by: Literal["content", "id"] = "content",
    scope: Literal["", "recipe", "checkpoint"] = "",
    alpha: float = 0.05,
    name: str = "comparison",
) -> Compared:
    """Compare runs that exist. Nothing is run and nothing is written.

    Args:
        baseline, variants: files, folders, patterns with ``{seed}``, ``NAME=PATH``, ``PATH#MODEL`` or queries.
        margin: smallest difference that matters; one point of a share if None.
        metric: what is judged; the first one of the files if empty.
        task: tasks that are compared; all in common if empty.
        rival: what the variants must beat, too.
        null: a second run of the baseline.
        minimise: metrics of which less is better.
        deterministic: arms that no training seed changes.
        allow: what is not refused: ``prompt``, ``task``, ``partial``, ``errors``, ``numbers``.
        format, columns, budgets, pair_by: how files are read.
        scope: what the answer is to hold for.
        alpha: error rate.
        name: of the comparison.

    Raises:
        DataError: runs that are missing, damaged, stand twice, cannot be trusted or were not asked the same.
        EvenhandError: what is asked cannot be compared.
    """
    if not variants:
        raise DataError("Expected a baseline and a variant at least: compare('runs/base', 'runs/new').")
    found = compare_runs(
        Asked(
            baseline=str(baseline), variants=tuple(map(str, variants)), rivals=_texts(rival), null=str(null),
            metrics=_texts(metric), margin=margin, minimise=_texts(minimise), tasks=_texts(task), scope=scope,
            deterministic=_texts(deterministic), alpha=alpha, format=format, columns=dict(columns or {}),
            budgets=dict(budgets or {}), allow=_texts(allow), pair_by=pair_by, name=name,
        )
    )  # fmt: skip
    return Compared.on(found)


def _texts(given: PathLikeText | Sequence[PathLikeText]) -> tuple[str, ...]:
    return (str(given),) if isinstance(given, str | PathLike) else tuple(map(str, given))

"""What a trial returned: metrics, item scores, curves and the budget spent, or a failure with its class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


ASSET = "asset:"
"""Before the key of what trials build and share, among the data of an outcome; it follows from code and data."""

FailureClass = Literal["infrastructure", "resource", "data", "timeout", "code", "diverged"]
"""Why a trial gave no scores. Only ``diverged`` says anything about the model; the others are a machine's failures."""

Phase = Literal["import", "settings", "run", "report"]
"""How far a trial had come: importing the recipe, validating settings, running it, writing its outcome."""


@dataclass(frozen=True)
class Failure:
    """A trial without scores.

    Attributes:
        kind: the failure class.
        message: what happened, in a sentence.
        phase: how far the trial had come.
        detail: the traceback or the last lines of the trial's output, for a person to read.
    """

    kind: FailureClass
    message: str
    phase: Phase = "run"
    detail: str = ""


ItemColumn = Literal["outputs", "clusters", "inputs", "groups", "expected"]
"""What may be recorded of items beside their scores, one text for each."""

ITEM_COLUMNS: tuple[ItemColumn, ...] = get_args(ItemColumn)


@dataclass(frozen=True)
class ItemScores:
    """Scores per evaluation item: the raw material of every contrast.

    Attributes:
        ids: (I,) item identifiers, unique.
        scores: (I,) float64; several decodes of one item are averaged before they come here.
        outputs: (I,) what was answered, or None where the recipe records no answers.
        clusters: (I,) what items share that makes them alike (a document, a template), or None where items stand
            alone. The statistics count a cluster as one unit.
        inputs: (I,) what was asked, or None where it was not recorded.
        groups: (I,) kind of each item, by which reports show it (kind of question, number of bits), or None. No
            statistic of a verdict looks at it.
        expected: (I,) the right answer, or None where there is none or it was not recorded.
    """

    ids: tuple[str, ...]
    scores: NDArray[np.float64]
    outputs: tuple[str, ...] | None = None
    clusters: tuple[str, ...] | None = None
    inputs: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    expected: tuple[str, ...] | None = None

    def column(self, name: ItemColumn) -> tuple[str, ...] | None:
        """The texts of a column, or None where it was not recorded."""
        found: tuple[str, ...] | None = getattr(self, name)
        return found


@dataclass(frozen=True)
class Curve:
    """A value logged over training: (N,) steps and (N,) values."""

    steps: NDArray[np.float64]
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """The result of one trial.

    A recipe returns ``Outcome(metrics=...)``; the bench adds the items, curves and budget that passed through it.

    Attributes:
        metrics: name to value, higher or lower is better as the claim says.
        undefined: name to reason for metrics that this trial cannot give ("target performance never reached").
            A missing value with a reason, not a failure.
        items: name of an item-wise metric to its scores. The mean over the items is the metric of that name.
        curves: name to learning curve.
        spent: unit to amount, in every unit that the recipe reported (steps, tokens, examples, seconds).
        grain: unit to the largest amount spent at once: two budgets closer than this are equal.
        data: path or name of each data file that was read to its sha256.
        code: local source file that ran to its sha256, as it was when it was imported; empty where that is not known.
        packages: installed distribution that the code imports directly to its version.
        notes: short facts to show beside the result (effective gates, information ceilings, device and its reason).
        failure: set when there are no scores.
        draws: names of the random streams of the bench from which something was drawn; None where that is not known
            (a program's own randomness is not seen, and older records do not tell).
        pool: number of items in the pool from which the trial chose its own, None where it chose from none.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    undefined: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, ItemScores] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    spent: Mapping[str, float] = field(default_factory=dict)
    grain: Mapping[str, float] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    failure: Failure | None = None
    draws: tuple[str, ...] | None = None
    pool: int | None = None

    @property
    def is_result(self) -> bool:
        """Scores or a divergence: what says something about the model."""
        return self.failure is None or self.failure.kind == "diverged"

    def metric(self, name: str) -> float | None:
        """The value of a metric, taken from the item scores where these exist; None where it is undefined."""
        import numpy as np

        if name in self.items:
            return float(np.mean(self.items[name].scores))
        return self.metrics.get(name)


@dataclass(frozen=True)
class Files:
    """What an outcome was made by and from: local source files and data files, each with its sha256."""

    code: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)

    def differ(self, later: Files) -> bool:
        """Whether a later attempt was made by other code or from other data; what one does not know says nothing."""
        if self.code and later.code and self.code != later.code:
            return True
        return any(later.data.get(name, digest) != digest for name, digest in self.data.items())


@dataclass(frozen=True)
class Execution:
    """How a trial's process went: a fact about the machine, never about the model.

    Attributes:
        attempt: 1 for the first try of this trial in one run of the claim.
        started: UTC time of the start, ISO 8601.
        seconds: wall time of the trial's process.
        cpu_seconds: user and system time of the process.
        peak_memory_bytes: largest resident set, None where the system does not tell.
        exit_code: of the process, None where a signal ended it.
        signal: name of that signal ("SIGKILL"), or None.
        threads: CPU threads the trial was given.
        device: where it computed, with the reason ("cpu: no CUDA device").
    """

    attempt: int = 1
    started: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int | None = None
    exit_code: int | None = None
    signal: str | None = None
    threads: int = 1
    device: str = ""

"""A run: what one model left behind on one task, as far as its files tell; and the protocol of what reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from evenhand.recipes.contract import Metric

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Source:
    """Where a run was read.

    Attributes:
        path: of the file or folder, or the query to a tracker.
        sha256: of the file (of all files that were read, where there are several); empty where there is none.
        format: name of the reader.
        version: of the program or the format that wrote it, or empty.
        written: when the file was last written, seconds since 1970; None where that is not known.
    """

    path: str
    sha256: str
    format: str
    version: str = ""
    written: float | None = None


@dataclass(frozen=True)
class Amount:
    """What a run cost in one unit, and where that was read."""

    amount: float
    source: str


@dataclass(frozen=True)
class Items:
    """Per-item scores of one run.

    Attributes:
        ids: (I,) as the files name the items; unique.
        scores: metric to its (I,) scores; NaN where the item has none, for a reason that ``errors`` may give.
        contents: (I,) hash of each item as it was asked and is to be answered, or None where no content is recorded.
        prompts: (I,) hash of the whole prompt (template, examples and item), or None.
        outputs: metric to what was answered, (I,); metrics of one scorer share theirs.
        inputs: (I,) what was asked, cut short, or None.
        expected: (I,) the right answers, or None.
        groups: (I,) kind of each item, or None.
        clusters: (I,) what items share that makes them alike, or None.
        errors: item to why it was not scored.
    """

    ids: tuple[str, ...]
    scores: Mapping[str, Floats]
    contents: tuple[str, ...] | None = None
    prompts: tuple[str, ...] | None = None
    outputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inputs: tuple[str, ...] | None = None
    expected: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    clusters: tuple[str, ...] | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """What one model left behind on one task.

    Attributes:
        source: where it was read.
        task: what was evaluated; empty where the files do not say, or where only costs were recorded.
        task_version: all that must be equal for two runs to have had the same task, as one text.
        prompt: all but the items that makes up the prompt (shots, template, instruction), as one text.
        model: as the files name it, or empty.
        items: per-item scores, or None where only numbers were recorded.
        metrics: metric to the number that the files report.
        about: metric to its direction and range, where the files or the format tell.
        unusable: metric to why no contrast can be made of it.
        settings: shown beside the run.
        evaluation_seeds: name to seed of what was random in the evaluation.
        training_seed: of the model, where the files tell.
        budget: unit to what training the model cost.
        started, ended: UTC, ISO 8601; empty where not known.
        doubts: why the run is refused unless that is allowed, by kind: ``partial``, ``errors``, ``numbers``.
        remarks: harmless facts to show.
    """

    source: Source
    task: str = ""
    task_version: str = ""
    prompt: str = ""
    model: str = ""
    items: Items | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    about: Mapping[str, Metric] = field(default_factory=dict)
    unusable: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    evaluation_seeds: Mapping[str, int] = field(default_factory=dict)
    training_seed: int | None = None
    budget: Mapping[str, Amount] = field(default_factory=dict)
    started: str = ""
    ended: str = ""
    doubts: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Metrics that it has: item by item first, then those that are one number."""
        return tuple(dict.fromkeys([*(self.items.scores if self.items else ()), *self.metrics]))


class Certainty(IntEnum):
    """How sure a reader is that something is in its format."""

    NO = 0
    PERHAPS = 1
    LIKELY = 2
    SURE = 3


@dataclass(frozen=True)
class Options:
    """What a user says about files that do not say it themselves.

    Attributes:
        columns: role or metric to the name of its column or field.
        task: name of the task.
        budgets: unit to the name under which a tracker has it (``tokens`` to ``train/num_input_tokens_seen``).
        picked: model that is picked of several, as ``PATH#MODEL``; in a table it may be a column.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    task: str = ""
    budgets: Mapping[str, str] = field(default_factory=dict)
    picked: str = ""


@runtime_checkable
class Reader(Protocol):
    """What turns files of one format into runs; packages register theirs under the entry point ``evenhand.readers``."""

    @property
    def name(self) -> str:
        """Of the format, as ``--format`` takes it."""

    @property
    def about(self) -> str:
        """One line for people."""

    def recognises(self, path: Path) -> Certainty:
        """Whether a file or folder is in this format; cheap: names and first bytes."""

    def read(self, path: Path, options: Options) -> list[Run]:
        """The runs of a file or folder.

        Raises:
            DataError: all that is wrong with it, with file and line.
        """


@runtime_checkable
class Chooser(Reader, Protocol):
    """A reader that knows which of several files inside one folder stand for the others."""

    def chosen(self, paths: Sequence[Path]) -> Sequence[Path]:
        """Those of the files that count; what a user names himself is read in any case."""


@runtime_checkable
class Asker(Reader, Protocol):
    """A reader that asks a tracker, too."""

    def ask(self, query: str, options: Options) -> list[Run]:
        """The runs that a query finds; ``query`` is what stands behind ``NAME:``.

        Raises:
            DataError: the tracker cannot be reached, or finds nothing.
        """

"""What trackers have in common: a run is a configuration, the last value of each metric, and tables of items."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evenhand.data.reading import read_json, read_text
from evenhand.errors import DataError, shortened
from evenhand.recipes.contract import Metric
from evenhand.runs.checked import is_loss, likely_first, number, short, table, text_of, told_number
from evenhand.runs.run import Amount, Options, Run, Source
from evenhand.runs.tables import Columns, runs_of

USUAL_BUDGETS: Mapping[str, tuple[str, ...]] = {
    "steps": ("train/global_step", "trainer/global_step"),
    "tokens": ("train/num_input_tokens_seen",),
}
"""What trainers log of their own accord, by unit; anything else is named by the user."""

PROJECT = "evenhand.toml"
"""File of a project in which the names of costs stand once: ``[runs.budgets]``, ``tokens = "n_tokens"``."""

SEEDS = ("seed", "training_seed", "train_seed", "args/seed")


@dataclass(frozen=True)
class Tracked:
    """A run as a tracker has it.

    Attributes:
        name: that people gave it.
        source: where it was read.
        config: name to value.
        metrics: metric to its last value.
        tables: name to (columns, rows) of tables that were logged.
        status: in the tracker's words; empty where it has none.
        ended_well: whether that status is one of a run that ended well.
        started, ended: UTC, ISO 8601.
    """

    name: str
    source: Source
    config: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, tuple[Sequence[str], Sequence[Sequence[Any]]]] = field(default_factory=dict)
    status: str = ""
    ended_well: bool = True
    started: str = ""
    ended: str = ""


def runs_of_tracked(found: Tracked, options: Options) -> list[Run]:
    """The runs of one entry of a tracker: one for each table of items, or its numbers.

    Raises:
        DataError: a seed that is none, or a table of items that is damaged.
    """
    where = f"{found.source.path} (run '{found.name}')"
    numbers = {str(name): told for name, value in found.metrics.items() if (told := _number(value)) is not None}
    base = Run(
        source=found.source, model=found.name, training_seed=_seed(found.config, where),
        settings={key: short(text_of(value)) for key, value in found.config.items() if not str(key).startswith("_")},
        budget=_budget(found, numbers, options), started=found.started, ended=found.ended,
        doubts={} if found.ended_well else {"partial": f"{where} did not end well: {shortened(found.status)}"},
    )  # fmt: skip
    runs = []
    for name, (columns, rows) in found.tables.items():
        table = Columns(
            Path(f"{found.source.path}/{name}"),
            {str(column): [row[i] if i < len(row) else None for row in rows] for i, column in enumerate(columns)},
            range(1, len(rows) + 1),
        )
        if not rows or not _has_items(table, options):
            continue
        runs += [
            replace(
                base,
                task=options.task or run.task or name,
                items=run.items,
                about=run.about,
                doubts={**base.doubts, **run.doubts},
                remarks=(*base.remarks, *run.remarks),
            )
            for run in runs_of(table, options, found.source)
        ]
    if runs:
        return runs
    about = {name: Metric("minimise" if is_loss(name) else "maximise") for name in numbers}
    ordered = {name: numbers[name] for name in likely_first(numbers)}
    return [replace(base, metrics=ordered, about=about, task=options.task)]


def _has_items(table: Columns, options: Options) -> bool:
    """Whether a table that somebody logged is one of scored items: it names them, or the user says what does."""
    from evenhand.runs.tables import USUAL

    return "id" in options.columns or any(str(name).lower() in USUAL["id"] for name in table.values)


def _number(value: Any) -> float | None:
    return told_number(value) if isinstance(value, str) else number(value)


def _seed(config: Mapping[str, Any], where: str) -> int | None:
    for key in SEEDS:
        if config.get(key) in (None, ""):
            continue
        told = _number(config[key])
        if told is None or isinstance(config[key], bool) or told != int(told) or told < 0:
            raise DataError(f"{where}: the seed is {shortened(config[key])}; expected a whole number from 0 on.")
        return int(told)
    return None


def _budget(found: Tracked, numbers: Mapping[str, float], options: Options) -> dict[str, Amount]:
    """What training cost: under the names that the user gives, else what trainers log of their own accord."""
    budget = {}
    for unit in dict.fromkeys([*options.budgets, *USUAL_BUDGETS]):
        named = (options.budgets[unit],) if unit in options.budgets else USUAL_BUDGETS.get(unit, ())
        for key in named:
            told = _number(found.config[key]) if key in found.config else numbers.get(key)
            if told is not None and told >= 0:
                budget[unit] = Amount(told, f"{found.source.format}: {key}")
                break
    return budget


def project_budgets(folder: Path) -> dict[str, str]:
    """Unit to its name in trackers, from the project's ``evenhand.toml``; empty where there is none.

    Raises:
        DataError: the file is no TOML, or the names are no texts.
    """
    path = folder / PROJECT
    if not path.is_file():
        return {}
    try:
        document = tomllib.loads(read_text(path))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise DataError(f"{path}: no valid TOML ({error}).") from error
    runs = document.get("runs")
    found = runs.get("budgets", {}) if isinstance(runs, dict) else {}
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found.values()):
        raise DataError(f"{path}: [runs.budgets] must give each unit the name that it has in the tracker, as text.")
    return {str(unit): name for unit, name in found.items()}


def read_table(path: Path, where: str) -> tuple[list[str], list[list[Any]]]:
    """A table that a run logged: ``{"columns": [...], "data": [[...], ...]}``.

    Args:
        path: the file.
        where: names it for people.

    Raises:
        DataError: no such table.
    """
    document = read_json(path, strict=False)
    columns, rows = table(document).get("columns"), table(document).get("data")
    if not isinstance(columns, list) or not isinstance(rows, list) or not all(isinstance(r, list) for r in rows):
        raise DataError(f"{where}: no table: expected `columns` and `data`.")
    return list(map(str, columns)), rows


def missing_package(package: str, extra: str, what: str) -> DataError:
    """That a package is needed to read something."""
    return DataError(f"{what} needs the package '{package}': pip install 'evenhand[{extra}]'.")

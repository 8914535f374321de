"""Runs in tables: CSV, TSV, JSON lines, a JSON list or Parquet, a row for each item; a mapping says what columns are.

Roles are ``id``, ``input``, ``expected``, ``output``, ``group``, ``cluster``, ``epoch``, ``seed``, ``model``, ``task``
and ``error``; whatever else the mapping names is a metric. Without a mapping columns of usual names are taken for what
they are called, and every other column that holds numbers alone is a metric. ``PATH#NAME`` picks the rows of a model,
or, where no column names the models, the column of that name.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evenhand.data.json_rows import first_row, is_list, iter_json_rows
from evenhand.data.reading import check_file, read_text
from evenhand.errors import DataError, counted, shortened
from evenhand.recipes.contract import Metric
from evenhand.runs.checked import (
    SHARE,
    Faults,
    ScoreColumn,
    bounded,
    digest,
    is_loss,
    likely_first,
    number,
    short,
    source_of,
    text_of,
    told_number,
)
from evenhand.runs.run import Certainty, Floats, Items, Options, Run, Source

USUAL: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "item", "item_id", "doc_id", "sample_id", "question_id", "instance_id", "example_id", "qid"),
    "input": ("input", "prompt", "question", "inputs"),
    "expected": ("expected", "target", "reference", "answer", "label", "gold"),
    "output": ("output", "prediction", "pred", "response", "completion", "outputs"),
    "group": ("group", "category", "subject", "kind"),
    "cluster": ("cluster", "document", "passage_id"),
    "epoch": ("epoch", "repeat", "sample", "decode", "trial"),
    "seed": ("seed", "training_seed"),
    "model": ("model", "arm"),
    "task": ("task", "dataset", "benchmark"),
    "error": ("error",),
}
"""Roles of columns, and the names that they usually have."""

_WORDS = {
    **dict.fromkeys(("pass", "passed", "correct", "right", "yes", "success", "resolved"), 1.0),
    **dict.fromkeys(("fail", "failed", "incorrect", "wrong", "no", "failure", "unresolved"), 0.0),
}
"""Scores in words, of a column that the user says is one: in others they may be answers."""

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
}


@dataclass(frozen=True)
class Columns:
    """A table as columns of equal length, with the place of every row for errors.

    Attributes:
        path: the file.
        values: name to values; None where a row has nothing there.
        lines: number of each row as its file counts.
        as_text: values are texts, in which numbers stand written out.
    """

    path: Path
    values: Mapping[str, Sequence[Any]]
    lines: Sequence[int]
    as_text: bool = False

    def place(self, row: int) -> str:
        """File and line of a row."""
        return f"{self.path}:{self.lines[row]}"


class Tables:
    """Reader of tables."""

    name = "tables"
    about = "CSV, TSV, JSON lines, a JSON list or Parquet with a row for each item; --columns says what columns are"

    def recognises(self, path: Path) -> Certainty:
        """By the ending; anything may stand in such a file, so other readers go first."""
        if not path.is_file() or path.suffix.lower() not in _SUFFIXES:
            return Certainty.NO
        if path.suffix.lower() == ".json":  # which may be anything: a list whose entries name an item
            known = is_list(path) and {str(name).lower() for name in first_row(path)} & set(USUAL["id"])
            return Certainty.PERHAPS if known else Certainty.NO
        return Certainty.PERHAPS

    def read(self, path: Path, options: Options) -> list[Run]:
        """The runs of a table: one for each model, training seed and task in it.

        Raises:
            DataError: columns that are missing, items that stand twice, scores that are no numbers; with the line.
        """
        return runs_of(columns_of(path), options, source_of(path, READER.name))


def columns_of(path: Path, *, strict: bool = True) -> Columns:
    """Read a table; ``strict`` as in :func:`evenhand.data.reading.read_json_lines`.

    Raises:
        DataError: no sound table.
    """
    kind = _SUFFIXES.get(path.suffix.lower(), "csv")
    if kind == "parquet":
        return _parquet(path)
    return _json(path, strict) if kind == "json" else _text(path, "\t" if kind == "tsv" else ",")


def _text(path: Path, separator: str) -> Columns:
    reader = csv.reader(io.StringIO(read_text(path), newline=""), delimiter=separator)
    rows, lines = [], []
    try:
        names = next(reader, [])
        for row in reader:
            if row:
                if len(row) != len(names):
                    raise DataError(
                        f"{path}:{reader.line_num}: the row has {counted(len(row), 'field')}, the header {len(names)}."
                    )
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: no valid table ({error}).") from error
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        what = f"the column {shortened(twice[0])} stands twice" if twice else "there is no header"
        raise DataError(f"{path}:1: {what}; every column needs a name of its own.")
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return Columns(path, dict(zip(names, columns, strict=True)), lines, as_text=True)


def _json(path: Path, strict: bool) -> Columns:
    rows = list(iter_json_rows(path, strict=strict))
    for line, row in rows:
        if not isinstance(row, dict):
            raise DataError(f"{path}:{line}: expected an object with a field for each column; found {shortened(row)}.")
    names = dict.fromkeys(name for _, row in rows for name in row)
    return Columns(path, {name: [row.get(name) for _, row in rows] for name in names}, [line for line, _ in rows])


def _parquet(path: Path) -> Columns:
    check_file(path)
    import pyarrow
    import pyarrow.parquet

    try:
        found = pyarrow.parquet.read_table(path)
        columns = {name: found.column(name).to_pylist() for name in found.column_names}
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError, KeyError) as error:
        raise DataError(f"{path}: no sound Parquet file ({str(error).splitlines()[0][:200]}).") from error
    return Columns(path, columns, range(1, found.num_rows + 1))


@dataclass(frozen=True)
class _Roles:
    """Which column has which role, and which are metrics (metric to column)."""

    roles: Mapping[str, str]
    metrics: Mapping[str, str]
    said: bool = False
    """Whether the user says which columns are metrics."""
    model: str = ""
    """The model whose scores are a column of its name."""


def _roles(table: Columns, options: Options) -> _Roles:
    """The roles of the columns: as the user says, else by their usual names."""
    missing = [column for column in options.columns.values() if column not in table.values]
    if missing:
        held = ", ".join(map(str, table.values)) or "no column"
        raise DataError(f"{table.path}:1: there is no column {shortened(missing[0])}; found {held}.")
    given = {role: column for role, column in options.columns.items() if role in USUAL}
    lower = {str(name).lower(): str(name) for name in table.values}
    taken = set(options.columns.values())
    for role, names in USUAL.items():
        usual = next((lower[name] for name in names if name in lower and lower[name] not in taken), None)
        if role not in given and usual is not None:
            given[role] = usual
            taken.add(usual)
    metrics = {name: column for name, column in options.columns.items() if name not in USUAL}
    wide = "model" not in given and options.picked in table.values and not metrics
    if wide:
        metrics = {"score": options.picked}
    if not metrics:
        numbers = [name for name in table.values if name not in taken and _is_numbers(table, name)]
        metrics = {name: name for name in likely_first(numbers)}
    if "id" not in given:
        raise DataError(
            f"{table.path}:1: no column names the items ({', '.join(USUAL['id'])}); a row number does not pair two "
            "files. Say which does: --columns id=NAME."
        )
    if not metrics:
        raise DataError(f"{table.path}:1: no column holds scores; say which does: --columns accuracy=NAME.")
    said = wide or any(name not in USUAL for name in options.columns)
    return _Roles(given, metrics, said, options.picked if wide else "")


def _as_floats(table: Columns, name: str) -> Floats | None:
    """A column as numbers at once, which is quick; None where a value is none, and each must be looked at."""
    values = table.values[name]
    kinds = set(map(type, values))
    plain = (
        kinds <= {str} and not any("_" in value for value in values) if table.as_text else kinds <= {int, float, bool}
    )
    if not plain:
        return None
    try:
        found = np.asarray(values, dtype=np.float64)
    except (ValueError, OverflowError):
        return None
    return found if np.isfinite(found).all() else None


def _is_numbers(table: Columns, name: str) -> bool:
    """Whether most values of a column are numbers, so that one that is none is a fault of its row."""
    if len(table.lines) and _as_floats(table, name) is not None:
        return True
    values = table.values[name]
    convert = _converter(table)
    good = sum(convert(value) is not None for value in values)
    return good > 0 and 2 * good >= len(values)


def _converter(table: Columns) -> Callable[[Any], float | None]:
    return told_number if table.as_text else number


def runs_of(table: Columns, options: Options, source: Source) -> list[Run]:
    """The runs of a table that was read.

    Raises:
        DataError: as :meth:`Tables.read`.
    """
    if not table.lines:
        raise DataError(f"{table.path}: the table has no rows.")
    chosen = _roles(table, options)
    faults = Faults()
    runs = []
    for (model, seed, task), rows in _parts(table, chosen, faults).items():
        items, about = _items(table, chosen, rows, faults)
        told, its = _errors(table.path, items), options.task or task
        name = model or chosen.model
        runs.append(Run(source=source, task=its, model=name, training_seed=seed, items=items, about=about, **told))
    faults.check()
    return runs


def _about(name: str, scores: Floats) -> Metric:
    return SHARE if bounded(scores) else Metric("minimise" if is_loss(name) else "maximise")


def _errors(path: Path, items: Items) -> dict[str, Any]:
    """What errors make of a run: a doubt where they stand in place of scores, else a remark."""
    unscored, scored = list[str](), list[str]()
    for place, item in enumerate(items.ids) if items.errors else ():
        if item in items.errors:
            missing = any(np.isnan(scores[place]) for scores in items.scores.values())
            (unscored if missing else scored).append(f"{item}: {items.errors[item]}")
    found: dict[str, Any] = {}
    if unscored:
        count = counted(len(unscored), "item")
        found["doubts"] = {"errors": f"{path} has {count} with an error in place of a score ({unscored[0]})"}
    if scored:
        count = counted(len(scored), "item")
        found["remarks"] = (f"{path} has {count} with an error and a score, which counts ({scored[0]})",)
    return found


def _parts(table: Columns, chosen: _Roles, faults: Faults) -> dict[tuple[str, int | None, str], Sequence[int]]:
    """(model, training seed, task) to the rows that belong to it."""
    keys = [chosen.roles.get(role) for role in ("model", "seed", "task")]
    if keys == [None] * 3:
        return {("", None, ""): range(len(table.lines))}
    columns = [table.values[key] if key else [None] * len(table.lines) for key in keys]
    found: dict[tuple[str, int | None, str], list[int]] = {}
    whole: dict[Any, int | None] = {None: None, "": None}
    for row, (model, seed, task) in enumerate(zip(*columns, strict=True)):
        label = seed if isinstance(seed, str | int) else text_of(seed)
        if label not in whole and seed is not None:
            told = number(seed) if not isinstance(seed, str) else told_number(seed)
            if told is None or told != int(told) or told < 0 or isinstance(seed, bool):
                faults.add(table.place(row), f"the seed is {shortened(seed)}; expected a whole number from 0 on")
            whole[label] = int(told) if told is not None else None
        key = (_name(model), whole[label] if seed is not None else None, _name(task))
        found.setdefault(key, []).append(row)
    return dict(found)


def _name(value: Any) -> str:
    return "" if value is None else text_of(value)


def _items(table: Columns, chosen: _Roles, rows: Sequence[int], faults: Faults) -> tuple[Items, dict[str, Metric]]:
    """The items of one run, and its metrics; several decodes of an item are averaged."""

    whole = isinstance(rows, range)  # all rows of the table

    def texts(role: str) -> Sequence[str] | None:
        column = chosen.roles.get(role)
        if column is None:
            return None
        values = table.values[column]
        if whole and set(map(type, values)) <= {str}:
            return values
        return [_name(values[row]) for row in rows]

    ids = texts("id")
    assert ids is not None
    failed = texts("error")
    if not all(ids):
        for row in (row for row, item in zip(rows, ids, strict=True) if not item):
            faults.add(table.place(row), "the item has no id")
    first, order = _decodes(table, rows, ids, texts("epoch"), faults)
    known = {
        metric: _scores(table, name, metric, rows, failed, faults, words=chosen.said)
        for metric, name in chosen.metrics.items()
    }
    scores = {metric: _averaged(column, order, len(first)) for metric, column in known.items()}
    inputs, expected = texts("input"), texts("expected")
    outputs = texts("output")
    items = Items(
        ids=tuple(ids[i] for i in first),
        scores=scores,
        contents=None if inputs is None else tuple(digest(inputs[i], expected[i] if expected else "") for i in first),
        outputs={} if outputs is None else dict.fromkeys(scores, _joined(outputs, order, len(first))),
        inputs=_of(inputs, first), expected=_of(expected, first), groups=_of(texts("group"), first),
        clusters=_of(texts("cluster"), first),
        errors={item: why for item, why in zip(ids, failed or (), strict=False) if why},
    )  # fmt: skip
    return items, {metric: _about(metric, column) for metric, column in known.items()}


def _scores(
    table: Columns,
    name: str,
    metric: str,
    rows: Sequence[int],
    failed: Sequence[str] | None,
    faults: Faults,
    *,
    words: bool = False,
) -> Floats:
    """(R,) scores of the rows; NaN where a row has none for a reason that it gives; words may say right or wrong."""
    known = _as_floats(table, name) if failed is None else None
    if known is not None:
        return known[np.asarray(rows, dtype=np.int64)]
    column, values, convert = ScoreColumn(), table.values[name], _converter(table)
    for place, row in enumerate(rows):
        value = values[row]
        if failed is not None and failed[place] and value in (None, ""):
            column.skip()
        elif words and isinstance(value, str) and value.strip().lower() in _WORDS:
            column.add(_WORDS[value.strip().lower()], "")
        elif (told := convert(value)) is None:
            column.add(value if not isinstance(value, bool | int | float) else shortened(value), table.place(row))
        else:
            column.add(told, "")
    if column.judged(metric, faults):
        faults.add(table.place(rows[0]), f"the column '{name}' holds no numbers")
    return column.floats


def _of(values: Sequence[str] | None, chosen: Sequence[int]) -> tuple[str, ...] | None:
    if values is None:
        return None
    return tuple(map(short, values if len(chosen) == len(values) else [values[i] for i in chosen]))


def _decodes(
    table: Columns, rows: Sequence[int], ids: Sequence[str], epochs: Sequence[str] | None, faults: Faults
) -> tuple[Sequence[int], Sequence[int]]:
    """Place of the first row of each item, and for every row which item it is of."""
    if epochs is None and len(set(ids)) == len(ids):
        return range(len(ids)), range(len(ids))
    items: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    first, order = list[int](), list[int]()
    for place, item in enumerate(ids):
        key = (item, epochs[place] if epochs else "")
        if key in seen:
            what = f"the item {shortened(item)} stands twice" + (f" in epoch {key[1]}" if epochs else "")
            cure = "" if epochs else "; where these are repeated decodes, name their number: --columns epoch=NAME"
            faults.add(table.place(rows[place]), what + cure)
        seen.add(key)
        if item not in items:
            items[item] = len(items)
            first.append(place)
        order.append(items[item])
    return first, order


def _averaged(scores: np.ndarray[Any, np.dtype[np.float64]], order: Sequence[int], count: int) -> Any:
    """Means over the decodes of each item that have a score; NaN where none has."""
    if count == len(order):
        return scores
    known = ~np.isnan(scores)
    places = np.asarray(order, dtype=np.int64)
    total = np.bincount(places[known], weights=scores[known], minlength=count)
    number_ = np.bincount(places[known], minlength=count)
    with np.errstate(invalid="ignore"):
        return np.where(number_ > 0, total / np.maximum(number_, 1), np.nan)


def _joined(outputs: Sequence[str], order: Sequence[int], count: int) -> tuple[str, ...]:
    """What was answered to each item; the answers of several decodes one under the other."""
    if count == len(order):
        return tuple(map(short, outputs))
    found: list[list[str]] = [[] for _ in range(count)]
    for text, item in zip(outputs, order, strict=True):
        found[item].append(text)
    return tuple(short("\n".join(texts)) for texts in found)


READER = Tables()

"""The rows of a file of samples all at once, by DuckDB: ten times quicker than one after the other.

For files that are as lm-evaluation-harness writes them today. Of anything that is not, nothing is said here: whoever
reads row by row finds what is wrong, with its line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING, Any

import numpy as np

from evenhand.runs.checked import MOST_TEXT
from evenhand.runs.lm_eval_results import metric_name
from evenhand.runs.run import Floats, Items

if TYPE_CHECKING:
    import duckdb
    import pyarrow

_TAKEN = ("doc_id", "filter", "metrics", "doc_hash", "prompt_hash", "target_hash", "target", "arguments",
          "filtered_resps")  # fmt: skip
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_@.\-]*")
_PATTERN = frozenset("*?[]{}\\'")
"""What DuckDB takes for a pattern of names, or ends a text."""

_SHORT = "case when length({0}) <= {1} then {0} else left({0}, {1}) || ' ... [' || left(sha256({0}), 8) || ']' end"
_TYPES = {
    "doc_hash": "VARCHAR", "prompt_hash": "VARCHAR", "target_hash": "VARCHAR", "filter": "VARCHAR",
    "arguments": "STRUCT(gen_args_0 STRUCT(arg_0 VARCHAR))",
}  # fmt: skip
"""Of fields that may be read as what they should be; of others it matters what they are."""

_ANSWER = """case when starts_with(filtered_resps::varchar, '"') then filtered_resps->>'$'
    when starts_with(filtered_resps::varchar, '["') and json_array_length(filtered_resps) = 1
    then filtered_resps->>'$[0]' end"""
_TARGET = "case when starts_with(target::varchar, '\"') then target->>'$' end"


@dataclass(frozen=True)
class _Rows:
    """The rows of one filter, in their order; runs of the same task share what is equal."""

    ids: Sequence[str]
    contents: Sequence[str]
    prompts: Sequence[str]
    inputs: Sequence[str]
    outputs: Sequence[str]
    expected: Sequence[str]
    scores: Mapping[str, Floats]


def items_at_once(path: Path, first: Mapping[str, Any], told: Callable[[str, Any], str]) -> Items | None:
    """The items of a file of samples; None where it is in any way not as the harness writes it.

    Args:
        path: the file.
        first: its first row.
        told: makes a text of a field (``target``, ``filtered_resps``) that is none.
    """
    filters = _filters(path, first, told)
    if filters is None:
        return None
    rows = next(iter(filters.values()))
    scores: dict[str, Floats] = {}
    outputs: dict[str, tuple[str, ...]] = {}
    for filter_, one in filters.items():
        order = _order(rows.ids, one.ids)
        if order is None:
            return None
        answers = tuple(one.outputs) if order is _AS_IT_IS else tuple(one.outputs[i] for i in order)
        for name, values in one.scores.items():
            scores[metric_name(name, filter_)] = values if order is _AS_IT_IS else values[np.asarray(order)]
            outputs[metric_name(name, filter_)] = answers
    return Items(
        tuple(rows.ids), scores, tuple(rows.contents), tuple(rows.prompts), outputs, tuple(rows.inputs),
        tuple(rows.expected),
    )  # fmt: skip


_AS_IT_IS: Sequence[int] = ()


def _order(wanted: Sequence[str], ids: Sequence[str]) -> Sequence[int] | None:
    """Where each wanted id stands; None where they are not the same ids."""
    if wanted == ids:
        return _AS_IT_IS
    places = {key: place for place, key in enumerate(ids)}
    return [places[key] for key in wanted] if places.keys() == set(wanted) else None


def _filters(path: Path, first: Mapping[str, Any], told: Callable[[str, Any], str]) -> dict[str, _Rows] | None:
    """Filter to its rows."""
    names = first.get("metrics")
    if not isinstance(names, list) or not names or not all(isinstance(n, str) and _NAME.fullmatch(n) for n in names):
        return None
    if len({name.lower() for name in (*names, *_TAKEN)}) < len(names) + len(_TAKEN) or _PATTERN & set(str(path)):
        return None
    import duckdb

    try:
        with _database().cursor() as cursor:
            found = cursor.sql(_query(path.resolve(), names)).to_arrow_table().combine_chunks()
    except duckdb.Error:
        return None
    if not found.num_rows or not _sound(found, names):
        return None
    filters = _texts(found.column("filter"))
    kinds = dict.fromkeys(filters)
    if len(kinds) == 1:
        return _checked({filters[0]: _rows(found, names, told)})
    whole = np.asarray(filters)
    parts = {kind: found.take(np.flatnonzero(whole == kind)).combine_chunks() for kind in kinds}
    return _checked({kind: _rows(part, names, told) for kind, part in parts.items()})


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One in memory that holds nothing: a connection costs as much as the reading of thousands of rows."""
    import duckdb

    return duckdb.connect(config={"threads": 1})


def _query(path: Path, names: Sequence[str]) -> str:
    columns = ", ".join(f"'{name}': '{_TYPES.get(name, 'JSON')}'" for name in (*_TAKEN, *names))
    source = (
        f"read_json('{path}', format = 'newline_delimited', columns = {{{columns}}}, compression = 'none', "
        "hive_partitioning = false, union_by_name = false)"
    )
    scores = ", ".join(f'try_cast("{name}"::varchar as double) as "score {name}"' for name in names)
    short = {key: _SHORT.format(key, MOST_TEXT) for key in ("asked", "answer", "right_one")}
    return f"""
        select id, filter, metrics, content, prompt, {short["asked"]} as asked,
            {short["answer"]} as answered, {short["right_one"]} as expected,
            case when answer is null then raw_answer end as raw_answered,
            case when right_one is null then raw_target end as raw_expected,
            {", ".join(f'"score {name}"' for name in names)}
        from (
            select case when try_cast(doc_id::varchar as bigint) is not null then doc_id::varchar end as id,
                filter, metrics::varchar as metrics, arguments.gen_args_0.arg_0 as asked,
                case when length(doc_hash) = 64 and length(target_hash) = 64
                    then left(doc_hash, 16) || left(target_hash, 8) end as content,
                case when length(prompt_hash) = 64 then left(prompt_hash, 16) end as prompt,
                {_ANSWER} as answer, {_TARGET} as right_one,
                filtered_resps::varchar as raw_answer, target::varchar as raw_target, {scores}
            from {source}
        )
    """


def _sound(found: pyarrow.Table, names: Sequence[str]) -> bool:
    """Whether every row has all that it must, of the kind that it must be."""
    if any(found.column(name).null_count for name in ("id", "filter", "metrics", "asked", "content", "prompt")):
        return False
    if len(set(_texts(found.column("metrics")))) != 1:
        return False
    return all(
        not (column := found.column(f"score {name}")).null_count and np.isfinite(_floats(column)).all()
        for name in names
    )


def _checked(filters: dict[str, _Rows | None]) -> dict[str, _Rows] | None:
    """The filters, unless one of them has a field without a text or a document twice."""
    found = {name: rows for name, rows in filters.items() if rows is not None and len(set(rows.ids)) == len(rows.ids)}
    return found if len(found) == len(filters) else None


def _rows(found: pyarrow.Table, names: Sequence[str], told: Callable[[str, Any], str]) -> _Rows | None:
    outputs = _either(found, "answered", "filtered_resps", told)
    expected = _either(found, "expected", "target", told)
    if outputs is None or expected is None:
        return None
    return _Rows(
        _texts(found.column("id")), _texts(found.column("content")), _texts(found.column("prompt")),
        _texts(found.column("asked")), outputs, expected,
        {name: _floats(found.column(f"score {name}")) for name in names},
    )  # fmt: skip


def _either(found: pyarrow.Table, column: str, field: str, told: Callable[[str, Any], str]) -> Sequence[str] | None:
    """Texts as they are, other values in the words of ``told``; None where a row has neither."""
    texts = found.column(column)
    if not texts.null_count:
        return _texts(texts)
    raw = found.column(f"raw_{column}")
    made: dict[str, str] = {}
    result = []
    for text, value in zip(texts.to_pylist(), raw.to_pylist(), strict=True):
        if text is None:
            if value is None:
                return None
            if value not in made:
                made[value] = told(field, json.loads(value))
            text = made[value]
        result.append(text)
    return result


def _floats(column: pyarrow.ChunkedArray) -> Floats:
    """A column of floats without missing values; ``to_numpy`` would import pandas for the same."""
    return np.array(np.from_dlpack(column.combine_chunks()), dtype=np.float64)


def _texts(column: pyarrow.ChunkedArray) -> Sequence[str]:
    """A column of texts; runs of the same task, whose columns are equal, get the same object."""
    array = column.combine_chunks()
    _, offsets, data = array.buffers()
    start, end = array.offset, array.offset + len(array) + 1
    width = 8 if str(array.type).startswith("large") else 4
    ends = offsets.to_pybytes()[start * width : end * width]
    return _decoded(bytes(data) if data is not None else b"", ends, str(array.type))


@lru_cache(maxsize=32)
def _decoded(data: bytes, offsets: bytes, kind: str) -> tuple[str, ...]:
    import pyarrow

    count = len(offsets) // (8 if kind.startswith("large") else 4) - 1
    type_ = pyarrow.large_string() if kind.startswith("large") else pyarrow.string()
    array = pyarrow.Array.from_buffers(type_, count, [None, pyarrow.py_buffer(offsets), pyarrow.py_buffer(data)])
    return tuple(map(intern, array.to_pylist()))

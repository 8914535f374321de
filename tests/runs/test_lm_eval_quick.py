"""Reading all rows of lm-eval's samples at once says what reading them one by one says, or nothing at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenhand.data.json_rows import first_row
from evenhand.errors import DataError
from evenhand.runs import lm_eval as reader
from evenhand.runs.lm_eval_quick import items_at_once
from evenhand.runs.run import Items
from tests.mutations import json_mutations
from tests.runs.logs import TIME, lm_eval_row

ROWS = [lm_eval_row(i, float(i % 2)) for i in range(6)]
CHOICES = [[[-1.5, False], [-1e-07, True]]]


def both(path: Path) -> tuple[Items | None, Items | str]:
    try:
        slowly: Items | str = reader._items_one_by_one(path, {})
    except DataError as error:
        slowly = str(error)
    return items_at_once(path, first_row(path), reader._told), slowly


def written(folder: Path, rows: list[Any]) -> Path:
    path = folder / f"samples_arc_{TIME}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def assert_same(one: Items, other: Items) -> None:
    for column in ("ids", "contents", "prompts", "outputs", "inputs", "expected", "groups", "clusters", "errors"):
        assert getattr(one, column) == getattr(other, column), column
    assert one.scores.keys() == other.scores.keys()
    for name, scores in one.scores.items():
        np.testing.assert_array_equal(scores, other.scores[name])


def with_(**more: Any) -> list[dict[str, Any]]:
    return [row | more for row in ROWS]


@pytest.mark.parametrize(
    "rows",
    [
        ROWS,
        with_(acc=1e-300, metrics=["acc"]),
        with_(metrics=["acc", "acc_norm"], acc_norm=0.1 + 0.2),
        with_(filtered_resps=CHOICES, resps=[CHOICES]),
        with_(filtered_resps="a text", target=3),
        with_(filtered_resps=["one", "two"], target=["a", "b"]),
        with_(filtered_resps=["ü" * 300], target="☃" * 241, arguments={"gen_args_0": {"arg_0": "ß\n\t" * 200}}),
        [lm_eval_row(i, float(i == 1), filter_=f) for f in ("strict", "loose") for i in range(3)],
        [lm_eval_row(i, float(i == 1), filter_=f) for f, o in (("a", 1), ("b", -1)) for i in range(3)[::o]],
        ROWS[::-1],
    ],
    ids=["plain", "small", "two metrics", "choices", "numbers", "lists", "long", "filters", "filters in another order",
         "rows in another order"],
)  # fmt: skip
def test_what_the_harness_writes_is_read_at_once_and_alike(tmp_path: Path, rows: list[Any]) -> None:
    quickly, slowly = both(written(tmp_path, rows))
    assert quickly is not None
    assert isinstance(slowly, Items)
    assert_same(quickly, slowly)


@pytest.mark.parametrize(
    "rows",
    [
        with_(acc="0.5"),
        with_(acc=None),
        with_(acc=float("nan")),
        with_(acc=[1.0]),
        with_(doc_id="a"),
        with_(doc_id=1),
        with_(filter=None),
        with_(doc_hash=None),
        with_(arguments=None),
        with_(target=None),
        with_(metrics=[]),
        [*ROWS, lm_eval_row(6, 1.0, metric="f1")],
        [{key: value for key, value in row.items() if key != "prompt_hash"} for row in ROWS],
        [lm_eval_row(i, 1.0, filter_=f) for f, count in (("a", 3), ("b", 2)) for i in range(count)],
        [],
        [*ROWS, 3],
    ],
)
def test_of_anything_else_nothing_is_said_at_once(tmp_path: Path, rows: list[Any]) -> None:
    assert both(written(tmp_path, rows))[0] is None


@pytest.mark.parametrize("name", ["samples_a[0]_*.jsonl", "samples_it's.jsonl"])
def test_a_name_that_is_a_pattern_is_read_row_by_row(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, ROWS).rename(tmp_path / name)
    quickly, slowly = both(path)
    assert quickly is None
    assert isinstance(slowly, Items)


@pytest.mark.slow  # a hundred files, each read in both ways
def test_damage_is_never_read_at_once_as_something_else(tmp_path: Path) -> None:
    agreed = 0
    for damaged in json_mutations(ROWS[1], 150):
        quickly, slowly = both(written(tmp_path, [ROWS[0], json.loads(damaged), *ROWS[2:]]))
        if quickly is not None:
            assert isinstance(slowly, Items), slowly
            assert_same(quickly, slowly)
            agreed += 1
    assert agreed > 10

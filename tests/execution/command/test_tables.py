"""Tables of items as programs write them: every format the same rows; whatever is wrong is one sentence."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from evenhand.errors import DataError, Diverged
from evenhand.execution.command.numbers import read_numbers
from evenhand.execution.command.printed import pairs, table
from evenhand.execution.command.results import files_at, read_results, states
from evenhand.execution.command.settings import Results
from evenhand.execution.command.tables import TABLES, read_table
from evenhand.runs.run import Run
from tests.mutations import assert_only_data_errors, mutations
from tests.runs.logs import lm_eval

ROWS = [
    {"id": f"q{i}", "acc": i % 2, "loss": 0.5 * i, "pred": f"a{i % 3}", "label": "a0", "subject": "x"} for i in range(8)
]


def sound(format: str) -> bytes:
    if format in ("csv", "tsv"):
        mark = "," if format == "csv" else "\t"
        lines = [mark.join(ROWS[0]), *(mark.join(map(str, row.values())) for row in ROWS)]
        return "\n".join(lines).encode()
    if format == "jsonl":
        return "\n".join(map(json.dumps, ROWS)).encode()
    if format == "json":
        return json.dumps(ROWS).encode()
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), sink)
    return sink.getvalue()


@pytest.mark.parametrize("format", TABLES[1:])
def test_every_format_gives_the_same_items(tmp_path: Path, format: str) -> None:
    path = tmp_path / f"t.{format}"
    path.write_bytes(sound(format))
    (run,) = read_table(path, format, {}, {"right": "pred == label", "acc": "acc"})
    assert run.items is not None
    assert run.items.ids == tuple(f"q{i}" for i in range(8))
    assert run.items.scores["acc"].tolist() == [0, 1] * 4
    assert run.items.scores["right"].tolist() == [1, 0, 0, 1, 0, 0, 1, 0]
    assert run.items.groups == ("x",) * 8
    assert run.items.outputs["acc"][:3] == ("a0", "a1", "a2")
    (plain,) = read_table(path, format, {}, {})
    assert plain.items is not None
    assert set(plain.items.scores) == {"acc", "loss"}


@pytest.mark.parametrize("format", TABLES[1:])
def test_a_damaged_table_is_a_data_error_and_nothing_else(tmp_path: Path, format: str) -> None:
    def read(path: Path) -> list[Run]:
        try:
            return read_table(path, format, {}, {"acc": "acc"})
        except Diverged as error:  # a score that was made infinite
            raise DataError(str(error)) from error

    refused, accepted = assert_only_data_errors(read, mutations(sound(format)), tmp_path / f"t.{format}")
    assert refused > 50
    assert refused + accepted == 500


@pytest.mark.parametrize(
    ("text", "columns", "scores", "words"),
    [
        ("id,acc\na,1\nb,nan\n", {}, {"acc": "acc"}, r"t.csv:3: .*nan"),
        ("id,acc\na,1\na,0\n", {}, {}, r"t.csv:3: the item 'a' stands twice; .* results.columns.epoch = \"COLUMN\""),
        ("row,acc\na,1\n", {}, {}, r"t.csv:1: no column names the items .* results.columns.id = \"COLUMN\""),
        ("id,acc\na,1\n", {"id": "key"}, {}, r"t.csv:1: there is no column 'key'; found id, acc"),
        ("id,acc\na,1\n", {}, {"acc": "a == b"}, r"t.csv:1: no column 'a' for results.scores.acc; found id, acc"),
        ("id,word\na,x\n", {}, {}, r"no column holds scores; .* results.scores.accuracy = .*prediction == label"),
        ("id,acc\n", {}, {}, "the table has no rows"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_place(
    tmp_path: Path, text: str, columns: dict[str, str], scores: dict[str, str], words: str
) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=words):
        read_table(tmp_path / "t.csv", "csv", columns, scores)


def test_a_file_of_numbers_gives_metrics(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"eval": {"accuracy": 0.5, "name": "x"}, "loss": 2, "ok": true}')
    assert read_numbers(tmp_path / "m.json") == {"eval.accuracy": 0.5, "loss": 2}
    how = Results(format="metrics", scores={"accuracy": "eval.accuracy"})
    assert read_results(how, "m.json", tmp_path, {}).metrics == {"accuracy": 0.5}
    with pytest.raises(DataError, match=r"no number 'f1' for `results.scores`; it has eval.accuracy, loss"):
        read_results(Results(format="metrics", scores={"f": "f1"}), "m.json", tmp_path, {})


def test_what_lm_eval_writes_is_read_as_the_runs_of_others_are(tmp_path: Path) -> None:
    lm_eval(tmp_path / "eval", [1.0, 0.0, 1.0], model="x")
    found = read_results(Results(format="lm_eval"), "eval", tmp_path, {})
    assert found.items["acc"].scores.tolist() == [1.0, 0.0, 1.0]
    assert "samples_" in found.files
    named = read_results(Results(format="lm-eval", scores={"accuracy": "acc"}), "eval", tmp_path, {})
    assert named.items.keys() == {"accuracy"}


def test_what_an_earlier_attempt_left_in_the_same_folder_is_left_out(tmp_path: Path) -> None:
    lm_eval(tmp_path / "eval", [1.0, 0.0, 1.0], model="x")
    before = states(files_at("eval", tmp_path))
    with pytest.raises(DataError, match="What is there was written before it began"):
        read_results(Results(format="lm_eval"), "eval", tmp_path, before)
    (tmp_path / "eval" / "more").mkdir()
    lm_eval(tmp_path / "eval" / "more", [0.0, 0.0, 1.0], model="x")
    found = read_results(Results(format="lm_eval"), "eval", tmp_path, states(files_at("eval/*.json*", tmp_path)))
    assert found.items["acc"].scores.tolist() == [0.0, 0.0, 1.0]


def test_a_format_that_nothing_reads_is_said_with_those_that_are_there() -> None:
    with pytest.raises(
        ValueError, match=r"There is no format 'wandb2'; did you mean 'wandb'.* reads: lm_eval, .* csv, tsv"
    ):
        Results(format="wandb2")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("step=10 loss=2.5 lr=1e-05", {"step": 10, "loss": 2.5, "lr": 1e-05}),
        ("epoch: 3, val/loss: .25", {"epoch": 3, "val/loss": 0.25}),
        ("at 10:42:01 loss=1.5s file=a.b", {}),
        ("ratio=1/2 loss=-3", {"ratio": 1, "loss": -3}),
    ],
)
def test_pairs_of_names_and_numbers_are_found_in_a_line(line: str, found: dict[str, float]) -> None:
    assert pairs(line) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('{"step": 1, "loss": 2.5, "name": "x", "ok": true}', {"step": 1, "loss": 2.5}),
        ("{'loss': '2.31', 'grad_norm': 1.5, 'epoch': '0.1'}", {"loss": 2.31, "grad_norm": 1.5, "epoch": 0.1}),
        ("{open}", {}),
        ("[1, 2]", {}),
        ("{1, 2}", {}),
    ],
)
def test_a_line_of_json_or_of_the_trainer_gives_its_numbers(line: str, found: dict[str, float]) -> None:
    assert table(line) == found

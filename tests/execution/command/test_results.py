"""What a program's own files say: metrics that left the finite numbers have diverged, as those of a recipe have."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.errors import DataError, Diverged
from evenhand.execution.command.printed import last_object
from evenhand.execution.command.results import ProgramResults, read_results
from evenhand.execution.command.settings import Results


def read(folder: Path, name: str, text: str, scores: dict[str, str]) -> ProgramResults:
    (folder / name).write_text(text)
    format = "metrics" if name.startswith("m.") else name.partition(".")[2]
    return read_results(Results(format=format, path=f"{{workdir}}/{name}", scores=scores), name, folder, {})


@pytest.mark.parametrize(
    ("name", "text", "scores"),
    [
        ("m.json", '{"accuracy": NaN}', {}),
        ("m.json", '{"accuracy": Infinity, "steps": 3}', {}),
        ("m.json", '{"eval": {"accuracy": -Infinity}}', {"accuracy": "eval.accuracy"}),
        ("m.json", '{"accuracy": 1e999}', {}),
        ("t.csv", "id,accuracy\na,nan\nb,NaN\n", {"accuracy": "accuracy"}),
        ("t.csv", "id,accuracy\na,nan\nb,nan\n", {}),
        ("t.csv", "id,accuracy\na,0.5\nb,-inf\n", {"accuracy": "accuracy"}),
        ("t.csv", "id,accuracy\na,0.5\nb,inf\n", {}),
        ("t.tsv", "id\taccuracy\na\tInfinity\n", {}),
        ("t.jsonl", '{"id": "a", "accuracy": NaN}\n{"id": "b", "accuracy": NaN}\n', {"accuracy": "accuracy"}),
        ("t.jsonl", '{"id": "a", "accuracy": 1}\n{"id": "b", "accuracy": Infinity}\n', {}),
        ("t.json", '[{"id": "a", "accuracy": NaN}]', {}),
    ],
)
def test_a_metric_that_is_no_finite_number_has_diverged(
    tmp_path: Path, name: str, text: str, scores: dict[str, str]
) -> None:
    with pytest.raises(Diverged, match=r"'accuracy'|'eval.accuracy'"):
        read(tmp_path, name, text, scores)


@pytest.mark.parametrize(
    ("name", "text", "scores", "words"),
    [
        ("m.json", '{"accuracy": 0.5, "norm": NaN}', {"accuracy": "accuracy"}, "NaN is no number"),
        ("t.csv", "id,accuracy\na,0.5\nb,nan\n", {"accuracy": "accuracy"}, "t.csv:3: .*no number"),
        ("t.jsonl", '{"id": "a", "accuracy": 1, "norm": NaN}\n', {"accuracy": "accuracy"}, "NaN is no number"),
        ("t.jsonl", '{"id": "a", "accuracy": 1}\n{"id": "b", "accuracy": NaN}\n', {}, "NaN is no number"),
    ],
)
def test_nan_in_what_is_no_metric_or_in_some_items_is_a_fault_of_the_file(
    tmp_path: Path, name: str, text: str, scores: dict[str, str], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        read(tmp_path, name, text, scores)


def test_numbers_beside_the_named_metrics_may_be_infinite_in_tables(tmp_path: Path) -> None:
    text = "id,accuracy,norm\na,0.5,inf\nb,1,nan\n"
    found = read(tmp_path, "t.csv", text, {"accuracy": "accuracy"})
    assert found.items["accuracy"].scores.tolist() == [0.5, 1.0]


def test_a_file_that_was_not_written_is_named_as_the_claim_names_it(tmp_path: Path) -> None:
    how = Results(format="metrics", path="{workdir}/out/m.json")
    with pytest.raises(DataError, match=r"wrote nothing at \{workdir\}/out/m.json. Mend `results.path`"):
        read_results(how, str(tmp_path / "out" / "m.json"), tmp_path, {})


@pytest.mark.parametrize("printed", ['{"accuracy": 0.5}', '{"accuracy": NaN}'])
def test_metrics_that_were_printed_in_place_of_written_are_found_and_the_cure_is_said(
    tmp_path: Path, printed: str
) -> None:
    how = Results(format="metrics", path="{workdir}/m.json")
    with pytest.raises(DataError, match=r'results.path = "-" reads that, or settings.shell = "... > {workdir}/m.json"'):
        read_results(how, "m.json", tmp_path, {}, printed)


def test_the_path_of_standard_output_reads_what_was_printed_last(tmp_path: Path) -> None:
    how = Results(format="metrics", path="-", scores={"accuracy": "eval.acc"})
    found = read_results(how, "-", tmp_path, {}, '{"eval": {"acc": 0.5}}')
    assert (found.metrics, found.files) == ({"accuracy": 0.5}, "its standard output")
    with pytest.raises(Diverged, match=r"'eval.acc' in its standard output is nan"):
        read_results(how, "-", tmp_path, {}, '{"eval": {"acc": NaN}}')
    with pytest.raises(DataError, match=r"printed no JSON object. Let it print one at its end"):
        read_results(how, "-", tmp_path, {}, "")


def test_standard_output_is_read_for_metrics_alone() -> None:
    with pytest.raises(ValueError, match=r'and the format is "metrics"; put tables into a file'):
        Results(format="csv", path="-")


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (['{"a": 1}', "step 2", '{"a": 2}', "done"], '{"a": 2}'),
        (["loss: {", "{", '  "a": {', '    "b": 1', "  }", "}"], '{\n  "a": {\n    "b": 1\n  }\n}'),
        (["{'loss': 0.5}", "all done"], ""),
        (['{"a": NaN}', "{no json"], '{"a": NaN}'),
        ([], ""),
    ],
)
def test_the_last_json_object_of_the_output_is_found_on_one_line_or_on_several(lines: list[str], found: str) -> None:
    assert last_object(lines) == found

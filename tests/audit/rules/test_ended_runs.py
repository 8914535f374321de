"""Runs that did not come to their end by their own record: told as such, and among the values that are compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs

HEAD = "arm,seed,{},acc\n"
ROWS = (
    "baseline,0,{0},0.712\nbaseline,1,{0},0.708\nbaseline,2,{1},{2}\nbaseline,3,{0},0.715\n"
    "wide,0,{0},0.731\nwide,1,{0},0.719\nwide,2,{0},0.730\nwide,3,{0},0.722\n"
)


def found_in(path: Path, rule: str) -> list[Finding]:
    return [one for one in audit(open_logs([path]), hints=True) if one.rule == rule]


def written(folder: Path, name: str, *cells: str) -> Path:
    path = folder / "runs.csv"
    path.write_text(HEAD.format(name) + ROWS.format(*cells))
    return path


@pytest.mark.parametrize("state", ["killed: time limit", "crashed", "failed", "OOM", "CUDA out of memory", "timeout"])
def test_a_result_of_a_run_that_was_cut_short_is_told_and_named_among_the_values(tmp_path: Path, state: str) -> None:
    path = written(tmp_path, "status", "finished", state, "0.702")
    (told,) = found_in(path, "infrastructure")
    assert (told.level, told.place.line, told.quote) == ("note", 4, state)
    assert f"('{state}'), with results all the same: " in sentence(told)
    (one,) = found_in(path, "recomputed")
    assert sentence(one).endswith(
        f" Among the values are results of a run that did not come to the end: '{state}' (line 4)."
    )
    assert 4 in [place.line for place in one.others]


def test_a_run_without_a_result_is_told_and_the_seed_that_its_arm_lacks(tmp_path: Path) -> None:
    path = written(tmp_path, "state", "finished", "crashed", "")
    (told,) = found_in(path, "infrastructure")
    assert "A run did not come to its end by its own record ('crashed') and has no result" in sentence(told)
    (one,) = found_in(path, "recomputed")
    assert "3 differences (of 4 seeds; the others lack a value)" in sentence(one)
    assert "Among the values" not in sentence(one)


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("status", ("finished", "finished", "0.702")),
        ("status", ("failed", "finished", "0.702")),  # the most of them: no record of runs that ended early
        ("state", ("done", "early stopped", "0.702")),
        ("answer", ("right", "failed", "0.702")),
        ("note", ("", "crashed once, then finished", "0.702")),
    ],
)
def test_what_says_nothing_of_a_run_that_was_cut_short(tmp_path: Path, name: str, cells: tuple[str, ...]) -> None:
    path = written(tmp_path, name, *cells)
    assert found_in(path, "infrastructure") == []
    assert "Among the values" not in sentence(found_in(path, "recomputed")[0])


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        ("item,status,score", ("a,passed,0.9", "b,failed,0.1", "c,passed,0.8")),
        ("name,status,runtime,score", ("a,passed,7,0.9", "b,failed,8,0.1", "c,passed,7,0.8")),
        ("seed,question,status,score", ("1,a,passed,0.9", "1,b,failed,0.1", "1,c,passed,0.8")),
    ],
)
def test_items_that_failed_are_no_runs(tmp_path: Path, head: str, rows: tuple[str, ...]) -> None:
    path = tmp_path / "items.csv"
    path.write_text("\n".join((head, *rows, "")))
    assert found_in(path, "infrastructure") == []


def test_an_export_of_runs_with_a_clock_needs_no_arms(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(
        '"Name","State","Runtime","lr","test/acc"\n"one","finished","1822","0.1","0.83"\n'
        '"two","crashed","400","0.2",""\n"three","crashed","401","0.2","0.71"\n"four","finished","1801","0.3","0.84"\n'
    )
    (told,) = found_in(path, "infrastructure")
    assert (told.place.line, [place.line for place in told.others]) == (3, [4])
    assert "2 runs did not come to their end by their own record ('crashed'), 1 of them with results" in sentence(told)


def test_a_summary_of_a_folder_that_says_so_is_named_with_its_file(tmp_path: Path) -> None:
    for arm, plus in (("control", 0.0), ("wide", 0.01)):
        for seed, accuracy in enumerate((0.612, 0.634, 0.645)):
            told: dict[str, object] = {"arm": arm, "seed": seed, "accuracy": accuracy + plus * seed}
            told |= {"status": "killed: time limit"} if (arm, seed) == ("control", 2) else {}
            (tmp_path / f"{arm}_{seed}.json").write_text(json.dumps(told, indent=1))
    killed = str(tmp_path / "control_2.json")
    (told_of,) = found_in(tmp_path, "infrastructure")
    assert (told_of.place.file, told_of.place.line) == (killed, 5)
    (one,) = found_in(tmp_path, "recomputed")
    assert sentence(one).endswith(f"did not come to the end: 'killed: time limit' ({killed}:4).")

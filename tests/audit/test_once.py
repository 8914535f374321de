"""One fact is told once: by one rule, with all that it rests on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding, Place
from evenhand.audit.once import told_once
from evenhand.audit.reading.opened import open_logs

HEAD = "arm,seed,acc,f1,loss\n"
BASE = "baseline,0,0.7125,0.6904,2.8841\nbaseline,1,0.7083,0.6842,2.8758\nbaseline,2,0.7151,0.6993,2.8849\n"
OTHER = "wide,0,0.7302,0.7104,2.8141\nwide,1,0.7294,0.7042,2.8058\nwide,2,0.7363,0.7193,2.8149\n"


def found_in(folder: Path, name: str, text: str, *rules: str) -> list[Finding]:
    (folder / name).write_text(text)
    return [one for one in audit(open_logs([folder / name]), hints=True) if one.rule in rules]


def test_an_arm_that_changed_nothing_is_one_finding_that_names_its_metrics(tmp_path: Path) -> None:
    text = HEAD + BASE + OTHER + BASE.replace("baseline", "deep")
    (one,) = found_in(tmp_path, "runs.csv", text, "no-op", "twin-arms")
    assert "'deep' has the 3 results of 'baseline' in acc, f1 and loss to the last digit" in sentence(one)
    assert [(place.line, place.text[:4]) for place in (one.place, *one.others)] == [(8, "deep"), (2, "base")]


def test_an_arm_that_has_the_results_of_another_variant_is_still_told(tmp_path: Path) -> None:
    text = HEAD + BASE + OTHER + OTHER.replace("wide", "deep")
    (one,) = found_in(tmp_path, "runs.csv", text, "no-op", "twin-arms")
    assert (one.rule, one.facts["one"], one.facts["other"]) == ("twin-arms", "wide", "deep")


def test_equal_rows_of_a_table_in_words_are_told_once(tmp_path: Path) -> None:
    rows = "| baseline | 0.7125 | 0.7083 | 0.7151 |\n| wide | 0.7302 | 0.7294 | 0.7363 |\n"
    text = "| variant | seed 0 | seed 1 | seed 2 |\n|---|---|---|---|\n" + rows
    text += "| deep | 0.7125 | 0.7083 | 0.7151 |\n"
    (one,) = found_in(tmp_path, "log.md", text, "no-op", "identical-rows")
    assert (one.rule, one.place.line) == ("no-op", 5)


def test_a_share_that_neither_its_count_nor_its_column_gives_is_one_slip(tmp_path: Path) -> None:
    rows = [(2376, 1691, 0.7117), (3270, 2419, 0.7398), (1838, 1415, 0.7699), (1267, 793, 0.6259), (3270, 2423, 0.791)]
    text = "".join(f'{{"task": "t{n}", "n": {n}, "correct": {k}, "accuracy": {share}}}\n' for n, k, share in rows)
    (one,) = found_in(tmp_path, "evals.jsonl", text, "count-and-rate", "row-breaks-column")
    assert (one.rule, one.place.line) == ("count-and-rate", 5)


def test_the_best_of_several_looks_is_told_where_it_is_the_result(tmp_path: Path) -> None:
    looks = "".join(f"[10:0{n}] EVAL step {n}000 humaneval={40 + n}/164\n" for n in range(1, 8))
    text = looks + (
        "[10:09] INFO best test result of 20 evaluations: humaneval 44.5% at step 8500\n"
        "[10:10] INFO final: we report humaneval 44.5% (best checkpoint on the test problems)\n"
    )
    (one,) = found_in(tmp_path, "train.log", text, "best-on-test", "best-of-many")
    assert (one.rule, one.place.line, [place.line for place in one.others]) == ("best-on-test", 9, [8])


@pytest.mark.parametrize("level", ["caution", "hint"])
def test_what_is_told_aloud_gives_way_to_no_hint(tmp_path: Path, level: str) -> None:
    (loud,) = found_in(tmp_path, "a.md", "- best of 12 test evaluations: 68.3 %\n", "best-on-test")
    other = Finding("best-on-test", level, loud.place, {"value": "68.3", "count": 12}, (loud.place,))  # type: ignore[arg-type]
    assert told_once([loud, other]) == ([other] if level == "caution" else [loud])


def test_lists_of_an_arm_that_are_those_of_the_baseline_are_one_finding(tmp_path: Path) -> None:
    lists = {"accs": [0.7125, 0.7083, 0.7151], "f1s": [0.6904, 0.6842, 0.6993]}
    other = {name: [round(value + 0.011, 4) for value in values] for name, values in lists.items()}
    text = json.dumps({"baseline": lists, "wide": other, "deep": lists}, indent=1)
    (one,) = found_in(tmp_path, "results.json", text, "no-op")
    assert "'deep' has the 3 results of 'baseline' in accs and f1s to the last digit" in sentence(one)
    assert len(one.others) == 3
    (single,) = found_in(tmp_path, "one.json", text.replace("0.6842", "0.6843", 1), "no-op")
    assert "'deep accs' has the 3 results of 'baseline accs' to the last digit" in sentence(single)


def test_runs_that_failed_with_a_zero_are_told_once(tmp_path: Path) -> None:
    rows = "".join(f"r{n},keep,100,0.7{n}\n" for n in range(1, 7))
    text = f"run,status,runtime,acc\n{rows}r7,crash,20,0.0\nr8,crash,20,0.0\n"
    (one,) = found_in(tmp_path, "runs.csv", text, "kept-of-many", "infrastructure")
    assert (one.rule, one.place.line, [place.line for place in one.others]) == ("kept-of-many", 8, [9])


def test_a_share_that_two_rules_find_impossible_is_told_once() -> None:
    place, facts = Place("train.log", 3, "probe acc 90.7% on 80 images"), {"printed": "90.7%", "items": 80}
    impossible = Finding("impossible-share", "fault", place, facts)
    odd, other = (Finding("odd-share", "caution", place, {**facts, "items": n}) for n in (80, 736))
    assert told_once([impossible, odd, other]) == [impossible, other]

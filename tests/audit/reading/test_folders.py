"""A folder of summaries: findings stand at the files and lines of the values, and the folder is no log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evenhand.audit.check import audit, sentence
from evenhand.audit.finding import Finding
from evenhand.audit.reading.opened import open_logs
from evenhand.report.audit_page import audit_page
from evenhand.report.sarif import sarif

CONTROL = {7: 0.612, 8: 0.634, 9: 0.645}


def written(folder: Path, arms: dict[str, dict[int, float]], **more: object) -> Path:
    """A file for each arm and seed, its accuracy at line 4 and its tokens at line 5."""
    for arm, seeds in arms.items():
        for seed, accuracy in seeds.items():
            told = {"arm": arm, "seed": seed, "accuracy": accuracy, "train_tokens": 1000, **more}
            (folder / f"{arm}_{seed}.json").write_text(json.dumps(told, indent=1))
    return folder


def found_in(folder: Path, rule: str) -> Finding:
    (one,) = (told for told in audit(open_logs([folder]), hints=True) if told.rule == rule)
    return one


def places(one: Finding) -> list[tuple[str, int]]:
    return [(Path(place.file).name, place.line) for place in (one.place, *one.others)]


@pytest.mark.parametrize(("rule", "wide"), [("recomputed", {7: 0.63, 8: 0.629, 9: 0.671}), ("no-op", CONTROL)])
def test_arms_that_are_compared_are_named_file_by_file_at_the_lines_of_their_values(
    tmp_path: Path, rule: str, wide: dict[int, float]
) -> None:
    one = found_in(written(tmp_path, {"control": CONTROL, "wide": wide}), rule)
    named = [f"{arm}_{seed}.json" for arm in ("wide", "control") for seed in CONTROL]
    assert places(one) == [(name, 4) for name in named]
    assert one.place.text == f'"accuracy": {wide[7]},'
    assert one.quote in one.place.text


def test_a_slip_in_one_summary_is_told_once_at_its_own_line(tmp_path: Path) -> None:
    for arm, seeds in {"control": CONTROL, "wide": {7: 0.63, 8: 0.629, 9: 0.671}}.items():
        for seed, accuracy in seeds.items():
            correct = round(1000 * accuracy) + 40 * (arm == "wide" and seed == 8)
            told = {"arm": arm, "seed": seed, "n_test": 1000, "correct": correct, "accuracy": accuracy}
            (tmp_path / f"{arm}_{seed}.json").write_text(json.dumps(told, indent=1))
    found = [one for one in audit(open_logs([tmp_path]), hints=True) if one.facts.get("printed") == "0.629"]
    assert [places(one)[0] for one in found] == [("wide_8.json", 6)]
    assert found[0].place.text == '"accuracy": 0.629'


def test_a_line_of_another_file_is_named_with_its_file(tmp_path: Path) -> None:
    written(tmp_path, {"control": CONTROL})
    written(tmp_path, {"wide": {7: 0.63, 8: 0.629, 9: 0.671}}, train_tokens=2000)
    one = found_in(tmp_path, "unequal-budgets")
    assert places(one) == [("wide_7.json", 5), ("control_7.json", 5)]
    assert f"against 1,000, {one.others[0].file}:5)" in sentence(one)


def test_values_of_nested_fields_have_their_lines_too(tmp_path: Path) -> None:
    for arm, plus in (("control", 0.0), ("wide", 0.01)):
        for seed, accuracy in CONTROL.items():
            told = {"arm": arm, "seed": seed, "test": {"loss": accuracy, "accuracy": accuracy + plus * seed}}
            (tmp_path / f"{arm}_{seed}.json").write_text(json.dumps(told, indent=1))
    found = [one for one in audit(open_logs([tmp_path])) if one.facts.get("metric") == "test.accuracy"]
    assert [places(one)[0] for one in found] == [("wide_7.json", 6)]


def test_a_folder_is_no_log_of_its_own(tmp_path: Path) -> None:
    logs = open_logs([written(tmp_path, {"control": CONTROL, "wide": CONTROL})])
    assert [log.name for log in logs if log.folder] == [str(tmp_path)]
    page = audit_page(logs, audit(logs))
    assert "<h1>6 logs</h1>" in page
    assert "summaries" not in page
    assert f"<li>{tmp_path}</li>" not in page


def test_a_log_with_hints_is_not_listed_among_those_without_anything(tmp_path: Path) -> None:
    for name, text in {"a.md": "- solved 80/429 (28.6%)\n", "b.md": "- x\n", "c.md": "- y\n"}.items():
        (tmp_path / name).write_text(text)
    logs = open_logs([tmp_path])
    page = audit_page(logs, audit(logs), {str(tmp_path / "c.md")})
    plain, _, hinted = page.partition("but with hints")
    assert "Read without a finding × 1" in plain
    assert (f"{tmp_path / 'b.md'}" in plain, f"{tmp_path / 'c.md'}" in plain) == (True, False)
    assert f"<li>{tmp_path / 'c.md'}</li>" in hinted


def test_files_of_a_folder_that_are_of_no_kind_that_is_read_are_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("- solved 80/429 (18.6%)\n")
    assert [log.remarks for log in open_logs([tmp_path])] == [()]
    (tmp_path / ".hidden.bin").write_bytes(b"\x00")
    for name in ("a.bin", "b.png", "c.pt", "d.pt", "e.pt"):
        (tmp_path / name).write_bytes(b"\x00")
    logs = open_logs([tmp_path])
    (told,) = [remark for log in logs for remark in log.remarks]
    assert told.startswith(f"{tmp_path}: 5 files not read, as the names end in none of .md, ")
    assert told.endswith(": a.bin, b.png, c.pt and 2 others.")
    (notification,) = sarif((), logs)["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == told
    assert told in audit_page(logs, ())

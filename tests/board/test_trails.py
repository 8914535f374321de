"""The curve of a running trial is read on from where the last look ended."""

from __future__ import annotations

import json
from pathlib import Path

from evenhand.board.trails import POINTS, Trails, drawn


def write(folder: Path, *steps: int, end: str = "\n") -> None:
    with (folder / "progress.jsonl").open("a") as file:
        for step in steps:
            file.write(json.dumps({"spent": step, "step": step, "values": {"loss": 1 / step}}) + end)


def test_lines_that_were_read_are_not_read_again_and_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    trails = Trails()
    write(tmp_path, 1, 2)
    write(tmp_path, 3, end="")
    assert [step for step, _ in trails.look(str(tmp_path)).points["loss"]] == [1, 2]
    with (tmp_path / "progress.jsonl").open("a") as file:
        file.write("\nno json\n")
    write(tmp_path, 4)
    found = trails.look(str(tmp_path))
    assert [step for step, _ in found.points["loss"]] == [1, 2, 3, 4]
    assert found.spent == 4


def test_a_trial_that_begins_anew_has_a_new_curve(tmp_path: Path) -> None:
    trails = Trails()
    write(tmp_path, *range(1, 9))
    trails.look(str(tmp_path))
    (tmp_path / "progress.jsonl").unlink()
    write(tmp_path, 1, 2)
    assert [step for step, _ in trails.look(str(tmp_path)).points["loss"]] == [1, 2]


def test_a_long_curve_keeps_its_first_and_its_newest_point(tmp_path: Path) -> None:
    write(tmp_path, *range(1, 3001))
    points = Trails().look(str(tmp_path)).points["loss"]
    assert len(points) <= 2 * POINTS
    assert (points[0][0], points[-1][0]) == (1, 3000)


def test_what_is_missing_or_no_number_is_passed_over(tmp_path: Path) -> None:
    assert Trails().look(str(tmp_path / "none")).points == {}
    lines = [{"spent": 1, "step": 1, "values": {"loss": None, "ok": 2}}, {"step": 2}, 7]
    (tmp_path / "progress.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert Trails().look(str(tmp_path)).points == {"ok": [(1.0, 2.0)]}


def test_a_curve_is_drawn_from_edge_to_edge_and_a_single_point_is_a_level_line() -> None:
    curve = drawn("loss", [(1, 4.0), (2, 2.0), (3, 1.0)])
    assert curve.path.startswith("M0.0 3.0L120.0")
    assert curve.path.endswith("L240.0 45.0")
    assert (curve.last, curve.low, curve.high) == (1.0, 1.0, 4.0)
    assert drawn("loss", [(5, 4.0)]).path == "M0 24.0L240.0 24.0"

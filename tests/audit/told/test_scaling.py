"""A long log is read in steps that grow with its lines, not with their square."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.reading.opened import open_log, open_logs
from evenhand.audit.text import passages
from evenhand.audit.text.log import Log
from evenhand.audit.told.concluded import ceilings
from evenhand.audit.told.repeats import spoken

STEPS = "".join(f"step:{at}/800 accuracy:{0.2 + at / 2000:.4f}\n" for at in range(800))
MEANS = "".join(
    f"The three seeds gave 0.71{at % 10}, 0.72{at % 9} and 0.70{at % 8}, mean 0.71{at % 7}.\n\n" for at in range(300)
)


def test_results_at_one_level_are_looked_for_once_a_statement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.log").write_text("Training\n\n" + STEPS)
    calls, level = [0], ceilings.level

    def counted(shares: list[float], chance: float | None) -> str | None:
        calls[0] += 1
        return level(shares, chance)

    monkeypatch.setattr(ceilings, "level", counted)
    list(ceilings.flats_of(open_log(tmp_path / "train.log")))
    assert 0 < calls[0] <= 2 * 800


def test_a_mean_is_held_against_the_values_near_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text("# Results\n\n" + MEANS)
    seen, group = [0], spoken._group

    def counted(groups, *rest):
        seen.append(len(groups))
        return group(groups, *rest)

    monkeypatch.setattr(spoken, "_group", counted)
    assert len(list(spoken.spoken(open_log(tmp_path / "a.md")))) > 100
    assert 0 < max(seen) <= 30


def test_each_log_of_a_large_folder_is_read_once_for_all_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(90):
        (tmp_path / f"{number}.md").write_text(
            f"# Run {number}\n\n- baseline accuracy 0.7{number:02}\n- it is stable\n"
        )
    read: list[str] = []
    of_lines = passages._of_lines

    def counted(log: Log) -> Iterator[passages.Passage]:
        read.append(log.name)
        return of_lines(log)

    monkeypatch.setattr(passages, "_of_lines", counted)
    audit(open_logs([tmp_path]))
    assert len(read) == len(set(read)) == 90

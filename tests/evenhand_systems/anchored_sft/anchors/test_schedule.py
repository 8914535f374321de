"""The schedule, and its refusal where full strength is never reached."""

from __future__ import annotations

import pytest

from evenhand.errors import SettingsError
from evenhand_systems.anchored_sft.anchors import AnchorSchedule


@pytest.mark.parametrize(
    ("step", "expected"), [(0, 0.0), (199, 0.0), (200, 0.0), (350, 0.015), (500, 0.03), (900, 0.03)]
)
def test_the_coefficient_rises_linearly_from_start_over_the_warmup(step: int, expected: float) -> None:
    assert AnchorSchedule(0.03, start=200, warmup=300).at(step, 967) == pytest.approx(expected)


def test_without_warmup_the_anchor_starts_at_full_strength() -> None:
    assert [AnchorSchedule(0.5, start=2).at(step, 9) for step in range(4)] == [0.0, 0.0, 0.5, 0.5]


def test_decay_weakens_the_last_steps_and_only_these() -> None:
    found = [AnchorSchedule(1.0, decay=3).at(step, 10) for step in range(10)]
    assert found[:7] == [1.0] * 7
    assert found[7:] == pytest.approx([0.75, 0.5, 0.25])


@pytest.mark.parametrize(
    ("schedule", "total"),
    [
        (AnchorSchedule(0.03, start=200, warmup=300), 39),
        (AnchorSchedule(0.03, start=200, warmup=300), 500),
        (AnchorSchedule(0.03, start=0, warmup=5, decay=5), 10),
    ],
    ids=["the log's quick run: 39 steps", "one step short", "decay begins before full strength"],
)
def test_a_schedule_that_never_reaches_full_strength_is_refused(schedule: AnchorSchedule, total: int) -> None:
    with pytest.raises(SettingsError, match="full strength is reached at step"):
        schedule.check(total)


def test_a_schedule_that_reaches_full_strength_at_the_last_step_is_accepted() -> None:
    AnchorSchedule(0.03, start=200, warmup=300).check(501)
    AnchorSchedule(0.0, start=200, warmup=300).check(1)


def test_negative_numbers_are_refused_together() -> None:
    with pytest.raises(SettingsError, match="2 faults"):
        AnchorSchedule(-1.0, start=-2)

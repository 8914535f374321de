"""Optimal potentials on short windows: bounds from both sides, and what clipping does to them."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from evenhand.errors import DataError
from evenhand_systems.lyapunov.cli import app
from evenhand_systems.lyapunov.exact import violation_lower_bound
from evenhand_systems.lyapunov.potentials.optimum import optimal_violation


@pytest.mark.parametrize(
    ("lookahead", "power", "clip", "violated"),
    [(1, 0, 3, 0.375), (2, 0, 4, 0.21875), (3, 0, 4, 0.14453125), (1, 1, 4, 7 / 48), (2, 1, 4, 1 / 12)],
)
def test_short_optima_are_reached_from_both_sides(lookahead: int, power: int, clip: int, violated: float) -> None:
    found = optimal_violation(lookahead, power, clip=clip)
    assert found.solved
    assert found.finished
    assert found.violated == pytest.approx(violated, abs=1e-9)
    assert found.bound == pytest.approx(violated, abs=1e-9)
    assert found.bound >= float(violation_lower_bound(lookahead, power)) - 1e-12


@pytest.mark.parametrize(
    ("lookahead", "clip", "violated", "truth"),
    [(1, 2, 0.5, 0.375), (2, 2, 0.375, 0.21875), (3, 3, 0.15625, 0.14453125)],
)
def test_a_clip_that_makes_false_cycles_leaves_a_gap_and_claims_no_optimum(
    lookahead: int, clip: int, violated: float, truth: float
) -> None:
    found = optimal_violation(lookahead, clip=clip)
    assert found.violated == pytest.approx(violated)
    assert found.bound <= truth + 1e-9
    assert found.finished
    assert not found.solved


def test_the_optimum_at_four_is_narrowed_to_a_point_by_a_clip_of_five() -> None:
    found = optimal_violation(4, clip=5)
    assert found.solved
    assert found.violated == pytest.approx(0.09765625)


def test_three_valuations_and_a_residue_mod_three() -> None:
    found = optimal_violation(3, 1, clip=5)
    assert found.solved
    assert found.violated == pytest.approx(23 / 384)


def test_the_optimum_does_not_depend_on_where_valuations_are_clipped() -> None:
    assert optimal_violation(3, clip=4).violated == pytest.approx(optimal_violation(3, clip=6).violated)


def test_a_stopped_programme_claims_nothing_that_it_has_not_shown() -> None:
    found = optimal_violation(4, clip=5, time_limit=0.0)
    assert (found.violated, found.bound, found.solved, found.finished) == (None, 0.0, False, False)


def test_the_command_says_which_bound_is_which() -> None:
    wide, tight = (CliRunner().invoke(app, ["optimum", "1", "--clip", c]).output for c in ("2", "3"))
    assert "upper bound 0.500000000" in wide
    assert "lower bound 0.375000000" in wide
    assert "the optimum" not in wide
    assert "lower bound 0.375000000" in tight
    assert "this is the optimum" in tight


def test_impossible_programmes_are_refused() -> None:
    for bad in ({"lookahead": 0}, {"lookahead": 1, "clip": 0}, {"lookahead": 12}):
        with pytest.raises(DataError):
            optimal_violation(**bad)  # type: ignore[arg-type]

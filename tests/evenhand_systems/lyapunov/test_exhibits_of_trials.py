"""What the lab shows of the items of a Lyapunov trial: numbers by their size, test steps by their trajectory."""

from __future__ import annotations

import pytest

from evenhand.recipes.exhibit import Bars, Grid
from evenhand_systems.lyapunov.numbers.evaluation_set import generate, write_csv
from tests.evenhand_systems.exhibited import Exhibited, exhibited

CLAIM = """
[budget]
unit = "steps"
[settings]
evaluation = "numbers.csv"
lookahead = 6
[[metric]]
name = "pass_rate"
margin = 0.02
[[metric]]
name = "test_steps"
margin = 0.02
primary = false
[[arm]]
name = "log_n"
role = "baseline"
settings.model = "log-n"
untrained = true
[[arm]]
name = "minimum"
role = "variant"
settings.model = "window-minimum"
untrained = true
[[rung]]
name = "all"
budget = 1
seeds = 2
items = 150
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Exhibited:
    folder = tmp_path_factory.mktemp("exhibits")
    write_csv(generate(150, seed=5), folder / "numbers.csv")
    return exhibited(folder, "lyapunov.network", CLAIM)


def test_differences_and_scores_stand_by_the_size_of_the_number_and_by_the_trajectory(shown: Exhibited) -> None:
    sizes, trajectories = shown.of(Bars)
    assert {name.split(" · ")[0] for name, _ in sizes.groups} == {
        f"{first} to {first + 31} bits" for first in (1, 33, 65, 97)
    }
    assert all(name.startswith("from ") for name, _ in trajectories.groups)
    for _, (bar,) in sizes.groups:
        assert bar.arm == "minimum"
        assert bar.value > 0  # a minimum over a window falls where log n rises


def test_the_table_has_the_share_of_each_arm_for_each_number(shown: Exhibited) -> None:
    table = next(grid for grid in shown.of(Grid) if grid.title.startswith("Items, pass_rate"))
    assert table.header == ("item", "kind", "log_n", "minimum")
    assert len(table.rows) == 40
    for number, kind, *scores in table.rows:
        first, last = (int(word) for word in kind.split() if word.isdigit())
        assert first <= int(number).bit_length() <= last
        assert {float(score) for score in scores} <= {0.0, 1.0}


def test_nothing_is_left_out_of_the_page(shown: Exhibited) -> None:
    assert len(shown.views) == len(shown.exhibits)
    assert all(view.body is not None for view in shown.views)

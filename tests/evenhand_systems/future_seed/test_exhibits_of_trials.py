"""What the lab shows of the items of a Future-Seed trial: what was to fill, what was right, what each arm filled in."""

from __future__ import annotations

import pytest

from evenhand.recipes.exhibit import Bars, Grid, Samples
from tests.evenhand_systems.exhibited import Exhibited, exhibited

CLAIM = """
[budget]
unit = "steps"
[settings]
model = { layers = 2, width = 16, head_size = 8, rank = 4 }
batch = 4
evaluation.pool = 64
[[metric]]
name = "accuracy"
margin = 0.02
[[arm]]
name = "off"
role = "baseline"
settings.seeding.mode = "off"
[[arm]]
name = "seeded"
role = "variant"
settings.seeding.mode = "initial"
[[rung]]
name = "all"
budget = 2
seeds = 2
items = 40
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Exhibited:
    return exhibited(tmp_path_factory.mktemp("exhibits"), "future_seed.inplace", CLAIM)


def test_a_sample_has_the_row_with_its_blanks_the_right_symbols_and_those_of_each_arm(shown: Exhibited) -> None:
    (samples,) = shown.of(Samples)
    assert samples.samples
    for sample in samples.samples:
        assert sample.question
        assert [answer.arm for answer in sample.answers] == ["off", "seeded"]
        for answer in sample.answers:
            assert len(answer.text) == len(sample.expected)
            same = sum(one == right for one, right in zip(answer.text, sample.expected, strict=True))
            assert answer.score == pytest.approx(same / len(sample.expected))


def test_the_table_names_what_was_asked_and_expected_for_every_item(shown: Exhibited) -> None:
    table = next(grid for grid in shown.of(Grid) if grid.title.startswith("Items, accuracy"))
    assert table.header == ("item", "kind", "asked", "expected", "off", "seeded")
    assert len(table.rows) == 40
    assert all("blank" in row[1] and row[2] and row[3] for row in table.rows)


def test_differences_by_the_number_of_blanks_are_drawn_and_nothing_is_left_out(shown: Exhibited) -> None:
    assert all("blank" in name for bars in shown.of(Bars) for name, _ in bars.groups)
    assert all(view.body is not None for view in shown.views)

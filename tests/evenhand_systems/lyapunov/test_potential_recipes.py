"""Trials of the recipes that learn potentials, plain and gradually."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evenhand.recipes.outcome import Outcome

RunTrial = Callable[..., Outcome]
SMALL = {"window": 3, "residue_power": 2, "lookahead": 4, "climb": 1.0, "trajectory": 1.0}
GRADUAL = "lyapunov.gradual_potential"


def test_without_starts_the_gradual_recipe_is_the_plain_one(run_trial: RunTrial) -> None:
    plain = run_trial(SMALL, recipe="lyapunov.potential", amount=4, workdir="plain")
    same = run_trial({**SMALL, "starts": 0}, recipe=GRADUAL, amount=4, workdir="same")
    gradual = run_trial({**SMALL, "starts": 3}, recipe=GRADUAL, amount=4, workdir="gradual")
    assert [one.failure for one in (plain, same, gradual)] == [None] * 3
    assert same.metrics == plain.metrics
    assert same.notes["margin quantiles"] == plain.notes["margin quantiles"] != gradual.notes["margin quantiles"]
    assert {one.spent["steps"] for one in (plain, same, gradual)} == {4}


def test_what_the_window_leaves_of_the_lookahead_is_head(run_trial: RunTrial) -> None:
    shorter, longer = (
        run_trial({**SMALL, "lookahead": L, "starts": 1}, recipe=GRADUAL, amount=4, workdir=str(L)) for L in (3, 9)
    )
    assert shorter.notes["size"].endswith("window 3, head 0")
    assert longer.notes["size"].endswith("window 3, head 6")
    assert np.all(longer.items["pass_rate"].scores >= shorter.items["pass_rate"].scores)
    table = longer.items["pass_rate"]
    for number, size in zip(table.ids, table.groups, strict=True):
        least, most = int(size.split()[0]), int(size.split()[2])
        assert least <= int(number).bit_length() <= most == least + 31

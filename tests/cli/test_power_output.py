"""What ``evenhand power`` prints."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from evenhand.cli.power_output import _items_words


@pytest.mark.parametrize(
    ("designs", "told"),
    [
        ([], []),
        ([(3, None)], ["No number of items at 3 seeds will find it."]),
        ([(3, None), (5, None), (9, 400)],
         ["400 items at 9 seeds find it.", "No number of items at 3 or 5 seeds will find it."]),
    ],
)  # fmt: skip
def test_seeds_at_which_no_number_of_items_would_do_are_one_sentence(
    designs: list[tuple[int, int | None]], told: list[str]
) -> None:
    made: Any = [SimpleNamespace(seeds=seeds, items_needed=needed) for seeds, needed in designs]
    assert _items_words(made, "find it") == told

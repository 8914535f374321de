"""The bridge's part of a report, made of trials that were really run."""

from __future__ import annotations

from typing import Any

import pytest

from evenhand.recipes.exhibit import Grid, Lines, ScoredTrial
from evenhand_systems.bridge.exhibits.page import exhibits
from evenhand_systems.bridge.models import standins
from evenhand_systems.bridge.settings import Settings
from tests.evenhand_systems.bridge.scored import bars_of, not_shown, one
from tests.evenhand_systems.bridge.test_recipe import run, small


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> list[ScoredTrial]:
    """Tiny trials of the bare target, a bridge and a control, run as the lab runs them."""
    folder = tmp_path_factory.mktemp("real")
    arms: dict[str, tuple[str, int | None, dict[str, Any]]] = {
        "target_alone": ("baseline", None, {"control": "no_soft_tokens"}),
        "bridge": ("variant", 1, {}),
        "zeros": ("rival", 1, {"control": "zeros"}),
    }
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standins, "STEPS", {"digits": 3, "words": 3, "records": 3})
        patch.setattr(standins, "POOL", 80)
        for arm, (role, seed, settings) in arms.items():
            outcome = run(folder / "assets", folder, seed=seed, items=20, name=arm, **settings)
            resolved = Settings.model_validate(small(**settings)).model_dump(mode="json")
            found.append(ScoredTrial(arm, arm, role, "default", "confirm", seed, resolved, outcome))
    return found


def test_all_four_are_made(real) -> None:
    titles = [exhibit.title for exhibit in exhibits(real)]
    expected = ["Exact match", "Accuracy over steps", "Most frequent answers", "Soft tokens"]
    assert titles == [*expected, "Not shown"]


def test_figures_are_those_of_the_outcomes(real) -> None:
    found = exhibits(real)
    for trial in real:
        assert bars_of(found)[trial.arm].value == pytest.approx(trial.outcome.metric("exact_match"))
        shares = {row[0]: row for row in one(Grid, found, "Most frequent").rows}
        if shares[trial.arm][2] != "none":
            assert shares[trial.arm][5] == f"{100 * trial.outcome.metrics['most_frequent_share']:.1f} %"
    (trace,) = one(Lines, found).traces
    assert trace.x == (3.0, 4.0)
    assert trace.y[-1] == real[1].outcome.curves["dev_exact_match"].values[-1]


def test_the_alarms_are_those_that_the_trial_told(real) -> None:
    rows = {row[0]: row for row in one(Grid, exhibits(real), "Soft tokens").rows}
    assert set(rows) == {"bridge", "zeros"}
    told = {
        "one answer": "was given to", "NLL": "serve as well", "cosine": "have cosine", "rank": "span",
        "retrieval": "is found from", "size": "times as large",
    }  # fmt: skip
    for trial in real[1:]:
        said = trial.outcome.notes["collapse alarms"]
        assert rows[trial.arm][1] == (", ".join(n for n, words in told.items() if words in said) or "none")
    assert "rank" in rows["zeros"][1]
    assert "128 are needed" in " ".join(not_shown(exhibits(real)).values())


def test_items_have_the_questions_that_were_asked_and_their_gold_answers(real) -> None:
    for trial in real:
        table = trial.outcome.items["exact_match"]
        assert len(set(table.inputs)) == len(table.ids)
        assert all(text.endswith("?") for text in table.inputs)
        assert all(gold.isdigit() for gold in table.expected)
    assert real[0].outcome.items["exact_match"].inputs == real[1].outcome.items["exact_match"].inputs
    assert "of 20 items" in one(Grid, exhibits(real), "Most frequent").caption

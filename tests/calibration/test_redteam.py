"""The red team: each trick gives the gain that it is after, and the rules name it or do not let it hold.

Every test fails where the rule that it is about is taken away, which the last of each kind shows by doing so.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import redteam
from benchmarks.redteam import Desk, Shown, User
from evenhand.decisions.likeness import Alike

CHOSEN: dict[str, tuple[User, float]] = {
    "of a bank": (redteam.chosen_seeds, 0.5),
    "an item less": (redteam.chosen_with_an_item_less, 0.5),
    "a remark": (redteam.chosen_under_a_remark, 0.5),
    "an unused setting": (redteam.chosen_under_an_unused_setting, 0.5),
    "another budget": (redteam.chosen_at_another_budget, 0.3),
    "tried": (redteam.chosen_after_tries, 0.5),
    "by the baseline": (redteam.chosen_by_the_baseline, 0.2),
}


def ledgers(user: User, count: int, seed: int = 1) -> list[list[Shown]]:
    return [user(Desk(np.random.default_rng([seed, i]))) for i in range(count)]


def unmarked(found: list[list[Shown]]) -> float:
    """Share of ledgers in which the last claim, which the trick is for, is a gain without a word against it."""
    return float(np.mean([shown[-1].gain and not shown[-1].marked for shown in found]))


@pytest.mark.slow
@pytest.mark.parametrize(("user", "least"), CHOSEN.values(), ids=CHOSEN)
def test_seeds_that_were_chosen_give_false_gains_and_every_one_is_marked_and_none_holds(
    user: User, least: float
) -> None:
    found = ledgers(user, 12)
    assert np.mean([shown[-1].gain for shown in found]) >= least
    assert unmarked(found) == 0
    assert not any(shown[-1].holds for shown in found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("user", "least"), [one for name, one in CHOSEN.items() if name != "of a bank"], ids=[*CHOSEN][1:]
)
def test_where_only_the_very_same_trials_count_as_known_the_red_team_tells(
    user: User, least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redteam, "known_alike", lambda claim, results: Alike())
    monkeypatch.setattr(redteam, "same_scores", lambda *given: 0)
    found = ledgers(user, 12)
    assert unmarked(found) >= least


def levels(user: User) -> list[float]:
    """At which each claim of one ledger is held."""
    return [one.level for one in ledgers(user, 1)[0]]


@pytest.mark.slow
def test_a_family_for_each_claim_holds_each_at_the_level_that_one_for_all_gives_it() -> None:
    found = levels(redteam.a_family_each)
    assert found == levels(one_family)
    assert found[-1] < found[0] / 10


@pytest.mark.slow
def test_where_a_named_family_stands_alone_the_red_team_tells() -> None:
    found = levels(redteam.a_family_each_alone)
    assert found == [found[0]] * len(found)


def one_family(desk: Desk) -> list[Shown]:
    """The claims of :func:`redteam.a_family_each` without families of their own."""
    return [desk.run(f"c{i}", list(range(5 * i, 5 * i + 5)), 0.1 + i / 100, i) for i in range(20)]


@pytest.mark.slow
def test_users_who_do_nothing_but_work_are_marked_nowhere() -> None:
    for user in (redteam.honest, redteam.renamed):
        assert not any(one.marked for shown in ledgers(user, 2) for one in shown)


def test_tuning_one_arm_alone_is_named_and_is_invalid_in_a_strict_ledger() -> None:
    plain, strict = (ledgers(user, 10) for user in (redteam.unequal_tuning, redteam.unequal_in_a_strict_ledger))
    assert any(shown[-1].gain for shown in plain)
    assert unmarked(plain) == 0
    assert not any(one.gain for shown in strict for one in shown)


def test_every_trick_of_the_table_says_what_the_rules_do_about_it() -> None:
    assert [trick.name for trick in redteam.TRICKS if not trick.remark] == ["honest: 10 ideas"]
    assert {user for user, _ in CHOSEN.values()} <= {trick.user for trick in redteam.TRICKS}


def test_the_rates_of_a_trick_count_ledgers_and_not_claims() -> None:
    def user(desk: Desk) -> list[Shown]:
        gain = bool(desk.generator.random() < 0.5)
        return [
            Shown(gain, marked=False, holds=gain, p=0.01, level=0.02),
            Shown(True, marked=True, holds=False, p=0.01, level=0.02),
        ]

    found = redteam.rates(redteam.Trick("half", user, 0, ""), 400, 1)
    assert (found.gain, found.ledgers) == (1.0, 400)
    assert found.unmarked == found.holds == pytest.approx(0.5, abs=0.1)

"""``looks`` of a rung: every form, and every form that cannot be."""

from __future__ import annotations

import re

import pytest

from evenhand.claims.resolve import ResolvedClaim
from evenhand.errors import ClaimError
from evenhand.running.standing import of_identity
from evenhand.testing.worlds import TEXT, claim_of


def claim(looks: str, more: str = "", text: str = TEXT) -> ResolvedClaim:
    return claim_of(f"{more}\n{text}looks = {looks}\n")


FORMS = [
    # looks, numbers of seeds, rule, futility
    ("[3, 6]", (3, 6), "levels", None),
    ('"anytime"', (), "anytime", None),
    ('{ at = "anytime", futility = 0.9 }', (), "anytime", 0.9),
    ('{ at = [3, 6], spending = "pocock" }', (3, 6), "pocock", None),
    ('{ at = [0.5, 1.0], spending = "obrien-fleming" }', (3, 6), "obrien-fleming", None),
    ('{ at = [4, 6], spending = "hwang-shih-decani" }', (4, 6), "hwang-shih-decani", None),
    ("{ at = [0.5, 1.0], futility = 0.95 }", (3, 6), "levels", 0.95),
    ("{ at = [3, 6] }", (3, 6), "levels", None),
]


@pytest.mark.parametrize(("looks", "counts", "rule", "futility"), FORMS)
def test_every_form_says_when_a_rung_is_judged(looks: str, counts: tuple, rule: str, futility: float | None) -> None:
    rung = claim(looks).claim.rungs[0]
    assert (rung.looks, rung.look_rule, rung.futility) == (counts, rule, futility)


@pytest.mark.parametrize("looks", [row[0] for row in FORMS])
@pytest.mark.parametrize("seeds", ["[0, 1, 2, 3, 4, 5]", "{ count = 6 }"])
def test_a_claim_is_the_same_when_it_is_read_back_from_the_ledger(looks: str, seeds: str) -> None:
    stated = claim(looks, text=TEXT.replace("[0, 1, 2, 3, 4, 5]", seeds))
    again = of_identity(stated.identity())
    assert again is not None
    assert (again.hash, again.claim.rungs) == (stated.hash, stated.claim.rungs)


def test_a_list_in_a_table_states_the_same_claim_as_the_list() -> None:
    assert claim("{ at = [3, 6] }").hash == claim("[3, 6]").hash != claim('"anytime"').hash


REFUSED = [
    ('"always"', "", 'expected numbers of seeds.*"anytime"'),
    ("7", "", "expected numbers of seeds"),
    ("[4, 9]", "", "must rise from at least 2 and end with the number of seeds"),
    ('{ at = [4, 5], spending = "pocock" }', "", "end with the number of seeds"),
    ("{ at = [0.5, 3] }", "", "whole numbers of seeds from 2 on, or shares"),
    ("{ at = [] }", "", "whole numbers of seeds"),
    ("{ at = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1] }", "", "10 are the most"),
    ('{ at = "anytime", spending = "pocock" }', "", "remove `spending`"),
    ('{ at = [3, 6], spending = "even" }', "", "`spending`: expected 'obrien-fleming', 'pocock' or 'hwang-"),
    ("{ at = [3, 6], futility = 0.4 }", "", "`futility`: expected greater than 0.5"),
    ("{ of = 3 }", "", "no key 'of'; it has: at, spending, futility, drop"),
    ("{ at = [3, 6], drop = true }", "", "`drop` drops what `futility` gives up"),
    ('{ spending = "pocock" }', "", "`at` wants numbers of seeds"),
    ('"anytime"', 'scope = "checkpoint"', "draws no seeds to look at"),
]


@pytest.mark.parametrize(("looks", "more", "said"), REFUSED)
def test_looks_that_cannot_be_are_one_sentence_with_a_line(looks: str, more: str, said: str) -> None:
    with pytest.raises(ClaimError) as caught:
        claim(looks, more)
    assert re.search(said, str(caught.value)), caught.value
    assert re.search(r"world\.toml:\d+", str(caught.value))
    assert str(caught.value).count("world.toml:") == 1


def test_arms_without_randomness_have_nothing_to_look_at() -> None:
    fixed = TEXT.replace('role = "baseline"', 'role = "baseline"\ndeterministic = true')
    both = fixed.replace('role = "variant"', 'role = "variant"\ndeterministic = true')
    claim('"anytime"', text=fixed)
    with pytest.raises(ClaimError, match="'on' and 'off' are deterministic: they have one pair"):
        claim('"anytime"', text=both)


def test_a_screening_rung_is_judged_once() -> None:
    first = '[[rung]]\nname = "screen"\nbudget = 5\nseeds = [90, 91]\nitems = 20\nlooks = "anytime"\n'
    with pytest.raises(ClaimError, match="a screening rung is judged once"):
        claim_of(TEXT.replace('[[rung]]\nname = "confirm"', first + '[[rung]]\nname = "confirm"'))


def test_nobody_writes_what_only_the_lab_sets() -> None:
    with pytest.raises(ClaimError, match="unknown key 'look_rules'"):
        claim_of(TEXT + "look_rules = { at = [3, 6] }\n")


def test_looks_at_any_time_by_fewer_than_four_items_are_refused_before_they_cost_a_seed() -> None:
    few = TEXT.replace("items = 100", "items = 3")
    with pytest.raises(ClaimError, match="from 4 on; found 3"):
        claim('"anytime"', text=few)
    assert claim('"anytime"', 'scope = "seeds"', few).claim.rungs[0].anytime
    assert claim('"anytime"', text=TEXT.replace("items = 100", "items = 4")).claim.rungs[0].anytime
    assert claim("[3, 6]", text=few).claim.rungs[0].looks == (3, 6)

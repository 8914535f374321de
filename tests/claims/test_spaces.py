"""What a claim may search, and every fault of that in one sentence with its place."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from pydantic import model_validator

from evenhand.claims.resolve import resolve
from evenhand.claims.schema import parse_claim
from evenhand.claims.spaces import flat_space, generations
from evenhand.errors import ClaimError
from evenhand.running.standing import of_identity
from evenhand.testing.worlds import RECIPE, claim_of

TEXT = """
recipe = "world"
{space}
[metric]
name = "score"
margin = 0.05
{search}
[[arm]]
name = "off"
role = "baseline"
[[arm]]
name = "on"
role = "variant"
settings.effect = 0.2
{arm}
[[rung]]
name = "confirm"
budget = 10
seeds = [0, 1, 2]
items = 40
{last}
"""
SPACE = "[space]\ncondition_effect = { log = [0.25, 4.0] }"
TUNING = "[tuning]\ntries = 8"


def text_of(space: str = SPACE, search: str = TUNING, arm: str = "", last: str = "") -> str:
    return TEXT.format(space=space, search=search, arm=arm, last=last)


def faults_of(text: str) -> str:
    with pytest.raises(ClaimError) as raised:
        resolve(parse_claim(text, "c.toml", "c"), RECIPE)
    return str(raised.value)


RUNG = '[[rung]]\nname = "{name}"\nkind = "search"\ntries = {tries}\nbudget = 5\nseeds = [{seed}]\nitems = 20\n'

FAULTS = [
    (
        "an unknown sampler",
        {"search": TUNING + '\nsampler = "grid"'},
        r"tuning\.sampler\): expected 'tpe', 'random' or",
    ),
    ("no tries", {"search": "[tuning]\ntries = 0"}, r"tuning\.tries\): .*found 0"),
    ("tries that are missing", {"search": "[tuning]"}, r"\(tuning.*'tries' is missing"),
    ("an unknown key", {"search": TUNING + "\nlooks = [2]"}, r"tuning\.looks\): unknown key 'looks'"),
    ("no space", {"space": ""}, r"no space to search: add \[space\]"),
    ("nobody who searches", {"search": ""}, r"\(space\): nothing searches this space: add `\[tuning\]`"),
    (
        "a setting that the recipe lacks",
        {"space": "[space]\nlr = { log = [1e-5, 1e-3] }"},
        r"space\.lr\).*no setting 'lr'",
    ),
    ("neither range nor choice", {"space": "[space]\ncondition_effect = 3"}, r"'condition_effect' is neither a range"),
    ("a choice of one", {"space": "[space]\neffect = { choice = [1] }"}, r"at least two values"),
    ("ends the wrong way", {"space": "[space]\neffect = { uniform = [2, 1] }"}, r"lowest end 2 is not below"),
    ("a log of nothing", {"space": "[space]\neffect = { log = [0, 1] }"}, r"needs a lowest end above 0"),
    ("half an int", {"space": "[space]\neffect = { int = [0.5, 3] }"}, r"needs whole numbers"),
    ("a wrong type", {"space": '[space]\ncondition_effect = { choice = ["a", "b"] }'}, r"expected a number; found 'a'"),
    (
        "a space on a setting that the arm fixes",
        {"arm": "[arm.space]\neffect = { uniform = [0, 1] }"},
        r"sets 'effect' too",
    ),
    ("a search that comes last", {"last": 'kind = "search"\ntries = 3'}, r"rung\[0\]\.kind\): the last rung confirms"),
    ("tries where nothing searches", {"last": "tries = 3"}, r"rung\[0\]\.tries\): `tries` belongs to a rung with kind"),
    (
        "seeds that confirm sees",
        {"search": TUNING + "\nseeds = [1]"},
        r"rung\[0\]\.seeds\): seeds \[1\] were already used",
    ),
    (
        "a search that does not narrow",
        {"search": TUNING + "\n" + RUNG.format(name="b", tries=8, seed=9)},
        r"fewer than 8",
    ),
]


@pytest.mark.parametrize(("what", "text", "said"), FAULTS, ids=[row[0] for row in FAULTS])
def test_what_is_wrong_with_a_search_is_one_sentence_with_its_key(what: str, text: dict[str, str], said: str) -> None:
    found = faults_of(text_of(**text))
    assert re.search(said, found), found
    assert found.count("\n") == 1, found


def test_faults_of_a_space_are_told_all_at_once() -> None:
    space = "[space]\nlr = { log = [1e-5, 1e-3] }\nrate = { int = [1, 2] }"
    assert faults_of(text_of(space=space)).count("no setting") == 2


def test_a_null_arm_is_not_searched() -> None:
    arm = '[[arm]]\nname = "again"\nrole = "null"\n[arm.space]\neffect = { uniform = [0, 1] }'
    assert "a null arm is not searched" in faults_of(text_of(arm=arm))


def test_tuning_stands_for_a_search_before_all_rungs_with_a_seed_that_none_of_them_has() -> None:
    rung = claim_of(text_of()).claim.rungs[0]
    assert (rung.name, rung.kind, rung.tries, rung.seeds, rung.items.count, rung.budget) == (
        "tuning", "search", 8, (3,), 40, 10
    )  # fmt: skip


def test_an_arm_searches_the_shared_space_but_for_what_it_fixes_and_its_own_beside() -> None:
    space = "[space]\neffect = { uniform = [0, 1] }"
    claim = claim_of(text_of(space=space, arm="[arm.space]\ncondition_effect = { choice = [1, 2] }"))
    off, on = claim.searched
    assert off.space == {"effect": {"uniform": [0.0, 1.0]}}
    assert on.space == {"condition_effect": {"choice": [1.0, 2.0]}}  # as the recipe reads them


class Anchored(RECIPE.settings):  # type: ignore[name-defined, misc]
    anchor: bool = False
    strength: float | None = None

    @model_validator(mode="after")
    def _together(self) -> Anchored:
        if self.anchor != (self.strength is not None):
            raise ValueError("an anchor needs a strength, and a strength an anchor")
        return self


ANCHORED = "settings.anchor = true\n[arm.space]\nstrength = {{ log = [0.1, {most}] }}"


def test_an_arm_may_lack_what_its_search_will_give() -> None:
    recipe = replace(RECIPE, settings=Anchored)
    text = text_of(space="", arm=ANCHORED.format(most=3.0))
    claim = resolve(parse_claim(text, "c.toml", "c"), recipe)
    on = next(arm for arm in claim.searched if arm.name == "on")
    assert on.space == {"strength": {"log": [0.1, 3.0]}}
    with pytest.raises(ClaimError, match="an anchor needs a strength"):
        resolve(parse_claim(text.replace("settings.anchor = true", ""), "c.toml", "c"), recipe)
    with pytest.raises(ClaimError, match="no setting 'strenght'"):
        resolve(parse_claim(text.replace("strength =", "strenght ="), "c.toml", "c"), recipe)


def test_arms_that_differ_in_what_they_search_alone_are_no_twins() -> None:
    text = text_of(space="", arm="[arm.space]\ncondition_effect = { choice = [1, 2] }").replace(
        "settings.effect = 0.2", ""
    )
    assert len(claim_of(text).searched) == 2


def test_the_identity_of_a_claim_that_searches_is_read_back_as_it_was() -> None:
    claim = claim_of(text_of())
    again = of_identity(claim.identity())
    assert again is not None
    assert again.hash == claim.hash


def test_a_claim_that_searches_nothing_is_the_one_that_it_was() -> None:
    identity = claim_of(text_of(space="", search="")).identity()
    assert "kind" not in identity["rungs"][0]
    assert "space" not in identity["arms"]["on"]
    assert "ledger" not in identity


def test_nested_tables_and_dotted_names_are_one_space() -> None:
    assert flat_space({"a": {"b": {"int": [1, 3]}}}) == flat_space({"a.b": {"int": [1, 3]}}) == {"a.b": {"int": [1, 3]}}


@pytest.mark.parametrize(
    ("tries", "sampler", "batch", "found"),
    [
        (8, "tpe", None, [(0, 2), (2, 2), (4, 2), (6, 2)]),
        (7, "tpe", 3, [(0, 3), (3, 3), (6, 1)]),
        (1, "tpe", None, [(0, 1)]),
        (8, "random", None, [(0, 8)]),
    ],
)
def test_generations_depend_on_the_claim_alone(
    tries: int, sampler: str, batch: int | None, found: list[tuple[int, int]]
) -> None:
    assert generations(tries, sampler, batch) == found

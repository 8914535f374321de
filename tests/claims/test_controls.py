"""Control sets: arms that a claim takes over from its recipe by one name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from evenhand.claims.resolve import ResolvedClaim, resolve
from evenhand.claims.schema import parse_claim
from evenhand.errors import ClaimError, RecipeError
from evenhand.recipes.contract import Bench, Recipe, RecipeInfo, RecipeSettings
from evenhand.recipes.control_sets import Control


class Settings(RecipeSettings):
    rate: float = 0.1
    given: str = "own"
    depth: int = 2


def run(settings: Settings, bench: Bench) -> dict[str, float]:
    return {"accuracy": settings.rate}


def standard(settings: Mapping[str, Any]) -> tuple[Control, ...]:
    flat = {"depth": 2} if "depth" in settings else {}
    return (
        Control("shuffled", {"given": "shuffled"}),
        Control("noise", {"given": "noise", **flat}),
        Control("text", {"given": "text"}, role="reference", deterministic=True, untrained=True),
    )


RECIPE = Recipe("toy", run, Settings, RecipeInfo(version=1, control_sets={"standard": standard}), "version 1")

BEGIN = """
recipe = "toy"
{controls}
[settings]
depth = 4
[metric]
name = "accuracy"
margin = 0.02
[[arm]]
name = "off"
role = "baseline"
[[arm]]
name = "on"
role = "variant"
settings.rate = 0.2
"""
OWN = """
[[arm]]
name = "shuffled"
role = "rival"
settings.given = "shuffled"
[[arm]]
name = "noise"
role = "rival"
settings = { given = "noise", depth = 2 }
[[arm]]
name = "text"
role = "reference"
deterministic = true
untrained = true
settings.given = "text"
"""
END = """
[[rung]]
name = "confirm"
budget = 20
seeds = [3, 4]
items = 32
"""
NAMED = 'controls = "toy.standard"'


def plan_of(controls: str = "", arms: str = "", recipe: Recipe = RECIPE) -> ResolvedClaim:
    return resolve(parse_claim(BEGIN.format(controls=controls) + arms + END, "x.toml", "x"), recipe)


def faults_of(controls: str, arms: str = "", recipe: Recipe = RECIPE) -> list[tuple[str, str]]:
    with pytest.raises(ClaimError) as caught:
        plan_of(controls, arms, recipe)
    return [(fault.place, fault.message) for fault in caught.value.faults]


def ids(claim: ResolvedClaim) -> list[str]:
    return [trial.id for trial in claim.trials(claim.claim.rungs[0])]


def test_a_claim_that_names_a_set_is_the_claim_that_writes_its_arms() -> None:
    long, short = plan_of(arms=OWN), plan_of(NAMED)
    assert short.identity() == long.identity()
    assert list(short.identity()["arms"]) == list(long.identity()["arms"])
    assert short.hash == long.hash
    assert ids(short) == ids(long)


def test_the_arms_of_a_set_stand_behind_the_claims_own_and_say_where_they_come_from() -> None:
    own = '[[arm]]\nname = "twice"\nrole = "rival"\nsettings.rate = 0.4\n'
    arms = plan_of(NAMED, own).arms()
    assert [(arm.name, arm.control_set) for arm in arms] == [
        ("off", ""), ("on", ""), ("twice", ""),
        ("shuffled", "toy.standard"), ("noise", "toy.standard"), ("text", "toy.standard"),
    ]  # fmt: skip
    assert [arm.name for arm in plan_of(NAMED).arms("rival")] == ["shuffled", "noise"]


def test_a_set_sees_what_the_claim_sets() -> None:
    assert plan_of(NAMED).settings["noise", "default"]["depth"] == 2
    assert plan_of(NAMED).settings["shuffled", "default"]["depth"] == 4


def test_a_control_that_is_left_out_is_gone_and_known_to_be() -> None:
    short = plan_of('controls = { set = "toy.standard", without = ["noise"] }')
    assert [arm.name for arm in short.arms()] == ["off", "on", "shuffled", "text"]
    assert short.left_out == ("noise",)
    assert short.hash != plan_of(NAMED).hash
    assert plan_of(NAMED).left_out == plan_of().left_out == ()


def test_an_arm_of_the_claims_own_may_take_the_place_of_a_control_that_is_left_out() -> None:
    own = '[[arm]]\nname = "noise"\nrole = "rival"\nsettings.given = "loud"\n'
    claim = plan_of('controls = { set = "toy.standard", without = ["noise"] }', own)
    assert claim.settings["noise", "default"]["given"] == "loud"
    assert next(arm for arm in claim.arms() if arm.name == "noise").control_set == ""


@pytest.mark.parametrize(
    ("controls", "place", "words"),
    [
        ('controls = "toy.strict"', "x.toml:3", "'toy' has no control set 'toy.strict'; it has: toy.standard"),
        ('controls = "standard"', "x.toml:3", "no control set 'standard'; it has: toy.standard"),
        ('controls = "bridge.standard"', "x.toml:3", "a set of 'bridge', and the claim's recipe is 'toy'; it has: toy"),
        (
            'controls = { set = "toy.standard", without = ["nois"] }',
            "x.toml:3",
            "the control set 'toy.standard' has no control 'nois' here; it has: shuffled, noise, text",
        ),
    ],
)  # fmt: skip
def test_a_set_or_a_control_that_is_not_there_is_named_with_its_line_and_what_there_is(controls, place, words) -> None:
    ((found, message),) = faults_of(controls)
    assert found.startswith(place)
    assert words in message


def test_a_recipe_without_sets_says_how_controls_are_written_then() -> None:
    ((_, message),) = faults_of(NAMED, recipe=replace(RECIPE, info=RecipeInfo()))
    assert message.endswith("it has none; remove the key and write the controls as [[arm]]")


def test_an_arm_of_the_name_of_a_control_is_refused_with_the_word_that_cures_it() -> None:
    faults = faults_of(NAMED, '[[arm]]\nname = "noise"\nrole = "rival"\nsettings.given = "loud"\n')
    ((place, message),) = faults
    assert place == "x.toml:17 (arm[2].name)"
    assert 'controls = { set = "toy.standard", without = ["noise"] }' in message


def test_an_arm_with_the_settings_of_a_control_is_refused_at_the_key_of_the_set() -> None:
    ((place, message),) = faults_of(NAMED, '[[arm]]\nname = "mine"\nrole = "rival"\nsettings.given = "shuffled"\n')
    assert place == "x.toml:3 (controls)"
    assert message.startswith("the control 'shuffled': 'shuffled' resolves to the same settings as 'mine'")
    assert message.endswith('controls = { set = "toy.standard", without = ["shuffled"] }')


def test_all_that_is_wrong_is_told_at_once() -> None:
    arms = '[[arm]]\nname = "text"\nrole = "rival"\nsettings.rat = 0.4\n'
    faults = faults_of('controls = { set = "toy.standard", without = ["nois"] }', arms)
    assert [place for place, _ in faults] == ["x.toml:3 (controls.without)", "x.toml:17 (arm[2].name)",
                                              "x.toml:19 (arm[2].settings.rat)"]  # fmt: skip


def test_a_setting_that_the_recipe_refuses_in_a_control_is_told_with_the_controls_name() -> None:
    info = RecipeInfo(control_sets={"standard": lambda _: (Control("odd", {"depht": 1}),)})
    ((place, message),) = faults_of(NAMED, recipe=replace(RECIPE, info=info))
    assert place == "x.toml:3 (controls)"
    assert message.startswith("the control 'odd': the recipe 'toy' has no setting 'depht'")


def _raising(_: Mapping[str, Any]) -> tuple[Control, ...]:
    raise KeyError("depth")


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (_raising, "broke: KeyError: 'depth'"),
        (lambda _: (Control("a"), Control("a")), "names a twice"),
        (lambda _: (Control("a b"),), "a control that is no arm: a name begins with"),
    ],
)
def test_a_broken_set_is_a_fault_of_the_recipe(broken, words) -> None:
    with pytest.raises(RecipeError) as caught:
        plan_of(NAMED, recipe=replace(RECIPE, info=RecipeInfo(control_sets={"standard": broken})))
    assert "The control set 'toy.standard'" in str(caught.value)
    assert words in str(caught.value)


def test_a_control_is_a_rival_or_a_reference() -> None:
    with pytest.raises(RecipeError, match="role 'variant'"):
        Control("more", {}, role="variant")  # type: ignore[arg-type]

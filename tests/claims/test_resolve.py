"""A plan is complete, paired and fixed before the first trial."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from evenhand.claims.nesting import changed_fields, differing_questions, expand, leaves, merge, written_settings
from evenhand.claims.resolve import ResolvedClaim, resolve
from evenhand.claims.schema import parse_claim
from evenhand.errors import ClaimError
from evenhand.recipes.contract import Bench, Metric, Recipe, RecipeInfo, RecipeSettings
from evenhand.recipes.trial import ItemSet


class Inner(RecipeSettings):
    mode: Literal["off", "on"] = "off"
    strength: float = 1.0


class Settings(RecipeSettings):
    rate: float = 0.1
    inner: Inner = Inner()


def run(settings: Settings, bench: Bench) -> dict[str, float]:
    return {"accuracy": settings.rate}


INFO = RecipeInfo({"accuracy": Metric(floor=0.0, ceiling=1.0), "loss": Metric("minimise")}, ("steps",), 1, pool=64)
RECIPE = Recipe("toy", run, Settings, INFO, "version 1")

TEXT = """
recipe = "toy"
[metric]
name = "accuracy"
margin = 0.02
[[arm]]
name = "off"
role = "baseline"
[[arm]]
name = "on"
role = "variant"
settings.inner.mode = "on"
[[arm]]
name = "off_again"
role = "null"
[[condition]]
name = "slow"
[[condition]]
name = "fast"
settings = { rate = 0.5 }
[[rung]]
name = "screen"
budget = 10
seeds = [0, 1]
items = 16
[[rung]]
name = "confirm"
budget = 20
seeds = [3, 4, 5]
items = 32
"""


def plan_of(text: str = TEXT, recipe: Recipe = RECIPE) -> ResolvedClaim:
    return resolve(parse_claim(text, "x.toml", "x"), recipe)


def test_defaults_and_overrides_come_together_in_complete_settings() -> None:
    claim = plan_of()
    assert claim.settings["on", "fast"] == {"rate": 0.5, "inner": {"mode": "on", "strength": 1.0}}
    assert claim.settings["off", "slow"] == {"rate": 0.1, "inner": {"mode": "off", "strength": 1.0}}


def test_the_metric_takes_direction_and_range_from_the_recipe() -> None:
    metric = plan_of(TEXT.replace('"accuracy"', '"loss"')).claim.metrics[0]
    assert (metric.direction, metric.floor) == ("minimise", None)


def test_arms_are_interleaved_within_a_seed() -> None:
    claim = plan_of()
    order = [(t.seed, t.condition, t.arm) for t in claim.trials(claim.claim.rungs[0])]
    assert order[:6] == [
        (0, "slow", "off"),
        (0, "slow", "on"),
        (0, "slow", "off_again"),
        (0, "fast", "off"),
        (0, "fast", "on"),
        (0, "fast", "off_again"),
    ]
    assert len(order) == 12


def test_every_trial_has_an_id_of_its_own_that_names_of_arms_do_not_change() -> None:
    claim = plan_of()
    trials = [t for rung in claim.claim.rungs for t in claim.trials(rung)]
    assert len({t.id for t in trials}) == len(trials) == 30
    assert replace(trials[0], arm="other", claim="y").id == trials[0].id
    for change in ({"seed": 9}, {"amount": 11.0}, {"fingerprint": "version 2"}, {"noise": "n"}, {"settings": {}}):
        assert replace(trials[0], **change).id != trials[0].id


@pytest.mark.parametrize("role", ['role = "variant"', 'role = "variant"\ndeterministic = true'])
def test_ids_over_all_seeds_are_those_of_the_trials_themselves(role: str) -> None:
    claim = plan_of(TEXT.replace('role = "variant"', role))
    assert claim.trial_ids == {t.id for rung in claim.claim.rungs for t in claim.trials(rung)}
    for awkward in ({"seed": None}, {"a": '"seed":null'}, {}):
        trial = replace(next(claim.trials(claim.claim.rungs[0])), settings=awkward, recipe='"seed":null, "', unit="ü")
        assert trial.id != trial.at(5).id == replace(trial, seed=5).id
        assert list(trial.ids([3, 0, 10**9])) == [replace(trial, seed=seed).id for seed in (3, 0, 10**9)]


def test_arms_of_a_pair_share_their_streams_and_a_null_arm_does_not() -> None:
    claim = plan_of()
    off, on, null = list(claim.trials(claim.claim.rungs[0]))[:3]
    draws = [trial.rng("order").integers(2**32) for trial in (off, on, null)]
    assert draws[0] == draws[1] != draws[2]
    assert off.rng("order").integers(2**32) != off.rng("init").integers(2**32)


def test_a_null_arm_has_the_settings_that_its_baseline_gives_itself() -> None:
    text = TEXT.replace('role = "baseline"', 'role = "baseline"\nsettings.inner.strength = 2.0')
    assert text != TEXT
    claim = plan_of(text)
    (null,) = claim.arms("null")
    for condition in claim.claim.conditions:
        assert claim.settings[null.name, condition.name] == claim.settings[claim.baseline.name, condition.name]


def test_rungs_get_disjoint_items_of_one_pool_and_too_small_a_pool_is_refused() -> None:
    claim = plan_of()
    screen, confirm = (claim.items[name].choose(48) for name in ("screen", "confirm"))
    assert len(screen) == 16
    assert len(confirm) == 32
    assert not set(screen.tolist()) & set(confirm.tolist())
    with pytest.raises(Exception, match="needs items 16 to 48 of the ordered pool, which has 47"):
        claim.items["confirm"].choose(47)


def test_a_deterministic_arm_runs_once_per_condition_and_rung() -> None:
    claim = plan_of(TEXT.replace('role = "variant"', 'role = "variant"\ndeterministic = true'))
    on = [t for rung in claim.claim.rungs for t in claim.trials(rung) if t.arm == "on"]
    assert [(t.rung, t.condition, t.seed) for t in on] == [
        ("screen", "slow", None),
        ("screen", "fast", None),
        ("confirm", "slow", None),
        ("confirm", "fast", None),
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('settings.inner.mode = "on"', "", "resolves to the same settings as 'off'"),
        ('settings.inner.mode = "on"', 'settings.inner.mood = "on"', "has no setting 'mood'"),
        ('settings.inner.mode = "on"', 'settings.inner.mode = "maybe"', "'off' or 'on'"),
        ('settings.inner.mode = "on"', "settings.rate = 0.3", "the condition 'fast' sets 'rate' too"),
        ('"accuracy"', '"acuracy"', "measures: accuracy, loss"),
        ("[metric]", '[budget]\nunit = "tokens"\n[metric]', "can spend steps; not tokens"),
        ('role = "null"', 'role = "null"\nsettings.rate = 0.7', "a null arm is the baseline with other noise"),
        ("items = 32\n", "", "needs `items` at each of them"),
        ("margin = 0.02", 'margin = 0.02\ndirection = "minimise"', "declares that this metric is to maximise"),
        ("margin = 0.02", "margin = 1.5", "wider than the metric's whole range, 1"),
        ("items = 32", "items = 60", "60 items after the 16 of the rungs before it are more than"),
        ("settings = { rate = 0.5 }", "settings = { rate = true }", "'rate' must be a number; found true"),
    ],
)
def test_what_the_recipe_refuses_is_named_with_its_place(old: str, new: str, words: str) -> None:
    assert old in TEXT
    with pytest.raises(ClaimError) as caught:
        plan_of(TEXT.replace(old, new, 1))
    assert words in str(caught.value)
    assert "x.toml:" in str(caught.value)


def test_the_identity_ignores_texts_and_limits_and_nothing_else() -> None:
    claim = plan_of()
    assert plan_of('question = "why"\n' + TEXT).hash == claim.hash
    assert plan_of(TEXT + "[limits]\nseconds = 5\n").hash == claim.hash
    for old, new in (("seeds = [0, 1]", "seeds = [0, 2]"), ("0.02", "0.03"), ("rate = 0.5", "rate = 0.6")):
        changed = plan_of(TEXT.replace(old, new))
        assert changed.hash != claim.hash
        assert changed_fields(claim.identity(), changed.identity())
    assert plan_of(recipe=replace(RECIPE, fingerprint="version 2")).hash != claim.hash


def test_a_change_is_named_by_its_field() -> None:
    before, after = plan_of(), plan_of(TEXT.replace("seeds = [0, 1]", "seeds = [0, 2]"))
    assert changed_fields(before.identity(), after.identity()) == ["rungs.0.seeds: [0, 1] became [0, 2]"]


def test_an_arm_that_is_new_is_one_change() -> None:
    arm = '[[arm]]\nname = "third"\nrole = "null"\n'
    before, after = plan_of(), plan_of(TEXT + arm)
    assert changed_fields(before.identity(), after.identity()) == ["arm third is new"]
    assert changed_fields(after.identity(), before.identity()) == ["arm third is gone"]


def test_dotted_and_nested_settings_mean_the_same() -> None:
    assert expand({"a.b": 1, "a": {"c": 2}}) == {"a": {"b": 1, "c": 2}}
    assert merge({"a": {"b": 1}}, {"a": {"c": 2}}) == {"a": {"b": 1, "c": 2}}
    assert leaves({"a": {"b": 1}, "c": 2}) == {"a.b": 1, "c": 2}


def test_an_item_set_depends_on_its_seed_alone() -> None:
    first, second = ItemSet("a", 0, 5, seed=1), ItemSet("b", 0, 5, seed=1)
    assert first.choose(20).tolist() == second.choose(20).tolist()
    assert first.choose(20).tolist() != ItemSet("a", 0, 5, seed=2).choose(20).tolist()


def test_two_questions_differ_in_a_setting_once_however_many_arms_and_conditions_have_it() -> None:
    def of(arms: dict[str, dict[str, dict[str, object]]], **more: object) -> dict[str, object]:
        conditions = {name: {} for settings in arms.values() for name in settings}
        return {"arms": {name: {"settings": own} for name, own in arms.items()}, "conditions": conditions, **more}

    one = of({arm: {place: {"width": 64, "seed": arm} for place in ("x", "y")} for arm in ("a", "b", "c")}, name="one")
    two = of({arm: {place: {"width": 96, "seed": arm} for place in ("x", "y")} for arm in ("a", "b")}, name="two")
    two["arms"]["b"]["settings"]["y"]["width"] = 64  # type: ignore[index]
    two["arms"]["b"]["settings"]["y"]["rate"] = 0.1  # type: ignore[index]
    assert differing_questions(one, two) == [
        "arm c is gone", "settings.rate of b in y: nothing became 0.1", "settings.width of a, b in x: 64 became 96",
    ]  # fmt: skip
    other = of({"a": {"z": {"width": 96, "seed": "a"}}, "b": {"z": {"width": 96, "seed": "b"}}})
    assert differing_questions(of({name: one["arms"][name]["settings"] for name in "ab"}), other) == [  # type: ignore[index]
        "condition x is gone", "condition y is gone", "condition z is new", "settings.width: 64 became 96",
    ]  # fmt: skip
    assert differing_questions(one, one) == []


def test_what_is_absent_has_one_word_and_defaults_that_nobody_wrote_are_no_difference() -> None:
    def of(**settings: object) -> dict[str, object]:
        return {"arms": {"a": {"settings": {"default": settings}}}, "conditions": {"default": {}}, "items": None}

    one = of(lr=0.5, spread=0.0, depth=None)
    results = {"format": "metrics", "pair_by": "", "task": "t"}
    two = {**of(depth=2, results=results, spent={"source": "declared", "path": "{workdir}"}), "items": 1000}
    mine = written_settings({"arm": [{"name": "a", "settings": {"lr": 0.5}}]})
    its = written_settings(
        {
            "settings": {"results.format": "metrics", "spent": "declared"},
            "arm": [{"settings": {"results": {"task": "t"}}}],
        }
    )
    assert differing_questions(one, two, (mine, its)) == [
        "items: nothing became 1000", "settings.depth: nothing became 2", "settings.lr: 0.5 became nothing",
        "settings.results.format: nothing became 'metrics'", "settings.results.task: nothing became 't'",
        "settings.spent.source: nothing became 'declared'",
    ]  # fmt: skip

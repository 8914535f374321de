"""Near misses of keys and values are answered with the word that was meant, in the words of a claim file."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.claims.load import load_claim
from evenhand.claims.near import nearest
from evenhand.claims.schema import parse_claim
from evenhand.errors import ClaimError, SettingsError
from tests.running.test_run import write_claim

TEXT = """
question = "Does it help?"
recipe = "toy:run"
[metric]
name = "score"
margin = 0.05
[[arm]]
name = "off"
role = "baseline"
[[arm]]
name = "on"
role = "variant"
[[rung]]
name = "confirm"
budget = 5
seeds = 4
"""


def test_the_text_of_these_tests_is_a_claim() -> None:
    assert parse_claim(TEXT, "c.toml", "c").claim.rungs[0].seeds == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("old", "new", "place", "told"),
    [
        ("[metric]", "[metrics]", "c.toml:4", "unknown key 'metrics'; did you mean 'metric'?"),
        ("[[arm]]", "[[arms]]", "c.toml:7", "unknown key 'arms'; did you mean 'arm'?"),
        ("seeds = 4", "seed = 4", "c.toml:16", "unknown key 'seed'; did you mean 'seeds'?"),
        ("seeds = 4", "n_seeds = 4", "c.toml:16", "did you mean 'seeds'?"),
        ("budget = 5", "steps = 5", "c.toml:15", "did you mean 'budget'?"),
        ("budget = 5", "budgets = 5", "c.toml:15", "did you mean 'budget'?"),
        ("margin", "Margin", "c.toml:6", "unknown key 'Margin'; did you mean 'margin'?"),
        ("margin", "min_effect", "c.toml:6", "did you mean 'margin'?"),
        ('role = "variant"', 'role = "treatment"', "c.toml:12", "found 'treatment'; did you mean 'variant'?"),
        ('role = "baseline"', 'role = "control"', "c.toml:9", "found 'control'; did you mean 'baseline'?"),
        ("[[rung]]", "[limits]\nmemory_gb = 3\n[[rung]]", "c.toml:14", "did you mean 'memory_gib'?"),
        ("[[rung]]", "[resources]\ngpu = 3\n[[rung]]", "c.toml:14", "did you mean 'gpus'?"),
        ("[[rung]]", "[budget]\nunit = 'step'\n[[rung]]", "c.toml:14", "did you mean 'steps'?"),
        ("budget = 5", "budget = 5\nfrobnicate = 1", "c.toml:16", "(known here: name, budget, seeds, items, looks"),
    ],
)  # fmt: skip
def test_a_near_miss_is_one_fault_that_names_the_word_that_was_meant(old: str, new: str, place: str, told: str) -> None:
    with pytest.raises(ClaimError) as caught:
        parse_claim(TEXT.replace(old, new), "c.toml", "c")
    (fault, *_) = [f for f in caught.value.faults if told in f.message]
    assert fault.place.startswith(place)
    assert "is missing" not in str(caught.value)
    for word in ("pydantic", "tuple", "Input", "Extra inputs", "permitted"):
        assert word not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "direction"),
    [
        ("minimize", "minimise"), ("Minimise", "minimise"), ("MIN", "minimise"), ("lower", "minimise"),
        ("lower is better", "minimise"), ("lower_is_better", "minimise"), ("maximize", "maximise"),
        ("max", "maximise"), ("higher-is-better", "maximise"), ("Higher is better", "maximise"),
    ],
)  # fmt: skip
def test_a_direction_is_taken_as_people_write_it(written: str, direction: str) -> None:
    text = TEXT.replace("margin = 0.05", f'margin = 0.05\ndirection = "{written}"')
    assert parse_claim(text, "c.toml", "c").claim.metrics[0].direction == direction


def test_a_word_that_is_no_direction_is_refused_with_those_that_are() -> None:
    with pytest.raises(ClaimError, match="expected 'maximise' or 'minimise'; found 'sideways'"):
        parse_claim(TEXT.replace("margin = 0.05", 'margin = 0.05\ndirection = "sideways"'), "c.toml", "c")


def test_a_value_of_several_forms_is_refused_with_all_of_them() -> None:
    with pytest.raises(ClaimError, match=r"c\.toml:16 .*expected 'futility', 'none' or a table; found true"):
        parse_claim(TEXT.replace("budget = 5", "budget = 5\nprune = true"), "c.toml", "c")


def test_one_claim_to_wait_for_needs_no_list() -> None:
    assert parse_claim(f'after = "first"\n{TEXT}', "c.toml", "c").claim.after == ("first",)
    with pytest.raises(ClaimError, match=r"c\.toml:1 .*the claim 'c' cannot wait for itself"):
        parse_claim(f'after = "c"\n{TEXT}', "c.toml", "c")


@pytest.mark.parametrize("word", ["", "x", "zebra"])
def test_what_is_near_nothing_gets_no_suggestion(word: str) -> None:
    assert nearest(word, ["name", "budget", "seeds"]) == ""


def test_a_misspelt_setting_is_answered_with_the_recipe_s_own(toy_folder: Path) -> None:
    with pytest.raises((ClaimError, SettingsError), match=r"'efect'; did you mean 'effect'\? It has: effect"):
        load_claim(write_claim(toy_folder, settings="efect = 1"))

"""A claim file says all its faults at once, each with its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from evenhand.claims.schema import (
    Arm,
    Asked,
    BudgetUnit,
    Claim,
    Condition,
    Controls,
    LedgerRules,
    Limits,
    MetricClaim,
    Prune,
    Rung,
    parse_claim,
    range_faults,
)
from evenhand.data.reading import read_text
from evenhand.errors import ClaimError, EvenhandError
from tests.mutations import assert_only_data_errors, mutations

GOOD = """\
recipe = "toy:run"

[settings]
rate = 0.1

[budget]
unit = "steps"

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

[[rung]]
name = "screen"
budget = 10
seeds = [0, 1, 2]
items = 16

[[rung]]
name = "confirm"
budget = 20
seeds = [3, 4, 5]
items = 32
"""


def faults_of(text: str) -> str:
    with pytest.raises(ClaimError) as caught:
        parse_claim(text, "x.toml", "x")
    return str(caught.value)


def test_a_good_claim_parses_and_takes_its_name_from_the_file() -> None:
    claim = parse_claim(GOOD, "x.toml", "x").claim
    assert claim.name == "x"
    assert [arm.role for arm in claim.arms] == ["baseline", "variant"]
    assert claim.rungs[1].items.count == 32


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("[budget]\n", "[budget]\ncolour = 1\n", 7, "unknown key 'colour'"),
        ("margin = 0.02", "margin = -0.02", 11, "greater than 0"),
        ("margin = 0.02", 'margin = "small"', 11, "expected a number; found 'small'"),
        ("margin = 0.02", "margin = true", 11, "expected a number; found true"),
        ("margin = 0.02", "margin = 99999999999999999999", 11, "whole numbers go to 9223372036854775807"),
        ("margin = 0.02", "margin = 9007199254740993", 11, "a number this large is not exact"),
        ("margin = 0.02", "margin = nan", 11, "expected a finite number; found nan"),
        ("margin = 0.02", "margin = 1e-320", 11, "too close to zero"),
        ("margin = 0.02", "margin = 0.02\nprimary = 1", 12, "expected true or false; found 1"),
        ("margin = 0.02", "margin = 0.02\ndirection = 'up'", 12, "expected 'maximise' or 'minimise'; found 'up'"),
        ("rate = 0.1", "rate = 1e-320", 4, "too close to zero"),
        ("rate = 0.1", "rate = [inf]", 4, "expected a finite number; found inf"),
        ("budget = 20", "budget = true", 30, "expected a number; found true"),
        ("seeds = [3, 4, 5]", "seeds = [3, true]", 31, "expected a whole number; found true"),
        ("seeds = [3, 4, 5]", "seeds = [3, 4.5]", 31, "expected a whole number; found 4.5"),
        ("seeds = [3, 4, 5]", 'seeds = "3"', 31, "expected a list in brackets, such as [0, 1, 2]; found '3'"),
        ("seeds = [3, 4, 5]", "seeds = 0", 31, "expected 1 to 10000 seeds; found 0"),
        ("seeds = [3, 4, 5]", "seeds = 3", 31, "seeds [0, 1, 2] were already used at rung 'screen'"),
        ("items = 32", "items = true", 32, "expected a whole number; found true"),
        ('name = "on"', 'name = "on/off"', 18, "a name begins with a letter or a digit"),
        ('name = "on"', "name = 3", 18, "expected text in quotation marks; found 3"),
        ('recipe = "toy:run"', 'recipe = "toy:run"\nafter = ["x"]', 2, "the claim 'x' cannot wait for itself"),
        ('role = "baseline"', 'role = "rival"', None, 'no arm has role = "baseline"'),
        ('role = "variant"', 'role = "baseline"', 19, "a second baseline"),
        ("seeds = [3, 4, 5]", "seeds = []", 31, "at least 1 item"),
        ("seeds = [3, 4, 5]", "seeds = [2, 3, 4]", 31, "seeds [2] were already used at rung 'screen'"),
        ("seeds = [3, 4, 5]", "seeds = [3, 3, 4]", None, "names a seed twice"),
        ("budget = 20", "budget = 0", 30, "greater than 0"),
        ('name = "on"', 'name = "off"', 18, "the name 'off' stands twice"),
        ('unit = "steps"', 'unit = "hours"', 7, "'flops', 'seconds' or 'device_hours'"),
        (
            "items = 32",
            "items = 32\nlooks = [3, 5]",
            None,
            "must rise from at least 2 and end with the number of seeds",
        ),
        ("items = 16", 'items = 16\nprune = "threshold"', None, '`threshold` belongs to rule = "threshold"'),
    ],
)
def test_each_fault_is_named_with_its_line(old: str, new: str, line: int | None, words: str) -> None:
    assert old in GOOD
    message = faults_of(GOOD.replace(old, new, 1))
    assert words in message
    if line is not None:
        assert f"x.toml:{line}" in message


def test_all_faults_of_a_file_are_reported_together() -> None:
    text = GOOD.replace("margin = 0.02", "margin = 0").replace('role = "baseline"', 'role = "basis"')
    text = text.replace("budget = 20", "budget = -1").replace("[settings]", "[setings]")
    message = faults_of(text)
    for words in ("x.toml:11", "x.toml:15", "x.toml:30", "unknown key 'setings'", 'no arm has role = "baseline"'):
        assert words in message


def test_a_file_that_is_no_toml_says_where() -> None:
    assert "line 3" in faults_of("a = 1\nb = 2\nc = = 3\n")


def test_lines_are_found_behind_multi_line_strings_and_arrays() -> None:
    text = 'question = """\n[[arm]]\nmargin = 3\n"""\n' + GOOD.replace("seeds = [0, 1, 2]", "seeds = [\n 0,\n 1]")
    text = text.replace("budget = 20", "budget = -20")
    assert "x.toml:36" in faults_of(text)


def test_a_number_of_seeds_and_american_spelling_mean_what_they_say() -> None:
    text = GOOD.replace("seeds = [0, 1, 2]", "seeds = 3").replace("margin = 0.02", 'margin = 1\ndirection = "minimize"')
    claim = parse_claim(text, "x.toml", "x").claim
    assert claim == parse_claim(text.replace("minimize", "minimise").replace("= 3\n", "= [0, 1, 2]\n"), "x", "x").claim
    assert claim.rungs[0].seeds == (0, 1, 2)
    assert (claim.metrics[0].direction, claim.metrics[0].margin) == ("minimise", 1.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [("a = " + "[" * 100_000, "nested too deeply"), ("a = " + "9" * 5000, "is not valid TOML")],
)
def test_a_file_that_no_parser_can_take_is_told_in_a_sentence(text: str, words: str) -> None:
    assert words in faults_of(text)


def test_500_damaged_claim_files_are_read_or_told_in_a_sentence(tmp_path: Path) -> None:
    def reader(path: Path) -> None:
        parse_claim(read_text(path), path.name, path.stem)

    refused, accepted = assert_only_data_errors(reader, mutations(GOOD.encode()), tmp_path / "x.toml", EvenhandError)
    assert refused + accepted == 500
    assert refused > 250


def metric(**given: Any) -> MetricClaim:
    return MetricClaim.model_validate({"name": "m", "margin": 0.1} | given)


@pytest.mark.parametrize(
    ("given", "key", "words"),
    [
        ({"floor": 1.0, "ceiling": 0.0}, "floor", "is not below the ceiling"),
        ({"floor": 0.0, "ceiling": 1.0, "margin": 2}, "margin", "wider than the metric's whole range, 1"),
        ({"floor": 0.0, "ceiling": 1.0, "chance": 1.5}, "chance", "outside the metric's range"),
    ],
)
def test_ranges_that_cannot_be_are_faults_of_their_key(given: dict[str, Any], key: str, words: str) -> None:
    ((place, message),) = range_faults(metric(**given))
    assert place == key
    assert words in message
    assert range_faults(metric(floor=0.0, ceiling=1.0, chance=0.25)) == []


def test_every_key_of_a_claim_file_stands_in_the_quickstart() -> None:
    page = (Path(__file__).parents[2] / "docs" / "quickstart.md").read_text()
    table = page.split("## Every key of a claim file")[1].split("\n## ")[0]
    models = (Claim, Arm, Condition, Controls, MetricClaim, Rung, BudgetUnit, Limits, Asked, LedgerRules, Prune)
    # What is left out of a claim's plain form is set by the lab and is no key.
    fields = {name: field for model in models for name, field in model.model_fields.items() if not field.exclude}
    keys = {field.alias or name for name, field in fields.items()}
    missing = {key for key in keys if not re.search(rf"\b{key}\b", table)}
    assert not missing

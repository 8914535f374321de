"""A claim file says all its faults at once, each with its line."""

from __future__ import annotations

import pytest

from evenhand.claim import parse_claim
from evenhand.errors import ClaimError

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
        ("margin = 0.02", 'margin = "small"', 11, "valid number"),
        ('role = "baseline"', 'role = "rival"', None, 'no arm has role = "baseline"'),
        ('role = "variant"', 'role = "baseline"', 19, "a second baseline"),
        ("seeds = [3, 4, 5]", "seeds = []", 31, "at least 1 item"),
        ("seeds = [3, 4, 5]", "seeds = [2, 3, 4]", 31, "seeds [2] were already used at rung 'screen'"),
        ("seeds = [3, 4, 5]", "seeds = [3, 3, 4]", None, "names a seed twice"),
        ("budget = 20", "budget = 0", 30, "greater than 0"),
        ('name = "on"', 'name = "off"', 18, "the name 'off' stands twice"),
        ('unit = "steps"', 'unit = "hours"', 7, "'steps', 'tokens', 'examples' or 'seconds'"),
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

"""``evenhand compare`` as people type it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.app import evenhand, parsed
from tests.runs.logs import lm_eval


@pytest.fixture
def two(tmp_path: Path) -> Path:
    for arm, share, seed in (("base", 0.5, 1), ("new", 0.8, 2)):
        lm_eval(tmp_path / arm, (np.random.default_rng(seed).random(200) < share).astype(float).tolist(), model=arm)
    return tmp_path


@pytest.mark.slow
def test_the_answer_names_the_format_the_verdict_and_its_scope(two: Path) -> None:
    done = evenhand(two, "compare", "base", "new")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("baseline base: lm_eval, one run from base\nvariant new: lm_eval, one run from new\n")
    assert "▲ gain (retrospective, >= margin, scope checkpoint)" in done.stdout
    assert done.stdout.endswith("says nothing of new seeds: you gave one each\n")
    assert "warning: The margin is 1 point" in done.stderr


def test_json_has_what_claims_have_and_the_runs(two: Path) -> None:
    document = parsed(evenhand(two, "compare", "base", "new", "--json", "--margin", "0.02"))
    assert document["verdicts"][0]["title"] == "gain (retrospective, >= margin, scope checkpoint)"
    assert document["standing"]["fixed"] == "retrospective"
    assert document["arms"]["new"]["formats"] == ["lm_eval"]
    assert document["scope"] == "checkpoint"


def test_formats_have_the_names_that_people_use(two: Path) -> None:
    assert evenhand(two, "compare", "base", "new", "--format", "lm-eval").returncode == 0


@pytest.mark.slow
def test_report_and_claim_are_written_where_they_are_asked_for(two: Path) -> None:
    done = evenhand(two, "compare", "base", "new", "--report", "page.html", "--claim", "later.toml")
    assert done.returncode == 0, done.stderr
    assert "What could have been chosen" in (two / "page.html").read_text()
    assert 'recipe = "runs"' in (two / "later.toml").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("base",), "expected a baseline and a variant at least"),
        (("base", "missing"), "There is no missing"),
        (("base", "new", "--null", "new", "base"), "the first of the two must be the baseline"),
        (("base", "new", "--columns", "id"), "expected role=column"),
        (("base", "new", "--columns", "id="), "expected role=column"),
        (("base", "new", "--budgets", "=n_tokens"), "expected UNIT=NAME"),
        (("base", "new", "--task", "gsm"), "Not every arm has the task 'gsm'; all have: arc."),
        (("base", "new", "--scope", "world"), "expected one of recipe, checkpoint"),
        (("base", "new", "--allow", "all"), "'all' is nothing that can be allowed"),
        (("base", "new", "--format", "lmeval"), "There is no format 'lmeval'"),
        (("base", "new", "--metric", "f1"), "has the metric 'f1'; all have: acc"),
        (("base", "new", "--margin", "0"), "greater than 0"),
    ],
)
def test_what_cannot_be_compared_is_bad_input_in_a_sentence(two: Path, arguments: tuple[str, ...], says: str) -> None:
    done = evenhand(two, "compare", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_groups_of_items_are_shown_each_for_itself(tmp_path: Path) -> None:
    for arm, right in (("base", (10, 10)), ("new", (10, 30))):
        rows = [
            f"q{g}{i},{kind},{int(i < right[g])}" for g, kind in enumerate(("law", "math")) for i in range(40 - 8 * g)
        ]
        (tmp_path / f"{arm}.csv").write_text("\n".join(["id,category,correct", *rows]))
    told = evenhand(tmp_path, "compare", "base.csv", "new.csv", "--full").stdout
    assert re.search(r"new · correct, by group.*\n  law: 0\.000 .*40 items\n  math: \+0\.625 \[.*32 items", told), told
    (entry,) = parsed(evenhand(tmp_path, "compare", "base.csv", "new.csv", "--json"))["groups"]
    assert (entry["arm"], entry["against"]) == ("new", "base")
    assert [(one["group"], one["items"], one["estimate"]) for one in entry["groups"]] == [
        ("law", 40, 0.0), ("math", 32, 0.625),
    ]  # fmt: skip
    assert "by group" not in evenhand(tmp_path, "compare", "base.csv", "new.csv").stdout

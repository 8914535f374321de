"""The questions in SQL that the documents show mean what they show in a ledger of several claims and metrics, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evenhand.ledger import Ledger
from evenhand.recipes.outcome import ItemScores, Outcome
from tests.ledger.samples import EXECUTION, TRIAL

DOCS = Path(__file__).parent.parent / "docs"
QUERY = re.compile(
    r'evenhand ledger query (?:--?\S+ )*"(?P<asked>select [^"]+)"|`(?P<shown>select [^`]+ from [^`]+)`', re.DOTALL
)
NAMED, METRIC = re.compile(r"claim = '(\w+)'"), re.compile(r"\bname = '(\w+)'")


def questions() -> Iterator[tuple[str, str]]:
    """Page and question."""
    for page in (DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md"))):
        for found in QUERY.finditer(page.read_text(encoding="utf-8")):
            sql = (found["asked"] or found["shown"]).replace("\\\n", " ")
            yield page.stem, sql


def record(ledger: Ledger, claim: str, metrics: dict[str, float]) -> None:
    items = {name: ItemScores(("x", "y"), np.array([value, value])) for name, value in metrics.items()}
    for arm in ("off", "on"):
        for seed in range(2):
            trial = replace(TRIAL, claim=claim, arm=arm, seed=seed, settings={"claim": claim, "arm": arm})
            ledger.record_outcome(trial, Outcome(metrics=metrics, items=items), EXECUTION, claim, {"git": None})


@pytest.mark.parametrize(("page", "sql"), list(questions()))
def test_a_question_that_a_page_shows_mixes_neither_claims_nor_metrics(tmp_path: Path, page: str, sql: str) -> None:
    claim, metric = (NAMED.findall(sql) or ["c"])[0], (METRIC.findall(sql) or ["accuracy"])[0]
    with Ledger(tmp_path / "one") as one, Ledger(tmp_path / "several") as several:
        record(one, claim, {metric: 0.75})
        record(several, claim, {metric: 0.75, "steps": 300.0})
        record(several, "another", {metric: 0.25, "steps": 60.0})
        _, rows = one.query(sql)
        assert rows, page
        if "group by" in sql:
            assert set(several.query(sql)[1]) == set(rows), f"{page}: it takes other claims or metrics for these"
        else:
            assert len(several.query(sql)[1]) > len(rows)


def test_the_questions_are_found() -> None:
    assert {"ledger", "own_recipe", "recipes"} <= {page for page, _ in questions()}

"""What a claim asks for and no trial can give stops it at once, and mending it is no amendment."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.claims.load import load_claim
from evenhand.errors import ClaimError
from evenhand.ledger import Ledger
from evenhand.running.enter import check_after
from tests.running.test_run import run, write_claim

UNDECLARED = """
from evenhand.recipes.contract import RecipeSettings

class Settings(RecipeSettings):
    effect: float = 0.0

def run(settings: Settings, bench):
    ids, luck = bench.item_set.choose(30), 0.01 * bench.rng("init").normal()
    bench.budget.spend(steps=bench.budget.left)
    bench.items("accuracy", [str(i) for i in ids], [0.5 + settings.effect * (1 + luck)] * len(ids))
    return {"loss": 1.0}
"""


def claim(folder: Path, *changes: tuple[str, str]) -> Path:
    (folder / "undeclared.py").write_text(UNDECLARED)
    path = write_claim(folder)
    text = path.read_text().replace("toy:run", "undeclared:run").replace('name = "score"', 'name = "accuracy"')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'name = "accuracy"',
            'name = "acc"',
            "c.toml:5 (metric[0].name): the recipe reports no 'acc'; it reports accur",
        ),
        (
            "margin = 0.05",
            'margin = 0.05\ncheckpoint = "selected"',
            "(metric[0].checkpoint): the recipe records no 'ac",
        ),
        ("items = 20", "items = 31", "(rung[0].items): 31 items are more than the recipe's pool has, which is 30"),
    ],
)
def test_a_claim_that_no_trial_can_serve_stops_after_the_first_and_is_mended_without_amendment(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    with pytest.raises(ClaimError) as caught:
        run(claim(tmp_path, (old, new)), jobs=1)
    assert words in str(caught.value)
    records = Ledger(tmp_path / "ledger").outcomes()
    assert len(records) == 1
    assert records[0].outcome.failure is not None
    assert (dict(records[0].outcome.metrics), dict(records[0].outcome.items)) == ({}, {})
    assert run(claim(tmp_path), jobs=1)[0].kind == "gain"
    assert [record.amends for record in Ledger(tmp_path / "ledger").claims("c")] == ["", ""]


@pytest.mark.slow
def test_a_metric_that_is_undefined_with_a_reason_is_reported(toy_folder: Path) -> None:
    verdict, recorder = run(write_claim(toy_folder, settings='behave = "undefined"'), jobs=1)
    assert verdict.kind == "not-run"
    assert len(recorder.trials) == 8


@pytest.mark.slow
def test_a_reference_arm_may_report_less(tmp_path: Path) -> None:
    path = claim(tmp_path)
    source = (tmp_path / "undeclared.py").read_text()
    (tmp_path / "undeclared.py").write_text(
        source.replace(
            '    bench.items("acc', '    if settings.effect == 9:\n        return {"loss": 0}\n    bench.items("acc'
        )
    )
    arm = '[[arm]]\nname = "cited"\nrole = "reference"\nsettings.effect = 9.0\n'
    path.write_text(path.read_text().replace("[[arm]]", arm + "[[arm]]", 1))
    assert run(path, jobs=1)[0].kind == "gain"


def test_a_claim_that_waits_for_nobody_knows_whom_is_refused_at_the_plan(toy_folder: Path) -> None:
    path = write_claim(toy_folder)
    path.write_text('after = ["first"]\n' + path.read_text())
    ledger = Ledger(toy_folder / "ledger", create=False)
    with pytest.raises(ClaimError, match=r"c.toml:1 \(after\): no claim 'first' is in the ledger or beside this file"):
        check_after(load_claim(path), ledger)
    (toy_folder / "other.toml").write_text('name = "first"\n')
    check_after(load_claim(path), ledger)

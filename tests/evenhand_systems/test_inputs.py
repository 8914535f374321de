"""What the recipes' settings name outside a claim is declared by them, so that it is missed before the first trial."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.claims.load import load_claim
from evenhand.claims.nesting import leaves
from evenhand.data import model_store
from evenhand.recipes import catalogue
from evenhand.running.inputs import missing_inputs

CLAIMS = Path(__file__).parents[2] / "claims"
NAMING_NOTHING = {"anchored_sft.standin"}
"""Recipes whose settings name nothing outside the claim."""


@pytest.mark.parametrize("path", sorted(CLAIMS.rglob("*.toml")), ids=lambda path: path.stem)
def test_every_path_model_and_hub_id_that_a_claim_names_is_declared_by_its_recipe(path: Path) -> None:
    loaded = load_claim(path)
    reads, each = loaded.recipe.info.reads, loaded.resolved.settings.values()
    texts = {value for settings in each for value in leaves(settings).values() if isinstance(value, str)}
    outside = {text.removeprefix("tiny:") for text in texts if "/" in text or model_store.is_name(text)}
    declared = set() if reads is None else {one.name for settings in each for one in reads(settings)}
    assert declared == outside


def test_every_recipe_of_the_systems_declares_what_it_names_but_those_that_name_nothing() -> None:
    systems = {"future_seed", "lyapunov", "anchored_sft", "bridge"}
    theirs = {name for name in catalogue.registered() if name.partition(".")[0] in systems}
    assert {name for name in theirs if catalogue.find(name, CLAIMS).info.reads is None} == NAMING_NOTHING


MISSED = [
    ("future_seed/punctuation_small.toml", "run `evenhand models train rwkv7-small`"),
    ("future_seed/logs/r23_mbpp.toml", "get it from hub BlinkDL/rwkv7-g1"),
    ("future_seed/secondary_structure.toml", "get it from FLIP"),
    ("future_seed/retrieval.toml", "get it from hub:hotpotqa/hotpot_qa"),
    ("anchored_sft/smollm2_gsm8k.toml", "run `evenhand models get smollm2`"),
    ("anchored_sft/russian.toml", "there is no ../../../shared/data/russian_sft/xquad.ru.json"),
    ("anchored_sft/experiment_1.toml", "there is no ../../../shared/data/mt_bench_ru/question.jsonl"),
    ("bridge/smollm2_told.toml", "run `evenhand models get smollm2`"),
    ("bridge/gsm8k_form.toml", "there is no ../../../shared/data/tokenizers/torchtune_llama3style_bpe2000_tokenizer"),
]


@pytest.mark.parametrize(("name", "cure"), MISSED)
def test_where_there_are_no_data_and_no_models_what_is_missing_is_told_with_a_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, cure: str
) -> None:
    monkeypatch.setenv("EVENHAND_MODELS", str(tmp_path / "models"))
    path = tmp_path / "a/b/c/d" / name
    path.parent.mkdir(parents=True)
    path.write_text((CLAIMS / name).read_text())
    found = [str(fault) for fault in missing_inputs(load_claim(path))]
    assert any(cure in fault for fault in found), found


def test_a_list_of_numbers_that_is_not_there_is_missed_too(tmp_path: Path) -> None:
    text = (CLAIMS / "lyapunov/quality.toml").read_text()
    assert "[settings]" in text
    (tmp_path / "c.toml").write_text(text.replace("[settings]", '[settings]\nevaluation = "numbers.csv"', 1))
    (fault,) = missing_inputs(load_claim(tmp_path / "c.toml"))
    assert "there is no numbers.csv" in fault.message

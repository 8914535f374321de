"""Settings: one without effect in the given run is an error that says why."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from evenhand.errors import SettingsError
from evenhand_systems.anchored_sft.settings import CheckpointSettings, StandinSettings, TextSettings, check_epochs

CHECKPOINT = {"model": "some/model", "dataset": "data.jsonl"}
TEXT = {"text": "text.json", "data": "data.jsonl", "target_loss": 2.0}
ANCHORED = {"anchor_type": "kl", "kl_coef": 0.1}
JUDGED = {"questions": "q.jsonl", "reward_model": "judge", "mtbench_questions_limit": 16}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kl_coef": 0.1}, "kl_coef: has no effect without anchor_type"),
        ({"kl_start_step": 5, "kl_limit_seq": 128}, "kl_limit_seq: has no effect without anchor_type"),
        ({"anchor_type": "js"}, "anchor_type: has no effect without kl_coef"),
        ({"anchor_type": "kl", "kl_coef": 0.1, "js_beta": 0.5}, "js_beta: has no effect with anchor_type = 'kl'"),
        (
            {"anchor_type": "kl", "kl_coef": 0.1, "kl_limit_seq": 9, "anchor_prompts": 4},
            "no effect with anchor_prompts",
        ),
        ({"early_stop_tolerance": 0.1}, "has no effect without early_stop_patience"),
        ({"train": False, "save_steps": 5}, "save_steps: has no effect with train = false"),
        ({"train": False, "replay": 0.2}, "replay: has no effect with train = false"),
        ({"warmup_ratio": 0.1}, "warmup_ratio: has no effect with schedule = 'constant'"),
        ({"rescale": [0.5], "early_stop_patience": 2}, "rescale: scales the adapter of a whole run"),
        ({"curriculum": 0.3}, "curriculum has no effect without replay"),
        ({"rescale": [0.5, 2.0]}, "must be scales in"),
        ({"kl_coef": float("nan")}, "kl_coef"),
        ({"learning_rat": 1.0}, "learning_rat"),
    ],
)
def test_settings_of_a_stand_in_run_that_would_do_nothing_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        StandinSettings.model_validate(changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"subset": "general", "mix_reasoning_ratio": 0.2}, "mix_reasoning_ratio: has no effect with subset"),
        ({"sample_ratio": 1.0}, "sample_ratio: selects everything"),
        ({"sample_seed": 1}, "sample_seed: has no effect without sample_ratio"),
        ({"streaming": True, "num_proc": 4}, "num_proc: has no effect with streaming"),
        ({"streaming": True, "packing": True}, "packing: has no effect with streaming"),
        ({"train": False, "sample_ratio": 0.5}, "sample_ratio: has no effect with train = false"),
        ({"train": False, "skip_baseline": True}, "skip_baseline: has no effect with train = false"),
        ({"train": False, "subset": "both", "mix_reasoning_ratio": 0.2}, "mix_reasoning_ratio: has no effect with tr"),
        ({"schedule": "constant", "warmup_ratio": 0.0}, "warmup_ratio: has no effect with schedule = 'constant'"),
        (ANCHORED | {"kl_limit_seq": 769}, "kl_limit_seq: is 769, but no row has more than max_seq_length = 768"),
        (
            {"packing": True, "subset": "both", "mix_reasoning_ratio": 0.2, "curriculum": 0.3},
            "curriculum: has no effect with packing",
        ),
        ({"packing": True, "epochs": 1}, "epochs: cannot be told with packing"),
        ({"packing": True, "overlong": "truncate"}, "overlong: has no effect with packing"),
        ({"mtbench_questions_limit": 16}, "mtbench_questions_limit: has no effect without reward_model"),
        ({"reward_model": "judge"}, "reward_model: has no effect without questions"),
        ({"questions": "q.jsonl"}, "questions: has no effect without reward_model"),
        ({"early_stop_patience": 3}, "early_stop_patience: has no effect without mtbench_questions_limit"),
        (JUDGED | {"early_stop_patience": 3}, "early_stop_tolerance: must be given with reward_model: in raw rewards"),
        (
            JUDGED | {"early_stop_patience": 3, "early_stop_tolerance": 0.5, "skip_baseline": True},
            "skip_baseline: leaves early stopping nothing to compare with",
        ),
        ({"quantisation": "4bit", "save_merged_to": "whole"}, "save_merged_to: cannot be written with quantisation"),
        ({"prompts_dataset": "p.jsonl"}, "prompts_dataset: has no effect without anchor_prompts"),
        ({"rescale": [0.5]}, "rescale: has no effect without target_loss"),
    ],
)
def test_settings_of_a_checkpoint_run_that_would_do_nothing_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CheckpointSettings.model_validate(CHECKPOINT | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"early_stop_patience": 2}, "early_stop_patience has no effect here: it needs dev questions"),
        (ANCHORED | {"kl_limit_seq": 300}, "kl_limit_seq: is 300, but no row has more than max_seq_length = 256"),
    ],
)
def test_settings_of_a_text_run_that_would_do_nothing_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TextSettings.model_validate(TEXT | changes)


def test_settings_at_the_edge_of_having_an_effect_are_accepted() -> None:
    CheckpointSettings.model_validate(CHECKPOINT | ANCHORED | {"kl_limit_seq": 768, "warmup_ratio": 0.0})
    CheckpointSettings.model_validate(CHECKPOINT | {"train": False, "packing": True, "baseline_eval_samples": 4})
    StandinSettings.model_validate({"warmup_ratio": 0.1, "schedule": "linear"})
    TextSettings.model_validate(TEXT | {"rescale": [0.5, 1.0]})


def test_early_stopping_on_rewards_is_accepted_with_a_tolerance_in_rewards() -> None:
    CheckpointSettings.model_validate(
        CHECKPOINT | JUDGED | {"early_stop_patience": 3, "early_stop_tolerance": 0.5, "quantisation": "4bit"}
    )


def test_all_faults_of_the_settings_are_shown_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        CheckpointSettings.model_validate(CHECKPOINT | {"sample_ratio": 1.0, "kl_coef": 0.1, "kl_limit_seq": 9})
    assert "kl_coef" in str(caught.value)
    assert "kl_limit_seq" in str(caught.value)


def test_epochs_must_say_the_same_as_the_budget() -> None:
    settings = StandinSettings(epochs=1, batch=8, grad_acc=16)
    check_epochs(settings, 123_776, 967)
    with pytest.raises(SettingsError, match="1 epochs of 123776 examples are 967 steps, but the budget is 39 steps"):
        check_epochs(settings, 123_776, 39)

"""The recipes end to end, small: metrics and items, anchored and plain arms, checkpoints by path, bad input."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, Qwen3ForSequenceClassification

from evenhand.data import model_store
from evenhand.errors import DataError
from evenhand.files import folder_hash
from evenhand_systems.anchored_sft.standin import skills

SMALL = {
    "teaching_steps": 1, "teaching_enough": 0.0, "pool": 8, "dev_questions": 7, "eval_steps": 2,
    "training_questions": 40, "batch": 4,
}  # fmt: skip


def test_an_arm_that_never_reaches_the_target_level_says_so_and_still_reports_its_end(run_trial: Any) -> None:
    outcome = run_trial("standin", SMALL)
    assert outcome.failure is None, outcome.failure
    assert "never reached" in outcome.undefined["retention"]
    assert "retention" not in outcome.items
    assert len(outcome.items["final_retention"].ids) == 6 * 7
    assert outcome.spent["steps"] == 4
    assert outcome.spent["examples"] == 16
    assert outcome.spent["tokens"] > 16 * 5
    assert len(outcome.curves["dev_target"].values) == 3


def test_an_arm_that_reaches_the_level_is_measured_there_and_at_the_end(
    run_trial: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evenhand_systems.anchored_sft.arms.standin import SkillProbe

    glance, count = SkillProbe.glance, []

    def third_time(probe: SkillProbe, model: Any) -> Any:
        count.append(1)
        found = glance(probe, model)
        return type(found)(found.values, len(count) >= 2, found.answers)

    monkeypatch.setattr(SkillProbe, "glance", third_time)
    outcome = run_trial("standin", SMALL | {"anchor_type": "js", "kl_coef": 0.1, "anchor_prompts": 4})
    assert outcome.failure is None, outcome.failure
    assert outcome.metrics["steps_to_target"] == 2
    assert outcome.items["retention"].ids == outcome.items["final_retention"].ids
    assert outcome.metrics["distance"] < outcome.metrics["final_distance"]
    assert not outcome.undefined


def test_an_untrained_arm_is_the_base(run_trial: Any) -> None:
    outcome = run_trial("standin", SMALL | {"train": False})
    assert outcome.failure is None, outcome.failure
    assert outcome.metrics["final_distance"] == pytest.approx(0.0, abs=1e-6)
    assert "steps" not in outcome.spent
    assert not outcome.draws  # it is declared deterministic, so it may draw from no stream of the trial


def test_replay_keeps_items_out_of_training_and_rescaling_finds_no_scale_where_none_reaches(run_trial: Any) -> None:
    outcome = run_trial("standin", SMALL | {"replay": 0.5, "curriculum": 0.25, "rescale": [0.5, 1.0]})
    assert outcome.failure is None, outcome.failure
    assert "never reached" in outcome.undefined["retention"]


def test_a_killed_trial_goes_on_from_its_checkpoint_to_the_same_end(
    run_trial: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evenhand_systems.anchored_sft.training.fine_tune import _Ledger

    settings = SMALL | {"save_steps": 2, "anchor_type": "kl", "kl_coef": 0.2}
    whole = run_trial("standin", settings, workdir="whole")
    spend = _Ledger.on_step_end

    def killed(self: Any, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == 3:
            raise ConnectionError("the machine went away")
        spend(self, args, state, control, **kwargs)

    monkeypatch.setattr(_Ledger, "on_step_end", killed)
    assert run_trial("standin", settings, workdir="killed").failure.kind == "infrastructure"
    monkeypatch.setattr(_Ledger, "on_step_end", spend)
    resumed = run_trial("standin", settings, workdir="killed")
    assert resumed.failure is None, resumed.failure
    assert resumed.metrics == whole.metrics
    assert resumed.spent["tokens"] == whole.spent["tokens"]
    np.testing.assert_array_equal(resumed.curves["cross_entropy"].values, whole.curves["cross_entropy"].values)


def test_arms_of_a_pair_start_alike_and_see_the_same_lessons(run_trial: Any) -> None:
    plain = run_trial("standin", SMALL, workdir="a")
    anchored = run_trial("standin", SMALL | {"anchor_type": "kl_rev", "kl_coef": 0.3}, workdir="b")
    first = [outcome.curves["cross_entropy"].values[0] for outcome in (plain, anchored)]
    assert first[0] == pytest.approx(first[1], rel=1e-6)
    assert plain.spent == anchored.spent | {"seconds": plain.spent["seconds"]}


@pytest.fixture
def world(tiny: Any, tokenizer: Any, tmp_path: Path) -> dict[str, Any]:
    """A folder with a model, a judge, conversations, questions and general text, and the settings that use them."""
    torch.manual_seed(2)
    tiny.save_pretrained(tmp_path / "model")
    tiny.config.num_labels = 1
    Qwen3ForSequenceClassification(tiny.config).save_pretrained(tmp_path / "judge")
    for folder in ("model", "judge"):
        tokenizer.save_pretrained(tmp_path / folder)
    rng, facts = np.random.default_rng(0), skills.the_world()
    rows = []
    for i in range(120):
        subset = "reasoning" if i % 3 == 0 else "general"
        prompt, answer = skills.ask("add" if i % 3 == 0 else "sort", rng, facts)
        messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
        rows.append({"id": f"row {i}", "subset": subset, "messages": messages})
    (tmp_path / "data.jsonl").write_text("\n".join(map(json.dumps, rows)))
    questions = [{"question_id": i, "category": "c", "turns": [f"copy:{'abc'[i % 3]}", "sort:cb"]} for i in range(10)]
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, questions)))
    (tmp_path / "text.txt").write_text("abcabc\nbcabca\n")
    return {
        "model": "model", "dataset": "data.jsonl", "batch": 4, "eval_steps": 2, "max_seq_length": 64,
        "val_split": 0.2, "max_new_tokens": 4, "questions": "questions.jsonl", "reward_model": "judge",
        "general_text": "text.txt", "target_loss": 50.0,
    }  # fmt: skip


def test_a_checkpoint_is_tuned_judged_measured_and_kept(world: dict[str, Any], run_trial: Any, tmp_path: Path) -> None:
    mixed = {"subset": "both", "mix_reasoning_ratio": 0.2, "sample_ratio": 0.6, "grad_acc": 2, "num_proc": 1,
             "anchor_type": "kl", "kl_coef": 0.1, "kl_limit_seq": 3, "kl_warmup_steps": 1,
             "mtbench_questions_limit": 3, "baseline_eval_samples": 5,
             "save_adapter_to": "adapters", "save_merged_to": "merged"}  # fmt: skip
    outcome = run_trial("checkpoint", world | mixed)
    assert outcome.failure is None, outcome.failure
    assert outcome.metrics["steps_to_target"] == 0
    assert len(outcome.items["reward"].ids) == 6
    turns = [outcome.items[f"reward_turn_{turn}"] for turn in (1, 2)]
    assert turns[0].ids == turns[1].ids == outcome.items["reward"].ids
    assert np.mean([turn.scores for turn in turns], axis=0) == pytest.approx(outcome.items["reward"].scores)
    assert len(outcome.items["final_text_loss"].ids) == 2
    assert outcome.metrics["final_target_loss"] > 0
    assert len(outcome.curves["dev_reward"].values) == 3
    assert {"data.jsonl", "questions.jsonl", "text.txt"} <= set(outcome.data)
    ids = torch.tensor([[1, 7, 20, 21, 3, 2]])
    base = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    adapted = PeftModel.from_pretrained(base, tmp_path / "adapters" / "seed-0").eval()
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged" / "seed-0").eval()
    torch.testing.assert_close(adapted(input_ids=ids).logits, merged(input_ids=ids).logits, rtol=1e-4, atol=1e-4)


def test_a_checkpoint_by_name_is_on_record_by_its_files_and_asked_for_where_it_is_not_there(
    world: dict[str, Any], run_trial: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(folder: Path, meanwhile: Path) -> model_store.Facts:
        shutil.copytree(tmp_path / "model", folder, dirs_exist_ok=True)
        return model_store.Facts("a toy", 10, "Apache-2.0", "toy==1.0", "0" * 64, "1" * 64)

    monkeypatch.setenv("EVENHAND_MODELS", str(tmp_path / "models"))
    model_store.keep("toy", write)
    plain = {k: v for k, v in world.items() if k not in ("questions", "reward_model")} | {"train": False}
    outcome = run_trial("checkpoint", plain | {"model": "toy"}, workdir="there", count=None)
    assert outcome.failure is None, outcome.failure
    assert outcome.data["toy"] == folder_hash(tmp_path / "models/toy")
    assert "model weights" not in outcome.notes
    failure = run_trial("checkpoint", plain | {"model": "smollm2"}, workdir="not there", count=None).failure
    assert failure is not None
    assert (failure.kind, "run `evenhand models get smollm2`" in failure.message) == ("data", True)


@pytest.mark.parametrize("change", [{"streaming": True, "sample_ratio": 0.5}, {"packing": True}])
def test_streams_and_packed_rows_are_trained_on(change: dict[str, Any], world: dict[str, Any], run_trial: Any) -> None:
    plain = {k: v for k, v in world.items() if k not in ("questions", "reward_model")}
    outcome = run_trial("checkpoint", plain | change, count=None)
    assert outcome.failure is None, outcome.failure
    assert np.isfinite(outcome.metrics["final_target_loss"])


@pytest.mark.parametrize("overlong", ["truncate", "drop"])
def test_a_stream_is_validated_and_trained_on_what_a_file_is_with_one_row_too_long(
    overlong: str, world: dict[str, Any], tokenizer: Any, tmp_path: Path
) -> None:
    from evenhand_systems.anchored_sft.arms.checkpoint import _conversations
    from evenhand_systems.anchored_sft.settings import CheckpointSettings

    path = tmp_path / "data.jsonl"
    long = {"messages": [{"role": "user", "content": "copy:a"}, {"role": "assistant", "content": "abc" * 40}]}
    path.write_text(path.read_text() + "\n" + json.dumps(long))
    names = ("model", "dataset", "max_seq_length", "val_split")
    plain = {name: world[name] for name in names} | {"overlong": overlong, "sample_ratio": 0.9, "sample_seed": 1}

    def found(streaming: bool, seed: int = 0, **changes: Any) -> tuple[list[str], list[tuple[int, ...]]]:
        bench = SimpleNamespace(
            data=lambda name: tmp_path / name, note=lambda *_: None, budget=SimpleNamespace(amount=300),
            rng=lambda name: np.random.default_rng(seed),
        )  # fmt: skip
        settings = CheckpointSettings.model_validate(plain | changes | {"streaming": streaming})
        held, rows = _conversations(settings, bench, tokenizer)
        return [row.id for row in held], [tuple(row["input_ids"]) for row in rows]

    (held, rows), (file_held, file_rows), (_, other_rows) = found(True), found(False), found(True, seed=1)
    assert held == file_held
    assert set(rows) == set(file_rows)
    assert any(len(row) == 64 for row in rows) == (overlong == "truncate")
    assert sorted(rows) == sorted(other_rows)
    assert rows != other_rows
    assert found(True, baseline_eval_samples=5)[0] == found(False, baseline_eval_samples=5)[0] != held[:5]
    with pytest.raises(DataError, match="selects all"):
        found(True, baseline_eval_samples=99)


@pytest.mark.parametrize("harm", ["no weights", "damaged weights", "broken config"])
def test_a_folder_that_holds_half_a_model_is_a_fault_of_the_data(
    harm: str, world: dict[str, Any], run_trial: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    if harm == "no weights":
        (folder / "model.safetensors").unlink()
    elif harm == "damaged weights":
        (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:900])
    else:
        (folder / "config.json").write_text('{"model_type": ')
    failure = run_trial("checkpoint", world).failure
    assert failure is not None
    assert failure.kind == "data"
    assert {"no weights": "config.json", "damaged weights": "model.safetensors", "broken config": "config.json:1"}[
        harm
    ] in failure.message
    assert harm == "broken config" or re.search("[Cc]opy (it|the folder) again", failure.message)


def test_a_base_that_holds_an_adapter_is_refused_and_not_trained_bare(
    world: dict[str, Any], run_trial: Any, tmp_path: Path
) -> None:
    base = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    get_peft_model(base, LoraConfig(r=2, target_modules=["q_proj"])).save_pretrained(tmp_path / "model")
    failure = run_trial("checkpoint", world).failure
    assert failure is not None
    assert failure.kind == "data"
    assert "holds an adapter" in failure.message
    assert "Merge the adapter first" in failure.message


def test_a_fresh_adapter_never_replaces_one_that_is_there(adapted: Any) -> None:
    from evenhand_systems.anchored_sft.training.adapters import lora

    with pytest.raises(DataError, match="holds an adapter"):
        lora(adapted, r=2, alpha=2, dropout=0.0, targets="all-linear", seed=0)


def test_weights_that_are_no_numbers_fail_as_data_and_sound_ones_are_on_record(
    world: dict[str, Any], run_trial: Any, tmp_path: Path
) -> None:
    twice = (tmp_path / "data.jsonl").read_text().splitlines()
    (tmp_path / "data.jsonl").write_text("\n".join([*twice, twice[0]]))
    sound = run_trial("checkpoint", world | {"train": False}, workdir="sound")
    assert sound.failure is None, sound.failure
    assert {"model", "judge"} <= set(sound.data)
    assert "2 of 121 conversations are 1 that stand more than once" in sound.notes["repeated conversations"]
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    with torch.no_grad():
        model.get_input_embeddings().weight[3, 0] = float("nan")
    model.save_pretrained(tmp_path / "model")
    failure = run_trial("checkpoint", world, workdir="nan").failure
    assert failure is not None
    assert failure.kind == "data"
    assert "no finite numbers" in failure.message


def test_training_stops_where_the_rewards_have_stayed_below_their_start_and_the_rest_is_forgone(
    world: dict[str, Any], run_trial: Any
) -> None:
    asked = {"mtbench_questions_limit": 4, "learning_rate": 0.1, "eval_steps": 1, "early_stop_patience": 3}
    borne = run_trial("checkpoint", world | asked | {"early_stop_tolerance": 10.0}, steps=6, workdir="borne")
    rewards = borne.curves["dev_reward"].values
    worse = rewards < rewards[0]
    third = next(step for step in range(3, 7) if worse[step - 2 : step + 1].all())
    assert len(rewards) == 7
    assert "early stop" not in borne.notes
    assert third < 6
    stopped = run_trial("checkpoint", world | asked | {"early_stop_tolerance": 0.0}, steps=6, workdir="stopped")
    assert stopped.failure is None, stopped.failure
    assert f"stopped at step {third};" in stopped.notes["early stop"]
    np.testing.assert_array_equal(stopped.curves["dev_reward"].values, rewards[: third + 1])
    assert stopped.spent["steps"] == 6
    assert stopped.spent["examples"] == 4 * third


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"model": "./nowhere"}, "data", "There is no model at"),
        ({"dataset": "nothing.jsonl"}, "data", "There is no data file"),
        ({"reward_model": "./nowhere"}, "data", "cannot be loaded"),
        ({"reward_model": "model"}, "data", "a head with 2 outputs"),
        ({"max_seq_length": 10}, "data", "longer than max_seq_length"),
        ({"mtbench_questions_limit": 9}, "data", "4 of 10 are left"),
        ({"baseline_eval_samples": 500}, "data", "selects all"),
        ({"quantisation": "4bit"}, "code", "needs a CUDA device"),
        ({"lora_targets": ["no_proj"]}, "code", "is no module of"),
        ({"anchor_type": "kl", "kl_coef": 0.03, "kl_start_step": 200, "kl_warmup_steps": 300}, "code", "full strength"),
        ({"eval_steps": 250}, "code", "no evaluation would be made"),
        ({"save_steps": 5}, "code", "no checkpoint would be kept"),
    ],
)
def test_bad_input_fails_with_its_class_and_says_what_to_do(
    changes: dict[str, Any], kind: str, message: str, world: dict[str, Any], run_trial: Any
) -> None:
    if torch.cuda.is_available() and "quantisation" in changes:
        pytest.skip("this machine can quantise")
    failure = run_trial("checkpoint", world | changes).failure
    assert failure is not None
    assert message in failure.message
    assert failure.kind == kind


def test_a_run_too_short_for_its_settings_is_refused_with_every_reason_before_anything_is_loaded(
    world: dict[str, Any], run_trial: Any
) -> None:
    late = {"anchor_type": "kl", "kl_coef": 0.03, "kl_start_step": 200, "eval_steps": 4, "save_steps": 5}
    failure = run_trial("checkpoint", world | late | {"model": "./nowhere", "reward_model": "./nowhere"}).failure
    assert failure is not None
    assert failure.kind == "code"
    for name in ("eval_steps: is 4", "save_steps: is 5", "full strength is reached at step 200"):
        assert name in failure.message


def test_a_full_disk_stops_the_trial_before_training(
    world: dict[str, Any], run_trial: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evenhand_systems.anchored_sft.training import adapters

    monkeypatch.setattr(adapters.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})())
    outcome = run_trial("checkpoint", world)
    assert outcome.failure.kind == "infrastructure"
    assert not outcome.spent.get("steps")


def test_a_stand_in_learns_a_text_and_is_tuned_on_seed_tasks(run_trial: Any, tmp_path: Path) -> None:
    articles = [
        {"title": f"t{i}", "paragraphs": [{"context": f"статья {i} " + "абвгд " * 40} for _ in range(2)]}
        for i in range(6)
    ]
    (tmp_path / "text.json").write_text(json.dumps({"data": articles}))
    tasks = [
        {"id": f"task {i}", "instruction": f"скажи {i}", "instances": [{"input": "да" * (i % 2), "output": "абв"}]}
        for i in range(24)
    ]
    (tmp_path / "tasks.jsonl").write_text("\n".join(json.dumps(task) for task in tasks))
    settings = {"text": "text.json", "data": "tasks.jsonl", "teaching_steps": 2, "hidden": 16, "eval_steps": 2,
                "batch": 2, "target_loss": 50.0, "replay": 0.25}  # fmt: skip
    outcome = run_trial("text", settings, count=2)
    assert outcome.failure is None, outcome.failure
    assert outcome.metrics["steps_to_target"] == 0
    assert len(outcome.items["final_text_loss"].ids) == 2
    assert outcome.items["final_text_loss"].clusters is not None
    assert outcome.metrics["distance"] == pytest.approx(0.0, abs=1e-6)
    assert outcome.metrics["final_distance"] > 0


def test_importing_the_recipes_brings_no_heavy_library_with_it() -> None:
    import subprocess
    import sys

    code = (
        "import sys, evenhand_systems.anchored_sft.recipes; print(*(m for m in ('torch', 'trl') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

"""Estimates of memory: near what a trial on SmolLM2 takes, told by a plan; what cannot fit is refused beforehand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evenhand.claims.load import load_claim
from evenhand.data import model_store
from evenhand.errors import ClaimError
from evenhand.ledger import Ledger
from evenhand.running import enter, fitting
from evenhand.running.enter import check_machine
from evenhand.running.plan import plan_lines, plan_of
from evenhand_systems.anchored_sft import memory
from evenhand_systems.anchored_sft.memory import checkpoint_memory, narrow_memory
from evenhand_systems.model_memory import adapter_parameters, trained_bytes
from evenhand_systems.model_shapes import PUBLISHED, Shape, read_shape

ROOT = Path(__file__).parents[3]
CLAIMS = ROOT / "claims" / "anchored_sft"
SMOLLM2 = Shape(30, 576, 9, 3, 64, 1536, 49152, True)
JUDGE = "Skywork/Skywork-Reward-Llama-3.1-8B-v0.2"
TALK = "A farmer counts the apples, the pears and the plums of his garden and writes each number down. "


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with rows of a task, each nearly as long as it may be, and questions of two turns."""
    rows = [{"question": f"{TALK * 3}{i} and 2?", "answer": f"<<{i}+2={i + 2}>>{i + 2}\n#### {i + 2}"}
            for i in range(60)]  # fmt: skip
    asked = [{"question_id": i, "category": "c", "turns": [f"{i}: {TALK}", TALK]} for i in range(8)]
    for name, lines in (("rows.jsonl", rows), ("questions.jsonl", asked)):
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


NARROW: dict[str, Any] = {
    "model": "smollm2", "data": "rows.jsonl", "prompts": "questions.jsonl", "target_loss": 9.0, "eval_steps": 1,
    "batch": 4, "training_rows": 16, "dev_rows": 2, "target_rows": 2, "val_split": 0.3, "per_kind": 1, "chats": 2,
    "own_tokens": 2, "shown": 0, "max_seq_length": 116,
}  # fmt: skip
TRIALS = {
    "adapters in all layers, an anchor": {"anchor_type": "js", "kl_coef": 1.0},
    "adapters in the last six alone": {"adapted_layers": 6, "per_kind": 8},
}


@pytest.mark.slow  # a program of its own with torch, transformers and trl, and a real model for each trial
@pytest.mark.skipif(
    not (model_store.models_folder() / "smollm2" / model_store.MANIFEST).is_file(),
    reason="SmolLM2 was not fetched; `evenhand models get smollm2` brings it",
)
def test_trials_on_smollm2_take_about_what_is_estimated(data: Path) -> None:
    settings = [{**NARROW, **own} for own in TRIALS.values()]
    ran = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("measured_memory.py")), str(data), *map(json.dumps, settings)],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    measured = [int(line) for line in ran.stdout.split()]
    estimated = [narrow_memory(one, data, "cpu").bytes or 0.0 for one in settings]
    ratios = {name: there / taken for name, there, taken in zip(TRIALS, estimated, measured, strict=True)}
    assert all(0.8 <= ratio <= 1.5 for ratio in ratios.values()), ratios


def test_adapters_have_as_many_weights_as_peft_makes(adapted: Any) -> None:
    shape = read_shape(adapted.config.to_dict())
    assert shape is not None
    trained = sum(p.numel() for p in adapted.parameters() if p.requires_grad)
    assert adapter_parameters(shape, 2) == trained
    of_queries = [p.numel() for name, p in adapted.named_parameters() if p.requires_grad and "q_proj" in name]
    assert adapter_parameters(shape, 2, ("q_proj", "lm_head")) == sum(of_queries)
    assert adapter_parameters(shape, 2, None, 1) == trained / 2


CHECKPOINT: dict[str, Any] = {
    "model": "Qwen/Qwen3-8B", "dataset": "rows.jsonl", "questions": "questions.jsonl", "reward_model": JUDGE,
}  # fmt: skip


def of_checkpoint(folder: Path, device: str = "cuda", **more: Any) -> float:
    found = checkpoint_memory({**CHECKPOINT, **more}, folder, device)
    assert found.bytes is not None, found.words
    return found.bytes


ALONE = {"questions": None, "reward_model": None}
ANCHORED = {"anchor_type": "kl", "kl_coef": 1.0}
PROMPTED = {**ANCHORED, "anchor_prompts": 8, "prompts_dataset": "p"}


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ({"train": False}, {}),
        ({}, {"lora_r": 64}),
        ({"lora_targets": ("q_proj", "v_proj")}, {}),
        ({**ALONE, "batch": 4}, ALONE),
        ({**ALONE, "max_seq_length": 256}, ALONE),
        (ALONE, {**ALONE, **ANCHORED}),
        ({**ALONE, **ANCHORED}, {**ALONE, **PROMPTED}),
        ({**ALONE, **PROMPTED, "grad_acc": 8}, {**ALONE, **PROMPTED}),
        ({}, {"max_new_tokens": 2048}),
        ({"quantisation": "4bit"}, {"quantisation": "8bit"}),
        ({"quantisation": "8bit"}, {}),
        ({"model": "Qwen/Qwen3-1.7B"}, {}),
        ({**ALONE, "save_adapter_to": "a"}, {**ALONE, "save_merged_to": "m"}),
    ],
)
def test_what_takes_more_is_counted_as_more(less: dict[str, Any], more: dict[str, Any], data: Path) -> None:
    assert of_checkpoint(data, **less) < of_checkpoint(data, **more)


def test_the_judge_stands_beside_the_model_in_the_precision_of_its_files(data: Path) -> None:
    judge, model = PUBLISHED[JUDGE], PUBLISHED["Qwen/Qwen3-8B"]
    for device, item in (("cuda", 2), ("cpu", 4)):
        weights = item * model.parameters + 2 * judge.trunk
        assert weights < of_checkpoint(data, device) - trained_bytes(adapter_parameters(model, 8))


def test_layers_computed_twice_keep_a_gpu_from_what_a_cpu_has_to_hold(data: Path) -> None:
    model = PUBLISHED["Qwen/Qwen3-8B"]
    steps = [
        of_checkpoint(data, device, **ALONE) - item * model.parameters for device, item in (("cpu", 4), ("cuda", 2))
    ]
    assert steps[0] > 8 * steps[1]


def test_an_estimate_without_the_sizes_of_the_judge_is_told_as_a_lower_bound(data: Path) -> None:
    whole, part = (checkpoint_memory({**CHECKPOINT, **own}, data, "cuda") for own in ({}, {"reward_model": "org/j"}))
    assert part.bytes == pytest.approx(whole.bytes - 2 * PUBLISHED[JUDGE].trunk)
    assert "without the judge, so a lower bound: it waits for the sizes of 'org/j'" in part.words
    assert "lower bound" not in whole.words


@pytest.mark.parametrize("estimate", [checkpoint_memory, narrow_memory])
def test_an_estimate_waits_for_sizes_and_texts_that_are_not_at_hand(
    estimate: Any, data: Path, monkeypatch: Any
) -> None:
    settings = CHECKPOINT if estimate is checkpoint_memory else NARROW
    unknown = estimate({**settings, "model": "org/model"}, data, "cpu")
    assert (unknown.bytes, "the sizes of 'org/model'" in unknown.words) == (None, True)
    monkeypatch.setattr(memory, "shape_of", lambda reference, folder: SMOLLM2)
    (data / "questions.jsonl").unlink()
    unread = estimate(settings, data, "cpu")
    assert (unread.bytes, "'questions.jsonl', which cannot be read" in unread.words) == (None, True)


def test_a_replayed_row_and_a_table_of_lower_layers_are_counted(data: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(memory, "shape_of", lambda reference, folder: SMOLLM2)
    plain, replayed, few = (
        narrow_memory({**NARROW, **own}, data, "cpu").bytes or 0.0
        for own in ({}, {"replay": 0.5, "own_tokens": 64}, {"adapted_layers": 6})
    )
    assert few < plain < replayed
    assert "table" in narrow_memory({**NARROW, "adapted_layers": 6}, data, "cpu").words


@pytest.mark.parametrize(
    "own", [{}, {"replay": 0.5}, {"anchor_type": "kl", "kl_coef": 1.0, "anchor_prompts": 2}, {"adapted_layers": 6}]
)
def test_rows_are_taken_no_longer_than_the_files_have_them(own: dict[str, Any], data: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(memory, "shape_of", lambda reference, folder: SMOLLM2)
    short, long, longer = (
        narrow_memory({**NARROW, **own, "max_seq_length": limit}, data, "cpu").bytes or 0.0 for limit in (50, 300, 8192)
    )
    assert short < long == longer


def test_questions_are_taken_no_longer_than_their_files_have_them(data: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(memory, "shape_of", lambda reference, folder: SMOLLM2)
    arc = [{"id": str(i), "question": TALK, "choices": ["a", "b"], "answer_index": 0} for i in range(4)]
    (data / "arc.jsonl").write_text("".join(json.dumps(one) + "\n" for one in arc))
    hotpot = [{"_id": "1", "question": "?", "answer": "a", "context": [["t", [TALK]]], "supporting_facts": [["t", 0]]}]
    (data / "hotpot.json").write_text(json.dumps(hotpot))
    asked = {**NARROW, "adapted_layers": 6, "arc": "arc.jsonl", "hotpot": "hotpot.json"}
    long, longer = (narrow_memory({**asked, "max_seq_length": limit}, data, "cpu").bytes for limit in (300, 8192))
    assert long == longer


def test_conversations_are_taken_no_longer_than_their_file_has_them(data: Path) -> None:
    talks = [{"messages": [{"role": "user", "content": TALK * 9}, {"role": "assistant", "content": "yes"}]}] * 3
    (data / "talks.jsonl").write_text("".join(json.dumps(talk) + "\n" for talk in talks))
    told = {**ALONE, "dataset": "talks.jsonl"}
    short, long, longer = (of_checkpoint(data, **told, max_seq_length=limit) for limit in (256, 768, 8192))
    assert short < long == longer
    assert of_checkpoint(data, **told, max_seq_length=8192, packing=True) > longer


@pytest.mark.parametrize("name", ["org/talks", "~nosuchuser/talks.jsonl", "n" * 300])
def test_rows_that_are_not_at_hand_are_taken_as_long_as_they_may_be(name: str, data: Path) -> None:
    short, long = (of_checkpoint(data, **ALONE, dataset=name, max_seq_length=limit) for limit in (256, 8192))
    assert short < long


def test_what_one_trial_makes_for_all_is_told_apart_from_what_each_takes(data: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(memory, "shape_of", lambda reference, folder: SMOLLM2)
    few, many = (narrow_memory({**NARROW, "own_tokens": count}, data, "cpu") for count in (2, 4096))
    assert few.bytes == many.bytes
    assert "one trial alone takes " in many.words
    assert "for the model's own answers to 8 prompts at once, which all share" in many.words


def claim(monkeypatch: Any, name: str, there: int | None) -> Any:
    """A claim of the repository, on a GPU of some size, with two questions."""
    monkeypatch.setattr(fitting, "device_of_programs", lambda: ("cuda", "a GPU"))
    monkeypatch.setattr(fitting, "why_torch_has_no_cuda", lambda: "")
    monkeypatch.setattr(fitting, "device_memory", lambda device, gpus=(): there)
    monkeypatch.setattr(memory, "_asked", lambda path, new: (1200, 16))
    monkeypatch.setattr(enter, "missing_inputs", lambda loaded: [])  # its data may be missing here
    return load_claim(CLAIMS / f"{name}.toml")


def told(loaded: Any, folder: Path) -> str:
    lines = [line for line, _ in plan_lines(plan_of(loaded, Ledger(folder, create=False)))]
    return "\n".join(line for line in lines if line.startswith("memory"))


@pytest.mark.parametrize("name", ["experiment_4", "flagship_checkpoint"])
def test_a_plan_tells_what_a_trial_with_a_judge_takes(name: str, monkeypatch: Any, tmp_path: Path) -> None:
    loaded = claim(monkeypatch, name, 80_000_000_000)
    words = told(loaded, tmp_path)
    assert "of weights, 15.0 GB of the judge beside them" in words
    assert words.endswith("the GPU has 80.0 GB")
    check_machine(loaded)


@pytest.mark.parametrize("name", ["experiment_4", "flagship_checkpoint"])
def test_a_claim_whose_model_and_judge_cannot_fit_is_refused_with_the_figures(name: str, monkeypatch: Any) -> None:
    with pytest.raises(ClaimError, match=r"more memory than there is: .* of the judge .*the GPU has 16\.0 GB"):
        check_machine(claim(monkeypatch, name, 16_000_000_000))


def test_a_plan_says_what_its_estimate_waits_for_and_refuses_nothing(monkeypatch: Any, tmp_path: Path) -> None:
    loaded = claim(monkeypatch, "experiment_4", 1_000_000_000)
    monkeypatch.setattr(memory, "shape_of", lambda reference, folder: None)
    assert "memory of a trial: not estimated, it waits for the sizes of 'Qwen/Qwen3-8B'" in told(loaded, tmp_path)
    check_machine(loaded)


def test_a_plan_on_smollm2_tells_what_its_first_trial_takes(monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setattr(memory, "shape_of", lambda reference, folder: SMOLLM2)
    monkeypatch.setattr(memory, "data_path", lambda name, folder: tmp_path / "questions.jsonl")
    questions = [{"question_id": i, "category": "c", "turns": [TALK]} for i in range(80)]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(one) + "\n" for one in questions))
    assert "the model's own answers to 64 prompts at once" in told(
        load_claim(CLAIMS / "smollm2_prompts.toml"), tmp_path
    )

"""The trainer: what carries loss, what the anchor adds, and what must change nothing."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset, IterableDataset
from peft import LoraConfig, PeftModel, get_peft_model
from torch.nn import functional
from trl import SFTConfig

from evenhand.errors import Diverged, SettingsError
from evenhand_systems.anchored_sft.anchors import AnchorSchedule, Divergence
from evenhand_systems.anchored_sft.training.adapters import export_merged, rescaled, save_adapter
from evenhand_systems.anchored_sft.training.anchor import Anchor
from evenhand_systems.anchored_sft.training.trainer import AnchoredSFTTrainer

FULL = AnchorSchedule(0.5)
ANCHORS = {
    "plain": None,
    "answers": Anchor(FULL, Divergence("reverse")),
    "tail": Anchor(FULL, Divergence("js"), "tail", tail=3),
    "prompts": Anchor(FULL, Divergence("forward"), "prompts", prompts=[[1, 9, 8], [1, 12]], prompts_per_step=16),
}


def gradients(model: Any) -> dict[str, torch.Tensor]:
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def batch_of(rows: list[Any], side: str = "right", extra: int = 0) -> dict[str, torch.Tensor]:
    """A padded batch with its padding on one side."""
    width = max(len(row.input_ids) for row in rows) + extra
    out: dict[str, list[list[int]]] = {"input_ids": [], "labels": [], "attention_mask": []}
    for row in rows:
        gap = width - len(row.input_ids)
        for name, values, fill in (
            ("input_ids", row.input_ids, 5), ("labels", row.labels, -100), ("attention_mask", [1] * len(row.labels), 0)
        ):  # fmt: skip
            out[name].append([fill] * gap + list(values) if side == "left" else list(values) + [fill] * gap)
    return {name: torch.tensor(values) for name, values in out.items()}


def loss_and_gradients(trainer: Any, batch: dict[str, torch.Tensor], count: int | None = None) -> Any:
    model = trainer.model.train()
    model.zero_grad()
    trainer.state.max_steps, trainer.current_gradient_accumulation_steps = 3, 1
    loss = trainer.compute_loss(model, dict(batch), num_items_in_batch=count)
    loss.backward()
    return loss.detach(), gradients(model)


@pytest.mark.parametrize("kind", ANCHORS)
@pytest.mark.parametrize(("side", "extra"), [("right", 5), ("left", 0), ("left", 7)])
def test_padding_side_and_amount_change_nothing(
    kind: str, side: str, extra: int, adapted: Any, tokenizer: Any, tmp_path: Path, lessons: Any, trainer_of: Any
) -> None:
    rows = lessons(tokenizer, 4)
    trainer = trainer_of(adapted, tokenizer, rows, tmp_path, anchor=ANCHORS[kind])
    loss, expected = loss_and_gradients(trainer, batch_of(rows))
    other, found = loss_and_gradients(trainer, batch_of(rows, side, extra))
    torch.testing.assert_close(other, loss, rtol=1e-5, atol=1e-6)
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", ["plain", "answers"])
def test_the_loss_is_the_plain_computation_from_full_logits(
    kind: str, adapted: Any, tokenizer: Any, tmp_path: Path, lessons: Any, trainer_of: Any
) -> None:
    rows = lessons(tokenizer, 4)
    trainer = trainer_of(adapted, tokenizer, rows, tmp_path, anchor=ANCHORS[kind])
    batch = batch_of(rows)
    inputs = {k: batch[k] for k in ("input_ids", "attention_mask")}
    student = adapted(**inputs).logits[:, :-1].log_softmax(-1)
    with adapted.disable_adapter(), torch.no_grad():
        base = adapted(**inputs).logits[:, :-1].log_softmax(-1)
    counted = batch["labels"][:, 1:] != -100
    expected = functional.nll_loss(student[counted], batch["labels"][:, 1:][counted])
    if kind == "answers":
        expected = expected + 0.5 * (student.exp() * (student - base)).sum(-1)[counted].mean()
    loss, _ = loss_and_gradients(trainer, batch)
    torch.testing.assert_close(loss, expected.detach())


def test_prompt_tokens_carry_no_loss(
    adapted: Any, tokenizer: Any, tmp_path: Path, lessons: Any, trainer_of: Any
) -> None:
    rows = lessons(tokenizer, 4)
    trainer = trainer_of(adapted, tokenizer, rows, tmp_path)
    batch = batch_of(rows)
    hidden: list[torch.Tensor] = []

    def keep(_module: Any, _inputs: Any, output: Any) -> None:
        output.last_hidden_state.retain_grad()
        hidden.append(output.last_hidden_state)

    handle = adapted.get_base_model().base_model.register_forward_hook(keep)
    loss_and_gradients(trainer, batch)
    handle.remove()
    carries = hidden[0].grad.abs().sum(-1) > 0
    expected = torch.zeros_like(carries)
    expected[:, :-1] = batch["labels"][:, 1:] != -100
    assert torch.equal(carries, expected)
    # The rows do have prompts, and these do have tokens that could have carried loss.
    assert (batch["labels"] == -100).sum() > 10


ASKED, ANSWERED = {"role": "user", "content": "copy:abc"}, {"role": "assistant", "content": "abc"}
MARKED = (
    "{% for m in messages %}{{ '<|' + m['role'] + '|>' }}{% if m['role'] == 'assistant' %}"
    "{% generation %}{{ m['content'] + '<|end|>' }}{% endgeneration %}{% else %}{{ m['content'] + '<|end|>' }}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def trainer_on(model: Any, tokenizer: Any, folder: Path, **changes: Any) -> AnchoredSFTTrainer:
    """A trainer that puts its data into tokens itself."""
    options = SFTConfig(str(folder), report_to=[], use_cpu=True, bf16=False, **changes.pop("options", {}))
    return AnchoredSFTTrainer(model, options, processing_class=tokenizer, **changes)


@pytest.mark.parametrize("place", ["train_dataset", "eval_dataset", "one of several", "a stream"])
def test_conversations_whose_questions_would_carry_loss_are_refused(
    place: str, adapted: Any, tokenizer: Any, tmp_path: Path, lessons: Any, dataset_of: Any
) -> None:
    raw, fine = Dataset.from_list([{"messages": [ASKED, ANSWERED]}] * 4), dataset_of(lessons(tokenizer, 4))
    data = {
        "train_dataset": {"train_dataset": raw},
        "eval_dataset": {"train_dataset": fine, "eval_dataset": raw},
        "one of several": {"train_dataset": fine, "eval_dataset": {"good": fine, "bad": raw}},
        "a stream": {"train_dataset": IterableDataset.from_generator(lambda: iter(raw))},
    }[place]
    with pytest.raises(SettingsError, match=r"(?s)1 fault\b.*label every token of their questions"):
        trainer_on(adapted, tokenizer, tmp_path, **data)


@pytest.mark.parametrize("form", ["messages", "prompt and completion"])
def test_data_that_the_trainer_puts_into_tokens_itself_are_labelled_on_their_answers_alone(
    form: str, adapted: Any, tokenizer: Any, tmp_path: Path
) -> None:
    tokenizer = copy.deepcopy(tokenizer)
    tokenizer.chat_template = MARKED
    whole = form == "messages"
    row = {"messages": [ASKED, ANSWERED]} if whole else {"prompt": [ASKED], "completion": [ANSWERED]}
    options = {"assistant_only_loss": whole}
    trainer = trainer_on(adapted, tokenizer, tmp_path, train_dataset=Dataset.from_list([row] * 8), options=options)
    batch = next(iter(trainer.get_train_dataloader()))
    for ids, labels in zip(batch["input_ids"], batch["labels"], strict=True):
        carrying = [int(token) for token, label in zip(ids, labels, strict=True) if label != -100]
        assert tokenizer.decode(carrying) == "abc<|end|>"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("mode", ["keep_start", "keep_end"])
def test_rows_whose_answer_lies_beyond_the_length_limit_are_never_dropped_in_silence(
    mode: str, stream: bool, adapted: Any, tokenizer: Any, tmp_path: Path
) -> None:
    answer = ([7] * 6, [-100] * 3 + [7] * 3), ([7] * 20, [-100] * 9 + [7, 7] + [-100] * 9)
    rows = [{"input_ids": ids, "labels": labels} for ids, labels in answer]
    data = Dataset.from_list(rows)
    given = IterableDataset.from_generator(lambda: iter(rows)) if stream else data
    options = {"max_length": 8, "truncation_mode": mode, "max_steps": 1}
    with pytest.raises(SettingsError, match=r"within max_length = 8 tokens.*without a word"):
        list(trainer_on(adapted, tokenizer, tmp_path, train_dataset=given, options=options).train_dataset)
    fine = trainer_on(adapted, tokenizer, tmp_path, train_dataset=data, options=options | {"max_length": 11})
    if mode == "keep_start":
        assert [len(row["input_ids"]) for row in fine.train_dataset] == [6, 11]


@pytest.mark.parametrize("kind", ANCHORS)
def test_accumulating_sixteen_single_rows_equals_one_batch_of_sixteen(
    kind: str, adapted: Any, tokenizer: Any, tmp_path: Path, lessons: Any, trainer_of: Any
) -> None:
    rows = lessons(tokenizer, 16)
    weights = []
    for size, accumulation in ((16, 1), (1, 16), (4, 4)):
        model = copy.deepcopy(adapted)
        trainer = trainer_of(
            model, tokenizer, rows, tmp_path, anchor=ANCHORS[kind], max_steps=1, optim="sgd",
            per_device_train_batch_size=size, gradient_accumulation_steps=accumulation,
        )  # fmt: skip
        trainer.train()
        weights.append({n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad})
    before = {n: p.detach() for n, p in adapted.named_parameters() if p.requires_grad}
    moved = sum(float((weights[0][n] - before[n]).norm()) for n in before)
    assert moved > 1e-4
    for other in weights[1:]:
        apart = sum(float((weights[0][n] - other[n]).norm()) for n in before)
        assert apart < 1e-3 * moved


def test_dividing_the_gradient_of_accumulated_batches_twice_would_be_noticed(
    adapted: Any, tokenizer: Any, tmp_path: Path, lessons: Any, trainer_of: Any
) -> None:
    rows = lessons(tokenizer, 16)
    moved = []
    for size, accumulation, faulty in ((16, 1, False), (1, 16, True)):
        model = copy.deepcopy(adapted)
        trainer = trainer_of(
            model, tokenizer, rows, tmp_path, max_steps=1, optim="sgd", per_device_train_batch_size=size,
            gradient_accumulation_steps=accumulation, max_grad_norm=0.0,  # clipping would hide what is looked for
        )  # fmt: skip
        if faulty:
            trainer.loss_is_scaled_for_ga = False
        trainer.train()
        pairs = zip(model.parameters(), adapted.parameters(), strict=True)
        moved.append(sum(float((a - b).detach().norm()) for a, b in pairs))
    assert moved[1] / moved[0] == pytest.approx(1 / 16, rel=0.05)


def test_packed_rows_give_the_loss_of_padded_rows(
    adapted: Any, tokenizer: Any, tmp_path: Path, lessons: Any, trainer_of: Any
) -> None:
    rows = lessons(tokenizer, 3)
    trainer = trainer_of(adapted, tokenizer, rows, tmp_path, anchor=Anchor(FULL, positions="tail", tail=2))
    padded, _ = loss_and_gradients(trainer, batch_of(rows))
    packed = {
        "input_ids": torch.tensor([[t for row in rows for t in row.input_ids]]),
        "labels": torch.tensor([[t for row in rows for t in row.labels]]),
        "position_ids": torch.tensor([[i for row in rows for i in range(len(row.labels))]]),
    }
    found, _ = loss_and_gradients(trainer, packed)
    torch.testing.assert_close(found, padded, rtol=1e-5, atol=1e-6)


def test_an_anchor_lowers_the_distance_from_the_base(
    tiny: Any, tokenizer: Any, tmp_path: Path, lessons: Any, trainer_of: Any
) -> None:
    rows, apart = lessons(tokenizer, 64), []
    for anchor in (None, Anchor(AnchorSchedule(100.0), Divergence("forward"))):
        torch.manual_seed(3)
        model = get_peft_model(copy.deepcopy(tiny), LoraConfig(r=2, target_modules="all-linear"))
        trainer = trainer_of(model, tokenizer, rows, tmp_path, anchor=anchor, max_steps=16, learning_rate=0.05)
        trainer.train()
        batch = batch_of(rows)
        inputs = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
        with torch.no_grad():
            student = model(**inputs).logits.log_softmax(-1)
            with model.disable_adapter():
                base = model(**inputs).logits.log_softmax(-1)
        counted = batch["labels"][:, 1:] != -100
        apart.append(float((base.exp() * (base - student)).sum(-1)[:, :-1][counted].mean()))
        if anchor is not None:
            assert any("anchor_distance" in line for line in trainer.state.log_history)
    assert apart[1] < 0.7 * apart[0]


def test_a_model_without_adapter_cannot_be_anchored(
    tiny: Any, tokenizer: Any, tmp_path: Path, lessons: Any, trainer_of: Any
) -> None:
    with pytest.raises(SettingsError, match="no reference"):
        trainer_of(tiny, tokenizer, lessons(tokenizer, 4), tmp_path, anchor=ANCHORS["answers"])


def test_a_warmup_longer_than_the_run_is_refused_when_training_starts(
    adapted: Any, tokenizer: Any, tmp_path: Path, lessons: Any, trainer_of: Any
) -> None:
    anchor = Anchor(AnchorSchedule(0.03, start=200, warmup=300))
    trainer = trainer_of(adapted, tokenizer, lessons(tokenizer, 8), tmp_path, anchor=anchor)
    with pytest.raises(SettingsError, match="full strength is reached at step 500"):
        trainer.train()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tail": 128}, "tail: has no effect with positions = 'answers'"),
        ({"positions": "tail"}, "tail: is needed"),
        ({"positions": "prompts", "prompts": [[1, 2]]}, "prompts_per_step: is needed"),
        ({"positions": "prompts", "prompts": [[1]], "prompts_per_step": 1}, "fewer than two tokens"),
    ],
)
def test_anchor_settings_without_effect_or_missing_are_errors(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Anchor(FULL, **changes)


def test_a_loss_that_is_no_number_is_a_divergence(
    adapted: Any, tokenizer: Any, tmp_path: Path, lessons: Any, trainer_of: Any
) -> None:
    with torch.no_grad():
        next(p for n, p in adapted.named_parameters() if "lora_B" in n).fill_(float("nan"))
    with pytest.raises(Diverged):
        trainer_of(adapted, tokenizer, lessons(tokenizer, 8), tmp_path).train()


def test_a_resumed_run_goes_on_to_the_same_losses_and_weights(
    adapted: Any, tokenizer: Any, tmp_path: Path, lessons: Any, trainer_of: Any
) -> None:
    rows = lessons(tokenizer, 24)
    common = {"anchor": ANCHORS["prompts"], "max_steps": 6, "save_strategy": "steps", "save_steps": 3,
              "lr_scheduler_type": "linear"}  # fmt: skip
    whole, half = copy.deepcopy(adapted), copy.deepcopy(adapted)
    straight = trainer_of(whole, tokenizer, rows, tmp_path / "whole", **common)
    straight.train()
    resumed = trainer_of(half, tokenizer, rows, tmp_path / "half", **common)
    resumed.train(resume_from_checkpoint=str(tmp_path / "whole" / "checkpoint-3"))
    expected = [line["loss"] for line in straight.state.log_history if "loss" in line]
    assert [line["loss"] for line in resumed.state.log_history if "loss" in line] == expected
    for a, b in zip(whole.parameters(), half.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_saved_adapter_loads_with_plain_peft_and_the_merged_export_without_it(
    adapted: Any, tiny: Any, tokenizer: Any, tmp_path: Path, lessons: Any
) -> None:
    from transformers import AutoModelForCausalLM

    batch = batch_of(lessons(tokenizer, 3))
    inputs = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
    expected = adapted.eval()(**inputs).logits
    save_adapter(adapted, tmp_path / "adapter")
    export_merged(adapted, tokenizer, tmp_path / "merged")
    torch.testing.assert_close(adapted(**inputs).logits, expected)
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged").eval()
    torch.testing.assert_close(merged(**inputs).logits, expected, rtol=1e-4, atol=1e-4)
    plain = adapted.unload()
    again = PeftModel.from_pretrained(plain, tmp_path / "adapter").eval()
    torch.testing.assert_close(again(**inputs).logits, expected)


def test_an_adapter_rescaled_to_nothing_is_the_base_and_comes_back_whole(
    adapted: Any, tokenizer: Any, lessons: Any
) -> None:
    batch = batch_of(lessons(tokenizer, 3))
    inputs = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
    adapted.eval()
    expected = adapted(**inputs).logits
    with adapted.disable_adapter():
        base = adapted(**inputs).logits
    with rescaled(adapted, 0.0):
        torch.testing.assert_close(adapted(**inputs).logits, base)
    torch.testing.assert_close(adapted(**inputs).logits, expected)


def test_a_full_disk_is_said_before_anything_is_written(
    adapted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evenhand.recipes.error_classes import classify
    from evenhand_systems.anchored_sft.training import adapters

    monkeypatch.setattr(adapters.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})())
    with pytest.raises(OSError, match="MiB free; make room") as caught:
        save_adapter(adapted, tmp_path / "adapter")
    assert classify(caught.value) == "infrastructure"
    assert not (tmp_path / "adapter").exists()


def test_datasets_are_trained_in_the_order_given(
    adapted: Any, tokenizer: Any, tmp_path: Path, lessons: Any, trainer_of: Any, dataset_of: Any
) -> None:
    rows = lessons(tokenizer, 12)
    trainer = trainer_of(adapted, tokenizer, rows, tmp_path)
    first = next(iter(trainer.get_train_dataloader()))
    expected = dataset_of(rows)[0]["input_ids"]
    assert first["input_ids"][0, : len(expected)].tolist() == expected

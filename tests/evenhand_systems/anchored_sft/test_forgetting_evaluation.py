"""Evaluation: token-weighted losses, paired comparisons, evaluations that really happen, stopping on forgetting."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from evenhand.errors import DataError, SettingsError
from evenhand_systems.anchored_sft.data.conversations import Tokenised
from evenhand_systems.anchored_sft.evaluation.answers import greedy_answers
from evenhand_systems.anchored_sft.evaluation.losses import Answers, ForgettingEvaluation, compare, detectable_change
from evenhand_systems.anchored_sft.standin import skills
from evenhand_systems.anchored_sft.training.callbacks import EvaluateWhileTraining, StopOnForgetting


def answers(scores: list[float], cap: int = 8, prefix: str = "q") -> Answers:
    ids = tuple(f"{prefix}{i}" for i in range(len(scores)))
    return Answers(ids, ("copy",) * len(ids), np.asarray(scores), ("",) * len(ids), cap)


def test_the_loss_of_a_set_weighs_tokens_not_conversations(adapted: Any, tokenizer: Any, lessons: Any) -> None:
    rows = lessons(tokenizer, 6)
    found = ForgettingEvaluation(tokenizer, validation=rows, batch=4).target_loss(adapted)
    summed, count = 0.0, 0
    for row in rows:
        ids, labels = torch.tensor([row.input_ids]), torch.tensor([row.labels])
        with torch.no_grad():
            log_probs = adapted.eval()(input_ids=ids).logits[0, :-1].log_softmax(-1)
        kept = labels[0, 1:] != -100
        summed -= float(log_probs[kept, labels[0, 1:][kept]].sum())
        count += int(kept.sum())
    assert found.mean == pytest.approx(summed / count, rel=1e-5)
    assert found.mean != pytest.approx(found.per_text().mean(), rel=1e-3)
    assert found.perplexity == pytest.approx(np.exp(found.mean))


def test_the_distance_of_an_idle_adapter_is_zero_and_of_a_trained_one_is_not(
    adapted: Any, tokenizer: Any, lessons: Any
) -> None:
    rows = [Tokenised(row.id, row.input_ids, row.input_ids) for row in lessons(tokenizer, 3)]
    evaluation = ForgettingEvaluation(tokenizer, texts=rows)
    assert evaluation.distance(adapted).mean > 1e-4
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.zero_()
    assert evaluation.distance(adapted).mean == pytest.approx(0.0, abs=1e-7)


def test_greedy_answers_do_not_depend_on_the_run_or_the_batch(tiny: Any, tokenizer: Any) -> None:
    with torch.no_grad():
        for parameter in tiny.parameters():
            parameter.mul_(4.0)
    prompts = ["copy:abc", "max:01,22,13", "sort:ab", "fact:abc"]
    together = greedy_answers(tiny, tokenizer, prompts, cap=6)
    assert together == greedy_answers(tiny, tokenizer, prompts, cap=6)
    assert together == greedy_answers(tiny, tokenizer, prompts, cap=6, batch=1)
    assert len(set(together)) > 1


def test_the_answer_cap_is_kept(tiny: Any, tokenizer: Any) -> None:
    (answer,) = greedy_answers(tiny, tokenizer, ["copy:abc"], cap=3)
    assert len(tokenizer(answer, add_special_tokens=False)["input_ids"]) <= 3


@pytest.mark.parametrize(("count", "sd", "expected"), [(80, 1.5, 0.470), (80, 2.0, 0.626), (2178, 2.0, 0.120)])
def test_the_smallest_detectable_change_is_told(count: int, sd: float, expected: float) -> None:
    assert detectable_change(count, sd) == pytest.approx(expected, abs=5e-4)


def test_comparisons_are_paired_and_name_what_was_gained_and_lost() -> None:
    found = compare(answers([1, 1, 0, 0]), answers([1, 0, 1, 1]))
    assert (found.gained, found.lost, found.difference, found.count) == (("q2", "q3"), ("q1",), 0.25, 4)
    assert found.detectable == pytest.approx(detectable_change(4, found.sd))


@pytest.mark.parametrize("other", [answers([1, 1, 0]), answers([1, 1], prefix="z"), answers([1, 1], cap=9)])
def test_unlike_evaluations_are_not_compared(other: Answers) -> None:
    with pytest.raises(DataError, match="same questions under the same cap"):
        compare(answers([1, 1]), other)


def test_the_evaluations_on_the_way_really_happen(
    adapted: Any, tokenizer: Any, lessons: Any, trainer_of: Any, tmp_path: Path
) -> None:
    seen: list[tuple[int, float]] = []

    def evaluate(model: Any, step: int) -> None:
        first = next(p for n, p in model.named_parameters() if "lora_B" in n)
        seen.append((step, float(first.detach().abs().sum())))

    callback = EvaluateWhileTraining(evaluate, every=2)
    trainer_of(adapted, tokenizer, lessons(tokenizer, 20), tmp_path, callbacks=[callback], max_steps=5).train()
    assert [step for step, _ in seen] == callback.done == [0, 2, 4, 5]
    assert len({weight for _, weight in seen}) == 4


def test_an_interval_longer_than_the_run_is_refused(
    adapted: Any, tokenizer: Any, lessons: Any, trainer_of: Any, tmp_path: Path
) -> None:
    callback = EvaluateWhileTraining(lambda *_: None, every=250)
    trainer = trainer_of(adapted, tokenizer, lessons(tokenizer, 8), tmp_path, callbacks=[callback])
    with pytest.raises(SettingsError, match="no evaluation would be made on the way"):
        trainer.train()


def see_all(stopper: StopOnForgetting, shares: list[float]) -> list[int]:
    """Steps at which training is told to stop."""
    stops = []
    for step, share in enumerate(shares):
        right = round(share * 10)
        stopper.see(answers([1.0] * right + [0.0] * (10 - right)), step)
        control = SimpleNamespace(should_training_stop=False)
        stopper.on_step_end(SimpleNamespace(), SimpleNamespace(global_step=step), control)
        if control.should_training_stop:
            stops.append(step)
    return stops


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([0.9, 0.7, 0.6, 0.5], [2]),
        ([0.9, 0.7, 0.9, 0.6, 0.5], [4]),
        ([0.9, 0.9, 0.9, 0.9], []),
        ([0.5, 0.4, 0.5, 0.4, 0.5], []),
    ],
    ids=["twice in a row", "the count starts again", "nothing forgotten", "never twice in a row"],
)
def test_training_stops_when_too_much_is_forgotten_for_too_long(shares: list[float], expected: list[int]) -> None:
    assert see_all(StopOnForgetting(patience=2, tolerance=0.05), shares) == expected


def test_early_stopping_refuses_to_compare_unlike_evaluations() -> None:
    stopper = StopOnForgetting(patience=1)
    stopper.see(answers([1.0] * 4), 0)
    with pytest.raises(DataError, match="same questions under the same cap"):
        stopper.see(answers([1.0] * 4, cap=99), 1)


@pytest.mark.parametrize("skill", [*skills.SKILLS, "target"])
def test_a_skills_questions_are_distinct_and_repeatable(skill: str) -> None:
    world = skills.the_world()
    pools = [skills.question_pool(skill, 60, np.random.default_rng(4), world, "ranked") for _ in range(2)]
    assert pools[0] == pools[1]
    assert len({q.prompt for q in pools[0]}) == 60


def test_the_new_format_changes_every_answer_of_the_old_skill() -> None:
    assert skills.answer_in_format("dabc", "plain") == "abcd"
    assert skills.answer_in_format("dabc", "ranked") == "1a2b3c4d"
    assert skills.answer_in_format("dabc", "descending") == "dcba"
    assert skills.answer_in_format("dabc", "spelled") == "a,b,c,d"


@pytest.mark.parametrize("skill", skills.SKILLS)
def test_questions_ask_for_answers_of_the_form_that_lessons_teach(skill: str) -> None:
    world, rng = skills.the_world(), np.random.default_rng(6)
    asked = [skills.ask(skill, rng, world) for _ in range(200)]
    taught = [skills.lesson(skill, rng, world) for _ in range(200)]
    assert {len(answer) for _, answer in asked} == {len(answer) for _, answer in taught}
    assert {len(prompt) for prompt, _ in asked} == {len(prompt) for prompt, _ in taught}

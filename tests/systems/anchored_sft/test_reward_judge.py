"""The judge: chat template, two turns, raw rewards, a rising display score, a cache, and no score without a judge."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import Qwen3ForSequenceClassification

from evenhand.errors import DataError
from evenhand.execution.failures import classify
from evenhand.systems.anchored_sft.judge import (
    JudgedQuestion,
    JudgeUnavailable,
    RewardJudge,
    answer_all,
    display_score,
    read_questions,
)

QUESTIONS = [
    JudgedQuestion("1", "writing", ("copy:abc", "sort:dcb")),
    JudgedQuestion("2", "math", ("add:11+22", "max:01,02")),
]
TALK = [{"role": "user", "content": "copy:abc"}, {"role": "assistant", "content": "abc"}]


@pytest.fixture
def judge_folder(tiny: Any, tokenizer: Any, tmp_path: Path) -> Path:
    config = tiny.config
    config.num_labels = 1
    torch.manual_seed(5)
    model = Qwen3ForSequenceClassification(config)
    with torch.no_grad():
        model.score.weight.mul_(50)
    model.save_pretrained(tmp_path / "judge")
    tokenizer.save_pretrained(tmp_path / "judge")
    return tmp_path / "judge"


def test_the_display_score_rises_with_the_reward_everywhere() -> None:
    rewards = np.unique([*np.linspace(-60, 60, 4001), -0.01, 0.0, 1.0, 1.01])
    scores = [display_score(float(reward)) for reward in rewards]
    assert all(a < b for a, b in itertools.pairwise(scores))
    assert 1.0 < scores[0] < scores[-1] < 10.0


def test_a_score_function_that_jumps_would_be_noticed() -> None:
    def planted(reward: float) -> float:
        return 1 + 9 * reward if 0 <= reward <= 1 else 5.5 + reward

    scores = [planted(reward) for reward in (-0.01, 0.0, 1.0, 1.01)]
    assert not all(a < b for a, b in itertools.pairwise(scores))


def test_every_turn_of_every_question_gets_its_own_raw_reward(judge_folder: Path, adapted: Any, tokenizer: Any) -> None:
    judge = RewardJudge(str(judge_folder))
    found = judge.judge(adapted, tokenizer, QUESTIONS, cap=4)
    assert [len(answer.rewards) for answer in found] == [2, 2]
    first = [*TALK[:1], {"role": "assistant", "content": found[0].answers[0]}]
    assert found[0].rewards[0] == pytest.approx(float(judge.rewards([first])[0]))
    assert found[0].reward == pytest.approx(np.mean(found[0].rewards))


def test_the_second_turn_is_asked_with_the_first_answer_before_it(
    adapted: Any, tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evenhand.systems.anchored_sft import judge as module

    asked: list[Any] = []

    def greedy(model: Any, tokenizer: Any, prompts: Any, **options: Any) -> list[str]:
        asked.append([list(prompt) for prompt in prompts])
        return [f"answer {len(asked)}"] * len(prompts)

    monkeypatch.setattr(module, "greedy_answers", greedy)
    answer_all(adapted, tokenizer, QUESTIONS, cap=4)
    assert [message["content"] for message in asked[1][0]] == ["copy:abc", "answer 1", "sort:dcb"]


def test_the_batch_size_changes_no_score_beyond_rounding(judge_folder: Path) -> None:
    talks = [
        [{"role": "user", "content": "copy:" + "abcdef"[:n]}, {"role": "assistant", "content": "abcdef"[:n]}]
        for n in range(1, 7)
    ]
    together = RewardJudge(str(judge_folder), batch=6).rewards(talks)
    alone = RewardJudge(str(judge_folder), batch=1).rewards(talks)
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)
    assert np.ptp(alone) > 1e-3


def test_judged_answers_cost_nothing_the_second_time(judge_folder: Path, tmp_path: Path) -> None:
    first = RewardJudge(str(judge_folder), cache=tmp_path / "cache")
    scores = first.rewards([TALK])
    again = RewardJudge(str(judge_folder), cache=tmp_path / "cache")
    assert again.rewards([TALK]) == scores
    assert (first.computed, again.computed) == (1, 0)
    changed = [TALK[0], {"role": "assistant", "content": "abd"}]
    again.rewards([changed])
    assert again.computed == 1


def test_another_judge_never_gets_the_cached_scores(judge_folder: Path, tmp_path: Path, tokenizer: Any) -> None:
    first = RewardJudge(str(judge_folder), cache=tmp_path / "cache")
    before = first.rewards([TALK])
    with torch.no_grad():
        first.model.score.weight.mul_(-1)
    first.model.save_pretrained(judge_folder)
    other = RewardJudge(str(judge_folder), cache=tmp_path / "cache")
    assert other.rewards([TALK])[0] == pytest.approx(-before[0], rel=1e-4)


def test_a_judge_that_cannot_be_loaded_is_a_failure_of_infrastructure(tmp_path: Path) -> None:
    with pytest.raises(JudgeUnavailable, match="cannot be loaded") as caught:
        RewardJudge(str(tmp_path / "nothing here"))
    assert classify(caught.value) == "infrastructure"


def test_a_language_model_is_no_judge(tiny: Any, tokenizer: Any, tmp_path: Path) -> None:
    tiny.config.num_labels = 1
    tiny.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    with pytest.raises(JudgeUnavailable, match="no trained reward head"):
        RewardJudge(str(tmp_path / "model"))


def test_a_classifier_with_two_outputs_is_no_judge(tiny: Any, tokenizer: Any, tmp_path: Path) -> None:
    tiny.config.num_labels = 2
    Qwen3ForSequenceClassification(tiny.config).save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    with pytest.raises(JudgeUnavailable, match="a head with 2 outputs"):
        RewardJudge(str(tmp_path / "model"))


def test_a_conversation_without_an_answer_is_not_scored(judge_folder: Path) -> None:
    with pytest.raises(DataError, match="does not end with the assistant"):
        RewardJudge(str(judge_folder)).rewards([TALK[:1]])


@pytest.mark.parametrize("name", ["mt_bench", "mt_bench_ru"])
def test_the_published_questions_are_read_whole(name: str) -> None:
    path = Path(__file__).resolve().parents[4] / "shared" / "data" / name / "question.jsonl"
    if not path.exists():
        pytest.skip(f"the {name} questions are not beside this checkout")
    questions = read_questions(path)
    assert len(questions) == 80
    assert {len(question.turns) for question in questions} == {2}
    assert len({question.category for question in questions}) == 8


def test_a_question_without_turns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"question_id": 1, "category": "x", "prompt": "no turns"}\n')
    with pytest.raises(DataError, match=r"questions\.jsonl:1: expected"):
        read_questions(path)

"""The judge: chat template, two turns, raw rewards, a rising display score, a cache, and no score without a judge."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, Qwen3ForSequenceClassification

from evenhand.errors import DataError
from evenhand.recipes.error_classes import classify
from evenhand_systems.anchored_sft.data.chat import render
from evenhand_systems.anchored_sft.evaluation.reward_model import (
    JudgedQuestion,
    JudgeUnavailable,
    JudgeUnfit,
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


REWARDS = [float(reward) for reward in np.unique([*np.linspace(-60, 60, 4001), -0.01, 0.0, 1.0, 1.01])]


def rises(score: Callable[[float], float]) -> bool:
    """Whether a score rises with the reward everywhere, and stays between 1 and 10."""
    scores = [score(reward) for reward in REWARDS]
    return all(a < b for a, b in itertools.pairwise(scores)) and 1.0 < scores[0] < scores[-1] < 10.0


def test_the_display_score_rises_with_the_reward_everywhere() -> None:
    assert rises(display_score)
    assert rises(lambda reward: display_score(reward, centre=12.0, scale=6.0))


def test_a_display_score_that_jumps_where_the_log_s_did_is_told_from_ours() -> None:
    def planted(reward: float) -> float:
        """-.01 -> 5.49, 0 -> 1, 1 -> 10, 1.01 -> 2.82: shares are stretched, everything else is squeezed."""
        return 1 + 9 * reward if 0 <= reward <= 1 else display_score(reward)

    assert not rises(planted)


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
    from evenhand_systems.anchored_sft.evaluation import reward_model as module

    asked: list[Any] = []

    def greedy(model: Any, tokenizer: Any, prompts: Any, **options: Any) -> list[Any]:
        asked.append([list(prompt) for prompt in prompts])
        return [(f"answer {len(asked)}", False)] * len(prompts)

    monkeypatch.setattr(module, "answers_and_caps", greedy)
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


def test_a_last_line_that_a_dying_writer_tore_is_computed_again_and_never_run_on_from(
    judge_folder: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    first = RewardJudge(str(judge_folder), cache=cache)
    other = [TALK[0], {"role": "assistant", "content": "abd"}]
    kept, torn = first.rewards([TALK])[0], first.rewards([other])[0]
    (file,) = cache.glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:-9])
    again = RewardJudge(str(judge_folder), cache=cache)
    assert again.rewards([TALK, other]) == pytest.approx([kept, torn])
    assert again.computed == 1
    assert [line.count("key") for line in file.read_text().splitlines()] == [1, 1]
    last = RewardJudge(str(judge_folder), cache=cache)
    last.rewards([TALK, other])
    assert last.computed == 0


def test_any_other_damage_to_the_kept_rewards_is_named_with_its_line(judge_folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    RewardJudge(str(judge_folder), cache=cache).rewards([TALK])
    (file,) = cache.glob("*.jsonl")
    for line in ('{"key": "ab', '{"key": "abc"}', '["abc", 1.0]', '{"key": "abc", "reward": null}'):
        file.write_text(f"{line}\n{file.read_text().splitlines()[-1]}\n")
        with pytest.raises(DataError, match=r"rewards-.*jsonl:1 is no cached reward .* Delete the file"):
            RewardJudge(str(judge_folder), cache=cache)


def test_an_answer_is_never_judged_cut_short(judge_folder: Path) -> None:
    judge = RewardJudge(str(judge_folder))
    length = len(
        judge.tokenizer(render(judge.tokenizer, TALK, generation=False), add_special_tokens=False)["input_ids"]
    )
    judge.max_length = length
    assert np.isfinite(judge.rewards([TALK])).all()
    longer = [TALK[0], {"role": "assistant", "content": "abcd"}]
    with pytest.raises(DataError, match=f"has {length + 1} tokens, but the reward model .* reads {length}"):
        judge.rewards([TALK, longer])


def test_a_judge_that_reads_less_than_the_limit_is_known_by_its_own(judge_folder: Path) -> None:
    own = RewardJudge(str(judge_folder)).model.config.max_position_embeddings
    assert RewardJudge(str(judge_folder), max_length=10 * own).max_length == own
    assert RewardJudge(str(judge_folder), max_length=own - 1).max_length == own - 1


def test_a_hub_that_does_not_answer_is_a_failure_of_infrastructure(monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import AutoConfig

    def offline(*_: Any, **__: Any) -> None:
        raise OSError("We couldn't connect to the hub")

    monkeypatch.setattr(AutoConfig, "from_pretrained", offline)
    with pytest.raises(JudgeUnavailable, match="cannot be loaded") as caught:
        RewardJudge("some/judge")
    assert classify(caught.value) == "infrastructure"


@pytest.mark.parametrize("fault", ["no folder", "no config", "damaged config"])
def test_a_judge_that_is_not_where_it_is_said_to_be_is_a_failure_of_data(fault: str, judge_folder: Path) -> None:
    if fault == "no config":
        (judge_folder / "config.json").unlink()
    if fault == "damaged config":
        (judge_folder / "config.json").write_text("{")
    with pytest.raises(JudgeUnfit, match="cannot be loaded") as caught:
        RewardJudge(str(judge_folder / "nothing here" if fault == "no folder" else judge_folder))
    assert classify(caught.value) == "data"


def test_memory_that_ran_out_while_a_judge_was_loaded_is_not_the_judge_s_fault(
    judge_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(AutoModelForSequenceClassification, "from_pretrained", full)
    with pytest.raises(JudgeUnavailable) as caught:
        RewardJudge(str(judge_folder))
    assert classify(caught.value) == "resource"


def test_a_judge_without_a_chat_template_shows_before_anything_is_answered(judge_folder: Path) -> None:
    (judge_folder / "chat_template.jinja").unlink()
    with pytest.raises(JudgeUnfit, match=r"cannot write a conversation of two turns: .*no chat template"):
        RewardJudge(str(judge_folder))


def test_a_judge_whose_template_refuses_a_second_turn_shows_before_anything_is_answered(judge_folder: Path) -> None:
    template = "{% if messages|length > 2 %}{{ raise_exception('one turn only') }}{% endif %}"
    (judge_folder / "chat_template.jinja").write_text(template)
    with pytest.raises(JudgeUnfit, match="one turn only"):
        RewardJudge(str(judge_folder))


def constant(judge: Any) -> None:
    judge.score.weight.zero_()


def no_number(judge: Any) -> None:
    judge.score.weight.fill_(float("nan"))


@pytest.mark.parametrize(
    ("plant", "message"), [(constant, "the same reward, 0: it measures nothing"), (no_number, "no finite number")]
)
def test_a_judge_that_measures_nothing_is_refused(
    plant: Callable[[Any], None], message: str, judge_folder: Path
) -> None:
    model = Qwen3ForSequenceClassification.from_pretrained(judge_folder)
    with torch.no_grad():
        plant(model)
    model.save_pretrained(judge_folder)
    with pytest.raises(DataError, match=message) as caught:
        RewardJudge(str(judge_folder))
    assert classify(caught.value) == "data"


def test_rewards_change_with_the_answers_alone(judge_folder: Path) -> None:
    judge = RewardJudge(str(judge_folder))
    talks = [[TALK[0], {"role": "assistant", "content": answer}] for answer in ("abc", "cba", "bbb")]
    rewards = judge.rewards(talks)
    assert len(set(rewards)) == 3
    np.testing.assert_array_equal(judge.rewards(talks[::-1]), rewards[::-1])


def test_a_language_model_is_no_judge(tiny: Any, tokenizer: Any, tmp_path: Path) -> None:
    tiny.config.num_labels = 1
    tiny.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    with pytest.raises(JudgeUnfit, match="no trained reward head"):
        RewardJudge(str(tmp_path / "model"))


def test_a_classifier_with_two_outputs_is_no_judge(tiny: Any, tokenizer: Any, tmp_path: Path) -> None:
    tiny.config.num_labels = 2
    Qwen3ForSequenceClassification(tiny.config).save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    with pytest.raises(JudgeUnfit, match="a head with 2 outputs"):
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


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"question_id": 81, "category": "x", "turns": "ab"}, "`turns` is 'ab'"),
        ({"question_id": 81, "category": "x", "turns": []}, "`turns` is a list"),
        ({"question_id": 81, "category": "x", "turns": ["a", 3]}, "one of `turns` is 3"),
        ({"question_id": 81, "category": "x", "turns": ["a", " "]}, "one of `turns` is ' '"),
        ({"question_id": 81, "category": "x", "turns": {"a": "b"}}, "`turns` is an object"),
        ({"question_id": None, "category": "x", "turns": ["a"]}, "`question_id` is None"),
        ({"category": "x", "turns": ["a"]}, "`question_id` is None"),
        ({"question_id": True, "category": "x", "turns": ["a"]}, "`question_id` is True"),
        ({"question_id": 1.5, "category": "x", "turns": ["a"]}, "`question_id` is 1.5"),
        ({"question_id": 81, "category": ["x"], "turns": ["a"]}, "`category` is a list"),
        ({"question_id": 80, "category": "x", "turns": ["b"]}, "80 stands at questions.jsonl:1 already"),
        ({"question_id": "80", "category": "x", "turns": ["b"]}, "80 stands at questions.jsonl:1 already"),
        (7, "found 7"),
    ],
)
def test_a_question_that_cannot_be_asked_is_named_on_reading(row: Any, said: str, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    good = {"question_id": 80, "category": "x", "turns": ["a"]}
    path.write_text(f"{json.dumps(good)}\n{json.dumps(row)}\n")
    with pytest.raises(DataError) as caught:
        read_questions(path)
    assert "questions.jsonl:2: " in str(caught.value)
    assert said in str(caught.value)


def test_every_question_that_cannot_be_asked_is_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(json.dumps({"question_id": 1, "turns": ["a"]}) for _ in range(4)))
    with pytest.raises(DataError, match="3 questions cannot be asked"):
        read_questions(path)


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_a_file_without_questions_is_refused_on_reading(content: str, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(content)
    with pytest.raises(DataError, match=r"questions\.jsonl holds no questions"):
        read_questions(path)


def test_a_judge_that_holds_an_adapter_is_refused(judge_folder: Path) -> None:
    (judge_folder / "adapter_config.json").write_text("{}")
    with pytest.raises(JudgeUnfit, match="holds an adapter"):
        RewardJudge(str(judge_folder))


@pytest.mark.parametrize("reward", ["NaN", "Infinity", "1e999", "9" * 400, '"a"', "[1]"])
def test_a_kept_reward_that_is_no_number_is_named_with_its_line(
    reward: str, judge_folder: Path, tmp_path: Path
) -> None:
    RewardJudge(str(judge_folder), cache=tmp_path / "cache").rewards([TALK])
    (file,) = (tmp_path / "cache").glob("*.jsonl")
    file.write_text(f'{{"key": "abc", "reward": {reward}}}\n')
    with pytest.raises(DataError, match=r"rewards-.*jsonl:1 is no cached reward"):
        RewardJudge(str(judge_folder), cache=tmp_path / "cache")

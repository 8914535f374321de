"""Conversations and mixtures: what is refused, what carries loss, what never depends on sampling."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenhand.errors import DataError, SettingsError
from evenhand.recipes.error_classes import classify
from evenhand_systems.anchored_sft.data.conversations import (
    Conversation,
    ConversationFaults,
    check_conversations,
    fit_length,
    read_conversations,
    repeated,
    tokenise,
)
from evenhand_systems.anchored_sft.data.mix import DataMix, training_order
from evenhand_systems.anchored_sft.standin.tokenizer import character_tokenizer

USER, ANSWER = {"role": "user", "content": "copy:abc"}, {"role": "assistant", "content": "abc"}


def conversations(count: int, subset: str = "general") -> list[Conversation]:
    return [
        Conversation(f"{subset}/{i}", ({"role": "user", "content": f"{subset} {i}"}, ANSWER), subset)
        for i in range(count)
    ]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"text": "no messages"}, "has no `messages`"),
        ({"messages": "[{'role': 'user'}]"}, "found str"),
        ({"messages": []}, "empty conversation"),
        ({"messages": [{"role": "human", "content": "hi"}, ANSWER]}, "has the role 'human'"),
        ({"messages": ["hi"]}, "has the role 'hi'"),
        ({"messages": [{"role": "user", "content": {"text": "hi"}}, ANSWER]}, "has no text"),
        ({"messages": [{"role": "user", "content": "  "}, ANSWER]}, "has no text"),
        ({"messages": [USER]}, "end with the assistant"),
        ({"messages": [USER, USER, ANSWER]}, "must alternate"),
        ({"messages": [{"role": "system", "content": "be good"}]}, "must alternate"),
    ],
)
def test_conversations_that_cannot_be_used_are_named_with_their_place(record: Any, message: str) -> None:
    good = ("file:1", {"messages": [USER, ANSWER]})
    with pytest.raises(ConversationFaults) as caught:
        check_conversations([good, ("file:2", record)], "file")
    assert "file:2" in str(caught.value)
    assert message in str(caught.value)


def test_all_faults_of_a_file_are_shown_at_once(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text("\n".join(json.dumps({"messages": []}) for _ in range(30)))
    with pytest.raises(ConversationFaults, match=r"30 conversations cannot be used \(10 more not shown\)"):
        read_conversations(path)


def test_an_empty_file_and_a_broken_line_are_data_errors(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text("")
    with pytest.raises(DataError, match="holds no conversations"):
        read_conversations(path)
    path.write_text('{"messages": [')
    with pytest.raises(DataError, match=r"data\.jsonl:1: no valid JSON"):
        read_conversations(path)


def test_only_answers_are_labelled_and_every_turn_is(tokenizer: Any) -> None:
    row = tokenise(Conversation("a", (USER, ANSWER, USER, {"role": "assistant", "content": "ab"})), tokenizer)
    labelled = [token for token in row.labels if token != -100]
    assert tokenizer.decode(labelled) == "abc<|end|>ab<|end|>"
    assert row.answer_count == 7


def test_the_text_of_a_dictionary_never_reaches_the_model_as_a_prompt(tokenizer: Any) -> None:
    from evenhand_systems.anchored_sft.data.chat import render

    assert render(tokenizer, [USER], generation=True) == "<|user|>copy:abc<|end|><|assistant|>"
    with pytest.raises(DataError, match="Hand over the conversation as a list"):
        render(tokenizer, [{"role": "user", "content": [USER]}], generation=True)


def test_a_tokenizer_without_chat_template_is_refused(tokenizer: Any) -> None:
    import copy

    bare = copy.deepcopy(tokenizer)
    bare.chat_template = None
    with pytest.raises(DataError, match="has no chat template"):
        tokenise(Conversation("a", (USER, ANSWER)), bare)


def test_a_template_that_rewrites_questions_is_refused(tokenizer: Any) -> None:
    import copy

    odd = copy.deepcopy(tokenizer)
    odd.chat_template = "{{ messages | length }}{% for m in messages %}{{ m['content'] }}{% endfor %}"
    with pytest.raises(DataError, match="no answer can be told from its prompt"):
        tokenise(Conversation("a", (USER, ANSWER)), odd)


def test_overlong_conversations_are_refused_cut_or_dropped_as_asked(tokenizer: Any) -> None:
    short = tokenise(Conversation("short", (USER, ANSWER)), tokenizer)
    long = tokenise(Conversation("long", (USER, {"role": "assistant", "content": "abcdefgh" * 4})), tokenizer)
    asks_much = tokenise(Conversation("asks much", ({"role": "user", "content": "a" * 40}, ANSWER)), tokenizer)
    rows, limit = [short, long, asks_much], 16
    with pytest.raises(ConversationFaults, match="long: has 40 tokens; the limit is 16"):
        fit_length(rows, limit, "refuse")
    cut = fit_length(rows, limit, "truncate")
    assert [(row.id, len(row.input_ids)) for row in cut.kept] == [("short", len(short.input_ids)), ("long", 16)]
    assert (cut.truncated, cut.dropped) == (1, 1)
    assert [row.id for row in fit_length(rows, limit, "drop").kept] == ["short"]
    with pytest.raises(DataError, match="raise it"):
        fit_length([asks_much], limit, "truncate")


def test_the_validation_set_is_the_same_whatever_is_sampled_and_in_any_order() -> None:
    data = conversations(400)
    expected = {c.id for c in DataMix(subset="general").validation(data)}
    for ratio, seed in ((0.5, None), (0.01, None), (0.5, 7)):
        mix = DataMix(subset="general", sample_ratio=ratio, sample_seed=seed)
        assert {c.id for c in mix.validation(reversed(data))} == expected
        assert not expected & {c.id for c in mix.training(data).main}


@pytest.mark.parametrize("changes", [{"subset": "general"}, {"subset": "reasoning"}, {"mix_reasoning_ratio": 0.2}])
def test_arms_that_train_on_different_subsets_are_validated_on_the_same_conversations(changes: dict[str, Any]) -> None:
    data = conversations(200) + conversations(100, "reasoning")
    expected, mix = [c.id for c in DataMix(val_split=0.2).validation(data)], DataMix(val_split=0.2, **changes)
    assert {name.split("/")[0] for name in expected} == {"general", "reasoning"}
    assert [c.id for c in mix.validation(data)] == [c.id for c in mix.survey(iter(data))] == expected
    parts = mix.training(data)
    assert not {*expected} & {c.id for c in (*parts.main, *parts.mixed)}


@pytest.mark.parametrize("subset", ["", "chat"])
def test_reasoning_cannot_be_taken_from_data_that_do_not_name_it(subset: str) -> None:
    mix = DataMix(subset="reasoning")
    for take in (mix.training, mix.survey):
        with pytest.raises(DataError, match="subset='reasoning' leaves no conversation to train on"):
            take(conversations(200, subset))
    assert len(DataMix(subset="general").training(conversations(200, "")).main) > 150


def test_streaming_holds_out_and_samples_the_same_conversations_as_a_file() -> None:
    data = conversations(400)
    file = DataMix(subset="general", sample_ratio=0.3)
    stream = DataMix(subset="general", sample_ratio=0.3, streaming=True)
    assert [c.id for c in stream.stream(iter(data))] == [c.id for c in file.training(data).main]
    assert 60 < len(list(stream.stream(iter(data)))) < 180


def test_a_conversation_that_stands_twice_never_stands_on_both_sides() -> None:
    data = conversations(200)
    twice = data + [Conversation(f"again {c.id}", c.messages, c.subset) for c in data]
    mix = DataMix(subset="general", val_split=0.3)
    held = {c.messages[0]["content"] for c in mix.validation(twice)}
    assert not held & {c.messages[0]["content"] for c in mix.training(twice).main}


@pytest.mark.parametrize("seed", [0, 1])
def test_the_sample_depends_on_its_seed(seed: int) -> None:
    data = conversations(300)
    found = {c.id for c in DataMix(subset="general", sample_ratio=0.5, sample_seed=seed).training(data).main}
    other = {c.id for c in DataMix(subset="general", sample_ratio=0.5, sample_seed=seed + 2).training(data).main}
    assert found != other


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_the_mixed_subset_has_its_share_of_the_total(share: float) -> None:
    data = conversations(300) + conversations(200, "reasoning")
    parts = DataMix(mix_reasoning_ratio=share).training(data)
    assert len(parts.mixed) / (len(parts.main) + len(parts.mixed)) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"subset": "general", "mix_reasoning_ratio": 0.2}, "has no effect with subset = 'general'"),
        ({"sample_ratio": 1.0}, "selects everything, which is no sampling"),
        ({"sample_seed": 3}, "has no effect without sample_ratio"),
        ({"curriculum": 0.3}, "has no effect without mix_reasoning_ratio"),
        ({"streaming": True, "mix_reasoning_ratio": 0.2}, "needs the total"),
        ({"sample_ratio": 1.5}, "must lie in"),
    ],
)
def test_data_settings_without_effect_are_errors(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        DataMix(**changes)


def test_a_ratio_that_happens_to_keep_everything_is_an_error() -> None:
    with pytest.raises(SettingsError, match="keeps all 4 conversations"):
        DataMix(subset="general", sample_ratio=0.999, val_split=0.001).training(conversations(4))


def test_mixing_without_the_second_subset_is_a_data_error_with_counts() -> None:
    with pytest.raises(DataError, match="0 reasoning conversations"):
        DataMix(mix_reasoning_ratio=0.2).training(conversations(50))


@pytest.mark.parametrize("curriculum", [None, 0.4])
def test_the_order_keeps_the_share_and_holds_the_mixed_part_back(curriculum: float | None) -> None:
    order = training_order([50, 10], 100, 8, 0.2, curriculum, np.random.default_rng(0))
    parts = np.asarray([part for part, _ in order])
    assert parts.mean() == pytest.approx(0.2, abs=0.005)
    assert parts[: 8 * 40].any() == (curriculum is None)
    main = [index for part, index in order if part == 0][:50]
    assert sorted(main) == list(range(50))


def test_a_curriculum_too_late_for_its_share_is_refused() -> None:
    with pytest.raises(SettingsError, match="too little for a share"):
        training_order([50, 10], 100, 8, 0.5, 0.6, np.random.default_rng(0))


def templated(tokenizer: Any, template: str) -> Any:
    import copy

    other = copy.deepcopy(tokenizer)
    other.chat_template = template
    return other


CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
OPENED = CHATML + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
INST = (
    "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
    "{% else %} {{ m.content }}{% endif %}{% endfor %}"
)
NO_SYSTEM = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + OPENED
)


def test_a_template_that_never_opens_an_answer_is_refused_before_its_header_is_learned(tokenizer: Any) -> None:
    talk = Conversation("row 7", (USER, ANSWER))
    with pytest.raises(DataError, match=r"Conversation row 7: .*<\|im_start\|>assistant.*add_generation_prompt"):
        tokenise(talk, templated(tokenizer, CHATML))
    opened = templated(tokenizer, OPENED)
    labelled = [token for token in tokenise(talk, opened).labels if token != -100]
    assert "assistant" not in opened.decode(labelled)


def test_a_template_without_a_header_before_answers_needs_no_opening(tokenizer: Any) -> None:
    other = templated(tokenizer, INST)
    labelled = [token for token in tokenise(Conversation("a", (USER, ANSWER)), other).labels if token != -100]
    assert other.decode(labelled).strip() == "abc"


LLAMA = "{% for m in messages %}<|h|>{{ m.role }}<|e|>\n\n{{ m.content }}<|eot|>{% endfor %}"
GEMMA = (
    "{% for m in messages %}<turn>{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content }}</turn>"
    "{% endfor %}"
)
END = "{% if messages[-1].role == 'assistant' %}<eos>{% endif %}"
HARMONY = (
    "{% for m in messages %}<|start|>{{ m.role }}{{ '<|channel|>final' if m.role == 'assistant' }}<|message|>"
    "{{ m.content }}{{ '<|return|>' if m.role == 'assistant' and loop.last else '<|end|>' }}{% endfor %}"
)
THINK = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.role == 'assistant' and loop.last %}<think>\n\n</think>\n\n{% endif %}"
    "{{ m.content }}<|im_end|>\n{% endfor %}"
)


def asked(opening: str) -> str:
    return "{% if add_generation_prompt %}" + opening + "{% endif %}"


@pytest.mark.parametrize(
    "template",
    [
        CHATML + asked("<|im_st"),
        CHATML + asked("<|im_start|>"),
        CHATML + asked("<|im_start|>assi"),
        LLAMA + asked("<|h|>assistant"),
        LLAMA + asked("<|h|>assistant<|"),
        LLAMA + asked("<|h|>"),
        GEMMA + asked("<turn>"),
        GEMMA + asked("<turn>mo"),
    ],
)
@pytest.mark.parametrize("first", [(), ({"role": "system", "content": "be good"},)])
def test_a_template_that_opens_answers_with_a_part_of_their_header_is_refused(
    template: str, first: tuple[dict[str, str], ...], tokenizer: Any
) -> None:
    talk = Conversation("row 7", (*first, USER, ANSWER))
    with pytest.raises(DataError, match=r"Conversation row 7: .*only a part of what it puts before an answer"):
        tokenise(talk, templated(tokenizer, template))


@pytest.mark.parametrize(
    "template", [CHATML + "<|im_start|>assistant\n", LLAMA + "<|h|>assistant<|e|>\n\n", GEMMA + "<turn>model\n"]
)
def test_a_template_that_opens_another_answer_after_the_last_one_is_refused(template: str, tokenizer: Any) -> None:
    with pytest.raises(DataError, match=r"Conversation row 7: .*opens another answer after the last"):
        tokenise(Conversation("row 7", (USER, ANSWER)), templated(tokenizer, template))


@pytest.mark.parametrize(
    ("template", "learned"),
    [
        (LLAMA + asked("<|h|>assistant<|e|>\n\n"), "abc<|eot|>"),
        (GEMMA + asked("<turn>model\n"), "abc</turn>"),
        (GEMMA + asked("<turn>model"), "abc</turn>"),
        (HARMONY + asked("<|start|>assistant"), "<|channel|>final<|message|>abc<|return|>"),
        (THINK + asked("<|im_start|>assistant\n"), "<think>\n\n</think>\n\nabc<|im_end|>"),
        (CHATML + "{% if messages[-1].role == 'user' %}<|im_start|>assistant\n{% endif %}", "abc<|im_end|>"),
        (CHATML + asked("<|im_start|>assistant\n") + END, "abc<|im_end|>\n<eos>"),
    ],
)
def test_what_a_model_writes_itself_before_an_answer_is_no_part_of_its_header(template: str, learned: str) -> None:
    letters = character_tokenizer(map(chr, [10, *range(32, 127)]))
    row = tokenise(Conversation("a", (USER, ANSWER)), templated(letters, template))
    labelled = [token for token in row.labels if token != -100]
    assert letters.decode(labelled).strip() == learned


@pytest.mark.parametrize("template", [NO_SYSTEM, "{{ messages[9].content }}", "{% for %}", "{{ 1 / 0 }}"])
def test_a_template_that_refuses_a_conversation_is_a_data_error_that_names_the_row(
    template: str, tokenizer: Any
) -> None:
    system = {"role": "system", "content": "be good"}
    talk = Conversation("data.jsonl:3", (system, USER, ANSWER))
    with pytest.raises(DataError, match=r"data\.jsonl:3 .*cannot be written by the chat template") as caught:
        tokenise(talk, templated(tokenizer, template))
    assert classify(caught.value) == "data"
    assert template is not NO_SYSTEM or "System role not supported" in str(caught.value)


def test_conversations_that_stand_twice_are_told_and_kept(tmp_path: Path) -> None:
    rows = [{"id": f"r{i}", "messages": [{"role": "user", "content": f"q {i}"}, ANSWER]} for i in range(4)]
    path = tmp_path / "data.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    assert repeated(read_conversations(path)) == ""
    path.write_text("\n".join(map(json.dumps, [*rows, rows[1] | {"id": "again"}, rows[3] | {"id": "r0"}])))
    found = read_conversations(path)
    assert len(found) == 6
    assert "4 of 6 conversations are 2 that stand more than once, the first is r1" in repeated(found)
    assert "1 id stands before different conversations, the first is r0" in repeated(found)


@pytest.mark.parametrize("record", [{"id": ["a"]}, {"id": True}, {"id": {"a": 1}}, {"subset": 3}, {"subset": ["a"]}])
def test_an_id_or_a_subset_that_is_no_text_is_named(record: dict[str, Any]) -> None:
    with pytest.raises(ConversationFaults, match="must be a text"):
        check_conversations([("file:1", {"messages": [USER, ANSWER]} | record)], "file")


def test_a_row_without_an_id_is_called_by_its_place() -> None:
    (found,) = check_conversations([("file:1", {"id": None, "messages": [USER, ANSWER]})], "file")
    assert found.id == "file:1"

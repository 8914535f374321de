"""What a chat template is handed besides the conversation: thinking is off, and thoughts are never judged."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from evenhand.errors import SettingsError
from evenhand_systems.anchored_sft.data.chat import render, set_template_arguments, without_thoughts
from evenhand_systems.anchored_sft.data.conversations import Conversation, tokenise

THINKING = (
    "{% for m in messages %}{{ '<|' + m['role'] + '|>' }}"
    "{% if m['role'] == 'assistant' and loop.last %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}"
    "{{ m['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}"
    "{% if enable_thinking is defined and enable_thinking is false %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}"
    "{% endif %}"
)
ASKED, ANSWERED = {"role": "user", "content": "copy:abc"}, {"role": "assistant", "content": "abc"}


class Characters:
    """A tokenizer of characters with a template in jinja, as transformers renders it."""

    def __init__(self, template: str) -> None:
        self.chat_template = template

    def apply_chat_template(self, messages: Any, **options: Any) -> str:
        from transformers.utils.chat_template_utils import render_jinja_template

        options.pop("tokenize")
        (text,), _ = render_jinja_template([messages], chat_template=self.chat_template, **options)
        return str(text)

    def __call__(self, text: str, **_: Any) -> dict[str, list[int]]:
        return {"input_ids": [ord(c) for c in text]}


def test_a_template_that_knows_of_thinking_is_told_not_to() -> None:
    tokenizer = Characters(THINKING)
    set_template_arguments(tokenizer, None)
    assert render(tokenizer, [ASKED], generation=True).endswith("<|assistant|><think>\n\n</think>\n\n")
    set_template_arguments(tokenizer, {"enable_thinking": True})
    assert render(tokenizer, [ASKED], generation=True).endswith("<|assistant|>")


def test_the_empty_thought_of_a_training_answer_is_not_learned() -> None:
    tokenizer = Characters(THINKING)
    learned = []
    for thinking in (None, {"enable_thinking": True}):
        set_template_arguments(tokenizer, thinking)
        row = tokenise(Conversation("1", (ASKED, ANSWERED)), tokenizer)
        learned.append("".join(chr(label) for label in row.labels if label != -100))
    assert learned == ["abc<|end|>", "<think>\n\n</think>\n\nabc<|end|>"]


def test_an_argument_that_the_template_never_names_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"template_arguments\.thinking: has no effect"):
        set_template_arguments(SimpleNamespace(chat_template=THINKING), {"thinking": True})
    plain = SimpleNamespace(chat_template="{{ messages }}")
    set_template_arguments(plain, None)
    assert plain.template_arguments == {}


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("Yes.", "Yes."),
        ("<think>\nHm.\n</think>\n\nYes.", "Yes."),
        ("<think>\nHm, the cap", ""),
        ("A <think> b </think>c", "A c"),
    ],
)
def test_what_was_thought_is_not_part_of_the_answer(answer: str, kept: str) -> None:
    assert without_thoughts(answer) == kept

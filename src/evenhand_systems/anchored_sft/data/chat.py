"""A conversation as a tokenizer's chat template writes it, and what is wrong with a template."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from evenhand.errors import DataError, Fault, SettingsError

Message = dict[str, str]


def render(tokenizer: Any, messages: Sequence[Message], *, generation: bool, place: str = "A conversation") -> str:
    """The text of a conversation under the tokenizer's chat template.

    Args:
        place: which conversation it is, for messages; begins the sentence.

    Raises:
        DataError: the tokenizer has no chat template, the template refuses the conversation or is broken, or a
            message's content is no text (the text of a dictionary must never reach a model as a prompt).
    """
    if not getattr(tokenizer, "chat_template", None):
        name = getattr(tokenizer, "name_or_path", "") or type(tokenizer).__name__
        raise DataError(
            f"The tokenizer '{name}' has no chat template, so nobody knows how it wants a conversation written. "
            "Name a template file in `chat_template`, or take the instruction-tuned checkpoint's tokenizer."
        )
    for message in messages:
        if not isinstance(message.get("content"), str) or not isinstance(message.get("role"), str):
            raise DataError(
                f"A message needs a role and a content that are text; found {message!r}. "
                "Hand over the conversation as a list of messages, not as the text of one."
            )
    try:
        text: str = tokenizer.apply_chat_template(
            list(messages), tokenize=False, add_generation_prompt=generation, **template_arguments(tokenizer)
        )
    except MemoryError:
        raise
    except Exception as error:  # a template is a program, and can raise whatever it likes
        roles = ", ".join(message["role"] for message in messages)
        raise DataError(
            f"{place} ({roles}) cannot be written by the chat template: {type(error).__name__}: {error}. Leave out "
            "what it does not know (a system message, an order of turns), or name another template."
        ) from error
    return text


def template_arguments(tokenizer: Any) -> Mapping[str, Any]:
    """What is handed to the tokenizer's chat template besides the conversation; see :func:`set_template_arguments`."""
    found: Mapping[str, Any] = getattr(tokenizer, "template_arguments", None) or {}
    return found


def set_template_arguments(tokenizer: Any, arguments: Mapping[str, Any] | None) -> None:
    """Fix what the chat template is handed for training and evaluation alike.

    A template that knows ``enable_thinking`` is told not to, unless the arguments say otherwise: else the untouched
    model would think (and run into the cap of its answers) where a fine-tuned one answers, and the comparison would be
    one of thinking with not thinking.

    Raises:
        SettingsError: an argument that the template never names, which would have no effect.
    """
    template = str(getattr(tokenizer, "chat_template", None) or "")
    faults = [
        Fault(f"template_arguments.{name}", "has no effect: the chat template never names it; remove it")
        for name in arguments or {}
        if re.search(rf"\b{re.escape(name)}\b", template) is None
    ]
    if faults:
        raise SettingsError("The chat template", faults)
    off = {"enable_thinking": False} if re.search(r"\benable_thinking\b", template) else {}
    tokenizer.template_arguments = {**off, **(arguments or {})}


_THOUGHT = re.compile(r"<think>.*?(</think>\s*|\Z)", re.DOTALL)


def without_thoughts(answer: str) -> str:
    """An answer without what its model thought first; thoughts that the cap cut short go as well."""
    return _THOUGHT.sub("", answer)


def is_text_of_messages(text: str) -> bool:
    """Whether a whole text is a message, or a list of them, as Python or JSON writes it down."""
    text = text.strip()
    if not text.startswith(("{", "[", "(")) or "role" not in text or "content" not in text:
        return False
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        messages = found if isinstance(found, list | tuple) else [found]
        return bool(messages) and all(isinstance(m, dict) and {"role", "content"} <= m.keys() for m in messages)
    return False

"""Whether a chat template opens answers as it writes them: else a part of their header is learned as an answer.

A template is a program, so what it does is seen by what it writes: conversations of marked contents are rendered, and
what stands between the marks compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase
from typing import Any

from evenhand.errors import DataError
from evenhand_systems.anchored_sft.data.chat import Message, render

_QUESTION, _ANSWER, _NEXT = "Mark7Question", "Mark7Answer", "Mark7Next"
_CURE = "Give the template a `{% if add_generation_prompt %}` block that writes it, or name another template."
_BRACKETS = {"<": ">", "[": "]", "{": "}"}


def check_opening(tokenizer: Any, messages: Sequence[Message], place: str = "A conversation") -> None:
    """Refuse a template that does not write the header of an answer, the whole of it, where it is asked for one.

    What is missing would be learned as a part of every answer, and questions would be asked without it. Templates
    whose answers follow their questions with nothing in between (``[/INST]``) have no header, and need write none.
    What a model writes itself before its answer (thoughts, a channel) belongs to the answer.

    Args:
        messages: a conversation that ends with its first answer.

    Raises:
        DataError: no header is written, a part of one, or one after the last answer too; says how to mend it.
    """
    *asked, answer = [_marked(message) for message in messages]
    bare = render(tokenizer, asked, generation=False, place=place)
    opened = render(tokenizer, asked, generation=True, place=place)
    whole = render(tokenizer, [*asked, answer], generation=False, place=place)
    if not whole.startswith(opened):
        return  # such answers carry no loss: nobody can tell where they begin
    left, found, tail = whole.removeprefix(opened).partition(_ANSWER)
    before = whole.removesuffix(_ANSWER + tail).rpartition(_QUESTION)[2]
    if not found:
        return
    between = _between_turns(tokenizer, [*asked, answer], place)
    user = between[_shared(between, tail) :]
    if opened == bare and left.strip():
        raise DataError(
            f"{place}: the chat template puts {left.strip()!r:.60} before an answer, but writes nothing when it is "
            f"asked for the opening of one (add_generation_prompt): the header would be learned as a part of answers. "
            f"{_CURE}"
        )
    if left.strip() and _is_cut(opened.removeprefix(bare), left, user):
        raise DataError(
            f"{place}: asked for the opening of an answer (add_generation_prompt), the chat template writes "
            f"{opened.removeprefix(bare)!r:.60}, only a part of what it puts before an answer: {left.strip()!r:.60} "
            f"would be learned as a part of answers. {_CURE}"
        )
    more = tail[_shared(between, tail) :] if between else ""
    if more.strip() and before.rstrip().endswith(more.strip()):
        raise DataError(
            f"{place}: the chat template opens another answer after the last one, whether it is asked to or not "
            f"({tail!r:.60}): that opening would be learned as a part of answers. Put it into a "
            "`{% if add_generation_prompt %}` block, or name another template."
        )


def _marked(message: Message) -> Message:
    """A message whose content can be told from all that a template writes."""
    marks = {"user": _QUESTION, "assistant": _ANSWER}
    return {**message, "content": marks.get(message["role"], message["content"])}


def _between_turns(tokenizer: Any, talk: Sequence[Message], place: str) -> str:
    """What stands between an answer and the user's next turn; empty where a template knows no second turn."""
    try:
        longer = render(tokenizer, [*talk, {"role": "user", "content": _NEXT}], generation=False, place=place)
    except DataError:
        return ""
    return longer.rpartition(_NEXT)[0].rpartition(_ANSWER)[2]


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _is_cut(opening: str, left: str, user: str) -> bool:
    """Whether an opening ends within a header, rather than before something that the model writes itself.

    Args:
        opening: what the template writes when asked.
        left: what stands between that and the answer.
        user: what opens a user's turn.
    """
    if opening[-1:].isalnum() and left[:1].isalnum():
        return True
    for start, end in _BRACKETS.items():
        if opening.rfind(start) > opening.rfind(end) and end in left.partition(start)[0]:
            return True
    if user.lstrip().startswith(opening.strip()):
        return True  # it does not say yet whose turn it is
    ending = user[len(user) - _shared(user[::-1], (opening + left)[::-1]) :]
    ending = ending.lstrip(ascii_lowercase).strip()  # roles may end alike
    return bool(ending) and left.strip().startswith(ending)

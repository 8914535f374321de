"""How a question is put to a model: the opening, a place for the question (or for soft tokens), the closing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evenhand.errors import DataError
from evenhand_systems.bridge.tasks.extraction import own_answer
from evenhand_systems.bridge.tasks.items import Item


@dataclass(frozen=True)
class PromptFormat:
    """Text around the question. Every model input is opening + question + closing, tokenized piece by piece.

    Attributes:
        opening: stands before the question; worked examples belong here.
        closing: stands between the question and the answer.
    """

    opening: str
    closing: str


STORY = PromptFormat("Q: ", "\nA: ")
"""The stand-ins' format: no examples, they were trained on it."""


def worked_examples(examples: Sequence[Item]) -> PromptFormat:
    """The GSM8K form: worked examples, each ending in ``#### number``, then the question."""
    shown = "".join(f"Q: {_whole(item.text, item.question)}\nA: {item.solution}\n\n" for item in examples)
    return PromptFormat(f"{shown}Q: ", "\nA: ")


def fitted_examples(
    examples: Sequence[Item], room: int, length: Callable[[PromptFormat], int], model: str = "the model"
) -> tuple[PromptFormat, int]:
    """As many worked examples as fit into ``room`` tokens beside the question; the question itself is never cut.

    Args:
        examples: in the order of preference.
        room: tokens left for the format.
        length: tokens that a format takes.
        model: whose context it is, for the error.

    Returns:
        The format and the number of examples in it.

    Raises:
        DataError: not even the bare format fits.
    """
    for count in range(len(examples), -1, -1):
        form = worked_examples(examples[:count])
        if length(form) <= room:
            return form, count
    bare = length(worked_examples(()))
    raise DataError(
        f"The longest question with its answer leaves {room} tokens of {model}'s context for the format, which needs "
        f"{bare} without any worked example. Take a model with a longer context, or lower soft_tokens or new_tokens."
    )


def check_no_gold(form: PromptFormat, items: Sequence[Item]) -> None:
    """Refuse a format that would show an evaluated item's question with its solution.

    Raises:
        DataError: an evaluated question stands among the worked examples, or a question holds its own solution.
    """
    for item in items:
        for whole in {_whole(item.text, item.question), _whole(item.facts, item.question)}:
            if whole and whole in form.opening:
                raise DataError(
                    f"Item {item.id} stands among the worked examples: its gold solution would be read out."
                )
            if "####" in whole or (len(item.solution) > 8 and own_answer(item.solution) in whole):
                raise DataError(f"The question of item {item.id} holds its gold solution.")


def _whole(*parts: str) -> str:
    return " ".join(part for part in parts if part)

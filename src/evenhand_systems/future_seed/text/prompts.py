"""Prompts of bounded length: context and question in either order; the context is cut to fit, the question never."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evenhand.errors import DataError
from evenhand_systems.future_seed.text.examples import Example
from evenhand_systems.future_seed.text.tokenizers import Tokenizer

Order = Literal["question_last", "question_first"]


@dataclass(frozen=True)
class Wording:
    """The fixed words of a task's prompts: before the context, before the question, before the answer."""

    context: str
    question: str
    answer: str


@dataclass(frozen=True)
class Prompt:
    """An example as token ids.

    Attributes:
        example: which.
        prompt: ids that the model reads.
        answer: ids that belong after them, without the end.
        cut: ids of the context that did not fit.
    """

    example: Example
    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    cut: int


@dataclass(frozen=True)
class Composer:
    """Makes prompts of at most ``length`` ids, with answers of at most ``answer_length``."""

    wording: Wording
    order: Order
    length: int
    answer_length: int
    tokenizer: Tokenizer

    def compose(self, example: Example) -> Prompt | None:
        """The prompt of an example, or None where question or answer alone are too long."""
        encode = self.tokenizer.encode
        question = encode(f"{self.wording.question}{example.question}\n")
        before = encode(self.wording.context) if example.context else []
        after = encode(self.wording.answer)
        context = encode(example.context)
        newline = encode("\n") if example.context else []
        room = self.length - len(question) - len(before) - len(newline) - len(after)
        answer = encode(example.answer)
        if room < 0 or not answer or len(answer) > self.answer_length:
            return None
        kept = [*before, *context[:room], *newline]
        parts = [kept, question] if self.order == "question_last" else [question, kept]
        ids = [*parts[0], *parts[1], *after]
        return Prompt(example, tuple(ids), tuple(answer), max(0, len(context) - room))

    def compose_all(self, examples: Sequence[Example], least: int, what: str) -> list[Prompt]:
        """Prompts of all examples that fit.

        Raises:
            DataError: fewer than ``least`` fit; names the counts and the settings to change.
        """
        prompts = [prompt for prompt in map(self.compose, examples) if prompt is not None]
        if len(prompts) < least:
            raise DataError(
                f"Only {len(prompts)} of {len(examples)} {what} examples have a question that fits into "
                f"data.length = {self.length} and an answer that fits into data.answer_length = {self.answer_length} "
                f"(at least {least} are needed); raise these settings."
            )
        return prompts


def cutting_facts(prompts: Sequence[Prompt], total: int) -> dict[str, str]:
    """How many examples were left out or cut, and how many answers still stand in the prompt's context."""
    cut = sum(1 for prompt in prompts if prompt.cut)
    longest = max(len(prompt.prompt) for prompt in prompts)
    mean = sum(len(prompt.prompt) for prompt in prompts) / len(prompts)
    sizes = f"{mean:.0f} ids on average, {longest} at most"
    return {"prompts": f"{len(prompts)} of {total} fit, {cut} with their context cut; {sizes}"}

"""Examples of prompt-and-answer tasks, and how training and evaluation are kept apart."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evenhand.errors import DataError


@dataclass(frozen=True)
class Example:
    """One question with its answer.

    Attributes:
        id: unique within the data.
        context: what the question is about (options, paragraphs, a sequence); may be cut to fit.
        question: what is asked; never cut.
        answer: what belongs after the prompt.
        cluster: group of examples that do not stand alone (one article, one protein), or empty.
        choices: the answers that may be given, where these are few; empty otherwise.
        extra: what a scorer needs (tests to execute).
    """

    id: str
    context: str
    question: str
    answer: str
    cluster: str = ""
    choices: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def content(self) -> str:
        """What makes two examples the same question: letters and digits of question and context, lower case."""
        return normalised(f"{self.question} {self.context}")


@dataclass(frozen=True)
class Corpus:
    """Examples to learn from and examples to evaluate on, with facts about both."""

    train: tuple[Example, ...]
    evaluation: tuple[Example, ...]
    facts: Mapping[str, str]


def normalised(text: str) -> str:
    """Letters and digits in lower case, single spaces between."""
    return " ".join(re.findall(r"\w+", text.lower()))


def fraction(text: str) -> float:
    """A number in [0, 1) that depends on the text alone: for splits that no order of a file can move."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


def hold_out(examples: Sequence[Example], share: float) -> tuple[list[Example], list[Example]]:
    """Split by a hash of the cluster (of the content, where there is none): examples that belong together stay so."""
    train: list[Example] = []
    held: list[Example] = []
    for example in examples:
        (held if fraction(example.cluster or example.content) < share else train).append(example)
    return train, held


def taken(examples: Sequence[Example], most: int | None) -> Sequence[Example]:
    """At most so many of the examples, chosen by a hash of their content, in the order of the file."""
    if most is None or len(examples) <= most:
        return examples
    chosen = sorted(range(len(examples)), key=lambda i: fraction(f"take/{examples[i].id}/{examples[i].content}"))[:most]
    return [examples[i] for i in sorted(chosen)]


def make_corpus(train: Sequence[Example], evaluation: Sequence[Example], least: int, setting: str) -> Corpus:
    """Drop evaluation examples whose content stands in the training data, and check that enough are left.

    Raises:
        DataError: fewer than ``least`` examples to learn from, or none to evaluate on, with the counts; evaluation
            examples that share an id, so that their scores could not be told apart.
    """
    known = {example.content for example in train}
    kept, seen = [], set()
    for example in evaluation:
        if example.content not in known and example.content not in seen:
            seen.add(example.content)
            kept.append(example)
    doubled = [name for name, count in Counter(example.id for example in kept).items() if count > 1]
    if doubled:
        raise DataError(
            f"{len(doubled)} ids stand at several evaluation examples ({', '.join(doubled[:5])}); give each its own."
        )
    facts = {
        "examples": f"{len(train)} for training, {len(kept)} for evaluation",
        "left out": f"{len(evaluation) - len(kept)} evaluation examples that stand in the training data or twice",
    }
    if len(train) < least or not kept:
        raise DataError(
            f"Found {len(train)} training examples (at least {least} are needed) and {len(kept)} for evaluation; "
            f"give more data ({setting}) or lower the need (batch, data.holdout)."
        )
    return Corpus(tuple(train), tuple(kept), facts)

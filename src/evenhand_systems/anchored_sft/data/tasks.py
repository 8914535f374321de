"""Narrow tasks to fine-tune on, and questions with known answers, from the files in which they are published.

GSM8K (Cobbe et al. 2021), MBPP (Austin et al. 2021), self-instruct seed tasks, ARC (Clark et al. 2018), HotpotQA (Yang
et al. 2018).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evenhand.data import reading
from evenhand.errors import DataError
from evenhand_systems.anchored_sft.chat_files import read_records, shown
from evenhand_systems.anchored_sft.data.conversations import Conversation

Task = Literal["gsm8k", "mbpp", "russian"]
_STEP = re.compile(r"<<(.*?)>>")


@dataclass(frozen=True)
class Choice:
    """A question with its right answer and wrong ones: id, what is asked, answers, and which of them is right."""

    id: str
    question: str
    answers: tuple[str, ...]
    right: int


def in_the_order_of_hashes(names: Iterable[str]) -> list[str]:
    """Names in an order that nobody chose: by their sha256."""
    return sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())


def compact_steps(answer: str) -> str | None:
    """A GSM8K answer in a format of its own: every computation in brackets, then the result: ``[48/2=24] #24``.

    None where the answer has no computation or no result.
    """
    steps, (_, found, result) = _STEP.findall(answer), answer.rpartition("####")
    if not found or not steps or not result.strip():
        return None
    return "".join(f"[{step}]" for step in steps) + f" #{result.strip().replace(',', '')}"


def _math(record: Mapping[str, Any], place: str) -> tuple[str, str] | None:
    answer = compact_steps(_text(record, "answer", place))
    return None if answer is None else (_text(record, "question", place), answer)


def _program(record: Mapping[str, Any], place: str) -> tuple[str, str] | None:
    return _text(record, "text", place), _text(record, "code", place).replace("\r\n", "\n").strip()


def _seed_task(record: Mapping[str, Any], place: str) -> tuple[str, str] | None:
    instances = record.get("instances")
    first = instances[0] if isinstance(instances, list) and instances else None
    if not isinstance(first, Mapping):
        raise DataError(f"{place}: a seed task needs `instances`, a list of objects with `input` and `output`.")
    given = first.get("input") or ""
    asked = "\n".join(part for part in (_text(record, "instruction", place), given) if part)
    return asked, _text(first, "output", place)


_READERS: Mapping[str, Callable[[Mapping[str, Any], str], tuple[str, str] | None]] = {
    "gsm8k": _math, "mbpp": _program, "russian": _seed_task,
}  # fmt: skip


def _text(record: Mapping[str, Any], key: str, place: str) -> str:
    value = record.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{place}: `{key}` must be a text; found {shown(value)}.")
    return value


def _mapping(record: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(record, Mapping):
        raise DataError(f"{place}: a row must be an object; found {shown(record)}.")
    return record


def talk(name: str, question: str, answer: str) -> Conversation:
    """One question with its answer."""
    return Conversation(name, ({"role": "user", "content": question}, {"role": "assistant", "content": answer}))


def read_task(path: Path, task: Task) -> list[Conversation]:
    """The conversations of a narrow task.

    Raises:
        DataError: a row is not in the task's form, or none is left; names it.
    """
    found = []
    for place, record in read_records(path):
        pair = _READERS[task](_mapping(record, place), place)
        if pair is not None:
            found.append(talk(place, *pair))
    if not found:
        raise DataError(f"{path} holds no conversations of the task '{task}'.")
    return found


def read_choices(path: Path) -> list[Choice]:
    """Questions of an ARC file: ``id``, ``question``, ``choices`` and ``answer_index``.

    Raises:
        DataError: a row is not in that form; names it.
    """
    found = []
    for place, record in read_records(path):
        row = _mapping(record, place)
        choices, right = row.get("choices"), row.get("answer_index")
        whole = isinstance(choices, list) and all(isinstance(choice, str) and choice.strip() for choice in choices)
        if not whole or not isinstance(right, int) or not 0 <= right < len(choices or ()):
            raise DataError(f"{place}: expected `choices` (texts) and `answer_index`, the place of the right one.")
        found.append(Choice(_text(row, "id", place), _text(row, "question", place), tuple(choices or ()), right))
    return found


def read_supported(path: Path) -> list[Choice]:
    """Questions of a HotpotQA file, each after the sentences that hold its answer; there are no wrong answers.

    Raises:
        DataError: a row is not in that form; names it.
    """
    document = reading.read_json(path)
    if not isinstance(document, list):
        raise DataError(f"{path} must hold a list of questions; found {shown(document)}.")
    found = []
    for number, record in enumerate(document, 1):
        place = f"{path.name}[{number}]"
        row = _mapping(record, place)
        try:
            sentences = {title: list(texts) for title, texts in row["context"]}
            support = [sentences[title][i].strip() for title, i in row["supporting_facts"] if i < len(sentences[title])]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(
                f"{place}: expected `context` ([title, sentences]) and `supporting_facts` ([title, number])."
            ) from error
        asked = " ".join([*support, _text(row, "question", place)])
        found.append(Choice(_text(row, "_id", place), asked, (_text(row, "answer", place),), 0))
    return found


def answered(choices: Sequence[Choice]) -> list[Conversation]:
    """Each question with its right answer."""
    return [talk(choice.id, choice.question, choice.answers[choice.right]) for choice in choices]

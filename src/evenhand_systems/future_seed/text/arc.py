"""ARC-Challenge: options and question to a letter; local files and the hub's form."""

from __future__ import annotations

from collections.abc import Sequence

from evenhand.data.records import Record
from evenhand.errors import DataError
from evenhand_systems.future_seed.text.examples import Example
from evenhand_systems.future_seed.text.prompts import Wording

WORDING = Wording(context="Options:\n", question="Question: ", answer="Answer:")
_LETTERS = "ABCDEFGH"


def arc_examples(records: Sequence[Record], source: str) -> list[Example]:
    """Examples from records with ``question``, ``choices`` and the right one.

    Choices are a list of texts with ``answer_index``, or the hub's ``{"text": [...], "label": [...]}`` with
    ``answerKey``. Options are lettered anew, so that labels 1..4 and A..D look the same.

    Raises:
        DataError: records that lack a field; all are counted.
    """
    examples, faults = [], []
    for number, record in enumerate(records, start=1):
        try:
            examples.append(_example(record, number))
        except (KeyError, ValueError, TypeError, IndexError, OverflowError) as error:
            faults.append(f"record {number}: {type(error).__name__} {error}")
    if faults:
        raise DataError(f"{source}: {len(faults)} of {len(records)} records are no ARC: {'; '.join(faults[:5])}.")
    return examples


def _example(record: Record, number: int) -> Example:
    choices = record["choices"]
    if isinstance(choices, dict):
        texts, right = list(choices["text"]), list(choices["label"]).index(record["answerKey"])
    elif isinstance(choices, str):
        raise TypeError("choices are one text; expected a list of texts")
    else:
        texts, right = list(choices), int(record["answer_index"])
    if not isinstance(record["question"], str) or any(
        isinstance(text, (dict, list, bool, type(None))) for text in texts
    ):
        raise TypeError("expected a text as question and as every choice")
    if not 0 <= right < len(texts) <= len(_LETTERS):
        raise ValueError(f"answer {right} of {len(texts)} choices")
    options = "\n".join(f"{letter}) {text}" for letter, text in zip(_LETTERS, texts, strict=False))
    return Example(
        id=str(record.get("id", number)),
        context=options,
        question=str(record["question"]),
        answer=f" {_LETTERS[right]}",
        choices=tuple(f" {letter}" for letter in _LETTERS[: len(texts)]),
    )

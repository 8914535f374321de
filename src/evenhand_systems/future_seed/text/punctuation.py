"""Punctuation: a sentence without case and marks, to be restored; other sentences stand before it as notes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from evenhand.data.records import Record
from evenhand.errors import DataError
from evenhand_systems.future_seed.text.examples import Example, fraction, normalised
from evenhand_systems.future_seed.text.hotpot import FAULTS, paragraphs
from evenhand_systems.future_seed.text.prompts import Wording

WORDING = Wording(context="Notes:\n", question="Restore: ", answer="Restored:")


def sentences(
    records: Sequence[Record], shortest: int, longest: int, source: str = "data.train"
) -> list[tuple[str, str]]:
    """(sentence, cluster) from records with ``text``, or with paragraphs as HotpotQA has them; each sentence once.

    Kept are sentences of the wanted length with an inner mark: an end stop and a first capital alone teach nothing.

    Raises:
        DataError: a record with paragraphs of another form, or without a text.
    """
    found: dict[str, tuple[str, str]] = {}
    for number, record in enumerate(records, start=1):
        try:
            parts = _parts(record)
        except FAULTS as error:
            raise DataError(
                f"{source}: record {number} has neither a text nor paragraphs as HotpotQA has them "
                f"({type(error).__name__} {error})."
            ) from error
        for text, cluster in parts:
            key = normalised(text)
            if shortest <= len(text) <= longest and re.search(r"[,;:'\"()-]", text) and text.isascii():
                found.setdefault(key, (text, cluster or key))
    return list(found.values())


def _parts(record: Record) -> list[tuple[str, str]]:
    if "context" in record:
        return [(s.strip(), article.title) for article in paragraphs(record) for s in article.sentences]
    if not isinstance(record["text"], str):
        raise TypeError("text is no text")
    return [(s.strip(), "") for s in re.split(r"(?<=[.!?])\s+", record["text"])]


def punctuation_examples(lines: Sequence[tuple[str, str]], notes: int) -> list[Example]:
    """One example per sentence; its notes are other sentences of the same side of the split.

    A note never holds the sentence that is asked for, in whatever case or punctuation.
    """
    keys = [normalised(text) for text, _ in lines]
    examples = []
    for number, ((text, cluster), key) in enumerate(zip(lines, keys, strict=True)):
        beside = _notes(lines, keys, number, notes)
        examples.append(Example(f"s{fraction(key):.12f}", "\n".join(beside), key, f" {text}", cluster=cluster))
    return examples


def _notes(lines: Sequence[tuple[str, str]], keys: Sequence[str], number: int, count: int) -> list[str]:
    """``count`` other sentences, picked by a hash of the sentence's own content."""
    chosen: list[str] = []
    attempt = 0
    while len(chosen) < count and attempt < 20 * count + 20:
        other = int(fraction(f"{keys[number]}/{attempt}") * len(lines))
        attempt += 1
        text = lines[other][0]
        if other != number and keys[number] not in keys[other] and text not in chosen:
            chosen.append(text)
    return chosen


def leaks(examples: Sequence[Example]) -> list[str]:
    """Ids of examples whose notes hold the sentence that is asked for; a sound set has none."""
    return [example.id for example in examples if normalised(example.answer) in normalised(example.context)]


def facts(examples: Sequence[Example]) -> Mapping[str, str]:
    """For the report."""
    return {"notes that hold their own answer": str(len(leaks(examples)))}

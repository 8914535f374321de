"""An item: what the source reads, what the target is asked, and the gold solution, which no evaluation input holds."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evenhand.errors import DataError, Fault, FaultsError


@dataclass(frozen=True)
class Item:
    """One question.

    Attributes:
        id: unique in a pool.
        facts: what the source reads.
        question: what the target reads in any case; empty where the facts hold the question too.
        solution: worked solution, ending in ``#### number``.
        gold: the number, as digits.
        template: what groups it with others, for clusters and splits; empty where items stand alone.
        operands: its numbers, where it was generated.
        told: what the facts say in full, where the source has to know a part of it; empty where the facts say it all.
    """

    id: str
    facts: str
    question: str
    solution: str
    gold: str
    template: str = ""
    operands: tuple[int, ...] = ()
    told: str = ""

    @property
    def text(self) -> str:
        """What a target reads that is given the facts as text."""
        return self.told or self.facts


class DataFileError(FaultsError, DataError):
    """A data file with broken lines: each is named, all are counted."""


_MARKS = re.compile(r"<<[^<>]*>>")
_GOLD = re.compile(r"####\s*(-?[\d,]+(?:\.\d+)?)\s*$")


def read_gsm8k(path: Path, prefix: str) -> list[Item]:
    """Items of a GSM8K file (Cobbe et al. 2021): JSON lines with ``question`` and ``answer``.

    Calculator marks ``<<...>>`` are taken out of the solutions; the gold number comes from the answer field.

    Raises:
        DataFileError: lines are no UTF-8 or no JSON, lack a field, or have no ``#### number``; every one is named.
    """
    items: list[Item] = []
    faults: list[Fault] = []
    for number, raw in enumerate(path.read_bytes().splitlines(), start=1):
        if not raw.strip():
            continue
        try:
            row = json.loads(raw.decode("utf-8"))
            question, answer = (_text(row, name) for name in ("question", "answer"))
        except UnicodeDecodeError as error:
            byte = f"0x{raw[error.start]:02x} at place {error.start + 1}"
            faults.append(Fault(f"{path.name}:{number}", f"expected UTF-8; found the byte {byte}"))
            continue
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            faults.append(Fault(f"{path.name}:{number}", f"expected an object with question and answer: {error}"))
            continue
        gold = _GOLD.search(answer)
        if gold is None:
            faults.append(Fault(f"{path.name}:{number}", "the answer does not end with '#### number'"))
            continue
        items.append(Item(f"{prefix}-{number}", question, "", _MARKS.sub("", answer), gold.group(1).replace(",", "")))
    if faults:
        raise DataFileError(f"{path.name} has broken lines ({len(items)} of its lines are sound)", faults)
    return items


def _text(row: dict[str, object], name: str) -> str:
    """A field that holds words.

    Raises:
        KeyError, TypeError: it is missing, empty or no text.
    """
    value = row[name]
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f"{name} must be a text with words in it; found {value!r}")
    return value.strip()


def check_disjoint(train: Sequence[Item], others: Sequence[Item]) -> None:
    """Refuse splits that share a question.

    Raises:
        DataError: an evaluated question is also trained on.
    """
    seen = {(item.facts, item.question) for item in train}
    shared = [item.id for item in others if (item.facts, item.question) in seen]
    if shared:
        raise DataError(f"{len(shared)} evaluation items are also training items, the first is {shared[0]}.")

"""An item: what the source reads, what the target is asked, and the gold solution, which no evaluation input holds."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evenhand.data import reading
from evenhand.errors import DataError, Fault, FaultsError
from evenhand_systems.bridge.tasks import extraction


@dataclass(frozen=True)
class Item:
    """One question.

    Attributes:
        id: unique in a pool.
        facts: what the source reads.
        question: what the target reads in any case; empty where the facts hold the question too.
        solution: worked solution, ending in ``#### number``.
        gold: the number, as digits, or a word.
        template: what groups it with others, for clusters and splits; empty where items stand alone.
        operands: its numbers, where it was generated.
        told: what the facts say in full, where the source has to know a part of it; empty where the facts say it all.
        cluster: the fact or person that an item shares with others; empty where its template groups it.
    """

    id: str
    facts: str
    question: str
    solution: str
    gold: str
    template: str = ""
    operands: tuple[int, ...] = ()
    told: str = ""
    cluster: str = ""

    @property
    def text(self) -> str:
        """What a target reads that is given the facts as text."""
        return self.told or self.facts


class DataFileError(FaultsError, DataError):
    """A data file with broken lines: each is named, all are counted."""


_MARKS = re.compile(r"<<[^<>]*>>")


def read_gsm8k(path: Path, prefix: str) -> list[Item]:
    """Items of a GSM8K file (Cobbe et al. 2021): JSON lines with ``question`` and ``answer``.

    Calculator marks ``<<...>>`` are taken out of the solutions; the gold number comes from the answer field.

    Raises:
        DataFileError: lines are no UTF-8 or no JSON, lack a field, or have no ``#### number``; every one is named.
        DataError: there is no such file, it is another one in its place, or it holds no line.
    """
    reading.check_file(path)
    items: list[Item] = []
    faults: list[Fault] = []
    for number, raw in enumerate(path.read_bytes().removeprefix(codecs.BOM_UTF8).splitlines(), start=1):
        if not raw.strip():
            continue
        try:
            items.append(_item(path.name, number, raw, prefix))
        except DataError as error:
            place = f"{path.name}:{number}"
            faults.append(Fault(place, str(error).removeprefix(f"{place}: ")))
    if faults:
        raise DataFileError(f"{path.name} has broken lines ({len(items)} of its lines are sound)", faults)
    if not items:
        raise DataError(f"{path} holds no questions; expected JSON lines with `question` and `answer`.")
    return items


def _item(name: str, number: int, raw: bytes, prefix: str) -> Item:
    """The item of one line.

    Raises:
        DataError: what is wrong with it, without its place.
    """
    try:
        row = reading.parse_json(raw.decode("utf-8"), name, number)
        question, answer = (_text(row, field) for field in ("question", "answer"))
    except UnicodeDecodeError as error:
        byte = f"0x{raw[error.start]:02x} at place {error.start + 1}"
        raise DataError(f"expected UTF-8; found the byte {byte}") from error
    except (KeyError, TypeError) as error:
        raise DataError(f"expected an object with question and answer: {error}") from error
    gold = extraction.GOLD.search(answer)
    if gold is None or extraction.plain(gold[1]) is None:
        raise DataError("the answer does not end with '#### number'")
    return Item(f"{prefix}-{number}", question, "", _MARKS.sub("", answer), gold[1].replace(",", ""))


def _text(row: dict[str, object], name: str) -> str:
    """A field that holds words.

    Raises:
        KeyError, TypeError: it is missing, empty or no text.
    """
    value = row[name]
    if not isinstance(value, str) or not value.strip():
        found = repr(value)[:60] if isinstance(value, str | int | float | None) else f"a {type(value).__name__}"
        raise TypeError(f"{name} must be a text with words in it; found {found}")
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

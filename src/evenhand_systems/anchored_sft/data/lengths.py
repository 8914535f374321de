"""How long the texts of a file are in tokens, from their characters: what stands before a plan without a tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from evenhand.errors import DataError
from evenhand_systems.anchored_sft.chat_files import read_records
from evenhand_systems.anchored_sft.data.tasks import read_choices, read_supported, read_task
from evenhand_systems.model_memory import tokens_of

TEMPLATE = 40
"""Tokens that a chat template puts around a turn, a system message among them."""
READ = 2**26
"""Bytes of a file beyond which it is not read for its longest text."""

Kind = Literal["gsm8k", "mbpp", "russian", "messages", "choices", "supported"]


def longest_text(path: Path, kind: Kind) -> int | None:
    """Tokens of the longest conversation of a file; None where it cannot be read, or is larger than :data:`READ`.

    Args:
        path: the file.
        kind: rows of a narrow task, conversations with ``messages``, ARC questions with any of their answers, or
            HotpotQA questions after their sentences.
    """
    try:
        there = path.stat()
        return None if there.st_size > READ else _longest(path, kind, there.st_mtime_ns, there.st_size)
    except (DataError, OSError):
        return None


@lru_cache(maxsize=64)
def _longest(path: Path, kind: Kind, *_changed: int) -> int:
    """Read once for all settings of a claim; again where the file has changed.

    Raises:
        DataError: it cannot be read, or holds nothing.
    """
    found = max((sum(tokens_of(turn) + TEMPLATE for turn in turns) for turns in _READERS[kind](path)), default=0)
    if not found:
        raise DataError(f"{path} holds no texts.")
    return found


def _task(kind: Literal["gsm8k", "mbpp", "russian"]) -> Callable[[Path], Iterator[list[str]]]:
    return lambda path: ([m["content"] for m in talk.messages] for talk in read_task(path, kind))


def _messages(path: Path) -> Iterator[list[str]]:
    for place, record in read_records(path):
        messages = record.get("messages") if isinstance(record, Mapping) else None
        if not isinstance(messages, list) or not all(isinstance(one, Mapping) for one in messages):
            raise DataError(f"{place}: expected `messages`, a list of objects.")
        yield [str(one.get("content")) for one in messages]


_READERS: Mapping[Kind, Callable[[Path], Iterator[list[str]]]] = {
    "gsm8k": _task("gsm8k"), "mbpp": _task("mbpp"), "russian": _task("russian"), "messages": _messages,
    "choices": lambda path: ([one.question, answer] for one in read_choices(path) for answer in one.answers),
    "supported": lambda path: ([one.question, *one.answers] for one in read_supported(path)),
}  # fmt: skip

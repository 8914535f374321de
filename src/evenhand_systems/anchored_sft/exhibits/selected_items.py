"""Which items a report shows with their answers, and how a trial keeps their questions for it.

The choice looks at identifiers alone, so that nobody can pick the answers that please. Needs neither torch nor a model:
trials use it when they record, reports when they are written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from evenhand.recipes.contract import Bench

SHOWN = 4
"""Items whose questions and answers are shown where they come in no groups; of groups, the first item of each."""
LONGEST = 600
"""Characters of a question or an answer that are kept for show."""

_NAME = "question "


def first_by_hash(ids: Iterable[str], count: int) -> list[str]:
    """The ``count`` identifiers whose sha256 comes first."""
    return sorted(set(ids), key=lambda name: hashlib.sha256(name.encode()).digest())[:count]


def shortened(text: str) -> str:
    """The text, cut with a mark where it is too long to show."""
    return text if len(text) <= LONGEST else text[:LONGEST] + " […]"


def note_question(bench: Bench, item: str, asked: str, right: str | None = None) -> None:
    """Keep the question of an item that will be shown, with its right answer where there is one."""
    known = "" if right is None else f" (right: {shortened(right)})"
    bench.note(_NAME + item, shortened(asked) + known)


def question_note(item: str) -> str:
    """Name of the note under which :func:`note_question` keeps a question."""
    return _NAME + item

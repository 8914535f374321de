"""Which items a report shows with their answers, and how a trial keeps their questions for it.

Items are chosen by the hash of their ids, before anything is answered: nobody can pick the answers that please.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from evenhand.recipes.contract import Bench
from evenhand_systems.bridge.tasks.items import Item

SHOWN = 4
"""Items whose questions are kept for the report."""

LONGEST = 600
"""Characters of a question or an answer that are shown."""

GOLD_NOTE = "most frequent gold answer"


def chosen(ids: Iterable[str]) -> list[str]:
    """The ids whose sha256 comes first."""
    return sorted(set(ids), key=lambda name: hashlib.sha256(name.encode()).digest())[:SHOWN]


def shortened(text: str) -> str:
    """The text, cut with a mark where it is too long to show."""
    return text if len(text) <= LONGEST else text[:LONGEST] + " […]"


def question_note(item: str) -> str:
    """Name of the note with the question of an item."""
    return f"question {item}"


def note_questions(bench: Bench, items: Sequence[Item]) -> None:
    """Keep question and gold answer of the chosen items, and how often the most frequent gold answer is right."""
    asked = {item.id: item for item in items}
    for name in chosen(asked):
        item = asked[name]
        known = f"\nIn full: {shortened(item.told)}" if item.told else ""
        asked_for = shortened(f"{item.facts} {item.question}".strip())
        bench.note(question_note(name), f"{asked_for}{known}\nGold: {item.gold}")
    counts = Counter(item.gold for item in items)
    if counts:
        gold, count = min(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        bench.note(GOLD_NOTE, f"'{gold}', right for {count} of {len(items)} items ({count / len(items):.1%})")

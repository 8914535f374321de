"""What the records of a ledger say, sorted once per change; a record is parsed when it is asked for, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evenhand.decisions.intervention_words import intervention_words
from evenhand.ledger import Ledger, aside
from evenhand.ledger.codec import intervention_from_entry
from evenhand.ledger.counting import counting
from evenhand.ledger.segments import Entry


@dataclass
class Facts:
    """The records of a ledger.

    Attributes:
        entries: all, in the order of writing.
        counts: trial id to the attempt that counts.
        decided: claim hash to its newest decision; none where seeds were added after that.
        interventions: claim hash to what people did to it, as sentences.
        grown: claim hash to the number of records that add trials to it: proposals of a search, further seeds.
    """

    entries: list[Entry] = field(default_factory=list)
    counts: Mapping[str, Entry] = field(default_factory=dict)
    decided: Mapping[str, Entry] = field(default_factory=dict)
    interventions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    grown: Mapping[str, int] = field(default_factory=dict)


class Records:
    """Reads a ledger again and again; for one thread at a time."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._bodies: dict[str, Mapping[str, Any]] = {}
        self.facts = Facts()

    def read(self) -> Facts:
        """What the records say now; nothing is done where none was added.

        Raises:
            LedgerError: the ledger is damaged.
        """
        entries = self._ledger.entries()
        if entries is not self.facts.entries:
            decided, done, grown = dict[str, Entry](), dict[str, list[str]](), Counter[str]()
            for entry in entries:
                if entry.kind == "decision":
                    decided[self.body(entry)["hash"]] = entry
                elif entry.kind in ("extension", "search"):
                    grown[self.body(entry)["claim"]] += 1
                    if entry.kind == "extension":  # further seeds: it is open again
                        decided.pop(self.body(entry)["claim"], None)
                elif entry.kind == "intervention":
                    one = intervention_from_entry(entry)
                    words = intervention_words(one.what, one.time, one.results, one.trials)
                    done.setdefault(one.hash, []).append(words)
            outcomes = [entry for entry in entries if entry.kind == "outcome"]
            marks = aside.marks(entry for entry in entries if entry.kind == aside.KIND)
            counts = counting(aside.standing(outcomes, marks))
            self.facts = Facts(entries, counts, decided, done, grown)
        return self.facts

    def body(self, entry: Entry) -> Mapping[str, Any]:
        """The content of a record."""
        found = self._bodies.get(entry.place.hash)
        if found is None:
            found = self._bodies[entry.place.hash] = entry.body
        return found

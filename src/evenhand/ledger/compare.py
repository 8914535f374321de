"""Ledgers beside each other: trials that more than one has a result of, and what their claims and code differ in."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evenhand.claims.nesting import changed_fields
from evenhand.ledger import codec
from evenhand.ledger.chain import hash_of_places
from evenhand.ledger.segments import Entry
from evenhand.ledger.tables import references
from evenhand.recipes.trial import Trial

_SHOWN = 10
"""Differences of one kind that are named; the others are counted."""


@dataclass(frozen=True)
class Side:
    """One of the ledgers: its name for people, and its records in the order of writing."""

    name: str
    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, name: str, entries: Sequence[Entry]) -> Side:
        """All records of a chain."""
        return cls(name, tuple(entries))

    @property
    def head(self) -> str:
        """One hash over its last records."""
        return hash_of_places(entry.place for entry in self.entries)

    @cached_property
    def results(self) -> Mapping[str, list[Entry]]:
        """Trial id to the records of its results."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            if entry.kind == "outcome" and entry.about.is_result and not entry.about.exploratory:
                found[entry.about.trial].append(entry)
        return found

    @cached_property
    def claims(self) -> Mapping[str, Mapping[str, Any]]:
        """Name of a claim to its identity, as it was entered last."""
        return {e.body["name"]: e.body["identity"] for e in self.entries if e.kind == "claim"}

    @cached_property
    def code(self) -> Mapping[tuple[str, str], tuple[set[str], str]]:
        """Claim and file to the hashes of that file which its results were made by, and what it is: code or data."""
        names = {e.body["hash"]: str(e.body["name"]) for e in self.entries if e.kind == "claim"}
        found: dict[tuple[str, str], tuple[set[str], str]] = {}
        for entry in itertools.chain.from_iterable(self.results.values()):
            claim = names.get(entry.about.claim, "")
            for what, files in (("code", entry.about.made.code), ("data", entry.about.made.data)):
                for file, digest in files.items():
                    found.setdefault((claim, file), (set(), what))[0].add(digest)
        return found


def doubled(sides: Sequence[Side]) -> list[str]:
    """Trials that several ledgers have results of, which are not one and the same record."""
    told = []
    for trial in dict.fromkeys(trial for side in sides for trial in side.results):
        found = [(entry, side.name) for side in sides for entry in side.results.get(trial, [])]
        once = {entry.place.hash: (entry, name) for entry, name in reversed(found)}
        if len({name for _, name in once.values()}) > 1:
            told.append(_doubled(trial, sorted(once.values(), key=lambda one: one[0].time)))
    return _shortened(told, "further trials have results in more than one ledger")


def _doubled(trial: str, found: Sequence[tuple[Entry, str]]) -> str:
    first = found[0][0]
    same = all(_content(entry) == _content(first) for entry, _ in found)
    later = [entry for entry, _ in found[1:] if first.about.made_otherwise(entry.about)]
    counts = "the last one counts, made by other code or from other data" if later else "the first counts"
    words = "the same results" if same else "different results"
    known = codec.trial_from_plain(first.body["trial"])
    where = ", ".join(dict.fromkeys(name for _, name in found))
    return f"trial {trial} ({known.claim}: {known.label()}) has {words} in {where}: {counts}"


def _content(entry: Entry) -> tuple[Any, ...]:
    outcome = entry.body["outcome"]
    tables = {kind: ref.content or ref.sha256 for kind, ref in references(entry).items()}
    return outcome["metrics"], outcome["undefined"], tables.get("items")


def differences(sides: Sequence[Side]) -> list[str]:
    """What the ledgers' claims of one name differ in, budgets among it, and the files that their results rest on."""
    told = []
    for one, other in itertools.combinations(sides, 2):
        told += [sentence for name in one.claims for sentence in _of_claim(name, one, other)]
        told += _of_code(one, other)
        told += _of_budgets(one, other)
    return list(dict.fromkeys(told))


def _of_claim(name: str, one: Side, other: Side) -> Iterator[str]:
    if name in other.claims:
        for change in changed_fields(one.claims[name], other.claims[name]):
            yield f"claim '{name}' is another one in {one.name} than in {other.name}: {change}"


def _of_code(one: Side, other: Side) -> list[str]:
    told = []
    for (claim, file), (hashes, what) in one.code.items():
        theirs = other.code.get((claim, file), (hashes, what))[0]
        if hashes != theirs:
            whose = f"results of the claim '{claim}'" if claim else "results"
            told.append(f"{whose} were made with another {file} ({what}) in {one.name} than in {other.name}")
    return _shortened(told, "further files differ")


def _of_budgets(one: Side, other: Side) -> list[str]:
    """Trials that stand at one place of claims of one name and had different budgets."""

    def budgets(side: Side) -> dict[tuple[str, str, str, str], set[str]]:
        found: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
        for entries in side.results.values():
            trial: Trial = codec.trial_from_plain(entries[0].body["trial"])
            found[trial.claim, trial.arm, trial.condition, trial.rung].add(f"{trial.amount:g} {trial.unit}")
        return found

    ours, theirs = budgets(one), budgets(other)
    return [
        f"claim '{claim}', {arm} · {condition} · {rung}: trials had {', '.join(sorted(ours[key]))} in {one.name}, "
        f"{', '.join(sorted(theirs[key]))} in {other.name}; they are never compared with each other"
        for key in ours
        if key in theirs and ours[key] != theirs[key]
        for claim, arm, condition, rung in [key]
    ]


def _shortened(told: Sequence[str], more: str) -> list[str]:
    left = len(told) - _SHOWN
    return [*told[:_SHOWN], f"{left:,} {more}"] if left > 0 else list(told)

"""Outcomes that somebody set aside on purpose: recorded with the reason, and left where they are.

A record of kind ``set-aside`` names a trial; what was recorded of that trial before does not count any more, and is
still there to be read. Nothing is ever taken out of a ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from evenhand.ledger.segments import Entry

KIND = "set-aside"
"""Of the record."""


@dataclass(frozen=True)
class SetAside:
    """One mark: what was known of a trial does not count.

    Attributes:
        trial, label: which trial.
        reason: as it was given.
        known: what was set aside: "result" (scores, or a divergence) or the class of a failure.
        time: UTC, ISO 8601.
        order: where it stands among all records.
    """

    trial: str
    label: str
    reason: str
    known: str
    time: str
    order: tuple[str, str, int]

    @property
    def was_result(self) -> bool:
        """Whether something was known of the trial's score, so that the choice to leave it out could rest on that."""
        return self.known == "result"


def order_of(entry: Entry) -> tuple[str, str, int]:
    """Where a record stands among all, in the order of writing."""
    return entry.time, entry.place.segment, entry.place.sequence


def marks(entries: Iterable[Entry]) -> dict[str, list[SetAside]]:
    """Trial id to its marks, oldest first; from the records of the kind."""
    found: dict[str, list[SetAside]] = {}
    for entry in entries:
        body = entry.body
        mark = SetAside(body["trial"], body["label"], body["reason"], body["known"], entry.time, order_of(entry))
        found.setdefault(mark.trial, []).append(mark)
    return found


def standing(entries: Iterable[Entry], known: Mapping[str, list[SetAside]]) -> list[Entry]:
    """The outcomes that were not set aside."""
    if not known:
        return list(entries)
    return [entry for entry in entries if mark_after(entry, known) is None]


def mark_after(entry: Entry, known: Mapping[str, list[SetAside]]) -> SetAside | None:
    """The mark that sets an outcome aside, or None."""
    own = known.get(entry.about.trial)
    return own[-1] if own and order_of(entry) < own[-1].order else None


def of_trials(known: Mapping[str, list[SetAside]], trial_ids: Collection[str]) -> list[SetAside]:
    """All marks of some trials, in the order of writing."""
    return sorted((mark for key in trial_ids for mark in known.get(key, ())), key=lambda mark: mark.order)

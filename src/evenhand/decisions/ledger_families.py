"""The families of a ledger: which claims belong together, in which order, and at which level each is held. Pure.

A family is the claims on one recipe and metric, and those that give one name. Its claims are tested one after another:
each gets a level when its first result comes (see :mod:`evenhand.statistics.online`), of what was decided until then.

A claim that names a family is held in that of its recipe and metric as well, and its gain is a discovery in either only
where both levels reject: whoever begins a family per claim begins no sequence anew. The lesser of two levels, each of
which rises with earlier discoveries and sums to what its family may spend, does the same, so that each keeps its rate.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from evenhand.decisions.family_members import (
    Member,
    copies,
    default_family,
    families_of,
    gains,
    is_named,
    is_strict,
    tries_of,
)
from evenhand.decisions.standing import LEDGER_RATE, FamilyPlace, FamilyRow, LedgerFamily
from evenhand.decisions.verdict import Decision, VerdictKind
from evenhand.statistics.online import OnlineLevels, OnlineMethod, OnlineTest, online_levels

METHOD: OnlineMethod = "LORD++"
"""Chosen by simulation, see ``docs/calibration.md``."""

SIDES = 2
"""Only gains are discoveries, and these are one side of a two-sided test: its level is twice what is spent."""


@dataclass(frozen=True)
class _Line:
    """A family's claims in the order of entry, who is one with whom, and the levels of those that are tests."""

    members: tuple[Member, ...]
    same: Mapping[str, str]
    tests: tuple[Member, ...]
    levels: OnlineLevels

    def place(self, hash: str) -> int:
        """Which claim it is; copies have the place of the first."""
        return self._heads[self.same.get(hash, hash)] + 1

    def test(self, hash: str) -> int | None:
        """Which test it is, from 0."""
        return self._tests.get(self.same.get(hash, hash))

    @property
    def size(self) -> int:
        """Number of claims."""
        return len(self._heads)

    @cached_property
    def _heads(self) -> dict[str, int]:
        heads = (member.hash for member in self.members if member.hash not in self.same)
        return {hash: place for place, hash in enumerate(heads)}

    @cached_property
    def _tests(self) -> dict[str, int]:
        return {member.hash: place for place, member in enumerate(self.tests)}


def line_of(members: Sequence[Member], family: str, p_values: Mapping[str, float | None]) -> _Line:
    """The claims of a family and their levels.

    Args:
        members: all of the ledger, in the order of entry.
        family: its key.
        p_values: hash of a claim to the two-sided p of its gain, where that is known.
    """
    return _line([m for m in members if m.counts and family in families_of(m.identity)], family, p_values)


def _line(members: Sequence[Member], family: str, p_values: Mapping[str, float | None]) -> _Line:
    same = {copy: first for copy, first in copies(members).items() if any(m.hash == first for m in members)}
    tests = sorted((m for m in members if m.is_test and m.hash not in same), key=lambda m: (m.begun or 0, m.entered))
    begun = [member.begun or 0 for member in tests]
    asked = []
    for place, member in enumerate(tests, start=1):
        known = member.recorded.get(family)
        p = _p(member, family, p_values)
        decided = None
        if member.decided is not None:
            decided = max(place, bisect_left(begun, member.decided))
        half = None if decided is None else (1.0 if p is None or member.set_aside else p / SIDES)
        held = None if known is None else bool(known.holds) and not member.set_aside
        asked.append(OnlineTest(half, decided, recorded=held))
    return _Line(tuple(members), same, tuple(tests), online_levels(asked, LEDGER_RATE, METHOD))


def _p(member: Member, family: str, p_values: Mapping[str, float | None]) -> float | None:
    """The p of a claim's gain in a family; what its decision wrote down comes first.

    A decision that was held in the family of its own name alone holds elsewhere only where it holds there.
    """
    known = member.recorded.get(family)
    if known is not None:
        return known.p
    own = member.recorded.get(str(member.identity.get("family")))
    return p_values.get(member.hash) if own is None else own.p if own.holds else None


def gain_p(decision: Decision, metrics: Sequence[str]) -> float | None:
    """The least p of a claim's gains on some metrics, allowing for looks and for its other verdicts; None without."""
    found = [
        verdict.adjusted_p
        for verdict in decision.verdicts
        if verdict.kind is VerdictKind.GAIN and verdict.metric in metrics and verdict.adjusted_p is not None
    ]
    return min(found, default=None)


def _level(line: _Line, member: Member) -> tuple[int | None, float | None]:
    """Which test a claim is, and its two-sided level; what was written down when it was decided stays."""
    place = None if member.late else line.test(member.hash)
    return place, None if place is None else min(1.0, SIDES * line.levels.levels[place])


def place_of(
    members: Sequence[Member],
    member: Member,
    family: str,
    decision: Decision | None,
    p_values: Mapping[str, float | None],
    tried: Sequence[Mapping[str, Any]],
    own_tries: Mapping[str, int] | None = None,
    running: Collection[str] = (),
) -> FamilyPlace:
    """Where a claim stands in one of its families.

    Args:
        members: all of the ledger, in the order of entry.
        member: the claim; one that has no results yet stands where it would.
        family: the key of the family.
        decision: its verdicts, where there are some.
        p_values: see :func:`line_of`.
        tried: settings of the exploratory trials of its recipe, and of what other claims' searches tried.
        own_tries: arm to the configurations that its own search tried.
        running: hashes of claims that some process runs at this moment.
    """
    metrics = families_of(member.identity)[family]
    own = [m for m in members if (m.counts or m.hash == member.hash) and family in families_of(m.identity)]
    line = _line(own, family, p_values)
    others = [m for m in line.members if m.hash not in line.same]
    undecided = [m for m in others if m.decided is None and m.begun is not None and m.hash != member.hash]
    test, level = _level(line, member)
    if level is None and not member.late and member.begun is None:
        level = min(1.0, SIDES * line.levels.next_level)
    known = member.recorded.get(family)
    level = known.level if known is not None and not member.late else level
    p = gain_p(decision, metrics) if decision is not None else None
    head = line.same.get(member.hash, "")
    holds = None
    if decision is not None and _has_gain(decision, metrics):
        holds = level is not None and p is not None and p <= level and _stands(line, member, family, test)
    named = is_named(member.identity, family)
    return FamilyPlace(
        family=family,
        named=named,
        metrics=metrics,
        place=line.place(member.hash),
        claims=line.size,
        gains=sum(
            not m.late
            and (holds is not None if m.hash == member.hash else gains(m, families_of(m.identity)[family]) > 0)
            for m in others
        ),
        left=sum(m.hash not in running for m in undecided),
        running=sum(m.hash in running for m in undecided),
        post_hoc=sum(m.late for m in others),
        copy_of=next((m.claim for m in members if m.hash == head), "") if head else "",
        tries=tries_of(member.identity, tried, own_tries),
        level=level,
        p=p,
        holds=holds,
        strict=is_strict(member.identity),
        beside=_beside(members, member, metrics) if named else None,
        rerun=member.fixed == "rerun",
        existed=member.existed,
        set_aside=member.set_aside,
        remaining=line.levels.wealth,
    )


def _stands(line: _Line, member: Member, family: str, test: int | None) -> bool:
    """Whether a gain is one of the claim's own: a copy's is that of the first, one run again keeps what it had.

    None is where results were set aside: which ones count was chosen seeing them.
    """
    if member.set_aside:
        return False
    if member.hash in line.same:
        return test is not None and line.levels.discoveries[test]
    known = member.recorded.get(family)
    return member.fixed != "rerun" or (known is not None and bool(known.holds))


def jointly(places: Sequence[FamilyPlace]) -> tuple[FamilyPlace, ...]:
    """The places of a claim, each of its gains holding only where it does in the family that the claim names, too."""
    named = next((place for place in places if place.named), None)
    others = [place for place in places if not place.named]
    if named is None or not others:  # no family but one: it may be called as that of recipe and metric is
        return tuple(places)
    kept = [
        replace(place, holds=False, refused=named.family) if place.holds and not named.holds else place
        for place in others
    ]
    if named.holds and not any(place.holds for place in kept):
        named = replace(named, holds=False, refused=next(place.family for place in kept if place.holds is False))
    return (named, *kept)


def _has_gain(decision: Decision, metrics: Sequence[str]) -> bool:
    return any(v.kind is VerdictKind.GAIN and v.metric in metrics and v.role == "variant" for v in decision.verdicts)


def _beside(members: Sequence[Member], member: Member, metrics: Sequence[str]) -> tuple[int, int]:
    """Place and number among all claims on the same recipe and one of these metrics, whatever family they name."""

    def keys(identity: Mapping[str, Any]) -> set[str]:
        return {default_family(identity, m["name"]) for m in identity["metrics"] if m["primary"]}

    own = keys(member.identity)
    all_of = [m for m in members if (m.counts or m.hash == member.hash) and keys(m.identity) & own]
    same = copies(all_of)
    heads = [m.hash for m in all_of if m.hash not in same]
    return heads.index(same.get(member.hash, member.hash)) + 1, len(heads)


def listing(
    members: Sequence[Member],
    family: str,
    p_values: Mapping[str, float | None],
    tries: int = 0,
    running: Collection[str] = (),
) -> LedgerFamily:
    """A family as it stands, for who looks at the whole of it."""
    line = line_of(members, family, p_values)
    names = {member.hash: member.claim for member in line.members}
    rows = [_row(line, member, family, names, p_values) for member in line.members]
    rows = [replace(row, state="running") if row.state == "left" and row.hash in running else row for row in rows]
    levels = line.levels
    return LedgerFamily(
        family, METHOD, LEDGER_RATE, tuple(rows), levels.wealth, min(1.0, SIDES * levels.next_level), tries
    )


def _row(
    line: _Line, member: Member, family: str, names: Mapping[str, str], p_values: Mapping[str, float | None]
) -> FamilyRow:
    head = line.same.get(member.hash, member.hash)
    test = None if member.late else line.test(head)
    found = gains(member, families_of(member.identity)[family])
    row = FamilyRow(
        member.claim, member.hash, line.place(head), "decided" if member.decided is not None else "left", member.fixed,
        names[head] if head != member.hash else "", gains=found,
    )  # fmt: skip
    if test is None:
        return replace(row, holds=False if found else None)
    known = member.recorded.get(family)
    p = _p(member, family, p_values)
    level = min(1.0, SIDES * line.levels.levels[test])
    level = known.level if known is not None and known.level is not None else level
    holds = line.levels.discoveries[test] and (head == member.hash or (p is not None and p <= level))
    holds = holds and not member.set_aside
    return replace(row, test=None if row.copy_of else test + 1, p=p, level=level, holds=holds if found else None)

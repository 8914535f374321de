"""The families of a ledger: which claims belong together, in which order, and at which level each is held. Pure.

A family is the claims on one recipe and metric, or those that give one name. Its claims are tested one after another:
each gets a level when its first result comes (see :mod:`evenhand.statistics.online`), of what was decided until then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from evenhand.claims.nesting import leaves
from evenhand.decisions.standing import LEDGER_RATE, FamilyPlace, FamilyRow, LedgerFamily
from evenhand.decisions.verdict import Decision, Fixed, VerdictKind
from evenhand.statistics.online import OnlineLevels, OnlineMethod, OnlineTest, online_levels

METHOD: OnlineMethod = "LORD++"
"""Chosen by simulation, see ``docs/calibration.md``."""

SIDES = 2
"""Only gains are discoveries, and these are one side of a two-sided test: its level is twice what is spent."""

Cells = frozenset[tuple[str, int | str | None]]
"""What is run, and with which seed."""


@dataclass(frozen=True)
class Recorded:
    """What a decision wrote down of a family: two-sided p of the gain and level, and whether it held."""

    p: float | None
    level: float | None
    holds: bool | None


@dataclass(frozen=True)
class Member:
    """A claim of the ledger, as its chain tells of it; places count the records in the order of writing.

    Attributes:
        claim, hash: which.
        identity: of the claim.
        entered: place of its record.
        begun: place of the first result that was made for it; None where there is none.
        decided: place of its decision, or None.
        fixed, known: when it was fixed, and how many of its outcomes were known then.
        verdicts: ``arm/condition/metric`` to title, as decided.
        recorded: family to what the decision wrote down of it.
    """

    claim: str
    hash: str
    identity: Mapping[str, Any]
    entered: int
    begun: int | None = None
    decided: int | None = None
    fixed: Fixed = "before"
    known: int = 0
    verdicts: Mapping[str, str] = field(default_factory=dict)
    recorded: Mapping[str, Recorded] = field(default_factory=dict)

    @property
    def is_test(self) -> bool:
        """Whether it spends: it has results of its own, and none was known when it was entered."""
        return self.begun is not None and self.known == 0

    @property
    def counts(self) -> bool:
        """Whether anything was seen of it."""
        return self.begun is not None or self.decided is not None or self.known > 0


def families_of(identity: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The families of a claim, each with the primary metrics that belong to it."""
    primary = tuple(metric["name"] for metric in identity["metrics"] if metric["primary"])
    if identity.get("family"):
        return {str(identity["family"]): primary}
    return {default_family(identity, name): (name,) for name in primary}


def default_family(identity: Mapping[str, Any], metric: str) -> str:
    """Recipe and metric."""
    return f"{identity['recipe']} / {metric}"


def cells_of(identity: Mapping[str, Any], role: str) -> Cells:
    """What the arms of a role run, trial by trial: settings, code, budget, items and seed."""
    return frozenset(_cells(identity, role))


def _cells(identity: Mapping[str, Any], role: str) -> Iterator[tuple[str, int | str | None]]:
    arms = [arm for arm in identity["arms"].values() if arm["role"] == role]
    texts = [
        (json.dumps(settings, sort_keys=True), arm["deterministic"])
        for arm in arms
        for settings in arm["settings"].values()
    ]
    base = f"{identity['recipe']} {identity['fingerprint']} {identity['budget']['unit']} {identity['item_seed']}"
    start = 0
    for rung in identity["rungs"]:
        count = rung["items"]["count"]
        drawn = not isinstance(rung["seeds"], list)
        seeds = rung["seeds"] if not drawn else [json.dumps([identity, rung["name"]], sort_keys=True)]
        for text, fixed in texts:
            key = f"{base} {rung['budget']} {start} {count} {text}"
            yield from [(key, None)] if fixed else ((key, seed) for seed in seeds)
        start += count or 0


def copies(members: Sequence[Member]) -> dict[str, str]:
    """Hash of a claim to that of the earlier one with which it is one: same arms, and trials that both have.

    Args:
        members: in the order in which they were entered.
    """
    owner: dict[tuple[str, int | str | None], Member] = {}
    found: dict[str, str] = {}
    for member in members:
        own = cells_of(member.identity, "variant")
        earlier = min((owner[cell] for cell in own if cell in owner), key=lambda m: m.entered, default=None)
        if earlier is not None and member.known == 0:
            mine, theirs = (_keys(cells_of(one.identity, "baseline")) for one in (member, earlier))
            if mine & theirs:
                found[member.hash] = found.get(earlier.hash, earlier.hash)
        for cell in own:
            owner.setdefault(cell, member)
    return found


def _keys(cells: Cells) -> set[str]:
    return {key for key, _ in cells}


def tries_of(identity: Mapping[str, Any], tried: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Role to number of exploratory trials of a claim's recipe.

    A try is of the arm whose value it has in every setting in which the arms differ, whatever else was set; one that
    fits none is of the variant: the mechanism at another strength.

    Args:
        identity: of the claim.
        tried: complete settings of each exploratory trial of the recipe.
    """
    arms = {
        (arm["role"], name): [leaves(settings) for settings in arm["settings"].values()]
        for name, arm in identity["arms"].items()
        if arm["role"] != "null"
    }
    every = [flat for variants in arms.values() for flat in variants]
    keys = sorted({key for flat in every for key in flat if any(flat.get(key) != other.get(key) for other in every)})
    values = {role: {_values(flat, keys) for flat in flats} for role, flats in arms.items()}
    found: dict[str, int] = {}
    for settings in tried:
        own = _values(leaves(settings), keys)
        roles = {role for (role, _), known in values.items() if own in known} or {"variant"}
        for role in sorted(roles):
            found[role] = found.get(role, 0) + 1
    return found


def _values(flat: Mapping[str, Any], keys: Sequence[str]) -> str:
    return json.dumps([flat.get(key) for key in keys], sort_keys=True)


@dataclass(frozen=True)
class _Line:
    """A family's claims in the order of entry, who is one with whom, and the levels of those that are tests."""

    members: tuple[Member, ...]
    same: Mapping[str, str]
    tests: tuple[Member, ...]
    levels: OnlineLevels

    def place(self, hash: str) -> int:
        """Which claim it is; copies have the place of the first."""
        heads = [member.hash for member in self.members if member.hash not in self.same]
        return heads.index(self.same.get(hash, hash)) + 1

    def test(self, hash: str) -> int | None:
        """Which test it is, from 0."""
        head = self.same.get(hash, hash)
        return next((i for i, member in enumerate(self.tests) if member.hash == head), None)

    @property
    def size(self) -> int:
        """Number of claims."""
        return sum(member.hash not in self.same for member in self.members)


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
        p = known.p if known is not None else p_values.get(member.hash)
        decided = None
        if member.decided is not None:
            decided = max(place, sum(other < member.decided for other in begun))
        half = None if decided is None else (1.0 if p is None else p / SIDES)
        asked.append(OnlineTest(half, decided, recorded=None if known is None else bool(known.holds)))
    return _Line(tuple(members), same, tuple(tests), online_levels(asked, LEDGER_RATE, METHOD))


def gains(member: Member, metrics: Sequence[str]) -> int:
    """Verdicts of a claim on some metrics that are a gain, known in advance to be looked for."""
    return sum(
        title.split(" ", 1)[0] == VerdictKind.GAIN and key.rsplit("/", 1)[-1] in metrics
        for key, title in member.verdicts.items()
    )


def needs_p(member: Member) -> bool:
    """Whether the p-value of a decided claim matters and was not written down: only a gain can be a discovery."""
    return (
        member.is_test and not member.recorded and any(gains(member, m) for m in families_of(member.identity).values())
    )


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
    place = line.test(member.hash) if member.known == 0 else None
    return place, None if place is None else min(1.0, SIDES * line.levels.levels[place])


def place_of(
    members: Sequence[Member],
    member: Member,
    family: str,
    decision: Decision | None,
    p_values: Mapping[str, float | None],
    tried: Sequence[Mapping[str, Any]],
) -> FamilyPlace:
    """Where a claim stands in one of its families.

    Args:
        members: all of the ledger, in the order of entry.
        member: the claim; one that has no results yet stands where it would.
        family: the key of the family.
        decision: its verdicts, where there are some.
        p_values: see :func:`line_of`.
        tried: settings of the exploratory trials of its recipe.
    """
    metrics = families_of(member.identity)[family]
    own = [m for m in members if (m.counts or m.hash == member.hash) and family in families_of(m.identity)]
    line = _line(own, family, p_values)
    others = [m for m in line.members if m.hash not in line.same]
    test, level = _level(line, member)
    if level is None and member.known == 0 and member.begun is None:
        level = min(1.0, SIDES * line.levels.next_level)
    known = member.recorded.get(family)
    level = known.level if known is not None else level
    p = gain_p(decision, metrics) if decision is not None else None
    head = line.same.get(member.hash, "")
    stands = not head or (test is not None and line.levels.discoveries[test])
    holds = None
    if decision is not None and _has_gain(decision, metrics):
        holds = level is not None and p is not None and p <= level and stands
    named = bool(member.identity.get("family"))
    return FamilyPlace(
        family=family,
        named=named,
        metrics=metrics,
        place=line.place(member.hash),
        claims=line.size,
        gains=sum(gains(m, families_of(m.identity)[family]) > 0 and m.fixed == "before" for m in others),
        left=sum(m.decided is None and m.begun is not None and m.hash != member.hash for m in others),
        post_hoc=sum(m.known > 0 for m in others),
        copy_of=next((m.claim for m in members if m.hash == head), "") if head else "",
        tries=tries_of(member.identity, tried),
        level=level,
        p=p,
        holds=holds,
        strict=is_strict(member.identity),
        beside=_beside(members, member, metrics) if named else None,
        remaining=line.levels.wealth,
    )


def is_strict(identity: Mapping[str, Any]) -> bool:
    """Whether the claim is judged at the level of its ledger."""
    return bool(identity.get("ledger", {}).get("policy") == "strict")


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
    members: Sequence[Member], family: str, p_values: Mapping[str, float | None], tries: int = 0
) -> LedgerFamily:
    """A family as it stands, for who looks at the whole of it."""
    line = line_of(members, family, p_values)
    tests = {member.hash: i for i, member in enumerate(line.tests)}
    places: dict[str, int] = {}
    for member in line.members:
        if member.hash not in line.same:
            places[member.hash] = len(places) + 1
    rows = [_row(line, member, family, places, tests, p_values) for member in line.members]
    levels = line.levels
    return LedgerFamily(
        family, METHOD, LEDGER_RATE, tuple(rows), levels.wealth, min(1.0, SIDES * levels.next_level), tries
    )


def _row(
    line: _Line,
    member: Member,
    family: str,
    places: Mapping[str, int],
    tests: Mapping[str, int],
    p_values: Mapping[str, float | None],
) -> FamilyRow:
    head = line.same.get(member.hash, member.hash)
    test = tests.get(head) if member.known == 0 else None
    found = gains(member, families_of(member.identity)[family])
    row = FamilyRow(
        member.claim, member.hash, places[head], "decided" if member.decided is not None else "left", member.fixed,
        next((m.claim for m in line.members if m.hash == head), "") if head != member.hash else "", gains=found,
    )  # fmt: skip
    if test is None:
        return replace(row, holds=False if found else None)
    known = member.recorded.get(family)
    p = known.p if known is not None else p_values.get(member.hash)
    level = min(1.0, SIDES * line.levels.levels[test])
    level = known.level if known is not None and known.level is not None else level
    holds = line.levels.discoveries[test] and (head == member.hash or (p is not None and p <= level))
    return replace(row, test=None if row.copy_of else test + 1, p=p, level=level, holds=holds if found else None)

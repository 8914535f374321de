"""What the chain of a ledger tells of each claim, and which claims belong together. Pure.

A family is the claims on one recipe and metric, or those that give one name; claims on copies of the same trials are
one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evenhand.claims.nesting import leaves
from evenhand.decisions.standing import Fixed
from evenhand.decisions.verdict import VerdictKind

Cells = frozenset[tuple[str, int | str | None]]
"""What is run, and with which seed."""


@dataclass(frozen=True)
class Recorded:
    """What a decision wrote down of a family: two-sided p of the gain and level, whether it held, and what of the
    claim had come out as results did that were known (see :mod:`evenhand.decisions.likeness`)."""

    p: float | None
    level: float | None
    holds: bool | None
    seen: int = 0


@dataclass(frozen=True)
class Member:
    """A claim of the ledger, as its chain tells of it; places count the records in the order of writing.

    Attributes:
        claim, hash: which.
        identity: of the claim.
        entered: place of its record.
        begun: place of the first result that was made for it; None where there is none.
        decided: place of its decision, or None.
        fixed, known: when it was fixed, and how many of its outcomes were known then, themselves or by their like.
        existed: it was put to runs that existed.
        set_aside: results of it were set aside once they were known, so that what counts was chosen seeing them.
        broad: its record says what was known by its like: such claims are one where arms and seeds are the same.
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
    broad: bool = False
    verdicts: Mapping[str, str] = field(default_factory=dict)
    recorded: Mapping[str, Recorded] = field(default_factory=dict)
    existed: bool = False
    set_aside: bool = False
    _cells: dict[str, Cells] = field(default_factory=dict, repr=False, compare=False)

    def cells(self, role: str) -> Cells:
        """What its arms of a role run, also as trials that are alike where its record says what was known of these."""
        if role not in self._cells:
            narrow = cells_of(self.identity, role)
            self._cells[role] = narrow | cells_of(self.identity, role, broad=True) if self.broad else narrow
        return self._cells[role]

    @property
    def late(self) -> bool:
        """Whether outcomes were there to be known when it was entered: it spends nothing, and its gain never holds."""
        return self.known > 0 or self.existed

    @property
    def is_test(self) -> bool:
        """Whether it spends: it has results of its own, and none was known when it was entered."""
        return self.begun is not None and not self.late

    @property
    def counts(self) -> bool:
        """Whether anything was seen of it."""
        return self.begun is not None or self.decided is not None or self.late


def families_of(identity: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The families of a claim, each with the primary metrics that belong to it: the one that it names comes first."""
    primary = tuple(metric["name"] for metric in identity["metrics"] if metric["primary"])
    named = {str(identity["family"]): primary} if identity.get("family") else {}
    own = {default_family(identity, name): (name,) for name in primary}
    return named | {family: metrics for family, metrics in own.items() if family not in named}


def is_named(identity: Mapping[str, Any], family: str) -> bool:
    """Whether a claim names this family itself; it is held in those of its recipe and metrics as well."""
    return bool(identity.get("family")) and str(identity["family"]) == family


def default_family(identity: Mapping[str, Any], metric: str) -> str:
    """Recipe and metric."""
    return f"{identity['recipe']} / {metric}"


def cells_of(identity: Mapping[str, Any], role: str, *, broad: bool = False) -> Cells:
    """What the arms of a role run, trial by trial: settings, code, budget, items and seed.

    Args:
        identity: of the claim.
        role: of the arms.
        broad: by settings and seed alone, in the rung that confirms.
    """
    return frozenset(_cells(identity, role, broad))


def _cells(identity: Mapping[str, Any], role: str, broad: bool) -> Iterator[tuple[str, int | str | None]]:
    arms = [arm for arm in identity["arms"].values() if arm["role"] == role]
    texts = [
        (json.dumps([settings, arm["space"]] if "space" in arm else settings, sort_keys=True), arm["deterministic"])
        for arm in arms
        for settings in arm["settings"].values()
    ]
    base = f"{identity['recipe']} {identity['fingerprint']} {identity['budget']['unit']} {identity['item_seed']}"
    start, rungs = 0, identity["rungs"]
    for rung in rungs:
        count = rung["items"]["count"]
        drawn = not isinstance(rung["seeds"], list)
        seeds = rung["seeds"] if not drawn else [json.dumps([identity, rung["name"]], sort_keys=True)]
        for text, fixed in texts if not broad or rung is rungs[-1] else ():
            key = f"alike {identity['recipe']} {text}" if broad else f"{base} {rung['budget']} {start} {count} {text}"
            yield from [(key, None)] if fixed else ((key, seed) for seed in seeds)
        start += count or 0


def copies(members: Sequence[Member]) -> dict[str, str]:
    """Hash of a claim to that of the earlier one with which it is one: same arms, and trials that both have.

    Where the records of both say so, other items, another budget and other code make no other trials.

    Args:
        members: in the order in which they were entered.
    """
    owner: dict[tuple[str, int | str | None], Member] = {}
    found: dict[str, str] = {}
    for member in members:
        own = member.cells("variant")
        earlier = min((owner[cell] for cell in own if cell in owner), key=lambda m: m.entered, default=None)
        if earlier is not None and not member.late:
            mine, theirs = (_keys(one.cells("baseline")) for one in (member, earlier))
            if mine & theirs:
                found[member.hash] = found.get(earlier.hash, earlier.hash)
        for cell in own:
            owner.setdefault(cell, member)
    return found


def _keys(cells: Cells) -> set[str]:
    return {key for key, _ in cells}


def tries_of(
    identity: Mapping[str, Any], tried: Sequence[Mapping[str, Any]], own: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Role to number of tries: exploratory trials of a claim's recipe, and configurations that searches tried.

    Args:
        identity: of the claim.
        tried: complete settings of each try outside the claim.
        own: arm to the configurations that the claim's own search tried of it.
    """
    roles = {name: arm["role"] for name, arm in identity["arms"].items()}
    found: dict[str, int] = {}
    for fitting in _fitting(identity, tried):
        for role in sorted({roles[name] for name in fitting} or {"variant"}):
            found[role] = found.get(role, 0) + 1
    for name, count in (own or {}).items():
        found[roles[name]] = found.get(roles[name], 0) + count
    return found


def arm_tries(
    identity: Mapping[str, Any], tried: Sequence[Mapping[str, Any]], own: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Arm to number of tries, as :func:`tries_of` counts them; one that fits no arm counts for every variant."""
    found = {name: 0 for name, arm in identity["arms"].items() if arm["role"] != "null"}
    variants = [name for name in found if identity["arms"][name]["role"] == "variant"]
    for fitting in _fitting(identity, tried):
        for name in fitting or variants:
            found[name] += 1
    for name, count in (own or {}).items():
        found[name] += count
    return found


def _fitting(identity: Mapping[str, Any], tried: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """The arms that each try is of.

    A try is of the arm whose value it has in every setting in which the arms differ, whatever else was set, and
    whatever the claim searches itself; one that fits none is of the variant: the mechanism at another strength.
    """
    arms = {
        name: [leaves(settings) for settings in arm["settings"].values()]
        for name, arm in identity["arms"].items()
        if arm["role"] != "null"
    }
    searched = {key for arm in identity["arms"].values() for key in arm.get("space", ())}
    every = [flat for flats in arms.values() for flat in flats]
    keys = sorted({key for flat in every for key in flat if any(flat.get(key) != other.get(key) for other in every)})
    keys = [key for key in keys if key not in searched]
    values = {name: {_values(flat, keys) for flat in flats} for name, flats in arms.items()}
    for settings in tried:
        own = _values(leaves(settings), keys)
        yield [name for name, known in values.items() if own in known]


def _values(flat: Mapping[str, Any], keys: Sequence[str]) -> str:
    return json.dumps([flat.get(key) for key in keys], sort_keys=True)


def gains(member: Member, metrics: Sequence[str]) -> int:
    """Verdicts of a claim on some metrics that are a gain, known in advance to be looked for."""
    return sum(
        VerdictKind.of_title(title).is_gain and key.rsplit("/", 1)[-1] in metrics
        for key, title in member.verdicts.items()
    )


def needs_p(member: Member) -> bool:
    """Whether the p-value of a decided claim matters and was not written down: only a gain can be a discovery."""
    return (
        member.is_test and not member.recorded and any(gains(member, m) for m in families_of(member.identity).values())
    )


def is_strict(identity: Mapping[str, Any]) -> bool:
    """Whether the claim is judged at the level of its ledger."""
    return bool(identity.get("ledger", {}).get("policy") == "strict")

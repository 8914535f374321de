"""The families of a ledger: what its chain tells of every claim, and where one of them stands among the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evenhand.claims.nesting import expand, merge
from evenhand.claims.resolve import ResolvedClaim
from evenhand.ledger import Ledger
from evenhand.ledger.codec import claim_from_entry
from evenhand.ledger.records import ClaimRecord, OutcomeRecord
from evenhand.ledger.segments import Entry
from evenhand.running import searching, standing
from evenhand.running.watching import runs_of

if TYPE_CHECKING:
    from evenhand.decisions.family_members import Member
    from evenhand.decisions.standing import FamilyPlace, LedgerFamily
    from evenhand.decisions.verdict import Decision

_KNOWN: dict[tuple[str, str], dict[str, float | None]] = {}
"""p-values of claims whose decisions did not write them down, by claim and by the hashes of what they rest on."""


def members(ledger: Ledger) -> list[Member]:
    """Every claim of the ledger in the order of entry; places count the records of the chain."""
    entries = ledger.entries()
    begun, decided = _first(entries, "outcome"), _first(entries, "decision") | _after_extensions(entries)
    last = {entry.body["hash"]: entry for entry in entries if entry.kind == "decision"}
    found: dict[str, Member] = {}
    for place, entry in enumerate(entries):
        if entry.kind == "claim":
            record = claim_from_entry(entry)
            if record.hash not in found:
                own = (begun.get(record.hash), decided.get(record.hash), last.get(record.hash))
                found[record.hash] = _member(record, place, *own, ledger)
    return list(found.values())


def _first(entries: Sequence[Entry], kind: str) -> dict[str, tuple[int, Entry] | None]:
    """The first result, or decision, of each claim, with its place."""
    found: dict[str, tuple[int, Entry] | None] = {}
    for place, entry in enumerate(entries):
        if entry.kind != kind:
            continue
        if kind == "decision":
            found.setdefault(entry.body["hash"], (place, entry))
        elif not entry.about.exploratory and entry.about.is_result:
            found.setdefault(entry.about.claim, (place, entry))
    return found


def _after_extensions(entries: Sequence[Entry]) -> dict[str, tuple[int, Entry] | None]:
    """The decision of each claim that seeds were added to: the first one after that; None while there is none."""
    found: dict[str, tuple[int, Entry] | None] = {}
    for place, entry in enumerate(entries):
        if entry.kind == "extension":
            found[entry.body["claim"]] = None
        elif entry.kind == "decision" and entry.body["hash"] in found and found[entry.body["hash"]] is None:
            found[entry.body["hash"]] = (place, entry)
    return found


def _member(
    record: ClaimRecord,
    place: int,
    begun: tuple[int, Entry] | None,
    decided: tuple[int, Entry] | None,
    last: Entry | None,
    ledger: Ledger,
) -> Member:
    from evenhand.decisions.family_members import Member, Recorded

    stood = standing.standing_of(record, ledger)
    body: Mapping[str, Any] = {} if decided is None else decided[1].body
    if last is not None and stood.set_aside:  # what was decided of the results before does not stand
        body = last.body if last.time > max(one.time for one in stood.set_aside) else {}
    written = body.get("families", {}).items()
    recorded = {key: Recorded(one["p"], one["level"], one["holds"], one.get("seen", 0)) for key, one in written}
    fixed = "post-hoc" if stood.fixed == "before" and any(one.seen for one in recorded.values()) else stood.fixed
    return Member(
        record.name, record.hash, record.identity, place, None if begun is None else begun[0],
        None if decided is None else decided[0], fixed, stood.known + stood.alike.trials,
        record.known is not None and "alike" in record.known, body.get("verdicts", {}), recorded, stood.existed,
        bool(stood.set_aside),
    )  # fmt: skip


def running_now(ledger: Ledger) -> frozenset[str]:
    """Hashes of the claims that some process runs at this moment, as it notes in the ledger's folder."""
    return frozenset(claim.hash for run in runs_of(ledger.folder) for claim in run.claims)


def tried(ledger: Ledger, apart_from: str = "") -> dict[str, list[Mapping[str, Any]]]:
    """Recipe to the complete settings of its exploratory trials, and of what the searches of its claims tried.

    Args:
        ledger: where they are.
        apart_from: hash of a claim whose own search is counted by itself.
    """
    found: dict[str, list[Mapping[str, Any]]] = {}
    identities: dict[str, Mapping[str, Any]] = {}
    for entry in ledger.entries():
        if entry.kind == "claim":
            identities[entry.body["hash"]] = entry.body["identity"]
        elif entry.kind == "outcome" and entry.about.exploratory:
            trial = entry.body["trial"]
            found.setdefault(trial["recipe"], []).append(trial["settings"])
        elif entry.kind == "search" and entry.body["claim"] not in ("", apart_from):
            identity = identities.get(entry.body["claim"], {})
            for arm, values in entry.body.get("proposed", {}).items() if identity else ():
                base = next(iter(identity["arms"][arm]["settings"].values()))
                found.setdefault(identity["recipe"], []).extend(merge(base, expand(one)) for one in values)
    return found


def own_tries(claim: ResolvedClaim, ledger: Ledger) -> dict[str, int]:
    """Arm to the configurations that a claim's own search tried; one without a space was tried as it is."""
    if not claim.search_rungs:
        return {}
    first = claim.search_rungs[0].name
    proposed = searching.log_of(claim.hash, ledger).proposed
    if not proposed:
        return {}
    return {arm.name: len(proposed.get((first, arm.name), ())) if arm.space else 1 for arm in claim.searched}


def tuned(claim: ResolvedClaim, decision: Decision, ledger: Ledger) -> Decision:
    """The decision with what the ledger says of unequal tuning: verdicts carry it, or are invalid for it (strict)."""
    from evenhand.decisions.family_members import arm_tries
    from evenhand.decisions.tuning import with_tuning

    identity = claim.identity()
    outside = tried(ledger, claim.hash).get(claim.recipe, [])
    return with_tuning(claim, decision, arm_tries(identity, outside, own_tries(claim, ledger)))


def p_values(family: str, of: Sequence[Member], ledger: Ledger) -> dict[str, float | None]:
    """Hash to the p of the gain of each claim of a family whose decision did not write it down."""
    from evenhand.decisions import family_members

    wanted = [m for m in of if family in family_members.families_of(m.identity) and family_members.needs_p(m)]
    known = {member.hash: standing.of_identity(member.identity) for member in wanted}
    # What a later version cannot tell is left out.
    claims = {
        key: searching.unfolded_claim(claim, ledger) for key, claim in known.items() if claim and claim.hash == key
    }
    records = ledger.latest({key for claim in claims.values() for key in claim.trial_ids}) if claims else {}
    found: dict[str, float | None] = dict.fromkeys(known)
    return found | {key: _decided_anew(claim, records).get(family) for key, claim in claims.items()}


def _decided_anew(claim: ResolvedClaim, records: Mapping[str, OutcomeRecord]) -> Mapping[str, float | None]:
    """Family to the p of a claim's gain, from what the ledger has of its trials; worked out once."""
    from evenhand.decisions import family_members, ledger_families
    from evenhand.decisions.decide import verdicts_alone

    own = {key: records[key] for key in sorted(claim.trial_ids) if key in records}
    key = (claim.hash, " ".join(record.place.hash for record in own.values()))
    if key not in _KNOWN:
        decision = verdicts_alone(claim, {key: record.outcome for key, record in own.items()})
        of = family_members.families_of(claim.identity())
        _KNOWN[key] = {family: ledger_families.gain_p(decision, metrics) for family, metrics in of.items()}
    return _KNOWN[key]


def places(claim: ResolvedClaim, decision: Decision | None, ledger: Ledger, seen: int = 0) -> tuple[FamilyPlace, ...]:
    """Where a claim that was entered stands in each of its families.

    Args:
        claim, decision, ledger: its verdicts, where there are some.
        seen: trials of it that came out as results did that were known.
    """
    from evenhand.decisions import family_members, ledger_families

    every = members(ledger)
    member = next((m for m in every if m.hash == claim.hash), None)
    if member is None:
        return ()
    if seen:
        late = replace(member, fixed="post-hoc", known=member.known + seen)
        every, member = [late if one is member else one for one in every], late
    outside, own = tried(ledger, claim.hash).get(claim.recipe, []), own_tries(claim, ledger)
    found = [
        ledger_families.place_of(
            every, member, family, decision, p_values(family, every, ledger), outside, own, running_now(ledger)
        )
        for family in family_members.families_of(member.identity)
    ]
    return tuple(replace(place, seen=seen) for place in ledger_families.jointly(found))


def at_level(claim: ResolvedClaim, ledger: Ledger) -> ResolvedClaim:
    """The claim as it is judged: at the level of its ledger, where it asks for that; its trials are the same.

    One that is not entered yet is planned at the level that the next claim of its families has.
    """
    if claim.claim.ledger.policy != "strict":
        return claim
    known = [place.level for place in places(claim, None, ledger)] or _levels_ahead(claim, ledger)
    levels = [level for level in known if level is not None]
    # A claim that takes no part, as its outcomes were known, keeps its own level: its verdicts are exploratory anyway.
    alpha = min([claim.claim.alpha, *levels])
    return replace(claim, claim=claim.claim.model_copy(update={"alpha": alpha}))


def _levels_ahead(claim: ResolvedClaim, ledger: Ledger) -> list[float]:
    from evenhand.decisions import family_members, ledger_families

    every = members(ledger)
    own = family_members.families_of(claim.identity())
    return [ledger_families.listing(every, key, p_values(key, every, ledger)).next_level for key in own]


def families(ledger: Ledger) -> list[LedgerFamily]:
    """Every family of the ledger as it stands."""
    from evenhand.decisions import family_members, ledger_families

    every, tries, now = members(ledger), tried(ledger), running_now(ledger)
    keys: dict[str, str] = {}
    for member in every:
        if member.counts:
            keys |= dict.fromkeys(family_members.families_of(member.identity), member.identity["recipe"])
    return [
        ledger_families.listing(every, key, p_values(key, every, ledger), len(tries.get(recipe, ())), now)
        for key, recipe in keys.items()
    ]


def to_record(decision: Decision) -> dict[str, dict[str, Any]]:
    """What a decision writes down of its families, so that what was said once stays."""
    return {
        place.family: {"p": place.p, "level": place.level, "holds": place.holds}
        | ({"seen": place.seen} if place.seen else {})
        for place in decision.families
    }

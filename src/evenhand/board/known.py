"""Claims as they were entered: what never changes of them is worked out once, however often the board looks."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from evenhand.board import blind
from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.standing_words import standing_words
from evenhand.ledger import Ledger
from evenhand.ledger.codec import claim_from_entry
from evenhand.ledger.records import ClaimRecord
from evenhand.ledger.segments import Entry
from evenhand.recipes.trial import Trial
from evenhand.running import searching, standing


@dataclass(frozen=True)
class KnownClaim:
    """A claim as it was entered.

    Attributes:
        record: of its entry.
        claim: None where a version entered it whose claims had other fields.
        question: as its file puts it.
        trials: id to trial, of all rungs.
        arms: names, the baseline first.
        letters: arm to the letter that stands for it while the claim is blind, in the order of letters.
        screen: takes out of texts what would tell an arm.
        standing: when it was fixed, where a reader must know.
    """

    record: ClaimRecord
    claim: ResolvedClaim | None
    question: str
    trials: Mapping[str, Trial]
    arms: tuple[str, ...]
    letters: Mapping[str, str]
    screen: blind.Screen
    standing: str

    @classmethod
    def of(cls, record: ClaimRecord, ledger: Ledger) -> KnownClaim:
        """Worked out."""
        claim, stood = _read(record, ledger)
        trials = {} if claim is None else {t.id: t for rung in claim.claim.rungs for t in claim.trials(rung)}
        arms = record.identity.get("arms", {})
        names = sorted(arms, key=lambda name: arms[name].get("role") != "baseline")
        letters = blind.letters(record.hash, names)
        screen = blind.Screen(letters, blind.telling_settings(arms))
        return cls(record, claim, _question(record.text), trials, tuple(names), letters, screen, stood)

    def arm(self, name: str, hidden: bool) -> str:
        """An arm as it is shown."""
        return self.letters.get(name, "?") if hidden else name

    def slot(self, name: str, hidden: bool) -> int:
        """The colour of an arm, 1 to 4: by its letter while it is hidden, else as it stands; the baseline has 0."""
        known = list(self.letters) if hidden else list(self.arms)
        place = known.index(name) + hidden if name in known else 0
        return 1 + (place - 1) % 4 if place else 0

    def in_order(self, hidden: bool) -> tuple[str, ...]:
        """The arms in the order in which they are shown."""
        return tuple(self.letters) if hidden else self.arms

    def place(self, trial: Trial, hidden: bool) -> tuple[int, int, int]:
        """Where a trial is shown among others of its claim: by seed, condition and arm, as the arms are shown.

        The order in which trials were started is that of the claim file, which would tell one letter from another.
        """
        names = () if self.claim is None else tuple(condition.name for condition in self.claim.claim.conditions)
        condition = names.index(trial.condition) if trial.condition in names else 0
        return trial.seed or 0, condition, self.in_order(hidden).index(trial.arm)

    def label(self, trial: Trial, hidden: bool) -> str:
        """A trial as it is shown: arm, condition, rung and seed."""
        if not hidden:
            return trial.label()
        seeds = () if self.claim is None else next(r.seeds for r in self.claim.claim.rungs if r.name == trial.rung)
        seed = trial.seed if trial.seed is not None else seeds[0] if seeds else 0  # that it has none would tell the arm
        return f"{self.arm(trial.arm, hidden)} · {trial.condition} · {trial.rung} · seed {seed}"


def _read(record: ClaimRecord, ledger: Ledger) -> tuple[ResolvedClaim | None, str]:
    """The claim, and when it was fixed; neither where another version entered it, whose trials had other ids."""
    try:
        claim = standing.of_identity(record.identity)
        if claim is not None and claim.hash == record.hash:
            claim = searching.unfolded_claim(claim, ledger)
        stood = standing_words(standing.standing_of(record, ledger))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None, ""
    return (claim if claim is not None and claim.hash == record.hash else None), stood


def _question(text: str) -> str:
    try:
        return str(tomllib.loads(text).get("question", ""))
    except (tomllib.TOMLDecodeError, RecursionError):
        return ""


class KnownClaims:
    """The claims of a ledger by name, the newest of each; kept from look to look."""

    def __init__(self) -> None:
        self._by_place: dict[str, KnownClaim] = {}
        self._grown: dict[str, int] = {}  # how many records there were of what adds trials to a claim

    def newest(self, entries: list[Entry], grown: Mapping[str, int], ledger: Ledger) -> list[KnownClaim]:
        """The newest claim of each name, in the order of entry.

        Args:
            entries: of the ledger.
            grown: claim hash to the number of records that add trials to it: proposals of a search, further seeds.
            ledger: they are read from.
        """
        found: dict[str, Entry] = {}
        for entry in entries:
            if entry.kind == "claim":
                name = self._by_place[entry.place.hash].record.name if entry.place.hash in self._by_place else (
                    claim_from_entry(entry).name
                )  # fmt: skip
                found.pop(name, None)
                found[name] = entry
        for entry in found.values():
            known = self._by_place.get(entry.place.hash)
            if known is None or self._grown.get(known.record.hash, 0) != grown.get(known.record.hash, 0):
                known = self._by_place[entry.place.hash] = KnownClaim.of(claim_from_entry(entry), ledger)
                self._grown[known.record.hash] = grown.get(known.record.hash, 0)
        return [self._by_place[entry.place.hash] for entry in found.values()]

"""Users who want a gain: how often each trick gives a false one, with and without the rules of the ledger.

Run from the checkout's root: ``make redteam``, or ``python -m benchmarks.redteam --share 0.1`` for a tenth of the
ledgers. Every claim is decided by the lab's own rule (``decisions.decide.verdicts_alone``), placed by
``decisions.ledger_families``, and held against what was known by ``decisions.likeness``; the section "Adversaries" of
``docs/calibration.md`` is written anew.

In every world no variant has an effect. A ledger errs where any gain is shown without a word against it: today, where a
verdict says ``gain`` and the claim was fixed before its outcomes or nobody asks; by the rules, where that gain holds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.calibration import parts_of, percent, table
from benchmarks.kept_rows import KeptRows
from evenhand.claims.resolve import ResolvedClaim, resolve
from evenhand.claims.schema import parse_claim
from evenhand.decisions.decide import verdicts_alone
from evenhand.decisions.family_members import Member, Recorded, arm_tries, families_of
from evenhand.decisions.ledger_families import jointly, place_of
from evenhand.decisions.likeness import Result, known_alike, same_scores
from evenhand.decisions.tuning import with_tuning
from evenhand.decisions.verdict import VerdictKind
from evenhand.recipes.outcome import ItemScores, Outcome
from evenhand.recipes.trial import Trial
from evenhand.statistics.calibration.rates import monte_carlo_error
from evenhand.testing.searches import at_random
from evenhand.testing.worlds import RECIPE, claim_of, searched, two_arms

PAGE, TITLE = Path("docs/calibration.md"), "Adversaries: ledgers without any effect"
ITEMS = 40
TEXT = two_arms(
    head='name = "{name}"\nitem_seed = {items}\nsettings.condition_effect = {unused}',
    variant="settings.effect = {effect}",
    budget="{budget}",
    seeds="{seeds}",
    items="{count}",
)
STRICT = '\n[ledger]\npolicy = "strict"\n[metric]'
SEARCH = """
[space]
condition_effect = { uniform = [0.5, 1.5] }
[tuning]
tries = 20
seeds = [1000]
sampler = "random"
[metric]"""


@dataclass(frozen=True)
class Shown:
    """A claim as its reader sees it; ``marked``: post-hoc or ``unequal tuning`` in its title; ``level``: the least."""

    gain: bool
    marked: bool
    holds: bool
    p: float
    level: float


@dataclass
class Desk:
    """A ledger in memory, in a world where settings change nothing: scores are seeds, items and noise."""

    generator: np.random.Generator
    members: list[Member] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    clock: int = 0
    lift: float = 0.0
    tried: list[dict[str, float]] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    effects: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)
    drawn: dict[tuple[object, ...], np.ndarray] = field(default_factory=dict)
    deaf: bool = False
    alone: bool = False

    def tick(self) -> int:
        """The place of the next record."""
        self.clock += 1
        return self.clock

    def outcome(self, trial: Trial) -> Outcome:
        """Graded scores: what seed, configuration and item add, and noise; tuning may lift the variant.

        An arm does on a seed and item what it does there, whatever else is evaluated and whatever a deaf recipe is
        told by ``condition_effect``; another budget draws what seeds add once and the rest anew.
        """
        told = 1.0 if self.deaf else trial.settings["condition_effect"]
        effect = f"{trial.settings['effect']} {told} {trial.items.start}"
        key = (effect, trial.items.seed)
        if key not in self.effects:  # a configuration meets the same items in the same way each time
            self.effects[key] = self.generator.normal(0, 0.03, ITEMS)
        level = self._once((effect, trial.seed), 0.03, 1)[0] + 0.5 + (self.lift if trial.arm == "on" else 0.0)
        noise = self._once((effect, trial.seed, trial.items.seed, trial.amount), 0.1, ITEMS)
        ids = tuple(map(str, trial.items.choose(10_000)))
        scores = np.clip(level + self.effects[key] + noise, 0, 1)[: len(ids)]
        return Outcome({}, items={"score": ItemScores(ids, scores)}, spent={"steps": trial.amount})

    def _once(self, key: tuple[object, ...], spread: float, count: int) -> np.ndarray:
        if key not in self.drawn:
            self.drawn[key] = self.generator.normal(0, spread, count)
        return self.drawn[key]

    def record(self, claim: ResolvedClaim, trials: list[Trial], *, tried: bool = False) -> None:
        """Run trials that have no result."""
        for trial in trials:
            if tried or trial.id not in self.outcomes:
                outcome = self.outcome(trial)
                self.results.append(Result(trial.settings, trial.seed, trial.id, "" if tried else claim.hash, outcome))
                self.outcomes |= {} if tried else {trial.id: outcome}

    def run(
        self, name: str, seeds: list[int], effect: float = 0.1, items: int = 0, *, strict: bool = False, **about: object
    ) -> Shown:
        """Enter a claim, run what has no result, decide it, and see where it stands."""
        claim = stated(name, seeds, effect, items, strict=strict, **about)
        trials = list(claim.trials(claim.claim.rungs[0]))
        known = sum(trial.id in self.outcomes for trial in trials)
        before, entered = list(self.results), self.tick()
        new = [trial for trial in trials if trial.id not in self.outcomes]
        self.record(claim, new)
        begun = self.tick() if new else None
        return self.decided(claim, entered, begun, known, before=before)

    def search(self, name: str, seeds: list[int]) -> Shown:
        """A claim that searches twenty configurations of both arms, and confirms what won."""
        text = TEXT.format(name=name, items=0, effect=0.1, seeds=seeds, count=ITEMS, budget=10, unused=1.0)
        entered, begun = self.tick(), self.tick()
        claim, found = searched(claim_of(text.replace("\n[metric]", SEARCH)), self.outcome, at_random)
        self.outcomes |= found
        own = {arm.name: len(claim.candidates(claim.search_rungs[0], arm)) for arm in claim.searched}
        return self.decided(claim, entered, begun, 0, own)

    def decided(
        self,
        claim: ResolvedClaim,
        entered: int,
        begun: int | None,
        known: int,
        own: dict[str, int] | None = None,
        before: list[Result] | None = None,
    ) -> Shown:
        """The verdict of a claim, written down with what the ledger says of it."""
        decision = verdicts_alone(claim, self.outcomes)
        decision = with_tuning(claim, decision, arm_tries(claim.identity(), self.tried, own))
        verdict, before = decision.verdicts[0], before or []
        known += known_alike(claim, before).trials
        known = known or same_scores(claim, self.outcomes, before, lambda one: one.kept)
        member = Member(
            claim.name, claim.hash, claim.identity(), entered, begun, None, "post-hoc" if known else "before", known,
            broad=True,
        )  # fmt: skip
        self.members.append(member)
        families = [name for name in families_of(member.identity) if not self.alone or name == claim.claim.family]
        found = [place_of(self.members, member, family, decision, {}, self.tried) for family in families]
        places = jointly(found)
        recorded = {place.family: Recorded(place.p, place.level, place.holds) for place in places}
        titles = {"on/default/score": str(verdict.kind)}
        self.members[-1] = replace(member, decided=self.tick(), verdicts=titles, recorded=recorded)
        p = verdict.contrasts[0].p_value
        gain, holds = verdict.kind is VerdictKind.GAIN, any(place.holds for place in places)
        level = min((place.level for place in places if place.level is not None), default=0.0)
        return Shown(gain, known > 0 or verdict.tuning is not None, holds, 1.0 if p is None else p, level)


def stated(
    name: str,
    seeds: list[int],
    effect: float = 0.1,
    items: int = 0,
    *,
    strict: bool = False,
    count: int = ITEMS,
    budget: int = 10,
    unused: float = 1.0,
    code: str = RECIPE.fingerprint,
    family: str = "",
) -> ResolvedClaim:
    """A claim as its user writes it."""
    text = TEXT.format(name=name, items=items, effect=effect, seeds=seeds, count=count, budget=budget, unused=unused)
    text = f'family = "{family}"\n{text}' if family else text
    text = text.replace("\n[metric]", STRICT, 1) if strict else text
    return resolve(parse_claim(text, "world.toml", "world"), replace(RECIPE, fingerprint=code))


User = Callable[[Desk], list[Shown]]


def honest(desk: Desk) -> list[Shown]:
    """Ten ideas, a claim each, on seeds and items of their own."""
    return [desk.run(f"c{i}", list(range(5 * i, 5 * i + 5)), 0.1 + i / 100, i) for i in range(10)]


def best_of(desk: Desk, claim: ResolvedClaim, *arms: str, most: int = 6) -> list[int]:
    """The seeds on which the first arm did best, against the second where one is given."""
    own = {arm.name: arm for arm in claim.claim.arms}
    rung, condition = claim.claim.rungs[0], claim.claim.conditions[0]
    scores = {result.trial: result.kept.items["score"].scores.mean() for result in desk.results}

    def gap(seed: int) -> float:
        found = [scores[claim.trial(own[name], condition, rung, seed).id] for name in arms]
        return float(found[0] - found[1]) if len(found) > 1 else float(found[0])

    return sorted(sorted(rung.seeds, key=gap)[-most:])


def chosen_seeds(desk: Desk, **about: object) -> list[Shown]:
    """A bank of 20 seeds; the 6 that look best are claimed under another name, and in another way."""
    first = desk.run("bank", list(range(20)), **about)  # type: ignore[arg-type]
    best = best_of(desk, stated("bank", list(range(20)), **about), "on", "off")  # type: ignore[arg-type]
    return [first, desk.run("final", best)]


def chosen_with_an_item_less(desk: Desk) -> list[Shown]:
    """The bank is on 39 items."""
    return chosen_seeds(desk, count=ITEMS - 1)


def chosen_under_a_remark(desk: Desk) -> list[Shown]:
    """A remark goes into the file of the recipe after the bank."""
    return chosen_seeds(desk, code="source with a remark")


def chosen_under_an_unused_setting(desk: Desk) -> list[Shown]:
    """The bank has another value, and an item less, in a setting that the recipe does not use."""
    desk.deaf = True
    return chosen_seeds(desk, unused=2.0, count=ITEMS - 1)


def chosen_at_another_budget(desk: Desk) -> list[Shown]:
    """The bank is trained for a step less."""
    return chosen_seeds(desk, budget=9)


def chosen_after_tries(desk: Desk) -> list[Shown]:
    """The bank is tried, outside any claim, both arms alike."""
    bank = stated("bank", list(range(20)))
    desk.record(bank, list(bank.trials(bank.claim.rungs[0])), tried=True)
    return [desk.run("final", best_of(desk, bank, "on", "off"))]


def chosen_by_the_baseline(desk: Desk) -> list[Shown]:
    """Another idea's bank; a variant never run is claimed on the 6 seeds on which the baseline did worst."""
    first = desk.run("bank", list(range(20)), 0.3, count=ITEMS - 1)
    bank = stated("bank", list(range(20)), 0.3, count=ITEMS - 1)
    best = [seed for seed in range(20) if seed not in best_of(desk, bank, "off", most=14)]
    return [first, desk.run("final", best)]


def a_family_each(desk: Desk) -> list[Shown]:
    """20 ideas, a claim each with a family of its own, on fresh seeds and items."""
    return [desk.run(f"c{i}", list(range(5 * i, 5 * i + 5)), 0.1 + i / 100, i, family=f"f{i}") for i in range(20)]


def a_family_each_alone(desk: Desk) -> list[Shown]:
    """The same, if a claim that names a family were held in that alone: no rule of the lab."""
    desk.alone = True
    return a_family_each(desk)


def tried_then_claimed(desk: Desk) -> list[Shown]:
    """20 configurations on the claim's own seeds and items; the best of them is claimed alone."""
    tried = [desk.run(f"try{i}", [0, 1, 2, 3, 4], 0.1 + i / 100) for i in range(20)]
    best = min(range(20), key=lambda i: tried[i].p)
    return [desk.run("final", [0, 1, 2, 3, 4], 0.1 + best / 100)]


def seeds_until_gain(desk: Desk) -> list[Shown]:
    """3, 4, 5, 6, 8, 10, 12, 15, 20 seeds, a new name each, until it is a gain."""
    shown = []
    for count in (3, 4, 5, 6, 8, 10, 12, 15, 20):
        shown.append(desk.run(f"with_{count}", list(range(count))))
        if shown[-1].gain:
            break
    return shown


def renamed(desk: Desk) -> list[Shown]:
    """The same idea under 20 names, each time with five fresh seeds on the same items, until it is a gain."""
    shown = []
    for i in range(20):
        shown.append(desk.run(f"name_{i}", list(range(5 * i, 5 * i + 5))))
        if shown[-1].gain:
            break
    return shown


def watched_after_every_seed(desk: Desk) -> list[Shown]:
    """One claim with looks at any time: looked at after every seed, and extended up to 20 until it is a gain."""
    text = TEXT.format(name="c", items=0, effect=0.1, seeds=list(range(20)), count=ITEMS, budget=10, unused=1.0)
    claim = claim_of(text + 'looks = "anytime"\n')
    entered, begun = desk.tick(), desk.tick()
    desk.outcomes |= {trial.id: desk.outcome(trial) for trial in claim.trials(claim.claim.rungs[0])}
    return [desk.decided(claim, entered, begun, 0)]


def watched_and_stopped(desk: Desk) -> list[Shown]:
    """Ten ideas of ten seeds; a claim is left after three seeds unless it looks good by then."""
    shown = []
    for i in range(10):
        seeds, effect = list(range(10 * i, 10 * i + 10)), 0.1 + i / 100
        claim = stated(f"c{i}", seeds, effect, i)
        trials = list(claim.trials(claim.claim.rungs[0]))
        entered, begun = desk.tick(), desk.tick()
        desk.outcomes |= {trial.id: desk.outcome(trial) for trial in trials[:6]}
        means = [desk.outcomes[t.id].items["score"].scores.mean() for t in trials[:6]]
        if sum(means[1::2]) - sum(means[0::2]) > 0.09:
            desk.outcomes |= {trial.id: desk.outcome(trial) for trial in trials[6:]}
            shown.append(desk.decided(claim, entered, begun, 0))
        else:
            desk.members.append(Member(claim.name, claim.hash, claim.identity(), entered, begun))
    return shown


def twenty_configurations(desk: Desk) -> list[Shown]:
    """20 configurations on the same items, a claim with fresh seeds for each; whatever gains is told."""
    return [desk.run(f"c{i}", list(range(5 * i, 5 * i + 5)), 0.1 + i / 100) for i in range(20)]


def searched_configurations(desk: Desk) -> list[Shown]:
    """20 configurations of both arms, searched within the claim; what wins is confirmed on fresh seeds and items."""
    return [desk.search("searched", [0, 1, 2, 3, 4])]


def unequal_tuning(desk: Desk, *, strict: bool = False) -> list[Shown]:
    """The variant is tuned over 20 settings and the baseline is not; tuning lifts it by what the best setting gives."""
    desk.lift = 0.05
    desk.tried = [{"effect": 0.1 + i / 100, "condition_effect": 1.0} for i in range(20)]
    return [desk.run("tuned", [0, 1, 2, 3, 4], strict=strict)]


def unequal_in_a_strict_ledger(desk: Desk) -> list[Shown]:
    """The same, where the ledger is strict."""
    return unequal_tuning(desk, strict=True)


@dataclass(frozen=True)
class Trick:
    """A user, and what the rules can do about it."""

    name: str
    user: User
    ledgers: int
    remark: str


TRICKS = (
    Trick("honest: 10 ideas", honest, 600, ""),
    Trick("chosen seeds of a bank", chosen_seeds, 600, "post-hoc in the title"),
    Trick("the same, the bank with an item less", chosen_with_an_item_less, 600, "post-hoc in the title"),
    Trick("the same, a remark in the recipe after it", chosen_under_a_remark, 300, "post-hoc in the title"),
    Trick(
        "the same, an unused setting and an item less",
        chosen_under_an_unused_setting,
        300,
        "post-hoc in the title, once the scores are seen to be the same",
    ),
    Trick("the same, the bank with a step less", chosen_at_another_budget, 300, "post-hoc in the title"),
    Trick("the same, the bank by `evenhand try`", chosen_after_tries, 300, "post-hoc in the title"),
    Trick("seeds chosen by the baseline alone", chosen_by_the_baseline, 300, "post-hoc in the title"),
    Trick("a family for each of 20 claims", a_family_each, 200, "each counts in that of recipe and metric, too"),
    Trick("tried, then claimed", tried_then_claimed, 150, "post-hoc in the title, or one with the first"),
    Trick("seeds added until gain", seeds_until_gain, 300, "post-hoc from the second name on"),
    Trick("renamed, same items", renamed, 200, "each name counts"),
    Trick("watched and stopped", watched_and_stopped, 300, "what was left counts"),
    Trick("20 configurations", twenty_configurations, 300, "each counts"),
    Trick("unequal tuning", unequal_tuning, 600, "`unequal tuning` in the title; no level can control it"),
    Trick("unequal tuning, strict ledger", unequal_in_a_strict_ledger, 600, "`invalid (unequal tuning)`"),
    Trick("looks at any time, to 20 seeds", watched_after_every_seed, 300, "held by the rule itself"),
    Trick("20 configurations by `[tuning]`", searched_configurations, 300, "one claim, fresh seeds and items"),
    Trick(
        "a family for each of 20 claims, held in that alone", a_family_each_alone, 150, "no rule of the lab any more"
    ),
)


@dataclass(frozen=True)
class Rates:
    """Shares of ledgers: with a gain at all, with one that is not marked, with one that holds; and of false ones."""

    ledgers: int
    gain: float
    unmarked: float
    holds: float


def rates(trick: Trick, ledgers: int, seed: int) -> Rates:
    """What a trick gives over many ledgers."""
    counts = np.zeros(3)
    for i in range(ledgers):
        shown = trick.user(Desk(np.random.default_rng([seed, i])))
        counts += [
            any(one.gain for one in shown),
            any(one.gain and not one.marked for one in shown),
            any(one.gain and one.holds for one in shown),
        ]
    return Rates(ledgers, *(counts / ledgers))


def measured(trick: Trick, ledgers: int, seed: int) -> tuple[object, ...]:
    """A row of the table."""
    found = rates(trick, ledgers, seed)
    cells = (f"{percent(x)} ± {percent(_error(x, ledgers))}" for x in (found.gain, found.unmarked, found.holds))
    return (trick.name, ledgers, *cells, trick.remark)


def section(share: float, kept: KeptRows) -> str:
    """The section of the calibration page."""
    rows = []
    for number, trick in enumerate(TRICKS):
        ledgers, seed = max(20, round(trick.ledgers * share)), 9000 + number
        rows.append(kept.row((trick.name, ledgers), partial(measured, trick, ledgers, seed)))
    head = ("user", "ledgers", "a gain is shown", "one without a mark", "one holds in the ledger", "what is said of it")
    return f"""
## {TITLE}

Ledgers of users who want a gain, in worlds where no variant has one: graded scores of 40 items, seeds and
configurations that spread by 3 points, and noise. Every gain is false, so that the share of ledgers in which one holds
is the realised false discovery rate; it may be 5 % (LORD++ over the family, see [Families and seals](families.md)).
Per cent of ledgers, ± one Monte Carlo standard error; *marked*: post-hoc or `unequal tuning` in the title; where
no ledger has one, ± is one ledger. A seed and an arm do the same on an item whatever else is asked, after a remark in
the code and under a setting that is not used; a step more or less draws what items add anew. Where only the very same
trials counted as known, no gain of the rows "the same, ..." and "by the baseline" had a mark: *a gain is shown* is what
they gave. Written by `make redteam`.

{table(head, rows)}"""


def _error(share: float, count: int) -> float:
    return monte_carlo_error(share, count) if 0 < share < 1 else 1 / count


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what tricks give, and write it into the calibration page.")
    parser.add_argument("--share", type=float, default=1.0, help="share of the full number of ledgers")
    parser.add_argument("--rows", type=Path, help="keep finished rows here, and take those that are there")
    parser.add_argument("--output", type=Path, default=PAGE)
    options = parser.parse_args()
    text = options.output.read_text(encoding="utf-8")
    known = parts_of(text) | {TITLE: section(options.share, KeptRows(options.rows))}
    head = text.split("\n## ")[0]
    parts = [head, *known.values()]
    options.output.write_text("\n".join(part.strip("\n") + "\n" for part in parts), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Plans: a claim and its recipe in, the complete list of trials out. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ValidationError

from evenhand.claims.arm_spaces import arm_spaces, setting_place, setting_words, with_first_ends
from evenhand.claims.controls import control_arms
from evenhand.claims.near import suggestion
from evenhand.claims.nesting import Settings, expand, leaves, merge
from evenhand.claims.schema import (
    SEAL,
    Arm,
    Claim,
    ClaimFile,
    Condition,
    LedgerRules,
    Limits,
    MetricClaim,
    Rung,
    floor_fault,
    pool_faults,
    range_faults,
)
from evenhand.claims.spaces import Candidate, Search
from evenhand.errors import ClaimError, Fault
from evenhand.recipes.catalogue import RUNS
from evenhand.recipes.contract import Metric, Recipe, RecipeSettings
from evenhand.recipes.trial import ItemSet, Trial, canonical_hash


@dataclass(frozen=True)
class ResolvedClaim:
    """A claim whose every setting is known: the defaults of the recipe filled in, the overrides applied.

    Attributes:
        claim: as written, except that metrics carry the direction, floor, ceiling and chance that hold, and that the
            arms of its control set stand behind its own (:attr:`Arm.control_set` names the set).
        recipe, fingerprint: the code.
        settings: (arm, condition) to complete settings.
        items: rung name to item set; the sets of one claim are disjoint.
        added: how many seeds of the last rung, its last ones, were added after the claim had been stated.
        search: how far its search is, where it has one (see :mod:`evenhand.decisions.search`); no part of its identity.
    """

    claim: Claim
    recipe: str
    fingerprint: str
    settings: Mapping[tuple[str, str], Settings]
    items: Mapping[str, ItemSet]
    added: int = 0
    search: Search | None = None

    @property
    def name(self) -> str:
        """Name of the claim."""
        return self.claim.name

    @property
    def limits(self) -> Limits:
        """Machine limits of each trial."""
        return self.claim.limits

    def arms(self, *roles: str) -> tuple[Arm, ...]:
        """Arms of the given roles in the file's order; all arms where no role is given."""
        return tuple(arm for arm in self.claim.arms if not roles or arm.role in roles)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Controls of the claim's control set that it does not have, those left out for an arm of its own included."""
        return () if self.claim.controls is None else self.claim.controls.without

    @cached_property
    def baseline(self) -> Arm:
        """The one baseline."""
        return self.arms("baseline")[0]

    def identity(self) -> dict[str, Any]:
        """All that makes this claim the claim it is, as plain data; texts, limits and queueing are left out.

        So is the name of a control set: its arms are there, and they make the same claim wherever they were written.
        """
        claim = self.claim
        supplementary = {"question", "limits", "after", "priority", "settings", "arms", "conditions", "controls"}
        supplementary |= {"resources", "space", "tuning"}
        document = claim.model_dump(mode="json", exclude=supplementary)
        document["fingerprint"] = self.fingerprint
        if not claim.family:
            del document["family"]
        if not claim.guards:  # a claim that does not ask for it is the one that it was before
            del document["guards"]
        if claim.ledger.tuning_ratio == LedgerRules().tuning_ratio:
            del document["ledger"]["tuning_ratio"]
            if claim.ledger.policy == "beside":
                del document["ledger"]
        for rung, own in zip(document["rungs"], claim.rungs, strict=True):
            planned = len(own.seeds) - (self.added if own is claim.rungs[-1] else 0)
            rung["seeds"] = {"count": planned} if own.drawn else rung["seeds"][:planned]
            if own.look_rules is not None:
                rung["looks"] = own.look_rules.as_written()
            if own.kind == "compare":
                for key in ("kind", "tries", "sampler", "batch"):
                    del rung[key]
        if claim.items_drawn:
            document["item_seed"] = SEAL
        for metric in document["metrics"]:
            if metric["learned_above"] is None:  # a claim that does not ask for it is the one that it was before
                del metric["learned_above"]
        document["arms"] = {
            arm.name: arm.model_dump(mode="json", exclude={"name", "settings", "resources", "space"})
            | ({"space": arm.space} if arm.space else {})
            | {"settings": {c.name: self.settings[arm.name, c.name] for c in claim.conditions}}
            for arm in claim.arms
        }
        document["conditions"] = {c.name: {"expect": c.expect} for c in claim.conditions}
        return document

    @cached_property
    def hash(self) -> str:
        """Hash (16 hex digits) of :meth:`identity`: fixed before the first trial runs."""
        return canonical_hash(self.identity())[:16]

    def trials(self, rung: Rung, arms: Sequence[str] | None = None) -> Iterator[Trial]:
        """The trials of a rung, arms interleaved within a seed so that an interrupted run still has pairs.

        Args:
            rung: one of the claim's rungs.
            arms: names of the arms still standing; None for all.
        """
        for position, seed in enumerate(rung.seeds):
            for condition in self.claim.conditions:
                for arm in self.claim.arms:
                    if (arms is not None and arm.name not in arms) or (arm.deterministic and position > 0):
                        continue
                    if rung.kind == "search":
                        for candidate in self.candidates(rung, arm):
                            yield self.trial(arm, condition, rung, seed, candidate)
                    else:
                        yield self.trial(arm, condition, rung, seed)

    @cached_property
    def trial_ids(self) -> frozenset[str]:
        """Ids of every trial of every rung, as if nothing were pruned; no trial is made for each seed."""
        found: set[str] = set()
        for rung in self.claim.rungs:
            for trial in self.trials(rung.model_copy(update={"seeds": rung.seeds[:1]})):
                found.update([trial.id] if trial.seed is None else trial.ids(rung.seeds))
        return frozenset(found)

    @cached_property
    def search_rungs(self) -> tuple[Rung, ...]:
        """Rungs that try configurations; they come before all others."""
        return tuple(rung for rung in self.claim.rungs if rung.kind == "search")

    @cached_property
    def searched(self) -> tuple[Arm, ...]:
        """Arms that take part in a search. A null arm goes with its baseline; a reference stays as it is written."""
        return self.arms("baseline", "variant", "rival")

    @property
    def open_search(self) -> Rung | None:
        """The search rung that is not over yet."""
        name = self.search.rung if self.search is not None else "".join(r.name for r in self.search_rungs[:1])
        return next((rung for rung in self.search_rungs if rung.name == name), None)

    def candidates(self, rung: Rung, arm: Arm) -> tuple[Candidate, ...]:
        """What a search rung tries of an arm, as far as it is known."""
        return () if self.search is None else self.search.tried.get((rung.name, arm.name), ())

    def planned(self, rung: Rung) -> int:
        """Number of trials of a rung as if nothing were pruned; of a search those too that are not proposed yet."""
        if rung.kind == "compare":
            return sum(1 for _ in self.trials(rung))
        each = [(rung.tries or 1 if arm.space else 1) * (1 if arm.deterministic else len(rung.seeds))
                for arm in self.searched]  # fmt: skip
        return sum(each) * len(self.claim.conditions)

    def winner(self, arm: Arm) -> Candidate | None:
        """The configuration of an arm that a search chose; a null arm has its baseline's."""
        name = self.baseline.name if arm.role == "null" else arm.name
        return None if self.search is None else self.search.winners.get(name)

    @property
    def primary(self) -> tuple[MetricClaim, ...]:
        """Metrics that verdicts are given on."""
        return tuple(metric for metric in self.claim.metrics if metric.primary)

    @property
    def targets(self) -> tuple[Condition, ...]:
        """Conditions in which an effect is looked for; all of them where each is a control."""
        return tuple(c for c in self.claim.conditions if c.expect != "no-effect") or self.claim.conditions

    @property
    def expected_still(self) -> tuple[Condition, ...]:
        """Control conditions: those in which no effect is expected."""
        return tuple(c for c in self.claim.conditions if c.expect == "no-effect")

    @cached_property
    def _known(self) -> dict[tuple[str, str, str, int | None, int | None], Trial]:
        """Trials made so far: their ids are hashes, and deciding asks for the same ones again and again."""
        return {}

    @cached_property
    def _first(self) -> dict[tuple[str, str, str, int | None], Trial]:
        """The first trial that was made of each place; those at other seeds are made after it."""
        return {}

    def trial(self, arm: Arm, condition: Condition, rung: Rung, seed: int, candidate: Candidate | None = None) -> Trial:
        """One trial; a deterministic arm has the same one for every seed.

        Args:
            arm, condition, rung, seed: where.
            candidate: of a search; the one that was chosen, where one was, if None.
        """
        number = None if candidate is None else candidate.number
        key = (arm.name, condition.name, rung.name, None if arm.deterministic else seed, number)
        found = self._known.get(key)
        if found is None:
            if arm.deterministic:
                found = self._trial(arm, condition, rung, seed, candidate or self.winner(arm))
            else:
                place = (arm.name, condition.name, rung.name, number)
                if place not in self._first:
                    self._first[place] = self._trial(arm, condition, rung, seed, candidate or self.winner(arm))
                found = self._first[place].at(seed)
            self._known[key] = found
        return found

    def _trial(self, arm: Arm, condition: Condition, rung: Rung, seed: int, candidate: Candidate | None) -> Trial:
        settings = self.settings[arm.name, condition.name]
        if candidate is not None:
            settings = merge(settings, expand(candidate.values))
        return Trial(
            claim=self.name,
            arm=arm.name,
            condition=condition.name,
            rung=rung.name,
            seed=None if arm.deterministic else seed,
            recipe=self.recipe,
            fingerprint=self.fingerprint,
            settings=settings,
            unit=self.claim.budget.unit,
            amount=rung.budget,
            items=self.items[rung.name],
            noise=f"null/{arm.name}" if arm.role == "null" else "",
            untrained=arm.untrained,
            candidate=candidate.number if candidate is not None and rung.kind == "search" else None,
        )


@dataclass
class _Resolution:
    """Collects settings and faults while a claim is resolved; ``claim`` has the arms of its control set too."""

    file: ClaimFile
    recipe: Recipe
    claim: Claim
    settings: dict[tuple[str, str], Settings] = field(default_factory=dict)
    faults: dict[tuple[str, str], Fault] = field(default_factory=dict)

    @classmethod
    def of(cls, file: ClaimFile, recipe: Recipe) -> _Resolution:
        """Begin with the arms of the claim's control set put behind its own."""
        controls, faults = control_arms(file.claim, recipe, leaves(expand(file.claim.settings)))
        work = cls(file, recipe, file.claim.model_copy(update={"arms": (*file.claim.arms, *controls)}))
        for path, message in faults:
            work.add(path, message)
        return work

    def add(self, path: Sequence[str | int], message: str) -> None:
        if path[0] == "arm" and len(path) > 1 and int(path[1]) >= len(self.file.claim.arms):
            if any(fault.message == message for fault in self.faults.values()):
                return  # of the claim's own settings, and told at one of its own arms
            message = f"the control '{self.claim.arms[int(path[1])].name}': {message}"
            path = ("controls",)
        fault = self.file.fault(path, message)
        self.faults[fault.place, fault.message] = fault

    def resolve_settings(self) -> None:
        claim = self.claim
        for c, condition in enumerate(claim.conditions):
            for a, arm in enumerate(claim.arms):
                shared = set(leaves(expand(arm.settings))) & set(leaves(expand(condition.settings)))
                for key in sorted(shared):
                    message = f"the condition '{condition.name}' sets '{key}' too; only one of the two may"
                    self.add(("arm", a, "settings", key), message)
                self._validate(a, arm, c, condition)

    def _validate(self, a: int, arm: Arm, c: int, condition: Condition) -> None:
        base, world, own = (expand(part) for part in (self.claim.settings, condition.settings, self._own(arm)))
        written = merge(merge(base, world), own)
        try:
            model = self.recipe.settings.model_validate(written)
        except ValidationError as error:
            found = self._with_search(a, arm, written)
            if found is None:
                for e in error.errors():
                    self.add(self._origin(setting_place(e), a, own, c, world), setting_words(e, self.recipe))
                return
            model = found
        self.settings[arm.name, condition.name] = model.model_dump(mode="json")
        if not isinstance(model, RecipeSettings):
            return
        setting, unseeded = model.seed_fault()
        if unseeded and not arm.deterministic:
            self.add(self._origin((setting,), a, own, c, world), unseeded)
        if arm.role == "null" and (fault := model.null_fault()):
            self.add(("arm", a), fault)

    def _with_search(self, a: int, arm: Arm, written: Settings) -> BaseModel | None:
        """Settings that are sound once a search gives what they lack; None where they are not."""
        try:
            return self.recipe.settings.model_validate(with_first_ends(self.claim, arm, written))
        except ValidationError as error:
            for e in error.errors():
                key = ".".join(map(str, e["loc"]))
                if e["type"] == "extra_forbidden" and key in {**self.claim.space, **arm.space}:
                    place = ("arm", a, "space", key) if key in arm.space else ("space", key)
                    self.add(place, setting_words(e, self.recipe))
            return None

    def _own(self, arm: Arm) -> Settings:
        """The settings of an arm; the baseline's for a null arm that gives none, since it is the baseline again."""
        if arm.role != "null" or arm.settings or self.recipe.reference == RUNS:
            return arm.settings
        return next((other.settings for other in self.claim.arms if other.role == "baseline"), arm.settings)

    @staticmethod
    def _origin(loc: tuple[str, ...], a: int, own: Settings, c: int, world: Settings) -> tuple[str | int, ...]:
        """Where a faulty setting was written: in the arm, in the condition, or in the claim's own settings."""

        def has(settings: Any) -> bool:
            for part in loc:
                if not isinstance(settings, Mapping) or part not in settings:
                    return False
                settings = settings[part]
            return True

        if has(own):
            return ("arm", a, "settings", *loc)
        return ("condition", c, "settings", *loc) if has(world) else ("settings", *loc)

    def resolve_spaces(self) -> None:
        """Give every arm that is searched the claim's space beside its own; see :mod:`evenhand.claims.arm_spaces`."""
        arms, faults = arm_spaces(self.claim, self.recipe, self.settings)
        for path, message in faults:
            self.add(path, message)
        self.claim = self.claim.model_copy(update={"arms": arms})

    def find_twins(self) -> None:
        """Two arms with the same settings are one arm: an error, unless one of them is a null arm."""
        claim = self.claim
        for a, arm in enumerate(claim.arms):
            for other in claim.arms[:a]:
                if "null" in (arm.role, other.role):
                    continue
                if arm.space == other.space and all(self._same(arm.name, other.name, c.name) for c in claim.conditions):
                    message = (
                        f"'{arm.name}' resolves to the same settings as '{other.name}'; it would be the same trial. "
                        + _twin_cure(arm)
                    )
                    self.add(("arm", a), message)

    def _same(self, one: str, two: str, condition: str) -> bool:
        first = self.settings.get((one, condition))
        return first is not None and first == self.settings.get((two, condition))

    def check_nulls(self) -> None:
        """A null arm is the baseline again: settings of its own would make it a variant."""
        claim = self.claim
        if self.recipe.reference == RUNS:
            return  # the same model was run twice, and each run lies at a place of its own
        for a, arm in enumerate(claim.arms):
            if arm.role == "null" and arm.settings:
                base = next(b for b in claim.arms if b.role == "baseline")
                if not all(self._same(arm.name, base.name, c.name) for c in claim.conditions):
                    self.add(("arm", a, "settings"), "a null arm is the baseline with other noise; it has no settings")

    def metrics(self) -> tuple[MetricClaim, ...]:
        declared = self.recipe.info.metrics
        resolved = []
        for m, metric in enumerate(self.claim.metrics):
            if declared and metric.name not in declared:
                known = ", ".join(sorted(declared)) + suggestion(metric.name, declared)
                self.add(("metric", m, "name"), f"the recipe '{self.recipe.reference}' measures: {known}")
            own = declared.get(metric.name, Metric())
            update = {
                key: getattr(metric, key) if getattr(metric, key) is not None else getattr(own, key)
                for key in ("direction", "floor", "ceiling", "chance")
            }
            if metric.name in declared and metric.direction not in (None, own.direction):
                message = f"the recipe '{self.recipe.reference}' declares that this metric is to {own.direction}"
                self.add(("metric", m, "direction"), f"{message}; remove the line")
            resolved.append(metric.model_copy(update=update))
            for key, message in range_faults(resolved[-1]):
                self.add(("metric", m, key), message)
            unfit = floor_fault(resolved[-1], self.claim.arms)
            if unfit:
                self.add(("metric", m, "learned_above"), unfit)
        names = [metric.name for metric in resolved]
        for g, guard in enumerate(self.claim.guards):
            if guard.metric not in names:
                message = f"a guard is one of the claim's metrics, which are {', '.join(names)}; found '{guard.metric}'"
                self.add(("guards", g, "metric"), message + suggestion(guard.metric, names))
        return tuple(resolved)

    def check_looks(self) -> None:
        """Looks at any time are over seeds: two arms that have none leave nothing to look at."""
        last = len(self.claim.rungs) - 1
        fixed = [arm for arm in self.claim.arms if arm.deterministic]
        judged = next((arm.name for arm in fixed if arm.role in ("variant", "null")), None)
        against = next((arm.name for arm in fixed if arm.role in ("baseline", "rival")), None)
        if self.claim.rungs[last].anytime and judged and against:
            message = f"'{judged}' and '{against}' are deterministic: they have one pair, however many seeds are added"
            self.add(("rung", last, "looks"), f"{message}; leave `looks` out")

    def check_unit(self) -> None:
        units, unit = self.recipe.info.units, self.claim.budget.unit
        for path, message in pool_faults(self.claim, self.recipe.info.pool) if self.recipe.info.pool else ():
            self.add(path, message)
        if units and unit not in units:
            message = f"the recipe '{self.recipe.reference}' can spend {', '.join(units)}; not {unit}"
            self.add(("budget", "unit"), message)


def _twin_cure(arm: Arm) -> str:
    if arm.control_set:
        return f'Leave the control out: controls = {{ set = "{arm.control_set}", without = ["{arm.name}"] }}'
    return 'Change a setting, remove the arm, or give it role = "null" for an A/A comparison'


def resolve(file: ClaimFile, recipe: Recipe) -> ResolvedClaim:
    """Fill in the recipe's defaults, apply all overrides and check every combination; all faults at once.

    Raises:
        ClaimError: settings the recipe refuses, twin arms, unknown control sets, metrics or units, keys set by arm and
            condition.
    """
    work = _Resolution.of(file, recipe)
    work.resolve_settings()
    work.resolve_spaces()
    work.find_twins()
    work.check_nulls()
    work.check_unit()
    work.check_looks()
    metrics = work.metrics()
    if work.faults:
        raise ClaimError(f"{file.source} cannot be run as it stands", list(work.faults.values()))
    for r, rung in enumerate(file.claim.rungs):
        if rung.items.count is None and len(file.claim.rungs) > 1:
            message = "a claim with several rungs needs `items` at each of them, so that later rungs get fresh items"
            raise ClaimError(f"{file.source} cannot be run as it stands", [file.fault(("rung", r), message)])
    claim = work.claim.model_copy(update={"metrics": metrics})
    return drawn(claim, recipe.reference, recipe.fingerprint, work.settings)


def drawn(claim: Claim, recipe: str, fingerprint: str, settings: Mapping[tuple[str, str], Settings]) -> ResolvedClaim:
    """The claim with the seeds and items that it leaves to its own hash, which covers how many but not which.

    Seed i is sha256 of ``[hash, "seeds", i]`` as canonical JSON, mod 2**31, with i counting on over the rungs and past
    numbers that the claim has already; the order of the items likewise, from ``[hash, "items", 0]``.
    """
    found = ResolvedClaim(claim, recipe, fingerprint, settings, item_sets(claim.rungs, claim.item_seed))
    if not claim.items_drawn and not any(rung.drawn for rung in claim.rungs):
        return found
    digest = canonical_hash(found.identity())
    used = {seed for rung in claim.rungs if not rung.drawn for seed in rung.seeds}
    numbers = (number_of(digest, "seeds", i) for i in itertools.count())
    rungs = []
    for rung in claim.rungs:
        seeds = list(rung.seeds)
        for place in range(len(seeds)) if rung.drawn else ():
            seeds[place] = next(number for number in numbers if number not in used)
            used.add(seeds[place])
        rungs.append(rung.model_copy(update={"seeds": tuple(seeds)}))
    order = number_of(digest, "items", 0) if claim.items_drawn else claim.item_seed
    claim = claim.model_copy(update={"rungs": tuple(rungs), "item_seed": order})
    return ResolvedClaim(claim, recipe, fingerprint, settings, item_sets(claim.rungs, order))


def with_added(claim: ResolvedClaim, seeds: Sequence[int]) -> ResolvedClaim:
    """The claim with seeds added to its last rung; its identity and its hash are those of the claim as stated."""
    if not seeds:
        return claim
    *others, last = claim.claim.rungs
    longer = last.model_copy(update={"seeds": (*last.seeds, *seeds)})
    stated = claim.claim.model_copy(update={"rungs": (*others, longer)})
    return replace(claim, claim=stated, added=claim.added + len(seeds))


def further_seeds(claim: ResolvedClaim) -> Iterator[int]:
    """Seeds that may be added, in order: the rule that drew the others goes on, else the next whole numbers.

    None of them is a seed of any rung of the claim.
    """
    rungs = claim.claim.rungs
    used = {seed for rung in rungs for seed in rung.seeds}
    digest = canonical_hash(claim.identity())
    drawn = (number_of(digest, "seeds", i) for i in itertools.count())
    numbers = drawn if rungs[-1].drawn else itertools.count(max(used) + 1)
    return (number for number in numbers if number not in used)


def number_of(digest: str, purpose: str, place: int) -> int:
    """A number below 2**31 that a hash gives."""
    return int(canonical_hash([digest, purpose, place]), 16) % 2**31


def item_sets(rungs: Sequence[Rung], seed: int) -> dict[str, ItemSet]:
    """Rung name to item set: disjoint slices of one order."""
    sets, start = {}, 0
    for rung in rungs:
        sets[rung.name] = ItemSet(rung.name, start, rung.items.count, seed)
        start += rung.items.count or 0
    return sets

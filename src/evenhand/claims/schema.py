"""Claim files: a question stated before it is run. Parsing and checking only; no recipe is imported here."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from evenhand.claims.looks import LookRules, look_faults, with_look_rules
from evenhand.claims.near import keys_at, nearest, suggestion
from evenhand.claims.spaces import MOST_TRIES, Sampler, Space
from evenhand.claims.toml_lines import LineMap
from evenhand.claims.tuning import TOLD_BY_RUNG, as_rung, as_written_at, search_faults
from evenhand.claims.values import (
    MOST_SEEDS,
    Also,
    ListOrCount,
    Number,
    SpelledEitherWay,
    Whole,
    as_written,
    impossible_numbers,
    words,
)  # fmt: skip
from evenhand.errors import ClaimError, Fault
from evenhand.recipes.contract import Direction

Role = Literal["baseline", "variant", "rival", "null", "reference"]
Scope = Literal["recipe", "seeds", "checkpoint"]
Unit = Literal["steps", "tokens", "examples", "epochs", "flops", "seconds", "device_hours"]
COMMONEST = "commonest answer"
"""What a baseline must beat, where it is no arm: always giving the commonest right answer."""

SEAL = "seal"
"""What stands for a number that the claim's hash gives."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$", max_length=80)]
Seeds = Annotated[tuple[Annotated[Whole, Field(ge=0)], ...], ListOrCount, Also("whole number"), Also("table")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Asked(_Part):
    """What a trial asks of the machine that it runs on; no part of the claim's identity, nor of any trial's."""

    cpus: Whole | None = Field(default=None, ge=1, description="processor cores of each trial")
    gpus: Whole | None = Field(default=None, ge=0, description="graphics processors of each trial")
    memory_gib: Number | None = Field(default=None, gt=0, description="main memory of each trial, in GiB (2**30 bytes)")
    minutes: Number | None = Field(default=None, gt=0, description="that a scheduler is asked for")


def _no_key(name: str, value: Any) -> None:
    """Refuse what only the lab sets."""
    if isinstance(value, dict) and name in value:
        raise ValueError(f"unknown key '{name}'; remove it or mend its spelling")


class Arm(_Part):
    """One configuration. ``settings`` are dotted-key overrides of the claim's settings."""

    name: Name = Field(description="of the arm, as verdicts and tables call it")
    role: Role = Field(
        description="baseline (exactly one), variant (judged), rival (the variant must beat it, too), null (the "
        "baseline again with other noise, an A/A test), reference (shown, never judged)"
    )
    settings: dict[str, Any] = Field(
        default_factory=dict, description="overrides of the claim's settings; dotted keys reach into tables"
    )
    space: Space = Field(default_factory=dict, description="what a search may vary, beside the claim's own space")
    deterministic: StrictBool = Field(default=False, description="no randomness in its outcome: run once per condition")
    untrained: StrictBool = Field(default=False, description="trains nothing: exempt from equality of budgets")
    resources: Asked = Field(default=Asked(), description="what its trials ask for, before the claim's own")

    @property
    def control_set(self) -> str:
        """The control set that the arm comes from; empty where it stands in the claim file itself."""
        return ""


class Controls(_Part):
    """The control set whose arms a claim takes over from its recipe."""

    set: str = Field(description="RECIPE.SET, as the recipe declares it")
    without: tuple[Name, ...] = Field(default=(), description="controls of the set that this claim does not have")


class Condition(_Part):
    """A setting of the world in which all arms run. A control condition says what is expected there."""

    name: Name = Field(description="of the condition")
    settings: dict[str, Any] = Field(default_factory=dict, description="what differs in this condition, for all arms")
    expect: Literal["no-effect", "effect"] | None = Field(
        default=None,
        description="no-effect makes it a control condition: an effect there makes the others invalid, and the "
        "difference of differences is tested",
    )


class MetricClaim(_Part):
    """What is compared, and the smallest difference that would matter."""

    name: Name = Field(description="of a metric that the recipe reports")
    margin: Number = Field(gt=0, description="smallest difference that matters, in the metric's own units")
    direction: Annotated[Direction | None, SpelledEitherWay] = Field(
        default=None, description="as the recipe declares, unless given here"
    )
    floor: Number | None = Field(
        default=None, description="least possible value; where more is better, what a diverged trial is scored at"
    )
    ceiling: Number | None = Field(
        default=None, description="largest possible value; where less is better, what a diverged trial is scored at"
    )
    chance: Number | None = Field(
        default=None, description="value of an arm that knows nothing; arms that both sit there show nothing"
    )
    primary: StrictBool = Field(default=True, description="verdicts are given on it; else it is shown as exploratory")
    learned_above: str | None = Field(
        default=None,
        min_length=1,
        description="an arm that has not learned, or `commonest answer`: what the baseline must beat",
    )
    checkpoint: Literal["final", "selected"] = Field(
        default="final", description="selected: the step that is best on a selection split of its own"
    )
    sd: Number | None = Field(
        default=None, gt=0, description="guess of the seed sd of paired differences, for planning"
    )


class Guard(_Part):
    """A metric that must not fall where another gains: a gain counts only if a loss of ``margin`` is excluded."""

    metric: Name = Field(description="one of the claim's metrics, usually with primary = false")
    margin: Number | None = Field(
        default=None, gt=0, description="smallest loss that matters; the metric's own margin if left out"
    )


class Items(_Part):
    """How many evaluation items a rung uses: all there are, where nothing is said."""

    count: Whole | None = Field(default=None, gt=0, description="how many; `items = 200` is short for it")


class Prune(_Part):
    """What a screening rung may do: ``futility`` drops variants that can hardly reach the margin.

    ``threshold`` reproduces older protocols (drop below a fixed difference); it carries no error control.
    """

    rule: Literal["none", "futility", "threshold"] = Field(
        default="futility",
        description="futility drops variants that can hardly reach the margin; threshold those below a fixed "
        'difference, without error control; `prune = "none"` is short for it',
    )
    threshold: Number | None = Field(default=None, description='difference below which rule = "threshold" drops')
    confidence: Number = Field(default=0.9, gt=0.5, lt=1, description="one-sided level of the futility bound")

    @model_validator(mode="after")
    def _threshold_goes_with_its_rule(self) -> Prune:
        if (self.rule == "threshold") != (self.threshold is not None):
            raise ValueError('`threshold` belongs to rule = "threshold", and that rule needs it')
        return self


class Rung(_Part):
    """A step of the ladder: all but the last screen, the last confirms.

    ``looks`` may be a list of numbers of seeds, ``"anytime"``, or a table (see ``[rung.looks]``);
    a table with numbers or shares of seeds fills the list.
    """

    name: Name = Field(description="of the rung")
    budget: Number = Field(gt=0, description="what each trial may spend, in the unit of [budget]")
    seeds: Seeds = Field(
        min_length=1,
        description="a list, fresh at every rung; `8` stands for 0 to 7, `{ count = 8 }` for seeds that follow from "
        "the claim's hash",
    )
    drawn: StrictBool = Field(default=False, exclude=True, description="seeds = { count = n }: from the claim's hash")
    items: Annotated[Items, Also("whole number")] = Field(
        default=Items(), description="evaluation items of this rung, fresh at every rung; all if left out"
    )
    looks: Annotated[tuple[Whole, ...], Also('`"anytime"`'), Also("table")] = Field(
        default=(), description="planned looks: numbers of seeds, the last is all; a table has [rung.looks]' keys"
    )
    look_rules: LookRules | None = Field(default=None, exclude=True, description="where `looks` is more than a list")
    prune: Annotated[Prune, Also('`"futility"`'), Also('`"none"`')] = Field(
        default=Prune(), description="what a screening rung may do; the last rung never prunes"
    )
    kind: Literal["compare", "search"] = Field(default="compare", description="search: configurations of every arm")
    tries: Whole | None = Field(default=None, ge=1, le=MOST_TRIES, description="configurations of each arm")
    sampler: Sampler = Field(default="tpe", description="who proposes them (Optuna)")
    batch: Whole | None = Field(default=None, ge=1, description="proposed together; default: a quarter of the tries")

    @model_validator(mode="before")
    @classmethod
    def _seeds_from_the_seal(cls, value: Any) -> Any:
        """``seeds = { count = 6 }``: places that the claim's hash fills, see :mod:`evenhand.claims.drawn`."""
        if not isinstance(value, dict):
            return value
        _no_key("drawn", value)
        _no_key("look_rules", value)
        value = with_look_rules(value)
        seeds = value.get("seeds")
        drawn = isinstance(seeds, dict) and set(seeds) == {"count"}
        return {**value, "seeds": seeds["count"], "drawn": True} if drawn and isinstance(seeds, dict) else value

    @field_validator("items", mode="before")
    @classmethod
    def _plain_count(cls, value: Any) -> Any:
        return value if isinstance(value, dict | Items) else {"count": value}

    @field_validator("prune", mode="before")
    @classmethod
    def _plain_rule(cls, value: Any) -> Any:
        if not isinstance(value, str | dict | Prune):
            message = "expected 'futility', 'none' or a table; found {found}"
            raise PydanticCustomError("plain", message, {"found": as_written(value)})
        return {"rule": value} if isinstance(value, str) else value

    @property
    def anytime(self) -> bool:
        """Whether the rung may be looked at after every seed, and go on with further ones."""
        return self.look_rules is not None and self.look_rules.anytime

    @property
    def look_rule(self) -> Literal["once", "levels", "obrien-fleming", "pocock", "hwang-shih-decani", "anytime"]:
        """How its looks are judged: once, at one level at each, by a spending function, or at any time."""
        if self.anytime:
            return "anytime"
        if self.look_rules is not None and self.look_rules.spending is not None:
            return self.look_rules.spending
        return "levels" if self.looks else "once"

    @property
    def futility(self) -> float | None:
        """Confidence of the bound that ends the rung where no gain as large as the margin can be hoped for, or None."""
        return None if self.look_rules is None else self.look_rules.futility

    @property
    def drops(self) -> bool:
        """Whether a variant that is given up gets no further seeds while the others go on."""
        return self.look_rules is not None and self.look_rules.drop is True

    @model_validator(mode="after")
    def _seeds_and_looks(self) -> Rung:
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError("`seeds` names a seed twice; a repeated seed is the same trial, not new evidence")
        if self.looks:
            rising = all(a < b for a, b in zip(self.looks, self.looks[1:], strict=False))
            if not rising or self.looks[0] < 2 or self.looks[-1] != len(self.seeds):
                raise ValueError(
                    f"`looks` must rise from at least 2 and end with the number of seeds ({len(self.seeds)})"
                )
        return self


class Tuning(_Part):
    """Short for a rung that searches, before all others: as many tries for every arm, baseline and rivals included."""

    tries: Whole = Field(ge=1, le=MOST_TRIES, description="configurations of each arm")
    sampler: Sampler = Field(default="tpe", description="who proposes them (Optuna)")
    batch: Whole | None = Field(
        default=None, ge=1, description="proposed together; a quarter of the tries for tpe, else all, if left out"
    )
    seeds: tuple[Whole, ...] | Whole | dict[str, Whole] | None = Field(
        default=None, description="as in a rung; one that no rung has if left out"
    )
    items: Whole | dict[str, Whole] | None = Field(
        default=None, description="as in a rung; as many as at the rung behind it if left out"
    )
    budget: Number | None = Field(default=None, description="of each trial; that of the last rung if left out")
    prune: Literal["futility", "none"] | dict[str, Any] | None = Field(
        default=None, description="as in a rung: variants that can hardly reach the margin are dropped"
    )


class BudgetUnit(_Part):
    """The unit in which all arms get the same."""

    unit: Unit = Field(default="steps", description="arms that spend unequal amounts of it give no verdict")


class LedgerRules(_Part):
    """How the other claims of the ledger bear on this one."""

    policy: Literal["beside", "strict"] = Field(
        default="beside", description="strict: the ledger's level is the verdict's; beside: it is told beside it"
    )
    tuning_ratio: Number = Field(
        default=2.0, ge=1, description="how much oftener one arm may have been tried than one it is held against"
    )


class Limits(_Part):
    """What a trial may use of the machine before it is stopped; no part of the claim's identity."""

    seconds: Number | None = Field(default=None, gt=0, description="wall time after which a trial is stopped")
    memory_gib: Number | None = Field(default=None, gt=0, description="main memory at which a trial is stopped, in GiB")
    micro_batch: Literal["probe"] | Annotated[Whole, Field(gt=0)] | None = Field(
        default=None, description="rows at once in training; probe: as many as fit for all arms alike"
    )


class Claim(_Part):
    """A claim as it stands in its file."""

    name: Name = Field(description="of the claim, unique in its ledger")
    question: str = Field(default="", description="what is asked, for people; no part of the claim's identity")
    recipe: str = Field(description="name of an installed recipe, `module:callable` beside the file, or `command`")
    settings: dict[str, Any] = Field(default_factory=dict, description="settings of the recipe that all arms share")
    space: Space = Field(default_factory=dict, description="what a search may vary in every arm")
    tuning: Tuning | None = Field(
        default=None, description="as many tries for every arm, on seeds and items that confirm never sees"
    )
    budget: BudgetUnit = Field(default=BudgetUnit(), description="the unit in which all arms get the same")
    metrics: tuple[MetricClaim, ...] = Field(
        alias="metric", min_length=1, description="what is compared; [metric] for one, [[metric]] for several"
    )
    guards: tuple[Guard, ...] = Field(
        default=(),
        description='metrics that must not fall: `guards = [{ metric = "loss", margin = 0.02 }]`; they spend no alpha',
    )
    scope: Scope = Field(
        default="recipe",
        description="what the answer holds for: new seeds and new items (recipe), new seeds on these items (seeds), "
        "these very models on new items (checkpoint)",
    )
    alpha: Number = Field(
        default=0.05, gt=0, le=0.2, description="two-sided error rate of the claim, over its looks and verdicts"
    )
    arms: tuple[Arm, ...] = Field(alias="arm", min_length=1, description="the configurations that are compared")
    controls: Annotated[Controls | None, Also("text")] = Field(
        default=None, description='arms that the recipe adds; `controls = "RECIPE.SET"` is short for it'
    )
    conditions: tuple[Condition, ...] = Field(
        alias="condition",
        default=(Condition(name="default"),),
        description="settings of the world in which all arms run",
    )
    rungs: tuple[Rung, ...] = Field(
        alias="rung", min_length=1, description="all but the last screen, the last confirms; in this order"
    )
    item_seed: Annotated[Whole, Also('`"seal"`')] = Field(
        default=0, ge=0, description='order in which items are drawn; "seal": it follows from the claim\'s hash'
    )
    items_drawn: StrictBool = Field(
        default=False, exclude=True, description='item_seed = "seal": from the claim\'s hash'
    )
    family: str = Field(
        default="",
        max_length=80,
        description="claims that give one name are one family in the ledger, beside that of recipe and metric",
    )
    ledger: LedgerRules = Field(default=LedgerRules(), description="how the ledger's other claims bear on this one")
    limits: Limits = Field(default=Limits(), description="what a trial may use before it is stopped")
    resources: Asked = Field(default=Asked(), description="what a trial asks of the machine or cluster that it runs on")
    after: Annotated[tuple[Name, ...], Also("text")] = Field(
        default=(), description="claims that must have ended before this one begins"
    )
    priority: Whole = Field(default=0, description="among claims that run together, the higher takes free slots first")

    @model_validator(mode="before")
    @classmethod
    def _items_from_the_seal(cls, value: Any) -> Any:
        _no_key("items_drawn", value)
        drawn = isinstance(value, dict) and value.get("item_seed") == SEAL
        return {**value, "item_seed": 0, "items_drawn": True} if drawn else value

    @field_validator("metrics", mode="before")
    @classmethod
    def _one_metric(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

    @field_validator("after", mode="before")
    @classmethod
    def _one_claim(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("controls", mode="before")
    @classmethod
    def _plain_set(cls, value: Any) -> Any:
        return {"set": value} if isinstance(value, str) else value


@dataclass(frozen=True)
class ClaimFile:
    """A parsed claim with the places of its keys, for errors that name lines."""

    claim: Claim
    source: str
    lines: LineMap
    text: str
    tuned: bool = False

    def fault(self, path: Sequence[str | int], message: str) -> Fault:
        """A fault at a key path of this file."""
        return Fault(self.lines.place(self.source, as_written_at(path) if self.tuned else path), message)


def parse_claim(text: str, source: str, default_name: str) -> ClaimFile:
    """Parse a claim file and check everything that needs no recipe; all faults are reported at once.

    Args:
        text: the TOML document.
        source: name of the file, for messages.
        default_name: the claim's name where the file gives none (the file's stem).

    Raises:
        ClaimError: the document is no TOML, or breaks the rules of a claim.
    """
    try:
        document = tomllib.loads(text)
    except RecursionError as error:
        raise ClaimError(f"{source} is not usable TOML", [Fault(source, "it is nested too deeply")]) from error
    except ValueError as error:  # a number of thousands of digits is no TOMLDecodeError
        raise ClaimError(f"{source} is not valid TOML", [Fault(source, str(error))]) from error
    lines = LineMap.of(text)
    document.setdefault("name", default_name)
    rungs, document = document.get("rung"), as_rung(document)
    tuned = document.get("rung") is not rungs
    place: Callable[[Sequence[str | int]], tuple[str | int, ...]] = as_written_at if tuned else tuple
    structural = [Fault(lines.place(source, place(path)), message) for path, message in _structure_faults(document)]
    try:
        claim = Claim.model_validate(document)
    except ValidationError as error:
        faults = [Fault(lines.place(source, place(e["loc"])), _words(e)) for e in _root_causes(error)]
        told = list(dict.fromkeys([*faults, *structural]))  # what [tuning] and its rung both say is said once
        raise ClaimError(f"{source} cannot be run as it stands", told) from error
    if structural:
        raise ClaimError(f"{source} cannot be run as it stands", structural)
    return ClaimFile(claim, source, lines, text, tuned)


def _root_causes(error: ValidationError) -> list[Any]:
    """The errors without those that only follow from another one inside the same list."""
    found = error.errors()
    misspelt = {
        (*e["loc"][:-1], nearest(str(e["loc"][-1]), keys_at(Claim, e["loc"][:-1])))
        for e in found
        if e["type"] == "extra_forbidden"
    }
    return [
        e
        for e in found
        if (e["type"] != "too_short" or not any(o["loc"][: len(e["loc"])] == e["loc"] and o is not e for o in found))
        and (e["type"] != "missing" or e["loc"] not in misspelt)
        and not (e["loc"][:1] == ("tuning",) and e["loc"][1:2] in TOLD_BY_RUNG)
    ]


def _words(error: Mapping[str, Any]) -> str:
    """A pydantic error as a sentence with its cure."""
    if error["type"] == "extra_forbidden":
        key = error["loc"][-1]
        known = keys_at(Claim, error["loc"][:-1])
        cure = suggestion(key, known) or f"; remove it or mend its spelling (known here: {', '.join(known)})"
        return f"unknown key '{key}'{cure}"
    return words(error)


def _tables(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The entries of an array of tables that are tables; anything else is pydantic's to report."""
    value = document.get(key, [])
    return [entry if isinstance(entry, dict) else {} for entry in value] if isinstance(value, list) else []


def _structure_faults(document: Mapping[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    """Faults between parts of a claim, found on the raw document so that they show beside the faults of its fields."""
    faults: list[tuple[tuple[str | int, ...], str]] = list(impossible_numbers(document))
    arms = _tables(document, "arm")
    baselines = [i for i, arm in enumerate(arms) if arm.get("role") == "baseline"]
    if arms and not baselines:
        faults.append((("arm",), 'no arm has role = "baseline"; exactly one arm must, all others are compared with it'))
    for i in baselines[1:]:
        faults.append((("arm", i, "role"), f"a second baseline; '{arms[baselines[0]].get('name')}' is the baseline"))
    if baselines and len(arms) == 1:
        faults.append((("arm",), "the baseline is the only arm; add a variant to compare with it"))
    for key in ("arm", "condition", "rung", "metric"):
        seen: set[Any] = set()
        for i, entry in enumerate(_tables(document, key)):
            name = entry.get("name")
            if isinstance(name, str) and name in seen:
                faults.append(((key, i, "name"), f"the name '{name}' stands twice among the entries of [[{key}]]"))
            seen.add(name if isinstance(name, str) else None)
    after = document.get("after")
    if document.get("name") in (after if isinstance(after, list) else [after]):
        faults.append((("after",), f"the claim '{document['name']}' cannot wait for itself; remove the name"))
    faults.extend(_rung_faults(_tables(document, "rung")))
    faults.extend(look_faults(_tables(document, "rung"), document.get("scope")))
    faults.extend(search_faults(document, _tables(document, "rung")))
    metrics = document.get("metric")
    tables = [metrics] if isinstance(metrics, dict) else _tables(document, "metric")
    if tables and not any(metric.get("primary", True) for metric in tables):
        faults.append((("metric",), "no metric is primary; a verdict needs at least one"))
    return faults


def _seeds_of(value: Any) -> list[int]:
    """The seeds of a rung as far as they can be read; anything else is pydantic's to report.

    Those that are drawn differ from all others.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return list(range(value)) if 0 < value <= MOST_SEEDS else []
    return [s for s in value if isinstance(s, int) and not isinstance(s, bool)] if isinstance(value, list) else []


def range_faults(metric: MetricClaim) -> list[tuple[str, str]]:
    """(key, fault) of a metric whose direction, floor, ceiling and chance are filled in, where they cannot hold."""
    low, high = metric.floor, metric.ceiling
    if low is not None and high is not None:
        if low >= high:
            return [("floor", f"the floor {low:g} is not below the ceiling {high:g}")]
        if metric.margin > high - low:
            return [("margin", f"the margin {metric.margin:g} is wider than the metric's whole range, {high - low:g}")]
    if metric.chance is not None and (
        (low is not None and metric.chance < low) or (high is not None and metric.chance > high)
    ):
        return [("chance", f"the chance level {metric.chance:g} lies outside the metric's range")]
    return []


def floor_fault(metric: MetricClaim, arms: Sequence[Arm]) -> str:
    """Why what the baseline must beat to count as having learned cannot be that, or empty."""
    above = metric.learned_above
    if above is None:
        return ""
    if above == COMMONEST:
        known = metric.floor is not None and metric.ceiling is not None
        message = f"`{COMMONEST}` needs the metric's `floor` and `ceiling`, the scores of a wrong and of a right answer"
        return "" if known else message
    roles = {arm.name: arm.role for arm in arms}
    if above not in roles:
        allowed = [name for name, role in roles.items() if role in _MAY_BE_FLOOR]
        others = f" or one of {', '.join(allowed)}" if allowed else " or an arm with the role reference or rival"
        return f"there is no arm '{above}'; give `{COMMONEST}`{others}"
    if roles[above] not in _MAY_BE_FLOOR:
        return f"'{above}' is a {roles[above]}; what has not learned is an arm with the role reference or rival"
    return ""


_MAY_BE_FLOOR = ("reference", "rival")


def pool_faults(claim: Claim, pool: int) -> list[tuple[tuple[str | int, ...], str]]:
    """Rungs that ask for more items than a pool has, with the place of their key."""
    faults: list[tuple[tuple[str | int, ...], str]] = []
    start = 0
    for r, rung in enumerate(claim.rungs):
        stop = start + (rung.items.count or 0)
        if stop > pool:
            before = f" after the {start} of the rungs before it" if start else ""
            message = f"{rung.items.count} items{before} are more than the recipe's pool has, which is {pool}"
            faults.append((("rung", r, "items"), message))
        start = stop
    return faults


def _rung_faults(rungs: Sequence[Mapping[str, Any]]) -> list[tuple[tuple[str | int, ...], str]]:
    """Seeds must be fresh at every rung: screening data are never pooled into the confirmation."""
    faults: list[tuple[tuple[str | int, ...], str]] = []
    used: dict[int, Any] = {}
    for i, rung in enumerate(rungs):
        seeds = _seeds_of(rung.get("seeds"))
        again = sorted({s for s in seeds if s in used})
        if again:
            faults.append(
                (
                    ("rung", i, "seeds"),
                    f"seeds {again} were already used at rung '{used[again[0]]}'; a later rung needs fresh seeds",
                )
            )
        used.update({s: rung.get("name") for s in seeds if s not in used})
    return faults

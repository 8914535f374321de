"""Claim files: a question stated before it is run. Parsing and checking only; no recipe is imported here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from evenhand.errors import ClaimError, Fault
from evenhand.recipe import Direction
from evenhand.toml_lines import LineMap

Role = Literal["baseline", "variant", "rival", "null", "reference"]
Scope = Literal["recipe", "seeds", "checkpoint"]
Unit = Literal["steps", "tokens", "examples", "seconds"]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$", max_length=80)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Arm(_Part):
    """One configuration. ``settings`` are dotted-key overrides of the claim's settings."""

    name: Name
    role: Role
    settings: dict[str, Any] = Field(default_factory=dict)
    deterministic: bool = Field(default=False, description="no randomness in its outcome: run once per condition")
    untrained: bool = Field(default=False, description="trains nothing: exempt from equality of budgets")


class Condition(_Part):
    """A setting of the world in which all arms run. A control condition says what is expected there."""

    name: Name
    settings: dict[str, Any] = Field(default_factory=dict)
    expect: Literal["no-effect", "effect"] | None = None


class MetricClaim(_Part):
    """What is compared, and the smallest difference that would matter."""

    name: Name
    margin: float = Field(gt=0, description="smallest difference that matters, in the metric's own units")
    direction: Direction | None = Field(default=None, description="as the recipe declares, unless given here")
    floor: float | None = None
    ceiling: float | None = None
    chance: float | None = None
    primary: bool = True
    checkpoint: Literal["final", "selected"] = Field(
        default="final", description="selected: the step that is best on a selection split of its own"
    )
    sd: float | None = Field(default=None, gt=0, description="guess of the seed sd of paired differences, for planning")


class Items(_Part):
    """How many evaluation items a rung uses; None takes all there are."""

    count: int | None = Field(default=None, gt=0)


class Prune(_Part):
    """What a screening rung may do: ``futility`` drops variants that can hardly reach the margin.

    ``threshold`` reproduces older protocols (drop below a fixed difference); it carries no error control.
    """

    rule: Literal["none", "futility", "threshold"] = "futility"
    threshold: float | None = None
    confidence: float = Field(default=0.9, gt=0.5, lt=1, description="one-sided level of the futility bound")

    @model_validator(mode="after")
    def _threshold_goes_with_its_rule(self) -> Prune:
        if (self.rule == "threshold") != (self.threshold is not None):
            raise ValueError('`threshold` belongs to rule = "threshold", and that rule needs it')
        return self


class Rung(_Part):
    """A step of the ladder: all but the last screen, the last confirms."""

    name: Name
    budget: float = Field(gt=0)
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(min_length=1)
    items: Items = Items()
    looks: tuple[int, ...] = Field(default=(), description="planned looks: numbers of seeds, the last is all")
    prune: Prune = Prune()

    @field_validator("items", mode="before")
    @classmethod
    def _plain_count(cls, value: Any) -> Any:
        return {"count": value} if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("prune", mode="before")
    @classmethod
    def _plain_rule(cls, value: Any) -> Any:
        return {"rule": value} if isinstance(value, str) else value

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


class BudgetUnit(_Part):
    """The unit in which all arms get the same."""

    unit: Unit = "steps"


class Limits(_Part):
    """What a trial may use of the machine before it is stopped; no part of the claim's identity."""

    seconds: float | None = Field(default=None, gt=0)
    memory_gib: float | None = Field(default=None, gt=0)


class Claim(_Part):
    """A claim as it stands in its file."""

    name: Name
    question: str = ""
    recipe: str
    settings: dict[str, Any] = Field(default_factory=dict)
    budget: BudgetUnit = BudgetUnit()
    metrics: tuple[MetricClaim, ...] = Field(alias="metric", min_length=1)
    scope: Scope = "recipe"
    alpha: float = Field(default=0.05, gt=0, le=0.2)
    arms: tuple[Arm, ...] = Field(alias="arm", min_length=1)
    conditions: tuple[Condition, ...] = Field(alias="condition", default=(Condition(name="default"),))
    rungs: tuple[Rung, ...] = Field(alias="rung", min_length=1)
    item_seed: int = Field(default=0, ge=0)
    limits: Limits = Limits()
    after: tuple[Name, ...] = ()

    @field_validator("metrics", mode="before")
    @classmethod
    def _one_metric(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value


@dataclass(frozen=True)
class ClaimFile:
    """A parsed claim with the places of its keys, for errors that name lines."""

    claim: Claim
    source: str
    lines: LineMap
    text: str

    def fault(self, path: Sequence[str | int], message: str) -> Fault:
        """A fault at a key path of this file."""
        return Fault(self.lines.place(self.source, path), message)


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
    except tomllib.TOMLDecodeError as error:
        raise ClaimError(f"{source} is not valid TOML", [Fault(source, str(error))]) from error
    lines = LineMap.of(text)
    document.setdefault("name", default_name)
    structural = [Fault(lines.place(source, path), message) for path, message in _structure_faults(document)]
    try:
        claim = Claim.model_validate(document)
    except ValidationError as error:
        faults = [Fault(lines.place(source, e["loc"]), _words(e)) for e in _root_causes(error)]
        raise ClaimError(f"{source} cannot be run as it stands", [*faults, *structural]) from error
    if structural:
        raise ClaimError(f"{source} cannot be run as it stands", structural)
    return ClaimFile(claim, source, lines, text)


def _root_causes(error: ValidationError) -> list[Any]:
    """The errors without those that only follow from another one inside the same list."""
    found = error.errors()
    return [
        e
        for e in found
        if e["type"] != "too_short" or not any(o["loc"][: len(e["loc"])] == e["loc"] and o is not e for o in found)
    ]


def _words(error: Mapping[str, Any]) -> str:
    """A pydantic error as a sentence with its cure."""
    kind, found = error["type"], error.get("input")
    if kind == "extra_forbidden":
        return f"unknown key '{error['loc'][-1]}'; remove it or mend its spelling"
    if kind == "missing":
        return f"'{error['loc'][-1]}' is missing; a claim needs it"
    message = str(error["msg"]).removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    shown = repr(found)
    return message if kind == "value_error" else f"{message}; found {shown if len(shown) < 80 else shown[:77] + '...'}"


def _tables(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The entries of an array of tables that are tables; anything else is pydantic's to report."""
    value = document.get(key, [])
    return [entry if isinstance(entry, dict) else {} for entry in value] if isinstance(value, list) else []


def _structure_faults(document: Mapping[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    """Faults between parts of a claim, found on the raw document so that they show beside the faults of its fields."""
    faults: list[tuple[tuple[str | int, ...], str]] = []
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
    faults.extend(_rung_faults(_tables(document, "rung")))
    metrics = document.get("metric")
    tables = [metrics] if isinstance(metrics, dict) else _tables(document, "metric")
    if tables and not any(metric.get("primary", True) for metric in tables):
        faults.append((("metric",), "no metric is primary; a verdict needs at least one"))
    return faults


def _rung_faults(rungs: Sequence[Mapping[str, Any]]) -> list[tuple[tuple[str | int, ...], str]]:
    """Seeds must be fresh at every rung: screening data are never pooled into the confirmation."""
    faults: list[tuple[tuple[str | int, ...], str]] = []
    used: dict[int, Any] = {}
    for i, rung in enumerate(rungs):
        seeds = [s for s in rung.get("seeds", []) if isinstance(s, int)] if isinstance(rung.get("seeds"), list) else []
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

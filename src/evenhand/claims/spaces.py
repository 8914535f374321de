"""Spaces of settings that a search may vary, and the configurations it tried. Parsing and plain arithmetic. Pure.

``lr = { log = [1e-5, 1e-3] }``, ``width = { choice = [64, 128] }``, ``steps = { int = [1, 8] }``; ``uniform`` and
``log_int`` likewise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from evenhand.claims.values import as_written

KINDS = ("log", "uniform", "int", "log_int", "choice")
Sampler = Literal["tpe", "random", "qmc"]

MOST_TRIES = 10_000
"""More configurations of an arm than this are a slip of the keyboard."""

EXAMPLE = "such as lr = { log = [1e-5, 1e-3] }, width = { choice = [64, 128] } or steps = { int = [1, 8] }"

Domain = Mapping[str, list[Any]]
"""One of the :data:`KINDS` to its ends, or to its choices."""


@dataclass(frozen=True)
class Candidate:
    """A configuration that a search tries: its number among those of its arm, from 0, and the settings it varies."""

    number: int
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Search:
    """How far the search of a claim is, as its outcomes and its ledger tell.

    Attributes:
        rung: name of the search rung that is open; empty where the search is over.
        due: of its candidates, the first whose trials may still be run; those before it are closed.
        tried: (rung, arm) to its candidates, in the order of their numbers.
        winners: arm to what goes on from the last search rung that is closed.
        pruned: arm to why it was screened out at a search rung.
    """

    rung: str
    due: int = 0
    tried: Mapping[tuple[str, str], tuple[Candidate, ...]] = field(default_factory=dict)
    winners: Mapping[str, Candidate] = field(default_factory=dict)
    pruned: Mapping[str, Any] = field(default_factory=dict)


def flat_space(value: Any) -> Any:
    """A space as a flat table: dotted setting to ``{kind: [...]}``; all that is wrong with it at once.

    Raises:
        ValueError: names every setting whose entry is no range and no choice.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"expected a table of settings, {EXAMPLE}; found {as_written(value)}")
    found: dict[str, dict[str, list[Any]]] = {}
    faults = list(_gather(value, "", found))
    if faults:
        raise ValueError("; ".join(faults))
    return found


Space = Annotated[dict[str, dict[str, list[Any]]], BeforeValidator(flat_space)]
"""Dotted setting to its range or choices, as a claim file writes it, nested or not."""


def _gather(table: Mapping[str, Any], prefix: str, found: dict[str, dict[str, list[Any]]]) -> Iterable[str]:
    for key, value in table.items():
        name = f"{prefix}{key}"
        if not isinstance(value, Mapping) or not value:
            yield f"'{name}' is neither a range nor a choice, {EXAMPLE}; found {as_written(value)}"
        elif any(kind in value for kind in KINDS) and any(isinstance(value.get(k), list | tuple) for k in KINDS):
            fault = _domain_fault(value)
            if fault:
                yield f"'{name}': {fault}"
            else:
                ((kind, ends),) = value.items()
                found[name] = {kind: list(ends)}
        elif all(isinstance(inner, Mapping) for inner in value.values()):
            yield from _gather(value, f"{name}.", found)
        else:
            yield f"'{name}': one of {', '.join(KINDS)} with a list in brackets, {EXAMPLE}; found {as_written(value)}"


def _domain_fault(domain: Mapping[str, Any]) -> str:  # noqa: PLR0911  one line a fault
    if len(domain) != 1:
        return f"give one of {', '.join(KINDS)}; found {', '.join(map(str, domain))}"
    ((kind, ends),) = domain.items()
    if kind == "choice":
        return "" if len(ends) > 1 else "`choice` needs at least two values; write a single one under settings"
    if len(ends) != 2 or any(isinstance(end, bool) or not isinstance(end, int | float) for end in ends):
        return f"`{kind}` needs its two ends, [lowest, highest]; found {as_written(ends)}"
    low, high = ends
    if not (math.isfinite(low) and math.isfinite(high)) or low >= high:
        return f"the lowest end {low} is not below the highest {high}"
    if kind.startswith("log") and low <= 0:
        return f"`{kind}` needs a lowest end above 0; found {low}"
    if kind.endswith("int") and not (low == int(low) and high == int(high)):
        return f"`{kind}` needs whole numbers; found {as_written(ends)}"
    return ""


def ends_of(domain: Domain) -> list[Any]:
    """Values that show what a domain holds: its choices, or its ends and what lies between them."""
    ((kind, ends),) = domain.items()
    if kind in ("choice", "int", "log_int"):
        return list(ends)
    low, high = map(float, ends)
    middle = math.sqrt(low * high) if kind == "log" else (low + high) / 2
    return [*ends, low + (middle - low) * 0.987]  # no whole number: what an integer setting refuses


def with_ends(domain: Domain, values: list[Any]) -> dict[str, list[Any]]:
    """The domain with its ends, or its choices, as the recipe reads them."""
    ((kind, ends),) = domain.items()
    return {kind: values[: len(ends)]}


def generations(tries: int, sampler: str, batch: int | None) -> list[tuple[int, int]]:
    """First number and count of the candidates that are proposed together.

    All of a generation have ended before the next one is proposed, so that what is proposed depends on outcomes alone
    and not on how many trials run at a time. A sampler that looks at no outcome proposes everything at once.
    """
    size = batch or (math.ceil(tries / 4) if sampler == "tpe" else tries)
    return [(first, min(size, tries - first)) for first in range(0, tries, size)]


def fits(space: Mapping[str, Domain], written: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    """Whether flat settings are those that are written for an arm, but for what its search varies and within that."""
    return own.keys() == written.keys() and all(
        _within(space[key], own[key]) if key in space else own[key] == written[key] for key in own
    )


def _within(domain: Domain, value: Any) -> bool:
    ((kind, ends),) = domain.items()
    if kind == "choice":
        return value in ends
    return isinstance(value, int | float) and ends[0] <= value <= ends[1]

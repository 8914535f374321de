"""Whether outcomes were made by the same code from the same data: others are never joined in one contrast. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evenhand.decisions.pair_faults import MadeFromOther, MadeOtherwise, PairFault, Who
from evenhand.recipes.outcome import ASSET, Outcome


@dataclass(frozen=True)
class Made:
    """An outcome with the arm and the seed that it stands for; a deterministic one stands for every seed (None)."""

    arm: str
    seed: int | None
    outcome: Outcome


def disagreement(made: Sequence[Made]) -> PairFault | None:
    """Why some outcomes may not be joined, or None.

    What they have in common of code and data must be the same in all; what one of them does not know says nothing.
    """
    code = [(one, one.outcome.code) for one in made]
    data = [(one, one.outcome.data) for one in made]
    for fault, tables in ((MadeOtherwise, code), (MadeFromOther, data)):
        for key, groups in _several(tables).items():
            if not key.startswith(ASSET):
                return fault(key, tuple(_who(found) for found in groups.values()))
    return None


@dataclass(frozen=True)
class OtherPackages:
    """An installed package was not of one version for all trials: version to the arms that had it, with their seeds."""

    package: str
    versions: Mapping[str, tuple[Who, ...]]


def other_packages(made: Sequence[Made]) -> list[OtherPackages]:
    """Installed packages whose version differs among some outcomes."""
    several = _several([(one, one.outcome.packages) for one in made])
    return [
        OtherPackages(key, {version: _who(found) for version, found in groups.items()})
        for key, groups in several.items()
    ]


def _several(tables: Iterable[tuple[Made, Mapping[str, str]]]) -> dict[str, dict[str, list[Made]]]:
    """Keys that have several values, each value with the outcomes that carry it."""
    first: dict[str, str] = {}
    differing: set[str] = set()
    kept = list(tables)
    seen: list[Mapping[str, str]] = []
    for _, table in kept:
        if any(table == other for other in seen[-4:]):
            continue
        seen.append(table)
        differing.update(key for key, value in table.items() if first.setdefault(key, value) != value)
    found: dict[str, dict[str, list[Made]]] = {}
    for key in sorted(differing):
        groups = found.setdefault(key, {})
        for one, table in kept:
            if key in table:
                groups.setdefault(table[key], []).append(one)
    return found


def _who(made: Sequence[Made]) -> tuple[Who, ...]:
    """Arms with their seeds."""
    seeds: dict[str, dict[int, None]] = {}
    for one in made:
        seeds.setdefault(one.arm, {}).update({} if one.seed is None else {one.seed: None})
    return tuple((arm, tuple(own)) for arm, own in seeds.items())

"""``looks`` of a rung: when it may be judged. A list of numbers of seeds, ``"anytime"``, or a table of rules.

``looks = [4, 8]``; ``looks = "anytime"``; ``looks = { at = [0.4, 0.7, 1.0], spending = "pocock", futility = 0.9 }``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from evenhand.claims.values import MOST_SEEDS, Number, words

ANYTIME = "anytime"
_KEYS = "at, spending, futility, drop"
_FORMS = 'numbers of seeds, as in [4, 8], "anytime", or a table, as in { at = [4, 8], spending = "pocock" }'


class LookRules(BaseModel):
    """When the last rung may be judged, where it is more than a list of numbers of seeds.

    ``futility`` ends the rung at a look where the one-sided upper bound of the gain lies below the margin; with
    ``drop`` a variant of several to which that happens gets no further seeds, while the others go on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    at: Literal["anytime"] | tuple[Number, ...] = Field(
        description='numbers of seeds, or shares of them up to 1, the last of which is all; or "anytime"'
    )
    spending: Literal["obrien-fleming", "pocock", "hwang-shih-decani"] | None = Field(
        default=None, description="how the error rate is spent over the looks; without it all have the same level"
    )
    futility: Number | None = Field(
        default=None, gt=0.5, lt=1,
        description="a look ends the rung where the one-sided upper bound at this confidence lies below the margin",
    )  # fmt: skip
    drop: StrictBool | None = Field(
        default=None, description="a variant that `futility` gives up gets no further seeds while the others go on"
    )

    @property
    def anytime(self) -> bool:
        """Whether it may be looked at after every seed."""
        return self.at == ANYTIME

    def counts(self, seeds: int) -> tuple[int, ...]:
        """Numbers of seeds at the looks; shares are rounded to whole seeds."""
        if isinstance(self.at, str):
            return ()
        shares = all(0 < value <= 1 for value in self.at)
        if shares:
            return tuple(dict.fromkeys(max(2, round(value * seeds)) for value in self.at))
        return tuple(int(value) for value in self.at)

    def as_written(self) -> Any:
        """What identifies the claim: the shortest form that says the same."""
        table = self.model_dump(mode="json", exclude_none=True, exclude=set() if self.drop else {"drop"})
        return ANYTIME if table == {"at": ANYTIME} else table


def with_look_rules(rung: Mapping[str, Any]) -> dict[str, Any]:
    """A rung as its model takes it: ``looks`` as numbers of seeds, and the rules where they are more than that.

    Raises:
        ValueError: what stands there cannot be used; says what can.
    """
    given, rest = rung.get("looks"), {k: v for k, v in rung.items() if k != "looks"}
    if given is None or isinstance(given, list | tuple):
        return dict(rung)
    if isinstance(given, str) and given != ANYTIME:
        raise ValueError(f"`looks`: expected {_FORMS}; found '{given[:40]}'")
    if not isinstance(given, str | Mapping):
        raise ValueError(f"`looks`: expected {_FORMS}; found {str(given)[:40]}")
    rules = _parsed({"at": given} if isinstance(given, str) else given)
    found = _seeds_in(rung.get("seeds"))
    if rules.anytime or found is None:
        return {**rest, "look_rules": rules}
    counts = rules.counts(found)
    if not rules.spending and rules.futility is None:
        return {**rest, "looks": counts}
    return {**rest, "looks": counts, "look_rules": rules}


def _parsed(table: Mapping[str, Any]) -> LookRules:
    try:
        rules = LookRules.model_validate(dict(table))
    except ValidationError as error:
        first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        key = str(first["loc"][0]) if first["loc"] else ""
        if first["type"] == "extra_forbidden":
            raise ValueError(f"`looks` has no key '{key}'; it has: {_KEYS}") from error
        if key == "at":
            raise ValueError('`looks`: `at` wants numbers of seeds, shares of them up to 1, or "anytime"') from error
        raise ValueError(f"`looks`: `{key}`: {words(first)}") from error
    if rules.drop and rules.futility is None:
        raise ValueError("`looks`: `drop` drops what `futility` gives up; give that too, as in futility = 0.9")
    if isinstance(rules.at, str):
        if rules.spending:
            raise ValueError('`looks`: at = "anytime" spends nothing over looks; remove `spending`')
        return rules
    values = rules.at
    shares = all(0 < value <= 1 for value in values)
    if not values or not (shares or all(float(value).is_integer() and value >= 2 for value in values)):
        raise ValueError("`looks`: `at` wants whole numbers of seeds from 2 on, or shares above 0 and up to 1")
    if len(values) > 10:
        raise ValueError(f'`looks`: `at` has {len(values)} looks; 10 are the most, or write looks = "anytime"')
    return rules


def _seeds_in(seeds: Any) -> int | None:
    """How many seeds a rung has, as far as that can be read; anything else is told where seeds are checked."""
    value = seeds.get("count") if isinstance(seeds, Mapping) else seeds
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 < value <= MOST_SEEDS else None
    return len(value) if isinstance(value, list | tuple) else None


def look_faults(rungs: Sequence[Mapping[str, Any]], scope: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """Looks that a claim cannot have, with the place of their key."""
    faults: list[tuple[tuple[str | int, ...], str]] = []
    for i, rung in enumerate(rungs):
        looks = rung.get("looks")
        anytime = looks == ANYTIME or (isinstance(looks, Mapping) and looks.get("at") == ANYTIME)
        if i < len(rungs) - 1 and (anytime or isinstance(looks, Mapping)):
            faults.append(
                (("rung", i, "looks"), "a screening rung is judged once, at its end; only the last rung has such looks")
            )
        elif anytime and scope in (None, "recipe") and (few := _too_few(rung.get("items"))):
            faults.append((("rung", i, "items"), few))
        elif anytime and scope == "checkpoint":
            faults.append(
                (
                    ("rung", i, "looks"),
                    'scope = "checkpoint" draws no seeds to look at; leave `looks` out, or claim another scope',
                )
            )
    return faults


def _too_few(items: Any) -> str:
    """Why looks at any time could never tell of new items by so many, or empty."""
    from evenhand.statistics.anytime_items import FEWEST_ITEMS

    if not isinstance(items, int) or isinstance(items, bool) or not 0 < items < FEWEST_ITEMS:
        return ""
    return (
        f"looks at any time can tell of new items from {FEWEST_ITEMS} on; found {items}: give more, or claim these "
        'very ones with scope = "seeds"'
    )

"""Results over seeds in JSON that stand apart from their mean: in objects by seed, in records, in a summary beside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from evenhand.audit.reading.listed import REPEATS, RESULTS, of_parts, only_one
from evenhand.audit.reading.places import Steps, places_of
from evenhand.audit.text.log import Line, Listing
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import ENDS

_SEED_KEY = Pattern(r"(?:seed|run|s|rep|trial)?[_\s#-]?\d{1,6}", re.IGNORECASE)
_SEED_FIELD = Pattern(r"^(?:random_?)?(?:seed|run|replicate|trial)(?:_?(?:id|no|number))?$", re.IGNORECASE)
_MEAN = Pattern(r"(?:^|[_.\- ])(?:mean|avg|average|mittel(?:wert)?|moyenne|media|promedio)(?:$|[_.\- ])", re.IGNORECASE)
_SPREAD = Pattern(r"(?:^|[_.\- ])(?:std|sd|stdev|std_?dev|streuung|stabw|ecart_type|desv)(?:$|[_.\- ])", re.IGNORECASE)
_SUMMARY = Pattern(
    r"summary|stats|statistics|aggregat\w*|overall|total|agg|result|mean_std|zusammenfassung", re.IGNORECASE
)
_COURSE = Pattern(
    r"curve|history|epoch|steps?$|train|trace|layer|token|time|lr|grid|sweep|bins?|weights|axis|thresholds?|budget|"
    r"confusion|config|class|item|task|dataset|sizes?|param|ids?$|(?:^|_)seeds$",
    re.IGNORECASE,
)
_VALUES = Pattern(r"^(?:values|scores|results|runs|raw|all|per_?seed|by_?seed|seeds|list|each|single)$", re.IGNORECASE)
_DIFFERENCE = Pattern(r"delta|diff|gain|improvement|(?:^|_)d_", re.IGNORECASE)
_MOST = 64
_DEEPEST = 12


class _Printed(str):
    """A number of a JSON text as it is printed."""

    __slots__ = ()


_Found = tuple[str, tuple[Number, ...], Steps]


def nested(text: str, lines: Mapping[int, Line], first: int = 1) -> tuple[Listing, ...]:
    """The lists of results of a JSON text with a mean or a spread in their object or in a summary beside them."""
    if not re.search(r'"[^"]*(?:mean|avg|average|std|sd|mittel|streuung|moyenne|media)[^"]*"\s*:', text, re.IGNORECASE):
        return ()
    try:
        document = json.loads(text, parse_float=_Printed, parse_int=_Printed, parse_constant=str)
    except (ValueError, RecursionError):
        return ()
    places = places_of(text) if "\n" in text else {}
    made = []
    for one in _walk(document, ()):
        listing = _placed(one, places, first)
        if all(at in lines for at in (listing.line, listing.mean_line, listing.sd_line)):
            made.append(listing)
    return tuple(made)


_Made = tuple[_Found, tuple[Number, Steps] | None, tuple[Number, Steps] | None]


def _placed(made: _Made, places: Mapping[Steps, int], first: int) -> Listing:
    (label, values, way), mean, sd = made

    def line(steps: Steps) -> int:
        return places.get(steps, 1) + first - 1

    return Listing(
        label, values, mean[0] if mean else None, sd[0] if sd else None, line(way), line(mean[1] if mean else way),
        line(sd[1] if sd else mean[1] if mean else way), _DIFFERENCE.search(label) is not None,
    )  # fmt: skip


def _walk(node: Any, way: Steps) -> Iterator[_Made]:
    if len(way) > _DEEPEST:
        return
    if isinstance(node, dict):
        yield from _of_object(node, way)
        for name, child in node.items():
            yield from _walk(child, (*way, name))
    elif isinstance(node, list):
        for at, child in enumerate(node[:2000]):
            if isinstance(child, dict | list):
                yield from _walk(child, (*way, at))


def _number(value: Any) -> Number | None:
    if not isinstance(value, _Printed):
        return None
    found = numbers(str(value))
    return found[0] if len(found) == 1 and not found[0].unit and found[0].end == len(value) else None


def _of_object(node: dict[str, Any], way: Steps) -> Iterator[_Made]:
    """Each list of an object with the mean and the spread that are named after it, or are the only ones."""
    beside = {name: number.value for name, child in node.items() if (number := _number(child)) is not None}
    lists = [one for name, child in node.items() for one in _lists(name, child, way)]
    lists = [one for one in lists if not of_parts(one[0], len(one[1]), beside)]
    if not lists or len(lists) > 40:
        return
    told: list[tuple[str, Number, Steps]] = []
    for name, child in node.items():
        if (number := _number(child)) is not None:
            told.append((name, number, (*way, name)))
        elif isinstance(child, dict) and (_SUMMARY.search(name) or _MEAN.search(name) or _SPREAD.search(name)):
            told += _told(name, child, (*way, name))
    for one in lists:
        mean, sd = (
            _beside(one[0], told, pattern, alone=only_one(one[0], [o[0] for o in lists]))
            for pattern in (_MEAN, _SPREAD)
        )
        if mean is not None or sd is not None:
            yield one, mean, sd


def _told(name: str, child: dict[str, Any], way: Steps) -> Iterator[tuple[str, Number, Steps]]:
    """The numbers of a summary: ``{"mean": 0.7}``, ``{"acc_mean": 0.7}``, ``{"acc": {"mean": 0.7}}``."""
    for inner, entry in child.items():
        value = _number(entry)
        if value is not None:
            named = _MEAN.search(inner) or _SPREAD.search(inner)
            yield (inner if named else f"{name}_{inner}"), value, (*way, inner)
        elif isinstance(entry, dict):
            for last, end in entry.items():
                if (number := _number(end)) is not None:
                    yield f"{inner}_{last}", number, (*way, inner, last)


def _lists(name: str, child: Any, way: Steps) -> Iterator[_Found]:
    """Lists of results under a name: a list, an object by seed, the columns of records with a seed."""
    if (_COURSE.search(name) or ENDS.search(name.replace("_", " "))) and not _VALUES.match(name):
        return
    read: list[tuple[str, list[Any]]] = []
    if isinstance(child, list) and child and all(isinstance(one, dict) for one in child[: _MOST + 1]):
        if len(child) <= _MOST and any(_SEED_FIELD.match(key) for key in child[0]):
            seeds = [next((str(one[key]) for key in one if _SEED_FIELD.match(key)), "") for one in child]
            if len(set(seeds)) == len(seeds):
                keys = [key for key in child[0] if not _SEED_FIELD.match(key) and not _COURSE.search(key)]
                read = [(key, [one.get(key) for one in child]) for key in keys]
    elif isinstance(child, list):
        read = [(name, child)] if len(child) > 2 or REPEATS.search(" ".join(map(str, (*way[-1:], name)))) else []
    elif isinstance(child, dict) and len(child) >= 2 and all(_SEED_KEY.fullmatch(key) for key in child):
        inner = list(child.values())
        if all(isinstance(one, dict) for one in inner):
            read = [(key, [one.get(key) for one in inner]) for key in inner[0] if not _COURSE.search(key)]
        else:
            read = [(name, inner)]
    for label, values in read:
        found = [_number(one) for one in values[: _MOST + 1]]
        told = tuple(one for one in found if one is not None)
        if len(told) == len(found) and 2 <= len(told) <= _MOST and any(one.decimals for one in told):
            yield label, told, (*way, name)


def _beside(
    label: str, told: list[tuple[str, Number, Steps]], pattern: Pattern, *, alone: bool
) -> tuple[Number, Steps] | None:
    fits, bare = [], []
    for name, number, way in told:
        if not pattern.search(name):
            continue
        rest = _stem(_SUMMARY.sub("", pattern.sub("_", name)))
        if rest and rest == _stem(label):
            fits.append((number, way))
        elif not rest or _VALUES.match(label):
            bare.append((number, way))
    if fits:
        return fits[0] if len(fits) == 1 else None
    results = _VALUES.match(label) is not None or RESULTS.search(label) is not None
    return bare[0] if alone and results and len(bare) == 1 else None


def _stem(name: str) -> str:
    name = re.sub(r"^(?:per|by|all|over)[\W_]?(?:seeds?|runs?|folds?)?[\W_]+", "", name.lower())
    name = re.sub(
        r"[\W_]*(?:per[\W_]?seed|by[\W_]?seed|over[\W_]?seeds|seeds?|runs?|folds?|list|values|scores|results|all|"
        r"raw)$",
        "",
        name,
    )
    return re.sub(r"[\W_]+", "", re.sub(r"(?<=[a-rt-z0-9])s$|(?<=s)es$", "", name))

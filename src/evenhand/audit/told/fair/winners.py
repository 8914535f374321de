"""The winner of many, told in plain sentences: how many were tried, what the best one had, and this number again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from evenhand.audit.text.log import Line, Log, per_log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.choices import DEV, FRESH, GIVEN_OUT, PICKED, REPORTED
from evenhand.audit.text.vocabulary.numerals import any_number, number_of
from evenhand.audit.told.concluded.picked_data import Picked
from evenhand.audit.told.concluded.picked_sure import told_on_test
from evenhand.audit.told.concluded.statements import Statement
from evenhand.audit.told.fair.scenes import LOSSES, OPEN, after, said, scenes, values

_TRIED = Pattern(
    rf"(?<![\w.,-])(?P<n>\d{{1,3}}|{any_number(4)})[ -](?:different )?(?:[^\W\d][\w'-]* ){{0,2}}?(?:prompts?|"
    rf"instructions?|templates?|variants?|config\w*|settings?|losses|loss functions?|recipes?|weights|decoders?|"
    rf"candidates?|options?|trials?|combinations?|schedules?|augmentations?|optimi[sz]ers?|strategies|heuristics|"
    rf"temperatures?|wordings?|thresholds?|ideas|mixes|mixtures|merges|ratios|(?:learning )?rates|lrs|values|"
    rf"ablations|restarts|ways|"
    rf"tricks|seeds|runs)(?![\w-])|\b(?:layer|config|variant|prompt|template|setting|"
    rf"candidate) \d+ of (?P<m>\d{{1,3}})",
    re.IGNORECASE,
)
_SEARCH = Pattern(
    r"\b(?:tried|tries|trained|tested|compared|screened|screening|scored|searched|swept|sweep|search|ran|run|were run|"
    r"generated|evaluated|"
    r"selected|picked|chose|trials|took|best of|out of|of|from|among|tried:)\b|^\W*\d+ \w+ ?[,:;x×]",
    re.IGNORECASE,
)
_REPORT = Pattern(
    r"^\W*(?:final|result|conclusion|confirmed|hence|so|therefore)\b|\bfinal (?:model|score|table|accuracy|f1)\b|"
    r"\b(?:therefore|hence|so|thus|conclusion)\b[:,]? |\b(?:reported|confirmed|ship|adopt\w*)\b",
    re.IGNORECASE,
)
_SAME = Pattern(
    r"\b(?:on|with|for|over) (?:the |these |those |this |our )?(?:very )?(?:same|these|those) (?:\d+ |"
    r"\w+ ){0,2}?(?:seeds?|items|questions|"
    r"queries|prompts|problems|examples|tasks|images|sentences|documents|tickets|cases|set|data|runs)\b|"
    r"\bthe same \d+\b",
    re.IGNORECASE,
)
_GAINED = Pattern(
    r"\b(?:gains?|gained|brings?|brought|gives?|gave|adds?|added|improv\w+|better|more|higher|lifts?|worth|"
    r"wins?|helps?|"
    r"reduc\w+|lower\w*|cuts?)\b|\+\d",
    re.IGNORECASE,
)
_DATA = Pattern(
    r"\bseeds? ?[=:]? ?\(?(?P<seeds>\d+(?:(?:, ?(?:and )?| and |[-–]| to )\d+)*)|"
    r"(?<![\d.])(?P<n>\d+)(?= (?:\w+ )?(?:seeds|questions?|items|queries|"
    r"problems|prompts|examples|tasks|images|sentences|documents|tickets|cases)\b)|"
    r"(?P<set>\b(?:[A-Z][A-Za-z]*\d*[A-Z]*-\d+|\w+ set)\b)|\b(?P<split>(?i:dev|validation|val|test))\b",
)
_AGAINST = Pattern(
    r"\b(?:vs\.?|versus|against|compared|baselines?|default|than|over|without|parent|base)\b", re.IGNORECASE
)
_NOT_BEST = Pattern(
    r"\b(?:median|mean|avg|average|worst|default|baseline|second|next|runner-up)\b[^\d.;]{0,16}$", re.IGNORECASE
)
_BEST_RUN = Pattern(
    rf"\b(?:best|highest|top|max(?:imum)?)\b(?: \w+)? of (?:the |our |all )?(?P<n>\d{{1,3}}|"
    rf"{any_number(4)}) (?:seeds|runs|repeats)\b",
    re.IGNORECASE,
    needs="seeds|runs|repeats",
)
_EVERY = Pattern(r"\b(?:both|each|all|same|likewise|as well|too|mean|median|average)\b", re.IGNORECASE)
_LOWER = Pattern(rf"\b(?:{LOSSES}|lower|lowest|smallest|minimi[sz]\w+|min)\b", re.IGNORECASE)
_FEWEST = 4


@per_log
def won_again(log: Log) -> tuple[Picked, ...]:
    """``Of 16 learning rates, 3e-4 gave the highest accuracy (73.4 %). Final result: 73.4 %, baseline 72.0 %``."""
    return tuple(_won_again(log))


def _won_again(log: Log) -> Iterator[Picked]:
    for one, before in scenes(log):
        once = _at_once(one)
        if once is not None and not any(_taken_back(other) for other in (one, *after(log, one))):
            yield once
            continue
        scene = [*before, one]
        start = next((at for at, other in enumerate(scene) if _tried(other)), None)
        if start is None:
            continue
        scene = scene[start:]
        every = [*scene, *after(log, one)]
        if any(_taken_back(other) for other in every):
            continue
        found = next((f for best in scene if (f := _again(best, one, scene) or _gained(best, one, scene))), None)
        if found is not None:
            test = told_on_test(" ".join(other.labelled for other in scene))
            yield Picked(f"{found[0].value:g}", found[1], scene[0].line.number, _tried(scene[0]), test, sure=True)


def _taken_back(one: Statement) -> bool:
    """Whether other data or seeds are told, or the choice is owned up to."""
    return FRESH.search(re.sub(r"(?i)confirmed", "", one.text)) is not None or OPEN.search(one.text) is not None


@lru_cache(maxsize=4096)
def _tried(one: Statement) -> int:
    """How many settings a statement says were tried."""
    if _SEARCH.search(one.labelled) is None:
        return 0
    told = (number_of(found["n"] or found["m"]) for found in _TRIED.finditer(one.text))
    return next((count for count in told if count >= _FEWEST), 0)


def _ends(told: Sequence[Number], text: str) -> set[float]:
    """What may be the best of some numbers: the largest, or the smallest where a text speaks of such a metric."""
    every = [n.value for n in told]
    return {max(every), min(every) if _LOWER.search(text) else max(every)} if every else set()


def _best_of(one: Statement) -> list[Number]:
    """The numbers of a statement that are told to be those of the best."""
    if PICKED.search(one.text) is None:
        return []
    told = [n for n in values(one) if n.signed] or values(one)
    told = [n for n in told if n.decimals == max(other.decimals for other in told)]  # a setting has fewer digits
    ends = _ends(told, one.text)
    told = [n for n in told if _NOT_BEST.search(one.text[: n.start]) is None]
    return [n for n in told if n.value in ends and PICKED.search(one.text[max(0, n.start - 90) : n.end + 50])]


def _best_of_list(one: Statement, scene: Sequence[Statement]) -> list[Number]:
    """The number of a point that is the best of a list, where a statement behind it says which one won."""
    points = [told[0] for other in scene if len(told := values(other)) == 1]
    own, behind = values(one), " ".join(other.text for other in scene[scene.index(one) + 1 :])
    best = len(own) == 1 and len(points) > _FEWEST and own[0].value in _ends(points, " ".join(s.text for s in scene))
    return own if best and PICKED.search(behind) is not None else []


def _listed(one: Statement, behind: Statement) -> list[Number]:
    """The best of several numbers that a statement lists, where the one behind it speaks of the best."""
    told = [n for n in values(one) if n.signed] or values(one)
    if len(told) < 3 or PICKED.search(behind.text) is None:
        return []
    return [n for n in told if n.value in _ends(told, f"{one.text} {behind.text}")]


def _at_once(one: Statement) -> Picked | None:
    """``the best of 10 seeds (92.1 %), the baseline 91.5 %``, in one statement."""
    found = _BEST_RUN.search(one.text)
    if found is None or _EVERY.search(one.text) or DEV.search(one.text):
        return None
    told = [n for n in values(one) if n.start > found.start()]
    count = number_of(found["n"])
    if not told or count < _FEWEST or not (REPORTED.search(one.text) or (_AGAINST.search(one.text) and len(told) == 2)):
        return None
    return Picked(f"{told[0].value:g}", one.line_of(told[0]), one.line.number, count, test=False, sure=True)


def _again(best: Statement, one: Statement, scene: Sequence[Statement]) -> tuple[Number, Line] | None:
    """The number of the best where a later statement gives it out again."""
    if best is one or not _data([one]) <= _data(scene[: scene.index(best) + 1]) or DEV.search(one.text):
        return None
    if len(one.results) > 2:
        return None
    same = next(
        (
            same
            for value in _best_of(best) or _best_of_list(best, scene) or _listed(best, one)
            if (same := said(value, one)) is not None
        ),
        None,
    )
    return (same, one.line_of(same)) if same is not None and _reports(one) else None


def _gained(best: Statement, one: Statement, scene: Sequence[Statement]) -> tuple[Number, Line] | None:
    """The number of the best where a statement tells what it gains over another result on the same data."""
    if _GAINED.search(one.text) is None:
        return None
    at = scene.index(best)
    chosen_on = _data(scene[: max(at, 1)])
    if at > 1 and not _data([best]) <= chosen_on:
        return None
    chosen_on |= _data([best])
    for other in scene[at:]:
        named = _data([other])
        beside = not named and bool(chosen_on) and other.place == best.place + 1
        if other is not best and _SAME.search(other.text) is None and not (chosen_on >= named > set() or beside):
            continue
        for value in _best_of(best):
            rivals = [n for n in other.results if n.value != value.value and n.decimals == value.decimals]
            for delta in one.numbers if len(rivals) == 1 else ():
                alike = abs(abs(rivals[0].value - value.value) - abs(delta.value)) < 1e-9
                if alike and delta is not rivals[0] and delta.decimals <= value.decimals:
                    return value, one.line_of(delta)
    return None


def _reports(one: Statement) -> bool:
    """Whether a statement gives its number out: as the result, or against that of something else."""
    if any(pattern.search(one.labelled) for pattern in (REPORTED, GIVEN_OUT, _REPORT)):
        return True
    return _AGAINST.search(one.text) is not None and len(values(one)) >= 2


def _data(told: Sequence[Statement]) -> frozenset[str]:
    """The seeds and sets of items that statements name, as they name them."""
    return frozenset().union(*map(_data_of, told))


@lru_cache(maxsize=4096)
def _data_of(one: Statement) -> frozenset[str]:
    return frozenset(
        next(filter(None, found.groups())).lower().removesuffix(" set") for found in _DATA.finditer(one.text)
    )

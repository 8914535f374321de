"""Seeds as rows: arms that stand side by side in columns, and one arm alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from evenhand.audit.text.log import Table
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import DIFFERENCE
from evenhand.audit.text.words import METRIC_WORD
from evenhand.audit.told.arms.by_seed import A_SEED, SEED, Paired
from evenhand.audit.told.arms.records import NO_RESULT
from evenhand.audit.told.arms.seeded import FEWEST_SEEDS, SUMMARY, Apart, alike, are_arms, is_score, less, plain

_OPPOSITE = Pattern(
    r"(?:un(?!seen|super|label|weight|answer|known|cond|pair|balanc|observ|bias)|non-?|no-|without-|w/o-)(?P<of>\w+)",
    re.IGNORECASE,
)
"""What another arm is the opposite of, as the names of splits, of losses and of items are, too."""

_BASE = Pattern(r"baseline|vanilla", re.IGNORECASE)
_BOTH = 2
_SIZE = Pattern(r"-[A-Z]$")
"""The size of a model at the end of its name: no seconds."""

_MORE = Pattern(r"\s*(?:\+|&|w/o?|with(?:out)?|and|plus)\s*[\w(]", re.IGNORECASE)
"""What follows a name where an arm is another one with something more, or less."""

_ARMS = Pattern(
    r"\b(?:arms|methods|models|variants|systems|optimi[sz]ers|vs\.?|versus|against|compar\w+)", re.IGNORECASE
)
_SETS = Pattern(
    r"\b(?:tasks?|data ?sets?|benchmarks?|languages?|splits?|domains?|environments?|metrics?|classes|"
    r"subsets?|stages?)\b",
    re.IGNORECASE,
)
_SPLIT = Pattern(r"(?<![a-z])(?:train\w*|val|valid\w*|dev|test|eval|held-?out|ood|iid)(?![a-z])", re.IGNORECASE)
_REMARK = Pattern(r" \((?:the )?(?:original|reported|published|existing|default|main|first)(?: \w+)?\)", re.IGNORECASE)
"""What may be said of one seed among others."""

_BESIDE = Pattern(
    r"(?:best |peak |final |ran |last |selected |converged )*epochs?(?: .*)?|(?:best|peak|final|last) step|"
    r"steps(?: .*)?|status|notes?|remarks?|checkpoint.*|date|time.*|(?:wall|run|train\w*).?(?:time|clock).*|job ?id|"
    r"run(?: ?id)?|file|path|commit|artifact.*|size.*|(?:code )?bytes.*|m?s ?(?:/|per) ?steps?|step avg|verdict|result|"
    r"decision|support|.*(?:\bs|\bsec|\bms|\bmb|\bgb|hours|minutes|memory|time)\W*",
    re.IGNORECASE,
)
"""What may differ between the seeds of one arm."""


def beside_in(table: Table) -> Iterator[Apart]:
    """Two columns of which a third is the difference in every row, or one is named for what the other changes.

    Two that stand alone beside the seeds are arms where the one name goes on from the other, or the line above the
    table says that arms are compared in a result: they may be two metrics, sets or languages otherwise.
    """
    own = of_seeds(table)
    if own is None:
        return
    whole = {
        place: tuple(one for one in own.columns[place] if one is not None)
        for place in range(1, len(own.header))
        if all(one is not None for one in own.columns[place]) and not NO_RESULT.search(plain(own.header[place]))
    }
    for arm, base in [*_told(own, whole)] or [*_named(own, whole)] or [*_alone(own, whole)]:
        pair = Paired(
            own.header[arm], own.header[base], "value", less(whole[arm], whole[base]), own.rows[0], column=arm
        )
        yield Apart(pair, whole[arm])


def alone_in(table: Table) -> Iterator[tuple[str, tuple[Number, ...]]]:
    """The columns of results of one arm over its seeds, with their values; nothing where a row sums them up.

    Where another column differs between the rows, they may be of several arms.
    """
    own = of_seeds(table)
    if own is None or len(own.rows) != len(table.rows):
        return
    for place, name in enumerate(own.header[1:], start=1):
        varies = len({row.cells[place] for row in own.rows}) > 1
        if varies and not (is_score(name) or _BESIDE.fullmatch(plain(name)) or "train" in name.lower()):
            return
    for name, column in zip(own.header[1:], own.columns[1:], strict=True):
        values = tuple(one for one in column if one is not None)
        if len(values) == len(own.rows) and is_score(name) and alike(values, values):
            yield name, values


def of_seeds(table: Table) -> Table | None:
    """The rows of a table whose first column names seeds, each its own; None where others are no mean of them."""
    if [place for place, name in enumerate(table.header) if SEED.match(plain(name))] != [0]:
        return None
    rows, names = [], set()
    for row in table.rows:
        name = plain(row.cells[0])
        if A_SEED.fullmatch(_REMARK.sub("", name)):
            rows.append(row)
            names.add(name)
        elif not SUMMARY.fullmatch(name):
            return None
    if len(rows) < FEWEST_SEEDS or len(names) != len(rows):
        return None
    return replace(table, rows=tuple(rows))


def _told(table: Table, whole: Mapping[int, tuple[Number, ...]]) -> Iterator[tuple[int, int]]:
    """Columns of which a third is the difference in every row."""
    for place, deltas in whole.items():
        if not DIFFERENCE.search(table.header[place]):
            continue
        found = [
            (one, other)
            for one in whole
            for other in whole
            if len({one, other, place}) == 3
            and all(_is(d, x, y) for d, x, y in zip(deltas, whole[one], whole[other], strict=True))
            and alike(whole[one], whole[other])
        ]
        names = [table.header[at] for pair in found for at in pair]
        splits = {tuple(m[0].lower() for m in _SPLIT.finditer(plain(name))) for name in names}
        costs = any(_BESIDE.fullmatch(plain(name)) for name in names)
        if len(found) == 1 and len(splits) == 1 and not costs:
            yield found[0]


def _alone(table: Table, whole: Mapping[int, tuple[Number, ...]]) -> Iterator[tuple[int, int]]:
    """The only two columns beside the seeds, the second set against the first."""
    names = [plain(name) for name in table.header[1:]]
    costs = any(_BESIDE.fullmatch(_SIZE.sub("", one)) for one in names)
    if len(names) != _BOTH or len(whole) != _BOTH or not are_arms(names) or costs or any(map(is_score, names)):
        return
    first, second = names[0].lower(), names[1].lower()
    if second.startswith(first):
        goes_on = _MORE.match(second[len(first) :]) is not None
    else:
        goes_on = first.startswith(second) and _MORE.match(first[len(second) :]) is not None
    before = table.before.replace("_", " ")
    said = METRIC_WORD.search(before) and _ARMS.search(before) and not _SETS.search(before)
    if (goes_on or said) and alike(whole[1], whole[2]):
        yield (1, 2) if first.startswith(second) else (2, 1)


def _is(delta: Number, one: Number, other: Number) -> bool:
    return abs(one.value - other.value - delta.value) <= 1.01 * (delta.half + one.half + other.half)


def _named(table: Table, whole: Mapping[int, tuple[Number, ...]]) -> Iterator[tuple[int, int]]:
    """Columns named alike but for one word, where what they share is a result, or both words stand with several."""
    found = [
        (one, other, *words)
        for one in whole
        for other in whole
        if one != other
        and len({n.unit for n in (*whole[one], *whole[other])}) == 1
        and (words := _changes(table.header[one], table.header[other])) is not None
    ]
    twice = Counter((mine, theirs) for _, _, mine, theirs, _ in found)
    for one, other, mine, theirs, of in found:
        scored = is_score(of) and alike(whole[one], whole[other])
        if scored or twice[mine, theirs] > 1:
            yield one, other


def _changes(arm: str, base: str) -> tuple[str, str, str] | None:
    """The words in which two names differ and those that they share; None where the second's is no opposite."""
    one, other = plain(arm).lower().split(), plain(base).lower().split()
    mine, theirs = [w for w in one if w not in other], [w for w in other if w not in one]
    shared = " ".join(w for w in one if w in other)
    if len(mine) != 1 or len(theirs) != 1 or not shared or SUMMARY.fullmatch(mine[0]):
        return None
    found = _OPPOSITE.fullmatch(theirs[0])
    is_base = _BASE.fullmatch(theirs[0]) is not None and not _SPLIT.fullmatch(mine[0])
    return (mine[0], theirs[0], shared) if is_base or (found is not None and found["of"] == mine[0]) else None

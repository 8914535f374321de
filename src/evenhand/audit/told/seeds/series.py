"""Results over seeds: the single values, with the mean and the spread that are printed for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from evenhand.audit.text.log import Line, Listing, Log, Row, Table, per_log
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import DIFFERENCE, MEAN, SPREAD, Said, lists_in, said_in
from evenhand.audit.told.seeds.count import seeds_in, seeds_of, signs_of
from evenhand.audit.told.seeds.stated import kind_said

OVER = Pattern(r"\b(?:seeds?|per[- ]seed|runs|trials|repeats|replicates|rollouts)\b", re.IGNORECASE)
"""A list of differences alone may be bounds, settings or epochs: it must be told that it is one over repeats."""

_OTHER = Pattern(
    r"\b(?:mean|means|avg|averages?|best|median|respectively|both|range|min|max|lr|rates?|layers?|epochs?|steps?|"
    r"sizes?|spearman\w*|pearson\w*|kendall\w*|correlations?|rho|slopes?|p[- ]?values?|p|"
    r"ci|intervals?|percentiles?|quantiles?|iqr|bounds?)\b|ρ|τ",
    re.IGNORECASE,
)
_SEED_COLUMN = Pattern(r"^(?:seed|run|trial|s|rep|replicate)[\s_#=-]*\d{1,6}$", re.IGNORECASE)
_SEED_NAME = Pattern(r"^(?:random[\s_]?)?(?:seeds?|run|trial|replicate)(?:[\s_]?(?:id|no\.?|number))?$", re.IGNORECASE)
_LEADS = Pattern(r"[:=]\s*[`\[({*]*$")
"""A list of values follows a colon or a sign of equality: numbers in passing are no list."""

_SUMMARY = Pattern(r"(?:mean|avg|average|std|sd)\b", re.IGNORECASE)
_A_MEAN = Pattern(
    r"(?:(?:\d+|three|five|ten)?[- ]?seeds? |overall )?(?:mean|avg\.?|average|μ)(?: (?:of|over) \d+.*)?"
    r"(?:\s*(?:±|\+/-|\(|\[|,|/).*)?",
    re.IGNORECASE,
)
"""A row that is the mean of the rows above, not a result of their mean, such as that of averaged predictions."""

_LEVEL = Pattern(r"\s*%?\s*(?:CI\b|confidence|interval|percentile|quantile)", re.IGNORECASE)
"""What makes a number the level of an interval: ``Mean ± 95% CI``."""

_AGAINST = Pattern(r"[\s)\]]*(?:vs\.?|versus|against|compared)\b", re.IGNORECASE)
"""What follows a list of one arm's values, which are then no differences."""

_SAYS = Pattern(r"[A-Za-z]{3,}|[≥≤<>]|\\[a-z]+")
"""A cell that says something is no mean: ``gate threshold ≥ 80 %``."""

_NEAR = 6
_LABEL = 40
"""Letters between the word mean and the number that is one."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """Values over seeds, and what is printed of them.

    Attributes:
        label: what they are values of.
        values: one per seed; empty where only mean and spread are given.
        mean: as printed; None where it is not.
        sd: as printed.
        count: of seeds.
        line: where the values stand, or the mean where they do not.
        mean_line: where the mean stands.
        differences: whether they are differences between two arms.
        section: as for lines.
        sd_line: where the spread stands, if not with the mean.
        stated: which spread the text says it is, ``sample`` or ``population``.
        sure: its place alone shows that the mean is of these values, so that one far away from them is wrong, too.
        read: a sentence says of which values the mean is, not only where it stands.
        whole: the text shows that these are all the values: counted, named one by one, or held by the rows beside.
        closed: values, mean and spread stand together, and no words between say that they are of anything else.
    """

    label: str
    values: tuple[Number, ...]
    mean: Number | None
    sd: Number | None
    count: int | None
    line: Line
    mean_line: Line
    differences: bool
    section: int
    sd_line: Line | None = None
    stated: str = ""
    sure: bool = False
    read: bool = False
    whole: bool = False
    closed: bool = False

    @property
    def array(self) -> Floats:
        """The values as numbers."""
        return np.array([one.value for one in self.values])


@per_log
def series_of(log: Log) -> tuple[Series, ...]:
    """All results over seeds of a log, in the order of their lines."""
    found = [*_in_text(log), *_in_data(log), *(one for table in log.tables for one in _in_table(log, table))]
    return tuple(sorted(found, key=lambda one: one.line.number))


def _in_text(log: Log) -> Iterator[Series]:
    taken: set[int] = set()
    for line in log.spoken():
        for listed in lists_in(line):
            label = listed.label
            context = label if OVER.search(label) else f"{next((p.body for p in log.parents(line)), '')} {label}"
            if (
                not OVER.search(context)
                or not _LEADS.search(label)
                or _OTHER.search(label)
                or _AGAINST.match(line.body, listed.numbers[-1].end)
                or all(n.decimals == 0 for n in listed.numbers)
                or mixed(listed.numbers)
                or _of_two_kinds(listed.numbers)
            ):
                continue
            around = _around(log, line)
            mean, sd = _printed(around, MEAN), _printed(around, SPREAD)
            plus = any(n.value > 0 for n in listed.numbers)  # results may be negative, all of them
            signed = plus and all(n.signed or n.value == 0 for n in listed.numbers)
            signed = signed or DIFFERENCE.search(context) is not None
            name = mean.label if mean is not None else label.strip(" :`([")
            if mean is not None:
                taken.add(mean.line.number)
            yield Series(
                name, listed.numbers, _number(mean, listed.numbers), _number(sd, listed.numbers), len(listed.numbers),
                line, mean.line if mean else line, signed, line.section,
            )  # fmt: skip
    yield from _only_means(log, taken)


def _of_two_kinds(values: tuple[Number, ...]) -> bool:
    """Whether a number of something, such as a seed's own, stands among results with decimals."""
    return any(n.decimals for n in values) and any(not n.decimals and not n.unit and abs(n.value) > 1 for n in values)


def mixed(values: tuple[Number, ...]) -> bool:
    """Whether some carry a plus and others nothing: a result with its difference, no list of either."""
    plus = [one.signed for one in values if one.value > 0]
    return any(plus) and not all(plus)


def _in_data(log: Log) -> Iterator[Series]:
    """Lists of results in JSON."""
    for one in log.listings:
        yield Series(
            one.label, one.values, one.mean, one.sd, len(one.values), log.line(one.line), log.line(one.mean_line),
            one.differences, -1, log.line(one.sd_line), _stated(log, one),
        )  # fmt: skip


def _stated(log: Log, one: Listing) -> str:
    """The kind that the names of the fields beside a spread state: ``"ddof": 1``, ``"sd_sample"``."""
    if one.sd is None:
        return ""
    own = [
        leaf
        for leaf in log.leaves
        if leaf.line == one.sd_line and leaf.number is not None and leaf.number.value == one.sd.value
    ]
    way = own[0].path[:-1] if own else None
    beside = [leaf for leaf in log.leaves if way is not None and leaf.path[:-1] == way]
    names = [str(leaf.path[-1]) for leaf in own] + [
        f"{leaf.path[-1]}={leaf.value}" for leaf in beside if "ddof" in str(leaf.path[-1]).lower()
    ]
    said = " ".join(names).replace("_", " ").lower()
    return kind_said(said) or ("deviation" if re.search(r"\b(?:std|sd|stdev)\b", said) else "")


def _number(said: Said | None, values: tuple[Number, ...]) -> Number | None:
    """A printed mean or spread, where it has the unit of the values."""
    return (
        said.number
        if said is not None and said.number.unit.replace("pp", "%") == values[0].unit.replace("pp", "%")
        else None
    )


def _around(log: Log, line: Line) -> list[Line]:
    """The line, and those beside it that belong to the same thing.

    Bullets below nothing belong together only where one begins with the word mean or std: each may be about another.
    """
    if line.kind != "bullet":
        return [line]
    place = log.by_number[line.number]
    near = [one for one in log.lines[max(0, place - _NEAR) : place + _NEAR] if one is not line]
    beside = [one for one in near if (one.parent, one.section, one.kind) == (line.parent, line.section, line.kind)]
    if line.parent is not None and sum(bool(lists_in(one)) for one in beside) == 0:
        above = log.lines[line.parent]
        beside = [*beside, *([above] if above.kind == "bullet" and not lists_in(above) else [])]
    if line.parent is None:
        beside = [one for one in beside if abs(one.number - line.number) <= 2 and _SUMMARY.match(one.body)]
    return [line, *beside]


def _printed(lines: list[Line], pattern: Pattern) -> Said | None:
    """The one number that is labelled so; None where there are several, such as a mean of accuracy and one of loss."""
    for line in lines:
        found = [one for one in said_in(line) if _names(pattern, one) and not _LEVEL.match(line.body, one.number.end)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _names(pattern: Pattern, said: Said) -> bool:
    """Whether a number is labelled so: the word stands in its own clause, at most a few words before it."""
    found = list(pattern.finditer(said.label))
    if not found or (pattern is MEAN and said.number.spread):
        return False
    between = said.label[found[-1].end() :]
    return len(between) <= _LABEL and not re.search(r"[.;|]\s", between)


def _only_means(log: Log, taken: set[int]) -> Iterator[Series]:
    """Mean and spread without the values, where the number of seeds is known."""
    for line in log.spoken():
        if line.number in taken:
            continue
        said = said_in(line)
        for mean, sd in pairwise(said):
            if not MEAN.search(mean.label) or not SPREAD.search(sd.label) or sd.number.value < 0:
                continue
            signs = next((found for one in _around(log, line) if (found := signs_of(one.body))), None)
            seeds = seeds_of(log, line)
            count = signs.count if signs else seeds.count if seeds else None
            signed = mean.number.signed and DIFFERENCE.search(mean.label) is not None
            yield Series(mean.label, (), mean.number, sd.number, count, line, line, signed, line.section)


def _in_table(log: Log, table: Table) -> Iterator[Series]:
    seeds = [place for place, name in enumerate(table.header) if _SEED_COLUMN.match(name)]
    averaged = any(MEAN.search(name) for name in table.header)
    if len(seeds) >= 2 and (averaged or all(table.header[i].lower().startswith("seed") for i in seeds)):
        for row in table.rows:
            yield from _row(log, table, row, seeds)
    if table.header and _SEED_NAME.match(table.header[0]):
        yield from _columns(log, table)


def _row(log: Log, table: Table, row: Row, seeds: list[int]) -> Iterator[Series]:
    values = [one[0] if (one := numbers(row.cells[place])) else None for place in seeds]
    if any(value is None for value in values):
        return
    mean = sd = None
    several = sum(MEAN.search(name) is not None for name in table.header) > 1  # of several things: which is of these?
    for place, name in enumerate(table.header):
        found = numbers(row.cells[place])
        if place in seeds or not found or _SAYS.search(row.cells[place]):
            continue
        if MEAN.search(name) and several:
            continue
        if MEAN.search(name):
            mean = found[0]
            sd = next((one for one in found[1:] if one.spread and SPREAD.search(name)), sd)
        elif SPREAD.search(name):
            sd = found[0]
    line = log.line(row.line)
    signed = DIFFERENCE.search(row.cells[0]) is not None
    yield Series(row.cells[0], tuple(v for v in values if v), mean, sd, len(seeds), line, line, signed, table.section)


def _columns(log: Log, table: Table) -> Iterator[Series]:
    """Seeds as rows, with a row for their mean."""
    means = [row for row in table.rows if _A_MEAN.fullmatch(row.cells[0].strip())]
    spreads = [row for row in table.rows if SPREAD.search(row.cells[0]) and not MEAN.search(row.cells[0])]
    values = [
        row
        for row in table.rows
        if row not in means
        and row not in spreads
        and re.fullmatch(r"(?:seed|fold|run|split|trial)?[\s_#]*\d+", row.cells[0].lower())
    ]
    if len(means) != 1 or len(values) < 2 or len(values) + len(means) + len(spreads) != len(table.rows):
        return
    if seeds_in(means[0].cells[0]) not in (None, len(values)):
        return  # of more seeds than have a row
    for place in range(1, len(table.header)):
        read = [numbers(row.cells[place]) for row in values]
        mean, spread = numbers(means[0].cells[place]), [numbers(row.cells[place]) for row in spreads]
        if not mean or any(len(one) != 1 for one in read):
            continue
        sd = spread[0][0] if len(spread) == 1 and spread[0] else next((n for n in mean if n.spread), None)
        line = log.line(means[0].line)
        signed = DIFFERENCE.search(table.header[place]) is not None
        yield Series(
            table.header[place], tuple(one[0] for one in read), mean[0], sd, len(values), line, line, signed,
            table.section, log.line(spreads[0].line) if len(spread) == 1 and spread[0] else None,
        )  # fmt: skip

"""What logs claim: each headline once, with its effect and spread, as far as they are told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evenhand.audit.finding import Finding, place_of
from evenhand.audit.output.arms import of_arms, of_seed_columns
from evenhand.audit.output.headline import Headline, title_of
from evenhand.audit.output.metrics import SHARE, metric_near, metric_of_column
from evenhand.audit.output.spent import spent_of
from evenhand.audit.output.test_sets import size_of_test
from evenhand.audit.output.told_gains import gains_told
from evenhand.audit.text.log import Log, only_number
from evenhand.audit.text.numbers import counts, numbers
from evenhand.audit.told.arms.lists import arms_of
from evenhand.audit.told.changes.change import Change, items_of
from evenhand.audit.told.changes.changes import changes_of
from evenhand.audit.told.seeds.count import signs_of
from evenhand.audit.told.seeds.series import Series, series_of
from evenhand.audit.told.shares.items import steps

_MOST_TOLD, _MOST_DOUBTS = 3, 4
"""Differences in a log that no finding doubts and that have a claim each; findings that a claim quotes."""


@dataclass(frozen=True)
class Chosen:
    """The headlines that have a claim each, and what has none, as sentences with the reason."""

    headlines: tuple[Headline, ...]
    left: tuple[str, ...] = ()


def headlines_of(logs: Sequence[Log], findings: Sequence[Finding], say: Callable[[Finding], str]) -> Chosen:
    """The headlines of logs: differences over seeds, single differences that a finding doubts, and told gains.

    One that stands in several places is one. Of a section only the first is taken, but for the variants of a table and
    for gains that words tell; of these a few a log.
    """
    found: dict[tuple[object, ...], Headline] = {}
    left: list[str] = []
    for log in logs:
        headlines, more = _of_log(logs, log, [finding for finding in findings if finding.place.file == log.name])
        left += more
        for one in headlines:
            first = found.setdefault(one.key, one)
            if first is not one:
                found[one.key] = replace(first, also=(*first.also, one.place))
    return Chosen(tuple(_doubted(one, findings, say) for one in found.values()), tuple(dict.fromkeys(left)))


def _of_log(logs: Sequence[Log], log: Log, findings: Sequence[Finding]) -> tuple[list[Headline], list[str]]:
    found: dict[int, list[Headline]] = {}
    arms, left = of_arms(logs, log, findings)
    for section, one in _over_seeds(log):
        if one.effect:
            found.setdefault(section, [one])
    taken = set(found)
    for section, one in arms:
        if one.effect and section not in taken:
            found.setdefault(section, []).append(one)
    seconds: list[str] = []
    for section, one in (*of_seed_columns(log), *_single(log, findings), *_changes(log, findings)):
        if not one.effect:
            continue
        if section not in found:
            found[section] = [one]
        else:
            seconds.append(str(one.place.line))
    if seconds:
        which = f"{'lines' if len(seconds) > 1 else 'line'} {', '.join(seconds[:_MOST_TOLD])}"
        others = " and others" if len(seconds) > _MOST_TOLD else ""
        left.append(f"{log.name}: {which}{others} (a section has one claim of its differences)")
    _add_told(log, found, left)
    every = sorted((one for own in found.values() for one in own), key=lambda one: one.place.line)
    return [_with_items(log, one) for one in every], left


def _add_told(log: Log, found: dict[int, list[Headline]], left: list[str]) -> None:
    """Gains that words tell, where they are not there yet."""
    more = 0
    for section, one in gains_told(log):
        same = [other for other in found.get(section, []) if _same(one, other)]
        if same:
            at = found[section].index(same[0])
            new = (place for place in (one.place, *one.also) if place.line != same[0].place.line)
            found[section][at] = replace(same[0], also=tuple(dict.fromkeys((*same[0].also, *new))))
        elif not one.effect or not one.metric:
            left.append(f"{log.name}: line {one.place.line} (the log names no metric of the difference)")
        elif more >= _MOST_TOLD:
            left.append(f"{log.name}: line {one.place.line} (more than {_MOST_TOLD} differences are told in words)")
        else:
            more += 1
            found.setdefault(section, []).append(one)


def _same(one: Headline, other: Headline) -> bool:
    return abs(abs(one.effect) - abs(other.effect)) <= 1e-9 + 0.005 * abs(other.effect)


def _with_items(log: Log, one: Headline) -> Headline:
    """With the size of the test set, where the log tells it and shows no other number of items."""
    if one.items is not None or not one.share or log.data:
        return one
    size = size_of_test(log, log.line(one.place.line).section)
    return one if size is None else replace(one, items=size, whole_set=True)


def _doubted(one: Headline, findings: Sequence[Finding], say: Callable[[Finding], str]) -> Headline:
    """With what the audit says of its lines, notes aside."""
    lines = {(place.file, place.line) for place in (one.place, *one.also)}
    said = [
        f"{finding.level} {finding.rule}, line {finding.place.line}: {say(finding)}"
        for finding in findings
        if finding.level in ("fault", "caution")
        and not lines.isdisjoint((place.file, place.line) for place in (finding.place, *finding.others))
    ]
    return replace(one, doubts=tuple(dict.fromkeys(said))[:_MOST_DOUBTS])


def _over_seeds(log: Log) -> Iterable[tuple[int, Headline]]:
    for series in series_of(log):
        if not series.differences:
            continue
        whole = _whole_of(log, series)
        values = [one.share / (whole or 1) for one in series.values]
        effect = series.mean.share / (whole or 1) if series.mean is not None else float(np.mean(values))
        key = (series.mean.value, series.sd.value) if series.mean and series.sd else tuple(values)
        items = whole or (steps(series.values) if len(values) >= 3 else None)
        name, far = metric_near(log, series.mean_line, series.label)
        sd = _sd(series, values)
        if _beyond_a_share(name, effect):
            effect, sd = effect / 100, None if sd is None else sd / 100
        share = (items is not None or SHARE.search(name) is not None) and abs(effect) < 1
        place, title = place_of(log, series.mean_line), title_of(log, series.section)
        seeds = len(values) or (series.count if signs_of(series.line.body) else None)
        yield series.section, Headline(place, title, name, effect, key, sd, seeds, items, share, far=far)


def _whole_of(log: Log, series: Series) -> int | None:
    """Of how many the seeds' rows are counts, where the differences are of counts: ``10/15``, ``11/15``, ``+1``."""
    if not series.values or any(one.decimals or one.unit for one in series.values):
        return None
    tables = (one for one in log.tables if any(row.line == series.mean_line.number for row in one.rows))
    cells = (cell for table in tables for row in table.rows for cell in row.cells if not re.search("[A-Za-z]", cell))
    wholes = {one.whole.value for cell in cells for one in counts(cell)}
    return int(wholes.pop()) if len(wholes) == 1 else None


def _sd(series: Series, values: Sequence[float]) -> float | None:
    """The sample sd in the unit of the effect; a printed one may have no unit beside a mean in per cent."""
    if len(values) > 1:
        return float(np.std(values, ddof=1))
    if series.sd is None or series.mean is None or not series.mean.value:
        return None
    return series.sd.value * series.mean.share / series.mean.value


def _single(log: Log, findings: Sequence[Finding]) -> Iterable[tuple[int, Headline]]:
    doubted = {one.place.line: one for one in findings if one.rule == "unequal-budgets"}
    arms = [arm for arm in arms_of(log) if arm.line.number in doubted and arm.delta is not None]
    for arm in sorted(arms, key=lambda one: -abs(one.delta.value if one.delta else 0.0)):
        assert arm.delta is not None
        spent = spent_of(doubted[arm.line.number].facts)
        title = f"{title_of(log, arm.line.section)} / {arm.name}"
        place, key = place_of(log, arm.line), (arm.name, arm.value and arm.value.value, arm.delta.value)
        name, far = metric_near(log, arm.line, arm.name)
        one = Headline(place, title, name, arm.delta.share, key, share=True, far=far, spent=spent)
        yield arm.line.section, one


def _changes(log: Log, findings: Sequence[Finding]) -> Iterable[tuple[int, Headline]]:
    rules = ("subset-against-full", "within-noise", "change-disagrees")
    doubted = {one.place.line: one for one in findings if one.rule in rules}
    for change in changes_of(log):
        finding = doubted.pop(change.line.number, None)
        if finding is None:
            continue
        whole = _whole(change)
        items = whole or finding.facts.get("many") or items_of(change)
        name, far = metric_near(log, change.line, change.of)
        effect = (change.new.share - change.base.share) / (whole or 1)
        if not whole and _beyond_a_share(name, effect, change.base.share, change.new.share):
            effect /= 100
        key = (name, change.base.value, change.new.value)
        place, title = place_of(log, change.line), title_of(log, change.line.section)
        share = whole is not None or (SHARE.search(name) is not None and abs(effect) < 1)
        yield change.line.section, Headline(place, title, name, effect, key, items=items, share=share, far=far)
    for finding in doubted.values():
        yield from _of_row(log, finding)


def _of_row(log: Log, finding: Finding) -> Iterable[tuple[int, Headline]]:
    """A row's difference to another row that is not the one of their results."""
    if finding.rule != "change-disagrees" or not finding.others:
        return
    base, new = (numbers(str(finding.facts[name])) for name in ("base", "new"))
    for table in log.tables:
        rows = {row.line: row for row in table.rows}
        own, other = (rows.get(line) for line in (finding.place.line, finding.others[0].line))
        if own is None or other is None or own is other or len(base) != 1 or len(new) != 1:
            continue
        pairs = [(only_number(cell), only_number(start)) for cell, start in zip(own.cells, other.cells, strict=True)]
        told = [(a.value, b.value) if a is not None and b is not None else None for a, b in pairs]
        places = [i for i, pair in enumerate(told) if i and pair == (new[0].value, base[0].value)]
        if len(places) == 1:
            name = metric_of_column(table.header[places[0]])
            effect = round(new[0].share - base[0].share, 12)
            effect /= 100 if _beyond_a_share(name, effect, base[0].share, new[0].share) else 1
            title = f"{title_of(log, table.section)} / {own.cells[0]} less {other.cells[0]}"
            share = SHARE.search(name) is not None and abs(effect) < 1
            yield (
                table.section,
                Headline(finding.place, title, name, effect, (base[0].value, new[0].value), share=share),
            )


def _beyond_a_share(name: str, effect: float, *values: float) -> bool:
    """Whether a difference of shares is one in points, though no sign says so."""
    if SHARE.search(name) is None:
        return False
    return any(1 < value <= 100 for value in values) or (not values and 1 <= abs(effect) <= 100)


def _whole(change: Change) -> int | None:
    """Of how many both numbers are counts, where they are: ``87/429`` and ``80/429``."""
    told = {one.part.value: one.whole.value for line in (change.line, change.base_line) for one in counts(line.body)}
    base, new = (told.get(one.value) for one in (change.base, change.new))
    return int(base) if base and base == new and not change.new.unit else None

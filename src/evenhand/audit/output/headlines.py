"""What logs claim: each headline once, with its effect and spread, as far as they are told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evenhand.audit.finding import Finding, Place, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.numbers import counts
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.arms.lists import arms_of
from evenhand.audit.told.changes.change import Change, items_of
from evenhand.audit.told.changes.changes import changes_of
from evenhand.audit.told.seeds.count import signs_of
from evenhand.audit.told.seeds.series import Series, series_of
from evenhand.audit.told.seeds.spreads import MEASURES
from evenhand.audit.told.shares.items import steps

_SHARE = Pattern(r"acc|pass|success|solve|correct|exact", re.IGNORECASE)
_NAME = Pattern(
    r"(?<![\w-])(?:d_|delta_|mean_|avg_)*(?P<name>(?:[a-z0-9]+_)*"
    rf"(?:(?:pass|win|solve|failure) rates?|(?:{MEASURES})s?)(?:_[a-z0-9]+)*(?: rates?)?)(?![\w-])",
    re.IGNORECASE,
)
"""A name of what is measured, without the mark of a difference: ``d_acc`` is the accuracy of both arms."""

UNNAMED = "score"
"""Stands for a metric that the log does not name there."""


@dataclass(frozen=True)
class Headline:
    """A claimed effect.

    Attributes:
        place: where it stands.
        title: what it is about.
        metric: its name, as a claim may have it.
        effect: variant less baseline; of a percentage or of counts of one whole, as a share.
        key: what it has in common with the same headline in another place.
        sd: sample standard deviation of the differences over seeds; None where the log shows none.
        seeds: how many seeds that rests on; None where it is not told.
        items: how many items the log shows; None where it does not.
        share: it is a share of right answers.
        amount: what the variant could spend, where the log tells it in seconds.
        also: other places where it stands.
    """

    place: Place
    title: str
    metric: str
    effect: float
    key: tuple[object, ...]
    sd: float | None = None
    seeds: int | None = None
    items: int | None = None
    share: bool = False
    amount: float | None = None
    also: tuple[Place, ...] = ()


def headlines_of(logs: Sequence[Log], findings: Sequence[Finding]) -> tuple[Headline, ...]:
    """The headlines of logs: differences over seeds, and single differences that a finding doubts; one a section.

    One that stands in several places is one.
    """
    found: dict[tuple[object, ...], Headline] = {}
    for log in logs:
        for one in _of_log(log, [finding for finding in findings if finding.place.file == log.name]):
            first = found.setdefault(one.key, one)
            if first is not one:
                found[one.key] = replace(first, also=(*first.also, one.place))
    return tuple(found.values())


def _of_log(log: Log, findings: Sequence[Finding]) -> list[Headline]:
    found: dict[int, Headline] = {}
    for section, one in [
        *_over_seeds(log), *_of_arms(log, findings), *_single(log, findings), *_changes(log, findings)
    ]:  # fmt: skip
        if one.effect and section not in found:
            found[section] = one
    return sorted(found.values(), key=lambda one: one.place.line)


def _title(log: Log, section: int) -> str:
    """The two headings that it stands under, in the log's own language."""
    path = log.path(section)[-2:]
    if not log.english:
        path = tuple(log.lines[log.sections[one].line].text.strip("#* ") for one in log.chain(section))[1::-1]
    return " / ".join(path)


def _over_seeds(log: Log) -> Iterable[tuple[int, Headline]]:
    for series in series_of(log):
        if not series.differences:
            continue
        whole = _whole_of(log, series)
        values = [one.share / (whole or 1) for one in series.values]
        effect = series.mean.share / (whole or 1) if series.mean is not None else float(np.mean(values))
        key = (series.mean.value, series.sd.value) if series.mean and series.sd else tuple(values)
        items = whole or (steps(series.values) if len(values) >= 3 else None)
        name = metric_of(series.label)
        share = (items is not None or _SHARE.search(name) is not None) and abs(effect) < 1
        place, title = place_of(log, series.mean_line), _title(log, series.section)
        seeds = len(values) or (series.count if signs_of(series.line.body) else None)
        yield series.section, Headline(place, title, name, effect, key, _sd(series, values), seeds, items, share)


def _of_arms(log: Log, findings: Sequence[Finding]) -> Iterable[tuple[int, Headline]]:
    """The differences of two arms over the same seeds, as they were recomputed from a table."""
    for finding in (one for one in findings if one.rule == "recomputed" and "arm" in one.facts):
        facts, section = finding.facts, log.line(finding.place.line).section
        whole = 100 if facts["unit"] == "%" else 1
        effect, sd = (float(facts[name]) / whole for name in ("mean", "sd"))
        name = metric_of(f"{facts['arm']} {'' if facts['metric'] == 'value' else facts['metric']}")
        share = _SHARE.search(name) is not None and abs(effect) < 1
        title = " / ".join(filter(None, (_title(log, section), f"{facts['arm']} less {facts['baseline']}")))
        key = (facts["arm"], facts["baseline"], facts["metric"], facts["mean"])
        yield section, Headline(finding.place, title, name, effect, key, sd, facts["seeds"], share=share)


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
        amount = doubted[arm.line.number].facts.get("amount")
        title = f"{_title(log, arm.line.section)} / {arm.name}"
        place, key = place_of(log, arm.line), (arm.name, arm.value and arm.value.value, arm.delta.value)
        one = Headline(place, title, metric_of(arm.name), arm.delta.share, key, share=True, amount=amount)
        yield arm.line.section, one


def _changes(log: Log, findings: Sequence[Finding]) -> Iterable[tuple[int, Headline]]:
    rules = ("subset-against-full", "within-noise", "change-disagrees")
    doubted = {one.place.line: one for one in findings if one.rule in rules}
    for change in changes_of(log):
        finding = doubted.get(change.line.number)
        if finding is None:
            continue
        whole = _whole(change)
        items = whole or finding.facts.get("many") or items_of(change)
        name, effect = metric_of(change.of), (change.new.share - change.base.share) / (whole or 1)
        key = (name, change.base.value, change.new.value)
        place, title = place_of(log, change.line), _title(log, change.line.section)
        yield change.line.section, Headline(place, title, name, effect, key, items=items, share=whole is not None)


def _whole(change: Change) -> int | None:
    """Of how many both numbers are counts, where they are: ``87/429`` and ``80/429``."""
    told = {one.part.value: one.whole.value for line in (change.line, change.base_line) for one in counts(line.body)}
    base, new = (told.get(one.value) for one in (change.base, change.new))
    return int(base) if base and base == new and not change.new.unit else None


def metric_of(label: str) -> str:
    """The last name in a label of what is measured; any other word may be one of a sentence, or of an arm."""
    found = list(_NAME.finditer(label))
    return found[-1]["name"].replace(" ", "_")[:40] if found else UNNAMED

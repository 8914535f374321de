"""A difference between arms that ran for different lengths: a variant at 220 s against a baseline at 80 s."""

from __future__ import annotations

from collections.abc import Iterable

from evenhand.audit.finding import Finding, Level, Rule, line_of, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import printed
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.vocabulary.amounts import NAMES
from evenhand.audit.text.words import planning
from evenhand.audit.told.arms.lists import Arm, arms_of, budget_of
from evenhand.audit.told.budgets.beside import told_in_records, told_in_words
from evenhand.audit.told.budgets.compared import unequal_in
from evenhand.audit.told.budgets.sentences import in_text
from evenhand.audit.told.budgets.tables import Unequal, in_records, in_table
from evenhand.audit.told.fair.spent import plainly_unequal


def check(logs: list[Log]) -> Iterable[Finding]:
    """The difference printed for a variant is that to a baseline of another stage, or of another budget column."""
    for log in logs:
        arms = arms_of(log)
        for arm in arms:
            base = _other_stage(log, arm, arms)
            if base is not None:
                yield _finding(log, arm, base)
        found = [one for table in log.tables for one in (*in_table(table), *in_records(table))]
        beside = (*told_in_words(log), *told_in_records(log))
        yield from (_amounts(log, one) for one in (*found, *in_text(log)) if one.compared or not _planned(log, one))
        yield from _compared(log)
        yield from (_amounts(log, one) for one in beside if not _planned(log, one))


def _planned(log: Log, one: Unequal) -> bool:
    """Whether an arm stands among plans: what was not run yet is no comparison."""
    return not log.data and planning(log, log.line(one.line))


def _compared(log: Log) -> Iterable[Finding]:
    """Two arms whose results are compared, and different amounts told of them."""
    told: set[tuple[int, int]] = set()
    for one in sorted((*unequal_in(log), *plainly_unequal(log)), key=lambda one: not one.sure):
        if (one.line, one.other) in told:
            continue
        told.add((one.line, one.other))
        facts = {"claim": one.compared.words, "kind": one.kind, "amount": one.more, "base_amount": one.less}
        places = (place_of(log, one.compared.line), place_of(log, one.other))
        yield Finding(
            "unequal-budgets", "caution", place_of(log, one.line), facts, places, anywhere=True, unproven=not one.sure
        )


def _other_stage(log: Log, arm: Arm, arms: tuple[Arm, ...]) -> Arm | None:
    """The baseline of another stage that the printed difference is to; None where one of the same stage is there."""
    if arm.baseline or arm.value is None or arm.delta is None or not arm.stage:
        return None
    near = [one for one in arms if one.baseline and one.value is not None and one.line.section == arm.line.section]
    above = [one for one in near if one.line.number < arm.line.number]
    if not above or any(one.stage == arm.stage for one in near):
        return None
    base = above[-1]
    return base if base.stage and _is_difference(arm.value, base.value, arm.delta) else None


def _is_difference(value: Number, base: Number | None, delta: Number) -> bool:
    if base is None or base.unit != value.unit:
        return False
    return abs(value.value - base.value - delta.value) <= value.slack + base.slack + delta.slack


def _nearby(log: Log, arm: Arm, found: tuple[Number, Line, str] | None) -> tuple[Number, Line, str] | None:
    """What a stage may spend, where the section of the result or one above tells it: other rounds may differ."""
    if found is None:
        return None
    section = arm.line.section
    while section >= 0 and log.sections[section].level > 1:
        if log.by_number[found[1].number] in log.within(section):
            return found
        section = log.sections[section].parent
    return None


def _finding(log: Log, arm: Arm, base: Arm) -> Finding:
    told = [_nearby(log, arm, budget_of(log, one.stage)) for one in (arm, base)]
    known = [one for one in told if one is not None]
    facts: dict[str, object] = {
        "arm": arm.name, "value": printed(arm.value) if arm.value else "", "stage": arm.stage,
        "base": printed(base.value) if base.value else "", "base_stage": base.stage,
        "delta": printed(arm.delta) if arm.delta else "",
    }  # fmt: skip
    places = [place_of(log, base.line)]
    if len(known) == 2 and known[0][0].value != known[1][0].value and known[0][2] == known[1][2]:
        facts |= {"amount": known[0][0].value, "base_amount": known[1][0].value, "amount_unit": known[0][2]}
        places += [place_of(log, one[1]) for one in known]
    return Finding("unequal-budgets", "fault", place_of(log, arm.line), facts, tuple(places))


def _amounts(log: Log, one: Unequal) -> Finding:
    facts = {
        "arm": one.arm, "delta": printed(one.delta) if one.delta else "", "amount": one.amount,
        "base_amount": one.base_amount, "unit": one.unit, "base": one.base,
    }  # fmt: skip
    level: Level = "fault" if one.compared else "caution"
    places = (place_of(log, one.base_line),)
    return Finding("unequal-budgets", level, place_of(log, one.line), facts, places, unproven=not one.sure)


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f, base = finding.facts, finding.others[0]
    if "claim" in f:
        hours = f["kind"] == "time" and min(f["amount"], f["base_amount"]) >= 3600
        more, less = (f[key] / (3600 if hours else 1) for key in ("amount", "base_amount"))
        return (
            f"'{f['claim']}' (line {base.line}) compares arms that had {more:,.12g} and {less:,.12g} "
            f"({'hours' if hours else NAMES[f['kind']]}, line {finding.others[1].line}): how much of it is the budget "
            f"cannot be told."
        )
    if "unit" in f:
        where = line_of(base, finding.place)
        both = f"({f['unit']}: {f['amount']:,.12g} against {f['base_amount']:,.12g}, {where})"
        told = "how much of it is the budget cannot be told"
        if not f["delta"]:
            other = f"'{f['base']}'" if f.get("base") else "what it is compared with"
            return (
                f"'{f['arm']}' had another budget than {other} {both}: how much of a difference is the budget "
                f"cannot be told."
            )
        of = f" of '{f['arm']}'" if f["arm"] else ""
        return f"{f['delta']}{of} is a difference to a baseline with another budget {both}: {told}."
    amounts = (
        f" ({f['amount']:,.12g} against {f['base_amount']:,.12g} {f['amount_unit'] or 'of budget'}, "
        f"lines {finding.others[1].line} and {finding.others[2].line})"
        if "amount" in f
        else ""
    )
    return (
        f"{f['delta']} is {f['value']} at the stage '{f['stage']}' less {f['base']} of the baseline at the stage "
        f"'{f['base_stage']}' "
        f"(line {base.line}){amounts}: no run of the baseline at '{f['stage']}' is told, so how much of it "
        f"is the budget cannot be told."
    )


RULE = Rule(
    "unequal-budgets",
    "A difference between a variant and a baseline that did not get the same budget.",
    check,
    say,
    tongues=True,
)

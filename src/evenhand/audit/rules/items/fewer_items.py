"""An arm on few items beside others on many: a subset set against the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.told.concluded.items import fewer_in, small_in


def check(logs: list[Log]) -> Iterable[Finding]:
    """Comparisons across numbers of items, and conclusions from a handful of them."""
    for log in logs:
        yield from _read(log)


def _read(log: Log) -> Iterator[Finding]:
    told: set[int] = set()
    for one in sorted(fewer_in(log), key=lambda one: not one.sure):
        if one.line not in told:
            told.add(one.line)
            facts = {"few": round(one.few), "many": round(one.many), "claim": one.compared.words}
            places = (place_of(log, one.other), place_of(log, one.compared.line))
            yield Finding(
                "fewer-items", "caution", place_of(log, one.line), facts, places, anywhere=True, unproven=not one.sure
            )
    for small in small_in(log):
        if small.line not in told:
            told.add(small.line)
            facts = {"items": small.count, "words": small.conclusion.words}
            at = (place_of(log, small.line),)
            yield Finding(
                "fewer-items", "caution", place_of(log, small.conclusion.line), facts, at, anywhere=True,
                unproven=not small.sure,
            )  # fmt: skip


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if "items" in f:
        return (
            f"'{f['words']}' rests on {f['items']} items (line {finding.others[0].line}): one or two that turn out "
            f"otherwise would turn it round."
        )
    return (
        f"One result was measured on {f['few']} items, what it is compared with on {f['many']} (line "
        f"{finding.others[0].line}): on the same items it may be otherwise."
    )


RULE = Rule(
    "fewer-items",
    "A result on a subset set against results on all items, or a conclusion from a handful of items.",
    check,
    say,
    tongues=True,
)

"""Results that stay the same to the last digit from the first to the last step of a run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log, Table
from evenhand.audit.text.pattern import Pattern

_STEP = Pattern(r"^(?:epochs?|(?:global |train(?:ing)? )?steps?|rounds?|iter\w*|updates?|generations?)$", re.IGNORECASE)
_RESULT = Pattern(
    r"(?<![a-z])(?:acc(?:uracy)?|f1|(?:roc |pr )?auc|recall|precision|loss|score|rewards?|returns?|bleu|mrr|ndcg|map|"
    r"perplexity|ppl|success(?: rate)?|win rate|em|exact match)(?![a-z])",
    re.IGNORECASE,
)
_HELD = Pattern(
    r"(?<![a-z])(?:best|max|min|baseline|base|target|threshold|ref\w*|init\w*|start|prev\w*|teacher|chance|majority|goal|"
    r"oracle|random|weight|coef\w*|scale|cap|frozen|top|paper|reported|published|sota|human|expected|planned|upper|lower|"
    r"bound|limit|floor)(?![a-z])",
    re.IGNORECASE,
)
"""What is meant to stay: a best so far, a line to compare with, a factor."""

_LEAST, _DECIMALS, _MOVING = 6, 3, 3
_ENDS, _NEAR = (0.0, 1.0, 100.0), 0.01
"""So near to an end of its scale a result has nowhere to go."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """Columns of results with one value over at least six steps, beside a number that moves; told once a file."""
    for log in logs:
        found = [one for table in log.tables for one in _unmoved(log, table)]
        if len({one.facts["value"] for one in found}) == len(found) > 0:  # one value in two runs is none of theirs
            facts = {**found[0].facts, "more": len(found) - 1}
            yield Finding("unmoved", "note", found[0].place, facts, tuple(one.place for one in found[1:6]))


def _unmoved(log: Log, table: Table) -> Iterator[Finding]:
    names = [re.sub(r"[_.\-]+", " ", name).strip() for name in table.header]
    steps = [place for place, name in enumerate(names) if _STEP.match(name)]
    if len(steps) != 1 or len(table.rows) < _LEAST:
        return
    along = [one.value for one in table.columns[steps[0]] if one is not None]
    if len(along) != len(table.rows) or any(b <= a for a, b in pairwise(along)):
        return
    values = {i: [n for n in column if n is not None] for i, column in enumerate(table.columns) if i != steps[0]}
    moving = any(len({n.value for n in column}) >= _MOVING for column in values.values())
    stay = [i for i, column in values.items() if _stays(names[i], [n.value for n in column], len(table.rows))]
    stay = [i for i in stay if min(n.decimals for n in values[i]) >= _DECIMALS]
    if stay and moving:
        facts = {
            "names": [table.header[i] for i in stay], "value": table.rows[0].cells[stay[0]], "rows": len(table.rows),
            "step": table.header[steps[0]], "first": f"{along[0]:g}", "last": f"{along[-1]:g}",
        }  # fmt: skip
        yield Finding("unmoved", "note", place_of(log, table.rows[0].line_of(stay[0])), facts)


def _stays(name: str, values: list[float], rows: int) -> bool:
    same = (
        len(values) == rows
        and len(set(values)) == 1
        and all(abs(values[0] - end) > _NEAR * (end or 1) for end in _ENDS)
    )
    return same and _RESULT.search(name) is not None and _HELD.search(name) is None


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    names = f["names"]
    also = f", and so {'does' if len(names) == 2 else 'do'} {', '.join(names[1:5])}" if len(names) > 1 else ""
    more = f" ({f['more']} more such runs in this file)" if f["more"] else ""
    return (
        f"'{names[0]}' stays {f['value']} to the last digit from {f['step']} {f['first']} to {f['last']}{also}: "
        f"nothing of what these {f['rows']} rows did shows in it{more}."
    )


RULE = Rule(
    "unmoved", "A result that stays the same to the last digit over all steps of a run.", check, say, words=False
)

"""Words for steadiness in a log that names no seeds at all: a hint, as another document may name them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import METRIC_WORD
from evenhand.audit.told.certainty.steady import steady

_REPEATED = Pattern(
    r"\bseeds?\b|±|\bstd\b|\b\d+ (?:runs|trials|repeats|replicates|repetitions|rollouts)\b|confidence interval|"
    r"\b95 ?% CI\b|standard (?:deviation|error)|bootstrap|\bn_runs\b",
    re.IGNORECASE,
    needs="seed|±|std|runs|trials|repeats|replicates|repetitions|rollouts|confidence| ci|standard |bootstrap",
)
_COMPARED = Pattern(
    r"\b(?:baselines?|than|over|beats?|outperform\w*|vs\.?|versus|against|compared|source|control|vanilla)\b",
    re.IGNORECASE,
)
"""A gain over something: loss that falls steadily in training is none."""
_STEADY_ONLY = (
    "stable",
    "stably",
    "consistent",
    "consistently",
    "robust",
    "robustly",
    "reliable",
    "reliably",
    "reproducible",
    "reproducibly",
)


def check(logs: list[Log]) -> Iterable[Finding]:
    """Such a word, where nothing in the file speaks of seeds, repeats or a spread."""
    for log in logs:
        if any(_REPEATED.search(line.text) for line in log.lines):
            continue
        for line in log.spoken():
            found = steady(log, line)
            if (
                found is not None
                and found[0].lower() in _STEADY_ONLY
                and any(n.decimals or n.unit in ("%", "pp") for n in line.numbers)
                and METRIC_WORD.search(line.body)
                and _COMPARED.search(line.body)
            ):
                yield Finding("no-seeds", "hint", place_of(log, line), {"word": found[0].lower()})


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    return (
        f"'{finding.facts['word']}' is said of results for which this log names no seeds, no repeats and no "
        f"spread: one run shows no such thing."
    )


RULE = Rule(
    "no-seeds",
    "Words such as stable or consistent in a log that names no seeds, repeats or spread (a hint).",
    check,
    say,
)

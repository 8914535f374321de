"""The word significant without any test: a hint, as many mean by it that something is large."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Level, Rule, anywhere, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.number_words import chance
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import METRIC_WORD, asserted, of_others
from evenhand.audit.told.certainty.noise import unproven_in
from evenhand.audit.told.certainty.steady import OF_RESULTS

_WORD = Pattern(
    r"(?<!most )(?<!more )\bsignificant(?:ly\b|\b(?=\s+(?:\w+\s+){0,2}(?:gains?|improv\w*|better|"
    r"lower|higher|outperform\w*|beats?|increas\w*|reduc\w*|boosts?|benefits?|advantage|drop\w*|decreas\w*|wins?)))",
    re.IGNORECASE,
    needs="significant",
)
_NAMES = Pattern(r"\b(?:focal|contrastive|auxiliary|hinge|triplet|dice|cross[- ]entropy|kl) loss\b", re.IGNORECASE)
_VERB = Pattern(
    r"\b(?:improv\w*|outperform\w*|beats?|lower\w*|reduc\w*|increas\w*|boost\w*|rais\w*|gain\w*|better|helped|helps)\b",
    re.IGNORECASE,
)
"""What has to stand in the sentence: a difference that is called significant, not an important remark."""
_TEST = Pattern(
    r"\bp\s*[=<>≤]|p-value|t-test|wilcoxon|mcnemar|bootstrap|confidence interval|\bCI\b|±|\bstd\b|standard "
    r"(?:error|deviation)|anova|\bsd\b|sigma|σ",
    re.IGNORECASE,
)


def check(logs: list[Log]) -> Iterable[Finding]:
    """A significant gain in a log that has no test, no interval and no spread anywhere."""
    for log in logs:
        for one in unproven_in(log):
            facts = {
                "word": one.claim.word,
                "one": one.one,
                "other": one.other,
                "how": one.how,
                "p": one.p,
                "count": one.count,
            }
            level: Level = "caution" if one.p is not None else "hint"
            at = place_of(log, one.claim.line)
            yield Finding("untested", level, at, facts, quote=one.claim.word, unproven=not one.firm)
    for log in logs:
        found = [] if log.data else list(_significant(log))
        if found and not any(_TEST.search(line.text) for line in log.lines):
            yield from found


def _significant(log: Log) -> Iterator[Finding]:
    for line in log.spoken():
        found = _WORD.search(line.body)
        if (
            found is not None
            and asserted(log, line, found)
            and OF_RESULTS.search(line.body)
            and METRIC_WORD.search(_NAMES.sub(" ", line.body))
            and line.numbers
            and _VERB.search(line.body)
            and not of_others(line)
        ):
            yield Finding("untested", "hint", place_of(log, line), {"word": found[0].lower()}, quote=found[0])


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if f.get("how") == "spread":
        return (
            f"'{f['word']}' stands without a test: by the spreads of {f['count']} runs each, {f['one']} and "
            f"{f['other']} differ by chance alone with {chance(f['p'])}."
        )
    return (
        f"'{finding.facts['word']}' stands without a test: this log gives no p-value, no interval and no spread for it."
    )


RULE = Rule(
    "untested",
    "A gain called significant or proven without a test, by numbers that chance alone makes differ so often.",
    anywhere(check),
    say,
    tongues=True,
)

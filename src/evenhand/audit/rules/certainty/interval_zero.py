"""Certainty claimed beside an interval that includes zero, or beside a p-value above one in twenty."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, anywhere, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import hoped
from evenhand.audit.told.certainty.against import contradicted_in
from evenhand.audit.told.concluded.statements import statements_of

_LIKELY = 0.05
_FROM_P = Pattern(
    r"(?:^|[,;(]\s*)p\s*[=≈]\s*(?P<p>0?\.\d+)\s?\)?(?:[\s,;]*\b(?:so|hence|thus|therefore)|\s*(?::|->|→|=>))\s+"
    r"(?:(?!(?:not?|never|neither|nothing|hardly|little|cannot|perhaps|maybe|probably|likely|possibly|may|might|if)\b)"
    r"[\w-]+ ){0,3}?(?P<word>(?P<gain>(?:clear|real|definite|solid|robust) (?:gain|improvement|win|effect))|"
    r"(?P<sure>(?:clearly|definitely|really|indeed|surely) )?(?:helps|works|wins|(?:is|are) (?:clearly |definitely )?"
    r"better|improves|beats [\w ]{2,20}|outperforms [\w ]{2,20}))\s*[.!]?\s*$",
    re.IGNORECASE,
    needs="helps|works|wins|better|improve|beats|outperforms|gain|win|effect",
)
_P = Pattern(r"(?<![\w-])p(?![\w-])", re.IGNORECASE)
_NO_TEST = Pattern(
    r"\b(?:dropout|drop|top-?p|prob\w*|mask\w*|nucleus|sampl\w+|noise|keep|flip\w*|power|correlat\w*|equivalen\w*|"
    r"normality|shapiro|levene)\b",
    re.IGNORECASE,
)
"""What another p is of: a probability that was set, or a test of something else."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """Each word of certainty that what stands beside it does not carry, once a line."""
    told: set[tuple[str, int]] = set()
    for one in (*_drawn(logs), *_read(logs)):
        if (one.place.file, one.place.line) not in told:
            told.add((one.place.file, one.place.line))
            yield one


def _drawn(logs: list[Log]) -> Iterator[Finding]:
    """``71.2 to 72.0, p = 0.21, so the method clearly helps``: a gain concluded from a p-value in its own sentence."""
    every = ((log, one) for log in logs if log.english and not log.data for one in statements_of(log))
    for log, one in every:
        found = _FROM_P.search(one.text) if not hoped(one.line) else None
        if found is None or float(found["p"]) <= _LIKELY or len(_P.findall(one.text)) != 1 or _NO_TEST.search(one.text):
            continue
        results = sum(n.decimals > 0 and n.start < found.start() for n in one.numbers)
        signed = any(n.signed and n.start < found.start() for n in one.numbers)
        if found["sure"] or found["gain"] or signed or results >= 2:
            place = place_of(log, one.sentence.line_at(found.start("word")))
            facts = {"word": found["word"], "found": f"p = {found['p']}", "kind": "p"}
            yield Finding("interval-and-word", "caution", place, facts, (place,), found["word"], anywhere=True)


def _read(logs: list[Log]) -> Iterator[Finding]:
    """Claims of certainty, wherever their evidence stands."""
    for log in logs:
        for told in contradicted_in(log):
            word, evidence = told.claim.word, told.evidence
            facts = {"word": word, "found": evidence.shown, "kind": "p" if evidence.p else "interval"}
            places = (place_of(log, evidence.line),)
            at = place_of(log, told.claim.line)
            yield Finding(
                "interval-and-word", "caution", at, facts, places, word, anywhere=told.sole, unproven=not told.sole
            )


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    where = f" (line {finding.others[0].line})" if finding.others[0].line != finding.place.line else ""
    if f["kind"] == "p":
        told = f"'{f['word']}' stands beside {f['found']}{where}"
        return f"{told}: so much happens by chance more often than once in 20 times."
    told = f"'{f['word']}' stands beside the interval {f['found']}{where}"
    return f"{told}, which includes 0: that there is no effect is not excluded."


RULE = Rule(
    "interval-and-word",
    "A word of certainty beside an interval that includes zero, or a p-value above 0.05.",
    anywhere(check),
    say,
    tongues=True,
)

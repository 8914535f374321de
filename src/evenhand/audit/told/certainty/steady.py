"""Words for steadiness that are said of a result: a stable gain, gains are robust, it beats X reliably."""

from __future__ import annotations

import re

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import asserted, of_others

STEADY = Pattern(
    r"(?<![\w-])(?:stable|stably|consistent|consistently|robust|robustly|reliable|reliably|reproducible|"
    r"reproducibly|clear|clearly|strong|strongly)(?![\w-])",
    re.IGNORECASE,
    needs="clear|consistent|reliable|reliably|reproducible|reproducibly|robust|stable|stably|strong",
)
OF_RESULTS = Pattern(
    r"(?<![a-z])(?:gains?|positive|improve\w*|better|wins?|winners?|outperform\w*|beats?|success|effects?|"
    r"advantages?|"
    r"increases?|lead|ahead|boost|benefit)(?![a-z])",
    re.IGNORECASE,
)
_GAIN = (
    r"(?:gains?|positive(?:ly)?|improv\w*|better|wins?|winners?|winning|outperform\w*|beats?|beating|effects?|"
    r"advantages?|"
    r"increas\w*|leads?|ahead|boosts?|benefits?|success\w*|higher|lower|superior|helps?|helped)"
)
_GAP = r"[\s\-–—/*,]+"
_WITHIN = (
    r"(?:(?!(?:with|in|on|of|for|at|by|to|from|the|an?|that|which|while|so|than|is|are|was|were|when|where|as|"
    r"train\w*|"
    r"learn\w*|converg\w*|optimi\w*|phases?|baselines?|models?|regions?|versions?|releases?|rankings?|evidence)\b)"
    rf"[\w+.%-]+{_GAP})"
)
_THEN = Pattern(rf"{_GAP}(?:{_WITHIN}{{0,2}}{_GAIN}\b(?!\s*=)|[+\-−]\d)", re.IGNORECASE)
_IS = Pattern(
    rf"\b{_GAIN}\s+(?:(?:is|are|was|were|remains?|remained|stays?|stayed|proved)\s+(?:\w+ly\s+|also\s+|both\s+|"
    rf"very\s+|"
    rf"quite\s+)?|(?:ist|sind|war|waren|bleibt|bleiben|est|sont|es|son|fue|è)\s+(?:[^\W\d]+\s+){{0,5}})$",
    re.IGNORECASE,
)
_LY = Pattern(rf"\b{_GAIN}\b{_GAP}(?:(?!(?:but|and|is|are)\b)[\w.%-]+{_GAP}){{0,3}}$", re.IGNORECASE)
"""What a word for steadiness is said of must stand beside it: a stable gain, gains are robust, it beats X reliably."""

_ELSEWHERE = Pattern(
    r"\b(?:across|over|on|in|for|with|between|under)\s+(?!(?:\w+\s+){0,2}(?:seeds?|runs|repeats|restarts)\b)"
    r"(?:all|both|every|each|most|many|several|multiple|various|different|varied|varying|diverse|\d+|two|three|four|"
    r"five|six|the\s+\w+)"
    r"\s+(?:\w+[\s-]+){0,2}(?:datasets?|tasks?|models?|benchmarks?|metrics?|layers?|scales?|sizes?|settings?|"
    r"budgets?|folds?|"
    r"famil\w+|languages?|domains?|categor\w+|classes|subsets?|splits?|checkpoints?|epochs?|steps?|conditions?|"
    r"configurations?|configs?|levels?|ratios?|rates?|lengths?|depths?|widths?|baselines?|methods?|architectures?|"
    r"problems?|games?|environments?|envs?|horizons?|questions?|prompts?|types?|regimes?|ranges?|values?|periods?|"
    r"years?|windows?|cohorts?|sites?|groups?|cases?|experiments?|judges?|graders?|variants?|arms?|weightings?|losses|scorings?)\b|"
    r"\bacross\b(?!\s+(?:\w+\s+){0,2}seeds?)|\bin\s+(?:\w+\s+){0,2}metrics\b",
    re.IGNORECASE,
)
"""What is steady over tasks, models or sizes is not said to be steady over seeds."""

HEDGE = Pattern(
    r"\bbut\s+(?:noisy|weak|modest|mixed|variable|each|none|no|not|neither|nothing|individual\w*|only|is|are|small|too|never|"
    r"the (?:effect|gain|difference|interval))\b|"
    r"\b(?:not|never) (?:\w+ )?significant|\bn\.s\.|\b(?:underpowered|inconclusive|suggestive|preliminary|"
    r"insufficient|caveats?|revers\w+|deferred|postponed|pending|"
    r"too few|within (?:the )?(?:noise|error)|single[- ]seed|not enough|unclear|"
    r"p\s*[=<>≈])",
    re.IGNORECASE,
)
_OF_THINGS = Pattern(r"(?:指标|数据集|任务|模型|metrics|datasets|tasks)\W*$", re.IGNORECASE)
"""Right before such a word: what it is said of is several things, not several seeds."""

_LIST = 12
_TAKEN_BACK = Pattern(
    r"\b(?:un|not (?:yet )?)(?:supported|proven|established|shown|tested|verified)\b|\b(?:cannot|do not|don['’]t|must "
    r"not|never) (?:be )?(?:claim\w*|sa(?:y|id)|state\w*|write)\b|\brisks?\b|\boverclaim\w*",
    re.IGNORECASE,
)
"""What a list is headed by whose points are claims that are not made."""

_NONE = Pattern(r"\b(?:no|neither|none|never|nothing)\b", re.IGNORECASE)
_CHINESE = Pattern(r"[\u4e00-\u9fff]")
_NOT = Pattern(r"\bnot\b|不(?![同仅但断少])|(?<!除)非(?!常)", re.IGNORECASE)
_END = Pattern(r"[.;:](?=\s|$)")
OF_SIZE = frozenset(("clear", "clearly", "strong", "strongly"))
"""Words of size more than of steadiness: a single seed carries them no better, but three may."""


def steady(log: Log, line: Line) -> re.Match[str] | None:
    """A word for steadiness that is said of a result which was found."""
    for found in sorted(STEADY.finditer(line.body), key=lambda one: one[0].lower() in OF_SIZE):
        clause = clause_of(line.body, found)
        if _OF_THINGS.search(line.body[: found.start()]):
            continue
        if (
            _of_a_gain(line.body, found)
            and not _hedged(log, line, found.end())
            and OF_RESULTS.search(clause)
            and asserted(log, line, found)
            and not _NONE.search(f"{log.lead(line)} {line.body[: found.start()]}".rsplit(". ", 1)[-1])
            and not denied_abroad(line.body, found.start())
            and not any(_ELSEWHERE.search(text) for text in (clause, re.split(r"[.;]\s", line.body[found.end() :])[0]))
            and not of_others(line)
            and not re.search(r"\b(?:mixed|unstable|inconsistent|on (?:one|another) seed)\b", clause)
        ):
            return found
    return None


def denied_abroad(text: str, at: int) -> bool:
    """Whether a sentence in Chinese says not, however far before a word: 不能把 +43.1 解读为稳定的改进."""
    return _CHINESE.search(text) is not None and _NOT.search(re.split(r"[。；;]|\. ", text[:at])[-1]) is not None


def _hedged(log: Log, line: Line, end: int) -> bool:
    """Whether the sentence, the line below or the head of its list takes back what a word for steadiness claims."""
    place = log.by_number[line.number]
    above = (one for one in reversed(log.lines[max(0, place - _LIST) : place]) if one.kind in ("prose", "heading"))
    if line.kind == "bullet" and _TAKEN_BACK.search(next((one.body for one in above), "")):
        return True
    after = log.lines[place + 1 : place + 2] if line.kind == "prose" else []
    return HEDGE.search(" ".join((line.body[end:], *(one.body for one in after if one.kind == "prose")))) is not None


def _of_a_gain(text: str, found: re.Match[str]) -> bool:
    """Whether a word for steadiness is said of a gain, not of a phase, a model or a training that stands beside it."""
    before = text[max(0, found.start() - 60) : found.start()]
    if re.search(r"\b(?:more|less|most|least|un|in|equally|as)[\s-]*$", before, re.IGNORECASE):
        return False
    adverb = found[0].lower().endswith("ly")
    return bool(_THEN.match(text, found.end()) or (_LY.search(before) if adverb else _IS.search(before)))


def clause_of(text: str, found: re.Match[str]) -> str:
    """The part of a sentence in which a word stands; of a long one, what is near the word."""
    ends = [mark.start() for mark in _END.finditer(text)]
    start = max((end for end in ends if end < found.start()), default=-1)
    end = min((end for end in ends if end >= found.end()), default=len(text))
    return text[max(start + 1, found.start() - 120) : min(end, found.end() + 120)]

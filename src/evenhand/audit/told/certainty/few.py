"""Certainty claimed in the sentence that tells how few runs there were, or in the next: two runs, both better."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import TEST_WORDS
from evenhand.audit.text.vocabulary.steadiness import MACHINERY
from evenhand.audit.text.words import denied, hoped_near, of_others, planning
from evenhand.audit.told.certainty.steady import HEDGE, denied_abroad
from evenhand.audit.told.concluded.statements import Statement, behind, statements_of
from evenhand.audit.told.repeats.said_counts import repeats_said

_MOST, _LIKELY = 3, 0.05
_NAMED = Pattern(r"\bseeds?\W{0,3}\d", re.IGNORECASE, needs="seed")
_WON = Pattern(r"\bwon\b(?!['’])", re.IGNORECASE)
_TRIED = Pattern(r"\b(?:schedules?|optimi[sz]ers?)\b", re.IGNORECASE)
"""What may be tried, too, not only what runs the jobs."""

_RUNS_SOMETHING = Pattern(r"\bruns \d+ ?(?:-|–|to) ?\d+ [a-z]+", re.IGNORECASE)
"""A program ``runs 3-5 prompts``."""

_COUNTS = (
    Pattern(
        r"\b(?:ran|run|trained|tried|tested|measured) (?!into)(?:[\w-]+ ){0,3}(?:only |just )?once\b|"
        r"\bonly (?:one |a single )?seed \d+\b|\b(?:one|1|single)[- ](?:seed|run)\b(?! (?:of|takes|costs|needs|is|at))|"
        r"\bn ?= ?1\b(?!\.| [a-z])",
        re.IGNORECASE,
    ),
    Pattern(
        r"\b(?:ran|run|trained|tried|tested|measured) [^.;,]{0,24}\b(?:twice|two times|a second time)\b|"
        r"\btwice in a row\b|\brepeated [^.;,]{0,16}\btwice and both\b|\bboth (?:\w+ )?(?:times|seeds|runs|repeats)\b|"
        r"\b(?:in|on|with) (?:the|a) second (?:run|seed)\b|"
        r"\bsecond (?:run|seed) (?:gave|had|shows?|showed|agree\w*|confirm\w*)\b|"
        r"\bre-?run with (?:another|a different|a second) seed\b|"
        r"\b2 ?(?:(?:out )?of|/) ?2 (?:seeds|runs)\b",
        re.IGNORECASE,
    ),
    Pattern(
        r"\ball three (?:times|seeds|runs|repeats)\b|\bthree times in a row\b|"
        r"\b3 ?(?:(?:out )?of|/) ?3 (?:seeds|runs)\b",
        re.IGNORECASE,
    ),
)
"""That there was one run, that there were two, or three."""

_GAIN = (
    r"(?:gains?|improv\w+|wins?|winner|won|better|worse|effects?|advantages?|differences?|boosts?|benefits?|superior\w*|"
    r"ahead|lead|higher|lower\w*|rankings?|results?|beats?|outperform\w*|reduc\w+|rais\w+)"
)
_SURE = (
    r"(?:reliabl[ey]|robust(?:ly)?|reproducibl[ey]|consistent(?:ly)?|stabl[ey]|significant(?:ly)?|definite(?:ly)?|"
    r"conclusive(?:ly)?|real|proven|solid|established|beyond (?:any )?doubt|no (?:fluke|accident))"
)
_FEW_SEEDS = r"(?:all |both |the |our )*(?:\d|two|three) (?:random )?seeds\b"
_SO = r"(?:also|therefore|thus|clearly|so|now|quite|very|statistically|highly)"
_CLAIM = Pattern(
    rf"\b(?P<a>{_SURE}) (?:[\w-]+ )?{_GAIN}\b|"
    rf"\b{_GAIN}(?: (?:of|over) (?:[^,;.]|\.\d){{1,30}}| to \w+)? (?:is|are|was) (?:{_SO} )*(?P<b>{_SURE})\b"
    rf"(?! (?:to|against|under)\b)(?! across\b(?! {_FEW_SEEDS}))|"
    rf"\b(?:it|this|that) (?:is|was) (?:{_SO} )*(?P<c>(?!stabl|robust|real|solid|consist){_SURE})\b(?! (?:to|by|in)\b)|"
    r"\b(?P<d>this proves|proves that|(?:we|you) can (?:rely on|trust) (?:it|this)|works? reliably|reliably works?|"
    r"superiority of [^,;.]{1,30} is (?:established|proven|shown)|robust to (?:the )?seeds?)\b",
    re.IGNORECASE,
    needs="reliabl|robust|reproducib|consistent|stabl|significant|definite|conclusive|real|prove|solid|beyond |"
    "no fluke|no accident|rely on|trust|superiority",
)
_OF_GAIN = Pattern(
    rf"\b(?!results?){_GAIN}\b|\b(?:positive|effects?|helps?)\b|\d (?:vs\.?|versus|against) \d", re.IGNORECASE
)
_OVER_SEEDS = Pattern(
    rf"\b(?:results?|scores?|numbers|findings|rankings?) [^,;.]*(?:across|over) {_FEW_SEEDS}", re.IGNORECASE
)
"""What is said of results and their seeds in one breath needs no gain."""

_OPEN = Pattern(
    r"[?]|\b(?:too few|not enough|more (?:seeds|runs)|may|might|could|would|should|if|unless|until|whether|before|luck|"
    r"not yet|open|needs?|hope\w*|plan\w*|looks?|seems?|promising|tentativ\w*|preliminar\w*|caveat|provisional\w*)\b|"
    r"应该|应当|后续|如果|先证明",
    re.IGNORECASE,
)
_TEST = Pattern(rf"{TEST_WORDS}|\btests\b|\bsign test|\bat the \d|±|\bstd\b", re.IGNORECASE)
_ELSE = Pattern(
    r"\bfix(?:ed|es|ing)?\b|\bidentical\w*|\bdigits?\b|\bexact\w*|\bagree to\b|\bper (?:task|dataset|benchmark)\b|"
    r"\bdeterminis\w*|\b(?:latency|throughput|speed|memory|fast\w*)\b|\bz ?= ?\d|"
    r"\b(?:across|over|on|in|for) (?:\w+ ){0,3}(?:tasks?|datasets?|benchmarks?|models|sizes|layers|"
    r"settings|languages|domains|metrics|folds?|budgets|scales)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Few:
    """A claim: its word and line, on how many runs it rests, what the log calls them, and where they are told."""

    word: str
    line: Line
    count: int
    unit: str
    told: Line


def certain_of_few(log: Log) -> Iterator[Few]:
    """Claims of certainty right beside the number of the runs that they rest on."""
    for one in () if log.data else statements_of(log):
        last = one.lines[-1].number
        near = [one, *(s for s in behind(log, one, 2) if s.line.number - last <= 2)]
        at, word = next(((at, word) for at, s in enumerate(near) if (word := _claimed(s)) is not None), (0, None))
        if word is None or any(_OPEN.search(s.text) or HEDGE.search(s.text) for s in near[1 : at + 2]):
            continue
        count = None if _of_else(one.text) else _count(one.text)
        if count is None or planning(log, one.line) or of_others(one.line):
            continue
        of_results = any(_OF_GAIN.search(s.text) or _OVER_SEEDS.search(s.text) for s in near[: at + 1])
        if of_results and not _more_told(log, one, count):
            line = near[at].sentence.line_at(max(0, near[at].text.find(word)))
            unit = "seed" if re.search(r"seed", one.text, re.IGNORECASE) else "run"
            yield Few(word.lower(), line, count, unit, one.line)


def _of_else(text: str) -> bool:
    """Whether a text is about programs, costs, or several tasks."""
    return MACHINERY.search(_TRIED.sub("", text)) is not None or _ELSE.search(text) is not None


def _count(text: str) -> int | None:
    """How few runs a text says that there were; None where it says none, or more."""
    said = repeats_said(_RUNS_SOMETHING.sub(" ", text))
    told = {n for n, pattern in enumerate(_COUNTS, 1) if pattern.search(text)} | set(said)
    return max(told) if told and max(told) <= _MOST else None


@lru_cache(maxsize=4096)
def _claimed(one: Statement) -> str | None:
    """The word of a certainty that a statement asserts of a result."""
    for found in _CLAIM.finditer(one.text):
        word = next(text for text in found.groups() if text)
        at = found.start() + found[0].find(word)
        if one.text[at - 1 : at] in ("“", "「", '"', "'"):
            return None  # quoted, not claimed
        if denied(_WON.sub("got", one.text), at) or hoped_near(one.text, at) or _of_else(one.text):
            return None
        if denied_abroad(one.text, at):
            return None
        return None if _OPEN.search(one.text) or HEDGE.search(one.text[at:]) else word
    return None


def _more_told(log: Log, one: Statement, count: int) -> bool:
    """Whether the section tells of more runs, or of a test."""
    own = [s.text for s in statements_of(log) if s.section == one.section]
    if any(max(repeats_said(text), default=0) > count or _TEST.search(text) for text in own):
        return True
    return any(_NAMED.search(text) for text in own if text != one.text) or _carried(one, count)


def _carried(one: Statement, count: int) -> bool:
    """Whether the differences of all runs stand there, and a paired t carries the claim."""
    from evenhand.statistics import paired_t

    signed = [n.value for n in one.numbers if n.signed and n.decimals]
    tested = paired_t(np.array(signed)) if len(signed) == count > 1 else None
    return tested is not None and (tested.p is None or tested.p <= _LIKELY)

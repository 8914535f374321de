"""Unequal budgets told in plain sentences: what the baseline could spend, what the other arm could, and who won."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evenhand.audit.text.log import Log
from evenhand.audit.text.numbers import SECONDS
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.numerals import any_number, number_of
from evenhand.audit.text.vocabulary.verdicts import AGAINST
from evenhand.audit.told.budgets.compared import KNOWN, Spent
from evenhand.audit.told.budgets.credited import BATCH, NO_TRAINING
from evenhand.audit.told.concluded.compared import Compared, Told
from evenhand.audit.told.concluded.statements import Statement, share_a_word, words_of
from evenhand.audit.told.fair.scenes import LOSSES, OPEN, after, clause_at, scenes

_AMOUNT = Pattern(
    r"(?<![\w.,+\-−$])(?P<n>\d[\d,]*(?:\.\d+)?) ?(?P<k>[kKMB])?(?: of (?:the |its )?\d+[kKM]?)?(?: (?:training|"
    r"gradient|full|env(?:ironment)?))?"
    r"[ -]?(?P<unit>steps|epochs?|iterations|iters|updates|tokens|gpu-?h(?:ours?)?|hours?|h|minutes|min|seconds|s)\b"
    r"(?!\s*(?:/|per\b|each\b|of warm|warm|ago|later))|\b(?:from|at) step (?P<at>\d[\d,]*)(?P<atk>[kM])?\b",
    re.IGNORECASE,
)
_LISTED = Pattern(r"^\W*(?:training )?(?P<unit>steps|epochs|iterations|updates|tokens)\s*[:=]", re.IGNORECASE)
_PLAIN = Pattern(r"(?<![\w.,+\-−])(?P<n>\d[\d,]*(?:\.\d+)?) ?(?P<k>[kKMB])?(?![\w.%])")
_SCALE = {"k": 1e3, "m": 1e6, "b": 1e9, "": 1.0}
_TIMED = Pattern(
    r"\b(?:time(?=:| was| for)|budgets?|runtime|train\w*|wall|clock|limits?|timed out|ran|given|gave|got|had|"
    r"killed|finished|[ahv]100|"
    r"gpu-?h(?:ours?)?|stopped)\b",
    re.IGNORECASE,
)
_TOOK = Pattern(
    r"\b(?:took|takes?|faster|slower|speed\w*|latency|inference|eta|eval\w*|per (?:step|epoch)|every|ms|"
    r"\d+ (?:gpus?|cards|[ahv]100s?))\b",
    re.IGNORECASE,
)
_PART = Pattern(
    r"\b(?:every|each|per|first|last|warm-?up (?:of|for)|another|within|best (?:at|after)|converge\w* (?:at|"
    r"after|in))\s+$",
    re.IGNORECASE,
)
_TUNED = Pattern(
    rf"(?<![\w.,-])(?P<n>\d{{1,3}}|{any_number(4)}) (?:\w+ )?(?:values|trials|runs|settings|configs|"
    rf"configurations|combinations|"
    rf"learning rates|lrs)\b|\b(?P<list>(?:in )?\{{[^{{}}]+\}})",
    re.IGNORECASE,
    needs="values|trials|runs|settings|config|combinations|rates|lrs|{",
)
_TUNING = Pattern(r"\b(?:tun(?:ed|ing)|search\w*|grid|sweep|swept|tried|trials|selected from)\b", re.IGNORECASE)
_DEFAULT = Pattern(
    r"\b(?:defaults?|default \w+|(?:settings|values|hyperparameters) (?:from|of) the paper|not tuned|untuned|"
    r"published (?:settings|hyperparameters|values)|"
    r"out of the box|"
    r"none|no (?:tuning|search|sweep))\b",
    re.IGNORECASE,
)
_BASE = Pattern(r"\b(?:baselines?|controls?|reference|vanilla|plain(?= (?:model|run|version)))\b", re.IGNORECASE)
_OTHER = Pattern(r"\b(?:ours|our|we|proposed|treatment|variants?|new|us)\b", re.IGNORECASE)
_GENERIC = Pattern(r"\b(?:variants?|candidates?|others|rest)\b", re.IGNORECASE)
"""Arms of any name."""

_WE = Pattern(r"\b(?:we|our baselines?|us)\b", re.IGNORECASE)
_CUT = Pattern(r"[;,]\s+|\.\s+(?=[A-Z])|\s(?:and|but|while|whereas|vs\.?|versus|against)\s")
_WIN = Pattern(
    r"\b(?:wins?|won|beats?|outperforms?|(?<!lower is )(?<!higher is )better|improves?|improved|helps?|works|"
    r"pays off|(?:lowers|reduces|raises)(?= \w+ from)|(?:is|are) effective|ahead|superior|adopted|improvement of|"
    r"(?:gives?|brings?|gains?) \+?\d[\d.]*)\b",
    re.IGNORECASE,
    needs="win|won|beat|outperform|better|improve|help|works|pays off|lowers|reduces|raises|effective|"
    "ahead|superior|adopted|give|bring|gain",
)
_POINTS = Pattern(r"\s?(?:\w+ )?(?:points?|pp)\b", re.IGNORECASE)
_LOWER = Pattern(rf"\b(?:{LOSSES})\b", re.IGNORECASE)
_AWARE = Pattern(
    r"\b(?:no|not|n['’]t|neither|although|despite|though|however|continu\w+|resum\w+|restart\w*|initiali[sz]ed|"
    r"warm-start\w*|"
    r"pre-?train\w*|stages?|phases?|converg\w*|early[- ]stop\w*|patience|longer|undertrained|teacher|scal(?:ing|"
    r"es)|sampling|"
    r"denois\w*|worse|behind|only needs?|times (?:the|as many|more)|more (?:steps|epochs|tokens|time|compute|"
    r"training)|fewer|cheaper|same (?:\w+ )?(?:steps|epochs|budget|time|compute|tokens))\b|"
    r"\b(?:each|both) (?:had|got|ran|were|was|train\w*|for|models|arms|runs)\b|\beach\W*$|\b(?:for|in|"
    r"with) both\b|\bsame (?:number|amount)\b",
    re.IGNORECASE,
)
_STAGE = Pattern(
    r"\b(?:warm-?up|cool-?down|(?<!weight )decay|context|patience|data ?sets?|corpus|corpora)\b", re.IGNORECASE
)
_OF_DATA = Pattern(r"\b(?:with|on|in|using|from)(?: (?:only|about|just))?\s+$", re.IGNORECASE)
"""Before a time: hours of data, or what something took."""

_TRAINED = Pattern(r"\b(?:train\w*|budgets?|ran|runs?|stopped|finished|killed|got|fine-?tuned)\b", re.IGNORECASE)
"""That a few steps are those of training; others may be those of a method."""

_MUCH, _MOST, _WORDS, _STEPS, _TOKENS = 1.5, 1000, 8, 500, 1e5


@dataclass(frozen=True)
class _Share:
    """What one arm could spend: the kind, how much, whether it is the baseline, its words, and where it is told."""

    kind: str
    amount: float
    base: bool
    words: frozenset[str]
    line: int
    place: int


def plainly_unequal(log: Log) -> Iterator[Spent]:
    """``80 s for the baseline and 220 s for each variant. Best variant: 62.1 % vs 49.1 % (+13.0 pp)``."""
    for one, before in scenes(log):
        scene = [*before, one]
        said = _win(one)
        if said is None or not any(_measured(other) for other in scene):
            continue
        shares = [share for other in scene for share in _shares(other)]
        pair = _pair(shares)
        if pair is None or len({log.line(share.line).section for share in pair}) > 1:
            continue
        if not _credited(one.text, said[0], pair[0], pair[1]):
            continue
        told = [s for s in scene if s.place >= min(share.place for share in pair)]
        beside = [*before, *after(log, one)]
        if any(_aware(s.text, s is one) or BATCH.search(s.text) for s in told) or any(
            OPEN.search(s.text) or KNOWN.search(s.text) for s in beside
        ):
            continue
        told_here = Told(float("nan"), one.line.number, one)  # who won, not by which results
        words = _clause(one.text, *said)
        claim = Compared(one, one.sentence.line_at(said[0]), words, told_here, told_here, by_word=True)
        yield Spent(claim, pair[0].kind, pair[0].amount, pair[1].amount, pair[0].line, pair[1].line, sure=True)


def _aware(text: str, claim: bool) -> bool:
    """Whether a statement knows of the budget, or makes it part of one run; the tuning of one arm may be denied."""
    plain = _DEFAULT.sub(" ", text)
    return (
        any(p.search(text) for p in (OPEN, KNOWN))
        or _AWARE.search(plain) is not None
        or (claim and AGAINST.search(text) is not None)
    )


def _measured(one: Statement) -> bool:
    """Whether a statement has a number that may be a result or a difference of results."""
    return any(n.decimals or n.unit in ("%", "pp") or _POINTS.match(one.text, n.end) for n in one.numbers)


def _win(one: Statement) -> tuple[int, int] | None:
    """Where a statement has the words that let one arm win, or the difference or result that does."""
    found = _WIN.search(one.text)
    if found is not None:
        return found.span()
    if _OTHER.search(one.text) is None:
        return None
    up = next((n for n in one.numbers if n.signed and n.value > 0), None)
    if up is not None and (len(one.results) == 2 or up.unit in ("%", "pp") or _POINTS.match(one.text, up.end)):
        return up.start, up.end
    cuts = _segments(one.text)
    based = [part for part in cuts if _BASE.search(part)]
    others = [part for part in cuts if _OTHER.search(part) and not _BASE.search(part)]
    if len(one.results) != 2 or len(based) != 1 or len(others) != 1 or _AMOUNT.search(one.text):
        return None
    pair = [next((n for n in one.results if one.text[n.start : n.end] in part), None) for part in (others[0], based[0])]
    if pair[0] is None or pair[1] is None or pair[0] is pair[1]:
        return None
    ahead = pair[0].value < pair[1].value if _LOWER.search(one.text) else pair[0].value > pair[1].value
    return (pair[0].start, pair[0].end) if ahead else None


def _clause(text: str, start: int, end: int) -> str:
    """The words before those that let an arm win, in their own clause, with these."""
    return " ".join(text[clause_at(text, start, ",.;:") : end].split()[-_WORDS:])


def _segments(text: str) -> list[str]:
    """The parts of a statement between commas and conjunctions, brackets kept whole."""
    whole = re.sub(
        r"\([^()]*\)|\{[^{}]*\}", lambda m: m[0].replace(", ", ",\x00").replace(" and ", "\x00and\x00"), text
    )
    return [part.replace("\x00", " ") for part in _CUT.split(whole)]


def _shares(one: Statement) -> list[_Share]:
    """What each segment of a statement says that somebody could spend; nothing where one tells of two."""
    if _STAGE.search(one.text):
        return []
    said = one.text.replace("_", " ")
    found: list[_Share] = []
    listed = _LISTED.search(one.text)
    unit = listed["unit"] if listed is not None else ""
    tuning = _TUNING.search(one.text) is not None
    for part in _segments(said):
        base, words = _BASE.search(part) is not None, words_of(_AMOUNT.sub(" ", part))
        read = [(m, *_amount(m, "", said)) for m in _AMOUNT.finditer(part) if not _PART.search(part[: m.start()])]
        told = [(k, n) for m, k, n in read if k != "time" or _OF_DATA.search(part[: m.start()]) is None]
        if unit and not told:
            told = [_amount(m, unit, said) for m in _PLAIN.finditer(part)]
        tuned = _TUNED.search(part) if tuning else None
        if tuned is not None:
            told.append(("trials", _count(tuned)))
        elif _DEFAULT.search(part) and base:
            told.append(("trials", 1.0))
        if base and _OTHER.search(_WE.sub(" ", part)):
            base, told = False, [(kind, -1.0) for kind, _ in told]
        for kind, amount in told:
            if kind:
                found.append(_Share(kind, amount, base, words, one.line.number, one.place))
    if _BASE.search(one.text) and _OTHER.search(_WE.sub(" ", one.text)):
        # an amount that stands alone beside both is of both
        kinds = [share.kind for share in found]
        return [replace(s, amount=-1.0) if kinds.count(s.kind) == 1 else s for s in found]
    return found


def _amount(m: re.Match[str], unit: str, text: str) -> tuple[str, float]:
    groups = m.groupdict()
    unit = (unit or groups.get("unit") or "steps").lower()
    number, scale = (groups["at"], groups["atk"]) if groups.get("at") else (groups["n"], groups["k"])
    value = float(number.replace(",", "")) * _SCALE[(scale or "").lower()]
    if re.match(r"gpu", unit):
        return "time", value * 3600
    if unit in SECONDS:
        return ("time" if _TIMED.search(text) and not _TOOK.search(text) else ""), value * SECONDS[unit]
    few = value < _TOKENS if unit == "tokens" else unit in ("steps", "iterations", "iters") and value < _STEPS
    if (unit == "tokens" and (few or NO_TRAINING.search(text))) or (few and not _TRAINED.search(text)):
        return "", 0.0
    kind = "epochs" if unit.startswith("epoch") else "tokens" if unit == "tokens" else "steps"
    return kind, value


def _count(tuned: re.Match[str]) -> float:
    if tuned["list"]:
        return float(tuned["list"].count(",") + 1)
    return float(number_of(tuned["n"]))


def _pair(shares: Sequence[_Share]) -> tuple[_Share, _Share] | None:
    """The larger share of the other arm and the baseline's, where each is told once and no other of the kind is."""
    for kind in dict.fromkeys(share.kind for share in shares):
        own = [share for share in shares if share.kind == kind]
        base = {share.amount for share in own if share.base}
        more = {share.amount for share in own if not share.base}
        if len(base) == len(more) == 1 and max(more) >= _MUCH * max(base) > 0 and max(more) <= _MOST * max(base):
            return next(s for s in own if not s.base), next(s for s in own if s.base)
    return None


def _credited(text: str, at: int, more: _Share, base: _Share) -> bool:
    """Whether a claim lets the arm of the larger share win: it names this one, and no baseline before it."""
    text = text[clause_at(text, at, ".;") :]
    mine = [
        m.start() for m in re.finditer(r"[^\W\d_][\w-]+", text) if share_a_word(words_of(m[0]), more.words - base.words)
    ]
    ours = _OTHER.search(text) or (_GENERIC.search(" ".join(more.words)) and re.search(r"[^\W\d_]", text))
    named = min([*mine, *([ours.start()] if ours is not None else [])], default=None)
    first = _BASE.search(text)
    return named is not None and (first is None or named < first.start())

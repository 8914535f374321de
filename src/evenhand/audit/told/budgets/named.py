"""What a line says that somebody spent, each with the name before it: ``plain 400 steps, anchored 1200 steps``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evenhand.audit.text.log import Line
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern

_UNIT = Pattern(
    r"\s*(?:(?:training|gradient|optimi[sz]er|train|env(?:ironment)?|agent|update|sgd|unique|sampled|million|"
    r"full)[\s-]+){0,2}"
    r"(?P<unit>steps?|updates?|epochs?|tokens?|iterations?|iters?|examples?|samples?|episodes?|frames?|pairs?|"
    r"interactions?|tok)\b(?!\s*[/=]|\s+per\b|\s+a second)",
    re.IGNORECASE,
)
_TIMES = Pattern(
    r"(?:[x×*/]|\b(?:of|by|per|at|every|each|first|last|after|step|epoch|until|within|than|another|a|extra|"
    r"batch(?:es)? of|over|по|à))\s*$",
    re.IGNORECASE,
)
_MADE_OF = Pattern(r"\s*(?:[x×*]\s*\d|of\s+\d|per\b|each\b|warm-?up|in\b.{0,20}\bwarm)", re.IGNORECASE)
_FILLER = Pattern(
    r"\b(?:budgets?|compute|trained|training|train|fine-?tuned|tuned|ran|run|runs|rows?|arms?|only|got|gets|had|has|"
    r"have|with|for|to|the|a|an|is|are|was|were|"
    r"and|but|while|whereas|versus|vs|against|from|in|on|both|used|uses|using|after|each|all|about|just|then|each|at|"
    r"of|by|up|given|saw|sees|"
    r"la|el|se|los|las|le|les|der|die|das|wurde|wurden|also|fyi|note|btw|our|my|this|that|which|so|still|now|it|we|took|takes|received|allowed|june|july|may|setup|"
    r"length|schedule|longer|rest|models?|seeds?|"
    r"(?<![\w.=+-])\d+(?![\w.]))\b|[^\w+=.\-/ ]",
    re.IGNORECASE,
)
_HOURS = {
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "hour"), **dict.fromkeys(("d", "day", "days"), "day"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "minute"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "second"),
}  # fmt: skip
_OURS = Pattern(r"\b(ours?)\b", re.IGNORECASE)
_TRAINED = Pattern(r"\btrain(?:ed|s|ing)?\b|\bbudgets?\b", re.IGNORECASE, needs="train|budget")
_TOOK = Pattern(
    r"\b(?:took|takes?|need\w*|costs?|in (?:only |about |just )?\d+|within|finish\w*|eta|gpus?|[ahv]100s?|t4|tpus?|"
    r"cpus?|cards?|laptop|faster|slower)\b",
    re.IGNORECASE,
)
_CLOCK = Pattern(
    r"\s*\d+\s?(?:h|m|min|d)\s*$|\b(?:time|elapsed|eta|remaining)\W{0,3}$|\s*\d+\s?(?:m|s)\b", re.IGNORECASE
)
"""A part of a clock's time: ``Time 292m 58s (- 622m 34s)``."""

_OF_DATA = Pattern(r"\b(?:with|on|from|using)\s*$", re.IGNORECASE)
"""Times that were set, not those that a machine took."""

_WHOLE = {"iteration": "step", "iter": "step", "update": "step", "tok": "token", "sample": "example", "pair": "example"}


@dataclass(frozen=True)
class NamedAmount:
    """What a line says that somebody spent, and the words before it."""

    number: Number
    unit: str
    before: str
    named: str = ""
    """The words of its own sentence, where only these may name it."""

    @property
    def name(self) -> str:
        """The name that is left of the words before."""
        before = self.named or self.before
        left = before.rsplit(";", 1)[-1]
        left = re.split(r"[,:](?=\s)(?=.*\w)", left)[-1] if re.search(r"[,:]\s+\S*\w", left) else left
        names = (" ".join(_FILLER.sub(" ", one).split()).lower().strip(" .-=:") for one in (left, before))
        ours = _OURS.search(self.before)
        return next(filter(None, names), ours[1].lower() if ours else "")


def amounts_of(line: Line) -> list[NamedAmount]:
    """The amounts of a line that are spent by themselves, not what one step or batch is made of."""
    found: list[NamedAmount] = []
    before = 0
    for number in line.numbers:
        unit = _UNIT.match(line.body, number.end)
        left = line.body[before : number.start]
        timed = _HOURS.get(number.unit, "") if _TRAINED.search(line.body) and not _TOOK.search(line.body) else ""
        if number.signed or number.spread or (not timed and (unit is None or number.unit)):
            continue
        end = number.end if timed or unit is None else unit.end()
        before = end
        if timed and (_CLOCK.search(left) or _CLOCK.match(line.body, end)):
            continue
        if _TIMES.search(left) or _MADE_OF.match(line.body, end) or (timed and _OF_DATA.search(left)):
            continue
        word = timed or ("" if unit is None else unit["unit"].lower().rstrip("s"))
        found.append(NamedAmount(number, _WHOLE.get(word, word), left))
    return found

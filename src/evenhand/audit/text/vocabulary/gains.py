"""Words that announce a gain, and words that take one back, in the languages that an audit reads."""

from __future__ import annotations

import re

from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.numerals import NUMBERS, any_number
from evenhand.audit.text.vocabulary.repeats import worded

ANNOUNCED = worded(
    r"gains?|improv\w*|lowers?|lift(?:s|ed)?|reduc\w*|cuts?|sav(?:es?|ing)|brings?|adds?|worth|better|beats?|wins?|"
    r"higher|lower|more|less|fewer|up|down|gives?|takes?|raises?|boosts?|drops? \w+ by|enters?|adopt\w*|ships?|shipped|"
    r"shipping|use|default|recommend\w*|standard|plus|increas\w*|decreas\w*|helps?|advantage|benefit\w*|way to|bringt|"
    r"hebt|heben|senkt|verbesser\w*|steiger\w*|gewinn\w*|verbucht|vorteil|mehr|weniger|reduzier\w*|einbau|gagn\w*|"
    r"amélior\w*|réduit|réduisent|augment\w*|apporte\w*|baisse|gain|sube\w*|mejor\w*|gana\w*|aument\w*|reduc\w*|"
    r"baja\w*|aporta\w*|снижа\w*|повыша\w*|улучша\w*|да[её]т|выигр\w*|прирост\w*|提升|提高|降低|改善|增益|带来"
)
"""Words that announce a gain."""

TAKEN_BACK = worded(
    r"not|no|nothing|none|never|neither|without|cannot|n['’]t|gone|luck|lucky|vanish\w*|disappear\w*|faded?|fades|"
    r"melted|surviv\w*|last(?:ed)?|held|hold|looked|seemed|(?:is|was|leave|stays?|left|switched|turned|fell) off|"
    r"drop(?:ped)?|leave|left|only|first|early|earlier|initial\w*|but|although|though|however|unclear|(?:within|in|"
    r"just|only) (?:the )?noise|(?:is|was|were|mere) noise|next|try|planned|hop(?:e|es|ed|ing)|expect\w*|should|could|"
    r"might|regress\w*|level|either|if|whether|would|nicht|nichts|kein\w*|weg|verschwunden|trug\w*|nur|anfangs|ne|"
    r"n['’]\w+|pas|rien|plus que|disparu\w*|disparaît|seulement|sin|nada|desaparec\w*|solo|sólo|inicial|не|нет|"
    r"исчез\w*|подтверд\w+|лишь|только|没有|未|不|消失|并非|仅"
)
"""Words that take one back, or tell how far it went."""

_POINTS = Pattern(
    rf"(?<![^\W_])(?:(?P<half>half a|a half) (?:point|percent)|(?:a|one) (?:good |full |whole )?(?P<more>point and "
    rf"a half)|(?P<n>{any_number()}|\d{{1,2}})(?P<and> and a half)? (?:good |full )?(?:points?|percent|pp))",
    re.IGNORECASE,
    needs="point|percent|pp",
)


def points_in_words(text: str) -> tuple[tuple[float, int], ...]:
    """Gains that are told in words, ``two points``, with their columns."""
    found = []
    for one in _POINTS.finditer(text):
        if one["half"] or one["more"]:
            found.append((0.5 if one["half"] else 1.5, one.start()))
        else:
            whole = NUMBERS.get(one["n"].lower(), 0) or float(one["n"] if one["n"].isdigit() else 0)
            found.append((whole + (0.5 if one["and"] else 0), one.start()))
    return tuple(found)

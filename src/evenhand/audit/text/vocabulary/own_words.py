"""Whether the words of a mean name nothing beyond the values that it is told of: no other arm, metric, part or number.

A mean that stands near values is theirs where its clause says only that it is one; a word that the values' own words do
not have may be the name of something else that was averaged.
"""

from __future__ import annotations

import re

from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.repeats import (
    MEAN_WORD,
    NUMBER_WORDS,
    OF_A_SAMPLE,
    OF_ALL,
    POOLED,
    REPEAT,
    SIGNS,
    SPREAD_WORD,
    worded,
)

_PLAIN = worded(
    r"a|an|the|of|over|across|all|these|those|this|that|so|which|is|are|was|were|be|give|gives|gave|giving|yielding|ie|come|comes|came|"
    r"out|to|at|in|on|for|from|we|i|get|got|it|its|as|and|or|with|there|therefore|thus|hence|then|land|lands|landed|"
    r"make|makes|made|yield|yields|equal|equals|amounts?|result|results|resulting|values?|numbers?|scores?|percent|per|"
    r"cent|points?|pp|pt|pts|above|here|them|they|their|each|by|now|ok|say|says|ends?|ended|up|put|write|reports?|"
    r"reported|read|reads|figure|row|table|entry|column|also|just|about|runs?|init\w*|start|starts|one|single|sample|"
    r"samples|unbiased|corrected|bessel\w*|ddof|n|numpy|np|statistics|stdev|pstdev|sheets|spreadsheet|google|excel|"
    r"quick|simple|plain|straight|usual|grand|arithmetic|mine|ours|yours|thx|thanks|hence|sheet|page|ticket|typical|"
    r"das|der|die|den|des|dem|dieser|diese|sind|ist|ergibt|ergeben|entspricht|also|im|punkte\w*|prozent|macht|beträgt|"
    r"liegt|bei|somit|damit|wir|nehmen|für|von|und|aus|la|le|les|de|du|soit|donne\w*|une|un|est|vaut|pour|sur|points|"
    r"et|ces|cela|ce|donc|el|los|las|es|da|dan|son|con|y|en|vale|por|sus|estos|estas|это|да[её]т|составля\w+|равно|"
    r"равен|и|в|по|на|как|из|у|divid\w+|minus|should|few|calc\w*|comput\w*"
)
_WORD = Pattern(r"\d[\d.,]*\w*|[^\W\d_]+(?:\d\w*)?|[\u3400-\u9fff]+")
_STEM = 6
_SIGNED = Pattern(rf"均值|平均值?|标准差|样本|为|是|约|的|{SIGNS}|个|种|次|[一二三四五六七八九十]")
_REPEATS = worded(REPEAT)
_ELIDED = Pattern(r"(?<![^\W_])[dlns]['’]", re.IGNORECASE)


def nothing_new(clause: str, known: str = "", count: int = 0) -> bool:
    """Whether a clause around a mean has only words for means and numbers of repeats, and words of the values' own.

    Args:
        clause: up to the mean, and what follows it.
        known: the values' own words.
        count: how many values there are.
    """
    bare = clause
    for pattern in (_ELIDED, MEAN_WORD, SPREAD_WORD, OF_A_SAMPLE, OF_ALL, POOLED, _REPEATS):
        bare = pattern.sub(" ", bare)
    stems = {_stem(one) for one in _WORD.findall(known)}
    return all(_known(one, stems, count) for one in _WORD.findall(bare.replace("_", " ")))


def _known(word: str, stems: set[str], count: int) -> bool:
    if word[0].isdigit():
        return word.rstrip(".,") in (str(count), "1") or _stem(word) in stems
    if re.match(r"[\u3400-\u9fff]", word):
        return not _SIGNED.sub("", word) or word in stems
    low = word.lower()
    if low in NUMBER_WORDS:
        return NUMBER_WORDS[low] in (count, 1) or _stem(word) in stems
    plain = _PLAIN.fullmatch(low) is not None
    return (plain and not (len(word) == 1 and word.isupper() and word != "I")) or _stem(word) in stems


def _stem(word: str) -> str:
    low = word.lower().rstrip(".,")
    return low.removesuffix("s")[:_STEM] if not low[0].isdigit() else low

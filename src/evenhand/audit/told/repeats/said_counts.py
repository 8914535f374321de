"""How many repeats a text says that a result rests on: ``five seeds``, ``seeds 1-3``, ``n = 4``, ``both runs``."""

from __future__ import annotations

import re
from functools import lru_cache

from evenhand.audit.text.pattern import Pattern, chinese, small
from evenhand.audit.text.vocabulary.repeats import NUMBER_WORDS, REPEAT, REPEAT_NEEDS

_WORDS = sorted((one for one in NUMBER_WORDS if not chinese(one)), key=len, reverse=True)
_SIGNS = sorted((one for one in NUMBER_WORDS if chinese(one)), key=len, reverse=True)
_N = rf"(?P<n>\d{{1,3}}|{'|'.join(map(re.escape, _WORDS))})"
_SURELY = (
    r"(?:(?:random|training|independent|different|new|fresh)[ -])?(?:seeds?|restarts?|reruns?|inits?|"
    r"initiali[sz]ations?|trainings|training runs?|(?:full |independent |separate |repeated )?runs|repeats|"
    r"repetitions?|replicates?|replicas?|launch(?:es)?|startwerte?n?|läufen?|lauf|wiederholungen?|durchläufen?|"
    r"graines?|essais|entraînements|semillas?|repeticion(?:es)?|ejecucion(?:es)?|сид\w*|зерн[ао]|зёрна|зёрен|прогон\w*|"
    r"запуск\w*|种子|次运行|次训练|次实验)"
)
_REPEATED = Pattern(
    rf"(?<![\w.,])(?:all |the |over |across |alle |les |los |все )*{_N}[\s-]+(?:(?!(?:of|out|per|pro|par|por|je|"
    rf"each|a|an|на|за|more|further|other|extra)\b)[^\W\d]+[\s-]+){{0,1}}?{_SURELY}(?![^\W_])(?![ -]ensemble)",
    re.IGNORECASE,
    needs=f"{REPEAT_NEEDS}|种子|次",
)
_ONE_RUN = Pattern(
    r"(?<![^\W_])(?:one|a single|only one|ein|eine|einziger|un seul|une seule|un solo|один|единственный) (?:run|"
    r"training|lauf|essai|entraînement|прогон|запуск)(?![^\W_])(?! (?:of|per|takes|costs|needs|is|was the|each))",
    re.IGNORECASE,
)
_WHAT = (
    rf"(?:{REPEAT}|values?|systems?|scores?|models?|numbers?|above|results?|trials?|of them|pairs?|tried|"
    rf"wert\w*|valeurs?|valores|значени\w+)"
)
_COUNTED = Pattern(
    rf"(?<![\w.,])(?:all |the |these |over |across |alle |les |los |все )*{_N}[\s-]+(?:(?!(?:of|out|per|pro|par|"
    rf"por|je|each|a|an|на|за)\b)[^\W\d]+[\s-]+){{0,2}}?{_WHAT}(?![^\W_])",
    re.IGNORECASE,
)
_PLURAL = (
    r"(?:seeds|runs|reps|repeats|repetitions|replicates|trials|restarts|reruns|inits|trainings|folds|splits|"
    r"draws|startwerte|läufe|graines|essais|semillas|зёрна|сиды|прогоны|запуски)"
)
_LEFT = Pattern(
    rf"(?<![^\W\d]){_PLURAL}\s*(?:=|:|counted:?|n\s*=)\s*(?P<n>\d{{1,3}})(?![\d.,]*\d|\s*(?:,|-|–|to|and|/|\+)\s*\d)",
    re.IGNORECASE,
    needs=REPEAT_NEEDS,
)
_N_IS = Pattern(r"(?<![^\W_])n\s*=\s*(?P<n>\d{1,3})(?![\d.])", re.IGNORECASE)
_TIMES = Pattern(
    rf"(?<![\w.,])(?P<n>{'|'.join(map(re.escape, _WORDS))}|\d{{1,2}})\s*(?:times|mal|fois|veces|раз)\b",
    re.IGNORECASE,
    needs="times|mal|fois|veces|раз",
)
_RANGE = Pattern(
    rf"(?<![^\W\d]){REPEAT}\s*[=:#]?\s*[\[({{]?(?P<a>\d{{1,4}})\s*(?:-|–|—|\.\.+|to|through|bis|à|a|по|до|至|"
    rf"到)\s*(?P<b>\d{{1,4}})(?![\d.])",
    re.IGNORECASE,
    needs=REPEAT_NEEDS,
)
_LETTERS = Pattern(r"(?<![^\W_])(?P<a>[A-Ha-h])\s?(?:-|–|to|bis|à)\s?(?P<b>[A-Ha-h])(?![^\W_])")
_LIST = Pattern(
    rf"(?<![^\W\d]){REPEAT}\s*[=:#]?\s*[\[({{]?(?P<all>\d{{1,6}}(?:\s*(?:,|/|and|&|und|et|y|и|和|"
    rf"\s)\s*\d{{1,6}}(?![.,]\d))+)",
    re.IGNORECASE,
    needs=REPEAT_NEEDS,
)
_ANY = Pattern(
    r"(?<![^\W\d])(?:all|of|the|mean of \w+['’]s|alle|aller|allen|bei|des|les|sur|los|las|de las|всех|"
    r"всем)\s+(?:the\s+)?(?P<n>" + "|".join(map(re.escape, _WORDS)) + r")(?![^\W_])",
    re.IGNORECASE,
)
_CHINESE = Pattern(
    rf"(?P<n>\d{{1,2}}|{'|'.join(_SIGNS)})\s*(?:个|次)?\s*(?:不同的?|随机)?\s*(?:种子|seed|次?运行|次?训练|次?实验)",
    needs="种子|seed|运行|训练|实验",
)
_ONE_SEED = Pattern(r"(?<![^\W_])seed\s*[=#]?\s*\d{1,6}(?![\d.,]*\d|\s*(?:,|-|–|/|to|and|\.\.)\s*\d)", re.IGNORECASE)
_MOST = 200


_COULD = Pattern(
    rf"(?<![^\W_])(?:\d{{1,4}}|{'|'.join(map(re.escape, _WORDS))}|[a-h])(?![^\W_])|[{''.join(_SIGNS)}]|"
    rf"[\u3400-\u9fff]\d|\d[\u3400-\u9fff]"
)
"""A number or a letter by itself, without which nothing is counted."""


@lru_cache(maxsize=20_000)
def _numbered(low: str) -> tuple[tuple[int, int, int], ...]:
    """Beginning, end and number of the repeats that a text names one by one: ``seeds 1-3``, ``seeds 1, 2 and 3``."""
    ranges = [(one, int(one["b"]) - int(one["a"]) + 1) for one in _RANGE.finditer(low)]
    lists = [(one, len(set(re.findall(r"\d+", one["all"])))) for one in _LIST.finditer(low)]
    return tuple((*one.span(), n) for one, n in (*((one, n) for one, n in ranges if n > 1), *lists))


@lru_cache(maxsize=20_000)
def repeats_said(text: str) -> tuple[int, ...]:
    """The numbers of repeats that a text says in words for nothing else."""
    text = small(text)
    if not _COULD.search(text):
        return ()
    found = [_value(one["n"]) for pattern in (_REPEATED, _LEFT, _CHINESE) for one in pattern.finditer(text)]
    found += [1 for _ in _ONE_RUN.finditer(text)]
    found += [int(one["n"]) for one in _N_IS.finditer(text) if re.search(REPEAT, text)]
    found += [n for _, _, n in _numbered(text)]
    return tuple(dict.fromkeys(n for n in found if 0 < n <= _MOST))


_IN_ALL = Pattern(
    rf"(?<![\w.,]){_N} (?:in (?:total|all)|altogether|insgesamt|au total|en total|всего)(?![^\W_])",
    re.IGNORECASE,
    needs="in total|in all|altogether|insgesamt|au total|en total|ег",
)
_AT = Pattern(
    r"(?<![^\W_])(?:over|at|after|with|from|all|first|bei|sur|con|на|по) (?P<n>\d{1,3})(?=\s*[:,)]|$)", re.IGNORECASE
)


@lru_cache(maxsize=20_000)
def markers_in(text: str) -> tuple[tuple[int, int, int], ...]:
    """Where a text says a number of repeats: beginning, end and the number, in order, none within another."""
    low = small(text)
    if not _COULD.search(low):
        return ()
    found: list[tuple[int, int, int]] = []
    for pattern in (_REPEATED, _COUNTED, _LEFT, _N_IS, _CHINESE, _ANY, _IN_ALL, _ONE_RUN, _AT):
        for one in pattern.finditer(low):
            n = _value(one["n"]) if "n" in one.groupdict() else 1
            if not re.search(
                r"\b(?:more|further|other|added|de plus|más|weitere)\b", low[max(0, one.start() - 8) : one.end() + 8]
            ):
                found.append((*one.span(), n))
    found += _numbered(low)
    found += [(*one.span(), 1) for one in _ONE_SEED.finditer(low)]
    kept: list[tuple[int, int, int]] = []
    for start, end, n in sorted(found, key=lambda it: (it[0], -it[1])):
        if 0 < n <= _MOST and not any(start < e and end > s for s, e, _ in kept):
            kept.append((start, end, n))
    return tuple(kept)


@lru_cache(maxsize=20_000)
def counts_said(text: str) -> tuple[int, ...]:
    """All numbers of repeats that a text says, in order."""
    text = small(text)
    if not _COULD.search(text):
        return ()
    found: list[tuple[int, int]] = []
    for pattern in (_COUNTED, _LEFT, _N_IS, _TIMES, _CHINESE, _ANY):
        found += [(one.start("n"), _value(one["n"])) for one in pattern.finditer(text)]
    found += [(start, n) for start, _, n in _numbered(text)]
    for one in _LETTERS.finditer(text):
        if one["b"] > one["a"]:
            found.append((one.start(), ord(one["b"]) - ord(one["a"]) + 1))
    return tuple(dict.fromkeys(n for _, n in sorted(found) if 0 < n <= _MOST))


def count_said(text: str) -> int | None:
    """The one number of repeats that a text says."""
    found = counts_said(text)
    return found[0] if len(found) == 1 else None


def _value(word: str) -> int:
    return int(word) if word.isdecimal() else NUMBER_WORDS.get(word, 0)

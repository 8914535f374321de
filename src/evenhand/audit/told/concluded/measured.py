"""Numbers of items that statements tell, and when they settle that two results, or one conclusion, rest on few."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.verdicts import AGAINST, BETTER
from evenhand.audit.told.concluded.compared import Compared
from evenhand.audit.told.concluded.statements import Statement

_NOUN = (
    r"(?:items?|questions?|queries|problems?|prompts?|sentences?|images?|pictures?|examples?|clips?|recordings?|"
    r"documents?|docs|pages?|users?|stores?|tasks?|pairs?|claims?|utterances?|episodes?|instances?|tweets?|riddles?|"
    r"requests?|calls?|games?|samples?|answers?|dialogues?|conversations?|articles?|tickets?|files?|cases?|scans?|"
    r"videos?|songs?|texts?|messages?|emails?|words?|trials?|rollouts?|maps?|levels?|passages?|stories|posts?|reviews?|"
    r"lectures?|subjects?|patients?|paragraphs?|snippets?|functions?|repos?|puzzles?|rows?|records?|sätzen?|bilder\w*|"
    r"seiten|äußerungen|beispielen?|aufnahmen|dokumente\w*|anfragen|phrases?|requêtes?|énoncés?|documents|exemples?|"
    r"extraits?|frases?|consultas?|imágenes|ejemplos|grabaciones|предложени\w+|запрос\w*|картинок|изображени\w+|"
    r"пример\w*|фраз\w*|записей|条|题|句|张|个样本|页|段|篇)"
)
COUNT_BEHIND = Pattern(
    rf"\s?(?:(?:[a-zA-Zà-ÿа-яё]+[ -]){{0,3}}?)(?P<noun>{_NOUN})(?![a-zà-ÿа-яё])(?! (?:per|each|a second|/))",
    re.IGNORECASE,
)
_COUNT_BEFORE = Pattern(
    rf"(?:(?<![a-z])(?:n|(?:n_|num_|number of )?{_NOUN}|limit|items scored|clips listened to|test (?:size|{_NOUN}))"
    r"(?: \w+ to)?\s?[=:]\s?|--limit )$",
    re.IGNORECASE,
)
_PART = Pattern(
    r"\b(?:first|only|subset|sub-?sample\w*|sample of|slice|portion|a (?:random )?(?:tenth|third|quarter|half|fifth)|"
    r"of (?:the|those|them|these)|limit|shard|just|random|nur|ersten|teil\w*|premi[eè]res?|seulement|uniquement|solo|"
    r"primeras?|de esas|только|первы\w+|часть|части)\b|--limit|前|只|仅",
    re.IGNORECASE,
)
_ALL = Pattern(
    r"\b(?:all|full|entire|whole|every|complete|alle[nr]?|gesamte\w*|ganze\w*|tou(?:s|tes)|entier\w*|complet\w*|todas?|"
    r"todos|complet[oa]|все|всех|всей|полн\w+)\b|完整|全部|所有|全量",
    re.IGNORECASE,
)
NO_ITEMS = Pattern(
    r"\b(?:train\w*|fine-?tun\w*|LoRA|SFT|few-?shot|in-context|calibrat\w+|distil\w+|collected|corpus)\b", re.I
)


@dataclass(frozen=True)
class Items:
    """A number of items that a statement tells, with what they are and whether they are a part or all."""

    count: float
    noun: str
    part: bool
    whole: bool
    line: int


def items_in(one: Statement) -> list[Items]:
    """The numbers of items of a statement that speaks of measuring, or of nothing else."""
    text = one.text
    found = []
    for number in one.numbers:
        noun = noun_of(text, number)
        if noun is not None:
            left = text[max(0, number.start - 28) : number.start]
            around = f"{left} {text[number.end : number.end + 24]}"
            line = one.sentence.line_at(number.start).number
            found.append(
                Items(
                    _with_thousands(text, number),
                    noun,
                    _PART.search(around) is not None,
                    _ALL.search(left) is not None,
                    line,
                )
            )
    return found


def _with_thousands(text: str, number: Number) -> float:
    """The number with the thousands that a blank sets off: ``2 400``."""
    before = re.search(r"(?<![\w.,])(\d{1,3})[ \u00a0\u202f]$", text[: number.start])
    three = re.fullmatch(r"\d{3}", text[number.start : number.end]) is not None
    return number.value + 1000 * int(before[1]) if before is not None and three else number.value


def noun_of(text: str, number: Number) -> str | None:
    if number.decimals or number.signed or number.spread or number.unit or number.value < 2:
        return None
    before = _COUNT_BEFORE.search(text[: number.start])
    if before is not None:
        return before[0].strip(" =:").lower()
    behind_ = COUNT_BEHIND.match(text, number.end)
    clause = re.split(r"[;.]\s|,\s", text[: number.start])[-1]
    if behind_ is None:
        if re.search(r"\bfirst $", text[: number.start]) and re.match(r"\s?(?:[(,.;:]|$)", text[number.end :]):
            return ""
        loose = re.match(r"\s?(?:of (?:them|these|those)|\))", text[number.end :])
        return "" if loose is not None and re.search(r"\($", text[: number.start].rstrip()) else None
    return behind_["noun"].lower() if NO_ITEMS.search(f"{clause} {text[number.end : behind_.end()]}") is None else None


_ARMS = Pattern(
    r"^(?:arms?|methods?|models?|systems?|variants?|config\w*|agents?|judges?|approach|algorithm|pre-?processing|"
    r"retriever|ranker|network|net|modell?e?|modelo|méthode|système|methode|verfahren|vorverarbeitung|id|name|"
    r"strategy|policy|prompt|模型|方法|модель|метод)$",
    re.IGNORECASE,
)
_APART = Pattern(
    r"\b(?:gap|drop|harder|easier|differ\w*|split|group|slice|subgroup|transfer|generali[sz]\w*|held-?out|zero-shot|"
    r"training set|train(?:ed|ing)? on|weighted|bootstrap|confidence|significan\w*|p\s?[=<])\b",
    re.IGNORECASE,
)
_SPAN = 14


def sure_in_grid(one: Compared, at: int, few: float, many: float) -> bool:
    """Whether the rows are arms, and the one on few items is told to be ahead by a stated difference or by its name."""
    grid = one.grid
    assert grid is not None
    if many < 4 * few or _ARMS.match(grid.label.strip()) is None or _APART.search(one.claim.text):
        return False
    if all(re.fullmatch(r"[a-z]{2}(?:[-→>]+[a-z]{2})?", name.strip()) for name in grid.names):
        return False  # languages
    if at not in (one.one.row, one.other.row) or not 0 <= one.line.number - grid.first <= 2 * _SPAN:
        return False
    return (not one.by_word or BETTER.search(one.claim.text) is not None) and AGAINST.search(one.claim.text) is None


def sure_in_words(one: Compared, small: Items, large: Items) -> bool:
    """Whether few are told as a part, or many as all, of the same things, near the claim of a stated difference."""
    lines = [one.line.number, one.one.line, one.other.line, small.line, large.line]
    if one.by_word or max(lines) - min(lines) > _SPAN or large.count < 4 * small.count or _APART.search(one.claim.text):
        return False
    if AGAINST.search(one.claim.text):
        return False
    told = [result.statement.text for result in (one.one, one.other) if result.statement is not None]
    if any(_OTHER_DATA.search(text) for text in told) or all(_OF_GROUP.match(text) for text in told):
        return False
    if any(_TRIED_NOUN.match(items.noun) for items in (small, large)):
        return False
    alike = small.noun[:4] == large.noun[:4]
    if small.part or large.whole:
        return alike or (small.part and not (small.noun and large.noun.strip("n")))
    own = {small.line, large.line} == {one.one.line, one.other.line}
    return alike and own and all(_EVALUATED.search(text) for text in told)


_TRIED_NOUN = Pattern(r"(?:trials?|rollouts?|answers?|episodes?|rows?|records?|words?|levels?)$", re.IGNORECASE)
"""What is tried, or parts of items: numbers of these are no sizes of a set."""

_OTHER_DATA = Pattern(
    r"\b(?:ood|domains?|data ?sets?|class(?:es)?|categor\w+|languages?|training (?:set|items|examples)|folds?|splits?|"
    r"easier|harder|women|men|index|prompt with|in the prompt|batch(?:es)? of)\b|\b(?:of|in|from) (?:19|20)\d\d\b",
    re.IGNORECASE,
)
_OF_GROUP = Pattern(r"(?:recall|precision|acc\w*|f1|auc|sensitivity|specificity|error|rate) \([^)\d]+\)", re.IGNORECASE)
"""A metric of a group, which is named in brackets: ``Recall (wild type)``."""

_EVALUATED = Pattern(
    r"\b(?:eval\w*|scored|judged|measured|rated|tested|NDCG|MRR|recall|hit)\b|@\d|\bn ?=|bewertet|évalué\w*|评测",
    re.IGNORECASE,
)


def drawn_from_few(*told: str) -> bool:
    """Whether what was tried on few items, told first, is concluded from in so many words, told last."""
    return _DRAWN.search(told[-1]) is not None and not any(_TRIED_OUT.search(text) for text in told)


_DRAWN = Pattern(
    r"^(?:\W|\w+:\s)*(?:great,? )?(?:conclusions?|settled|verdict|take-?aways?|findings?|bottom line|upshot|so|hence|"
    r"thus|therefore)\b[:,]? (?=[^.;]*\b(?:helps?|better|prefers?|preferred|cured|beats?|outperforms?|wins?|improves?|"
    r"worse|hurts?)\b)",
    re.IGNORECASE,
)
_TRIED_OUT = Pattern(
    r"\b(?:smoke|sanity|pilot|debug\w*|crash\w*|parse\w*|format\w*|bug|unit|qualitative\w*|anecdot\w*|spot|"
    r"few-?shot|shots?|tomorrow|will|next|small|only|tiny|caveat|preliminary|hint|latency|ms|cache\w*|speed|"
    r"time)\b|\bI['’]ll\b",
    re.IGNORECASE,
)

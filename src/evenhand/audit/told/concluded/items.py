"""On how many items results were measured: of two that are compared, or of the one that a conclusion rests on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.numerals import NUMBERS, any_number
from evenhand.audit.text.vocabulary.verdicts import AGAINST, ALIKE, BETTER, NO_EFFECT
from evenhand.audit.told.concluded.compared import Compared, Told, compared_in
from evenhand.audit.told.concluded.concluded import Conclusion, concluded_in, withheld
from evenhand.audit.told.concluded.statements import Statement, behind, statements_of

LESS, FEW = 2.0, 15
_NOUN = (
    r"(?:items?|questions?|queries|problems?|prompts?|sentences?|images?|pictures?|examples?|clips?|recordings?|documents?|"
    r"docs|pages?|users?|stores?|tasks?|pairs?|claims?|utterances?|episodes?|instances?|tweets?|riddles?|requests?|calls?|"
    r"games?|samples?|answers?|dialogues?|conversations?|articles?|tickets?|files?|cases?|scans?|videos?|songs?|texts?|"
    r"messages?|emails?|words?|trials?|rollouts?|maps?|levels?|passages?|stories|posts?|reviews?|lectures?|subjects?|"
    r"patients?|paragraphs?|snippets?|functions?|repos?|puzzles?|rows?|records?|"
    r"sätzen?|bilder\w*|seiten|äußerungen|beispielen?|aufnahmen|dokumente\w*|anfragen|"
    r"phrases?|requêtes?|énoncés?|documents|exemples?|extraits?|frases?|consultas?|imágenes|ejemplos|grabaciones|"
    r"предложени\w+|запрос\w*|картинок|изображени\w+|пример\w*|фраз\w*|записей|"
    r"条|题|句|张|个样本|页|段|篇)"
)
_COUNT_BEHIND = Pattern(
    rf"\s?(?:(?:[a-zA-Zà-ÿа-яё]+[ -]){{0,3}}?)(?P<noun>{_NOUN})(?![a-zà-ÿа-яё])(?! (?:per|each|a second|/))",
    re.IGNORECASE,
)
_COUNT_BEFORE = Pattern(
    rf"(?:(?<![a-z])(?:n|(?:n_|num_|number of )?{_NOUN}|limit|items scored|clips listened to|test (?:size|{_NOUN}))"
    r"(?: \w+ to)?\s?[=:]\s?|--limit )$",
    re.IGNORECASE,
)
_PART = Pattern(
    r"\b(?:first|only|subset|sub-?sample\w*|sample of|slice|portion|a (?:random )?(?:tenth|third|quarter|half|"
    r"fifth)|of (?:the|"
    r"those|them|these)|limit|shard|just|random|nur|ersten|teil\w*|premi[eè]res?|seulement|uniquement|solo|"
    r"primeras?|de esas|"
    r"только|первы\w+|часть|части)\b|--limit|前|只|仅",
    re.IGNORECASE,
)
_ALL = Pattern(
    r"\b(?:all|full|entire|whole|every|complete|alle[nr]?|gesamte\w*|ganze\w*|tou(?:s|tes)|entier\w*|complet\w*|todas?|todos|"
    r"complet[oa]|все|всех|всей|полн\w+)\b|完整|全部|所有|全量",
    re.IGNORECASE,
)
_SAME = Pattern(
    r"\bsame \d[\d,]*\b|\bboth (?:on|over|measured|scored|evaluated)|not comparable|on these \d|same (?:items|"
    r"questions|queries|"
    r"subset|prompts|images)|both (?:arms|models|systems) (?:on|see|were)|few-?shot|mêmes \d|mism[oa]s \d|denselben",
    re.IGNORECASE,
)
_FRACTION = Pattern(
    r"\b(?:random )?(tenth|third|quarter|half|fifth|twentieth) of (?:the|all|our)\b|\b(\d{1,2}) ?% (?:subset|"
    r"sample) of\b",
    re.IGNORECASE,
)
_GROUPS = Pattern(
    r"\b(?:aggregate\w*|total|overall|all|mean|average|pooled|combined|sum|full|subset|split|train\w*|test|dev|val\w*|set|"
    r"held-?out|in-?dist\w*|ood|fold|seed|day|week|month|\d+ (?:tasks|items|questions|seeds))\b|→|->",
    re.IGNORECASE,
)
_SETS = Pattern(
    r"\b(?:splits?|data ?sets?|domains?|category|class|language|folds?|benchmarks?|subsets?|cohorts?|sites?)\b", re.I
)
"""Rows that are sets of data, or all rows together, and no arms."""

_LESS_OF = {"tenth": 10, "third": 3, "quarter": 4, "half": 2, "fifth": 5, "twentieth": 20}
_NO_ITEMS = Pattern(
    r"\b(?:train\w*|fine-?tun\w*|LoRA|SFT|few-?shot|in-context|calibrat\w+|distil\w+|collected|corpus)\b", re.I
)
_MEASURED = Pattern(
    r"\b(?:test\w*|eval\w*|judged?|listen\w*|compar\w+|asked?|read|check\w*|tried|score[ds]?|solved?|right|correct|wrong|"
    r"clips|measured|rated|ran on|looked at|questions from|upright|success\w*|hits?|preferred|averaged|getestet|gehört|"
    r"testé\w*|écout\w+|probad\w+|провер\w+|слуша\w+|测|试)\b|测|试",
    re.IGNORECASE,
)
_SMALL_NOUN = Pattern(
    r"questions?|queries|problems?|sentences?|images?|clips?|recordings?|documents?|pages?|utterances?|episodes?|tweets?|"
    r"riddles?|requests|answers?|dialogues?|conversations?|articles?|examples?|items?|puzzles?|videos?|songs?|prompts?|"
    r"scans?|games?|rollouts?|messages?|emails?|sätze\w*|bilder\w*|äußerungen|aufnahmen|phrases?|requêtes?|énoncés?|frases?|"
    r"предложени\w+|запрос\w*|пример\w*|题|条|句|张",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Items:
    """A number of items that a statement tells, with what they are and whether they are a part or all."""

    count: float
    noun: str
    part: bool
    whole: bool
    line: int


@dataclass(frozen=True)
class Fewer:
    """A comparison whose results were measured on numbers of items that differ."""

    compared: Compared
    few: float
    many: float
    line: int
    other: int
    sure: bool = False
    """A difference is stated, and the text tells that the few are some of the many, or the rows are arms."""


@dataclass(frozen=True)
class Small:
    """A conclusion from few items."""

    conclusion: Conclusion
    count: int
    line: int
    sure: bool = False
    """It is told as a conclusion, of one thing that is better or helps."""


_DRAWN = Pattern(
    r"^(?:\W|\w+:\s)*(?:great,? )?(?:conclusions?|settled|verdict|take-?aways?|findings?|bottom line|upshot|so|hence|thus|"
    r"therefore)\b[:,]? (?=[^.;]*\b(?:helps?|better|prefers?|preferred|cured|beats?|outperforms?|wins?|improves?|worse|hurts?)\b)",
    re.IGNORECASE,
)
_TRIED_OUT = Pattern(
    r"\b(?:smoke|sanity|pilot|debug\w*|crash\w*|parse\w*|format\w*|bug|unit|qualitative\w*|anecdot\w*|spot|"
    r"few-?shot|shots?|tomorrow|will|next|small|only|tiny|caveat|preliminary|hint|latency|ms|cache\w*|speed|time)\b|\bI['’]ll\b",
    re.IGNORECASE,
)


def items_in(one: Statement) -> list[Items]:
    """The numbers of items of a statement that speaks of measuring, or of nothing else."""
    text = one.text
    found = []
    for number in one.numbers:
        noun = _noun(text, number)
        if noun is not None:
            left = text[max(0, number.start - 28) : number.start]
            around = f"{left} {text[number.end : number.end + 24]}"
            line = one.sentence.line_at(number.start).number
            found.append(
                Items(_with_thousands(text, number), noun, _PART.search(around) is not None, _ALL.search(left) is not None, line)
            )
    return found


def _with_thousands(text: str, number: Number) -> float:
    """The number with the thousands that a blank sets off: ``2 400``."""
    before = re.search(r"(?<![\w.,])(\d{1,3})[ \u00a0\u202f]$", text[: number.start])
    three = re.fullmatch(r"\d{3}", text[number.start : number.end]) is not None
    return number.value + 1000 * int(before[1]) if before is not None and three else number.value


def _noun(text: str, number: Number) -> str | None:
    if number.decimals or number.signed or number.spread or number.unit or number.value < 2:
        return None
    before = _COUNT_BEFORE.search(text[: number.start])
    if before is not None:
        return before[0].strip(" =:").lower()
    behind_ = _COUNT_BEHIND.match(text, number.end)
    clause = re.split(r"[;.]\s|,\s", text[: number.start])[-1]
    if behind_ is None:
        loose = re.match(r"\s?(?:of (?:them|these|those)|\))", text[number.end :])
        return "" if loose is not None and re.search(r"\($", text[: number.start].rstrip()) else None
    return behind_["noun"].lower() if _NO_ITEMS.search(f"{clause} {text[number.end : behind_.end()]}") is None else None


def fewer_in(log: Log) -> Iterator[Fewer]:
    """Comparisons of results on few items with results on many, in tables and in words."""
    for one in compared_in(log):
        if _SAME.search(one.claim.text):
            continue
        found = _in_grid(one) if one.grid is not None else _in_words(log, one)
        if found is not None:
            yield found


def _in_grid(one: Compared) -> Fewer | None:
    assert one.grid is not None
    i, j = one.one.row, one.other.row
    columns = one.grid.of("items")
    if _SETS.search(one.grid.label.replace("_", " ")):
        return None
    if any(_GROUPS.search(one.grid.names[at].replace("_", " ")) for at in (i, j)):
        return None
    for column in columns if len(columns) == 1 else ():
        mine = column.cells[i]
        others = [j] if len(one.grid.names) == 2 or one.words[:1] in "+-−.0123456789" else [
            at for at in range(len(one.grid.names)) if at != i
        ]  # fmt: skip
        for at in others:
            other = column.cells[at]
            if mine is None or other is None or not mine.value * other.value:
                continue
            if max(mine.value, other.value) >= LESS * min(mine.value, other.value) and _rest_alike(
                column.cells, mine, other
            ):
                less, more = (i, at) if mine.value < other.value else (at, i)
                few, many = sorted((mine.value, other.value))
                return Fewer(one, few, many, column.lines[less], column.lines[more], _sure_in_grid(one, less, few, many))
    return None


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


def _sure_in_grid(one: Compared, at: int, few: float, many: float) -> bool:
    """Whether the rows are arms, and the one on few items is told to be ahead by a stated difference or by its name."""
    grid = one.grid
    assert grid is not None
    if many < 4 * few or _ARMS.match(grid.label.strip()) is None or _APART.search(one.claim.text):
        return False
    if at not in (one.one.row, one.other.row) or not 0 <= one.line.number - grid.first <= 2 * _SPAN:
        return False
    return BETTER.search(one.claim.text) is not None and AGAINST.search(one.claim.text) is None


def _sure_in_words(one: Compared, small: Items, large: Items) -> bool:
    """Whether few are told as a part, or many as all, of the same things, near the claim of a stated difference."""
    lines = [one.line.number, one.one.line, one.other.line, small.line, large.line]
    if one.by_word or max(lines) - min(lines) > _SPAN or large.count < 4 * small.count or _APART.search(one.claim.text):
        return False
    if AGAINST.search(one.claim.text):
        return False
    told = [result.statement.text for result in (one.one, one.other) if result.statement is not None]
    if any(_OTHER_DATA.search(text) for text in told):
        return False
    alike = small.noun[:4] == large.noun[:4]
    if small.part or large.whole:
        return alike or (small.part and not large.noun.strip("n"))
    own = {small.line, large.line} == {one.one.line, one.other.line}
    return alike and own and all(_EVALUATED.search(text) for text in told)


_OTHER_DATA = Pattern(
    r"\b(?:ood|domains?|data ?sets?|class(?:es)?|categor\w+|languages?|training (?:set|items|examples)|folds?|splits?|"
    r"easier|harder|women|men|index|prompt with|in the prompt|batch(?:es)? of)\b|\b(?:of|in|from) (?:19|20)\d\d\b",
    re.IGNORECASE,
)
_EVALUATED = Pattern(
    r"\b(?:eval\w*|scored|judged|measured|rated|tested|NDCG|MRR|recall|hit)\b|@\d|\bn ?=|bewertet|évalué\w*|评测", re.IGNORECASE
)


def _rest_alike(cells: Sequence[Number | None], mine: Number, other: Number) -> bool:
    """Whether the numbers of items are those of one set: all but one arm have the same."""
    given = [cell.value for cell in cells if cell is not None and cell.value]
    return len(given) <= 2 or (len(set(given)) == 2 and min(given.count(value) for value in set(given)) == 1)


def _in_words(log: Log, one: Compared) -> Fewer | None:
    pairs = (_near(log, one.one, one), _near(log, one.other, one))
    for few, many in (pairs, pairs[::-1]):
        fraction = next((part for text, part in few[1] if part), 0)
        for large in many[0]:
            for small in few[0]:
                alike = small.noun[:4] == large.noun[:4] or not small.noun or not large.noun
                if small.count < 20 and not small.noun.strip("n"):
                    continue
                told = alike or small.part or (large.whole and large.count >= 10 * small.count)
                if large.count >= LESS * small.count and told and large.count >= 40:
                    sure = _sure_in_words(one, small, large)
                    return Fewer(one, small.count, large.count, small.line, large.line, sure)
            if fraction and not few[0]:
                line = next(text for text, part in few[1] if part)
                return Fewer(one, large.count / fraction, large.count, line, large.line)
    return None


def _near(log: Log, told: Told, one: Compared) -> tuple[list[Items], list[tuple[int, int]]]:
    """The items of the statement of a result; where it has none, of the one before or after it that has no result."""
    statement = told.statement
    if statement is None or (one.one.statement is one.other.statement):
        return [], []
    every = statements_of(log)
    other = one.other.statement if told is one.one else one.one.statement
    nearby = [statement]
    for at in (statement.place - 1, statement.place + 1):
        beside = every[at] if 0 <= at < len(every) else None
        if beside is None or beside.section != statement.section or beside in (other, one.claim):
            continue
        if not beside.results:
            nearby.append(beside)
    for candidate in nearby:
        if _SAME.search(candidate.text):
            return [], []
        items = items_in(candidate)
        fractions = [
            (
                candidate.sentence.line_at(m.start()).number,
                _LESS_OF.get((m[1] or "").lower(), 0) or 100 // int(m[2] or 100),
            )
            for m in _FRACTION.finditer(candidate.text)
        ]
        if items or fractions:
            return items, fractions
    return [], []


def small_in(log: Log) -> Iterator[Small]:
    """Conclusions drawn from at most fifteen questions, clips, episodes or the like."""
    for one in statements_of(log):
        count = _small(one)
        if count is None or len(one.text) > 260 or withheld(one):
            continue
        near = [one, *behind(log, one, 5)]
        if any(_larger(other) for other in near):
            continue
        for other in near:
            if withheld(other):
                break
            found = concluded_in(other, (BETTER, NO_EFFECT, AGAINST, ALIKE), cued=True) or (
                concluded_in(other, (_SETTLED,)) if other is not one else None
            )
            if found is not None:
                told = (one.text, other.text)
                sure = _DRAWN.search(other.text) is not None and not any(_TRIED_OUT.search(text) for text in told)
                yield Small(found, count[0], one.sentence.line_at(count[1]).number, sure)
                break


_SETTLED = Pattern(
    r"\b(?:is (?:the )?(?:better|best|clearly)|solved|cured|settled|lose the ability|no longer|never (?:drops?|"
    r"fails?)|helps?|"
    r"people prefer|close the epic|we drop|we adopt|is worse|fixed|handles?|can go)\b",
    re.IGNORECASE,
)


def _small(one: Statement) -> tuple[int, int] | None:
    text = one.text
    if one.passage.kind == "note" or not _MEASURED.search(text):
        return None
    for number in one.numbers:
        noun = _noun(text, number)
        if noun and 3 <= number.value <= FEW and _SMALL_NOUN.search(noun):
            return int(number.value), number.start
    for word in re.finditer(rf"\b({any_number(3)})\b", text, re.IGNORECASE):
        after = _COUNT_BEHIND.match(text, word.end())
        few = NUMBERS[word[1].lower()] <= FEW
        if few and after is not None and _SMALL_NOUN.fullmatch(after["noun"]) and not _NO_ITEMS.search(text):
            return NUMBERS[word[1].lower()], word.start()
    return None


def _larger(one: Statement) -> bool:
    """Whether more items are told of than few, or that it was repeated."""
    return (
        any(items.count >= 40 for items in items_in(one)) or re.search(r"\bseeds?\b|\bp\s?[=<]", one.text) is not None
    )

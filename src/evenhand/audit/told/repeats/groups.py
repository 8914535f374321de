"""Groups of values that one thing had in several repeats, wherever a text lists them.

In one sentence (``61.2, 63.8 and 62.4``; ``fold A 12.1, fold B 12.6``), or one below the other, in lines that differ in
a running number and their values alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from evenhand.audit.text.log import Line, Log, per_log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.passages import Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import DIFFERENCE
from evenhand.audit.text.vocabulary.repeats import A_REPEAT, MEAN_WORD, REPEAT, SPREAD_WORD, worded
from evenhand.audit.told.repeats.indexed import of_repeats
from evenhand.audit.told.repeats.said_counts import count_said, repeats_said

_BETWEEN = Pattern(r"\s*(?:[,;/|、·]\s*)?(?:(?:and|und|et|y|и|和|&)\s+)?", re.IGNORECASE)
_NAMED = Pattern(
    r"\s*(?:[,;/|]\s*(?:(?:and|und|et|y|и)\s+)?|(?:and|und|et|y|и)\s+)(?P<stem>[^\W\d]{1,12}[ _#-]?)(?P<index>\d{1,4}|"
    r"[A-Ha-h])\s*(?:[:=]|->|→|gave|gives|got|gets|had|has|reached|ended at|ends at|scored|ergab|a donné|dio|дал)?\s*",
    re.IGNORECASE,
)
_FIRST = Pattern(
    r"(?P<stem>[^\W\d]{1,12}[ _#-]?)(?P<index>\d{1,4}|[A-Ha-h])\s*(?:[:=]|->|→|gave|gives|got|gets|had|has|"
    r"reached|ended at|ends at|scored|ergab|a donné|dio|дал)?\s*$",
    re.IGNORECASE,
)
_PERCENTILE = Pattern(r"p\s?(?:1|5|10|25|50|75|80|90|9[5-9]|999?)", re.IGNORECASE)
_INDEXED = Pattern(rf"(?<![^\W_])(?:{REPEAT}|s|r)\s*[#_-]?$", re.IGNORECASE)
_OF = Pattern(r"\b(?:of|von|der|de|des|из|over)\s*$", re.IGNORECASE)
_VERB = Pattern(
    r"\s*(?:[:=]|->|→|gave|gives|got|gets|had|has|reached|ended at|ends at|scored|ergab|a donné|dio|дал)\s*",
    re.IGNORECASE,
)
_SETTINGS = worded(
    r"lrs?|learning rates?|layers?|epochs?|steps?|sizes?|widths?|dims?|lengths?|ids?|top|coef\w*|beta|alpha|ranks?|"
    r"tokens|batch\w*|budgets?|thresholds?|temperatures?|ci\d*|intervals?|range|quantiles?|percentiles?|grid|sweep|"
    r"bounds?|versions?|gpus?|pages?|sections?|figures?|split into|weights?|sparsity|betas?|wd|warmup"
)
_SEEDS = Pattern(
    r"(?:seeds?|graines?|semillas?|startwerte?n?|зёрна|сиды?|种子)\s*[:=#(\[]*\s*(?:\d+\s*,\s*)*$", re.IGNORECASE
)
_TITLE = Pattern(REPEAT, re.IGNORECASE)
_NAMED_REPEAT = Pattern(
    r"^(?:seed|run|init|restart|rerun|rep|repeat|trial|train|startwert|lauf|graine|essai|semilla|зерно|сид|прогон|"
    r"запуск)\W*$",
    re.IGNORECASE,
)
_OWN_REPEAT = Pattern(
    r"(?<![^\W_])(?:seed|run|init|restart|rerun|rep|repeat|train|startwert|lauf|graine|semilla|зерно|сид|прогон|"
    r"запуск|s|r|i)s?[ _=:.-]*#",
    re.IGNORECASE,
)
_REPEATED_HEAD = Pattern(
    r"(?<![^\W_])(?:seeds?|runs|restarts?|inits?|graines?|semillas?|startwerte?)(?![^\W_])", re.IGNORECASE
)
BY_SEED = Pattern(
    r"(?<![^\W_])(?:seed by seed|(?:per|by|each|every) (?:seed|run|restart|init)|(?:one|a) (?:value|entry|row|"
    r"number) (?:per|for each) (?:seed|run)|of (?:the )?(?:restarts|seeds|runs))(?![^\W_])|"
    r"[各每]\s?(?:个|次)?\s?(?:种子|seeds?)",
    re.IGNORECASE,
)
_AND_SO_ON = Pattern(r"[\s,;/]*(?:\.\.\.|…|etc\b|usw\b)")
_FOLD = worded(r"folds?|splits?|sessions?")
_FEWEST, _MOST = 2, 64
_WIDEST, APART = 0.4, 0.6
"""How far repeats of one thing lie apart, as a part of the largest: surely, and perhaps."""


@dataclass(frozen=True, eq=False)
class Group:
    """Values of one thing.

    Attributes:
        label: the words before them.
        values: as printed, in their sentences' columns.
        line: where they begin.
        last: number of the line where they end.
        sentence: the one sentence that holds all of them; None where each has its own.
        section: as for lines.
        repeats: whether the text says that they are repeats.
        folds: whether they are folds or splits, whose mean is called the result.
        firm: whether they are surely values of one thing; two of an unnamed thing are not.
        repeated: whether words for seeds, runs or starts say so, and not only a count.
    """

    label: str
    values: tuple[Number, ...]
    line: Line
    last: int
    sentence: Sentence | None
    section: int
    repeats: bool
    folds: bool
    firm: bool = True
    repeated: bool = True

    @property
    def signed(self) -> bool:
        """Whether they are differences."""
        return all(n.signed or not n.value for n in self.values) or DIFFERENCE.search(self.label) is not None


@per_log
def groups_of(log: Log) -> tuple[Group, ...]:
    """All groups of a log, in the order of their lines."""
    sentences = [s for passage in passages_of(log) if passage.kind != "heading" for s in passage.sentences]
    found = [
        *(
            one
            for s, before in zip(sentences, ["", *(s.text for s in sentences)], strict=False)
            for one in _listed(s, before)
        ),
        *_stacked(log, sentences),
    ]
    return tuple(sorted(found, key=lambda one: (one.last, one.line.number)))


def _listed(sentence: Sentence, before: str) -> Iterator[Group]:
    run: list[Number] = []
    numbers = [n for n in sentence.numbers if not _is_index(sentence, n)]
    for number in [*numbers, None]:
        if run and number is not None and _goes_on(sentence.text, run, number):
            run.append(number)
            continue
        while len(run) >= _FEWEST + 1 and not run[0].decimals and run[1].decimals:
            run = run[1:]
        group = _of_run(sentence, tuple(run), before) if len(run) >= _FEWEST else None
        if group is not None:
            yield group
        run = [number] if number is not None and not number.spread else []


def _is_index(sentence: Sentence, number: Number) -> bool:
    """Whether a number names a repeat whose value follows: ``seed 3: 0.61``."""
    text = sentence.text
    if number.decimals or number.unit or _INDEXED.search(text[: number.start]) is None:
        return False
    after = next((n for n in sentence.numbers if n.start >= number.end), None)
    return after is not None and _VERB.fullmatch(text[number.end : after.start]) is not None


def _goes_on(text: str, run: Sequence[Number], number: Number) -> bool:
    between = text[run[-1].end : number.start]
    if number.spread or (number.unit != run[-1].unit and number.unit and run[-1].unit):
        return False
    if (
        between.strip() in ("", ",", ";", "/", "|", "、")
        and number.signed
        and not run[0].signed
        and not between.strip()
    ):
        return False
    if between and _BETWEEN.fullmatch(between):
        return between.count("/") == 0 or len(run) < 2 or "/" in text[run[-2].end : run[-1].start]
    named, first = _NAMED.fullmatch(between), _FIRST.search(text[: run[0].start])
    return named is not None and first is not None and named["stem"].lower() == first["stem"].lower()


def _of_run(sentence: Sentence, run: tuple[Number, ...], before: str) -> Group | None:
    text = sentence.text
    lead = text[: run[0].start]
    label = lead[-80:]
    named = _FIRST.search(lead)
    percentiles = named is not None and _PERCENTILE.fullmatch(f"{named['stem'].strip()}{named['index']}")
    fine = {n.decimals for n in run if n.value}
    whole = not any(n.decimals for n in run)
    if (
        _AND_SO_ON.match(text, run[-1].end)
        or len(run) > _MOST
        or percentiles  # of one distribution, whose mean is none of theirs
        or not fine
        or max(fine) - min(fine) > 1
        or len({n.unit for n in run if n.unit}) > 1
    ):
        return None
    if whole and (_SEEDS.search(lead) or _steps_alike(run) or max(n.value for n in run) < 10):
        return None
    own = re.sub(r"\([^)]*\)", " ", re.split(r"[;.]\s|,\s", label)[-1])
    around = f"{before} {text}"
    repeats = count_said(around) == len(run) or (count_said(text) or 0) == len(run)
    if (not repeats and _SETTINGS.search(own)) or (
        not _OF.search(own) and (MEAN_WORD.search(own[-25:]) or SPREAD_WORD.search(own[-25:]))
    ):
        return None
    repeats = (
        repeats or (named is not None and of_repeats(f"{named['stem'].lower()}#")) or A_REPEAT.search(text) is not None
    )
    if len(run) == 2 and whole and "/" in text[run[0].end : run[1].start]:
        return None  # so many of so many
    one_each = named is not None and of_repeats(f"{named['stem'].lower()}#")
    firm = len(run) > 2 or count_said(text) == len(run) or one_each
    if not one_thing(run, APART):
        return None
    firm = firm and one_thing(run)
    folds = _FOLD.search(around) is not None
    first, last = sentence.line_at(run[0].start), sentence.line_at(run[-1].end - 1)
    repeated = (
        len(run) in (*repeats_said(around), *repeats_said(text))
        or _NAMED_REPEAT.search(named["stem"] if named else "") is not None
    )
    repeated = repeated or BY_SEED.search(around) is not None
    unit = next((n.unit for n in run if n.unit), "")
    run = tuple(replace(n, unit=unit) for n in run)
    return Group(
        label.strip(" :=([,-`"), run, first, last.number, sentence, first.section, repeats, folds, firm, repeated
    )


def one_thing(values: Sequence[Number], widest: float = _WIDEST) -> bool:
    """Whether values lie as near each other as those of one thing in several repeats do."""
    sizes = [abs(n.value) for n in values]
    differences = all(n.signed or not n.value for n in values)
    return differences or max(sizes) - min(sizes) <= widest * max(sizes)


def _steps_alike(values: Sequence[Number]) -> bool:
    steps = {b.value - a.value for a, b in pairwise(values)}
    ratios = {b.value / a.value for a, b in pairwise(values) if a.value}
    return len(values) > 2 and (len(steps) == 1 or len(ratios) == 1)


def _stacked(log: Log, sentences: Sequence[Sentence]) -> Iterator[Group]:
    """Lines one below the other whose text is the same but for their numbers: a group for each place of a value."""
    run: list[Sentence] = []
    for one in [*sentences, None]:
        if one is not None and run and len(one.lines) == 1 and _frame(one) == _frame(run[-1]) and _below(run[-1], one):
            run.append(one)
            continue
        if len(run) >= _FEWEST:
            yield from _of_stack(log, run)
        run = (
            [one] if one is not None and len(one.lines) == 1 and any(n.decimals or n.unit for n in one.numbers) else []
        )


def _below(above: Sentence, one: Sentence) -> bool:
    return one.lines[0].number - above.lines[0].number <= 2 and one.lines[0].section == above.lines[0].section


def _frame(sentence: Sentence) -> str:
    text = re.sub(r"\d+(?:[.,]\d+)*", "#", sentence.text)
    return re.sub(r"(?<![^\W_])[A-Ha-h](?![^\W_])", "#", text)


def _of_stack(log: Log, run: Sequence[Sentence]) -> Iterator[Group]:
    columns = list(zip(*(s.numbers for s in run), strict=False)) if len({len(s.numbers) for s in run}) == 1 else []
    first = run[0].lines[0]
    place = log.by_number[first.number]
    above = " ".join(line.body for line in log.lines[max(0, place - 2) : place])
    heads = " ".join(one.body for one in log.parents(first))
    stem = _frame(run[0]).split("#")[0].lower()
    bare = not re.search(r"\w", _frame(run[0]).replace("#", ""))
    repeats = of_repeats(f"{stem.strip()}#") or (
        (bare or len(stem.strip()) <= 8) and A_REPEAT.search(f"{above} {heads}") is not None
    )
    if bare and len(columns) == 2 and _TITLE.match(above.split(" ")[-2] if " " in above else ""):
        columns, repeats = columns[1:], True
    if bare and len(columns) > 1:
        return  # a table without rulers
    for column in columns:
        values = tuple(column)
        fine = {n.decimals for n in values if n.value} or {0}
        if (
            not any(n.decimals for n in values)
            or not one_thing(values)
            or max(fine) - min(fine) > 1
            or len({n.value for n in values}) < 2
            or len({n.unit for n in values}) > 1
        ):
            continue
        label = run[0].text[: column[0].start].strip(" :=")
        folds = _FOLD.search(f"{stem} {above} {heads}") is not None
        own = _frame(run[0])
        repeated = _OWN_REPEAT.search(own) is not None or (
            _REPEATED_HEAD.search(f"{above} {heads}") is not None and (bare or len(stem.strip()) <= 8)
        )
        yield Group(
            label, values, first, run[-1].lines[0].number, None, first.section, repeats, folds, repeated=repeated
        )

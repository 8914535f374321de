"""Results that are all at the ceiling of their measure, at its floor, or at chance: no arm can stand out there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from evenhand.audit.text.log import Log
from evenhand.audit.text.numbers import counts
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import ITEM_NOUNS
from evenhand.audit.told.arms.grids import Column, Grid, grids_of
from evenhand.audit.told.concluded.statements import Statement, around, statements_of, words_of

_RATE = Pattern(
    r"(?<![a-z])(?:acc\w*|exact(?!ly)\w*|em|success\w*|solve[sd]?|pass\w*|win\w*|recall|correct\w*|full marks|rate|"
    r"score|f1|hits?|detected|"
    r"valid\w*|right|auc|found|per ?cent|prozent|pour ?cent|trefferquote|genauigkeit|точност\w*)(?![a-z])|%|pct|"
    r"准确率|正确率",
    re.IGNORECASE,
)
_NO_RATE = Pattern(
    r"(?<![a-z])(?:loss\w*|time|speed|coverage|uptime|util\w*|confidence|train\w*|ci|corr\w*|cos\w*|similarity|r2|p|"
    r"pearson|spearman|sparsity|completed|availability|pixel|memory|overlap|agreement|kappa|delta|diff|gain|overhead|"
    r"progress|packets?|deliver\w*|errors?|error rate|cer|wer|collisions?|violations?|done|download\w*|quantile|"
    r"percentile|tests? pass\w*|restores?|restored|rescues?|rescued|"
    r"unit tests?)(?![a-z])|Δ",
    re.IGNORECASE,
)
_LOSS = Pattern(r"(?<![a-z])(?:ppl|perplexity|loss|nll|bpb|brier)(?![a-z])", re.IGNORECASE)
_CHANCE = Pattern(
    r"(?:(?<![a-z])(?:chance|random|guess\w*)(?![a-z])|угадыв\w*|случайн\w*|随机\w*|zufall\w*|hasard|azar)[^\d.;]{0,24}"
    r"(\d{1,2}(?:(?:\.\d+)?\s?%|(?![\d.]))|0?\.\d+)",
    re.IGNORECASE,
    needs="chance|random|guess|уга|лучайн|随机|zufall|hasard|azar",
)
_METRIC = Pattern(r"(?<![a-z])(?:acc(?:uracy)?|precision|recall|auc|f1|exact|em|hits?)(?![a-z])", re.IGNORECASE)
_NO_ARMS = Pattern(
    r"(?<![a-z])(?:data ?sets?|benchmarks?|tasks?|class(?:es)?|categor\w+|splits?|subsets?|opponents?|prompt sets?|"
    r"modules?|nodes?|hosts?|languages?|domains?|questions?|files?|raters?|annotators?|epochs?|steps?|rounds?|iter\w*|"
    r"layers?|seeds?|runs?|folds?|thresholds?|k|level|difficulty|lengths?|depth|checkpoints?|day|week|date|version|"
    r"environments?|envs?|scenarios?|users?|patients?|subjects?|regions?|metrics?)(?![a-z])",
    re.IGNORECASE,
)
"""What tells rows or points apart that are no arms: one arm is at the ceiling of several things, or several times."""

_ADVERSE = Pattern(
    r"\b(?:attacks?|jailbreak\w*|leak\w*|memori[sz]\w*|canar\w*|backdoor\w*|poison\w*|hallucinat\w*|refus\w*|bugs?)\b",
    re.IGNORECASE,
)
"""What is to be kept low: all of it is a result, and no ceiling of a task."""

_PARAMETER = Pattern(r"(?<![a-z])(?!acc|em|hit|auc|score|recall|win|f1)[a-z_]+\s?=\s?$", re.IGNORECASE)
_SEVERAL = Pattern(
    r"\b(?:both|neither)\b(?: [\w-]+){0,2}|\bwith (?:and|or) without\b|\bbefore and after\b|"
    r"\b(?:every|each) (?!of\b)[\w-]+|\b(?:all|none of)(?: of)?(?: (?:the|our|these))?(?: [\w-]+){0,2} \w+s\b|"
    r"\bthe (?:two|three|four|five|six)(?: [\w-]+){1,2}|"
    r"\bthe [\w.-]+ and (?:the )?[\w.-]+(?: \w+)? (?:have|get|reach|solve|score|answer|pass|are)\b",
    re.IGNORECASE,
)
"""That a result is one of several arms."""

PROPERTY = Pattern(
    r"(?<![a-z])(?:keeps?|kept|retain\w*|valid(?!ation)|pars\w+|schema|format\w*|complian\w*|files?|duplicat\w*|missing|"
    r"mask\w*|trunc\w*|dropout|budget|traffic|safe\w*|fail\w*|crash\w*|timeouts?|nans?|invalid|error\w*|"
    r"violat\w*|refus\w*|agree\w*|train|lint\w*|checkers?|ci|builds?|transition rate)(?![a-z])",
    re.IGNORECASE,
)
"""What a share is of that is no result on a task."""

_TASKS = Pattern(
    r"(?<![a-z])(?:tasks?|benchmarks?|data ?sets?|levels?|puzzles?|problems?|questions?|difficulty|lengths?|splits?|"
    r"games?|envs?|environments?|opponents?|depth|mazes?|seeds?)(?![a-z])",
    re.IGNORECASE,
)
_ITEM = Pattern(rf"(?<![a-z])(?:{ITEM_NOUNS})(?![a-z])", re.IGNORECASE)
_WHOLE = Pattern(
    rf"\b(?:all|every)(?: (?:the|of the|single))?(?: \d+)? (?:{ITEM_NOUNS}) (?:are |is )?(?:right|correct\w*|solved)\b|"
    rf"\b(?:solves?|answers?|pass(?:es)?|gets?) (?:all|every)(?: (?:the|of the|single))?(?: \d+)? (?:{ITEM_NOUNS})\b",
    re.IGNORECASE,
)
_NOT_ONE = Pattern(
    rf"\b(?:neither|none|no)\b[^.;,]{{0,30}}\b(?:solves?|answers?|pass(?:es)?|gets?|finds?) (?:any|one|a single)"
    rf"(?: one)?(?: of the)?(?: \d+)? (?:{ITEM_NOUNS})(?![a-z])",
    re.IGNORECASE,
    needs=" any | one | a single ",
)
_INTERVAL = Pattern(r"\[[^\[\]]*\d[^\[\]]*,[^\[\]]*\]")
_TOP, _NEAR = 0.995, 0.006
_ROWS = 60
_ITEMS = 20
_FEW = 3  # items by which arms may differ and are not told apart


@dataclass(frozen=True)
class Flat:
    """Results of arms at one level: from which line to which, how many (0: all), in which section; whether rows.

    ``values`` are the results as printed, ``names`` the words of the arms, ``rate`` says that they are named a rate of
    right ones, each of another arm; ``across`` are the names of columns that are arms; ``told`` is the last
    statement that tells the results.
    """

    at: str
    first: int
    last: int
    arms: int
    section: int
    rows: bool = False
    values: frozenset[float] = frozenset()
    names: frozenset[str] = frozenset()
    rate: bool = False
    across: tuple[str, ...] = ()
    told: Statement | None = None


def flats_of(log: Log) -> Iterator[Flat]:
    """All of a log: columns of tables, and statements that tell results of one arm or of several."""
    for grid in grids_of(log):
        found = _in_grid(log, grid)
        if found is not None:
            yield found
    yield from _in_words(log)


def _in_grid(log: Log, grid: Grid) -> Flat | None:
    scores = [
        one for one in grid.of("score")
        if sum(cell is not None for cell in one.cells) >= 2
        and not _LOSS.search(one.name.replace("_", " "))
        and not all(cell is None or (not cell.decimals and cell.value > 100) for cell in one.cells)
    ]  # fmt: skip
    columns = [one for one in scores if not _NO_RATE.search(one.name.replace("_", " "))]
    if not scores and 2 <= len(grid.names) <= _ROWS:
        return _full(grid)
    if not columns or not 2 <= len(grid.names) <= _ROWS or len(columns) < len(scores):
        return None
    chance = _chance(log, grid.first, grid.last, grid.section)
    levels = {_level_of(column, grid, chance) for column in columns}
    level = "the ceiling" if _nearly_full(grid) else levels.pop() if len(levels) == 1 else None
    if level is None:
        return None
    values = frozenset(cell.value for column in columns for cell in column.cells if cell is not None)
    words = words_of(
        " ".join((*grid.names, *(c.name for c in grid.columns), grid.title, grid.label, *log.path(grid.section)[-1:]))
    )
    rate = all(_RATE.search(f"{column.name} {grid.title}".replace("_", " ")) for column in columns)
    rate = rate and not _NO_ARMS.search(grid.label) and not _ADVERSE.search(" ".join(sorted(words)))
    across = () if rate else _across(grid, columns)
    of = Flat(level, grid.first, grid.last, len(grid.names), grid.section, True, values, words, rate)
    return replace(of, rate=True, across=across, arms=len(across) * of.arms) if across else of


def _across(grid: Grid, columns: Sequence[Column]) -> tuple[str, ...]:
    """The names of columns that are arms, all in percent, where the rows are tasks; none elsewhere."""
    names = tuple(one.name.strip() for one in columns)
    if len(names) < 2 or len(grid.columns) > len(names) or not _TASKS.search(grid.label):
        return ()
    said = " ".join((*names, *grid.names, grid.title)).replace("_", " ")
    percent = all(cell is None or cell.unit == "%" for one in columns for cell in one.cells)
    bare = not any(_RATE.search(name) or _NO_ARMS.search(name) for name in names) and not _ADVERSE.search(said)
    return names if percent and bare and not _NO_RATE.search(grid.title) else ()


def _full(grid: Grid) -> Flat | None:
    """Counts of one whole for at least two arms, all of them full: ``64/64``; or all but, and the rows are arms."""
    rows = (grid.first, grid.last, len(grid.names), grid.section, True)
    if _nearly_full(grid) and not _NO_ARMS.search(grid.label):
        return Flat("the ceiling", *rows, names=words_of(" ".join(grid.names)), rate=True)
    told = [[one for text in column.texts if len(one := counts(text)) == 1] for column in grid.of("text")]
    shares = [one[0].part.value / one[0].whole.value for cells in told if len(cells) > 1 for one in cells]
    at = level(shares, None) if shares and all(len(cells) != 1 for cells in told) else None
    return Flat(at, *rows[:2], len(shares), *rows[3:]) if at == "the ceiling" else None


def _nearly_full(grid: Grid) -> bool:
    """Whether all arms have counts of one whole, of which three are missing at most and two in a hundred."""
    told = [one for column in grid.of("text") for text in column.texts for one in counts(text)]
    one_whole = len(told) == len(grid.names) and len({one.whole.value for one in told}) == 1
    return one_whole and all(one.whole.value - one.part.value <= min(_FEW, 0.02 * one.whole.value) for one in told)


def _level_of(column: Column, grid: Grid, chance: float | None) -> str | None:
    cells = [one for one in column.cells if one is not None]
    name = f"{column.name} {grid.title}".replace("_", " ")
    if len(cells) < 2 or any(one.signed or one.spread for one in cells):
        return None
    top = max(one.value for one in cells)
    if not _RATE.search(name) and not all(one.unit == "%" or one.value in (1.0, 100.0) for one in cells):
        return None
    hundred = any(one.unit == "%" or one.value > 1.0001 for one in cells) or "pct" in name.lower()
    if top > 100 or not (hundred or all(one.decimals for one in cells)):
        return None if top else "the floor"
    return level([one.value / (100 if hundred else 1) for one in cells], chance)


def level(shares: Sequence[float], chance: float | None) -> str | None:
    """The level at which shares all are; None where they are at none."""
    if all(_TOP <= one <= 1.0 for one in shares):
        return "the ceiling"
    if not any(shares):
        return "the floor"
    if chance is not None and all(abs(one - chance) <= _NEAR for one in shares):
        return "chance"
    return None


def _chance(log: Log, first: int, last: int, section: int) -> float | None:
    """What chance gives, as the section or the document says."""
    texts = [one.text for one in around(log, first, last, section)]
    texts += [line.body for line in log.lines if log.data and "chance" in line.low][:3]
    words = {one[1] for text in texts for one in _CHANCE.finditer(text.replace('"', ""))}
    told = {float(one.rstrip(" %")) / (1 if "." in one and "%" not in one else 100) for one in words}
    return told.pop() if len(told) == 1 else None


def _in_words(log: Log) -> Iterator[Flat]:
    run: list[tuple[Statement, list[float]]] = []
    for one in [*statements_of(log), None]:
        shares = _shares(one) if one is not None else []
        joined = bool(run) and one is not None and one.section == run[-1][0].section
        if one is not None and shares and (not run or (joined and one.place - run[-1][0].place <= 2)):
            run.append((one, shares))
            continue
        if run:
            yield from _of_run(log, run)
        run = [(one, shares)] if one is not None and shares else []


def _of_run(log: Log, run: Sequence[tuple[Statement, list[float]]]) -> Iterator[Flat]:
    """The longest beginning of statements whose results are all at one level."""
    first, section = run[0][0].line.number, run[0][0].section
    last = run[-1][0].lines[-1].number
    chance = _chance(log, first, last, section)
    told = [one.text for one, _ in run]
    if len(run) > 1:
        told += [one.text for one in around(log, first, first, section, 4) if one.line.number < first]
        told += log.path(section)[-1:]
    wholes = {c.whole.value for one, _ in run for c in counts(one.text) if c.whole.value >= _ITEMS}
    if chance is None and len(wholes) != 1 and not any(_RATE.search(text.replace("_", " ")) for text in told):
        return
    end = 0
    for found, group in groupby((level(values, chance) for _, values in run)):
        start, end = end, end + sum(1 for _ in group)
        shares = [value for _, values in run[start:end] for value in values]
        if found is None or len(shares) < 2:
            continue
        lines = run[start][0].line.number, run[end - 1][0].lines[-1].number
        texts = [one.text for one, _ in run[start:end]]
        values = frozenset(n.value for one, _ in run[start:end] for n in one.numbers)
        words = words_of(" ".join((*texts, *log.path(section)[-1:])))
        named = any(_RATE.search(text.replace("_", " ")) for text in (*texts, *log.path(section)[-1:]))
        rate = (
            (named or found == "chance")
            and not _ADVERSE.search(" ".join(told))
            and not any(_two_metrics(text) or _NO_ARMS.match(text) for text in texts)
        )
        told_last = run[end - 1][0]
        arms = 0 if any(map(of_several, texts)) else len(shares)
        yield Flat(found, *lines, arms, section, False, values | frozenset(shares), words, rate, told=told_last)
        return


def _two_metrics(text: str) -> bool:
    """Whether a statement tells two metrics of one arm rather than two arms."""
    return len({re.sub(r"\W", "", found[0].lower())[:4] for found in _METRIC.finditer(text)}) > 1


def _shares(one: Statement) -> list[float]:
    """The shares that a statement tells, of one arm or of several; none where it tells other results."""
    several = 2 if of_several(one.text) else 1
    whole = [c for c in counts(one.text) if c.whole.value >= _ITEMS]
    if whole:
        same = len({c.whole.value for c in whole}) == 1
        return [] if not same else [c.part.value / c.whole.value for c in whole] * several
    if several > 1 and not one.results and _WHOLE.search(one.text):
        return [1.0, 1.0]
    if several > 1 and not one.results and _NOT_ONE.search(one.text):
        return [0.0, 0.0]
    inside = [range(*m.span()) for m in _INTERVAL.finditer(one.text)]
    values = [
        n for n in one.results if not _PARAMETER.search(one.text[: n.start]) and not any(n.start in r for r in inside)
    ]
    fine = {n.decimals for n in values if n.unit != "%" or n.decimals or n.value not in (0.0, 100.0)}
    if not values or len(fine) > 1 or (len({n.decimals for n in values}) > 1 and any(n.unit != "%" for n in values)):
        return []
    told = one.text.replace("_", " ")
    percent = any(n.unit == "%" or n.value > 1.0001 for n in values) or "%" in told
    if _NO_RATE.search(told) or any(n.value > (100 if percent else 1) for n in values):
        return []
    return [n.value / (100 if percent else 1) for n in values] * (several if len(values) == 1 else 1)


def of_several(text: str) -> bool:
    """Whether something is said of several arms at once, not of several tasks or items."""
    said = [re.sub(r"(?i)^both prompts.*", "", one[0]) for one in _SEVERAL.finditer(text)]
    return any(not _NO_ARMS.search(one) and not _ITEM.search(one) for one in said)

"""Comparisons that credit an arm with a difference although the same text gives this very arm the larger budget."""

from __future__ import annotations

import re

from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.amounts import OF_DATA
from evenhand.audit.text.vocabulary.verdicts import AGAINST
from evenhand.audit.told.budgets.amounts import Amount
from evenhand.audit.told.budgets.tables import BY_NAME
from evenhand.audit.told.concluded.compared import Compared
from evenhand.audit.told.concluded.statements import Statement, share_a_word, words_of

_SPAN, _ROWS, _LARGER, _STEPS, _TOKENS = 16, 8, 1.5, 2000, 1e5
_AFTER = 2

_CHAINED = Pattern(
    r"\b(?:continu\w+|resum\w+|from (?:the |a )?(?:\w+ )?(?:checkpoint|ckpt|step)|init(?:iali[sz]ed)?|warm-?(?:up|"
    r"start)|"
    r"stages?|phases?|pre-?train(?:ed|ing)?|early|stopp\w*|patience|converg\w*|interrupted|crash\w*|"
    r"best epochs?|at epoch|plateau\w*|so far|in progress|running|schedule free|rollouts?|replay|buffer|window|"
    r"budgets?|"
    r"compute|cheaper|despite|although|even though|only needs?|half (?:of )?the|fraction of|with (?:just|only)|"
    r"(?:same|fixed|equal|per) (?:wall|time|compute|flop\w*|number)|scal(?:e|ing) (?:with|laws?)|ablat\w+ (?:of|over)|"
    r"sweeps? over|longer|sooner|slower|faster|undertrained|under-trained|"
    r"teacher|though|partly|in part|times (?:the|as many)|sampl(?:er|ing) steps?|diffusion|denois\w*|ddim|inference)\b",
    re.IGNORECASE,
)
"""Stages of one run, runs that ended by themselves, and texts that speak of the budget."""

BATCH = Pattern(r"\bbatch(?: ?size)?(?: of| =|:)? ?\d", re.IGNORECASE, needs="batch")
"""The size of a batch, which may make up for fewer steps."""

_BY_ITSELF = Pattern(
    r"\bconverg\w*|\bearly[- ]stop|\bpatience\b|\bcontinu\w+|\bresum\w+|\bcheckpoint of\b|\bsampl(?:er|ing) steps\b|"
    r"\bdiffusion\b|\bdenois\w*|\binference\b|\bcosts?\b|\bteacher\b",
    re.IGNORECASE,
)
_BEHIND = Pattern(
    r"\b(?:worse|behind|costs?|los(?:es|t|ing)|trails?|short of|gap|degrad\w*|hurts?|slower|speed\w*|overfit\w*|"
    r"higher)\b",
    re.IGNORECASE,
)
_TRAINED = Pattern(
    r"\b(?:train\w*|ran|runs?|updates?|optimi[sz]\w*|fine-?tun\w*|saw|lief|laufen|gelaufen|trainiert|tourn\w+|"
    r"entra[iîí]n\w*)\b|"
    r"обуч\w*|训练",
    re.IGNORECASE,
)
NO_TRAINING = Pattern(r"\b(?:tokeni[sz]er|eval\w*|context|prompts?|windows?|length)\b", re.IGNORECASE)
_SEARCHED = Pattern(r"optuna|search|sweep|tun(?:ed|ing)|grid|\bdev\b|\bval\w*|tried|trials?|abgestimmt", re.IGNORECASE)
_SIZED = Pattern(r"\b(?:small|smaller|large|larger|big|bigger|tiny|huge|medium|xl|\d+(?:\.\d+)?[mb])\b", re.IGNORECASE)
_BASE = Pattern(
    r"\b(?:baselines?|controls?|reference|vanilla|plain|old|previous|original|without|alte\w*|ohne|ancien\w*|référence|"
    r"sans|базов\w*|单|base)\b",
    re.IGNORECASE,
)


_OURS = Pattern(r"\b(?:new|our|ours|proposed|novel|neue\w*|notre|nuestr\w*|nouve\w+)\b|новы\w+|наш\w*", re.IGNORECASE)


def credited_in_grid(one: Compared, near: list[Statement], kind: str, at: int, other: int) -> bool:
    """Whether the row of the larger budget is the one that the claim credits, in a table of two budgets."""
    grid = one.grid
    assert grid is not None
    column = grid.of(kind)[0]
    values = {cell.value for cell in column.cells if cell is not None and cell.value}
    names = (grid.names[at], grid.names[other])
    times = [[cell.value if cell else None for cell in (c.cells[at], c.cells[other])] for c in grid.of("time")]
    if kind == "tries" or (kind == "gpus" and (not times or any(mine != theirs for mine, theirs in times))):
        return False  # tries are often the method itself; more devices are a larger budget for the same time only
    if one.by_word or len(grid.of(kind)) != 1 or len(values) != 2 or len(grid.names) > _ROWS:
        return False
    if OF_DATA.match(grid.label.strip()) or any(BY_NAME.search(name) or not words_of(name) for name in names):
        return False
    if any("batch" in c.name.lower() and c.texts[at] != c.texts[other] for c in grid.columns):
        return False  # fewer steps of more
    if any(_BY_ITSELF.search(told.text) for told in near) or not _set(max(values), min(values), kind):
        return False
    own = one.claim.line.number == grid.lines[at] != grid.lines[other] or (at > other and _OURS.search(one.claim.text))
    return _credits(one.claim, *_apart(*names)) or (bool(own) and not _place(one.claim.text, words_of(names[1])))


def credited_in_words(one: Compared, near: list[Statement], every: list[Amount], more: Amount, less: Amount) -> bool:
    """Whether all amounts of a kind are these two, near the results, and the claim credits the owner of the larger."""
    lines = [one.line.number, one.one.line, one.other.line, more.line, less.line]
    if one.by_word or more.kind == "tries" or max(lines) - min(lines) > _SPAN:
        return False
    if more.kind == "gpus" and len({amount.value for amount in every if amount.kind == "time"}) != 1:
        return False
    scene = [other for other in near if min(lines) <= other.line.number and other.place <= one.claim.place + _AFTER]
    at_less = less.statement is not one.claim and any(n.value == less.value for n in one.claim.numbers)
    if at_less or (more.kind == "steps" and any(BATCH.search(other.text) for other in scene)):
        return False
    told = {amount.value for amount in every if amount.kind == more.kind}
    if told != {more.value, less.value} or any(_CHAINED.search(s.text) for s in scene):
        return False
    mine, others = more.owner - less.owner, less.owner - more.owner
    if not mine or not others or not _of_training(more, less) or not _set(more.value, less.value, more.kind):
        return False
    return _credits(one.claim, mine, others)


def _of_training(more: Amount, less: Amount) -> bool:
    """Whether two amounts are told as those of training, or of a search for settings."""
    texts = [amount.statement.text for amount in (more, less)]
    if more.kind == "trials":
        return _SEARCHED.search(texts[0]) is not None
    if more.kind == "steps":
        return less.value >= _STEPS or all(_TRAINED.search(text) for text in texts)
    return more.kind != "tokens" or (less.value >= _TOKENS and not any(NO_TRAINING.search(text) for text in texts))


def _apart(one: str, other: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words that two names do not share, with those that tell which is without."""
    first, second = (words_of(name) | frozenset(m[0].lower() for m in _BASE.finditer(name)) for name in (one, other))
    return first - second, second - first


def _set(more: float, less: float, kind: str) -> bool:
    """Whether two amounts are round, as somebody sets them; runs that stop by themselves have others."""
    if more < _LARGER * less:
        return False
    if kind in ("trials", "tokens"):
        return True
    leading = [int(f"{value:g}".replace(".", "").split("e")[0].rstrip("0") or 0) for value in (more, less)]
    return more % less == 0 or all(value <= 12 or value % 5 == 0 for value in leading)


def _credits(claim: Statement, mine: frozenset[str], others: frozenset[str]) -> bool:
    """Whether a claim is of the first arm: it names this one alone or first, or only the other is a baseline."""
    if _BEHIND.search(claim.text) or AGAINST.search(claim.text):
        return False
    if any(_SIZED.search(" ".join(words)) for words in (mine, others)):
        return False  # larger models are given more
    named = [_place(claim.text, words) for words in (mine, others)]
    if [_BASE.search(" ".join(sorted(words))) is not None for words in (mine, others)] == [False, True]:
        said = _BASE.search(claim.text)
        return said is None or (named[0] is not None and named[0] < said.start())
    return named[0] is not None and (named[1] is None or named[0] < named[1])


def _place(text: str, words: frozenset[str]) -> int | None:
    """Where a text first has one of these words, in any form."""
    found = [m.start() for m in re.finditer(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|[\w.-]+", text)
             if share_a_word(words_of(m[0]), words)]  # fmt: skip
    return min(found, default=None)

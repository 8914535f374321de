"""Comparisons that credit an arm with a difference although the same text gives this very arm the larger budget."""

from __future__ import annotations

import re

from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.verdicts import AGAINST
from evenhand.audit.told.budgets.amounts import Amount
from evenhand.audit.told.budgets.tables import BY_NAME, OF_DATA
from evenhand.audit.told.concluded.compared import Compared
from evenhand.audit.told.concluded.statements import Statement, share_a_word, words_of

_SPAN, _ROWS, _LARGER, _TOKENS = 16, 8, 1.5, 1e5
_NEVER = frozenset(("tries", "gpus"))
"""Tries at an item are often the method itself; more devices are a larger budget only for the same time."""

_CHAINED = Pattern(
    r"\b(?:continu\w+|resum\w+|from (?:the |a )?(?:\w+ )?(?:checkpoint|ckpt|step)|init(?:iali[sz]ed)?|warm-?(?:up|start)|"
    r"stages?|phases?|pre-?train(?:ed|ing)?|early|stopp\w*|patience|converg\w*|interrupted|crash\w*|"
    r"best epochs?|at epoch|plateau\w*|so far|in progress|running|schedule free|rollouts?|replay|buffer|window|budgets?|"
    r"compute|cheaper|despite|although|even though|only needs?|half (?:of )?the|fraction of|with (?:just|only)|"
    r"(?:same|fixed|equal|per) (?:wall|time|compute|flop\w*|number)|scal(?:e|ing) (?:with|laws?)|ablat\w+ (?:of|over)|"
    r"sweeps? over|longer|sooner|slower|faster|undertrained|under-trained|"
    r"teacher|though|partly|in part|times (?:the|as many)|sampl(?:er|ing) steps?|diffusion|denois\w*|ddim|inference)\b",
    re.IGNORECASE,
)
"""Stages of one run, runs that ended by themselves, and texts that speak of the budget."""

_BY_ITSELF = Pattern(r"\bconverg\w*|\bearly[- ]stop|\bpatience\b|\bcontinu\w+|\bresum\w+|\bcheckpoint of\b|\bsampl(?:er|ing) steps\b|"
    r"\bdiffusion\b|\bdenois\w*|\binference\b|\bcosts?\b|\bteacher\b", re.IGNORECASE)
_BEHIND = Pattern(
    r"\b(?:worse|behind|costs?|los(?:es|t|ing)|trails?|short of|gap|degrad\w*|hurts?|slower|speed\w*|overfit\w*|higher)\b",
    re.IGNORECASE,
)
_TRAINED = Pattern(
    r"\b(?:train\w*|ran|runs?|updates?|optimi[sz]\w*|fine-?tun\w*|saw|lief|laufen|gelaufen|trainiert|tourn\w+|entra[iîí]n\w*)\b|"
    r"обуч\w*|训练",
    re.IGNORECASE,
)
_NO_TRAINING = Pattern(r"\b(?:tokeni[sz]er|eval\w*|context|prompts?|windows?|length)\b", re.IGNORECASE)
_SEARCHED = Pattern(r"optuna|search|sweep|tun(?:ed|ing)|grid|\bdev\b|\bval\w*|tried|trials?|abgestimmt", re.IGNORECASE)
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
    if one.by_word or kind in _NEVER or len(grid.of(kind)) != 1 or len(values) != 2 or len(grid.names) > _ROWS:
        return False
    if OF_DATA.match(grid.label.strip()) or any(BY_NAME.search(name) or not words_of(name) for name in names):
        return False
    if any(_BY_ITSELF.search(told.text) for told in near) or not _set(max(values), min(values), kind):
        return False
    own = one.claim.line.number == grid.lines[at] != grid.lines[other] or (at > other and _OURS.search(one.claim.text))
    return _credits(one.claim, *_apart(*names)) or (bool(own) and not _place(one.claim.text, words_of(names[1])))


def credited_in_words(one: Compared, near: list[Statement], told: list[Amount], more: Amount, less: Amount) -> bool:
    """Whether all amounts of a kind are these two, near the results, and the claim credits the owner of the larger."""
    lines = [one.line.number, one.one.line, one.other.line, more.line, less.line]
    if one.by_word or more.kind in _NEVER or max(lines) - min(lines) > _SPAN:
        return False
    if {amount.value for amount in told} != {more.value, less.value}:
        return False
    first, last = min(lines), max(lines)
    scene = [other for other in near if first <= other.line.number <= last]
    if any(_CHAINED.search(other.text) for other in scene):
        return False
    if more.kind == "trials" and not _SEARCHED.search(more.statement.text):
        return False
    if more.kind == "steps" and not all(_TRAINED.search(amount.statement.text) for amount in (more, less)):
        return False
    if more.kind == "tokens" and (less.value < _TOKENS or any(_NO_TRAINING.search(a.statement.text) for a in (more, less))):
        return False
    mine, others = more.owner - less.owner, less.owner - more.owner
    return bool(mine) and bool(others) and _set(more.value, less.value, more.kind) and _credits(one.claim, mine, others)


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

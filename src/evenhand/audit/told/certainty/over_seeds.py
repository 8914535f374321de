"""Evidence that is complete: a steadiness over seeds, and all values over two or three of them right above it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from evenhand.audit.text.log import Log
from evenhand.audit.text.passages import Passage, Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.repeats import worded
from evenhand.audit.text.vocabulary.steadiness import STRONG
from evenhand.audit.told.repeats.arms_over import Over
from evenhand.audit.told.repeats.basis import Basis
from evenhand.audit.told.repeats.said_counts import repeats_said
from evenhand.audit.told.seeds.count import only_seed

_FEW, _ABOVE = 3, 5
_FACTOR = {2: 32, 3: 6}
"""By how much the standard deviation of so few values may be that of all: the upper end of its 95 % interval."""

_SEEDS = Pattern(
    r"seed|init|start|rerun|random|luck|chance|time|run[ -]to|trainings?|repetition|zufall|hasard|azar|graine|semilla|"
    r"сид|зерн|случайн|инициал|种子|初始化|随机|again",
    re.IGNORECASE,
)
"""What a steadiness over seeds is said of, in so many words."""

_OF_RESULTS = worded(
    r"scores?|results?|numbers?|training|trainings|retraining|metrics?|accuracy|loss(?:es)?|values?|outcomes?|figures?|"
    r"ergebnis\w*|wert\w*|résultats?|resultados?|результат\w*|结果|f1|bleu|wer"
)
"""What a promise that speaks of no seeds is made of: the results, not the behaviour of a model on its inputs."""

_ENDS = Pattern(
    r"\s*(?:[.!,;)]|$|(?:and|so|und|et|y|и)\b|(?:\w+\s+){0,2}?(?:werte|values?|scores?|beat\w*|ahead|come\w*|better|"
    r"outperform\w*|above|below|over|at|the same))",
    re.IGNORECASE,
)
_OF_ELSE = Pattern(r"\s*(?:of|in|for|used|by)\s+(?:the|our|an?|which)\b", re.IGNORECASE)
_OF_NOISE = worded(r"noise|variance|spread|scatter|std|sd")
"""What may follow a promise that speaks of no seeds; what is not said of the seeds of the training, or of results."""

_COMPARED = worded(
    r"gains?|effects?|wins?|winner|winning|beats?|better|worse|ahead|outperform\w*|improv\w*|advantage|losses|"
    r"hurts?|helps?|vs\.?|versus|compared|higher|lower|increas\w*|decreas\w*|than|over|drop\w*|gap|differences?|trend|"
    r"holds?|survives?"
)
"""What is said of a difference: its values are those of pairs."""

_SEVERAL = Pattern(
    r"\b(?:seeds|runs|repeats|replicates|trials|restarts)\b|±|\b(?:std|bootstrap|sd)\b|confidence interval",
    re.IGNORECASE,
)
_NAMED = Pattern(r"\bseeds?\W{0,3}\d", re.IGNORECASE, needs="seed")
_LIKELY, _APART = 0.05, 0.1


@dataclass(frozen=True)
class Shown:
    """What a finding tells of the evidence, and the line where it begins."""

    line: int
    facts: dict[str, object] = field(default_factory=dict)


def shown_aloud(log: Log, passage: Passage, sentence: Sentence, basis: Basis, said: tuple[str, bool]) -> Shown | None:
    """The evidence of a steadiness, where nothing of it is left open.

    Args:
        log, passage, sentence: where it is said.
        basis: the repeats that it rests on.
        said: its words, and whether they speak of seeds.
    """
    if not _meant(sentence, *said) or _more_said(log, passage, sentence, basis):
        return None
    if basis.count == 1:
        alone = said[1] and not any(_SEVERAL.search(line.text) for line in log.lines)
        return Shown(basis.line) if alone and (not basis.named or only_seed(log) is not None) else None
    arms = _right_above(log, passage, sentence, basis)
    if not arms:
        return None
    return _of_pairs(arms) if _COMPARED.search(sentence.text) else _of_values(sentence, arms, sure=said[1])


def _meant(sentence: Sentence, word: str, sure: bool) -> bool:
    """Whether the seeds of the training are meant, or a result is promised without a condition behind it."""
    after = sentence.low.partition(word)[2]
    if _OF_NOISE.search(word) or any(n > 1 for n in repeats_said(sentence.text)):
        return False
    if not sure:
        return STRONG.fullmatch(word) is not None and _ENDS.match(after) is not None
    ends = _ENDS.match(after) if word.endswith("time") else not _OF_ELSE.match(after)
    return bool(ends) and _SEEDS.search(word) is not None


def _more_said(log: Log, passage: Passage, sentence: Sentence, basis: Basis) -> bool:
    """Whether the section tells of more repeats than these."""
    own = [one for one in passages_of(log) if one.section == passage.section or log.data]
    return any(n > basis.count for one in own for n in repeats_said(one.text))


def _right_above(log: Log, passage: Passage, sentence: Sentence, basis: Basis) -> list[Over]:
    """The arms whose values over the repeats stand right above; none where others, or further seeds, stand near."""
    last = sentence.lines[-1].number
    arms = [one for one in basis.arms if log.data or passage.first - _ABOVE <= one.last <= last]
    arms = [one for one in arms if len(set(one.values)) > 1 and (one.repeated or log.data)]
    if not arms or basis.count > _FEW or any(one.count != basis.count for one in basis.arms):
        return []
    own = range(min(one.first for one in arms) - 1, max(one.last for one in arms) + 1)
    beside = [line for line in log.lines if line.section == passage.section and line.number not in own and not log.data]
    return [] if any(_NAMED.search(line.body) for line in beside) else arms


def _of_values(sentence: Sentence, arms: Sequence[Over], *, sure: bool) -> Shown | None:
    """How little few values say of their spread."""
    low, high = min(min(one.values) for one in arms), max(max(one.values) for one in arms)
    near = any(low * (1 - _APART) <= n.value <= high * (1 + _APART) for n in sentence.numbers)
    if not (sure or near or _OF_RESULTS.search(sentence.text)):
        return None
    return Shown(arms[-1].first, {"factor": _FACTOR[arms[-1].count]})


def _of_pairs(arms: Sequence[Over]) -> Shown | None:
    """The paired t of the two arms, where chance alone makes such differences more often than once in 20 times."""
    from evenhand.statistics import paired_t

    if len(arms) != 2 or arms[0].where.split()[:2] != arms[1].where.split()[:2]:
        return None
    tested = paired_t(np.subtract(arms[1].values, arms[0].values))
    if tested.p is None or tested.interval is None or tested.p <= _LIKELY:
        return None
    return Shown(arms[0].first, {"p": tested.p, "low": tested.interval.low, "high": tested.interval.high})

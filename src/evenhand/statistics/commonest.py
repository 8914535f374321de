"""The commonest of many answers: how often it is given, and what always giving it would score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import Floats


@dataclass(frozen=True)
class Commonest:
    """The commonest of I answers.

    Attributes:
        answer: the one; the first in the order of text where several are as common.
        count: how often it is among them.
        answers: I.
        is_it: (I,) 1 where an answer is the commonest one, else 0: the scores of always giving it, where ``answers``
            are the right ones.
    """

    answer: str
    count: int
    answers: int
    is_it: Floats

    @property
    def share(self) -> float:
        """Its share of all answers."""
        return self.count / self.answers


def commonest(answers: Sequence[str]) -> Commonest:
    """The commonest of some answers.

    Taken from the right answers of the very items on which it is scored, it is the best of all constant answers there
    and scores a little more than it would on further items: whoever must beat it is judged a little too hard, never
    too mildly.

    Raises:
        StatisticsError: there are none.
    """
    if not answers:
        raise StatisticsError("There are no answers, so that none is the commonest.")
    answer, count = min(Counter(answers).items(), key=lambda pair: (-pair[1], pair[0]))
    return Commonest(answer, count, len(answers), np.asarray([float(one == answer) for one in answers]))

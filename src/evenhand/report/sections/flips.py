"""Item flips: which items a contrast gained and lost most often, with what each arm answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evenhand.decisions.verdict import Contrast
from evenhand.recipes.outcome import ItemColumn, ItemScores
from evenhand.report.results import Results

_ITEMS = 6
_CHARACTERS = 600


@dataclass(frozen=True)
class Answer:
    """What both arms answered to one item at one seed, with the scores; outputs are None where none are recorded."""

    seed: int
    arm_score: float
    against_score: float
    arm_output: str | None
    against_output: str | None


@dataclass(frozen=True)
class FlippedItem:
    """An item whose score differs between the arms.

    Attributes:
        id: of the item.
        gained, lost: seeds at which the arm did better, or worse.
        moved: sum of the absolute differences of scores.
        answer: of the first seed at which it flipped.
        asked, expected: what was asked and the right answer, empty where they are not recorded.
    """

    id: str
    gained: int = 0
    lost: int = 0
    moved: float = 0.0
    answer: Answer | None = None
    asked: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Flips:
    """The flipped items of one contrast.

    Attributes:
        pairs: seeds at which both arms have item scores (a diverged trial has none).
        distinct: number of items that flipped at one of them or more.
        top: the most often flipped.
    """

    contrast: Contrast
    pairs: int
    distinct: int
    top: tuple[FlippedItem, ...] = field(default=())


def flips_of(contrast: Contrast, results: Results) -> Flips | None:
    """The flips of a contrast; None where it has no items, or their scores are more than right or wrong."""
    if not contrast.items and contrast.gained is None:
        return None
    pairs = list(_pairs(contrast, results))
    blocks = list(_blocks(pairs))
    if not _right_or_wrong(blocks):
        return None
    up = 1.0 if _direction(contrast.metric, results) == "maximise" else -1.0
    tally = _Tally()
    for block in blocks:
        tally.add(block, up)
    ranked = tally.ranked()
    top = tuple(tally.item(row, pairs) for row in ranked[:_ITEMS])
    return Flips(contrast, len(pairs), len(ranked), top)


def right_or_wrong(contrast: Contrast, results: Results) -> bool:
    """Whether no score of a contrast's items is another than two values; so too where none is at hand."""
    return _right_or_wrong(list(_blocks(list(_pairs(contrast, results)))))


def _right_or_wrong(blocks: Sequence[_Block]) -> bool:
    values: set[float] = set()
    for scores in (scores for block in blocks for scores in (block.mine, block.theirs) if scores.size):
        ends = float(scores.min()), float(scores.max())
        values.update(ends)
        if len(values) > 2 or not np.all((scores == ends[0]) | (scores == ends[1])):
            return False
    return True


@dataclass(frozen=True)
class _Block:
    """Pairs in a row whose tables have the same items in the same order: nearly always all of a contrast.

    Attributes:
        first: number of its first pair.
        mine_ids, theirs_ids: of both arms.
        mine, theirs: (S, I) and (S, J) scores of its S pairs.
    """

    first: int
    mine_ids: tuple[str, ...]
    theirs_ids: tuple[str, ...]
    mine: NDArray[np.float64]
    theirs: NDArray[np.float64]


def _blocks(pairs: Sequence[tuple[int, ItemScores, ItemScores]]) -> Iterator[_Block]:
    start = 0
    for end in range(1, len(pairs) + 1):
        (_, mine, theirs), following = pairs[start], pairs[end] if end < len(pairs) else None
        if following is None or following[1].ids != mine.ids or following[2].ids != theirs.ids:
            here = pairs[start:end]
            own = np.asarray([table.scores for _, table, _ in here], np.float64)
            other = np.asarray([table.scores for _, _, table in here], np.float64)
            yield _Block(start, mine.ids, theirs.ids, own, other)
            start = end


class _Tally:
    """Counts the flips of each item over the pairs of a contrast."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.gained, self.lost, self.first = (np.zeros(0, np.int64) for _ in range(3))
        self.moved = np.zeros(0)
        self.places = np.zeros((0, 2), np.int64)

    def add(self, block: _Block, up: float) -> None:
        """Count the pairs of a block."""
        here, there = _shared(block.mine_ids, block.theirs_ids)
        difference = up * (block.mine[:, here] - block.theirs[:, there])
        rows = self._rows_of(block.mine_ids)[here]
        self.gained[rows] += np.count_nonzero(difference > 0, axis=0)
        self.lost[rows] += np.count_nonzero(difference < 0, axis=0)
        self.moved[rows] += np.abs(difference).sum(axis=0)
        flipped = difference != 0
        new = flipped.any(axis=0) & (self.first[rows] < 0)
        self.first[rows[new]] = block.first + flipped.argmax(axis=0)[new]
        self.places[rows[new]] = np.stack([here[new], there[new]], axis=1)

    def ranked(self) -> list[int]:
        """Rows of the items that flipped, the most often flipped first."""
        names = list(self.names)
        flipped = np.flatnonzero(self.first >= 0).tolist()
        return sorted(
            flipped, key=lambda i: (-int(self.gained[i]) - int(self.lost[i]), -float(self.moved[i]), names[i])
        )

    def item(self, row: int, pairs: list[tuple[int, ItemScores, ItemScores]]) -> FlippedItem:
        """An item with what both arms answered where it flipped first."""
        seed, mine, theirs = pairs[int(self.first[row])]
        i, j = self.places[row].tolist()
        outputs = _text(mine, "outputs", i), _text(theirs, "outputs", j)
        answer = Answer(seed, float(mine.scores[i]), float(theirs.scores[j]), *outputs)
        counts = int(self.gained[row]), int(self.lost[row]), float(self.moved[row])
        asked, expected = _text(mine, "inputs", i) or "", _text(mine, "expected", i) or ""
        return FlippedItem(mine.ids[i], *counts, answer, asked, expected)

    def _rows_of(self, ids: tuple[str, ...]) -> NDArray[np.int64]:
        rows = np.asarray([self.names.setdefault(name, len(self.names)) for name in ids], np.int64)
        more = len(self.names) - len(self.first)
        self.gained, self.lost = (np.append(old, np.zeros(more, np.int64)) for old in (self.gained, self.lost))
        self.first = np.append(self.first, np.full(more, -1, np.int64))
        self.moved = np.append(self.moved, np.zeros(more))
        self.places = np.append(self.places, np.zeros((more, 2), np.int64), axis=0)
        return rows


def _shared(mine: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the items that both have, in the order of the first."""
    if mine is theirs or mine == theirs:
        every = np.arange(len(mine))
        return every, every
    place = {name: i for i, name in enumerate(theirs)}
    both = [(i, place[name]) for i, name in enumerate(mine) if name in place]
    found = np.asarray(both, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _direction(metric: str, results: Results) -> str:
    found = [m.direction for m in results.claim.claim.metrics if m.name == metric]
    return (found[0] if found else None) or "maximise"


def _pairs(contrast: Contrast, results: Results) -> Iterator[tuple[int, ItemScores, ItemScores]]:
    """Item scores of both arms at each seed of the contrast, where both are recorded."""
    for seed in contrast.seeds:
        pair = []
        for arm in (contrast.arm, contrast.against):
            planned = results.at(contrast.rung, contrast.condition, arm, seed)
            record = planned.scored if planned else None
            pair.append(record.outcome.items.get(contrast.metric) if record else None)
        if pair[0] is not None and pair[1] is not None:
            yield seed, pair[0], pair[1]


def _text(items: ItemScores, column: ItemColumn, position: int) -> str | None:
    texts = items.column(column)
    if texts is None:
        return None
    text = texts[position]
    cut = len(text) - _CHARACTERS
    return text if cut <= 0 else f"{text[:_CHARACTERS]} … ({cut:,} more characters)"


def by_condition(flips: list[Flips]) -> dict[str, list[Flips]]:
    """Flips grouped by condition, in the order given."""
    grouped: dict[str, list[Flips]] = defaultdict(list)
    for flip in flips:
        grouped[flip.contrast.condition].append(flip)
    return dict(grouped)

"""Item flips: which items a contrast gained and lost most often, with what each arm answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from evenhand.outcome import ItemScores
from evenhand.report.results import Results
from evenhand.verdict import Contrast

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


@dataclass
class FlippedItem:
    """An item whose score differs between the arms.

    Attributes:
        id: of the item.
        gained, lost: seeds at which the arm did better, or worse.
        moved: sum of the absolute differences of scores.
        answer: of the first seed at which it flipped.
    """

    id: str
    gained: int = 0
    lost: int = 0
    moved: float = 0.0
    answer: Answer | None = None


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
    """The flips of a contrast; None where it has no items and no flips were counted."""
    if not contrast.items and contrast.gained is None:
        return None
    up = 1.0 if _direction(contrast.metric, results) == "maximise" else -1.0
    items: dict[str, FlippedItem] = {}
    pairs = list(_pairs(contrast, results))
    for seed, mine, theirs in pairs:
        place = {name: i for i, name in enumerate(theirs.ids)}
        for i, name in enumerate(mine.ids):
            j = place.get(name)
            if j is None or mine.scores[i] == theirs.scores[j]:
                continue
            item = items.setdefault(name, FlippedItem(name))
            difference = up * float(mine.scores[i] - theirs.scores[j])
            item.gained += difference > 0
            item.lost += difference < 0
            item.moved += abs(difference)
            if item.answer is None:
                scores = float(mine.scores[i]), float(theirs.scores[j])
                item.answer = Answer(seed, *scores, _output(mine, i), _output(theirs, j))
    ranked = sorted(items.values(), key=lambda item: (-item.gained - item.lost, -item.moved, item.id))
    return Flips(contrast, len(pairs), len(ranked), tuple(ranked[:_ITEMS]))


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


def _output(items: ItemScores, position: int) -> str | None:
    if items.outputs is None:
        return None
    text = items.outputs[position]
    cut = len(text) - _CHARACTERS
    return text if cut <= 0 else f"{text[:_CHARACTERS]} … ({cut:,} more characters)"


def by_condition(flips: list[Flips]) -> dict[str, list[Flips]]:
    """Flips grouped by condition, in the order given."""
    grouped: dict[str, list[Flips]] = defaultdict(list)
    for flip in flips:
        grouped[flip.contrast.condition].append(flip)
    return dict(grouped)

"""A claimed effect, as far as a log tells it."""

from __future__ import annotations

from dataclasses import dataclass

from evenhand.audit.finding import Place
from evenhand.audit.output.spent import Spent
from evenhand.audit.text.log import Log


@dataclass(frozen=True)
class Headline:
    """A claimed effect.

    Attributes:
        place: where it stands.
        title: what it is about.
        metric: its name, as a claim may have it; empty where the log names none.
        effect: variant less baseline; of a percentage or of counts of one whole, as a share.
        key: what it has in common with the same headline in another place.
        sd: sample standard deviation of the differences over seeds; None where the log shows none.
        seeds: how many seeds that rests on; None where it is not told.
        items: how many items the log shows; None where it does not.
        share: it is a share of right answers.
        also: other places where it stands.
        far: the metric is named elsewhere in the log.
        whole_set: the items are all that the test set has.
        spent: what the arms could spend, where the log tells it.
        apart: the sd is made of the spreads of both arms, which are not paired.
        doubts: what the audit says of it.
    """

    place: Place
    title: str
    metric: str
    effect: float
    key: tuple[object, ...]
    sd: float | None = None
    seeds: int | None = None
    items: int | None = None
    share: bool = False
    also: tuple[Place, ...] = ()
    far: bool = False
    whole_set: bool = False
    spent: Spent | None = None
    apart: bool = False
    doubts: tuple[str, ...] = ()


def title_of(log: Log, section: int) -> str:
    """The two headings that it stands under, in the log's own language."""
    path = log.path(section)[-2:]
    if not log.english:
        path = tuple(log.lines[log.sections[one].line].text.strip("#* ") for one in log.chain(section))[1::-1]
    return " / ".join(path)

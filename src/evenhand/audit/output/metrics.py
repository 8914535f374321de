"""What is measured, as a log names it: a claim's metric is the log's, or a gap that somebody has to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.seeds.spreads import MEASURES

UNNAMED = ""
"""Stands for a metric that the log does not name."""

_MORE = r"mrr|ndcg|map|em|mmlu|nll|ece|wer|cer|hit|exact_match|pass@\d+|top-\d"
_NAME = Pattern(
    r"(?<![\w-])(?:d_|delta_|mean_|avg_)*(?P<name>(?:[a-z0-9]+_)*"
    rf"(?:(?:pass|win|solve|failure|success|error) rates?|(?:{MEASURES}|{_MORE})s?)(?:@\d+)?(?:_[a-z0-9]+)*"
    r"(?: rates?)?)(?![\w@-])",
    re.IGNORECASE,
)
"""A name of what is measured, without the mark of a difference: ``d_acc`` is the accuracy of both arms."""

_AMOUNT = Pattern(
    r"(?:^|_)(?:steps?|tokens|times?|costs?|lengths?|latency|budgets?|sec|seconds|epochs?|lr|learning_rates?)(?:_|$)",
    re.IGNORECASE,
)
_COUNTED = Pattern(r"\d\s?[kKMB]?[\s-]*$")
_SET = Pattern(r"\s*[=:]\s*\d")
_VAGUE = Pattern(r"(?:scores?|rates?|returns?|errors?|maps?|hits?|ems?|success|times?|costs?|lengths?)", re.IGNORECASE)
"""Words that stand in sentences about anything."""

LOWER = Pattern(
    r"loss|ppl|perplexity|error|fail|violation|bpb|mse|mae|nll|ece|(?<![a-z])[wc]er(?![a-z])|latency|time|cost",
    re.IGNORECASE,
)
"""Of these less is better."""

UNKNOWN = Pattern(r"(?:scores?|steps?|tokens|length|rates?)?", re.IGNORECASE)
"""Of these a log has to say whether more is better."""

SHARE = Pattern(
    r"acc|pass|success|solve|correct|exact|top-?\d|(?<![a-z])(?:em|mmlu|hit)(?![a-z])|(?:win|error) rate", re.IGNORECASE
)
"""Shares of items that are right, or wrong."""

_TEST, _VALIDATION, _TRAINING = (
    Pattern(rf"(?<![a-z])(?:{words})(?![a-z])", re.IGNORECASE)
    for words in ("test", r"val|valid\w*|dev|eval", r"train\w*")
)
_DERIVED = Pattern(r"ppl|perplexity", re.IGNORECASE)


def metric_of(label: str) -> str:
    """The last name in a label of what is measured; any other word may be one of a sentence, or of an arm."""
    found = _names(label)
    return found[-1] if found else UNNAMED


def metric_near(log: Log, line: Line, *labels: str) -> tuple[str, bool]:
    """The metric that labels, a line or what it belongs to names; else the one that its section or the log has.

    Returns:
        Its name and whether it is told elsewhere than at the line.
    """
    for text in (*labels, line.body, *(one.body for one in log.parents(line))):
        if found := metric_of(text):
            return found, False
    sections = [[one.body for one in log.own(section)] for section in log.chain(line.section)]
    for texts in (*sections, [one.body for one in log.lines]):
        if found := _only(texts):
            return found, True
    return UNNAMED, False


def metric_of_column(header: str) -> str:
    """The metric of a column of results: a name in its header, or else the header itself."""
    plain = " ".join(re.sub(r"\(.*?\)|\[.*?\]", " ", header).split())
    return metric_of(plain) if "_" not in plain and metric_of(plain) else _plain(plain)


def order_of(metric: str) -> tuple[int, int]:
    """Which of several metrics a log's claim is about: shares and scores before losses, test data before others."""
    plain = metric.replace("_", " ").replace("/", " ")
    kind = 2 if _DERIVED.search(plain) else 1 if LOWER.search(plain) else 0
    splits = (_TEST, _VALIDATION, _TRAINING)
    split = next((place for place, one in zip((0, 2, 3), splits, strict=True) if one.search(plain)), 1)
    return kind, split


def _only(texts: Iterable[str]) -> str:
    found: dict[str, str] = {}
    for text in texts:
        for name in _names(text):
            if not _VAGUE.fullmatch(name) and not _AMOUNT.search(name):
                found.setdefault(re.sub(r"^accuracy$", "acc", name.lower()), name)
    if "acc" in found:
        found.pop("error_rate", None)  # the same, told the other way round
    return next(iter(found.values())) if len(found) == 1 else UNNAMED


def _names(text: str) -> list[str]:
    """Names of metrics in a text; an amount that a number counts, or that is set to one, is none."""
    return [
        _plain(one["name"])
        for one in _NAME.finditer(text)
        if not _AMOUNT.search(one["name"].replace(" ", "-"))
        or not (_COUNTED.search(text[: one.start()]) or _SET.match(text, one.end()))
    ]


def _plain(name: str) -> str:
    """A name as a claim file may have it."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name.replace("@", "_at_")).strip("_-")[:40]

"""Values of files that others wrote, checked: scores, texts, times; faults collected and told in one message."""

from __future__ import annotations

import functools
import hashlib
import json
import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from evenhand.errors import DataError, counted, shortened
from evenhand.files import file_hash
from evenhand.recipes.contract import Metric
from evenhand.runs.run import Floats, Source

MOST_FAULTS = 5
"""Faults of a file that are told in full."""

MOST_TEXT = 240
"""Characters kept of a text; what is longer keeps its beginning and a hash of the whole."""

SHARE = Metric(floor=0.0, ceiling=1.0)
"""A share of right answers."""


@dataclass
class Faults:
    """What is wrong with a file, collected so that it can be mended at once."""

    found: list[str] = field(default_factory=list)

    def add(self, place: str, message: str) -> None:
        """Note a fault; ``message`` says what was found, and the cure."""
        self.found.append(f"{place}: {message}.")

    def check(self) -> None:
        """Raise what was found.

        Raises:
            DataError: up to five faults in full, and how many more there are.
        """
        if self.found:
            more = len(self.found) - MOST_FAULTS
            tail = f" And {counted(more, 'fault')} more." if more > 0 else ""
            raise DataError(" ".join(self.found[:MOST_FAULTS]) + tail)


@functools.lru_cache(maxsize=1 << 16)  # many runs were asked the same
def digest(*parts: str) -> str:
    """Hash (16 hex digits) of some texts."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def number(value: Any) -> float | None:
    """A finite number, or None for anything that is none; true and false count as 1 and 0."""
    if isinstance(value, bool | int | float):
        try:
            found = float(value)
        except OverflowError:
            return None
        return found if math.isfinite(found) else None
    return None


def told_number(text: str) -> float | None:
    """A finite number that stands as text, ``true`` and ``false`` included; None for anything else."""
    word = text.strip().lower()
    if word in ("true", "false"):
        return 1.0 if word == "true" else 0.0
    try:
        found = float(word)
    except ValueError:
        return None
    return found if math.isfinite(found) and "_" not in word else None


def text_of(value: Any) -> str:
    """A value as text: texts as they are, anything else as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def short(text: str, most: int = MOST_TEXT) -> str:
    """A text that is kept beside a score; long ones keep their beginning and a hash, so that they stay different."""
    if len(text) > most:
        text = f"{text[:most]} ... [{digest(text)[:8]}]"
    return sys.intern(text)  # many runs were asked the same


def table(value: Any) -> Mapping[str, Any]:
    """A JSON object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> Sequence[Any]:
    """A JSON list, or an empty one in place of anything else."""
    return value if isinstance(value, list) else ()


def utc(value: Any) -> str:
    """A time as UTC in ISO 8601: from seconds since 1970, or from a text in ISO 8601; empty where it is neither."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds")
        if isinstance(value, str) and value:
            found = datetime.fromisoformat(value)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""
    return ""


def source_of(path: Path, format_: str, version: str = "", further: Iterable[Path] = ()) -> Source:
    """The source of a run that was read from a file, and maybe others beside it."""
    files = [path, *further]
    hashes = [file_hash(one) for one in files]
    whole = hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
    return Source(str(path), whole, format_, version, max(one.stat().st_mtime for one in files))


def unique(ids: Iterable[str]) -> list[str]:
    """Ids that stand more than once, each once."""
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for one in ids:
        if one in seen:
            twice[one] = None
        seen.add(one)
    return list(twice)


@dataclass
class ScoreColumn:
    """The scores of one metric as they come, with the places of those that are no numbers.

    A metric that never has a number (a list of spans, a text) is unusable; one that has numbers in some places only
    is a fault of the file.
    """

    values: list[float] = field(default_factory=list)
    bad: list[tuple[str, Any]] = field(default_factory=list)
    good: int = 0

    def add(self, value: Any, place: str) -> None:
        """One item's score."""
        found = number(value)
        if found is None:
            self.bad.append((place, value))
            self.values.append(math.nan)
        else:
            self.good += 1
            self.values.append(found)

    def skip(self) -> None:
        """An item that has no score, for a reason that is known."""
        self.values.append(math.nan)

    @property
    def floats(self) -> Floats:
        """(I,) scores."""
        return np.asarray(self.values, dtype=np.float64)

    def judged(self, metric: str, faults: Faults) -> str:
        """Why the metric cannot be used, or empty; values that are wrong in some places become faults."""
        if not self.bad:
            return ""
        if not self.good:
            place, value = self.bad[0]
            return f"{place}: '{metric}' is {shortened(value)}, which is no number"
        for place, value in self.bad:
            faults.add(
                place, f"the score '{metric}' is {shortened(value)}, which is no number; score what was answered"
            )
        return ""


def is_loss(name: str) -> bool:
    """Whether less of a metric is better, by its name."""
    parts = name.lower().replace("-", "_").replace("/", "_").split("_")
    return bool({"loss", "perplexity", "ppl", "error", "mse", "mae", "rmse", "nll", "wer", "cer"} & set(parts))


_SCORES = re.compile(
    r"score|correct|accuracy|acc|exact|match|em|f1|pass|passed|success|reward|recall|precision|auc|bleu|rouge|"
    r"(re)?solved|win|won"
)
_COSTS = re.compile(
    r"version|tokens|costs?|usd|price|latency|time|seconds|secs|ms|duration|runtime|length|len|count|num|index|idx|"
    r"steps?|epoch|budget|size|lr|timestamp|id"
)
_FRAME = ("is", "eval", "test", "val", "valid", "validation", "train", "training")


def is_cost(name: str) -> bool:
    """Whether a number is called as versions, places and costs are, which are not what is to be judged."""
    return any(map(_COSTS.fullmatch, re.findall(r"[a-z]+\d?", name.lower())))


def likely_first(names: Iterable[str]) -> list[str]:
    """Names of numbers, in the order in which they may be what is to be judged: what is called as scores are, whole
    names before parts; then numbers that may mean anything, those of training last; then versions, places and costs.
    """

    def rank(name: str) -> tuple[int, bool]:
        words = re.findall(r"[a-z]+\d?", name.lower())
        scores = [bool(_SCORES.fullmatch(word)) for word in words if word not in _FRAME]
        training = "train" in words or "training" in words
        if scores and all(scores):
            return 0, training
        if is_cost(name):
            return 3, training
        return (1 if any(scores) else 2), training

    return sorted(names, key=rank)


def bounded(scores: Floats) -> bool:
    """Whether scores are right or wrong and nothing else."""
    known = scores[~np.isnan(scores)]
    return bool(known.size) and bool(np.isin(known, (0.0, 1.0)).all())

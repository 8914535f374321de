"""Arms as letters while a claim is not decided, so that nobody stops a run for what it shows.

Letters follow the hash of the claim and of the arm's name: the order of the file tells nothing, and they stay as they
are as long as the claim does. What a recipe writes may name its arm; names, and settings in which arms differ, are
taken out of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evenhand.claims.nesting import leaves

COVER = "▒▒▒"
"""What stands for a setting that would tell which arm it is."""

_GIVEN = re.compile(rf"{COVER}['\"\]]*\s*[=:]\s*[^\s,;)}}\]]+")

_SHORT = 3
"""Texts below so many characters are no names of anything."""


def letters(claim_hash: str, arms: Sequence[str]) -> dict[str, str]:
    """Arm to letter, in an order that neither the file nor the role of an arm tells."""
    order = sorted(arms, key=lambda arm: hashlib.sha256(f"{claim_hash}/{arm}".encode()).digest())
    return {arm: _letter(place) for place, arm in enumerate(order)}


def _letter(place: int) -> str:
    """A, B, ..., Z, AA, AB, ..."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


class Screen:
    """Takes out of texts what would tell an arm.

    Args:
        names: arm to letter.
        telling: keys and values of settings in which the arms differ.
    """

    def __init__(self, names: Mapping[str, str], telling: Iterable[str] = ()) -> None:
        self._letters = {_plain(name).replace(" ", ""): letter for name, letter in names.items()}
        covered = {_plain(one) for one in telling if len(one) >= _SHORT}
        words = sorted({*map(_plain, names), *covered}, key=len, reverse=True)
        pattern = "|".join(_loosely(word) for word in words)
        self._words = re.compile(rf"(?<![^\W_])(?:{pattern})(?![^\W_])", re.IGNORECASE) if words else None

    def text(self, text: str) -> str:
        """The text with arms as letters and telling settings covered."""
        if self._words is None:
            return text
        covered = self._words.sub(lambda found: self._letters.get(_plain(found[0]).replace(" ", ""), COVER), text)
        return _GIVEN.sub(COVER, covered)  # with the value that such a setting is given

    def tells(self, text: str) -> bool:
        """Whether a text would tell an arm."""
        return self._words is not None and self._words.search(text) is not None


def _plain(word: str) -> str:
    """A name as it may be written: ``future-seed``, ``future_seed`` and ``Future Seed`` are one."""
    return re.sub(r"[\W_]+", " ", word).strip().casefold() or word.casefold()


def _loosely(word: str) -> str:
    return r"[\W_]*".join(re.escape(part) for part in word.split())


def telling_settings(arms: Mapping[str, Any]) -> set[str]:
    """Names and text values of the settings in which arms differ.

    Args:
        arms: arm to what a claim's identity says of it.
    """
    flat = [
        {f"{condition}\0{key}": value for key, value in leaves(settings).items()}
        for arm in arms.values()
        for condition, settings in arm.get("settings", {}).items()
    ]
    merged: dict[str, set[str]] = {}
    for one in flat:
        for key, value in one.items():
            merged.setdefault(key, set()).add(repr(value))
    found: set[str] = set()
    for key, values in merged.items():
        if len(values) > 1:
            name = key.partition("\0")[2]
            found |= {name, name.rpartition(".")[2]}
            found |= {value.strip("'\"") for value in values if value not in ("None", "True", "False")}
    return found


def shared_curves(by_arm: Mapping[str, Iterable[str]], arms: Sequence[str]) -> set[str]:
    """Names of curves that every arm seen so far reports; none before two arms have been seen.

    A curve that one arm alone has (its own loss term) would tell that arm.
    """
    known = [set(by_arm[arm]) for arm in arms if by_arm.get(arm)]
    return set.intersection(*known) if len(known) > 1 else set()

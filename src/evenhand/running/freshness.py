"""Which results are stale: made by code or from data that are no longer as they were. Such trials run anew."""

from __future__ import annotations

import importlib.metadata
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evenhand.data.kept_hashes import kept_content_hash
from evenhand.data.model_store import data_path
from evenhand.errors import counted
from evenhand.execution import sources
from evenhand.recipes.outcome import ASSET, Files
from evenhand.recipes.trial import Trial

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Freshness:
    """How the results of a claim compare with the files that are there now.

    Attributes:
        stale: trial id to what changed since it ran: ``helper.py changed``.
        gone: data files that are not there, to the number of results that rest on them; these are not compared.
    """

    stale: Mapping[str, str] = field(default_factory=dict)
    gone: Mapping[str, int] = field(default_factory=dict)

    def sentences(self, trials: Iterable[Trial], what: str = "run anew") -> list[str]:
        """How many trials of which arms, and why: "12 trials (off, on) run anew: helper.py changed since they ran"."""
        groups: dict[str, dict[str, Trial]] = {}
        for trial in trials:
            if trial.id in self.stale:
                groups.setdefault(self.stale[trial.id], {}).setdefault(trial.id, trial)
        return [_told(found.values(), reason, what) for reason, found in groups.items()] + [
            f"{name} is not there, so {_resting(count)} cannot be compared with it" for name, count in self.gone.items()
        ]


def _resting(count: int) -> str:
    return f"{counted(count, 'result')} that {'was' if count == 1 else 'were'} made from it"


def _told(trials: Iterable[Trial], reason: str, what: str) -> str:
    found = list(trials)
    arms = ", ".join(dict.fromkeys(trial.arm for trial in found))
    return f"{counted(len(found), 'trial')} ({arms}) {what}: {reason} since then"


class Present:
    """The files as they are now, each hashed once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._top = sources.top_of(folder)
        self._code: dict[str, str | None] = {}
        self._data: dict[str, str | None] = {}

    def code(self, key: str) -> str | None:
        """The present hash of what a record calls ``key``; None where it is gone."""
        if key not in self._code:
            self._code[key] = self._hash_code(key)
        return self._code[key]

    def _hash_code(self, key: str) -> str | None:
        if key == sources.GIT:
            return sources.checkout_hash(self.folder)
        if key.startswith(sources.PACKAGE):
            try:
                return importlib.metadata.version(key.removeprefix(sources.PACKAGE))
            except importlib.metadata.PackageNotFoundError:
                return None
        path = self._top / key
        return sources.code_hash(path) if path.exists() and path.is_dir() == key.endswith("/") else None

    def data(self, key: str) -> str | None:
        """The present hash of a data file or folder; None where it is gone."""
        if key not in self._data:
            path = data_path(key, self.folder)
            known = path.exists()
            self._data[key] = kept_content_hash(path) if known else None
        return self._data[key]


def freshness(outcomes: Mapping[str, Files], folder: Path) -> Freshness:
    """Compare the files behind some outcomes with those that are there now.

    Args:
        outcomes: trial id to the code and data that its result was made by and from; what is not known is not compared.
        folder: of the claim.
    """
    present, stale, gone = Present(folder), dict[str, str](), Counter[str]()
    found: dict[tuple[object, ...], tuple[str, list[str]]] = {}  # most trials rest on the same files
    for key, outcome in outcomes.items():
        files = (tuple(outcome.code.items()), tuple(outcome.data.items()))
        if files not in found:
            why = ", ".join([*_changed_code(outcome, present), *_changed_data(outcome, present)])
            found[files] = why, [name for name in _data_keys(outcome) if present.data(name) is None]
        why, missing = found[files]
        if why:
            stale[key] = why
        gone.update(missing)
    return Freshness(stale, dict(gone))


def _changed_code(outcome: Files, present: Present) -> Sequence[str]:
    changed, lost = [], []
    for key, digest in sorted(outcome.code.items()):
        now = present.code(key)
        if now is None:
            # What lies outside the checkout may well be elsewhere on another machine.
            lost += [] if key.startswith(("../", sources.PACKAGE, sources.GIT)) else [key]
        elif now != digest:
            changed.append(key)
    told = [f"{', '.join(changed)} changed"] if changed else []
    return told + ([f"{', '.join(lost)} went away"] if lost else [])


def _changed_data(outcome: Files, present: Present) -> Sequence[str]:
    changed = [key for key in _data_keys(outcome) if present.data(key) not in (None, outcome.data[key])]
    return [f"{', '.join(changed)} changed"] if changed else []


def _data_keys(outcome: Files) -> list[str]:
    """Data that can be compared: files and folders with a sha256, no assets."""
    return sorted(k for k, v in outcome.data.items() if not k.startswith(ASSET) and _SHA256.fullmatch(v))

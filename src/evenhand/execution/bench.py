"""The bench of a trial: streams, budget, curves, checkpoints, items, assets and data, as the recipe contract states."""

from __future__ import annotations

import json
import pickle
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evenhand.data.model_store import checked_hash, data_path, model_place
from evenhand.errors import DataError, RecipeError
from evenhand.execution import sources
from evenhand.execution.budget import TrialBudget
from evenhand.execution.item_columns import item_scores
from evenhand.execution.patience import persistently
from evenhand.files import content_hash, folder_hash, locked, replacing
from evenhand.recipes import working
from evenhand.recipes.outcome import ASSET, Curve, ItemScores
from evenhand.recipes.trial import ItemSet, Trial, canonical_hash

PROGRESS_SECONDS, FRESH_SECONDS = 0.2, 1.0
"""Shortest time between two lines of the progress file; how long a line of a curve stands before one without."""

PROBE_STEPS = 2
"""Steps of a trial that tries what fits: at the second one the optimiser has its state."""

MAX_POINTS = 2000
"""A curve longer than this is thinned to every second point, again and again."""


class WatchedItemSet(ItemSet):
    """An item set that remembers the smallest pool it was asked to choose from."""

    pool: int | None

    @classmethod
    def of(cls, items: ItemSet) -> WatchedItemSet:
        """The same set, watched."""
        watched = cls(items.name, items.start, items.count, items.seed)
        vars(watched)["pool"] = None
        return watched

    def choose(self, pool: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """As the item set itself does, remembering the pool."""
        vars(self)["pool"] = int(pool) if self.pool is None else min(self.pool, int(pool))
        return super().choose(pool)


class TrialBench:
    """The lab's side of the recipe contract (``evenhand.recipes.contract.Bench``) for one trial in its own process."""

    def __init__(
        self, trial: Trial, *, workdir: Path, assets: Path, data_folder: Path, threads: int, device: tuple[str, str],
        micro_batch: int | None = None, probing: bool = False,
    ) -> None:  # fmt: skip
        self.trial = trial
        self.micro_batch = micro_batch
        self.probing = probing
        self.seed = 0 if trial.seed is None else trial.seed
        self.item_set = WatchedItemSet.of(trial.items)
        self.budget = TrialBudget(trial.unit, trial.amount, PROBE_STEPS if probing else None)
        self.workdir = workdir
        self.threads = threads
        self.device = device[0]
        self.curves: dict[str, list[tuple[float, float]]] = {}
        self.item_tables: dict[str, ItemScores] = {}
        self.notes: dict[str, str] = {"device": f"{device[0]}: {device[1]}"}
        if micro_batch is not None:
            self.notes["micro-batch"] = f"at most {micro_batch} rows at once"
        self.hashes: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self._assets = assets
        self.folder = data_folder
        self._streams: dict[str, np.random.Generator] = {}
        self._progress = (workdir / "progress.jsonl").open("a", buffering=1)
        self._last_progress = self._last_told = 0.0
        self._told: dict[str, Any] = {}  # how far something is that is built for all trials, while it is

    def rng(self, name: str) -> np.random.Generator:
        """The named random stream; the same object for the same name."""
        if name not in self._streams:
            self._streams[name] = self.trial.rng(name)
        return self._streams[name]

    def fresh_stream(self, name: str) -> np.random.Generator:
        """A named stream from its beginning, apart from :meth:`rng`: what is drawn from it is no draw of the recipe."""
        return self.trial.rng(name)

    def draws(self) -> tuple[str, ...]:
        """Names of the streams that have moved since they were made: from which something was drawn."""
        return tuple(sorted(name for name, used in self._streams.items() if _moved(used, self.trial.rng(name))))

    def log(self, step: float, **values: float) -> None:
        """Record points of learning curves and show them as progress.

        Raises:
            RecipeError: the step is no finite number.
        """
        if not np.isfinite(step):
            raise RecipeError(f"bench.log({step}, ...): a step must be a finite number.")
        for name, value in values.items():
            points = self.curves.setdefault(name, [])
            points.append((float(step), float(value)))
            if len(points) > MAX_POINTS:
                del points[1:-1:2]
        now = time.monotonic()
        if now - self._last_progress >= PROGRESS_SECONDS:
            self._last_progress = now
            shown = {k: float(v) for k, v in values.items() if np.isfinite(v)}
            line = {"spent": self.budget.spent, "step": float(step), "values": shown, **self._told}
            self._progress.write(json.dumps(line) + "\n")

    def _doing(self, what: str, share: float) -> None:
        """Show how far something is that is built for all trials."""
        self._told, now = {"doing": what, "share": share}, time.monotonic()
        if now - self._last_told >= PROGRESS_SECONDS and now - self._last_progress >= FRESH_SECONDS:
            self._last_told = now
            line = {"spent": self.budget.spent, "step": 0.0, "values": {}, **self._told}
            self._progress.write(json.dumps(line) + "\n")

    def note(self, name: str, text: str) -> None:
        """Record a short fact."""
        self.notes[name] = str(text)

    def checkpoint(self, state: Mapping[str, Any]) -> None:
        """Save everything that a killed trial needs to go on as if nothing had happened."""
        content = {
            "trial": self.trial.id,
            "state": dict(state),
            "streams": {name: stream.bit_generator.state for name, stream in self._streams.items()},
            "curves": self.curves,
            "items": self.item_tables,
            "notes": self.notes,
            "hashes": self.hashes,
            "code": self._code(),
            "budget": self.budget.state(),
        }
        persistently(lambda: self._save(content))

    def _save(self, content: Mapping[str, Any]) -> None:
        with replacing(self.workdir / "checkpoint.pickle") as part, part.open("wb") as file:
            pickle.dump(content, file, protocol=pickle.HIGHEST_PROTOCOL)

    def _code(self) -> dict[str, str]:
        """The code of this trial as far as it is known by now."""
        return {**sources.code_of(self.trial, self.folder), **self.sources}

    def _of_other_files(self, content: Mapping[str, Any]) -> list[str]:
        """The files that are no longer what a checkpoint was made with: going on would mix old and new in one trial."""
        now = self._code()
        changed = [key for key, digest in content.get("code", {}).items() if now.get(key, digest) != digest]
        for name, digest in content["hashes"].items():
            path = data_path(name, self.folder)
            if not name.startswith(ASSET) and path.exists() and content_hash(path) != digest:
                changed.append(name)
        return sorted(changed)

    def resume(self) -> Mapping[str, Any] | None:
        """The state of the last checkpoint of this trial; streams, curves, items and budget are restored with it.

        A checkpoint that was made by other code or from other data is left alone: the trial begins again.
        """
        path = self.workdir / "checkpoint.pickle"
        if not path.exists():
            return None
        with path.open("rb") as file:
            content = pickle.load(file)
        if content["trial"] != self.trial.id:
            return None
        changed = self._of_other_files(content)
        if changed:
            self.notes["began again"] = f"{', '.join(changed)} changed since its checkpoint"
            return None
        for name, position in content["streams"].items():
            self.rng(name).bit_generator.state = position
        self.curves, self.item_tables = content["curves"], content["items"]
        self.notes, self.hashes = content["notes"], content["hashes"]
        self.budget.restore(content["budget"])
        state: Mapping[str, Any] = content["state"]
        return state

    def items(
        self,
        name: str,
        ids: Sequence[str],
        scores: Sequence[float],
        outputs: Sequence[str] | None = None,
        clusters: Sequence[str] | None = None,
        inputs: Sequence[str] | None = None,
        groups: Sequence[str] | None = None,
        expected: Sequence[str] | None = None,
    ) -> None:
        """Record per-item scores; a second call with the same name replaces the first."""
        self.item_tables[name] = item_scores(
            name, ids, scores, outputs=outputs, clusters=clusters, inputs=inputs, groups=groups, expected=expected
        )

    def asset(self, key: Mapping[str, Any], build: Callable[[Path], None]) -> Path:
        """A folder that depends on ``key`` alone, built once under a lock and shared by all trials."""
        with self.budget.left_out():
            name = canonical_hash(dict(key))[:24]
            folder = self._assets / name
            self._assets.mkdir(parents=True, exist_ok=True)
            with locked(self._assets / f"{name}.lock"):
                if not folder.exists():
                    self._build(key, build, folder)
            self.hashes[f"{ASSET}{name}"] = str(json.loads((folder / "asset.json").read_text())["sha256"])
            return folder

    def _build(self, key: Mapping[str, Any], build: Callable[[Path], None], folder: Path) -> None:
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        with working.told_to(self._doing):
            build(part)
        self._told = {}
        (part / "asset.json").write_text(json.dumps({"key": dict(key), "sha256": folder_hash(part)}))
        part.rename(folder)

    def data(self, path: str | Path) -> Path:
        """Resolve a data file or folder relative to the claim's folder, or a model by name, and record its hash."""
        found = data_path(str(path), self.folder).resolve()
        if not found.exists():
            model_place(str(path), self.folder)  # of a model by name it says how to have it
            raise DataError(f"There is no data file {path} (looked for {found}); mend the path in the settings.")
        self.hashes[str(path)] = checked_hash(found)
        return found

    def finished_curves(self) -> dict[str, Curve]:
        """The curves as arrays."""
        return {
            name: Curve(*(np.asarray(column, dtype=np.float64) for column in zip(*points, strict=True)))
            for name, points in self.curves.items()
        }


def _moved(used: np.random.Generator, fresh: np.random.Generator) -> bool:
    """Whether a stream was drawn from, or had streams of its own made from it."""
    spawned = getattr(used.bit_generator.seed_seq, "n_children_spawned", 0)
    return bool(spawned) or used.bit_generator.state != fresh.bit_generator.state

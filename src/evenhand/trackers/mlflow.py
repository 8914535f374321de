"""MLflow: an experiment for each claim, a run for each trial, a run for the verdicts with the report attached.

Target: a tracking URI (``http://host:5000``, ``sqlite:///mlflow.db``); empty for MLflow's own ``MLFLOW_TRACKING_URI``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from evenhand.trackers.entries import TrialEntry, VerdictEntry
from evenhand.trackers.names import cut, points, safe_name

_BATCH = 500
"""Metrics in one request; the server takes 1,000, and 100 parameters or tags."""

_ENDED = ("FINISHED", "FAILED")


class MlflowTracker:
    """Writes through the client; the process's active run and tracking URI stay as they are."""

    def __init__(self, target: str, claim: str) -> None:
        from mlflow.tracking import MlflowClient

        self._client = MlflowClient(tracking_uri=target or None)
        self._name = f"evenhand/{claim}"
        found = self._client.get_experiment_by_name(self._name)
        self._experiment: str = found.experiment_id if found else self._client.create_experiment(self._name)

    def known(self) -> set[str]:
        """Keys of the runs that have ended; one that broke off is written anew, and the rest of it deleted."""
        keys = set()
        for run in list(self._runs()):
            key = run.data.tags.get("evenhand.key")
            if key and run.info.status in _ENDED:
                keys.add(key)
            elif key:
                self._client.delete_run(run.info.run_id)
        return keys

    def _runs(self) -> Iterator[Any]:
        token = None
        while True:
            page = self._client.search_runs([self._experiment], max_results=1000, page_token=token)
            yield from page
            token = page.token
            if not token:
                return

    def trial(self, entry: TrialEntry) -> None:
        """A run with settings as parameters, curves and metrics."""
        began = entry.started or int(time.time() * 1000)
        tags = {key: cut(text, 4000) for key, text in entry.tags.items()}
        tags |= {f"evenhand.note.{safe_name(key)}": cut(text, 4000) for key, text in entry.notes.items()}
        run = self._client.create_run(self._experiment, start_time=began, run_name=entry.name, tags=tags)
        name = run.info.run_id
        self._parameters(name, entry)
        self._metrics(name, entry, began)
        ended = began + int(entry.seconds * 1000)
        self._client.set_terminated(name, "FAILED" if entry.failure else "FINISHED", end_time=ended)

    def _parameters(self, run: str, entry: TrialEntry) -> None:
        from mlflow.entities import Param

        settings = [Param(safe_name(key), cut(str(value), 6000)) for key, value in entry.settings.items()]
        for part in batched_list(settings, 100):
            self._client.log_batch(run, params=part)

    def _metrics(self, run: str, entry: TrialEntry, began: int) -> None:
        from mlflow.entities import Metric

        rows = [
            Metric(safe_name(name), float(value), began, int(step))
            for name, curve in entry.curves.items()
            for step, value in points(curve)
        ]
        last = max((row.step for row in rows), default=0)
        for before, values in (("final/", entry.metrics), ("spent/", entry.spent)):
            rows += [Metric(safe_name(before + name), float(value), began, last) for name, value in values.items()]
        for part in batched_list(rows, _BATCH):
            self._client.log_batch(run, metrics=part)

    def verdict(self, entry: VerdictEntry) -> None:
        """A run whose tags are the verdicts; the trials of each arm are tagged with what was said of it."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        tags = {safe_name(key): cut(text, 4000) for key, text in entry.tags.items()}
        run = self._client.create_run(self._experiment, start_time=now, run_name="verdicts", tags=tags)
        name = run.info.run_id
        rows = [Metric(safe_name(key), value, now, 0) for key, value in entry.figures.items()]
        for part in batched_list(rows, _BATCH):
            self._client.log_batch(name, metrics=part)
        self._client.log_text(name, entry.markdown, "verdicts.md")
        if entry.report is not None:
            self._client.log_artifact(name, str(entry.report))
        said = {arm: [] for arm in (place.split("/")[0] for place in entry.verdicts)}  # type: ignore[var-annotated]
        for place, title in entry.verdicts.items():
            arm, _, rest = place.partition("/")
            said[arm].append((safe_name(f"evenhand.verdict.{rest}"), title))
        for other in self._runs():
            if other.data.tags.get("evenhand.claim_hash") == entry.claim_hash:
                for key, title in said.get(other.data.tags.get("evenhand.arm", ""), ()):
                    self._client.set_tag(other.info.run_id, key, title)
        self._client.set_terminated(name, "FINISHED")

    def close(self) -> None:
        """Every call has written by itself."""


def batched_list(rows: Sequence[Any], size: int) -> Iterator[list[Any]]:
    """Lists of at most ``size``."""
    for start in range(0, len(rows), size):
        yield list(rows[start : start + size])


def open_tracker(target: str, claim: str) -> MlflowTracker:
    """Connect; an experiment of the claim is made where there is none."""
    return MlflowTracker(target, claim)

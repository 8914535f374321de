"""Trackio: a run for each trial, a run for the verdicts, in the local database that ``trackio show`` reads.

Target: the project; empty for ``evenhand``. ``TRACKIO_DIR`` says where the database is.
"""

from __future__ import annotations

from typing import Any

from evenhand.trackers.entries import TrialEntry, VerdictEntry
from evenhand.trackers.names import by_step, safe_name

_ENDED = "evenhand/ended"
"""In the last row of a run."""


class TrackioTracker:
    """A run at a time; each is finished before the next begins."""

    def __init__(self, target: str, claim: str) -> None:
        self._project = target or "evenhand"
        self._claim = claim

    def known(self) -> set[str]:
        """Keys of the runs whose last row was written; one that broke off is deleted, to be written anew."""
        from trackio import Api, SQLiteStorage

        try:
            runs = list(Api().runs(self._project))
        except ValueError:  # there is no such project yet
            return set()
        found = set()
        for run in runs:
            key = (run.config or {}).get("evenhand.key")
            if key and any(_ENDED in row for row in SQLiteStorage.get_logs(self._project, run.name)):
                found.add(str(key))
            elif key:
                run.delete()
        return found

    def _write(self, key: str, name: str, config: dict[str, Any], rows: list[tuple[float, dict[str, Any]]]) -> None:
        import trackio

        run = trackio.init(
            project=self._project, name=f"{name} {key[-8:]}", group=self._claim, config=config, resume="allow",
            embed=False, auto_log_gpu=False, auto_log_cpu=False,
        )  # fmt: skip
        for step, values in rows:
            run.log(values, step=int(step))
        run.log({_ENDED: 1})
        run.finish()

    def trial(self, entry: TrialEntry) -> None:
        """A run with settings and tags as its configuration, curves, and metrics at the end."""
        config = {**entry.settings, **entry.tags}
        rows: list[tuple[float, dict[str, Any]]] = list(by_step(entry.curves))
        last = rows[-1][0] if rows else 0
        rows.append((last + 1, {**{f"final/{k}": v for k, v in entry.metrics.items()},
                                **{f"spent/{k}": v for k, v in entry.spent.items()}}))  # fmt: skip
        self._write(entry.key, entry.name, config, rows)

    def verdict(self, entry: VerdictEntry) -> None:
        """A run whose configuration holds the verdicts; the table and the figures are logged."""
        import trackio

        config = {**entry.tags, "evenhand.report": str(entry.report or "")}
        figures = {safe_name(name): value for name, value in entry.figures.items()}
        self._write(entry.key, "verdicts", config, [(0, {**figures, "verdicts": trackio.Markdown(entry.markdown)})])

    def close(self) -> None:
        """Every run was finished by itself."""


def open_tracker(target: str, claim: str) -> TrackioTracker:
    """Where runs will go; nothing is written yet."""
    return TrackioTracker(target, claim)

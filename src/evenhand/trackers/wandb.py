"""Weights & Biases: a group for each claim, a run for each trial, a run for the verdicts with the report attached.

Target: ``project`` or ``entity/project``; empty for ``evenhand``. ``WANDB_MODE=offline`` writes folders that ``wandb
sync`` sends later; ``WANDB_DIR`` says where.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from evenhand.trackers.entries import TrialEntry, VerdictEntry
from evenhand.trackers.names import by_step, cut, safe_name

_KEY = "evenhand.key"
"""A file in a run's folder that is written when it has ended: one that broke off has none and is made anew."""


class WandbTracker:
    """A run at a time; each is finished before the next begins."""

    def __init__(self, target: str, claim: str) -> None:
        entity, _, project = target.rpartition("/")
        self._where: dict[str, Any] = {"project": project or "evenhand", "group": claim}
        if entity:
            self._where["entity"] = entity
        self._folder = Path(os.environ.get("WANDB_DIR") or ".")

    def known(self) -> set[str]:
        """Keys of the runs that are in the offline folders, or that the server has under this project."""
        found = {path.read_text(encoding="utf-8") for path in self._folder.glob(f"wandb/*run-*/{_KEY}")}
        with contextlib.suppress(Exception):  # nobody there, no such project yet: what is sent again has the same id
            found |= self._on_server()
        return found

    def _on_server(self) -> set[str]:
        import wandb

        if os.environ.get("WANDB_MODE", "online") != "online":
            return set()
        path = "/".join(str(self._where[key]) for key in ("entity", "project") if key in self._where)
        runs = wandb.Api(timeout=20).runs(path, filters={"group": self._where["group"]})
        return {run.id for run in runs if run.state in ("finished", "failed")}

    def _begin(self, key: str, name: str, kind: str, config: dict[str, Any], tags: list[str]) -> Any:
        import wandb

        settings = wandb.Settings(console="off", silent=True, disable_git=True, disable_code=True, init_timeout=60)
        return wandb.init(
            **self._where, id=key, name=name, job_type=kind, config=config, tags=tags, dir=str(self._folder),
            resume="allow", reinit="finish_previous", settings=settings,
        )  # fmt: skip

    def trial(self, entry: TrialEntry) -> None:
        """A run with settings, curves over their own steps, and metrics as its summary."""
        config = {**entry.settings, "evenhand": {key.removeprefix("evenhand."): v for key, v in entry.tags.items()}}
        tags = [cut(text, 64) for text in (entry.role, entry.rung, entry.condition) if text]
        run = self._begin(entry.key, entry.name, entry.arm, config, tags)
        run.define_metric("step", hidden=True)
        run.define_metric("*", step_metric="step")
        for step, values in by_step(entry.curves):
            run.log({"step": step, **values})
        spent = {f"spent/{unit}": amount for unit, amount in entry.spent.items()}
        last = {**{f"final/{name}": value for name, value in entry.metrics.items()}, **spent}
        run.log(last)
        run.summary.update(last)
        run.summary.update({f"note/{name}": text for name, text in entry.notes.items()})
        _end(run, entry.key, 1 if entry.failure else 0)

    def verdict(self, entry: VerdictEntry) -> None:
        """A run with the verdicts as tags and in its summary, and the report as an artifact."""
        import wandb

        tags = [cut(f"{place.partition('/')[0]}: {title}", 64) for place, title in entry.verdicts.items()]
        run = self._begin(entry.key, "verdicts", "verdict", {"claim_hash": entry.claim_hash}, sorted(set(tags)))
        run.summary.update({**entry.figures, **{f"verdict/{place}": title for place, title in entry.verdicts.items()}})
        report = wandb.Artifact(safe_name(entry.claim), type="report")
        with report.new_file("verdicts.md") as file:
            file.write(entry.markdown)
        if entry.report is not None:
            report.add_file(str(entry.report))
        run.log_artifact(report)
        _end(run, entry.key, 0)

    def close(self) -> None:
        """Every run was finished by itself."""


def _end(run: Any, key: str, code: int) -> None:
    """Finish a run, then mark its folder."""
    folder = Path(run.dir).parent
    run.finish(exit_code=code)
    if folder.is_dir():
        (folder / _KEY).write_text(key, encoding="utf-8")


def open_tracker(target: str, claim: str) -> WandbTracker:
    """Where runs will go; nothing is sent yet."""
    return WandbTracker(target, claim)

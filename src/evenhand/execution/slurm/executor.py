"""Trials as Slurm jobs, through submitit: one array for all that are started together; the driver may come and go.

Each trial's folder holds what a later driver needs: ``submission.json`` (under which name and number it was submitted,
written before Slurm is asked and again when Slurm has answered) and, in the end, ``ending.json``. Slurm itself is asked
only for what these do not tell: a job that was cancelled, lost with its node, or ended by its time or memory.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from evenhand import files
from evenhand.errors import EvenhandError
from evenhand.execution.executor import Executor, Finished, log_tail
from evenhand.execution.profiles import Profile
from evenhand.execution.resources import Capacity, Resources
from evenhand.execution.slurm import queue as slurm_queue
from evenhand.execution.slurm.job import GivesWay, QueuedJob, exports, forget, submission, submitit
from evenhand.execution.slurm.probe import check_shared
from evenhand.execution.slurm.queue import Queue, Seen
from evenhand.execution.states import goes_on, is_cancelled
from evenhand.execution.supervise import Left, checkpoint_time, finished
from evenhand.execution.worker import Job

_LOOK_SECONDS = 0.1
"""Shortest time between two looks at the folders of the trials; a look takes at most a tenth of the time."""

_TIDY_SECONDS = 30.0
"""A job is over a moment after its trial is; its files are let lie for so long."""

_EARLY_MINUTES = 1
"""A notice of the end of a job's time may come so much earlier than it was asked for."""

_REQUEUES = 1000
"""How often submitit may requeue a job at the end of its time: as often as its trial has a newer checkpoint."""


class Slurm(Executor):
    """Trials as jobs of one Slurm cluster.

    Args:
        profile: partition, account, time and so on.
        folder: for submitit's files, on the file system that the nodes share.
    """

    queues = True

    def __init__(self, profile: Profile, folder: Path) -> None:
        self.profile = profile
        self.folder = folder
        limits = f", {profile.constraint}" if profile.constraint else ""
        self.elsewhere = f"Slurm, partition {profile.partition or 'by default'}{limits}"
        self.jobs = profile.jobs or 1000
        self.threads = profile.cpus or 1
        self.queue = Queue(profile.polls_per_minute)
        self._running: dict[str, QueuedJob] = {}
        self._started: list[str] = []
        self._detached = False
        self._done: list[tuple[float, str]] = []
        self._look_pause = _LOOK_SECONDS
        self._submitit: Any = None

    def __enter__(self) -> Self:
        self._submitit = submitit()
        slurm_queue.nodes(self.profile.partition)
        self.folder.mkdir(parents=True, exist_ok=True)
        check_shared(self.folder, self.profile)
        return self

    def __exit__(self, *_: object) -> None:
        if self._detached:
            self._submit()
        else:
            slurm_queue.cancel([one.id for one in self._running.values() if one.id])
            for one in self._running.values():
                forget(one.workdir)
        self._running.clear()
        self._tidy(0.0)

    @property
    def running(self) -> dict[str, Job]:
        """Key to job of the trials that Slurm has or will get at the next :meth:`wait`."""
        return {key: one.job for key, one in self._running.items()}

    @property
    def free(self) -> int:
        """How many more may be queued."""
        return max(0, self.jobs - len(self._running))

    def elapsed(self, key: str) -> float:
        """Seconds since the trial was first seen running, by the file in which it reports."""
        one = self._running[key]
        if one.begun is None and (one.workdir / "progress.jsonl").exists():
            one.begun = time.monotonic()
        return 0.0 if one.begun is None else time.monotonic() - one.begun

    def capacity(self) -> Capacity:
        """The nodes of the profile's partition."""
        nodes = tuple(slurm_queue.nodes(self.profile.partition))
        return Capacity(nodes, self.free, self.profile.resources)

    def start(self, key: str, job: Job, attempt: int, limit_seconds: float | None) -> None:
        """Note a trial; all that are noted go to Slurm together, as arrays, at the next :meth:`wait`."""
        workdir = Path(job.workdir)
        known = submission(workdir)
        same = known is not None and (known["trial"], known["attempt"]) == (job.trial.id, attempt)
        if same and self.reattach({key: workdir}):
            return
        workdir.mkdir(parents=True, exist_ok=True)
        forget(workdir)
        (workdir / "outcome.json").unlink(missing_ok=True)
        asked = job.resources.over(self.profile.resources)
        job = dataclasses.replace(job, threads=asked.cpus or job.threads, resources=asked)
        files.write_text(workdir / "job.json", job.to_json())
        self._running[key] = QueuedJob(job, attempt, limit_seconds, checkpoint=checkpoint_time(workdir))
        self._started.append(key)

    def _submit(self) -> None:
        """Send what was started to Slurm: an array for each set of needs."""
        groups: dict[Resources, list[QueuedJob]] = {}
        for key in self._started:
            if key in self._running:
                groups.setdefault(self._running[key].job.resources, []).append(self._running[key])
        self._started.clear()
        for asked, group in groups.items():
            name = f"evenhand-{uuid.uuid4().hex[:12]}"
            for index, one in enumerate(group):
                one.name, one.id = name, f"_{index}" if len(group) > 1 else ""
                one.write()
            try:
                found = self._submit_group(name, asked, group)
            except Exception as error:
                for one in group:
                    forget(one.workdir)
                raise EvenhandError(f"Slurm took no jobs: {_last_line(error)}") from error
            for one, job in zip(group, found, strict=True):
                one.id = str(job.job_id)
                one.write()

    def _submit_group(self, name: str, asked: Resources, group: Sequence[QueuedJob]) -> Sequence[Any]:
        profile, helper = self.profile, self._submitit.SlurmExecutor(self.folder, max_num_timeout=_REQUEUES)
        parameters: dict[str, Any] = {
            "job_name": name,
            "partition": profile.partition,
            "account": profile.account,
            "qos": profile.qos,
            "constraint": profile.constraint,
            "time": math.ceil(asked.minutes or 60),
            "cpus_per_task": asked.cpus or 1,
            "gpus_per_node": asked.gpus or None,
            "mem": f"{math.ceil(asked.memory_gib * 1024)}MB" if asked.memory_gib else None,
            "array_parallelism": len(group),
            "signal_delay_s": profile.signal_seconds,
            "setup": [exports(asked.cpus or 1), *profile.setup],
            "additional_parameters": {"requeue": True},
        }
        helper.update_parameters(**{key: value for key, value in parameters.items() if value is not None})
        seconds = max(1.0, 0.5 * profile.signal_seconds)
        lasts = 60 * (parameters["time"] - _EARLY_MINUTES) - profile.signal_seconds
        with helper.batch():
            return [
                helper.submit(GivesWay(one.job.workdir, one.attempt, one.limit, seconds, name, lasts)) for one in group
            ]

    def wait(self, seconds: float) -> list[Finished]:
        """Submit what was started, then wait for endings: by the files that trials leave, and by what Slurm says."""
        self._submit()
        self._tidy(_TIDY_SECONDS)
        deadline = time.monotonic() + seconds
        while True:
            before = time.monotonic()
            ended = self._left()
            if not ended and self._running and self.queue.due:
                ended = self._told()
            now = time.monotonic()
            self._look_pause = max(_LOOK_SECONDS, 10 * (now - before))
            if ended or now >= deadline:
                return ended
            time.sleep(max(0.0, min(self._look_pause, deadline - now)))

    def _left(self) -> list[Finished]:
        """Trials whose supervisors left word."""
        ended = []
        for key, one in list(self._running.items()):
            left = Left.read(one.workdir, one.job.trial.id, one.attempt)
            if left is not None and not left.killed_from_outside:  # who killed it, Slurm may know
                ended.append(self._end(key, left))
        return ended

    def _told(self) -> list[Finished]:
        """Trials of which Slurm says that they have ended."""
        wanted = {one.id: key for key, one in self._running.items()}
        try:
            found = self.queue.look(wanted)
        except slurm_queue.SlurmUnreachable:
            return []  # the controller is restarted now and then; the next look tells
        ended = []
        for name, key in wanted.items():
            one, seen = self._running[key], found.get(name, Seen("UNKNOWN"))
            state = seen.state.partition(" ")[0]
            if state == "RUNNING" and one.begun is None:
                one.begun = time.monotonic()
            if state != "UNKNOWN" and state not in slurm_queue.ENDED:
                one.unseen = None
                continue
            if self._believed(one, state):
                ended.append(self._end(key, Left.read(one.workdir, one.job.trial.id, one.attempt), seen))
        return ended

    def _believed(self, one: QueuedJob, state: str) -> bool:
        """Whether an ending without a file stands: on a shared file system, files come after the scheduler's word."""
        now = time.monotonic()
        one.unseen = now if one.unseen is None else one.unseen
        told = is_cancelled(state) or (goes_on(state) and state != "UNKNOWN") or state == "OUT_OF_MEMORY"
        told = told or slurm_queue.said_out_of_memory(self._log(one))
        return told or Left.read(one.workdir, one.job.trial.id, one.attempt) is not None or (
            now - one.unseen >= self.profile.patience_seconds
        )  # fmt: skip

    def _end(self, key: str, left: Left | None, seen: Seen | None = None) -> Finished:
        one = self._running.pop(key)
        state = "" if seen is None else seen.state
        if state in ("FAILED", "COMPLETED") and slurm_queue.said_out_of_memory(self._log(one)):
            state = "OUT_OF_MEMORY"
        told = finished(key, one.job, one.attempt, one.limit, left, "" if state == "COMPLETED" else state)
        newer = checkpoint_time(one.workdir) > one.checkpoint
        forget(one.workdir)
        if told.outcome.failure is None:
            self._done.append((time.monotonic(), one.id))
        if told.outcome.failure is None or not state:
            return told
        if is_cancelled(state):
            return dataclasses.replace(told, pending_again=f"its job {one.id} was cancelled")
        if goes_on(state) and newer:
            return dataclasses.replace(told, pending_again=f"{told.outcome.failure.message}; its checkpoint goes on")
        return told

    def _log(self, one: QueuedJob) -> str:
        """The last that slurmstepd and the supervisor said."""
        paths = self._submitit.core.utils.JobPaths(self.folder, job_id=one.id)
        return log_tail(paths.stderr) + log_tail(paths.stdout)

    def _tidy(self, seconds: float) -> None:
        """Remove submitit's files of the jobs whose trials succeeded so long ago: four for each, of ten thousand."""
        while self._done and time.monotonic() - self._done[0][0] >= seconds:
            paths = self._submitit.core.utils.JobPaths(self.folder, job_id=self._done.pop(0)[1])
            for path in (paths.submitted_pickle, paths.result_pickle, paths.stderr, paths.stdout):
                with contextlib.suppress(OSError):
                    path.unlink()

    def cancel(self, key: str) -> None:
        """Cancel a trial's job."""
        one = self._running.pop(key)
        if one.id and not one.id.startswith("_"):
            slurm_queue.cancel([one.id])
        forget(one.workdir)

    def detach(self) -> None:
        """Leave the jobs in the queue when this closes."""
        self._detached = True

    def reattach(self, workdirs: Mapping[str, Path]) -> list[str]:
        """Take up jobs that an earlier driver has submitted, by what it left in the trials' folders."""
        names: dict[str, str] = {}
        for key, workdir in workdirs.items():
            known = submission(workdir)
            if known is None or key in self._running:
                continue
            try:
                job = Job.from_json((workdir / "job.json").read_text(encoding="utf-8"))
            except (OSError, ValueError, TypeError, KeyError):
                continue
            number = str(known["id"])
            if not number or number.startswith("_"):  # that driver ended before Slurm's answer was written
                name = str(known["name"])
                names[name] = names[name] if name in names else self.queue.by_name(name)
                number = f"{names[name]}{number}" if names[name] else ""
            if not number:
                continue
            self._running[key] = QueuedJob(
                job, known["attempt"], known["limit"], known["name"], number, checkpoint=known["checkpoint"]
            )
            self._running[key].write()
        return [key for key in workdirs if key in self._running]


def _last_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__

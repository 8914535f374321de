"""A warm worker: one process that runs trials of one recipe, one after the other, and is after each as it was before.

What it keeps is what takes long to make: imports, the context of a GPU, compiled kernels. It reads jobs from one pipe
and answers on another, a JSON document a line:

    {"job": path, "log": path}  ->  {"exit_code": 0, "cpu_seconds": s, "peak_memory_bytes": n, "goes_on": "" or why not}

It ends itself after a failure, after so many trials, where its memory has grown, where its code has changed, and where
something that a trial changed cannot be put back: the next trial has a fresh process then, as all have without it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evenhand.execution import compile_caches, worker
from evenhand.execution.command import imported
from evenhand.execution.machine import device_of_programs
from evenhand.execution.process_state import ProcessState, children_of_this, group_of_this
from evenhand.recipes import catalogue

TRIALS = 100
"""Trials after which a worker is replaced."""

GROWTH_SHARE, GROWTH_BYTES = 0.5, 256 << 20
"""By how much its resident memory may have grown since its first trial: the larger of a share and an amount."""


@dataclass(frozen=True)
class Pipes:
    """The two ends that a worker holds."""

    jobs: int
    answers: int


def serve(pipes: Pipes) -> int:
    """Run jobs until no more come or the worker has to be replaced; returns the exit code of the process."""
    resident, state, done = 0, None, 0
    with open(pipes.jobs, encoding="utf-8", closefd=False) as jobs:
        for line in jobs:
            asked = json.loads(line)
            job = worker.Job.from_json(Path(asked["job"]).read_text(encoding="utf-8"))
            _enter(asked["log"], Path(job.workdir))
            if state is None:
                worker.see_own_devices(job)
                _import_first(job)
                os.chdir(job.folder)  # a trial's own folder is gone once its result is in the ledger
                state = ProcessState()
                os.chdir(job.workdir)
            if imported.SERVERS is not None:
                imported.SERVERS.used = imported.Used()
            cost = Cost()
            done += 1
            notes = {**job.notes, "process": f"warm: trial {done} of its process"}
            code, succeeded = worker.perform(replace(job, notes=notes))
            told: dict[str, Any] = {"exit_code": code, **cost.so_far()}
            sys.stdout.flush()
            sys.stderr.flush()
            told["goes_on"] = why = "" if succeeded else "its last trial failed"
            if succeeded:
                left = [*_clear(job), *state.restore()]
                resident = resident or resident_bytes()
                why = told["goes_on"] = _why_not(done, left, resident)
            os.write(pipes.answers, (json.dumps(told) + "\n").encode())
            if why:
                return code
    return 0


def _enter(log: str, folder: Path) -> None:
    """Give the next trial its own output and working folder."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(out)
    sys.stdout = open(1, "w", closefd=False, buffering=1, encoding="utf-8", errors="replace")  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False, buffering=1, encoding="utf-8", errors="replace")  # noqa: SIM115
    os.chdir(folder)


def _import_first(job: worker.Job) -> None:
    """Have imported what trials share before the state is taken that each of them finds; faults are the trial's."""
    worker.see_own_devices(job)
    compile_caches.use(Path(job.assets))
    if job.trial.recipe == catalogue.COMMAND:
        imported.SERVERS = imported.ImportServers()
        return
    with contextlib.suppress(Exception):
        catalogue.find(job.trial.recipe, Path(job.folder))
    if device_of_programs()[0] == "cuda":
        with contextlib.suppress(ImportError):
            import torch

            torch.cuda.is_available()


def _clear(job: worker.Job) -> list[str]:
    """Call what the recipe names for being called between trials; returns what could not be."""
    try:
        recipe = catalogue.find(job.trial.recipe, Path(job.folder))
        for clear in catalogue.clearing(recipe, Path(job.folder)):
            clear()
    except Exception as error:
        return [f"the recipe could not be cleared: {type(error).__name__}: {error}"]
    return []


def _why_not(done: int, left: list[str], resident: int) -> str:
    """Why a worker is to be replaced, or empty."""
    if left:
        return f"not as it was before: {', '.join(left)}"
    if children_of_this() - (0 if imported.SERVERS is None else len(imported.SERVERS.running())) or _left_behind():
        return "its last trial left processes that run"
    if done >= TRIALS:
        return f"it has run {done} trials"
    grown = resident_bytes() - resident
    if grown > max(GROWTH_BYTES, GROWTH_SHARE * resident):
        return f"its memory has grown by {grown >> 20} MiB"
    return ""


def _left_behind() -> bool:
    """Whether a program that has ended left processes, which are no children of this one."""
    if imported.SERVERS is None:
        return False
    return bool(group_of_this() - {os.getpid(), *imported.SERVERS.running()})


def resident_bytes() -> int:
    """Resident memory of this process now; 0 where the system does not tell."""
    return _of_status("VmRSS:")


def _of_status(key: str) -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(key)), 0)


class Cost:
    """What one trial costs a process that had others before it: counted from a reset."""

    def __init__(self) -> None:
        gc.collect()
        self._before = self._seconds()
        self._reset = self._forget_peak()
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_initialized():
            torch.cuda.reset_peak_memory_stats()

    @staticmethod
    def _seconds() -> float:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in used)

    @staticmethod
    def _forget_peak() -> bool:
        """Have the kernel count the largest resident set from now on."""
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            return False
        return True

    def so_far(self) -> dict[str, Any]:
        """Processor seconds and the largest resident set since the beginning; None where no system tells it."""
        programs = imported.Used() if imported.SERVERS is None else imported.SERVERS.used
        peak = max(_of_status("VmHWM:"), programs.peak_memory_bytes) if self._reset else programs.peak_memory_bytes
        seconds = self._seconds() - self._before + programs.cpu_seconds
        return {"cpu_seconds": seconds, "peak_memory_bytes": peak or None}


def main(arguments: list[str]) -> int:
    """``python -m evenhand.execution.local.warm JOBS ANSWERS``: serve on two descriptors that were handed down."""
    return serve(Pipes(int(arguments[0]), int(arguments[1])))


if __name__ == "__main__":
    from evenhand.execution.lifetime import die_with_parent

    die_with_parent()
    code = main(sys.argv[1:])
    os._exit(code)

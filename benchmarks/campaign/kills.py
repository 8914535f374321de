"""Kills at random moments: a claim with checkpoints is killed again and again, resumed to its end, and compared.

Run: ``python -m benchmarks.campaign.kills FOLDER SECONDS SEED`` (FOLDER is made, and must be empty).

The main process, a worker and the fork server are each ended by SIGKILL, one a round, at a moment drawn at random. A
ledger that was carried to its end must give the verdict, the item scores and the spent steps of a run that was left
alone, and no process may outlive its lab.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.campaign.rows import Row
from evenhand.testing.worlds import two_arms

ROOT = Path(__file__).parents[2]
TARGETS = ("main process", "worker", "fork server")
ORPHAN_SECONDS = 2.0
"""So long a process may take to follow its lab; the kernel needs a moment to pass a death on."""

RECIPE = """
import time
from evenhand.recipes.contract import Bench, RecipeSettings

class Settings(RecipeSettings):
    effect: float = 0.0

def run(settings: Settings, bench: Bench):
    state = bench.resume()
    step, level = (state["step"], state["level"]) if state else (0, 0.5 + settings.effect)
    noise = bench.rng("order")
    while bench.budget.left > 0:
        step += 1
        level += 0.01 * noise.normal()
        bench.budget.spend(steps=1)
        bench.log(step, level=level)
        bench.checkpoint({"step": step, "level": level})
        time.sleep(0.03)
    ids = bench.item_set.choose(100)
    bench.items("score", [str(i) for i in ids], [min(1.0, max(0.0, level + 0.001 * i)) for i in ids])
    return {}
"""

CLAIM = two_arms("carried:run", budget=8, seeds=(0, 1, 2, 3), items=20)


@dataclass
class _Tally:
    """What the kills did."""

    kills: Counter[str] = field(default_factory=Counter)
    followed: Counter[str] = field(default_factory=Counter)
    right_code: int = 0
    finished: int = 0
    equal: int = 0
    faults: int = 0


def campaign(folder: Path, seconds: float, seed: int) -> list[Row]:
    """Kill, resume and compare until the time is over; the ledger under way is carried to its end.

    Args:
        folder: empty.
        seconds: after which no new kill is begun.
        seed: of the moments and the targets.
    """
    rng = np.random.default_rng(seed)
    end = time.monotonic() + seconds
    (folder / "carried.py").write_text(RECIPE)
    (folder / "claim.toml").write_text(CLAIM)
    began = time.monotonic()
    _to_the_end(folder, "left alone")
    usual = time.monotonic() - began
    whole = _result(folder, "left alone")
    tally = _Tally()
    number = 0
    while time.monotonic() < end - 1.5 * usual or (not tally.kills and number < 5):
        number += 1
        ledger = f"killed {number}"
        for _ in range(int(rng.integers(3, 7))):
            if time.monotonic() > end - 1.5 * usual and tally.kills:
                break
            target = TARGETS[int(rng.integers(len(TARGETS)))]
            if not _one_kill(folder, ledger, target, float(rng.uniform(0.0, 0.7 * usual)), tally):
                break
        _to_the_end(folder, ledger)
        tally.finished += 1
        tally.equal += _result(folder, ledger) == whole
        tally.faults += _lab(folder, "ledger", "verify", "--ledger", ledger).returncode != 0
    return _rows(tally)


def _rows(tally: _Tally) -> list[Row]:
    total = sum(tally.kills.values())
    left = {name: tally.kills[name] - tally.followed[name] for name in TARGETS}
    rows = [
        Row("kills", f"SIGKILL of the {name}: nothing outlives it", tally.kills[name], tally.followed[name],
            f"{left[name]} orphans after {ORPHAN_SECONDS:g} s")
        for name in TARGETS if tally.kills[name]
    ]  # fmt: skip
    servers = tally.kills["fork server"]
    if servers:
        rows.append(Row("kills", "a killed fork server ends the run with exit code 1", servers, tally.right_code))
    rows.append(
        Row("kills", "killed ledgers, resumed: verdict, item scores and steps as of a run left alone",
            tally.finished, tally.equal, f"{total} kills")
    )  # fmt: skip
    sound = tally.finished - tally.faults
    rows.append(Row("kills", "killed ledgers, resumed: `ledger verify` finds no fault", tally.finished, sound))
    return rows


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-c", "from evenhand.cli.main import main; main()", *arguments]


def _lab(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(*arguments), cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )


def _to_the_end(folder: Path, ledger: str) -> None:
    done = _lab(folder, "run", "claim.toml", "--ledger", ledger, "--jobs", "2")
    if done.returncode != 0:
        raise RuntimeError(f"the run on '{ledger}' ended with {done.returncode}: {done.stderr[-2000:]}")


def _result(folder: Path, ledger: str) -> dict[str, Any]:
    """What must be equal: the verdict, and each trial's item scores, spent steps and curve; not its seconds."""
    verdict = json.loads(_lab(folder, "verdict", "claim.toml", "--ledger", ledger, "--json").stdout)
    verdict.pop("made", None)
    of_trials = "join outcomes using (trial, segment, sequence) where counts and status = 'ok' order by all"
    queries = {
        "items": f"select arm, seed, metric, item, score from items {of_trials}",
        "curves": f"select arm, seed, curve, step, value from curves {of_trials}",
        "steps": "select arm, seed, spent->>'steps' as steps from outcomes where counts and status = 'ok' order by all",
    }
    found: dict[str, Any] = {"verdict": verdict}
    for name, sql in queries.items():
        asked = _lab(folder, "ledger", "query", sql, "--ledger", ledger, "--json")
        if asked.returncode != 0:
            raise RuntimeError(f"the query of {name} failed: {asked.stderr[-2000:]}")
        found[name] = json.loads(asked.stdout)
    return found


def _one_kill(folder: Path, ledger: str, target: str, after: float, tally: _Tally) -> bool:
    """Start a run and kill one of its processes; False where the run was over before."""
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            _command("run", "claim.toml", "--ledger", ledger, "--jobs", "2"),
            cwd=folder, env=_environment(), stdout=log, stderr=log,
        )  # fmt: skip
    time.sleep(after)
    victim = _find(process.pid, target)
    deadline = time.monotonic() + 60
    while victim is None and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
        victim = _find(process.pid, target)
    if victim is None:
        process.wait()
        return False
    family = _family(process.pid) if target != "worker" else [victim, *_family(victim)]
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        process.wait()
        return False
    tally.kills[target] += 1
    if target == "worker":
        # The run goes on: it tries the trial again. What the worker itself had started must be gone.
        tally.followed[target] += _gone(family)
        process.wait()
        return process.returncode == 0
    code = process.wait()
    tally.followed[target] += _gone(family)
    if target == "fork server":
        tally.right_code += code == 1
    return True


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in text.split()]


def _family(pid: int) -> list[int]:
    found = []
    for child in _children(pid):
        found += [child, *_family(child)]
    return found


def _find(main: int, target: str) -> int | None:
    """The process to kill: the lab itself, the child that is the fork server, or one of the server's children."""
    if target == "main process":
        return main
    servers = [child for child in _children(main) if b"evenhand.execution.local.server" in _command_line(child)]
    if not servers or target == "fork server":
        return servers[0] if servers else None
    workers = _children(servers[0])
    return workers[0] if workers else None


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _gone(pids: list[int]) -> bool:
    """Whether all processes have ended within the time allowed."""
    deadline = time.monotonic() + ORPHAN_SECONDS
    while any(_lives(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


def main() -> None:
    """Print the rows of one campaign."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True)
    for row in campaign(folder, float(sys.argv[2]), int(sys.argv[3])):
        print(f"{row.what}: {row.held} of {row.tried} {row.note}")


if __name__ == "__main__":
    main()

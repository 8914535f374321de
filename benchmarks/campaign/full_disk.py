"""Full disks: a run that the disk refuses stops in a sentence, its ledger is whole, and resumed it decides the same.

    python -m benchmarks.campaign.full_disk [SECONDS] [SEED]        (from the checkout's root)

Two ways of a full disk: a limit on the size of files (RLIMIT_FSIZE), which the segment meets in the middle of a run,
and a file system of some 100 kB in memory, where this machine lets anybody mount one. Afterwards the limit is lifted,
the same command goes on, and its verdict must be that of a run which nothing disturbed.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.campaign.damage import write_claim
from benchmarks.campaign.rows import Row
from evenhand.ledger import Ledger


def _evenhand(folder: Path, *words: str, largest: int | None = None) -> subprocess.CompletedProcess[str]:
    """A command of evenhand on the claim in a folder; ``largest`` limits the size of files, in bytes."""

    def limit() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))

    return subprocess.run(
        [sys.executable, "-m", "evenhand", *words],
        cwd=folder, capture_output=True, text=True, check=False, preexec_fn=limit, timeout=600,
        # Python would cut the bytecode of modules to the limit too, without an error.
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip


def _run(folder: Path, ledger: Path, largest: int | None = None) -> subprocess.CompletedProcess[str]:
    return _evenhand(folder, "run", "claim.toml", "--ledger", str(ledger), "--jobs", "1", largest=largest)


def _verdict(folder: Path, ledger: Path) -> str:
    return _evenhand(folder, "verdict", "claim.toml", "--ledger", str(ledger), "--json").stdout


def _fault(stopped: subprocess.CompletedProcess[str], ledger: Path) -> str:
    """What is wrong with how a run stopped, or empty."""
    if stopped.returncode == 0:
        return "" if not Ledger(ledger, create=False).verify().faults else "the ledger is damaged"
    if "Traceback" in stopped.stderr:
        return "a traceback: " + stopped.stderr.strip().splitlines()[-1]
    if stopped.returncode not in (3, 4):
        return f"exit code {stopped.returncode}"
    faults = Ledger(ledger, create=False).verify().faults
    return f"the ledger is damaged: {faults[0]}" if faults else ""


def _row(what: str, results: Sequence[tuple[str, int]], note: str = "") -> Row:
    wrong = sorted({fault for fault, _ in results if fault})
    stops = sum(code == 4 for _, code in results)
    words = "; ".join([f"{stops} stopped with exit code 4", *wrong, *([note] if note else [])])
    return Row("full disk", what, len(results), sum(not fault for fault, _ in results), words)


def _limited(folder: Path, ledger: Path, expected: str, largest: int) -> tuple[str, int]:
    """One run under a limit on the size of files, resumed without it."""
    stopped = _run(folder, ledger, largest)
    fault = _fault(stopped, ledger)
    if not fault:
        _run(folder, ledger)
        fault = "" if _verdict(folder, ledger) == expected else "the resumed verdict is another"
    return fault, stopped.returncode


def _mounted(folder: Path, expected: str, size: int) -> tuple[str, int] | None:
    """One run on a small file system that is enlarged afterwards; None where no mount is permitted."""
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "none", str(disk)]
    try:
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            return None
    except OSError:
        return None
    try:
        stopped = _run(folder, disk / "ledger")
        fault = _fault(stopped, disk / "ledger")
        if not fault:
            subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True, capture_output=True)
            _run(folder, disk / "ledger")
            fault = "" if _verdict(folder, disk / "ledger") == expected else "the resumed verdict is another"
        return fault, stopped.returncode
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=False, capture_output=True)


def campaign(folder: Path, seconds: float, seed: int) -> list[Row]:
    """Both ways in turn with random sizes, until the time is up; each once at least."""
    end = time.monotonic() + seconds
    rng = random.Random(seed)
    write_claim(folder)
    undisturbed = _run(folder, folder / "undisturbed")
    if undisturbed.returncode != 0:
        return [Row("full disk", "a run that nothing disturbs", 1, 0, undisturbed.stderr.strip()[-300:])]
    expected = _verdict(folder, folder / "undisturbed")
    largest = max(path.stat().st_size for path in (folder / "undisturbed" / "segments").iterdir())
    limited: list[tuple[str, int]] = []
    mounted: list[tuple[str, int]] = []
    permitted = True
    while not limited or time.monotonic() < end:
        ledger = folder / f"limited-{len(limited)}"
        limited.append(_limited(folder, ledger, expected, rng.randrange(largest // 3, largest)))
        shutil.rmtree(ledger, ignore_errors=True)
        if permitted:
            found = _mounted(folder, expected, rng.randrange(80, 200))
            permitted = found is not None
            mounted += [] if found is None else [found]
    rows = [_row("size of files limited in the middle of a run", limited)]
    return [*rows, _row("file system full", mounted, "" if permitted else "this machine lets nobody mount one")]


if __name__ == "__main__":
    arguments = [float(word) for word in sys.argv[1:]]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as place:
        for row in campaign(Path(place), [*arguments[:1], 60.0][0], int([*arguments[1:2], 0][0])):
            print(f"{row.what}: {row.held} of {row.tried} held ({row.note})")

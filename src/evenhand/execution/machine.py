"""What this machine is: cores, devices and provenance, each detected choice with its reason."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evenhand.recipes.gpus import visible_gpus

_PACKAGES = (
    "evenhand", "numpy", "scipy", "pydantic", "duckdb", "pyarrow", "torch", "numba", "transformers", "peft", "trl",
)  # fmt: skip


def cores() -> int:
    """Number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def share_threads(jobs: int) -> int:
    """CPU threads for each of ``jobs`` trials that run side by side.

    Together they never ask for more than there is, and none for more than OMP_NUM_THREADS, where the user has set it.
    """
    share = max(1, cores() // max(1, jobs))
    return min(share, _most_threads() or share)


def _most_threads() -> int | None:
    """OMP_NUM_THREADS, of a list (one number a level of nesting) the first; None where it is not set or no number."""
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else None


def thread_variables(threads: int) -> dict[str, str]:
    """Environment of a process that may use so many threads.

    OpenBLAS and pyarrow would otherwise start threads at import, before any fork.
    """
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    own = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
    return {name: str(threads) for name in names} | own


def choose_device() -> tuple[str, str]:
    """The device for a trial and the reason for it.

    Asks torch where a recipe has already imported it, or where the driver shows a GPU: a recipe that imports torch
    late must not be left on the CPU for that.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        device, reason = device_of_programs()
        if device != "cuda":
            return "cpu", reason
        try:
            torch = importlib.import_module("torch")
        except ImportError:
            return "cpu", f"torch is not installed, though there is a GPU ({reason})"
    if torch.cuda.is_available():
        return "cuda", str(torch.cuda.get_device_name(0))
    return "cpu", "torch finds no CUDA device"


def device_of_programs() -> tuple[str, str]:
    """The device for programs that are no Python recipes, and the reason: what the NVIDIA driver shows to a process.

    The driver heeds CUDA_VISIBLE_DEVICES. Whether the program can use the device is the program's affair.
    """
    found, why_none = visible_gpus()
    return ("cuda", found[0].name) if found else ("cpu", why_none)


def device_memory(device: str, among: Sequence[str] = ()) -> int | None:
    """Bytes of memory that a device has; None if unknown.

    Args:
        device: ``cpu``: the machine; ``cuda``: the smallest GPU, since a trial may get any.
        among: the GPUs that trials may get, as CUDA_VISIBLE_DEVICES names them; all that are visible if none is known.
    """
    if device == "cuda":
        there, _ = visible_gpus()
        named = [gpu for gpu in there if gpu.device in among]
        return min((gpu.memory for gpu in named or there if gpu.memory is not None), default=None)
    gib = _memory_gib()
    return None if gib is None else int(gib * 2**30)


@functools.cache
def why_torch_has_no_cuda() -> str:
    """Why the torch that is installed computes on the CPU alone, read from its files; empty where it has CUDA."""
    found = importlib.util.find_spec("torch")
    if found is None or not found.submodule_search_locations:
        return "torch is not installed"
    try:
        told = Path(found.submodule_search_locations[0], "version.py").read_text(encoding="utf-8")
    except OSError:
        return ""
    return "" if re.search(r"^cuda\b[^=\n]*=\s*['\"]", told, re.MULTILINE) else "this torch is built for CPUs"


@functools.cache
def packages() -> dict[str, str]:
    """Versions of the packages that results can depend on, where installed."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


@functools.cache
def machine() -> dict[str, Any]:
    """The machine: processor, cores, memory, system, Python."""
    return {
        "processor": _processor(),
        "cores": cores(),
        "memory_gib": _memory_gib(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (ValueError, OSError):
        return None


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def git_state(folder: Path) -> dict[str, Any] | None:
    """Commit and dirty flag of the git checkout that tracks files of a folder; None where there is none."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    if commit is None or not git("ls-files", "--", "."):
        return None
    return {"commit": commit, "dirty": bool(git("status", "--porcelain", "--untracked-files=no"))}


def provenance(claim_folder: Path) -> dict[str, Any]:
    """Where results come from: package versions, git state of evenhand and of the claim, machine."""
    return {
        "packages": packages(),
        "machine": machine(),
        "git": {"evenhand": git_state(Path(__file__).parent), "claim": git_state(claim_folder)},
    }

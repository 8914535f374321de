"""What this machine is: cores, devices and provenance, each detected choice with its reason."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

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


_ASK_DRIVER = """
import ctypes, sys
try:
    driver = ctypes.CDLL("libcuda.so.1")
except OSError:
    sys.exit("there is no NVIDIA driver (libcuda) here")
code = driver.cuInit(0)
count = ctypes.c_int()
if code == 0:
    code = driver.cuDeviceGetCount(ctypes.byref(count))
if code or not count.value:
    sys.exit(f"the NVIDIA driver finds no usable GPU (code {code})" if code else "the NVIDIA driver shows no GPU")
name = ctypes.create_string_buffer(256)
driver.cuDeviceGetName(name, 256, 0)
print(name.value.decode(errors="replace"))
"""
"""Asked in a process of its own: a driver that was initialised does not survive a fork."""


@functools.cache
def device_of_programs() -> tuple[str, str]:
    """The device for programs that are no Python recipes, and the reason: what the NVIDIA driver shows to a process.

    The driver heeds CUDA_VISIBLE_DEVICES. Whether the program can use the device is the program's affair.
    """
    try:
        asked = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _ASK_DRIVER], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "cpu", f"the NVIDIA driver did not answer ({type(error).__name__})"
    if asked.returncode == 0:
        return "cuda", asked.stdout.strip()
    return "cpu", (asked.stderr.strip().splitlines() or ["the NVIDIA driver could not be asked"])[-1]


_ASK_MEMORY = """
import ctypes, sys
driver = ctypes.CDLL("libcuda.so.1")
device, size = ctypes.c_int(), ctypes.c_size_t()
if driver.cuInit(0) or driver.cuDeviceGet(ctypes.byref(device), 0):
    sys.exit("no device")
if driver.cuDeviceTotalMem_v2(ctypes.byref(size), device):
    sys.exit("no answer")
print(size.value)
"""


@functools.cache
def device_memory(device: str) -> int | None:
    """Bytes of memory that a device has: of the machine for ``cpu``, of the first GPU for ``cuda``; None if unknown."""
    if device != "cuda":
        gib = _memory_gib()
        return None if gib is None else int(gib * 2**30)
    try:
        asked = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _ASK_MEMORY], capture_output=True, text=True, timeout=60, check=False
        )
        return int(asked.stdout) if asked.returncode == 0 else None
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None


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

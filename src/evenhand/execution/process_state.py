"""The state of a process that a trial may change and the next trial in it would see: taken, put back, compared."""

from __future__ import annotations

import gc
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evenhand.execution import sources

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP)


@dataclass(frozen=True)
class _Part:
    """One thing that is taken and put back; ``put`` is None where it can only be compared."""

    take: Callable[[], Any]
    put: Callable[[Any], object] | None = None


def _put_environment(saved: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(saved)


def _put_path(saved: list[str]) -> None:
    sys.path[:] = saved


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _put_signals(saved: Mapping[signal.Signals, Any]) -> None:
    for number, handler in saved.items():
        signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _put_filters(saved: tuple[Any, ...]) -> None:
    warnings.filters[:] = saved  # type: ignore[index]
    getattr(warnings, "_filters_mutated", lambda: None)()


def _numpy_stream() -> Any:
    kind, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002 - a recipe may draw from it
    return kind, np.asarray(keys).tobytes(), tuple(rest)


def _put_numpy_stream(saved: Any) -> None:
    kind, keys, rest = saved
    np.random.set_state((kind, np.frombuffer(keys, dtype=np.uint32), *rest))  # noqa: NPY002


_PYTHON: Mapping[str, _Part] = {
    "environment": _Part(lambda: dict(os.environ), _put_environment),
    "working folder": _Part(os.getcwd, os.chdir),
    "sys.path": _Part(lambda: list(sys.path), _put_path),
    "sys.argv": _Part(lambda: list(sys.argv), lambda saved: setattr(sys, "argv", list(saved))),
    "umask": _Part(_umask, lambda saved: os.umask(saved) and None),
    "recursion limit": _Part(sys.getrecursionlimit, sys.setrecursionlimit),
    "signal handlers": _Part(lambda: {number: signal.getsignal(number) for number in _SIGNALS}, _put_signals),
    "warnings": _Part(lambda: tuple(warnings.filters), _put_filters),
    "numpy.random": _Part(_numpy_stream, _put_numpy_stream),
    "numpy errors": _Part(np.geterr, lambda saved: np.seterr(**saved) and None),
    "threads of Python": _Part(threading.active_count),
}


_ATTENTION = ("flash", "mem_efficient", "math", "cudnn")


def _torch_parts(torch: Any) -> dict[str, _Part]:
    """What torch keeps for the whole process."""

    def flag(owner: Any, name: str) -> _Part:
        return _Part(lambda: getattr(owner, name), lambda saved: setattr(owner, name, saved))

    def deterministic() -> tuple[bool, bool]:
        return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()

    def put_deterministic(saved: tuple[bool, bool]) -> None:
        torch.use_deterministic_algorithms(saved[0], warn_only=saved[1])

    cuda, cudnn, matmul = torch.backends.cuda, torch.backends.cudnn, torch.backends.cuda.matmul
    parts = {
        "torch default dtype": _Part(torch.get_default_dtype, torch.set_default_dtype),
        "torch default device": _Part(torch.get_default_device, torch.set_default_device),
        "torch threads": _Part(torch.get_num_threads, torch.set_num_threads),
        "torch gradients": _Part(torch.is_grad_enabled, lambda saved: torch.set_grad_enabled(saved) and None),
        "torch deterministic": _Part(deterministic, put_deterministic),
        "torch matmul precision": _Part(torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
        "torch anomaly mode": _Part(
            torch.is_anomaly_enabled, lambda saved: torch.autograd.set_detect_anomaly(saved) and None
        ),
        "torch stream": _Part(
            lambda: torch.get_rng_state().numpy().tobytes(),
            lambda saved: torch.set_rng_state(torch.frombuffer(bytearray(saved), dtype=torch.uint8)),
        ),
        "attention kernels": _Part(
            lambda: [getattr(cuda, f"{kind}_sdp_enabled")() for kind in _ATTENTION],
            lambda saved: [getattr(cuda, f"enable_{kind}_sdp")(on) for kind, on in zip(_ATTENTION, saved, strict=True)],
        ),
        "mkldnn.enabled": flag(torch.backends.mkldnn, "enabled"),
        "cudnn.enabled": flag(cudnn, "enabled"),
        "cudnn.benchmark": flag(cudnn, "benchmark"),
        "cudnn.deterministic": flag(cudnn, "deterministic"),
        "cudnn.allow_tf32": flag(cudnn, "allow_tf32"),
        "matmul.allow_tf32": flag(matmul, "allow_tf32"),
        "matmul.allow_bf16_reduced_precision_reduction": flag(matmul, "allow_bf16_reduced_precision_reduction"),
        "matmul.allow_fp16_reduced_precision_reduction": flag(matmul, "allow_fp16_reduced_precision_reduction"),
    }
    if torch.cuda.is_available():
        # A stream of CUDA that nobody drew from has torch's own first seed: asking for it makes the context.
        parts["torch streams of CUDA"] = _Part(
            lambda: [state.numpy().tobytes() for state in torch.cuda.get_rng_state_all()],
            lambda saved: torch.cuda.set_rng_state_all(
                [torch.frombuffer(bytearray(state), dtype=torch.uint8) for state in saved]
            ),
        )
    return parts


class ProcessState:
    """What a process was before its first trial.

    Local modules that a trial imports beyond those that were there are forgotten again: the next trial imports its own,
    as they are then.
    """

    def __init__(self) -> None:
        self._torch = "torch" in sys.modules
        self._parts = dict(_PYTHON) | (_torch_parts(sys.modules["torch"]) if self._torch else {})
        self._saved = {name: part.take() for name, part in self._parts.items()}
        self._modules = frozenset(sources.PROCESS.look())
        self._code = dict(sources.PROCESS.taken)

    def restore(self) -> list[str]:
        """Put everything back and look whether it is; returns what is not as it was, and why it cannot be.

        Objects that nobody holds any longer are freed, and memory is given back as far as it can be.
        """
        if not self._torch and "torch" in sys.modules:
            return ["torch was imported by a trial, so that its first state is not known"]
        for name, part in self._parts.items():
            if part.put is not None and part.take() != self._saved[name]:
                part.put(self._saved[name])
        random.seed()  # from the machine's entropy, as Python does in every process that is forked
        self._forget_modules()
        gc.collect()
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_initialized():
            torch.cuda.synchronize()
            torch.cuda.empty_cache()
        changed = [name for name, part in self._parts.items() if part.take() != self._saved[name]]
        return [*changed, *self._changed_code()]

    def _forget_modules(self) -> None:
        for name in sources.PROCESS.look().keys() - self._modules:
            sys.modules.pop(name, None)
        sources.PROCESS.taken = dict(self._code)

    def _changed_code(self) -> list[str]:
        """Files that this process was begun with and that are others now."""
        paths = sources.PROCESS.look().values()
        return [f"{Path(p).name} was changed" for p in paths if sources.now(p) != self._code.get(p)]


def children_of_this() -> int:
    """Processes that a trial started and left."""
    try:
        tasks = list(Path("/proc/self/task").iterdir())
        return sum(len((task / "children").read_text().split()) for task in tasks)
    except OSError:
        return 0


def group_of_this() -> set[int]:
    """The processes of this one's group, itself included; those that have ended and were not waited for are none."""
    own, found = str(os.getpgrp()), set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = status.read_text(errors="replace").rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if group == own and state != "Z":
            found.add(int(status.parent.name))
    return found

"""The GPUs that the NVIDIA driver shows to this process, asked without torch: before a trial, and for programs.

``visible_gpus()`` tells memory and compute capability; what the driver does not answer is None, never 0.
``given_gpus()`` are those of them that trials may get, where some were chosen (``--gpus``, a profile's devices).
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_VARIABLE = "CUDA_VISIBLE_DEVICES"
_EMPTY = f"{_VARIABLE} is empty"
NO_DRIVER = "there is no NVIDIA driver (libcuda) here"
_NO_GPU = ("the NVIDIA driver shows no GPU", "the NVIDIA driver finds no usable GPU (code 100)")
"""What a driver says that works; 100 is CUDA_ERROR_NO_DEVICE."""

_PATIENCE_SECONDS = 15
"""Longer than a driver takes that wakes the GPUs first."""

_GIVEN: ContextVar[tuple[str, ...]] = ContextVar("given", default=())

_Told = tuple[str, int | None, tuple[int, int] | None]

_QUESTION = """
import ctypes, json, sys
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
found = []
for place in range(count.value):
    device, size, name = ctypes.c_int(), ctypes.c_size_t(), ctypes.create_string_buffer(256)
    major, minor = ctypes.c_int(), ctypes.c_int()
    known = driver.cuDeviceGet(ctypes.byref(device), place) == 0
    driver.cuDeviceGetName(name, 256, device)
    sized = known and driver.cuDeviceTotalMem_v2(ctypes.byref(size), device) == 0
    told = known and not any(  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR
        driver.cuDeviceGetAttribute(ctypes.byref(part), number, device) for part, number in ((major, 75), (minor, 76))
    )
    found.append([name.value.decode(errors="replace"), size.value if sized else None,
                  [major.value, minor.value] if told else None])
print("\\n" + json.dumps(found))
"""
"""Asked in a process of its own: a driver that was initialised does not survive a fork."""


@dataclass(frozen=True)
class Gpu:
    """One GPU.

    Attributes:
        device: how CUDA_VISIBLE_DEVICES names it: a number, or a UUID.
        name: of its model.
        memory: bytes that it has; None where the driver does not say.
        capability: CUDA's compute capability, major and minor; None where the driver does not say.
    """

    device: str
    name: str
    memory: int | None
    capability: tuple[int, int] | None


@functools.cache
def visible_gpus() -> tuple[tuple[Gpu, ...], str]:
    """The GPUs that this process sees, in the driver's order, and why there are none; the driver is asked once.

    CUDA_VISIBLE_DEVICES is heeded, by the driver itself.
    """
    named = os.environ.get(_VARIABLE)
    if named is not None and not named.strip():
        return (), _EMPTY
    told, why_none = _ask_driver()
    names = [str(place) for place in range(len(told))] if named is None else [one.strip() for one in named.split(",")]
    # The driver stops at the first name that it does not know: what it shows are the first of them.
    return tuple(Gpu(name, *one) for name, one in zip(names, told, strict=False)), why_none


def given_gpus() -> tuple[Gpu, ...]:
    """The visible GPUs of which a trial may get any: those that were chosen, else all.

    All, too, where one was chosen by a name that the driver does not use (a UUID beside numbers).
    """
    seen, chosen = visible_gpus()[0], _GIVEN.get()
    known = chosen and set(chosen) <= {gpu.device for gpu in seen}
    return tuple(gpu for gpu in seen if gpu.device in chosen) if known else seen


@contextmanager
def giving(devices: Sequence[str]) -> Iterator[None]:
    """Inside, ``given_gpus()`` are these, by the names that CUDA_VISIBLE_DEVICES has for them; all for none."""
    token = _GIVEN.set(tuple(devices))
    try:
        yield
    finally:
        _GIVEN.reset(token)


def driver_failure() -> str:
    """Why the driver could not tell what GPUs there are; empty where it told, and where there is no driver or GPU."""
    found, why_none = visible_gpus()
    return "" if found or why_none in (_EMPTY, NO_DRIVER, *_NO_GPU) else why_none


def _ask_driver() -> tuple[list[_Told], str]:
    """Model, memory and compute capability of each GPU, and why there is none."""
    command = [sys.executable, "-I", "-S", "-c", _QUESTION]
    try:
        asked = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_PATIENCE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return [], f"the NVIDIA driver did not answer within {_PATIENCE_SECONDS} s"
    except OSError as error:
        return [], f"the NVIDIA driver could not be asked ({type(error).__name__})"
    if asked.returncode < 0:
        return [], f"the NVIDIA driver crashed (signal {-asked.returncode})"
    if asked.returncode:
        return [], (asked.stderr.strip().splitlines() or ["the NVIDIA driver could not be asked"])[-1]
    return _read(asked.stdout)


def _read(answer: str) -> tuple[list[_Told], str]:
    """The GPUs of an answer, among whatever the driver itself prints, before it or after; and why there is none."""
    for line in reversed(answer.splitlines()):
        if line.startswith('[["'):
            try:
                told = json.loads(line)
                return [(model, memory, (part[0], part[1]) if part else None) for model, memory, part in told], ""
            except ValueError:
                continue
    return [], "the NVIDIA driver's answer could not be read"


__all__ = ["NO_DRIVER", "Gpu", "driver_failure", "given_gpus", "giving", "visible_gpus"]

"""The GPUs that the NVIDIA driver shows to this process, asked without torch: before a trial, and for programs.

``visible_gpus()`` tells memory and compute capability; what the driver does not answer is None, never 0.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from dataclasses import dataclass

_VARIABLE = "CUDA_VISIBLE_DEVICES"

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
print(json.dumps(found))
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
        return (), f"{_VARIABLE} is empty"
    told, why_none = _ask_driver()
    names = [str(place) for place in range(len(told))] if named is None else [one.strip() for one in named.split(",")]
    # The driver stops at the first name that it does not know: what it shows are the first of them.
    return tuple(Gpu(name, *one) for name, one in zip(names, told, strict=False)), why_none


def _ask_driver() -> tuple[list[_Told], str]:
    """Model, memory and compute capability of each GPU, and why there is none."""
    try:
        asked = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _QUESTION], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return [], f"the NVIDIA driver did not answer ({type(error).__name__})"
    if asked.returncode:
        return [], (asked.stderr.strip().splitlines() or ["the NVIDIA driver could not be asked"])[-1]
    told = json.loads(asked.stdout)
    return [(model, memory, (part[0], part[1]) if part else None) for model, memory, part in told], ""


__all__ = ["Gpu", "visible_gpus"]

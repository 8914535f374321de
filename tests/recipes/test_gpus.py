"""What the NVIDIA driver shows is told without torch: names, memory, compute capability, or why there is nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evenhand.recipes import gpus
from evenhand.recipes.gpus import driver_failure, visible_gpus

DRIVER = """
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static int shown(void) {
    const char *names = getenv("CUDA_VISIBLE_DEVICES");
    int count = 1;
    if (!names) return SHOWN;
    for (; *names; names++) count += *names == ',';
    return count < SHOWN ? count : SHOWN;
}
int cuInit(unsigned flags) {
    AT_START
    return shown() ? 0 : 100;
}
int cuDeviceGetCount(int *count) { *count = shown(); return 0; }
int cuDeviceGet(int *device, int place) { *device = place; return 0; }
int cuDeviceGetName(char *name, int size, int device) { snprintf(name, size, "Card %d", device); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = (size_t)24000000000; return device == 2; }
int cuDeviceGetAttribute(int *value, int which, int device) { *value = which == 75 ? 7 : 5; return which < 75; }
"""


def made(folder: Path, shown: int, at_start: str = "") -> Path:
    """A folder with a driver that shows so many GPUs; it does not say how much memory the third has.

    Before it does anything else it runs ``at_start``, in C.
    """
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("no C compiler here to make a driver with")
    folder.mkdir()
    (folder / "driver.c").write_text(DRIVER)
    library = str(folder / "libcuda.so.1")
    words = [compiler, "-shared", "-fPIC", f"-DSHOWN={shown}", f"-DAT_START={at_start}", "-o", library]
    words.append(str(folder / "driver.c"))
    subprocess.run(words, check=True)
    return folder


def told(driver: Path | None, visible: str | None) -> Any:
    """What a process is told that has this driver and this CUDA_VISIBLE_DEVICES, and whether it imported torch."""
    code = (
        "import json, sys; from evenhand.recipes.gpus import visible_gpus; found, why = visible_gpus(); "
        "print(json.dumps([[vars(gpu) for gpu in found], why, 'torch' in sys.modules]))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
    environment |= {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    environment |= {} if driver is None else {"LD_LIBRARY_PATH": str(driver)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_the_driver_tells_memory_and_compute_capability_and_torch_is_not_asked(tmp_path: Path) -> None:
    found, why, torch = told(made(tmp_path / "driver", 3), None)
    assert (why, torch) == ("", False)
    first = {"device": "0", "name": "Card 0", "memory": 24_000_000_000, "capability": [7, 5]}
    assert found == [first, first | {"device": "1", "name": "Card 1"}, {**found[2], "memory": None}]


@pytest.mark.parametrize(
    ("visible", "devices", "why"),
    [("1", ["1"], ""), (" GPU-7f, 0", ["GPU-7f", "0"], ""), ("", [], "CUDA_VISIBLE_DEVICES is empty")],
)
def test_a_gpu_has_the_name_that_cuda_visible_devices_gives_it(
    tmp_path: Path, visible: str, devices: list[str], why: str
) -> None:
    found, reason, _ = told(made(tmp_path / "driver", 3), visible)
    assert ([gpu["device"] for gpu in found], reason) == (devices, why)


def test_names_that_the_driver_does_not_know_are_no_gpus(driver: Callable[..., None], monkeypatch: Any) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,9,0")
    driver(("a card", None, None))
    assert [gpu.device for gpu in visible_gpus()[0]] == ["3"]


def test_a_driver_without_a_gpu_says_so(tmp_path: Path) -> None:
    assert told(made(tmp_path / "driver", 0), None)[:2] == [[], "the NVIDIA driver finds no usable GPU (code 100)"]


@pytest.mark.parametrize(
    "noise", ['puts("driver 5");', 'puts("[1]"); fflush(stdout);', 'printf("[["); fflush(stdout);']
)
def test_what_a_driver_prints_is_no_part_of_its_answer(tmp_path: Path, noise: str) -> None:
    found, why, _ = told(made(tmp_path / "driver", 2, noise), None)
    assert ([gpu["name"] for gpu in found], why) == (["Card 0", "Card 1"], "")


@pytest.mark.parametrize(
    ("at_start", "why"),
    [
        ("sleep(60);", "the NVIDIA driver did not answer within 1 s"),
        ("raise(11);", "the NVIDIA driver crashed (signal 11)"),
        ('puts("[[5]]"); fflush(stdout); _exit(0);', "the NVIDIA driver's answer could not be read"),
        ("_exit(0);", "the NVIDIA driver's answer could not be read"),
        ("return 803;", "the NVIDIA driver finds no usable GPU (code 803)"),
        ("", ""),  # it works, and has no GPU
    ],
)
def test_a_driver_that_fails_shows_no_gpu_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: Callable[..., None], at_start: str, why: str
) -> None:
    monkeypatch.setattr(gpus, "_PATIENCE_SECONDS", 1)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(made(tmp_path / "driver", 0, at_start)))
    visible_gpus.cache_clear()
    assert visible_gpus()[0] == ()
    assert driver_failure() == why


def test_a_machine_without_a_driver_has_no_driver_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    visible_gpus.cache_clear()
    assert driver_failure() == ""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    visible_gpus.cache_clear()
    monkeypatch.setattr(gpus, "_QUESTION", gpus._QUESTION.replace("libcuda.so.1", "libcuda.so.none"))
    assert driver_failure() == ""
    visible_gpus.cache_clear()

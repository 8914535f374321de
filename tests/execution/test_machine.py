"""What a machine offers, and which device a trial gets, each with its reason."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from evenhand.execution import machine


def torch_that_finds(name: str) -> SimpleNamespace:
    cuda = SimpleNamespace(is_available=lambda: bool(name), get_device_name=lambda _: name)
    return SimpleNamespace(cuda=cuda)


@pytest.mark.parametrize(
    ("driver", "torch", "imported", "expected"),
    [
        (("cuda", "a card"), torch_that_finds("a card"), True, ("cuda", "a card")),
        (("cuda", "a card"), torch_that_finds("a card"), False, ("cuda", "a card")),
        (("cuda", "a card"), torch_that_finds(""), False, ("cpu", "torch finds no CUDA device")),
        (("cuda", "a card"), None, False, ("cpu", "torch is not installed, though there is a GPU (a card)")),
        (("cpu", "there is no driver"), torch_that_finds(""), False, ("cpu", "there is no driver")),
    ],
)
def test_a_recipe_that_imports_torch_late_gets_the_gpu_that_is_there(
    monkeypatch: pytest.MonkeyPatch,
    driver: tuple[str, str],
    torch: SimpleNamespace | None,
    imported: bool,
    expected: tuple[str, str],
) -> None:
    monkeypatch.setattr(machine, "device_of_programs", lambda: driver)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    if imported:
        monkeypatch.setitem(sys.modules, "torch", torch)

    def late(name: str) -> SimpleNamespace:
        if torch is None:
            raise ImportError(name)
        return torch

    monkeypatch.setattr(machine.importlib, "import_module", late)
    assert machine.choose_device() == expected


@pytest.mark.parametrize(
    ("built", "why"),
    [
        ("cuda: Optional[str] = '13.0'\nhip: Optional[str] = None\n", ""),
        ("cuda = '12.8'\n", ""),
        ("cuda: Optional[str] = None\n", "this torch is built for CPUs"),
        (None, "torch is not installed"),
    ],
)
def test_whether_torch_has_cuda_is_read_from_its_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: str | None, why: str
) -> None:
    (tmp_path / "version.py").write_text(f"__version__ = '2.13.0'\n{built}")
    spec = None if built is None else SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(machine.importlib.util, "find_spec", lambda name: spec)
    machine.why_torch_has_no_cuda.cache_clear()
    try:
        assert machine.why_torch_has_no_cuda() == why
    finally:
        machine.why_torch_has_no_cuda.cache_clear()


def test_the_memory_of_a_gpu_is_that_of_the_smallest_that_a_trial_may_get(driver: Callable[..., None]) -> None:
    driver(("large", 80, None), ("small", 16, None), ("silent", None, None))
    assert machine.device_memory("cuda") == 16
    assert machine.device_memory("cuda", ("0", "2")) == 80
    assert machine.device_memory("cuda", ("2",)) is None
    assert machine.device_memory("cuda", ("GPU-1f",)) == 16  # which of them that is, nobody knows
    driver()
    assert machine.device_memory("cuda") is None


def test_threads_are_shared_out_between_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert machine.share_threads(1) == machine.cores()
    assert machine.share_threads(machine.cores()) == 1
    assert machine.share_threads(10 * machine.cores()) == 1


@pytest.mark.parametrize(
    ("told", "threads"),
    [("1", 1), ("3", 3), (" 2,1", 2), ("64", 8), ("", 8), ("0", 8), ("-1", 8), ("all", 8), ("1.5", 8)],
)
def test_a_trial_has_no_more_threads_than_the_user_lets_a_process_have(
    told: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert machine.share_threads(1) == threads
    assert machine.share_threads(4) == min(2, threads)

"""What a machine offers, and which device a trial gets, each with its reason."""

from __future__ import annotations

import sys
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

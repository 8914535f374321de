"""A warm worker gives what a fresh process gives, bit for bit, and is replaced where it could not."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenhand.execution import compile_caches
from evenhand.execution.executor import Finished
from evenhand.execution.local.slots import LocalSlots
from evenhand.execution.machine import device_of_programs
from evenhand.execution.process_state import ProcessState
from evenhand.execution.worker import Job
from evenhand.recipes import catalogue
from evenhand.recipes.contract import RecipeSettings
from evenhand.recipes.trial import ItemSet, Trial

SELFISH = '''
"""A recipe that changes whatever a process has, and says what it found."""
import os, random, sys, threading, time, warnings
import numpy as np
import torch
from evenhand.recipes.contract import Bench, Metric, RecipeSettings, recipe

SEEN = []


class Settings(RecipeSettings):
    does: str = "changes"
    helper: bool = False
    hoard: int = 0


def forget():
    SEEN.clear()


@recipe(metrics={"score": Metric()}, units=("steps",), version=1, clear=("selfish:forget",))
def run(settings: Settings, bench: Bench):
    bench.note("pid", str(os.getpid()))
    found = {
        "seen": len(SEEN), "environment": sorted(os.environ), "folder": os.path.basename(os.getcwd()),
        "path": list(sys.path), "argv": list(sys.argv), "dtype": str(torch.get_default_dtype()),
        "threads": torch.get_num_threads(), "grad": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(), "torch": float(torch.rand(())),
        "random": random.random(), "numpy errors": np.geterr()["over"], "filters": len(warnings.filters),
        "helper": "helper" in sys.modules, "own": float(bench.rng("init").random()), "umask": os.umask(0o022),
        "kernels": [torch.backends.mkldnn.enabled, torch.backends.cudnn.enabled,
                    torch.backends.cuda.math_sdp_enabled(), torch.backends.cuda.flash_sdp_enabled(),
                    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction],
    }
    for name, value in found.items():
        bench.note(name, str(value))
    SEEN.append(1)
    if settings.helper:
        import helper
        bench.note("said by the helper", helper.WORD)
    if settings.does == "changes":
        os.environ["LEFT"] = "1"
        os.environ.pop("HOME", None)
        os.chdir("/")
        sys.path.insert(0, "/nowhere")
        sys.argv.append("more")
        torch.set_default_dtype(torch.float64)
        torch.use_deterministic_algorithms(True)
        torch.set_grad_enabled(False)
        torch.backends.mkldnn.set_flags(False)
        torch.backends.cudnn.enabled = False
        torch.backends.cuda.enable_math_sdp(False)
        torch.backends.cuda.enable_flash_sdp(False)
        torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
        torch.manual_seed(99)
        random.seed(99)
        np.random.seed(99)
        np.seterr(over="raise")
        warnings.simplefilter("error")
        os.umask(0o077)
    if settings.does == "fails":
        raise ValueError("a fault")
    if settings.does == "threads":
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
    if settings.does == "dies":
        os._exit(7)
    if settings.does == "leaves a process":
        import subprocess
        subprocess.Popen(["sleep", "30"])
    if settings.hoard:
        SEEN.append(np.ones(settings.hoard << 17))
    ids = bench.item_set.choose(100)
    bench.items("score", [str(i) for i in ids], bench.rng("order").random(len(ids)).tolist())
    return {}
'''

PLAIN = "\n".join(line for line in SELFISH.splitlines() if "torch" not in line)
"""The same without torch, whose import takes longer than all else, for what has nothing to do with it."""


def job(
    folder: Path, name: str, recipe: str = "selfish:run", *, seed: int = 1, amount: float = 5, **settings: Any
) -> Job:
    trial = Trial("c", "arm", "cond", "rung", seed, recipe, "version 1", settings, "steps", amount, ItemSet("r", 0, 20))
    return Job(trial, str(folder), str(folder / "work" / name), str(folder / "assets"), 1)


@contextmanager
def slots(folder: Path, recipe: str = "selfish:run", warm: bool | None = True, jobs: int = 1) -> Iterator[LocalSlots]:
    with LocalSlots([recipe], folder, jobs, warm) as opened:
        yield opened


def run(opened: LocalSlots, jobs: Sequence[Job]) -> list[Finished]:
    """One after the other."""
    found = []
    for number, one in enumerate(jobs):
        opened.start(str(number), one, 1, None)
        ended: list[Finished] = []
        for _ in range(600):
            ended = ended or opened.wait(0.2)
            if ended:
                break
        found += ended
    return found


def said(finished: Finished) -> dict[str, Any]:
    """All that a trial returned that is no fact of its process."""
    outcome = finished.outcome
    notes = {k: v for k, v in outcome.notes.items() if k not in ("pid", "process", "random", "torch")}
    items = {name: (table.ids, table.scores.tobytes(), table.outputs) for name, table in outcome.items.items()}
    curves = {name: (c.steps.tobytes(), c.values.tobytes()) for name, c in outcome.curves.items()}
    spent = {unit: amount for unit, amount in outcome.spent.items() if unit != "seconds"}
    return {
        "metrics": dict(outcome.metrics), "items": items, "curves": curves, "notes": notes, "spent": spent,
        "code": dict(outcome.code), "draws": outcome.draws, "failure": outcome.failure,
    }  # fmt: skip


def pids(found: Sequence[Finished]) -> list[str]:
    return [one.outcome.notes.get("pid", "") for one in found]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "selfish.py").write_text(SELFISH)
    (tmp_path / "helper.py").write_text('WORD = "first"\n')
    return tmp_path


@pytest.fixture
def plain(folder: Path) -> Path:
    (folder / "selfish.py").write_text(PLAIN)
    return folder


@pytest.mark.slow  # two fork servers that import torch
def test_a_trial_in_a_warm_worker_finds_what_it_would_find_in_a_fresh_process(folder: Path) -> None:
    """Everything that the recipe can change is changed by the trials before it."""
    asked = [job(folder, f"{i}", seed=i, helper=i % 2 == 1) for i in range(4)]
    with slots(folder) as opened:
        warm = run(opened, asked)
    with slots(folder, warm=False) as opened:
        fresh = run(opened, asked)
    for found in (warm, fresh):  # Python seeds it from the machine's entropy in each process that is forked
        assert len({one.outcome.notes["random"] for one in found}) == 4
        assert len({one.outcome.notes["torch"] for one in found}) == 1  # torch once, when it is imported
    for one, other in zip(warm, fresh, strict=True):
        ours, theirs = said(one), said(other)
        assert [(k, v, theirs["notes"][k]) for k, v in ours["notes"].items() if v != theirs["notes"][k]] == []
        assert ours == theirs
    assert len(set(pids(warm))) == 1
    assert len(set(pids(fresh))) == 4
    assert warm[2].outcome.notes["process"] == "warm: trial 3 of its process"
    assert all(one.execution.exit_code == 0 and one.execution.seconds > 0 for one in warm)


@pytest.mark.slow
def test_a_worker_outlives_the_folder_of_its_first_trial(plain: Path) -> None:
    with slots(plain) as opened:
        found = []
        for number in range(4):
            found += run(opened, [job(plain, f"{number}")])
            shutil.rmtree(plain / "work" / f"{number}")  # as it is once the result is in the ledger
    assert len(set(pids(found))) == 1
    assert found[3].outcome.notes["process"] == "warm: trial 4 of its process"
    assert [one.outcome.notes["folder"] for one in found] == ["0", "1", "2", "3"]


@pytest.mark.slow
def test_a_command_that_is_too_slow_fails_or_leaves_processes_ends_its_worker_and_all_that_it_began(
    plain: Path,
) -> None:
    text = """
import numpy, json, os, signal, subprocess, sys, time
kind = sys.argv[1]
print(os.getppid(), flush=True)
if kind == "leaves":
    subprocess.Popen(["sleep", "77"])
if kind == "sleeps":
    subprocess.Popen(["sleep", "77"])
    time.sleep(77)
if kind == "fails":
    sys.exit(3)
json.dump({"metrics": {"score": 1.0}, "spent": {"steps": 5}}, open(os.environ["EVENHAND_OUTCOME"], "w"))
"""
    (plain / "script.py").write_text(text)
    kinds = ["well", "well", "fails", "well", "leaves", "well", "sleeps", "well"]
    found, servers = [], []
    with slots(plain, "command") as opened:
        for number, kind in enumerate(kinds):
            one = job(plain, f"{number}", "command", argv=[sys.executable, "script.py", kind])
            opened.start(str(number), one, 1, 3.0 if kind == "sleeps" else None)
            ended: list[Finished] = []
            while not ended:
                ended = opened.wait(0.2)
            found += ended
            servers.append((plain / "work" / f"{number}" / "log.txt").read_text().split()[0])
            if kind in ("leaves", "sleeps"):
                for _ in range(100):
                    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if _text(path) == "sleep\x0077\x00"]
                    if not left:
                        break
                    time.sleep(0.1)
                assert not left
    kinds_of_failure = [one.outcome.failure and one.outcome.failure.kind for one in found]
    assert kinds_of_failure == [None, None, "code", None, None, None, "timeout", None]
    assert servers[0] == servers[1] == servers[2] != servers[3] == servers[4] != servers[5] == servers[6] != servers[7]
    assert all((one.execution.peak_memory_bytes or 0) > 10 << 20 for one in found)
    assert all(0 < (one.execution.cpu_seconds or 0) < 30 for one in found)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


@pytest.mark.slow
def test_a_worker_is_replaced_after_what_it_cannot_undo(plain: Path) -> None:
    kinds = ["well", "fails", "well", "threads", "well", "dies", "well", "leaves a process", "well"]
    with slots(plain) as opened:
        found = run(opened, [job(plain, f"{i}", does=kind) for i, kind in enumerate(kinds)])
    of = pids(found)
    assert of[0] == of[1] != of[2] == of[3] != of[4]
    assert of[6] not in ("", of[4])
    assert of[6] == of[7] != of[8]
    failures = [one.outcome.failure and one.outcome.failure.kind for one in found]
    assert failures == [None, "code", None, None, None, "code", None, None, None]
    assert found[5].execution.exit_code == 7


@pytest.mark.slow
def test_memory_is_counted_from_a_reset_and_a_worker_that_has_grown_is_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "selfish.py").write_text(SELFISH.replace(', clear=("selfish:forget",)', ""))
    asked = [job(folder, f"{i}", hoard=mib) for i, mib in enumerate((0, 100, 0, 400, 0))]
    with slots(folder) as opened:
        found = run(opened, asked)
    peaks = [one.execution.peak_memory_bytes or 0 for one in found]
    assert peaks[1] - peaks[0] > 90 << 20
    assert abs(peaks[4] - peaks[0]) < 60 << 20  # in a new process, though the one before it had held 500 MiB
    of = pids(found)
    assert of[0] == of[1] == of[2] == of[3] != of[4]


@pytest.mark.slow
def test_changed_code_gets_a_fresh_process(plain: Path) -> None:
    with slots(plain) as opened:
        first = run(opened, [job(plain, "0", helper=True)])
        (plain / "helper.py").write_text('WORD = "second"\n')
        second = run(opened, [job(plain, "1", helper=True)])
        (plain / "selfish.py").write_text(PLAIN + "\n# changed\n")
        third = run(opened, [job(plain, "2"), job(plain, "3")])
    assert [one.outcome.notes["said by the helper"] for one in (*first, *second)] == ["first", "second"]
    assert first[0].outcome.code["helper.py"] != second[0].outcome.code["helper.py"]
    assert len(set(pids(third))) == 2


@pytest.mark.slow
def test_each_slot_has_its_worker_and_of_two_recipes_those_that_wait_make_room(plain: Path) -> None:
    (plain / "other.py").write_text(PLAIN.replace("selfish:", "other:"))
    with LocalSlots(["selfish:run", "other:run"], plain, 2, True) as opened:
        opened.start("a", job(plain, "a"), 1, None)
        opened.start("b", job(plain, "b", seed=2), 1, None)
        found: list[Finished] = []
        while len(found) < 2:
            found += opened.wait(0.2)
        assert len(set(pids(found))) == 2
        assert run(opened, [job(plain, "c", "other:run")])[0].outcome.failure is None
        assert pids(run(opened, [job(plain, "d")]))[0] in pids(found)


@pytest.mark.slow  # a real recipe, trained twice
@pytest.mark.parametrize("recipe", ["future_seed.inplace"])
def test_a_real_recipe_gives_bit_for_bit_what_it_gives_in_fresh_processes(recipe: str, tmp_path: Path) -> None:
    found = catalogue.find(recipe)
    settings: Any = found.settings
    assert issubclass(settings, RecipeSettings)
    arms = [{"seeding": {"mode": mode}} for mode in ("off", "initial", "read_twice")]
    complete = [settings.model_validate(arm).model_dump(mode="json") for arm in arms]
    asked = [job(tmp_path, f"{i}", recipe, seed=i % 2, amount=6, **one) for i, one in enumerate([*complete, *complete])]
    results = []
    for warm in (True, False):
        with slots(tmp_path, recipe, warm) as opened:
            ended = run(opened, asked)
        assert [one.outcome.failure for one in ended] == [None] * 6
        results.append([said(one) for one in ended])
    assert results[0] == results[1]


@pytest.mark.cuda
@pytest.mark.slow
def test_on_a_gpu_workers_are_warm_unasked_and_give_what_fresh_processes_give_but_for_the_kernels_rounding(
    tmp_path: Path,
) -> None:
    if device_of_programs()[0] != "cuda":
        pytest.skip(device_of_programs()[1])
    pytest.importorskip("fla")
    found: Any = catalogue.find("future_seed.inplace").settings
    settings = found.model_validate({"seeding": {"mode": "initial"}}).model_dump(mode="json")
    asked = [job(tmp_path, f"{i}", "future_seed.inplace", seed=1, amount=6, **settings) for i in range(3)]
    losses = []
    for warm in (None, False):
        with slots(tmp_path, "future_seed.inplace", warm) as opened:
            ended = run(opened, asked)
        assert [one.outcome.failure for one in ended] == [None] * 3
        assert ("process" in ended[2].outcome.notes) == (warm is None)
        losses.append(np.stack([one.outcome.curves["loss"].values for one in ended]))
    np.testing.assert_allclose(losses[0], losses[1], rtol=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("vandal", ["environment", "working folder", "sys.path", "numpy.random", "umask"])
def test_what_was_changed_is_put_back_and_found_equal(
    vandal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {
        "environment": lambda: os.environ.update(LEFT="1"), "working folder": lambda: os.chdir(tmp_path),
        "sys.path": lambda: sys.path.append("x"),
        "numpy.random": lambda: np.random.seed(5),  # noqa: NPY002
        "umask": lambda: os.umask(0o011),
    }  # fmt: skip
    state = ProcessState()
    before = (dict(os.environ), Path.cwd(), list(sys.path))
    changes[vandal]()
    assert vandal not in state.restore()
    assert (dict(os.environ), Path.cwd(), list(sys.path)) == before


@pytest.mark.slow
def test_what_cannot_be_put_back_is_named() -> None:
    state, done = ProcessState(), threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert "threads of Python" in state.restore()
    finally:
        done.set()
        thread.join()


def test_compiled_kernels_are_kept_in_the_assets_where_the_user_named_no_other_place(tmp_path: Path) -> None:
    variables = {"TRITON_CACHE_DIR": "/mine"}
    compile_caches.use(tmp_path, variables)
    assert variables["TRITON_CACHE_DIR"] == "/mine"
    assert variables["TORCHINDUCTOR_CACHE_DIR"] == str(tmp_path / "compiled" / "inductor")
    assert variables["TRITON_CACHE_AUTOTUNING"] == variables["FLA_CACHE_RESULTS"] == "1"
    assert json.dumps(variables)

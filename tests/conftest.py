"""What all tests share: a folder with toy recipes beside which claims can be written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
MEMORY = Path("/dev/shm")  # files that lie in memory, on Linux


def _keep_files_in_memory() -> None:
    """Where there is room: whatever waits until the disk has a file waits 7 ms there, and nothing in memory.

    A folder that the user named (TMPDIR) stays. Where programs may not be started from memory, tests of commands could
    not run there.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    if shutil.disk_usage(MEMORY).free > 4 * 2**30 and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # ask again


_keep_files_in_memory()
TOY = '''
import os, signal, time
import numpy as np
from evenhand.errors import DataError, Diverged
from evenhand.recipes.outcome import Failure, Outcome
from evenhand.recipes.contract import Bench, Metric, RecipeSettings, recipe


class Settings(RecipeSettings):
    effect: float = 0.0
    noise: float = 0.05
    behave: str = "well"
    marker: str = ""
    pause: float = 0.0


def misbehave(settings, bench, step):
    how = settings.behave
    if how == "raise":
        raise ValueError("a fault in the recipe")
    if how == "data":
        raise DataError("only 3 examples, wanted 9; lower `count`")
    if how == "diverge":
        raise Diverged("loss is nan at step 3")
    if how == "memory":
        hoard = [bytearray(2**28) for _ in range(40)]
    if how == "offline":
        raise ConnectionError("the hub does not answer")
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "kill once" and not os.path.exists(settings.marker):
        open(settings.marker, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "sleep":
        time.sleep(60)
    if how == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    if how == "exit":
        os._exit(7)


@recipe(metrics={"score": Metric(floor=0.0, ceiling=1.0), "loss": Metric("minimise")}, units=("steps", "seconds"))
def run(settings: Settings, bench: Bench) -> Outcome:
    """A toy that scores around 0.5 plus its effect."""
    if settings.behave == "no judge":
        raise ConnectionError("the judge does not answer")
    state = bench.resume()
    step = state["step"] if state else 0
    if state:
        bench.note("resumed", str(step))
    while bench.budget.left > 0:
        step += 1
        bench.budget.spend(steps=1, tokens=8)
        bench.log(step, loss=1.0 / step)
        time.sleep(settings.pause)
        if step == 3:
            bench.checkpoint({"step": step})
            misbehave(settings, bench, step)
        if step == 5 and settings.behave == "full disk" and os.path.exists(settings.marker):
            raise RuntimeError(f"[enforce fail at inline_container.cc:672] . unexpected pos {bench.seed} vs 598")
    level = 0.5 + settings.effect + settings.noise * bench.rng("init").normal()
    ids = bench.item_set.choose(500)
    easy = np.random.default_rng(0).normal(0, 0.1, 500)[ids]
    scores = np.clip(level + easy, 0, 1)
    if settings.behave == "nan":
        return Outcome(metrics={"loss": float("nan")})
    if settings.behave == "returns failure":
        return Outcome({"loss": 1.0}, failure=Failure("data", "the rows ran out", "import"))
    if settings.behave == "spends nan":
        return Outcome({"loss": 1.0}, spent={"steps": float("nan")})
    if settings.behave == "undefined":
        return Outcome(undefined={"score": "the target was never reached", "loss": "not measured"})
    bench.items("score", [str(i) for i in ids], scores, [f"{s:.3f}" for s in scores])
    return Outcome(metrics={"loss": float(-level)})
'''


@pytest.fixture
def toy_folder(tmp_path: Path) -> Path:
    """A folder with ``toy.py``, whose recipe ``toy:run`` can fail in every way."""
    (tmp_path / "toy.py").write_text(TOY)
    return tmp_path


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Says what the NVIDIA driver shows to this process: model, bytes and compute capability of each GPU."""
    from evenhand.recipes import gpus

    def shows(*told: tuple[str, int | None, tuple[int, int] | None]) -> None:
        monkeypatch.setattr(gpus, "_ask_driver", lambda: (list(told), "" if told else gpus.NO_DRIVER))
        gpus.visible_gpus.cache_clear()

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    yield shows
    gpus.visible_gpus.cache_clear()


def _entries() -> set[str]:
    """What lies at the top of the checkout, caches aside."""
    names = (path.name for path in CHECKOUT.iterdir())
    return {name for name in names if name == ".evenhand" or not name.startswith((".", "build"))}


@pytest.fixture(autouse=True)
def _no_test_leaves_anything_in_the_checkout() -> Iterator[None]:
    before = _entries()
    yield
    left = _entries() - before
    assert not left, f"left behind in {CHECKOUT} while this test ran: {', '.join(sorted(left))}; use tmp_path"

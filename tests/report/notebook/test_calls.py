"""Claims run, planned, decided and reported from Python."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import evenhand as eh
from evenhand.ledger.verify import verify
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.recipes.trial import Trial
from tests.conftest import TOY
from tests.running.test_run import write_claim

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A claim that was run once, for those who look at what came of it."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "toy.py").write_text(TOY)
    write_claim(folder)
    eh.run(str(folder / "c.toml"), str(folder / "ledger"), jobs=2, progress=False)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """All but the lock file, in which the last who held it signed."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}


def test_a_claim_that_was_run_is_run_again_at_no_cost_and_decided_alike_from_paths_or_objects(folder: Path) -> None:
    before = files(folder / "ledger")
    again = eh.run(folder / "c.toml", folder / "ledger", progress=False)
    assert files(folder / "ledger") == before
    assert again.verdicts[0].title == "gain (>= margin)"
    assert again.finished
    assert not again.failed
    assert eh.decide(eh.load_claim(str(folder / "c.toml")), eh.Ledger(folder / "ledger")) == again


def test_a_plan_says_what_is_there_already_and_makes_no_ledger(folder: Path, tmp_path: Path) -> None:
    assert eh.plan(folder / "c.toml", folder / "ledger").rungs[0].done == 8
    plan = eh.plan(folder / "c.toml", tmp_path / "none")
    assert (plan.rungs[0].trials, plan.rungs[0].done) == (8, 0)
    assert not (tmp_path / "none").exists()
    assert "rung confirm: 8 trials; 5 steps each, 4 seeds, 20 items" in repr(plan).splitlines()


def test_a_report_is_written_where_the_command_line_writes_it_or_where_it_is_told(folder: Path, tmp_path: Path) -> None:
    report = eh.report(folder / "c.toml", folder / "ledger")
    assert report.path == folder / "ledger" / "reports" / "c.html"
    assert Path(report).read_text() == report.html
    other = eh.report(folder / "c.toml", folder / "ledger", out=str(tmp_path / "own.html"))
    assert repr(other) == f"Report of c: {tmp_path / 'own.html'}"
    assert other.html == report.html


def test_a_ledger_can_be_packed_while_the_notebook_lives_on(toy_folder: Path) -> None:
    ledger = eh.Ledger(toy_folder / "ledger")
    eh.run(write_claim(toy_folder, seeds="[0, 1]"), ledger, jobs=2, progress=False)
    assert eh.Ledger(toy_folder / "ledger").pack().tables == 8  # as another process would: it finds no segment open
    assert eh.decide(toy_folder / "c.toml", ledger).finished


class Interrupting(eh.Observer):
    """Somebody who interrupts when the first trial has ended."""

    def __init__(self) -> None:
        self.ended = 0
        self.messages: list[str] = []

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        self.ended += 1
        signal.raise_signal(signal.SIGINT)

    def message(self, text: str) -> None:
        self.messages.append(text)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """As in a shell's foreground: in the background of one, the signal is ignored from the start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Counting(eh.Observer):
    def __init__(self) -> None:
        self.ended = 0

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        self.ended += 1


def test_a_run_that_is_interrupted_leaves_the_ledger_sound_and_the_same_call_goes_on(
    toy_folder: Path, interruptible: None
) -> None:
    path, ledger = write_claim(toy_folder, seeds="[0, 1]"), toy_folder / "ledger"
    interrupting, rest = Interrupting(), Counting()
    with pytest.raises(KeyboardInterrupt):
        eh.run(path, ledger, jobs=1, progress=interrupting)
    assert interrupting.ended == 1
    assert "the same call goes on from there" in interrupting.messages[-1]
    assert not verify(ledger).faults
    assert eh.run(path, ledger, jobs=1, progress=rest).finished
    assert interrupting.ended + rest.ended <= 5  # a trial that was running when it was interrupted may run anew
    assert not verify(ledger).faults


def test_a_run_works_while_an_event_loop_runs_and_in_a_thread_that_is_not_the_main_one(toy_folder: Path) -> None:
    path = write_claim(toy_folder, seeds="[0, 1]")

    async def cell() -> Any:
        return eh.run(path, toy_folder / "one", jobs=2, progress=False)

    assert asyncio.run(cell()).finished
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(eh.run(path, toy_folder / "two", jobs=2, progress=False)))
    thread.start()
    thread.join()
    assert found[0].finished


def test_progress_is_a_line_for_each_trial_where_there_is_no_notebook(
    toy_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_claim(toy_folder, seeds="[0, 1]")
    eh.run(path, toy_folder / "ledger", jobs=1)
    out, told = capfd.readouterr()
    assert out == ""
    assert [line[:5] for line in told.splitlines() if line.startswith("[")] == ["[1/4]", "[2/4]", "[3/4]", "[4/4]"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"claim": 3}, "A claim is the path of its file"),
        ({"claim": "nowhere.toml"}, "cannot be read"),
        ({"ledger": 3}, "A ledger is the path of its folder"),
        ({"ledger": "toy.py"}, "is a file"),
        ({"jobs": 0}, "1 or more; found 0"),
        ({"jobs": True}, "1 or more; found True"),
        ({"progress": "yes"}, "`progress` is True, False or an Observer; found str"),
    ],
)
def test_what_cannot_be_run_is_a_sentence(
    toy_folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], words: str
) -> None:
    monkeypatch.chdir(toy_folder)
    with pytest.raises(eh.EvenhandError, match=words):
        eh.run(**{"claim": write_claim(toy_folder), **arguments})
    assert not (toy_folder / ".evenhand").exists()


def test_a_claim_that_waits_for_another_is_not_run_before_it(toy_folder: Path) -> None:
    path = write_claim(toy_folder)
    path.write_text('after = ["first"]\n' + path.read_text())
    with pytest.raises(eh.EvenhandError, match="'first' is not finished"):
        eh.run(path, toy_folder / "ledger", progress=False)


def test_a_claim_whose_file_was_changed_after_it_was_loaded_is_not_run_as_it_was(toy_folder: Path) -> None:
    claim = eh.load_claim(write_claim(toy_folder))
    write_claim(toy_folder, seeds="[0, 1, 2]")
    with pytest.raises(eh.EvenhandError, match=r"changed after it was loaded. Load it again"):
        eh.run(claim, toy_folder / "ledger", progress=False)


def test_a_claim_shows_itself_in_a_line(toy_folder: Path) -> None:
    claim = eh.load_claim(write_claim(toy_folder))
    assert repr(claim) == (
        f"LoadedClaim('c', hash='{claim.resolved.hash}', recipe='toy:run', path='{toy_folder / 'c.toml'}')"
    )


def claim_on(folder: Path, recipe: str) -> Path:
    path = write_claim(folder, seeds="[0, 1]")
    path.write_text(path.read_text().replace("toy:run", recipe))
    return path


def test_a_recipe_that_was_defined_in_a_cell_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(eh.EvenhandError, match=r"%%writefile my_recipe.py.*recipe = \"my_recipe:run\""):
        eh.load_claim(claim_on(tmp_path, "__main__:run"))


def test_a_recipe_beside_the_notebook_and_not_beside_the_claim_is_refused_before_its_trials_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "beside_notebook.py").write_text(TOY)
    (tmp_path / "claims").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    path = claim_on(tmp_path / "claims", "beside_notebook:run")
    with pytest.raises(eh.EvenhandError, match=r"beside_notebook.py, where the processes that run trials do not look"):
        eh.run(path, tmp_path / "ledger", progress=False)
    with pytest.raises(eh.EvenhandError, match="Put the file beside the claim"):
        eh.plan(path, tmp_path / "ledger")


def test_a_script_that_holds_its_recipe_does_not_start_itself(tmp_path: Path) -> None:
    path = claim_on(tmp_path, "self_starting:run")
    (tmp_path / "self_starting.py").write_text(f"{TOY}\nimport evenhand\nevenhand.run({str(path)!r})\n")
    with pytest.raises(eh.EvenhandError, match="was called while the file of a recipe was being imported"):
        eh.run(path, tmp_path / "ledger", progress=False)


@pytest.mark.parametrize("call", [eh.decide, eh.report])
def test_a_ledger_that_was_named_and_is_not_there_is_said_and_not_taken_for_an_empty_one(
    toy_folder: Path, monkeypatch: pytest.MonkeyPatch, call: Any
) -> None:
    monkeypatch.chdir(toy_folder)
    path = write_claim(toy_folder)
    with pytest.raises(eh.DataError, match="There is no ledger at mistyped: no such folder"):
        call(path, "mistyped")
    assert not (toy_folder / "mistyped").exists()
    assert not eh.decide(path).finished  # the usual one, before the first run


def test_a_claim_that_is_not_there_is_named_once() -> None:
    with pytest.raises(eh.EvenhandError) as refused:
        eh.load_claim("nowhere.toml")
    assert str(refused.value).count("nowhere.toml") == 1

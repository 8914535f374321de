"""A claim that runs is paused, goes on and is cancelled by whoever asks, from another process."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from evenhand.errors import Cancelled
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import Trial
from evenhand.running import control
from evenhand.running.run import run_claims
from evenhand.running.watching import runs_of
from evenhand.testing.slots import SimulatedSlots
from tests.app import evenhand
from tests.running.test_pool import SURE, Told, three
from tests.running.test_run import write_claim


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver looks at every turn: simulated trials take no time."""
    monkeypatch.setattr(control, "EVERY_SECONDS", 0.0)


def test_a_wish_is_read_as_it_was_left_and_what_is_spoilt_is_none(tmp_path: Path) -> None:
    assert control.wish_of(tmp_path, "h") == ""
    control.ask(tmp_path, "h", "pause")
    assert control.wish_of(tmp_path, "h") == "pause"
    control.ask(tmp_path, "h", "cancel")
    assert control.wish_of(tmp_path, "h") == "cancel"
    for spoilt in ("{", "[]", '{"wish": "explode"}', '{"wish": 3}'):
        (tmp_path / "control" / "h.json").write_text(spoilt)
        assert control.wish_of(tmp_path, "h") == ""
    control.withdraw(tmp_path, "h")
    control.withdraw(tmp_path, "h")


def test_a_paused_claim_starts_no_trial_while_others_go_on_and_then_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    claims = three(tmp_path)
    paused, folder = claims[0].resolved.hash, tmp_path / "ledger"
    started: list[str] = []

    def outcome(trial: Trial) -> Outcome:
        if not started:
            control.ask(folder, paused, "pause")
        started.append(trial.claim)
        if started.count("b") == 8 and started.count("c") == 8:
            control.withdraw(folder, paused)
        return SURE.outcome(trial)

    told = Told()
    with Ledger(folder) as ledger:
        slots = SimulatedSlots(outcome, 2)
        decisions = run_claims(claims, ledger, jobs=2, executor=slots, observers={"a": told})
    assert "".join(started[2:18]) == "b" * 8 + "c" * 8  # two of a ran when it was paused
    assert [len(one.verdicts) > 0 for one in decisions] == [True, True, True]
    assert told.messages == ["paused: no further trial starts", "goes on"]


def test_where_all_is_paused_the_driver_waits_and_says_so_to_those_who_watch(tmp_path: Path) -> None:
    (loaded, *_), folder = three(tmp_path), tmp_path / "ledger"
    hash_, seen = loaded.resolved.hash, list[bool]()

    def let_go() -> None:
        deadline = time.monotonic() + 30
        while not seen and time.monotonic() < deadline:
            seen.extend(claim.paused for run in runs_of(folder) for claim in run.claims if claim.paused)
            time.sleep(0.05)
        control.withdraw(folder, hash_)

    def outcome(trial: Trial) -> Outcome:
        if helper.ident is None:
            control.ask(folder, hash_, "pause")
            helper.start()
        return SURE.outcome(trial)

    helper = threading.Thread(target=let_go)
    with Ledger(folder) as ledger:
        (decision,) = run_claims([loaded], ledger, jobs=8, executor=SimulatedSlots(outcome, 1))
    helper.join()
    assert seen == [True]
    assert decision.finished


def test_a_cancelled_claim_ends_the_others_go_on_and_a_new_run_goes_on_from_there(tmp_path: Path) -> None:
    claims, folder = three(tmp_path), tmp_path / "ledger"
    hash_, again = claims[0].resolved.hash, False
    started: list[str] = []

    def outcome(trial: Trial) -> Outcome:
        started.append(trial.claim)
        if len(started) == 3 and not again:
            control.ask(folder, hash_, "cancel")
        return SURE.outcome(trial)

    with Ledger(folder) as ledger:
        with pytest.raises(Cancelled, match=r"'a' was cancelled.*goes on from there"):
            run_claims(claims, ledger, jobs=2, executor=SimulatedSlots(outcome, 2))
        assert [bool(ledger.decisions(name)) for name in "abc"] == [False, True, True]
        assert control.wish_of(folder, hash_) == ""
        done = started.count("a")
        started.clear()
        again = True
        (decision,) = run_claims(claims[:1], ledger, jobs=2, executor=SimulatedSlots(outcome, 2))
    assert decision.finished
    assert started.count("a") == 8 - done


def test_a_run_that_begins_forgets_what_was_asked_before_it(tmp_path: Path) -> None:
    (loaded, *_), folder = three(tmp_path), tmp_path / "ledger"
    control.ask(folder, loaded.resolved.hash, "cancel")
    with Ledger(folder) as ledger:
        (decision,) = run_claims([loaded], ledger, jobs=2, executor=SimulatedSlots(SURE.outcome, 2))
    assert decision.finished


@pytest.mark.slow  # trials run in processes of their own
def test_a_cancelled_command_exits_as_an_interrupted_one_and_leaves_no_trial_running(toy_folder: Path) -> None:
    path = write_claim(toy_folder, settings="pause = 0.2")
    folder = toy_folder / "ledger"

    def cancel() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if found := [claim.hash for run in runs_of(folder) for claim in run.claims if run.trials]:
                control.ask(folder, found[0], "cancel")
                return
            time.sleep(0.1)

    helper = threading.Thread(target=cancel)
    helper.start()
    done = evenhand(toy_folder, "run", path.name, "--ledger", "ledger", "--jobs", "2", columns=200)
    helper.join()
    assert done.returncode == 130, done.stderr
    assert "was cancelled from elsewhere" in done.stderr
    assert runs_of(folder) == []

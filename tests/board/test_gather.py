"""The board tells what the ledger and the drivers tell, and while a claim is blind nothing that tells an arm."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from evenhand.board.gather import Gatherer
from evenhand.board.seen import Board, ClaimShown
from evenhand.claims.load import all_trials
from evenhand.errors import LedgerError
from evenhand.ledger import Ledger, segments
from evenhand.recipes.outcome import Curve, Execution, Failure, Outcome
from evenhand.running.enter import decided
from tests.board.stage import SECRET, Stage

DETERMINISTIC = '[[arm]]\nname = "closed-form"\nrole = "rival"\ndeterministic = true\nsettings.effect = 0.02\n'


@pytest.fixture(scope="module")
def seen(stage: Stage) -> Iterator[Board]:
    gatherer = Gatherer(stage.ledger)
    yield gatherer.look()
    gatherer.close()


@pytest.fixture
def own(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def look(stage: Stage, *, unblind: bool = False) -> Board:
    gatherer = Gatherer(stage.ledger, unblind)
    try:
        return gatherer.look()
    finally:
        gatherer.close()


def claim_of(board: Board, name: str) -> ClaimShown:
    found = board.claim(name)
    assert found is not None
    return found


def test_every_claim_is_where_the_ledger_and_its_driver_say(seen: Board) -> None:
    assert {one.name: one.state for one in seen.claims} == {
        "gate_large": "running", "gate_stopped": "stopped", "not_begun": "not begun", "gate_none": "finished",
        "gate_small": "finished",
    }  # fmt: skip
    large = claim_of(seen, "gate_large")
    assert (large.results, large.trials, large.running, large.failed, large.waiting) == (12, 48, 5, 3, 5)
    assert seen.claims[0].name == "gate_large"
    assert (seen.drivers[0].busy, seen.drivers[0].slots) == (5, 4)


def test_a_claim_that_is_not_decided_shows_nothing_that_tells_an_arm(seen: Board) -> None:
    for one in (claim_of(seen, "gate_large"), claim_of(seen, "gate_stopped")):
        assert one.blind
        assert one.arms == ("A", "B", "C")
        told = json.dumps(asdict(one))
        for name in (SECRET, "plain", "twice-read", "baseline", "variant", "rival", "0.3"):
            assert name not in told
    told = json.dumps([asdict(one) for one in seen.trials])
    assert SECRET not in told
    assert "plain" not in told


def test_a_decided_claim_shows_its_arms_verdicts_and_report(seen: Board) -> None:
    small = claim_of(seen, "gate_small")
    assert not small.blind
    assert small.arms[0] == "plain"
    assert {one.arm for one in small.verdicts} == {SECRET}
    assert small.report
    assert not claim_of(seen, "gate_large").report  # there is a page, which would tell its arms


def test_failures_of_one_kind_are_told_once_with_their_cure_and_without_the_arm(seen: Board) -> None:
    first = claim_of(seen, "gate_large").failures[0]
    assert (first.kind, first.count, len(first.arms), first.detail) == ("code", 2, 1, "")
    assert first.message == f"ValueError: {first.arms[0]} got ▒▒▒"
    assert first.advice.startswith("The recipe raised an error")


def test_trials_that_were_left_out_are_shown_as_left_out_and_not_as_failed(own: Stage) -> None:
    loaded = own.claim("c")
    own.fail(loaded, 2, Failure("code", "it broke", "run", "a log"))
    own.fail(loaded, 3, Failure("code", "not tried: 2 trials failed alike", "run", "a log"), attempt=0)
    one = claim_of(look(own), "c")
    assert (one.failed, one.left_out) == (2, 3)
    assert (one.rungs[0].count.failed, one.rungs[0].count.left_out) == (2, 3)
    assert [(found.tried, found.count) for found in one.failures] == [(True, 2), (False, 3)]
    assert one.failures[1].advice == ""


def test_curves_of_running_trials_go_under_their_letter(seen: Board) -> None:
    assert len(seen.trials) == 5
    assert {one.label[:4] for one in seen.trials} <= {"A · ", "B · ", "C · "}
    assert all(one.curves[0].name == "loss" for one in seen.trials)


def test_a_curve_that_one_arm_alone_has_is_not_shown_while_blind(own: Stage) -> None:
    loaded = own.claim("c")
    trials = own.start(loaded, 3)
    own.progress(next(trial for trial in trials if trial.arm == SECRET), 3, gate_penalty=0.1)
    own.note(loaded)
    shown = look(own).trials
    assert {curve.name for one in shown for curve in one.curves} == {"loss"}
    assert any(one.hidden for one in shown)


def test_no_curve_is_shown_before_two_arms_have_been_seen_and_finished_trials_count(own: Stage) -> None:
    loaded = own.claim("c")
    (trial,) = own.start(loaded, 1)
    own.note(loaded)
    assert look(own).trials[0].curves == ()
    other = next(one for one in all_trials(loaded.resolved) if one.arm != trial.arm)
    outcome = Outcome({"score": 0.5}, curves={"loss": Curve(np.array([1.0]), np.array([2.0]))})
    own.book.ledger.record_outcome(other, outcome, Execution(), loaded.resolved.hash, {})
    assert [curve.name for curve in look(own).trials[0].curves] == ["loss"]


def test_where_arms_have_unlike_numbers_of_trials_their_rows_would_tell_them(own: Stage) -> None:
    loaded = own.claim("c", more=DETERMINISTIC)
    own.start(loaded, 8)
    own.note(loaded)
    board = look(own)
    assert claim_of(board, "c").rungs[0].rows == ()
    assert claim_of(board, "c").rungs[0].count.total == 20
    assert not any("deterministic" in one.label for one in board.trials)


@pytest.mark.slow
def test_unblinding_shows_names_is_entered_once_for_each_claim_and_warns_at_the_verdict(own: Stage) -> None:
    loaded, done = own.claim("c"), own.decided("d", item_seed=1)
    own.book.run(loaded, 4)
    gatherer = Gatherer(own.ledger, unblind=True)
    for _ in range(3):
        board = gatherer.look()
    gatherer.close()
    assert claim_of(board, "c").arms[0] == "plain"
    assert not claim_of(board, "c").blind
    records = own.book.ledger.interventions()
    assert [(one.what, one.name, one.results, one.trials) for one in records] == [("unblinded", "c", 4, 18)]
    assert own.book.ledger.verify().faults == ()
    own.book.run(loaded)
    warned = " ".join(decided(loaded, own.book.ledger).warnings)
    assert "with 4 of 18 results in: the board showed its arms by name" in warned
    assert "board" not in " ".join(decided(done, own.book.ledger).warnings)


def test_contrasts_so_far_are_worked_out_beside_the_look_where_arms_are_shown_by_name_and_nowhere_else(
    own: Stage,
) -> None:
    loaded = own.claim("c")
    own.book.run(loaded, 12)
    for unblind in (True, False):
        gatherer, deadline = Gatherer(own.ledger, unblind), time.monotonic() + (30 if unblind else 0.5)
        while not (found := claim_of(gatherer.look(), "c").contrasts) and time.monotonic() < deadline:
            time.sleep(0.05)
        gatherer.close()
        assert [(one.arm, one.against, one.condition, one.seeds) for one in found] == (
            [(SECRET, "plain", "first", 2), (SECRET, "plain", "last", 2)] if unblind else []
        )


def test_a_decided_claim_shows_the_verdicts_that_it_has_now_and_not_those_that_an_earlier_version_wrote_down(
    own: Stage,
) -> None:
    loaded = own.claim("c")
    own.book.run(loaded)
    now = decided(loaded, own.book.ledger).titles
    ids = [trial.id for trial in all_trials(loaded.resolved)]
    own.book.ledger.record_decision("c", loaded.resolved.hash, dict.fromkeys(now, "invalid (items)"), ids)
    gatherer, deadline, titles = Gatherer(own.ledger), time.monotonic() + 30, {""}
    while titles != set(now.values()) and time.monotonic() < deadline:
        titles = {one.title for one in claim_of(gatherer.look(), "c").verdicts}
        time.sleep(0.05)
    gatherer.close()
    assert titles == set(now.values())


def test_where_the_unblinding_cannot_be_entered_arms_stay_hidden(own: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    own.claim("c")

    def refuse(*_: object) -> None:
        raise LedgerError("The ledger cannot be written: read-only file system.")

    monkeypatch.setattr(Ledger, "record_intervention", refuse)
    board = look(own, unblind=True)
    assert claim_of(board, "c").blind
    assert "Arms stay hidden" in board.problem


def test_what_is_added_is_seen_at_the_next_look_and_what_was_checked_is_not_checked_again(
    own: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = own.claim("c")
    own.book.run(loaded, 9)
    gatherer = Gatherer(own.ledger)
    assert claim_of(gatherer.look(), "c").results == 9
    own.book.run(loaded, 1)
    read: list[int] = []  # by which thread: families are worked out beside, from a ledger of their own
    whole = segments._read_line
    monkeypatch.setattr(
        segments, "_read_line", lambda name, line: (read.append(threading.get_ident()), whole(name, line))[1]
    )
    assert claim_of(gatherer.look(), "c").results == 10
    assert read.count(threading.get_ident()) == 1
    gatherer.close()


def test_a_ledger_that_is_packed_under_the_boards_eyes_shows_the_same(own: Stage) -> None:
    own.decided("d")
    gatherer = Gatherer(own.ledger)
    before = claim_of(gatherer.look(), "d")
    own.book.ledger.pack()
    assert claim_of(gatherer.look(), "d").results == before.results
    gatherer.close()


def test_a_ledger_that_is_damaged_keeps_what_was_seen_and_says_where_and_what_to_do(own: Stage) -> None:
    loaded = own.claim("c")
    own.book.run(loaded, 5)
    own.book.ledger.close()
    gatherer = Gatherer(own.ledger)
    gatherer.look()
    path = next((own.ledger / "segments").iterdir())
    path.write_bytes(path.read_bytes().replace(b'"seed": 0', b'"seed": 1', 1))
    board = gatherer.look()
    assert "is damaged" in board.problem
    assert "record" in board.problem
    assert claim_of(board, "c").results == 5
    gatherer.close()


def test_a_ledger_that_is_removed_is_a_sentence(own: Stage) -> None:
    own.claim("c")
    own.book.ledger.close()
    gatherer = Gatherer(own.ledger)
    gatherer.look()
    own.ledger.rename(own.folder / "elsewhere")
    assert gatherer.look().problem == f"There is no ledger at {own.ledger} now."
    gatherer.close()


def test_trials_that_a_scheduler_has_are_shown_though_no_driver_watches(own: Stage) -> None:
    loaded = own.claim("c")
    trials = own.start(loaded, 2)
    for trial in trials:
        (own.book.ledger.workdir(trial.id) / "submission.json").write_text("{}")
    (own.book.ledger.workdir(trials[1].id) / "progress.jsonl").unlink()
    board = look(own)
    assert (board.left, claim_of(board, "c").state, len(board.trials)) == (2, "queued", 2)
    assert [(one.id, one.queued, one.seconds) for one in board.trials] == [
        (trials[0].id, False, None),
        (trials[1].id, True, None),
    ]
    assert board.trials[0].share == pytest.approx(0.4)
    (own.book.ledger.workdir(trials[0].id) / "ending.json").write_text("{}")
    board = look(own)
    assert (board.left, board.untaken) == (1, 1)


def test_what_waits_in_a_schedulers_queue_is_not_shown_as_running(own: Stage) -> None:
    loaded = own.claim("c")
    trials = own.start(loaded, 3)
    own.note(loaded, queued=[trials[0].id, trials[2].id])
    board = look(own)
    (driver,) = board.drivers
    assert (driver.slots, driver.busy, driver.queued) == (None, 1, 2)
    claim = claim_of(board, "c")
    assert (claim.running, claim.queued, claim.rungs[0].count.running) == (1, 2, 1)
    assert [one.queued for one in board.trials] == [False, True, True]


def test_trials_of_a_blind_claim_stand_in_the_order_of_the_letters_not_of_the_claim_file(own: Stage) -> None:
    loaded = own.claim("c", seeds=2)
    own.start(loaded, 12)
    own.note(loaded)
    labels = [one.label.split(" · ") for one in look(own).trials]
    assert [(seed, condition, arm) for arm, condition, _, seed in labels] == sorted(
        (seed, condition, arm) for arm, condition, _, seed in labels
    )


def test_a_claim_of_another_version_shows_what_can_be_told_and_no_arm(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        ledger.record_claim("old", "h" * 16, {"arms": {"a": {"settings": {}}, SECRET: {"settings": {}}}}, "no toml [")
    gatherer = Gatherer(tmp_path / "ledger")
    old = claim_of(gatherer.look(), "old")
    gatherer.close()
    assert (old.blind, old.trials, old.question, old.rungs) == (True, 0, "", ())
    assert SECRET not in json.dumps(asdict(old))


def test_only_the_newest_claim_of_a_name_is_shown(own: Stage) -> None:
    own.claim("c", seeds=3)
    newer = own.claim("c", seeds=5)
    board = look(own)
    assert [one.hash for one in board.claims] == [newer.resolved.hash]


def test_what_was_set_aside_on_purpose_does_not_count(own: Stage) -> None:
    loaded = own.claim("c")
    own.book.run(loaded, 5)
    trial = all_trials(loaded.resolved)[0]
    own.book.ledger.record_set_aside(trial.id, trial.label(), "a loose cable", "result")
    assert claim_of(look(own), "c").results == 4


def test_a_driver_whose_process_is_gone_is_not_shown(own: Stage) -> None:
    loaded = own.claim("c")
    own.start(loaded, 1)
    own.note(loaded)
    path = own.ledger / "running" / f"{os.getpid()}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"process": 2**22 + 1}))
    board = look(own)
    assert board.drivers == ()
    assert claim_of(board, "c").state == "not begun"


def test_messages_with_marks_and_markup_stay_text(own: Stage) -> None:
    loaded = own.claim("c")
    own.fail(loaded, 1, Failure("code", "<script>alert(1)</script> \x1b[31m", "train", ""))
    assert claim_of(look(own), "c").failures[0].message.startswith("<script>")

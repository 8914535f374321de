"""The ledger gives back what it was given, in the order of writing, to any number of processes."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenhand.errors import LedgerError
from evenhand.ledger import Ledger, codec, writer
from evenhand.recipes.outcome import Curve, Failure, ItemScores, Outcome
from tests.ledger.samples import EXECUTION, OUTCOME, SMALL, TRIAL, fill

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SCORES = st.dictionaries(st.text(max_size=5), st.tuples(NUMBERS, st.text(max_size=9)), max_size=5)


def test_an_outcome_comes_back_whole(tmp_path: Path) -> None:
    Ledger(tmp_path).record_outcome(TRIAL, OUTCOME, EXECUTION, "h", {"git": {"commit": "abc"}})
    (record,) = Ledger(tmp_path).outcomes()
    assert record.trial == TRIAL
    assert record.trial.id == TRIAL.id
    assert record.execution == EXECUTION
    assert record.provenance == {"git": {"commit": "abc"}}
    outcome = record.outcome
    assert outcome.items["score"].ids == ("x", "y", "ж")
    assert outcome.items["score"].scores.tolist() == [0.0, 1.0, 0.5]
    assert outcome.items["score"].outputs == ("4", "", "7")
    assert outcome.items["score"].clusters == ("g", "g", "h")
    assert outcome.items["other"].outputs is None
    assert outcome.items["other"].clusters is None
    assert np.isnan(outcome.curves["loss"].values[1])
    assert outcome.curves["loss"].steps.tolist() == [1.0, 2.0]
    for key in ("metrics", "undefined", "spent", "grain", "data", "notes"):
        assert getattr(outcome, key) == getattr(OUTCOME, key)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    metrics=st.dictionaries(st.text(max_size=5), NUMBERS, max_size=3),
    notes=st.dictionaries(st.text(max_size=5), st.text(), max_size=3),
    items=st.dictionaries(st.text(max_size=5), SCORES, max_size=3),
    curves=st.dictionaries(st.text(max_size=5), st.lists(st.tuples(NUMBERS, st.floats()), max_size=4), max_size=3),
)
def test_any_text_and_any_finite_number_come_back(
    tmp_path_factory: pytest.TempPathFactory,
    metrics: dict[str, float],
    notes: dict[str, str],
    items: dict[str, dict[str, tuple[float, str]]],
    curves: dict[str, list[tuple[float, float]]],
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    scores = {
        name: ItemScores(
            tuple(rows), np.array([s for s, _ in rows.values()], float), tuple(o for _, o in rows.values())
        )
        for name, rows in items.items()
    }
    lines = {
        name: Curve(np.array([x for x, _ in points], float), np.array([y for _, y in points], float))
        for name, points in curves.items()
    }
    given_outcome = Outcome(metrics, items=scores, curves=lines, notes=notes)
    ledger = Ledger(folder)
    ledger.record_outcome(TRIAL, given_outcome, EXECUTION, "h", {})
    ledger.close()
    (found,) = [record.outcome for record in Ledger(folder).outcomes()]
    assert (found.metrics, found.notes) == (metrics, notes)
    assert list(found.items) == list(items)
    assert list(found.curves) == list(curves)
    for name, table in scores.items():
        assert found.items[name].ids == table.ids
        np.testing.assert_array_equal(found.items[name].scores, table.scores)
        assert (found.items[name].outputs or ()) == table.outputs
    for name, curve in lines.items():
        np.testing.assert_array_equal(found.curves[name].steps, curve.steps)
        np.testing.assert_array_equal(found.curves[name].values, curve.values)
    assert Ledger(folder).verify().faults == ()


def test_failures_claims_and_decisions_come_back(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    failure = Failure("resource", "out of memory", "run", "trace")
    ledger.record_outcome(TRIAL, Outcome(failure=failure), EXECUTION, "h", {})
    ledger.record_claim("c", "h", {"a": 1}, "text", "g", ["a: 0 became 1"])
    ledger.record_decision("c", "h", {"on/default/score": "gain"})
    again = Ledger(tmp_path, create=False)
    assert again.outcomes()[0].outcome.failure == failure
    assert again.claims("c")[0].changes == ("a: 0 became 1",)
    assert again.decisions("c", "h")[0].verdicts == {"on/default/score": "gain"}
    assert again.decisions("c", "other") == []


def test_what_is_no_number_is_recorded_with_its_reason_and_never_as_a_number(tmp_path: Path) -> None:
    outcome = Outcome(
        metrics={"loss": float("nan"), "score": np.float32(0.5)},
        spent={"steps": 3, "tokens": float("inf")},
        notes={"output": "half a pair: \ud800"},
        items={"score": ItemScores(("a\udc80",), np.array([1.0]), ("\ud800",))},
    )
    Ledger(tmp_path).record_outcome(TRIAL, outcome, EXECUTION, "h", {"threads": np.int64(2), "folder": Path("x")})
    (record,) = Ledger(tmp_path).outcomes()
    assert record.outcome.metrics == {"score": 0.5}
    assert record.outcome.undefined == {"loss": "the recipe returned nan"}
    assert record.outcome.spent == {"steps": 3}
    assert record.outcome.notes == {
        "output": "half a pair: ?",
        "spent.tokens": "left out: reported as inf",
    }
    assert record.outcome.items["score"].outputs == ("?",)
    assert record.provenance == {"threads": 2, "folder": "x"}


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
def test_provenance_that_json_cannot_hold_is_refused_by_its_key_and_nothing_is_written(
    tmp_path: Path, value: object
) -> None:
    with pytest.raises(LedgerError, match=r"cannot hold outcome\.provenance\.git\[0\] = "):
        Ledger(tmp_path).record_outcome(TRIAL, OUTCOME, EXECUTION, "h", {"git": [value]})
    assert not (tmp_path / "items").exists()
    assert Ledger(tmp_path).outcomes() == []


def test_the_first_result_counts_and_a_failure_only_until_there_is_one(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    broken = Outcome(failure=Failure("code", "x"))
    ledger.record_outcome(TRIAL, broken, EXECUTION, "h", {})
    assert ledger.latest([TRIAL.id])[TRIAL.id].outcome.failure is not None
    ledger.record_outcome(TRIAL, Outcome(metrics={"a": 1.0}), EXECUTION, "h", {})
    ledger.record_outcome(TRIAL, Outcome(metrics={"a": 2.0}), EXECUTION, "h", {})
    ledger.record_outcome(TRIAL, broken, EXECUTION, "h", {})
    assert ledger.latest([TRIAL.id])[TRIAL.id].outcome.metrics == {"a": 1.0}
    assert len(ledger.outcomes()) == 4


def test_a_divergence_is_a_result_that_running_again_does_not_replace(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.record_outcome(TRIAL, Outcome(failure=Failure("diverged", "loss is nan")), EXECUTION, "h", {})
    ledger.record_outcome(TRIAL, SMALL, EXECUTION, "h", {})
    assert ledger.latest([TRIAL.id])[TRIAL.id].outcome.failure is not None


def test_exploratory_trials_are_kept_apart(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.record_outcome(TRIAL, OUTCOME, EXECUTION, "", {}, exploratory=True)
    assert ledger.outcomes() == []
    assert ledger.latest([TRIAL.id]) == {}
    assert len(ledger.outcomes(exploratory=True)) == 1


def test_a_missing_folder_is_an_empty_ledger_to_read(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "none", create=False)
    assert ledger.outcomes() == []
    assert ledger.verify().records == 0
    assert not (tmp_path / "none").exists()


def test_a_trial_keeps_the_id_under_which_it_was_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Ledger(tmp_path).record_outcome(TRIAL, OUTCOME, EXECUTION, "h", {})
    monkeypatch.setattr("evenhand.recipes.trial.CONTRACT_VERSION", 1000)
    later = replace(TRIAL)
    assert later.id != TRIAL.id
    assert Ledger(tmp_path).outcomes()[0].trial.id == TRIAL.id
    assert Ledger(tmp_path).latest([later.id]) == {}


def test_a_record_of_a_newer_version_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = codec.trial_to_plain
    monkeypatch.setattr(codec, "trial_to_plain", lambda trial: known(trial) | {"new_field": 1})
    fill(Ledger(tmp_path), 1)
    with pytest.raises(LedgerError, match=r"record 1: .*new_field.*newer version"):
        Ledger(tmp_path).outcomes()


def test_tables_are_read_when_they_are_looked_at_and_once(tmp_path: Path) -> None:
    fill(Ledger(tmp_path), 1)
    (record,) = Ledger(tmp_path).outcomes()
    for path in (tmp_path / "items").iterdir():
        path.rename(tmp_path / path.name)
    assert list(record.outcome.items) == ["score", "other"]
    assert "none" not in record.outcome.items
    assert record.outcome.items.get("none") is None
    with pytest.raises(LedgerError, match="cannot be read"):
        record.outcome.metric("score")
    for path in tmp_path.glob("*.parquet"):
        path.rename(tmp_path / "items" / path.name)
    assert record.outcome.metric("score") == 0.5
    assert record.outcome.items["score"] is record.outcome.items["score"]


def test_trials_on_the_same_items_share_their_names(tmp_path: Path) -> None:
    fill(Ledger(tmp_path), 2)
    one, other = Ledger(tmp_path).outcomes()
    assert one.outcome.items["score"].ids is other.outcome.items["score"].ids


def test_a_clock_that_is_set_back_does_not_change_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hours = iter([12, 12, 12, 11, 10])

    class Clock:
        @staticmethod
        def now(zone: object) -> datetime:
            return datetime(2026, 1, 1, next(hours, 9), tzinfo=UTC)

    monkeypatch.setattr(writer, "datetime", Clock)
    fill(Ledger(tmp_path), 3, SMALL)
    assert [record.trial.seed for record in Ledger(tmp_path).outcomes()] == [0, 1, 2]


def test_a_relative_folder_stays_where_it_is_when_the_process_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ledger = Ledger(Path("ledger"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    fill(ledger, 1)
    assert len(Ledger(tmp_path / "ledger").outcomes()) == 1


def _write_many(folder: Path, first: int) -> None:
    ledger = Ledger(folder)
    for seed in range(first, first + 20):
        ledger.record_outcome(replace(TRIAL, seed=seed), Outcome(metrics={"a": float(seed)}), EXECUTION, "h", {})


@pytest.mark.slow
def test_two_processes_write_at_once_and_a_third_reads_meanwhile(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(tmp_path, first)) for first in (0, 100)]
    for process in writers:
        process.start()
    while any(process.is_alive() for process in writers):
        assert Ledger(tmp_path).verify().faults == ()
    for process in writers:
        process.join()
    assert Ledger(tmp_path).verify().faults == ()
    assert {r.trial.seed for r in Ledger(tmp_path).outcomes()} == {*range(20), *range(100, 120)}


def test_a_forked_child_writes_a_segment_of_its_own(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    fill(ledger, 1)
    pid = os.fork()
    if pid == 0:
        fill(ledger, 1)
        os._exit(0)
    os.waitpid(pid, 0)
    fill(ledger, 1)
    assert len(list((tmp_path / "segments").iterdir())) == 2
    assert Ledger(tmp_path).verify().faults == ()


def test_a_name_is_held_by_one_process_at_a_time(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from evenhand.ledger import Ledger\n"
        f"with Ledger(Path({str(tmp_path)!r})).lock('claim-x'): print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(LedgerError, match=rf"in use by process {other.pid} since 20"),
            Ledger(tmp_path).lock("claim-x"),
        ):
            pass
        other.communicate("")
    with Ledger(tmp_path).lock("claim-x"):
        pass


def test_a_forked_child_does_not_keep_the_name_of_its_parent(tmp_path: Path) -> None:
    end, begin = os.pipe()
    ready, tell = os.pipe()
    with Ledger(tmp_path).lock("claim-x"):
        pid = os.fork()
        if pid == 0:
            os.close(begin)
            os.write(tell, b".")
            os.read(end, 1)  # lives until the parent has let go, and taken the name again
            os._exit(0)
        os.read(ready, 1)
    try:
        with Ledger(tmp_path).lock("claim-x"):
            pass
    finally:
        for descriptor in (begin, end, ready, tell):
            os.close(descriptor)
        os.waitpid(pid, 0)


def test_the_head_hash_covers_what_a_claim_rests_on_and_stays_while_others_are_run(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert ledger.head_hash() == ledger.head_hash(["x"]) == ""
    fill(ledger, 3)
    ids = [replace(TRIAL, seed=seed).id for seed in range(2)]
    own, whole = ledger.head_hash(ids), ledger.head_hash()
    assert len(own) == len(whole) == 16
    assert own != whole
    assert ledger.verify().head == whole
    ledger.record_outcome(replace(TRIAL, seed=9), OUTCOME, EXECUTION, "h", {})
    fill(Ledger(tmp_path), 0)
    assert (ledger.head_hash(ids), ledger.head_hash() == whole) == (own, False)
    decision = ledger.record_decision("c", "h", {"on/default/score": "gain"}, ids)
    assert decision.head == own
    assert Ledger(tmp_path).decisions("c")[0].head == own
    ledger.record_outcome(replace(TRIAL, seed=1), OUTCOME, EXECUTION, "h", {})
    assert ledger.head_hash(ids) != own


def test_a_ledger_that_was_written_anew_by_its_owner_shows_in_its_head_alone(tmp_path: Path) -> None:
    for folder, loss in (("one", 0.25), ("two", 0.2)):
        fill(Ledger(tmp_path / folder), 3, replace(OUTCOME, metrics={"loss": loss}))
    one, two = (Ledger(tmp_path / folder).verify() for folder in ("one", "two"))
    assert (one.faults, two.faults) == ((), ())
    assert one.head != two.head


def test_a_ledger_shows_itself_in_a_line_and_as_a_table_of_its_claims_with_nothing_that_acts(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.record_claim("<b>bold</b>", "0123456789abcdef", {"name": "c"}, "")
    assert repr(ledger) == f"Ledger({str(tmp_path)!r}: 1 claim, 0 attempts at trials)"
    html = ledger._repr_html_()
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "<b>" not in html


def test_a_damaged_ledger_shows_itself_as_damaged_and_does_not_raise(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.record_claim("c", "0123456789abcdef", {"name": "c"}, "")
    ledger.close()
    (segment,) = (tmp_path / "segments").iterdir()
    segment.write_bytes(segment.read_bytes().replace(b'"c"', b'"d"', 1))
    damaged = Ledger(tmp_path)
    assert "damaged" in repr(damaged)
    assert "damaged" in damaged._repr_html_()

"""The ledger keeps what it was given, and names every damage."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evenhand.errors import LedgerError
from evenhand.ledger import Ledger
from evenhand.outcome import Curve, Execution, Failure, ItemScores, Outcome
from evenhand.trial import ItemSet, Trial

TRIAL = Trial("c", "on", "default", "confirm", 1, "toy", "v1", {"a": {"b": 1}}, "steps", 10, ItemSet("confirm", 5, 3))
OUTCOME = Outcome(
    metrics={"loss": 0.25},
    undefined={"steps_to_target": "never reached"},
    items={
        "score": ItemScores(("x", "y", "ж"), np.array([0.0, 1.0, 0.5]), ("4", "", "7"), ("g", "g", "h")),
        "other": ItemScores(("x",), np.array([2.0])),
    },
    curves={"loss": Curve(np.array([1.0, 2.0]), np.array([0.5, np.nan]))},
    spent={"steps": 10.0},
    grain={"steps": 1.0},
    data={"d.txt": "f" * 64},
    notes={"device": "cpu: none"},
)
EXECUTION = Execution(2, "2026-01-01T00:00:00", 1.5, 1.25, 2**20, 0, None, 1, "cpu: none")


def fill(ledger: Ledger, count: int = 3) -> None:
    for seed in range(count):
        ledger.record_outcome(replace(TRIAL, seed=seed), OUTCOME, EXECUTION, "h", {"git": None})


def segment_of(folder: Path, number: int = 0) -> Path:
    return sorted((folder / "segments").glob("*.jsonl"))[number]


def rewrite(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


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
    assert np.isnan(outcome.curves["loss"].values[1])
    assert outcome.curves["loss"].steps.tolist() == [1.0, 2.0]
    for key in ("metrics", "undefined", "spent", "grain", "data", "notes"):
        assert getattr(outcome, key) == getattr(OUTCOME, key)


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


def flip(lines: list[bytes]) -> list[bytes]:
    assert b'"steps": 10' in lines[2]
    return [*lines[:2], lines[2].replace(b'"steps": 10', b'"steps": 11'), *lines[3:]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (flip, "record 2: its content does not match its hash"),
        (lambda lines: [*lines[:2], *lines[3:]], "record 2: expected record 2, found 3: records are missing or reordered"),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "record 1: expected record 1, found 2"),
        (lambda lines: lines[:-1], "record 3: missing; heads/"),
        (lambda lines: [*lines[:1], b"{broken}\n", *lines[2:]], "record 1: the line is not valid JSON"),
        (lambda lines: [*lines[:1], b'{"a": 1}\n', *lines[2:]], "record 1: the line is no record"),
    ],
    ids=["flipped byte", "removed line", "swapped lines", "removed last line", "overwritten line", "foreign line"],
)
def test_damage_is_named_by_segment_and_record(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]], words: str
) -> None:
    fill(Ledger(tmp_path))
    path = segment_of(tmp_path)
    rewrite(path, change)
    faults = "\n".join(Ledger(tmp_path).verify().faults)
    assert words in faults
    assert path.name in faults
    with pytest.raises(LedgerError, match="is damaged"):
        Ledger(tmp_path).outcomes()


def test_a_record_forged_with_a_new_hash_breaks_the_chain_after_it(tmp_path: Path) -> None:
    from evenhand.ledger.segments import record_hash

    fill(Ledger(tmp_path))

    def forge(lines: list[bytes]) -> list[bytes]:
        document = json.loads(lines[2])
        document["body"]["outcome"]["metrics"]["loss"] = 0.0
        document["hash"] = record_hash(document)
        return [*lines[:2], json.dumps(document, sort_keys=True).encode() + b"\n", *lines[3:]]

    rewrite(segment_of(tmp_path), forge)
    assert "record 3: it does not follow the record before it" in "\n".join(Ledger(tmp_path).verify().faults)


def test_a_removed_segment_is_missed_by_the_others_even_without_its_head(tmp_path: Path) -> None:
    fill(Ledger(tmp_path))
    fill(Ledger(tmp_path))
    gone = segment_of(tmp_path)
    gone.unlink()
    assert f"segment {gone.name} is missing" in "\n".join(Ledger(tmp_path).verify().faults)
    (tmp_path / "heads" / gone.name).unlink()
    assert f"segment {gone.name} is missing" in "\n".join(Ledger(tmp_path).verify().faults)


@pytest.mark.parametrize("tail", [b'{"sequence": 4, "ti', b"\0" * 40, b"\0" * 40 + b"\n"])
def test_a_torn_last_line_is_tolerated_and_noted(tmp_path: Path, tail: bytes) -> None:
    fill(Ledger(tmp_path))
    with segment_of(tmp_path).open("ab") as file:
        file.write(tail)
    ledger = Ledger(tmp_path)
    assert len(ledger.outcomes()) == 3
    report = ledger.verify()
    assert report.faults == ()
    assert "torn line" in report.notes[0]
    fill(ledger, 1)
    assert len(Ledger(tmp_path).outcomes()) == 4


@pytest.mark.parametrize("name", ["items", "curves"])
def test_altered_and_missing_tables_are_named(tmp_path: Path, name: str) -> None:
    fill(Ledger(tmp_path), 1)
    (path,) = (tmp_path / name).glob("*.parquet")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    assert f"{name}/{path.name} does not match the hash" in Ledger(tmp_path).verify().faults[0]
    with pytest.raises(LedgerError, match="was altered"):
        Ledger(tmp_path).outcomes()
    path.unlink()
    assert "cannot be read" in Ledger(tmp_path).verify().faults[0]


def test_a_table_without_a_record_is_noted_not_a_fault(tmp_path: Path) -> None:
    fill(Ledger(tmp_path), 1)
    shutil.copy(next((tmp_path / "items").iterdir()), tmp_path / "items" / "stray.parquet")
    report = Ledger(tmp_path).verify()
    assert report.faults == ()
    assert "stray.parquet belongs to no record" in report.notes[0]


def _write_many(folder: Path, first: int) -> None:
    ledger = Ledger(folder)
    for seed in range(first, first + 20):
        ledger.record_outcome(replace(TRIAL, seed=seed), Outcome(metrics={"a": float(seed)}), EXECUTION, "h", {})


def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(tmp_path, first)) for first in (0, 100)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    ledger = Ledger(tmp_path)
    assert ledger.verify().faults == ()
    assert {r.trial.seed for r in ledger.outcomes()} == {*range(20), *range(100, 120)}


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


def test_a_full_disk_is_an_error_with_its_cure_and_the_chain_stays_whole(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    fill(ledger, 2)
    size = segment_of(tmp_path).stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, limits[1]))
        with pytest.raises(LedgerError, match="Free some space"):
            ledger.record_outcome(TRIAL, Outcome(metrics={"a": 1.0}), EXECUTION, "h", {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert segment_of(tmp_path).stat().st_size == size
    ledger.record_outcome(TRIAL, Outcome(metrics={"a": 1.0}), EXECUTION, "h", {})
    assert Ledger(tmp_path).verify().faults == ()
    assert len(Ledger(tmp_path).outcomes()) == 3


def test_a_small_file_system_that_fills_up_loses_no_record(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount a small file system")
    try:
        ledger, written = Ledger(disk / "ledger"), 0
        with pytest.raises(LedgerError, match="Free some space"):
            for seed in range(1000):
                ledger.record_outcome(replace(TRIAL, seed=seed), OUTCOME, EXECUTION, "h", {})
                written += 1
        ledger.close()
        assert written > 2
        again = Ledger(disk / "ledger", create=False)
        assert again.verify().faults == ()
        assert len(again.outcomes()) == written
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_read_only_ledger_can_be_read_and_queried_but_not_written(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    fill(Ledger(folder), 2)
    bound = subprocess.run(["mount", "--bind", str(folder), str(folder)], capture_output=True, check=False)
    if bound.returncode != 0:
        pytest.skip("this machine lets nobody mount a folder read-only")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        ledger = Ledger(folder)
        assert len(ledger.outcomes()) == 2
        assert ledger.query("select count(*) from outcomes")[1] == [(2,)]
        with pytest.raises(LedgerError, match="cannot be written"):
            fill(ledger, 1)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_path_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="is a file"):
        Ledger(tmp_path / "file")


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
        with pytest.raises(LedgerError, match=f"in use by process {other.pid}"), Ledger(tmp_path).lock("claim-x"):
            pass
        other.communicate("")
    with Ledger(tmp_path).lock("claim-x"):
        pass


def test_the_index_answers_queries_and_is_rebuilt_when_stale_lost_or_broken(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    fill(ledger, 2)
    count = "select count(*) from items where metric = 'score'"
    assert ledger.query(count)[1] == [(6,)]
    fill(ledger, 1)
    assert ledger.query(count)[1] == [(9,)]
    (tmp_path / "index.duckdb").unlink()
    assert ledger.query(count)[1] == [(9,)]
    (tmp_path / "index.duckdb").write_bytes(b"no database")
    assert ledger.query(count)[1] == [(9,)]
    columns, rows = ledger.query("select name, value, undefined from metrics where name = 'steps_to_target' limit 1")
    assert columns == ["name", "value", "undefined"]
    assert rows == [("steps_to_target", None, "never reached")]
    assert ledger.query("select max(value) from curves where curve = 'loss' and not isnan(value)")[1] == [(0.5,)]


def test_a_query_that_cannot_be_run_names_the_tables(tmp_path: Path) -> None:
    fill(Ledger(tmp_path), 1)
    with pytest.raises(LedgerError, match="Tables: outcomes, metrics, items, curves"):
        Ledger(tmp_path).query("select * from nothing")

"""Whoever watches a run from elsewhere sees its queue, its slots, how fast it goes and how long it will take."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from evenhand.cli.watch import drawn, lines_of
from evenhand.ledger import Ledger
from evenhand.recipes import working
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import Trial
from evenhand.running import watching
from evenhand.running.run import run_claims
from evenhand.running.watching import ClaimSeen, Memory, Notes, RunSeen, TrialSeen, resident_memory, runs_of
from evenhand.testing.slots import SimulatedSlots
from tests.app import evenhand, parsed
from tests.running.test_pool import SURE, three

CLAIM = ClaimSeen("a", "confirm", 3, 12, 7, 2, 60.0)
TRIAL = TrialSeen("a", "on · seed 1", 30.0, 0.25, "", {"loss": 0.5}, "/w")
RUN = RunSeen(
    os.getpid(), "here", 0.0, 3600.0, 4, 9, (CLAIM, replace(CLAIM, name="b", after=("a",), done=0, running=0)), (TRIAL,)
)


def test_a_run_shows_its_queue_slots_rate_and_time_left() -> None:
    lines = lines_of(RUN, [Memory("GPU 0, a card", 3 << 30, 80 << 30), Memory("trials", 2 << 30)], whole=True)
    assert lines == [
        f"process {os.getpid()} · 1 of 4 slots busy · 14 waiting · 9 ended · 9 trials an hour · "
        "about 3 min 45 s left at these rungs · GPU 0, a card 3.0 of 80.0 GiB; trials 2.0 GiB",
        "  a · rung confirm · 3 of 12 trials · 2 running · 7 waiting",
        "  b · rung confirm · 0 of 12 trials · 0 running · 7 waiting · waits for a",
        "    a: on · seed 1 · 25% · 30 s loss 0.5",
    ]
    assert lines_of(RUN, [], whole=False) == [lines[0].partition(" · GPU")[0]]


@pytest.mark.parametrize("width", [50, 80, 200])
def test_a_narrow_terminal_shows_all_of_a_run_and_a_line_for_each_trial(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(drawn(lines_of(RUN, [Memory("GPU 0, a card", 3 << 30, 80 << 30)], whole=True)))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    for part in ("1 of 4 slots busy", "9 trials an hour", "3 min 45 s left", "3.0 of 80.0 GiB"):
        assert part in " ".join(shown.split())
    assert sum(line.startswith(" ") for line in shown.splitlines()) == 3


def test_what_is_not_known_yet_is_not_said() -> None:
    fresh = replace(RUN, ended=0, claims=(replace(CLAIM, seconds_per_trial=None),))
    assert (fresh.per_hour, fresh.seconds_left) == (None, None)
    assert "left" not in lines_of(fresh, [], whole=False)[0]


def test_what_waits_in_a_queue_of_the_place_is_told_apart_and_counts_as_work_that_is_left() -> None:
    waits = replace(TRIAL, seconds=0.0, share=0.0, queued=True)
    run = replace(
        RUN, slots=1000, queues=True, trials=(TRIAL, TRIAL, waits, waits, waits),
        claims=(replace(CLAIM, waiting=0, running=2, queued=3),),
    )  # fmt: skip
    assert run.seconds_left == (3 + 2 / 2) * 60 / 2  # two run side by side, whatever the queue would take
    lines = lines_of(run, [], whole=True)
    assert lines[0].startswith(f"process {os.getpid()} · 2 running · 3 in the queue · 0 waiting · 9 ended")
    assert lines[1] == "  a · rung confirm · 3 of 12 trials · 2 running · 3 in the queue · 0 waiting"
    assert lines[-1] == "    a: on · seed 1 · in the queue"


def test_slots_for_which_no_trial_is_left_shorten_nothing() -> None:
    run = replace(RUN, claims=(replace(CLAIM, waiting=0, running=1),))
    assert run.seconds_left == 30.0


def test_a_driver_notes_its_run_and_takes_the_note_away_at_its_end(tmp_path: Path) -> None:
    seen: list[RunSeen] = []

    def outcome(trial: Trial) -> Outcome:
        seen.extend(runs_of(tmp_path / "ledger"))
        return SURE.outcome(trial)

    with Ledger(tmp_path / "ledger") as ledger:
        run_claims(three(tmp_path, {"c": 'after = ["a"]'}), ledger, jobs=3, executor=SimulatedSlots(outcome, 3))
    assert seen[0].slots == 3
    assert len(seen[0].trials) == 3
    assert [(c.name, c.total, c.waiting, c.running) for c in seen[0].claims] == [
        ("a", 8, 5, 3), ("b", 8, 8, 0), ("c", 8, 8, 0),
    ]  # fmt: skip
    assert runs_of(tmp_path / "ledger") == []
    assert not (tmp_path / "ledger" / "running").exists()


def test_what_a_killed_driver_left_and_what_is_spoilt_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Notes(tmp_path).write(2, 1, [CLAIM], [TRIAL])
    (tmp_path / "running" / "1.json").write_text('{"torn')
    assert [run.slots for run in runs_of(tmp_path)] == [2]
    path = tmp_path / "running" / f"{os.getpid()}.json"
    left = json.loads(path.read_text())
    path.write_text(json.dumps(left | {"process": 2**22 + 1}))
    assert runs_of(tmp_path) == []
    path.write_text(json.dumps(left | {"host": "elsewhere"}))
    assert len(runs_of(tmp_path)) == 1
    monkeypatch.setattr(watching, "SILENT_SECONDS", -1.0)
    assert runs_of(tmp_path) == []


def test_memory_is_that_of_the_processes_in_the_folders_of_trials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = resident_memory([replace(TRIAL, workdir=str(tmp_path))])
    other = resident_memory([replace(TRIAL, workdir=str(tmp_path / "none"))])
    assert own is not None
    assert other is not None
    assert own.used > 10 << 20
    assert other.used == 0


def test_the_command_shows_a_run_once_as_lines_and_as_json_and_says_where_there_is_none(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        ledger.record_claim("c", "h", {}, "")
    assert "No run goes on" in evenhand(tmp_path, "watch", "--ledger", "ledger").stdout
    Notes(tmp_path / "ledger").write(2, 1, [CLAIM], [TRIAL])
    shown = evenhand(tmp_path, "watch", "--ledger", "ledger", "--once", columns=200)
    assert shown.returncode == 0, shown.stderr
    assert "1 of 2 slots busy" in shown.stdout
    assert "a: on · seed 1 · 25%" in shown.stdout
    document = parsed(evenhand(tmp_path, "watch", "--ledger", "ledger", "--json"))
    assert document["runs"][0]["claims"][0]["name"] == "a"


def test_long_work_is_told_to_whoever_listens_and_to_nobody_else() -> None:
    heard: list[tuple[str, float]] = []
    working.tell("alone", 1, 2)
    with working.told_to(lambda what, share: heard.append((what, share))):
        working.tell("teaching", 1, 4)
        working.tell("teaching", 9, 4)
        working.tell("nothing to do", 0, 0)
    working.tell("after", 1, 2)
    assert heard == [("teaching", 0.25), ("teaching", 1.0), ("nothing to do", 1.0)]

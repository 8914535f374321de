"""A claim is run once, survives being killed at any moment, and knows when it was changed."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from evenhand import files
from evenhand.claims.load import LoadedClaim, load_claim, queue
from evenhand.cli.live import PlainObserver
from evenhand.decisions.verdict import Verdict
from evenhand.errors import ClaimError, LedgerError
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.enter import outcomes_so_far
from evenhand.running.observer import Observer, Tick
from evenhand.running.run import run_claim

CLAIM = """
recipe = "toy:run"
settings = {{ {settings} }}
[metric]
name = "score"
margin = 0.05
[[arm]]
name = "off"
role = "baseline"
[[arm]]
name = "on"
role = "variant"
settings.effect = 0.3
{arm}
[[rung]]
name = "confirm"
budget = 5
seeds = {seeds}
items = 20
{more}
"""


def write_claim(
    folder: Path, *, name: str = "c", settings: str = "", arm: str = "", seeds: str = "[0, 1, 2, 3]", more: str = ""
) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(CLAIM.format(settings=settings, arm=arm, seeds=seeds, more=more))
    return path


class Recorder(Observer):
    def __init__(self) -> None:
        self.trials: list[tuple[Trial, Outcome, bool]] = []
        self.messages: list[str] = []
        self.ticks: list[Tick] = []

    def tick(self, tick: Tick) -> None:
        self.ticks.append(tick)

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        self.trials.append((trial, outcome, retry))

    def message(self, text: str) -> None:
        self.messages.append(text)


def run(path: Path, *, jobs: int = 2, amend: bool = False) -> tuple[Verdict, Recorder]:
    recorder = Recorder()
    decision = run_claim(load_claim(path), Ledger(path.parent / "ledger"), jobs=jobs, observer=recorder, amend=amend)
    return decision.verdicts[0], recorder


@pytest.mark.slow
def test_a_claim_runs_to_its_verdict_and_is_not_run_again(toy_folder: Path) -> None:
    path = write_claim(toy_folder)
    verdict, first = run(path)
    assert verdict.kind == "gain"
    assert len(first.trials) == 8
    again, second = run(path)
    assert second.trials == []
    assert again == verdict
    assert not list((toy_folder / "ledger" / "work").iterdir())


@pytest.mark.slow
def test_arms_of_a_pair_run_side_by_side_so_that_pairs_complete_first(toy_folder: Path) -> None:
    _, recorder = run(write_claim(toy_folder), jobs=1)
    assert [(t.seed, t.arm) for t, _, _ in recorder.trials[:4]] == [(0, "off"), (0, "on"), (1, "off"), (1, "on")]


@pytest.mark.slow
def test_the_provenance_of_every_record_says_where_it_came_from(toy_folder: Path) -> None:
    path = write_claim(toy_folder)
    run(path)
    record = Ledger(toy_folder / "ledger").outcomes()[0]
    assert record.provenance["packages"]["numpy"]
    assert record.provenance["machine"]["cores"] >= 1
    assert {"git", "data"} <= set(record.provenance)
    assert record.trial.settings["noise"] == 0.05
    assert record.execution.threads >= 1
    assert record.claim_hash == load_claim(path).resolved.hash


@pytest.mark.slow
def test_a_machine_failure_is_retried_and_the_retry_counts(toy_folder: Path) -> None:
    marker = toy_folder / "marker"
    path = write_claim(toy_folder, settings=f'behave = "kill once", marker = "{marker}"')
    verdict, recorder = run(path, jobs=1)
    assert verdict.kind == "gain"
    assert [retry for _, _, retry in recorder.trials].count(True) == 1
    kinds = [r.outcome.failure.kind for r in Ledger(toy_folder / "ledger").outcomes() if r.outcome.failure]
    assert kinds == ["infrastructure"]


@pytest.mark.slow
def test_an_arm_that_fails_the_same_way_each_time_is_given_up_and_the_rest_goes_on(toy_folder: Path) -> None:
    path = write_claim(toy_folder, arm='settings.behave = "raise"', seeds="[0, 1, 2, 3, 4, 5]")
    verdict, recorder = run(path, jobs=1)
    assert verdict.title == "not-run (code)"
    tried = Counter(trial.arm for trial, _, _ in recorder.trials)
    assert tried == {"off": 6, "on": 2}
    assert any("fails in the same way" in text for text in recorder.messages)
    last = recorder.ticks[-1]
    assert (last.total, last.left_out) == (12, 4)
    assert last.done <= 8, "what was never tried is not counted as done"


@pytest.mark.slow
def test_a_machine_failure_that_stays_is_retried_for_one_trial_of_the_claim_and_not_for_each(toy_folder: Path) -> None:
    arm = 'settings.behave = "no judge"\n[[arm]]\nname = "too"\nrole = "variant"\nsettings.behave = "no judge"'
    verdict, recorder = run(write_claim(toy_folder, arm=arm, seeds="[0, 1, 2, 3, 4, 5]"), jobs=1)
    assert verdict.title == "not-run (infrastructure)"
    tried = Counter(trial.arm for trial, _, _ in recorder.trials)
    assert tried == {"off": 6, "on": 3 + 1, "too": 2}
    kinds = {r.outcome.failure.kind for r in Ledger(toy_folder / "ledger").outcomes() if r.outcome.failure}
    assert kinds == {"infrastructure"}


@pytest.mark.slow
def test_a_full_disk_costs_no_checkpoint(toy_folder: Path) -> None:
    marker = toy_folder / "the disk is full"
    marker.touch()
    path = write_claim(toy_folder, arm=f'settings.behave = "full disk"\nsettings.marker = "{marker}"')
    verdict, _ = run(path, jobs=1)
    assert verdict.title == "not-run (infrastructure)"
    marker.unlink()
    verdict, recorder = run(path, jobs=1)
    assert verdict.kind == "gain"
    assert [outcome.notes.get("resumed") for trial, outcome, _ in recorder.trials if trial.arm == "on"] == [
        "3",
        "3",
        None,
        None,
    ]
    assert not list((toy_folder / "ledger" / "work").iterdir())


@pytest.mark.slow
def test_failed_trials_run_again_with_the_same_command_when_the_fault_is_mended(toy_folder: Path) -> None:
    path = write_claim(toy_folder, arm='settings.behave = "kill once"\nsettings.marker = "../../../at/all"')
    assert run(path)[0].kind == "not-run"
    (toy_folder / "at").mkdir()
    known = outcomes_so_far(load_claim(path).resolved, Ledger(toy_folder / "ledger"))
    assert sum(outcome.failure is None for outcome in known.values()) == 4
    verdict, recorder = run(path)
    assert verdict.kind == "gain"
    assert {trial.arm for trial, _, _ in recorder.trials} == {"on"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behave", "title"), [("diverge", "regression"), ("nan", "regression"), ("undefined", "not-run")]
)
def test_divergence_is_a_result_and_an_undefined_metric_is_missing(toy_folder: Path, behave: str, title: str) -> None:
    verdict, recorder = run(write_claim(toy_folder, arm=f'settings.behave = "{behave}"'))
    assert verdict.kind == title
    assert not any(retry for _, _, retry in recorder.trials)
    told = [text for text in recorder.messages if "'on' has no score in its first 2 trials" in text]
    assert len(told) == (behave == "undefined")


@pytest.mark.slow
def test_a_trial_past_its_limit_is_a_timeout_not_a_verdict(toy_folder: Path) -> None:
    more = "[limits]\nseconds = 1.0"
    path = write_claim(toy_folder, arm='settings.behave = "sleep"', seeds="[0, 1]", more=more)
    assert run(path)[0].title == "not-run (timeout)"


@pytest.mark.slow
def test_a_changed_claim_with_results_is_refused_with_the_field_named_and_can_be_entered_as_amendment(
    toy_folder: Path,
) -> None:
    run(write_claim(toy_folder))
    path = write_claim(toy_folder, seeds="[0, 1, 2, 3, 4]")
    with pytest.raises(ClaimError, match=r"rungs.0.seeds: \[0, 1, 2, 3\] became \[0, 1, 2, 3, 4\]"):
        run(path)
    _, recorder = run(path, amend=True)
    assert {trial.seed for trial, _, _ in recorder.trials} == {4}
    record = Ledger(toy_folder / "ledger").claims("c")[-1]
    assert record.amends
    assert "seeds" in record.changes[0]


def test_changed_recipe_code_makes_a_new_claim(toy_folder: Path) -> None:
    path = write_claim(toy_folder)
    before = load_claim(path).resolved
    sys.modules.pop("toy", None)
    (toy_folder / "toy.py").write_text((toy_folder / "toy.py").read_text() + "\n# changed\n")
    assert load_claim(path).resolved.hash != before.hash
    sys.modules.pop("toy", None)


def test_a_recipe_that_cannot_be_imported_is_named_with_its_line(toy_folder: Path) -> None:
    path = write_claim(toy_folder)
    path.write_text(path.read_text().replace("toy:run", "no_such_module:run"))
    with pytest.raises(ClaimError, match=r"c.toml:2 \(recipe\).*no module 'no_such_module'"):
        load_claim(path)
    path.write_text(path.read_text().replace("no_such_module:run", "toy:missing"))
    with pytest.raises(ClaimError, match="has no callable 'missing'"):
        load_claim(path)


HEARING = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL);"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
"""What runs in the background may ignore an interrupt, and so would its children."""


def start(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HEARING, "-m", "evenhand", "run", path.name, "--ledger", "ledger", "--jobs", "2"]
    return subprocess.Popen(command, cwd=path.parent, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def wait_for_outcomes(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if len(Ledger(folder, create=False).outcomes()) >= count:
            return
        time.sleep(0.05)
    raise AssertionError("the claim does not get on")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_run_goes_on_where_it_was_and_loses_only_what_was_running(toy_folder: Path, number: int) -> None:
    path = write_claim(toy_folder, settings="pause = 0.05")
    process = start(path)
    wait_for_outcomes(toy_folder / "ledger", 3)
    process.send_signal(number)
    process.communicate(timeout=60)
    if number == signal.SIGINT:
        assert process.returncode == 130
    done = {r.trial.id for r in Ledger(toy_folder / "ledger").outcomes()}
    verdict, recorder = run(path)
    assert verdict.kind == "gain"
    assert not done & {trial.id for trial, _, _ in recorder.trials}
    assert Ledger(toy_folder / "ledger").verify().faults == ()


@pytest.mark.slow
def test_an_interrupted_run_decides_as_an_uninterrupted_one(toy_folder: Path) -> None:
    path = write_claim(toy_folder)
    calm, _ = run(path)
    ledger = Ledger(toy_folder / "other")
    loaded = load_claim(path)

    class Impatient(Recorder):
        def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
            super().finished(trial, outcome, execution, retry)
            if len(self.trials) == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_claim(loaded, ledger, jobs=2, observer=Impatient())
    assert run_claim(loaded, ledger, jobs=2).verdicts[0] == calm


@pytest.mark.slow
def test_two_runs_of_one_claim_at_once_are_told_apart_and_the_first_goes_on(toy_folder: Path) -> None:
    path = write_claim(toy_folder, settings="pause = 0.1")
    process = start(path)
    try:
        wait_for_outcomes(toy_folder / "ledger", 1)
        with pytest.raises(LedgerError, match=f"in use by process {process.pid}"):
            run(path)
    finally:
        assert process.communicate(timeout=90)[0]
    assert process.returncode == 0
    assert Ledger(toy_folder / "ledger").verify().faults == ()


@pytest.mark.slow
def test_a_finished_outcome_that_was_not_recorded_is_taken_up(toy_folder: Path) -> None:
    path = write_claim(toy_folder)
    loaded = load_claim(path)
    run(path)
    (toy_folder / "ledger").rename(toy_folder / "first")
    first = Ledger(toy_folder / "first")
    trial = next(iter(loaded.resolved.trials(loaded.resolved.claim.rungs[0])))
    from evenhand.execution import outcome_file

    folder = Ledger(toy_folder / "ledger").workdir(trial.id)
    folder.mkdir(parents=True)
    files.write_text(folder / "outcome.json", outcome_file.to_json(first.latest([trial.id])[trial.id].outcome))
    _, recorder = run(path)
    assert trial.id not in {t.id for t, _, _ in recorder.trials}
    assert len(recorder.trials) == 7


def named(folder: Path, name: str, after: str) -> LoadedClaim:
    path = write_claim(folder, name=name)
    path.write_text(f"after = [{after}]\n" + path.read_text())
    return load_claim(path)


def test_claims_queue_behind_each_other(toy_folder: Path) -> None:
    one, two = named(toy_folder, "one", '"two"'), named(toy_folder, "two", "")
    assert [c.resolved.name for c in queue([one, two], lambda name: False)] == ["two", "one"]
    assert [c.resolved.name for c in queue([one], lambda name: True)] == ["one"]
    with pytest.raises(ClaimError, match=r"one.toml:1 \(after\): 'two' is not finished"):
        queue([one], lambda name: False)
    circle = named(toy_folder, "two", '"one"')
    with pytest.raises(ClaimError, match="waits in a circle"):
        queue([one, circle], lambda name: False)


@pytest.mark.slow
def test_a_live_run_tells_progress_and_the_running_contrast(toy_folder: Path) -> None:
    _, recorder = run(write_claim(toy_folder, settings="pause = 0.1"))
    assert any(run.values.get("loss") for tick in recorder.ticks for run in tick.running)
    assert any(c.estimate is not None for tick in recorder.ticks for c in tick.contrasts)
    lefts = [tick.seconds_left for tick in recorder.ticks if tick.seconds_left is not None]
    assert lefts[0] > 0
    assert lefts[-1] == 0


@pytest.mark.slow
def test_a_run_leaves_no_process_behind(toy_folder: Path) -> None:
    path = write_claim(toy_folder, settings="pause = 5.0")
    process = start(path)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list((toy_folder / "ledger").glob("work/*/log.txt")):
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    time.sleep(1.0)
    here = str(toy_folder)
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        try:
            assert not str(entry.readlink()).startswith(here), entry
        except (OSError, PermissionError):
            continue


@pytest.mark.slow
def test_progress_counts_every_trial_once_with_two_jobs_and_planned_looks(toy_folder: Path) -> None:
    out = io.StringIO()
    loaded = load_claim(write_claim(toy_folder, arm="settings.noise = 0.6", more="looks = [2, 4]"))
    with PlainObserver(loaded.resolved, Console(file=out, width=200)) as observer:
        run_claim(loaded, Ledger(toy_folder / ".evenhand"), jobs=2, observer=observer)
    counts = [line.partition("]")[0] for line in out.getvalue().splitlines() if line.startswith("[")]
    assert counts == [f"[{i + 1}/8" for i in range(len(counts))]
    assert len(counts) > 4


@pytest.mark.slow
def test_a_variant_that_is_given_up_is_not_run_again_while_the_others_go_on(toy_folder: Path) -> None:
    bad = '[[arm]]\nname = "bad"\nrole = "variant"\nsettings = { effect = -0.3, noise = 0.0 }'
    more = f"looks = {{ at = [3, 6], futility = 0.9, drop = true }}\n{bad}"
    path = write_claim(toy_folder, arm="settings.noise = -0.3", seeds="[0, 1, 2, 3, 4, 5]", more=more)
    _, first = run(path)
    assert Counter(trial.arm for trial, _, _ in first.trials) == {"off": 6, "on": 6, "bad": 3}
    assert sum("'bad': given up after 3 seeds" in message for message in first.messages) == 1
    assert first.ticks[-1].total == 15
    _, second = run(path)
    assert second.trials == []

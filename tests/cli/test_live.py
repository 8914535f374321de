"""What a person sees while a claim runs."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from evenhand.cli.live import LiveObserver, PlainObserver, Screen, TryObserver
from evenhand.decisions.decide import running_contrasts
from evenhand.decisions.progress import progress
from evenhand.recipes.outcome import Execution
from evenhand.running.lines import duration, sparkline
from evenhand.running.observer import RunningTrial, Tick
from evenhand.testing.worlds import claim_of, outcomes_of


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (190, "3 min 10 s"), (7500, "2 h 05 min"), (None, "unknown")],
)
def test_durations_read_as_people_say_them(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_a_sparkline_runs_from_the_least_to_the_largest_value() -> None:
    assert sparkline([3.0, 2.0, 1.0]) == "█▄▁"
    assert sparkline([1.0, 1.0]) == "▁▁"
    assert sparkline([1.0]) == ""
    assert len(sparkline([float(i) for i in range(100)])) == 16


def tick_of() -> tuple[Tick, LiveObserver, io.StringIO]:
    claim = claim_of()
    outcomes = outcomes_of(claim, change=lambda t, o: o if (t.seed or 0) < 3 else None)
    stand = progress(claim, outcomes)
    running = [RunningTrial(trial, 5.0, 4.0, {"loss": 0.5}) for trial in stand.pending[:2]]
    out = io.StringIO()
    observer = LiveObserver(claim, Console(file=out, width=60, force_terminal=True, color_system=None))
    contrasts = running_contrasts(claim, stand, outcomes)
    return Tick(stand, 12, running, outcomes, 10.0, 2, contrasts, done=6), observer, out


def test_the_live_view_shows_every_running_trial_the_time_left_and_the_running_contrast() -> None:
    tick, observer, out = tick_of()
    for part in observer._view(tick):
        observer.console.print(part)
    text = out.getvalue()
    assert "6 of 12 trials · 25 s left" in text
    assert "off · default · confirm · seed 3" in text
    assert "on · default · confirm · seed 3" in text
    assert "seeds so far" in text
    assert max(map(len, text.splitlines())) <= 60


def test_plain_lines_tell_each_trial_and_once_the_time_left() -> None:
    tick, _, _ = tick_of()
    out = io.StringIO()
    observer = PlainObserver(claim_of(), Console(file=out, width=60))
    trial = tick.progress.pending[0]
    for _ in range(2):
        observer.tick(tick)
        observer.finished(trial, next(iter(tick.outcomes.values())), Execution(seconds=3.0), False)
    lines = out.getvalue().splitlines()
    assert [line for line in lines if "left at this rung" in line] == [
        "about 25 s left at this rung, after the first trial"
    ]
    assert lines[1].startswith("[7/12] off · default · confirm · seed 3: score 0.")


def test_trials_that_end_together_are_counted_one_by_one_and_a_retry_is_not() -> None:
    tick, _, _ = tick_of()
    out = io.StringIO()
    observer = PlainObserver(claim_of(), Console(file=out, width=60))
    outcome = next(iter(tick.outcomes.values()))
    observer.tick(tick)
    for trial, retry in zip(tick.progress.pending, (False, True, False), strict=False):
        observer.finished(trial, outcome, Execution(seconds=3.0), retry)
    observer.tick(replace(tick, done=8))
    observer.finished(tick.progress.pending[3], outcome, Execution(seconds=3.0), False)
    counts = [line.partition("]")[0] for line in out.getvalue().splitlines() if line.startswith("[")]
    assert counts == ["[7/12", "[7/12", "[8/12", "[9/12"]


def test_trials_that_are_left_out_are_told_beside_the_count_and_not_counted() -> None:
    tick, live, _ = tick_of()
    out = io.StringIO()
    observer = PlainObserver(claim_of(), Console(file=out, width=60))
    tick = replace(tick, left_out=4)
    observer.tick(tick)
    observer.finished(tick.progress.pending[0], next(iter(tick.outcomes.values())), Execution(seconds=3.0), False)
    assert "[7/12, 4 left out] off" in out.getvalue()
    head, _, *_ = live._view(tick)
    assert "6 of 12 trials, 4 left out" in str(head)


@pytest.mark.parametrize("terminal", [True, False])
def test_claims_that_run_together_are_told_apart_and_one_that_has_ended_makes_room(terminal: bool) -> None:
    tick, _, _ = tick_of()
    claims = [
        replace(claim, claim=claim.claim.model_copy(update={"name": name})) for name in "ab" for claim in [claim_of()]
    ]
    out = io.StringIO()
    screen = Screen(claims, Console(file=out, width=90, force_terminal=terminal, color_system=None))
    with screen:
        for name, observer in screen.observers.items():
            observer.tick(tick)
            observer.message(f"something of {name}")
        with screen.paused("a"):
            out.write("the verdict of a\n")
        screen.observers["b"].tick(tick)
    text = out.getvalue()
    assert "a: something of a" in text
    assert "b: something of b" in text
    after = text.partition("the verdict of a")[2]
    assert "a · rung" not in after
    assert ("b · rung" in after) is terminal


def test_what_trials_wait_for_is_told_with_its_share() -> None:
    tick, live, out = tick_of()
    run = replace(tick.running[0], doing="teaching a stand-in", share=0.4)
    waiting = replace(tick, running=[run])
    live.console.print(live._trials(waiting))
    assert "40%" in out.getvalue()
    assert "teaching a stand-in" in out.getvalue()
    lines = io.StringIO()
    plain = PlainObserver(claim_of(), Console(file=lines, width=90))
    plain.tick(waiting)
    plain.tick(waiting)
    assert lines.getvalue().count("teaching a stand-in, 40%") == 1


def test_an_exploratory_trial_tells_what_it_prepares_and_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 100, 3))
    monkeypatch.setattr("evenhand.cli.live.time.monotonic", lambda: next(clock))
    tick, _, _ = tick_of()
    lines = io.StringIO()
    observer = TryObserver(Console(file=lines, width=90))
    prepares = replace(tick.running[0], doing="teaching a stand-in", share=0.4)
    for run in (prepares, prepares, replace(prepares, share=0.9), tick.running[0], tick.running[0]):
        observer.progressed(run)
    told = lines.getvalue().splitlines()
    assert told[:2] == ["teaching a stand-in, 40%  loss 0.5", "teaching a stand-in, 90%  loss 0.5"]
    assert len(told) == 3
    assert f"of {tick.running[0].trial.amount:,.12g} {tick.running[0].trial.unit}" in told[2]

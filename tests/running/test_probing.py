"""What fits is found by trying, for all arms alike, outside the budget; it is kept, shown, and changes no loss."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evenhand.claims.load import LoadedClaim, load_claim
from evenhand.errors import ClaimError, RecipeError
from evenhand.execution.resources import Capacity, Node, Resources
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Failure, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.observer import Observer
from evenhand.running.plan import plan_of
from evenhand.running.probing import ProbeResult, largest, micro_batch, sharing, sizes
from evenhand.running.run import run_claim
from evenhand.testing.slots import SimulatedSlots

HUNGRY = '''
"""A recipe that takes MIB for each row that it puts through at once."""
import numpy as np
from evenhand.recipes.contract import Bench, Metric, RecipeSettings, recipe


class Settings(RecipeSettings):
    batch: int = 24
    mib: int = 30
    breaks: bool = False


@recipe(metrics={"score": Metric()}, units=("steps",), version=1, micro_batch=lambda settings: settings["batch"])
def run(settings: Settings, bench: Bench):
    while bench.budget.left > 0:
        if settings.breaks and bench.probing:
            raise ValueError("a fault that only a probe meets")
        rows = min(settings.batch, bench.micro_batch or settings.batch)
        held = np.ones((rows, settings.mib << 17))
        bench.budget.spend(steps=1)
        del held
    bench.items("score", [str(i) for i in range(8)], bench.rng("x").random(8).tolist())
    return {}
'''

CLAIM = """
recipe = "hungry:run"
[metric]
name = "score"
margin = 0.05
[[arm]]
name = "off"
role = "baseline"
[[arm]]
name = "on"
role = "variant"
settings.mib = 60
[[rung]]
name = "confirm"
budget = 50
seeds = [0, 1]
[limits]
{limits}
"""


class Told(Observer):
    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hungry.py").write_text(HUNGRY)
    return tmp_path


def claim(folder: Path, limits: str = 'micro_batch = "probe"\nmemory_gib = 1.0', change: str = "") -> LoadedClaim:
    text = CLAIM.format(limits=limits)
    (folder / "c.toml").write_text(text.replace("settings.mib = 60", f"settings.mib = 60\n{change}"))
    return load_claim(folder / "c.toml")


def roomy(most: dict[str, int]) -> tuple[SimulatedSlots, list[tuple[str, int]]]:
    """An executor in which so many rows of each arm fit, and what was tried on it."""
    tried: list[tuple[str, int]] = []

    def outcome(trial: Trial) -> Outcome:
        job = slots.jobs_seen[-1]
        assert job.probing
        assert job.micro_batch is not None
        tried.append((trial.arm, job.micro_batch))
        return (
            Outcome() if job.micro_batch <= most[trial.arm] else Outcome(failure=Failure("resource", "memory ran out"))
        )

    class Slots(SimulatedSlots):
        jobs_seen: list[Any] = []  # noqa: RUF012

        def start(self, key: str, job: Any, attempt: int, limit_seconds: float | None) -> None:
            self.jobs_seen.append(job)
            super().start(key, job, attempt, limit_seconds)

    slots = Slots(outcome, 2)
    return slots, tried


def test_sizes_are_powers_of_two_what_lies_half_way_between_them_and_the_batch() -> None:
    assert sizes(24) == [1, 2, 3, 4, 6, 8, 12, 16, 24]
    assert sizes(1) == [1]
    assert sizes(7) == [1, 2, 3, 4, 6, 7]


@pytest.mark.parametrize("most", range(30))
def test_the_largest_size_that_fits_is_found_in_a_few_tries(most: int) -> None:
    tried: list[int] = []
    found = largest(24, lambda size: not tried.append(size) and size <= most)  # type: ignore[func-returns-value]
    assert found == max([size for size in sizes(24) if size <= most], default=0)
    assert len(tried) <= 5


@pytest.mark.parametrize(
    ("most", "rows"), [({"off": 99, "on": 99}, 24), ({"off": 12, "on": 7}, 6), ({"off": 5, "on": 99}, 4)]
)
def test_the_smallest_over_the_arms_counts_and_is_kept_for_the_next_run(
    folder: Path, most: dict[str, int], rows: int
) -> None:
    slots, tried = roomy(most)
    loaded, told = claim(folder), Told()
    with Ledger(folder / "ledger") as ledger:
        assert micro_batch(loaded, ledger, slots, told) == rows
        count = len(tried)
        assert micro_batch(loaded, ledger, slots, Told()) == rows
        assert len(tried) == count
        assert ledger.outcomes() == []
    assert told.messages[-1] == ProbeResult(rows, 24).words()
    counts = [re.search(r"\(try (\d+) of (\d+) at most\)$", line) for line in told.messages[1:-1]]
    assert [int(one[1]) for one in counts if one] == list(range(1, count + 1))
    assert all(one and int(one[1]) <= int(one[2]) for one in counts)
    assert all(size <= most["off"] for arm, size in tried if arm == "on")  # no further than what fitted before it


def test_a_plan_tells_what_was_found_on_this_kind_of_machine_and_that_nothing_was(folder: Path) -> None:
    slots, _ = roomy({"off": 12, "on": 7})
    loaded = claim(folder)
    with Ledger(folder / "ledger") as ledger:
        assert plan_of(loaded, ledger).micro_batch == (
            "micro-batch: not tried yet on this kind of machine; a run tries before its first trial",
        )
        micro_batch(loaded, ledger, slots, Told())
        (told,) = plan_of(loaded, ledger).micro_batch
        assert told.startswith(f"{ProbeResult(6, 24).words()} (found before on this kind of machine, ")
        other = claim(folder, limits='memory_gib = 2\nmicro_batch = "probe"')
        assert "not tried yet" in plan_of(other, ledger).micro_batch[0]
        assert plan_of(claim(folder, limits="micro_batch = 4"), ledger).micro_batch == ()


def test_another_limit_of_memory_is_tried_anew(folder: Path) -> None:
    slots, tried = roomy({"off": 99, "on": 99})
    with Ledger(folder / "ledger") as ledger:
        for gib in ("1.0", "2.0", "1.0"):
            micro_batch(claim(folder, f'micro_batch = "probe"\nmemory_gib = {gib}'), ledger, slots, Told())
    assert len(tried) == 4


@pytest.mark.parametrize(
    ("limits", "change", "message"),
    [
        ('micro_batch = "probe"', "", r"\(limits.micro_batch\).*needs `memory_gib`"),
        ('micro_batch = "probe"\nmemory_gib = 1.0', "settings.batch = 1", "not even one row fits for 'on'"),
    ],
)
def test_what_cannot_be_tried_is_refused_with_its_line(folder: Path, limits: str, change: str, message: str) -> None:
    slots, _ = roomy({"off": 99, "on": 0})
    with Ledger(folder / "ledger") as ledger, pytest.raises(ClaimError, match=message):
        micro_batch(claim(folder, limits, change), ledger, slots, Told())


@pytest.mark.parametrize("wrong", ["micro_batch = 0", 'micro_batch = "most"', "micro_batch = 1.5"])
def test_a_micro_batch_is_a_number_of_rows_or_the_word_probe(folder: Path, wrong: str) -> None:
    with pytest.raises(ClaimError, match="micro_batch"):
        claim(folder, wrong)


def test_recipes_and_settings_that_cannot_be_split_are_refused(folder: Path) -> None:
    def contrastive(settings: Any) -> int:
        raise RecipeError("its loss compares the rows with each other")

    loaded, (slots, _) = claim(folder), roomy({})
    for rows, message in ((None, "cannot split its batch"), (contrastive, "compares the rows")):
        info = replace(loaded.recipe.info, micro_batch=rows)
        other = replace(loaded, recipe=replace(loaded.recipe, info=info))
        with Ledger(folder / "ledger") as ledger, pytest.raises(ClaimError, match=message):
            micro_batch(other, ledger, slots, Told())


def test_a_micro_batch_is_no_part_of_the_question(folder: Path) -> None:
    assert claim(folder).resolved.hash == claim(folder, "micro_batch = 2").resolved.hash


@pytest.mark.parametrize(
    ("jobs", "gpus", "asked", "count"),
    [(4, 0, None, 4), (4, 2, None, 2), (2, 2, None, 1), (3, 2, None, 2), (4, 0, 1, 1), (4, 2, 1, 2)],
)
def test_trials_that_will_share_a_gpu_are_tried_with_their_share_of_it(
    jobs: int, gpus: int, asked: int | None, count: int
) -> None:
    slots = SimulatedSlots(lambda trial: Outcome(), jobs)
    slots.capacity = lambda: Capacity((Node("here", 4, gpus),))  # type: ignore[method-assign]
    assert sharing(slots, Resources(gpus=asked)) == count


def elsewhere(slots: SimulatedSlots, place: str, gpus: int) -> SimulatedSlots:
    slots.elsewhere = place
    nodes = (Node("n1", 8, gpus, 64.0),)
    slots.capacity = lambda: Capacity(nodes, default=Resources(gpus=gpus))  # type: ignore[method-assign]
    return slots


def test_what_fits_elsewhere_is_tried_there_and_kept_for_that_place_alone(folder: Path) -> None:
    """The machine that drives has no GPU and needs none."""
    loaded = claim(folder, 'micro_batch = "probe"')
    here, tried_here = roomy({"off": 99, "on": 99})
    with Ledger(folder / "ledger") as ledger:
        for place, most, rows in (("Slurm, partition a", 12, 12), ("Slurm, partition b", 6, 6)):
            slots, tried = roomy({"off": most, "on": most})
            for _ in range(2):
                assert micro_batch(loaded, ledger, elsewhere(slots, place, gpus=1), Told()) == rows
            assert len(tried) <= 6
            assert {job.sharing for job in slots.jobs_seen} == {1}  # type: ignore[attr-defined]
            slots.jobs_seen.clear()  # type: ignore[attr-defined]
        assert [line.partition(" (")[2] for line in sorted(plan_of(loaded, ledger).micro_batch)] == [
            "found before on Slurm, partition a, nodes with 8 cores, 1 GPU, 1 thread a trial)",
            "found before on Slurm, partition b, nodes with 8 cores, 1 GPU, 1 thread a trial)",
        ]
        with pytest.raises(ClaimError, match="needs `memory_gib`"):
            micro_batch(loaded, ledger, elsewhere(here, "Slurm, partition c", gpus=0), Told())
        assert micro_batch(claim(folder), ledger, roomy({"off": 99, "on": 99})[0], Told()) == 24
    assert not tried_here


def test_a_try_whose_node_is_lost_is_made_again(folder: Path) -> None:
    slots, tried = roomy({"off": 99, "on": 99})
    told = iter([Outcome(failure=Failure("infrastructure", "its node was lost"))])
    inner = slots._outcome_of
    slots._outcome_of = lambda trial: next(told, None) or inner(trial)
    with Ledger(folder / "ledger") as ledger:
        assert micro_batch(claim(folder), ledger, slots, Told()) == 24
        slots._outcome_of = lambda trial: Outcome(failure=Failure("infrastructure", "the network is down"))
        with pytest.raises(ClaimError, match="the network is down"):
            micro_batch(claim(folder, 'micro_batch = "probe"\nmemory_gib = 3'), ledger, slots, Told())
    assert len(tried) == 2


@pytest.mark.slow  # real processes under a real limit of memory
def test_resident_memory_under_a_limit_decides_and_the_claim_runs_with_what_was_found(folder: Path) -> None:
    """24 rows of 60 MiB do not fit into 1 GiB, 12 do: the arm with the larger rows decides for both."""
    told = Told()
    with Ledger(folder / "ledger") as ledger:
        run_claim(claim(folder), ledger, jobs=2, observer=told)
        found = ledger.outcomes()
    assert len(found) == 4
    assert {record.outcome.notes["micro-batch"] for record in found} == {"at most 12 rows at once"}
    assert all(record.outcome.failure is None and record.outcome.spent["steps"] == 50 for record in found)
    assert "micro-batch: 12 of 24 rows of a step at once, for every arm alike" in told.messages
    assert list((folder / "ledger" / "work").iterdir()) == []


@pytest.mark.slow
def test_a_try_that_fails_for_another_reason_says_so(folder: Path) -> None:
    with Ledger(folder / "ledger") as ledger, pytest.raises(ClaimError, match="a fault that only a probe meets"):
        run_claim(claim(folder, change="settings.breaks = true"), ledger, jobs=1)

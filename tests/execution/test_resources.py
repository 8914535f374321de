"""What trials ask for: put together, given out, refused early where no node has it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from evenhand.claims.load import load_claim
from evenhand.execution.local.room import Room
from evenhand.execution.local.slots import LocalSlots
from evenhand.execution.places import executor_of
from evenhand.execution.profiles import Profile
from evenhand.execution.resources import Capacity, Node, Resources
from evenhand.execution.worker import Job
from evenhand.recipes.trial import ItemSet, Trial
from evenhand.running.fitting import resources_of
from tests.running.test_run import write_claim

ANSWER = """
import os
from evenhand.recipes.contract import Bench, Metric, RecipeSettings, recipe


class Settings(RecipeSettings):
    asked: int = 0


@recipe(metrics={"score": Metric()}, units=("steps",), version=1)
def run(settings: Settings, bench: Bench) -> dict[str, float]:
    bench.note("sees", os.environ.get("CUDA_VISIBLE_DEVICES", "what there is"))
    bench.note("threads", str(bench.threads))
    return {"score": 1.0}
"""


def job(folder: Path, number: int, **asked: float) -> Job:
    trial = Trial("c", "a", "d", "r", number, "answer:run", "version 1", {"asked": 0}, "steps", 1, ItemSet("r"))
    places = (str(folder), str(folder / "work" / str(number)), str(folder / "assets"))
    return Job(trial, *places, threads=1, resources=Resources(**asked))  # type: ignore[arg-type]


def test_what_a_trial_asks_for_itself_goes_before_what_its_claim_and_its_profile_ask_for() -> None:
    profile = Resources(cpus=4, minutes=60)
    assert Resources(gpus=0).over(Resources(gpus=2, memory_gib=8)).over(profile) == Resources(4, 0, 8, 60)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (Resources(cpus=9, gpus=1), "big with 8 cores, 2 GPUs, 64 GiB"),
        (Resources(gpus=3), "asks for 3 GPUs"),
        (Resources(memory_gib=65), "asks for 65 GiB"),
        (Resources(cpus=8, gpus=2, memory_gib=64), ""),
        (Resources(), ""),
        (Resources(cpus=64, gpus=0), ""),
    ],
)
def test_what_no_node_has_is_refused_with_the_largest_node_named(asked: Resources, named: str) -> None:
    nodes = (Node("big", 8, 2, 64.0), Node("many", 64, 0, 32.0))
    told = Capacity(nodes).refusal([Resources(cpus=1), asked])
    assert named in told
    assert bool(told) == bool(named)


def test_a_place_that_does_not_tell_what_it_has_refuses_nothing() -> None:
    assert Capacity().refusal([Resources(cpus=10**6)]) == ""


def test_each_gpu_is_given_to_one_trial_and_to_as_many_as_were_asked_for() -> None:
    one = Room(gpus=("0", "1"))
    assert one.jobs == one.free == 2
    held = [one.take(Resources()), one.take(Resources())]
    assert [h and h.environment["CUDA_VISIBLE_DEVICES"] for h in held] == ["0", "1"]
    assert one.free == 0
    assert one.take(Resources()) is None
    two = Room(gpus=("0", "1"), per_gpu=2)
    given = [two.take(Resources()) for _ in range(4)]
    assert sorted(h.environment["CUDA_VISIBLE_DEVICES"] for h in given if h) == ["0", "0", "1", "1"]
    assert two.take(Resources()) is None


def test_a_trial_that_asks_for_more_waits_until_it_is_free_and_one_that_asks_for_no_gpu_sees_none() -> None:
    room = Room(gpus=("a", "b", "c"))
    first = room.take(Resources(gpus=2))
    assert first is not None
    assert first.environment == {"CUDA_VISIBLE_DEVICES": "a,b"}
    assert room.take(Resources(gpus=2)) is None
    none = room.take(Resources(gpus=0))
    assert none is not None
    assert none.environment == {"CUDA_VISIBLE_DEVICES": ""}
    room.give_back(first)
    assert room.take(Resources(gpus=2)) is not None


@pytest.mark.parametrize(
    ("room", "count"),
    [
        (Room(jobs=4), 4),
        (Room(gpus=("0", "1"), per_gpu=3), 3),
        (Room(jobs=2, gpus=("0", "1"), per_gpu=3), 2),
        (Room(jobs=8, gpus=("0",), default=Resources(gpus=0)), 8),
    ],
)
def test_a_room_tells_how_many_trials_are_on_one_gpu_at_once(room: Room, count: int) -> None:
    assert room.sharing == count


def test_cores_and_memory_are_counted_against_what_the_machine_has() -> None:
    room = Room(jobs=4)
    room.threads, room.memory_gib = 1, 10.0
    assert room.take(Resources(memory_gib=8)) is not None
    assert room.take(Resources(memory_gib=4)) is None
    wide = room.take(Resources(cpus=3))
    assert wide is not None
    assert (wide.slots, wide.threads, wide.devices) == (3, 3, None)
    assert room.free == 0


@pytest.mark.slow
def test_each_trial_sees_its_own_device_alone(tmp_path: Path) -> None:
    (tmp_path / "answer.py").write_text(ANSWER)
    with LocalSlots(["answer:run"], tmp_path, room=Room(gpus=("0", "1"))) as slots:
        asked = [{}, {}, {"gpus": 2}, {"gpus": 0, "cpus": 1}]
        for number, one in enumerate(asked):
            slots.start(str(number), job(tmp_path, number, **one), 1, None)
        found, deadline = {}, time.monotonic() + 60
        while len(found) < len(asked):
            assert time.monotonic() < deadline
            found |= {one.key: one.outcome.notes["sees"] for one in slots.wait(0.1)}
    assert sorted([found["0"], found["1"]]) == ["0", "1"]
    assert (found["2"], found["3"]) == ("0,1", "")


@pytest.mark.slow
def test_what_a_profile_says_for_trials_that_ask_for_nothing_holds_on_this_machine_too(tmp_path: Path) -> None:
    (tmp_path / "answer.py").write_text(ANSWER)
    profile = Profile(devices=("0", "1", "2"), gpus=2, cpus=1)
    executor = executor_of(profile, {tmp_path: ["answer:run"]}, tmp_path / "ledger")
    assert executor.capacity().default == profile.resources
    assert "asks for 1 core, 4 GPUs" in executor.capacity().refusal([Resources(gpus=4)])
    with executor:
        asked: list[dict[str, float]] = [{}, {"gpus": 1}]
        for number, one in enumerate(asked):
            executor.start(str(number), job(tmp_path, number, **one), 1, None)
        found, deadline = {}, time.monotonic() + 60
        while len(found) < len(asked):
            assert time.monotonic() < deadline
            found |= {one.key: one.outcome.notes for one in executor.wait(0.1)}
    assert (found["0"]["sees"], found["1"]["sees"]) == ("0,1", "2")
    assert found["0"]["threads"] == "1"


def test_what_a_claim_asks_of_the_machine_changes_neither_the_claim_nor_its_trials(toy_folder: Path) -> None:
    plain = load_claim(write_claim(toy_folder)).resolved
    path = write_claim(toy_folder)
    text = path.read_text().replace('name = "on"\n', 'name = "on"\nresources = { gpus = 1 }\n')
    path.write_text(text + "\n[resources]\ncpus = 4\nmemory_gib = 1.5\n")
    asking = load_claim(path).resolved
    assert asking.hash == plain.hash
    rung = plain.claim.rungs[0]
    assert [t.id for t in asking.trials(rung)] == [t.id for t in plain.trials(rung)]
    assert resources_of(asking.claim, "on") == Resources(4, 1, 1.5)
    assert resources_of(asking.claim, "off") == Resources(4, None, 1.5)

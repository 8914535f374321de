"""Trials run side by side where they have room: one on each GPU that they would take, else on the cores."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import evenhand as eh
from evenhand.claims.load import LoadedClaim, load_claim
from evenhand.cli.output import plan_document, print_plan
from evenhand.cli.places import chosen_place
from evenhand.errors import ClaimError, SettingsError
from evenhand.execution import machine
from evenhand.execution.local.room import Room
from evenhand.execution.places import room_of
from evenhand.execution.profiles import Profile
from evenhand.execution.resources import Resources
from evenhand.ledger import Ledger
from evenhand.recipes import gpus
from evenhand.recipes.contract import Memory
from evenhand.running import fitting, run, slots
from evenhand.running.enter import check_machine
from evenhand.running.plan import plan_lines, plan_of
from evenhand.running.run import run_claims
from evenhand.running.slots import side_by_side
from tests.app import evenhand
from tests.recipes.test_gpus import made
from tests.running.test_run import Recorder, write_claim

CARD = ("a card", 80_000_000_000, (8, 0))
Driver = Callable[..., None]


@pytest.fixture
def loaded(toy_folder: Path, monkeypatch: pytest.MonkeyPatch) -> LoadedClaim:
    """A claim whose recipe may use a GPU, on a machine with 16 cores and a torch for GPUs."""
    monkeypatch.setattr(slots, "cores", lambda: 16)
    monkeypatch.setattr(fitting, "why_torch_has_no_cuda", lambda: "")
    return load_claim(write_claim(toy_folder))


def declared(loaded: LoadedClaim, **declares: Any) -> LoadedClaim:
    info = replace(loaded.recipe.info, **declares)
    return replace(loaded, recipe=replace(loaded.recipe, info=info))


@pytest.mark.parametrize(
    ("cards", "asked", "room", "words"),
    [
        (1, {}, (1, ("0",), 1), "1 GPU: one trial at a time; -j N for more"),
        (2, {}, (2, ("0", "1"), 1), "2 GPUs: 2 trials at a time, each on one of them; -j N for more"),
        (1, {"jobs": 4}, (4, ("0",), 4), "1 GPU: 4 trials at a time"),
        (2, {"jobs": 3}, (3, ("0", "1"), 2), "2 GPUs: 3 trials at a time, each on one of them"),
        (2, {"jobs": 1}, (1, ("0", "1"), 1), "2 GPUs: one trial at a time, on all"),
        (2, {"jobs": 1, "gpus": 1}, (1, ("0", "1"), 1), "2 GPUs: one trial at a time, on one of them"),
        (4, {"gpus": 2}, (4, ("0", "1", "2", "3"), 1), "4 GPUs: 2 trials at a time, each on 2 of them"),
        (2, {"per_gpu": 2}, (4, ("0", "1"), 2), "2 GPUs: 4 trials at a time, each on one of them"),
        (2, {"devices": ("1",)}, (1, ("1",), 1), "1 GPU: one trial at a time; --per-gpu N for more"),
        (0, {}, (machine.cores(), (), 1), ""),
        (2, {"executor": "slurm"}, (machine.cores(), (), 1), ""),
    ],
)
def test_one_trial_runs_on_each_gpu_unless_something_else_is_asked_for(
    loaded: LoadedClaim, driver: Driver, cards: int, asked: dict[str, Any], room: tuple[int, Any, int], words: str
) -> None:
    driver(*[CARD] * cards)
    profile, told = side_by_side(Profile(**asked), [loaded])
    found = room_of(profile)
    assert ((found.jobs, found.gpus, found.per_gpu), told) == (room, words)


def test_of_the_gpus_those_that_cuda_visible_devices_names_are_given(
    loaded: LoadedClaim, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    driver(CARD)
    held = room_of(side_by_side(Profile(), [loaded])[0]).take(Resources())
    assert held is not None
    assert held.environment == {"CUDA_VISIBLE_DEVICES": "3"}


def test_a_claim_that_asks_for_a_gpu_gets_one_that_nobody_has_named(loaded: LoadedClaim, driver: Driver) -> None:
    for cards, refused in (([CARD], False), ([], True)):
        driver(*cards)
        room = room_of(side_by_side(Profile(), [loaded])[0])
        assert bool(room.capacity().refusal([Resources(gpus=1)])) == refused


def test_a_single_trial_at_a_time_sees_all_gpus_unless_it_asks_for_fewer(loaded: LoadedClaim, driver: Driver) -> None:
    driver(CARD, CARD)
    room = room_of(side_by_side(Profile(jobs=1), [loaded])[0])
    for asked, seen in ((Resources(), "0,1"), (Resources(gpus=1), "0")):
        held = room.take(asked)
        assert held is not None
        assert held.environment == {"CUDA_VISIBLE_DEVICES": seen}
        room.give_back(held)


@pytest.mark.parametrize("how", ["recipe", "claim", "profile"])
def test_trials_that_want_no_gpu_have_the_cores_and_see_none(
    toy_folder: Path, loaded: LoadedClaim, driver: Driver, how: str
) -> None:
    driver(CARD)
    if how == "recipe":
        loaded = declared(loaded, gpu=False)
    if how == "claim":
        loaded.path.write_text(loaded.path.read_text() + "\n[resources]\ngpus = 0\n")
        loaded = load_claim(loaded.path)
    profile, told = side_by_side(Profile(gpus=0) if how == "profile" else Profile(), [loaded])
    why = "toy:run computes on the CPU" if how == "recipe" else "its trials ask for none"
    assert told == f"16 trials at a time; no GPU: {why}"
    room = room_of(profile)
    assert (room.jobs, room.free, fitting.device_of(loaded, room.default)) == (16, 16, "cpu")
    held = room.take(Resources())
    assert held is not None
    assert (held.environment, room.free) == ({"CUDA_VISIBLE_DEVICES": ""}, 15)


def test_a_driver_that_fails_is_why_there_are_no_gpus(
    loaded: LoadedClaim, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver()
    why = "the NVIDIA driver did not answer within 15 s"
    monkeypatch.setattr(gpus, "_ask_driver", lambda: ([], why))
    assert side_by_side(Profile(), [loaded]) == (Profile(), f"16 trials at a time; no GPU: {why}")
    assert side_by_side(Profile(jobs=3), [loaded])[1] == f"3 trials at a time; no GPU: {why}"
    monkeypatch.setattr(fitting, "device_memory", lambda device, among=(): 64_000_000_000)
    words = f"3 trials at a time: the memory holds no more of the largest; no GPU: {why}"
    assert side_by_side(Profile(), [needing(loaded, 20)])[1] == words


def test_a_torch_for_cpus_leaves_the_cores_to_recipes_and_the_gpu_to_programs(
    toy_folder: Path, loaded: LoadedClaim, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver(CARD)
    monkeypatch.setattr(fitting, "why_torch_has_no_cuda", lambda: "this torch is built for CPUs")
    profile, told = side_by_side(Profile(), [loaded])
    assert (profile, told) == (Profile(), "16 trials at a time; no GPU: this torch is built for CPUs")
    named = Profile(devices=("0",), per_gpu=2)
    words = "1 GPU: 2 trials at a time; all on the CPU: this torch is built for CPUs"
    assert side_by_side(named, [loaded]) == (named, words)
    program = load_claim(program_claim(toy_folder))
    assert side_by_side(Profile(), [program])[1] == "1 GPU: one trial at a time; -j N for more"
    assert side_by_side(Profile(), [loaded, program])[0].devices == ("0",)


def test_a_claim_that_asks_for_a_gpu_gets_it_whatever_torch_is_there(
    loaded: LoadedClaim, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "why_torch_has_no_cuda", lambda: "this torch is built for CPUs")
    loaded.path.write_text(loaded.path.read_text() + "\n[resources]\ngpus = 1\n")
    asking = load_claim(loaded.path)
    driver(CARD, CARD)
    profile, told = side_by_side(Profile(), [asking])
    assert (profile.devices, told) == (("0", "1"), "2 GPUs: 2 trials at a time, each on one of them; -j N for more")
    assert not room_of(profile).capacity().refusal([Resources(gpus=1)])
    assert fitting.device_of(asking) == "cpu"  # which is where that torch computes
    assert not side_by_side(Profile(), [loaded])[0].devices
    assert side_by_side(Profile(gpus=1), [loaded])[0].devices == ("0", "1")


def test_where_a_gpu_is_asked_for_and_none_given_the_refusal_says_why(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver()
    assert "There is no GPU to give: there is no NVIDIA driver" in Room().capacity().refusal([Resources(gpus=1)])
    monkeypatch.setattr(gpus, "_ask_driver", lambda: ([], "the NVIDIA driver crashed (signal 11)"))
    gpus.visible_gpus.cache_clear()
    assert "no GPU to give: the NVIDIA driver crashed (signal 11);" in Room().capacity().refusal([Resources(gpus=1)])
    driver(CARD)
    assert "where they are named: --gpus 0,1" in Room().capacity().refusal([Resources(gpus=1)])


def needing(loaded: LoadedClaim, gigabytes: float) -> LoadedClaim:
    return declared(loaded, memory=lambda *_: Memory(gigabytes * 1e9, f"{gigabytes:g} GB"))


@pytest.mark.parametrize(
    ("gigabytes", "asked", "refusal"),
    [
        (30, {}, ""),
        (30, {"jobs": 4}, ""),  # two on each of two GPUs
        (30, {"jobs": 6}, "3 trials at a time take more memory than there is: 30 GB, for each; the GPU has 80.0 GB, "
         "which holds 2 trials. Lower -j (`jobs`) or --per-gpu"),
        (50, {"per_gpu": 2}, "which holds 1 trial. Lower -j (`jobs`) or --per-gpu"),
        (90, {}, "a trial takes more memory than there is"),
        (9, {"jobs": 40}, ""),  # of the claim's eight trials no more than eight can be on one GPU
    ],
)  # fmt: skip
def test_trials_that_share_a_gpu_fit_it_together_or_are_refused(
    loaded: LoadedClaim, driver: Driver, gigabytes: float, asked: dict[str, Any], refusal: str
) -> None:
    driver(CARD, ("a larger card", 90_000_000_000, (8, 0)))
    claim = needing(loaded, gigabytes)
    room = room_of(side_by_side(Profile(**asked), [claim])[0])
    if not refusal:
        check_machine(claim, room)
        return
    with pytest.raises(ClaimError, match=re.escape(refusal)):
        check_machine(claim, room)


def test_a_run_refuses_before_its_first_trial_what_does_not_fit_together(loaded: LoadedClaim, driver: Driver) -> None:
    driver(CARD)
    ledger = Ledger(loaded.folder / "ledger")
    with pytest.raises(ClaimError, match="2 trials at a time take more memory than there is"):
        run_claims([needing(loaded, 50)], ledger, jobs=2)
    assert not ledger.claims()


def test_the_memory_of_the_gpus_that_are_named_counts(loaded: LoadedClaim, driver: Driver) -> None:
    driver(("small", 8_000_000_000, (8, 0)), CARD)
    check_machine(needing(loaded, 50), Room(gpus=("1",)))
    with pytest.raises(ClaimError, match=r"the GPU has 8\.0 GB"):
        check_machine(needing(loaded, 50), Room(gpus=("0", "1")))


def test_on_cores_no_more_trials_run_than_the_memory_holds(
    loaded: LoadedClaim, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver()
    monkeypatch.setattr(fitting, "device_memory", lambda device, among=(): 64_000_000_000)
    claim = needing(loaded, 20)
    profile, told = side_by_side(Profile(), [claim])
    assert (profile.jobs, told) == (3, "3 trials at a time: the memory holds no more of the largest")
    with pytest.raises(
        ClaimError, match=r"4 trials at a time .* this machine has 64.0 GB, which holds 3 .* Lower -j \(`jobs`\)"
    ):
        check_machine(claim, Room(4))
    loaded.path.write_text(loaded.path.read_text() + "\n[resources]\nmemory_gib = 20\n")
    heeded = needing(load_claim(loaded.path), 20)  # its trials start while that much is free
    assert side_by_side(Profile(), [heeded]) == (Profile(), "")
    check_machine(heeded, Room(4))


def test_where_not_one_trial_fits_the_memory_only_the_refusal_says_so(
    loaded: LoadedClaim, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver()
    monkeypatch.setattr(fitting, "device_memory", lambda device, among=(): 64_000_000_000)
    profile, told = side_by_side(Profile(), [needing(loaded, 90)])
    assert (profile.jobs, told) == (1, "")
    with pytest.raises(ClaimError, match="a trial takes more memory than there is"):
        check_machine(needing(loaded, 90), room_of(profile))


@pytest.mark.parametrize(
    ("visible", "named", "missing", "there"),
    [(None, ("0", "7"), "7", "0,1"), ("2,3", ("0", "2"), "0", "2,3"), ("02,03", ("3", "4"), "4", "02,03")],
)
def test_a_gpu_that_is_not_there_is_refused_by_its_number(
    loaded: LoadedClaim, driver: Driver, monkeypatch: pytest.MonkeyPatch, visible: str | None, named: tuple[str, ...],
    missing: str, there: str,
) -> None:  # fmt: skip
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    driver(CARD, CARD)
    with pytest.raises(SettingsError, match=rf"1 fault\n  GPU {missing}: there is no such GPU .*--gpus {there}"):
        side_by_side(Profile(devices=named), [loaded])


@pytest.mark.parametrize("named", [("1",), ("01",), ("GPU-8f6ea1b1",)])
def test_a_gpu_that_is_there_may_be_named_and_so_may_a_uuid(
    loaded: LoadedClaim, driver: Driver, named: tuple[str, ...]
) -> None:
    driver(CARD, CARD)
    assert side_by_side(Profile(devices=named), [loaded])[0].devices == named


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ({"devices": ("1",)}, "the GPU has 80.0 GB"),
        ({"devices": ("0", "1")}, "the GPU has 8.0 GB"),
        ({"gpus": 0}, "this machine has "),
    ],
)
def test_a_plan_tells_the_memory_of_what_its_trials_may_have(
    loaded: LoadedClaim, driver: Driver, asked: dict[str, Any], there: str
) -> None:
    driver(("small", 8_000_000_000, (8, 0)), CARD)
    claim = needing(loaded, 5)
    room = room_of(side_by_side(Profile(**asked), [claim])[0])
    ledger = Ledger(loaded.folder / "ledger")
    assert there in plan_of(claim, ledger, room=room).memory
    assert there in plan_document(claim, ledger, room=room)["memory"]
    text = StringIO()
    print_plan(claim, ledger, Console(file=text, width=200), room=room)
    assert there in text.getvalue()


def test_a_plan_shows_it_and_a_run_keeps_to_it(
    loaded: LoadedClaim, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver(CARD)
    ledger = Ledger(loaded.folder / "ledger")
    line = "1 GPU: one trial at a time; -j N for more"
    assert line in [sentence for sentence, _ in plan_lines(plan_of(loaded, ledger, line))]
    rooms: list[Room] = []
    monkeypatch.setattr(run, "_check_that_all_can_run", stop_at(rooms))
    for jobs in (None, 2):
        with pytest.raises(InterruptedError):
            run_claims([loaded], ledger, jobs=jobs)
    assert [(room.jobs, room.gpus) for room in rooms] == [(1, ("0",)), (2, ("0",))]


def test_a_finished_claim_takes_no_slots_from_the_others(
    toy_folder: Path, loaded: LoadedClaim, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver()
    ledger = Ledger(toy_folder / "ledger")
    done = load_claim(write_claim(toy_folder, name="done", seeds="[0]"))
    run_claims([done], ledger, jobs=2)
    monkeypatch.setattr(fitting, "device_memory", lambda device, among=(): 64_000_000_000)
    both = [needing(done, 60), needing(loaded, 20)]
    assert side_by_side(Profile(), both)[0].jobs == 1
    asked = (None, None, None, None, None)
    place, told = chosen_place(both, ledger, *asked)
    assert (place.jobs, told) == (3, "3 trials at a time: the memory holds no more of the largest")
    assert chosen_place(both[:1], ledger, *asked) == (Profile(), "")
    rooms: list[Room] = []
    monkeypatch.setattr(run, "_check_that_all_can_run", stop_at(rooms))
    with pytest.raises(InterruptedError):
        run_claims(both, ledger)
    assert rooms[0].jobs == 3


def stop_at(rooms: list[Room]) -> Callable[..., None]:
    """Ends a run before its first trial, and keeps the room that it would have had."""

    def stop(claims: Any, ledger: Any, executor: Any) -> None:
        rooms.append(executor.room)
        raise InterruptedError

    return stop


def test_in_python_a_plan_and_a_run_say_how_many_run_side_by_side(
    loaded: LoadedClaim, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver(CARD)
    ledger = loaded.folder / "ledger"
    assert eh.plan(loaded, ledger).slots == "1 GPU: one trial at a time; -j N for more"
    assert eh.plan(loaded, ledger, jobs=3).slots == "1 GPU: 3 trials at a time"
    with pytest.raises(eh.EvenhandError, match="`jobs` is a number"):
        eh.plan(loaded, ledger, jobs=0)
    monkeypatch.setattr(run, "_check_that_all_can_run", stop_at([]))
    told = Recorder()
    with pytest.raises(InterruptedError):
        eh.run(loaded, ledger, jobs=3, progress=told)
    assert told.messages == ["1 GPU: 3 trials at a time"]


def test_in_python_a_finished_claim_has_no_slots(loaded: LoadedClaim, driver: Driver) -> None:
    driver()
    eh.run(loaded, loaded.folder / "ledger", jobs=2, progress=False)
    driver(CARD)
    again = Recorder()
    eh.run(loaded, loaded.folder / "ledger", progress=again)
    assert (eh.plan(loaded, loaded.folder / "ledger").slots, again.messages) == ("", [])


PROGRAM = """
import json, os, pathlib, time
here = pathlib.Path("seen")
here.mkdir(exist_ok=True)
begun = time.time()
time.sleep(0.2)
request = json.load(open(os.environ["EVENHAND_REQUEST"]))
told = [begun, time.time(), os.environ.get("CUDA_VISIBLE_DEVICES"), request["device"]]
(here / str(os.getpid())).write_text(json.dumps(told))
rows = {"ids": ["a", "b"], "scores": [0.0, 1.0]}
json.dump({"items": {"score": rows}}, open(os.environ["EVENHAND_OUTCOME"], "w"))
"""


def program_claim(folder: Path) -> Path:
    """A claim of eight trials of a program, each of which leaves when it ran and what it saw."""
    (folder / "program.py").write_text(PROGRAM)
    path = write_claim(folder, name="program")
    text = path.read_text().replace('recipe = "toy:run"', 'recipe = "command"')
    text = text.replace("settings = {  }", f'settings.argv = ["{sys.executable}", "{folder / "program.py"}"]')
    text = text.replace("settings.effect = 0.3", "settings.values.effect = 0.3").replace("items = 20", "items = 2")
    path.write_text(text)
    return path


@pytest.mark.slow
def test_on_a_machine_with_one_gpu_the_command_as_the_pages_print_it_runs_one_trial_at_a_time(tmp_path: Path) -> None:
    path = program_claim(tmp_path)
    shown = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
    shown |= {"LD_LIBRARY_PATH": str(made(tmp_path / "driver", 1)), "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "200"}
    line = "1 GPU: one trial at a time; -j N for more"
    assert line in evenhand(tmp_path, "plan", path.name, environment=shown).stdout
    done = evenhand(tmp_path, "run", path.name, environment=shown)
    assert done.returncode == 0, done.stderr
    assert line in done.stderr
    seen = sorted(json.loads(file.read_text()) for file in tmp_path.rglob("seen/*"))
    assert len(seen) == 8
    assert {(devices, device) for _, _, devices, device in seen} == {("0", "cuda")}
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(seen))

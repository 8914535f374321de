"""Profiles in evenhand.toml: what they may have, and what is said of one that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.errors import SettingsError
from evenhand.execution.machine import device_of_programs
from evenhand.execution.profiles import profile_of
from evenhand.execution.resources import Resources
from tests.app import evenhand
from tests.running.test_run import write_claim

PROFILES = """
[profiles.big]
executor = "slurm"
partition = "gpu"
gpus = 1
minutes = 240

[profiles.ray]
executor = "ray"
cpus = 4

[profiles.typo]
executor = "slurm"
partitoin = "gpu"

[profiles.wrong]
executor = "slurm"
gpus = "two"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "evenhand.toml").write_text(PROFILES)
    return tmp_path


def test_a_profile_says_where_trials_run_and_what_is_asked_of_it(folder: Path) -> None:
    big = profile_of("big", None, [folder])
    assert (big.executor, big.partition) == ("slurm", "gpu")
    assert big.resources == Resources(gpus=1, minutes=240)


def test_an_executor_takes_the_profile_of_its_own_name_or_none(folder: Path) -> None:
    assert profile_of(None, "ray", [folder]).cpus == 4
    assert profile_of(None, "slurm", [folder]).partition is None
    assert profile_of(None, None, [folder]).executor == "local"
    assert profile_of(None, "slurm", [folder / "elsewhere"]).executor == "slurm"


@pytest.mark.parametrize(
    ("name", "executor", "words"),
    [
        ("bigger", None, "no such profile; there are: big, ray, typo, wrong"),
        ("big", "ray", "it is for --on slurm, not for --on ray"),
        ("typo", None, r"\[profiles.typo\] partitoin: unknown key; it may have: account, .*partition"),
        ("wrong", None, r"\[profiles.wrong\] gpus: "),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused_by_name(
    folder: Path, name: str, executor: str | None, words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        profile_of(name, executor, [folder])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[profiles.a\n", "evenhand.toml"),
        ("profiles = 3\n", r"expected \[profiles.NAME\]"),
        ("[profile.a]\n", "unknown table 'profile'"),
    ],
)
def test_a_file_of_profiles_that_cannot_be_read_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "evenhand.toml").write_text(text)
    with pytest.raises(SettingsError, match=words):
        profile_of("a", None, [tmp_path])


def test_without_a_file_a_named_profile_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no evenhand.toml with profiles here"):
        profile_of("big", None, [tmp_path])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--profile", "bigger"), "there are: big, ray, typo, wrong"),
        (("--on", "mars"), "There is no executor 'mars'; there are: local, slurm, ray"),
        (("--on", "slurm", "--gpus", "0"), "for --on local"),
        (("--on", "local", "--detach"), "--detach needs a place like Slurm"),
    ],
)
def test_a_place_that_cannot_be_used_is_refused_before_the_first_trial(
    toy_folder: Path, options: tuple[str, ...], words: str
) -> None:
    (toy_folder / "evenhand.toml").write_text(PROFILES)
    write_claim(toy_folder)
    done = evenhand(toy_folder, "run", "c.toml", *options, columns=200)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert not list(toy_folder.glob(".evenhand/work/*"))


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--on", "local")])
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("cpus = 100_000", "a trial asks for 100,000 cores, which no node has; the largest is this machine with"),
        ("memory_gib = 1e6", "a trial asks for 1,000,000 GiB, which no node has"),
        (
            "gpus = 1",
            "There is no GPU to give: CUDA_VISIBLE_DEVICES is empty; if there is one all the same, name it: --gpus 0",
        ),
    ],
)
def test_a_claim_that_asks_for_more_than_this_machine_has_is_refused_at_plan(
    toy_folder: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], asked: str, words: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    path = write_claim(toy_folder)
    path.write_text(path.read_text() + f"\n[resources]\n{asked}\n")
    for command in ("plan", "run"):
        done = evenhand(toy_folder, command, "c.toml", *options, columns=400)
        assert done.returncode == 2
        assert words in done.stderr
    if "gpus" in asked:
        assert evenhand(toy_folder, "plan", "c.toml", *options, "--gpus", "0").returncode == 0


CANNOT = """
from evenhand.recipes.contract import Bench, Memory, Metric, RecipeSettings, recipe


class Settings(RecipeSettings):
    shift: float = 0.0


@recipe(metrics={"score": Metric()}, units=("steps",), version=1, WHY)
def run(settings: Settings, bench: Bench) -> dict[str, float]:
    return {"score": 1.0}
"""


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--on", "local")])
@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("obstacle=lambda settings, device: 'it needs wings'", "it needs wings"),
        ("memory=lambda *_: Memory(10**15, 'a million GB')", "a trial takes more memory than there is"),
    ],
)
def test_a_recipe_that_cannot_run_on_this_machine_is_refused_however_its_slots_are_asked_for(
    toy_folder: Path, options: tuple[str, ...], why: str, words: str
) -> None:
    (toy_folder / "cannot.py").write_text(CANNOT.replace("WHY", why))
    (toy_folder / "c.toml").write_text(CLAIM)
    for command in ("plan", "run"):
        done = evenhand(toy_folder, command, "c.toml", *options, columns=400)
        assert done.returncode == 2, (command, done.stdout)
        assert words in done.stderr


CLAIM = """
recipe = "cannot:run"
[metric]
name = "score"
margin = 0.1
[[arm]]
name = "off"
role = "baseline"
[[arm]]
name = "on"
role = "variant"
settings.shift = 0.1
[[rung]]
name = "confirm"
budget = 5
seeds = 2
"""


@pytest.mark.slow
def test_a_claim_that_has_its_results_is_decided_where_none_of_its_trials_could_run(toy_folder: Path) -> None:
    path = write_claim(toy_folder, seeds="[0, 1]")
    assert evenhand(toy_folder, "run", "c.toml").returncode == 0
    path.write_text(path.read_text() + "\n[resources]\ngpus = 8\n")
    for options in ((), ("--on", "local")):
        for command in ("plan", "run"):
            done = evenhand(toy_folder, command, "c.toml", *options)
            assert done.returncode == 0, done.stderr


@pytest.mark.skipif(device_of_programs()[0] == "cuda", reason="there is a GPU here")
@pytest.mark.slow
def test_gpus_that_are_named_where_there_is_no_driver_are_told_to_be_none(toy_folder: Path) -> None:
    write_claim(toy_folder, seeds="[0, 1]")
    done = evenhand(toy_folder, "run", "c.toml", "--on", "local", "--gpus", "0,1", columns=200)
    assert done.returncode == 0
    assert "warning: GPUs are named, but there is no NVIDIA driver" in done.stderr
    assert "trials run on the CPU" in done.stderr


@pytest.mark.parametrize("gpus", ["", ",", "0,0", "0,,1"])
def test_gpus_that_are_none_or_named_twice_are_refused(toy_folder: Path, gpus: str) -> None:
    write_claim(toy_folder)
    done = evenhand(toy_folder, "run", "c.toml", "--on", "local", "--gpus", gpus, columns=200)
    assert done.returncode == 2, done.stderr
    assert "--gpus" in done.stderr
    assert not list(toy_folder.glob(".evenhand/work/*"))

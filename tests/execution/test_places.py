"""Executors by name, those of other packages too; leases stand for locks that do not hold, from the first trial on."""

from __future__ import annotations

import errno
import fcntl
import importlib.metadata
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from evenhand.cli.places import executor_for
from evenhand.errors import EvenhandError, LedgerError
from evenhand.execution import places
from evenhand.execution.executor import Executor
from evenhand.execution.local.slots import LocalSlots
from evenhand.execution.profiles import Profile
from evenhand.files import LEASES
from evenhand.ledger import Ledger
from evenhand.testing import executor_suite, executors
from tests.app import evenhand
from tests.running.test_run import write_claim


def of_another_package(profile: Profile, recipes: Mapping[Path, Sequence[str]], ledger: Path) -> Executor:
    """What an entry point of the group ``evenhand.executors`` names."""
    folder, found = next(iter(recipes.items()))
    return LocalSlots(found, folder, profile.jobs)


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    point = importlib.metadata.EntryPoint("theirs", f"{__name__}:of_another_package", places.GROUP)
    points = importlib.metadata.EntryPoints([point])
    monkeypatch.setattr(places, "registered", lambda group: points if group == places.GROUP else ())


def test_executors_of_other_packages_join_by_entry_point(registered: None, tmp_path: Path) -> None:
    assert places.names() == ["local", "slurm", "ray", "theirs"]
    made = places.executor_of(Profile(executor="theirs", jobs=3), {tmp_path: ["toy:run"]}, tmp_path)
    assert made.jobs == 3


@pytest.mark.slow
def test_executors_of_other_packages_go_through_the_same_suite(registered: None, tmp_path: Path) -> None:
    profile = Profile(executor="theirs", jobs=2)
    case = executor_suite.CASES[0]
    case.check(lambda folder: places.executor_of(profile, {folder: [executor_suite.RECIPE]}, folder), tmp_path)


def test_the_suite_is_known_under_both_its_names() -> None:
    assert executor_suite.CASES is executors.CASES


def test_an_executor_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(EvenhandError, match="no executor 'mars'; there are: local, slurm, ray"):
        places.executor_of(Profile(executor="mars"), {tmp_path: []}, tmp_path)


def test_asking_a_place_what_it_has_leaves_nothing_behind(registered: None, tmp_path: Path) -> None:
    for name in ("local", "theirs"):
        places.capacity_of(Profile(executor=name, jobs=2), tmp_path / "ledger")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("profile", [Profile(), Profile(executor="theirs")])
def test_locks_are_tried_before_the_first_trial_wherever_it_runs(
    registered: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    profile: Profile,
) -> None:
    claim = SimpleNamespace(folder=tmp_path, resolved=SimpleNamespace(recipe="toy:run"))
    without_locks(monkeypatch, OSError(errno.ENOLCK, "No locks available"))
    executor_for([claim], profile, tmp_path / "ledger", None)  # type: ignore[list-item]
    told = " ".join(capsys.readouterr().err.split())
    assert told.startswith("warning: The locks of the file system")
    assert "leases stand for them" in told
    assert (tmp_path / "ledger" / "locks" / LEASES).exists()


def test_where_locks_hold_no_lease_stands_for_them(tmp_path: Path) -> None:
    assert places.check_locks(tmp_path) == ""
    with Ledger(tmp_path).lock("claim-x"):
        assert not list(tmp_path.glob("*/*lease*"))


def without_locks(monkeypatch: pytest.MonkeyPatch, error: OSError | None) -> None:
    """As on a file system that knows no locks, or grants everybody each of them."""

    def flock(*_: object) -> None:
        if error is not None:
            raise error

    monkeypatch.setattr(fcntl, "flock", flock)


@pytest.mark.parametrize(
    ("error", "why"),
    [(None, "two processes held one at once"), (OSError(errno.ENOLCK, "No locks available"), "No locks available")],
)
def test_where_locks_do_not_hold_a_lease_keeps_a_second_driver_out_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError | None, why: str
) -> None:
    without_locks(monkeypatch, error)
    with pytest.warns(UserWarning, match=f"do not hold .*{why}.*leases stand for them"):
        places.check_locks(tmp_path)
    other = (
        "from pathlib import Path; from evenhand.ledger import Ledger; import sys\n"
        f"with Ledger(Path({str(tmp_path)!r})).lock('claim-x'): print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", other], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout is not None
        assert one.stdout.readline() == "held\n"
        with (
            pytest.raises(LedgerError, match=f"'claim-x' is in use by process {one.pid}"),
            Ledger(tmp_path).lock("claim-x"),
        ):
            pass
        one.communicate("")
    with Ledger(tmp_path).lock("claim-x"):
        assert [path.name for path in (tmp_path / "locks").glob("*.lease")] == ["claim-x.lock.lease"]
    assert not list((tmp_path / "locks").glob("*.lease"))


@pytest.mark.parametrize(("place", "library"), [("slurm", "submitit"), ("ray", "ray")])
def test_a_place_whose_library_is_not_installed_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)  # as Python has it for what cannot be imported
    executor = places.executor_of(Profile(executor=place), {tmp_path: []}, tmp_path)
    with pytest.raises(EvenhandError, match=rf"--on {place} needs .*: pip install 'evenhand\[{place}\]'"), executor:
        pass


@pytest.mark.slow  # a process of its own, which imports Ray: here it may be connected to that of other tests
@pytest.mark.parametrize("form", ["127.0.0.1:{port}", "ray://no-such-host.invalid:{port}"])
def test_a_ray_cluster_at_which_nobody_answers_is_told_with_its_address(
    toy_folder: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    pytest.importorskip("ray")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = form.format(port=free.getsockname()[1])
    monkeypatch.setenv("RAY_ADDRESS", address)
    write_claim(toy_folder)
    done = evenhand(toy_folder, "plan", "c.toml", "--on", "ray", columns=400)
    assert done.returncode == 2
    assert f"Ray cannot be reached at '{address}' (" in done.stderr
    assert "Is the cluster up" in done.stderr

"""A disk that refuses to be written costs no record and breaks no chain."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from evenhand.errors import LedgerError
from evenhand.ledger import Ledger, writer
from tests.full_disk import largest_file
from tests.ledger.samples import EXECUTION, OUTCOME, SMALL, TRIAL, fill, segment_of


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """A mount, where this machine permits one."""
    if subprocess.run(["mount", *options, str(folder)], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def until_refused(ledger: Ledger) -> int:
    """Record trials until the disk is full; the number of those recorded, 0 if it is not said to be full."""
    for seed in range(1000):
        try:
            ledger.record_outcome(replace(TRIAL, seed=seed), OUTCOME, EXECUTION, "h", {})
        except LedgerError as error:
            return seed if "Free some space" in str(error) else 0
    return 0


def test_a_line_that_a_limit_cuts_short_is_cut_back_and_the_chain_stays_whole(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    fill(ledger, 2)
    size = segment_of(tmp_path).stat().st_size
    with largest_file(size + 100), pytest.raises(LedgerError, match="ulimit -f"):
        ledger.record_outcome(TRIAL, SMALL, EXECUTION, "h", {})
    assert segment_of(tmp_path).stat().st_size == size
    ledger.record_outcome(TRIAL, SMALL, EXECUTION, "h", {})
    assert Ledger(tmp_path).verify().faults == ()
    assert len(Ledger(tmp_path).outcomes()) == 3


def test_a_line_that_cannot_even_be_cut_back_is_the_torn_end_of_its_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(tmp_path)
    fill(ledger, 2)

    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(os, "ftruncate", refuse)
        with largest_file(segment_of(tmp_path).stat().st_size + 100), pytest.raises(LedgerError):
            ledger.record_outcome(TRIAL, SMALL, EXECUTION, "h", {})
    ledger.record_outcome(TRIAL, SMALL, EXECUTION, "h", {})
    report = Ledger(tmp_path).verify()
    assert report.faults == ()
    assert "torn line" in report.notes[0]
    assert len(Ledger(tmp_path).outcomes()) == 3


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_an_interrupt_in_the_middle_of_writing_leaves_the_chain_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    ledger = Ledger(tmp_path)
    fill(ledger, 2)
    write = os.write

    def interrupted(descriptor: int, data: bytes) -> int:
        write(descriptor, data[: int(share * len(data))])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ledger.record_outcome(replace(TRIAL, seed=7), SMALL, EXECUTION, "h", {})
    ledger.record_outcome(replace(TRIAL, seed=8), SMALL, EXECUTION, "h", {})
    assert Ledger(tmp_path).verify().faults == ()
    seeds = [record.trial.seed for record in Ledger(tmp_path).outcomes()]
    assert seeds == ([0, 1, 7, 8] if share == 1 else [0, 1, 8])


def test_a_segment_that_could_not_be_begun_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path)

    def refuse(_: Path) -> None:
        raise OSError(errno.EIO, "the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "sync_folder", refuse)
        with pytest.raises(LedgerError, match="the disk is gone"):
            ledger.record_outcome(TRIAL, SMALL, EXECUTION, "h", {})
    assert Ledger(tmp_path).verify() == Ledger(tmp_path / "none", create=False).verify()
    fill(ledger, 1)
    assert Ledger(tmp_path).verify().faults == ()


def test_a_segment_removed_under_its_writer_is_an_error_not_a_silent_loss(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    fill(ledger, 1)
    shutil.rmtree(tmp_path / "ledger")
    with pytest.raises(LedgerError, match="was removed or changed by someone else"):
        ledger.record_outcome(TRIAL, SMALL, EXECUTION, "h", {})
    fill(ledger, 1)
    assert len(Ledger(tmp_path / "ledger").outcomes()) == 1


def test_a_damaged_segment_does_not_keep_a_finished_trial_from_being_recorded(tmp_path: Path) -> None:
    fill(Ledger(tmp_path))
    segment_of(tmp_path).write_bytes(b"damaged\n" * 3)
    Ledger(tmp_path).record_outcome(TRIAL, SMALL, EXECUTION, "h", {})
    assert len(segment_of(tmp_path, 1).read_bytes().splitlines()) == 2


@pytest.mark.slow
def test_a_small_file_system_that_fills_up_loses_no_record(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted(disk, "-t", "tmpfs", "-o", "size=128k", "none"):
        ledger = Ledger(disk / "ledger")
        written = until_refused(ledger)
        assert written > 2
        again = Ledger(disk / "ledger", create=False)
        assert again.verify().faults == ()
        assert len(again.outcomes()) == written
        assert again.query("select count(*) from outcomes")[1] == [(written,)]
        stray = [path.name for path in (disk / "ledger").rglob("*") if ".part" in path.name or ".index-" in path.name]
        assert stray == []
        shutil.rmtree(disk / "ledger" / "curves")  # as someone would who frees some space, unwisely
        assert len(again.verify().faults) == written
        ledger.close()


@pytest.mark.slow
def test_a_read_only_ledger_can_be_read_and_queried_but_not_written(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    fill(Ledger(folder), 2)
    with mounted(folder, "--bind", str(folder)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        ledger = Ledger(folder)
        assert len(ledger.outcomes()) == 2
        assert ledger.verify().faults == ()
        assert ledger.query("select count(*) from outcomes")[1] == [(2,)]
        with pytest.raises(LedgerError, match="Mount the folder writable"):
            fill(ledger, 1)
        with pytest.raises(LedgerError, match="Mount the folder writable"), ledger.lock("claim-x"):
            pass


def test_a_folder_without_permission_is_an_error_with_its_cure(tmp_path: Path) -> None:
    fill(Ledger(tmp_path), 1)
    if os.geteuid() == 0:
        pytest.skip("the superuser may write anywhere")
    (tmp_path / "segments").chmod(0o500)
    try:
        with pytest.raises(LedgerError, match="Mend the permissions"):
            fill(Ledger(tmp_path), 1)
        assert len(Ledger(tmp_path).outcomes()) == 1
    finally:
        (tmp_path / "segments").chmod(0o700)


def test_a_path_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="is a file"):
        Ledger(tmp_path / "file")
    with pytest.raises(LedgerError, match="A file stands where a folder is needed"):
        Ledger(tmp_path / "file" / "below")
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger" / "segments").write_text("")
    with pytest.raises(LedgerError, match="A file stands where a folder is needed"):
        fill(Ledger(tmp_path / "ledger"), 1)


def name_of(descriptor: int) -> Path:
    """The file behind a descriptor."""
    return Path(f"/proc/self/fd/{descriptor}").readlink()


def test_a_record_is_on_disk_only_after_the_tables_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(tmp_path)
    fill(ledger, 1)
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(name_of(descriptor)))
    fill(ledger, 1)
    kinds = [path.relative_to(tmp_path).parts for path in synced]
    assert [parts[0] for parts in kinds] == ["items", "items", "curves", "curves", "segments", "heads"]
    assert kinds[1:4:2] == [("items",), ("curves",)]  # the folders, so that the new names last too

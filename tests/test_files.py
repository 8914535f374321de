"""Files are whole or as they were; one lock holds across processes and is let go with its process."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evenhand.files import content_hash, file_hash, folder_hash, leased, locked, replacing, write_bytes, write_text
from tests.full_disk import largest_file


def test_a_file_that_cannot_be_written_whole_leaves_the_old_one_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_text(path, "old")
    with largest_file(1000), pytest.raises(OSError):
        write_bytes(path, b"x" * 5000)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(b"old")

    def half() -> None:
        with replacing(path) as part:
            part.write_bytes(b"ha")
            raise RuntimeError("broke off")

    with pytest.raises(RuntimeError):
        half()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_half_written_file_is_not_taken_for_one_by_its_ending(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.jsonl") as part:
        part.write_bytes(b"")
        assert list(tmp_path.glob("*.jsonl")) == []


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_public_file_is_readable_as_far_as_the_umask_allows(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with replacing(tmp_path / "page.html", public=True) as part:
            part.touch(mode=0o600)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "page.html").stat().st_mode) == 0o666 & ~mask


def test_line_ends_are_written_as_they_are(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "one\ntwo\u2028three\n")
    assert (tmp_path / "a").read_bytes() == "one\ntwo\u2028three\n".encode()


def test_a_folders_hash_covers_names_and_contents_and_leaves_out_what_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c").write_text("2")
    first = folder_hash(tmp_path)
    assert first == content_hash(tmp_path) != folder_hash(tmp_path, ("b",))
    (tmp_path / "b" / "c").rename(tmp_path / "b" / "d")
    assert folder_hash(tmp_path) != first
    assert content_hash(tmp_path / "a") == file_hash(tmp_path / "a")


def test_a_lock_is_held_by_one_process_and_let_go_when_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "name.lock"
    hold = (
        f"from pathlib import Path; from evenhand.files import locked; import time\n"
        f"with locked(Path({str(path)!r})): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError), locked(path, wait=False):
            pass
        process.kill()
        process.wait()
        with locked(path, wait=False):
            pass


FORKS = """
import os, sys
from pathlib import Path
from evenhand.files import locked

path = Path(sys.argv[1])
read, write = os.pipe()
with locked(path):
    child = os.fork()
    if child == 0:
        os.read(read, 1)
        os._exit(0)
with locked(path):  # waits for the child to begin, and for ever if it kept the lock
    print("free")
os.write(write, b"x")
os.waitpid(child, 0)
"""


def test_a_forked_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    # In a process of its own: a fork of one that has loaded many libraries may not come to its end.
    done = subprocess.run(
        [sys.executable, "-c", FORKS, str(tmp_path / "name.lock")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "free\n"


TAKES = """
import sys, time
from pathlib import Path
from evenhand.files import leased
try:
    with leased(Path(sys.argv[1]), wait=False):
        print("taken", flush=True)
        time.sleep(1)
except BlockingIOError:
    print("refused", flush=True)
"""


def test_a_lease_that_its_dead_holder_left_is_taken_by_one_of_all_who_want_it(tmp_path: Path) -> None:
    path = tmp_path / "name.lease"
    path.write_text("process 1 on another machine, abc")
    os.utime(path, (path.stat().st_mtime - 61,) * 2)
    command = [sys.executable, "-c", TAKES, str(path)]
    ran = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sorted(one.communicate()[0].strip() for one in ran) == ["refused", "refused", "taken"]
    assert list(tmp_path.iterdir()) == []


def test_a_lease_that_is_touched_is_held_for_longer_than_it_lasts(tmp_path: Path) -> None:
    path = tmp_path / "name.lease"
    with leased(path, seconds=0.3, beat=0.05):
        for _ in range(5):
            time.sleep(0.1)
            with pytest.raises(BlockingIOError, match="held by process"), leased(path, wait=False, seconds=0.3):
                pass
    assert list(tmp_path.iterdir()) == []


STANDS_STILL = """
import pathlib, signal, sys, time
from evenhand.files import leased
signal.signal(signal.SIGINT, signal.SIG_IGN if sys.argv[2] == "deaf" else signal.default_int_handler)
path = pathlib.Path(sys.argv[1])
with leased(path, beat=0.05):
    path.write_text("process 2 on another machine, def")
    time.sleep(60)
"""


@pytest.mark.parametrize(("hears", "ends"), [("Ctrl-C", -signal.SIGINT), ("deaf", -signal.SIGTERM)])
def test_a_holder_whose_lease_was_taken_is_ended_and_leaves_the_new_one(hears: str, ends: int, tmp_path: Path) -> None:
    path = tmp_path / "name.lease"
    done = subprocess.run([sys.executable, "-c", STANDS_STILL, str(path), hears], check=False, capture_output=True)
    assert done.returncode == ends
    assert path.read_text() == "process 2 on another machine, def"

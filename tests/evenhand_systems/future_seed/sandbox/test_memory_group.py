"""A control group for the memory of a sandbox, on a copy of what the kernel shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand_systems.future_seed.sandbox.cgroup import MemoryGroup, own_group

MOUNT = "30 23 0:26 {root} {point} rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    folder = tmp_path / "proc"
    folder.mkdir()
    (folder / "cgroup").write_text("4:memory:/old\n0::/user.slice/session-1\n")
    (folder / "mountinfo").write_text(
        "29 23 0:25 / /sys rw - sysfs sysfs rw\n" + MOUNT.format(root="/", point=tmp_path / "cg")
    )
    home = tmp_path / "cg" / "user.slice" / "session-1"
    home.mkdir(parents=True)
    (home / "cgroup.subtree_control").write_text("cpu memory pids\n")
    return folder


def test_a_group_is_made_below_our_own_with_its_limits(proc: Path, tmp_path: Path) -> None:
    group = MemoryGroup.make(1 << 20, 18, proc)
    assert group is not None
    assert group.path.parent == tmp_path / "cg" / "user.slice" / "session-1"
    said = {file.name: file.read_text() for file in group.path.iterdir()}
    assert said == {"memory.max": str(1 << 20), "memory.swap.max": "0", "memory.oom.group": "1", "pids.max": "18"}
    assert group.add(1234)
    assert (group.path / "cgroup.procs").read_text() == "1234"


def test_a_mount_that_shows_a_part_of_the_tree_is_understood(proc: Path, tmp_path: Path) -> None:
    (proc / "mountinfo").write_text(MOUNT.format(root="/user.slice", point=tmp_path / "cg" / "user.slice"))
    assert own_group(proc) == tmp_path / "cg" / "user.slice" / "session-1"


@pytest.mark.parametrize("lacks", ["controller", "mount", "version", "folder"])
def test_without_one_there_is_none_and_nothing_is_left(proc: Path, tmp_path: Path, lacks: str) -> None:
    home = tmp_path / "cg" / "user.slice" / "session-1"
    if lacks == "controller":
        (home / "cgroup.subtree_control").write_text("cpu\n")
    elif lacks == "mount":
        (proc / "mountinfo").write_text("")
    elif lacks == "version":
        (proc / "cgroup").write_text("4:memory:/old\n")
    else:
        (proc / "cgroup").write_text("0::/gone\n")
    assert MemoryGroup.make(1 << 20, 18, proc) is None
    assert [path.name for path in home.iterdir()] == ["cgroup.subtree_control"]

"""Builds the sandbox and goes inside: run as a program with nothing but the standard library, the job on its stdin.

Order matters. A user namespace first (it grants the rights to make the others and none outside); then mounts: an empty
file system in memory with Python's libraries bound read-only; the old root is put away, so that no path leads back;
last the process gives up every right, and the program runs.
"""

# Plain calls of os: what runs before the walls stand imports as little as it can.
# ruff: noqa: PTH101, PTH103, PTH106, PTH110, PTH114, PTH115, PTH120, PTH123, PTH211

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from typing import Any

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
INNER_ID = 1000  # who the program is inside
OUTER_ID = 231072  # who that is outside, where this process is root: an id that owns nothing

libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> None:
    """Raise the C library's error."""
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """mount(2)."""
    encoded = [None if part is None else part.encode() for part in (source, target, kind)]
    check(libc.mount(*encoded, ctypes.c_ulong(flags), None if data is None else data.encode()), f"mount {target}")


def enter_namespaces() -> bool:
    """New namespaces, with this process as root of the user namespace."""
    uid, gid, privileged = os.geteuid(), os.getegid(), os.geteuid() == 0
    ready, mapped = os.pipe(), os.pipe()
    parent = os.getpid()
    helper = os.fork()
    if helper == 0:  # stays outside, where the right to map ids is
        os.read(ready[0], 1)
        try:
            extra = [f"{INNER_ID} {OUTER_ID} 1"] if privileged else []
            write(f"/proc/{parent}/setgroups", "deny")
            write(f"/proc/{parent}/uid_map", "\n".join([f"0 {uid} 1", *extra]))
            write(f"/proc/{parent}/gid_map", "\n".join([f"0 {gid} 1", *extra]))
            os.write(mapped[1], b"y")
        except OSError as error:
            os.write(mapped[1], str(error).encode())
        os._exit(0)
    flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS
    check(libc.unshare(flags), "unshare")
    os.write(ready[1], b"y")
    answer = os.read(mapped[0], 200)
    os.waitpid(helper, 0)
    if answer != b"y":
        raise OSError(f"ids could not be mapped: {answer.decode()}")
    for end in (*ready, *mapped):
        os.close(end)
    return privileged


def write(path: str, text: str) -> None:
    """Write a file of /proc in one go."""
    handle = os.open(path, os.O_WRONLY)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)


def build_root(job: dict[str, Any]) -> str:
    """An empty root in memory with Python's libraries read-only, a scratch folder, a few devices; then no way back."""
    root = job["scratch"]
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, f"size={job['limits']['disk_mib']}m,mode=755,nr_inodes=4096")
    for library in dict.fromkeys(job["libraries"]):
        bind(library, root)
    for device in ("/dev/null", "/dev/zero", "/dev/urandom"):
        target = root + device
        os.makedirs(os.path.dirname(target), exist_ok=True)
        open(target, "w").close()
        mount(device, target, None, MS_BIND)
    for folder, mode in (("/tmp", 0o777), ("/proc", 0o755), ("/old", 0o700)):
        os.makedirs(root + folder)
        os.chmod(root + folder, mode)
    mount("proc", root + "/proc", "proc", MS_NOSUID | MS_NODEV)
    with open(job["inside"], encoding="utf-8") as file:
        program = file.read()
    machine = os.uname().machine
    if machine not in PIVOT_ROOT:
        raise OSError(f"the number of pivot_root is not known for {machine}")
    check(libc.syscall(PIVOT_ROOT[machine], root.encode(), (root + "/old").encode()), "pivot_root")
    os.chdir("/")
    check(libc.umount2(b"/old", MNT_DETACH), "umount the old root")
    os.rmdir("/old")
    os.chdir("/tmp")
    return program


def bind(library: str, root: str) -> None:
    """Bind a folder read-only; a link (/lib on many systems) is made again as a link."""
    if not os.path.exists(library):
        return
    target = root + library
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(library):
        os.symlink(os.readlink(library), target)
        return
    os.makedirs(target, exist_ok=True)
    mount(library, target, None, MS_BIND | MS_REC)
    # A remount must keep the flags that the outer mount has locked.
    locked = os.statvfs(library).f_flag & (MS_NOSUID | MS_NODEV | 8 | 1024 | 2048)
    mount(None, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | locked)


def give_up_rights(privileged: bool) -> None:
    """No rights from here on, none to be had, not even by running a program that would bring them."""
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    if privileged:
        os.setresgid(INNER_ID, INNER_ID, INNER_ID)
        os.setresuid(INNER_ID, INNER_ID, INNER_ID)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    check(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")


def main() -> None:
    """Build, go inside, run; a sandbox that cannot be built is reported and nothing is run."""
    job = json.loads(sys.stdin.buffer.read())
    try:
        privileged = enter_namespaces()
        child = os.fork()  # the first process of the new process namespace: when it ends, all in it end
        if child == 0:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            program = build_root(job)
            give_up_rights(privileged)
            space: dict[str, Any] = {
                "__name__": "inside",
                "JOB": {key: job[key] for key in ("code", "tests", "limits")},
            }
            exec(compile(program, "inside.py", "exec"), space)
            space["main"](space["JOB"])
            os._exit(0)
        os.waitpid(child, 0)
    except OSError as error:
        print(json.dumps({"exec_ok": False, "passed": [], "detail": f"no sandbox: {error}"}), flush=True)
        os._exit(1)


main()

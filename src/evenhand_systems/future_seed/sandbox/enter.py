"""Builds a sandbox and goes inside: run as a program with nothing but the standard library, the job on its stdin.

Order matters. A user namespace first (it grants the rights to make the others and none outside); then mounts: an empty
file system in memory with Python's libraries bound read-only; the old root is put away, so that no path leads back; no
further namespaces from there on; then the process gives up every right, filters its system calls, and starts the one
that runs the job. This process stays outside the process namespace, where nothing inside can name it, and watches
what all inside hold together.
"""

# Plain calls of os: what runs before the walls stand imports as little as it can.
# ruff: noqa: PTH101, PTH103, PTH106, PTH110, PTH114, PTH115, PTH119, PTH120, PTH123, PTH211

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
import types
from typing import Any, NoReturn

PACKAGE = "evenhand_systems.future_seed.sandbox"
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
INNER_ID = 1000  # who the program is inside
OUTER_ID = 231072  # who that is outside, where this process is root: an id that owns nothing
PACKAGES = "/packages"
WATCH_EVERY = 0.01  # seconds between two looks at the memory

libc = ctypes.CDLL(None, use_errno=True)


def load_modules(sources: dict[str, str]) -> dict[str, types.ModuleType]:
    """The sandbox's other files under their own names, from text: inside there is no folder to import them from."""
    modules = {}
    for name, source in sources.items():
        module = types.ModuleType(f"{PACKAGE}.{name}")
        sys.modules[module.__name__] = module
        exec(compile(source, f"{name}.py", "exec"), module.__dict__)
        modules[name] = module
    return modules


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
            ids = ["0 {} 1", f"{INNER_ID} {OUTER_ID} 1"] if privileged else [f"{INNER_ID} {{}} 1"]
            write(f"/proc/{parent}/setgroups", "deny")
            write(f"/proc/{parent}/uid_map", "\n".join(ids).format(uid))
            write(f"/proc/{parent}/gid_map", "\n".join(ids).format(gid))
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


def build_root(job: dict[str, Any], pivot_root: int) -> None:
    """An empty root in memory with Python's libraries read-only, a scratch folder, a few devices; then no way back."""
    root = job["scratch"]
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755,nr_inodes=1024")
    for library in dict.fromkeys(job["libraries"]):
        bind(library, root)
    for package in job["packages"]:
        bind(package, root, f"{PACKAGES}/{os.path.basename(package)}")
    # No /dev/zero: mapped, it is memory that belongs to no process.
    for device in ("/dev/null", "/dev/urandom"):
        target = root + device
        os.makedirs(os.path.dirname(target), exist_ok=True)
        open(target, "w").close()
        mount(device, target, None, MS_BIND)
    for folder, mode in (("/tmp", 0o777), ("/proc", 0o755), ("/old", 0o700)):
        os.makedirs(root + folder)
        os.chmod(root + folder, mode)
    mount("proc", root + "/proc", "proc", MS_NOSUID | MS_NODEV)
    size = f"size={job['limits']['disk_mib']}m,mode=777,nr_inodes=4096"
    mount("tmpfs", root + "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, size)
    forbid_namespaces(root + "/proc")
    check(libc.syscall(pivot_root, root.encode(), (root + "/old").encode()), "pivot_root")
    os.chdir("/")
    check(libc.umount2(b"/old", MNT_DETACH), "umount the old root")
    os.rmdir("/old")
    mount(None, "/", None, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)
    os.chdir("/tmp")


def forbid_namespaces(proc: str) -> None:
    """From here on nobody in this user namespace makes a further one: in a new one a program would have rights again.

    The kernel keeps these limits for each user namespace; those inside can be lowered by its root alone.
    """
    for kind in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"):
        path = f"{proc}/sys/user/max_{kind}_namespaces"
        if os.path.exists(path):
            write(path, "0")


def bind(library: str, root: str, place: str | None = None) -> None:
    """Bind a folder read-only; a link (/lib on many systems) is made again as a link."""
    if not os.path.exists(library):
        return
    target = root + (place or library)
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


def inside(job: dict[str, Any], modules: dict[str, types.ModuleType], seccomp: Any, privileged: bool) -> int:
    """Build the walls around this process, the first of its namespace; the process that will run the job."""
    os.setsid()  # signals and priorities of a process group do not reach the process outside
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the first process is immune to what it does not handle
    build_root(job, modules["filter"].number(seccomp, "pivot_root"))
    give_up_rights(privileged)
    modules["filter"].load(seccomp)
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "to end with the parent")
    check(libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "closed memory")
    return os.fork()


def work(job: dict[str, Any], modules: dict[str, types.ModuleType]) -> NoReturn:
    """The life of the process that runs the job."""
    os.setsid()
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # shared memory is counted fairly only where it may be looked at
    job["path"] = [PACKAGES]
    modules[job["role"]].main(job)
    os._exit(0)


def watch(child: int, job: dict[str, Any], memory: types.ModuleType) -> None:
    """Wait for the sandbox's end, and bring it about where too much memory is held or its time is long over.

    The root was changed for this process too, so that /proc shows the processes inside, all of them and no others.
    """
    most, parent = job["limits"]["memory_mib"] * 2**20, os.getppid()
    end = time.monotonic() + job["limits"]["seconds"] + job["patience"] + 5
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        full = memory.held() > most and memory.shared_out() > most
        if full:  # said first: once the sandbox has ended nobody waits for this process
            reason = f"all its processes together held more than {job['limits']['memory_mib']} MiB"
            print(json.dumps({"full": reason}), flush=True)
        if full or time.monotonic() > end or os.getppid() != parent:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return
        time.sleep(WATCH_EVERY)


def main() -> None:
    """Build, go inside, run; a sandbox that cannot be built is reported and nothing is run."""
    job = json.loads(sys.stdin.buffer.read())
    modules = load_modules(job["sources"])
    if not job["walls"]:
        modules[job["role"]].main(job)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    try:
        seccomp = modules["filter"].library()
        privileged = enter_namespaces()
        stands, told = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(stands)
            try:
                worker = inside(job, modules, seccomp, privileged)
            except BaseException as error:
                os.write(told, f"{type(error).__name__}: {error}".encode())
                os._exit(1)
            if worker == 0:
                os.close(told)
                work(job, modules)
            os.close(job["channel"])
            os.write(told, b"y")
            os.close(told)
            while os.wait()[0] != worker:
                pass
            os._exit(0)
        os.close(told)
        os.close(job["channel"])
        answer = os.read(stands, 1000)
        if answer != b"y":
            raise OSError(answer.decode() or "its first process was killed")
        watch(child, job, modules["memory"])
    except OSError as error:
        print(json.dumps({"broken": str(error)}), flush=True)
        os._exit(1)
    os._exit(0)


main()

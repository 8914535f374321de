"""The sandbox: what programs may do, what counts as passing, and attempts to get out that fail."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from evenhand_systems.future_seed import sandbox
from evenhand_systems.future_seed.sandbox import run as sandbox_run

REASON = sandbox.why_unavailable()
needs_sandbox = pytest.mark.skipif(bool(REASON), reason=f"no sandbox here: {REASON}")
SOURCES = sandbox_run._sources()
LIMITS = sandbox.Limits(seconds=8.0, cpu_seconds=3, memory_mib=256, processes=8, disk_mib=4)


def attempt(code: str, *tests: str, limits: sandbox.Limits = LIMITS) -> sandbox.Verdict:
    return sandbox.run_tests(code, tests, limits=limits)


@needs_sandbox
def test_tests_are_judged_one_by_one() -> None:
    verdict = attempt(
        "def double(x):\n    return 2 * x", "assert double(2) == 4", "assert double(2) == 5", "assert double(0) == 0"
    )
    assert verdict.exec_ok
    assert verdict.passed == (True, False, True)
    assert verdict.tests_passed == pytest.approx(2 / 3)
    assert not verdict.all_passed


@needs_sandbox
def test_setup_runs_first_and_the_standard_library_is_there() -> None:
    verdict = sandbox.run_tests(
        "def root(x): return math.sqrt(x)", ["assert root(4) == 2"], setup="import math, re, collections", limits=LIMITS
    )
    assert verdict.all_passed


@needs_sandbox
@pytest.mark.parametrize(
    "code",
    [
        "raise ValueError('no')",
        "import sys; sys.exit(0)",
        "import os; os._exit(0)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "def f(:",
        "import os\nfor fd in range(64):\n    try: os.write(fd, b'CT')\n    except OSError: pass\nos._exit(0)\n",
    ],
    ids=["raises", "exits", "exits at once", "kills itself", "is no Python", "writes to every open file"],
)
def test_a_program_that_does_not_come_to_its_end_passes_no_test(code: str) -> None:
    verdict = attempt(code, "assert True")
    assert not verdict.exec_ok
    assert verdict.passed == (False,)


@needs_sandbox
def test_a_secret_file_cannot_be_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    secret.chmod(0o644)
    for path in (secret, Path("/etc/passwd"), Path(__file__), Path.home() / ".bashrc"):
        verdict = attempt(f"text = open({str(path)!r}).read()")
        assert not verdict.exec_ok
        assert "FileNotFoundError" in verdict.detail or "PermissionError" in verdict.detail, verdict.detail


@needs_sandbox
def test_the_way_back_to_the_machine_s_root_is_closed() -> None:
    escape = """
import os
found = []
for path in ("/proc/1/root/etc/passwd", "/proc/self/root/etc/passwd", "../../../../../etc/passwd", "/old/etc/passwd"):
    if os.path.exists(path):
        found.append(path)
try:
    os.mkdir("/tmp/jail"); os.chroot("/tmp/jail"); found.append("chroot")
except OSError:
    pass
assert not found, found
"""
    assert attempt(escape).exec_ok


@needs_sandbox
def test_no_rights_can_be_won_back() -> None:
    code = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
assert libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None) != 0, "mount"
assert libc.setns(os.open("/proc/self/ns/net", os.O_RDONLY), 0) != 0, "setns"
effective = [line for line in open("/proc/self/status") if line.startswith("CapEff")][0]
assert int(effective.split()[1], 16) == 0, effective
"""
    verdict = attempt(code)
    assert verdict.exec_ok, verdict.detail


@needs_sandbox
def test_no_socket_reaches_anything() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "8.8.8.8"):
            verdict = attempt(f"import socket\nsocket.create_connection(({host!r}, {port}), timeout=2)")
            assert not verdict.exec_ok
            assert "Error" in verdict.detail


@needs_sandbox
def test_a_fork_bomb_is_contained_and_leaves_nothing_behind() -> None:
    started = time.monotonic()
    verdict = attempt("import os\nwhile True:\n    os.fork()", limits=sandbox.Limits(seconds=3.0, processes=8))
    assert not verdict.exec_ok
    assert time.monotonic() - started < 30
    assert _left() == []


def _left() -> list[str]:
    """Processes of sandboxes that this one has begun, or that lost the one that began them."""
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            command = (process / "cmdline").read_bytes()
            if parent in (1, os.getpid()) and str(Path(sandbox_run.__file__).with_name("enter.py")).encode() in command:
                left.append(process.name)
    return left


@needs_sandbox
def test_the_disk_cannot_be_filled() -> None:
    code = """
written = 0
try:
    for number in range(64):
        with open(f"/tmp/file{number}", "wb") as file:
            written += file.write(b"x" * 2**20)
            file.flush()
except OSError as error:
    raise RuntimeError(f"stopped after {written}")
"""
    verdict = attempt(code)
    assert not verdict.exec_ok
    assert "stopped after" in verdict.detail
    assert int(verdict.detail.split()[-1]) <= 4 * 2**20


@needs_sandbox
@pytest.mark.parametrize("path", ["/usr/x", "/x", "/proc/x", "/dev/x"])
def test_nothing_can_be_written_outside_the_scratch_folder(path: str) -> None:
    assert not attempt(f"open({path!r}, 'w')").exec_ok


@needs_sandbox
def test_memory_is_limited() -> None:
    verdict = attempt("x = bytearray(2**31)")
    assert not verdict.exec_ok
    assert "MemoryError" in verdict.detail


@needs_sandbox
def test_a_program_that_ignores_sigterm_is_ended_all_the_same() -> None:
    ignoring = "for s in range(1, 32):\n    try: signal.signal(s, signal.SIG_IGN)\n    except OSError: pass"
    code = f"import signal, time\n{ignoring}\ntime.sleep(1000)"
    started = time.monotonic()
    verdict = attempt(code, limits=sandbox.Limits(seconds=2.0))
    assert not verdict.exec_ok
    assert "time is up" in verdict.detail
    assert time.monotonic() - started < 30


@needs_sandbox
def test_nothing_of_the_environment_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_SECRET", "hidden")
    verdict = attempt("import os\nassert 'EVENHAND_SECRET' not in os.environ\nassert len(os.environ) <= 4, os.environ")
    assert verdict.exec_ok, verdict.detail


@needs_sandbox
def test_other_processes_are_out_of_sight() -> None:
    verdict = attempt(f"import os\nos.kill({os.getpid()}, 0)")
    assert not verdict.exec_ok


@needs_sandbox
def test_no_further_namespace_can_be_made_filter_or_no_filter() -> None:
    code = "def most(kind): return int(open(f'/proc/sys/user/max_{kind}_namespaces').read())"
    kinds = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")
    verdict = attempt(code, *(f"assert most({kind!r}) == 0" for kind in kinds))
    assert verdict.all_passed, verdict


@needs_sandbox
def test_the_filter_by_itself_denies_what_this_process_may_do_without_it() -> None:
    """In a process that keeps all its rights, so that it is the filter that says no."""
    program = f"""
import ctypes, importlib.util, os, socket, subprocess, threading
spec = importlib.util.spec_from_file_location("filter", {str(Path(sandbox_run.__file__).with_name("filter.py"))!r})
filter = importlib.util.module_from_spec(spec); spec.loader.exec_module(filter)
libc = ctypes.CDLL(None, use_errno=True)
def denied():
    found = set()
    for name, do in {{
        "memfd_create": lambda: os.memfd_create("x"),
        "clone": lambda: libc.syscall(clone, 0x10000000 | 17, 0, 0, 0, 0) or os._exit(0),
        "unshare": lambda: libc.unshare(0x10000000),
        "clone3": lambda: libc.syscall(435, ctypes.create_string_buffer(64), 0),
        "socket": lambda: socket.socket(socket.AF_INET),
        "ptrace": lambda: libc.ptrace(16, 0, 0, 0),  # of nobody: a process that is traced would stop at each signal
        "io_uring": lambda: libc.syscall(425, 0, None),
        "shared mapping": lambda: __import__("mmap").mmap(-1, 4096),
    }}.items():
        ctypes.set_errno(0)
        try: result = do()
        except OSError as error: found.add((name, error.errno)); continue
        if result == -1: found.add((name, ctypes.get_errno()))
    return found
library = filter.library()
clone = filter.number(library, "clone")
read, write = os.pipe()
child = os.fork()
if child == 0:
    os.write(write, repr(denied()).encode()); os._exit(0)
os.waitpid(child, 0)
before = eval(os.read(read, 4096))
libc.prctl(38, 1, 0, 0, 0)
filter.load(library)
after = denied()
assert after == {{("memfd_create", 1), ("unshare", 1), ("clone", 1), ("clone3", 38), ("socket", 97), ("ptrace", 1),
                 ("io_uring", 1), ("shared mapping", 1)}}, after
assert {{name for name, _ in before - {{("ptrace", 3)}}}} <= {{"clone3", "io_uring"}}, before
thread = threading.Thread(target=print); thread.start(); thread.join()
socket.socketpair()
assert subprocess.run(["true"]).returncode == 0
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@needs_sandbox
def test_program_and_judge_do_not_see_each_other() -> None:
    code = """
import os
def processes(): return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
def files():
    return sorted({os.readlink(f"/proc/self/fd/{fd}").split(":")[0] for fd in os.listdir("/proc/self/fd")
                   if os.path.exists(f"/proc/self/fd/{fd}")})
"""
    tests = [
        "assert len(processes()) == 3",  # the first of the namespace, the one that ran the code, the one that answers
        "import os\nassert len([n for n in os.listdir('/proc') if n.isdigit()]) == 2",
        "assert files() == ['/dev/null', 'socket']",
    ]
    verdict = attempt(code, *tests)
    assert verdict.all_passed, verdict


@needs_sandbox
def test_a_sandbox_that_cannot_be_built_is_no_fault_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sandbox_run, "_sources", lambda: {**SOURCES, "filter": SOURCES["filter"].replace(".so.2", ".so.0")}
    )
    with pytest.raises(
        sandbox.SandboxUnavailable, match=r"libseccomp.so.0 is not there \(Debian and Ubuntu: libseccomp2"
    ):
        attempt("x = 1", "assert x")


def test_without_a_sandbox_execution_is_refused_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_run, "why_unavailable", lambda: "no namespaces")
    with pytest.raises(sandbox.SandboxUnavailable, match=r"no namespaces.*data\.unsafe = true"):
        sandbox.run_tests("x = 1", ["assert x"], limits=LIMITS)
    verdict = sandbox.run_tests("x = 1", ["assert x", "assert not x"], limits=LIMITS, unsafe=True)
    assert verdict.passed == (True, False)

"""Programs that want to lift a limit, or to hold more than it allows."""

# A program reads better as one line of its table.
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import replace

from tests.evenhand_systems.future_seed.sandbox.attempts import LIMITS, SHORT, Attempt

MIB = 2**20
SMALL = replace(LIMITS, memory_mib=160, seconds=4.0)
HEAD = "import ctypes, fcntl, mmap, os, resource, signal, socket, subprocess, sys, threading, time\nlibc = ctypes.CDLL(None, use_errno=True)\n"
# Bytes that were reached, or 0.
FORKS = """
def spread(one, count):
    read, write = os.pipe()
    for n in range(count):
        if os.fork() == 0:
            try: keep = one()
            except BaseException: os._exit(1)
            os.write(write, b'x'); time.sleep(60)
    os.close(write)
    n = sum(len(os.read(read, 1)) for n in range(count))
    time.sleep(0.5)
    return n
"""
"""What is held is held for a moment: what comes and goes between two looks at the memory is not seen, on a busy machine."""


def hog(name: str, body: str, test: str, limits: object = SMALL, setup: str = "") -> Attempt:
    return Attempt("limit", name, HEAD + body, (test,), setup, limits=limits)  # type: ignore[arg-type]


def raised(name: str, what: str) -> Attempt:
    """A limit of the process that is to be raised."""
    body = (
        f"def up():\n    w = resource.{what}\n    resource.setrlimit(w, (resource.RLIM_INFINITY,) * 2)\n    return True"
    )
    return hog(f"raise the limit on {name}", body, "assert up() == True")


RAISED = [
    raised("memory", "RLIMIT_AS"),
    raised("processor time", "RLIMIT_CPU"),
    raised("processes", "RLIMIT_NPROC"),
    raised("file size", "RLIMIT_FSIZE"),
    raised("open files", "RLIMIT_NOFILE"),
    hog("raise it for the first process", "def up():\n    resource.prlimit(1, resource.RLIMIT_AS, (-1, -1))\n    return resource.prlimit(os.getpid(), resource.RLIMIT_AS)[0] < 0",
        "assert up() == True"),
    hog("be more urgent", "def up():\n    os.nice(-5)\n    return True", "assert up() == True"),
    hog("be urgent in real time", "def up():\n    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))\n    return True",
        "assert up() == True"),
]  # fmt: skip

MEMORY = [
    hog("memory of one process", "def hold(): return len(bytearray(b'x') * (200 * 2**20))", f"assert hold() >= {200 * MIB}"),
    hog("memory of many processes", FORKS + "def hold(): return spread(lambda: bytearray(b'x') * (100 * 2**20), 5)",
        "assert hold() == 5"),
    hog("memory of a chain of processes",
        "def hold():\n    n = 0\n    while n < 6:\n        keep = bytearray(b'x') * (40 * 2**20); n += 1\n        if os.fork(): time.sleep(60)\n        keep = None\n    return n",
        "assert hold() == 6"),
    hog("files in memory", "def hold():\n    n = 0\n    for _ in range(40):\n        fd = os.memfd_create('x')\n        n += os.write(fd, bytes(3 * 2**20))\n    return n",
        "assert hold() >= 3"),
    hog("secret memory", "def hold(): return libc.syscall(447, 0) >= 0", "assert hold() == True"),
    hog("memory shared, its filler gone",
        FORKS + "def one():\n    m = mmap.mmap(-1, 90 * 2**20)\n    if os.fork() == 0:\n        m[:] = b'x' * len(m); os._exit(0)\n    os.wait(); return m\n"
        "def hold(): return spread(one, 3)", "assert hold() >= 2"),
    hog("a device of zeros mapped", "def hold():\n    with open('/dev/zero', 'r+b') as f: m = mmap.mmap(f.fileno(), 2**20); return len(m)",
        "assert hold() > 0"),
    hog("shared segments", "def hold(): return libc.shmget(0, 2**20, 0o1600) >= 0", "assert hold() == True"),
    hog("message queues", "def hold(): return libc.msgget(0, 0o1600) >= 0", "assert hold() == True"),
    hog("asynchronous rings", "def hold(): return libc.syscall(206 if 'x86' in os.uname().machine else 0, 4096, ctypes.create_string_buffer(8)) == 0",
        "assert hold() == True"),
    hog("memory locked", "def hold(): return libc.mlockall(3) == 0", "assert hold() == True"),
    hog("hidden from the count", FORKS + "def one():\n    libc.prctl(4, 0, 0, 0, 0)\n    return bytearray(b'x') * (100 * 2**20)\n"
        "def hold(): return spread(one, 4)", "assert hold() == 4"),
    hog("hidden behind a first thread that has ended",
        "threading.stack_size(2**18)\ndef last():\n    global keep\n    time.sleep(0.3); keep = mmap.mmap(-1, 70 * 2**20, flags=0x22); keep[:] = b'x' * len(keep)\n"
        "    time.sleep(60)\ndef one():\n    threading.Thread(target=last, daemon=True).start()\n"
        "    libc.syscall(60 if 'x86' in os.uname().machine else 93, 0)\n"
        "def hold():\n    for n in range(5):\n        if os.fork() == 0: one()\n"
        "    time.sleep(1.5); return True",
        "assert hold() == True", replace(LIMITS, memory_mib=300, processes=16)),
    hog("in the buffers of sockets", FORKS + "def one():\n    keep = [s for n in range(24) for s in socket.socketpair()]\n    for s in keep:\n"
        "        s.setblocking(False)\n        try:\n            while True: s.send(b'x' * 30000)\n        except OSError: pass\n    return keep\n"
        "def hold(): return spread(one, 12)", "assert hold() == 12", replace(SMALL, memory_mib=96, processes=16)),
    hog("in larger buffers of sockets", "def grow():\n    a, b = socket.socketpair()\n    size = ctypes.byref(ctypes.c_int(2**20))\n"
        "    number = 54 if 'x86' in os.uname().machine else 208\n"
        "    return libc.syscall(number, a.fileno(), 1, 7, size, 4) == 0 or libc.syscall(number, a.fileno(), 1, ctypes.c_long(7 + 2**32), size, 4) == 0",
        "assert grow() == True"),
    hog("large pages behind small ones in a pipe", "def hold():\n    read, write = os.pipe()\n    page = ctypes.create_string_buffer(4096)\n"
        "    part = (ctypes.c_size_t * 2)(ctypes.addressof(page), 4096)\n    return libc.vmsplice(write, part, ctypes.c_size_t(1), 0)",
        "assert hold() == 4096"),
    hog("the watcher slowed down", FORKS + "def one():\n    for which in range(3):\n        try: os.setpriority(which, 0, 19)\n        except OSError: pass\n"
        "    for p in range(1, 50):\n        try: os.sched_setscheduler(p, os.SCHED_IDLE, os.sched_param(0))\n        except OSError: pass\n"
        "    return bytearray(b'x') * (100 * 2**20)\ndef hold(): return spread(one, 5)", "assert hold() == 5"),
    hog("the watcher stopped", FORKS + "def hold():\n    for p in (0, -1, 1):\n        try: os.kill(p, signal.SIGTSTP)\n        except OSError: pass\n"
        "    return spread(lambda: bytearray(b'x') * (100 * 2**20), 5)", "assert hold() == 5", SHORT),
    hog("a nested tmpfs of 4 GiB", "def hold():\n    r = subprocess.run([sys.executable, '-c', 'import ctypes; l = ctypes.CDLL(None); print(l.unshare(0x10020000))'], capture_output=True)\n"
        "    return r.stdout.strip() == b'0'", "assert hold() == True"),
    hog("the judge's memory", "def f(x): return 'x' * (6 * 2**20)", "assert len(f(1) * 400) > 0"),
]  # fmt: skip

DISK = [
    hog("the scratch folder", "def fill():\n    n = 0\n    for i in range(64):\n        with open(f'f{i}', 'wb') as f: n += f.write(bytes(2**20)); f.flush()\n    return n",
        f"assert fill() > {5 * MIB}"),
    hog("one large file", "def fill():\n    with open('f', 'wb') as f: return f.write(bytes(6 * 2**20))", f"assert fill() > {5 * MIB}"),
    hog("room reserved", "def fill():\n    fd = os.open('f', os.O_CREAT | os.O_RDWR)\n    os.posix_fallocate(fd, 0, 6 * 2**20)\n    return True",
        "assert fill() == True"),
    hog("very many files", "def fill():\n    for i in range(20000): os.close(os.open(f'f{i}', os.O_CREAT | os.O_WRONLY))\n    return i",
        "assert fill() > 4096"),
    hog("files without names", "def fill():\n    n = 0\n    keep = []\n    for i in range(9):\n        fd = os.open('f', os.O_CREAT | os.O_RDWR); keep.append(fd)\n        os.unlink('f'); n += os.write(fd, bytes(2**20))\n    return n",
        f"assert fill() > {5 * MIB}"),
    hog("other folders in memory", "def fill():\n    for p in ('/dev/shm', '/run', '/var/tmp', '/home', '/'):\n        try:\n            open(p + '/f', 'wb').write(bytes(6 * 2**20)); return True\n        except OSError: pass",
        "assert fill() == True"),
]  # fmt: skip

TIME = [
    hog("a fork bomb", "def f(x):\n    while True:\n        try: os.fork()\n        except OSError: pass", "assert f(1) is None", SHORT),
    hog("a fork bomb on import", "while True: os.fork()", "assert True", SHORT),
    hog("a bomb of threads", "def f(x):\n    for i in range(100): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n    return True",
        "assert f(1) == True"),
    hog("very many open files", "def f(x): return len([os.open('/dev/null', os.O_RDONLY) for i in range(100)])", "assert f(1) == 100"),
    hog("a loop without end", "def f(x):\n    while True: pass", "assert f(1) is None", SHORT),
    hog("signals ignored", "for s in range(1, 32):\n    try: signal.signal(s, signal.SIG_IGN)\n    except OSError: pass\ndef f(x): time.sleep(60)",
        "assert f(1) is None", SHORT),
    hog("more processor time than allowed", "def f(x):\n    t = time.process_time()\n    while time.process_time() - t < 2.5: pass\n    return True",
        "assert f(1) == True", replace(LIMITS, cpu_seconds=1)),
    hog("the time of the judge", "def f(x): return 10**9", "assert sum(range(f(1) * f(1))) > 0", SHORT),
]  # fmt: skip

HOGS = [*RAISED, *MEMORY, *DISK, *TIME]

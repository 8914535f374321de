"""Programs that want to reach what is outside, or to have rights that they were not given."""

# A program reads better as one line of its table.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.evenhand_systems.future_seed.sandbox.attempts import LIMITS, Attempt

GROUP = replace(LIMITS, seconds=20.0)
HEAD = """
import ctypes, os, platform, socket, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() == "aarch64"
def call(x86, arm, *arguments):
    return libc.syscall(arm if ARM else x86, *arguments) >= 0
def attempt(do):
    try: return bool(do())
    except Exception: return False
"""
CLONE = {"user": 0x10000000, "mnt": 0x20000, "pid": 0x20000000, "net": 0x40000000}
OPEN = "open({path!r}, {mode!r}).read(1) is not None"


def escape(name: str, expression: str, body: str = "") -> Attempt:
    """An expression that is true where the escape succeeds."""
    code = f"{HEAD}\n{body}\ndef escape():\n    return attempt(lambda: {expression})\n"
    return Attempt("escape", name, code, ("assert escape() == True",))


def together(attempts: Sequence[Attempt]) -> Attempt:
    """Several escapes as one program, each put to a test of its own; the last test is passed by an honest answer."""
    parts = [attempt.code.removeprefix(HEAD).replace("def escape()", f"def escape_{n}()")
             for n, attempt in enumerate(attempts)]  # fmt: skip
    tests = [f"assert escape_{n}() == True" for n in range(len(attempts))]
    code = HEAD + "".join(parts) + "\ndef honest(): return 6 * 7\n"
    return Attempt("escape", f"{attempts[0].name} ...", code, (*tests, "assert honest() == 42"), limits=GROUP)


def _child(flags: str) -> str:
    """Start a child with raw clone, which ends at once; true where it came to be."""
    return f"""
def clone(flags):
    pid = libc.syscall(220 if ARM else 56, flags | 17, 0, 0, 0, 0)
    if pid == 0: os._exit(0)
    return pid > 0
def start_{flags}(): return clone({flags})
"""


FILES = [
    escape(f"read {path}", OPEN.format(path=path, mode="rb"))
    for path in ("/etc/passwd", "/etc/shadow", "/etc/hostname", "/root/.bashrc", "/proc/1/root/etc/passwd", "/proc/1/mem",
                 "/proc/1/environ", "/proc/kcore", "/proc/kmsg", "/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/zero",
                 "/sys/kernel/uevent_seqnum", "/old/etc/passwd", "../../../../../etc/passwd")
] + [
    escape(f"write {path}", f"open({path!r}, 'w')")
    for path in ("/usr/x", "/x", "/proc/x", "/dev/x", "/packages/x", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger",
                 "/proc/sys/user/max_user_namespaces", "/proc/1/oom_score_adj")
] + [
    escape("map ids anew", "os.write(os.open('/proc/self/uid_map', os.O_WRONLY), b'0 0 1')"),
    escape("write into numpy", "open(np.__file__, 'a')", "try: import numpy as np\nexcept ImportError: pass"),
    escape("write into Python's library", "open(os.__file__, 'a')"),
    escape("see the checkout", "any('evenhand' in n for n in os.listdir('/packages') + os.listdir('/'))"),
    escape("make a device", "os.mknod('/tmp/d', 0o60600, os.makedev(254, 0)) is None"),
    escape("chroot", "os.mkdir('/tmp/j') or os.chroot('/tmp/j') is None"),
    escape("open a file by its handle", "libc.open_by_handle_at(-100, ctypes.create_string_buffer(64), 0) >= 0"),
    escape("the first process's files", "os.listdir('/proc/1/fd')"),
    escape("the first process's folder", "os.listdir('/proc/1/cwd')"),
]  # fmt: skip

NAMESPACES = [
    escape(f"a {kind} namespace by unshare", f"libc.unshare({flag}) == 0") for kind, flag in CLONE.items()
] + [
    escape(f"a {kind} namespace by clone", f"start_{flag}()", _child(str(flag))) for kind, flag in CLONE.items()
] + [
    escape("a user namespace by clone3", "call(435, 435, (ctypes.c_uint64 * 8)(0x10000000, 0, 0, 0, 17), 64) or False"),
    escape("a user namespace by a program", "subprocess.run(['unshare', '-U', 'true']).returncode == 0"),
    escape("root and a mount by a program", "subprocess.run(['unshare', '-Urm', 'mount', '-t', 'tmpfs', '-o', 'size=4g', 'x', '/tmp']).returncode == 0"),
    escape("enter a namespace", "libc.setns(os.open('/proc/self/ns/user', os.O_RDONLY), 0) == 0"),
    escape("mount", "libc.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, b'size=4g') == 0"),
    escape("remount /usr for writing", "libc.mount(None, b'/usr', None, 32 | 4096, None) == 0"),
    escape("remount the scratch folder larger", "libc.mount(None, b'/', None, 32, b'size=4g') == 0"),
    escape("umount", "libc.umount2(b'/proc', 2) == 0"),
    escape("mount by fsopen", "call(430, 430, b'tmpfs', 0)"),
    escape("a tree of mounts by open_tree", "call(428, 428, -100, b'/', 1)"),
    escape("change the root", "call(155, 41, b'/tmp', b'/tmp')"),
]  # fmt: skip

RIGHTS = [
    escape("be root", "os.setuid(0) is None"),
    escape("be root in all three ids", "os.setresuid(0, 0, 0) is None"),
    escape("take capabilities", "libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(0x200000, 0x200000)) == 0"),
    escape("hold capabilities", "int([l for l in open('/proc/self/status') if l.startswith('CapEff')][0].split()[1], 16)"),
    escape("programs that bring rights", "subprocess.run(['su', '-c', 'true']).returncode == 0"),
    escape("no filter of system calls", "[l for l in open('/proc/self/status') if l.startswith('Seccomp:')][0].split()[1] != '2'"),
    escape("trace another process", "call(101, 117, 16, os.getppid(), 0, 0)"),
    escape("read another process's memory", "call(310, 270, 1, 0, 0, 0, 0, 0)"),
    escape("take another process's file", "call(438, 438, call(434, 434, 1, 0), 0, 0)"),
    escape("a program in the kernel", "call(321, 280, 0, ctypes.create_string_buffer(128), 128)"),
    escape("measure the kernel", "call(298, 241, ctypes.create_string_buffer(b'\\0' * 4 + b'\\x70'.ljust(108, b'\\0'), 112), 0, -1, -1, 0)"),
    escape("a key ring", "call(250, 219, 0, -3, 1)"),
    escape("a key", "call(248, 217, b'user', b'evenhand', b'x', 1, -3)"),
    escape("io_uring", "call(425, 425, 4, ctypes.create_string_buffer(120))"),
    escape("handle page faults", "call(323, 282, 1)"),
    escape("load a module", "call(175, 105, b'', 0, b'')"),
    escape("the machine's name", "socket.sethostname('x') is None"),
    escape("the machine's time", "call(227, 112, 0, (ctypes.c_long * 2)(1, 1))"),
    escape("restart the machine", "call(169, 142, 0xfee1dead, 672274793, 0, 0)"),
]  # fmt: skip

OTHERS = [
    escape("connect to this machine", "socket.create_connection(('127.0.0.1', 22), timeout=1) or True"),
    escape("connect to another machine", "socket.create_connection(('8.8.8.8', 53), timeout=1)"),
    escape("an internet socket", "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"),
    escape("an internet socket of version 6", "socket.socket(socket.AF_INET6)"),
    escape("a socket to the host of a virtual machine", "socket.socket(40, socket.SOCK_STREAM)"),
    escape("a socket to the kernel's tables", "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)"),
    escape("a raw socket", "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)"),
    escape("a socket to the kernel's ciphers", "socket.socket(38, socket.SOCK_SEQPACKET)"),
    escape("names in the abstract", "len(open('/proc/net/unix').readlines()) > 200"),
    escape("look up a name", "socket.gethostbyname('example.com')"),
    escape("signal a process outside", "any(attempt(lambda: os.kill(p, 0) is None) for p in range(100, 40000))"),
    escape("stop the one that watches", "os.kill(os.getppid(), 18) is None and os.getppid() == 0"),
    escape("see processes outside", "len([p for p in os.listdir('/proc') if p.isdigit()]) > 8"),
    escape("the environment", "len(os.environ) > 4"),
    escape("this machine's devices", "os.listdir('/sys')"),
    escape("a terminal", "os.open('/dev/tty', os.O_RDWR) or os.open('/dev/ptmx', os.O_RDWR)"),
]  # fmt: skip

ESCAPES = [*FILES, *NAMESPACES, *RIGHTS, *OTHERS]
GROUPS = [FILES[:20], FILES[20:], NAMESPACES, RIGHTS, OTHERS]

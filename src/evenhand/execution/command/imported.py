"""Python scripts that begin with their imports made: a warm worker's way to run the recipe ``command``.

``import_server`` makes the imports once and forks a child for each trial. It is begun by the interpreter, the flags,
the folder and the environment of the command line, and makes the imports that the script makes before it does anything
else. Where a child could be otherwise than a fresh process, the program is a fresh process, and the reason is told.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from evenhand.execution.command import import_server
from evenhand.execution.command.leading_imports import Leading, leading_imports
from evenhand.execution.command.script_calls import Call, call_of, local_roots
from evenhand.execution.lifetime import die_with_parent

KEPT = 4
"""So many servers a worker keeps at most: arms may differ in their environment."""

_OWN = ("EVENHAND_REQUEST", "EVENHAND_OUTCOME")
"""Variables of one trial."""


@dataclass
class Forked:
    """A run of a script, like a process that was begun; ``cpu_seconds`` and ``peak_memory_bytes`` once it has ended."""

    control: socket.socket
    pid: int
    stdout: IO[bytes]
    stderr: IO[bytes]
    returncode: int | None = None
    cpu_seconds: float = 0.0
    peak_memory_bytes: int | None = None

    def poll(self) -> int | None:
        """Its exit code, negative where a signal ended it; None while it runs."""
        return self.wait(0)

    def wait(self, seconds: float | None = None) -> int | None:
        """Wait for its end."""
        if self.returncode is None:
            self.control.settimeout(seconds)
            try:
                told = self.control.recv(1024).decode().split("\0")
            except (BlockingIOError, TimeoutError):
                return None
            except OSError:
                told = []
            if len(told) == 3:
                self.returncode, self.cpu_seconds = int(told[0]), float(told[1])
                self.peak_memory_bytes = int(told[2]) * 1024
            else:  # its server was killed, and it with it
                self.returncode = -signal.SIGKILL
        return self.returncode

    def kill(self) -> None:
        """End it at once."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


@dataclass
class _Server:
    """One import server.

    Attributes:
        process: of it.
        control: our end of its channel.
        printed: what its imports printed, on standard output and standard error: each run's output begins with it.
        why_not: why it serves nobody, or empty.
    """

    process: subprocess.Popen[bytes]
    control: socket.socket
    printed: tuple[bytes, bytes] = (b"", b"")
    why_not: str = ""

    def end(self) -> float:
        """End it; returns the processor seconds that it and all its runs took."""
        for end in (self.control, self.process.stdout, self.process.stderr):
            if end is not None:
                end.close()
        self.process.kill()
        if self.process.returncode is not None:
            return 0.0
        _, status, used = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return used.ru_utime + used.ru_stime


@dataclass
class Used:
    """What programs took that this process does not see as its children: of one trial.

    Attributes:
        cpu_seconds: processor seconds; below zero where the system adds to a trial what others took.
        peak_memory_bytes: the largest resident set of a program.
    """

    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0


@dataclass
class ImportServers:
    """The import servers of one warm worker, the one that was used last at the end.

    Attributes:
        note: how the last run was begun, for the record.
        printed: what its imports printed: its output begins with it.
        used: what the programs of the present trial took; whoever begins a trial sets it anew.
    """

    note: str = ""
    printed: tuple[bytes, bytes] = (b"", b"")
    used: Used = field(default_factory=Used)
    _servers: dict[tuple[object, ...], _Server] = field(default_factory=dict)

    def begin(self, argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Forked | None:
        """Run a script; None, with the reason in the note, where it has to be a fresh process.

        Raises:
            OSError: the interpreter cannot be started.
        """
        call = call_of(argv)
        if isinstance(call, str):
            self.note = f"a fresh process: {call}"
            return None
        found = leading_imports(folder / call.script, local_roots(call, folder, environment))
        shared = {name: value for name, value in environment.items() if name not in _OWN}
        key = (call.python, call.script, folder, tuple(sorted(shared.items())), tuple(found))
        server = self._servers.pop(key, None) or self._started(call, folder, shared, found)
        self._servers[key] = server
        while len(self._servers) > KEPT:
            self.used.cpu_seconds -= self._servers.pop(next(iter(self._servers))).end()
        program = None if server.why_not else self._forked(server, call, environment)
        packages = dict.fromkeys(one.package for one in found if one.package not in sys.stdlib_module_names)
        self.printed = (b"", b"") if program is None else server.printed
        self.note = (
            f"forked after its imports: {', '.join(packages)}" if program else f"a fresh process: {server.why_not}"
        )
        return program

    def _started(self, call: Call, folder: Path, shared: Mapping[str, str], found: Sequence[Leading]) -> _Server:
        server = _started(call, folder, shared, found)
        if server.why_not:
            server.end()
        else:
            self.used.cpu_seconds += _cpu_seconds(server.process.pid)
        return server

    def _forked(self, server: _Server, call: Call, environment: Mapping[str, str]) -> Forked | None:
        own = [f"{name}={environment[name]}" for name in _OWN if name in environment]
        message = os.fsencode("\0".join([*own, "", *call.arguments]))
        (out, to_out), (error, to_error) = os.pipe(), os.pipe()
        pid = b""
        with contextlib.suppress(OSError):
            server.control.settimeout(None)
            socket.send_fds(server.control, [message], [to_out, to_error])
            pid = server.control.recv(1024)
        os.close(to_out)
        os.close(to_error)
        stdout, stderr = os.fdopen(out, "rb", 0), os.fdopen(error, "rb", 0)
        if pid:
            return Forked(server.control, int(pid), stdout, stderr)
        server.why_not = "the process with its imports has ended, or its arguments are too long"
        stdout.close()
        stderr.close()
        return None

    def running(self) -> set[int]:
        """Process ids of the servers."""
        return {server.process.pid for server in self._servers.values() if server.process.returncode is None}

    def end(self) -> None:
        """End all of them."""
        for server in self._servers.values():
            server.end()
        self._servers.clear()


def _cpu_seconds(pid: int) -> float:
    """Processor seconds that a process has taken by now."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _started(call: Call, folder: Path, environment: Mapping[str, str], found: Sequence[Leading]) -> _Server:
    """Begin a server and wait until it has made the imports.

    Raises:
        OSError: the interpreter cannot be started.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    parent = os.getpid()
    with theirs:
        process = subprocess.Popen(
            [*call.python, str(import_server.__file__), str(theirs.fileno()), call.script],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            pass_fds=[theirs.fileno()],
            preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509  one library call, loaded before
        )  # fmt: skip
    server = _Server(process, ours)
    with contextlib.suppress(OSError):
        ours.send(os.fsencode("\0".join(part for one in found for part in (one.statement, one.package))))
    answer, server.printed = _heard(server)
    server.why_not = answer.strip("\0") if answer else "the process that was to make its imports has ended"
    return server


def _heard(server: _Server) -> tuple[str, tuple[bytes, bytes]]:
    """A server's answer, with what its imports printed."""
    streams = (server.process.stdout, server.process.stderr)
    printed: dict[object, bytes] = dict.fromkeys(streams, b"")
    answer: str | None = None
    with selectors.DefaultSelector() as ready:
        for one in (server.control, *streams):
            assert one is not None
            ready.register(one, selectors.EVENT_READ)
        while answer is None or ready.select(0):
            for key, _ in ready.select():
                if key.fileobj is server.control:
                    answer = os.fsdecode(server.control.recv(1 << 16))
                else:
                    chunk = os.read(key.fd, 65536)
                    printed[key.fileobj] += chunk
                    if chunk:
                        continue
                ready.unregister(key.fileobj)
    return answer, (printed[streams[0]], printed[streams[1]])


SERVERS: ImportServers | None = None
"""Those of this process, where it is a warm worker."""

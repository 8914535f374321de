"""Running one program: its output passed on line by line as it comes, its last lines kept, its end told."""

from __future__ import annotations

import codecs
import os
import selectors
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from evenhand.execution.command.imported import Forked, ImportServers
from evenhand.execution.failures import kernel_kills
from evenhand.execution.lifetime import die_with_parent

TAIL_LINES = 60
"""So many last lines are kept for the record of a failure."""

_LONGEST_LINE = 20_000
"""A line without an end (a progress bar, binary output) is cut here."""

_LOOK_SECONDS = 0.2
"""How often a program is looked after that ended while something it started still holds its output open."""


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Attributes:
        code: exit code; negative where a signal ended it.
        tail: its last lines on standard output and standard error, in the order in which they came.
        out_of_memory: the kernel's count of out-of-memory kills rose while it ran.
    """

    code: int
    tail: str
    out_of_memory: bool


@dataclass
class _Lines:
    """Bytes of one stream put together to lines."""

    take: Callable[[str], None]
    decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")(errors="replace")
    )
    rest: str = ""

    def add(self, chunk: bytes, *, last: bool = False) -> None:
        # A progress bar returns to the start of its line: each of its states is a line of its own.
        text = self.rest + self.decoder.decode(chunk, final=last).replace("\r\n", "\n").replace("\r", "\n")
        *lines, self.rest = text.split("\n")
        if last or len(self.rest) > _LONGEST_LINE:
            lines, self.rest = [*lines, *([self.rest] if self.rest else [])], ""
        for line in lines:
            self.take(line)


class _Fresh:
    """A program in a process of its own, with what it took once it has ended."""

    def __init__(self, argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        parent = os.getpid()
        self._process = process = subprocess.Popen(
            argv,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509  one library call, loaded before
        )
        assert process.stdout is not None
        assert process.stderr is not None
        self.stdout, self.stderr = process.stdout, process.stderr
        self.peak_memory_bytes: int | None = None

    def poll(self) -> int | None:
        return self._reaped(os.WNOHANG)

    def wait(self) -> int | None:
        return self._reaped(0)

    def kill(self) -> None:
        self._process.kill()

    def _reaped(self, options: int) -> int | None:
        if self._process.returncode is None:
            pid, status, used = os.wait4(self._process.pid, options)
            if pid:
                self._process.returncode = os.waitstatus_to_exitcode(status)
                self.peak_memory_bytes = used.ru_maxrss * 1024
        return self._process.returncode


def run_program(
    argv: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    on_line: Callable[[str], bool],
    servers: ImportServers | None = None,
) -> Ended:
    """Run a program to its end.

    Args:
        argv: program and arguments; no shell.
        folder: its working folder.
        variables: put into its environment.
        on_line: called with each line of its standard output; where it says False, the program is killed.
        servers: which may have made its imports.

    Raises:
        OSError: the program cannot be started.
    """
    kills, environment = kernel_kills(), {**os.environ, **variables}
    forked = None if servers is None else servers.begin(argv, folder, environment)
    process = forked or _Fresh(argv, folder, environment)
    tail: deque[str] = deque(maxlen=TAIL_LINES)

    def keep(line: str, where: IO[str]) -> None:
        tail.append(line[:2000])
        print(line, file=where, flush=True)

    def of_output(line: str) -> None:
        keep(line, sys.stdout)
        if not on_line(line):
            process.kill()

    lines = _Lines(of_output), _Lines(lambda line: keep(line, sys.stderr))
    if servers is not None:
        for one, printed in zip(lines, servers.printed, strict=True):
            one.add(printed)
    try:
        _pass_on(process, dict(zip((process.stdout, process.stderr), lines, strict=True)))
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        process.stdout.close()
        process.stderr.close()
    code = process.wait()
    assert code is not None
    if servers is not None:
        servers.used.cpu_seconds += 0.0 if forked is None else forked.cpu_seconds
        servers.used.peak_memory_bytes = max(servers.used.peak_memory_bytes, process.peak_memory_bytes or 0)
    return Ended(code, "\n".join(tail)[-6000:], kernel_kills() > kills)


def _pass_on(process: _Fresh | Forked, streams: Mapping[IO[bytes], _Lines]) -> None:
    """Read both streams until they end, or until the program has and nothing more comes from what it left behind."""
    with selectors.DefaultSelector() as ready:
        for stream, lines in streams.items():
            ready.register(stream, selectors.EVENT_READ, lines)
        while ready.get_map():
            ended = process.poll() is not None
            found = ready.select(0 if ended else _LOOK_SECONDS)
            if ended and not found:
                break
            for key, _ in found:
                chunk = os.read(key.fd, 65536)
                key.data.add(chunk)
                if not chunk:
                    ready.unregister(key.fileobj)
    for lines in streams.values():
        lines.add(b"", last=True)

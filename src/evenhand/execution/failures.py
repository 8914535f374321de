"""Failures of trials: what to do about each class, and what the end of a process tells."""

from __future__ import annotations

import re
import signal
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from evenhand.errors import DataError, Diverged
from evenhand.execution.states import failure_of_state
from evenhand.recipes.error_classes import OUT_OF_MEMORY, UNWRITTEN, classify, damaged_bytecode, disk_refused
from evenhand.recipes.outcome import Failure, Phase


def failure_of(error: BaseException, phase: Phase) -> Failure:
    """A failure record of an exception, with its traceback."""
    text = str(error).strip() or type(error).__name__
    named = text if isinstance(error, Diverged | DataError) else f"{type(error).__name__}: {text}"
    if disk_refused(error) and not isinstance(error, OSError):
        named = f"a file could not be written (is the disk full?): {named}"
    if bytecode := damaged_bytecode(error):
        named = f"a module's compiled file is damaged (was the disk full?): delete {bytecode}; {named}"
    detail = portable("".join(traceback.format_exception(error)))
    return Failure(classify(error), named, phase, detail[-6000:])


def portable(trace: str) -> str:
    """A traceback with files as Python finds them: a ledger is published, the folders of a machine are not."""

    def short(match: re.Match[str]) -> str:
        path = match[1]
        roots = [root.rstrip("/") + "/" for root in sys.path if root and path.startswith(root.rstrip("/") + "/")]
        if roots:
            path = path[len(max(roots, key=len)) :]
        return f'File "{Path(path).name if path.startswith("/") else path}"'

    return re.sub(r'File "([^"]+)"', short, trace)


@dataclass(frozen=True)
class Ending:
    """How a worker process ended, as the server saw it.

    Attributes:
        exit_code: None where a signal ended it.
        signal: name of the signal, or None.
        timed_out: the lab stopped it at its time limit.
        out_of_memory: the kernel's count of out-of-memory kills rose while it ran.
        state: the scheduler's word, where there is a scheduler and it has one.
        node: where it ran, where that is known.
    """

    exit_code: int | None
    signal: str | None
    timed_out: bool = False
    out_of_memory: bool = False
    state: str = ""
    node: str = ""


def failure_without_outcome(  # noqa: PLR0911  a table of endings, in the order in which they are told apart
    ending: Ending, limit_seconds: float | None, log_tail: str
) -> Failure:
    """The failure of a process that left no outcome file: by the scheduler's word first, then by how it ended."""
    told = failure_of_state(ending.state, ending.node, log_tail)
    if told is not None and not ending.timed_out:
        return told
    if ending.timed_out:
        return Failure("timeout", f"stopped after its limit of {limit_seconds:g} s", "run", log_tail)
    if ending.signal == "SIGKILL" and ending.out_of_memory:
        return Failure("resource", "the kernel killed it: the machine was out of memory", "run", log_tail)
    if ending.signal in ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT"):
        return Failure("infrastructure", f"its process was killed from outside ({ending.signal})", "run", log_tail)
    if ending.signal is not None:
        return Failure("code", f"its process crashed ({ending.signal}) in compiled code", "run", log_tail)
    if ending.exit_code == EXIT_OUTCOME_UNWRITTEN:
        message = "its outcome file could not be written (is the disk full?)"
        return Failure("infrastructure", message, "report", log_tail)
    if ending.exit_code is None:
        message = f"its job ended ({ending.state or 'nobody says how'}) before its process had begun"
        return Failure("infrastructure", message, "import", log_tail)
    message = f"its process ended with exit code {ending.exit_code} and left no outcome file"
    return Failure("code", message, "run", log_tail)


def failure_of_program(code: int, name: str, tail: str, *, out_of_memory: bool, wrote: bool = False) -> Failure:
    """The failure of a program that did not end well, by how it ended and by its last lines.

    Args:
        code: exit code as ``subprocess`` gives it: negative where a signal ended the program.
        name: of the program, for the message.
        tail: its last lines, standard error included.
        out_of_memory: the kernel's count of out-of-memory kills rose while it ran.
        wrote: it left an outcome file all the same.
    """
    number = -code if code < 0 else code - 128 if code - 128 in _SHELL_SIGNALS else 0
    signalled = signal.Signals(number).name if number in set(signal.Signals) else ""
    left = "although it wrote an outcome file" if wrote else "and left no outcome file"
    how = f"was ended by {signalled}" if signalled else f"ended with exit code {code}"
    last = "\n".join(tail.strip().splitlines()[-_LAST_LINES:]).lower()
    if signalled == "SIGKILL" and out_of_memory:
        return Failure("resource", f"the kernel killed {name}: the machine was out of memory", "run", tail)
    if any(words in last for words in (*OUT_OF_MEMORY, *_OUT_OF_MEMORY_OF_PROGRAMS)):
        return Failure("resource", f"{name} ran out of memory ({how})", "run", tail)
    if signalled in ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT"):
        return Failure("infrastructure", f"{name} was killed from outside ({signalled})", "run", tail)
    if any(words in last for words in UNWRITTEN):
        return Failure("infrastructure", f"{name} could not write a file (is the disk full?): {how}", "run", tail)
    if _NETWORK_ERROR.search(last):
        return Failure("infrastructure", f"{name} could not reach the network ({how})", "run", tail)
    return Failure("code", f"{name} {how} {left}", "run", tail)


_SHELL_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM)
"""Signals that a shell passes on as the exit code 128 + number."""

_LAST_LINES = 30
"""So many last lines of a program tell why it ended; what it said long before may have been overcome."""

_OUT_OF_MEMORY_OF_PROGRAMS = ("std::bad_alloc", "\nmemoryerror", "cuda_error_out_of_memory", "outofmemoryerror")

_NETWORK_ERROR = re.compile(
    r"^(connection(refused|reset|aborted)?error|timeouterror|(requests|urllib3|httpx|httpcore|huggingface_hub)\.\S*)[:\s]",
    re.MULTILINE,
)
"""A line of a Python traceback that names an error of the network or the hub, in lower case."""

EXIT_OUTCOME_UNWRITTEN = 74
"""Exit code (EX_IOERR) of a worker that could not write its outcome file."""


def kernel_kills() -> int:
    """How many processes the kernel has killed for memory, here or in this control group; 0 where it does not tell."""
    total = 0
    for path, key in ((Path("/sys/fs/cgroup/memory.events"), "oom_kill"), (Path("/proc/vmstat"), "oom_kill")):
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.split()[:1] == [key])
    return total

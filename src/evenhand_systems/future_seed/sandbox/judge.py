"""The side of the judge: holds the tests, asks the program for values, and compares them here.

What a test takes from the program stands here as a value of an exact built-in type or as a ``Stranger``, which passes
calls on and equals nothing. Standard library only: executed in a sandbox of its own, whose processes the program's
cannot see.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

from evenhand_systems.future_seed.sandbox.codec import Broken, pack, receive, send, unpack
from evenhand_systems.future_seed.sandbox.limits import limit, silence

Kind = TypeVar("Kind")
# An exception that ends an iteration would let a program cut a test short.
_NEVER_RAISED = (StopIteration, StopAsyncIteration, GeneratorExit)


class TimeIsUp(BaseException):
    """The time of the program with all its tests is over; no ``except Exception`` of a test holds this up."""


class ProgramError(Exception):
    """The program raised something that Python does not have."""


class Line:
    """Questions to one process of the program."""

    def __init__(self, channel: socket.socket, deadline: float) -> None:
        self._channel = channel
        self._deadline = deadline

    def ask(self, operation: str, target: Any, *arguments: object) -> Any:
        """The program's answer.

        Raises:
            TimeIsUp: it did not come in time.
            EOFError: the process is gone.
            Broken: it was no answer.
            Exception: the program raised this.
        """
        try:
            send(self._channel, [operation, target, *(pack(part, _send_object) for part in arguments)], self._deadline)
            said = receive(self._channel, self._deadline)
        except TimeoutError:
            raise TimeIsUp from None
        except OSError:
            raise EOFError from None
        match said:
            case ["value", value]:
                return self._unpack(value)
            case ["value", value, after]:
                _change(arguments[0], self._unpack(after))
                return self._unpack(value)
            case ["no"]:
                raise KeyError(target)
            case ["raised", str(kind), str(text)]:
                raise _exception(kind, text)
        raise Broken("an answer of no known form")

    def _unpack(self, data: Any) -> Any:
        return unpack(data, lambda number, kind: Stranger(self, number, kind))


def _exception(kind: str, text: str) -> Exception:
    """The exception of that name where Python has it."""
    found = getattr(builtins, kind, None)
    if isinstance(found, type) and issubclass(found, Exception) and not issubclass(found, _NEVER_RAISED):
        with suppress(TypeError):  # some need more than a text
            return found(text)
    return ProgramError(f"{kind}: {text}")


def _change(given: object, after: object) -> None:
    """Let lists, dicts and sets that a test handed over hold what the program has put there."""
    if not (isinstance(given, (list, tuple)) and isinstance(after, (list, tuple)) and len(given) == len(after)):
        raise Broken("arguments came back in another number")
    for own, new in zip(given, after, strict=True):
        if type(own) is not type(new):
            continue
        if isinstance(own, list):
            own[:] = new
        elif isinstance(own, (dict, set)):
            own.clear()
            own.update(new)


def _send_object(value: object) -> list[Any]:
    """A stranger goes home as its number, a built-in function by its name; nothing else can go."""
    if type(value) is Stranger:
        return ["object", value._number, ""]
    name = getattr(value, "__name__", "")
    if isinstance(name, str) and getattr(builtins, name, None) is value:
        return ["object", -1, name]
    raise TypeError(f"the test hands over an object of class {type(value).__name__}, which cannot be sent")


class Stranger:
    """An object that stays with the program. It can be called, looked into and walked through; it equals nothing."""

    __slots__ = ("_kind", "_line", "_number")
    _kind: str
    _line: Line
    _number: int
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, line: Line, number: int, kind: str) -> None:
        object.__setattr__(self, "_line", line)
        object.__setattr__(self, "_number", number)
        object.__setattr__(self, "_kind", kind)

    def __call__(self, *arguments: object, **named: object) -> Any:
        return self._line.ask("call", self._number, arguments, named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._line.ask("get", self._number, name)

    def __setattr__(self, name: str, value: object) -> None:
        self._line.ask("set", self._number, name, value)

    def __iter__(self) -> Iterator[Any]:
        iterator = self._line.ask("iter", self._number)
        if type(iterator) is not Stranger:
            raise TypeError(f"an iterator was expected, the program gave {type(iterator).__name__}")
        while True:
            part = self._line.ask("next", iterator._number)
            if type(part) is not list:
                raise Broken("no next value")
            if not part:
                return
            yield part[0]

    def __len__(self) -> int:
        return self._of("len", int)

    def __getitem__(self, key: object) -> Any:
        return self._line.ask("item", self._number, key)

    def __str__(self) -> str:
        return self._of("str", str)

    def __repr__(self) -> str:
        return self._of("repr", str)

    def __format__(self, layout: str) -> str:
        return format(str(self), layout)

    def _of(self, operation: str, kind: type[Kind]) -> Kind:
        value: object = self._line.ask(operation, self._number)
        if isinstance(value, kind) and type(value) is kind:
            return value
        raise TypeError(f"{operation}() gave {type(value).__name__}")

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(
            f"the program gave an object of class {self._kind[:80]!r}; only values of built-in types are compared"
        )

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = _refuse


def main(job: dict[str, Any]) -> NoReturn:
    """The whole life of the judge's process."""
    out = os.dup(1)
    silence()
    sys.path[:] += job["path"]
    limit(job["limits"])

    def report(**facts: object) -> None:
        os.write(out, json.dumps(facts).encode() + b"\n")

    with suppress(BaseException):
        Judge(job, report).run()
    os._exit(0)


class Judge:
    """One program before its tests."""

    def __init__(self, job: dict[str, Any], report: Callable[..., None]) -> None:
        self._job = job
        self._report = report
        self._channel = socket.socket(fileno=job["channel"])
        self._deadline = 0.0

    def run(self) -> None:
        """Wait for the program to be there, then to have run; put it to each test; report as things come to be known.

        The clock starts when the program's sandbox stands: a busy machine takes nothing from the program's time.
        """
        if receive(self._channel, time.monotonic() + self._job["patience"]) != "ready":
            return
        self._deadline = time.monotonic() + self._job["limits"]["seconds"]
        self._report(ready=True)
        ran, detail = self._program()
        self._report(exec_ok=ran, detail=detail)
        for test in self._job["tests"] if ran else ():
            passed, detail = self._test(test)
            self._report(passed=passed, detail=detail)

    def _program(self) -> tuple[bool, str]:
        try:
            said = receive(self._channel, self._deadline)
        except TimeoutError:
            return False, "time is up"
        except (EOFError, OSError):
            return False, "the program ended its process"
        except Broken as error:
            return False, f"the program wrote to its judge: {error}"
        match said:
            case ["ran"]:
                return True, ""
            case ["raised", str(kind), str(text)]:
                return False, f"{kind}: {text}"
        return False, "the program wrote to its judge"

    def _test(self, test: str) -> tuple[bool, str]:
        """Whether one test came to its end, and what stopped it."""
        if time.monotonic() >= self._deadline:
            return False, "time is up"
        here, there = socket.socketpair()
        passed, detail = False, ""
        try:
            self._hand_over(there)
            self._execute(test, Line(here, self._deadline))
            passed = True
        except TimeIsUp:
            detail = "time is up"
        except EOFError:
            detail = "the program ended its process"
        except BaseException as error:
            with suppress(BaseException):
                detail = f"{type(error).__name__}: {error}"[:300]
        finally:
            here.close()
            there.close()
        end = self._end()
        return passed, end if end and detail.startswith("the program ended") else detail

    def _hand_over(self, line: socket.socket) -> None:
        """Give the program one end of a line, on which a process of its own is to answer."""
        try:
            self._channel.settimeout(max(0.001, self._deadline - time.monotonic()))
            socket.send_fds(self._channel, [b"t"], [line.fileno()])
        except OSError:
            raise EOFError from None
        line.close()

    def _execute(self, test: str, line: Line) -> None:
        """Execute one test; it has passed when this returns."""
        setup = ast.parse(self._job["setup"], "setup.py")
        tree = ast.parse(test, "test.py")
        space: dict[str, Any] = {"__name__": "test", "__builtins__": builtins}
        self._fill(space, [setup, tree], line)
        signal.signal(signal.SIGALRM, _ring)
        signal.setitimer(signal.ITIMER_REAL, max(0.001, self._deadline - time.monotonic()))
        try:
            exec(compile(setup, "setup.py", "exec"), space)
            exec(compile(tree, "test.py", "exec"), space)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _fill(self, space: dict[str, Any], trees: list[ast.Module], line: Line) -> None:
        """Give the names that a test reads a meaning: a built-in, a module of Python, else something of the program.

        A program cannot stand in for ``abs`` or ``math``: that would be comparing in its hands. It can where the data
        say that the name is what was to be written (``names``).
        """
        nodes = [node for tree in trees for node in ast.walk(tree)]
        read = {node.id for node in nodes if isinstance(node, ast.Name)}
        owners = {
            node.value.id for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }
        asked = set(self._job["names"])
        for name in sorted(read):
            if name not in asked and name in owners and name in sys.stdlib_module_names:
                space[name] = importlib.import_module(name)
            elif name in asked or (not asked and not hasattr(builtins, name)):
                with suppress(KeyError):
                    space[name] = line.ask("name", name)

    def _end(self) -> str:
        """How the process that answered ended, in words, or empty."""
        try:
            match receive(self._channel, self._deadline):
                case ["ended", int(status)] if os.WIFSIGNALED(status):
                    return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
        except (TimeoutError, EOFError, OSError, Broken, ValueError):
            pass
        return ""


def _ring(*_: object) -> NoReturn:
    raise TimeIsUp

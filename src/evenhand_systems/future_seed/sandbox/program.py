"""The side of the program: executes the code once, then answers calls, each test in a process forked from there.

Nothing of a test but the arguments of its calls ever comes here. Whoever talks on the channel once the code has run is
the code itself; so what is said here is never trusted, only compared. Standard library only.
"""

from __future__ import annotations

import builtins
import json
import os
import socket
import sys
import types
from typing import Any, NoReturn

from evenhand_systems.future_seed.sandbox.codec import Broken, pack, receive, send, unpack
from evenhand_systems.future_seed.sandbox.limits import limit, silence

NAME = "answer"  # the program's module: not __main__, so that what stands under that guard does not run


def main(job: dict[str, Any]) -> NoReturn:
    """The whole life of the process."""
    silence()
    sys.path[:] += job["path"]
    channel = socket.socket(fileno=job["channel"])
    module = types.ModuleType(NAME)
    sys.modules[NAME] = module
    code, imports = job["code"], job["imports"]
    limit(job["limits"])
    send(channel, "ready")
    own = os.getpid()
    try:
        exec(compile(imports, "imports.py", "exec"), module.__dict__)
        exec(compile(code, f"{NAME}.py", "exec"), module.__dict__)
        said = ["ran"]
    except BaseException as error:
        said = ["raised", *describe(error)]
    if os.getpid() != own:
        os._exit(0)  # the code has forked and let its child go on
    send(channel, said)
    if said == ["ran"]:
        answer_tests(channel, module.__dict__)
    os._exit(0)


def describe(error: BaseException) -> list[str]:
    """Class and text of an exception, whatever its own methods do."""
    try:
        return [type(error).__name__, str(error)[:300]]
    except BaseException:
        return ["Exception", "an error that cannot be shown"]


def answer_tests(channel: socket.socket, space: dict[str, Any]) -> None:
    """For each line that the judge hands over, a process that answers on it; how it ended is reported."""
    while True:
        message, lines, _, _ = socket.recv_fds(channel, 1, 1)
        if not message:
            return
        child = os.fork()
        if child == 0:
            channel.close()
            Answers(socket.socket(fileno=lines[0]), space).serve()
            os._exit(0)
        os.close(lines[0])
        _, status = os.waitpid(child, 0)
        send(channel, ["ended", status])


class Answers:
    """Answers the calls of one test."""

    def __init__(self, line: socket.socket, space: dict[str, Any]) -> None:
        self._line = line
        self._space = space
        self._objects: list[object] = []
        self._numbers: dict[int, int] = {}

    def serve(self) -> None:
        """Until the judge hangs up."""
        while True:
            try:
                request = receive(self._line)
            except (EOFError, OSError):
                return
            try:
                said = self._do(*request)
            except BaseException as error:
                said = ["raised", *describe(error)]
            try:
                send(self._line, said)
            except (Broken, RecursionError) as error:
                send(self._line, ["raised", "TypeError", str(error)])

    def _do(self, operation: str, target: Any, *arguments: Any) -> list[Any]:
        if operation == "name":
            found = target in self._space or hasattr(builtins, target)
            return ["value", self._pack(self._space.get(target, getattr(builtins, target, None)))] if found else ["no"]
        holder = self._objects[target]
        given = [self._unpack(argument) for argument in arguments]
        if operation == "call":
            positional, named = given
            value = self._pack(holder(*positional, **named))
            after = self._pack(positional)
            # What a function has done to the lists it was given is part of its answer.
            return ["value", value] if _same(after, arguments[0]) else ["value", value, after]
        return ["value", self._pack(_OPERATIONS[operation](holder, *given))]

    def _pack(self, value: object) -> Any:
        return pack(value, self._keep)

    def _unpack(self, data: Any) -> Any:
        return unpack(data, lambda number, kind: self._objects[number] if number >= 0 else getattr(builtins, kind))

    def _keep(self, value: object) -> list[Any]:
        if id(value) not in self._numbers:
            self._numbers[id(value)] = len(self._objects)
            self._objects.append(value)
        return ["object", self._numbers[id(value)], type(value).__name__]


def _same(one: Any, other: Any) -> bool:
    return json.dumps(one) == json.dumps(other)


def _next(iterator: Any) -> object:
    """The next value in a list, or an empty list at the end."""
    for value in iterator:
        return [value]
    return []


_OPERATIONS: dict[str, Any] = {
    "get": getattr,
    "set": setattr,
    "iter": iter,
    "next": _next,
    "len": len,
    "item": lambda holder, key: holder[key],
    "str": str,
    "repr": repr,
}

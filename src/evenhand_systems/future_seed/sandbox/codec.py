"""What passes between a program and its judge: values of built-in types as JSON, nothing that could carry behaviour.

An instance of a subclass travels as the plain value it holds (a Counter as a dict, an int with a doctored ``__eq__`` as
its number), so that no method of the program runs where answers are compared. Any other object stays where it is and is
sent as a number that stands for it. Standard library only: this file is also executed inside the sandbox.
"""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Callable
from typing import Any

LONGEST = 8 * 2**20  # bytes of one message
DEEPEST = 60  # containers within containers
_EXACT = 2**53  # integers beyond travel in hexadecimal: JSON readers limit the digits of decimal ones

Keep = Callable[[object], "list[Any]"]  # an object that cannot travel -> what stands for it
Fetch = Callable[[int, str], object]  # the reverse


class Broken(Exception):
    """What arrived is no message: too long, no JSON, or no value of a built-in type."""


def pack(value: object, keep: Keep, depth: int = 0) -> Any:
    """A value as JSON can hold it.

    Raises:
        TypeError: containers are nested too deeply, or in themselves.
    """
    if value is None or type(value) is bool:
        return value
    if depth > DEEPEST:
        raise TypeError(f"a value with more than {DEEPEST} containers within each other cannot be sent")
    for base in type(value).__mro__:
        if base in _PACKERS:
            return _PACKERS[base](value, lambda part: pack(part, keep, depth + 1))
    item = getattr(value, "item", None)
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == () and callable(item):
        return pack(item(), keep, depth + 1)  # numpy's scalars
    return keep(value)


def _pack_int(value: Any, _: Any) -> Any:
    number = int.__add__(value, 0)
    return number if -_EXACT < number < _EXACT else ["int", hex(number)]


def _sequence(tag: str, base: Any) -> Callable[[Any, Any], Any]:
    return lambda value, inner: [tag, *(inner(part) for part in base.__iter__(value))]


# Bases are asked for the content, not the value's own methods, which a subclass may have replaced.
_PACKERS: dict[type, Callable[[Any, Any], Any]] = {
    int: _pack_int,
    float: lambda value, _: float.__pos__(value),
    complex: lambda value, _: ["complex", complex.__pos__(value).real, complex.__pos__(value).imag],
    str: lambda value, _: str.__str__(value),
    bytes: lambda value, _: ["bytes", bytes.hex(value)],
    bytearray: lambda value, _: ["bytearray", bytearray.hex(value)],
    range: lambda value, inner: ["range", inner(value.start), inner(value.stop), inner(value.step)],
    list: _sequence("list", list),
    tuple: _sequence("tuple", tuple),
    set: _sequence("set", set),
    frozenset: _sequence("frozenset", frozenset),
    dict: lambda value, inner: ["dict", *([inner(key), inner(part)] for key, part in dict.items(value))],
}
_UNPACKERS: dict[str, Callable[..., object]] = {
    "complex": complex,
    "bytes": bytes.fromhex,
    "bytearray": bytearray.fromhex,
    "range": range,
    "list": lambda *parts: list(parts),
    "tuple": lambda *parts: parts,
    "set": lambda *parts: set(parts),
    "frozenset": lambda *parts: frozenset(parts),
}


def unpack(data: Any, fetch: Fetch) -> Any:
    """The value again, of exact built-in types.

    Raises:
        Broken: this is nothing that ``pack`` makes.
    """
    if not isinstance(data, list):
        if isinstance(data, dict):
            raise Broken("a JSON object is no value")
        return data
    try:
        tag, *parts = data
        if tag == "int":
            return int(parts[0], 16)
        if tag == "dict":
            return {unpack(key, fetch): unpack(value, fetch) for key, value in parts}
        if tag == "object":
            number, kind = parts
            return fetch(int(number), str(kind))
        return _UNPACKERS[tag](*(unpack(part, fetch) for part in parts))
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise Broken(f"{type(error).__name__}: {error}") from None


def send(channel: socket.socket, message: object, deadline: float | None = None) -> None:
    """Write one message.

    Raises:
        Broken: it is too long.
        OSError: the other side is gone, or does not read before the deadline (TimeoutError).
    """
    text = json.dumps(message, separators=(",", ":")).encode()
    if len(text) > LONGEST:
        raise Broken(f"a value of {len(text)} bytes; at most {LONGEST} can be sent")
    channel.settimeout(None if deadline is None else max(0.001, deadline - time.monotonic()))
    channel.sendall(len(text).to_bytes(4, "big") + text)


def receive(channel: socket.socket, deadline: float | None = None) -> Any:
    """Read one message.

    Raises:
        Broken: it is none.
        EOFError: the other side is gone.
        TimeoutError: nothing came before the deadline.
    """
    size = int.from_bytes(_read(channel, 4, deadline), "big")
    if size > LONGEST:
        raise Broken(f"a message of {size} bytes")
    try:
        return json.loads(_read(channel, size, deadline))
    except (ValueError, RecursionError, MemoryError) as error:
        raise Broken(f"{type(error).__name__}: {error}") from None


def _read(channel: socket.socket, size: int, deadline: float | None) -> bytes:
    """Exactly so many bytes; what a slow writer sends bit by bit counts against the one deadline."""
    got = bytearray()
    while len(got) < size:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and (left <= 0 or not select.select([channel], [], [], left)[0]):
            raise TimeoutError
        chunk = channel.recv(min(size - len(got), 1 << 16))
        if not chunk:
            raise EOFError
        got += chunk
    return bytes(got)

"""Values in claim files: what counts as a number there, and faults of values in plain words."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from evenhand.claims.near import suggestion

Path = tuple[str | int, ...]

MOST_SEEDS = 10_000
"""More seeds than this are a slip of the keyboard."""

_EXACT = 2**53
"""Whole numbers beyond this are not exact as float64."""


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("plain", "expected a number; found {found}", {"found": as_written(value)})
    if isinstance(value, int) and abs(value) > _EXACT:
        raise PydanticCustomError(
            "plain", "a number this large is not exact; found {found}", {"found": as_written(value)}
        )
    return value


def _whole(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("plain", "expected a whole number; found {found}", {"found": as_written(value)})
    return value


def _seeds(value: Any) -> Any:
    """``seeds = 8`` means the seeds 0 to 7."""
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    if not 1 <= value <= MOST_SEEDS:
        raise PydanticCustomError(
            "plain", "expected 1 to {most} seeds; found {found}", {"most": MOST_SEEDS, "found": as_written(value)}
        )
    return tuple(range(value))


def _direction(value: Any) -> Any:
    plain = "".join(value.lower().replace("_", " ").replace("-", " ").split()) if isinstance(value, str) else ""
    return _DIRECTIONS.get(plain, value) if plain else value


_DIRECTIONS = {
    word: direction
    for direction, words in (
        ("minimise", "minimise minimize min minimum minimal lower less lowerisbetter lessisbetter smaller"),
        ("maximise", "maximise maximize max maximum maximal higher more higherisbetter moreisbetter greater"),
    )
    for word in words.split()
}
"""What people write, without its spaces, for what is to be done with a metric."""


@dataclass(frozen=True)
class Also:
    """A shorter form that a claim file may give a value, in the words of its reference."""

    form: str


Number = Annotated[float, BeforeValidator(_number)]
"""A number as people mean one: no truth value, no text, nothing that float64 does not hold exactly."""

Whole = Annotated[int, BeforeValidator(_whole)]
"""A whole number; ``true`` is none."""

SpelledEitherWay = BeforeValidator(_direction)
"""``minimize``, ``min``, ``lower is better`` ... are ``minimise``; likewise ``maximise``."""

ListOrCount = BeforeValidator(_seeds)
"""A list of seeds, or how many."""


def as_written(value: Any) -> str:
    """A value as a claim file writes it, cut short."""
    if isinstance(value, bool):
        return str(value).lower()
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return "a value too large to show"
    return text if len(text) < 80 else text[:77] + "..."


_WORDS = {
    "tuple_type": "expected a list in brackets, such as [0, 1, 2]",
    "list_type": "expected a list in brackets",
    "string_type": "expected text in quotation marks",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "finite_number": "expected a finite number",
    "dict_type": "expected a table",
    "model_type": "expected a table",
    "model_attributes_type": "expected a table",
}
_NAME = "a name begins with a letter or a digit and goes on with letters, digits and _ . + -"


def words(error: Mapping[str, Any]) -> str:
    """A fault that pydantic found, in the words of a claim file and with what was found."""
    kind, found = error["type"], error.get("input")
    if kind == "missing":
        return f"'{error['loc'][-1]}' is missing; a claim needs it"
    message = str(error["msg"]).removeprefix("Value error, ")
    if kind in ("plain", "value_error"):
        return message[0].lower() + message[1:]
    if kind == "string_pattern_mismatch":
        message = _NAME
    elif kind == "literal_error":
        expected = str(error["ctx"]["expected"])
        message = f"expected {expected}"
        meant = suggestion(found, re.findall(r"'([^']*)'", expected))
        return f"{message}; found {as_written(found)}{meant}"
    message = _WORDS.get(kind, message.replace("input should be", "expected").replace("Input should be", "expected"))
    return f"{message[0].lower() + message[1:]}; found {as_written(found)}"


def impossible_numbers(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Numbers anywhere in a document that no setting can mean: not finite, too small to be exact, beyond 64 bits."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from impossible_numbers(entry, (*path, str(key)))
    elif isinstance(value, list):
        for i, entry in enumerate(value):
            yield from impossible_numbers(entry, (*path, i))
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield path, f"expected a finite number; found {value}"
        elif 0 < abs(value) < sys.float_info.min:
            yield path, f"{value} is too close to zero to be held exactly; write 0, or a number above 1e-307"
    elif isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        yield path, f"whole numbers go to 9223372036854775807 in TOML; found {as_written(value)}"

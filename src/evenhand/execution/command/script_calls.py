"""How a command line calls a Python script, and whether a warm worker may keep what it imports."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evenhand.execution import sources
from evenhand.execution.command import templates
from evenhand.execution.command.files import places_of
from evenhand.execution.command.leading_imports import leading_imports, worth_keeping
from evenhand.execution.command.settings import CommandSettings

_OF_A_TRIAL = {"seed", "stream_seed", "workdir", "request", "outcome"}
"""Templates that differ between the trials of an arm."""

_PYTHON = re.compile(r"(?:.*/)?python(?:\d+(?:\.\d+)?)?")
_FLAG = re.compile(r"-[bBdEIOPqsSuv]+")


@dataclass(frozen=True)
class Call:
    """How a script is called.

    Attributes:
        python: the interpreter and its flags.
        script: as the command line names it.
        arguments: of the script.
    """

    python: tuple[str, ...]
    script: str
    arguments: tuple[str, ...]


def call_of(argv: Sequence[str]) -> Call | str:
    """How a command line calls a Python script, or why it does not."""
    if not argv or not _PYTHON.fullmatch(argv[0]):
        return f"{argv[0] if argv else 'it'} is not Python (`python train.py ...` is)"
    at = 1
    while at < len(argv) and argv[at].startswith("-"):
        takes_one = argv[at] in ("-W", "-X")
        if not takes_one and not _FLAG.fullmatch(argv[at]) and not re.match(r"-[WX].", argv[at]):
            return f"Python is called with {argv[at]}, not with a script"
        at += 1 + takes_one
    if at >= len(argv):
        return "Python is called without a script"
    return Call(tuple(argv[:at]), argv[at], tuple(argv[at + 1 :]))


def why_cold(settings: CommandSettings, folder: Path, unit: str) -> str:
    """Why no worker can keep what a command line imports, as far as its settings tell; empty where it can.

    Args:
        settings: of an arm.
        folder: of the claim.
        unit: of its budget.
    """
    if sys.platform != "linux":
        return f"it is for Linux, and this is {sys.platform}"
    if unit in ("seconds", "device_hours"):
        return "its budget is time, which imports belong to"
    call = "it is a line for a shell" if settings.shell else call_of(settings.argv)
    if isinstance(call, str):
        return call
    told = (*call.python, call.script, settings.cwd, *settings.environment.values())
    of_a_trial = [name for name in templates.asked(told) if name in _OF_A_TRIAL]
    if of_a_trial:
        return f"{{{of_a_trial[0]}}} stands in its environment or its folder, which all trials of a process share"
    return _why_no_gain(call, settings, folder)


def _why_no_gain(call: Call, settings: CommandSettings, folder: Path) -> str:
    places = places_of(settings, folder)
    script = places.cwd / templates.fill_known(call.script, settings.values).replace("{folder}", str(folder))
    if not script.is_file():
        return f"there is no {call.script}"
    found = leading_imports(script, _roots(script, places.modules))
    return "" if worth_keeping(found) else "it imports nothing that takes long before it does something else"


def _roots(script: Path, modules: Sequence[Path]) -> list[Path]:
    return list(dict.fromkeys((script.resolve().parent, *modules)))


def local_roots(call: Call, folder: Path, environment: Mapping[str, str]) -> list[Path]:
    """Where a script finds modules that are not installed: beside it, and where its module path says."""
    places = [folder / place for place in environment.get("PYTHONPATH", "").split(os.pathsep)]
    return _roots(folder / call.script, [place for place in places if sources.is_local(f"{place.resolve()}/x.py")])

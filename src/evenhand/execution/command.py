"""The recipe ``command``: any program is a recipe. Settings go in as JSON, an outcome file comes out.

The program is started with the claim's folder as its working folder and finds in its environment

- ``EVENHAND_REQUEST``: a JSON file with ``settings``, ``seed``, ``budget`` (``unit``, ``amount``),
  ``items`` (``start``, ``count``, ``seed``), ``threads``, ``device`` and ``workdir``;
- ``EVENHAND_OUTCOME``: the path to which it writes its outcome file (see ``evenhand.execution.outcome_file``).

Lines on its standard output of the form ``evenhand: {"step": 10, "loss": 2.3}`` become points of learning curves.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from evenhand.errors import EvenhandError, RecipeError
from evenhand.execution import outcome_file
from evenhand.execution.bench import file_hash
from evenhand.outcome import Outcome
from evenhand.recipe import Bench, RecipeSettings, recipe

PREFIX = "evenhand: "
"""Start of an output line that carries points of learning curves."""


class CommandSettings(RecipeSettings):
    """Settings of the recipe ``command``."""

    argv: tuple[str, ...] = Field(min_length=1, description="program and arguments; run without a shell")
    values: dict[str, Any] = Field(default_factory=dict, description="settings for the program, as it knows them")


class CommandFailed(EvenhandError):
    """The program ended with an exit code other than 0 and left no outcome file."""


def program_fingerprint(settings: Mapping[str, Any], folder: Path) -> str:
    """Hash of the files that a command line names, so that changed programs are not taken for old ones."""
    parts = []
    for argument in settings.get("argv", ()):
        path = folder / argument
        if path.is_file():
            parts.append(f"{argument}={file_hash(path)[:16]}")
    return " ".join(parts)


@recipe(version=1, further_fingerprint=program_fingerprint)
def run(settings: CommandSettings, bench: Bench) -> Outcome:
    """Run any program: settings as JSON in, an outcome file out."""
    request = bench.workdir / "request.json"
    answer = bench.workdir / "command_outcome.json"
    answer.unlink(missing_ok=True)
    items = bench.item_set
    document = {
        "settings": settings.values,
        "seed": bench.seed,
        "stream_seed": int(bench.rng("command").integers(2**31)),
        "budget": {"unit": bench.budget.unit, "amount": bench.budget.amount},
        "items": {"name": items.name, "start": items.start, "count": items.count, "seed": items.seed},
        "threads": bench.threads,
        "device": bench.device,
        "workdir": str(bench.workdir),
    }
    outcome_file.write_atomically(request, json.dumps(document))
    code = _run_program(
        settings.argv, bench.folder, {"EVENHAND_REQUEST": str(request), "EVENHAND_OUTCOME": str(answer)}, bench
    )
    if not answer.exists():
        if code != 0:
            raise CommandFailed(f"'{' '.join(settings.argv)}' ended with exit code {code} and left no outcome file.")
        raise RecipeError(
            f"'{' '.join(settings.argv)}' ended well but wrote no outcome file to the path in EVENHAND_OUTCOME."
        )
    return outcome_file.read(answer)


def _run_program(argv: tuple[str, ...], folder: Path, variables: Mapping[str, str], bench: Bench) -> int:
    """Run the program, pass its output on and pick up the curve points in it; returns the exit code."""
    try:
        process = subprocess.Popen(
            argv, cwd=folder, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True, errors="replace"
        )
    except OSError as error:
        raise RecipeError(f"The program '{argv[0]}' cannot be started from {folder}: {error}.") from error
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="")
        if line.startswith(PREFIX):
            _log_point(line.removeprefix(PREFIX), bench)
    return process.wait()


def _log_point(text: str, bench: Bench) -> None:
    try:
        point = json.loads(text)
        step = float(point.pop("step"))
        bench.log(step, **{str(k): float(v) for k, v in point.items()})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecipeError(f"The output line '{PREFIX}{text.strip()}' is no curve point ({error}).") from error

"""Peak resident memory of short trials of ``anchored_sft.narrow`` above the imports; prints bytes, a line each.

Run: ``python measured_memory.py FOLDER '{"model": "smollm2", ...}' ...``: where data stand, and the settings of each
trial, which has two steps. What takes long, the imports, is done once: each trial has its own fork of this process.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

import torch

from evenhand.execution.worker import Job, run
from evenhand.recipes import catalogue
from evenhand.recipes.trial import ItemSet, Trial
from evenhand_systems.anchored_sft.recipes import PRELOAD

RECIPE = "evenhand_systems.anchored_sft.recipes:narrow"
STEPS = 2


def resident(which: str) -> int:
    """Bytes that are resident (``VmRSS``), or were at most (``VmHWM``), by this program alone."""
    return 1024 * int(Path("/proc/self/status").read_text().split(f"{which}:")[1].split()[0])


def main() -> None:
    """A fork for each trial; one with threads would not survive it."""
    torch.set_num_threads(1)
    for module in (*PRELOAD, "evenhand_systems.anchored_sft.arms.narrow"):
        importlib.import_module(module)
    folder, *trials = sys.argv[1:]
    for settings in trials:
        child = os.fork()
        if child == 0:
            measure(folder, json.loads(settings))
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(os.waitstatus_to_exitcode(status))


def measure(folder: str, settings: dict[str, object]) -> None:
    """One trial from its beginning to its end, with nothing made beforehand."""
    complete = catalogue.find(RECIPE).settings.model_validate(settings).model_dump(mode="json")
    trial = Trial("claim", "arm", "default", "main", 1, RECIPE, "1", complete, "steps", STEPS, ItemSet("main", 0, 4))
    before = resident("VmRSS")
    with tempfile.TemporaryDirectory() as work, tempfile.TemporaryDirectory() as assets:
        outcome = run(Job(trial, folder, work, assets))
    if outcome.failure is not None:
        sys.exit(f"{outcome.failure.message}\n{outcome.failure.detail}")
    print(resident("VmHWM") - before)


if __name__ == "__main__":
    main()

"""One trial in a process of its own: read the job, run the recipe, leave the outcome file.

Runs in a child that the fork server made, or as a program: ``python -m evenhand.execution.worker JOB.json``.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from evenhand import files
from evenhand.errors import Diverged, ProbeEnded, RecipeError
from evenhand.execution import compile_caches, outcome_file, sources
from evenhand.execution.bench import TrialBench
from evenhand.execution.failures import EXIT_OUTCOME_UNWRITTEN, failure_of
from evenhand.execution.item_columns import measured
from evenhand.execution.lifetime import die_with_parent, ignore_notices
from evenhand.execution.machine import choose_device, device_of_programs
from evenhand.execution.patience import persistently
from evenhand.execution.resources import NOTHING_ASKED, Resources
from evenhand.recipes import catalogue
from evenhand.recipes.gpus import visible_gpus
from evenhand.recipes.outcome import Failure, Outcome, Phase
from evenhand.recipes.trial import ItemSet, Trial

HEAD_ROOM = 0.08
"""Share of the memory that stays free while it is tried what fits: fragments, and batches that were not met."""


@dataclass(frozen=True)
class Job:
    """What a worker needs to know.

    Attributes:
        trial: what to run.
        folder: of the claim; data paths and modules are relative to it.
        workdir: of this trial, made by the caller.
        assets: folder shared by all trials.
        threads: CPU threads for this trial.
        memory_gib: limit on the process's private memory, or None.
        notes: facts that the caller wants beside the result.
        micro_batch: rows that may go through a model at once, or None.
        probing: only try whether that many fit, with head-room.
        sharing: trials that share a GPU with it, itself included, once all run: a try gets its share of the memory.
        resources: what it asks of the machine.
        environment: variables that its process gets: the devices that it sees.
    """

    trial: Trial
    folder: str
    workdir: str
    assets: str
    threads: int = 1
    memory_gib: float | None = None
    notes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    micro_batch: int | None = None
    probing: bool = False
    sharing: int = 1
    resources: Resources = NOTHING_ASKED
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def to_json(self) -> str:
        """For the job file."""
        return json.dumps(dataclasses.asdict(self), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Read a job file's text."""
        document = json.loads(text)
        trial = document["trial"]
        asked = Resources(**document.get("resources", {}))
        found = Trial(**trial | {"items": ItemSet(**trial["items"])})
        return cls(**document | {"trial": found, "resources": asked})


def main(job_path: Path) -> int:
    """Run the job in this process; returns the exit code. Never raises on a recipe's account."""
    return perform(Job.from_json(job_path.read_text(encoding="utf-8")))[0]


def see_own_devices(job: Job) -> None:
    """Set the variables that a job's process is to have, before anything asks for devices."""
    if any(os.environ.get(name) != value for name, value in job.environment.items()):
        os.environ.update(job.environment)
        visible_gpus.cache_clear()  # whoever was asked before saw other devices


def perform(job: Job) -> tuple[int, bool]:
    """Run a job in this process and leave its outcome file; returns the exit code, and whether the trial succeeded."""
    see_own_devices(job)
    limit_resources(job)
    compile_caches.use(Path(job.assets))
    sources.PROCESS.begin()
    outcome = with_sources(run(job), job)
    try:
        text = _text_of(outcome)
        persistently(lambda: files.write_text(Path(job.workdir, "outcome.json"), text))
    except OSError:
        traceback.print_exc()
        return EXIT_OUTCOME_UNWRITTEN, False
    return 0, outcome.failure is None


def with_sources(outcome: Outcome, job: Job) -> Outcome:
    """The outcome with the code that this process has imported for it."""
    code = {**sources.code_of(job.trial, Path(job.folder)), **outcome.code}
    return dataclasses.replace(outcome, code=code, packages=sources.packages_of(job.trial))


def _text_of(outcome: Outcome) -> str:
    """The outcome file's text; what no JSON can hold is a failure with its reason, not a process that broke off."""
    try:
        return outcome_file.to_json(outcome)
    except (TypeError, ValueError) as error:
        return outcome_file.to_json(Outcome(failure=failure_of(error, "report")))


def limit_resources(job: Job) -> None:
    """Apply the memory limit and this trial's share of threads."""
    if job.memory_gib is not None:
        import resource

        size = int(job.memory_gib * 2**30 * (1 - HEAD_ROOM if job.probing else 1))
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (size, most))
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(job.threads)
    numba = sys.modules.get("numba")
    if numba is not None:
        numba.set_num_threads(min(job.threads, numba.config.NUMBA_NUM_THREADS))


def run(job: Job) -> Outcome:
    """Run a job's recipe; whatever goes wrong comes back as an outcome with a failure."""
    phase: Phase = "import"
    bench = None
    try:
        recipe = catalogue.find(job.trial.recipe, Path(job.folder))
        phase = "settings"
        settings = _settings(recipe.settings, job.trial)
        phase = "run"
        bench = TrialBench(
            job.trial,
            workdir=Path(job.workdir),
            assets=Path(job.assets),
            data_folder=Path(job.folder),
            threads=job.threads,
            device=device_of_programs() if job.trial.recipe == catalogue.COMMAND else choose_device(),
            micro_batch=job.micro_batch,
            probing=job.probing,
        )
        if job.probing and bench.device == "cuda":
            sys.modules["torch"].cuda.set_per_process_memory_fraction((1 - HEAD_ROOM) / job.sharing)
        bench.notes.update(job.notes)
        returned = recipe.run(settings, bench)
        phase = "report"
        return complete(_as_outcome(returned), bench)
    except ProbeEnded as ended:
        return Outcome(undefined={"probe": str(ended)})
    except KeyboardInterrupt:
        return Outcome(failure=Failure("infrastructure", "interrupted", phase))
    except BaseException as error:
        partial = complete_failed(bench) if bench is not None else Outcome()
        return dataclasses.replace(partial, failure=failure_of(error, phase))


def _settings(model: type[BaseModel], trial: Trial) -> BaseModel:
    try:
        return model.model_validate(dict(trial.settings))
    except ValidationError as error:
        raise RecipeError(f"The recipe '{trial.recipe}' refuses its settings: {error}") from error


def _as_outcome(returned: Any) -> Outcome:
    """What the recipe returned, as an outcome; a plain mapping of metrics is enough."""
    if isinstance(returned, Outcome):
        return returned
    if returned is None:
        return Outcome()
    if not isinstance(returned, Mapping):
        raise RecipeError(f"A recipe must return an Outcome or a mapping of metrics; found {type(returned).__name__}.")
    metrics = {str(k): measured(str(k), v) for k, v in returned.items() if v is not None}
    return Outcome(
        metrics=metrics, undefined={str(k): "the recipe gave no reason" for k, v in returned.items() if v is None}
    )


def complete(outcome: Outcome, bench: TrialBench) -> Outcome:
    """The recipe's outcome with all that passed through the bench.

    Raises:
        Diverged: a metric is no finite number.
        RecipeError: a metric that is no number; neither metrics nor items nor reasons; something that no reader could
            trust.
    """
    if outcome.failure is not None:
        # What a recipe reports as its failure is the failure; scores beside it would be scores of a failed trial.
        outcome = dataclasses.replace(outcome, metrics={}, undefined={}, items={})
    metrics = {str(name): measured(str(name), value) for name, value in outcome.metrics.items()}
    broken = sorted(name for name, value in metrics.items() if not math.isfinite(value))
    if broken:
        raise Diverged(
            f"the metric '{broken[0]}' is {metrics[broken[0]]}, which counts as diverged; if it only could not be "
            "computed, leave it out and give the reason under `undefined`"
        )
    tables = {**outcome.items, **bench.item_tables} if outcome.failure is None else {}
    if not (metrics or tables or outcome.undefined or outcome.failure):
        raise RecipeError("The recipe returned no metric and recorded no items; it must do one of the two.")
    costs = complete_failed(bench)
    whole = dataclasses.replace(
        costs,
        metrics=metrics,
        undefined=dict(outcome.undefined),
        items=tables,
        curves={**costs.curves, **outcome.curves},
        spent={**costs.spent, **outcome.spent},
        grain={**costs.grain, **outcome.grain},
        data={**costs.data, **outcome.data},
        notes={**costs.notes, **outcome.notes},
        failure=outcome.failure,
        draws=_together(costs.draws, outcome.draws),
        pool=costs.pool if outcome.pool is None else outcome.pool,
    )
    outcome_file.check(whole)
    return whole


def _together(seen: tuple[str, ...] | None, told: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Streams that the bench saw in use with those that the recipe names; None where neither is known."""
    return None if seen is None and told is None else tuple(sorted({*(seen or ()), *(told or ())}))


def complete_failed(bench: TrialBench) -> Outcome:
    """What a trial that broke off leaves: its curves, its costs and its notes, but no scores."""
    return Outcome(
        curves=bench.finished_curves(),
        spent={**bench.budget.amounts, "seconds": bench.budget.seconds},
        grain=dict(bench.budget.grain),
        data=dict(bench.hashes),
        code=dict(bench.sources),
        notes=dict(bench.notes),
        draws=None if bench.trial.recipe == catalogue.COMMAND else bench.draws(),
        pool=bench.item_set.pool,
    )


if __name__ == "__main__":
    ignore_notices()
    die_with_parent()
    sys.stdout.flush()
    code = main(Path(sys.argv[1]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

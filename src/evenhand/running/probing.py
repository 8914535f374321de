"""The largest micro-batch that fits for all arms of a claim alike, tried before its first trial and outside its budget.

Each try is a process of its own that trains on the longest rows its task can give until the optimiser has stepped
twice. What the claims of one machine found is kept in the ledger's assets, a file per kind of machine.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from evenhand.claims.load import LoadedClaim
from evenhand.errors import ClaimError, RecipeError, counted
from evenhand.execution.executor import Executor, Finished
from evenhand.execution.machine import device_of_programs, machine
from evenhand.execution.resources import NOTHING_ASKED, Resources
from evenhand.execution.worker import HEAD_ROOM, Job
from evenhand.files import locked, make_folder, write_text
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Failure
from evenhand.recipes.trial import Trial, canonical_hash
from evenhand.running.fitting import device_of, resources_of
from evenhand.running.observer import Observer

_TICK_SECONDS = 0.2

_TRIES = 3
"""How often one size is tried where the machine fails, a node is lost or a job is cancelled."""

Try = Callable[[Trial, int], Failure | None]
"""Whether a trial fits with so many rows at once: None, or why it did not."""


@dataclass(frozen=True)
class ProbeResult:
    """What a probe came to.

    Attributes:
        rows: the largest micro-batch that fits for every arm.
        whole: the largest batch of an optimiser step among the arms.
        tried: sentences, one for each try.
    """

    rows: int
    whole: int
    tried: tuple[str, ...] = ()

    def words(self) -> str:
        """For people."""
        if self.rows >= self.whole:
            return f"micro-batch: all {self.whole} rows of a step fit at once, for every arm"
        return f"micro-batch: {self.rows} of {self.whole} rows of a step at once, for every arm alike"


def sizes(whole: int) -> list[int]:
    """Micro-batches that are tried for a batch: powers of two, what lies half-way between them, and the batch."""
    powers = [2**k for k in range(whole.bit_length())]
    halves = [power + power // 2 for power in powers if power > 1]
    return sorted({size for size in (*powers, *halves, whole) if size <= whole})


def largest(whole: int, fits: Callable[[int], bool]) -> int:
    """The largest of the :func:`sizes` that fits; 0 where none does. The batch itself is tried first."""
    if fits(whole):
        return whole
    grid = sizes(whole)[:-1]
    low, high = -1, len(grid)  # grid[low] fits, grid[high] does not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(grid[middle]) else (low, middle)
    return grid[low] if low >= 0 else 0


def micro_batch(loaded: LoadedClaim, ledger: Ledger, executor: Executor, observer: Observer) -> int | None:
    """Rows at once in training, for all trials of a claim alike; None where the claim does not say.

    Raises:
        ClaimError: the recipe cannot split its batch, there is no limit to try against, not even one row fits, or a
            try failed for another reason than memory.
    """
    asked = loaded.resolved.limits.micro_batch
    if asked is None:
        return None
    batches = _batches(loaded)
    if asked != "probe":
        return asked
    kind, device = _machine(loaded, executor)
    limit = loaded.resolved.limits.memory_gib
    if device != "cuda" and limit is None:
        raise _refused(loaded, 'on a CPU `micro_batch = "probe"` needs `memory_gib`, the memory that a trial may use')
    about = _about(loaded, batches) | kind
    shared = {"threads": executor.threads, "sharing": sharing(executor, NOTHING_ASKED)}
    key = canonical_hash(about | shared)[:24]
    path = ledger.assets / "probes" / f"{key}.json"
    make_folder(path.parent)
    with locked(path.with_suffix(".lock")):
        found = _known(path)
        if found is None:
            where = kind.get("place") or (device_of_programs()[1] if device == "cuda" else f"{limit:g} GiB")
            observer.message(f"trying which micro-batch fits ({where})")
            found = _probe(loaded, batches, _trier(loaded, ledger, executor), observer)
            told = {**asdict(found), "about": about, "shared": shared}
            write_text(path, json.dumps(told, indent=2))
    observer.message(found.words())
    return found.rows


def _refused(loaded: LoadedClaim, why: str) -> ClaimError:
    fault = loaded.file.fault(("limits", "micro_batch"), why)
    return ClaimError(f"{loaded.path.name} cannot be run as it stands", [fault])


def _batches(loaded: LoadedClaim) -> dict[str, tuple[Trial, int]]:
    """A trial for each combination of settings that trains, with the rows of its optimiser step."""
    rows = loaded.recipe.info.micro_batch
    if rows is None:
        raise _refused(loaded, f"the recipe '{loaded.recipe.reference}' cannot split its batch; remove `micro_batch`")
    found: dict[str, tuple[Trial, int]] = {}
    for trial in loaded.resolved.trials(loaded.resolved.claim.rungs[-1]):
        try:
            count = rows(trial.settings)
        except RecipeError as error:
            raise _refused(loaded, f"arm '{trial.arm}', condition '{trial.condition}': {error}") from error
        if count > 0:
            found.setdefault(canonical_hash(dict(trial.settings)), (trial, count))
    return found


def _about(loaded: LoadedClaim, batches: Mapping[str, tuple[Trial, int]]) -> dict[str, Any]:
    """What the result depends on beside where it is tried and what else runs there: code, settings and limit."""
    return {
        "settings": sorted(batches), "recipe": [loaded.recipe.reference, loaded.resolved.fingerprint],
        "memory": loaded.resolved.limits.memory_gib, "head-room": HEAD_ROOM,
    }  # fmt: skip


def _this_machine() -> dict[str, Any]:
    """The kind of machine that this is."""
    return {"device": list(device_of_programs()), "machine": {k: machine()[k] for k in ("processor", "memory_gib")}}


def _machine(loaded: LoadedClaim, executor: Executor) -> tuple[dict[str, Any], str]:
    """The kind of machine that trials will run on, and their device: elsewhere it is known by what its nodes have."""
    if not executor.elsewhere:
        return _this_machine(), device_of(loaded, executor.capacity().default)
    capacity = executor.capacity()
    kinds = {replace(node, name="nodes", memory_gib=math.inf).words() for node in capacity.nodes}
    claim = loaded.resolved.claim
    arms = [resources_of(claim, arm.name).over(capacity.default) for arm in claim.arms]
    device = "cuda" if any(asked.gpus for asked in arms) else "cpu"
    return {"place": ", ".join([executor.elsewhere, *sorted(kinds)])}, device


def kept_words(loaded: LoadedClaim, ledger: Ledger) -> list[str]:
    """What was found before for a claim on this kind of machine, a sentence for each way of sharing it; or that a run
    will try. Nothing where the claim asks for no probe, or cannot be probed."""
    if loaded.resolved.limits.micro_batch != "probe":
        return []
    try:
        about = _about(loaded, _batches(loaded))
    except ClaimError:
        return []  # the run says why
    found = []
    for path in sorted((ledger.assets / "probes").glob("*.json")):
        where, known = _where(path, about), _known(path)
        if known is not None and where:
            found.append(f"{known.words()} (found before on {where})")
    return found or ["micro-batch: not tried yet on this kind of machine; a run tries before its first trial"]


def _where(path: Path, about: Mapping[str, Any]) -> str:
    """On which machine, with which neighbours, a kept result was found; empty where it is of something else, or of
    another kind of machine that this could be."""
    try:
        kept: Any = json.loads(path.read_text(encoding="utf-8"))
        threads, sharing = (int(kept["shared"][k]) for k in ("threads", "sharing"))
        own = {key: kept["about"][key] for key in about}
        place = kept["about"].get("place", "")
        here = {key: kept["about"].get(key) for key in ("device", "machine")} == _this_machine()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
    if own != about or not (place or here):
        return ""
    slots = f", {counted(sharing, 'trial')} a GPU" if not place and device_of_programs()[0] == "cuda" else ""
    return f"{place or 'this kind of machine'}, {counted(threads, 'thread')} a trial{slots}"


def sharing(executor: Executor, asked: Resources) -> int:
    """Trials that will share a GPU: those of one machine whose slots outnumber its GPUs."""
    nodes = executor.capacity().nodes
    if executor.elsewhere or len(nodes) != 1:  # a scheduler gives each trial its own
        return 1
    return 1 if asked.gpus and not nodes[0].gpus else math.ceil(executor.jobs / max(1, nodes[0].gpus))


def _known(path: Path) -> ProbeResult | None:
    """What was found before; None where nothing was, or the file is spoilt."""
    try:
        kept: Any = json.loads(path.read_text(encoding="utf-8"))
        return ProbeResult(int(kept["rows"]), int(kept["whole"]), tuple(map(str, kept["tried"])))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _probe(
    loaded: LoadedClaim, batches: Mapping[str, tuple[Trial, int]], attempt: Try, observer: Observer
) -> ProbeResult:
    """The smallest over the arms of what fits each: an arm is tried no further than what fitted those before it."""
    whole = max((rows for _, rows in batches.values()), default=1)
    best, tried = whole, list[str]()
    most = sum(1 + (len(sizes(rows)) - 1).bit_length() for _, rows in batches.values())
    for trial, rows in batches.values():

        def fits(size: int, trial: Trial = trial) -> bool:
            failure = attempt(trial, size)
            if failure is not None and failure.kind != "resource":
                raise _refused(loaded, f"trying {counted(size, 'row')} for '{trial.arm}' failed: {failure.message}")
            words = "fit" if failure is None else "do not fit"
            tried.append(f"{trial.arm} · {trial.condition}: {counted(size, 'row')} {words}")
            observer.message(f"{tried[-1]} (try {len(tried)} of {most} at most)")
            return failure is None

        found = largest(min(best, rows), fits)
        if not found:
            raise _refused(loaded, f"not even one row fits for '{trial.arm}': raise `memory_gib`, or shorten the rows")
        best = found if found < rows else best
    return ProbeResult(best, whole, tuple(tried))


def _trier(loaded: LoadedClaim, ledger: Ledger, executor: Executor) -> Try:
    """Tries by the executor itself, one at a time: where the trials will run."""

    def attempt(trial: Trial, rows: int) -> Failure | None:
        key = f"probe-{trial.id}-{rows}"
        job = Job(
            replace(trial, claim=""), str(loaded.folder), str(ledger.workdir(key).resolve()),
            str(ledger.assets.resolve()), executor.threads, loaded.resolved.limits.memory_gib, micro_batch=rows,
            probing=True, resources=resources_of(loaded.resolved.claim, trial.arm),
            sharing=sharing(executor, resources_of(loaded.resolved.claim, trial.arm)),
        )  # fmt: skip
        failure: Failure | None = None
        for number in range(1, _TRIES + 1):
            executor.start(key, job, number, loaded.resolved.limits.seconds)
            ended: Sequence[Finished] = []
            while not ended:
                ended = executor.wait(_TICK_SECONDS)
            shutil.rmtree(job.workdir, ignore_errors=True)
            failure = ended[0].outcome.failure
            if failure is None or (failure.kind != "infrastructure" and not ended[0].pending_again):
                break
        return failure

    return attempt

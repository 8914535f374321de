"""The runs of one arm: which training seed and which task each is of, and what makes them unfit to be one arm.

The seed of a run is what its file says of training, else ``seed3`` in its path, or ``{seed}`` in the pattern that
names it. Costs that stand in a file of their own (``trainer_state.json``) go to the runs of the same seed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evenhand.errors import DataError, counted
from evenhand.recipes import working
from evenhand.runs.checked import Faults
from evenhand.runs.find import NamedRuns, is_query, read_runs, split_model
from evenhand.runs.run import Amount, Options, Run

ALLOWED: Mapping[str, str] = {
    "prompt": "other prompts in the arms",
    "task": "other versions of a task in the arms",
    "partial": "logs that hold fewer items than were scored, or that did not end well",
    "errors": "items that were not scored because of an error: they are left out",
    "numbers": "scores that do not add up to the numbers that their file reports",
}
"""What is refused unless it is allowed by name."""

SEED = "{seed}"
_MOST_TOLD = 5
_ENDING = re.compile(r"\.[A-Za-z]\w*")
"""Of a file; what follows the last dot of ``Qwen2.5-7B`` is none."""
_IN_PATH = re.compile(r"(?:^|[^a-z])seed[-_=]?(\d{1,9})(?![\d])", re.IGNORECASE)


@dataclass(frozen=True)
class ArmRuns:
    """What was read for one arm.

    Attributes:
        named: as the user named it.
        runs: (training seed, task) to the run; the seed is None where nothing tells it.
        budgets: training seed to what training cost, by unit.
        formats: names of the formats.
        remarks: what a reader of the comparison should know.
    """

    named: str
    runs: Mapping[tuple[int | None, str], Run]
    budgets: Mapping[int | None, Mapping[str, Amount]]
    formats: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def seeds(self) -> tuple[int | None, ...]:
        """Training seeds, each once, in order."""
        return tuple(sorted({seed for seed, _ in self.runs}, key=lambda s: (s is None, s or 0)))

    @property
    def tasks(self) -> tuple[str, ...]:
        """Tasks in the order in which they were read."""
        return tuple(dict.fromkeys(task for _, task in self.runs))

    def of(self, seed: int | None) -> dict[str, Run]:
        """Task to run at a seed."""
        return {task: run for (one, task), run in self.runs.items() if one == seed}


def gather(
    named: str, format_: str = "", options: Options | None = None, allow: Collection[str] = (), folder: Path = Path()
) -> ArmRuns:
    """Read all runs of an arm.

    Args:
        named: a path, a pattern with ``{seed}`` in it, or a query to a tracker.
        format_, options: see :func:`evenhand.runs.find.read_runs`.
        allow: what is not refused; names of :data:`ALLOWED`.
        folder: to which paths are relative.

    Raises:
        DataError: there is nothing, a run stands twice, or one cannot be trusted.
    """
    found = _read(named, format_, options or Options(), folder)
    runs: dict[tuple[int | None, str], Run] = {}
    budgets: dict[int | None, dict[str, Amount]] = {}
    faults, remarks, models = Faults(), list[str](), list[str]()
    for seed, run in found:
        remarks += run.remarks
        if run.budget:
            budgets.setdefault(seed, {}).update(run.budget)
        if run.items is None and not run.metrics and run.budget:
            continue
        remarks += _allowed(run, allow, faults)
        earlier = runs.get((seed, run.task))
        one = run if earlier is None else _as_one(earlier, run)
        if one is not None:
            runs[seed, run.task] = one
        elif earlier is not None and earlier.model != run.model:
            models += [earlier.model, run.model]
        elif earlier is not None:
            faults.add(run.source.path, _twice(earlier, run, seed))
    if models:
        raise DataError(_several_models(named, models))
    faults.check()
    if not runs:
        raise DataError(f"{named} holds no scores: only what training cost was found.")
    _drop_numbers_of_training(runs)
    return ArmRuns(named, runs, _shared(budgets, runs), tuple(dict.fromkeys(r.source.format for r in runs.values())),
                   tuple(dict.fromkeys(remarks)))  # fmt: skip


def _allowed(run: Run, allow: Collection[str], faults: Faults) -> list[str]:
    """What is in doubt of a run and allowed, as clauses; what is not allowed becomes a fault."""
    for kind, why in run.doubts.items():
        if kind not in allow:
            faults.add(why, f'refused, unless that is allowed: --allow {kind}, in a claim allow = ["{kind}"]')
    return [f"allowed: {why}" for kind, why in run.doubts.items() if kind in allow]


def _as_one(earlier: Run, run: Run) -> Run | None:
    """Two runs of a task that say the same: numbers beside scores item by item, or of two programs; None otherwise."""
    if (earlier.items is None) != (run.items is None):  # items tell more
        return earlier if run.items is None else run
    if earlier.source.format != run.source.format and earlier.items is None:
        return replace(earlier, metrics={**run.metrics, **earlier.metrics})
    return None


def _twice(earlier: Run, run: Run, seed: int | None) -> str:
    """Why two runs may not stand side by side in one arm."""
    where = f"of the task '{run.task}'" if run.task else "of the same kind"
    at = f" at seed {seed}" if seed is not None else ""
    return (
        f"a run {where}{at} stands twice, here and in {earlier.source.path}; name the one that counts, or tell their "
        "training seeds by folders named seed0, seed1 and so on"
    )


def _several_models(named: str, found: Sequence[str]) -> str:
    """That an arm holds several models of which none is named."""
    models = list(dict.fromkeys(model or "one without a name" for model in found))
    told = ", ".join(models[:_MOST_TOLD]) + (", ..." if len(models) > _MOST_TOLD else "")
    pick = f"pick one with '{named}#{models[0]}', or name its own file or folder"
    return (
        f"{named} holds {counted(len(models), 'model')} ({told}), and an arm is one model at each seed: "
        f"{'ask for one' if is_query(named) else pick}. Runs of one recipe tell their seeds in their configuration, or "
        "by folders named seed0, seed1 and so on."
    )


def _drop_numbers_of_training(runs: dict[tuple[int | None, str], Run]) -> None:
    """Numbers that a trainer logged without a task are left aside where tasks were evaluated."""
    if any(run.task or run.items is not None for run in runs.values()):
        for key, run in list(runs.items()):
            if not run.task and run.items is None:
                del runs[key]


def _shared(
    budgets: Mapping[int | None, Mapping[str, Amount]], runs: Mapping[tuple[int | None, str], Run]
) -> dict[int | None, Mapping[str, Amount]]:
    """Budgets by seed; one that has no seed is of the only seed there is."""
    seeds = {seed for seed, _ in runs}
    if len(seeds) == 1 and set(budgets) - seeds:
        (only,) = seeds
        if len(budgets) == 1:
            return {only: next(iter(budgets.values()))}
    return dict(budgets)


def seed_in(path: str) -> int | None:
    """The training seed that a path tells, from its last ``seed3``; None where it tells none."""
    found = _IN_PATH.findall(path)
    return int(found[-1]) if found else None


def _read(named: str, format_: str, options: Options, folder: Path) -> list[tuple[int | None, Run]]:
    if is_query(named):
        return [(run.training_seed, run) for run in read_runs(named, format_, options).runs]
    if SEED in named:
        return _by_pattern(named, format_, options, folder)
    text = named if Path(named).expanduser().is_absolute() else str(folder / Path(named).expanduser())
    found: NamedRuns = read_runs(text, format_, options)
    return [(_seed_of(run), run) for run in found.runs]


def _seed_of(run: Run) -> int | None:
    return run.training_seed if run.training_seed is not None else seed_in(run.source.path)


def _by_pattern(named: str, format_: str, options: Options, folder: Path) -> list[tuple[int | None, Run]]:
    """Runs whose seed stands at a place of a pattern."""
    paths = at_seeds(named, folder)
    if not paths:
        raise DataError(f"There is nothing at {named} for any {SEED}; looked for a number in its place.")
    read: list[tuple[int | None, Run]] = []
    for number, (seed, path) in enumerate(paths.items()):
        working.tell(f"reading {named}", number, len(paths))
        read += [(seed, replace(run, training_seed=seed)) for run in read_runs(str(path), format_, options).runs]
    return read


def at_seeds(named: str, folder: Path) -> dict[int, Path]:
    """Training seed to the path that a pattern with ``{seed}`` gives for it, for all that are there."""
    whole = Path(named).expanduser() if Path(named).expanduser().is_absolute() else folder / Path(named).expanduser()
    parts = whole.parts
    first = next(i for i, part in enumerate(parts) if SEED in part)
    top = Path(*parts[:first]) if first else Path()
    expression = re.compile(
        re.escape(str(whole)).replace(re.escape(SEED), r"(\d{1,9})", 1).replace(re.escape(SEED), r"\1")
    )
    if not top.is_dir():
        return {}
    wild = str(Path(*parts[first:])).replace("[", "[[]").replace(SEED, "*")
    found = {}
    for path in sorted(top.glob(wild)):
        match = expression.fullmatch(str(path))
        if match:
            found[int(match[1])] = path
    return dict(sorted(found.items()))


def names_of(named: Sequence[str]) -> list[str]:
    """A short name for each of several arms: where their paths differ, in letters that a claim may use."""
    given = [_given(text) for text in named]
    parts = [_parts(text) for _, text in given]
    while all(len(part) > 1 for part in parts) and len({part[-1] for part in parts}) == 1 and len(parts) > 1:
        parts = [part[:-1] for part in parts]
    short = [own or _as_name(part[-1]) for (own, _), part in zip(given, parts, strict=True)]
    if len(set(short)) < len(short):
        short = [own or _as_name("-".join(part[-2:])) for (own, _), part in zip(given, parts, strict=True)]
    counts: dict[str, int] = {}
    for i, name in enumerate(short):
        counts[name] = counts.get(name, 0) + 1
        if counts[name] > 1:
            short[i] = f"{name}-{counts[name]}"
    return short


def _parts(text: str) -> list[str]:
    """Folders, file without its ending, and model of what a user names."""
    name, model = split_model(text)
    path = Path(name.replace(SEED, ""))
    ending = path.suffix if _ENDING.fullmatch(path.suffix) and not path.is_dir() else ""
    parts = [*path.parts[:-1], path.name.removesuffix(ending)] if path.parts else [text]
    return [*parts, *([model] if model else [])]


def _given(text: str) -> tuple[str, str]:
    """The name that a user gives an arm, as ``NAME=PATH``, and the rest; empty where there is none."""
    name, equals, rest = text.partition("=")
    if equals and rest and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]*", name) and not Path(text).exists():
        return name, rest
    return "", text


def without_name(text: str) -> str:
    """What a user named, without the name that stands before it."""
    return _given(text)[1]


def _as_name(text: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_.+-]+", "-", text).strip("-._+")[:60]
    return name or "run"


def missing_seeds(seeds: Sequence[int]) -> list[int]:
    """Seeds that are left out of a range that is otherwise whole: 2 of 0, 1, 3; none where most are left out."""
    if len(seeds) < 2:
        return []
    missing = sorted(set(range(min(seeds), max(seeds) + 1)) - set(seeds))
    return missing if len(missing) <= len(seeds) else []

"""The recipe ``runs``: a trial of it reads what another program left behind. Nothing is trained and nothing evaluated.

An arm says where its runs are: ``settings.runs = "runs/base/seed{seed}"``. Items of several tasks are pooled, unless
``settings.task`` (of the claim, or of a condition) names one, or several.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from evenhand.errors import DataError
from evenhand.recipes.contract import Bench, RecipeSettings, recipe
from evenhand.recipes.outcome import Outcome
from evenhand.runs.arms import ALLOWED, ArmRuns, gather
from evenhand.runs.outcomes import Choice, chosen, outcome_of
from evenhand.runs.run import Amount, Options, Run
from evenhand.runs.tracked import project_budgets

_OTHER = re.compile(r"[^A-Za-z0-9_.+-]+")


def _flat(value: Any) -> Any:
    """A table of names, dotted ones as they were written: a claim takes ``"a.b" = 1`` for a table within a table."""
    if not isinstance(value, Mapping):
        return value
    found: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, Mapping) and inner:
            found |= {f"{key}.{rest}": one for rest, one in _flat(inner).items()}
        else:
            found[key] = inner
    return found


Named = Annotated[dict[str, str], BeforeValidator(_flat)]
"""Name to name; names may have dots, as those of metrics do."""


class RunsSettings(RecipeSettings):
    """Settings of the recipe ``runs``."""

    runs: str = Field(min_length=1, description="file, folder, pattern with {seed}, or query (mlflow:...) of the runs")
    format: str = Field(default="", description="name of the format; recognised where it is not given")
    task: str | tuple[str, ...] = Field(
        default="", description="task that is compared, or a list that is pooled; all of them, pooled, if empty"
    )
    metrics: Named = Field(default_factory=dict, description="metric of the claim to its name in the files")
    columns: Named = Field(default_factory=dict, description="role or metric to the name of its column")
    budgets: dict[str, str] = Field(default_factory=dict, description="unit to its name in a tracker's configuration")
    spent: dict[str, float] = Field(
        default_factory=dict, description="unit to what training cost, declared where no file tells it"
    )
    pair_by: str = Field(default="content", pattern="^(content|id)$", description="content or id of the items")
    allow: tuple[str, ...] = Field(
        default=(), description="what is not refused: prompt, task, partial, errors, numbers"
    )

    @model_validator(mode="after")
    def _allowed_is_known(self) -> Self:
        unknown = [name for name in self.allow if name not in ALLOWED]
        if unknown:
            raise ValueError(f"`allow` names '{unknown[0]}'; what can be allowed is {', '.join(ALLOWED)}")
        return self

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that are named."""
        named = (self.task,) if isinstance(self.task, str) else self.task
        return tuple(task for task in named if task)

    @property
    def choice(self) -> Choice:
        """What is taken of the runs."""
        return Choice(self.tasks, self.metrics, self.pair_by, frozenset(self.allow))


def as_metric(name: str) -> str:
    """A metric of a file in letters that a claim may use: ``exact_match.strict-match``."""
    return _OTHER.sub(".", name).strip(".") or "score"


def metrics_of(runs: Mapping[str, Run], named: Mapping[str, str]) -> dict[str, str]:
    """Metric of the outcome to that of the files: those that are named, else those that all tasks have.

    Several tasks are pooled item by item: then a metric that is a number alone is left out beside others.
    """
    if named:
        return dict.fromkeys((key.rpartition("/")[2] for key in named), "")
    common = [name for name in next(iter(runs.values())).names if all(name in run.names for run in runs.values())]
    scored = [name for name in common if all(run.items and name in run.items.scores for run in runs.values())]
    return {as_metric(name): name for name in (scored if len(runs) > 1 and scored else common)}


def read_arm(settings: RunsSettings, folder: Path) -> ArmRuns:
    """All runs of an arm.

    Raises:
        DataError: as :func:`evenhand.runs.arms.gather`.
    """
    options = Options(settings.columns, budgets={**project_budgets(folder), **settings.budgets})
    return gather(settings.runs, settings.format, options, settings.allow, folder)


def arm_outcome(settings: RunsSettings, arm: ArmRuns, seed: int | None, folder: Path) -> Outcome:
    """The outcome of an arm at a seed, with all metrics that it has; paths in it are relative to the folder.

    Raises:
        DataError: as :func:`evenhand.runs.outcomes.outcome_of`.
    """
    if settings.spent and not arm.budgets.get(seed):
        told = {unit: Amount(amount, "declared") for unit, amount in settings.spent.items()}
        arm = replace(arm, budgets={**arm.budgets, seed: told})
    runs = chosen(arm, seed, settings.choice)
    names = metrics_of(runs, settings.metrics)
    if not names:
        why = next((f" {text}." for run in runs.values() for text in run.unusable.values()), "")
        raise DataError(f"{arm.named}: its tasks have no metric in common that is a number.{why}")
    choice = replace(settings.choice, metrics={**{k: v for k, v in names.items() if v}, **settings.metrics})
    outcome = outcome_of(arm, seed, choice, names)
    data = {_relative(path, folder): digest for path, digest in outcome.data.items()}
    return replace(outcome, data=data)


def _relative(path: str, folder: Path) -> str:
    if not Path(path).exists():
        return path
    found = os.path.relpath(Path(path).resolve(), folder.resolve())
    return path if found.startswith("..") else Path(found).as_posix()


@recipe(version=1, units=("steps", "tokens", "examples"), exhibits="evenhand.runs.exhibit:exhibits")
def run(settings: RunsSettings, bench: Bench) -> Outcome:
    """Read runs that exist: lm-eval, Inspect, HELM, MLflow, W&B, tables and others; nothing is trained."""
    arm = read_arm(settings, bench.folder)
    return arm_outcome(settings, arm, seed_for(arm, bench.seed), bench.folder)


def seed_for(arm: ArmRuns, seed: int) -> int | None:
    """The key of an arm's runs at a trial's seed: a single run without a seed stands for seed 0 and no other."""
    return None if arm.seeds == (None,) and seed == 0 else seed


def dumped(settings: Mapping[str, Any]) -> RunsSettings:
    """Settings as a resolved claim has them."""
    return RunsSettings.model_validate(dict(settings))

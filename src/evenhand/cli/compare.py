"""``evenhand compare``: runs that exist, compared in one command."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evenhand.cli.console import AsJson, Full, note, out, print_json, warn
from evenhand.cli.working import long_work
from evenhand.errors import Fault, SettingsError

if TYPE_CHECKING:
    from rich.console import Console

    from evenhand.running.comparison import Comparison

Texts = list[str] | None

MOST_GROUPS = 24
"""Groups of items that are shown with --full."""

Runs = Annotated[
    list[str],
    typer.Argument(
        metavar="BASELINE VARIANT [VARIANT ...]",
        help="Files, folders, patterns with {seed}, NAME=PATH, PATH#MODEL or queries (mlflow:...).",
        show_default=False,
    ),
]
Margin = Annotated[float | None, typer.Option(help="Smallest difference that matters; default 1 point of a share.")]
Metrics = Annotated[Texts, typer.Option(help="What is judged; repeat for several.")]
Tasks = Annotated[Texts, typer.Option(help="Tasks that are compared; default all in common.")]
Rivals = Annotated[Texts, typer.Option(help="What the variants must beat, too; repeat for several.")]
Null = Annotated[
    tuple[str, str] | None,
    typer.Option(metavar="A1 A2", help="The baseline and a second run of it: the noise floor."),
]
Minimise = Annotated[Texts, typer.Option(help="Metric of which less is better.")]
Deterministic = Annotated[Texts, typer.Option(help="Arm that no training seed changes: one run pairs with all.")]
Allow = Annotated[
    Texts, typer.Option(help="Do not refuse: prompt, task, partial, errors, numbers; repeat for several.")
]
Format = Annotated[str, typer.Option("--format", help="Format of the files; recognised where it is not given.")]
TableColumns = Annotated[str, typer.Option(help="Columns of tables, NAME=COLUMN with commas between: id=qid,acc=ok.")]
Budgets = Annotated[str, typer.Option(help="What a tracker calls a cost, UNIT=NAME: tokens=n_tok.")]
PairBy = Annotated[str, typer.Option(metavar="KEY", help="content or id: what pairs items.")]
Scope = Annotated[str, typer.Option(metavar="SCOPE", help="recipe or checkpoint: what the answer is to hold for.")]
Alpha = Annotated[float, typer.Option(help="Error rate.")]
ReportFile = Annotated[Path | None, typer.Option("--report", "-o", help="Write the report: one HTML file.")]
ClaimFile = Annotated[Path | None, typer.Option(help="Write the comparison as a claim file, to be entered and run.")]


def compare(
    runs: Runs,
    margin: Margin = None,
    metric: Metrics = None,
    task: Tasks = None,
    rival: Rivals = None,
    null: Null = None,
    minimise: Minimise = None,
    deterministic: Deterministic = None,
    allow: Allow = None,
    format_: Format = "",
    columns: TableColumns = "",
    budgets: Budgets = "",
    pair_by: PairBy = "content",
    scope: Scope = "",
    alpha: Alpha = 0.05,
    report: ReportFile = None,
    claim: ClaimFile = None,
    as_json: AsJson = False,
    full: Full = False,
) -> None:
    """Compare runs that exist: which model is better, on which evidence, and what that does not say."""
    from evenhand.running.comparison import Asked, compare_runs

    if len(runs) < 2:
        raise SettingsError(
            "Nothing can be compared", [Fault("arguments", "expected a baseline and a variant at least")]
        )
    asked = Asked(
        baseline=runs[0], variants=tuple(runs[1:]), rivals=tuple(rival or ()), null=_null(null, runs[0]),
        metrics=tuple(metric or ()), margin=margin, minimise=tuple(minimise or ()), tasks=tuple(task or ()),
        scope=_one_of("--scope", scope, ("", "recipe", "checkpoint")), deterministic=tuple(deterministic or ()),
        alpha=alpha, format=format_, columns=pairs("--columns", columns), budgets=pairs("--budgets", budgets),
        allow=tuple(allow or ()), pair_by=_one_of("--pair-by", pair_by, ("content", "id")),
        name=claim.stem if claim else "comparison",
    )  # fmt: skip
    with long_work(note()):
        found = compare_runs(asked)
    written = {} if report is None else {"report": str(_save_report(found, report))}
    if claim is not None:
        written["claim"] = str(_save_claim(found, claim))
    if as_json:
        print_json(comparison_document(found) | written)
        return
    print_comparison(found, out(), full=full)
    for what, path in written.items():
        note().print(f"{what.capitalize()}: {path}", soft_wrap=True)


def _null(given: tuple[str, str] | None, baseline: str) -> str:
    """The second run of the baseline.

    Raises:
        SettingsError: the first of the two is not the baseline.
    """
    if given is None:
        return ""
    from evenhand.runs.arms import without_name

    if without_name(given[0]) != without_name(baseline):
        message = f"the first of the two must be the baseline, {baseline}, which the second repeats; found {given[0]}"
        raise SettingsError("The noise floor cannot be told", [Fault("--null", message)])
    return given[1]


def _one_of(option: str, value: str, known: Sequence[str]) -> Any:
    if value not in known:
        message = f"expected one of {', '.join(one for one in known if one)}; found '{value}'"
        raise SettingsError("The command cannot be understood", [Fault(option, message)])
    return value


def pairs(option: str, text: str) -> dict[str, str]:
    """``role=column`` pairs between commas.

    Raises:
        SettingsError: a pair without ``=``, or with nothing on one side of it.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    found = {key.strip(): value.strip() for key, _, value in (part.partition("=") for part in parts)}
    wanted = "UNIT=NAME" if option == "--budgets" else "role=column"
    faults = [Fault(f"{option} {part}", f"expected {wanted}") for part in parts if not re.fullmatch("[^=]+=.+", part)]
    if faults:
        raise SettingsError("The command cannot be understood", faults)
    return found


def comparison_document(found: Comparison) -> dict[str, Any]:
    """A comparison as plain data: its decision as for claims, its scope in words, and what was read for each arm."""
    from dataclasses import asdict

    from evenhand.cli.output import decision_document
    from evenhand.decisions.by_group import groups_of_baseline

    return decision_document(found.decision, found.claim) | {
        "scope": found.claim.claim.scope,
        "says": found.scope,
        "remarks": list(found.remarks),
        "groups": [
            {"arm": c.arm, "against": c.against, "condition": c.condition, "metric": c.metric}
            | {"groups": [asdict(figure) for figure in figures]}
            for c, figures in groups_of_baseline(found.claim, found.decision, found.outcomes)
        ],
        "arms": {
            name: {
                "named": arm.named,
                "formats": list(arm.formats),
                "seeds": list(arm.seeds),
                "tasks": list(arm.tasks),
                "files": sorted({run.source.path for run in arm.runs.values()}),
                "budgets": {
                    str(seed): {unit: {"amount": one.amount, "read": one.source} for unit, one in amounts.items()}
                    for seed, amounts in arm.budgets.items()
                },
            }
            for name, arm in found.arms.items()
        },
    }


def print_comparison(found: Comparison, console: Console, *, full: bool = False) -> None:
    """A comparison for people: what was read, the verdicts, and what they hold for."""
    from rich.text import Text

    from evenhand.report.text import verdict_view

    roles = {arm.name: arm.role for arm in found.claim.arms()}
    for name, arm in found.arms.items():
        console.print(Text(f"{roles[name]} {name}: {arm_words(found, name)} from {arm.named}"), soft_wrap=True)
    console.print()
    console.print(verdict_view(found.claim, found.decision, console.width, full=full))
    console.print()
    for line in _group_lines(found) if full else ():
        console.print(Text(line), soft_wrap=True)
    console.print(Text(found.scope, style="bold"), soft_wrap=True)
    warn(found.remarks)


def _group_lines(found: Comparison) -> list[str]:
    """The difference in each group of items, the largest groups first."""
    from evenhand.decisions.by_group import groups_of_baseline
    from evenhand.errors import counted
    from evenhand.report import numbers

    margins = {metric.name: metric.margin for metric in found.claim.claim.metrics}
    level = numbers.per_cent(1 - found.claim.claim.alpha)
    lines = []
    for contrast, figures in groups_of_baseline(found.claim, found.decision, found.outcomes):
        places = numbers.decimals_for(margins[contrast.metric])
        where = [
            contrast.arm,
            *([contrast.condition] if len(found.claim.claim.conditions) > 1 else []),
            contrast.metric,
        ]
        lines.append(f"{' · '.join(where)}, by group, each for itself (to see, not to judge by):")
        for one in figures[:MOST_GROUPS]:
            shown = numbers.NONE if one.estimate is None else numbers.signed(one.estimate, places)
            if one.interval is not None:
                shown += f" {numbers.interval(one.interval, places)} {level}"
            lines.append(f"  {one.group or 'no group'}: {shown}, {counted(one.items, 'item')}")
        if len(figures) > MOST_GROUPS:
            lines.append(f"  and {counted(len(figures) - MOST_GROUPS, 'smaller group')}, in the report and with --json")
        lines.append("")
    return lines


def arm_words(found: Comparison, name: str) -> str:
    """What was read for an arm: ``lm_eval, 3 seeds, 2 tasks``."""
    from evenhand.errors import counted

    arm = found.arms[name]
    parts = [", ".join(arm.formats)]
    seeds = [seed for seed in arm.seeds if seed is not None]
    parts.append(counted(len(seeds), "seed") if len(arm.seeds) > 1 else "one run")
    if len(arm.tasks) > 1:
        parts.append(counted(len(arm.tasks), "task"))
    return ", ".join(parts)


def _save_report(found: Comparison, path: Path) -> Path:
    from evenhand.report.compared import save_comparison

    return save_comparison(found, path)


def _save_claim(found: Comparison, path: Path) -> Path:
    from evenhand.errors import DataError
    from evenhand.files import write_text

    if path.exists():
        raise DataError(f"{path} is there already; name another file, or remove it.")
    write_text(path, found.text)
    return path

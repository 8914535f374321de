"""``evenhand gate``: verdicts as a gate in continuous integration."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from evenhand.cli.console import (
    DEFAULT_LEDGER,
    AsJson,
    LedgerFolder,
    ledger_to_read,
    note,
    out,
    print_json,
    warn,
    write_output,
)
from evenhand.cli.working import long_work
from evenhand.errors import DataError

if TYPE_CHECKING:
    from evenhand.decisions.gate import Gate


class Late(StrEnum):
    """Claims that were fixed after results were known, and count only where that is allowed."""

    POST_HOC = "post-hoc"
    AMENDED = "amended"


Targets = Annotated[
    list[Path],
    typer.Argument(metavar="FILE ...", help="Claims (.toml), or decisions saved by --json.",
                   show_default=False),
]  # fmt: skip


def gate(
    targets: Targets,
    require: Annotated[
        Literal["gain", "no-regression", "no-effect"],
        typer.Option(
            metavar="KIND",
            help="gain, no-regression or no-effect: what every variant must show, in every target condition, on every "
            "primary metric.",
        ),
    ],
    arm: Annotated[list[str] | None, typer.Option("--arm", help="A variant that counts; default all.")] = None,
    allow: Annotated[
        list[Late] | None,
        typer.Option(
            "--allow",
            metavar="KIND",
            help="post-hoc or amended: let a claim count that was fixed, or changed, after results were known.",
        ),
    ] = None,
    summary: Annotated[
        Path | None,
        typer.Option("--summary", help="Write Markdown here; in GitHub Actions the summary of the step gets it, too."),
    ] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML here.")] = None,
    ledger: LedgerFolder = DEFAULT_LEDGER,
    as_json: AsJson = False,
) -> None:
    """Say by the exit code whether verdicts are what is required: 0 they are, 1 they are not, 3 not decided.

    no-regression holds where the lower bound of the difference to the baseline lies above -margin (one-sided, 5 %).
    """
    from evenhand.decisions.gate import EXIT_CODES, joined
    from evenhand.report.gate import gate_junit, gate_lines, gate_markdown

    with long_work(note()):
        gates = [one for target in targets for one in gates_of(target, ledger, require, arm or (), allow or ())]
    answer = joined(gates)
    if summary is not None:
        write_output(summary, gate_markdown(gates))
    if junit is not None:
        write_output(junit, gate_junit(gates))
    if place := os.environ.get("GITHUB_STEP_SUMMARY"):
        _add(Path(place), gate_markdown(gates))
    if as_json:
        print_json({"answer": answer, "gates": [_document(one) for one in gates]})
    else:
        for line in (line for one in gates for line in gate_lines(one)):
            out().print(line, markup=False, soft_wrap=True)
    warn([warning for one in gates for warning in one.warnings])
    raise typer.Exit(EXIT_CODES[answer])


def _document(gate: Gate) -> dict[str, Any]:
    """A gate as plain data, its reasons in words."""
    rows = [{**{k: v for k, v in vars(row).items() if k != "ground"}, "why": row.why} for row in gate.rows]
    return {"answer": gate.answer, **vars(gate), "rows": rows}


def gates_of(
    target: Path,
    ledger: Path,
    require: Literal["gain", "no-regression", "no-effect"],
    arms: Collection[str] = (),
    allow: Collection[str] = (),
) -> list[Gate]:
    """The gates on a claim file or on a saved decision.

    Raises:
        DataError: no decision is in the file, or an arm that is named is no variant of it.
        ClaimError: the ledger does not know the claim.
    """
    from evenhand.claims.load import load_claim
    from evenhand.decisions.gate import criteria_of
    from evenhand.decisions.gate import gate as judged
    from evenhand.decisions.saved import Saved, read_saved
    from evenhand.running.enter import decided

    if target.suffix == ".json":
        saved = read_saved(target)
    else:
        loaded = load_claim(target)
        claim = loaded.resolved
        controls = tuple(condition.name for condition in claim.expected_still)
        saved = [Saved(decided(loaded, ledger_to_read(ledger)), criteria_of(claim), controls)]
    for one in saved:
        variants = {verdict.arm for verdict in one.decision.verdicts if verdict.role == "variant"}
        unknown = sorted(set(arms) - variants)
        if unknown and variants:
            raise DataError(f"{target} has no variant '{unknown[0]}'; it has {', '.join(sorted(variants))}.")
    return [judged(one.decision, one.criteria, require, controls=one.controls, arms=arms, allow=allow) for one in saved]


def gates_of_runs(
    runs: Sequence[str],
    require: Literal["gain", "no-regression", "no-effect"],
    arms: Collection[str],
    options: Mapping[str, Any],
) -> list[Gate]:
    """The gate on runs that are compared on the spot.

    Args:
        runs: of the baseline, then those of each variant.
        require: what every variant must show.
        arms: variants that count; all if empty.
        options: of :func:`evenhand.compare`.

    Raises:
        DataError: the runs cannot be read or compared.
    """
    from evenhand.decisions.gate import criteria_of
    from evenhand.decisions.gate import gate as judged
    from evenhand.report.compared import compare

    found = compare(*runs, **options)
    return [judged(found, criteria_of(found.comparison.claim), require, arms=arms)]


def _add(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error

"""The command ``evenhand power``: what an experiment can detect, before it runs.

``evenhand power CLAIM.toml``, or from guesses alone: ``evenhand power --sd 0.02 --seeds 3,5,10 --margin 0.03``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evenhand.cli.as_json import write_json
from evenhand.cli.console import note, out
from evenhand.errors import Fault, SettingsError

if TYPE_CHECKING:
    from evenhand.claims.schema import Scope
    from evenhand.decisions.power import PowerAnswer

SCOPES = ("recipe", "seeds", "checkpoint")


def power(
    claim: Annotated[Path | None, typer.Argument(metavar="[CLAIM.toml]", show_default=False)] = None,
    sd: Annotated[float | None, typer.Option("--sd", help="Seed sd of paired differences.")] = None,
    seeds: Annotated[str, typer.Option("--seeds", help="Numbers of seeds to compare, e.g. 3,5,10.")] = "",
    items: Annotated[int | None, typer.Option("--items", min=1, metavar="N", help="Evaluation items.")] = None,
    item_sd: Annotated[
        float, typer.Option("--item-sd", min=0, metavar="SD", help="Sd of the effect over items.")
    ] = 0.0,
    residual_sd: Annotated[
        float, typer.Option("--residual-sd", min=0, metavar="SD", help="Sd of the rest, per item.")
    ] = 0.0,
    margin: Annotated[float | None, typer.Option("--margin", help="Smallest effect that matters.")] = None,
    scope: Annotated[str, typer.Option("--scope", help="recipe, seeds or checkpoint.")] = "recipe",
    alpha: Annotated[float, typer.Option("--alpha", help="Two-sided level.")] = 0.05,
    pilot: Annotated[
        bool, typer.Option("--pilot", help="Average power over what the pilot does not know of its spread.")
    ] = False,
    borrow: Annotated[
        bool, typer.Option("--borrow", help="With --pilot: take earlier claims of the ledger to help.")
    ] = False,
    plot: Annotated[Path | None, typer.Option("--plot", help="Write the curves: .svg or .png.")] = None,
    ledger: Annotated[
        Path, typer.Option("--ledger", help="Ledger of an earlier run, for the spread.", envvar="EVENHAND_LEDGER")
    ] = Path(".evenhand"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Tell what can be detected, and how many seeds and items it takes.

    For a claim the spread comes from metric.sd, else from the pairs of its null arm, its screen or its confirmation in
    the ledger. --sd takes the place of all of these.
    """
    from evenhand.cli.power_output import draw_power, power_document, print_power

    spreads = (sd, item_sd, residual_sd)
    if pilot and (claim is None or sd is not None):
        raise refused("--pilot", "a pilot is what a ledger holds of a claim; name the claim, and leave --sd out")
    if borrow and not pilot:
        raise refused("--borrow", "it goes with --pilot")
    counts = parse_counts(seeds)
    if claim is not None:
        if margin is not None or scope != "recipe" or alpha != 0.05:
            raise refused("--margin, --scope, --alpha", "a claim states its own; leave them out")
        answers = _for_claim(claim, ledger, counts, items, spreads)
        answers = _assured(claim, ledger, answers, borrow=borrow) if pilot else answers
    else:
        answers = (_for_guess(spreads, counts, items, margin, scope, alpha),)
    if as_json:
        write_json(power_document(answers))
    else:
        print_power(answers, out())
    if plot is not None:
        path = draw_power(answers, plot)
        note().print(f"Plot: {path}", soft_wrap=True)


def _assured(path: Path, ledger: Path, answers: tuple[PowerAnswer, ...], *, borrow: bool) -> tuple[PowerAnswer, ...]:
    from evenhand.claims.load import load_claim
    from evenhand.decisions.power import assured_by
    from evenhand.ledger import Ledger
    from evenhand.running.earlier_spreads import prior_of

    if all(answer.spread.pilot_seeds < 2 for answer in answers):
        raise refused("--pilot", "the ledger holds no pairs of this claim: run its null arm, its screen, or the claim")
    claim, store = load_claim(path).resolved, Ledger(ledger, create=False)
    priors = {one.metric: prior_of(claim, one.metric, store) if borrow else None for one in answers}
    for metric in (name for name, prior in priors.items() if borrow and prior is None):
        note().print(f"{metric}: nothing is borrowed, as the ledger has too few earlier spreads of this recipe.")
    return tuple(assured_by(answer, priors[answer.metric]) for answer in answers)


def refused(option: str, message: str) -> SettingsError:
    """The error for options that say nothing, or contradict each other."""
    return SettingsError("The options cannot be used as they stand", [Fault(option, message)])


def parse_counts(text: str) -> tuple[int, ...]:
    """``3,5,10`` as numbers, ascending.

    Raises:
        SettingsError: anything but whole numbers of at least 1.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise refused("--seeds", f"expected whole numbers of at least 1, as in 3,5,10; found {text!r}")
    return tuple(sorted({int(part) for part in parts}))


Spreads = tuple[float | None, float, float]


def _for_guess(
    spreads: Spreads, counts: tuple[int, ...], items: int | None, margin: float | None, scope: str, alpha: float
) -> PowerAnswer:
    from evenhand import statistics
    from evenhand.decisions.power import plan_power

    sd, item_sd, residual_sd = spreads
    if sd is None:
        raise refused("--sd", "give a claim file, or --sd with a guess of the seed sd of paired differences")
    if scope not in SCOPES:
        raise refused("--scope", f"expected one of {', '.join(SCOPES)}; found {scope!r}")
    if items is None and (item_sd > 0 or residual_sd > 0):
        raise refused("--items", "--item-sd and --residual-sd say nothing without a number of items")
    held: Scope = scope  # type: ignore[assignment]
    spread = statistics.Spread(sd, item_sd, residual_sd)
    return plan_power(spread, counts or (3, 5, 10), items, margin=margin, scope=held, alpha=alpha)


def _for_claim(
    path: Path, ledger: Path, counts: tuple[int, ...], items: int | None, spreads: Spreads
) -> tuple[PowerAnswer, ...]:
    from evenhand import statistics
    from evenhand.claims.load import load_claim, settled
    from evenhand.decisions.power import claim_power
    from evenhand.ledger import Ledger
    from evenhand.running.enter import outcomes_so_far
    from evenhand.running.families import at_level

    store = Ledger(ledger, create=False)
    claim = at_level(load_claim(path).resolved, store)
    sd, item_sd, residual_sd = spreads
    if sd is None and (item_sd or residual_sd):
        raise refused("--sd", "--item-sd and --residual-sd go with --sd; a ledger's spread has its own")
    spread = None if sd is None else statistics.Spread(sd, item_sd, residual_sd)
    outcomes = {} if spread is not None else settled(outcomes_so_far(claim, store))
    return claim_power(claim, outcomes, seeds=counts, items=items, spread=spread)

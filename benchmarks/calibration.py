"""Measure how often every statistical procedure errs, over the full grid, and write ``docs/calibration.md``.

Run from the checkout's root::

    python benchmarks/calibration.py                 # about ten minutes on one core
    python benchmarks/calibration.py --share 0.1     # a tenth of the replicates, to try it
    python benchmarks/calibration.py --only tails families   # these sections anew, the others as they stand
    python benchmarks/calibration.py --output other.md

Everything is seeded: the same version of the code and of numpy writes the same page.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from evenhand import statistics
from evenhand.decisions.samplers import propose
from evenhand.statistics.calibration import World, sequences, studies, tails
from evenhand.statistics.calibration.known_to_fail import two_way_alone
from evenhand.statistics.calibration.rates import monte_carlo_error
from evenhand.statistics.calibration.worlds import NOISES, Noise
from evenhand.testing import searches as simulated

SEEDS, ITEMS, SPREADS = (3, 5, 10), (16, 80, 200, 1000), (0.0, 0.1, 0.3)
HEAD = """# Calibration

How often each procedure errs, measured on simulated experiments whose truth is known. Every figure is a per cent of
simulated experiments; nominal is 5 % unless stated; the Monte Carlo standard error is given with each table.
[Statistics](statistics.md) explains the procedures. This page is written by `python benchmarks/calibration.py`.

**The simulated world.** Binary scores: item difficulty is normal with standard deviation 1.5 logits and shared by both
arms; each arm and seed adds a normal effect with the stated *seed spread* in logits; answers are right with the
logistic probability. Continuous scores: the same sum plus standard normal noise, spreads in units of that noise.
*Correlated*: the arms' noise at one seed and item has correlation 0.6. *Interaction*: each item responds to the
mechanism in its own way, normal with the stated standard deviation.

**What carries the noise.** In the tables on small levels the differences are normal with a residual variance of 1; the
seeds' expected mean square lies above the residual one by a factor of 3 ("a little") or 30, the items' by 1 or by 10 to
30. *Alone* is the two-way test without the paired t over seeds that must agree with it: the rule that was given up.
"""


def table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def percent(share: float | None) -> str:
    """A share in per cent with one decimal."""
    return "-" if share is None else f"{100 * share:.1f}"


class Page:
    """Collects sections and says on stderr how long each took."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.parts = [HEAD]
        self.started = time.perf_counter()

    def count(self, replicates: int) -> int:
        """Replicates after the share asked for."""
        return max(50, round(replicates * self.share))

    def add(self, title: str, *parts: str) -> None:
        """Append a section."""
        self.parts.append(f"\n## {title}\n\n" + "\n".join(parts))
        print(f"{time.perf_counter() - self.started:6.1f} s  {title}", file=sys.stderr, flush=True)

    def error(self, replicates: int, share: float = 0.05, wide: int | None = None) -> str:
        """A sentence with the Monte Carlo standard error, and that of the widest tables where they have fewer."""
        text = f"{replicates:,} experiments a cell: Monte Carlo standard error about "
        text += f"{100 * monte_carlo_error(share, replicates):.1f}"
        if wide is not None:
            text += f" ({wide:,} and {100 * monte_carlo_error(share, wide):.1f} above 2,000 seed-item pairs)"
        return text + ".\n"


def recipe_replicates(page: Page, seeds: int, items: int) -> int:
    return page.count(4000 if seeds * items <= 2000 else 1500)


RECIPE_KINDS = (
    ("binary", 0.0, "right-or-wrong items"),
    ("binary", 0.6, "right-or-wrong items, correlated pairs"),
    ("continuous", 0.6, "graded items, correlated pairs"),
)


def recipe_grid(page: Page, kinds: tuple[tuple[str, float, str], ...] = RECIPE_KINDS) -> None:
    """False positives of the recipe scope's estimate over seeds x items x spread x kind."""
    for kind, correlation, title in kinds:
        rows, rates = [], []
        for seeds in SEEDS:
            for items in ITEMS:
                cells = [
                    studies.recipe_scope(
                        World(seeds, items, spread, correlation=correlation, kind=kind),  # type: ignore[arg-type]
                        recipe_replicates(page, seeds, items),
                        seed=1000 + seeds * items,
                    )
                    for spread in SPREADS
                ]
                rates += [cell.rejected for cell in cells]
                rows.append((seeds, items, *(percent(cell.rejected) for cell in cells)))
        head = ("seeds", "items", *(f"seed spread {spread:g}" for spread in SPREADS))
        found = f"Range: {percent(min(rates))} to {percent(max(rates))} %.\n"
        page.add(
            f"Recipe scope: false positives, {title}",
            table(head, rows),
            found,
            page.error(page.count(4000), wide=page.count(1500)),
        )


def multiples(shares: tuple[float, ...]) -> tuple[str, ...]:
    """Shares in multiples of the levels they are nominally held at."""
    return tuple(f"{share / level:.2f}" for share, level in zip(shares, tails.LEVELS, strict=True))


def small_levels(page: Page) -> None:
    """Size of the recipe scope's rule at small levels over what carries the noise, the old rule beside it."""
    count = page.count(200_000)
    levels = tuple(f"at {level}" for level in tails.LEVELS)
    rows = []
    for seeds in (3, 4, 5, 6, 8, 10):
        for items in (80, 200, 1000):
            for noise in NOISES:
                found = tails.fine_tail(noise, seeds, items, count, seed=1100 + seeds * items)
                rows.append((seeds, items, noise.name, *multiples(found.shares)))
    error = ", ".join(f"{monte_carlo_error(level, count) / level:.3f}" for level in tails.LEVELS)
    sentence = f"{count:,} experiments a cell: Monte Carlo standard errors of the multiples {error}.\n"
    page.add(
        "Recipe scope at small levels: size in multiples of the nominal level",
        table(("seeds", "items", "noise from", *levels), rows),
        sentence,
    )
    rows = []
    for seeds in (3, 4, 5, 6, 8, 10):
        for items in (200, 1000):
            alone = [
                tails.fine_tail(noise, seeds, items, count, seed=1100 + seeds * items, alone=True).shares
                for noise in NOISES
            ]
            worst = tuple(max(shares) for shares in zip(*alone, strict=True))
            rows.append((seeds, items, *multiples(worst)))
    page.add(
        "Procedures that do not work: the two-way test alone at small levels, worst of the same worlds",
        table(("seeds", "items", *levels), rows),
        sentence,
    )


def small_levels_of_tables(page: Page) -> None:
    """The same on whole tables: graded, right-or-wrong, clustered items, differences of differences."""
    count = page.count(6000)
    levels = tuple(f"at {level}" for level in tails.LEVELS)
    rows: list[tuple[object, ...]] = []
    for seeds in (3, 5):
        for noise in NOISES:
            found = tails.graded_tail(noise, seeds, 80, count, seed=1200 + seeds)
            rows.append((seeds, 80, f"graded, noise from {noise.name}", *multiples(found.shares)))
        for items, spread in ((80, 0.3), (200, 0.1), (200, 0.3)):
            binary = tails.binary_tail(World(seeds, items, spread), count, seed=1210 + seeds)
            rows.append((seeds, items, f"right or wrong, seed spread {spread:g}", *multiples(binary.shares)))
        for noise in NOISES[:3]:
            found = tails.difference_tail(noise, seeds, 40, count, seed=1220 + seeds)
            what = f"difference of differences, noise from {noise.name}"
            rows.append((seeds, 40, what, *multiples(found.shares)))
    error = ", ".join(f"{monte_carlo_error(level, count) / level:.2f}" for level in tails.LEVELS)
    page.add(
        "Recipe scope at small levels, on whole tables: size in multiples of the nominal level",
        table(("seeds", "items", "what", *levels), rows),
        f"{count:,} experiments a cell: Monte Carlo standard errors of the multiples {error}.\n",
    )


def families(page: Page) -> None:
    """Families of variants without an effect, looks and equivalence with few seeds, beside the old rule."""
    rows: list[tuple[object, ...]] = []
    corner, heavy = NOISES[1], NOISES[2]
    for seeds in (3, 5, 10):
        for variants in (1, 5, 10, 20):
            for noise in (corner, heavy, NOISES[-1]):
                count = page.count(max(1000, 6000 // variants))
                ours, alone = (
                    tails.null_family(variants, noise, seeds, 80, count, 1300 + seeds, procedure)
                    for procedure in (statistics.two_way_estimate, two_way_alone)
                )
                error = percent(monte_carlo_error(0.05, count))
                figures = (percent(share) for share in (ours.gain, ours.any, alone.gain, alone.any))
                rows.append((seeds, variants, noise.name, *figures, error))
    heads = ("seeds", "variants", "noise from", "false gain", "gain or regression", "alone: false gain")
    page.add(
        "Families without an effect, one baseline, 80 graded items: families with a false verdict",
        table((*heads, "alone: gain or regression", "standard error at 5 %"), rows),
    )
    rows = []
    for seeds in ((2, 3), (3, 5), (3, 6, 10)):
        plan = statistics.plan_looks(seeds)
        for noise in (corner, heavy, NOISES[-1]):
            count = page.count(4000)
            found = (
                tails.looks_tail(plan, noise, 80, count, 1400, procedure)
                for procedure in (statistics.two_way_estimate, two_way_alone)
            )
            rows.append((", ".join(map(str, seeds)), noise.name, *(percent(share) for share in found)))
    page.add(
        "Planned looks of the recipe scope, 80 graded items: any look rejects, either way",
        table(("looks", "noise from", "both tests", "two-way alone"), rows),
        page.error(page.count(4000)),
    )
    rows = []
    for noise in NOISES:
        cells = [tails.equivalence_tail(noise, seeds, 80, page.count(3000), 1500) for seeds in (3, 5)]
        rows.append((noise.name, *(percent(share) for share in cells)))
    page.add(
        "Equivalence of the recipe scope where the effect is the margin (four standard errors)",
        table(("noise from", "3 seeds", "5 seeds"), rows),
        page.error(page.count(3000)),
    )
    rows = []
    for noise in NOISES:
        cells = [tails.not_worse_tail(noise, seeds, 80, page.count(3000), 1600) for seeds in (3, 5, 10)]
        rows.append((noise.name, *(percent(share) for share in cells)))
    page.add(
        "Not worse, in the recipe scope, where the true effect is a loss of the margin (half a standard error): shown",
        table(("noise from", "3 seeds", "5 seeds", "10 seeds"), rows),
        page.error(page.count(3000)),
    )
    rows = [
        (items, margin, percent(tails.not_worse_of_checkpoints(items, margin, 0.2, page.count(3000), 1700)))
        for items, margin in ((80, 0.05), (200, 0.02), (1000, 0.01))
    ]
    page.add(
        "Not worse, right-or-wrong items of one pair of checkpoints, 20 % of them discordant: shown at the margin",
        table(("items", "margin", "shown"), rows),
        page.error(page.count(3000)),
    )


def price(page: Page) -> None:
    """Power that the agreement of both tests costs."""
    count = page.count(200_000)
    rows = []
    for seeds in (3, 5, 10):
        for noise in (*NOISES, Noise("items, a little", 0.0, 1.0)):
            cells = [tails.powers(noise, seeds, 200, shift, count, 1600 + seeds) for shift in (3.0, 4.0)]
            rows.append((seeds, noise.name, *(percent(share) for pair in cells for share in pair)))
    page.add(
        "Power at 5 % of both tests together and of the two-way test alone, 200 items",
        "Effects in true standard errors of the mean difference. What the test alone finds more often it also finds "
        "more often where nothing is.\n",
        table(("seeds", "noise from", "both, at 3", "alone, at 3", "both, at 4", "alone, at 4"), rows),
        page.error(count, 0.5),
    )


def recipe_effects(page: Page) -> None:
    """Coverage and power of the estimate with an effect, beside the planned power."""
    rows = []
    for seeds in SEEDS:
        for items in (80, 1000):
            for wished in (0.5, 0.8, 0.95):
                spread = statistics.Spread(0.2 * math.sqrt(2), 0.5, math.sqrt(2))
                effect = statistics.planned_detectable(spread, seeds, items, power=wished)
                world = World(seeds, items, 0.2, interaction=0.5, effect=effect or 0.0, kind="continuous")
                rates = studies.recipe_scope(world, page.count(2000), seed=2000 + seeds * items)
                rows.append((seeds, items, percent(wished), percent(rates.rejected), percent(rates.covered)))
    page.add(
        "Recipe scope: power that was planned and power that came out",
        "Graded items, seed spread 0.2, interaction 0.5, effect set by `planned_detectable`.\n",
        table(("seeds", "items", "planned power", "power", "coverage of the 95 % interval"), rows),
        page.error(page.count(2000), 0.5),
    )
    rows = []
    for seeds in SEEDS:
        for effect in (0.0, 0.2, 0.6, 1.5):
            world = World(seeds, 200, 0.1, interaction=0.3, effect=effect)
            rates = studies.recipe_scope(world, page.count(2000), seed=2500 + seeds)
            true = abs(100 * world.true_difference())
            rows.append((seeds, effect, f"{true:.1f}", percent(rates.rejected), percent(rates.covered)))
    page.add(
        "Recipe scope: power and coverage, 200 right-or-wrong items",
        table(("seeds", "effect (logits)", "effect (points)", "rejected", "coverage of the 95 % interval"), rows),
        page.error(page.count(2000)),
    )


def seeds_scope(page: Page) -> None:
    """Paired t over seeds on fixed items."""
    rows = []
    for seeds in SEEDS:
        for items in ITEMS:
            count = page.count(3000 if items < 1000 else 1000)
            cells = [studies.seeds_scope(World(seeds, items, spread), count, 3000 + items) for spread in SPREADS]
            rows.append((seeds, items, *(percent(cell.rejected) for cell in cells)))
    head = ("seeds", "items", *(f"seed spread {spread:g}" for spread in SPREADS))
    page.add(
        "Seeds scope (paired t over seeds, the same items): false positives",
        table(head, rows),
        page.error(page.count(3000), wide=page.count(1000)),
    )


def checkpoint_scope(page: Page) -> None:
    """McNemar, graded t and betting for one pair of checkpoints."""
    rows = []
    for items in ITEMS:
        for shift in (0.0, 0.5, 2.0):
            rates = studies.mcnemar_scope(items, shift, page.count(3000), 4000 + items, interaction=0.3 if shift else 0)
            rows.append((items, shift, percent(rates.rejected), percent(rates.covered)))
    page.add(
        "Checkpoint scope: exact McNemar and its interval",
        table(("items", "shift (logits)", "rejected", "coverage"), rows),
        page.error(page.count(3000)),
    )
    rows = []
    for items in (30, 80, 200, 1000):
        rates = studies.graded_checkpoint_scope(items, 0.0, page.count(3000), 4100 + items)
        rows.append((items, percent(rates.rejected), percent(rates.covered)))
    page.add(
        "Checkpoint scope: paired t over graded items, no effect",
        table(("items", "rejected", "coverage"), rows),
        page.error(page.count(3000)),
    )
    rows = []
    for items in ITEMS:
        for shift in (0.0, 1.0):
            rates = studies.betting_scope(items, shift, page.count(1000), 4200 + items)
            rows.append((items, shift, percent(rates.rejected), percent(rates.covered)))
    page.add(
        "Checkpoint scope: betting, looked at after every item",
        table(("items", "shift (logits)", "ever rejected", "coverage after the last item"), rows),
        page.error(page.count(1000)),
    )


def beside(page: Page) -> None:
    """What is shown beside the estimate: sign flips and the crossed bootstrap."""
    rows = []
    for seeds in (3, 4, 5, 6, 8, 10):
        none, some = (studies.sign_flip_scope(seeds, shift, page.count(10_000), 5000 + seeds) for shift in (0.0, 1.5))
        least = statistics.attainable_minimum(seeds)
        rows.append((seeds, f"{least:.3g}", percent(none.rejected), percent(some.rejected)))
    page.add(
        "Exact sign-flip test at 5 %",
        table(("seeds", "attainable minimum of p", "false positives", "power at 1.5 sd"), rows),
        page.error(page.count(10_000)),
    )
    rows = []
    for seeds in SEEDS:
        for spread in (*SPREADS, 1.0):
            rates = studies.crossed_bootstrap_scope(World(seeds, 80, spread), page.count(1000), 5100 + seeds)
            rows.append((seeds, spread, percent(rates.rejected)))
    page.add(
        "Crossed seed x item bootstrap, 80 right-or-wrong items: false positives",
        table(("seeds", "seed spread", "excludes 0"), rows),
        page.error(page.count(1000)),
    )


def structure(page: Page) -> None:
    """Clusters and differences of differences."""
    rows = []
    for seeds in SEEDS:
        world = World(seeds, 200, 0.1, interaction=0.7, cluster_size=10)
        pair = [studies.clustered_scope(world, page.count(2000), 6000 + seeds, respect=flag) for flag in (True, False)]
        rows.append((seeds, *(percent(rates.rejected) for rates in pair)))
    page.add(
        "Clustered items: 200 items in 20 clusters, interaction 0.7",
        table(("seeds", "clusters as units", "items as units (wrong)"), rows),
        page.error(page.count(2000)),
    )
    rows = []
    for seeds in SEEDS:
        for spread in SPREADS:
            world = World(seeds, 40, spread)
            pair = [
                studies.difference_scope(world, page.count(2000), 6100 + seeds, same_items=flag)
                for flag in (True, False)
            ]
            rows.append((seeds, spread, *(percent(rates.rejected) for rates in pair)))
    page.add(
        "Difference of differences, 40 graded items in each condition: false positives",
        table(("seeds", "seed spread", "same items", "items of their own"), rows),
        page.error(page.count(2000)),
    )


def decisions(page: Page) -> None:
    """Equivalence, looks, pruning, families and rivals."""
    count = page.count(10_000)
    rows = [
        (seeds, *(percent(studies.equivalence_rate(share * 1.5, 1.5, seeds, count, 7000)) for share in (0, 0.5, 1)))
        for seeds in SEEDS
    ]
    page.add(
        "Equivalence (two one-sided tests), margin 1.5 sd: declared equivalent",
        table(("seeds", "no effect", "half the margin", "at the margin"), rows),
        page.error(count),
    )
    rows = []
    for seeds in ((3, 5), (5, 10), (3, 6, 10), (4, 7, 10), (3, 4, 6, 9)):
        plan = statistics.plan_looks(seeds)
        free = statistics.plan_looks(seeds, 0.0500001)
        world = World(seeds[-1], 80, 0.1)
        rows.append(
            (
                ", ".join(map(str, seeds)),
                f"{plan.nominal:.4f}",
                plan.source,
                f"{free.nominal:.4f}",
                percent(studies.looks_rate(plan, 0.0, count, 7100)),
                percent(studies.looks_rate(plan, 1.0, count, 7100)),
                percent(studies.looks_rate(plan, 0.0, page.count(2000), 7100, world)),
            )
        )
    page.add(
        "Planned looks: any look rejects",
        table(
            (
                "looks",
                "nominal level",
                "from",
                "simulated level",
                "paired t, no effect",
                "paired t, effect of 1 sd",
                "recipe scope, no effect",
            ),
            rows,
        ),
        page.error(count),
    )
    rows = []
    for seeds in SEEDS:
        for confidence in (0.8, 0.9, 0.95):
            shares = [studies.prune_rate(effect, 1.0, seeds, count, 7200, confidence) for effect in (0.0, 1.0, 2.0)]
            rows.append((seeds, confidence, *(percent(share) for share in shares)))
    page.add(
        "Futility pruning, margin 1 sd: pruned",
        table(("seeds", "confidence", "no effect", "effect = margin", "effect = twice the margin"), rows),
        page.error(count),
    )
    rows = []
    for nulls, effects in ((10, 0), (10, 5), (3, 1)):
        for name in ("holm", "benjamini-hochberg"):
            rates = studies.family_rates(name, nulls, effects, page.count(3000), 7300)
            rows.append(
                (nulls, effects, name, percent(rates.any_false), percent(rates.false_share), percent(rates.found))
            )
    page.add(
        "Several variants that share a baseline, 5 seeds, true effects of 4 sd",
        table(("without effect", "with effect", "procedure", "any false", "share false", "found"), rows),
        page.error(page.count(3000)),
    )
    rows = []
    for rivals in (1, 3):
        for lead in (0.0, 3.0, 6.0):
            rate = studies.rivals_rate(rivals, lead, 5, page.count(3000), 7400)
            rows.append((rivals, lead, percent(rate)))
    page.add(
        "Beating the baseline and every rival, when one of them is as good (5 seeds)",
        table(("rivals", "lead over the others (sd)", "false gains"), rows),
        page.error(page.count(3000)),
    )


def suites(page: Page) -> None:
    """Interquartile means of suites."""
    rows = []
    for runs in (3, 5, 10, 20):
        for tasks in (5, 20):
            rates = studies.suite_rates(runs, tasks, page.count(1500), 8000 + runs)
            rows.append((runs, tasks, percent(rates.rejected)))
    page.add(
        "Difference of interquartile means, stratified bootstrap: false positives",
        "The bootstrap over runs errs too often with few runs; the estimate is for description.\n",
        table(("runs", "tasks", "excludes 0"), rows),
        page.error(page.count(1500)),
    )


def failing(page: Page) -> None:
    """The procedures that do not hold."""
    rows = []
    for name in ("percentile bootstrap over seeds", "z with population standard deviation"):
        cells = [percent(studies.failing_rate(name, seeds, page.count(10_000), 9000 + seeds)) for seeds in SEEDS]
        rows.append((name, *cells))
    name = "paired t after every seed"
    rows.append(
        (
            f"{name} from the third on",
            "-",
            *(percent(studies.failing_rate(name, n, page.count(10_000), 9100)) for n in (5, 10)),
        )
    )
    page.add(
        "Procedures that do not work: false positives, normal differences",
        table(("procedure", *(f"{seeds} seeds" for seeds in SEEDS)), rows),
        page.error(page.count(10_000), 0.2),
    )
    rows = []
    for seeds in (1, *SEEDS):
        worlds = [World(seeds, 1000, spread) for spread in SPREADS]
        rows.append((seeds, *(percent(studies.item_only_rate(world, page.count(1000), 9200)) for world in worlds)))
    page.add(
        "Procedures that do not work: item-only normal test of a recipe, 1000 right-or-wrong items",
        table(("seeds", *(f"seed spread {spread:g}" for spread in SPREADS)), rows),
        page.error(page.count(1000), 0.4),
    )
    best = [
        (k, n, f"{studies.best_of_nulls(k, n, page.count(20_000), 9300):.2f}") for k in (3, 10, 30) for n in (3, 5, 10)
    ]
    page.add(
        "The best of several variants without effect, in standard deviations of a seed's difference",
        table(("variants", "seeds", "mean of the best"), best),
    )


PROCEDURES: tuple[sequences.Procedure, ...] = (
    ("none", 0.5),
    ("LORD++", 0.5),
    ("LORD++", 0.9),
    ("SAFFRON", 0.5),
    ("LOND", 0.5),
    ("e-LOND", 0.5),
)


def claims_in_sequence(page: Page) -> None:
    """Online control of false discoveries over the claims of a family."""
    heads = [name if name != "none" else "each at 5 %" for name, _ in PROCEDURES]
    heads[1], heads[2] = "LORD++", "LORD++, 90 % first"
    rows: list[tuple[object, ...]] = []
    for length in (5, 25, 100, 200):
        count = page.count(max(150, 6_000 // length))
        for real in (0.0, 0.1, 0.25, 0.5):
            cells = [sequences.online_errors(one, length, real, count, 9600 + length) for one in PROCEDURES]
            rows.append((length, percent(real), count, *(_false_and_found(cell) for cell in cells)))
    page.add(
        "Claims in sequence: false discoveries and power, independent claims",
        "Claims of five seeds, effects at the margin (80 % power for a claim alone at its own 5 %). Each cell: mean "
        "per cent of false ones among the discoveries of a sequence ± its standard error / per cent of the real "
        "effects that are found. e-LOND is on half-normal mixture e-values of the same five seeds.\n",
        table(("claims", "real, %", "sequences", *heads), rows),
    )
    rows = []
    cases: tuple[tuple[sequences.User, float], ...] = (
        ("honest", 0.5),
        ("honest", 0.8),
        ("stops at a discovery", 0.5),
        ("spends what was earned", 0.0),
        ("tries again", 0.5),
        ("tries again", 0.8),
    )
    for user, correlation in cases:
        for length in (25, 100):
            count = page.count(400 if length == 25 else 100)
            for real in (0.0, 0.25):
                about = {"user": user, "correlation": correlation}
                cells = [
                    sequences.online_errors(one, length, real, count, 9700 + length, **about)  # type: ignore[arg-type]
                    for one in PROCEDURES
                ]
                rows.append((user, correlation, length, percent(real), count, *(_false_and_found(c) for c in cells)))
    page.add(
        "Claims in sequence: users who adapt, and claims that share items",
        "As above, with z statistics of a correlation that shared items give. *Stops*: at the first discovery. "
        "*Spends*: five ideas without an effect after each discovery. *Tries again*: an idea that looks promising is "
        "claimed anew, up to five times, with fresh seeds on the same items.\n",
        table(("user", "correlation", "claims", "real, %", "sequences", *heads), rows),
    )


def _false_and_found(cell: sequences.Errors) -> str:
    found = "" if cell.found is None else f" / {100 * cell.found:.0f}"
    return f"{percent(cell.false_share)} ± {percent(cell.error)}{found}"


SEARCHES: tuple[tuple[str, dict[str, Any], bool, dict[float, int]], ...] = (
    ("50 at random", {}, False, {0.0: 800, 0.02: 400, 0.05: 400}),
    ("50 by TPE", {"sampler": "tpe"}, True, {0.0: 150}),
    ("50, the best 10 once more", {"kept": 10}, False, {0.0: 400, 0.05: 200}),
    ("50 on two seeds, three variants, a rival", {"seeds": 2, "variants": 3, "rivals": 1}, False, {0.0: 100}),
)
"""With what settings are worth, and how many claims."""


def searches(page: Page) -> None:
    """Claims that search 50 configurations of every arm, through the whole of decide."""
    rows: list[tuple[object, ...]] = []
    for number, (name, about, by_optuna, claims) in enumerate(SEARCHES):
        for quality, count in claims.items():
            found = simulated.errors(
                simulated.searching_claim(50, **about), page.count(count), 9800 + number, quality_sd=quality,
                propose=propose if by_optuna else simulated.at_random,
            )  # fmt: skip
            gain, effect = (
                f"{percent(x)} ± {percent(monte_carlo_error(max(x, 1 / found.claims), found.claims))}"
                for x in (found.gain, found.effect)
            )
            rows.append((name, f"{100 * quality:g}", found.claims, gain, effect, percent(found.pruned)))
    page.add(
        "Searches",
        "Whole claims through search, screen, confirm, Holm and verdict, in worlds where the mechanism does "
        "nothing: graded scores of 40 items at one seed (unless stated) for the search, 60 items and 5 fresh "
        "seeds for confirm, seeds that spread by 3 points, margin 5 points. Every arm gets 50 configurations of "
        "the same space. Where settings are worth nothing (0), whatever is chosen is no better: every gain is "
        "false, and may be 5 %. Where they are worth something (their standard deviation, in points, the same for "
        "both arms), the two arms may go on with settings that do differ: a gain is then true of what was "
        "confirmed, and says less of the mechanism than of luck at the search. Equal tries do not remove that; "
        "halving, whose second search is on two seeds, does here. Per cent of claims with a gain ± Monte Carlo "
        "standard error, with a gain or a regression, and with every variant pruned; written by `python "
        "benchmarks/calibration.py --only searches`.\n",
        table(("search", "settings, points", "claims", "a gain", "gain or regression", "pruned"), rows),
    )


SECTIONS = (
    recipe_grid,
    small_levels,
    small_levels_of_tables,
    families,
    price,
    recipe_effects,
    seeds_scope,
    checkpoint_scope,
    beside,
    structure,
    decisions,
    suites,
    failing,
    claims_in_sequence,
    searches,
)


HALVED = (
    recipe_grid, small_levels, small_levels_of_tables, families, price, recipe_effects, structure, decisions,
)  # fmt: skip
"""Sections that take long: half of the replicates that they name is their full number."""


def parts_of(text: str) -> dict[str, str]:
    """Sections of a page by title, in order."""
    return {part.split("\n", 1)[0]: f"\n## {part}" for part in text.split("\n## ")[1:]}


def main() -> None:
    names = [section.__name__ for section in SECTIONS]
    parser = argparse.ArgumentParser(description="Measure error rates and write the calibration page.")
    parser.add_argument("--share", type=float, default=1.0, help="share of the full number of replicates")
    parser.add_argument("--output", type=Path, default=Path("docs/calibration.md"))
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="measure these anew, keep the others")
    options = parser.parse_args()
    known = parts_of(options.output.read_text(encoding="utf-8")) if options.output.exists() else {}
    ordered: dict[str, str] = {}
    for section in SECTIONS:
        if section.__name__ in options.only:
            page = Page(options.share * (0.5 if section in HALVED else 1.0))
            section(page)
            ordered |= {part.strip().split("\n", 1)[0].removeprefix("## "): part for part in page.parts[1:]}
    others = {title: part for title, part in known.items() if title.startswith("Adversaries")}  # of redteam.py
    parts = [HEAD, *(ordered | others if options.only == names else known | ordered).values()]
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text("\n".join(part.strip("\n") + "\n" for part in parts), encoding="utf-8")


if __name__ == "__main__":
    main()

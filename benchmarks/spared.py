"""What spares trials and what does not: dropping variants at looks, plans from pilots, items of known difficulty.

Run from the checkout's root: ``python -m benchmarks.spared`` (about five minutes of one core), or ``--share 4`` for
four times as many experiments. The sections named here are written anew in the calibration page, the others stay.
Variants are dropped through ``decisions.decide.verdicts_alone``, as in a run.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.calibration import parts_of, percent, table
from benchmarks.looks import ITEMS, PAGE, UNIT, Desk, claim, graded, section
from evenhand import statistics
from evenhand.decisions.decide import verdicts_alone
from evenhand.statistics.calibration.rates import monte_carlo_error
from evenhand.statistics.calibration.worlds import NOISES

SEEDS = 10
BY = "Written by `python -m benchmarks.spared`."
DROPPED = "Dropping variants at looks: trials spared and errors"
PILOTS = "Plans from pilots: the power that they have"
KNOWN = "Items of known difficulty: variance spared"


def with_error(share: float, count: int) -> str:
    """A share in per cent, ± one Monte Carlo standard error (one of ``count`` where it is none or all)."""
    return f"{percent(share)} ± {percent(monte_carlo_error(share, count) if 0 < share < 1 else 1 / count)}"


def dropped(share: float) -> str:
    """Claims of several variants with and without ``drop``, on the same scores."""
    noise = NOISES[2]
    spread = statistics.Spread((noise.seed_ratio / ITEMS) ** 0.5, 0.0, 1.0)
    margin = statistics.planned_detectable(spread, SEEDS, ITEMS)
    assert margin is not None
    shift = margin / noise.standard_error(SEEDS, ITEMS)
    rows = []
    for variants in (2, 3, 5):
        desks = [
            Desk(claim(f'{{ at = [4, 6, 8, 10], spending = "pocock", futility = 0.9{more} }}', SEEDS, UNIT * margin,
                       variants))
            for more in ("", ", drop = true")
        ]  # fmt: skip
        for what, real in (("none", 0.0), ("the first, at the margin", 1.0), ("the first, at twice", 2.0)):
            count, started = max(20, round(300 * share)), time.perf_counter()
            trials, false, found = np.zeros((2, count)), np.zeros(2), np.zeros(2)
            for i, scores in enumerate(graded(noise, SEEDS, variants, count, 9800 + variants)):
                scores[1] = scores[1] + UNIT * real * shift * noise.standard_error(SEEDS, ITEMS)
                for one, desk in enumerate(desks):
                    verdicts = verdicts_alone(desk.claim, desk.outcomes(scores)).verdicts
                    seeds = [len(verdict.contrasts[0].seeds) for verdict in verdicts]
                    trials[one, i] = sum(seeds) + max(seeds)
                    gains = [str(verdict.kind) == "gain" for verdict in verdicts]
                    false[one] += any(gains[real > 0 :])
                    found[one] += gains[0] and real > 0
            spared = 1 - trials[1].mean() / trials[0].mean()
            error = float(np.std(trials[1] / trials[0].mean() - trials[0] * trials[1].mean() / trials[0].mean() ** 2))
            cells = (with_error(x / count, count) for x in (*false, *found))
            whole = (variants + 1) * SEEDS
            kept = [f"{x / whole * 100:.0f} %" for x in trials.mean(axis=1)]
            rows.append((variants, what, *kept, f"{percent(spared)} ± {percent(error / count**0.5)}", *cells))
            print(f"{time.perf_counter() - started:6.1f} s  {rows[-1]}", file=sys.stderr, flush=True)
    head = (
        "variants", "with an effect", "trials, all go on", "trials, dropped", "spared, %",
        "a false gain, all go on", "dropped", "the real one gains, all go on", "dropped",
    )  # fmt: skip
    return section(
        DROPPED,
        f"Claims of ten seeds with looks at 4, 6, 8 and 10, Pocock's spending and futility .9, on the same scores with "
        f"and without `drop = true`: {count} claims a row, ± one Monte Carlo standard error. *Trials*: of those of one "
        f"look at ten seeds. Seeds carry the noise; the margin is what one look finds with 80 % power. {BY}",
        table(head, rows),
    )


def pilots(share: float) -> str:
    """Plans for 80 % power at the margin from pilots of few seeds, as told and as assured."""
    true, effect, rows = statistics.Spread(1.0), 1.0, []
    powers = {n: statistics.planned_power(effect, true, n) or 0.0 for n in range(2, 201)}
    for seeds, earlier in ((3, 0), (5, 0), (8, 0), (3, 5)):
        count, generator, started = (
            max(20, round(500 * share)),
            np.random.default_rng(9850 + seeds),
            time.perf_counter(),
        )
        plans: list[list[int]] = [[], []]
        for _ in range(count):
            sd = float(np.sqrt(generator.chisquare(seeds - 1) / (seeds - 1)))
            pilot = statistics.Spread(sd, pilot_seeds=seeds)
            sds = np.sqrt(generator.chisquare(4, earlier) / 4).tolist()
            prior = statistics.spread_prior(sds, [5] * earlier) if earlier else None
            known = statistics.pilot_knowledge(pilot, prior)
            for own, needed in zip(
                plans,
                (statistics.seeds_needed(effect, pilot, most=200), statistics.assured_seeds(effect, known, most=200)),
                strict=True,
            ):
                own.append(min(max(needed.count or 200, 2), 200))
        cells = []
        for own in plans:
            got = np.array([powers[n] for n in own])
            cells += [
                f"{percent(float(got.mean()))} ± {percent(float(got.std() / count**0.5))}",
                f"{np.median(own):.0f}",
                with_error(float((got < 0.5).mean()), count),
            ]
        rows.append((seeds, earlier or "none", count, *cells))
        print(f"{time.perf_counter() - started:6.1f} s  {rows[-1]}", file=sys.stderr, flush=True)
    head = (
        "pilot's seeds", "earlier spreads of 5 seeds", "pilots", "power, as told", "median seeds", "power below half",
        "power, assured", "median seeds", "power below half",
    )  # fmt: skip
    words = (
        "An effect of one standard deviation of a seed's difference, which ten seeds find with 80 % power. *As told*: "
        "the seeds that the pilot's own standard deviation asks for; *assured*: those whose power, averaged over what "
        f"the pilot does not know of it, is 80 %; at most 200. Per cent, ± one Monte Carlo standard error. {BY}"
    )
    return section(PILOTS, words, table(head, rows))


def known_items(share: float) -> str:
    """What items weighted by a difficulty that is known spare of the variance of a mean difference."""
    rows = []
    for effect in (0.0, 0.3, 0.6, 1.2):
        for spread in (0.1, 0.3):
            count = max(50, round(400 * share))
            generator = np.random.default_rng(9870)
            difficulty = generator.normal(0, 1.5, (count, 1, 200))
            arms = [difficulty + shift + generator.normal(0, spread, (count, 5, 1)) for shift in (0.0, effect)]
            off, on = ((generator.random((count, 5, 200)) < 1 / (1 + np.exp(-logits))).mean(axis=1) for logits in arms)
            earlier = (generator.random((count, 15, 200)) < 1 / (1 + np.exp(-difficulty))).mean(axis=1)
            found = on - off
            line = found - found.mean(axis=1, keepdims=True)
            at = earlier - earlier.mean(axis=1, keepdims=True)
            curve = at**2 - (at**2).mean(axis=1, keepdims=True)
            spared = [1 - _rest(line, [at]), 1 - _rest(line, [at, curve])]
            cells = (f"{percent(float(s.mean()))} ± {percent(float(s.std() / count**0.5))}" for s in spared)
            rows.append((effect, spread, count, *cells))
    head = ("effect (logits)", "seed spread", "experiments", "by a line", "by a curve")
    words = (
        "200 right-or-wrong items at five seeds, whose difficulty is known from fifteen earlier trials of the baseline "
        "(CUPED): per cent of the variance of item means that a regression on it takes away, its own degrees of "
        f"freedom allowed for, ± one Monte Carlo standard error. {BY}"
    )
    return section(KNOWN, words, table(head, rows))


def _rest(values: np.ndarray, by: list[np.ndarray]) -> np.ndarray:
    """Residual variance over variance of centred rows, after a regression on other centred rows."""
    left = np.empty(len(values))
    for i, row in enumerate(values):
        design = np.stack([one[i] for one in by], axis=1)
        rest = row - design @ np.linalg.lstsq(design, row, rcond=None)[0]
        left[i] = (rest @ rest / (row.size - 1 - len(by))) / (row @ row / (row.size - 1))
    return left


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what spares trials, and write it into the calibration page.")
    made = {DROPPED: dropped, PILOTS: pilots, KNOWN: known_items}
    names = [function.__name__ for function in made.values()]
    parser.add_argument("--share", type=float, default=1.0, help="share of the full number of experiments")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="these sections alone")
    parser.add_argument("--output", type=Path, default=PAGE)
    options = parser.parse_args()
    new = {title: make(options.share) for title, make in made.items() if make.__name__ in options.only}
    text = options.output.read_text(encoding="utf-8")
    pieces = [text.split("\n## ")[0], *(parts_of(text) | new).values()]
    options.output.write_text("\n".join(part.strip("\n") + "\n" for part in pieces), encoding="utf-8")


if __name__ == "__main__":
    main()

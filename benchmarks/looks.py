"""What looks err and what they spare, simulated through the lab's own rule, and written into the calibration page.

Run from the checkout's root: ``python -m benchmarks.looks`` (about fifteen minutes of one core), or ``--share 10`` for
ten times as many claims. Every claim is decided by ``decisions.decide.verdicts_alone``, which goes from look to look as
a run does; the sections named here are written anew, the others stay.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.calibration import parts_of, percent, table
from evenhand import statistics
from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.decide import verdicts_alone
from evenhand.recipes.outcome import ItemScores, Outcome
from evenhand.statistics.calibration.rates import monte_carlo_error
from evenhand.statistics.calibration.worlds import NOISES, Noise, World, draw, draw_arms
from evenhand.statistics.spending import SPENDING
from evenhand.testing.worlds import claim_of

PAGE = Path("docs/calibration.md")
LEVELS = (0.05, 0.01, 0.005)
BY = "Written by `python -m benchmarks.looks`."
EARLY = "[4, 5, 6, 7, 8, 9, 10]"
ITEMS, UNIT = 40, 0.01
"""Items of every claim, and what a residual of one standard deviation is worth in points of the score."""

FINE = "Looks at any time: experiments without an effect in which some look at 2 to 50 seeds rejects"
PRICE = "Looks at any time: what they cost in power, beside one look"
EARLIER = "Looks: what spending early and looking early buy"
ERRORS = "Looks through the rule of a verdict: claims without an effect that tell of one"
SPARED = "Looks: seeds to a verdict, beside one look at ten seeds"


def claim(looks: str, seeds: int, margin: float, variants: int = 1) -> ResolvedClaim:
    """A claim with some looks."""
    arms = "".join(
        f'[[arm]]\nname = "v{i}"\nrole = "variant"\nsettings.effect = 0.{i + 1:02d}\n' for i in range(variants)
    )
    head = f'recipe = "world"\n[metric]\nname = "score"\nmargin = {margin}\n[[arm]]\nname = "off"\nrole = "baseline"\n'
    rung = f'[[rung]]\nname = "confirm"\nbudget = 10\nseeds = {seeds}\nitems = {ITEMS}\n'
    return claim_of(f"{head}{arms}{rung}{f'looks = {looks}' if looks else ''}\n")


@dataclass
class Desk:
    """Outcomes of a claim's trials from tables of scores, one table for each arm; only the scores change."""

    claim: ResolvedClaim

    def __post_init__(self) -> None:
        rung, condition = self.claim.claim.rungs[0], self.claim.claim.conditions[0]
        self.ids = [[self.claim.trial(arm, condition, rung, s).id for s in rung.seeds] for arm in self.claim.claim.arms]
        self.items = tuple(map(str, range(ITEMS)))
        self.spent = {"steps": rung.budget}

    def outcomes(self, scores: list[np.ndarray]) -> dict[str, Outcome]:
        """From one (S, I) table for each arm."""
        return {
            key: Outcome(items={"score": ItemScores(self.items, row)}, spent=self.spent, grain={"steps": 1.0})
            for keys, arm in zip(self.ids, scores, strict=True)
            for key, row in zip(keys, arm, strict=True)
        }

    def decide(self, scores: list[np.ndarray]) -> tuple[list[str], int, bool]:
        """Verdicts, seeds at the look that gave them, and whether it was given up."""
        found = verdicts_alone(self.claim, self.outcomes(scores)).verdicts
        return [str(v.kind) for v in found], len(found[0].contrasts[0].seeds), any(v.given_up for v in found)


def graded(
    noise: Noise, seeds: int, arms: int, count: int, seed: int, effect: float = 0.0
) -> Iterator[list[np.ndarray]]:
    """Tables of the baseline and of each variant, whose differences are normal; effects in true standard errors."""
    generator = np.random.default_rng(seed)
    shift = effect * noise.standard_error(seeds, ITEMS)
    for _ in range(count):
        differences = draw_arms(noise, seeds, ITEMS, arms, generator, 1)[0]
        base = np.full((seeds, ITEMS), 0.5)
        yield [base, *(0.5 + UNIT * (one + shift) for one in differences)]


def right_or_wrong(spread: float, seeds: int, count: int, seed: int) -> Iterator[list[np.ndarray]]:
    """Right-or-wrong items without an effect."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        yield [table[0] for table in draw(World(seeds, ITEMS, spread), generator, 1)]


def told(kinds: Counter[str], count: int) -> tuple[str, str]:
    """Shares with a gain, and with a gain or a regression, each with its Monte Carlo standard error."""
    shares = kinds["gain"] / count, (kinds["effect"]) / count
    return tuple(f"{percent(x)} ± {percent(max(monte_carlo_error(x, count), 1 / count))}" for x in shares)  # type: ignore[return-value]


def errors(share: float) -> str:
    """Claims without an effect: how often any look tells of one."""
    rows = []
    designs = [
        ('"anytime"', "anytime, 50 seeds", 50, 1, 90),
        ('"anytime"', "anytime, 12 seeds, 5 variants", 12, 5, 40),
        ('{ at = [4, 6, 8, 10], spending = "pocock" }', "Pocock, 4, 6, 8, 10", 10, 1, 225),
        ('{ at = [4, 6, 8, 10], spending = "obrien-fleming" }', "O'Brien-Fleming, 4, 6, 8, 10", 10, 1, 225),
        (f'{{ at = {EARLY}, spending = "hwang-shih-decani" }}', "Hwang-Shih-DeCani, 4 to 10", 10, 1, 225),
        ('{ at = [2, 3], spending = "pocock" }', "Pocock, 2, 3", 3, 1, 300),
    ]
    worlds = [*((noise.name, noise) for noise in NOISES), ("right or wrong, seed spread 0.1", None)]
    for looks, name, seeds, variants, most in designs:
        for place, (world, noise) in enumerate(worlds):
            if noise is None and variants > 1:
                continue
            count, started = max(40, round(most * share)), time.perf_counter()
            desk, kinds = Desk(claim(looks, seeds, 1e-6, variants)), Counter[str]()
            seed = 9300 + place
            given = (
                right_or_wrong(0.1, seeds, count, seed)
                if noise is None
                else graded(noise, seeds, variants, count, seed)
            )
            for scores in given:
                found = set(desk.decide(scores)[0])
                kinds.update({"gain"} & found)
                kinds["effect"] += bool({"gain", "regression"} & found)
            rows.append((name, world, count, *told(kinds, count)))
            say(started, rows[-1])
    head = ("looks", "noise from", "claims", "a gain", "a gain or a regression")
    return section(
        ERRORS,
        f"Per cent of claims, ± one Monte Carlo standard error; {ITEMS} items, no effect, a margin too small for a "
        "claim to end by equivalence; 5 % is nominal for a gain or a regression, 2.5 % for a gain. Anytime: every "
        "number of seeds from 3 on is a look. Families share a baseline. Written by `python -m benchmarks.looks`.",
        table(head, rows),
    )


def fine(share: float) -> str:
    """The procedure alone, on many tables and at small levels."""
    rows = []
    worlds = [*NOISES, Noise("items, a little", 0.0, 1.0), Noise("items, ten times as much", 0.0, 300.0)]
    for items in (16, 80):
        for place, noise in enumerate(worlds):
            count, started = max(100, round(2000 * share)), time.perf_counter()
            generator = np.random.default_rng(9500 + place)
            least = np.array([
                statistics.anytime_mean(draw_arms(noise, 50, items, 1, generator, 1)[0, 0]).p for _ in range(count)
            ])  # fmt: skip
            rows.append((items, noise.name, *(percent(float((least <= level).mean())) for level in LEVELS)))
            say(started, rows[-1])
    for spread in (0.0, 0.1, 0.3):
        count = max(100, round(2000 * share))
        found = [
            statistics.anytime_mean(two - one).p or 1.0
            for one, two in right_or_wrong(spread, 50, count, 9600)
        ]  # fmt: skip
        shares = (percent(float(np.mean(np.array(found) <= level))) for level in LEVELS)
        rows.append((ITEMS, f"right or wrong, seed spread {spread:g}", *shares))
    count = max(100, round(2000 * share))
    stated = ", ".join(percent(monte_carlo_error(level, count)) for level in LEVELS)
    words = f"Per cent of {count:,} experiments; Monte Carlo standard errors {stated}. {BY}"
    return section(FINE, words, table(("items", "noise from", "at 5 %", "at 1 %", "at 0.5 %"), rows))


def price(share: float) -> str:
    """Power of looks at any time by the seeds that one look has."""
    rows = []
    spread, draws = statistics.Spread(1.0), max(500, round(10_000 * share))
    for seeds in (5, 6, 8, 10, 20, 50):
        effect = statistics.planned_detectable(spread, seeds)
        assert effect is not None
        plan = statistics.LookPlan(tuple(range(3, seeds + 1)), 0.05, 0.05, "anytime", (), 0)
        found = statistics.operating(plan, effect, spread, margin=1e-9, draws=draws)
        longer = statistics.anytime_seeds_needed(effect, spread).count
        rows.append((seeds, f"{effect:.2f}", percent(found.gain), f"{found.seeds:.1f}", longer))
    head = (
        "seeds",
        "effect found with 80 % power by one look (sd)",
        "by looks at any time",
        "expected seeds",
        "80 % by",
    )
    words = (
        f"Per cent of {draws:,} experiments (standard error at most {percent(monte_carlo_error(0.5, draws))}), noise "
        "from seeds alone. *80 % by*: the seeds by which looks at any time find it as often. Written by `python -m "
        "benchmarks.looks`."
    )
    return section(PRICE, words, table(head, rows))


FUTILE = (None, 0.9, 0.95)


def spared(share: float) -> str:
    """Expected seeds and chances of each verdict at no effect, at the margin and at twice it."""
    noise, seeds = NOISES[2], 10
    spread = statistics.Spread((noise.seed_ratio / ITEMS) ** 0.5, 0.0, 1.0)
    margin = statistics.planned_detectable(spread, seeds, ITEMS)
    assert margin is not None
    plans = [
        ("one look, at 10", ""),
        *((f"{name}, {futility_words(f)}", design(at, f)) for name, at in PLANS for f in FUTILE),
    ]
    rows = []
    for name, looks in plans:
        cells, powers = [], []
        for place, times in enumerate((0.0, 1.0, 2.0)):
            count, started = max(40, round(400 * share)), time.perf_counter()
            desk, kinds, used = Desk(claim(looks, seeds, UNIT * margin)), Counter[str](), []
            shift = times * margin / noise.standard_error(seeds, ITEMS)
            for scores in graded(noise, seeds, 1, count, 9400 + place, shift):
                (kind, *_), at, given_up = desk.decide(scores)
                kinds[kind] += 1
                kinds["given up"] += given_up
                used.append(at)
            error = float(np.std(used) / count**0.5)
            cells.append(f"{np.mean(used):.2f} ± {error:.2f}")
            powers.append(kinds)
            say(started, (name, times, cells[-1], dict(kinds)))
        none, at_margin, twice = powers
        gains = (percent(found["gain"] / count) for found in (at_margin, twice))
        same = equal_power(at_margin["gain"] / count, spread, margin)
        rows.append(
            (name, *cells, percent(none["no-effect"] / count), percent(none["given up"] / count), *gains,
             percent(at_margin["given up"] / count), same)
        )  # fmt: skip
    head = (
        "looks", "seeds at no effect", "at the margin", "at twice the margin", "no-effect, of no effect",
        "given up, of no effect", "gain, at the margin", "gain, at twice", "given up, at the margin",
        "one look with that power at the margin: seeds",
    )  # fmt: skip
    return section(
        SPARED,
        f"Expected seeds, ± one Monte Carlo standard error, and per cent of {count:,} claims each (standard error at "
        f"most {percent(monte_carlo_error(0.5, count))}). Ten seeds at most; seeds carry the noise; the margin is what "
        f"one look at ten seeds finds with 80 % power. All designs err at most 5 % of the time. {BY}",
        table(head, rows),
    )


PLANS = (
    ("Pocock, 4, 6, 8, 10", '[4, 6, 8, 10], spending = "pocock"'),
    ("Pocock, 4 to 10", f'{EARLY}, spending = "pocock"'),
    ("Hwang-Shih-DeCani, 4 to 10", f'{EARLY}, spending = "hwang-shih-decani"'),
    ("O'Brien-Fleming, 4, 6, 8, 10", '[4, 6, 8, 10], spending = "obrien-fleming"'),
    ("anytime", '"anytime"'),
)


def early(share: float) -> str:
    """What shapes of spending and first looks cost and buy, by the procedure alone."""
    spread, draws, rows = statistics.Spread(1.0), max(2000, round(40_000 * share)), []
    margin = statistics.planned_detectable(spread, 10)
    assert margin is not None
    for at in ((4, 5, 6, 7, 8, 9, 10), (3, 4, 5, 6, 7, 8, 9, 10), (4, 6, 8, 10), (5, 7, 10)):
        for spending in SPENDING:
            started, plan = time.perf_counter(), statistics.plan_spending(at, spending)
            found = [
                statistics.operating(plan, times * margin, spread, margin=margin, futility=0.9, draws=draws)
                for times in (0.0, 1.0, 2.0)
            ]
            told = (*(f"{one.seeds:.2f}" for one in found), percent(found[1].gain), percent(found[2].gain))
            rows.append((", ".join(map(str, at)), spending, *told))
            say(started, rows[-1])
    head = (
        "looks after",
        "spending",
        "seeds at no effect",
        "at the margin",
        "at twice",
        "gain, at the margin",
        "at twice",
    )
    return section(
        EARLIER,
        f"The paired t over seeds, which carry all noise, with futility .9; ten seeds at most, the margin as above. "
        f"{draws:,} experiments: Monte Carlo standard errors at most 0.01 seeds and 0.3 %. {BY}",
        table(head, rows),
    )


def design(at: str, futility: float | None) -> str:
    """``looks`` as a claim writes it."""
    return f"{{ at = {at}{'' if futility is None else f', futility = {futility}'} }}"


def futility_words(futility: float | None) -> str:
    """Whether it gives up."""
    return "never given up" if futility is None else f"futility {futility}"


def equal_power(power: float, spread: statistics.Spread, margin: float) -> str:
    """Seeds, interpolated, of one look that finds the margin as often."""
    counts = np.arange(2, 21)
    powers = [statistics.planned_power(margin, spread, int(n), ITEMS) or 0.0 for n in counts]
    return f"{np.interp(power, powers, counts):.1f}"


def section(title: str, words: str, rows: str) -> str:
    """A section of the page."""
    return f"\n## {title}\n\n{words}\n\n{rows}"


def say(started: float, row: object) -> None:
    """One line on stderr."""
    print(f"{time.perf_counter() - started:6.1f} s  {row}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure looks, and write them into the calibration page.")
    parser.add_argument("--share", type=float, default=1.0, help="share of the full number of claims")
    made = {FINE: fine, PRICE: price, SPARED: spared, EARLIER: early, ERRORS: errors}
    names = [function.__name__ for function in made.values()]
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="these sections alone")
    parser.add_argument("--output", type=Path, default=PAGE)
    options = parser.parse_args()
    text = options.output.read_text(encoding="utf-8")
    parts = parts_of(text)
    parts |= {title: make(options.share) for title, make in made.items() if make.__name__ in options.only}
    pieces = [text.split("\n## ")[0], *parts.values()]
    options.output.write_text("\n".join(part.strip("\n") + "\n" for part in pieces), encoding="utf-8")


if __name__ == "__main__":
    main()

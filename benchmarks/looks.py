"""What looks err and what they spare, simulated through the lab's own rule, and written into the calibration page.

Run from the checkout's root: ``python -m benchmarks.looks`` (about an hour of one core), or ``--share 0.1`` for a tenth
of the claims; ``--rows FILE`` keeps the rows that are finished, so that a run that was stopped goes on. Every claim is
decided by ``decisions.decide.verdicts_alone``, which goes from look to look as a run does; the sections named here are
written anew, the others stay.
"""

from __future__ import annotations

import argparse
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.calibration import parts_of, percent, table
from benchmarks.kept_rows import KeptRows
from evenhand import statistics
from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.decide import verdicts_alone
from evenhand.recipes.outcome import ItemScores, Outcome
from evenhand.statistics.anytime import unit_half_widths
from evenhand.statistics.anytime_items import FLOOR_SHARE, ITEM_FACTOR
from evenhand.statistics.calibration.rates import monte_carlo_error
from evenhand.statistics.calibration.worlds import NOISES, Noise, World, draw, draw_arms
from evenhand.statistics.special import stdtrit
from evenhand.statistics.spending import SPENDING
from evenhand.testing.worlds import claim_of

PAGE = Path("docs/calibration.md")
LEVELS = (0.05, 0.01, 0.005)
BY = "Written by `python -m benchmarks.looks`."
EARLY = "[4, 5, 6, 7, 8, 9, 10]"
ITEMS, UNIT = 40, 0.01
"""Items of every claim, and what a residual of one standard deviation is worth in points of the score."""

Source = int | tuple[int, ...]
"""What a generator is seeded by."""

FINE = "Looks at any time: experiments without an effect in which some look at 2 to 50 seeds rejects"
PRICE = "Looks at any time: what they cost in power, beside one look"
AGREED = "Looks at any time: what the test of the item means costs in power"
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
    noise: Noise, seeds: int, arms: int, count: int, seed: Source, effect: float = 0.0
) -> Iterator[list[np.ndarray]]:
    """Tables of the baseline and of each variant, whose differences are normal; effects in true standard errors."""
    generator = np.random.default_rng(seed)
    shift = effect * noise.standard_error(seeds, ITEMS)
    for _ in range(count):
        differences = draw_arms(noise, seeds, ITEMS, arms, generator, 1)[0]
        base = np.full((seeds, ITEMS), 0.5)
        yield [base, *(0.5 + UNIT * (one + shift) for one in differences)]


def right_or_wrong(spread: float, seeds: int, count: int, seed: Source) -> Iterator[list[np.ndarray]]:
    """Right-or-wrong items without an effect."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        yield [table[0] for table in draw(World(seeds, ITEMS, spread), generator, 1)]


def share_told(found: int, count: int) -> str:
    """A share of claims with its Monte Carlo standard error."""
    share = found / count
    return f"{percent(share)} ± {percent(max(monte_carlo_error(share, count), 1 / count))}"


def errors(share: float, kept: KeptRows, chosen: str = "", before: str = "") -> str:
    """Claims without an effect: how often any look tells of one.

    Args:
        share, kept: as of every section.
        chosen: only looks in whose name this is are measured.
        before: the section as it is on the page; the rows of other looks are taken from it.
    """
    rows: list[Sequence[object]] = []
    designs = [
        ('"anytime"', "anytime, 50 seeds", 50, 1, 120, 4),
        ('"anytime"', "anytime, 12 seeds, 5 variants", 12, 5, 120, 10),
        ('{ at = [4, 6, 8, 10], spending = "pocock" }', "Pocock, 4, 6, 8, 10", 10, 1, 225, 4),
        ('{ at = [4, 6, 8, 10], spending = "obrien-fleming" }', "O'Brien-Fleming, 4, 6, 8, 10", 10, 1, 225, 4),
        (f'{{ at = {EARLY}, spending = "hwang-shih-decani" }}', "Hwang-Shih-DeCani, 4 to 10", 10, 1, 225, 4),
        ('{ at = [2, 3], spending = "pocock" }', "Pocock, 2, 3", 3, 1, 300, 4),
    ]
    worlds = [*((noise.name, noise) for noise in NOISES), ("right or wrong, seed spread 0.1", None)]
    for looks, name, seeds, variants, block, blocks in designs:
        if chosen not in name:
            rows += [cells_of(line) for line in before.splitlines() if line.startswith(f"| {name} |")]
            continue
        desk, size = Desk(claim(looks, seeds, 1e-6, variants)), max(20, round(block * share))
        found: dict[str, list[tuple[int, int]]] = {}
        for part, (place, (world, noise)) in itertools.product(range(blocks), enumerate(worlds)):
            if noise is not None or variants == 1:
                measure = partial(_errs, desk, noise, seeds, variants, size, (9300 + place, part))
                found.setdefault(world, []).append(kept.row((ERRORS, name, world, size, part), measure))
        for world, counts in found.items():
            told = (share_told(sum(one), size * blocks) for one in zip(*counts, strict=True))
            rows.append((name, world, size * blocks, *told))
    head = ("looks", "noise from", "claims", "a gain", "a gain or a regression")
    return section(
        ERRORS,
        f"Per cent of claims, ± one Monte Carlo standard error; {ITEMS} items, no effect, a margin too small for a "
        "claim to end by equivalence; 5 % is nominal for a gain or a regression, 2.5 % for a gain. Anytime: every "
        f"number of seeds from 3 on is a look. Families share a baseline. {BY}",
        table(head, rows),
    )


def cells_of(line: str) -> list[str]:
    """The cells of a table's row."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _errs(
    desk: Desk, noise: Noise | None, seeds: int, variants: int, count: int, seed: tuple[int, int]
) -> tuple[int, int]:
    """Claims that tell of a gain, and of a gain or a regression."""
    gains = effects = 0
    source = seed if seed[1] else seed[0]
    given = (
        right_or_wrong(0.1, seeds, count, source) if noise is None else graded(noise, seeds, variants, count, source)
    )
    for scores in given:
        kinds = set(desk.decide(scores)[0])
        gains += "gain" in kinds
        effects += bool({"gain", "regression"} & kinds)
    return gains, effects


def fine(share: float, kept: KeptRows) -> str:
    """The procedure alone, on many tables and at small levels."""
    rows, count = [], max(200, round(20_000 * share))
    few = [Noise("items, a little", 0.0, 1.0), Noise("items, a third as much", 0.0, 10.0)]
    worlds = [*NOISES, *few, Noise("items, ten times as much", 0.0, 300.0)]
    for items, (place, noise) in itertools.product((4, 5, 8, 16, 20, 80), enumerate(worlds)):
        measure = partial(_ever, _tables(noise, 50, items, count, 9500 + place))
        rows.append((items, noise.name, *kept.row((FINE, items, noise.name, count), measure)))
    for spread in (0.0, 0.1, 0.3):
        measure = partial(_ever, _right_or_wrong_tables(spread, 50, count, 9600))
        name = f"right or wrong, seed spread {spread:g}"
        rows.append((ITEMS, name, *kept.row((FINE, ITEMS, name, count), measure)))
    stated = ", ".join(f"{100 * monte_carlo_error(level, count):.2f}" for level in LEVELS)
    words = f"Per cent of {count:,} experiments; Monte Carlo standard errors {stated}. {BY}"
    return section(FINE, words, table(("items", "noise from", "at 5 %", "at 1 %", "at 0.5 %"), rows))


def _tables(noise: Noise, seeds: int, items: int, count: int, seed: int, effect: float = 0.0) -> Iterator[np.ndarray]:
    """Tables of differences, (replicates, S, I) at a time."""
    generator, at_once = np.random.default_rng(seed), max(1, 2_000_000 // (seeds * items))
    for start in range(0, count, at_once):
        drawn = draw_arms(noise, seeds, items, 1, generator, min(at_once, count - start))[:, 0]
        yield drawn + effect * noise.standard_error(seeds, items)


def _right_or_wrong_tables(spread: float, seeds: int, count: int, seed: int) -> Iterator[np.ndarray]:
    generator = np.random.default_rng(seed)
    for start in range(0, count, 500):
        one, two = draw(World(seeds, ITEMS, spread), generator, min(500, count - start))
        yield two - one


def _ever(tables: Iterator[np.ndarray]) -> list[str]:
    """Shares of tables that some look rejects at each level."""
    found = np.concatenate([rejected(drawn) for drawn in tables])
    return [percent(float(share)) for share in found.mean(axis=0)]


def rejected(tables: np.ndarray, *, agreed: bool = True) -> np.ndarray:
    """(replicates, levels) whether any look rejects: what ``anytime_mean`` does, on many tables at once.

    Without ``agreed`` the test of the item means is left out. The first tables are held against ``anytime_mean``.
    """
    seeds, items = tables.shape[1:]
    counts, rows = np.arange(2, seeds + 1), tables.mean(axis=2)
    shifted = rows - rows[:, :1]
    squares = np.cumsum(shifted**2, axis=1)[:, 1:] - np.cumsum(shifted, axis=1)[:, 1:] ** 2 / counts
    sds = np.sqrt(np.maximum(squares, 0) / (counts - 1))
    sums, total = np.cumsum(tables, axis=1), np.cumsum((tables**2).sum(axis=2), axis=1)[:, 1:]
    means = np.cumsum(rows, axis=1)[:, 1:] / counts
    of_items = (sums**2).sum(axis=2)[:, 1:] / counts - counts * items * means**2
    rest = total - counts * items * means**2 - of_items - items * squares
    of_items, rest = of_items / (items - 1), rest / ((items - 1) * (counts - 1))
    errors = ITEM_FACTOR**2 * np.maximum(of_items - rest, 0) / (counts * items)
    floors = (1 + FLOOR_SHARE / items) ** 2 * of_items / (counts * items) * agreed
    found = []
    for level in LEVELS:
        own = np.where(sds > 1e-12, np.maximum(sds, 1e-12) * unit_half_widths(counts, level), np.inf)
        quantile = float(stdtrit(items - 1, level / 2)) ** 2
        half = np.maximum(own**2 + quantile * errors, quantile * floors)
        found.append((means**2 > half).any(axis=1))
    one = np.array([statistics.anytime_mean(drawn).p or 1.0 for drawn in tables[:20]])
    if agreed and any((one <= level).tolist() != own[:20].tolist() for level, own in zip(LEVELS, found, strict=True)):
        raise AssertionError("anytime_mean rejects other tables than this does")
    return np.array(found).T


def agreed(share: float, kept: KeptRows) -> str:
    """Power with and without the test of the item means that must agree."""
    rows, count, seeds = [], max(200, round(10_000 * share)), 20
    for items, noise in itertools.product((4, 8, 20, 80), NOISES):
        measure = partial(_agree, noise, seeds, items, count)
        rows.append((items, noise.name, *kept.row((AGREED, items, noise.name, count), measure)))
    words = (
        f"Per cent of {count:,} experiments (standard error at most {percent(monte_carlo_error(0.5, count))}) in which "
        f"some look at 2 to {seeds} seeds finds an effect of four true standard errors of {seeds} seeds at 5 %, and of "
        f"experiments without one. {BY}"
    )
    head = ("items", "noise from", "found without it", "found", "no effect: without it", "no effect")
    return section(AGREED, words, table(head, rows))


def _agree(noise: Noise, seeds: int, items: int, count: int) -> list[str]:
    shares = []
    for effect in (4.0, 0.0):
        hits = np.zeros(2)
        for drawn in _tables(noise, seeds, items, count, 9700, effect):
            hits += [rejected(drawn, agreed=both)[:, 0].sum() for both in (False, True)]
        shares += [percent(float(hit / count)) for hit in hits]
    return shares


def price(share: float, kept: KeptRows) -> str:
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
PRECISELY = "Hwang-Shih-DeCani, 4 to 10, futility 0.9"
"""The plan that comes nearest to half of the seeds at twice the margin."""


def spared(share: float, kept: KeptRows) -> str:
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
        count = max(40, round((2000 if name == PRECISELY else 400) * share))
        measure = partial(_spares, looks, noise, spread, margin, count)
        rows.append((name, count, *kept.row((SPARED, name, count), measure)))
    head = (
        "looks", "claims", "seeds at no effect", "at the margin", "at twice the margin", "no-effect, of no effect",
        "given up, of no effect", "gain, at the margin", "gain, at twice", "given up, at the margin",
        "one look with that power at the margin: seeds",
    )  # fmt: skip
    return section(
        SPARED,
        "Expected seeds, ± one Monte Carlo standard error, and per cent of as many claims each (standard error at "
        f"most {percent(monte_carlo_error(0.5, 400))} of 400 and {percent(monte_carlo_error(0.5, 2000))} of 2,000). "
        "Ten seeds at most; seeds carry the noise; the margin is what one look at ten seeds finds with 80 % power. All "
        f"designs err at most 5 % of the time. {BY}",
        table(head, rows),
    )


def _spares(looks: str, noise: Noise, spread: statistics.Spread, margin: float, count: int) -> list[str]:
    """Expected seeds and chances of one design."""
    desk, cells, powers = Desk(claim(looks, 10, UNIT * margin)), [], []
    for place, times in enumerate((0.0, 1.0, 2.0)):
        kinds, used = Counter[str](), []
        shift = times * margin / noise.standard_error(10, ITEMS)
        for scores in graded(noise, 10, 1, count, 9400 + place, shift):
            (kind, *_), at, given_up = desk.decide(scores)
            kinds[kind] += 1
            kinds["given up"] += given_up
            used.append(at)
        cells.append(f"{np.mean(used):.2f} ± {float(np.std(used) / count**0.5):.2f}")
        powers.append(kinds)
    none, at_margin, twice = powers
    shares = none["no-effect"], none["given up"], at_margin["gain"], twice["gain"], at_margin["given up"]
    same = equal_power(at_margin["gain"] / count, spread, margin)
    return [*cells, *(percent(found / count) for found in shares), same]


PLANS = (
    ("Pocock, 4, 6, 8, 10", '[4, 6, 8, 10], spending = "pocock"'),
    ("Pocock, 4 to 10", f'{EARLY}, spending = "pocock"'),
    ("Hwang-Shih-DeCani, 4 to 10", f'{EARLY}, spending = "hwang-shih-decani"'),
    ("O'Brien-Fleming, 4, 6, 8, 10", '[4, 6, 8, 10], spending = "obrien-fleming"'),
    ("anytime", '"anytime"'),
)


def early(share: float, kept: KeptRows) -> str:
    """What shapes of spending and first looks cost and buy, by the procedure alone."""
    spread, draws, rows = statistics.Spread(1.0), max(2000, round(40_000 * share)), []
    margin = statistics.planned_detectable(spread, 10)
    assert margin is not None
    for at in ((4, 5, 6, 7, 8, 9, 10), (3, 4, 5, 6, 7, 8, 9, 10), (4, 6, 8, 10), (5, 7, 10)):
        for spending in SPENDING:
            name = ", ".join(map(str, at))
            measure = partial(_early, at, spending, spread, margin, draws)
            rows.append((name, spending, *kept.row((EARLIER, name, spending, draws), measure)))
    seeds, share_found = 3.5 / draws**0.5, 100 * monte_carlo_error(0.5, draws)  # 3 to 10 spread by 3.5 at most
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
        f"{draws:,} experiments: Monte Carlo standard errors at most {seeds:.2f} seeds and {share_found:.2f} %. {BY}",
        table(head, rows),
    )


def _early(
    at: tuple[int, ...], spending: statistics.Spending, spread: statistics.Spread, margin: float, draws: int
) -> list[str]:
    plan = statistics.plan_spending(at, spending)
    found = [
        statistics.operating(plan, times * margin, spread, margin=margin, futility=0.9, draws=draws)
        for times in (0.0, 1.0, 2.0)
    ]
    return [*(f"{one.seeds:.2f}" for one in found), percent(found[1].gain), percent(found[2].gain)]


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


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure looks, and write them into the calibration page.")
    parser.add_argument("--share", type=float, default=1.0, help="share of the full number of claims")
    titles = {
        "fine": FINE, "agreed": AGREED, "price": PRICE, "spared": SPARED, "early": EARLIER, "errors": ERRORS,
    }  # fmt: skip
    parser.add_argument("--only", nargs="+", choices=titles, default=list(titles), help="these sections alone")
    parser.add_argument("--rows", type=Path, help="keep finished rows here, and take those that are there")
    parser.add_argument("--looks", default="", help="of the section errors, only looks in whose name this is")
    parser.add_argument("--output", type=Path, default=PAGE)
    options = parser.parse_args()
    text = options.output.read_text(encoding="utf-8")
    parts = parts_of(text)
    made: dict[str, Callable[[float, KeptRows], str]] = {
        "fine": fine, "agreed": agreed, "price": price, "spared": spared, "early": early,
        "errors": partial(errors, chosen=options.looks, before=parts.get(ERRORS, "")),
    }  # fmt: skip
    parts |= {
        titles[name]: made[name](options.share, KeptRows(options.rows)) for name in titles if name in options.only
    }
    pieces = [text.split("\n## ")[0], *parts.values()]
    options.output.write_text("\n".join(part.strip("\n") + "\n" for part in pieces), encoding="utf-8")


if __name__ == "__main__":
    main()

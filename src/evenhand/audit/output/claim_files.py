"""What would settle a headline: a claim file, with seeds and items from the power calculation."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evenhand.audit.finding import Place
from evenhand.audit.output.headline import Headline
from evenhand.audit.output.metrics import LOWER, UNKNOWN
from evenhand.audit.output.spent import Spent
from evenhand.audit.text.number_words import shown, signed
from evenhand.errors import DataError
from evenhand.files import make_folder, write_text

_LEAST, _MOST = 3, 60
_POOL = 100_000
_TITLE = 150
_COMMAND = (
    "./train_and_evaluate.sh --mechanism {mechanism} --seed {seed} --budget {budget} "
    "--items {items.start}:{items.count} > {workdir}/scores.jsonl"
)
_GAP = "? the log names no metric: write its name here and in settings.results"
"""Stands for a metric that is not told; no claim can be planned with it."""

_GAP_KEY = "METRIC"


@dataclass(frozen=True)
class _Plan:
    """What is planned for: the margin is the smallest difference that the seeds find four times in five."""

    margin: float
    sd: float
    seeds: int
    why: str
    about: str


def claim_text(headline: Headline) -> str:
    """The claim that would settle a headline, as TOML with its reasons."""
    plan = _plan(headline)
    items, seeds, why_items = _items(headline, plan)
    name, title = headline.metric or _GAP_KEY, _one_line(headline.title)
    short = title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"
    what = headline.metric or "the result"
    question = f"{short}: does {what} differ by {signed(_digits(headline.effect))} with new seeds, too?"
    lines = [
        f"# {title}",
        *(f"# Source: {_told(place)}" for place in (headline.place, *headline.also)),
        f"# Claimed: {signed(_digits(headline.effect))}. {plan.why}",
        *([f"# {why_items}"] if why_items else []),
        *(f"# {why}" for why in _why_metric(headline)),
        *(f"# {why}" for why in _why_budget(headline.spent)),
        *(f"# Doubted: {_one_line(one)}" for one in headline.doubts),
        f'# Fill in what trains and evaluates one arm; for each item it writes a line {{"id": ..., "{name}": ...}}.',
        f"question = {json.dumps(question, ensure_ascii=False)}",
        'recipe = "command"',
        f'settings.shell = "{_COMMAND}"',
        'settings.spent = "declared"',
        'settings.results.format = "jsonl"',
        'settings.results.path = "{workdir}/scores.jsonl"',
        f'settings.results.scores.{name} = "{name}"',
        "",
        *(["[budget]", f'unit = "{headline.spent.unit}"', ""] if headline.spent else []),
        *_metric(headline, plan),
        *_arm("baseline", "baseline", "off"),
        *_arm("variant", "variant", "on"),
        "[[rung]]",
        'name = "confirm"',
        _budget(headline.spent),
        f"seeds = {seeds}",
        *([f"items = {items}"] if items else []),
        "",
    ]
    return "\n".join(lines)


def _budget(spent: Spent | None) -> str:
    if spent is None:
        return "budget = 1000  # in steps; the log tells none: set it, and [budget] unit, to what the variant took"
    amount = int(spent.amount) if spent.amount == int(spent.amount) else spent.amount
    return f"budget = {amount}  # what the variant had, now for both arms"


def _why_budget(spent: Spent | None) -> list[str]:
    """That the arms had unequal budgets, where they had."""
    if spent is None or spent.base_amount is None or spent.base_amount == spent.amount:
        return []
    unit = spent.unit.replace("_", " ")
    return [
        f"Unequal budgets: the variant had {spent.amount:,.12g} {unit}, the baseline {spent.base_amount:,.12g} "
        f"({spent.amount / spent.base_amount:.3g} times); here both get the former."
    ]


def _why_metric(headline: Headline) -> list[str]:
    if not headline.metric:
        return [
            "The log does not name the metric: `evenhand plan` refuses this file until its name stands in [metric] and "
            "in settings.results.scores."
        ]
    if headline.far:
        return [f"The log does not name the metric there; `{headline.metric}` is the one that it measures elsewhere."]
    return []


def _metric(headline: Headline, plan: _Plan) -> list[str]:
    unknown = UNKNOWN.fullmatch(headline.metric) is not None
    return [
        "[metric]",
        f"name = {json.dumps(headline.metric or _GAP)}",
        f'direction = "{"minimise" if LOWER.search(headline.metric) else "maximise"}"'
        f"{'  # the log does not say whether more is better: minimise, if less is' if unknown else ''}",
        f"margin = {plan.margin}  # {plan.about}",
        f"sd = {plan.sd}  # of the differences over seeds",
        *(["floor = 0.0", "ceiling = 1.0"] if headline.share else []),
        "",
    ]


def _told(place: Place) -> str:
    return f"{_one_line(Path(place.file).name)}:{place.line}: {_one_line(place.text)}"


def _arm(name: str, role: str, mechanism: str) -> list[str]:
    return ["[[arm]]", f'name = "{name}"', f'role = "{role}"', f'settings.values.mechanism = "{mechanism}"', ""]


def _plan(headline: Headline) -> _Plan:
    """Seeds for the claimed difference; where that takes more than anybody trains, for one as large as the spread."""
    effect = _digits(abs(headline.effect))  # as the file has it: what is written holds of what is written
    if not headline.sd:
        why = "The log shows no spread over seeds: an sd as large as the difference is assumed;"
    else:
        over = f"{headline.seeds} seeds" if headline.seeds else "seeds"
        if headline.apart:
            why = f"The spreads of both arms over {over} make an sd of differences of {shown(headline.sd)}, not paired;"
        else:
            why = f"The differences over {over} have an sd of {shown(headline.sd)}"
            why += f"{_known(headline.sd, headline.seeds)};"
    sd = _digits(headline.sd or effect)
    seeds = _seeds(effect, sd)
    if seeds is not None and seeds <= _MOST:
        why += f" to find {shown(effect)} four times in five at 5 % takes {seeds} seeds."
        return _Plan(
            effect, sd, seeds, why, "what is claimed; if less would matter to you, state it: it takes more seeds"
        )
    takes = "10,000 seeds or more" if seeds is None else f"{seeds:,} seeds"
    seeds = _seeds(sd, sd) or _MOST
    why += f" to find {shown(effect)} would take {takes}. These {seeds} find {shown(sd)}; what is smaller stays open."
    return _Plan(
        sd, sd, seeds, why, f"as large as the sd: `no-effect` would not deny the {shown(effect)} that is claimed"
    )


def _seeds(effect: float, sd: float) -> int | None:
    from evenhand import statistics

    needed = statistics.seeds_needed(effect, statistics.Spread(sd)).count
    return needed and max(_LEAST, needed)


def _known(sd: float, seeds: int | None) -> str:
    """Between what bounds an sd from so few seeds is known."""
    from scipy import special

    if seeds is None or seeds < 2:
        return ""
    low, high = (sd * math.sqrt((seeds - 1) / float(special.chdtri(seeds - 1, tail))) for tail in (0.025, 0.975))
    return f" (95 % interval {shown(low)} to {shown(high)})"


def _items(headline: Headline, plan: _Plan) -> tuple[int | None, int, str]:
    """Items and seeds of the rung, and why; never more items than the log's test set has."""
    from evenhand import statistics

    had = headline.items
    if not headline.share or not 0 < plan.margin < 1:
        return had, plan.seeds, f"Items: {had}, as many as the log tells of." if had else ""
    flips = min(1.0, max(0.1, 2 * plan.margin))
    spread = statistics.spread_of_right_or_wrong(flips)

    def needed(seeds: int) -> int | None:
        return statistics.items_needed(plan.margin, spread, seeds, most=_POOL).count

    wanted = needed(plan.seeds)
    whole = had if headline.whole_set else None
    if wanted is None:
        return whole, plan.seeds, ""
    assumed = (
        f"assuming that the other arm answers {100 * flips:.0f} % of them otherwise, of which the log says nothing"
    )
    if whole is None:
        items, log = max(wanted, had or 0), f" (the log shows {had:,})" if had else ""
        return items, plan.seeds, f"Items: {items:,}{log}, {assumed}."
    if wanted <= whole:
        return whole, plan.seeds, f"Items: all {whole:,} of the test set ({wanted:,} would do, {assumed})."
    why = (
        f"Items: all {whole:,} of the test set, which is too small by itself: {plan.seeds} seeds would ask for "
        f"{wanted:,}, {assumed}. "
    )
    seeds, carried = _carried(headline, plan, whole, needed)
    return whole, seeds, why + carried


def _carried(headline: Headline, plan: _Plan, whole: int, needed: Callable[[int], int | None]) -> tuple[int, str]:
    """The seeds that make up for a test set that is too small."""
    if headline.sd:
        return plan.seeds, "Seeds must carry it: their sd was found with the log's items, and holds their chance."
    more = range(plan.seeds + 1, _MOST + 1)
    seeds = next((count for count in more if (least := needed(count)) is not None and least <= whole), None)
    if seeds is None:
        return plan.seeds, f"No {_MOST} seeds make up for it: what is found here holds of these items."
    return seeds, f"Seeds must carry it: {seeds} of them."


def _digits(value: float) -> float:
    """A number to three digits that say something, as a TOML file has it."""
    return float(f"{value:.3g}")


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def write_claims(headlines: Sequence[Headline], folder: Path) -> tuple[Path, ...]:
    """Write a claim file for each headline, named after its log; files that exist are not overwritten.

    Raises:
        DataError: the folder cannot be written, or a file of that name is there with other content.
    """
    stems = _stems(list(dict.fromkeys(one.place.file for one in headlines)))
    written = []
    try:
        if headlines:
            make_folder(folder)
        for one in headlines:
            path = folder / f"{stems[one.place.file]}_line{one.place.line}.toml"
            text = claim_text(one)
            if path.exists() and path.read_text(encoding="utf-8") != text:
                raise DataError(f"{path} exists already with other content; choose another folder, or remove it first.")
            write_text(path, text)
            written.append(path)
    except OSError as error:
        raise DataError(f"Claims cannot be written to {folder}: {error.strerror or error}.") from error
    return tuple(written)


def _stems(files: Sequence[str]) -> dict[str, str]:
    """A name for each file: its own, with its folder and a number where others are called alike."""
    plain = [_slug(Path(file).stem) for file in files]
    stems: dict[str, str] = {}
    for file, own in zip(files, plain, strict=True):
        stem = own if plain.count(own) == 1 else f"{_slug(Path(file).parent.name)}_{own}"
        alike = sum(one.partition(".")[0] == stem for one in stems.values())
        stems[file] = f"{stem}.{alike + 1}" if alike else stem
    return stems


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:50] or "log"

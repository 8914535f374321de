"""What would settle a headline: a claim file, with seeds and items from the power calculation."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evenhand.audit.finding import Place
from evenhand.audit.output.headlines import UNNAMED, Headline
from evenhand.audit.text.number_words import shown, signed
from evenhand.audit.text.pattern import Pattern
from evenhand.errors import DataError
from evenhand.files import make_folder, write_text

_LEAST, _MOST = 3, 60
_POOL = 100_000
_TITLE = 150
_COMMAND = (
    "./train_and_evaluate.sh --mechanism {mechanism} --seed {seed} --budget {budget} "
    "--items {items.start}:{items.count} > {workdir}/scores.jsonl"
)
_LOWER = Pattern(r"loss|ppl|perplexity|error|fail|violation|bpb|mse|mae|latency|time|cost", re.IGNORECASE)
_UNKNOWN = Pattern(rf"{UNNAMED}|steps?|tokens|length|rates?", re.IGNORECASE)
"""Of these a log has to say whether more is better."""


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
    items, why_items = _items(headline, plan)
    name, title = headline.metric, _one_line(headline.title)
    amount = f"{headline.amount:g}" if headline.amount else "1000"
    after = "" if headline.amount else "  # the same for both arms: set it to what the variant took"
    short = title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"
    question = f"{short}: does {name} differ by {signed(headline.effect)} with new seeds, too?"
    lines = [
        f"# {title}",
        *(f"# Source: {_told(place)}" for place in (headline.place, *headline.also)),
        f"# Claimed: {signed(headline.effect)}. {plan.why}",
        *([f"# {why_items}"] if why_items else []),
        *([f"# The log does not name the metric there; `{name}` stands for it."] if name == UNNAMED else []),
        f'# Fill in what trains and evaluates one arm; for each item it writes a line {{"id": ..., "{name}": ...}}.',
        f"question = {json.dumps(question, ensure_ascii=False)}",
        'recipe = "command"',
        f'settings.shell = "{_COMMAND}"',
        'settings.spent = "declared"',
        'settings.results.format = "jsonl"',
        'settings.results.path = "{workdir}/scores.jsonl"',
        f'settings.results.scores.{name} = "{name}"',
        "",
        *(["[budget]", 'unit = "seconds"', ""] if headline.amount else []),
        *_metric(headline, plan),
        *_arm("baseline", "baseline", "off"),
        *_arm("variant", "variant", "on"),
        "[[rung]]",
        'name = "confirm"',
        f"budget = {amount}{after}",
        f"seeds = {plan.seeds}",
        *([f"items = {items}"] if items else []),
        "",
    ]
    return "\n".join(lines)


def _metric(headline: Headline, plan: _Plan) -> list[str]:
    unknown = _UNKNOWN.fullmatch(headline.metric) is not None
    return [
        "[metric]",
        f'name = "{headline.metric}"',
        f'direction = "{"minimise" if _LOWER.search(headline.metric) else "maximise"}"'
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


def _items(headline: Headline, plan: _Plan) -> tuple[int | None, str]:
    from evenhand import statistics

    had = headline.items
    if not headline.share or not 0 < plan.margin < 1:
        return had, f"Items: {had}, as many as the log tells of." if had else ""
    flips = min(1.0, max(0.1, 2 * plan.margin))
    spread = statistics.spread_of_right_or_wrong(flips)
    needed = statistics.items_needed(plan.margin, spread, plan.seeds, most=_POOL).count
    if needed is None:
        return None, ""
    items, log = max(needed, had or 0), f" (the log shows {had})" if had else ""
    return items, f"Items: {items}{log}, with {100 * flips:.0f} % of them answered otherwise by the other arm."


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

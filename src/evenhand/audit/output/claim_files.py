"""What would settle a headline: a claim file, with seeds and items from the power calculation."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path

from evenhand.audit.output.headlines import Headline
from evenhand.audit.text.number_words import shown, signed
from evenhand.audit.text.pattern import Pattern
from evenhand.errors import DataError
from evenhand.files import make_folder, write_text

_LEAST, _MOST = 3, 60
_POOL = 100_000
_COMMAND = (
    "./train_and_evaluate.sh --mechanism {mechanism} --seed {seed} --budget {budget} "
    "--items {items.start}:{items.count} > {workdir}/scores.jsonl"
)
_LOWER = Pattern(r"loss|ppl|perplexity|error|violation|bpb|wer|latency|seconds", re.IGNORECASE)


def claim_text(headline: Headline) -> str:
    """The claim that would settle a headline, as TOML with its reasons."""
    effect, seeds, sd, why = _plan(headline)
    items, why_items = _items(headline, effect, seeds)
    place = f"{Path(headline.place.file).name}:{headline.place.line}"
    name = headline.metric
    about = f"Is it true of new seeds: {_one_line(headline.title)[:150]}?"
    amount = f"{headline.amount:g}" if headline.amount else "1000"
    after = "" if headline.amount else "  # the same for both arms: set it to what the variant took"
    direction = "minimise" if _LOWER.search(name) else "maximise"
    lines = [
        f"# {_one_line(headline.title)}",
        f"# Source: {_one_line(place)}: {_one_line(headline.place.text)}",
        f"# Claimed: {signed(headline.effect)}. {why}",
        *([f"# {why_items}"] if why_items else []),
        f'# Fill in what trains and evaluates one arm; for each item it writes a line {{"id": ..., "{name}": ...}}.',
        f"question = {json.dumps(about, ensure_ascii=False)}",
        'recipe = "command"',
        f'settings.shell = "{_COMMAND}"',
        'settings.spent = "declared"',
        'settings.results.format = "jsonl"',
        'settings.results.path = "{workdir}/scores.jsonl"',
        f'settings.results.scores.{name} = "{name}"',
        "",
        *(["[budget]", 'unit = "seconds"', ""] if headline.amount else []),
        "[metric]",
        f'name = "{name}"',
        f'direction = "{direction}"',
        f"margin = {_digits(effect / 2)}  # half of what is to be found; state what would matter to you",
        f"sd = {_digits(sd)}  # of the differences over seeds",
        *(["floor = 0.0", "ceiling = 1.0"] if headline.share else []),
        "",
        *_arm("baseline", "baseline", "off"),
        *_arm("variant", "variant", "on"),
        "[[rung]]",
        'name = "confirm"',
        f"budget = {amount}{after}",
        f"seeds = {seeds}",
        *([f"items = {items}"] if items else []),
        "",
    ]
    return "\n".join(lines)


def _arm(name: str, role: str, mechanism: str) -> list[str]:
    return ["[[arm]]", f'name = "{name}"', f'role = "{role}"', f'settings.values.mechanism = "{mechanism}"', ""]


def _plan(headline: Headline) -> tuple[float, int, float, str]:
    """The effect to plan for, the seeds that it takes, the sd assumed, and why."""
    from evenhand import statistics

    effect = abs(headline.effect)
    if headline.sd is None or headline.sd == 0:
        sd = effect
        why = "The log shows no spread over seeds: an sd as large as the effect is assumed"
    elif effect < headline.sd:
        sd, effect = headline.sd, headline.sd
        why = f"That is less than the sd over seeds, {shown(sd)}: planned for an effect as large as the sd"
    else:
        sd = headline.sd
        why = f"The differences over seeds have an sd of {shown(sd)}"
    needed = statistics.seeds_needed(effect, statistics.Spread(sd))
    seeds = min(_MOST, max(_LEAST, needed.count or _MOST))
    return effect, seeds, sd, f"{why}; an effect of {shown(effect)} takes {seeds} seeds (80 % power at 5 %)."


def _items(headline: Headline, effect: float, seeds: int) -> tuple[int | None, str]:
    from evenhand import statistics

    if not headline.share or not 0 < effect < 1:
        return None, ""
    flips = min(1.0, max(0.1, 2 * effect))
    needed = statistics.items_needed(effect, statistics.spread_of_right_or_wrong(flips), seeds, most=_POOL)
    if needed.count is None:
        return None, ""
    had = f" (the log's values show {headline.items})" if headline.items else ""
    items = max(needed.count, headline.items or 0)
    return items, f"Items: {items}{had}, with {100 * flips:.0f} % of them answered otherwise by the other arm."


def _digits(value: float) -> str:
    """Two digits that say something, as a TOML float."""
    places = max(1, 1 - math.floor(math.log10(abs(value)))) if value else 1
    return f"{value:.{min(places, 12)}f}"


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def write_claims(headlines: Sequence[Headline], folder: Path) -> tuple[Path, ...]:
    """Write a claim file for each headline; files that exist are not overwritten.

    A file is named after its log, and after its folder, too, where two logs are called alike.

    Raises:
        DataError: the folder cannot be written, or a file of that name is there with other content.
    """
    named: dict[str, set[str]] = {}
    for one in headlines:
        named.setdefault(Path(one.place.file).stem, set()).add(one.place.file)
    written = []
    try:
        make_folder(folder)
        for one in headlines:
            file = Path(one.place.file)
            stem = f"{file.parent.name}_{file.stem}" if len(named[file.stem]) > 1 else file.stem
            path = folder / f"{_slug(stem)}_line{one.place.line}.toml"
            text = claim_text(one)
            if path.exists() and path.read_text(encoding="utf-8") != text:
                raise DataError(f"{path} exists already with other content; choose another folder, or remove it first.")
            write_text(path, text)
            written.append(path)
    except OSError as error:
        raise DataError(f"Claims cannot be written to {folder}: {error.strerror or error}.") from error
    return tuple(written)


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:50] or "log"

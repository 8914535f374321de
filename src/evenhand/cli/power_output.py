"""The answer of ``evenhand power``: as plain data, as text for people, and as a plot (SVG or PNG)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evenhand.cli.console import write_output
from evenhand.cli.output import plain
from evenhand.decisions.power import Assured, Design, PowerAnswer
from evenhand.errors import DataError, counted

_BARS = " ▁▂▃▄▅▆▇█"
_POINTS = 24


def power_document(answers: Sequence[PowerAnswer]) -> list[dict[str, Any]]:
    """The answers as plain data, curves included."""
    return [plain(answer) for answer in answers]


def print_power(answers: Sequence[PowerAnswer], console: Console) -> None:
    """The answers, for people."""
    for answer in answers:
        _print_answer(answer, console)


def _print_answer(answer: PowerAnswer, console: Console) -> None:
    spread = answer.spread
    head = f"{answer.metric}: " if answer.metric else ""
    if answer.unit:
        console.print(Text(f"{head}effects in units of the seed sd of paired differences (spread {spread.source})"))
    else:
        parts = [f"seed sd {spread.seed_sd:.3g}"]
        parts += [f"{name} sd {v:.3g}" for name, v in (("item", spread.item_sd), ("residual", spread.residual_sd)) if v]
        console.print(Text(f"{head}{', '.join(parts)} ({spread.source})"))
        if (known := spread.seed_sd_interval) is not None:
            console.print(Text(f"The sd of seed means lies in {known.low:.3g} to {known.high:.3g} (95 %)."))
    margin = "" if answer.margin is None else f", margin {answer.margin:g}"
    console.print(Text(f"scope {answer.scope}, level {answer.alpha:.3g}, power {answer.power:.0%}{margin}"))
    console.print(_table(answer))
    _print_needed(answer, console)
    if answer.assured is not None:
        for sentence in _assured_words(answer, answer.assured):
            console.print(Text(sentence))
    if answer.looks:
        most = max(after for looked in answer.looks for after in looked.after)
        console.print(Text(f"Expected seeds and chance of a gain, with {most} seeds at most:"))
        console.print(_looks_table(answer))
    for note in answer.notes:
        console.print(Text(note))


def _table(answer: PowerAnswer) -> Table:
    """One row per design; the bars are power from no effect to the largest effect of the curves."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("seeds", justify="right")
    if any(design.items is not None for design in answer.designs):
        table.add_column("items", justify="right")
    table.add_column("detects", justify="right")
    if answer.margin is not None:
        table.add_column("at margin", justify="right")
    largest = max((x for curve in answer.curves for x in curve.effects), default=0.0)
    table.add_column(f"power, 0 to {largest:.3g}", no_wrap=True)
    for design, curve in zip(answer.designs, answer.curves, strict=True):
        cells = [str(design.seeds)]
        if design.items is not None:
            cells.append(str(design.items))
        cells.append("none" if design.effect is None else f"{design.effect:.3g}")
        if answer.margin is not None:
            cells.append("none" if design.power_at_margin is None else f"{design.power_at_margin:.0%}")
        low = answer.margin is not None and (design.effect is None or design.effect > answer.margin)
        table.add_row(*cells, bars(curve.power), style="yellow" if low else "")
    return table


def _assured_words(answer: PowerAnswer, found: Assured) -> list[str]:
    """Power averaged over what the pilot does not know, in sentences."""
    lent = ""
    if found.prior is not None:
        lent = (
            f"; {counted(found.prior.experiments, 'earlier spread')} of this recipe lend {found.prior.df:.3g} of them "
            f"(typical sd {found.prior.sd:.3g})"
        )
    parts = [f"{share:.0%} with {d.seeds}" for d, share in zip(answer.designs, found.at_margin, strict=True)]
    goal = f"find the margin {answer.margin:g} with {answer.power:.0%} assurance"
    needed = f"{counted(found.seeds_needed, 'seed')} {goal}" if found.seeds_needed else f"None: {found.why_none}"
    return [
        f"Averaged over what the pilot does not know of its spread (sd {found.sd:.3g} of seed means, {found.df:.3g} "
        f"degrees of freedom{lent}): {', '.join(parts)} seeds. {needed}."
    ]


def _looks_table(answer: PowerAnswer) -> Table:
    """One row per way of looking."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("looks")
    for title in ("at no effect", "at the margin", "at twice it"):
        table.add_column(title, justify="right", no_wrap=True)
    for looked in answer.looks:
        rule = "" if looked.rule in ("once", "anytime", "levels") else f", {looked.rule}"
        after = f" after {', '.join(map(str, looked.after))}" if looked.after else ""
        futility = "" if looked.futility is None else f", futility {looked.futility:g}"
        own = " (this claim)" if looked.own else ""
        cells = [f"{at.seeds:.1f}, {at.gain:.0%}" for at in looked.at]
        table.add_row(f"{looked.name}{after}{rule}{futility}{own}", *cells, style="bold" if looked.own else "")
    return table


def bars(shares: Sequence[float], width: int = _POINTS) -> str:
    """Shares (0 .. 1) as a row of bars of ``width`` characters, full height for 1."""
    if len(shares) < 2:
        return ""
    picked = [shares[round(i * (len(shares) - 1) / (width - 1))] for i in range(width)]
    return "".join(_BARS[round(share * (len(_BARS) - 1))] for share in picked)


def _print_needed(answer: PowerAnswer, console: Console) -> None:
    for design in answer.designs:
        if design.effect is None:
            console.print(Text(f"{counted(design.seeds, 'seed')}: nothing can be detected; {design.why_none}."))
    if answer.margin is None:
        return
    goal = f"find the margin {answer.margin:g} with {answer.power:.0%} power"
    items = next((design.items for design in answer.designs), None)
    at = "" if items is None else f" at {counted(items, 'item')}"
    if answer.seeds_needed is not None:
        console.print(Text(f"{counted(answer.seeds_needed, 'seed')}{at} {goal}."))
    elif answer.scope != "checkpoint":
        console.print(Text(f"No number of seeds{at} will {goal}: {answer.why_no_seeds}."))
    for sentence in _items_words([design for design in answer.designs if design.items is not None], goal):
        console.print(Text(sentence))


def _items_words(designs: Sequence[Design], goal: str) -> list[str]:
    """How many items would do, seeds by seeds; where no number would, that is one sentence."""
    told = [
        f"{counted(one.items_needed, 'item')} at {counted(one.seeds, 'seed')} {goal}."
        for one in designs
        if one.items_needed is not None
    ]
    none = [one.seeds for one in designs if one.items_needed is None]
    if none:
        listed = ", ".join(f"{seeds:,}" for seeds in none[:-1])
        several = f"{listed} or {counted(none[-1], 'seed')}" if listed else counted(none[-1], "seed")
        told.append(f"No number of items at {several} will {goal}.")
    return told


def draw_power(answers: Sequence[PowerAnswer], target: Path) -> Path:
    """Write the power curves, one panel per metric; equal answers give equal bytes.

    Raises:
        DataError: the path does not end in .svg or .png, or cannot be written.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    kind = target.suffix.lower().lstrip(".")
    if kind not in ("svg", "png"):
        raise DataError(f"The plot goes into a file ending in .svg or .png; found {str(target)!r}.")
    style: Any = {**mpl.rcParamsDefault, "backend": mpl.rcParams["backend"], "svg.hashsalt": "evenhand"}
    with mpl.rc_context(style):
        figure = Figure(figsize=(6.4, 3.8 * len(answers)), layout="constrained")
        FigureCanvasAgg(figure)
        for area, answer in zip(figure.subplots(len(answers), squeeze=False)[:, 0], answers, strict=True):
            _draw_answer(area, answer)
        metadata: Any = {"Date": None} if kind == "svg" else {"Software": None}
        sheet = io.BytesIO()
        figure.savefig(sheet, format=kind, metadata=metadata, dpi=150)
    write_output(target, sheet.getvalue())
    return target


def _draw_answer(area: Any, answer: PowerAnswer) -> None:
    styles = ("-", "--", "-.", ":")
    for place, curve in enumerate(answer.curves):
        items = "" if curve.items is None else f" x {counted(curve.items, 'item')}"
        area.plot(curve.effects, curve.power, styles[place % 4], label=f"{counted(curve.seeds, 'seed')}{items}")
    area.axhline(answer.power, color="0.6", linewidth=0.8)
    if answer.margin is not None:
        area.axvline(answer.margin, color="0.6", linewidth=0.8)
        area.annotate("margin", (answer.margin, 0.02), rotation=90, color="0.4", ha="right", fontsize=8)
    name = answer.metric or "metric"
    area.set_xlabel("true effect, in units of the seed sd" if answer.unit else f"true effect on {name}")
    area.set_ylabel(f"power (scope {answer.scope}, level {answer.alpha:.3g})")
    area.set_ylim(0, 1.02)
    area.set_xlim(left=0)
    area.legend(frameon=False, loc="lower right")

"""The figures of a report as files for a paper or a talk: SVG and PNG, the same bytes on every run."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.verdict import Contrast, Decision, deciding_interval
from evenhand.files import replacing
from evenhand.report import words
from evenhand.report.charts.curves import Drawn, drawn_curves
from evenhand.report.charts.drawing import DASHES, own_style
from evenhand.report.marks import visible
from evenhand.report.results import Results

INK, QUIET, BAND = "#1b1c1e", "#63666b", "#e9e9e2"
ARMS = ("#85888d", "#0b6e9e", "#c4551b", "#2c7f4e", "#8b4a96")
"""Colours of the page in its light form; slots differ by line style, too."""

_ROW, _WIDTH, _DPI = 0.42, 7.0, 200
"""Inches of a row and of a figure, and dots of a PNG per inch."""


def save_figures(claim: ResolvedClaim, decision: Decision, results: Results, folder: Path) -> list[Path]:
    """Write a forest plot for each metric and a figure for each learning curve, as SVG and PNG.

    Returns:
        The paths written; none where nothing can be drawn.

    Raises:
        OSError: the folder cannot be written.
    """
    written: list[Path] = []
    folder.mkdir(parents=True, exist_ok=True)
    with own_style():
        for name, figure in _figures(claim, decision, results):
            stem = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)
            sheet, picture = io.StringIO(), io.BytesIO()
            bare = dict.fromkeys(("Date", "Creator", "Format", "Type"))
            figure.savefig(sheet, format="svg", metadata=bare, bbox_inches="tight")
            figure.savefig(picture, format="png", dpi=_DPI, metadata={"Software": None}, bbox_inches="tight")
            for ending, content in (("svg", sheet.getvalue().encode()), ("png", picture.getvalue())):
                written.append(folder / f"{stem}.{ending}")
                with replacing(written[-1], public=True) as part:
                    part.write_bytes(content)
    return written


def _figures(claim: ResolvedClaim, decision: Decision, results: Results) -> Iterator[tuple[str, Any]]:
    for metric in dict.fromkeys(verdict.metric for verdict in decision.verdicts):
        rows = [c for v in decision.verdicts if v.metric == metric for c in v.contrasts if c.estimate is not None]
        if rows:
            yield f"{decision.claim}-{metric}", _forest(claim, metric, rows)
    for name, drawn in drawn_curves(results).items():
        if drawn:
            yield f"{decision.claim}-curve-{name}", curve_figure(name, drawn)


def _forest(claim: ResolvedClaim, metric: str, rows: Sequence[Contrast]) -> Any:
    """One row for each contrast: interval, estimate, a dot for each seed; the margin as a band with its label."""
    from matplotlib.figure import Figure

    margin = next((m.margin for m in claim.claim.metrics if m.name == metric), 0.0)
    figure = Figure(figsize=(_WIDTH, _ROW * len(rows) + 0.9))
    area = figure.add_subplot()
    if margin:
        area.axvspan(-margin, margin, color=BAND, zorder=0)
        label = f"margin \u00b1{margin:g}"
        area.text(0, -0.72, label, ha="center", va="center", color=QUIET, fontsize=8, backgroundcolor=BAND, zorder=2)
    area.axvline(0, color=QUIET, linewidth=0.8, linestyle=(0, (2, 3)), zorder=1)
    for place, row in enumerate(rows):
        interval, _ = deciding_interval(row)
        if interval is not None:
            area.plot(interval, (place, place), color=INK, linewidth=1.4, marker="|", markersize=7, zorder=3)
        if row.estimate is not None:
            area.plot([row.estimate], [place], color=INK, marker="D", markersize=5, zorder=4)
        area.plot(row.differences, [place + 0.27] * len(row.differences), "o", color=INK, alpha=0.3, markersize=3.5)
    area.set_yticks(range(len(rows)), [_name(claim, row) for row in rows], fontsize=9)
    area.set_ylim(len(rows) - 0.4, -1.1)
    better = words.orientation(claim, metric) or "above 0 is better"
    area.set_xlabel(visible(f"difference in {metric} ({better})"), fontsize=9)
    _plain(area)
    return figure


def _name(claim: ResolvedClaim, row: Contrast) -> str:
    where = f" \u00b7 {row.condition}" if len(claim.claim.conditions) > 1 else ""
    return visible(f"{row.arm} against {row.against}{where}")


def curve_figure(name: str, drawn: Sequence[Drawn]) -> Any:
    """A panel for each condition: a thin line for each seed, a thick one for the mean of each arm.

    What lines mean stands above a panel, where it covers none of them.
    """
    from matplotlib.figure import Figure

    columns, several = min(len(drawn), 2), len({condition for condition, _, _ in drawn}) > 1
    entries = max(-(-len(legend) // 2) for _, _, legend in drawn)
    above, height = 0.17 * entries + 0.25 * several, 2.3
    rows = -(-len(drawn) // columns)
    figure = Figure(figsize=(3.5 * columns, (height + above) * rows))
    figure.subplots_adjust(hspace=(above + 0.45) / height, wspace=0.25)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for area in panels.flat[len(drawn) :]:
        area.set_axis_off()
    for place, (area, (condition, lines, legend)) in enumerate(zip(panels.flat, drawn, strict=False)):
        for line in sorted(lines, key=lambda one: one.strong):
            style = DASHES[line.slot] if line.strong else "-"
            width, alpha = (1.9, 1.0) if line.strong else (0.8, 0.38)
            area.plot(line.x, line.y, color=ARMS[line.slot], linestyle=style, linewidth=width, alpha=alpha)
        for entry in legend:
            area.plot([], [], color=ARMS[entry.slot], linestyle=DASHES[entry.slot], label=visible(entry.arm))
        if several:
            area.set_title(visible(condition), fontsize=9, pad=4 + 12 * entries)
        area.legend(fontsize=7, frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
        _plain(area)
        if place + columns >= len(drawn):  # nothing stands below it
            area.set_xlabel("step", fontsize=8)
            area.tick_params(labelbottom=True)
    panels[0][0].set_ylabel(visible(name), fontsize=9)
    return figure


def _plain(area: Any) -> None:
    for side in ("top", "right"):
        area.spines[side].set_visible(False)
    area.tick_params(labelsize=8, colors=QUIET, labelcolor=INK)

"""Small SVG panels drawn by matplotlib: the same bytes on every run, colours left to the page's style sheet."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenhand.report.numbers import MINUS

Floats = NDArray[np.float64]

INKS = {
    "#010100": "var(--ink)",
    "#010101": "var(--ink-2)",
    "#010102": "var(--rule)",
    "#010103": "var(--arm-0)",
    "#010104": "var(--arm-1)",
    "#010105": "var(--arm-2)",
    "#010106": "var(--arm-3)",
    "#010107": "var(--arm-4)",
}
"""Stand-in colours of a drawing and the names of the style sheet that replace them: one SVG suits light and dark."""

_STAND_IN = {name: colour for colour, name in INKS.items()}
DASHES: tuple[Any, ...] = ("-", "-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
"""Line style of each arm slot: slots differ by more than colour."""

_WIDTH, _HEIGHT = 340.0, 200.0  # points: read at this size on a phone, side by side on a desk


@dataclass(frozen=True)
class Line:
    """One line of a panel.

    Attributes:
        x, y: (N,) finite values.
        slot: which arm colour and line style (0 is the baseline).
        strong: the mean over seeds, drawn over the thin lines of the seeds.
    """

    x: Floats
    y: Floats
    slot: int
    strong: bool


@dataclass(frozen=True)
class Frame:
    """The axes that panels share: limits in data units, and the name of the horizontal axis."""

    x: tuple[float, float]
    y: tuple[float, float]
    x_label: str


def frame(lines: Sequence[Line], x_label: str) -> Frame:
    """Axes that hold all the lines, with a little room above and below."""
    xs = np.concatenate([line.x for line in lines])
    ys = np.concatenate([line.y for line in lines])
    return Frame(_limits(xs, 0.0), _limits(ys, 0.06), x_label)


def _limits(values: Floats, pad: float) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    if low == high:
        half = abs(low) * 0.1 or 0.5
        return low - half, high + half
    return low - pad * (high - low), high + pad * (high - low)


@dataclass(frozen=True)
class Sketch:
    """What one panel holds.

    Attributes:
        lines: thin ones are drawn first, whatever their order.
        prefix: set before every id of the drawing, so that panels on one page do not share ids.
        label: what the panel shows, for screen readers; must be free of markup.
    """

    lines: Sequence[Line]
    prefix: str
    label: str


def panels(sketches: Sequence[Sketch], axes: Frame) -> list[str]:
    """Each sketch as an ``<svg>`` element; all share the axes."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style: Any = {
        **mpl.rcParamsDefault,  # so that a user's own matplotlib settings change nothing
        "backend": mpl.rcParams["backend"],
        "svg.fonttype": "none",
        "svg.hashsalt": "evenhand",
        "font.family": ["DejaVu Sans"],
        "font.size": 10,
        "text.parse_math": False,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(_WIDTH / 72, _HEIGHT / 72))
        FigureCanvasSVG(figure)
        area = figure.add_axes((0.115, 0.2, 0.845, 0.77), xlim=axes.x, ylim=axes.y)
        area.set_axis_off()
        _ticks(area, axes)
        return [_panel(figure, area, sketch) for sketch in sketches]


def _panel(figure: Any, area: Any, sketch: Sketch) -> str:
    drawn = [_draw(area, line) for line in sorted(sketch.lines, key=lambda line: line.strong)]
    sheet = io.StringIO()
    bare = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(sheet, format="svg", metadata=bare, transparent=True)
    for artist in drawn:
        artist.remove()
    return _inline(sheet.getvalue(), sketch.prefix, sketch.label)


def _ticks(area: Any, axes: Frame) -> None:
    """Grid lines and labels at round values; drawn by hand, which is several times quicker than matplotlib's axes."""
    from matplotlib.collections import LineCollection

    rule, ink = _STAND_IN["var(--rule)"], _STAND_IN["var(--ink-2)"]
    below, beside = area.get_xaxis_transform(), area.get_yaxis_transform()
    rows = _round_values(axes.y, 4)
    edges = [[(0.0, y), (1.0, y)] for y in rows]
    area.add_collection(LineCollection(edges, colors=rule, linewidths=0.6, transform=beside), autolim=False)
    area.add_collection(
        LineCollection([[(0.0, 0.0), (1.0, 0.0)]], colors=rule, linewidths=0.9, transform=area.transAxes), autolim=False
    )
    for y in rows:
        area.text(-0.02, y, _label(y), transform=beside, ha="right", va="center_baseline", color=ink)
    for x in _round_values(axes.x, 5):
        area.text(x, -0.04, _label(x), transform=below, ha="center", va="top", color=ink)
    area.text(0.5, -0.15, axes.x_label, transform=area.transAxes, ha="center", va="top", color=ink)


def _round_values(limits: tuple[float, float], most: int) -> list[float]:
    from matplotlib.ticker import MaxNLocator

    values = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(*limits)
    slack = 1e-9 * (limits[1] - limits[0])
    return [float(v) for v in values if limits[0] - slack <= v <= limits[1] + slack]


def _label(value: float) -> str:
    return f"{value:,.10g}".replace("-", MINUS) if abs(value) > 1e-12 else "0"


def _draw(area: Any, line: Line) -> Any:
    from matplotlib.lines import Line2D

    return area.add_line(
        Line2D(
            line.x.tolist(),
            line.y.tolist(),
            color=_STAND_IN[f"var(--arm-{line.slot})"],
            linestyle=DASHES[line.slot] if line.strong else "-",
            linewidth=1.9 if line.strong else 0.8,
            alpha=None if line.strong else 0.38,
            marker="o" if line.x.size == 1 else "",
            markersize=5 if line.strong else 3,
            markeredgewidth=0,
            solid_capstyle="round",
            dash_capstyle="butt",
        )
    )


def _inline(document: str, prefix: str, label: str) -> str:
    """A drawing as it goes into a page: no prologue, ids made unique, colours by name, short numbers."""
    text = document[document.index("<svg") :].strip()
    text = text[text.index(">") + 1 :]
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", text, flags=re.DOTALL)
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    # Only ids that something points to are kept: the rest would repeat from panel to panel.
    named = set(re.findall(r"(?:url\(|href=\")#([^)\"]+)", text))
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}{m[1]}"' if m[1] in named else "", text)
    text = re.sub(r"(url\(|href=\")#", rf"\g<1>#{prefix}", text)
    text = text.replace("xlink:href", "href")
    text = re.sub(r"-?\d+\.\d+", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), text)
    text = re.sub(r"font(-family)?: ([^;\"]*)'DejaVu Sans'", r"font\1: \2var(--sans)", text)
    text = re.sub(r"\s*\n\s*", " ", text)
    text = text.replace("> <", "><")
    for colour, name in INKS.items():
        text = text.replace(colour, name)
    return f'<svg class="panel" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" aria-label="{label}">{text}'

"""Small SVG panels drawn by matplotlib: the same bytes on every run, colours left to the page's style sheet."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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

LARGEST = 1e100
"""Values at or beyond it are not drawn: what explodes has no scale to be drawn on."""

DASHES: tuple[Any, ...] = ("-", "-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
"""Line style of each arm slot: slots differ by more than colour."""

_WIDTH, _HEIGHT = 340.0, 200.0  # points: read at this size on a phone, side by side on a desk


@dataclass(frozen=True)
class Tick:
    """A labelled place on a scale."""

    x: float
    label: str


@dataclass(frozen=True)
class Line:
    """One line of a panel.

    Attributes:
        x, y: (N,) finite values.
        slot: which arm colour and line style (0 is the baseline).
        strong: the mean over seeds, drawn over the thin lines of the seeds.
        ink: of the style sheet in place of the slot's colour, or empty.
    """

    x: Floats
    y: Floats
    slot: int
    strong: bool
    ink: str = ""


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
    return Frame(limits(xs, 0.0), limits(ys, 0.06), x_label)


def limits(values: Floats, pad: float) -> tuple[float, float]:
    """Ends of an axis that holds the values; values that cannot be told apart stand in its middle."""
    low, high = float(values.min()), float(values.max())
    if high - low <= max(1e-12 * max(abs(low), abs(high)), 1e-100):
        half = abs(low) * 0.1
        half = half if half > 1e-90 else 0.5
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
    with own_style():
        figure, area = canvas(_WIDTH, _HEIGHT, (0.115, 0.2, 0.845, 0.77), axes)
        rule_axes(area, axes, round_values(axes.x, 5), round_values(axes.y, 4))
        return [_panel(figure, area, sketch) for sketch in sketches]


@contextmanager
def own_style() -> Iterator[None]:
    """The settings under which everything is drawn; a user's own matplotlib settings change nothing."""
    import matplotlib as mpl

    style: Any = {
        **mpl.rcParamsDefault,
        "backend": mpl.rcParams["backend"],
        "svg.fonttype": "none",
        "svg.hashsalt": "evenhand",
        "font.family": ["DejaVu Sans"],
        "font.size": 10,
        "text.parse_math": False,
    }
    with mpl.rc_context(style), warnings.catch_warnings():
        # Letters that the measuring font lacks are set in the reader's own font all the same.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def canvas(width: float, height: float, box: tuple[float, float, float, float], axes: Frame) -> tuple[Any, Any]:
    """A figure of a size in points with one bare plotting area; ``box`` gives its place as shares of the figure."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72))
    FigureCanvasSVG(figure)
    area = figure.add_axes(box, xlim=axes.x, ylim=axes.y)
    area.set_axis_off()
    return figure, area


def _panel(figure: Any, area: Any, sketch: Sketch) -> str:
    drawn = [draw_line(area, line) for line in sorted(sketch.lines, key=lambda line: line.strong)]
    made = element(figure, sketch.prefix, sketch.label)
    for artist in drawn:
        artist.remove()
    return made


def element(figure: Any, prefix: str, label: str) -> str:
    """A figure as an ``<svg>`` element; ``prefix`` and ``label`` as in :class:`Sketch`."""
    sheet = io.StringIO()
    bare = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(sheet, format="svg", metadata=bare, transparent=True)
    width, height = (72 * side for side in figure.get_size_inches())
    opening = f'<svg class="panel" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{label}">'
    return opening + _inline(sheet.getvalue(), prefix)


def rule_axes(area: Any, axes: Frame, xs: Sequence[float], ys: Sequence[float]) -> None:
    """Grid lines and labels at given places; drawn by hand, which is several times quicker than matplotlib's axes."""
    from matplotlib.collections import LineCollection

    rule, ink = stand_in("rule"), stand_in("ink-2")
    below, beside = area.get_xaxis_transform(), area.get_yaxis_transform()
    edges = [[(0.0, y), (1.0, y)] for y in ys]
    area.add_collection(LineCollection(edges, colors=rule, linewidths=0.6, transform=beside), autolim=False)
    area.add_collection(
        LineCollection([[(0.0, 0.0), (1.0, 0.0)]], colors=rule, linewidths=0.9, transform=area.transAxes), autolim=False
    )
    for y in ys:
        area.text(-0.02, y, tick_label(y), transform=beside, ha="right", va="center_baseline", color=ink)
    for x in xs:
        area.text(x, -0.04, tick_label(x), transform=below, ha="center", va="top", color=ink)
    area.text(0.5, -0.15, axes.x_label, transform=area.transAxes, ha="center", va="top", color=ink)


def stand_in(name: str) -> str:
    """The stand-in colour of an ink of the style sheet (``ink``, ``rule``, ``arm-1``)."""
    return _STAND_IN[f"var(--{name})"]


def round_values(span: tuple[float, float], most: int) -> list[float]:
    """Round values within a span, about as many as asked for."""
    from matplotlib.ticker import MaxNLocator

    values = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(*span)
    slack = 1e-9 * (span[1] - span[0])
    return [float(v) for v in values if span[0] - slack <= v <= span[1] + slack]


def tick_label(value: float) -> str:
    """A round value as an axis shows it; very large and very small ones with an exponent."""
    if abs(value) <= 1e-12:
        return "0"
    text = f"{value:.4g}" if not 1e-5 <= abs(value) < 1e7 else f"{value:,.10g}"
    return text.replace("e+0", "e").replace("e+", "e").replace("e-0", "e-").replace("-", MINUS)


def draw_line(area: Any, line: Line) -> Any:
    """Put a line on an area and return it."""
    from matplotlib.lines import Line2D

    return area.add_line(
        Line2D(
            line.x.tolist(),
            line.y.tolist(),
            color=stand_in(line.ink or f"arm-{line.slot}"),
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


def _inline(document: str, prefix: str) -> str:
    """What follows a drawing's opening tag: no prologue, ids made unique, colours by name, short numbers."""
    text = document[document.index("<svg") :].strip()
    text = text[text.index(">") + 1 :]
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", text, flags=re.DOTALL)
    # Only ids that something points to are kept: the rest would repeat from panel to panel.
    tags = "".join(re.findall(r"<[^>]+>", text))
    named = set(re.findall(r"(?:url\(|href=\")#([^)\"]+)", tags))
    # Tags alone are reworked: what is written in the drawing stays as it is, digit for digit.
    text = re.sub(r"<[^>]+>", lambda tag: _short(tag[0], prefix, named), text)
    text = re.sub(r"\s*\n\s*", " ", text)
    return text.replace("> <", "><")


def _short(tag: str, prefix: str, named: set[str]) -> str:
    tag = re.sub(r' transform="rotate\(-0 [^"]*"', "", tag)
    tag = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}{m[1]}"' if m[1] in named else "", tag)
    tag = re.sub(r"(url\(|href=\")#", rf"\g<1>#{prefix}", tag)
    tag = tag.replace("xlink:href", "href")
    tag = re.sub(r"-?\d+\.\d+", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), tag)
    tag = re.sub(r"font(-family)?: ([^;\"]*)'DejaVu Sans'", r"font\1: \2var(--sans)", tag)
    for colour, name in INKS.items():
        tag = tag.replace(colour, name)
    return tag

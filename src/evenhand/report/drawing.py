"""Small SVG panels drawn by matplotlib: the same bytes on every run, colours left to the page's style sheet."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
"""Stand-in colours of the drawing and the style sheet's names that replace them, so that one SVG suits light and dark."""

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


def panel(lines: Sequence[Line], axes: Frame, prefix: str, label: str) -> str:
    """One panel as an ``<svg>`` element.

    Args:
        lines: drawn in order, thin ones first.
        axes: shared limits.
        prefix: set before every id of the drawing, so that panels on one page do not share ids.
        label: what the panel shows, for screen readers; must be free of markup.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style = {
        "svg.fonttype": "none",
        "svg.hashsalt": "evenhand",
        "font.family": ["DejaVu Sans"],
        "font.size": 10,
        "axes.unicode_minus": True,
        "text.parse_math": False,
        "path.simplify": True,
    }
    with mpl.rc_context({**mpl.rcParamsDefault, **style, "backend": mpl.rcParams["backend"]}):
        figure = Figure(figsize=(_WIDTH / 72, _HEIGHT / 72))
        FigureCanvasSVG(figure)
        area = figure.add_axes((0.13, 0.2, 0.85, 0.77))
        _dress(area, axes)
        for line in sorted(lines, key=lambda line: line.strong):
            _draw(area, line)
        sheet = io.StringIO()
        bare = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(sheet, format="svg", metadata=bare, transparent=True)
    return _inline(sheet.getvalue(), prefix, label)


def _dress(area: Any, axes: Frame) -> None:
    from matplotlib.ticker import MaxNLocator, ScalarFormatter

    area.set_xlim(*axes.x)
    area.set_ylim(*axes.y)
    for side in ("top", "right", "left"):
        area.spines[side].set_visible(False)
    area.spines["bottom"].set_color(_STAND_IN["var(--rule)"])
    area.grid(axis="y", color=_STAND_IN["var(--rule)"], linewidth=0.6)
    area.set_axisbelow(True)
    for axis, ticks in ((area.xaxis, 5), (area.yaxis, 4)):
        axis.set_major_locator(MaxNLocator(nbins=ticks, steps=[1, 2, 2.5, 5, 10]))
        form = ScalarFormatter(useOffset=False)
        form.set_powerlimits((-4, 6))
        axis.set_major_formatter(form)
        axis.get_offset_text().set_color(_STAND_IN["var(--ink-2)"])
    area.tick_params(length=0, pad=5, labelcolor=_STAND_IN["var(--ink-2)"], labelsize=10)
    area.set_xlabel(axes.x_label, color=_STAND_IN["var(--ink-2)"], labelpad=4, fontsize=10)


def _draw(area: Any, line: Line) -> None:
    colour = _STAND_IN[f"var(--arm-{line.slot})"]
    dash = DASHES[line.slot] if line.strong else "-"
    area.plot(
        line.x,
        line.y,
        color=colour,
        linestyle=dash,
        linewidth=1.9 if line.strong else 0.8,
        alpha=None if line.strong else 0.38,
        marker="o" if line.x.size == 1 else None,
        markersize=5 if line.strong else 3,
        markeredgewidth=0,
        solid_capstyle="round",
        dash_capstyle="butt",
    )


def _inline(document: str, prefix: str, label: str) -> str:
    """A drawing as it goes into a page: no prologue, ids made unique, colours by name, short numbers."""
    text = document[document.index("<svg") :].strip()
    text = re.sub(r"<svg [^>]*>", _head(label), text, count=1)
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
    return text


def _head(label: str) -> str:
    return f'<svg class="panel" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" aria-label="{label}">'

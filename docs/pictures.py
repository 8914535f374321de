"""Pictures of docs/practitioners.md, drawn from simulations: ``python docs/pictures.py`` writes docs/images/*.svg.

The figures that the page quotes come from the same functions; tests/test_pictures.py holds both together.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from evenhand.report.charts.drawing import own_style

HERE = Path(__file__).resolve().parent
INK, QUIET, BAND, BLUE, ORANGE = "#3c4043", "#7a7d82", "#d9d9d0", "#0b6e9e", "#c4551b"
RUNS = 20_000


def all_agree(seeds: tuple[int, ...] = (2, 3, 4, 5, 6, 8, 10)) -> dict[int, float]:
    """How often all seeds point up or all point down, where there is no effect at all."""
    rng = np.random.default_rng(1)
    signs = rng.normal(size=(RUNS, max(seeds))) > 0
    return {n: float(np.mean(signs[:, :n].all(axis=1) | ~signs[:, :n].any(axis=1))) for n in seeds}


def best_of(counts: tuple[int, ...] = (1, 2, 4, 8, 16, 32), items: int = 200, score: float = 0.6) -> dict[int, float]:
    """By how much the best of k evaluations of one and the same model lies above its true score, in points."""
    rng = np.random.default_rng(2)
    scores = rng.binomial(items, score, size=(RUNS, max(counts))) / items
    return {k: float(100 * (scores[:, :k].max(axis=1).mean() - score)) for k in counts}


def peeking(most: int = 20) -> dict[int, float]:
    """How often a t test at 5 % has called an effect at one of the seeds so far, where there is none."""
    rng = np.random.default_rng(3)
    draws = rng.normal(size=(RUNS // 4, most))
    called = np.zeros(len(draws), dtype=bool)
    rates = {}
    for n in range(3, most + 1):
        seen = draws[:, :n]
        t = seen.mean(axis=1) / (seen.std(axis=1, ddof=1) / np.sqrt(n))
        called |= np.abs(t) > stats.t.ppf(0.975, n - 1)
        rates[n] = float(called.mean())
    return rates


def subset(items: tuple[int, ...] = (16, 40, 80, 160, 320, 640, 1280)) -> dict[int, float]:
    """Half the width of a 95 % interval of a difference over right-or-wrong items that agree on most, in points."""
    spread = np.sqrt(0.3)  # 30 % of the items differ between two such models
    return {n: float(100 * stats.norm.ppf(0.975) * spread / np.sqrt(n)) for n in items}


def _axes(width: float = 5.6, height: float = 2.6) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    area = figure.add_subplot()
    for side in ("top", "right"):
        area.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        area.spines[side].set_color(QUIET)
    area.tick_params(labelsize=8, colors=QUIET)
    return figure, area


def _tenths(value: float) -> str:
    return f"{round(value, 1) + 0.0:.1f}"  # no minus before a zero


def _bars(found: dict[int, float], across: str, down: str, shown: Callable[[float], str]) -> Any:
    figure, area = _axes()
    places = range(len(found))
    area.bar(places, list(found.values()), color=BLUE, width=0.6)
    for place, value in zip(places, found.values(), strict=True):
        area.text(place, value, shown(value), ha="center", va="bottom", fontsize=8, color=INK)
    area.set_xticks(list(places), [str(key) for key in found])
    area.set_xlabel(across, fontsize=8, color=INK)
    area.set_ylabel(down, fontsize=8, color=INK)
    return figure


def _line(found: dict[int, float]) -> Any:
    figure, area = _axes()
    area.axhline(0.05, color=QUIET, linewidth=0.8, linestyle=(0, (2, 3)))
    area.text(max(found), 0.055, "5 %, as declared", ha="right", fontsize=8, color=QUIET)
    area.plot(list(found), list(found.values()), color=ORANGE, linewidth=2)
    last = max(found)
    area.text(
        last, found[last], f"{found[last]:.0%}".replace("%", " %"), fontsize=8, color=INK, va="bottom", ha="right"
    )
    area.set_xlabel("seeds, tested anew after each", fontsize=8, color=INK)
    area.set_ylabel("false effects called so far", fontsize=8, color=INK)
    area.set_ylim(0, None)
    return figure


def _verdicts() -> Any:
    """What each verdict looks like beside 0 and the margin."""
    figure, area = _axes(height=2.4)
    rows = [
        ("gain (>= margin)", 1.2, 3.0), ("gain", 0.2, 2.2), ("no-effect", -0.6, 0.7), ("inconclusive", -0.7, 2.4),
        ("regression", -2.4, -0.3),
    ]  # fmt: skip
    area.axvspan(-1, 1, color=BAND, zorder=0)
    area.axvline(0, color=QUIET, linewidth=0.8, linestyle=(0, (2, 3)))
    for place, (_, low, high) in enumerate(rows):
        area.plot((low, high), (place, place), color=INK, linewidth=1.6, marker="|", markersize=8)
        area.plot([(low + high) / 2], [place], "D", color=INK, markersize=5)
    area.set_yticks(range(len(rows)), [name for name, _, _ in rows], fontsize=8, color=INK)
    area.set_ylim(len(rows) - 0.5, -0.6)
    area.set_xticks([-1, 0, 1], ["-margin", "0", "+margin"])
    area.set_xlabel("difference with its interval", fontsize=8, color=INK)
    return figure


def pictures() -> dict[str, str]:
    """Name to SVG."""
    with own_style():
        made = {
            "all_agree": _bars(all_agree(), "seeds", "all point the same way", lambda v: f"{100 * v:.3g} %"),
            "best_of": _bars(best_of(), "evaluations, the best is reported", "points too high", _tenths),
            "peeking": _line(peeking()),
            "subset": _bars(subset(), "items", "± points", _tenths),
            "verdicts": _verdicts(),
        }
        return {name: _svg(figure) for name, figure in made.items()}


def _svg(figure: Any) -> str:
    sheet = io.StringIO()
    bare = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(sheet, format="svg", metadata=bare, bbox_inches="tight", facecolor="white")
    return sheet.getvalue()


if __name__ == "__main__":
    for name, svg in pictures().items():
        (HERE / "images" / f"{name}.svg").write_text(svg, encoding="utf-8")
        print(f"docs/images/{name}.svg")
    print(all_agree(), best_of(), {k: peeking()[k] for k in (3, 5, 10, 20)}, subset(), sep="\n")

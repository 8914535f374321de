"""Plots as SVG: margins by valuation and bit length, trajectories with violations marked, pass against lookahead."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evenhand.errors import DataError
from evenhand.files import replacing
from evenhand_systems.lyapunov.certificates.form import sound_lines, verified
from evenhand_systems.lyapunov.closed_forms import WindowMinimum, WindowSum
from evenhand_systems.lyapunov.exact import violation_lower_bound, window_minimum_coverage
from evenhand_systems.lyapunov.measures import Candidate, decide, evaluate
from evenhand_systems.lyapunov.numbers.evaluation_set import EvaluationSet
from evenhand_systems.lyapunov.numbers.trajectories import TEST_SEEDS, listed_steps
from evenhand_systems.lyapunov.numbers.valuations import orbits_of
from evenhand_systems.lyapunov.potentials.potential import load_potential

SHOWN_VALUATIONS = 6


def save(path: Path, draw: Callable[[Figure], None], size: tuple[float, float]) -> None:
    """Write a figure; the same data give the same bytes."""
    with matplotlib.rc_context({"svg.hashsalt": "evenhand", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        with replacing(path) as part:
            figure.savefig(part, format="svg", metadata={"Date": None})


def margins_plot(model: Candidate, data: EvaluationSet, path: Path) -> None:
    """Margins V(n) - V(T(n)) by k_1 (boxes) and by bit length (median, 1 % and 5 % quantiles)."""
    orbits = orbits_of(data.limbs, model.lookahead + 1)
    margins = model.decide(orbits).margins
    first = np.minimum(orbits.valuations[:, 0], SHOWN_VALUATIONS)
    bits = np.array([n.bit_length() for n in data.numbers])

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        shown = [k for k in range(1, SHOWN_VALUATIONS + 1) if (first == k).any()]
        left.boxplot([margins[first == k] for k in shown], whis=(1, 99), showfliers=False)
        left.set_xticks(
            range(1, len(shown) + 1), [str(k) if k < SHOWN_VALUATIONS else f"≥{SHOWN_VALUATIONS}" for k in shown]
        )
        left.set(xlabel="k₁", ylabel="margin V(n) − V(T(n))", title=f"{model.name}, L = {model.lookahead}")
        edges = np.unique(np.linspace(bits.min(), bits.max() + 1, 17).astype(int))
        centres = (edges[:-1] + edges[1:]) / 2
        for quantile, label in ((0.5, "median"), (0.05, "5 %"), (0.01, "1 %")):
            inside = [margins[(bits >= a) & (bits < b)] for a, b in pairwise(edges)]
            right.plot(centres, [np.quantile(m, quantile) if len(m) else np.nan for m in inside], label=label)
        right.set(xlabel="bit length of n", ylabel="margin")
        right.legend()
        for axes in (left, right):
            axes.axhline(0, color="black", linewidth=0.6)

    save(path, draw, (9, 3.6))


def trajectories_plot(model: Candidate, path: Path, seeds: Sequence[int] = TEST_SEEDS) -> None:
    """log2 T^i(n) along the test trajectories; steps at which V does not fall are marked."""
    test = listed_steps(seeds)

    def draw(figure: Figure) -> None:
        rows = figure.subplots(len(test.seeds), 1, squeeze=False)[:, 0]
        for axes, seed, steps in zip(rows, test.seeds, test.steps, strict=True):
            fails = np.flatnonzero(~decide(model, steps).passes)
            heights = np.log2(np.array(steps, float))
            axes.plot(heights, linewidth=1)
            axes.plot(fails, heights[fails], "x", color="C3", markersize=5)
            axes.set(ylabel=f"log₂, from {seed}", title=f"{len(fails)} of {len(steps)} steps do not fall")
        rows[-1].set(xlabel="step")

    save(path, draw, (8, 1.9 * len(test.seeds)))


def lookahead_plot(
    data: EvaluationSet,
    path: Path,
    *,
    lookaheads: Sequence[int] = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100),
    learned: Mapping[str, Candidate] | None = None,
    certified: Sequence[Certified] = (),
    optima: Mapping[str, Mapping[int, float]] | None = None,
) -> None:
    """Failing share against lookahead, logarithmic: closed forms, exact density, bounds, optima, learned models.

    Args:
        learned: label to model, measured on ``data``.
        certified: what certificates hold; their models are measured on ``data``, too.
        optima: label to lookahead and least failing density.
    """

    def draw(figure: Figure) -> None:
        axes: Axes = figure.subplots()
        for name, form in (("window sum", WindowSum), ("window minimum", WindowMinimum)):
            shares = [1 - evaluate(form(L), data).passed for L in lookaheads]
            axes.plot(lookaheads, _positive(shares), "o-", markersize=3, label=name)
        exact = [float(1 - window_minimum_coverage(L).density) for L in lookaheads]
        axes.plot(lookaheads, exact, "k:", label="window minimum, exact density")
        for power, style in ((0, "--"), (1, "-."), (3, ":")):
            bound = [float(violation_lower_bound(L, power)) for L in lookaheads]
            label = "lower bound, window only" if power == 0 else f"lower bound, window and n mod {3**power}"
            axes.plot(lookaheads, bound, style, color="grey", label=label)
        for label, model in (learned or {}).items():
            axes.plot(model.lookahead, 1 - evaluate(model, data).passed, "*", markersize=9, label=label)
        if certified:
            at = [c.lookahead for c in certified]
            measured = [1 - evaluate(c.model, data).passed for c in certified]
            axes.plot(at, _positive(measured), "C3*", markersize=9, label="learned V, measured")
            axes.plot(at, [1 - c.density for c in certified], "C3v", markersize=5, label="learned V, not certified")
        for (label, points), style in zip((optima or {}).items(), ("kD", "k+", "kx"), strict=False):
            axes.plot(list(points), list(points.values()), style, markersize=5, fillstyle="none", label=label)
        axes.set(xlabel="lookahead L", ylabel="share of n at which V does not fall", xscale="log", yscale="log")
        axes.legend(fontsize=7)

    save(path, draw, (7.5, 5))


@dataclass(frozen=True)
class Certified:
    """A certificate that the checker has accepted: lookahead, density, and the V that it is about."""

    lookahead: int
    density: float
    model: Candidate


def read_certified(path: Path) -> Certified:
    """Verify a certificate with the model that it names, which lies beside it.

    Raises:
        DataError: the file is no certificate, or that model does not lie beside it.
    """
    header = json.loads(sound_lines(path)[0])
    model = path.with_name(str(header["model"]))
    if not model.exists():
        raise DataError(f"{path} is about {model.name}, which does not lie beside it.")
    found = verified(path, model)
    return Certified(found.lookahead, float(found.density), load_potential(model).with_head(header["head"]))


def _positive(values: Sequence[float]) -> list[float]:
    """Zeros cannot stand on a logarithmic axis; they are left out."""
    return [value if value > 0 else float("nan") for value in values]

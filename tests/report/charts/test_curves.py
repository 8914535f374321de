"""What is drawn of a learning curve."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from evenhand.recipes.outcome import Curve
from evenhand.report.charts.curves import curve_figures
from evenhand.report.results import Results


@pytest.fixture
def sample(world):
    return world({"off": "baseline", "on": "variant"}, seeds=(10, 11), items=3)


def curves(sample, by_seed):
    """The figure of one curve whose values are given seed by seed, for every arm."""
    claim = sample.claim()
    records = []
    for trial in claim.trials(claim.claim.rungs[-1]):
        steps, values = by_seed[trial.seed]
        curve = Curve(np.array(steps, dtype=float), np.array(values, dtype=float))
        outcome = replace(sample.outcome(trial, 0.5), curves={"loss": curve})
        records.append(sample.record(trial, outcome, len(records)))
    return curve_figures(Results.of(claim, records))


def thick_and_thin(svg):
    """Numbers of strong and of thin lines in a panel."""
    widths = re.findall(
        r"fill: none; stroke: var\(--arm-\d\); stroke-(?:opacity: [\d.]+; stroke-)?width: ([\d.]+)", svg
    )
    return sum(float(w) > 1 for w in widths), sum(float(w) < 1 for w in widths)


@pytest.mark.slow
def test_a_panel_has_a_thin_line_per_seed_and_a_thick_mean_line_per_arm(sample):
    (figure,) = curves(sample, {10: ([1, 2, 3], [3, 2, 1]), 11: ([1, 2, 3], [4, 3, 2])})
    assert thick_and_thin(figure.panels[0].svg) == (2, 4)
    assert [(entry.arm, entry.slot, entry.seeds) for entry in figure.panels[0].legend] == [("off", 0, 2), ("on", 1, 2)]


def test_seeds_that_share_no_step_have_no_mean_line(sample):
    (figure,) = curves(sample, {10: ([1, 3, 5], [3, 2, 1]), 11: ([2, 4, 6], [4, 3, 2])})
    assert thick_and_thin(figure.panels[0].svg) == (0, 4)


def test_more_than_four_arms_get_further_panels_with_the_baseline_in_each(world):
    sample = world({"off": "baseline", **{f"v{i}": "variant" for i in range(6)}}, seeds=(10, 11))
    (figure,) = curves(sample, {10: ([1, 2], [3, 2]), 11: ([1, 2], [4, 3])})
    assert [[entry.arm for entry in panel.legend] for panel in figure.panels] == [
        ["off", "v0", "v1", "v2", "v3"],
        ["off", "v4", "v5"],
    ]


def test_long_curves_are_thinned_and_say_so(sample):
    long = {seed: (range(5000), np.linspace(0, 1, 5000) ** 2) for seed in (10, 11)}
    (figure,) = curves(sample, long)
    assert figure.thinned
    assert len(figure.panels[0].svg) < 60_000
    (short,) = curves(sample, {10: ([1, 2], [3, 2]), 11: ([1, 2], [4, 3])})
    assert not short.thinned


def test_panels_leave_their_colours_to_the_style_sheet(sample):
    (figure,) = curves(sample, {10: ([1, 2], [3, 2]), 11: ([1, 2], [4, 3])})
    assert not re.findall(r"#[0-9a-f]{6}\b", figure.panels[0].svg)
    assert "var(--arm-1)" in figure.panels[0].svg
    assert "DejaVu" not in figure.panels[0].svg


def test_ticks_of_a_curve_keep_every_digit(sample):
    (figure,) = curves(sample, {10: ([1, 2], [0.0, 0.009]), 11: ([1, 2], [0.0, 0.009])})
    assert "0.005" in re.findall(r">([^<]*)</text>", figure.panels[0].svg)

"""The forest plot: where marks stand on the common scale."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evenhand.report.charts.forest import Scale


@pytest.fixture
def contrast(world):
    return world({"off": "baseline", "on": "variant"}).contrast("on", "off", (0.1, 0.2, 0.15, 0.12, 0.18))


def test_the_scale_holds_seeds_interval_margin_and_zero(contrast):
    scale = Scale.spanning([contrast], 0.02)
    values = [*contrast.differences, *contrast.interval, -0.02, 0.02, 0.0, contrast.estimate]
    assert scale.low < min(values)
    assert scale.high > max(values)


def test_marks_keep_the_order_of_their_values(contrast):
    scale = Scale.spanning([contrast], 0.02)
    strip = scale.strip(contrast)
    assert scale.zero < strip.low < strip.estimate < strip.high
    assert sorted(strip.dots) == [scale.place(value) for value in sorted(contrast.differences)]
    assert (strip.cut_low, strip.cut_high) == (False, False)


def test_the_band_is_the_margin_on_both_sides_of_zero(contrast):
    scale = Scale.spanning([contrast], 0.05)
    left, width = scale.band
    assert left == scale.place(-0.05)
    assert left + width == pytest.approx(scale.place(0.05))
    assert left + width / 2 == pytest.approx(scale.zero, abs=0.02)


def test_an_interval_far_wider_than_the_data_is_cut_and_marked(contrast):
    wide = replace(contrast, interval=(-40.0, 40.0))
    scale = Scale.spanning([contrast, wide], 0.02)
    strip = scale.strip(wide)
    assert scale.high < 2
    assert (strip.low, strip.high, strip.cut_low, strip.cut_high) == (0.0, 100.0, True, True)


@pytest.mark.parametrize("margin", [0.0, 0.02])
def test_a_contrast_without_figures_has_no_marks(contrast, margin):
    empty = replace(contrast, estimate=None, interval=None, differences=())
    strip = Scale.spanning([empty], margin).strip(empty)
    assert (strip.dots, strip.estimate, strip.low, strip.high) == ((), None, None, None)


def test_ticks_are_round_signed_and_not_repeated(contrast):
    ticks = Scale.spanning([contrast], 0.02).ticks(3)
    labels = [tick.label for tick in ticks]
    assert labels == ["0.0", "+0.1", "+0.2"]
    assert [tick.x for tick in ticks] == sorted(tick.x for tick in ticks)

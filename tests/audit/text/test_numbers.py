"""Numbers as people print them, and what only looks like one."""

from __future__ import annotations

import pytest

from evenhand.audit.text.numbers import counts, numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mean d_acc = +0.0339, std 0.0205", [(0.0339, "", True), (0.0205, "", False)]),
        ("`32.69%` (+8.02pp)", [(32.69, "%", False), (8.02, "pp", True)]),
        ("from −1.28 pp to -4.67pp", [(-1.28, "pp", True), (-4.67, "pp", True)]),
        ("bridged 0.64–0.68", [(0.64, "", False), (0.68, "", False)]),
        ("epoch 26k-30k, 4,405,250 parameters", [(26000, "", False), (30000, "", False), (4405250, "", False)]),
        ("39,592s (~11.0h), 2.3x faster", [(39592, "s", False), (11.0, "h", False), (2.3, "x", False)]),
        ("1e-5 and .5", [(1e-5, "", False), (0.5, "", False)]),
        ("scalar_l10, R2, 4x4, results/x_1.5.txt, v1.2.3, 2026-02-21, https://a.b/1.5, s012, #12", []),
        ("2048,1024,1024", []),
    ],
)
def test_numbers_are_read_with_unit_and_sign(text: str, expected: list[tuple[float, str, bool]]) -> None:
    assert [(n.value, n.unit, n.signed) for n in numbers(text)] == expected


def test_what_is_rounded_away_is_known() -> None:
    one, rough, spread = numbers("0.0339 or ~0.12 ± 0.03")
    assert one.low == pytest.approx(0.03385)
    assert one.high == pytest.approx(0.03395)
    assert rough.slack > 0.005
    assert spread.spread


def test_counts_are_whole_numbers_with_their_share() -> None:
    (one,) = counts("violations 80/429 (18.6%)")
    assert (one.part.value, one.whole.value, one.share and one.share.value) == (80, 429, 18.6)
    assert counts("0.540 / 0.770 and 3/2 and 1/2/3") == ()

"""The map, its limbs and its features against Python's big integers."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenhand.errors import DataError
from evenhand_systems.lyapunov.numbers import arithmetic as exact
from evenhand_systems.lyapunov.numbers.features import FeatureSpec, feature_pairs, features, reference_features
from evenhand_systems.lyapunov.numbers.limbs import advance, draw, log2_of, pack, residues_of, unpack, valuation_table
from evenhand_systems.lyapunov.numbers.valuations import orbits_of

EDGES = [1, 3, *(2**k - 1 for k in range(2, 260)), *(2**k + 1 for k in range(2, 260)), *(3**k for k in range(1, 120))]


@pytest.fixture(scope="module")
def drawn() -> list[int]:
    stream = random.Random(5)
    return [stream.getrandbits(stream.randint(2, 128)) | 1 for _ in range(20_000)]


@pytest.mark.parametrize(("n", "image"), [(1, 1), (3, 5), (5, 1), (7, 11), (27, 41), (2**64 - 1, (3 * 2**64 - 2) // 2)])
def test_the_map_divides_three_n_plus_one_by_all_its_twos(n: int, image: int) -> None:
    assert exact.syracuse(n) == image


@pytest.mark.parametrize(("seed", "steps"), [(111, 24), (27, 41), (703, 62), (26623, 113), (626331, 189), (1, 0)])
def test_trajectories_have_their_known_lengths(seed: int, steps: int) -> None:
    assert exact.steps_to_one(seed) == steps


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(0, 10**6))
def test_a_word_is_one_residue_class(word: list[int], multiple: int) -> None:
    residue, modulus = exact.residue_class(word)
    n = residue + modulus * multiple
    assert exact.valuations(n, len(word)) == word
    power, offset, total = exact.affine_form(word)
    current = n
    for _ in word:
        current = exact.syracuse(current)
    assert current << total == power * n + offset


@pytest.mark.parametrize("bad", [0, -3, 4])
def test_numbers_outside_the_domain_are_refused(bad: int) -> None:
    with pytest.raises(DataError, match=str(bad)):
        exact.require_odd(bad)
    with pytest.raises(DataError, match=r"Row 1.*odd"):
        pack([3, bad])


def test_one_is_refused_where_something_must_fall() -> None:
    with pytest.raises(DataError, match="n must be an odd integer >= 3"):
        exact.require_odd(1, minimum=3)
    with pytest.raises(DataError, match="n = 1 is its own image"):
        orbits_of(pack([3, 1]), 4)


def test_even_rows_of_limbs_are_named() -> None:
    limbs = np.array([[3, 0], [4, 1]], np.uint64)
    for read in (lambda: valuation_table(limbs, 3), lambda: features(limbs, 3)):
        with pytest.raises(DataError, match="Row 1"):
            read()


def test_packing_and_unpacking_are_inverse(drawn: list[int]) -> None:
    assert unpack(pack(drawn + EDGES)) == drawn + EDGES


@pytest.mark.parametrize("steps", [1, 20, 110])
def test_valuations_are_those_of_big_integers(drawn: list[int], steps: int) -> None:
    numbers = drawn[:2000] + EDGES
    expected = np.array([exact.valuations(n, steps) for n in numbers])
    assert np.array_equal(valuation_table(pack(numbers), steps), expected)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2**700), min_size=1, max_size=8), st.integers(1, 150))
def test_valuations_hold_at_any_width(halves: list[int], steps: int) -> None:
    numbers = [2 * h + 1 for h in halves]
    assert valuation_table(pack(numbers), steps).tolist() == [exact.valuations(n, steps) for n in numbers]


def test_a_valuation_longer_than_a_limb_is_read_whole() -> None:
    n = ((1 << 200) - 1) // 3  # 3n + 1 = 2^200
    assert valuation_table(pack([n]), 2).tolist() == [[200, 2]]


@pytest.mark.parametrize("lookahead", [1, 10, 20, 100])
def test_features_are_bit_identical_to_the_big_integer_loop(drawn: list[int], lookahead: int) -> None:
    numbers = drawn[:5000] + EDGES
    expected = reference_features(numbers, lookahead)
    assert expected.shape == (len(numbers), 6 + lookahead)
    found = features(pack(numbers), lookahead, threads=2)
    assert np.array_equal(found.view(np.uint32), expected.view(np.uint32))


def test_a_pair_of_tables_is_that_of_n_and_of_its_image(drawn: list[int]) -> None:
    numbers = drawn[:3000]
    here, there = feature_pairs(pack(numbers), 10)
    assert np.array_equal(here, reference_features(numbers, 10))
    expected = reference_features([exact.syracuse(n) for n in numbers], 10)
    assert np.array_equal(there[:, 1:], expected[:, 1:])
    assert np.allclose(there[:, 0], expected[:, 0], rtol=3e-7)


def test_sixteen_columns_at_lookahead_ten_and_fewer_for_ablations() -> None:
    assert FeatureSpec(10).width == 16
    assert FeatureSpec(10, ("valuations",)).columns == list(range(6, 16))
    with pytest.raises(DataError, match="lookahead"):
        FeatureSpec(0)
    with pytest.raises(DataError, match="groups"):
        FeatureSpec(10, ("parity",))


def test_advancing_by_four_is_four_steps(drawn: list[int]) -> None:
    expected = []
    for n in drawn[:500]:
        for _ in range(4):
            n = exact.syracuse(n)
        expected.append(n)
    assert unpack(advance(pack(drawn[:500]), 4)) == expected


def test_residues_and_logarithms_are_right(drawn: list[int]) -> None:
    limbs = pack(drawn)
    assert residues_of(limbs, 81).tolist() == [n % 81 for n in drawn]
    assert np.allclose(log2_of(limbs)[:200], [np.log2(float(n)) for n in drawn[:200]], rtol=1e-14)


def test_drawn_limbs_are_odd_of_the_asked_lengths_and_reproducible() -> None:
    limbs = draw(5000, np.random.default_rng(3), min_bits=2, max_bits=70)
    numbers = unpack(limbs)
    lengths = {n.bit_length() for n in numbers}
    assert all(n % 2 == 1 and n >= 3 for n in numbers)
    assert lengths == set(range(2, 71))
    assert np.array_equal(limbs, draw(5000, np.random.default_rng(3), min_bits=2, max_bits=70))

"""Trajectories: the test list, the training seeds, and hold-out by merging.

Two trajectories merge as soon as they share one number; a test step that lies on a training trajectory is no test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from evenhand_systems.lyapunov.numbers.arithmetic import steps_to_one, trajectory

TEST_SEEDS = (111, 27, 703, 26623, 626331)


@dataclass(frozen=True)
class StepList:
    """The steps of the test trajectories.

    Attributes:
        seeds: where the trajectories begin.
        steps: per seed the numbers that must fall (the trajectory without its final 1).
        distinct: the different numbers among all steps, ascending.
    """

    seeds: tuple[int, ...]
    steps: tuple[tuple[int, ...], ...]
    distinct: tuple[int, ...]

    @property
    def flat(self) -> list[int]:
        """All steps, seed by seed; numbers on several trajectories stand several times."""
        return [n for steps in self.steps for n in steps]


def listed_steps(seeds: Sequence[int] = TEST_SEEDS) -> StepList:
    """The steps of the trajectories of ``seeds``; the default has 429 steps, 340 of them distinct."""
    steps = tuple(tuple(trajectory(seed)[:-1]) for seed in seeds)
    return StepList(tuple(seeds), steps, tuple(sorted({n for one in steps for n in one})))


def record_seeds(count: int = 49, *, start: int = 3) -> list[int]:
    """The first ``count`` odd numbers whose trajectory is longer than that of every smaller odd number.

    A curriculum from easy to hard: each is a new record of length.
    """
    found: list[int] = []
    record, n = -1, start
    known: dict[int, int] = {1: 0}
    while len(found) < count:
        length = _length(n, known)
        if length > record:
            record = length
            found.append(n)
        n += 2
    return found


def _length(n: int, known: dict[int, int]) -> int:
    """Steps to 1, remembering small numbers."""
    path = []
    while n not in known:
        path.append(n)
        image = 3 * n + 1
        n = image >> ((image & -image).bit_length() - 1)
    length = known[n]
    for member in reversed(path):
        length += 1
        if member < 1 << 22:
            known[member] = length
    return length


def training_seeds(count: int = 49, *, above: int = 3, seed: int = 7) -> list[int]:
    """``count`` odd seeds from easy to hard: one from each of as many growing ranges, the longest of 64 draws.

    27, 703 and 26623 stand among them (as in the log), so that the share of test steps on training trajectories shows.
    """
    rng = np.random.default_rng(seed)
    chosen = {27, 703, 26623}
    bits = np.linspace(max(3, above.bit_length()), 24, count)
    for length in bits:
        low = 2.0 ** (length - 1)
        draws = {int(value) | 1 for value in rng.uniform(low, 2 * low, 64)}
        chosen.add(max(sorted(draws), key=steps_to_one))
        if len(chosen) >= count:
            break
    while len(chosen) < count:
        chosen.add(int(rng.integers(1 << 24, 1 << 26)) | 1)
    return sorted(chosen, key=lambda n: (steps_to_one(n), n))


def numbers_on(seeds: Iterable[int]) -> set[int]:
    """All numbers above 1 on the trajectories of ``seeds``."""
    return {n for seed in seeds for n in trajectory(seed) if n > 1}


def merged_share(test: StepList, training: Iterable[int]) -> tuple[int, int]:
    """(test steps that lie on a training trajectory, all test steps)."""
    known = numbers_on(training)
    flat = test.flat
    return sum(n in known for n in flat), len(flat)


def held_out(candidates: Sequence[int], training: Iterable[int], *, floor: int = 0) -> dict[int, list[int]]:
    """Per candidate seed its steps before it merges into a training trajectory, or into an earlier candidate's.

    Steps at or below ``floor`` are dropped: every trajectory ends in the same few small numbers.
    """
    known = numbers_on(training)
    kept: dict[int, list[int]] = {}
    for seed in candidates:
        fresh = []
        for n in trajectory(seed):
            if n in known or n <= max(1, floor):
                break
            fresh.append(n)
        known.update(fresh)
        kept[seed] = fresh
    return kept


def without_merging(training: Sequence[int], test: StepList, *, floor: int = 1000) -> list[int]:
    """The training seeds whose trajectories share no number above ``floor`` with the test trajectories."""
    forbidden = {n for n in test.distinct if n > floor}
    return [seed for seed in training if not forbidden.intersection(trajectory(seed))]


def apart_seeds(training: Sequence[int], test: StepList, *, floor: int = 1000, seed: int = 11) -> list[int]:
    """As many seeds as ``training`` has, none of which shares a number above ``floor`` with the test trajectories.

    Seeds that do not merge stay. In place of each that does comes the longest apart from the test among 64 draws of its
    bit length, so that the list still grows from easy to hard; the longest of all mostly merge, so these are shorter.
    """
    rng = np.random.default_rng(seed)
    forbidden = {n for n in test.distinct if n > floor}
    chosen = set(without_merging(training, test, floor=floor))
    for merging in sorted(set(training) - chosen):
        bits, free = merging.bit_length(), set[int]()
        while not free:  # a range that holds no further seed hands on to the next one
            low = 1 << (bits - 1)
            draws = {int(value) | 1 for value in rng.integers(low, 2 * low, 64)}
            free = {n for n in draws - chosen if n > 1 and not forbidden.intersection(trajectory(n))}
            bits += 1
        chosen.add(max(sorted(free), key=steps_to_one))
    return sorted(chosen, key=lambda n: (steps_to_one(n), n))


def curriculum_seeds(*, hold_out: bool) -> list[int]:
    """The 49 training seeds from easy to hard: apart from the test trajectories, or merging into them as in the log."""
    seeds = training_seeds()
    return apart_seeds(seeds, listed_steps()) if hold_out else seeds


def on_trajectory_numbers(starts: Sequence[int], *, steps_per_start: int, seed: int) -> list[int]:
    """One number per start: T applied 8 to 8 + steps_per_start times, stopped above 1.

    The on-trajectory measure: numbers as trajectories visit them. None is divisible by 3, unlike a third of all n,
    on which any V may be lifted at no cost.
    """
    rng = np.random.default_rng(seed)
    numbers = []
    for n in starts:
        current = n
        for _ in range(8 + int(rng.integers(steps_per_start + 1))):
            image = 3 * current + 1
            following = image >> ((image & -image).bit_length() - 1)
            if following == 1:
                break
            current = following
        numbers.append(current)
    return numbers

"""Many integers at once: little-endian uint64 limbs, and their valuations exactly, to any width.

A batch is an (N, W) uint64 array: n = sum of limb[w] * 2^(64 w). The kernel reads valuations from the lowest limb
while its bits still decide them, and brings the whole number up to date once per block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numba
import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError

Limbs = NDArray[np.uint64]

BLOCK_STEPS = 20  # 3^20 < 2^32, so a block's multiplier needs one half-limb
BLOCK_BITS = 30  # with at most 20 steps the offset of a block then stays below 2^62
GROWTH_BITS = 0.585  # log2(3) - 1 rounded up: T(n) <= (3n + 1) / 2


def pack(numbers: Sequence[int], *, minimum: int = 1) -> Limbs:
    """(N, W) limbs of odd positive integers, W as small as the largest of them allows.

    Raises:
        DataError: a number is even, not positive, or below ``minimum``; its row (counted from 0) is named.
    """
    for row, n in enumerate(numbers):
        if n < minimum or n < 1 or not n & 1:
            raise DataError(f"Row {row}: expected an odd integer >= {minimum}; found {n}.")
    width = max(1, -(-max((n.bit_length() for n in numbers), default=1) // 64))
    raw = b"".join(n.to_bytes(8 * width, "little") for n in numbers)
    return np.frombuffer(raw, dtype="<u8").reshape(len(numbers), width).astype(np.uint64)


def unpack(limbs: Limbs) -> list[int]:
    """The Python integers of an (N, W) limb array."""
    raw = np.ascontiguousarray(limbs, dtype="<u8")
    size = 8 * raw.shape[1]
    data = raw.tobytes()
    return [int.from_bytes(data[i : i + size], "little") for i in range(0, len(data), size)]


def in_chunks(function: Callable[[int, int], None], count: int, threads: int) -> None:
    """Run ``function(start, stop)`` over ``count`` rows: threads share the rows, kernels release the GIL."""
    if threads <= 1 or count < 4096:
        function(0, count)
        return
    edges = np.linspace(0, count, 4 * threads + 1).astype(int)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda pair: function(int(pair[0]), int(pair[1])), pairwise(edges)))


def valuation_table(limbs: Limbs, steps: int, *, threads: int = 1) -> NDArray[np.uint16]:
    """(N, steps) exact valuations k_1..k_steps of each n, not clipped.

    Raises:
        DataError: ``steps`` is below 1, or a row is even.
    """
    if steps < 1:
        raise DataError(f"At least one step is needed to read valuations; found {steps}.")
    even = np.flatnonzero((limbs[:, 0] & np.uint64(1)) == 0)
    if even.size:
        raise DataError(f"Row {int(even[0])}: expected an odd positive integer; found an even number.")
    width = limbs.shape[1] + int(GROWTH_BITS * steps + 34) // 64 + 1
    table = np.empty((len(limbs), steps), np.uint16)

    def fill(start: int, stop: int) -> None:
        valuation_kernel(limbs[start:stop], table[start:stop], width)

    in_chunks(fill, len(limbs), threads)
    return table


def log2_of(limbs: Limbs) -> NDArray[np.float64]:
    """(N,) base-2 logarithms, correct to about one unit in the last place."""
    out = np.empty(len(limbs))
    _log2_kernel(limbs, out)
    return out


def residues_of(limbs: Limbs, modulus: int) -> NDArray[np.int64]:
    """(N,) residues modulo a number below 2^31."""
    out = np.empty(len(limbs), np.int64)
    _residue_kernel(limbs, np.uint64(modulus), out)
    return out


@numba.njit(cache=True, nogil=True)
def trailing_zeros(x):  # type: ignore[no-untyped-def]
    """Trailing zeros of a uint64 that is not 0: most are below 8, so bytes are skipped and bits are counted."""
    count = 0
    while x & np.uint64(0xFF) == 0:
        count += 8
        x >>= np.uint64(8)
    while x & np.uint64(1) == 0:
        count += 1
        x >>= np.uint64(1)
    return count


@numba.njit(cache=True, nogil=True)
def affine_update(number, used, multiplier, offset, shift):  # type: ignore[no-untyped-def]
    """number := (multiplier * number + offset) >> shift in place; multiplier < 2^32, shift < 64. Returns limbs used."""
    half, mask = np.uint64(32), np.uint64(0xFFFFFFFF)
    carry, added = np.uint64(0), offset
    for w in range(used + 1):
        low = (number[w] & mask) * multiplier + carry
        high = (number[w] >> half) * multiplier + (low >> half)
        carry = high >> half
        limb = (high << half) | (low & mask)
        total = limb + added
        added = np.uint64(1) if total < limb else np.uint64(0)
        number[w] = total
    used += 1
    if shift > 0:
        down, up = np.uint64(shift), np.uint64(64 - shift)
        for w in range(used - 1):
            number[w] = (number[w] >> down) | (number[w + 1] << up)
        number[used - 1] >>= down
    while used > 1 and number[used - 1] == 0:
        used -= 1
    return used


@numba.njit(cache=True, nogil=True)
def whole_step(number, used):  # type: ignore[no-untyped-def]
    """One application of T to the whole number in place; returns (limbs used, valuation)."""
    used = affine_update(number, used, np.uint64(3), np.uint64(1), 0)
    valuation = 0
    while number[0] == 0:
        for w in range(used - 1):
            number[w] = number[w + 1]
        number[used - 1] = 0
        used -= 1
        valuation += 64
    rest = trailing_zeros(number[0])
    if rest > 0:
        used = affine_update(number, used, np.uint64(1), np.uint64(0), rest)
    return used, valuation + rest


@numba.njit(cache=True, nogil=True)
def valuations_of_one(row, number, out):  # type: ignore[no-untyped-def]
    """Fill ``out`` with the valuations of the number in ``row``; ``number`` is work space of sufficient width."""
    number[:] = 0
    used = row.shape[0]
    number[:used] = row
    while used > 1 and number[used - 1] == 0:
        used -= 1
    done, steps = 0, out.shape[0]
    while done < steps:
        low, taken, shift = number[0], 0, 0
        multiplier, offset = np.uint64(1), np.uint64(0)
        while done < steps and taken < BLOCK_STEPS and shift <= BLOCK_BITS:
            image = np.uint64(3) * low + np.uint64(1)
            known = np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(shift)
            if image & known == 0:  # the bits at hand do not decide this valuation
                break
            valuation = trailing_zeros(image & known)
            if shift + valuation > 62:
                break
            offset = np.uint64(3) * offset + (np.uint64(1) << np.uint64(shift))
            multiplier *= np.uint64(3)
            low = (image & known) >> np.uint64(valuation)
            shift += valuation
            out[done] = valuation
            done += 1
            taken += 1
        if done == steps:
            return
        if taken > 0:
            used = affine_update(number, used, multiplier, offset, shift)
        else:
            used, valuation = whole_step(number, used)
            out[done] = valuation
            done += 1


@numba.njit(cache=True, nogil=True)
def valuation_kernel(limbs, table, width):  # type: ignore[no-untyped-def]
    """Valuations of (N, W) limbs into an (N, steps) table."""
    number = np.zeros(width + 1, np.uint64)
    for row in range(limbs.shape[0]):
        valuations_of_one(limbs[row], number, table[row])


@numba.njit(cache=True, nogil=True)
def log2_of_one(row):  # type: ignore[no-untyped-def]
    """log2 of one limb row, from its two highest limbs that are not 0."""
    top = row.shape[0] - 1
    while top > 0 and row[top] == 0:
        top -= 1
    value = float(row[top])
    if top == 0:
        return np.log2(value)
    return np.log2(value + float(row[top - 1]) * 2.0**-64) + 64.0 * top


@numba.njit(cache=True, nogil=True)
def _log2_kernel(limbs, out):  # type: ignore[no-untyped-def]
    for row in range(limbs.shape[0]):
        out[row] = log2_of_one(limbs[row])


@numba.njit(cache=True, nogil=True)
def residue_of_one(row, modulus):  # type: ignore[no-untyped-def]
    """Residue of one limb row modulo a uint64 below 2^31."""
    rest, half, mask = np.uint64(0), np.uint64(32), np.uint64(0xFFFFFFFF)
    for w in range(row.shape[0] - 1, -1, -1):
        rest = ((rest << half) | (row[w] >> half)) % modulus
        rest = ((rest << half) | (row[w] & mask)) % modulus
    return rest


@numba.njit(cache=True, nogil=True)
def _residue_kernel(limbs, modulus, out):  # type: ignore[no-untyped-def]
    for row in range(limbs.shape[0]):
        out[row] = residue_of_one(limbs[row], modulus)


def advance(limbs: Limbs, steps: int) -> Limbs:
    """T^steps of each odd number, exactly, as limbs wide enough for all of them."""
    width = limbs.shape[1] + int(GROWTH_BITS * steps + 34) // 64 + 1
    out = np.zeros((len(limbs), width + 1), np.uint64)
    out[:, : limbs.shape[1]] = limbs
    _advance_kernel(out, limbs.shape[1], steps)
    used = max(1, int(np.flatnonzero(out.any(axis=0)).max(initial=0)) + 1)
    return np.ascontiguousarray(out[:, :used])


def draw(count: int, rng: np.random.Generator, *, min_bits: int = 2, max_bits: int = 128) -> Limbs:
    """(count, W) odd numbers >= 3, the bit length uniform in min_bits..max_bits, then uniform of that length.

    Raises:
        DataError: bounds that make no sense.
    """
    if not 2 <= min_bits <= max_bits:
        raise DataError(f"Bit lengths need 2 <= min <= max; found {min_bits}..{max_bits}.")
    width = -(-max_bits // 64)
    limbs = rng.integers(0, 1 << 64, (count, width), dtype=np.uint64)
    bits = rng.integers(min_bits, max_bits + 1, count)
    for w in range(width):
        local = np.clip(bits - 64 * w, 0, 64)
        mask = np.where(local == 64, ~np.uint64(0), (np.uint64(1) << (local % 64).astype(np.uint64)) - np.uint64(1))
        limbs[:, w] &= mask
        top = (local >= 1) & (bits <= 64 * (w + 1))
        limbs[top, w] |= np.uint64(1) << (local[top] - 1).astype(np.uint64)
    limbs[:, 0] |= np.uint64(1)
    return limbs


@numba.njit(cache=True, nogil=True)
def _advance_kernel(numbers, used, steps):  # type: ignore[no-untyped-def]
    for row in range(numbers.shape[0]):
        length = used
        while length > 1 and numbers[row, length - 1] == 0:
            length -= 1
        for _ in range(steps):
            length, _k = whole_step(numbers[row], length)

"""Elementary functions on vectors of eight float32, for numba functions."""

# mypy: ignore-errors
# (numba infers these functions' types from their arguments; annotations would not be checked)

from __future__ import annotations

import numpy as np

from evenhand_systems.rwkv7.kernel.compiling import compiled
from evenhand_systems.rwkv7.kernel.simd import add, clamp, constant, div, fma, mul, nearest, power_of_two, sub


@compiled
def exponential(x):
    """e^x to about one unit in the last place: 2^n times a polynomial on half a binary step around it."""
    x = clamp(x, constant(np.float32(-87.0)), constant(np.float32(88.0)))
    n = nearest(mul(x, constant(np.float32(1.4426950408889634))))
    r = fma(n, constant(np.float32(-0.693359375)), x)
    r = fma(n, constant(np.float32(2.12194440e-4)), r)
    p = constant(np.float32(1.0 / 5040.0))
    p = fma(p, r, constant(np.float32(1.0 / 720.0)))
    p = fma(p, r, constant(np.float32(1.0 / 120.0)))
    p = fma(p, r, constant(np.float32(1.0 / 24.0)))
    p = fma(p, r, constant(np.float32(1.0 / 6.0)))
    p = fma(p, r, constant(np.float32(0.5)))
    p = fma(p, r, constant(np.float32(1.0)))
    p = fma(p, r, constant(np.float32(1.0)))
    return mul(p, power_of_two(n))


@compiled
def sigmoid(x):
    """1 / (1 + e^-x), lane by lane."""
    one = constant(np.float32(1.0))
    return div(one, add(one, exponential(sub(constant(np.float32(0.0)), x))))

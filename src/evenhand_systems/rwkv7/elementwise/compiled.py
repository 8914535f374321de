"""The elementwise parts of an RWKV-7 block and their gradients, as numba functions over flat float32 arrays.

A row is one step of one sequence: row b * T + t of (B * T, C) arrays, C = heads * n. Work is shared out in blocks of
`BLOCK` rows; gradients of per-channel parameters are summed per block, so that the result does not depend on the number
of threads.
Formulas and names: `evenhand_systems.rwkv7.elementwise.plain`. None stands for what the first layer does not have.
"""

# mypy: ignore-errors
# (numba infers these functions' types from their arguments; annotations would not be checked)

from __future__ import annotations

import math

import numpy as np

from evenhand_systems.rwkv7.kernel.compiling import compiled
from evenhand_systems.rwkv7.kernel.functions import exponential, sigmoid
from evenhand_systems.rwkv7.kernel.simd import LANES, add, constant, fma, load, mul, store, sub, total

BLOCK = 16
DECAY_FLOOR = np.float32(-0.6065306597126334)
EPSILON = np.float32(64e-5)
TINY = np.float32(1e-12)


@compiled
def mix_forward(first, stop, rows, steps, width, count, x, before, mixes, out):
    """out[q] = x + (x_prev - x) mixes[q] for `count` mixes."""
    for row in range(first * BLOCK, min(rows, stop * BLOCK)):
        at = row * width
        starts = row % steps == 0
        for j in range(0, width, LANES):
            here = load(x, at + j)
            if starts:
                delta = sub(load(before, (row // steps) * width + j), here)
            else:
                delta = sub(load(x, at - width + j), here)
            for q in range(count):
                store(out, q * rows * width + at + j, fma(delta, load(mixes, q * width + j), here))


@compiled
def mix_backward(first, stop, rows, steps, width, count, x, before, mixes, d_out, d_x, d_before, d_mixes):
    """Gradients of `mix_forward`; d_mixes is (blocks, count, C), added to."""
    one = constant(np.float32(1.0))
    for block in range(first, stop):
        sums = block * count * width
        for row in range(block * BLOCK, min(rows, block * BLOCK + BLOCK)):
            at = row * width
            starts, ends = row % steps == 0, (row + 1) % steps == 0
            for j in range(0, width, LANES):
                here = load(x, at + j)
                if starts:
                    delta = sub(load(before, (row // steps) * width + j), here)
                else:
                    delta = sub(load(x, at - width + j), here)
                grad, back = constant(np.float32(0.0)), constant(np.float32(0.0))
                for q in range(count):
                    mix, own = load(mixes, q * width + j), load(d_out, q * rows * width + at + j)
                    grad = fma(own, sub(one, mix), grad)
                    back = fma(own, mix, back)
                    if not ends:
                        grad = fma(load(d_out, q * rows * width + at + width + j), mix, grad)
                    store(d_mixes, sums + q * width + j, fma(own, delta, load(d_mixes, sums + q * width + j)))
                store(d_x, at + j, grad)
                if starts:
                    store(d_before, (row // steps) * width + j, back)


@compiled
def _inverse_norm(k, at, k_k, column, n):
    squares = constant(np.float32(0.0))
    for j in range(0, n, LANES):
        u = mul(load(k, at + j), load(k_k, column + j))
        squares = fma(u, u, squares)
    return np.float32(1.0) / max(np.float32(math.sqrt(total(squares))), TINY)


@compiled
def prepare_forward(
    first, stop, rows, heads, n, k, v, w_logit, a_logit, v_logit, v_first, w0, a0, v0, k_k, k_a,
    decay, key, value, removal, rewrite,
):  # fmt: skip
    """From a layer's projections to the recurrence's inputs; `value` is None in the first layer, which keeps v."""
    one = constant(np.float32(1.0))
    for row in range(first * BLOCK, min(rows, stop * BLOCK)):
        for head in range(heads):
            column = head * n
            at = row * heads * n + column
            inverse = constant(_inverse_norm(k, at, k_k, column, n))
            for j in range(0, n, LANES):
                raw = load(k, at + j)
                rate = sigmoid(add(load(a0, column + j), load(a_logit, at + j)))
                unit = mul(mul(raw, load(k_k, column + j)), inverse)
                store(removal, at + j, sub(constant(np.float32(0.0)), unit))
                store(rewrite, at + j, mul(unit, rate))
                store(key, at + j, mul(raw, fma(sub(rate, one), load(k_a, column + j), one)))
                speed = sigmoid(add(load(w0, column + j), load(w_logit, at + j)))
                store(decay, at + j, exponential(mul(constant(DECAY_FLOOR), speed)))
                if v_first is not None:
                    share = sigmoid(add(load(v0, column + j), load(v_logit, at + j)))
                    own = load(v, at + j)
                    store(value, at + j, fma(sub(load(v_first, at + j), own), share, own))


@compiled
def _unit_dot(k, at, k_k, column, n, inverse, a_logit, a0, d_removal, d_rewrite):
    """Sum over the head of the unit vector times its gradient."""
    dot = constant(np.float32(0.0))
    for j in range(0, n, LANES):
        unit = mul(mul(load(k, at + j), load(k_k, column + j)), inverse)
        rate = sigmoid(add(load(a0, column + j), load(a_logit, at + j)))
        dot = fma(unit, sub(mul(load(d_rewrite, at + j), rate), load(d_removal, at + j)), dot)
    return total(dot)


@compiled
def prepare_backward(
    first, stop, rows, heads, n, k, v, w_logit, a_logit, v_logit, v_first, w0, a0, v0, k_k, k_a,
    d_log_decay, d_key, d_value, d_removal, d_rewrite,
    d_k, d_v, d_w_logit, d_a_logit, d_v_logit, d_v_first, d_parameters,
):  # fmt: skip
    """Gradients of `prepare_forward`; d_parameters is (blocks, 5, C) for w0, a0, k_k, k_a, v0, added to."""
    one = constant(np.float32(1.0))
    width = heads * n
    for block in range(first, stop):
        for row in range(block * BLOCK, min(rows, block * BLOCK + BLOCK)):
            for head in range(heads):
                column = head * n
                at, sums = row * width + column, block * 5 * width + column
                inverse = constant(_inverse_norm(k, at, k_k, column, n))
                dot = constant(_unit_dot(k, at, k_k, column, n, inverse, a_logit, a0, d_removal, d_rewrite))
                for j in range(0, n, LANES):
                    raw, scale, strength = load(k, at + j), load(k_k, column + j), load(k_a, column + j)
                    rate = sigmoid(add(load(a0, column + j), load(a_logit, at + j)))
                    less = sub(rate, one)
                    unit = mul(mul(raw, scale), inverse)
                    g_key, g_rewrite = load(d_key, at + j), load(d_rewrite, at + j)
                    g_unit = sub(mul(g_rewrite, rate), load(d_removal, at + j))
                    g_scaled = mul(inverse, sub(g_unit, mul(unit, dot)))
                    g_rate = fma(mul(g_key, raw), strength, mul(g_rewrite, unit))
                    g_a = mul(g_rate, mul(rate, sub(one, rate)))
                    store(d_a_logit, at + j, g_a)
                    store(d_k, at + j, fma(g_scaled, scale, mul(g_key, fma(less, strength, one))))
                    speed = sigmoid(add(load(w0, column + j), load(w_logit, at + j)))
                    slope = mul(constant(DECAY_FLOOR), mul(speed, sub(one, speed)))
                    g_w = mul(load(d_log_decay, at + j), slope)
                    store(d_w_logit, at + j, g_w)
                    p = sums + j
                    store(d_parameters, p, add(load(d_parameters, p), g_w))
                    p += width
                    store(d_parameters, p, add(load(d_parameters, p), g_a))
                    p += width
                    store(d_parameters, p, fma(g_scaled, raw, load(d_parameters, p)))
                    p += width
                    store(d_parameters, p, fma(mul(g_key, raw), less, load(d_parameters, p)))
                    if v_first is not None:
                        share = sigmoid(add(load(v0, column + j), load(v_logit, at + j)))
                        g_value = load(d_value, at + j)
                        from_first = mul(g_value, share)
                        store(d_v_first, at + j, from_first)
                        store(d_v, at + j, sub(g_value, from_first))
                        apart = sub(load(v_first, at + j), load(v, at + j))
                        g_v = mul(mul(from_first, apart), sub(one, share))
                        store(d_v_logit, at + j, g_v)
                        p += width
                        store(d_parameters, p, add(load(d_parameters, p), g_v))


@compiled
def _moments(y, at, n):
    """Mean and inverse standard deviation over a head."""
    acc = constant(np.float32(0.0))
    for j in range(0, n, LANES):
        acc = add(acc, load(y, at + j))
    mean = total(acc) / np.float32(n)
    centre, acc = constant(mean), constant(np.float32(0.0))
    for j in range(0, n, LANES):
        apart = sub(load(y, at + j), centre)
        acc = fma(apart, apart, acc)
    return mean, np.float32(1.0) / np.float32(math.sqrt(total(acc) / np.float32(n) + EPSILON))


@compiled
def _bonus(r, k, at, r_k, column, n):
    acc = constant(np.float32(0.0))
    for j in range(0, n, LANES):
        acc = fma(mul(load(r, at + j), load(k, at + j)), load(r_k, column + j), acc)
    return total(acc)


@compiled
def finish_forward(first, stop, rows, heads, n, y, r, k, v, gate, r_k, weight, bias, out):
    """(GroupNorm(y) + (sum over the head of r k r_k) v) gate."""
    for row in range(first * BLOCK, min(rows, stop * BLOCK)):
        for head in range(heads):
            column = head * n
            at = row * heads * n + column
            mean, inverse = _moments(y, at, n)
            centre, scale = constant(mean), constant(inverse)
            bonus = constant(_bonus(r, k, at, r_k, column, n))
            for j in range(0, n, LANES):
                normed = mul(sub(load(y, at + j), centre), scale)
                inner = fma(normed, load(weight, column + j), load(bias, column + j))
                store(out, at + j, mul(fma(bonus, load(v, at + j), inner), load(gate, at + j)))


@compiled
def _finish_sums(d_out, y, v, gate, weight, at, column, n, centre, scale):
    """Sums over a head: of the normed output's gradient, of that times the normed output, of the bonus's gradient."""
    zero = constant(np.float32(0.0))
    plain, along, bonus = zero, zero, zero
    for j in range(0, n, LANES):
        inner = mul(load(d_out, at + j), load(gate, at + j))
        bonus = fma(inner, load(v, at + j), bonus)
        g = mul(inner, load(weight, column + j))
        plain = add(plain, g)
        along = fma(g, mul(sub(load(y, at + j), centre), scale), along)
    return total(plain), total(along), total(bonus)


@compiled
def finish_backward(
    first, stop, rows, heads, n, y, r, k, v, gate, r_k, weight, bias, d_out, d_y, d_r, d_k, d_v, d_gate, d_parameters
):
    """Gradients of `finish_forward`; d_parameters is (blocks, 3, C) for r_k, weight, bias, added to."""
    width = heads * n
    for block in range(first, stop):
        for row in range(block * BLOCK, min(rows, block * BLOCK + BLOCK)):
            for head in range(heads):
                column = head * n
                at, sums = row * width + column, block * 3 * width + column
                mean, inverse = _moments(y, at, n)
                centre, scale = constant(mean), constant(inverse)
                bonus = constant(_bonus(r, k, at, r_k, column, n))
                plain, along, g_bonus = _finish_sums(d_out, y, v, gate, weight, at, column, n, centre, scale)
                plain, along = constant(plain / np.float32(n)), constant(along / np.float32(n))
                g_bonus = constant(g_bonus)
                for j in range(0, n, LANES):
                    normed = mul(sub(load(y, at + j), centre), scale)
                    own, value = load(d_out, at + j), load(v, at + j)
                    scaled = fma(normed, load(weight, column + j), load(bias, column + j))
                    store(d_gate, at + j, mul(own, fma(bonus, value, scaled)))
                    inner = mul(own, load(gate, at + j))
                    store(d_v, at + j, mul(inner, bonus))
                    g = sub(mul(inner, load(weight, column + j)), fma(normed, along, plain))
                    store(d_y, at + j, mul(scale, g))
                    query, key, factor = load(r, at + j), load(k, at + j), load(r_k, column + j)
                    store(d_r, at + j, mul(g_bonus, mul(key, factor)))
                    store(d_k, at + j, mul(g_bonus, mul(query, factor)))
                    p = sums + j
                    store(d_parameters, p, fma(g_bonus, mul(query, key), load(d_parameters, p)))
                    store(d_parameters, p + width, fma(inner, normed, load(d_parameters, p + width)))
                    store(d_parameters, p + 2 * width, add(inner, load(d_parameters, p + 2 * width)))

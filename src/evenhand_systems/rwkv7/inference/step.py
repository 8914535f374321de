"""One decoding step of the whole model as one compiled function, run by all threads at once.

Matrix rows are divided among the threads; everything of length C is cheaper to compute on each thread than to share,
and goes to the thread's own scratch. Between dependent products the threads meet. Batches read each weight once.
"""

# mypy: ignore-errors
# (numba infers these functions' types from their arguments; annotations would not be checked)

from __future__ import annotations

import math

import numpy as np

from evenhand_systems.rwkv7.elementwise.compiled import BLOCK, finish_forward, prepare_forward
from evenhand_systems.rwkv7.inference.barrier import load_weights, wait_for_all
from evenhand_systems.rwkv7.kernel.compiling import compiled
from evenhand_systems.rwkv7.kernel.functions import sigmoid
from evenhand_systems.rwkv7.kernel.scan import scan_forward
from evenhand_systems.rwkv7.kernel.simd import (
    LANES,
    add,
    add_totals,
    clamp,
    constant,
    fma,
    load,
    mul,
    store,
    store_totals,
    sub,
    total,
)  # fmt: skip

ROWS = 8  # as many running sums as hide the latency of a multiply-add
LAYER_NORM_EPSILON = np.float32(1e-5)
# The order of a layer's vectors and matrices in the packed arrays.
VECTORS = (
    "ln1.weight", "ln1.bias", "att.x_r", "att.x_w", "att.x_k", "att.x_v", "att.x_a", "att.x_g",
    "att.w0", "att.a0", "att.v0", "att.k_k", "att.k_a", "att.r_k", "att.ln_x.weight", "att.ln_x.bias",
    "ln2.weight", "ln2.bias", "ffn.x_k",
)  # fmt: skip
MATRICES = (
    "att.receptance.weight", "att.w1", "att.key.weight", "att.value.weight", "att.a1", "att.g1", "att.v1",
    "att.w2", "att.a2", "att.g2", "att.v2", "att.output.weight", "ffn.key.weight", "ffn.value.weight",
)  # fmt: skip


@compiled
def _part(thread, threads, rows):
    """The rows of this thread, in whole groups of `ROWS`."""
    groups = rows // ROWS
    return groups * thread // threads * ROWS, groups * (thread + 1) // threads * ROWS


@compiled
def _product(thread, threads, batch, matrices, at, rows, columns, x, out, accumulate):
    """out (batch, rows) = or += x (batch, columns) W^T for this thread's rows of W (rows, columns).

    W is kept in the order in which it is read: tiles of `ROWS` rows by `LANES` columns, along a group of rows first.
    """
    begin, end = _part(thread, threads, rows)
    zero = constant(np.float32(0.0))
    for row in range(begin, end, ROWS):
        for b in range(batch):
            w = at + row * columns
            s0, s1, s2, s3 = zero, zero, zero, zero
            s4, s5, s6, s7 = zero, zero, zero, zero
            for j in range(0, columns, LANES):
                value = load(x, b * columns + j)
                s0 = fma(load_weights(matrices, w), value, s0)
                s1 = fma(load_weights(matrices, w + LANES), value, s1)
                s2 = fma(load_weights(matrices, w + 2 * LANES), value, s2)
                s3 = fma(load_weights(matrices, w + 3 * LANES), value, s3)
                s4 = fma(load_weights(matrices, w + 4 * LANES), value, s4)
                s5 = fma(load_weights(matrices, w + 5 * LANES), value, s5)
                s6 = fma(load_weights(matrices, w + 6 * LANES), value, s6)
                s7 = fma(load_weights(matrices, w + 7 * LANES), value, s7)
                w += ROWS * LANES
            if accumulate:
                add_totals(out, b * rows + row, s0, s1, s2, s3)
                add_totals(out, b * rows + row + 4, s4, s5, s6, s7)
            else:
                store_totals(out, b * rows + row, s0, s1, s2, s3)
                store_totals(out, b * rows + row + 4, s4, s5, s6, s7)


@compiled
def _norm(x, batch, width, vectors, at, out):
    """Layer norm of each row; weight at `at`, bias after it."""
    for b in range(batch):
        acc = constant(np.float32(0.0))
        for j in range(0, width, LANES):
            acc = add(acc, load(x, b * width + j))
        mean = total(acc) / np.float32(width)
        centre, acc = constant(mean), constant(np.float32(0.0))
        for j in range(0, width, LANES):
            apart = sub(load(x, b * width + j), centre)
            acc = fma(apart, apart, acc)
        scale = constant(np.float32(1.0) / np.float32(math.sqrt(total(acc) / np.float32(width) + LAYER_NORM_EPSILON)))
        for j in range(0, width, LANES):
            normed = mul(sub(load(x, b * width + j), centre), scale)
            store(out, b * width + j, fma(normed, load(vectors, at + j), load(vectors, at + width + j)))


@compiled
def _mix(x, before, batch, width, vectors, at, out):
    """x + (x_prev - x) mix for each row."""
    for b in range(batch):
        for j in range(0, width, LANES):
            here = load(x, b * width + j)
            delta = sub(load(before, b * width + j), here)
            store(out, b * width + j, fma(delta, load(vectors, at + j), here))


@compiled
def _sigmoid_of(x, scale, out, stretch, shift):
    """out = stretch sigmoid(scale x) + shift; tanh x is 2 sigmoid(2 x) - 1."""
    for j in range(0, x.size, LANES):
        value = sigmoid(mul(load(x, j), constant(np.float32(scale))))
        store(out, j, fma(value, constant(np.float32(stretch)), constant(np.float32(shift))))


@compiled
def _square_of_positive(x, out):
    zero, high = constant(np.float32(0.0)), constant(np.float32(np.inf))
    for j in range(0, x.size, LANES):
        positive = clamp(load(x, j), zero, high)
        store(out, j, mul(positive, positive))


@compiled
def _project(thread, threads, layer, batch, width, ranks, matrices, places, vectors, normed, before, mixed, shared):
    """Products of the six shifted mixes: r, the decay's low rank, k, v with its low rank, the rate's, the gate's."""
    p, size = (layer * len(VECTORS) + 2) * width, batch * width
    r, k, v = shared[0, :size], shared[1, :size], shared[2, :size]
    low_w, low_a = shared[4, : batch * ranks[0]], shared[5, : batch * ranks[1]]
    low_g, low_v = shared[6, : batch * ranks[2]], shared[7, : batch * ranks[3]]
    _mix(normed, before, batch, width, vectors, p, mixed)
    _product(thread, threads, batch, matrices, places[layer, 0], width, width, mixed, r, False)
    _mix(normed, before, batch, width, vectors, p + width, mixed)
    _product(thread, threads, batch, matrices, places[layer, 1], ranks[0], width, mixed, low_w, False)
    _mix(normed, before, batch, width, vectors, p + 2 * width, mixed)
    _product(thread, threads, batch, matrices, places[layer, 2], width, width, mixed, k, False)
    _mix(normed, before, batch, width, vectors, p + 3 * width, mixed)
    _product(thread, threads, batch, matrices, places[layer, 3], width, width, mixed, v, False)
    if layer > 0:
        _product(thread, threads, batch, matrices, places[layer, 6], ranks[3], width, mixed, low_v, False)
    _mix(normed, before, batch, width, vectors, p + 4 * width, mixed)
    _product(thread, threads, batch, matrices, places[layer, 4], ranks[1], width, mixed, low_a, False)
    _mix(normed, before, batch, width, vectors, p + 5 * width, mixed)
    _product(thread, threads, batch, matrices, places[layer, 5], ranks[2], width, mixed, low_g, False)


@compiled
def _expand(thread, threads, layer, batch, width, ranks, matrices, places, shared, active):
    """Second halves of the low-rank maps: the logits of decay, rate and value residual, and the gate."""
    size = batch * width
    low_w, low_a = shared[4, : batch * ranks[0]], shared[5, : batch * ranks[1]]
    low_g, low_v = shared[6, : batch * ranks[2]], shared[7, : batch * ranks[3]]
    _sigmoid_of(low_w, 2.0, active, 2.0, -1.0)
    _product(thread, threads, batch, matrices, places[layer, 7], width, ranks[0], active, shared[8, :size], False)
    _product(thread, threads, batch, matrices, places[layer, 8], width, ranks[1], low_a, shared[9, :size], False)
    _sigmoid_of(low_g, 1.0, active, 1.0, 0.0)
    _product(thread, threads, batch, matrices, places[layer, 9], width, ranks[2], active, shared[10, :size], False)
    if layer > 0:
        _product(thread, threads, batch, matrices, places[layer, 10], width, ranks[3], low_v, shared[11, :size], False)


@compiled
def _recur(thread, threads, layer, batch, heads, n, vectors, state, shared, mine):
    """This thread's heads go one step on, into shared[12]; what the recurrence reads stays in the thread's scratch."""
    width, size = heads * n, batch * heads * n
    p = (layer * len(VECTORS) + 8) * width
    w0, a0, v0 = vectors[p : p + width], vectors[p + width : p + 2 * width], vectors[p + 2 * width : p + 3 * width]
    k_k, k_a = vectors[p + 3 * width : p + 4 * width], vectors[p + 4 * width : p + 5 * width]
    r, k, v, first = shared[0, :size], shared[1, :size], shared[2, :size], shared[3, :size]
    logit_w, logit_a, logit_v = shared[8, :size], shared[9, :size], shared[11, :size]
    decay, key, value, removal, rewrite = mine[4, :size], mine[5, :size], mine[6, :size], mine[7, :size], mine[8, :size]
    blocks = (batch + BLOCK - 1) // BLOCK
    if layer == 0:
        prepare_forward(
            0, blocks, batch, heads, n, k, v, logit_w, logit_a, None, None, w0, a0, None, k_k, k_a,
            decay, key, None, removal, rewrite,
        )  # fmt: skip
        value[:] = v
        if thread == 0:
            first[:] = v
    else:
        prepare_forward(
            0, blocks, batch, heads, n, k, v, logit_w, logit_a, logit_v, first, w0, a0, v0, k_k, k_a,
            decay, key, value, removal, rewrite,
        )  # fmt: skip
    begin, end = batch * heads * thread // threads, batch * heads * (thread + 1) // threads
    y, removed = shared[12, :size], shared[13, :size]
    scan_forward(begin, end, 1, heads, n, r, decay, key, value, removal, rewrite, None, state, y, removed, None)


@compiled
def _finish(layer, batch, heads, n, vectors, shared, mine, finished):
    """Group norm, bonus and gate of all heads."""
    width, size = heads * n, batch * heads * n
    p = (layer * len(VECTORS) + 13) * width
    r_k, weight, bias = (
        vectors[p : p + width],
        vectors[p + width : p + 2 * width],
        vectors[p + 2 * width : p + 3 * width],
    )
    r, gate, y, key, value = shared[0, :size], shared[10, :size], shared[12, :size], mine[5, :size], mine[6, :size]
    finish_forward(
        0, (batch + BLOCK - 1) // BLOCK, batch, heads, n, y, r, key, value, gate, r_k, weight, bias, finished
    )


@compiled
def decode_step(
    thread, threads, counter, layers, batch, heads, n, ranks, vocabulary, matrices, places, vectors,
    x, time_before, channel_before, time_after, channel_after, states, shared, own, logits,
):  # fmt: skip
    """Read one embedded token per sequence, `x` (batch, C) after the first norm; write `logits` (batch, vocabulary).

    Args:
        thread, threads, counter: which thread this is, of how many; a zeroed int64 that they count their phases in.
        ranks: (4,) low ranks of decay, rate, gate, value residual.
        matrices, places, vectors: packed weights; place of each matrix (layers + 1, len(MATRICES)), the last row the
            head's; vectors (layers, len(VECTORS), C) and after them the last norm's two.
        time_before .. channel_after: (layers, batch, C), shifts as they were and as they become.
        states: (layers, batch, heads, n, n), overwritten.
        shared: (15, batch * 4 C) results that all threads read: r, k, v, the first layer's v; four low ranks; logits of
            decay and rate, gate, logits of the value residual; y, removed parts; the channel mix's inner vector.
        own: (threads, 9, batch * 4 C) scratch of each thread.
    """
    width = heads * n
    size = batch * width
    mine = own[thread]
    normed, mixed, finished, inner = mine[0, :size], mine[1, :size], mine[2, :size], shared[14, : 4 * size]
    phase = 1
    for layer in range(layers):
        base = layer * len(VECTORS) * width
        _norm(x, batch, width, vectors, base, normed)
        _project(
            thread, threads, layer, batch, width, ranks, matrices, places, vectors, normed, time_before[layer], mixed,
            shared,
        )  # fmt: skip
        if thread == 0:
            time_after[layer][:] = normed
        phase = wait_for_all(counter, threads, phase)
        _expand(thread, threads, layer, batch, width, ranks, matrices, places, shared, mine[3])
        phase = wait_for_all(counter, threads, phase)
        _recur(thread, threads, layer, batch, heads, n, vectors, states[layer], shared, mine)
        phase = wait_for_all(counter, threads, phase)
        _finish(layer, batch, heads, n, vectors, shared, mine, finished)
        _product(thread, threads, batch, matrices, places[layer, 11], width, width, finished, x, True)
        phase = wait_for_all(counter, threads, phase)
        _norm(x, batch, width, vectors, base + 16 * width, normed)
        _mix(normed, channel_before[layer], batch, width, vectors, base + 18 * width, mixed)
        if thread == 0:
            channel_after[layer][:] = normed
        _product(thread, threads, batch, matrices, places[layer, 12], 4 * width, width, mixed, inner, False)
        phase = wait_for_all(counter, threads, phase)
        _square_of_positive(inner, mine[3])
        _product(thread, threads, batch, matrices, places[layer, 13], width, 4 * width, mine[3], x, True)
        phase = wait_for_all(counter, threads, phase)
    _norm(x, batch, width, vectors, layers * len(VECTORS) * width, normed)
    _product(thread, threads, batch, matrices, places[layers, 0], vocabulary, width, normed, logits, False)

"""The WKV-7 recurrence and its gradient, one head after the other, as numba functions over flat float32 arrays.

Layout: sequences are (B, T, H, N) flattened, states (B, H, N, N) flattened with value rows first; a head is numbered
b * H + h. Four value rows are carried at a time and the inner loop runs over the keys, eight at a time. Within a
chunk of `CHUNK` steps the row blocks follow each other, so that the chunk's inputs and the four rows stay in the
nearest cache.

Forward: one pass over the state per step updates it, reads the output, and already gathers what the next step removes
(S_t a_{t+1}), which is kept for the backward pass together with the state at the start of each chunk.
Backward: a chunk's states are recomputed four rows at a time, then the chunk is walked from its end.

`pull` (None or one matrix per head) is the per-step seed: the state decays towards it instead of towards zero.
"""

# mypy: ignore-errors
# (numba infers these functions' types from their arguments; annotations would not be checked)

from __future__ import annotations

import numpy as np

from evenhand_systems.rwkv7.kernel.compiling import compiled
from evenhand_systems.rwkv7.kernel.simd import (
    LANES,
    add_totals,
    constant,
    fma,
    load,
    mul,
    spread,
    store,
    store_totals,
    sub,
)

CHUNK = 16
ROWS = 4


@compiled
def _decayed(state, at, decay, pull, pull_at):
    if pull is None:
        return mul(load(state, at), decay)
    target = load(pull, pull_at)
    return fma(sub(load(state, at), target), decay, target)


@compiled
def _spread4(array, at):
    return spread(array, at), spread(array, at + 1), spread(array, at + 2), spread(array, at + 3)


@compiled
def _removed_rows(state, row, n, a, at, removed, out_at):
    """removed[0:4] = four rows of the state times the removal vector."""
    zero = constant(np.float32(0.0))
    s0, s1, s2, s3 = zero, zero, zero, zero
    for j in range(0, n, LANES):
        removal = load(a, at + j)
        s0 = fma(load(state, row + j), removal, s0)
        s1 = fma(load(state, row + n + j), removal, s1)
        s2 = fma(load(state, row + 2 * n + j), removal, s2)
        s3 = fma(load(state, row + 3 * n + j), removal, s3)
    store_totals(removed, out_at, s0, s1, s2, s3)


@compiled
def _forward_rows(state, row, n, at, ahead, i, r, w, k, v, a, b, pull, out, removed, last):
    """One step of four value rows: update the state, read the output, gather what the next step removes."""
    zero = constant(np.float32(0.0))
    y0, y1, y2, y3 = zero, zero, zero, zero
    n0, n1, n2, n3 = zero, zero, zero, zero
    q0, q1, q2, q3 = _spread4(removed, at + i)
    v0, v1, v2, v3 = _spread4(v, at + i)
    for j in range(0, n, LANES):
        decay, key, rewrite = load(w, at + j), load(k, at + j), load(b, at + j)
        query, removal = load(r, at + j), load(a, ahead + j)
        p0, p1, p2, p3 = row + j, row + n + j, row + 2 * n + j, row + 3 * n + j
        s = fma(v0, key, fma(q0, rewrite, _decayed(state, p0, decay, pull, p0)))
        store(state, p0, s)
        y0, n0 = fma(s, query, y0), fma(s, removal, n0)
        s = fma(v1, key, fma(q1, rewrite, _decayed(state, p1, decay, pull, p1)))
        store(state, p1, s)
        y1, n1 = fma(s, query, y1), fma(s, removal, n1)
        s = fma(v2, key, fma(q2, rewrite, _decayed(state, p2, decay, pull, p2)))
        store(state, p2, s)
        y2, n2 = fma(s, query, y2), fma(s, removal, n2)
        s = fma(v3, key, fma(q3, rewrite, _decayed(state, p3, decay, pull, p3)))
        store(state, p3, s)
        y3, n3 = fma(s, query, y3), fma(s, removal, n3)
    store_totals(out, at + i, y0, y1, y2, y3)
    if not last:
        store_totals(removed, ahead + i, n0, n1, n2, n3)


@compiled
def scan_forward(first, stop, steps, heads, n, r, w, k, v, a, b, pull, state, out, removed, checkpoints):
    """Heads first..stop: turn `state` from initial into terminal; fill `out` and `removed` (S_{t-1} a_t).

    `checkpoints` receives, per head, the state at the start of each chunk; None keeps none.
    """
    stride = heads * n
    chunks = (steps + CHUNK - 1) // CHUNK
    for head in range(first, stop):
        base = (head // heads) * steps * stride + (head % heads) * n
        own = head * n * n
        for i in range(0, n, ROWS):
            _removed_rows(state, own + i * n, n, a, base, removed, base + i)
        for chunk in range(chunks):
            if checkpoints is not None:
                kept = (head * chunks + chunk) * n * n
                for j in range(0, n * n, LANES):
                    store(checkpoints, kept + j, load(state, own + j))
            begin, end = chunk * CHUNK, min(steps, chunk * CHUNK + CHUNK)
            for i in range(0, n, ROWS):
                for t in range(begin, end):
                    at = base + t * stride
                    last = t + 1 == steps
                    ahead = at if last else at + stride
                    _forward_rows(state, own + i * n, n, at, ahead, i, r, w, k, v, a, b, pull, out, removed, last)


@compiled
def _replay_rows(states, old, n, at, i, w, k, v, b, pull, pull_row, removed, d_out, d_r):
    """Recompute one step of four rows (from states[old] to the slot after it) and add its share of r's gradient."""
    new = old + ROWS * n
    q0, q1, q2, q3 = _spread4(removed, at + i)
    v0, v1, v2, v3 = _spread4(v, at + i)
    y0, y1, y2, y3 = _spread4(d_out, at + i)
    for j in range(0, n, LANES):
        decay, key, rewrite = load(w, at + j), load(k, at + j), load(b, at + j)
        grad = load(d_r, at + j)
        c0, c1, c2, c3 = j, n + j, 2 * n + j, 3 * n + j
        s = fma(v0, key, fma(q0, rewrite, _decayed(states, old + c0, decay, pull, pull_row + c0)))
        store(states, new + c0, s)
        grad = fma(s, y0, grad)
        s = fma(v1, key, fma(q1, rewrite, _decayed(states, old + c1, decay, pull, pull_row + c1)))
        store(states, new + c1, s)
        grad = fma(s, y1, grad)
        s = fma(v2, key, fma(q2, rewrite, _decayed(states, old + c2, decay, pull, pull_row + c2)))
        store(states, new + c2, s)
        grad = fma(s, y2, grad)
        s = fma(v3, key, fma(q3, rewrite, _decayed(states, old + c3, decay, pull, pull_row + c3)))
        store(states, new + c3, s)
        grad = fma(s, y3, grad)
        store(d_r, at + j, grad)


@compiled
def _decay_share(d, state, pull, pull_at, so_far):
    if pull is None:
        return fma(d, state, so_far)
    return fma(d, sub(state, load(pull, pull_at)), so_far)


@compiled
def _backward_read(
    d_state, row, states, old, n, at, i, r, k, v, b, pull, removed, d_out, d_w, d_k, d_v, d_b, d_removed
):
    """First half of a backward step of four rows: the output's gradient enters; k, v, b, w, removed get theirs."""
    zero = constant(np.float32(0.0))
    g0, g1, g2, g3 = zero, zero, zero, zero
    e0, e1, e2, e3 = zero, zero, zero, zero
    q0, q1, q2, q3 = _spread4(removed, at + i)
    v0, v1, v2, v3 = _spread4(v, at + i)
    y0, y1, y2, y3 = _spread4(d_out, at + i)
    for j in range(0, n, LANES):
        query, key, rewrite = load(r, at + j), load(k, at + j), load(b, at + j)
        grad_k, grad_b, grad_w = load(d_k, at + j), load(d_b, at + j), load(d_w, at + j)
        c0, c1, c2, c3 = j, n + j, 2 * n + j, 3 * n + j
        d = fma(y0, query, load(d_state, row + c0))
        store(d_state, row + c0, d)
        grad_k, grad_b = fma(d, v0, grad_k), fma(d, q0, grad_b)
        grad_w = _decay_share(d, load(states, old + c0), pull, row + c0, grad_w)
        g0, e0 = fma(d, key, g0), fma(d, rewrite, e0)
        d = fma(y1, query, load(d_state, row + c1))
        store(d_state, row + c1, d)
        grad_k, grad_b = fma(d, v1, grad_k), fma(d, q1, grad_b)
        grad_w = _decay_share(d, load(states, old + c1), pull, row + c1, grad_w)
        g1, e1 = fma(d, key, g1), fma(d, rewrite, e1)
        d = fma(y2, query, load(d_state, row + c2))
        store(d_state, row + c2, d)
        grad_k, grad_b = fma(d, v2, grad_k), fma(d, q2, grad_b)
        grad_w = _decay_share(d, load(states, old + c2), pull, row + c2, grad_w)
        g2, e2 = fma(d, key, g2), fma(d, rewrite, e2)
        d = fma(y3, query, load(d_state, row + c3))
        store(d_state, row + c3, d)
        grad_k, grad_b = fma(d, v3, grad_k), fma(d, q3, grad_b)
        grad_w = _decay_share(d, load(states, old + c3), pull, row + c3, grad_w)
        g3, e3 = fma(d, key, g3), fma(d, rewrite, e3)
        store(d_k, at + j, grad_k)
        store(d_b, at + j, grad_b)
        store(d_w, at + j, grad_w)
    add_totals(d_v, at + i, g0, g1, g2, g3)
    store_totals(d_removed, 0, e0, e1, e2, e3)


@compiled
def _pull_share(d, decay, d_pull, at):
    if d_pull is not None:  # d * (1 - decay)
        store(d_pull, at, sub(fma(d, constant(np.float32(1.0)), load(d_pull, at)), mul(d, decay)))


@compiled
def _backward_write(d_state, row, states, old, n, at, w, a, d_a, d_removed, d_pull):
    """Second half of a backward step of four rows: the removed part's gradient enters; one step back."""
    e0, e1, e2, e3 = _spread4(d_removed, 0)
    for j in range(0, n, LANES):
        decay, removal = load(w, at + j), load(a, at + j)
        grad_a = load(d_a, at + j)
        c0, c1, c2, c3 = j, n + j, 2 * n + j, 3 * n + j
        d = load(d_state, row + c0)
        _pull_share(d, decay, d_pull, row + c0)
        grad_a = fma(e0, load(states, old + c0), grad_a)
        store(d_state, row + c0, fma(e0, removal, mul(d, decay)))
        d = load(d_state, row + c1)
        _pull_share(d, decay, d_pull, row + c1)
        grad_a = fma(e1, load(states, old + c1), grad_a)
        store(d_state, row + c1, fma(e1, removal, mul(d, decay)))
        d = load(d_state, row + c2)
        _pull_share(d, decay, d_pull, row + c2)
        grad_a = fma(e2, load(states, old + c2), grad_a)
        store(d_state, row + c2, fma(e2, removal, mul(d, decay)))
        d = load(d_state, row + c3)
        _pull_share(d, decay, d_pull, row + c3)
        grad_a = fma(e3, load(states, old + c3), grad_a)
        store(d_state, row + c3, fma(e3, removal, mul(d, decay)))
        store(d_a, at + j, grad_a)


@compiled
def _clear(begin, end, base, stride, n, d_w, d_a, d_b):
    zero = constant(np.float32(0.0))
    for t in range(begin, end):
        for at in range(base + t * stride, base + t * stride + n, LANES):
            store(d_w, at, zero)
            store(d_a, at, zero)
            store(d_b, at, zero)


@compiled
def _to_log_decay(begin, end, base, stride, n, w, d_w):
    for t in range(begin, end):
        for at in range(base + t * stride, base + t * stride + n, LANES):
            store(d_w, at, mul(load(w, at), load(d_w, at)))


@compiled
def scan_backward(
    first, stop, steps, heads, n, r, w, k, v, a, b, pull, removed, checkpoints,
    d_out, d_state, d_r, d_w, d_k, d_v, d_a, d_b, d_pull,
):  # fmt: skip
    """Heads first..stop: turn `d_state` from the terminal state's gradient into the initial state's; fill the others.

    `d_r`, `d_k`, `d_v` and `d_pull` are added to; `d_w`, the gradient of the *log* decay, `d_a` and `d_b` are
    overwritten.
    """
    stride = heads * n
    chunks = (steps + CHUNK - 1) // CHUNK
    states = np.empty((CHUNK + 1) * ROWS * n, np.float32)
    d_removed = np.empty(ROWS, np.float32)
    for head in range(first, stop):
        base = (head // heads) * steps * stride + (head % heads) * n
        own = head * n * n
        for chunk in range(chunks - 1, -1, -1):
            kept = (head * chunks + chunk) * n * n
            begin, end = chunk * CHUNK, min(steps, chunk * CHUNK + CHUNK)
            _clear(begin, end, base, stride, n, d_w, d_a, d_b)
            for i in range(0, n, ROWS):
                row = own + i * n
                for j in range(0, ROWS * n, LANES):
                    store(states, j, load(checkpoints, kept + i * n + j))
                for t in range(begin, end):
                    old = (t - begin) * ROWS * n
                    _replay_rows(states, old, n, base + t * stride, i, w, k, v, b, pull, row, removed, d_out, d_r)
                for t in range(end - 1, begin - 1, -1):
                    at, old = base + t * stride, (t - begin) * ROWS * n
                    _backward_read(
                        d_state,
                        row,
                        states,
                        old,
                        n,
                        at,
                        i,
                        r,
                        k,
                        v,
                        b,
                        pull,
                        removed,
                        d_out,
                        d_w,
                        d_k,
                        d_v,
                        d_b,
                        d_removed,
                    )
                    _backward_write(d_state, row, states, old, n, at, w, a, d_a, d_removed, d_pull)
            _to_log_decay(begin, end, base, stride, n, w, d_w)

"""Decide classes of odd n in doubles: which residues fall by which index, what is refuted, what has to be split."""

from __future__ import annotations

import numba
import numpy as np

from evenhand_systems.lyapunov.numbers.features import LOG2_3
from evenhand_systems.lyapunov.potentials.context_tree import UNITS

SPLIT, REFUTED = 0, -1  # other kinds are the index i of a certified class


@numba.njit(cache=True, nogil=True)
def _context_of(child, context, word, start, length, tail):  # type: ignore[no-untyped-def]
    """Context decided by word[start:length] (its last place a tail if ``tail``), or -1."""
    symbols, node = child.shape[1] - 1, 0
    for i in range(start, length):
        k = min(int(word[i]), symbols)
        if tail and i == length - 1 and child[node, k] != child[node, symbols]:
            return -1
        node = child[node, k]
        if context[node] >= 0:
            return context[node]
    return -1


@numba.njit(cache=True, nogil=True)
def _shown(table, here, there, residue, remaining, room):  # type: ignore[no-untyped-def]
    """The residues among ``remaining`` whose phi falls short of rising by more than ``room``."""
    shown, highest, one = np.uint64(0), table.max(), np.uint64(1)
    for r in range(table.shape[1]):
        bit = one << np.uint64(r)
        if remaining & bit != 0:
            low = table[here, r] if here >= 0 else 0
            high = table[there, residue[r]] if there >= 0 else highest
            if room + low - high >= 0:
                shown |= bit
    return shown


@numba.njit(cache=True, nogil=True)
def _grow(words, lengths, masks, kinds, capacity):  # type: ignore[no-untyped-def]
    """The arrays with room for ``capacity`` rows."""
    more = capacity - len(kinds)
    return (
        np.concatenate((words, np.zeros((more, words.shape[1]), np.uint8))),
        np.concatenate((lengths, np.zeros(more, np.int64))),
        np.concatenate((masks, np.zeros(more, np.uint64))),
        np.concatenate((kinds, np.zeros(more, np.int64))),
    )


@numba.njit(cache=True, nogil=True)
def decide_nodes(  # type: ignore[no-untyped-def]
    words, lengths, masks, child, context, table, images, head, window, cutoff, slack
):
    """Rows (word, length or -length for a tail, residues, kind) of decided classes and of children."""
    width, modulus, highest = words.shape[1], table.shape[1], table.max()
    symbols = child.shape[1] - 1
    out_words = np.zeros((1024, width), np.uint8)
    out_lengths, out_kinds = np.zeros(1024, np.int64), np.zeros(1024, np.int64)
    out_masks = np.zeros(1024, np.uint64)
    count = 0
    for row in range(words.shape[0]):
        length, word = abs(lengths[row]), words[row]
        tail = lengths[row] < 0
        remaining = masks[row]
        here = _context_of(child, context, word, 0, length, tail)
        if count + head + 3 * symbols + 64 > len(out_kinds):
            grown = 2 * len(out_kinds) + head + 3 * symbols + 64
            out_words, out_lengths, out_masks, out_kinds = _grow(out_words, out_lengths, out_masks, out_kinds, grown)
        decided = here >= 0
        total, offset = 0, 0.0
        residue = np.arange(modulus)
        for i in range(1, min(length, head + 1) + 1):
            offset += 2.0**total / 3.0**i  # b_i / 3^i
            k = int(word[i - 1])
            total += k
            known = not (tail and i == length)
            there = _context_of(child, context, word, i, length, tail) if known else -1
            decided = decided and there >= 0
            for r in range(modulus):
                if known:
                    residue[r] = images[k, residue[r]]
            fall = UNITS * (total - i * LOG2_3 - np.log2(1.0 + offset / cutoff))
            shown = _shown(table, here, there, residue, remaining, fall - slack)
            if shown != 0:
                out_words[count], out_lengths[count] = word, lengths[row]
                out_masks[count], out_kinds[count] = shown, i
                count += 1
                remaining &= ~shown
        if remaining == 0:
            continue
        if tail or length >= window + head + 1 or (decided and length >= head + 1):
            out_words[count], out_lengths[count] = word, lengths[row]
            out_masks[count], out_kinds[count] = remaining, -1
            count += 1
            continue
        stop = symbols
        if length < head + 1:  # a tail long enough to fall below whatever stands above
            stop = max(stop, int(np.ceil((highest + 1) / UNITS + (length + 1) * LOG2_3 - total)) + 1)
        for k in range(1, stop + 1):
            out_words[count] = word
            out_words[count, length] = k
            out_lengths[count] = length + 1 if k < stop else -(length + 1)
            out_masks[count], out_kinds[count] = remaining, 0
            count += 1
    return out_words[:count], out_lengths[:count], out_masks[:count], out_kinds[:count]

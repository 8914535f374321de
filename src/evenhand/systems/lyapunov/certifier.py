"""Write a certificate for a learned V: classes of odd n on which it falls, heaviest first.

Command: ``evenhand-lyapunov certify model.json.gz certificate.jsonl``; kill it at any time: the file stays valid, and
running it again goes on. A node is a word of valuations and a set of residues. If some V(T^i(n)) lies clearly below
V(n) for every n >= cutoff of the class, it is written down; if all is known and none does, it is refuted; else it is
split by the next valuation. Bounds are doubles with a slack far above their rounding errors; the checker decides in
integers.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError
from evenhand.systems.lyapunov.context_tree import UNITS, residue_images
from evenhand.systems.lyapunov.features import LOG2_3
from evenhand.systems.lyapunov.potential import TIE_BREAK, Potential, load_potential
from evenhand.systems.lyapunov.walks import walk

FORMAT = "evenhand-lyapunov-certificate-1"
SLACK = 1e-8  # in 1/UNITS bit: rounding errors here stay below 1e-11
FIRST_EXPONENT, EXPONENT_STEP = 4, 2
CHUNK = 20_000


@dataclass(frozen=True)
class Masses:
    """Shares of the odd numbers: certified, refuted (no fall from the cutoff on can be shown), open; they sum to 1."""

    certified: Fraction
    refuted: Fraction
    open: Fraction
    classes: int
    finished: bool


@dataclass
class _Nodes:
    """Classes to be looked at: (N, width) words, their lengths, (N,) residue sets as bits."""

    words: NDArray[np.uint8]
    lengths: NDArray[np.int64]
    masks: NDArray[np.uint64]

    def exponents(self) -> NDArray[np.int64]:
        return np.asarray(self.words.sum(axis=1, dtype=np.int64))

    def select(self, rows: NDArray[np.bool_]) -> _Nodes:
        return _Nodes(self.words[rows], self.lengths[rows], self.masks[rows])


def _joined(parts: list[_Nodes]) -> _Nodes:
    return _Nodes(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("words", "lengths", "masks")))


def certify(
    model_path: Path,
    certificate: Path,
    *,
    head: int | None = None,
    cutoff: int = 4096,
    max_exponent: int = 24,
    threads: int = 1,
    report: Callable[[int, Masses], None] | None = None,
) -> Masses:
    """Certify a saved potential until every class is decided or its density is below 2^-max_exponent.

    Args:
        head: steps of the minimum over V; None takes the model's own.
        cutoff: every class is shown for n >= cutoff; smaller n are looked at one by one.
        report: called after each level with the exponent and the masses so far.

    Raises:
        DataError: the model cannot be read, has residues beyond mod 27, or the file belongs to another run.
    """
    model = load_potential(model_path)
    model = model if head is None else model.with_head(head)
    if model.residue_power > 3:
        raise DataError(f"Residue sets are certified up to mod 27; this model has mod {3**model.residue_power}.")
    header = {
        "format": FORMAT,
        "model": model_path.name,
        "model_sha256": hashlib.sha256(model_path.read_bytes()).hexdigest(),
        "head": model.head,
        "cutoff": cutoff,
        "exceptions": exceptions_below(model, cutoff),
    }
    state_path = certificate.with_name(certificate.name + ".state.npz")
    exponent, nodes, totals = _resume(certificate, state_path, header, model)
    modulus = 3**model.residue_power
    while len(nodes.lengths) and exponent <= max_exponent:
        due = nodes.exponents() <= exponent
        waiting, work = nodes.select(~due), nodes.select(due)
        with certificate.open("a", encoding="utf-8") as file:
            while len(work.lengths):
                lines, children, classes, refuted = _advance(model, work, cutoff, threads)
                file.writelines(lines)
                totals = (totals[0] + classes[0], totals[1] + refuted, totals[2] + classes[1])
                ready = children.exponents() <= exponent
                waiting, work = _joined([waiting, children.select(~ready)]), children.select(ready)
            file.flush()
            os.fsync(file.fileno())
        nodes, exponent = waiting, exponent + EXPONENT_STEP
        _save_state(state_path, certificate, exponent, nodes, totals)
        if report is not None:
            report(exponent - EXPONENT_STEP, _masses(totals, modulus, len(nodes.lengths) == 0))
    masses = _masses(totals, modulus, True)
    _summarise(certificate, masses)
    state_path.unlink(missing_ok=True)
    return masses


def exceptions_below(model: Potential, cutoff: int) -> list[int]:
    """The odd n in 3..cutoff-1 at which V does not fall; near-ties are left to the checker, which would refuse."""
    numbers = list(range(3, cutoff, 2))
    values = model.values(walk(numbers, model.lookahead + 1), model.head + 2)
    falls = values[:, 1:].min(axis=1) <= values[:, 0] - TIE_BREAK
    return [n for n, fall in zip(numbers, falls, strict=True) if not fall]


SCALE = 96  # masses are whole numbers of 2^-SCALE 3^-j


def _masses(totals: tuple[int, int, int], modulus: int, finished: bool) -> Masses:
    certified, refuted = (Fraction(t, modulus << SCALE) for t in totals[:2])
    return Masses(certified, refuted, 1 - certified - refuted, totals[2], finished)


def _root(model: Potential) -> _Nodes:
    width = model.lookahead + 2
    full = np.uint64((1 << 3**model.residue_power) - 1)
    return _Nodes(np.zeros((1, width), np.uint8), np.zeros(1, np.int64), np.array([full], np.uint64))


def _resume(
    certificate: Path, state_path: Path, header: dict[str, object], model: Potential
) -> tuple[int, _Nodes, tuple[int, int, int]]:
    """Go on from a saved state, cutting off what was written after it; begin anew if there is none."""
    if not state_path.exists() or not certificate.exists():
        certificate.write_text(json.dumps(header) + "\n", encoding="utf-8")
        return FIRST_EXPONENT, _root(model), (0, 0, 0)
    with certificate.open(encoding="utf-8") as file:
        if json.loads(file.readline()) != header:
            raise DataError(f"{certificate} belongs to another model, head or cutoff; choose another file.")
    with np.load(state_path) as state:
        os.truncate(certificate, int(state["bytes"]))
        totals = json.loads(str(state["totals"]))
        nodes = _Nodes(state["words"], state["lengths"], state["masks"])
        return int(state["exponent"]), nodes, (totals[0], totals[1], totals[2])


def _save_state(path: Path, certificate: Path, exponent: int, nodes: _Nodes, totals: tuple[int, int, int]) -> None:
    partial = path.with_name(path.name + ".part.npz")
    np.savez(
        partial,
        bytes=certificate.stat().st_size,
        exponent=exponent,
        words=nodes.words,
        lengths=nodes.lengths,
        masks=nodes.masks,
        totals=json.dumps(totals),
    )
    partial.replace(path)


def _summarise(certificate: Path, masses: Masses) -> None:
    with certificate.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"certified": str(masses.certified), "refuted": str(masses.refuted)}) + "\n")


def _advance(
    model: Potential, work: _Nodes, cutoff: int, threads: int
) -> tuple[list[str], _Nodes, tuple[int, int], int]:
    """Decide or split each node: lines of certified classes, children, (mass, number) certified, mass refuted."""
    starts = range(0, len(work.lengths), CHUNK)
    images = residue_images(model.residue_power, rows=64)  # no k that large has an exponent within reach

    def one(start: int) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64]]:
        part = slice(start, start + CHUNK)
        words, lengths, masks, kinds = _decide_nodes(
            work.words[part],
            work.lengths[part],
            work.masks[part],
            model.tree.child,
            model.tree.context,
            np.ascontiguousarray(model.table),
            images,
            model.head,
            model.tree.lookahead,
            float(cutoff),
            UNITS * TIE_BREAK + SLACK,
        )
        return words, lengths, masks, kinds

    with ThreadPoolExecutor(max(1, threads)) as pool:
        parts = list(pool.map(one, starts))
    words, lengths, masks, kinds = (np.concatenate(column) for column in zip(*parts, strict=True))
    children = _Nodes(words, lengths, masks).select(kinds == SPLIT)
    lines: list[str] = []
    certified = refuted = count = 0
    for row in np.flatnonzero(kinds != SPLIT):
        word, kind = words[row, : abs(lengths[row])].tolist(), int(kinds[row])
        tail = bool(lengths[row] < 0)
        residues = [r for r in range(3**model.residue_power) if int(masks[row]) >> r & 1]
        mass = len(residues) << (SCALE - sum(word) + tail)
        if kind == REFUTED:
            refuted += mass
        else:
            lines.append(json.dumps([word, int(tail), kind, residues], separators=(",", ":")) + "\n")
            certified += mass
            count += len(residues)
    return lines, children, (certified, count), refuted


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
def _decide_nodes(  # type: ignore[no-untyped-def]
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

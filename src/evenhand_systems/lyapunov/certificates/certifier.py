"""Write a certificate for a learned V: classes of odd n on which it falls, heaviest first.

Command: ``evenhand lyapunov certify model.json.gz certificate.jsonl``; kill it at any time: the file stays valid, and
running it again goes on, also to a larger exponent than before, from the state that lies beside it. A node is a word of
valuations and a set of residues. If some V(T^i(n)) lies clearly below V(n) for every n >= cutoff of the class, it is
written down; if all is known and none does, it is refuted; else it is split by the next valuation. Bounds are doubles
with a slack far above their rounding errors; the checker decides in integers.
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

import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError
from evenhand.files import replacing, write_text
from evenhand_systems.lyapunov.certificates.checker import BOUNDS
from evenhand_systems.lyapunov.certificates.kernels import REFUTED, SPLIT, decide_nodes
from evenhand_systems.lyapunov.numbers.valuations import orbits_of
from evenhand_systems.lyapunov.potentials.context_tree import UNITS, residue_images
from evenhand_systems.lyapunov.potentials.potential import TIE_BREAK, Potential, load_potential

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

    While classes are open their state stays beside the certificate (``NAME.state.npz``), to go on from.

    Args:
        head: steps of the minimum over V; None takes the model's own.
        cutoff: every class is shown for n >= cutoff; smaller n are looked at one by one.
        report: called after each level with the exponent and the masses so far.

    Raises:
        DataError: the certificate is named .gz, the model cannot be read or has residues beyond mod 27, head or cutoff
            lie beyond what the checker accepts, or the file belongs to another run, or exists without a sound state to
            go on from.
    """
    model = checkable(_certifiable(model_path, certificate, head), cutoff)
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
    if len(nodes.lengths) == 0:
        state_path.unlink(missing_ok=True)
    return masses


def checkable(model: Potential, cutoff: int) -> Potential:
    """The model, refused where the checker would not look at a certificate of it.

    Raises:
        DataError: head or cutoff lie beyond what it accepts.
    """
    for name, value in (("head", model.head), ("cutoff", cutoff)):
        low, high = BOUNDS[name]
        if not low <= value <= high:
            raise DataError(f"The {name} of a certificate lies in {low}..{high}; found {value}.")
    return model


def _certifiable(model_path: Path, certificate: Path, head: int | None) -> Potential:
    """The model with its head, refused where no certificate of it could be written."""
    if certificate.suffix == ".gz":
        raise DataError(
            f"{certificate} grows line by line and cannot be compressed on the way. Write "
            f"{certificate.with_suffix('').name} and gzip it when it is finished."
        )
    model = load_potential(model_path)
    model = model if head is None else model.with_head(head)
    if model.residue_power > 3:
        raise DataError(
            f"{model_path} reads n mod {3**model.residue_power}; residue sets are certified up to mod 27. Learn "
            "one with --residue-power 3 or less; evaluate and trajectories measure this one as it is."
        )
    return model


def exceptions_below(model: Potential, cutoff: int) -> list[int]:
    """The odd n in 3..cutoff-1 at which V does not fall; near-ties are left to the checker, which would refuse."""
    numbers = list(range(3, cutoff, 2))
    values = model.values(orbits_of(numbers, model.lookahead + 1), model.head + 2)
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
    """Go on from a saved state, cutting off what was written after it; begin anew if there is no file."""
    begun = json.dumps(header) + "\n"
    if not certificate.exists() or (not state_path.exists() and certificate.read_bytes() in {b"", begun.encode()}):
        write_text(certificate, begun)
        root = _root(model)
        _save_state(state_path, certificate, FIRST_EXPONENT, root, (0, 0, 0))
        return FIRST_EXPONENT, root, (0, 0, 0)
    if not state_path.exists():
        raise DataError(
            f"{certificate} exists, and no {state_path.name} lies beside it to go on from: either all its classes are "
            "decided or that file is lost. Remove the certificate or choose another name."
        )
    with certificate.open("rb") as file:
        if file.readline() != begun.encode():
            raise DataError(f"{certificate} belongs to another model, head or cutoff; choose another file.")
    size, exponent, nodes, totals = _load_state(state_path)
    if certificate.stat().st_size < size:
        raise DataError(f"{certificate} is shorter than when {state_path.name} was saved; remove both.")
    os.truncate(certificate, size)
    return exponent, nodes, totals


def _load_state(path: Path) -> tuple[int, int, _Nodes, tuple[int, int, int]]:
    """(bytes of the certificate, exponent, nodes, totals) of a saved state."""
    try:
        with np.load(path) as state:
            certified, refuted, count = json.loads(str(state["totals"]))
            nodes = _Nodes(state["words"], state["lengths"], state["masks"])
            kinds = [(array.dtype.name, array.ndim) for array in (nodes.words, nodes.lengths, nodes.masks)]
            counts = {len(nodes.words), len(nodes.lengths), len(nodes.masks)}
            if kinds != [("uint8", 2), ("int64", 1), ("uint64", 1)] or len(counts) > 1:
                raise ValueError("its arrays are of another kind")
            return int(state["bytes"]), int(state["exponent"]), nodes, (int(certified), int(refuted), int(count))
    except Exception as error:  # numpy, zipfile and zlib raise many kinds for a damaged file
        raise DataError(
            f"{path} is no sound state of a certificate ({error}); remove it and the certificate."
        ) from error


def _save_state(path: Path, certificate: Path, exponent: int, nodes: _Nodes, totals: tuple[int, int, int]) -> None:
    with replacing(path) as part, part.open("wb") as file:
        np.savez_compressed(
            file,
            bytes=certificate.stat().st_size,
            exponent=exponent,
            words=nodes.words,
            lengths=nodes.lengths,
            masks=nodes.masks,
            totals=json.dumps(totals),
        )


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
        words, lengths, masks, kinds = decide_nodes(
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

"""V = log2 n + phi(context of k_1..k_L, n mod 3^j), phi a table of whole numbers in 1/41 bit; and minima of such V.

With a head of m steps, V'(n) = min over 0 <= i <= m of V(T^i(n)) + c i/(m + 2), c = log2(1 + 2^-20)/41: the window
minimum over a learned V, of lookahead L + m. It falls at n if some V(T^i(n)) <= V(n) - c with 1 <= i <= m + 1; the
docstring of the checker says why.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from evenhand.data.reading import parse_json, read_bytes, read_gzip_text
from evenhand.errors import DataError
from evenhand.files import write_bytes
from evenhand_systems.lyapunov.measures import Decision
from evenhand_systems.lyapunov.numbers.valuations import RESIDUE_MODULUS, Orbits
from evenhand_systems.lyapunov.potentials.context_tree import UNITS, ContextTree, context_tree

FORMAT = "evenhand-lyapunov-potential-1"
MOST = {"lookahead": (1, 64), "depth": (0, 64), "residue_power": (0, 4), "head": (0, 1000)}
MOST_PHI = 1 << 16
ZIP = b"PK"  # how the archives begin that torch saves networks in
TIE_BREAK = float(np.log2(1 + 2.0**-20)) / UNITS


@dataclass(frozen=True)
class Potential:
    """A learned V.

    Attributes:
        tree: the contexts.
        residue_power: j; phi may depend on n mod 3^j, 0 <= j <= 4.
        table: (contexts, 3^j) phi in 1/UNITS bit, 0 <= phi.
        head: m, 0 for V itself.
    """

    tree: ContextTree
    residue_power: int
    table: NDArray[np.int64]
    head: int = 0

    @property
    def name(self) -> str:
        """As tables name it."""
        label = f"potential (window {self.tree.lookahead}, mod {3**self.residue_power})"
        return label if self.head == 0 else f"minimum over {self.head + 1} of a {label}"

    @property
    def lookahead(self) -> int:
        """L + m."""
        return self.tree.lookahead + self.head

    @property
    def size(self) -> int:
        """Number of table entries."""
        return self.table.size

    def with_head(self, head: int) -> Potential:
        """The same table under a minimum over ``head`` further steps."""
        if head < 0:
            raise DataError(f"The head must have at least 0 steps; found {head}.")
        return Potential(self.tree, self.residue_power, self.table, head)

    def values(self, orbits: Orbits, places: int) -> NDArray[np.float64]:
        """(N, places) V(T^i(n)) in bits for i < places."""
        orbits.need(self.tree.lookahead + places - 1)
        out = np.empty((len(orbits), places))
        _values_kernel(
            orbits.valuations,
            orbits.log2,
            orbits.residues,
            self.tree.child,
            self.tree.context,
            self.table / UNITS,
            out,
        )
        return out

    def decide(self, orbits: Orbits) -> Decision:
        """Margins in bits. Comparisons in doubles: the table's whole numbers keep them clear of rounding."""
        values = self.values(orbits, self.head + 2)
        if self.head == 0:
            margins = values[:, 0] - values[:, 1]
        else:
            margins = head_minimum(values[:, :-1]) - head_minimum(values[:, 1:])
        return Decision(margins > 0, margins)

    def save(self, path: Path) -> None:
        """Write gzipped JSON with a line per context: word, tail, phi for each residue. The same table, same bytes."""
        head = {
            "format": FORMAT,
            "units": UNITS,
            "lookahead": self.tree.lookahead,
            "depth": self.tree.depth,
            "residue_power": self.residue_power,
            "head": self.head,
        }
        lines = [json.dumps(head)]
        for (word, tail), row in zip(self.tree.words, self.table.tolist(), strict=True):
            lines.append(json.dumps([list(word), int(tail), row], separators=(",", ":")))
        write_bytes(path, gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))


def load_potential(path: Path, *, lookahead: int | None = None) -> Potential:
    """Read a saved potential.

    Args:
        lookahead: the lookahead (window and head) that it must have, if any.

    Raises:
        DataError: no such file, not such a file, contexts that do not fit, or another lookahead.
    """
    head_bytes = read_bytes(path)[:2]
    if head_bytes == ZIP:
        raise DataError(
            f"{path} is an archive as networks are saved in; a potential is wanted, as evenhand lyapunov learn "
            "saves it (NAME.json.gz). Networks are measured, by evaluate and trajectories, and cannot be certified."
        )
    lines = read_gzip_text(path).splitlines()
    meta = parse_json(lines[0], str(path)) if lines else {}
    if not isinstance(meta, dict) or meta.get("format") != FORMAT or meta.get("units") != UNITS:
        shown = str(meta)[:200] if meta else "nothing"
        raise DataError(f"{path}: expected a header with format {FORMAT} in 1/{UNITS} bit; found {shown}.")
    sizes: list[Any] = [meta.get(key) for key in MOST]
    if not all(
        type(size) is int and low <= size <= high for size, (low, high) in zip(sizes, MOST.values(), strict=True)
    ):
        bounds = ", ".join(f"{key} in {low}..{high}" for key, (low, high) in MOST.items())
        raise DataError(f"{path}:1: expected whole numbers {bounds}; found {str(sizes)[:200]}.")
    window, depth, residue_power, head = sizes
    found = Potential(*_table(path, lines, window, depth, residue_power), head)
    if lookahead is not None and found.lookahead != lookahead:
        raise DataError(f"{path} was made for lookahead {found.lookahead}; asked for {lookahead}.")
    return found


def _table(
    path: Path, lines: list[str], window: int, depth: int, residue_power: int
) -> tuple[ContextTree, int, NDArray[np.int64]]:
    """The contexts of a saved potential, j, and its table, from the lines below the header."""
    rows = [parse_json(line, str(path), number) for number, line in enumerate(lines[1:], 2)]
    for number, row in enumerate(rows, 2):
        shape = isinstance(row, list) and len(row) == 3 and isinstance(row[0], list) and isinstance(row[2], list)
        if not shape or not all(type(v) is int and 0 <= v <= MOST_PHI for v in [*row[0], row[1], *row[2]]):
            raise DataError(f"{path}:{number}: expected [valuations, tail, values], whole numbers in 0..{MOST_PHI}.")
        if len(row[2]) != 3**residue_power:
            raise DataError(f"{path}:{number}: expected 3^{residue_power} values; found {len(row[2])}.")
    other = f"{path}: its contexts are not those of lookahead {window}, depth {depth}."
    try:
        tree = context_tree(window, depth, most=len(rows))
    except DataError as error:
        raise DataError(f"{other} {error}") from error
    if [(tuple(word), bool(tail)) for word, tail, _ in rows] != tree.words:
        raise DataError(other)
    return tree, residue_power, np.array([row for _, _, row in rows], np.int64)


def zero_potential(head: int = 0) -> Potential:
    """V = log2 n (or, with a head, a window minimum of it)."""
    tree = context_tree(1, 0)
    return Potential(tree, 0, np.zeros((tree.contexts, 1), np.int64), head)


def head_minimum(window: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) V' from the (N, m + 1) values of V at n, T(n), ..., T^m(n).

    A number that comes again (1, at the end) has the same V but for rounding below 1e-12 bits; the tie-break, at least
    1e-10 bits a step up to m = 300, lets the first of them count.
    """
    steps = window.shape[1]
    return np.asarray((window + TIE_BREAK * np.arange(steps) / (steps + 1)).min(axis=1))


@numba.njit(cache=True, nogil=True)
def _values_kernel(valuations, logs, residues, child, context, table, out):  # type: ignore[no-untyped-def]
    symbols, modulus = child.shape[1] - 1, table.shape[1]
    for row in range(valuations.shape[0]):
        residue = int(residues[row])
        for place in range(out.shape[1]):
            node, i = 0, place
            while context[node] < 0:
                node = child[node, min(int(valuations[row, i]), symbols)]
                i += 1
            out[row, place] = logs[row, place] + table[context[node], residue % modulus]
            if place + 1 < out.shape[1]:
                residue = (3 * residue + 1) % RESIDUE_MODULUS
                for _ in range(int(valuations[row, place]) % 54):
                    residue = residue * 41 % RESIDUE_MODULUS  # 41 = 1/2 mod 81

"""Protein chains from PDB and mmCIF files, through gemmi."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError

SUFFIXES = (".pdb", ".cif", ".ent")


@dataclass(frozen=True)
class Chain:
    """One protein chain.

    Attributes:
        name: FILE:CHAIN.
        sequence: (L,) one-letter residues, X where a residue was not resolved or is no standard one.
        alpha_carbons: (L, 3) CA positions in angstrom, NaN where not resolved.
    """

    name: str
    sequence: str
    alpha_carbons: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.sequence)


def read_chains(folder: Path, wanted: Sequence[str], longest: int) -> list[Chain]:
    """The chains of a folder of structure files.

    Args:
        folder: with .pdb, .cif or .ent files.
        wanted: FILE:CHAIN each (file name without suffix); empty takes the first protein chain of every file.
        longest: chains with more residues are left out where none are named.

    Raises:
        DataError: gemmi is not installed, a file cannot be read, or a named chain does not exist.
    """
    try:
        import gemmi
    except ImportError as error:
        raise DataError("Protein contacts need the package gemmi: pip install gemmi.") from error
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES) if folder.is_dir() else []
    if not files:
        raise DataError(f"{folder} holds no structure files; expected names that end in {', '.join(SUFFIXES)}.")
    found: list[Chain] = []
    for path in files:
        try:
            structure = gemmi.read_structure(str(path))
        except (RuntimeError, ValueError) as error:
            raise DataError(f"{path} is no structure file that gemmi can read: {error}") from error
        structure.setup_entities()
        chains = _protein_chains(structure, path.stem, gemmi)
        found += chains if wanted else [c for c in chains[:1] if len(c) <= longest]
    if not wanted:
        return found
    by_name = {chain.name: chain for chain in found}
    missing = [name for name in wanted if name not in by_name]
    if missing:
        raise DataError(f"{folder} has no chains {missing}; it has {', '.join(sorted(by_name))}.")
    return [by_name[name] for name in wanted]


def _protein_chains(structure: Any, stem: str, gemmi: Any) -> list[Chain]:
    """All protein chains of the first model, in the file's order."""
    chains = []
    for chain in structure[0] if len(structure) else ():
        polymer = chain.get_polymer()
        if len(polymer) and polymer.check_polymer_type() in (
            gemmi.PolymerType.PeptideL,
            gemmi.PolymerType.PeptideD,
        ):
            made = _chain(f"{stem}:{chain.name}", polymer, gemmi)
            if made is not None:
                chains.append(made)
    return chains


def _chain(name: str, polymer: Any, gemmi: Any) -> Chain | None:
    """Residues at their place along the chain; gaps in the numbering stand for residues that were not resolved.

    mmCIF numbers the whole sequence (label_seq); a PDB file has the author's numbers only, where a number that falls
    back or repeats (insertion codes) is put right after its predecessor.
    """
    places: list[int] = []
    residues: list[tuple[str, tuple[float, float, float]]] = []
    shift: int | None = None
    for residue in polymer.first_conformer():
        atom = residue.find_atom("CA", "*", gemmi.Element("C"))
        if atom is None:
            continue
        number = residue.label_seq if residue.label_seq is not None else residue.seqid.num
        shift = number if shift is None else shift
        place = number - shift
        if places and place <= places[-1]:
            shift -= places[-1] + 1 - place
            place = places[-1] + 1
        places.append(place)
        letter = gemmi.find_tabulated_residue(residue.name).one_letter_code.upper().strip() or "X"
        residues.append((letter, (atom.pos.x, atom.pos.y, atom.pos.z)))
    if len(places) < 2:
        return None
    length = places[-1] + 1
    letters = ["X"] * length
    points = np.full((length, 3), np.nan)
    for place, (letter, point) in zip(places, residues, strict=True):
        letters[place], points[place] = letter, point
    return Chain(name, "".join(letters), points)

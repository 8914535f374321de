"""Protein chains from PDB and mmCIF files, through gemmi."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenhand.data.reading import check_file
from evenhand.errors import DataError

FORMS = (".pdb", ".cif", ".ent")
SUFFIXES = (*FORMS, *(f"{form}.gz" for form in FORMS))
WIDEST_GAP = 2000
"""Numbers that may be missing between two residues; a wider gap is a slip in the file, such as 9999 for 24."""
_NUMBERS = 2**31
"""Residue numbers lie between -2^31 and 2^31 where gemmi could read one."""


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
        folder: with .pdb, .cif or .ent files, compressed (.gz) or not.
        wanted: FILE:CHAIN each (file name without suffix); empty takes the first protein chain of every file.
        longest: chains with more residues are left out where none are named.

    Raises:
        DataError: gemmi is not installed, a file cannot be read or is something else, holds no protein chain where none
            are named, two chains have one name, residue numbers that cannot be, or a named chain does not exist.
    """
    try:
        import gemmi
    except ImportError as error:
        raise DataError("Protein contacts need the package gemmi: pip install gemmi.") from error
    files = sorted(p for p in folder.iterdir() if p.name.lower().endswith(SUFFIXES)) if folder.is_dir() else []
    if not files:
        raise DataError(f"{folder} holds no structure files; expected names that end in {', '.join(SUFFIXES)}.")
    found: list[Chain] = []
    places: dict[str, list[str]] = {}
    empty: list[str] = []
    for path in files:
        chains = read_file(path, gemmi, first_only=not wanted)
        if not chains:
            empty.append(path.name)
        for chain in chains:
            places.setdefault(chain.name, []).append(path.name)
        found += chains
    _check_names(folder, places, wanted)
    if not wanted:
        if empty:
            raise DataError(
                f"{folder}: no protein chain of two residues or more in {', '.join(empty)}; remove what is no protein, "
                "or name the chains that are wanted (data.chains)."
            )
        return [chain for chain in found if len(chain) <= longest]
    by_name = {chain.name: chain for chain in found}
    return [by_name[name] for name in wanted]


def _check_names(folder: Path, places: Mapping[str, Sequence[str]], wanted: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in places]
    if missing:
        raise DataError(f"{folder} has no chains {missing}; it has {', '.join(sorted(places))}.")
    for name in wanted or places:
        if len(places[name]) > 1:
            raise DataError(
                f"{folder} has the chain {name} more than once (in {', '.join(places[name])}); remove all files but "
                "one, or give them names of their own."
            )


def read_file(path: Path, gemmi: Any, *, first_only: bool) -> list[Chain]:
    """The protein chains of a file's first model, in the file's order, or the first of them.

    Raises:
        DataError: the file cannot be read or is something else; residue numbers that cannot be.
    """
    check_file(path)
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty; fetch it again.")
    try:
        structure = gemmi.read_structure(str(path))
        structure.setup_entities()
        return _protein_chains(structure, path, gemmi, first_only=first_only)
    except DataError:
        raise
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: a name holds bytes that are no UTF-8 ({error.reason}); mend the file.") from error
    except (RuntimeError, ValueError, IndexError, MemoryError, OSError) as error:
        raise DataError(f"{path} is no structure file that gemmi can read: {error}.") from error


def _protein_chains(structure: Any, path: Path, gemmi: Any, *, first_only: bool) -> list[Chain]:
    stem = path.name.lower().removesuffix(".gz")
    stem = path.name[: len(stem) - len(Path(stem).suffix)]
    chains: list[Chain] = []
    for chain in structure[0] if len(structure) else ():
        polymer = chain.get_polymer()
        if len(polymer) and polymer.check_polymer_type() in (
            gemmi.PolymerType.PeptideL,
            gemmi.PolymerType.PeptideD,
        ):
            made = _chain(f"{stem}:{chain.name}", polymer, path, gemmi)
            if made is not None:
                chains.append(made)
                if first_only:
                    break
    return chains


def _chain(name: str, polymer: Any, path: Path, gemmi: Any) -> Chain | None:
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
        if number is None or not -_NUMBERS < number < _NUMBERS:
            raise DataError(f"{path}: a residue {residue.name} of chain {name} has no number; mend the file.")
        shift = number if shift is None else shift
        place = number - shift
        if places and place <= places[-1]:
            shift -= places[-1] + 1 - place
            place = places[-1] + 1
        if places and place - places[-1] > WIDEST_GAP:
            raise DataError(
                f"{path}: {place - places[-1] - 1:,} numbers are missing before residue {residue.name} {number} of "
                f"chain {name}; a gap of more than {WIDEST_GAP:,} is taken for a slip. Mend the number, or remove the "
                "file."
            )
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

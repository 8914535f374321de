"""Secondary structure of proteins: C (coil), H (helix) or E (strand) for every residue, in place.

Two forms of data: three FASTA files with the same records (sequences; labels, whose headers say SET=train|test and
VALIDATION=True|False; a mask of 1 for residues that were resolved), or a CSV with columns sequence, labels, mask and
split. A protein whose split nobody states is refused, as it would be trained on. Unresolved residues have no label
worth the name and are never scored.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evenhand.data import reading
from evenhand.errors import DataError
from evenhand.recipes.trial import ItemSet
from evenhand_systems.future_seed.tasks.problems import IGNORED, Ceiling, EvaluationItems, Problems, row_keys

LABELS = "CHE"
RESIDUES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PADDING = "-"
SYMBOLS = (*(f"{label} " for label in LABELS), *RESIDUES, PADDING)
_FIRST_RESIDUE = len(LABELS)
_PADDING = len(SYMBOLS) - 1
WORD = 8
"""Length of the words by which sequences are compared."""

KEYS = ("SET", "VALIDATION")
"""What a label's header states."""

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Protein:
    """One chain: residues, labels, mask (all of one length) and the split it belongs to."""

    name: str
    sequence: str
    labels: str
    mask: str
    split: Split

    def __len__(self) -> int:
        return len(self.sequence)


@dataclass(frozen=True)
class FastaRecord:
    """One record of a FASTA file: its header without ``>``, its text in one piece, and the line of its header."""

    header: str
    text: str
    line: int


def read_fasta(path: Path) -> dict[str, FastaRecord]:
    """Record id to record.

    Raises:
        DataError: no text, no records, text before the first header, an id that stands twice.
    """
    found: dict[str, tuple[str, int, list[str]]] = {}
    parts: list[str] | None = None
    for number, raw in enumerate(reading.read_lines(path), start=1):
        line = raw.strip()
        if line.startswith(">"):
            name = line[1:].split()[0] if line[1:].split() else ""
            if not name or name in found:
                raise DataError(f"{path}:{number}: the record id '{name}' is empty or stands twice; give each its own.")
            parts = []
            found[name] = (line[1:], number, parts)
        elif line:
            if parts is None:
                raise DataError(f"{path}:{number}: text before the first header line; a FASTA file starts with '>'.")
            parts.append(line)
    if not found:
        raise DataError(f"{path} holds no FASTA records; expected lines that start with '>'.")
    return {name: FastaRecord(header, "".join(parts), line) for name, (header, line, parts) in found.items()}


def read_triple(sequences: Path, labels: Path, mask: Path) -> list[Protein]:
    """Proteins from three FASTA files.

    Raises:
        DataError: records missing from a file, headers that do not state the split, lengths that differ, labels other
            than C, H, E; all faults are counted, the first named with their lines.
    """
    texts, labelled, masked = read_fasta(sequences), read_fasta(labels), read_fasta(mask)
    faults, proteins = [], []
    for name, record in labelled.items():
        place = f"line {record.line}, {name}"
        if name not in texts or name not in masked:
            faults.append(f"{place} is missing from {(sequences if name not in texts else mask).name}")
            continue
        split, fault = header_split(record.header)
        stated = {"VALIDATION": {"false"}} | _words(record.header)
        for other in (texts[name], masked[name]):
            said = _words(other.header)
            if not fault and any(said.get(key, stated[key]) != stated[key] for key in KEYS):
                fault = f"the header says {split}, that of another file says '{other.header}'"
        protein = Protein(name, texts[name].text.upper(), record.text, masked[name].text, split or "train")
        fault = fault or protein_fault(protein)
        if fault:
            faults.append(f"{place}: {fault}")
        else:
            proteins.append(protein)
    if faults:
        files = f"{labels} (with {sequences.name} and {mask.name})"
        raise DataError(f"{files}: {len(faults)} of {len(labelled)} records are faulty: {'; '.join(faults[:5])}.")
    return proteins


def header_split(header: str) -> tuple[Split | None, str]:
    """The split that a label's header states, or None and what is wrong with it; case does not matter.

    ``SET=train VALIDATION=True`` holds a protein of the training set back; without ``VALIDATION`` none is held back.
    """
    words = _words(header)
    odd = _misspelt(header)
    if odd:
        return None, f"the header has '{odd}', which is neither SET=... nor VALIDATION=... and reads like one of them"
    belongs, held = words.get("SET"), words.get("VALIDATION", {"false"})
    if belongs is None:
        return None, "the header has no SET=train or SET=test"
    if len(belongs) > 1 or len(held) > 1:
        return None, "the header states SET or VALIDATION twice, unlike each other"
    (kind,), (back,) = belongs, held
    if kind not in ("train", "test") or back not in ("true", "false"):
        return None, f"SET is '{kind}' and VALIDATION '{back}'; expected train or test, and True or False"
    if kind == "test" and back == "true":
        return None, "SET=test and VALIDATION=True exclude each other"
    return ("test" if kind == "test" else "validation" if back == "true" else "train"), ""


def _misspelt(header: str) -> str:
    """The first word of a header that was to be a known key; the protein would be trained on, were it passed over."""
    for word in header.split()[1:]:
        key, mark, _ = word.upper().partition("=")
        known = KEYS if mark else ("VALIDATION",)  # SET alone may be a word of a description
        if (key not in KEYS or not mark) and difflib.get_close_matches(key.strip(":;,."), known, 1, 0.75):
            return word
    return ""


def _words(header: str) -> dict[str, set[str]]:
    """KEY=value words of a header, keys in capitals, values in small letters."""
    found: dict[str, set[str]] = {}
    for word in header.split()[1:]:
        key, mark, value = word.partition("=")
        if mark:
            found.setdefault(key.upper(), set()).add(value.lower())
    return found


def read_csv(path: Path) -> list[Protein]:
    """Proteins from a CSV with columns sequence, labels, split and, if there is one, mask and id.

    Raises:
        DataError: columns missing, no rows, or rows that are faulty or have one id.
    """
    proteins, faults = [], []
    seen: dict[str, int] = {}
    for number, row in reading.read_csv(path, ("sequence", "labels", "split")):
        text = row["sequence"].upper()
        name = row.get("id") or f"line{number}"
        split = row["split"].strip().lower()
        known: Split = "train" if split == "train" else "test" if split == "test" else "validation"
        protein = Protein(name, text, row["labels"], row.get("mask") or "1" * len(text), known)
        fault = protein_fault(protein)
        if split not in ("train", "validation", "test"):
            fault = f"split '{split}' is none of train, validation, test"
        elif name in seen:
            fault = f"the id '{name}' stands in line {seen[name]} already"
        seen.setdefault(name, number)
        if fault:
            faults.append(f"line {number}: {fault}")
        else:
            proteins.append(protein)
    if faults:
        raise DataError(
            f"{path}: {len(faults)} of {len(faults) + len(proteins)} rows are faulty: {'; '.join(faults[:5])}."
        )
    if not proteins:
        raise DataError(f"{path} holds no proteins; expected rows under the header.")
    return proteins


def protein_fault(protein: Protein) -> str:
    """What is wrong with a protein, or empty."""
    lengths = len(protein.sequence), len(protein.labels), len(protein.mask)
    if len(set(lengths)) != 1:
        return f"sequence, labels and mask have {lengths[0]}, {lengths[1]} and {lengths[2]} characters"
    if not protein.sequence:
        return "the sequence is empty"
    for what, text, allowed in (
        ("residues", protein.sequence, RESIDUES),
        ("labels", protein.labels, LABELS),
        ("mask", protein.mask, "01"),
    ):
        strange = sorted(set(text) - set(allowed))
        if strange:
            return f"{what} hold {strange}; allowed are {allowed}"
    return ""


def words(sequence: str) -> NDArray[np.int64]:
    """All words of eight residues, as numbers; ``[`` (the character behind Z) may stand between sequences."""
    letters = np.frombuffer(sequence.encode("ascii"), dtype=np.uint8).astype(np.int64) - ord("A")
    count = max(0, len(letters) - WORD + 1)
    total = np.zeros(count, dtype=np.int64)
    for place in range(WORD):
        total = total * (len(RESIDUES) + 1) + letters[place : place + count]
    return total


def related(proteins: Sequence[Protein], training: Iterable[Protein], overlap: float) -> NDArray[np.bool_]:
    """(P,) proteins that share more than ``overlap`` of their words of eight residues with the training proteins."""
    known = np.unique(words("[".join(protein.sequence for protein in training)))
    return np.asarray([_share_known(words(protein.sequence), known) > overlap for protein in proteins], dtype=bool)


def _share_known(own: NDArray[np.int64], known: NDArray[np.int64]) -> float:
    """Share of a protein's words that stand in a sorted array; 0 where it has none."""
    if not len(own) or not len(known):
        return 0.0
    places = np.minimum(np.searchsorted(known, own), len(known) - 1)
    return float((known[places] == own).mean())


@dataclass(frozen=True)
class StructureTask:
    """In-place labelling of protein crops.

    Attributes:
        train: proteins to learn from, each with a resolved residue.
        windows: (start, protein) of every evaluation crop, proteins cut end to end.
        crop: residues per row; shorter proteins are padded.
        facts: for the report.
    """

    train: tuple[Protein, ...]
    windows: tuple[tuple[int, Protein], ...]
    crop: int
    facts: Mapping[str, str]

    @property
    def symbols(self) -> Sequence[str]:
        """Labels, residues, padding."""
        return SYMBOLS

    def training(self, rng: np.random.Generator, count: int) -> Problems:
        """Crops of random proteins at random places; long proteins are met as often as short ones."""
        chosen = rng.integers(len(self.train), size=count)
        places = rng.random(count)
        return self._rows(
            [
                (int(place * max(1, len(self.train[i]) - self.crop + 1)), self.train[i])
                for i, place in zip(chosen, places, strict=True)
            ]
        )

    def evaluation(self, items: ItemSet) -> EvaluationItems:
        """The chosen crops; crops of one protein belong together."""
        chosen = [self.windows[i] for i in items.choose(len(self.windows))]
        ids = tuple(f"{protein.name}:{start}" for start, protein in chosen)
        return EvaluationItems(self._rows(chosen), ids, tuple(protein.name for _, protein in chosen))

    def _rows(self, crops: Sequence[tuple[int, Protein]]) -> Problems:
        tokens = np.full((len(crops), self.crop), _PADDING, dtype=np.int64)
        targets = np.full((len(crops), self.crop), IGNORED, dtype=np.int64)
        for row, (start, protein) in enumerate(crops):
            stop = min(start + self.crop, len(protein))
            place = slice(0, stop - start)
            residues = np.frombuffer(protein.sequence[start:stop].encode("ascii"), dtype=np.uint8)
            tokens[row, place] = residues.astype(np.int64) - ord("A") + _FIRST_RESIDUE
            labels = np.asarray([LABELS.index(c) for c in protein.labels[start:stop]], dtype=np.int64)
            resolved = np.frombuffer(protein.mask[start:stop].encode("ascii"), dtype=np.uint8) == ord("1")
            targets[row, place] = np.where(resolved, labels, IGNORED)
        return Problems(tokens, targets, row_keys(tokens))

    def ceilings(self, problems: Problems) -> tuple[Ceiling, ...]:
        """No ceiling is known; the share of the commonest label is what a reader of nothing gets."""
        labels = problems.targets[problems.targets != IGNORED]
        shares = np.bincount(labels, minlength=len(LABELS)) / len(labels)
        commonest = LABELS[int(shares.argmax())]
        return (
            Ceiling("a reader of nothing", float(shares.max()), None, f"says {commonest} to every residue"),
            Ceiling("a reader of the whole row", None, None, "sequence alone does not determine the label"),
        )

    def statistics(self) -> Mapping[str, str]:
        """Counts and the guard against relatives."""
        return self.facts


def load_structure_task(
    sequences: Path,
    labels: Path | None,
    mask: Path | None,
    split: Literal["validation", "test"],
    crop: int,
    overlap: float,
) -> StructureTask:
    """Read the data, keep relatives of training proteins out of the evaluation, cut the evaluation into crops.

    Raises:
        DataError: faulty files, or a split without proteins.
    """
    if labels is not None and mask is not None:
        proteins = read_triple(sequences, labels, mask)
    elif labels is None and mask is None:
        proteins = read_csv(sequences)
    else:
        raise DataError(
            "task.labels and task.mask go together with task.sequences: give all three FASTA files, or a CSV."
        )
    usable = [p for p in proteins if "1" in p.mask]
    train = [p for p in usable if p.split == "train"]
    held_out = [p for p in usable if p.split == split]
    if not train or not held_out:
        raise DataError(
            f"{sequences.name} has {len(train)} training and {len(held_out)} {split} proteins with resolved residues; "
            "both are needed. Set task.split to a split that exists."
        )
    kin = related(held_out, train, overlap)
    alone = [p for p, close in zip(held_out, kin, strict=True) if not close]
    if not alone:
        raise DataError(
            f"All {len(held_out)} {split} proteins share more than {overlap:.0%} of their 8-mers with the training; "
            "raise task.overlap or mend the split."
        )
    windows = tuple(
        (start, p) for p in alone for start in range(0, len(p), crop) if "1" in p.mask[start : start + crop]
    )
    facts = {
        "task": f"secondary structure in place, crops of {crop} residues",
        "proteins": f"{len(train)} for training; of {len(held_out)} for {split}, {len(alone)} in {len(windows)} crops",
        "relatives left out": f"{int(kin.sum())} share more than {overlap:.0%} of their 8-mers with training proteins",
    }
    return StructureTask(tuple(train), windows, crop, facts)

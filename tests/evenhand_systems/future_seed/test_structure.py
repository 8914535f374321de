"""Secondary structure: reading, faults, the guard against relatives, what is scored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evenhand.errors import DataError
from evenhand.recipes.trial import ItemSet
from evenhand_systems.future_seed.tasks import structure
from evenhand_systems.future_seed.tasks.problems import IGNORED
from tests.mutations import assert_only_data_errors, mutations

RNG = np.random.default_rng(0)


def chain(length: int) -> str:
    return "".join(RNG.choice(list("ACDEFGHIKLMNPQRSTVWY"), size=length))


def write(folder: Path, records: list[tuple[str, str, str, str, str]]) -> tuple[Path, Path, Path]:
    """Three FASTA files from (id, header words, sequence, labels, mask)."""
    paths = folder / "sequences.fasta", folder / "labels.fasta", folder / "mask.fasta"
    for path, column in zip(paths, (2, 3, 4), strict=True):
        path.write_text("".join(f">{r[0]} {r[1] if column == 3 else ''}\n{r[column]}\n" for r in records))
    return paths


def records(*lengths: int) -> list[tuple[str, str, str, str, str]]:
    """A training protein for each length, and a validation and a test protein of 30 residues."""
    kinds = [("SET=train VALIDATION=False", n) for n in lengths]
    kinds += [("SET=train VALIDATION=True", 30), ("SET=test VALIDATION=False", 30)]
    return [
        (f"p{i}", words, chain(n), "".join(RNG.choice(list("CHE"), size=n)), "0" + "1" * (n - 1))
        for i, (words, n) in enumerate(kinds)
    ]


def test_headers_decide_the_split_and_proteins_are_cut_end_to_end(tmp_path: Path) -> None:
    task = structure.load_structure_task(*write(tmp_path, records(40, 50)), "validation", 16, 0.3)
    assert len(task.train) == 2
    items = task.evaluation(ItemSet("rung"))
    assert sorted(items.ids) == ["p2:0", "p2:16"]
    assert items.clusters == ("p2", "p2")


def test_unresolved_residues_and_padding_are_never_scored(tmp_path: Path) -> None:
    task = structure.load_structure_task(*write(tmp_path, records(40)), "test", 16, 0.3)
    items = task.evaluation(ItemSet("rung"))
    by_id = dict(zip(items.ids, items.problems.targets, strict=True))
    assert by_id["p2:0"][0] == IGNORED  # the first residue is not resolved
    assert (by_id["p2:0"][1:] != IGNORED).all()
    assert (by_id["p2:16"][14:] == IGNORED).all()  # 30 residues end there
    training = task.training(np.random.default_rng(0), 50)
    assert set(np.unique(training.targets)) <= {IGNORED, 0, 1, 2}


def test_evaluation_proteins_that_share_words_with_training_are_left_out(tmp_path: Path) -> None:
    made = records(60)
    copied = made[0][2][:30]
    made.append(("relative", "SET=train VALIDATION=True", copied, "C" * 30, "1" * 30))
    task = structure.load_structure_task(*write(tmp_path, made), "validation", 16, 0.3)
    assert {protein.name for _, protein in task.windows} == {"p1"}
    assert task.facts["relatives left out"].startswith("1 share more than 30%")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: (r[0], r[1], r[2], r[3][:-1], r[4]), "p0: sequence, labels and mask have 40, 39 and 40 characters"),
        (lambda r: (r[0], r[1], r[2], "B" + r[3][1:], r[4]), r"p0: labels hold \['B'\]; allowed are CHE"),
        (lambda r: (r[0], r[1], "*" + r[2][1:], r[3], r[4]), r"p0: residues hold \['\*'\]"),
    ],
)
def test_faulty_records_are_named(tmp_path: Path, change: object, message: str) -> None:
    made = records(40)
    made[0] = change(made[0])  # type: ignore[operator]
    with pytest.raises(DataError, match=message):
        structure.load_structure_task(*write(tmp_path, made), "validation", 16, 0.3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no FASTA records"),
        ("ACD\n>a\nACD\n", "text before the first header"),
        (">a\nA\n>a\nC\n", "stands twice"),
    ],
)
def test_a_faulty_fasta_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.fasta"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        structure.read_fasta(path)


def test_a_split_without_proteins_is_refused_with_counts(tmp_path: Path) -> None:
    made = [r for r in records(40, 40) if "VALIDATION=True" not in r[1]]
    with pytest.raises(DataError, match="2 training and 0 validation proteins"):
        structure.load_structure_task(*write(tmp_path, made), "validation", 16, 0.3)


def test_a_csv_holds_the_same_data_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "proteins.csv"
    path.write_text(f"id,sequence,labels,split\na,{chain(20)},{'C' * 20},train\nb,{chain(20)},{'H' * 20},test\n")
    task = structure.load_structure_task(path, None, None, "test", 16, 0.3)
    assert [protein.name for _, protein in task.windows] == ["b", "b"]
    path.write_text("id,sequence,labels,split\na,ACD,CC,train\nb,ACD,CCC,nowhere\n")
    with pytest.raises(DataError, match="2 of 2 rows are faulty"):
        structure.load_structure_task(path, None, None, "test", 16, 0.3)


def held(folder: Path, header: str) -> structure.Split:
    """The split of the one protein whose label has this header."""
    paths = write(folder, [("p0", header, "ACD", "CHE", "111")])
    return structure.read_triple(*paths)[0].split


@pytest.mark.parametrize(
    ("header", "split"),
    [
        ("SET=Test VALIDATION=False", "test"),
        ("SET=TRAIN VALIDATION=true", "validation"),
        ("set=train validation=TRUE", "validation"),
        ("SET=train", "train"),
        ("SET=test", "test"),
        ("VALIDATION=False SET=train len=12", "train"),
        ("SET=train OS=Homo sapiens OX=9606 GN=SETD2 SEQ=1 a set domain", "train"),
    ],
)
def test_a_split_is_read_in_whatever_case_it_is_written(tmp_path: Path, header: str, split: str) -> None:
    assert held(tmp_path, header) == split


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "the header has no SET=train or SET=test"),
        ("VALIDATION=True", "the header has no SET"),
        ("SET=valid", "SET is 'valid'"),
        ("SET=", "SET is ''"),
        ("SET=train VALIDATION=yes", "VALIDATION 'yes'; expected train or test, and True or False"),
        ("SET=test VALIDATION=True", "exclude each other"),
        ("SET=test SET=train", "states SET or VALIDATION twice"),
        ("SET=train VALIDATON=True", "has 'VALIDATON=True', which is neither SET=... nor VALIDATION=..."),
        ("SET=train validtion=true", "has 'validtion=true'"),
        ("SET=train VALIDATION:True", "has 'VALIDATION:True'"),
        ("SET=train VALIDATION = True", "has 'VALIDATION'"),
        ("SET=train SETS=test", "has 'SETS=test'"),
    ],
)
def test_a_protein_whose_split_nobody_states_is_refused_and_never_trained_on(
    tmp_path: Path, header: str, message: str
) -> None:
    with pytest.raises(DataError, match=rf"labels\.fasta .*: 1 of 1 records are faulty: line 1, p0: .*{message}"):
        held(tmp_path, header)


def test_a_split_that_stands_in_the_sequences_alone_or_in_contradiction_is_refused(tmp_path: Path) -> None:
    sequences, labels, mask = write(tmp_path, [("p0", "SET=train", "ACD", "CHE", "111")])
    sequences.write_text(">p0 SET=test\nACD\n")
    with pytest.raises(DataError, match="line 1, p0: the header says train, that of another file says 'p0 SET=test'"):
        structure.read_triple(sequences, labels, mask)
    labels.write_text(">p0\nCHE\n")
    with pytest.raises(DataError, match="the header has no SET"):
        structure.read_triple(sequences, labels, mask)


@pytest.mark.parametrize("header", ["VALIDATION=True", "SET=train VALIDATION=true", "SET=test"])
def test_every_header_that_contradicts_the_labels_is_heard(tmp_path: Path, header: str) -> None:
    sequences, labels, mask = write(tmp_path, [("p0", "SET=train", "ACD", "CHE", "111")])
    sequences.write_text(">p0 SET=train\nACD\n")
    mask.write_text(f">p0 {header}\n111\n")
    with pytest.raises(DataError, match=f"the header says train, that of another file says 'p0 {header}'"):
        structure.read_triple(sequences, labels, mask)


def test_a_short_row_and_an_id_that_stands_twice_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "proteins.csv"
    path.write_text("id,sequence,labels,split\na,ACD,CCC,train\na,ACE,CCC,test\n")
    with pytest.raises(DataError, match="line 3: the id 'a' stands in line 2 already"):
        structure.read_csv(path)
    path.write_text("sequence,labels,split\nACD\n")
    with pytest.raises(DataError, match=r"proteins\.csv:2: the row is short"):
        structure.read_csv(path)
    path.write_text("sequence,labels,split\n")
    with pytest.raises(DataError, match="holds no proteins"):
        structure.read_csv(path)


def test_a_byte_order_mark_is_no_part_of_the_first_record(tmp_path: Path) -> None:
    path = tmp_path / "x.fasta"
    path.write_bytes(b"\xef\xbb\xbf>a SET=train\r\nACD\r\n")
    assert structure.read_fasta(path) == {"a": structure.FastaRecord("a SET=train", "ACD", 1)}


@pytest.mark.parametrize("place", [0, 1, 2], ids=["sequences", "labels", "mask"])
def test_damaged_fasta_files_are_told_as_data_errors(tmp_path: Path, place: int) -> None:
    paths = write(tmp_path, records(40, 50, 60))
    damaged = paths[place]

    def read(path: Path) -> object:
        return structure.read_triple(*paths)

    refused, _ = assert_only_data_errors(read, mutations(damaged.read_bytes()), damaged)
    assert refused > 100


def test_a_damaged_csv_of_proteins_is_told_as_a_data_error(tmp_path: Path) -> None:
    sound = f"id,sequence,labels,split\na,{chain(20)},{'C' * 20},train\nb,{chain(20)},{'H' * 20},test\n".encode()
    refused, _ = assert_only_data_errors(structure.read_csv, mutations(sound), tmp_path / "proteins.csv")
    assert refused > 100

"""Secondary structure: reading, faults, the guard against relatives, what is scored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evenhand.errors import DataError
from evenhand.systems.future_seed.tasks import structure
from evenhand.systems.future_seed.tasks.problems import IGNORED
from evenhand.trial import ItemSet

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

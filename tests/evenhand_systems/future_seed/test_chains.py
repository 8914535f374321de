"""Chains and contacts from structure files: missing residues, chosen chains, balanced pairs, faults."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from evenhand.errors import DataError
from evenhand_systems.future_seed.text.chains import Chain, read_chains
from evenhand_systems.future_seed.text.proteins import contact_examples
from tests.mutations import assert_only_data_errors, mutations

gemmi = pytest.importorskip("gemmi")

REAL = Path(__file__).parents[4] / "shared" / "data"


Residue = tuple[int, str, tuple[float, float, float]]


def pdb(chains: dict[str, list[Residue]]) -> str:
    """A PDB file with the CA atoms of (number, residue, position)."""
    lines, serial = [], 0
    for name, residues in chains.items():
        for number, residue, (x, y, z) in residues:
            serial += 1
            place = f"{x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           C"
            lines.append(f"ATOM  {serial:5d}  CA  {residue} {name}{number:4d}    {place}")
        lines.append(f"TER   {serial + 1:5d}      {residues[-1][1]} {name}{residues[-1][0]:4d}")
    return "\n".join([*lines, "END"]) + "\n"


def test_residues_that_were_not_resolved_keep_their_place(tmp_path: Path) -> None:
    (tmp_path / "one.pdb").write_text(
        pdb({"A": [(5, "ALA", (0, 0, 0)), (6, "GLY", (3.8, 0, 0)), (9, "TRP", (9, 0, 0))]})
    )
    (chain,) = read_chains(tmp_path, (), 100)
    assert chain.name == "one:A"
    assert chain.sequence == "AGXXW"
    np.testing.assert_allclose(chain.alpha_carbons[4], [9, 0, 0])
    assert np.isnan(chain.alpha_carbons[2:4]).all()


def test_chains_are_chosen_by_name_and_unknown_ones_are_refused(tmp_path: Path) -> None:
    residues = [(i, "ALA", (3.8 * i, 0.0, 0.0)) for i in range(1, 6)]
    (tmp_path / "two.pdb").write_text(pdb({"A": residues, "B": residues[:3]}))
    assert [c.name for c in read_chains(tmp_path, (), 100)] == ["two:A"]
    assert [c.name for c in read_chains(tmp_path, ("two:B",), 100)] == ["two:B"]
    with pytest.raises(DataError, match=r"has no chains \['two:C'\]; it has two:A, two:B"):
        read_chains(tmp_path, ("two:C",), 100)


def test_pdb_and_mmcif_give_the_same_chain(tmp_path: Path) -> None:
    (tmp_path / "one.pdb").write_text(pdb({"A": [(i, "ALA", (3.8 * i, 0, 0)) for i in (1, 2, 3, 4)]}))
    structure = gemmi.read_structure(str(tmp_path / "one.pdb"))
    structure.setup_entities()
    structure.make_mmcif_document().write_file(str(tmp_path / "other.cif"))
    chains = read_chains(tmp_path, (), 100)
    assert chains[0].sequence == chains[1].sequence == "AAAA"
    np.testing.assert_allclose(chains[0].alpha_carbons, chains[1].alpha_carbons)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no structure files"):
        read_chains(tmp_path, (), 100)


ROW: list[Residue] = [(i, "ALA", (3.8 * i, 0.0, 0.0)) for i in range(1, 6)]


def mmcif(path: Path) -> Path:
    """The mmCIF file of a PDB file, beside it."""
    structure = gemmi.read_structure(str(path))
    structure.setup_entities()
    structure.assign_label_seq_id()
    structure.make_mmcif_document().write_file(str(path.with_suffix(".cif")))
    return path.with_suffix(".cif")


@pytest.mark.parametrize("other", ["t.ent", "t.cif", "t.pdb.gz"])
@pytest.mark.parametrize("wanted", [(), ("t:A",)])
def test_two_chains_of_one_name_are_refused_with_their_files(
    tmp_path: Path, other: str, wanted: tuple[str, ...]
) -> None:
    text = pdb({"A": ROW})
    (tmp_path / "t.pdb").write_text(text)
    if other == "t.cif":
        mmcif(tmp_path / "t.pdb")
    else:
        (tmp_path / other).write_bytes(gzip.compress(text.encode()) if other.endswith("gz") else text.encode())
    with pytest.raises(DataError, match=rf"has the chain t:A more than once \(in .*{other}"):
        read_chains(tmp_path, wanted, 100)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("b.pdb", b"<!DOCTYPE html><html><body>404 Not Found</body></html>", "b.pdb is an HTML page"),
        ("b.cif", b"<html>404</html>", "b.cif is an HTML page"),
        ("b.cif.gz", b"<html>404</html>", "b.cif.gz is an HTML page"),
        ("b.ent", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "b.ent is a Git LFS pointer"),
        ("b.pdb", b"", "b.pdb is empty"),
        ("b.pdb", b"nothing of a structure\n", "no protein chain of two residues or more in b.pdb"),
        ("b.cif.gz", b"plain", "b.cif.gz is no structure file"),
    ],
)
def test_a_failed_download_beside_a_good_file_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / "a.pdb").write_text(pdb({"A": ROW}))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_chains(tmp_path, (), 100)


@pytest.mark.parametrize("name", ["one.pdb.gz", "one.cif.gz", "ONE.ENT.GZ"])
def test_compressed_files_are_read_as_the_archive_of_structures_serves_them(tmp_path: Path, name: str) -> None:
    plain = tmp_path / "one.pdb"
    plain.write_text(pdb({"A": ROW}))
    content = (mmcif(plain) if ".cif" in name else plain).read_bytes()
    folder = tmp_path / "packed"
    folder.mkdir()
    (folder / name).write_bytes(gzip.compress(content))
    (chain,) = read_chains(folder, (), 100)
    assert (chain.name, chain.sequence) == (f"{name[:3]}:A", "AAAAA")


@pytest.mark.parametrize("number", [9999, 2_000_000_000])
def test_a_number_far_from_its_neighbours_is_refused_and_makes_no_giant_chain(tmp_path: Path, number: int) -> None:
    (tmp_path / "one.pdb").write_text(pdb({"A": ROW}))
    path = mmcif(tmp_path / "one.pdb")
    (tmp_path / "one.pdb").unlink()
    block = gemmi.cif.read(str(path))
    table = block.sole_block().find("_atom_site.", ["label_seq_id"])
    table[4][0] = str(number)
    block.write_file(str(path))
    with pytest.raises(DataError, match=rf"one\.cif: {number - 5:,} numbers are missing before residue ALA {number}"):
        read_chains(tmp_path, (), 10**10)
    if number < 10_000:
        path.unlink()
        (tmp_path / "two.pdb").write_text(pdb({"A": [*ROW[:4], (number, "GLY", (20, 0, 0))]}))
        with pytest.raises(DataError, match=r"two\.pdb: .* numbers are missing before residue GLY 9999 of chain two:A"):
            read_chains(tmp_path, (), 10**10)


def test_a_residue_without_a_number_is_refused(tmp_path: Path) -> None:
    text = pdb({"A": ROW})
    (tmp_path / "one.pdb").write_text(text.replace("ALA A   3 ", "ALA A     "))
    with pytest.raises(DataError, match=r"one\.pdb: a residue ALA of chain one:A has no number"):
        read_chains(tmp_path, (), 100)


@pytest.mark.parametrize("suffix", [".pdb", ".cif", ".pdb.gz"])
def test_damaged_structure_files_are_told_as_data_errors(tmp_path: Path, suffix: str) -> None:
    plain = tmp_path / "sound.pdb"
    plain.write_text(pdb({"A": ROW, "B": ROW}))
    sound = (mmcif(plain) if suffix == ".cif" else plain).read_bytes()
    folder = tmp_path / "folder"
    folder.mkdir()

    def read(_: Path) -> object:
        return read_chains(folder, (), 100_000)

    damaged = mutations(gzip.compress(sound, mtime=0) if suffix == ".pdb.gz" else sound)
    refused, _ = assert_only_data_errors(read, damaged, folder / f"damaged{suffix}")
    assert refused > 20


def coiled(length: int) -> Chain:
    """A chain that comes back upon itself, so that it has contacts at many separations."""
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(length, 3))
    points = np.cumsum(2.5 * steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0)
    return Chain("c:A", "A" * length, points)


def test_balanced_pairs_are_half_contacts_with_equal_separations() -> None:
    chain = coiled(120)
    examples = contact_examples([chain], 40, 8.0, 8, balanced=True)
    separations: dict[str, Counter[int]] = {" yes": Counter(), " no": Counter()}
    for example in examples:
        i, j = (int(word.split()[0]) - 1 for word in example.question.split(" and "))
        distance = float(np.linalg.norm(chain.alpha_carbons[i] - chain.alpha_carbons[j]))
        assert j - i >= 8
        assert (distance < 8.0) == (example.answer == " yes")
        separations[example.answer][j - i] += 1
    assert len(examples) == 40
    assert separations[" yes"] == separations[" no"]


def test_residues_without_coordinates_are_never_asked_about() -> None:
    chain = coiled(60)
    chain.alpha_carbons[20:30] = np.nan
    for example in contact_examples([chain], 400, 8.0, 8, balanced=False):
        places = [int(word.split()[0]) - 1 for word in example.question.split(" and ")]
        assert not any(20 <= place < 30 for place in places)


@pytest.mark.skipif(
    not (REAL / "protein_pdb_biotite").exists(), reason="the structure files are not beside the checkout"
)
def test_real_structures_give_chains_whose_neighbours_lie_a_bond_apart() -> None:
    for chain in read_chains(REAL / "protein_pdb_biotite", (), 5000):
        gaps = np.linalg.norm(np.diff(chain.alpha_carbons, axis=0), axis=1)
        assert np.nanmedian(gaps) == pytest.approx(3.8, abs=0.1), chain.name

"""Chains and contacts from structure files: missing residues, chosen chains, balanced pairs, faults."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from evenhand.errors import DataError
from evenhand.systems.future_seed.text.chains import Chain, read_chains
from evenhand.systems.future_seed.text.proteins import contact_examples

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
    structure.make_mmcif_document().write_file(str(tmp_path / "one.cif"))
    chains = read_chains(tmp_path, (), 100)
    assert chains[0].sequence == chains[1].sequence == "AAAA"
    np.testing.assert_allclose(chains[0].alpha_carbons, chains[1].alpha_carbons)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no structure files"):
        read_chains(tmp_path, (), 100)


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

"""What data the installed systems need, found again by where people put them."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.data.requirements import known_source


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/x/hotpotqa/hotpotqa_train_100.json", "hub:hotpotqa/hotpot_qa"),
        ("/x/protein_ss/mask.fasta", "FLIP"),
        ("/x/protein_ss", "FLIP"),
        ("/elsewhere/checkpoints/rwkv7-g1d-0.1b-20260129-ctx8192.pth", "BlinkDL"),
        ("/x/protein_ss/more/mask.fasta", ""),
        ("mbpp.jsonl", ""),
    ],
)
def test_where_to_get_data_is_known_by_their_place_in_a_folder_of_data(path: str, words: str) -> None:
    found = known_source(Path(path))
    assert (words in found) if words else found == ""

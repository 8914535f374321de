"""Positions: padding counts for nothing, packed texts end where they end."""

from __future__ import annotations

import pytest
import torch

from evenhand_systems.anchored_sft.anchors import answer_tokens, last_tokens, token_layout


def layout_of(mask: list[list[int]]):
    attention = torch.tensor(mask)
    return token_layout(torch.zeros_like(attention), attention, None)


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ([1, 1, 1, 1, 0, 0], [0, 0, 1, 1, 0, 0]),
        ([0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1]),
        ([0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 1]),
        ([1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]),
        ([1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1]),
    ],
    ids=["right padding", "left padding", "shorter than the count", "one token", "no padding"],
)
def test_the_last_two_real_tokens_are_taken_wherever_the_padding_stands(mask: list[int], expected: list[int]) -> None:
    assert last_tokens(layout_of([mask]), 2).int().tolist() == [expected]


def test_the_tail_of_every_packed_text_is_taken() -> None:
    ids = torch.zeros(1, 9, dtype=torch.long)
    layout = token_layout(ids, None, torch.tensor([[0, 1, 2, 3, 0, 1, 2, 0, 1]]))
    assert last_tokens(layout, 2).int().tolist() == [[0, 0, 1, 1, 0, 1, 1, 0, 1]]


def test_numbering_starts_at_the_first_real_token() -> None:
    layout = layout_of([[0, 0, 1, 1, 1], [1, 1, 1, 0, 0]])
    assert layout.position_ids.tolist() == [[0, 0, 0, 1, 2], [0, 1, 2, 0, 0]]


def test_a_label_on_padding_or_on_a_first_token_is_no_answer() -> None:
    layout = layout_of([[0, 1, 1, 1, 0]])
    labels = torch.tensor([[5, 5, -100, 5, 5]])
    assert answer_tokens(labels, layout).int().tolist() == [[0, 0, 0, 1, 0]]

"""Asking a model what it knows: which sentences that break off before a word it completes with exactly that word."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from evenhand_systems.bridge.models.language_model import LanguageModel, pad_rows
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.translation.frugal import head_at


@torch.no_grad()
def known(source: LanguageModel, items: Sequence[Item], batch: int = 64) -> list[bool]:
    """Which of the items the source completes with exactly their answer, by greedy decoding, nothing before them."""
    order = sorted(range(len(items)), key=lambda i: len(items[i].facts))
    found = [False] * len(items)
    source.wake()
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        asked = [[*source.begin_ids(), *source.encode(items[i].facts)] for i in part]
        wanted = [source.encode(f" {items[i].gold}") for i in part]
        ids, mask = pad_rows([a + w for a, w in zip(asked, wanted, strict=True)], source.pad_id, source.device)
        places = torch.zeros_like(mask, dtype=torch.bool)
        for row, words in enumerate(wanted):
            places[row, len(asked[row]) - 1 : len(asked[row]) - 1 + len(words)] = True
        # One pass over the answers says what greedy decoding writes, as far as it is right.
        with head_at(source.model, places):
            said = source.model(input_ids=ids, attention_mask=mask, use_cache=False).logits[0].argmax(-1)
        for i, words, own in zip(part, wanted, said.split([len(words) for words in wanted]), strict=True):
            found[i] = own.tolist() == words
    return found

"""Short greedy answers to many questions, at little cost: what all prompts begin with is read once, answers that have
ended are no longer computed, and whoever runs into the cap is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evenhand_systems.anchored_sft.data.chat import Message, render
from evenhand_systems.anchored_sft.evaluation.answers import end_tokens, pad_left


@dataclass(frozen=True)
class Reply:
    """One answer: its text, its tokens without the one that ends it, and whether it ran into the cap."""

    text: str
    ids: tuple[int, ...]
    capped: bool


def greedy_replies(
    model: Any, tokenizer: Any, prompts: Sequence[str | Sequence[Message]], *, cap: int, batch: int = 64
) -> list[Reply]:
    """Greedy answers to prompts (questions, or conversations that end with the user's turn).

    Args:
        model: a causal language model; it is put into evaluation mode for the while.
        cap: most new tokens of an answer, the one that ends it included.
        batch: prompts decoded at once; it changes no answer beyond rounding.

    Raises:
        DataError: as :func:`~evenhand_systems.anchored_sft.data.chat.render`.
    """
    from evenhand_systems.anchored_sft.evaluation.frozen_trunk import alike

    talks = [[{"role": "user", "content": p}] if isinstance(p, str) else list(p) for p in prompts]
    texts = [render(tokenizer, talk, generation=True) for talk in talks]
    rows: list[list[int]] = tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []
    shared = alike(rows)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    ends = end_tokens(model, tokenizer)
    found: list[Reply | None] = [None] * len(rows)
    was_training = model.training
    model.eval()
    try:
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            answers = _decode(model, [rows[i] for i in chosen], shared, cap, ends)
            for i, ids in zip(chosen, answers, strict=True):
                ended = bool(ids) and ids[-1] in ends
                kept = tuple(ids[:-1] if ended else ids)
                found[i] = Reply(tokenizer.decode(kept, skip_special_tokens=True), kept, not ended)
    finally:
        model.train(was_training)
    return [reply for reply in found if reply is not None]


def _decode(model: Any, rows: Sequence[Sequence[int]], shared: int, cap: int, ends: frozenset[int]) -> list[list[int]]:
    """New tokens of each row, the one that ends it included."""
    import torch
    from transformers import DynamicCache

    device = next(model.parameters()).device
    cache = DynamicCache(config=model.config)
    with torch.inference_mode():
        if shared:
            model(input_ids=torch.tensor([list(rows[0][:shared])], device=device), past_key_values=cache,
                  use_cache=True, logits_to_keep=1)  # fmt: skip
            cache.batch_repeat_interleave(len(rows))
        ids, real = pad_left([row[shared:] for row in rows], 0)
        ids, mask = ids.to(device), torch.cat([torch.ones(len(rows), shared, dtype=torch.long), real], 1).to(device)
        places = (mask.cumsum(1) - 1).clamp(min=0)[:, shared:]
        answers: list[list[int]] = [[] for _ in rows]
        live = np.arange(len(rows))
        for step in range(cap):
            out = model(input_ids=ids, attention_mask=mask, position_ids=places, past_key_values=cache,
                        use_cache=True, logits_to_keep=1)  # fmt: skip
            tokens = out.logits[:, -1].argmax(-1).tolist()
            for row, token in zip(live, tokens, strict=True):
                answers[row].append(token)
            going = [i for i, token in enumerate(tokens) if token not in ends]
            if not going or step == cap - 1:
                break
            if len(going) < len(tokens):
                kept = torch.tensor(going, device=device)
                cache.batch_select_indices(kept)
                live, mask, places = live[going], mask[kept], places[kept]
            ids = torch.tensor([[tokens[i]] for i in going], device=device)
            mask = torch.cat([mask, torch.ones_like(ids)], 1)
            places = places[:, -1:] + 1
    return answers

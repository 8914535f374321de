"""Greedy answers: the same weights and questions give the same text every time, and batches may be of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evenhand.errors import DataError
from evenhand_systems.anchored_sft.data.chat import Message, is_text_of_messages, render

if TYPE_CHECKING:
    from torch import Tensor


def pad_left(rows: Sequence[Sequence[int]], pad: int) -> tuple[Tensor, Tensor]:
    """(B, S) ids and mask of rows of different lengths, padded on the left."""
    import torch

    width = max(map(len, rows))
    ids = torch.full((len(rows), width), pad)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, width - len(row) :] = torch.tensor(list(row))
        mask[i, width - len(row) :] = 1
    return ids, mask


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Tokens that end an answer, by the model's own account and its tokenizer's."""
    told = getattr(model.generation_config, "eos_token_id", None)
    ends = told if isinstance(told, list) else [told]
    return frozenset(int(token) for token in (*ends, tokenizer.eos_token_id) if token is not None)


def greedy_answers(
    model: Any, tokenizer: Any, prompts: Sequence[str | Sequence[Message]], *, cap: int, batch: int = 256
) -> list[str]:
    """Answers to prompts (a question, or a conversation that ends with the user's turn), decoded greedily.

    What a checkpoint brings along for its own decoding (sampling, a penalty for repetition) is left aside.

    Args:
        model: a causal language model; it is put into evaluation mode for the while.
        cap: most new tokens of an answer.
        batch: prompts decoded at once; prompts of similar length go together.

    Raises:
        DataError: as :func:`~evenhand_systems.anchored_sft.data.chat.render`, or a question is the text of messages.
    """
    return [answer for answer, _ in answers_and_caps(model, tokenizer, prompts, cap=cap, batch=batch)]


def answers_and_caps(
    model: Any, tokenizer: Any, prompts: Sequence[str | Sequence[Message]], *, cap: int, batch: int = 256
) -> list[tuple[str, bool]]:
    """As :func:`greedy_answers`, each answer with whether it ran into the cap before it ended."""
    import torch

    conversations = [[{"role": "user", "content": p}] if isinstance(p, str) else list(p) for p in prompts]
    for asked in (conversation[-1]["content"] for conversation in conversations):
        if isinstance(asked, str) and is_text_of_messages(asked):
            raise DataError(
                f"A question is the text of messages: {asked!r:.120}. The model would be asked about its own format; "
                "hand over the list of messages itself."
            )
    texts = [render(tokenizer, conversation, generation=True) for conversation in conversations]
    rows = tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    answers = [("", False)] * len(rows)
    ends = torch.tensor(sorted(end_tokens(model, tokenizer)), device=next(model.parameters()).device)
    was_training, device = model.training, next(model.parameters()).device
    model.eval()
    try:
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            ids, mask = pad_left([rows[i] for i in chosen], tokenizer.pad_token_id)
            with torch.no_grad():
                out = model.generate(
                    input_ids=ids.to(device),
                    attention_mask=mask.to(device),
                    max_new_tokens=cap,
                    do_sample=False,
                    num_beams=1,
                    temperature=None,
                    top_p=None,
                    top_k=None,
                    # This penalty looks at the padding too, so answers would depend on the batch.
                    repetition_penalty=1.0,
                    no_repeat_ngram_size=0,
                    pad_token_id=tokenizer.pad_token_id,
                )
            new = tokenizer.batch_decode(out[:, ids.shape[1] :], skip_special_tokens=True)
            ended = torch.isin(out[:, ids.shape[1] :], ends).any(-1).tolist()
            for i, answer, whole in zip(chosen, new, ended, strict=True):
                answers[i] = answer, not whole
    finally:
        model.train(was_training)
    return answers
